//! What a program has written: the last lines, as a small console.

use socketscope_diagram::wording::fill;
use socketscope_protocol::{ProgramName, Stream};
use web_sys::HtmlElement;

use crate::{
    browser,
    dom::{El, el},
    reactive::{Memo, watch},
    state::room,
    words::{lesson_words, wording},
};

/// A line's number among all that were written, where it was written to, and what.
type Line = (u64, Stream, String);

/// The console of `program`; nothing while it has written nothing.
pub(super) fn console(program: &ProgramName) -> El {
    let (room, w) = (room(), lesson_words());
    let name = program.clone();
    let written = Memo::new(move || {
        room.read(|model| {
            let output = model.lesson().program(&name).map(|runs| &runs.output);
            let lines = output.into_iter().flat_map(|output| output.lines());
            let lines = lines.map(|(at, line)| (at, line.stream, line.text.clone()));
            (output.map_or(0, |output| output.cut()), lines.collect::<Vec<Line>>())
        })
    });
    let cut = move || match written.with(|(cut, _)| *cut) {
        0 => String::new(),
        cut => fill(w.cut, &[("lines", &cut.to_string())]),
    };
    let shown = |(_, stream, text): Line| {
        let class = if stream == Stream::Stderr { "stderr" } else { "" };
        // An empty line is a line, too.
        el("div").class(class).child(wording().troubles.line(text) + "\n")
    };
    let place = el("div")
        .class("console")
        .attr("role", "log")
        .attr("tabindex", "0")
        .attr("aria-label", fill(w.output_of, &[("program", program.as_str())]))
        .live("hidden", move || written.with(|(cut, lines)| *cut == 0 && lines.is_empty()))
        .child(el("div").class("quiet").live_text(cut))
        .each(move || written.with(|(_, lines)| lines.clone()), shown);
    let scroll: HtmlElement = place.cast();
    watch(move || {
        written.with(|_| ());
        let scroll = scroll.clone();
        // The last line is what one waits for. Whoever has scrolled up reads, and is left alone.
        let left = scroll.scroll_height() - scroll.client_height() - scroll.scroll_top();
        if left < 2 * scroll.client_height().max(1) {
            browser::next_frame(move || scroll.set_scroll_top(scroll.scroll_height()));
        }
    });
    place
}
