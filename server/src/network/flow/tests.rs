//! Conversations to try, and what each segment of them is called.

use socketscope_protocol::{Protocol, TcpOptions};

use super::*;
use crate::network::packet::Flags;

const MS: u64 = 1_000_000;

/// A conversation to try: the client's SYN has number 100, the server's 500.
#[derive(Default)]
struct Talk {
    flows: Flows,
    last: u64,
    at: u64,
}

impl Talk {
    /// A segment from the client (or the server) at `at` milliseconds.
    fn say(
        &mut self,
        client: bool,
        flags: &str,
        seq: u32,
        ack: u32,
        window: u16,
        length: u32,
    ) -> Found {
        let (a, b) = ("10.0.0.2:40000", "10.0.0.1:9000");
        let (from, to) = if client { (a, b) } else { (b, a) };
        let has = |flag| flags.contains(flag);
        let flags = Flags {
            syn: has('S'),
            ack: has('A'),
            fin: has('F'),
            rst: has('R'),
            ..Flags::default()
        };
        let wscale = flags.syn.then_some(7);
        let options = TcpOptions { wscale, ..TcpOptions::default() };
        let tcp = Tcp { flags, seq, ack, window, options };
        let headers = Headers {
            from: from.parse().expect("an address"),
            to: to.parse().expect("an address"),
            protocol: Protocol::Tcp,
            length,
            size: length + 40,
            tcp: None,
            icmp: None,
        };
        self.last += 1;
        self.flows.note(PacketId(self.last), &headers, &tcp, self.at * MS)
    }

    fn handshake(&mut self) {
        assert_eq!(self.say(true, "S", 100, 0, 64240, 0).relative_seq, Some(0));
        assert_eq!(self.say(false, "SA", 500, 101, 65160, 0).relative_ack, Some(1));
        let ack = self.say(true, "A", 101, 501, 502, 0);
        assert!(ack.completes_handshake && ack.marks.is_empty());
        assert_eq!(ack.scaled_window, Some(502 * 128));
    }
}

#[test]
fn numbers_are_counted_from_the_syn() {
    let mut talk = Talk::default();
    talk.handshake();
    let data = talk.say(true, "A", 101, 501, 502, 5);
    assert_eq!((data.relative_seq, data.relative_ack), (Some(1), Some(1)));
    assert!(data.marks.is_empty() && !data.completes_handshake);
    assert_eq!(talk.say(false, "A", 501, 106, 502, 0).marks, []);
}

#[test]
fn a_lost_syn_is_sent_again() {
    let mut talk = Talk::default();
    talk.say(true, "S", 100, 0, 64240, 0);
    talk.at = 1_020;
    let again = talk.say(true, "S", 100, 0, 64240, 0);
    assert_eq!((again.marks, again.original), (vec![Mark::Retransmission], Some(PacketId(1))));
}

#[test]
fn an_answer_to_duplicate_acks_is_fast() {
    let mut talk = Talk::default();
    talk.handshake();
    for piece in 0..4 {
        talk.say(true, "A", 101 + piece * 100, 501, 502, 100);
    }
    talk.say(false, "A", 501, 101, 502, 0);
    for _ in 0..3 {
        assert_eq!(talk.say(false, "A", 501, 101, 502, 0).marks, [Mark::DuplicateAck]);
    }
    talk.at = 10;
    let again = talk.say(true, "A", 101, 501, 502, 100);
    assert_eq!((again.marks, again.original), (vec![Mark::FastRetransmission], Some(PacketId(4))));
    talk.say(false, "A", 501, 501, 502, 0);
    let needless = talk.say(true, "A", 201, 501, 502, 100);
    assert_eq!(needless.marks, [Mark::SpuriousRetransmission]);
}

#[test]
fn a_full_receiver_is_probed() {
    let mut talk = Talk::default();
    talk.handshake();
    talk.say(false, "A", 501, 101, 1, 0);
    assert_eq!(talk.say(true, "A", 101, 501, 502, 128).marks, [Mark::WindowFull]);
    assert_eq!(talk.say(false, "A", 501, 229, 0, 0).marks, [Mark::ZeroWindow]);
    talk.at = 200;
    // Linux probes with nothing but an old number (tcp_xmit_probe_skb); Wireshark calls that a keep-alive.
    assert_eq!(talk.say(true, "A", 228, 501, 502, 0).marks, [Mark::KeepAlive]);
    talk.say(false, "A", 501, 229, 0, 0);
    assert_eq!(talk.say(true, "A", 229, 501, 502, 1).marks, [Mark::ZeroWindowProbe]);
    let answer = talk.say(false, "A", 501, 229, 0, 0);
    assert_eq!(answer.marks, [Mark::ZeroWindow, Mark::ZeroWindowProbeAck]);
    assert_eq!(talk.say(false, "A", 501, 229, 502, 0).marks, [Mark::WindowUpdate]);
}

#[test]
fn addresses_are_used_again() {
    let mut talk = Talk::default();
    talk.handshake();
    talk.at = 5_000;
    let syn = talk.say(true, "S", 9_000, 0, 64240, 0);
    assert_eq!((syn.relative_seq, syn.marks), (Some(0), vec![Mark::PortReused]));
}

#[test]
fn without_its_syn_a_connection_has_no_relative_numbers() {
    let found = Talk::default().say(true, "A", 101, 501, 502, 5);
    assert_eq!(found, Found::default());
}
