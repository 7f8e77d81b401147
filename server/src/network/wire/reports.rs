//! Calls that this process does not make itself: an observed program reports each of them, and what all of a room's programs
//! report comes in order. What waits there is told before any packet that it may have caused.

use std::{collections::VecDeque, net::SocketAddr, sync::Arc};

use socketscope_protocol::{Fact, Protocol};

use super::{Effect, FENCE, Inner, Wire, order};

/// Reports that are told in a row: packets wait meanwhile.
const REPORTS: usize = 16;

/// The same where it is only looked whether there is a packet: the next one is not to wait for more than that.
pub(super) const ASIDE: usize = 1;

/// Where reports come from.
pub(crate) trait Reports: Send + Sync {
    /// What has been reported since, in order; never waits. It is asked while the wire's lock is held.
    fn take(&self, reported: &mut VecDeque<Reported>);
}

/// Something that was reported.
pub(crate) struct Reported {
    /// The place of the program's host on the wire.
    pub(crate) plug: usize,
    /// When, nanoseconds since 1970.
    pub(crate) at: u64,
    /// What to tell of it.
    pub(crate) fact: Fact,
    /// Whether it may cause packets, or rather have been caused by some.
    pub(crate) turn: Turn,
    /// The sockets whose state it may have changed.
    pub(crate) sockets: Vec<(Protocol, SocketAddr, Option<SocketAddr>)>,
    /// What is to be checked to have arrived before.
    pub(crate) effect: Option<Effect>,
}

/// Which side of a call a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// A call begins, or a program ends: packets may follow.
    Begins,
    /// A call has returned: what it was caused by has arrived, and most of what it has sent has left.
    Returns,
    /// Neither.
    Aside,
}

impl Wire {
    /// Takes the room's reports from `reports` from now on.
    pub(crate) fn take_reports(&self, reports: Arc<dyn Reports>) {
        self.lock().reports = Some(reports);
    }

    /// Tells what has been reported, or a part of it. Returns whether there may be more.
    pub(crate) fn hear(&self) -> bool {
        self.lock().hear(self, REPORTS)
    }

    /// Tells all that has been reported until now. What is reported meanwhile may wait: programs that never pause would
    /// keep the room's thread for ever.
    pub(crate) fn hear_so_far(&self) {
        let mut inner = self.lock();
        inner.take_reports();
        let all = inner.reports_told + inner.reported.len() as u64;
        while inner.reports_told < all {
            inner.hear(self, REPORTS);
        }
        if inner.reported.is_empty() {
            inner.after_return(self);
        }
    }
}

impl Inner {
    fn take_reports(&mut self) {
        if let Some(reports) = &self.reports {
            reports.take(&mut self.reported);
        }
    }

    /// Tells reports, each return behind the packets that its call has sent as far as they can be told apart from those of
    /// later calls: a packet that a later call may have caused has to wait for that one. The sockets are looked at when
    /// nothing is left to tell, or what a later call has made of them would stand before it. Returns whether there may be
    /// more.
    pub(super) fn hear(&mut self, wire: &Wire, most: usize) -> bool {
        for _ in 0..most {
            if self.reported.is_empty() {
                self.take_reports();
            }
            let Some(first) = self.reported.front() else {
                if self.after_fence.is_empty() {
                    return false;
                }
                self.after_return(wire);
                continue;
            };
            let (plug, at, turn) = (first.plug, first.at, first.turn);
            if turn == Turn::Returns {
                let told = self.reports_told;
                self.fence = Some(at);
                // These bear their own times: what came later waits, whoever has begun something meanwhile.
                self.listen_for_fence(wire, plug, at);
                if !self.begins_later(plug) {
                    self.take_reports();
                    if !self.begins_later(plug) {
                        self.carry(wire, plug, FENCE);
                    }
                }
                self.fence = None;
                if self.reports_told != told {
                    continue;
                }
            }
            self.tell_first_report(wire);
        }
        if self.reported.is_empty() {
            self.after_return(wire);
        }
        true
    }

    /// A packet of the host at `plug` has just been read: whatever caused it is told before it departs.
    pub(super) fn hear_before_departure(&mut self, wire: &Wire, plug: usize) {
        if self.hear_before(wire, plug) {
            // Packets that follow may be caused by what has just been told: they are of their own time, and not of the return's
            // that waits.
            self.fence = None;
        }
    }

    /// A packet of the host at `plug` was read, or its kernel asked: what its programs had begun by then is told before.
    /// Returns whether there was any.
    pub(super) fn hear_before(&mut self, wire: &Wire, plug: usize) -> bool {
        if self.reports.is_none() {
            return false;
        }
        self.take_reports();
        let any = self.begins_later(plug);
        while any && !self.reported.is_empty() {
            self.tell_first_report(wire);
        }
        any
    }

    fn begins_later(&self, plug: usize) -> bool {
        self.reported.iter().any(|it| it.plug == plug && it.turn == Turn::Begins)
    }

    fn tell_first_report(&mut self, wire: &Wire) {
        let Some(Reported { plug, at, fact, sockets, effect, .. }) = self.reported.pop_front()
        else {
            return;
        };
        self.reports_told += 1;
        if let Some(effect) = effect {
            let what = self.order_of(plug, &effect).and_then(|order| order.effect(effect));
            order::tell(&wire.journal, what);
        }
        wire.journal.append(at, fact);
        for (protocol, local, peer) in sockets {
            // Where reports never end it waits for long, and would grow.
            let look = (plug, protocol, local, peer);
            if !self.after_fence.contains(&look) {
                self.after_fence.push(look);
            }
        }
    }
}
