//! What is told beside the packets themselves: sums of those that were too many, and what the kernel makes of them.

use std::net::SocketAddr;

use socketscope_protocol::{Basis, Fact, KernelState, Protocol, Summary};
use tokio::time::Instant;

use super::{Inner, Plug, SAMPLES, SUMS, Wire, sums::Course};
use crate::clock;

/// How often the kernel is asked in a row, where a program goes on meanwhile.
const ANSWERS: usize = 4;

impl Inner {
    pub(super) fn hurry_sums(&mut self, wire: &Wire) {
        if self.sums_due.is_none() {
            self.sums_due = Some(Instant::now() + SUMS);
            wire.hurry.notify_one();
        }
    }

    /// Counts packets at `plug` that went by and were not read.
    pub(super) fn not_seen(&mut self, wire: &Wire, plug: usize, packets: u64) {
        *self.unseen.entry(plug).or_default() += packets;
        self.hurry_sums(wire);
    }

    fn tell_unseen(&mut self, wire: &Wire, now: u64) {
        for (plug, packets) in std::mem::take(&mut self.unseen) {
            let host = self.plugs.get(plug).and_then(|plug| plug.host.clone());
            wire.journal.append(now, Fact::Unseen { host, packets });
        }
    }

    /// Tells the sums, by the clock.
    pub(super) fn tell_sums(&mut self, wire: &Wire) {
        self.sums_due = None;
        let now = clock::now();
        self.tell_unseen(wire, now);
        tell_each(wire, now, self.sums.due(now));
        if !self.sums.is_empty() {
            self.hurry_sums(wire);
        }
    }

    /// Tells the sums of a conversation before a packet of it is told that departs at `now`.
    pub(super) fn tell_sums_before(&mut self, wire: &Wire, course: Course, now: u64) {
        tell_each(wire, now, self.sums.before(course));
    }

    /// Tells what is left, at the end.
    pub(super) fn tell_all_sums(&mut self, wire: &Wire) {
        self.sums_due = None;
        self.tell_unseen(wire, clock::now());
        tell_each(wire, clock::now(), self.sums.take());
    }

    /// Tells what a packet or a call has made of a socket at the host at `plug`; later, where too much happens.
    pub(super) fn look(
        &mut self,
        wire: &Wire,
        plug: usize,
        protocol: Protocol,
        local: SocketAddr,
        peer: Option<SocketAddr>,
        now: u64,
    ) {
        if self.fence.is_some() {
            return self.after_fence.push((plug, protocol, local, peer));
        }
        if self.samples_due.is_none() && !self.closed {
            self.samples_due = Some(Instant::now() + SAMPLES);
            wire.hurry.notify_one();
        }
        let in_measure = self.looks.take(now);
        let mut told: Vec<KernelState> = Vec::new();
        for _ in 0..ANSWERS {
            let Some(Plug { states: Some(states), .. }) = self.plugs.get_mut(plug) else { break };
            if !in_measure {
                return states.miss(protocol, local, peer);
            }
            let changed = states.look(&wire.owners, protocol, local, peer, Basis::Observed);
            told.retain(|old| !changed.iter().any(|new| is_of_same_socket(old, new)));
            told.extend(changed);
            // What an observed program has begun meanwhile may be why the kernel answers so. To ask again is a look, too.
            if !self.hear_before(wire, plug) || !self.looks.take(now) {
                break;
            }
        }
        tell(wire, told);
    }

    pub(super) fn sample(&mut self, wire: &Wire) {
        let mut any = false;
        for states in self.plugs.iter_mut().filter_map(|plug| plug.states.as_mut()) {
            tell(wire, states.sample(&wire.owners));
            any |= !states.is_empty();
        }
        if any {
            self.samples_due = Some(Instant::now() + SAMPLES);
        }
    }
}

fn is_of_same_socket(one: &KernelState, other: &KernelState) -> bool {
    (one.protocol, &one.local, &one.peer) == (other.protocol, &other.local, &other.peer)
}

fn tell_each(wire: &Wire, now: u64, sums: impl Iterator<Item = Summary>) {
    for sum in sums {
        wire.journal.append(now, Fact::Summary(Box::new(sum)));
    }
}

fn tell(wire: &Wire, changed: Vec<KernelState>) {
    for state in changed {
        wire.journal.append(clock::now(), Fact::State(Box::new(state)));
    }
}
