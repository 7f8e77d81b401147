//! What is drawn between and on the kernels' lifelines: packets, states, queues.

use socketscope_diagram::scene::{Band, Chip, ChipKind, PacketArrow, PacketEnd, PacketKind};

use super::{
    colour, px,
    rows::{label, label_turned, text},
    xml::Xml,
};

pub(super) fn band(xml: &mut Xml, band: &Band) {
    let class = format!("state {}", colour(band.state));
    let (x, y, width) = (px(band.x), px(band.top), px(band.width));
    let height = px((band.bottom - band.top).max(0.0));
    xml.empty(
        "rect",
        &[("class", &*class), ("x", &x), ("y", &y), ("width", &width), ("height", &height)],
    );
}

pub(super) fn chip(xml: &mut Xml, chip: &Chip) {
    let class = match chip.kind {
        ChipKind::State(state, true) => format!("chip sampled {}", colour(state)),
        ChipKind::State(state, false) => format!("chip {}", colour(state)),
        ChipKind::Bytes(..) | ChipKind::Connections(..) => "chip queue".to_owned(),
    };
    xml.element("g", &[("class", &*class)], |xml| {
        if let ChipKind::State(..) = chip.kind {
            let (x, top, width) = (px(chip.x), px(chip.y - 8.0), px(chip.width));
            let pill = [("x", &*x), ("y", &top), ("width", &width), ("height", "16"), ("rx", "8")];
            xml.empty("rect", &pill);
        }
        let (x, anchor) = chip.text_at();
        text(xml, &chip.text, "says", (x, chip.y + 3.5), anchor, 0.0);
        if let Some((x, width, full)) = chip.gauge() {
            let (x, top, full) = (px(x), px(chip.y - 4.0), px(full));
            for (class, width) in [("square", &px(width)), ("square full", &full)] {
                let bar = [("class", class), ("x", &*x), ("y", &top), ("width", width)];
                xml.empty("rect", &[&bar[..], &[("height", "8")]].concat());
            }
        }
        for (x, size, full) in chip.squares() {
            let class = if full { "square full" } else { "square" };
            let (x, top, size) = (px(x), px(chip.y - size / 2.0), px(size));
            let square =
                [("class", class), ("x", &*x), ("y", &top), ("width", &size), ("height", &size)];
            xml.empty("rect", &square);
        }
    });
}

/// A packet: its way, its label, how it ends.
pub(super) fn packet(xml: &mut Xml, packet: &PacketArrow) {
    let kind = match packet.kind {
        PacketKind::Syn => "syn",
        PacketKind::Data => "data",
        PacketKind::Ack => "ack",
        PacketKind::Fin => "fin",
        PacketKind::Rst => "rst",
        PacketKind::Icmp => "icmp",
        PacketKind::Other => "other",
    };
    let class = format!("packet {kind}{}", if packet.again { " again" } else { "" });
    let (Some(first), Some(last)) = (packet.points.first(), packet.points.last()) else { return };
    xml.element("g", &[("class", &*class)], |xml| {
        xml.text("title", &[], &packet.name);
        if let Some(((x, top), it)) = &packet.original {
            let out = x + if last.0 > first.0 { 26.0 } else { -26.0 };
            xml.empty("path", &[("class", "again-line"), ("d", &curve((*x, *top), first.1, out))]);
            label(xml, it, "note");
        }
        way(xml, packet, kind);
        if let Some(copy) = packet.copy {
            leg(xml, &[*first, copy], "way copy", Some(kind), packet.bend);
        }
        label_turned(xml, &packet.label, "lbl", packet.slope);
        if let Some(note) = &packet.note {
            label(xml, note, "note");
        }
        end(xml, packet, *last);
    });
}

/// Its way: in one, or to where it was held, from then on, and to its end.
fn way(xml: &mut Xml, packet: &PacketArrow, kind: &str) {
    let head = (packet.end == PacketEnd::Arrived).then_some(kind);
    match &packet.points[..] {
        [start, held, let_go, arrived] => {
            leg(xml, &[*start, *held], "way", None, None);
            leg(xml, &[*held, *let_go], "way waited", None, None);
            leg(xml, &[*let_go, *arrived], "way", head, None);
        }
        points => {
            let class = if packet.end == PacketEnd::UnderWay { "way waited" } else { "way" };
            leg(xml, points, class, head, packet.bend);
        }
    }
}

/// A part of a way, with an arrowhead at its end where that is its destination.
fn leg(xml: &mut Xml, points: &[(f64, f64)], class: &str, head: Option<&str>, bend: Option<f64>) {
    let path = match (points, bend) {
        // One that stays on its lifeline goes out and comes back.
        ([from, (_, bottom)], Some(out)) => curve(*from, *bottom, out),
        _ => {
            let places = points.iter().map(|(x, y)| format!("{} {}", px(*x), px(*y)));
            format!("M{}", places.collect::<Vec<_>>().join("L"))
        }
    };
    let head = head.map(|kind| format!("url(#head-{kind})"));
    let attributes =
        [("class", class), ("d", &*path), ("marker-end", head.as_deref().unwrap_or_default())];
    xml.empty("path", &attributes[..if head.is_some() { 3 } else { 2 }]);
}

/// From a place down (or up) to another with the same x, by way of `out`.
fn curve((x, top): (f64, f64), bottom: f64, out: f64) -> String {
    let (x, top, bottom, out) = (px(x), px(top), px(bottom), px(out));
    format!("M{x} {top}C{out} {top} {out} {bottom} {x} {bottom}")
}

fn end(xml: &mut Xml, packet: &PacketArrow, (x, y): (f64, f64)) {
    let dot = |xml: &mut Xml, (x, y): (f64, f64)| {
        xml.empty("circle", &[("class", "dot"), ("cx", &px(x)), ("cy", &px(y)), ("r", "5")]);
    };
    match packet.end {
        PacketEnd::Lost => {
            let cross = format!("M{} {}l10 10m0 -10l-10 10", px(x - 5.0), px(y - 5.0));
            xml.empty("path", &[("class", "cross"), ("d", &cross)]);
        }
        PacketEnd::Held => dot(xml, (x, y)),
        PacketEnd::Arrived if packet.points.len() == 4 => dot(xml, packet.points[1]),
        PacketEnd::Arrived | PacketEnd::UnderWay => {}
    }
}
