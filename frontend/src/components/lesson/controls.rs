//! Run, pause, step, reset: how the lesson goes on.

use socketscope_protocol::{LessonCommand, Mode};
use web_sys::Event;

use crate::{
    components::parts::{button, options},
    dom::{El, el, value_of},
    reactive::Memo,
    state::{Going, PACES, Room, room},
    words::lesson_words,
};

/// The buttons, and the pace.
pub(super) fn controls(going: Memo<Going>) -> El {
    let (room, w) = (room(), lesson_words());
    let choose = move |event: Event| {
        let pace_ms = value_of(&event).parse().unwrap_or(PACES[1]);
        room.lesson.pace.set(pace_ms);
        if going.get().mode == Mode::Run {
            room.teach(LessonCommand::Run { pace_ms });
        }
    };
    // Another one may have chosen it.
    let shown = move || match going.get() {
        Going { mode: Mode::Run, pace_ms, .. } if PACES.contains(&pace_ms) => pace_ms.to_string(),
        _ => room.lesson.pace.get().to_string(),
    };
    let paces = PACES.map(|pace| pace.to_string());
    let paces = options(paces.iter().map(String::as_str).zip(w.paces));
    let pace =
        el("select").class("pace").child(paces).live_prop("value", shown).on("change", choose);
    let over = move || going.get().mode == Mode::Over;
    let reset = button("btn", w.reset, move || room.teach(LessonCommand::Reset))
        .attr("data-do", "reset")
        .live("class", move || if over() { "btn primary" } else { "btn" })
        .live("disabled", move || room.commands().is_err())
        .live("title", move || room.commands().err().unwrap_or(w.reset_why));
    let pace = el("label").class("row quiet").child(w.pace).child(pace);
    let buttons = [run(room, going), step(room, going), reset, pace];
    el("div").class("row").attr("role", "group").attr("aria-label", w.lesson).child(buttons)
}

/// Lets calls go by themselves, or no longer: one button, so that it stays where it is.
pub(super) fn run(room: Room, going: Memo<Going>) -> El {
    let w = lesson_words();
    let runs = move || going.get().mode == Mode::Run;
    let press = move || {
        room.teach(if going.get().mode == Mode::Run {
            LessonCommand::Pause
        } else {
            LessonCommand::Run { pace_ms: room.lesson.pace.get_untracked() }
        });
    };
    let label = el("span").live_text(move || if runs() { w.pause } else { w.run });
    let why = move || if runs() { w.pause_why } else { w.run_why };
    button("btn primary", label, press)
        .live("data-do", move || if runs() { "pause" } else { "run" })
        .live(
            "class",
            move || {
                if going.get().mode == Mode::Over { "btn run" } else { "btn run primary" }
            },
        )
        .live("disabled", move || obstacle(room, going).is_some())
        .live("title", move || obstacle(room, going).unwrap_or_else(why))
}

/// Lets the next call go, whosever it is.
pub(super) fn step(room: Room, going: Memo<Going>) -> El {
    let w = lesson_words();
    let press = move || room.teach(LessonCommand::Step { program: None });
    button("btn", w.step, press)
        .attr("data-do", "step")
        .live("disabled", move || no_step(room, going).is_some())
        .live("title", move || no_step(room, going).unwrap_or(w.step_why))
}

/// Why no call can be let go: before a question's answer is told, that would be to tell it.
pub(in crate::components) fn no_step(room: Room, going: Memo<Going>) -> Option<&'static str> {
    let asked = going.get().asked.then(|| lesson_words().asked_why);
    obstacle(room, going).or(asked)
}

/// Why the lesson cannot go on.
fn obstacle(room: Room, going: Memo<Going>) -> Option<&'static str> {
    let over = (going.get().mode == Mode::Over).then(|| lesson_words().over_why);
    room.commands().err().or(over)
}
