//! The lesson's code: a pane for each of its programs, with the line that is being executed and what was written.

mod console;
mod listing;
mod pane;

use socketscope_protocol::LessonProgram;

use crate::{
    dom::{El, el},
    reactive::watch,
    state::room,
    words::lesson_words,
};

/// The panes.
pub(crate) fn code() -> El {
    let (room, w) = (room(), lesson_words());
    watch(move || room.open_acting());
    watch(move || room.open_selected());
    let programs = move || {
        room.lesson
            .view
            .with(|view| view.as_ref().map(|view| view.programs.clone()).unwrap_or_default())
    };
    el("section")
        .class("code")
        .attr("aria-label", w.code)
        .child(el("h2").child(w.code))
        .each(programs, |program: LessonProgram| pane::pane(&program))
}
