//! The question to the class: its choices, who has chosen what, and, once it is told, the answer.

use socketscope_diagram::wording::fill;
use socketscope_protocol::{Bilingual, Fact, LessonCommand, LessonFact};

use web_sys::{ScrollIntoViewOptions, ScrollLogicalPosition};

use crate::{
    browser,
    components::parts::{button, command, prose, state},
    dom::{El, el},
    feed::Status,
    reactive::{Memo, untrack},
    state::Room,
    words::{frame_words, lesson_words, wording},
};

/// A question that was asked.
#[derive(Clone, PartialEq, Eq)]
struct Asked {
    round: u32,
    question: u32,
    text: String,
    choices: Vec<String>,
}

/// What has come of it.
#[derive(Clone, Default, PartialEq, Eq)]
struct Answered {
    counts: Vec<u32>,
    /// The right choice, and why.
    told: Option<(u32, String)>,
}

/// This round's last question.
pub(super) fn question(room: Room) -> impl Fn() -> Option<El> {
    let say = |text: &Bilingual| wording().of(text).to_owned();
    let asked = Memo::new(move || {
        room.read(|model| {
            let known = model.lesson().question()?;
            let Fact::Lesson(fact) = &model.event(known.seq)?.fact else { return None };
            let LessonFact::Question { text, choices, .. } = &**fact else { return None };
            let (text, choices) = (say(text), choices.iter().map(say).collect());
            Some(Asked { round: known.round, question: known.question, text, choices })
        })
    });
    let answered = Memo::new(move || {
        room.read(|model| {
            let known = model.lesson().question()?;
            let told = || {
                let Fact::Lesson(fact) = &model.event(known.revealed?)?.fact else { return None };
                let LessonFact::Reveal { right, text, .. } = &**fact else { return None };
                Some((*right, say(text)))
            };
            Some(Answered { counts: known.counts.clone(), told: told() })
        })
    });
    move || {
        // What is said of the lesson stands above, and moves it out of view when it comes.
        room.lesson.view.track();
        let asked = asked.get()?;
        Some(untrack(|| shown(room, asked, answered)))
    }
}

fn shown(room: Room, asked: Asked, answered: Memo<Option<Answered>>) -> El {
    let w = lesson_words();
    let Asked { round, question, text, choices } = asked;
    let answered = Memo::new(move || answered.get().unwrap_or_default());
    let told = Memo::new(move || answered.with(|it| it.told.clone()));
    let count =
        move |choice: usize| answered.with(|it| it.counts.get(choice).copied()).unwrap_or(0);
    let all = move || answered.with(|it| it.counts.iter().sum::<u32>());
    let choices = choices.into_iter().enumerate().map(|(at, text)| {
        let number = at as u32 + 1;
        let own = move || room.own_answer(round, question) == Some(number);
        let right = move || told.with(|told| told.as_ref().is_some_and(|it| it.0 == number));
        let why_not = move || match told.with(Option::is_some) {
            true => Some(w.answered_why),
            false => (room.status.get() != Status::Live).then(|| frame_words().not_connected_why),
        };
        let marks = move || {
            let (right, own) = (right(), own());
            let mark = |there: bool, text: &'static str, class: &str| {
                there.then(|| el("span").class(class).child(text))
            };
            [mark(right, w.right, "tag open"), mark(own, w.your_answer, "tag listen")]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
        };
        let part = move || f64::from(count(at)) / f64::from(all().max(1));
        let bar = move || format!("width:{}%", (part() * 100.0).round() as u32);
        let number_of = move || count(at).to_string();
        let counts = el("span").class("count").child([
            el("span").class("track").child(el("span").class("part").live("style", bar)),
            el("span").class("number-of").live_text(number_of),
        ]);
        let text = el("span").class("text").child(prose(&text)).live_child(marks);
        let press = move || room.answer(round, question, number);
        let choice = button("choice", [text, counts], press)
            .attr("data-choice", number.to_string())
            .live("aria-pressed", move || state(own()))
            .live("class", move || if right() { "choice right" } else { "choice" })
            .live("disabled", move || why_not().is_some())
            .live("title", move || why_not().unwrap_or(w.answer_why));
        el("li").child(choice)
    });
    let choices =
        el("ol").class("choices").attr("aria-label", w.choices).child(choices.collect::<Vec<_>>());
    let counted = move || fill(w.answers, &[("count", &all().to_string())]);
    let tell = move || {
        room.teach(LessonCommand::Reveal);
        // The button goes, and the keyboard's focus must not go with it.
        browser::focus("question");
    };
    let reveal = command("btn primary", w.reveal, w.reveal_why, tell)
        .attr("data-do", "reveal")
        .live("hidden", move || told.with(Option::is_some));
    let answer = move || {
        let (_, why) = told.get()?;
        Some(into_view(el("div").class("answer").child(prose(&why))))
    };
    let section =
        el("section")
            .class("question")
            .attr("id", "question")
            .attr("tabindex", "-1")
            .attr("aria-label", w.question)
            .attr("data-question", question.to_string())
            .child(el("header").child([
                el("strong").child(w.question),
                el("span").class("quiet").live_text(counted),
            ]))
            .child(el("div").class("asked").attr("role", "status").child(prose(&text)))
            .child(choices)
            .child(reveal)
            .child(el("div").attr("aria-live", "polite").live_child(answer));
    into_view(section)
}

/// Scrolls an element that is new into view, no further than needed.
fn into_view(element: El) -> El {
    let new = element.element();
    browser::next_frame(move || {
        let options = ScrollIntoViewOptions::new();
        options.set_block(ScrollLogicalPosition::Nearest);
        new.scroll_into_view_with_scroll_into_view_options(&options);
    });
    element
}
