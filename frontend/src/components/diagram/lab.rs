//! The lab's part of the drawing: packets between the kernels, and what the kernels say.

use socketscope_diagram::scene::{
    Anchor, Band, Chip, ChipKind, PacketArrow, PacketEnd, PacketKind,
};
use socketscope_protocol::{PacketId, TcpState};
use web_sys::Element;

use super::paint::{Attribute, Layer, append, element, text_at};
use crate::{dom::px, words::wording};

/// What is drawn of one thing, and the element that shows it. It is made anew when the thing has changed.
struct Shown<T> {
    what: T,
    shift: f64,
    element: Element,
}

/// Things that are few and change rarely: those that are as they were keep their elements.
pub(super) struct Things<T>(Vec<Shown<T>>);

impl<T: PartialEq + Clone> Things<T> {
    pub(super) fn new() -> Self {
        Self(Vec::new())
    }

    /// Shows `things` in `place`, each by what `draw` makes of it, `shift` pixels further down.
    pub(super) fn show(
        &mut self,
        place: &Element,
        things: &[T],
        shift: f64,
        draw: impl Fn(&T, f64) -> Option<Element>,
    ) {
        let mut old = std::mem::take(&mut self.0);
        for thing in things {
            let same = |shown: &Shown<T>| shown.shift == shift && shown.what == *thing;
            if let Some(at) = old.iter().position(same) {
                self.0.push(old.swap_remove(at));
                continue;
            }
            if let Some(element) = draw(thing, shift) {
                let _ = place.append_child(&element);
                self.0.push(Shown { what: thing.clone(), shift, element });
            }
        }
        old.iter().for_each(|gone| gone.element.remove());
    }
}

/// The bands of states on the kernels' lifelines.
pub(super) fn bands(layer: &mut Layer, place: &Element, bands: &[Band], shift: f64) {
    for (at, band) in bands.iter().enumerate() {
        let class = format!("state-band {}", colour(band.state));
        let (x, y, width) = (px(band.x), px(band.top + shift), px(band.width));
        let height = px((band.bottom - band.top).max(0.0));
        let rect: [Attribute<'_>; 5] =
            [("class", &class), ("x", &x), ("y", &y), ("width", &width), ("height", &height)];
        layer.set(place, at, &rect, wording().lab.state(band.state));
    }
    layer.keep(bands.len());
}

/// A state's class in the style sheet.
fn colour(state: TcpState) -> &'static str {
    match state {
        TcpState::Listen => "listen",
        TcpState::SynSent | TcpState::SynRecv => "opening",
        TcpState::Established => "open",
        TcpState::Close => "closed",
        _ => "closing",
    }
}

pub(super) fn chip(chip: &Chip, shift: f64) -> Option<Element> {
    let y = chip.y + shift;
    let class = match chip.kind {
        ChipKind::State(state, sampled) => {
            format!("chip {}{}", colour(state), if sampled { " sampled" } else { "" })
        }
        _ => "chip queue".to_owned(),
    };
    let group = element("g", &[("class", &class)])?;
    if let ChipKind::State(state, sampled) = chip.kind {
        let (x, top, width) = (px(chip.x), px(y - 8.0), px(chip.width));
        let pill = [("x", &*x), ("y", &top), ("width", &width), ("height", "16"), ("rx", "8")];
        append(&group, "rect", &pill);
        let lab = &wording().lab;
        let basis = if sampled { lab.sampled } else { lab.observed };
        let title = format!("{} ({basis})", lab.state(state));
        if let Some(element) = append(&group, "title", &[]) {
            element.set_text_content(Some(&title));
        }
    }
    let (x, anchor) = chip.text_at();
    text_at(&group, &chip.text, "chip-text", (x, y + 3.5), anchor);
    if let Some((x, width, full)) = chip.gauge() {
        let (x, top, full) = (px(x), px(y - 4.0), px(full));
        for (class, width) in [("square", &px(width)), ("square full", &full)] {
            let bar: [Attribute<'_>; 6] = [
                ("class", class),
                ("x", &x),
                ("y", &top),
                ("width", width),
                ("height", "8"),
                ("rx", "2"),
            ];
            append(&group, "rect", &bar);
        }
    }
    for (x, size, full) in chip.squares() {
        let (x, top, size) = (px(x), px(y - size / 2.0), px(size));
        let class = if full { "square full" } else { "square" };
        let square = [
            ("class", class),
            ("x", &*x),
            ("y", &top),
            ("width", &size),
            ("height", &size),
            ("rx", "2"),
        ];
        append(&group, "rect", &square);
    }
    let most = if let ChipKind::Bytes(_, most) = chip.kind {
        let most = socketscope_diagram::format::size(most.into());
        Some(socketscope_diagram::wording::fill(wording().lab.most, &[("most", &most)]))
    } else {
        None
    };
    let told: Vec<_> = chip.whole.iter().cloned().chain(most).collect();
    if !told.is_empty()
        && let Some(title) = append(&group, "title", &[])
    {
        title.set_text_content(Some(&told.join(" · ")));
    }
    Some(group)
}

