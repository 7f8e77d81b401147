//! The notation of the diagram, explained: what each line and bar means.

use crate::{
    dom::{El, el, svg},
    words::words,
};

/// The legend.
pub(crate) fn legend() -> El {
    let w = words();
    let part = |tag: &str, class: &str, attributes: &[(&str, &str)]| {
        let part = svg(tag).class(class);
        attributes.iter().fold(part, |part, (name, value)| part.attr(name, *value))
    };
    let arrow = |class: &str, head: &str| {
        let head = format!("url(#{head})");
        let line = [("x1", "1"), ("y1", "8"), ("x2", "50"), ("y2", "8"), ("marker-end", &*head)];
        part("line", class, &line)
    };
    let bar = |class: &str| {
        let size = [("x", "20"), ("y", "0"), ("width", "10"), ("height", "16"), ("rx", "3")];
        part("rect", class, &size)
    };
    let link = |class: &str| part("path", class, &[("d", "M1 3L50 13")]);
    let entries = [
        (arrow("arrow call", "head-call"), w.legend_call),
        (arrow("arrow ret dashed", "head-ret"), w.legend_return),
        (arrow("arrow error dashed", "head-error"), w.legend_error),
        (arrow("arrow out", "head-out"), w.legend_outside),
        (bar("bar"), w.legend_bar),
        (bar("bar wait"), w.legend_wait),
        (link("link"), w.legend_bytes),
        (link("link connection"), w.legend_connection),
        (link("link inferred"), w.legend_datagram),
    ];
    entries.into_iter().fold(el("div").class("legend"), |legend, (drawing, text)| {
        let drawing =
            part("svg", "", &[("viewBox", "0 0 52 16"), ("aria-hidden", "true")]).child(drawing);
        legend.child([drawing, el("span").child(text)])
    })
}
