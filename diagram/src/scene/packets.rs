//! Packets between kernels: slanted arrows from departure to arrival, crosses where they were lost, dots where they are
//! held.

use std::ops::Range;

use socketscope_protocol::{Flag, Mark, Medium, PacketId, Protocol};

use super::{
    Anchor, Item, Label, SceneRow, View,
    row::ARROW,
    taken::{Plate, Taken},
};
use crate::{
    format::{count, duration, size},
    model::{Moment, PacketRecord, Place},
    rows::Stretch,
    scene::label,
    wording::fill,
};

/// From a lifeline to the arrows that start and end there: the bands of states are between.
const BESIDE: f64 = 9.0;
/// From an arrow up to its label, and down to it.
const ABOVE: f64 = 4.0;
const BELOW: f64 = 12.0;
/// Parts of its way that a packet's label moves on by where it would cover something, and how often.
const STEP: f64 = 0.06;
const STEPS: u32 = 14;
/// Cells to which a label is cut that has no room.
const SHORTER: [usize; 5] = [26, 21, 17, 13, 9];
/// Pixels by which notes move up or down: those beside an arrow's end, and those below its start.
const LOOSELY: [f64; 5] = [0.0, 13.0, -13.0, 24.0, -24.0];
const CLOSELY: [f64; 2] = [0.0, 7.0];
/// How far before the middle of the wire a packet has waited that was delivered: between those that still wait there and
/// their buttons.
const SIDING: f64 = 9.5;
/// How far the loop goes that a packet makes which stays on its lifeline; the points that pull it are as far again.
const LOOP: f64 = 30.0;
/// The least room that a packet has which goes to nobody.
const ASTRAY: f64 = 90.0;

/// A packet on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct PacketArrow {
    /// Which.
    pub packet: PacketId,
    /// Its departure's event.
    pub seq: u64,
    /// What it is.
    pub kind: PacketKind,
    /// Whether the same was sent before.
    pub again: bool,
    /// The points that it goes through: two, or four where it was held in between.
    pub points: Vec<(f64, f64)>,
    /// For one that stays on its lifeline: the x of the two points that pull its loop to the side.
    pub bend: Option<f64>,
    /// How it ends.
    pub end: PacketEnd,
    /// Where a duplicate of it arrives.
    pub copy: Option<(f64, f64)>,
    /// What it says, along the first part of its way.
    pub label: Label,
    /// The label's slope, in degrees.
    pub slope: f64,
    /// What stands beside its end: why it was lost, how long it was held.
    pub note: Option<Label>,
    /// For a retransmission: where the packet that carried the same first departed, and how much later this one did.
    pub original: Option<((f64, f64), Label)>,
    /// All of it as a sentence.
    pub name: String,
}

/// What colours a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PacketKind {
    /// It opens a connection: SYN, SYN/ACK.
    Syn,
    /// It carries bytes.
    Data,
    /// It only acknowledges.
    Ack,
    /// It ends a direction.
    Fin,
    /// It ends a connection by force.
    Rst,
    /// ICMP.
    Icmp,
    /// Anything else.
    Other,
}

/// How a packet's way ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PacketEnd {
    /// At its destination's kernel.
    Arrived,
    /// In mid-wire.
    Lost,
    /// In mid-wire, until somebody decides.
    Held,
    /// Nowhere yet.
    UnderWay,
}

