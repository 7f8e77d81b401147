//! The wire of a lab room: holding packets, deciding about them, and how it treats all others.

mod form;

use socketscope_diagram::{scene::wire_text, wording::fill};
use socketscope_protocol::{Command, Fate, FateOfMany, WireChange};

use super::parts::{command, popover, state};
use crate::{
    dom::{El, el},
    reactive::{Memo, untrack},
    state::room,
    words::wording,
};

/// The wire's tools in the strip; nothing where the room has no wire.
pub(crate) fn wire() -> El {
    let room = room();
    let there = move || room.is_lab();
    el("div").class("wire").when(there, tools)
}

fn tools() -> Vec<El> {
    let (room, lab) = (room(), &wording().lab);
    let holds = Memo::new(move || room.read(|model| model.lab().wire().settings.hold));
    let held = Memo::new(move || room.read(|model| model.lab().held().count()));
    let hold = move || {
        let hold = Some(!untrack(|| holds.get()));
        room.tell(Command::Wire { body: WireChange { hold, ..WireChange::default() } });
    };
    let decide =
        move |fate, count| move || room.tell(Command::Packets { body: FateOfMany { fate, count } });
    let settings = move || room.read(|model| wire_text(model.lab().wire(), wording()));
    let settings = Memo::new(settings);
    let waiting = move || {
        (held.get() > 0).then(|| {
            let count = fill(lab.held, &[("count", &held.get().to_string())]);
            [
                el("span").class("pill").attr("role", "status").child(count),
                command("btn", lab.step, lab.step, decide(Fate::Deliver, Some(1))),
                command("btn", lab.release_all, lab.release_all, decide(Fate::Deliver, None)),
                command("btn", lab.lose_all, lab.lose_all, decide(Fate::Lose, None)),
            ]
        })
    };
    let hold = command("btn", lab.hold, lab.hold_why, hold)
        .live("aria-pressed", move || state(holds.get()));
    let more = popover("wire-settings", "btn", lab.more, form::form());
    vec![
        el("strong").child(lab.wire),
        hold,
        el("span").live_child(waiting),
        el("span")
            .class("pill wide clip")
            .live("title", move || settings.get())
            .live_text(move || settings.get()),
        el("span").child(more),
    ]
}