/// A packet: its way, its label, how it ends.
pub(super) fn packet(packet: &PacketArrow, shift: f64) -> Option<Element> {
    let kind = match packet.kind {
        PacketKind::Syn => "syn",
        PacketKind::Data => "data",
        PacketKind::Ack => "ack",
        PacketKind::Fin => "fin",
        PacketKind::Rst => "rst",
        PacketKind::Icmp => "icmp",
        PacketKind::Other => "other",
    };
    let again = if packet.again { " again" } else { "" };
    let group = element(
        "g",
        &[
            ("class", &format!("packet {kind}{again}")),
            ("data-seq", &packet.seq.to_string()),
            ("data-packet", &packet.packet.to_string()),
        ],
    )?;
    if let Some(title) = append(&group, "title", &[]) {
        title.set_text_content(Some(&packet.name));
    }
    let y = |y: f64| y + shift;
    let (first, last) = (packet.points[0], packet.points[packet.points.len() - 1]);
    let way = |points: &[(f64, f64)]| {
        let mut path = String::new();
        for (at, (x, height)) in points.iter().enumerate() {
            path.push(if at == 0 { 'M' } else { 'L' });
            path.push_str(&px(*x));
            path.push(' ');
            path.push_str(&px(y(*height)));
        }
        path
    };
    if let Some(((x, top), label)) = &packet.original {
        let (top, bottom) = (y(*top), y(first.1));
        let out = x + if last.0 > first.0 { 26.0 } else { -26.0 };
        let path = format!(
            "M{} {}C{} {} {} {} {} {}",
            px(*x),
            px(top),
            px(out),
            px(top),
            px(out),
            px(bottom),
            px(*x),
            px(bottom),
        );
        append(&group, "path", &[("class", "again-line"), ("d", &path)]);
        text_at(&group, &label.text, "note", (label.x, y(label.y)), label.anchor);
    }
    let head = format!("url(#head-{kind})");
    let arrives = packet.end == PacketEnd::Arrived;
    let leg = |points: &[(f64, f64)], class: &str, headed: bool| {
        let path = match packet.bend {
            Some(out) if headed => looped(points, shift, out),
            _ => way(points),
        };
        append(&group, "path", &[("class", "reach"), ("d", &path)]);
        let line = [("class", class), ("d", &*path), ("marker-end", &head)];
        append(&group, "path", &line[..if headed { 3 } else { 2 }]);
    };
    match packet.points.len() {
        4 => {
            leg(&packet.points[..2], "way", false);
            leg(&packet.points[1..3], "way waited", false);
            leg(&packet.points[2..], "way", true);
        }
        _ => leg(
            &packet.points,
            if packet.end == PacketEnd::UnderWay { "way waited" } else { "way" },
            arrives,
        ),
    }
    if let Some(copy) = packet.copy {
        leg(&[first, copy], "way copy", true);
    }
    let slope =
        format!("rotate({} {} {})", px(packet.slope), px(packet.label.x), px(y(packet.label.y)),);
    if let Some(label) = text_at(
        &group,
        &packet.label.text,
        "lbl packet-label",
        (packet.label.x, y(packet.label.y)),
        packet.label.anchor,
    ) {
        let _ = label.set_attribute("transform", &slope);
    }
    if let Some(note) = &packet.note {
        text_at(&group, &note.text, "note", (note.x, y(note.y)), note.anchor);
    }
    let (x, height) = (last.0, y(last.1));
    match packet.end {
        PacketEnd::Lost => {
            let cross = format!("M{} {}l10 10m0 -10l-10 10", px(x - 5.0), px(height - 5.0),);
            append(&group, "path", &[("class", "cross"), ("d", &cross)]);
        }
        PacketEnd::Held => dot(&group, (x, height)),
        PacketEnd::Arrived if packet.points.len() == 4 => {
            dot(&group, (packet.points[1].0, y(packet.points[1].1)));
        }
        _ => {}
    }
    Some(group)
}

