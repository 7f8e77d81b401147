//! The wire between a lab's hosts. Every packet is read from one host's device and written to another's by this process,
//! so its departure and its arrival are facts that we make ourselves.
//!
//! All that a wire does is done under one lock, and so does a program's call return ([`Wire::fence`]): what a packet causes
//! can be told only after the packet. The kernel handles a packet before `write` returns, so a state that is asked for
//! right after is the one that this packet led to.

mod budget;
mod carriage;
mod chance;
mod fate;
mod loopback;
mod order;
mod parcel;
mod reports;
mod schedule;
mod sums;
mod telling;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, VecDeque},
    fs::File,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use socketscope_protocol::{Fact, Fate, HostName, PacketId, Protocol, WireChange, WireView};
use tokio::{sync::Notify, time::Instant};

use super::{flow::Flows, tap::Tapped};
use crate::{
    clock,
    journal::Journal,
    kernel::states::{Owners, States},
    refusal::Refusal,
};
use budget::Bucket;
pub(crate) use order::Effect;

use fate::Fates;
pub(crate) use loopback::{Ear, Loopback};
use order::Order;
use parcel::{Parcel, Travelling};
use reports::ASIDE;
pub(crate) use reports::{Reported, Reports, Turn};
use sums::Sums;

/// Bytes of the largest IP packet.
const LARGEST: usize = 65_535;

/// Packets that one hold of the lock carries: others want to return from their calls.
const BATCH: usize = 32;

/// Packets that a returning call reads from its host's device before it returns. What it sent is among them.
const FENCE: usize = 256;

/// How often what was not told one by one is told in sum.
const SUMS: Duration = Duration::from_millis(100);

/// How often sockets are asked about that no packet and no call has changed: their timers end too.
const SAMPLES: Duration = Duration::from_millis(500);

/// A room's wire.
pub(crate) struct Wire {
    journal: Arc<Journal>,
    owners: Arc<Owners>,
    inner: Mutex<Inner>,
    /// Rung when something is due earlier than the clock was set to.
    hurry: Notify,
}

/// A network whose packets and sockets are told: a host of the lab, or this machine's own.
pub(crate) struct Plug {
    pub(crate) host: Option<HostName>,
    /// Its end of the wire; this machine's own network has none.
    pub(crate) card: Option<Card>,
    pub(crate) loopback: Option<Loopback>,
    pub(crate) states: Option<States>,
}

/// A host's end of the wire.
pub(crate) struct Card {
    pub(crate) address: Ipv4Addr,
    pub(crate) device: Arc<File>,
}

struct Inner {
    plugs: Vec<Plug>,
    fates: Fates,
    flows: Flows,
    travelling: BinaryHeap<Travelling>,
    /// How many of them there are, by direction.
    on_their_way: HashMap<(usize, usize), usize>,
    held: BTreeMap<PacketId, Parcel>,
    last_packet: u64,
    last_travelling: u64,
    /// By direction: when the link is free again, and when the last packet in order arrives.
    turns: HashMap<(usize, usize), (Instant, Instant)>,
    packets: Bucket,
    looks: Bucket,
    sums: Sums,
    /// Packets that were not seen, by the place of their host, and have not been told of yet.
    unseen: BTreeMap<usize, u64>,
    order: Order,
    sums_due: Option<Instant>,
    samples_due: Option<Instant>,
    /// When [`Wire::run`] will look by itself.
    looks_at: Option<Instant>,
    /// While a returning call waits: when it returned.
    fence: Option<u64>,
    /// Sockets to be asked about once the call's return has been told.
    after_fence: Vec<(usize, Protocol, SocketAddr, Option<SocketAddr>)>,
    /// Packets on a loopback that came after the return.
    after_fence_tapped: Vec<(usize, Tapped, Box<[u8]>)>,
    /// Where calls are reported that this process does not make, what waits to be told of them, and how many were told.
    reports: Option<Arc<dyn Reports>>,
    reported: VecDeque<Reported>,
    reports_told: u64,
    buffer: Vec<u8>,
    closed: bool,
}

/// A returning call's place behind all that happened on the wire before. What it tells is told while it is held.
pub(crate) struct Fence<'a> {
    wire: &'a Wire,
    inner: MutexGuard<'a, Inner>,
    plug: usize,
}

