//! One side of a TCP connection, and what each of its segments is in the course of it.
//!
//! The rules are those of Wireshark 4.0 (`tcp_analyze_sequence_number` and what calls it, in packet-tcp.c), each in the
//! same order and with the same thresholds, so that an export reads there as it does here: tests/end_to_end/recording.rs
//! compares the two. Rules for segments that a capture has missed are not needed: every departure is seen.

use std::collections::VecDeque;

use socketscope_protocol::{Mark, PacketId};

use super::super::packet::Tcp;

/// Segments of one side that can still be found as the original of a retransmission.
const ORIGINALS: usize = 256;

/// Nanoseconds within which a segment that comes late counts as out of order, and not as sent again, as long as the
/// first round trip time is not known.
const OUT_OF_ORDER: u64 = 3_000_000;

/// Nanoseconds after the peer's last segment within which a retransmission is the answer to duplicate ACKs.
const FAST: u64 = 20_000_000;

/// A segment, and what the wire knows of it.
pub(super) struct Sent<'a> {
    pub(super) id: PacketId,
    pub(super) tcp: &'a Tcp,
    /// Bytes of payload.
    pub(super) length: u32,
    /// When it departed, nanoseconds.
    pub(super) at: u64,
    /// Its window in bytes.
    pub(super) window: u32,
}

/// What is known of one side of a connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Side {
    /// The number of its SYN; where that was not seen, the number before the first that was.
    base: Option<u32>,
    /// Whether its SYN was seen.
    syn: bool,
    /// The number that follows the highest that it sent, and when it sent that.
    next: Option<u32>,
    next_at: u64,
    /// By how many bits its windows are shifted. None before its SYN, or where the SYN did not offer it.
    scale: Option<u8>,
    /// Its last segment's time, number of acknowledgement (0 where there is none), window as it stands in the header and in
    /// bytes, marks.
    at: u64,
    ack: u32,
    raw_window: Option<u16>,
    window: u32,
    marks: Vec<Mark>,
    duplicate_acks: u32,
    /// Its segments: first number, the number behind the last, packet.
    originals: VecDeque<(u32, u32, PacketId)>,
}

impl Side {
    /// Whether its numbers are counted from another one than `isn`.
    pub(super) fn has_begun_otherwise(&self, isn: u32) -> bool {
        self.base.is_some_and(|base| base != isn)
    }

    /// Finds out where both sides' numbers begin, as far as a segment of this side tells.
    pub(super) fn begin(&mut self, peer: &mut Self, tcp: &Tcp) {
        if tcp.flags.syn {
            self.base = Some(tcp.seq);
            self.syn = true;
            self.scale = tcp.options.wscale;
        }
        self.base.get_or_insert(tcp.seq.wrapping_sub(1));
        if tcp.flags.ack {
            peer.base.get_or_insert(tcp.ack.wrapping_sub(1));
        }
    }

    /// A number of this side's, counted from its SYN's; None where that was not seen.
    pub(super) fn relative(&self, number: u32) -> Option<u32> {
        self.base.filter(|_| self.syn).map(|base| number.wrapping_sub(base))
    }

    /// The window of a segment of this side's, in bytes. Both sides scale, or neither does (RFC 7323, section 2.2); a
    /// SYN's own window is never scaled.
    pub(super) fn scaled(&self, peer: &Self, tcp: &Tcp) -> u32 {
        let both = self.scale.filter(|_| peer.scale.is_some() && !tcp.flags.syn);
        u32::from(tcp.window) << both.unwrap_or(0).min(14)
    }

    /// What a segment of this side's is.
    pub(super) fn judge(&self, peer: &Self, sent: &Sent<'_>, first_rtt: Option<u64>) -> Vec<Mark> {
        let mut marks = Vec::new();
        let expected = self.next == Some(sent.tcp.seq);
        if sent.length == 1 && expected && peer.raw_window == Some(0) {
            marks.push(Mark::ZeroWindowProbe);
        } else if sent.tcp.flags.plain() {
            self.judge_plain(peer, sent, expected, &mut marks);
        }
        let carries = sent.tcp.span(sent.length) > 0;
        if carries && !marks.contains(&Mark::KeepAlive) {
            marks.extend(self.again(peer, sent, first_rtt));
        }
        marks
    }

