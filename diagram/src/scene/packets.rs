//! Packets between kernels: slanted arrows from departure to arrival, crosses where they were lost, dots where they are
//! held.

use std::ops::Range;

use socketscope_protocol::{Flag, Mark, PacketId, Protocol};

use super::{Anchor, Item, Label, SceneRow, View, row::ARROW};
use crate::{
    format::{count, duration, size},
    lanes::LaneKind,
    model::{Moment, PacketRecord, Place},
    rows::Stretch,
    scene::label,
    wording::fill,
};

/// From a lifeline to the arrows that start and end there: the band of states is between.
const BESIDE: f64 = 6.0;
/// From an arrow up to its label.
const ABOVE: f64 = 4.0;
/// How far the loop goes that a packet makes which stays on its lifeline.
const LOOP: f64 = 36.0;

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
        let (from, to) = (self.place_x(record.ends[0])?, self.place_x(record.ends[1])?);
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
        let toward = if from < to { 1.0 } else { -1.0 };
        let (from, to) = (from + toward * BESIDE, to - toward * BESIDE);
        let middle = (from + to) / 2.0;
        let mut points = vec![(from, y(start))];
        if let Some(held) = held {
            points.push((middle, y(held)));
            if let Some(arrive) = arrive {
                points.extend([(middle, y(arrive)), (to, y(arrive))]);
            }
        } else {
            points.push(match (arrive, lost) {
                (Some(arrive), _) => (to, y(arrive)),
                (_, Some(lost)) => (middle, y(lost)),
                _ => (middle, y(start) + self.lanes.metrics.row / 2.0),
            });
        }
        let (label, slope) = self.packet_label(record, &points);
        Some(PacketArrow {
            packet: record.id,
            seq: record.depart.seq,
            kind: self.kind(record),
            again: self.original(record).is_some(),
            end,
            copy: copy.map(|row| (to, y(row))),
            label,
            slope,
            note: self.packet_note(record, &points),
            original: self.original_place(record, from, toward),
            name: self.packet_name(record),
            points,
        })
    }

    /// Written along the first part of the way, near its start where that is long.
    fn packet_label(&self, record: &PacketRecord, points: &[(f64, f64)]) -> (Label, f64) {
        let ((x0, y0), (x1, y1)) = (points[0], points[1]);
        let (dx, dy) = (x1 - x0, y1 - y0);
        let length = dx.abs().max(1.0);
        let room = (length - 12.0) / self.lanes.metrics.character;
        let text = label::cut(&self.packet_text(record), room.max(0.0) as usize);
        let width = label::text_cells(&text) as f64 * self.lanes.metrics.character;
        // The label stands over the row of the departure, however far below the arrival is.
        let near = (self.lanes.metrics.row / dy.abs().max(1.0)).min(1.0) / 2.0;
        let part = near.max((width / 2.0 + 6.0) / length).min(0.5);
        let slope = (dy / dx.abs().max(1.0) * dx.signum()).atan().to_degrees();
        let (x, y) = (x0 + dx * part, y0 + dy * part - ABOVE);
        let label = Label::new(text, x, y, Anchor::Middle, self.lanes.metrics.character);
        (label, slope)
    }

    fn packet_note(&self, record: &PacketRecord, points: &[(f64, f64)]) -> Option<Label> {
        let words = &self.wording.lab;
        let place = |text: String, (x, y): (f64, f64)| {
            let toward = if points[0].0 < points[1].0 { 1.0 } else { -1.0 };
            let anchor = if toward > 0.0 { Anchor::Start } else { Anchor::End };
            let character = self.lanes.metrics.character;
            Label::new(text, x + toward * 12.0, y + 4.0, anchor, character)
        };
        if let Some((_, why)) = record.lost {
            return Some(place(words.loss(why).to_owned(), points[1]));
        }
        let (held, arrive) = (record.held?, record.arrive?);
        let time = duration(arrive.at.saturating_sub(held.at));
        let mut note = place(fill(words.held_for, &[("time", &time)]), points[2]);
        note.y -= 10.0;
        Some(note)
    }

    fn original(&self, record: &PacketRecord) -> Option<PacketId> {
        self.model.header(record)?.segment.as_ref()?.original
    }

    fn original_place(
        &self,
        record: &PacketRecord,
        x: f64,
        toward: f64,
    ) -> Option<((f64, f64), Label)> {
        let first = self.model.lab().packet(self.original(record)?)?;
        let y = self.y(self.rows.row_of(first.depart.seq)?) + ARROW;
        let later = duration(record.depart.at.saturating_sub(first.depart.at));
        let text = fill(self.wording.lab.again_after, &[("time", &later)]);
        let here = self.y(self.rows.row_of(record.depart.seq)?) + ARROW;
        // Beside the curve, which bends away from the lifeline.
        let (x_label, anchor) =
            (x + toward * 30.0, if toward > 0.0 { Anchor::Start } else { Anchor::End });
        let y_label = (here - self.lanes.metrics.row / 2.0).max((y + here) / 2.0);
        Some(((x, y), Label::new(text, x_label, y_label, anchor, self.lanes.metrics.character)))
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
            (None, Protocol::Icmp) => PacketKind::Icmp,
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
        if let Some(record) = self.model.lab().packet(id) {
            row.name = self.packet_name(record);
            row.packet = Some(id);
        }
    }

    /// A row about packets that were counted.
    pub(super) fn summary_row(&self, row: &mut SceneRow, sum: &socketscope_protocol::Summary) {
        let text = summary_text(sum, self.wording);
        let words = &self.wording.lab;
        let values = [("packets", text.as_str()), ("from", &sum.from), ("to", &sum.to)];
        row.name = fill(words.summary, &values);
        let places = [&sum.from, &sum.to]
            .map(|address| self.place_x(self.model.lab().place_of(sum.protocol, address)));
        let [Some(from), Some(to)] = places else { return };
        let toward = if from < to { 1.0 } else { -1.0 };
        let (from, to) = (from + toward * BESIDE, to - toward * BESIDE);
        let room = ((from - to).abs() - 12.0) / self.lanes.metrics.character;
        let text = label::cut(&text, room.max(0.0) as usize);
        let y = row.y + ARROW;
        let character = self.lanes.metrics.character;
        let label = Label::new(text, (from + to) / 2.0, y - 5.0, Anchor::Middle, character);
        row.items.push(Item::Summary { from, to, y, label });
    }

    /// Where a place's kernel lifeline is.
    pub(super) fn place_x(&self, place: Place) -> Option<f64> {
        let host_x = |host| {
            let own = self.lanes.x(&LaneKind::Host(host));
            own.or_else(|| {
                let mut programs = self.model.programs().filter(|it| it.host == Some(host));
                programs.find_map(|program| self.lanes.x(&LaneKind::Kernel(program.id)))
            })
        };
        match place {
            Place::Program(program) => self
                .lanes
                .x(&LaneKind::Kernel(program))
                .or_else(|| host_x(self.model.program(program)?.host?)),
            Place::Host(host) => host_x(host),
            Place::Outside => self.lanes.x(&LaneKind::OtherPeers),
        }
    }
}

/// How far a packet's own loop reaches that stays on its lifeline.
pub fn loop_width() -> f64 {
    LOOP
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
            (_, Some(icmp)) => format!("ICMP {}", words.icmp(icmp)),
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
