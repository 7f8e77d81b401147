//! The programs of a room: a card each for those that run, a line for those that have ended.

use socketscope_diagram::model::Host;
use socketscope_protocol::{Command, NewHost};

use super::{card::program_card, lesson::lesson_card, parts::command, starters::starters};
use crate::{
    dom::{El, el},
    reactive::Memo,
    state::room,
    words::{frame_words, wording, words},
};

/// How many ended programs are named: the latest.
const ENDED_SHOWN: usize = 6;

/// The hosts of the lab, and one more.
fn hosts() -> [El; 2] {
    let (room, lab) = (room(), &wording().lab);
    let names = move || {
        room.read(|model| {
            let hosts = model.lab().hosts().iter().filter(|host| host.alive);
            let name = |host: &Host| {
                let address = host.address.map(|it| it.to_string()).unwrap_or_default();
                format!("{} {address}", host.name)
            };
            hosts.map(name).collect::<Vec<_>>()
        })
    };
    let names = Memo::new(names);
    let add = move || room.tell(Command::Host { body: NewHost::default() });
    let list = el("ul")
        .class("hosts")
        .each(move || names.get(), |name| el("li").class("mono").child(name));
    [
        el("h2").child(lab.hosts),
        el("div").child(list).child(command("btn", lab.add_host, lab.add_host_why, add)),
    ]
}

/// Fills the left column.
pub(crate) fn programs(side: El) -> El {
    let (room, w) = (room(), words());
    let alive = Memo::new(move || {
        room.read(|model| {
            let alive = model.programs().filter(|program| program.alive);
            alive.map(|program| program.id).collect::<Vec<_>>()
        })
    });
    let ended = Memo::new(move || {
        room.read(|model| {
            let ended = model.programs().rev().filter(|program| !program.alive);
            let names = ended.take(ENDED_SHOWN).map(|program| program.name.to_string());
            names.collect::<Vec<_>>()
        })
    });
    let nobody = move || alive.with(Vec::is_empty);
    let ended_names = move || {
        let ended = ended.with(|names| names.join(wording().lab.comma));
        el("p").class("quiet gap").child([w.ended_programs, " "]).child(ended)
    };
    side.when(move || room.lesson_id().is_some(), lesson_card)
        .child(el("h2").child(frame_words().programs))
        .when(nobody, || el("p").class("quiet gap").child(words().no_programs))
        .each(move || alive.get(), program_card)
        .child(starters(true))
        .when(move || room.is_lab(), hosts)
        .live_child(move || (!ended.with(Vec::is_empty)).then(ended_names))
}
