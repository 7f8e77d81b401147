//! What is drawn for a window of rows: arrows, labels, bars, links, each with its place. A pure function of model, rows,
//! lifelines and time; knows no browser.

mod bars;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests say what they expect by unwrapping")]
mod lab_tests;
mod label;
mod lesson;
mod links;
mod packets;
mod row;
mod states;
mod taken;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests say what they expect by unwrapping")]
mod tests;
mod text;

use std::ops::Range;

use socketscope_protocol::{CallId, Fact, PacketId};

pub use bars::WAITED;
pub use label::{cut, cut_middle, text_cells};
pub use lesson::exit_text;
pub use packets::{PacketArrow, PacketEnd, PacketKind, packet_text, summary_text};
pub use states::{Band, Chip, ChipKind};
pub use text::{
    bytes_text, call_text, payload_text, result_text, rule_text, unseen_text, wire_text, written,
};

use crate::{
    lanes::Lanes,
    model::{ConnectionId, Model, ProgramId},
    rows::Rows,
    wording::Wording,
};
use states::Told;
use taken::Taken;

/// What a scene is made of.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The facts.
    pub model: &'a Model,
    /// Their rows.
    pub rows: &'a Rows,
    /// The lifelines.
    pub lanes: &'a Lanes,
    /// The language.
    pub wording: &'a Wording,
    /// Nanoseconds since 1970: how long waiting calls have waited.
    pub now: u64,
}

/// What is drawn. All places are pixels from the first row's top and the diagram's left edge.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// The rows of the window, from the top.
    pub rows: Vec<SceneRow>,
    /// The bars that reach into the window.
    pub bars: Vec<Bar>,
    /// The links with an end in the window.
    pub links: Vec<Link>,
    /// The packets that are seen in the window.
    pub packets: Vec<PacketArrow>,
    /// The states that the kernels' lifelines have.
    pub bands: Vec<Band>,
    /// What the kernels say in the window.
    pub chips: Vec<Chip>,
    /// Links of the window that are not drawn, since a call has too many.
    pub links_hidden: usize,
    /// Height of all rows together, not only of the window.
    pub height: f64,
}

/// A row.
#[derive(Clone, Debug, PartialEq)]
pub struct SceneRow {
    /// Its number.
    pub row: u64,
    /// Its first event's number.
    pub seq: u64,
    /// Changes when anything of the row changes.
    pub version: u64,
    /// Its upper edge.
    pub y: f64,
    /// What is drawn in it.
    pub items: Vec<Item>,
    /// The row as a sentence, for screen readers.
    pub name: String,
    /// The call, where it is about one.
    pub call: Option<CallId>,
    /// The program, where it is about one.
    pub program: Option<ProgramId>,
    /// The packet, where it is about one.
    pub packet: Option<PacketId>,
}

/// What can be drawn in a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A horizontal arrow.
    Arrow(Arrow),
    /// A program's start or end, on its lifeline.
    Marker {
        /// Where its lifeline is.
        x: f64,
        /// Its middle.
        y: f64,
        /// Started, or ended.
        started: bool,
        /// What stands beside it.
        label: Label,
    },
    /// Packets that were counted, as one thick arrow.
    Summary {
        /// Where it starts.
        from: f64,
        /// Where its head is.
        to: f64,
        /// Its height.
        y: f64,
        /// What it says.
        label: Label,
    },
    /// A change of the wire, or what a lesson says, across the whole width.
    Note {
        /// What is said.
        tone: Tone,
        /// Its middle.
        y: f64,
        /// What stands in it.
        label: Label,
    },
    /// Events that are missing, across the whole width.
    Gap {
        /// Its middle.
        y: f64,
        /// What stands in it.
        label: Label,
    },
}

/// What a row across the whole width says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tone {
    /// How the wire is from here on, or how long nothing happened.
    Wire,
    /// A lesson's note.
    Note,
    /// A lesson's question, or its answer.
    Question,
    /// How a process ended.
    Exit,
    /// A lesson begins anew.
    Round,
}