impl Wire {
    pub(crate) fn new(journal: Arc<Journal>, owners: Arc<Owners>, seed: u64) -> Arc<Self> {
        let inner = Inner {
            plugs: Vec::new(),
            fates: Fates::new(seed),
            flows: Flows::default(),
            travelling: BinaryHeap::new(),
            on_their_way: HashMap::new(),
            held: BTreeMap::new(),
            last_packet: 0,
            last_travelling: 0,
            turns: HashMap::new(),
            packets: Bucket::of_packets(),
            looks: Bucket::of_looks(),
            sums: Sums::default(),
            unseen: BTreeMap::new(),
            order: Order::default(),
            sums_due: None,
            samples_due: None,
            looks_at: None,
            fence: None,
            after_fence: Vec::new(),
            after_fence_tapped: Vec::new(),
            reports: None,
            reported: VecDeque::new(),
            reports_told: 0,
            buffer: vec![0; LARGEST],
            closed: false,
        };
        Arc::new(Self { journal, owners, inner: Mutex::new(inner), hurry: Notify::new() })
    }

    /// Joins a network to the wire and returns its place.
    pub(crate) fn plug(&self, plug: Plug) -> usize {
        let mut inner = self.lock();
        inner.plugs.push(plug);
        inner.plugs.len() - 1
    }

    /// Carries what the host at `plug` has sent. Returns whether that was anything.
    pub(crate) fn carry(&self, plug: usize) -> bool {
        let mut inner = self.lock();
        let any = inner.carry(self, plug, BATCH);
        inner.look_later(self);
        if !any {
            // While the programs make up their minds there is time for what they have reported.
            inner.hear(self, ASIDE);
        }
        any
    }

