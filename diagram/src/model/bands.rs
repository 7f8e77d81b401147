//! Which states the sockets of a kernel's lifeline have from when on, in a few bands beside each other. Knows nothing of
//! drawing.

use std::collections::VecDeque;

use socketscope_protocol::TcpState;

use super::{Place, lab::SocketKey};
use crate::sorted::Sorted;

/// Bands beside each other on a lifeline: more could not be told apart.
pub const BANDS: usize = 3;

/// What a band shows from an event on: a state, and whose socket has it.
pub type Changes = Vec<(u64, Option<(TcpState, Place)>)>;

/// A socket that a band shows, its state, and whose it is.
type Shown = (SocketKey, TcpState, Place);

/// One of the bands of a lifeline.
#[derive(Clone, Debug, Default)]
struct Band {
    /// The sockets that share it, the one that changed last at the end: that one is shown.
    stack: Vec<Shown>,
    changes: VecDeque<(u64, Option<(TcpState, Place)>)>,
}

/// The bands of all lifelines.
#[derive(Clone, Debug, Default)]
pub(super) struct Bands(Sorted<Place, [Band; BANDS]>);

impl Band {
    /// Notes what is shown from the event `seq` on, where that is something else than before.
    fn note(&mut self, seq: u64) {
        let top = self.stack.last().map(|(_, state, owner)| (*state, *owner));
        if self.changes.back().map_or(top.is_some(), |(_, shown)| *shown != top) {
            self.changes.push_back((seq, top));
        }
    }
}

impl Bands {
    /// A socket of `owner` has another state. On its `lifeline` it keeps its band as long as it is there; a new one gets one
    /// of its own, or shares the last one.
    pub(super) fn changed(
        &mut self,
        seq: u64,
        lifeline: Place,
        owner: Place,
        key: SocketKey,
        state: TcpState,
    ) {
        let mut own = None;
        // A half-open connection may come to belong to somebody else than its listener.
        for (place, bands) in self.0.iter_mut() {
            for (at, band) in bands.iter_mut().enumerate() {
                let before = band.stack.len();
                band.stack.retain(|(other, ..)| *other != key);
                if band.stack.len() == before {
                    continue;
                }
                if *place == lifeline && state != TcpState::Close {
                    own = Some(at);
                } else {
                    band.note(seq);
                }
            }
        }
        if state != TcpState::Close {
            if self.0.get(&lifeline).is_none() {
                self.0.insert(lifeline, Default::default());
            }
            let Some(bands) = self.0.get_mut(&lifeline) else { return };
            let free = bands.iter().position(|band| band.stack.is_empty());
            let band = &mut bands[own.or(free).unwrap_or(BANDS - 1)];
            band.stack.push((key, state, owner));
            band.note(seq);
        }
    }

    /// See [`Lab::bands`](super::Lab::bands).
    pub(super) fn between(
        &self,
        from: u64,
        to: u64,
    ) -> impl Iterator<Item = (Place, usize, Changes)> {
        let cut = move |band: &Band| {
            let changes = &band.changes;
            let start = changes.partition_point(|(seq, _)| *seq < from).saturating_sub(1);
            let end = changes.partition_point(|(seq, _)| *seq < to).max(start);
            changes.range(start..end).copied().collect::<Changes>()
        };
        self.0.iter().flat_map(move |(place, bands)| {
            bands.iter().enumerate().map(move |(at, band)| (*place, at, cut(band)))
        })
    }

    /// Forgets what was shown before the event `first`.
    pub(super) fn forget_before(&mut self, first: u64) {
        for band in self.0.iter_mut().flat_map(|(_, bands)| bands) {
            while band.changes.len() > 1 && band.changes[1].0 <= first {
                band.changes.pop_front();
            }
        }
    }
}
