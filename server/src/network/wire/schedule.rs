//! When packets arrive: behind those before them, as fast as the link goes, and as late as they are delayed.

use socketscope_protocol::{Loss, limits::PACKETS_UNDER_WAY};
use tokio::time::Instant;

use super::{
    Inner, Wire,
    parcel::{Parcel, Times, Travelling, Way},
};

impl Inner {
    /// Whether a packet of this direction that is not delayed itself arrives at once: no call waits to return before it,
    /// and nothing before it is still travelling, be it due or not.
    pub(super) fn at_once(&self, from: usize, to: usize) -> bool {
        self.fence.is_none() && self.on_their_way.get(&(from, to)).is_none_or(|count| *count == 0)
    }

    /// When the link has sent a packet that departs now, and when that arrives: after those before it, unless they shall
    /// overtake it.
    pub(super) fn turn_of(&mut self, from: usize, to: usize, way: &Way) -> Times {
        let now = Instant::now();
        let (free, _) = *self.turns.entry((from, to)).or_insert((now, now));
        // A link without a rate is never busy.
        let sent = if way.rate_kbit > 0 { now.max(free) + way.takes() } else { now };
        self.take_turn(from, to, way, Times { sent, due: sent + way.delay })
    }

    /// Takes note of when a packet is sent, and puts it behind those that it must not overtake.
    fn take_turn(&mut self, from: usize, to: usize, way: &Way, times: Times) -> Times {
        let now = Instant::now();
        let (free, last) = self.turns.entry((from, to)).or_insert((now, now));
        if way.rate_kbit > 0 {
            *free = times.sent.max(*free);
        }
        if way.overtaken {
            return times;
        }
        *last = times.due.max(*last);
        Times { due: *last, ..times }
    }

    /// Gives all that links have not sent yet its turn anew where their rates have changed. What a link has begun to send it
    /// goes on to send.
    pub(super) fn take_turns_anew(&mut self) {
        let now = Instant::now();
        let mut travelling = std::mem::take(&mut self.travelling).into_vec();
        travelling.sort_unstable_by_key(|it| it.turn);
        self.turns.clear();
        let mut before = None;
        for mut it in travelling {
            let Parcel { id, from, to, .. } = it.parcel;
            let rate_kbit = self.rate(from, to);
            it.times = match before {
                // The wire's duplicate, which follows, comes with its original.
                Some((original, times)) if original == id => times,
                _ if it.times.sent > now && it.way.rate_kbit != rate_kbit => {
                    let left = (it.times.sent - now).as_secs_f64() / it.way.takes().as_secs_f64();
                    it.way.size *= left.min(1.0);
                    it.way.rate_kbit = rate_kbit;
                    self.turn_of(from, to, &it.way)
                }
                _ => self.take_turn(from, to, &it.way, it.times),
            };
            before = Some((id, it.times));
            self.travelling.push(it);
        }
    }

    /// Kilobits a second from one host to another; 0 for no limit.
    fn rate(&self, from: usize, to: usize) -> u64 {
        let name = |plug: usize| self.plugs.get(plug)?.host.as_ref();
        name(from).zip(name(to)).map_or(0, |(from, to)| self.fates.rate(from, to))
    }

    /// The next packet that travels, which does so no longer.
    pub(super) fn next_travelling(&mut self) -> Option<Parcel> {
        let Travelling { parcel, .. } = self.travelling.pop()?;
        if let Some(count) = self.on_their_way.get_mut(&(parcel.from, parcel.to)) {
            *count -= 1;
        }
        Some(parcel)
    }

    pub(super) fn travel(&mut self, wire: &Wire, way: Way, times: Times, parcel: Parcel) {
        if self.travelling.len() >= PACKETS_UNDER_WAY {
            return self.lose(wire, &parcel, Loss::Full);
        }
        *self.on_their_way.entry((parcel.from, parcel.to)).or_default() += 1;
        self.last_travelling += 1;
        let earliest = self.travelling.peek().is_none_or(|first| times.due < first.times.due);
        self.travelling.push(Travelling { way, times, turn: self.last_travelling, parcel });
        if self.fence.is_none() && earliest {
            wire.hurry.notify_one();
        }
    }
}
