//! The lesson's card: what it is about, how it goes on, what is said and asked.

mod bar;
mod controls;
mod question;

use socketscope_diagram::wording::fill;
use socketscope_protocol::{Fact, LessonFact, Mode};

pub(crate) use bar::bar;
use controls::controls;
pub(super) use controls::no_step;
use question::question;

use super::parts::{button, problem_note, prose};
use crate::{
    access::key,
    dom::{El, el},
    reactive::Memo,
    state::{Room, room},
    words::{frame_words, lesson_words, wording, words},
};

/// The card.
pub(crate) fn lesson_card() -> El {
    let (room, w) = (room(), lesson_words());
    let going = room.going();
    let round = Memo::new(move || going.get().round);
    let round = move || match round.get() {
        0 | 1 => String::new(),
        round => fill(w.round, &[("round", &round.to_string())]),
    };
    let title = move || {
        let title = |view: &socketscope_protocol::LessonView| wording().of(&view.title).to_owned();
        room.lesson.view.with(|view| view.as_deref().map(title)).unwrap_or_default()
    };
    let over = Memo::new(move || going.get().mode == Mode::Over);
    let key = key();
    let failed = move || {
        let key = key.clone();
        let retry = button("btn small", frame_words().retry, move || room.load_lesson(key.clone()));
        room.lesson.problem.with(Option::is_some).then_some(retry)
    };
    let header = [el("h3").live_text(title), el("span").live_text(round)];
    let card = el("article")
        .class("card lesson-card")
        .child(el("header").child(header))
        .live_child(move || about(room))
        .live_child(problem_note(room.lesson.problem))
        .live_child(failed)
        .child(controls(going))
        .when(
            move || over.get(),
            move || el("p").class("lesson-over").attr("role", "status").child(w.over),
        )
        .child(note(room))
        .live_child(question(room));
    el("section")
        .class("lesson")
        .attr("id", "lesson")
        .attr("aria-label", w.lesson)
        .child([el("h2").child(w.lesson), card])
}

/// What the lesson is about: its first paragraph, and the others for whoever wants them.
fn about(room: Room) -> Option<El> {
    room.lesson.view.with(|view| {
        let view = view.as_ref()?;
        let mut paragraphs = prose(wording().of(&view.text)).into_iter();
        let about = el("div").class("about").child(paragraphs.next());
        let rest: Vec<_> = paragraphs.collect();
        let more = (!rest.is_empty())
            .then(|| el("details").child(el("summary").child(lesson_words().more)).child(rest));
        Some(about.child(more))
    })
}

/// The number of this round's last note, and the note.
fn last_note(room: Room) -> Memo<Option<(u64, String)>> {
    Memo::new(move || {
        room.read(|model| {
            let seq = model.lesson().note()?;
            let Fact::Lesson(fact) = &model.event(seq)?.fact else { return None };
            let LessonFact::Note { text, .. } = &**fact else { return None };
            Some((seq, wording().of(text).to_owned()))
        })
    })
}

/// The note that was said last. Its place stays when it is empty, so that nothing moves when the first one comes.
fn note(room: Room) -> El {
    let (w, last) = (lesson_words(), last_note(room));
    let shown = move || {
        let Some((seq, text)) = last.get() else {
            return el("p").class("quiet").child(w.no_note);
        };
        let show = button("link", words().show_in_diagram, move || room.select(Some(seq)));
        el("div").class("note").attr("data-note", seq.to_string()).child(prose(&text)).child(show)
    };
    let place = el("div").class("note-place").attr("role", "group").attr("aria-label", w.note);
    place.attr("aria-live", "polite").live_child(shown)
}