impl View<'_> {
    pub(super) fn packets(&self, window: &Range<u64>) -> Vec<PacketArrow> {
        if !self.rows.filter().layers.packets {
            return Vec::new();
        }
        let near = self.rows.near(self.model, window).into_iter();
        let packets =
            near.filter_map(|it| if let Stretch::Packet(id) = it { Some(id) } else { None });
        packets.filter_map(|id| self.packet(self.model.lab().packet(id)?, window)).collect()
    }

    fn packet(&self, record: &PacketRecord, window: &Range<u64>) -> Option<PacketArrow> {
        let (from, to) = self.ends(record)?;
        let start = self.rows.row_of(record.depart.seq)?;
        let row = |moment: Option<Moment>| self.rows.row_of(moment?.seq);
        let (arrive, held) = (row(record.arrive), row(record.held));
        let lost = row(record.lost.map(|(moment, _)| moment));
        let copy = row(record.copy);
        let last = [arrive, held, lost, copy].into_iter().flatten().max();
        let end = match (record.arrive.is_some(), record.lost.is_some(), held.is_some()) {
            (true, ..) => PacketEnd::Arrived,
            (_, true, _) => PacketEnd::Lost,
            (.., true) => PacketEnd::Held,
            _ => PacketEnd::UnderWay,
        };
        let below = if record.travels() { self.rows.end() } else { last.unwrap_or(start) };
        if start >= window.end || below < window.start || window.is_empty() {
            return None;
        }
        let y = |row: u64| self.y(row) + ARROW;
        let stays = from == to;
        let toward = match stays {
            true => self.lanes.free_side(from),
            false => (to - from).signum(),
        };
        let (from, to) = match stays {
            true => (from + toward * BESIDE, from + toward * BESIDE),
            false => (from + toward * BESIDE, to - toward * BESIDE),
        };
        let middle = (from + to) / 2.0;
        let mut points = vec![(from, y(start))];
        if let Some(held) = held {
            match arrive {
                Some(arrive) => {
                    let siding = middle - toward * SIDING;
                    points.extend([(siding, y(held)), (siding, y(arrive)), (to, y(arrive))]);
                }
                None => points.push((middle, y(held))),
            }
        } else {
            points.push(match (arrive, lost) {
                (Some(arrive), _) => (to, y(arrive)),
                (_, Some(lost)) => (middle, y(lost)),
                _ => (middle, y(start) + self.lanes.metrics.row / 2.0),
            });
        }
        let bend = (stays && points.len() == 2).then(|| from + toward * LOOP * 4.0 / 3.0);
        let label = match bend {
            Some(_) => self.loop_label(record, &points, toward),
            None => Label { text: self.packet_text(record), ..self.no_label() },
        };
        Some(PacketArrow {
            packet: record.id,
            seq: record.depart.seq,
            kind: self.kind(record),
            again: self.original(record).is_some(),
            end,
            bend,
            copy: copy.map(|row| (to, y(row))),
            label,
            slope: 0.0,
            note: self.packet_note(record, &points),
            original: self.original_place(record, &points),
            name: self.packet_name(record),
            points,
        })
    }

    /// The lifelines where it leaves and where it goes. What goes to nobody goes out on the wire; on this machine, which
    /// answers it itself, it stays where it is.
    fn ends(&self, record: &PacketRecord) -> Option<(f64, f64)> {
        let header = self.model.header(record)?;
        let x = |end: usize, address: &str| {
            let lane = self.lanes.kernel(self.model, record.ends[end], address)?;
            self.lanes.lanes.get(lane).map(|lane| lane.x)
        };
        let is_nobody = |end: usize, address: &str| {
            record.medium == Medium::Loopback
                && record.ends[end] == Place::Outside
                && self.model.peer_at(address).is_none()
        };
        match (x(0, &header.from), x(1, &header.to)) {
            (Some(from), Some(to)) => Some((from, to)),
            (Some(from), None) if record.lost.is_some() => {
                let toward = self.lanes.free_side(from);
                let room = self.lanes.room_beside(from, toward).max(ASTRAY);
                Some((from, from + toward * room))
            }
            (Some(from), None) if is_nobody(1, &header.to) => Some((from, from)),
            (None, Some(to)) if is_nobody(0, &header.from) => Some((to, to)),
            _ => None,
        }
    }

    /// Writes what a packet says and what became of it to where nothing else is written: along its way, as near to its start
    /// as there is room, shorter where there is too little. What fits nowhere is left out: the inspector has it.
    pub(super) fn write(&self, packet: &mut PacketArrow, taken: &mut Taken) {
        let label = std::mem::replace(&mut packet.label, self.no_label());
        let found = match packet.bend {
            Some(_) => taken.first(level(&label, &LOOSELY).map(|(label, at)| ((label, 0.0), at))),
            None => taken.first(self.along(&label.text, &packet.points)),
        };
        if let Some((label, slope)) = found {
            (packet.label, packet.slope) = (label, slope);
        }
        packet.note = packet.note.take().and_then(|note| {
            let beside = level(&note, &LOOSELY);
            let turned = mirrored(&note, packet.points.last().map_or(note.x, |point| point.0));
            taken.first(beside.chain(level(&turned, &LOOSELY)))
        });
        if let Some((_, later)) = &mut packet.original {
            let text = std::mem::replace(later, self.no_label());
            if let Some(label) = taken.first(level(&text, &CLOSELY)) {
                *later = label;
            }
        }
    }

    /// The places for a text along the first part of a way, near its start first, and each with the slope there.
    fn along(
        &self,
        text: &str,
        points: &[(f64, f64)],
    ) -> impl Iterator<Item = ((Label, f64), Plate)> {
        let ((x0, y0), (x1, y1)) = (points[0], points[1]);
        let (dx, dy) = (x1 - x0, y1 - y0);
        let length = dx.abs().max(1.0);
        let character = self.lanes.metrics.character;
        let room = ((length - 12.0) / character).max(0.0) as usize;
        let rise = dy / length * dx.signum();
        let slope = rise.atan().to_degrees();
        // The label stands over the row of the departure, however far below the arrival is.
        let near = (self.lanes.metrics.row / dy.abs().max(1.0)).min(1.0) / 2.0;
        let mut texts = vec![label::cut(text, room)];
        texts.extend(SHORTER.iter().map(|cells| label::cut(text, room.min(*cells))));
        texts.dedup();
        texts.into_iter().filter(|text| !text.is_empty()).flat_map(move |text| {
            let edge = (label::text_cells(&text) as f64 * character / 2.0 + 6.0) / length;
            let first = near.max(edge).min(0.5);
            let parts = (0..STEPS).map(move |step| first + f64::from(step) * STEP);
            let parts = parts.take_while(move |part| *part <= 1.0 - edge + 1e-9);
            [-ABOVE, BELOW].into_iter().flat_map(move |beside| {
                let text = text.clone();
                parts.clone().map(move |part| {
                    let at = (x0 + dx * part, y0 + dy * part + beside);
                    let label = Label::new(text.clone(), at.0, at.1, Anchor::Middle, character);
                    let plate = Plate::sloped(&label, rise);
                    ((label, slope), plate)
                })
            })
        })
    }

    fn no_label(&self) -> Label {
        Label::new(String::new(), 0.0, 0.0, Anchor::Middle, 0.0)
    }

    /// Beside a loop.
    fn loop_label(&self, record: &PacketRecord, points: &[(f64, f64)], toward: f64) -> Label {
        let x = points[0].0 + toward * (LOOP + 6.0);
        let character = self.lanes.metrics.character;
        let edge = if toward > 0.0 { self.lanes.width - x } else { x };
        let room = self.lanes.room_beside(points[0].0, toward) - LOOP - 12.0;
        // Where the next lifeline is too near, it is written across it.
        let room = if room < 12.0 * character { edge - 6.0 } else { room };
        let text = label::cut(&self.packet_text(record), (room / character).max(0.0) as usize);
        let anchor = if toward > 0.0 { Anchor::Start } else { Anchor::End };
        Label::new(text, x, (points[0].1 + points[1].1) / 2.0 + 4.0, anchor, character)
    }

    fn packet_note(&self, record: &PacketRecord, points: &[(f64, f64)]) -> Option<Label> {
        let words = &self.wording.lab;
        let toward = if points[0].0 < points[1].0 { 1.0 } else { -1.0 };
        let place = |text: String, (x, y): (f64, f64), toward: f64| {
            let anchor = if toward > 0.0 { Anchor::Start } else { Anchor::End };
            let character = self.lanes.metrics.character;
            Label::new(text, x + toward * 12.0, y + 4.0, anchor, character)
        };
        if let Some((_, why)) = record.lost {
            return Some(place(words.loss(why).to_owned(), points[1], toward));
        }
        if record.overflow {
            let mut note = place(words.overflow.to_owned(), *points.last()?, -toward);
            note.y += 12.0;
            return Some(note);
        }
        let (held, arrive) = (record.held?, record.arrive?);
        let time = duration(arrive.at.saturating_sub(held.at));
        let mut note = place(fill(words.held_for, &[("time", &time)]), *points.get(2)?, toward);
        note.y -= 10.0;
        Some(note)
    }

    fn original(&self, record: &PacketRecord) -> Option<PacketId> {
        self.model.header(record)?.segment.as_ref()?.original
    }

    fn original_place(
        &self,
        record: &PacketRecord,
        points: &[(f64, f64)],
    ) -> Option<((f64, f64), Label)> {
        let first = self.model.lab().packet(self.original(record)?)?;
        let y = self.y(self.rows.row_of(first.depart.seq)?) + ARROW;
        let later = duration(record.depart.at.saturating_sub(first.depart.at));
        let text = fill(self.wording.lab.again_after, &[("time", &later)]);
        let ((from, top), (to, bottom)) = (points[0], points[1]);
        let anchor = if from < to { Anchor::Start } else { Anchor::End };
        let x = from + (to - from).signum() * BESIDE;
        let label = Label::new(text, x, top + BELOW, anchor, self.lanes.metrics.character);
        // As far below the start as the packet's way falls beside it: nearer to it than to any other's.
        let part = (BESIDE + label.width) / (to - from).abs().max(1.0);
        let label = Label { y: label.y + (bottom - top) * part.min(1.0), ..label };
        Some(((from, y), label))
    }

    fn kind(&self, record: &PacketRecord) -> PacketKind {
        let Some(header) = self.model.header(record) else { return PacketKind::Other };
        match (&header.segment, header.protocol) {
            (Some(segment), _) => {
                let has = |flag| segment.has(flag);
                match () {
                    () if has(Flag::Rst) => PacketKind::Rst,
                    () if has(Flag::Syn) => PacketKind::Syn,
                    () if has(Flag::Fin) => PacketKind::Fin,
                    () if header.length > 0 => PacketKind::Data,
                    () => PacketKind::Ack,
                }
            }
            (None, Protocol::Icmp | Protocol::Icmpv6) => PacketKind::Icmp,
            (None, Protocol::Udp) => PacketKind::Data,
            _ => PacketKind::Other,
        }
    }

    /// What a packet says: `SYN seq 0 win 64240 mss 1460`.
    pub(crate) fn packet_text(&self, record: &PacketRecord) -> String {
        packet_text(self.model, record, self.wording)
    }

    /// A packet as a sentence.
    pub(super) fn packet_name(&self, record: &PacketRecord) -> String {
        let words = &self.wording.lab;
        let Some(header) = self.model.header(record) else { return String::new() };
        let text = self.packet_text(record);
        let time = record.arrive.map(|arrive| duration(arrive.at.saturating_sub(record.depart.at)));
        let time = time.unwrap_or_default();
        let why = record.lost.map_or("", |(_, why)| words.loss(why));
        let template = match (record.lost.is_some(), record.arrive.is_some(), record.held) {
            _ if record.medium == Medium::Loopback => words.packet_captured,
            (true, ..) => words.packet_lost,
            (_, true, Some(_)) => words.packet_delivered,
            (_, true, None) => words.packet_arrived,
            (.., Some(_)) => words.packet_held,
            _ => words.packet_under_way,
        };
        let values = [
            ("packet", text.as_str()),
            ("from", &header.from),
            ("to", &header.to),
            ("time", &time),
            ("why", why),
        ];
        fill(template, &values)
    }

    /// A row about a packet: its name; what is drawn is drawn across rows.
    pub(super) fn packet_row(&self, row: &mut SceneRow, id: PacketId) {
        let Some(record) = self.model.lab().packet(id) else { return };
        row.name = self.packet_name(record);
        row.packet = Some(id);
        // Where there are no lifelines for it, its row says what it is: none is ever blank.
        if self.ends(record).is_none() {
            self.note(row);
        }
    }

    /// A row about packets that were counted.
    pub(super) fn summary_row(&self, row: &mut SceneRow, sum: &socketscope_protocol::Summary) {
        let text = summary_text(sum, self.wording);
        let words = &self.wording.lab;
        let values = [("packets", text.as_str()), ("from", &sum.from), ("to", &sum.to)];
        row.name = fill(words.summary, &values);
        let places = [&sum.from, &sum.to].map(|address| {
            let place = self.model.lab().place_of(sum.protocol, address);
            self.lanes.kernel(self.model, place, address).map(|lane| self.lanes.lanes[lane].x)
        });
        let (from, to) = match places {
            [Some(from), Some(to)] if from != to => (from, to),
            _ => return self.note(row),
        };
        let toward = if from < to { 1.0 } else { -1.0 };
        let (from, to) = (from + toward * BESIDE, to - toward * BESIDE);
        let room = ((from - to).abs() - 12.0) / self.lanes.metrics.character;
        let text = label::cut(&text, room.max(0.0) as usize);
        let y = row.y + ARROW;
        let character = self.lanes.metrics.character;
        let label = Label::new(text, (from + to) / 2.0, y - 5.0, Anchor::Middle, character);
        row.items.push(Item::Summary { from, to, y, label });
    }
}