    /// A segment without SYN, FIN and RST; `expected`: it begins where the last one ended.
    fn judge_plain(&self, peer: &Self, sent: &Sent<'_>, expected: bool, marks: &mut Vec<Mark>) {
        let (tcp, window) = (sent.tcp, sent.tcp.window);
        if window == 0 {
            marks.push(Mark::ZeroWindow);
        }
        if sent.length <= 1 && self.next == Some(tcp.seq.wrapping_add(1)) {
            marks.push(Mark::KeepAlive);
        }
        let end = tcp.seq.wrapping_add(sent.length);
        if sent.length > 0 && peer.syn && end == peer.ack.wrapping_add(peer.window) {
            marks.push(Mark::WindowFull);
        }
        if sent.length > 0 || !expected || tcp.ack != self.ack {
            return;
        }
        // It says nothing that the last one has not said, unless it is the window.
        let same_window = self.raw_window == Some(window);
        let answers = |mark| peer.marks.contains(&mark);
        match (window, same_window) {
            (0, true) if answers(Mark::ZeroWindowProbe) => marks.push(Mark::ZeroWindowProbeAck),
            (0, _) => {}
            (_, false) => marks.push(Mark::WindowUpdate),
            (_, true) if answers(Mark::KeepAlive) => marks.push(Mark::KeepAliveAck),
            (_, true) => marks.push(Mark::DuplicateAck),
        }
    }

    /// What a segment is that carries what was sent before.
    fn again(&self, peer: &Self, sent: &Sent<'_>, first_rtt: Option<u64>) -> Option<Mark> {
        let (seq, length, next) = (sent.tcp.seq, sent.length, self.next?);
        let acknowledged = peer.ack != 0 && !before(peer.ack, seq.wrapping_add(length));
        if length > 0 && acknowledged {
            return Some(Mark::SpuriousRetransmission);
        }
        // The first byte may have been a probe; the others are new.
        let probed = length > 1 && seq == next.wrapping_sub(1);
        if !before(seq, next) || probed {
            return None;
        }
        let asked_for = peer.duplicate_acks >= 2 && peer.ack == seq;
        if asked_for && sent.at.saturating_sub(peer.at) < FAST {
            return Some(Mark::FastRetransmission);
        }
        let late = sent.at.saturating_sub(self.next_at) < first_rtt.unwrap_or(OUT_OF_ORDER);
        if late && next != seq.wrapping_add(sent.tcp.span(length)) {
            return Some(Mark::OutOfOrder);
        }
        Some(Mark::Retransmission)
    }

    /// The packet that carried the number `seq` first, where `marks` say that it is sent again.
    pub(super) fn original(&self, marks: &[Mark], seq: u32) -> Option<PacketId> {
        use Mark::{FastRetransmission, OutOfOrder, Retransmission, SpuriousRetransmission};
        let again = |mark: &Mark| {
            matches!(
                mark,
                FastRetransmission | OutOfOrder | Retransmission | SpuriousRetransmission
            )
        };
        if !marks.iter().any(again) {
            return None;
        }
        let carried =
            |(first, last, _): &&(u32, u32, PacketId)| !before(seq, *first) && before(seq, *last);
        self.originals.iter().find(carried).map(|(.., id)| *id)
    }

    /// Takes note of a segment of this side's, which has these marks.
    pub(super) fn remember(&mut self, sent: &Sent<'_>, marks: &[Mark]) {
        let tcp = sent.tcp;
        let span = tcp.span(sent.length);
        let end = tcp.seq.wrapping_add(span);
        if tcp.ack != self.ack {
            self.duplicate_acks = 0;
        } else if marks.contains(&Mark::DuplicateAck) {
            self.duplicate_acks += 1;
        }
        if span > 0 {
            if self.originals.len() >= ORIGINALS {
                self.originals.pop_front();
            }
            self.originals.push_back((tcp.seq, end, sent.id));
        }
        // A probe's byte is no progress: it will be sent again.
        let progress = self.next.is_none_or(|next| before(next, end));
        if progress && !marks.contains(&Mark::ZeroWindowProbe) {
            self.next = Some(end);
            self.next_at = sent.at;
        }
        (self.at, self.ack) = (sent.at, tcp.ack);
        (self.raw_window, self.window) = (Some(tcp.window), sent.window);
        self.marks = marks.to_vec();
    }
}

/// Whether the number `a` is before `b`, on a circle of 2³² (RFC 9293, section 3.4).
fn before(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) < 0
}
