//! The sums of packets that are not told one by one. Pure: the time is handed in.
//!
//! A sum stands for all of its course that was counted from its beginning until it is told, and it is told by the clock:
//! a reader wants few of them, and it does no harm that one stands a little behind a packet of another connection.

use std::{collections::BTreeMap, net::SocketAddr};

use socketscope_protocol::{Mark, Protocol, Summary};

use super::super::packet::Headers;

/// How long arrivals may wait for the next departure of their course, where their own has been told: nanoseconds. The wire
/// may take a minute, and what has arrived is not to be kept from anybody for so long.
const LATE: u64 = 1_000_000_000;

/// Whose packets are summed: one direction of one conversation.
pub(super) type Course = (SocketAddr, SocketAddr, Protocol);

/// The sums that have not been told yet. One without packets counts only what has become of those that were told before.
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

    /// Takes out what is to be told by the clock at `now`: all sums but those that only count what came late, and may
    /// still find a departure to be told with.
    pub(super) fn due(&mut self, now: u64) -> impl Iterator<Item = Summary> {
        let due = move |sum: &Summary| sum.packets > 0 || now.saturating_sub(sum.since) >= LATE;
        self.0.extract_if(.., move |_, sum| due(sum)).map(|(_, sum)| sum)
    }

    /// Takes out the sums of a conversation of which a packet is about to be told: what departed before it, or is
    /// acknowledged by it, is not to stand behind it.
    pub(super) fn before(&mut self, (from, to, protocol): Course) -> impl Iterator<Item = Summary> {
        let both = [(from, to, protocol), (to, from, protocol)];
        both.into_iter().filter_map(|course| {
            let sum = self.0.get(&course)?;
            if sum.packets > 0 { self.0.remove(&course) } else { None }
        })
    }

    /// Takes out everything.
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
    use proptest::prelude::*;

    use super::*;

    /// How often the clock ticks, and how long it goes on ticking behind the end: nanoseconds.
    const TICK: u64 = 100_000_000;

    fn headers(flow: u16, back: bool, length: u32) -> Headers {
        let [one, other] = [1, 2].map(|host| SocketAddr::from(([10, 0, 0, host], flow)));
        let (from, to) = if back { (other, one) } else { (one, other) };
        let protocol = Protocol::Udp;
        Headers { from, to, protocol, length, size: length + 28, tcp: None, icmp: None }
    }

    fn course(headers: &Headers) -> Course {
        (headers.from, headers.to, headers.protocol)
    }

    #[derive(Clone, Debug)]
    enum Step {
        /// A packet of a flow departs, and comes to its end after so long: it is lost, or arrives.
        Depart { flow: u16, back: bool, length: u32, after: u64, lost: bool },
        /// A packet of a flow is told by itself.
        Told { flow: u16, back: bool },
        /// Nothing happens for so long.
        Pass(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            6 => (1u16..4, any::<bool>(), 0u32..1500, prop_oneof![Just(0), 0..TICK, 0..30 * TICK], any::<bool>())
                .prop_map(|(flow, back, length, after, lost)| Step::Depart { flow, back, length, after, lost }),
            1 => (1u16..4, any::<bool>()).prop_map(|(flow, back)| Step::Told { flow, back }),
            3 => (0..TICK).prop_map(Step::Pass),
        ]
    }

    /// A wire in small: its clock ticks, and packets come to their ends.
    #[derive(Default)]
    struct Wire {
        now: u64,
        sums: Sums,
        under_way: Vec<(u64, Course, bool)>,
        tick: Option<u64>,
        told: Vec<Summary>,
    }

    impl Wire {
        fn pass(&mut self, span: u64) {
            let end = self.now + span;
            loop {
                let arrival = self.under_way.iter().map(|(due, ..)| *due).min();
                let Some(next) = arrival.into_iter().chain(self.tick).min().filter(|it| *it <= end)
                else {
                    break;
                };
                self.now = next;
                for (_, course, lost) in self.under_way.extract_if(.., |(due, ..)| *due <= next) {
                    if lost {
                        self.sums.lost(course, next);
                    } else {
                        self.sums.arrived(course, next);
                    }
                }
                if self.tick.is_some_and(|tick| tick <= next) {
                    self.tick = None;
                    self.told.extend(self.sums.due(next));
                }
                self.hurry();
            }
            self.now = end;
        }

        fn hurry(&mut self) {
            if self.tick.is_none() && !self.sums.is_empty() {
                self.tick = Some(self.now + TICK);
            }
        }

        fn take(&mut self, step: &Step) {
            match *step {
                Step::Depart { flow, back, length, after, lost } => {
                    let headers = headers(flow, back, length);
                    self.sums.departed(&headers, &[], self.now);
                    self.under_way.push((self.now + after, course(&headers), lost));
                }
                Step::Told { flow, back } => {
                    self.told.extend(self.sums.before(course(&headers(flow, back, 0))));
                    let [one, other] = [false, true].map(|back| course(&headers(flow, back, 0)));
                    let left = |course| {
                        self.sums.0.get(course).is_some_and(|sum: &Summary| sum.packets > 0)
                    };
                    assert!(![&one, &other].into_iter().any(left), "something stands behind it");
                }
                Step::Pass(span) => self.pass(span),
            }
            self.hurry();
        }
    }

    proptest! {
        /// Whatever happens in which order, the sums of the sums are the truth, and each is told within its time.
        #[test]
        fn nothing_is_lost_or_counted_twice(steps in prop::collection::vec(step(), 0..120)) {
            let mut wire = Wire::default();
            let mut truth: BTreeMap<_, [u64; 4]> = BTreeMap::new();
            for step in &steps {
                wire.take(step);
                if let Step::Depart { flow, back, length, lost, .. } = *step {
                    let headers = headers(flow, back, length);
                    let counts = truth.entry(headers.from.to_string()).or_default();
                    let more = [1, length.into(), u64::from(!lost), lost.into()];
                    counts.iter_mut().zip(more).for_each(|(count, more)| *count += more);
                }
                prop_assert!(wire.sums.0.values().all(|sum| wire.now - sum.since <= LATE + TICK));
            }
            wire.pass(30 * TICK + LATE + TICK);
            prop_assert!(wire.sums.is_empty(), "the clock has told everything");
            let mut told: BTreeMap<_, [u64; 4]> = BTreeMap::new();
            for sum in wire.told {
                let counts = told.entry(sum.from).or_default();
                let more = [sum.packets, sum.bytes, sum.arrived, sum.lost];
                counts.iter_mut().zip(more).for_each(|(count, more)| *count += more);
            }
            prop_assert_eq!(told, truth);
        }

        /// A stream that is slower on its way than the clock: one sum a tick, and at most the last is without packets.
        #[test]
        fn a_stream_makes_one_sum_a_tick(gap in 1..TICK / 4, after in 0..8 * TICK, count in 1usize..400) {
            let mut wire = Wire::default();
            for _ in 0..count {
                wire.take(&Step::Depart { flow: 1, back: false, length: 10, after, lost: false });
                wire.pass(gap);
            }
            wire.pass(after + LATE + TICK);
            let ticks = (count as u64 * gap + after + LATE) / TICK + 2;
            prop_assert!(wire.told.len() as u64 <= ticks, "{} sums in {ticks} ticks", wire.told.len());
            let empty = wire.told.iter().filter(|sum| sum.packets == 0).count();
            prop_assert!(empty <= 2, "{empty} of {} without packets", wire.told.len());
        }
    }
}
