//! The selected event: what happened, in a sentence, in facts, and in bytes.

use socketscope_diagram::{
    format::dump,
    inspect::{Bytes, Inspected, Peer},
    wording::fill,
};

use super::{
    legend::legend, packet_bytes::packet_bytes, parts::button, state_diagram::state_diagram,
    top::whereabouts,
};
use crate::{
    dom::{El, el},
    reactive::Memo,
    state::room,
    words::{wording, words},
};

/// Bytes in a line of the dump: what fits the column.
const DUMP_WIDTH: usize = 8;

/// The right column.
pub(crate) fn inspector() -> El {
    let (room, w) = (room(), words());
    let inspected = Memo::new(move || room.inspected());
    let content = move || match inspected.get() {
        Some(inspected) => selected(inspected),
        None => nothing(),
    };
    let side = el("aside").class("side inspector").attr("id", "inspector").attr("tabindex", "-1");
    side.attr("aria-label", w.inspector).live_child(content)
}

fn section(title: &str) -> El {
    el("section").child(el("h2").child(title))
}

fn selected(inspected: Inspected) -> Vec<El> {
    let (room, w) = (room(), words());
    let mut facts = el("dl").class("kv");
    for (name, value) in inspected.facts {
        facts = facts.child([el("dt").child(name), el("dd").child(value)]);
    }
    for Peer { name, text, seq } in inspected.peers {
        let go = button("link", text, move || room.select(Some(seq)));
        facts = facts.child([el("dt").child(name), el("dd").child(go)]);
    }
    let notes = inspected.notes.into_iter().map(|note| el("p").class("note").child(note));
    let selected = section(w.selected).child([
        el("h2").class("title").child(el("code").child(inspected.title)),
        el("p").class("story").child(inspected.story),
        el("div").child(notes.collect::<Vec<_>>()),
        facts,
    ]);
    let kernel = inspected.kernel.into_iter().map(|(who, facts)| {
        let title = fill(wording().lab.kernel_of, &[("who", &who)]);
        let facts = facts.into_iter().fold(el("dl").class("kv"), |list, (name, value)| {
            list.child([el("dt").child(name), el("dd").child(value)])
        });
        section(&title).child(facts)
    });
    let mut parts = vec![selected];
    match inspected.bytes {
        Some(bytes) if !inspected.fields.is_empty() => {
            parts.extend(packet_bytes(inspected.fields, &bytes.shown));
        }
        bytes => parts.extend(bytes.map(dumped)),
    }
    parts.extend(inspected.ends.as_ref().map(state_diagram));
    parts.extend(kernel);
    parts
}

fn dumped(bytes: Bytes) -> El {
    let w = words();
    let lines = dump(&bytes.shown, DUMP_WIDTH)
        .into_iter()
        .map(|line| format!("{:04x}  {:<23}  {}\n", line.offset, line.hex, line.text));
    let block = |class, name, text: String| {
        let block = el("pre").class(class).attr("tabindex", "0");
        block.attr("aria-label", name).child(text)
    };
    section(w.bytes)
        .child(bytes.note.map(|note| el("p").class("quiet bytes-note").child(note)))
        .child(block("hex", w.as_hex, lines.collect()))
        .child(bytes.text.map(|text| block("hex text", w.as_text, text)))
}

fn nothing() -> Vec<El> {
    let w = words();
    let key = |name: &str| el("kbd").child(name);
    let keys = el("p")
        .class("keys")
        .child(key("↑"))
        .child(" ")
        .child(key("↓"))
        .child([" ", w.keys_step, " · "])
        .child(key("End"))
        .child([" ", w.keys_end, " · "])
        .child(key("Enter"))
        .child([" ", w.keys_inspect, " · "])
        .child(key("Esc"))
        .child([" ", w.keys_leave]);
    let why = el("p").class("story").child(w.nothing_selected_why);
    vec![
        section(w.nothing_selected).child([why, keys]),
        section(w.legend).child(legend()),
        el("section").live_child(whereabouts),
    ]
}
