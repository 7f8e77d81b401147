//! A packet in the inspector: its headers field by field, and its bytes, of which those of the chosen field are lit.

use std::ops::Range;

use socketscope_diagram::fields::Field;
use web_sys::{Element, Event};

use crate::{
    dom::{El, el},
    reactive::{RwSignal, watch},
    words::{wording, words},
};

/// Bytes in a line: what fits the column.
const WIDTH: usize = 8;

/// The headers and the bytes.
pub(super) fn packet_bytes(fields: Vec<Field>, bytes: &[u8], note: Option<String>) -> [El; 2] {
    let lit = RwSignal::new(None::<Range<usize>>);
    let hex = hex(bytes, &fields, lit);
    let mut table = el("dl").class("kv fields").attr("aria-label", wording().lab.headers);
    let mut header = "";
    for field in fields {
        if field.header != header {
            header = field.header;
            table = table.child(el("h3").child(header));
        }
        table = table.child(row(field, lit));
    }
    let headers = el("section").child(el("h2").child(wording().lab.headers)).child(table);
    let note = note.map(|note| el("p").class("quiet bytes-note").child(note));
    [headers, el("section").child(el("h2").child(words().bytes)).child(hex).child(note)]
}

/// A field: under the pointer or in focus it lights its bytes.
fn row(field: Field, lit: RwSignal<Option<Range<usize>>>) -> El {
    let own = field.bytes.clone();
    let light = move |_: Event| lit.set(Some(own.clone()));
    let own = field.bytes.clone();
    let is_lit = move || lit.with(|lit| lit.as_ref() == Some(&own));
    el("div")
        .live("class", move || if is_lit() { "field-row lit" } else { "field-row" })
        .attr("tabindex", "0")
        .on("mouseenter", light.clone())
        .on("focus", light)
        .child([el("dt").child(field.name), el("dd").child(field.value)])
}

/// The bytes, each an element of its own; pressed, it finds its field.
fn hex(bytes: &[u8], fields: &[Field], lit: RwSignal<Option<Range<usize>>>) -> El {
    let block = el("div").class("hex bytes").attr("role", "img").attr("aria-label", words().as_hex);
    let mut cells: Vec<Element> = Vec::new();
    let mut lines = Vec::new();
    for (line, chunk) in bytes.chunks(WIDTH).enumerate() {
        let start = line * WIDTH;
        let offset = [4, 0].map(|shift| char::from_digit((start >> shift & 15) as u32, 16));
        let offset: String = offset.into_iter().flatten().collect();
        let mut row = el("div").child(el("span").class("quiet").child(offset));
        for (at, byte) in chunk.iter().enumerate() {
            let at = start + at;
            let digits = [byte >> 4, byte & 15].map(|half| char::from_digit(half.into(), 16));
            let digits: String = digits.into_iter().flatten().collect();
            // The smallest field wins: flags lie within larger ones.
            let field = fields.iter().filter(|field| field.bytes.contains(&at));
            let field =
                field.min_by_key(|field| field.bytes.len()).map(|field| field.bytes.clone());
            let light = move |_: Event| lit.set(field.clone());
            let cell = el("b").on("mouseenter", light).child(digits);
            cells.push(cell.element());
            row = row.child(cell);
        }
        let text: String = chunk.iter().map(|byte| shown(*byte)).collect();
        lines.push(row.child(el("span").class("quiet").child(text)));
    }
    watch(move || {
        lit.with(|lit| {
            for (at, cell) in cells.iter().enumerate() {
                let on = lit.as_ref().is_some_and(|lit| lit.contains(&at));
                cell.set_class_name(if on { "lit" } else { "" });
            }
        });
    });
    block.child(lines)
}

fn shown(byte: u8) -> char {
    if byte.is_ascii_graphic() || byte == b' ' { char::from(byte) } else { '·' }
}
