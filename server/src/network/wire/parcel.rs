//! A packet on its way: what the wire keeps of it.

use std::{cmp::Ordering, net::Ipv4Addr, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use socketscope_protocol::{Packet, PacketId, PacketKind, Protocol, limits::PACKET_BYTES};
use tokio::time::Instant;

use super::{super::packet::Headers, order::Piece, sums::Course};

/// A packet between two hosts.
pub(super) struct Parcel {
    pub(super) id: PacketId,
    /// The places of both hosts.
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) course: Course,
    /// What its arrival proves of a connection.
    pub(super) piece: Option<Piece>,
    /// Whether it is told by itself, and not in a sum.
    pub(super) told: bool,
    /// Whether it is a duplicate that the wire made.
    pub(super) copy: bool,
    /// Whether a rule holds it.
    pub(super) by_rule: bool,
    pub(super) bytes: Box<[u8]>,
}

/// What is decided about a packet's way.
#[derive(Clone, Copy)]
pub(super) struct Way {
    /// Bytes that the link still had to send when the packet got its turn.
    pub(super) size: f64,
    /// Kilobits a second that the link sent then; 0 for no limit.
    pub(super) rate_kbit: u64,
    /// How long it takes then.
    pub(super) delay: Duration,
    /// Whether those behind it shall overtake it.
    pub(super) overtaken: bool,
}

impl Way {
    /// How long the link takes to send it.
    pub(super) fn takes(&self) -> Duration {
        match self.rate_kbit {
            0 => Duration::ZERO,
            // A bit at a kilobit a second takes a millisecond.
            rate => Duration::from_secs_f64(self.size * 8e-3 / rate as f64),
        }
    }
}

/// When a packet is where.
#[derive(Clone, Copy)]
pub(super) struct Times {
    /// When the link has sent it whole.
    pub(super) sent: Instant,
    /// When it arrives.
    pub(super) due: Instant,
}

/// A packet that arrives at a known time. The greatest is the one that arrives first: so a heap gives them in order.
pub(super) struct Travelling {
    pub(super) way: Way,
    pub(super) times: Times,
    /// Among those that arrive together, the order of their departure.
    pub(super) turn: u64,
    pub(super) parcel: Parcel,
}

impl Ord for Travelling {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.times.due, other.turn).cmp(&(self.times.due, self.turn))
    }
}

impl PartialOrd for Travelling {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Travelling {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Travelling {}

/// Whether a packet is of `kind`.
pub(super) fn is_of(kind: PacketKind, headers: &Headers, completes_handshake: bool) -> bool {
    use PacketKind as K;
    let (data, tcp) = (headers.length > 0, headers.tcp.as_ref());
    let flags = tcp.map(|tcp| tcp.flags).unwrap_or_default();
    match kind {
        K::Any => true,
        K::Udp => headers.protocol == Protocol::Udp,
        K::Icmp => headers.protocol == Protocol::Icmp,
        K::Syn => flags.syn && !flags.ack,
        K::SynAck => flags.syn && flags.ack,
        K::HandshakeAck => completes_handshake,
        K::Ack => flags.plain() && flags.ack && !data,
        K::Data => tcp.is_some() && data,
        K::Fin => flags.fin,
        K::Rst => flags.rst,
    }
}

/// What can be shown of a packet that is not IPv4.
pub(super) fn unread(from: Ipv4Addr, bytes: &[u8]) -> Packet {
    Packet {
        from: from.to_string(),
        size: bytes.len() as u32,
        bytes: STANDARD.encode(&bytes[..bytes.len().min(PACKET_BYTES)]),
        ..Packet::default()
    }
}