impl PacketArrow {
    /// Height of a button.
    pub const BUTTON: f64 = 20.0;

    /// Where the buttons are that decide about a held packet, on the side that it would go on to: left and upper edge, width.
    /// The first one delivers, the second one loses it.
    pub fn buttons(&self) -> Option<[(f64, f64, f64); 2]> {
        const WIDTHS: [f64; 2] = [56.0, 44.0];
        const BETWEEN: f64 = 4.0;
        const BESIDE: f64 = 14.0;
        let (first, last) = (self.points.first()?, self.points.last()?);
        let all = WIDTHS[0] + BETWEEN + WIDTHS[1];
        let left = if last.0 > first.0 { last.0 + BESIDE } else { last.0 - BESIDE - all };
        let (top, second) = (last.1 - Self::BUTTON / 2.0, left + WIDTHS[0] + BETWEEN);
        (self.end == PacketEnd::Held).then_some([(left, top, WIDTHS[0]), (second, top, WIDTHS[1])])
    }
}

/// A label at its place, and moved up and down.
fn level(label: &Label, by: &'static [f64]) -> impl Iterator<Item = (Label, Plate)> {
    let label = label.clone();
    by.iter().map(move |by| {
        let moved = Label { y: label.y + by, ..label.clone() };
        let plate = Plate::of(&moved);
        (moved, plate)
    })
}