    /// Waits for the lock, and takes note of all that the host has sent until `returned` (nanoseconds since 1970), when a
    /// call of one of its programs returned. What departs thereby arrives when the fence is taken down, after the return.
    pub(crate) fn fence(&self, plug: usize, returned: u64) -> Fence<'_> {
        let mut inner = self.lock();
        inner.fence = Some(returned);
        inner.carry(self, plug, FENCE);
        inner.listen_for_fence(self, plug, returned);
        inner.fence = None;
        Fence { wire: self, inner, plug }
    }

    /// Lets packets arrive when they are due, for ever.
    pub(crate) async fn run(self: Arc<Self>) {
        loop {
            let next = {
                let mut inner = self.lock();
                inner.catch_up(&self);
                inner.look_later(&self);
                inner.looks_at = inner.catch_up(&self);
                inner.looks_at
            };
            let due = async {
                match next {
                    Some(next) => tokio::time::sleep_until(next).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = due => {}
                () = self.hurry.notified() => {}
            }
        }
    }

    /// Changes how the wire treats packets. Where it stops holding them, those it holds arrive.
    pub(crate) fn change(&self, change: &WireChange) -> Result<(), Refusal> {
        let mut inner = self.lock();
        let hosts: Vec<_> = inner.plugs.iter().filter_map(|plug| plug.host.clone()).collect();
        // What a rule holds is for somebody to decide about.
        let (before, rates) = (inner.stopped_by_hold(), inner.fates.rates());
        inner.fates.change(change, &hosts)?;
        if inner.fates.rates() != rates {
            inner.take_turns_anew();
            self.hurry.notify_one();
        }
        inner.tell_settings(self, clock::now());
        let after = inner.stopped_by_hold();
        for id in before.difference(&after) {
            inner.release(self, *id, Fate::Deliver);
        }
        Ok(())
    }

    /// Decides about a held packet.
    pub(crate) fn release(&self, id: PacketId, fate: Fate) -> Result<(), Refusal> {
        if self.lock().release(self, id, fate) { Ok(()) } else { Err(Refusal::NoSuchPacket(id)) }
    }

    /// Decides about the `count` oldest held packets, and returns about how many.
    pub(crate) fn release_oldest(&self, fate: Fate, count: usize) -> usize {
        let mut inner = self.lock();
        let ids: Vec<_> = inner.held.keys().copied().take(count).collect();
        ids.iter().filter(|id| inner.release(self, **id, fate)).count()
    }

    /// Loses all that is under way, and forgets the networks that were joined: they keep their places, and nothing comes
    /// from or goes to them any more.
    pub(crate) fn unplug_all(&self) {
        let mut inner = self.lock();
        inner.lose_all(self);
        inner.tell_all_sums(self);
        for plug in &mut inner.plugs {
            *plug = Plug { host: None, card: None, loopback: None, states: None };
        }
        (inner.flows, inner.order) = Default::default();
        inner.turns.clear();
    }

    /// Loses all that is under way; nothing is carried any more.
    pub(crate) fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        // Who reports has the room's network, too: they would keep each other for ever.
        (inner.reports, inner.reported) = Default::default();
        inner.lose_all(self);
        inner.tell_all_sums(self);
        inner.plugs.clear();
    }

    /// The wire as it is now.
    pub(crate) fn view(&self) -> WireView {
        self.lock().view()
    }

    /// Held for a packet or a batch of them, never across an await.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// The packets that are held because the wire holds all of their direction.
    fn stopped_by_hold(&self) -> BTreeSet<PacketId> {
        let name = |plug: usize| self.plugs.get(plug)?.host.as_ref();
        let stopped = |parcel: &&Parcel| {
            let ends = name(parcel.from).zip(name(parcel.to));
            !parcel.by_rule && ends.is_some_and(|(from, to)| self.fates.holds(from, to))
        };
        self.held.values().filter(stopped).map(|parcel| parcel.id).collect()
    }

    fn view(&self) -> WireView {
        WireView {
            settings: self.fates.settings(),
            seed: self.fates.seed(),
            directions: self.fates.directions(),
            rules: self.fates.rules().to_vec(),
            held: self.held.keys().copied().collect(),
            under_way: self.travelling.len(),
        }
    }

    fn tell_settings(&self, wire: &Wire, now: u64) {
        let view = WireView { held: Vec::new(), under_way: 0, ..self.view() };
        wire.journal.append(now, Fact::Wire(Box::new(view)));
    }

    /// Does what is due, and returns when the next is.
    fn catch_up(&mut self, wire: &Wire) -> Option<Instant> {
        let now = Instant::now();
        while self.travelling.peek().is_some_and(|first| first.times.due <= now)
            && let Some(parcel) = self.next_travelling()
        {
            self.arrive(wire, &parcel, &parcel.bytes);
        }
        if self.sums_due.is_some_and(|due| due <= now) {
            self.tell_sums(wire);
        }
        if self.samples_due.is_some_and(|due| due <= now) {
            self.samples_due = None;
            self.sample(wire);
        }
        let first = self.travelling.peek().map(|first| first.times.due);
        [first, self.sums_due, self.samples_due].into_iter().flatten().min()
    }

    /// Looks at the sockets that had to wait until something else was told.
    fn look_later(&mut self, wire: &Wire) {
        for (plug, protocol, local, peer) in std::mem::take(&mut self.after_fence) {
            self.look(wire, plug, protocol, local, peer, clock::now());
        }
    }

    /// Does what had to wait until a call's return was told.
    fn after_return(&mut self, wire: &Wire) {
        self.tell_later_tapped(wire);
        self.look_later(wire);
        let next = self.catch_up(wire);
        if next.is_some_and(|next| self.looks_at.is_none_or(|at| next < at)) {
            wire.hurry.notify_one();
        }
    }
}

impl Drop for Fence<'_> {
    fn drop(&mut self) {
        self.inner.after_return(self.wire);
    }
}

impl Fence<'_> {
    /// Checks that what a call returns has arrived before. Where it has not, the journal says so.
    pub(crate) fn check(&mut self, effect: Effect) {
        let Some(order) = self.inner.order_of(self.plug, &effect) else { return };
        order::tell(&self.wire.journal, order.effect(effect));
    }

    /// Tells what a call has made of the socket at `local`.
    pub(crate) fn look(&mut self, protocol: Protocol, local: SocketAddr, peer: Option<SocketAddr>) {
        let now = clock::now();
        self.inner.look(self.wire, self.plug, protocol, local, peer, now);
    }
}
