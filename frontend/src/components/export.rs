//! The room's recording as a file: for Wireshark, for a document, for a script.

use socketscope_protocol::Problem;

use super::parts::{button, popover, problem_note};
use crate::{
    access::key,
    browser::spawn,
    dom::{El, el},
    http,
    reactive::RwSignal,
    state::room,
    words::wording,
};

/// The button, and the formats that it offers.
pub(super) fn export() -> [El; 2] {
    // Of what is at hand while this is made, a press finds nothing any more.
    let (room, key, lab) = (room(), key(), &wording().lab);
    let problem = RwSignal::new(None::<Problem>);
    let format = |name: &'static str, why: &str| {
        let key = key.clone();
        let save = move || {
            problem.set(None);
            let language = wording().language.tag();
            let id = room.hello.with(|hello| hello.as_ref().map(|hello| hello.room.0.clone()));
            let Some(id) = id else { return };
            let key = key.clone();
            spawn(async move {
                let path = format!("/api/rooms/{id}/recording.{name}?language={language}");
                if let Err(why) = http::save(&path, key, &format!("socketscope-{id}.{name}")).await
                {
                    problem.set(Some(why));
                }
            });
        };
        el("p")
            .class("row")
            .child([button("btn", format!(".{name}"), save), el("span").class("quiet").child(why)])
    };
    let formats = [
        format("pcapng", lab.export_pcapng),
        format("svg", lab.export_svg),
        format("mmd", lab.export_mmd),
        format("jsonl", lab.export_jsonl),
    ];
    let content = el("div").child(formats).live_child(problem_note(problem));
    popover("export", "btn sign", super::toolbar::sign("⤓"), content)
}