/// A label on the other side of `x`.
fn mirrored(label: &Label, x: f64) -> Label {
    let anchor = match label.anchor {
        Anchor::Start => Anchor::End,
        Anchor::Middle => Anchor::Middle,
        Anchor::End => Anchor::Start,
    };
    Label { x: 2.0 * x - label.x, anchor, ..label.clone() }
}

/// What a packet says: `SYN seq 0 win 64240 mss 1460`.
pub fn packet_text(
    model: &crate::model::Model,
    record: &PacketRecord,
    wording: &crate::wording::Wording,
) -> String {
    let words = &wording.lab;
    let Some(header) = model.header(record) else { return format!("#{}", record.id) };
    let bytes = || super::bytes_text(u64::from(header.length), wording);
    let Some(segment) = &header.segment else {
        return match (header.protocol, header.icmp) {
            (protocol, Some(icmp)) => words.icmp(protocol, icmp),
            (Protocol::Udp, _) => format!("UDP {}", bytes()),
            _ => format!("IP {}", size(u64::from(header.size))),
        };
    };
    let flags: Vec<_> = segment.flags.iter().map(|flag| flag.as_str()).collect();
    let mut text = flags.join(", ");
    let mut add = |part: String| {
        text.push(' ');
        text.push_str(&part);
    };
    let (syn, fin) = (segment.has(Flag::Syn), segment.has(Flag::Fin));
    if let Some(seq) = segment.relative_seq.filter(|_| syn || fin || header.length > 0) {
        add(format!("seq {seq}"));
    }
    if let Some(ack) = segment.relative_ack.filter(|_| syn || fin || header.length == 0) {
        add(format!("ack {ack}"));
    }
    if header.length > 0 {
        add(bytes());
    }
    if segment.marks.contains(&Mark::ZeroWindow) || segment.marks.contains(&Mark::WindowUpdate) {
        add(format!("win {}", segment.scaled_window.unwrap_or(u32::from(segment.window))));
    }
    for mark in &segment.marks {
        add(words.mark(*mark).to_owned());
    }
    if syn && segment.marks.is_empty() {
        add(format!("win {}", segment.window));
        if let Some(mss) = segment.options.mss {
            add(format!("mss {mss}"));
        }
    }
    text
}

/// Packets that were counted: `1,204 segments, 1.7 MB`.
pub fn summary_text(
    sum: &socketscope_protocol::Summary,
    wording: &crate::wording::Wording,
) -> String {
    let words = &wording.lab;
    let what = match sum.protocol {
        Protocol::Tcp => words.segments,
        Protocol::Udp => words.datagrams,
        _ => words.packets,
    };
    let (packets, bytes) = (count(sum.packets), size(sum.bytes));
    fill(what, &[("count", &packets), ("bytes", &bytes)])
}
