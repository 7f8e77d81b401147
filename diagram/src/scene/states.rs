//! What the kernel says, beside and on its lifeline: a band in the state's colour, the state's name at each change, and
//! how full the queues are.

use std::{collections::BTreeMap, ops::Range};

use socketscope_protocol::TcpState;

use super::{Anchor, View, row::ARROW};
use crate::{
    model::{Place, Queue},
    wording::fill,
};

/// From an arrow up or down to what the kernel says about it.
const APART: f64 = 13.0;
/// From a lifeline to what stands beside it.
const BESIDE: f64 = 10.0;
/// Between two chips.
const SPACE: f64 = 5.0;
/// What a state's name has around it.
const AROUND: f64 = 12.0;
/// Size of a square that stands for a connection in a queue, and how many are drawn at most.
const SQUARE: f64 = 10.0;
const SQUARES: u32 = 8;

/// A stretch of a lifeline in one state.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// Where its lifeline is.
    pub x: f64,
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
}

/// What a chip shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChipKind {
    /// A socket's new state; sampled, or observed right after what changed it.
    State(TcpState, bool),
    /// A queue of bytes.
    Bytes,
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
        for (place, changes) in self.model.lab().bands(from, to) {
            let Some(x) = self.place_x(place) else { continue };
            let y = |seq| self.rows.row_at(seq).map_or(0.0, |row| self.y(row) + ARROW);
            let ends = changes.iter().skip(1).map(|(seq, _)| y(*seq)).chain([bottom]);
            for ((seq, state), bottom) in changes.iter().zip(ends) {
                if let Some(state) = *state {
                    bands.push(Band { x, top: y(*seq), bottom, state });
                }
            }
        }
        bands
    }

    pub(super) fn chips(&self, window: &Range<u64>) -> Vec<Chip> {
        if !self.rows.filter().layers.states || window.is_empty() {
            return Vec::new();
        }
        let (from, to) = self.seqs(window);
        let mut chips = Vec::new();
        // How far to the side the chips of a row and a lifeline reach already.
        let mut taken = BTreeMap::<(u64, Place), f64>::new();
        for note in self.model.lab().notes(from, to) {
            let (Some(row), Some(x)) = (self.rows.row_at(note.seq), self.place_x(note.place))
            else {
                continue;
            };
            let toward = self.free_side(x);
            let y = self.y(row) + ARROW + if self.departs(row) { -APART } else { APART };
            let at = taken.entry((row, note.place)).or_insert(BESIDE);
            let state = note.state.map(|state| {
                let text = state.as_str().replace('_', "-");
                (ChipKind::State(state, note.sampled), text)
            });
            let departs = self.departs(row);
            let told = |(queue, now, _): &&(Queue, u32, Option<u32>)| match queue {
                // What a call takes out the call tells itself, and what a packet takes out its arrow shows.
                Queue::Receive => *now > 0,
                Queue::Send => *now > 0 && !departs,
                // Where the last one has left it, its new state stands beside.
                Queue::HalfOpen => *now > 0,
                Queue::Accept => true,
            };
            let queues = note.queues.iter().filter(told);
            let queues = queues.map(|(queue, now, of)| self.queue(*queue, *now, *of));
            for (kind, text) in state.into_iter().chain(queues) {
                let width = self.chip_width(kind, &text);
                let x = if toward > 0.0 { x + *at } else { x - *at - width };
                *at += width + SPACE;
                chips.push(Chip { x, y, width, kind, text });
            }
        }
        chips
    }

    fn queue(&self, queue: Queue, now: u32, of: Option<u32>) -> (ChipKind, String) {
        let words = &self.wording.lab;
        let (name, number) = (words.queue(queue), now.to_string());
        match queue {
            Queue::Receive | Queue::Send => {
                let text = super::bytes_text(u64::from(now), self.wording);
                (ChipKind::Bytes, format!("{name} {text}"))
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
            ChipKind::Bytes => written,
            ChipKind::Connections(_, of) => {
                written + f64::from(of.min(SQUARES)) * (SQUARE + 2.0) + 4.0
            }
        }
    }

    /// On which side of its kernel's lifeline a program is not.
    fn free_side(&self, x: f64) -> f64 {
        let apps = self.model.programs().filter_map(|program| self.lanes_of(program.id));
        let app = apps.into_iter().find(|(_, kernel)| *kernel == x);
        match app {
            Some((app, kernel)) if app > kernel => -1.0,
            Some(_) => 1.0,
            None if self.lanes.lanes.first().is_some_and(|lane| lane.x == x) => 1.0,
            None => -1.0,
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
        let left = self.x + self.width - f64::from(of.min(SQUARES)) * (SQUARE + 2.0);
        let square = |at: u32| (left + f64::from(at) * (SQUARE + 2.0), SQUARE, at < now);
        (0..of.min(SQUARES)).map(square).collect()
    }

    /// Where its text starts, or has its middle where it is a state's name.
    pub fn text_at(&self) -> (f64, Anchor) {
        match self.kind {
            ChipKind::State(..) => (self.x + self.width / 2.0, Anchor::Middle),
            _ => (self.x, Anchor::Start),
        }
    }
}
