//! What the kernel says, beside and on its lifeline: a band in the state's colour, the state's name at each change, and
//! how full the queues are.

use std::ops::Range;

use socketscope_protocol::TcpState;

use super::{
    Anchor, View,
    row::ARROW,
    taken::{Plate, Taken},
};
use crate::{
    model::{BANDS, Place, Queue},
    wording::fill,
};

/// From an arrow up or down to what the kernel says about it.
const APART: f64 = 13.0;
/// From a lifeline to what stands beside it.
const BESIDE: f64 = 12.0;
/// How much further out a chip moves where it would cover something, and how often.
const STEP: f64 = 12.0;
const STEPS: u32 = 16;
/// Width of a gauge, and what is between it and its text.
const GAUGE: f64 = 30.0;
const GAP: f64 = 5.0;
/// What a state's name has around it.
const AROUND: f64 = 12.0;
/// Size of a square that stands for a connection in a queue, and how many are drawn at most.
const SQUARE: f64 = 10.0;
const SQUARES: u32 = 8;
/// Left edges, from the lifeline, and widths of the bands that stand beside each other on it.
const BANDS_AT: [(f64, f64); BANDS] = [(-3.0, 6.0), (4.0, 4.0), (-8.0, 4.0)];

/// A stretch of a lifeline in one state.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// Its left edge.
    pub x: f64,
    /// Its width.
    pub width: f64,
    /// Its upper end.
    pub top: f64,
    /// Its lower end.
    pub bottom: f64,
    /// The state.
    pub state: TcpState,
}

/// What the kernel says at one moment, beside its lifeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Chip {
    /// Its left edge.
    pub x: f64,
    /// Its middle.
    pub y: f64,
    /// How wide it is.
    pub width: f64,
    /// What it is.
    pub kind: ChipKind,
    /// What it says.
    pub text: String,
    /// What it would say, where there was no room for that.
    pub whole: Option<String>,
}

/// What of the kernel's word chips are made of: states come before what packets say, and queues after that.
#[derive(Clone, Copy)]
pub(super) enum Told {
    States,
    Queues,
}

/// What a chip shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChipKind {
    /// A socket's new state; sampled, or observed right after what changed it.
    State(TcpState, bool),
    /// A queue of bytes: how many are in it, and the most that were seen in it.
    Bytes(u32, u32),
    /// A queue of connections: so many squares are full, of so many.
    Connections(u32, u32),
}

