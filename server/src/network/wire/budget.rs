//! How many packets are told one by one, and the sums of those that are not. Pure: the time is handed in.

use std::{collections::BTreeMap, net::SocketAddrV4};

use socketscope_protocol::{Mark, Protocol, Summary};

use super::super::packet::Headers;

/// Packets a second that are told one by one: more than anyone can read, few enough to record.
const TOLD_PER_SECOND: u64 = 5_000;
/// Packets that are told one by one at once: the thousand segments of a large `send` are.
const TOLD_AT_ONCE: u64 = 10_000;

/// States a second that are asked for after what changed them. One takes about 10 µs.
const LOOKS_PER_SECOND: u64 = 4_000;
const LOOKS_AT_ONCE: u64 = 4_000;

const SECOND: u64 = 1_000_000_000;

/// So many at once, and so many a second after that. What is too much takes what flows in, too: so it stays shut under a
/// load, and opens a while after the load has gone, rather than letting through a piece now and then.
pub(super) struct Bucket {
    per_second: u64,
    most: u64,
    tokens: u64,
    filled_at: u64,
    shut: bool,
}

impl Bucket {
    pub(super) fn of_packets() -> Self {
        Self::new(TOLD_PER_SECOND, TOLD_AT_ONCE)
    }

    pub(super) fn of_looks() -> Self {
        Self::new(LOOKS_PER_SECOND, LOOKS_AT_ONCE)
    }

    fn new(per_second: u64, most: u64) -> Self {
        Self { per_second, most, tokens: most, filled_at: 0, shut: false }
    }

    /// Whether one more at `now` (nanoseconds) is within the measure.
    pub(super) fn take(&mut self, now: u64) -> bool {
        let due = now.saturating_sub(self.filled_at).min(SECOND * 10) * self.per_second / SECOND;
        if due > 0 {
            self.tokens = self.most.min(self.tokens + due);
            self.filled_at = now;
        }
        if self.tokens == 0 {
            self.shut = true;
        } else if self.tokens > self.most / 10 {
            self.shut = false;
        }
        self.tokens = self.tokens.saturating_sub(1);
        !self.shut
    }
}

/// Whose packets are summed: one direction of one conversation.
pub(super) type Course = (SocketAddrV4, SocketAddrV4, Protocol);

/// The sums that have not been told yet.
#[derive(Default)]
pub(super) struct Sums(BTreeMap<Course, Summary>);

impl Sums {
    /// Counts a packet that departed at `now` (nanoseconds since 1970) and is not told itself.
    pub(super) fn departed(&mut self, headers: &Headers, marks: &[Mark], now: u64) {
        let acks = headers.length == 0 && headers.tcp.as_ref().is_some_and(|tcp| tcp.flags.plain());
        let again = marks.iter().any(|mark| {
            use Mark::{FastRetransmission, Retransmission, SpuriousRetransmission};
            matches!(mark, Retransmission | FastRetransmission | SpuriousRetransmission)
        });
        let sum = self.of((headers.from, headers.to, headers.protocol), now);
        sum.packets += 1;
        sum.bytes += u64::from(headers.length);
        sum.acks += u64::from(acks);
        sum.retransmissions += u64::from(again);
    }

    /// Counts the arrival of one of them.
    pub(super) fn arrived(&mut self, course: Course, now: u64) {
        self.of(course, now).arrived += 1;
    }

    /// Counts the loss of one of them.
    pub(super) fn lost(&mut self, course: Course, now: u64) {
        self.of(course, now).lost += 1;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes the sums out, to be told.
    pub(super) fn take(&mut self) -> impl Iterator<Item = Summary> + use<> {
        std::mem::take(&mut self.0).into_values()
    }

    fn of(&mut self, course: Course, now: u64) -> &mut Summary {
        self.0.entry(course).or_insert_with(|| {
            let (from, to, protocol) = course;
            Summary {
                since: now,
                from: from.to_string(),
                to: to.to_string(),
                protocol,
                packets: 0,
                bytes: 0,
                arrived: 0,
                lost: 0,
                acks: 0,
                retransmissions: 0,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_opens_when_the_load_has_gone() {
        let mut bucket = Bucket::new(1_000, 50);
        let taken = |bucket: &mut Bucket, now| (0..100).filter(|_| bucket.take(now)).count();
        assert_eq!(taken(&mut bucket, SECOND), 50);
        // The load goes on, a hundred in each 3 ms.
        assert_eq!(taken(&mut bucket, SECOND + 3_000_000), 0);
        assert_eq!(taken(&mut bucket, SECOND + 6_000_000), 0);
        assert_eq!(taken(&mut bucket, SECOND * 60), 50);
    }
}
