//! The selected event: what happened, in a sentence, in facts, and in bytes.

use socketscope_diagram::{
    format::{dump, fixed, size},
    inspect::{Bytes, Gauge, Inspected, KernelFact, Peer},
    wording::fill,
};

use socketscope_protocol::{Fate, PacketId};
use web_sys::KeyboardEvent;

use super::{
    legend::legend,
    packet_bytes::packet_bytes,
    parts::{button, command},
    state_diagram::state_diagram,
    top::whereabouts,
};
use crate::{
    browser,
    dom::{El, el},
    reactive::Memo,
    state::room,
    words::{wording, words},
};

/// Bytes in a line of the dump: what fits the column.
const DUMP_WIDTH: usize = 8;

/// Fills the right column.
pub(crate) fn inspector(side: El) -> El {
    let room = room();
    let inspected = Memo::new(move || room.inspected());
    let content = move || match inspected.get() {
        Some(inspected) => selected(inspected),
        None => nothing(),
    };
    // Enter has led here from the diagram, and Esc leads back.
    let leave = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            room.select(None);
            browser::focus("diagram");
        }
    };
    side.live_child(content).on("keydown", leave)
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
        el("div").child(inspected.held.map(held)),
        el("div").child(notes.collect::<Vec<_>>()),
        facts,
    ]);
    let kernel = inspected.kernel.into_iter().map(|(who, facts)| {
        let title = fill(wording().lab.kernel_of, &[("who", &who)]);
        let facts = facts.into_iter().fold(el("dl").class("kv"), |list, fact| {
            let KernelFact { name, value, gauge } = fact;
            let value = el("dd").child(gauge.map(gauged)).child(value);
            list.child([el("dt").child(name), value])
        });
        section(&title).child(facts)
    });
    let mut parts = vec![selected];
    match inspected.bytes {
        Some(bytes) if !inspected.fields.is_empty() => {
            parts.extend(packet_bytes(inspected.fields, &bytes.shown, bytes.note));
        }
        bytes => parts.extend(bytes.map(dumped)),
    }
    parts.extend(inspected.ends.as_deref().map(state_diagram));
    parts.extend(kernel);
    parts
}

/// What can be decided about a packet that waits on the wire.
fn held(packet: PacketId) -> El {
    let (room, lab) = (room(), &wording().lab);
    let decide = move |fate| move || room.decide(packet, fate);
    let buttons = [
        command("btn primary", lab.deliver, lab.held_keys, decide(Fate::Deliver)),
        command("btn", lab.lose, lab.held_keys, decide(Fate::Lose)),
    ];
    let held = el("div").class("held").attr("role", "group").attr("aria-label", lab.held_on_wire);
    held.child(el("p").child(lab.held_keys)).child(el("div").class("row").child(buttons))
}

/// How full a queue is, as a bar, or a box for each connection where they are few.
fn gauged(gauge: Gauge) -> El {
    /// Boxes that fit beside their number.
    const BOXES: u32 = 8;
    let place = el("span").class("gauge").attr("aria-hidden", "true");
    let (now, of) = match gauge {
        Gauge::Connections(now, of) if now.max(of) <= BOXES => {
            let boxes =
                (0..now.max(of)).map(|at| el("i").class(if at < now { "full" } else { "" }));
            return place.child(boxes.collect::<Vec<_>>());
        }
        Gauge::Bytes(now, of) | Gauge::Connections(now, of) => (now, of),
    };
    let percent = f64::from(now) * 100.0 / f64::from(of.max(1));
    let most = fill(wording().lab.most, &[("most", &size(of.into()))]);
    let title = matches!(gauge, Gauge::Bytes(..)).then_some(most);
    let full = el("b").attr("style", format!("width:{}%", fixed(percent.min(100.0), 1)));
    place.attr("title", title).child(el("u").child(full))
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
