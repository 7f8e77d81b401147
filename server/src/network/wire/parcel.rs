//! A packet on its way: what the wire keeps of it.

use std::{cmp::Ordering, net::Ipv4Addr};

use base64::{Engine, engine::general_purpose::STANDARD};
use socketscope_protocol::{Packet, PacketId, PacketKind, Protocol, limits::PACKET_BYTES};
use tokio::time::Instant;

use super::{super::packet::Headers, sums::Course};

/// A packet between two hosts.
pub(super) struct Parcel {
    pub(super) id: PacketId,
    /// The places of both hosts.
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) course: Course,
    /// Whether it is told by itself, and not in a sum.
    pub(super) told: bool,
    /// Whether it is a duplicate that the wire made.
    pub(super) copy: bool,
    pub(super) bytes: Box<[u8]>,
}

/// A packet that arrives at a known time. The greatest is the one that arrives first: so a heap gives them in order.
pub(super) struct Travelling {
    pub(super) due: Instant,
    /// Among those that arrive together, the order of their departure.
    pub(super) turn: u64,
    pub(super) parcel: Parcel,
}

impl Ord for Travelling {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.due, other.turn).cmp(&(self.due, self.turn))
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

/// All kinds that a packet is of.
pub(super) fn kinds(headers: &Headers, completes_handshake: bool) -> Vec<PacketKind> {
    use PacketKind as K;
    let own = match (headers.protocol, &headers.tcp) {
        (Protocol::Udp, _) => vec![K::Udp],
        (Protocol::Icmp, _) => vec![K::Icmp],
        (_, Some(tcp)) => {
            let (flags, data) = (tcp.flags, headers.length > 0);
            let only_acks = flags.plain() && flags.ack && !data;
            let all = [
                (flags.syn && !flags.ack, K::Syn),
                (flags.syn && flags.ack, K::SynAck),
                (completes_handshake, K::HandshakeAck),
                (only_acks, K::Ack),
                (data, K::Data),
                (flags.fin, K::Fin),
                (flags.rst, K::Rst),
            ];
            all.into_iter().filter_map(|(is, kind)| is.then_some(kind)).collect()
        }
        _ => Vec::new(),
    };
    own.into_iter().chain([K::Any]).collect()
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
