//! Whether causes stand before their effects: what a call returns must have arrived before. Pure. That it does is what the
//! wire's lock is for; this checks it, so that a mistake of ours is counted and shown, and not believed.

use std::{collections::HashMap, net::SocketAddr};

use socketscope_protocol::{CallName, Fact};

use super::super::packet::Headers;
use crate::{clock, journal::Journal};

/// Connections that are followed; where there are more, all are forgotten and none of them is judged.
const FOLLOWED: usize = 4096;

/// What has arrived at one end of a connection, and what was read there.
#[derive(Clone, Copy, Debug, Default)]
struct Heard {
    /// The number of the peer's SYN.
    isn: Option<u32>,
    /// The number behind the highest that arrived.
    end: u32,
    /// How many of them arrived behind the SYN's: the numbers go round after 4 GB.
    arrived: u64,
    /// When the SYN arrived, nanoseconds since 1970.
    since: u64,
    /// Bytes that calls have returned.
    read: u64,
}

impl Effect {
    /// Whether its connection stays on one host.
    pub(super) fn is_local(&self) -> bool {
        let (local, peer) = (self.local.ip(), self.peer.ip());
        local == peer || (local.is_loopback() && peer.is_loopback())
    }
}

/// What a segment carries of its connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    seq: u32,
    /// The number behind its last.
    end: u32,
    syn: bool,
}

impl Piece {
    /// None where the packet is no segment.
    pub(super) fn of(headers: &Headers) -> Option<Self> {
        let tcp = headers.tcp.as_ref()?;
        let end = tcp.seq.wrapping_add(tcp.span(headers.length));
        Some(Self { seq: tcp.seq, end, syn: tcp.flags.syn })
    }
}

/// The connections of a wire or of a loopback, each end by its own address and its peer's.
#[derive(Debug, Default)]
pub(super) struct Order {
    heard: HashMap<(SocketAddr, SocketAddr), Heard>,
    /// Whether what is not known here may have arrived all the same.
    forgot: bool,
}

/// A call that has returned without an error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effect {
    pub(crate) call: CallName,
    pub(crate) local: SocketAddr,
    pub(crate) peer: SocketAddr,
    /// What `recv` returned.
    pub(crate) bytes: usize,
    /// When, nanoseconds since 1970.
    pub(crate) at: u64,
}

/// Says what [`Order::effect`] has found.
pub(super) fn tell(journal: &Journal, what: Option<String>) {
    if let Some(what) = what {
        tracing::error!(what, "an effect stands before its cause");
        journal.append(clock::now(), Fact::Disorder { what });
    }
}

impl Order {
    /// A segment from `from` was handed to the kernel of `to` at `at` (nanoseconds since 1970).
    pub(super) fn arrived(&mut self, from: SocketAddr, to: SocketAddr, piece: Piece, at: u64) {
        let Piece { seq, end, syn } = piece;
        if self.heard.len() >= FOLLOWED {
            self.forget();
        }
        let heard = self.heard.entry((to, from)).or_default();
        if syn && heard.isn != Some(seq) {
            let first = seq.wrapping_add(1);
            *heard = Heard { isn: Some(seq), end: first, arrived: 0, since: at, read: 0 };
        }
        let more = end.wrapping_sub(heard.end) as i32;
        if more > 0 {
            heard.end = end;
            heard.arrived += u64::from(more.unsigned_abs());
        }
    }

    /// Begins anew: something may have arrived that was not seen.
    pub(super) fn forget(&mut self) {
        self.heard.clear();
        self.forgot = true;
    }

    /// What is wrong with an effect being told now, in a sentence; None where its cause stands before it.
    pub(super) fn effect(&mut self, effect: Effect) -> Option<String> {
        let Effect { call, local, peer, bytes, at } = effect;
        let heard = self.heard.get_mut(&(local, peer));
        let why = match (call, heard) {
            (CallName::Connect | CallName::Accept, Some(Heard { isn: Some(_), since, .. })) => {
                (at < *since).then_some("the SYN")
            }
            (CallName::Connect | CallName::Accept, _) if !self.forgot => Some("the SYN"),
            (CallName::Recv | CallName::Recvfrom, Some(heard)) => {
                heard.read += bytes as u64;
                (heard.isn.is_some() && heard.read > heard.arrived).then_some("its bytes")
            }
            _ => None,
        };
        let why = why?;
        let call = call.as_str();
        Some(format!("{call} of {local} returned before {why} from {peer} had arrived"))
    }
}

#[cfg(test)]
mod tests {
    use etherparse::PacketBuilder;
    use proptest::prelude::*;

    use super::*;

    const LOCAL: &str = "10.0.0.2:40000";
    const PEER: &str = "10.0.0.1:9000";

    fn segment(seq: u32, syn: bool, payload: &[u8]) -> Headers {
        let builder = PacketBuilder::ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64);
        let builder = builder.tcp(9000, 40000, seq, 1000);
        let builder = if syn { builder.syn() } else { builder.ack(1) };
        let mut bytes = Vec::new();
        builder.write(&mut bytes, payload).expect("a packet");
        Headers::read(&bytes).expect("IPv4")
    }

    fn arrive(order: &mut Order, headers: &Headers, at: u64) {
        let piece = Piece::of(headers).expect("a segment");
        order.arrived(headers.from, headers.to, piece, at);
    }

    fn effect(call: CallName, bytes: usize, at: u64) -> Effect {
        let address = |text: &str| text.parse().expect("an address");
        Effect { call, local: address(LOCAL), peer: address(PEER), bytes, at }
    }

    #[test]
    fn connect_returns_after_the_syn() {
        let mut order = Order::default();
        assert!(order.effect(effect(CallName::Connect, 0, 5)).is_some());
        arrive(&mut order, &segment(7, true, b""), 10);
        assert!(
            order.effect(effect(CallName::Connect, 0, 9)).is_some(),
            "it bears an earlier time"
        );
        assert_eq!(order.effect(effect(CallName::Connect, 0, 10)), None);
    }

    #[test]
    fn numbers_that_have_gone_round_prove_nothing_wrong() {
        const PIECE: u32 = 1 << 30;
        let mut order = Order::default();
        arrive(&mut order, &segment(5, true, b""), 1);
        let headers = segment(0, false, b"");
        for number in 1..=9u32 {
            let end = 6u32.wrapping_add(number.wrapping_mul(PIECE));
            let piece = Piece { seq: end.wrapping_sub(PIECE), end, syn: false };
            order.arrived(headers.from, headers.to, piece, 2);
            // The receiver stays a megabyte behind.
            let read = PIECE as usize - if number == 1 { 1 << 20 } else { 0 };
            assert_eq!(order.effect(effect(CallName::Recv, read, 3)), None);
        }
        assert!(order.effect(effect(CallName::Recv, (1 << 20) + 1, 3)).is_some());
    }

    proptest! {
        /// Reads of no more than what has arrived are in order, one byte more is not, wherever the numbers begin.
        #[test]
        fn nothing_is_read_before_it_arrives(isn: u32, pieces in prop::collection::vec(1usize..1000, 1..20)) {
            let mut order = Order::default();
            arrive(&mut order, &segment(isn, true, b""), 1);
            let mut next = isn.wrapping_add(1);
            for piece in pieces {
                arrive(&mut order, &segment(next, false, &vec![0; piece]), 2);
                next = next.wrapping_add(piece as u32);
                prop_assert_eq!(order.effect(effect(CallName::Recv, piece, 3)), None);
            }
            prop_assert!(order.effect(effect(CallName::Recv, 1, 3)).is_some());
        }
    }
}
