//! TCP connections as their segments show them: relative numbers, scaled windows, and what each segment is in the course
//! of its connection. Pure. Segments are looked at in the order of their departure.

mod side;
#[cfg(test)]
mod tests;

use std::{collections::HashMap, net::SocketAddr};

use socketscope_protocol::{Mark, PacketId, Segment};

use super::packet::{Headers, Tcp};
use side::{Sent, Side};

/// Connections that are remembered; the longest silent are forgotten first.
const REMEMBERED: usize = 4096;

#[derive(Clone, Debug, Default)]
struct Flow {
    /// By who has the smaller address.
    sides: [Side; 2],
    /// Which side's ACK will complete the handshake.
    completes: Option<usize>,
    /// When the last SYN without ACK departed.
    syn_at: Option<u64>,
    /// Nanoseconds from there to the first segment that acknowledges and is no SYN.
    first_rtt: Option<u64>,
    used: u64,
}

/// All connections of a wire.
#[derive(Debug, Default)]
pub(super) struct Flows {
    flows: HashMap<(SocketAddr, SocketAddr), Flow>,
    used: u64,
}

/// What the course of its connection makes of a segment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    relative_seq: Option<u32>,
    relative_ack: Option<u32>,
    scaled_window: Option<u32>,
    pub(super) marks: Vec<Mark>,
    original: Option<PacketId>,
    /// Whether it is the ACK that completes the handshake.
    pub(super) completes_handshake: bool,
}

impl Found {
    pub(super) fn put_into(self, segment: &mut Segment) {
        segment.relative_seq = self.relative_seq;
        segment.relative_ack = self.relative_ack;
        segment.scaled_window = self.scaled_window;
        segment.marks = self.marks;
        segment.original = self.original;
    }
}

impl Flows {
    /// Takes note of a segment that departed at `at` (nanoseconds).
    pub(super) fn note(&mut self, id: PacketId, headers: &Headers, tcp: &Tcp, at: u64) -> Found {
        let swapped = headers.from > headers.to;
        let key = if swapped { (headers.to, headers.from) } else { (headers.from, headers.to) };
        if self.flows.len() >= REMEMBERED && !self.flows.contains_key(&key) {
            self.forget();
        }
        self.used += 1;
        let flow = self.flows.entry(key).or_default();
        flow.used = self.used;
        flow.note(usize::from(swapped), id, tcp, headers.length, at)
    }

    /// Forgets the longer silent half at once, so that it costs little a packet.
    fn forget(&mut self) {
        let mut used: Vec<_> = self.flows.values().map(|flow| flow.used).collect();
        let (_, middle, _) = used.select_nth_unstable(REMEMBERED / 2);
        let middle = *middle;
        self.flows.retain(|_, flow| flow.used > middle);
    }
}

impl Flow {
    fn note(&mut self, from: usize, id: PacketId, tcp: &Tcp, length: u32, at: u64) -> Found {
        let mut found = Found::default();
        let flags = tcp.flags;
        if flags.syn && self.sides[from].has_begun_otherwise(tcp.seq) {
            found.marks.push(Mark::PortReused);
            // With ACK it is the same connection, whose listener has forgotten what it answered before.
            if !flags.ack {
                *self = Self { used: self.used, ..Self::default() };
            }
        }
        if flags.syn && flags.ack {
            self.completes = Some(1 - from);
        } else if flags.syn {
            self.syn_at = Some(at);
        } else if self.completes == Some(from) && flags.ack && !flags.rst {
            self.completes = None;
            found.completes_handshake = length == 0 && flags.plain();
        }
        let first_rtt = self.first_rtt;
        let (own, peer) = two(&mut self.sides, from);
        own.begin(peer, tcp);
        let sent = Sent { id, tcp, length, at, window: own.scaled(peer, tcp) };
        found.relative_seq = own.relative(tcp.seq);
        found.relative_ack = peer.relative(tcp.ack).filter(|_| flags.ack);
        found.scaled_window = own.relative(0).map(|_| sent.window);
        found.marks.extend(own.judge(peer, &sent, first_rtt));
        found.original = own.original(&found.marks, tcp.seq);
        own.remember(&sent, &found.marks);
        if flags.ack && !flags.syn && self.first_rtt.is_none() {
            self.first_rtt = self.syn_at.map(|syn_at| at.saturating_sub(syn_at));
        }
        found
    }
}

fn two(sides: &mut [Side; 2], from: usize) -> (&mut Side, &mut Side) {
    let [first, second] = sides;
    if from == 0 { (first, second) } else { (second, first) }
}