/// A horizontal arrow, with its label above.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrow {
    /// What it means.
    pub kind: ArrowKind,
    /// Whether it brings an error.
    pub error: bool,
    /// Where it starts.
    pub from: f64,
    /// Where its head is.
    pub to: f64,
    /// Its height.
    pub y: f64,
    /// What it says; may be empty where there is no room.
    pub label: Label,
}

/// What an arrow means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ArrowKind {
    /// A program enters a call: app → kernel.
    Enter,
    /// It returns: kernel → app, dashed.
    Return,
    /// It was entered and returned at once: one arrow for both.
    Whole,
    /// From an outside peer's lifeline to the kernel.
    FromOutside,
    /// From the kernel to an outside peer's lifeline.
    ToOutside,
}

/// A text with a place, cut so that it fits.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// Where its anchor is.
    pub x: f64,
    /// Its baseline.
    pub y: f64,
    /// Which part of it is at `x`.
    pub anchor: Anchor,
    /// What it says.
    pub text: String,
    /// How wide that is.
    pub width: f64,
}

/// Which part of a text is at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Its start.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

/// A bar on an app's lifeline: a call that has not returned at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// The call.
    pub call: CallId,
    /// Whose.
    pub program: ProgramId,
    /// Its left edge.
    pub x: f64,
    /// Its width.
    pub width: f64,
    /// Its upper end; above the first row where the enter is no longer kept.
    pub top: f64,
    /// Its lower end; below the last row as long as it waits.
    pub bottom: f64,
    /// Whether it waits or took 1 ms and more: hatched. Otherwise it only ran.
    pub waiting: bool,
    /// Whether it has not returned yet.
    pub open: bool,
    /// Nanoseconds it took, or has waited by now; nothing where the return was not seen.
    pub elapsed: Option<u64>,
    /// The call and its time, for a tooltip and screen readers.
    pub name: String,
}

/// A thin line from what caused to what it caused.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// What it joins.
    pub kind: LinkKind,
    /// Where the cause is: a kernel's lifeline.
    pub from: (f64, f64),
    /// Where the effect is.
    pub to: (f64, f64),
    /// The causing call.
    pub cause: CallId,
    /// The caused one.
    pub effect: CallId,
    /// What it means, for a tooltip.
    pub name: String,
}

/// What a link joins.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LinkKind {
    /// A connect and the accept that returned its other end.
    Connection(ConnectionId),
    /// A send and a recv that read these of its bytes, counted from the stream's start.
    Bytes(Range<u64>),
    /// Two calls with one datagram. Inferred.
    Datagram,
}

impl Link {
    /// Its name among all links.
    pub fn key(&self) -> (CallId, CallId) {
        (self.cause, self.effect)
    }
}

impl View<'_> {
    /// What is drawn for the rows `window`, as far as there are such.
    pub fn scene(&self, window: Range<u64>) -> Scene {
        let window = window.start.max(self.rows.first())..window.end.min(self.rows.end());
        let rows: Vec<_> = window.clone().filter_map(|number| self.row(number)).collect();
        let (links, links_hidden) = self.links(&window);
        let height = self.y(self.rows.end());
        let mut packets = self.packets(&window);
        // Whatever is written beside lifelines and along arrows gives way to what is in rows.
        let mut taken = Taken::new(&rows, &packets, self.lanes.width);
        let mut chips = self.chips(&window, &mut taken, Told::States);
        packets.iter_mut().for_each(|packet| self.write(packet, &mut taken));
        chips.extend(self.chips(&window, &mut taken, Told::Queues));
        Scene {
            rows,
            bars: self.bars(&window),
            links,
            packets,
            bands: self.bands(&window),
            chips,
            links_hidden,
            height,
        }
    }

    /// The upper edge of the row `number`.
    fn y(&self, number: u64) -> f64 {
        number.saturating_sub(self.rows.first()) as f64 * self.lanes.metrics.row
    }
}

/// The call that a fact is about.
fn call_of(fact: &Fact) -> Option<CallId> {
    match fact {
        Fact::Enter { id, .. } | Fact::Return { id, .. } => Some(*id),
        _ => None,
    }
}
