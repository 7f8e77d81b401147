//! On a small screen, the lesson's buttons and its note in one line, while the diagram or anything else is seen.

use socketscope_diagram::wording::plain;

use super::{
    controls::{run, step},
    last_note,
};
use crate::{
    components::parts::button,
    dom::{El, el},
    state::{Tab, room},
    words::lesson_words,
};

/// The bar; nothing where the room is for no lesson.
pub(crate) fn bar() -> El {
    let (room, w) = (room(), lesson_words());
    let tools = move || {
        let (going, last) = (room.going(), last_note(room));
        let asked = move || going.get().asked;
        let said = move || match (asked(), last.get()) {
            (true, _) => w.question.to_owned(),
            (_, Some((_, text))) => plain(&text),
            _ => w.lesson.to_owned(),
        };
        let note = button("", el("span").live_text(said), move || {
            room.tab.set(Tab::Lesson);
        });
        let class = move || if asked() { "clip bar-note asked" } else { "clip bar-note" };
        let note = note.live("class", class);
        [step(room, going), run(room, going), note]
    };
    let bar = el("div").class("lesson-bar").attr("role", "group").attr("aria-label", w.lesson);
    bar.when(move || room.lesson_id().is_some(), tools)
}
