//! What stands in rows: arrows of calls, marks, bars, links.

use socketscope_diagram::scene::{Anchor, Arrow, ArrowKind, Bar, Item, Label, Link, LinkKind};

use super::{
    px,
    xml::{Attribute, Xml},
};

pub(super) fn item(xml: &mut Xml, item: &Item, width: f64) {
    match item {
        Item::Arrow(it) => arrow(xml, it),
        Item::Marker { x, y, started, label: it } => {
            let class = if *started { "started" } else { "ended" };
            xml.empty(
                "circle",
                &[("class", class), ("cx", &px(*x)), ("cy", &px(*y)), ("r", "4.5")],
            );
            label(xml, it, "lbl mark");
        }
        Item::Summary { from, to, y, label: it } => {
            line(xml, "many arrow", (*from, *to), *y, "many");
            label(xml, it, "lbl many");
        }
        Item::Note { y, label: it, .. } => {
            line(xml, "wire line", (0.0, width), *y, "");
            label(xml, it, "lbl wire");
        }
        Item::Gap { y, label: it } => {
            line(xml, "gap line", (0.0, width), *y, "");
            label(xml, it, "lbl gap");
        }
    }
}

fn arrow(xml: &mut Xml, arrow: &Arrow) {
    let (kind, dashed) = match arrow.kind {
        _ if arrow.error => ("error", arrow.kind == ArrowKind::Return),
        ArrowKind::Enter | ArrowKind::Whole => ("call", false),
        ArrowKind::Return => ("ret", true),
        ArrowKind::FromOutside | ArrowKind::ToOutside => ("out", false),
    };
    let class = format!("{kind} arrow{}", if dashed { " dashed" } else { "" });
    line(xml, &class, (arrow.from, arrow.to), arrow.y, kind);
    label(xml, &arrow.label, &format!("lbl {kind}"));
}

/// A level line, with the arrowhead `head` where there is one.
fn line(xml: &mut Xml, class: &str, (from, to): (f64, f64), y: f64, head: &str) {
    let (from, to, y, head) = (px(from), px(to), px(y), format!("url(#head-{head})"));
    let line = [
        ("class", class),
        ("x1", &*from),
        ("x2", &to),
        ("y1", &y),
        ("y2", &y),
        ("marker-end", &head),
    ];
    xml.empty("line", &line[..if head == "url(#head-)" { 5 } else { 6 }]);
}

pub(super) fn label(xml: &mut Xml, label: &Label, class: &str) {
    label_turned(xml, label, class, 0.0);
}

/// A label that is turned by so many degrees. Whatever font it is shown in, it is as wide as it was laid out.
pub(super) fn label_turned(xml: &mut Xml, label: &Label, class: &str, slope: f64) {
    let width = px(label.width);
    let fit = [("textLength", &*width), ("lengthAdjust", "spacingAndGlyphs")];
    written(xml, &label.text, class, (label.x, label.y), label.anchor, slope, &fit);
}

/// A text, where there is one, turned by so many degrees.
pub(super) fn text(
    xml: &mut Xml,
    text: &str,
    class: &str,
    at: (f64, f64),
    anchor: Anchor,
    slope: f64,
) {
    written(xml, text, class, at, anchor, slope, &[]);
}

fn written(
    xml: &mut Xml,
    text: &str,
    class: &str,
    at: (f64, f64),
    anchor: Anchor,
    slope: f64,
    more: &[Attribute<'_>],
) {
    if text.is_empty() {
        return;
    }
    let anchor = match anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    };
    let (x, y) = (px(at.0), px(at.1));
    let turned = format!("rotate({} {x} {y})", px(slope));
    let place =
        [("class", class), ("x", &*x), ("y", &y), ("text-anchor", anchor), ("transform", &turned)];
    let place = [&place[..if slope == 0.0 { 4 } else { 5 }], more].concat();
    xml.text("text", &place, text);
}

pub(super) fn bar(xml: &mut Xml, bar: &Bar) {
    let class = if bar.waiting { "bar wait" } else { "bar" };
    let (x, y, width) = (px(bar.x), px(bar.top), px(bar.width));
    let height = px((bar.bottom - bar.top).max(2.0));
    let place = [
        ("class", class),
        ("x", &*x),
        ("y", &y),
        ("width", &width),
        ("height", &height),
        ("rx", "2"),
    ];
    xml.element("rect", &place, |xml| xml.text("title", &[], &bar.name));
}

pub(super) fn link(xml: &mut Xml, link: &Link) {
    let class = match link.kind {
        LinkKind::Connection(_) => "link connection",
        LinkKind::Bytes(_) => "link",
        LinkKind::Datagram => "link inferred",
    };
    let ((x, y), (to_x, to_y)) = (link.from, link.to);
    let path = format!("M{} {}L{} {}", px(x), px(y), px(to_x), px(to_y));
    xml.element("path", &[("class", class), ("d", &path)], |xml| {
        xml.text("title", &[], &link.name)
    });
}