impl View<'_> {
    pub(super) fn bands(&self, window: &Range<u64>) -> Vec<Band> {
        let (from, to) = self.seqs(window);
        if !self.rows.filter().layers.states || window.is_empty() {
            return Vec::new();
        }
        let bottom = self.y(window.end + 1);
        let mut bands = Vec::new();
        for (place, number, changes) in self.model.lab().bands(from, to) {
            let Some(x) = self.place_x(place) else { continue };
            let (left, width) = BANDS_AT[number.min(BANDS - 1)];
            let y = |seq| self.rows.row_at(seq).map_or(0.0, |row| self.y(row) + ARROW);
            let ends = changes.iter().skip(1).map(|(seq, _)| y(*seq)).chain([bottom]);
            for ((seq, shown), bottom) in changes.iter().zip(ends) {
                if let Some((state, owner)) = *shown
                    && self.shows(owner)
                {
                    bands.push(Band { x: x + left, width, top: y(*seq), bottom, state });
                }
            }
        }
        bands
    }

    /// Where the lifeline of a place's kernel is; nothing outside has states.
    fn place_x(&self, place: Place) -> Option<f64> {
        let lane = self.lanes.kernel(self.model, place, "").filter(|_| place != Place::Outside)?;
        self.lanes.lanes.get(lane).map(|lane| lane.x)
    }

    /// Whether the sockets of `owner` are shown: those that are no program's always are.
    fn shows(&self, owner: Place) -> bool {
        match owner {
            Place::Program(id) => self.rows.filter().shows_program(self.model, id),
            Place::Host(_) | Place::Outside => true,
        }
    }

    pub(super) fn chips(&self, window: &Range<u64>, taken: &mut Taken, told: Told) -> Vec<Chip> {
        if !self.rows.filter().layers.states || window.is_empty() {
            return Vec::new();
        }
        let (from, to) = self.seqs(window);
        let mut chips = Vec::new();
        for note in self.model.lab().notes(from, to).filter(|note| self.shows(note.place)) {
            let (Some(row), Some(x)) = (self.rows.row_at(note.seq), self.place_x(note.place))
            else {
                continue;
            };
            let departs = self.departs(row);
            let up = if departs { -APART } else { APART };
            let place = (x, self.y(row) + ARROW, up);
            let (state, all): (_, &[_]) = match told {
                Told::States => (note.state, &[]),
                Told::Queues => (None, &note.queues),
            };
            let state = state.map(|state| {
                let text = state.as_str().replace('_', "-");
                (ChipKind::State(state, note.sampled), text)
            });
            let is_told = |(queue, now, _): &&(Queue, u32, Option<u32>)| match queue {
                // What a call takes out the call tells itself, and what a packet takes out its arrow shows.
                Queue::Receive | Queue::Memory => *now > 0,
                Queue::Send => *now > 0 && !departs,
                // Where the last one has left it, its new state stands beside.
                Queue::HalfOpen => *now > 0,
                Queue::Accept => true,
            };
            let queues = all.iter().filter(is_told);
            if let Some((kind, text)) = state {
                chips.extend(taken.first(self.places(place, kind, &text, false)));
            }
            for (queue, now, of) in queues {
                let (kind, text) = self.queue(*queue, *now, *of);
                let sampled = self.wording.lab.sampled;
                let text = if note.sampled { format!("{text} ({sampled})") } else { text };
                // Where there is no room for its name, as on a phone, how much it is.
                let number = now.to_string();
                let places = self.places(place, kind, &text, true);
                let places = places.chain(self.places(place, kind, &number, false));
                let chip = taken.first(places);
                chips.extend(
                    chip.map(|chip| Chip { whole: (chip.text != text).then_some(text), ..chip }),
                );
            }
        }
        chips
    }

    /// The places for a chip beside the lifeline at `x`: on the side of the wire first, each a bit further out. The nearest
    /// is one even where the chip reaches beyond the next lifeline, unless it `must_fit`.
    fn places(
        &self,
        (x, y, up): (f64, f64, f64),
        kind: ChipKind,
        text: &str,
        must_fit: bool,
    ) -> impl Iterator<Item = (Chip, Plate)> {
        let width = self.chip_width(kind, text);
        let free = self.lanes.free_side(x);
        let sides = [free, -free].map(|side| (side, self.lanes.room_beside(x, side)));
        let text = text.to_owned();
        sides.into_iter().flat_map(move |(side, room)| {
            let text = text.clone();
            let outs = (0..STEPS).map(|step| BESIDE + f64::from(step) * STEP);
            // Beyond the next lifeline it would seem to be about another kernel.
            let nearest = move |out: f64| !must_fit && out == BESIDE && side == free;
            let outs = outs.take_while(move |out| nearest(*out) || out + width + BESIDE < room);
            outs.flat_map(move |out| {
                let left = if side > 0.0 { x + out } else { x - out - width };
                let text = text.clone();
                // Above, below, and a line further; a queue never where it would be read before what has filled it.
                let is_queue = !matches!(kind, ChipKind::State(..));
                let [other, further] = match up > 0.0 {
                    true if is_queue => [up, up * 2.3],
                    false if is_queue => [-up, -up],
                    _ => [-up, up * 2.3],
                };
                [up, other, further].map(|up| {
                    let (text, whole) = (text.clone(), None);
                    let chip = Chip { x: left, y: y + up, width, kind, text, whole };
                    let plate = Plate::of_chip(&chip);
                    (chip, plate)
                })
            })
        })
    }

    fn queue(&self, queue: Queue, now: u32, of: Option<u32>) -> (ChipKind, String) {
        let words = &self.wording.lab;
        let (name, number) = (words.queue(queue), now.to_string());
        match queue {
            Queue::Receive | Queue::Memory | Queue::Send => {
                let text = super::bytes_text(u64::from(now), self.wording);
                (ChipKind::Bytes(now, of.unwrap_or(now)), format!("{name} {text}"))
            }
            Queue::Accept => {
                let of = of.unwrap_or_default();
                let values = [("queue", name), ("now", &*number), ("of", &*of.to_string())];
                (ChipKind::Connections(now, of.max(now)), fill(words.of, &values))
            }
            Queue::HalfOpen => (ChipKind::Connections(now, now), format!("{name} {number}")),
        }
    }

    fn chip_width(&self, kind: ChipKind, text: &str) -> f64 {
        // Their letters are smaller than those of labels.
        let written = super::text_cells(text) as f64 * self.lanes.metrics.character * 0.97;
        match kind {
            ChipKind::State(..) => written + AROUND,
            ChipKind::Bytes(..) => written + GAP + GAUGE,
            ChipKind::Connections(_, of) => {
                written + GAP + f64::from(of.min(SQUARES)) * (SQUARE + 2.0)
            }
        }
    }

    /// Whether the row is a packet's departure: its arrow goes down from there.
    fn departs(&self, row: u64) -> bool {
        let event = self.rows.get(row).and_then(|row| self.model.event(row.last));
        matches!(event.map(|event| &event.fact), Some(socketscope_protocol::Fact::Depart { .. }))
    }

    /// The events that stand in a window, and those without a row behind its last one.
    fn seqs(&self, window: &Range<u64>) -> (u64, u64) {
        let first = self.rows.get(window.start).map_or(0, |row| row.seq);
        let end = self.rows.get(window.end).map_or(u64::MAX, |row| row.seq);
        (first, end)
    }
}

impl Chip {
    /// The squares of a queue of connections: where each is, how large, and whether it is full.
    pub fn squares(&self) -> Vec<(f64, f64, bool)> {
        let ChipKind::Connections(now, of) = self.kind else { return Vec::new() };
        let square = |at: u32| (self.x + f64::from(at) * (SQUARE + 2.0), SQUARE, at < now);
        (0..of.min(SQUARES)).map(square).collect()
    }

    /// The bar of a queue of bytes: its left edge, its width, and how much of that is full.
    pub fn gauge(&self) -> Option<(f64, f64, f64)> {
        let ChipKind::Bytes(now, most) = self.kind else { return None };
        let full = GAUGE * f64::from(now) / f64::from(most.max(1));
        Some((self.x, GAUGE, full.min(GAUGE)))
    }

    /// Where its text starts, or has its middle where it is a state's name.
    pub fn text_at(&self) -> (f64, Anchor) {
        match self.kind {
            ChipKind::State(..) => (self.x + self.width / 2.0, Anchor::Middle),
            // Whatever stands for the number comes first: how wide letters are, the font decides.
            ChipKind::Bytes(..) => (self.x + GAUGE + GAP, Anchor::Start),
            ChipKind::Connections(_, of) => {
                (self.x + f64::from(of.min(SQUARES)) * (SQUARE + 2.0) + GAP, Anchor::Start)
            }
        }
    }
}