fn dot(group: &Element, (x, y): (f64, f64)) {
    append(group, "circle", &[("class", "dot"), ("cx", &px(x)), ("cy", &px(y)), ("r", "5")]);
}

/// A packet that stays on its lifeline goes out and comes back.
fn looped(points: &[(f64, f64)], shift: f64, out: f64) -> String {
    let ((x, top), (_, bottom)) = (points[0], points[1]);
    let (top, bottom) = (top + shift, bottom + shift);
    format!(
        "M{} {}C{} {} {} {} {} {}",
        px(x),
        px(top),
        px(out),
        px(top),
        px(out),
        px(bottom),
        px(x),
        px(bottom)
    )
}

/// The buttons of a packet that waits for a decision, on the side that it would go on to.
#[derive(Clone, PartialEq)]
pub(super) struct Buttons {
    packet: PacketId,
    name: String,
    places: [(f64, f64, f64); 2],
}

impl Buttons {
    pub(super) fn of(packet: &PacketArrow) -> Option<Self> {
        let places = packet.buttons()?;
        Some(Self { packet: packet.packet, name: packet.name.clone(), places })
    }
}

pub(super) fn decide(buttons: &Buttons, shift: f64) -> Option<Element> {
    let (lab, group) = (&wording().lab, element("g", &[])?);
    let both = [
        ("deliver", "data-deliver", lab.deliver, lab.deliver_this),
        ("lose", "data-lose", lab.lose, lab.lose_this),
    ];
    let id = buttons.packet.to_string();
    for ((class, name, text, explained), (left, top, width)) in both.into_iter().zip(buttons.places)
    {
        let values = [("packet", buttons.name.as_str())];
        let explained = socketscope_diagram::wording::fill(explained, &values);
        let Some(button) = append(
            &group,
            "g",
            &[
                ("class", &format!("decide {class}")),
                ("role", "button"),
                ("tabindex", "0"),
                ("aria-label", &explained),
                (name, &id),
            ],
        ) else {
            continue;
        };
        let y = top + shift;
        let (top, side, height) = (px(y), px(left), px(PacketArrow::BUTTON));
        let box_ =
            [("x", &*side), ("y", &top), ("width", &px(width)), ("height", &height), ("rx", "7")];
        append(&button, "rect", &box_);
        let at = (left + width / 2.0, y + PacketArrow::BUTTON / 2.0 + 4.0);
        text_at(&button, text, "", at, Anchor::Middle);
    }
    Some(group)
}

/// The packet that a press was meant for, and whether it shall arrive.
pub(super) fn decided(of: impl Fn(&str) -> Option<u64>) -> Option<(PacketId, bool)> {
    let deliver = of("data-deliver").map(|id| (PacketId(id), true));
    deliver.or_else(|| of("data-lose").map(|id| (PacketId(id), false)))
}
