//! Hosts, packets and what the kernel says of sockets: what is known beside the calls. Knows nothing of drawing.

use std::{collections::VecDeque, net::Ipv4Addr};

use socketscope_protocol::{
    Fd, Flag, HostChange, HostName, KernelState, Loss, Medium, Packet, PacketId, ProgramName,
    Protocol, TcpState, WireView,
};

use super::{
    Moment, ProgramId,
    bands::{Bands, Changes},
    holders::Holders,
};
use crate::sorted::{Set, Sorted};

/// Packets whose ends still wait to be told whose they are.
const UNPLACED: usize = 64;

/// A host's number, in the order of appearance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostId(pub u32);

/// A host of the lab.
#[derive(Clone, Debug)]
pub struct Host {
    /// Its number.
    pub id: HostId,
    /// Its name.
    pub name: HostName,
    /// Its address, where it was told.
    pub address: Option<Ipv4Addr>,
    /// Whether it is there.
    pub alive: bool,
}

/// Whose kernel lifeline something is drawn at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// That of a program.
    Program(ProgramId),
    /// That of a host; of a socket which is no program's.
    Host(HostId),
    /// Outside of the room.
    Outside,
}

/// What is remembered of a packet beside its events.
#[derive(Clone, Debug)]
pub struct PacketRecord {
    /// Its number.
    pub id: PacketId,
    /// When it left.
    pub depart: Moment,
    /// When it arrived; the first time, where the wire made a duplicate.
    pub arrive: Option<Moment>,
    /// When its duplicate arrived.
    pub copy: Option<Moment>,
    /// When it was lost, and why.
    pub lost: Option<(Moment, Loss)>,
    /// When it stopped in mid-wire.
    pub held: Option<Moment>,
    /// Whether it is a SYN that came to a listener whose accept queue was full, and that has had no answer. Inferred.
    pub overflow: bool,
    /// How it was seen.
    pub medium: Medium,
    /// Where it left and where it goes.
    pub ends: [Place; 2],
}

impl PacketRecord {
    /// Whether it is still on its way.
    pub fn travels(&self) -> bool {
        self.arrive.is_none() && self.lost.is_none()
    }

    /// The last event about it.
    pub fn last(&self) -> u64 {
        let ends = [self.arrive, self.copy, self.lost.map(|(moment, _)| moment), self.held];
        ends.into_iter().flatten().map(|moment| moment.seq).max().unwrap_or(self.depart.seq)
    }
}

/// A socket as the kernel tells it, by its addresses.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct SocketKey {
    host: Option<HostId>,
    protocol: &'static str,
    local: String,
    peer: Option<String>,
}

impl SocketKey {
    fn of(host: Option<HostId>, state: &KernelState) -> Self {
        let (local, peer) = (state.local.clone(), state.peer.clone());
        Self { host, protocol: state.protocol.as_str(), local, peer }
    }
}

/// What has changed of a socket, as far as it is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateNote {
    /// The event's number.
    pub seq: u64,
    /// At whose lifeline.
    pub place: Place,
    /// The state, where that has changed.
    pub state: Option<TcpState>,
    /// Whether it was asked for now and then, and not right after what changed it.
    pub sampled: bool,
    /// Queues that have changed: which, how much is in it, and of how much: of connections, that is what the kernel bounds
    /// it by; of bytes, the most that has been seen in it.
    pub queues: Vec<(Queue, u32, Option<u32>)>,
}

/// The queues of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Queue {
    /// Bytes that were not read.
    Receive,
    /// The memory that datagrams take which were not read. Of them the kernel tells no bytes.
    Memory,
    /// Bytes that were not acknowledged.
    Send,
    /// Connections that wait for `accept`.
    Accept,
    /// Connections whose last ACK has not come.
    HalfOpen,
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub struct Lab {
    hosts: Vec<Host>,
    packets: Sorted<PacketId, PacketRecord>,
    unplaced: VecDeque<PacketId>,
    pub(super) holders: Holders,
    /// The sockets, and the most bytes that were seen in the receive and the send queue of each.
    sockets: Sorted<SocketKey, (KernelState, [u32; 2])>,
    notes: VecDeque<StateNote>,
    bands: Bands,
    /// Who has exchanged packets with whom.
    partners: Set<(Place, Place)>,
    /// The latest SYN between two addresses that came to a full accept queue.
    overflows: Sorted<(String, String), PacketId>,
    /// The wire's settings, where they were told.
    pub(super) wire: WireView,
    held: Set<PacketId>,
}

impl Lab {
    /// The hosts, in order of appearance.
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// The host numbered `id`.
    pub fn host(&self, id: HostId) -> Option<&Host> {
        self.hosts.get(id.0 as usize)
    }

    /// The packet numbered `id`.
    pub fn packet(&self, id: PacketId) -> Option<&PacketRecord> {
        self.packets.get(&id)
    }

    /// The wire's settings as they were told last.
    pub fn wire(&self) -> &WireView {
        &self.wire
    }

    /// The packets that the wire holds, oldest first.
    pub fn held(&self) -> impl Iterator<Item = &PacketRecord> {
        self.held.iter().filter_map(|id| self.packets.get(id))
    }

    /// The sockets as the kernel told them last.
    pub fn sockets(&self) -> impl Iterator<Item = &KernelState> {
        self.sockets.values().map(|(state, _)| state)
    }

    /// The most bytes that were seen in the receive and the send queue of a socket.
    pub fn most(&self, socket: &KernelState) -> [u32; 2] {
        let host =
            |name: &HostName| self.hosts.iter().find(|host| host.name == *name).map(|host| host.id);
        let key = SocketKey::of(socket.host.as_ref().and_then(host), socket);
        self.sockets.get(&key).map_or([0; 2], |(_, most)| *most)
    }

    /// What changed of sockets in the events `from` up to, not including, `to`.
    pub fn notes(&self, from: u64, to: u64) -> impl Iterator<Item = &StateNote> {
        let start = self.notes.partition_point(|note| note.seq < from);
        let end = self.notes.partition_point(|note| note.seq < to);
        self.notes.range(start..end.max(start))
    }

    /// What the bands of all lifelines show from event `from` on: which band it is, the state then and whose socket has it,
    /// and each change up to event `to`.
    pub fn bands(&self, from: u64, to: u64) -> impl Iterator<Item = (Place, usize, Changes)> {
        self.bands.between(from, to)
    }

    /// Whose kernels exchange packets with that of `place`.
    pub fn partners(&self, place: Place) -> impl Iterator<Item = Place> {
        let other = move |(one, other): &(Place, Place)| match (*one == place, *other == place) {
            (true, _) => Some(*other),
            (_, true) => Some(*one),
            _ => None,
        };
        self.partners.iter().filter_map(other)
    }

    /// Whether any packet has been seen.
    pub fn has_packets(&self) -> bool {
        !self.hosts.is_empty() || !self.partners.is_empty()
    }

    /// The host called `name`; it is there from now on.
    pub(super) fn host_called(&mut self, name: &HostName) -> HostId {
        if let Some(host) = self.hosts.iter().find(|host| host.name == *name) {
            return host.id;
        }
        let id = HostId(self.hosts.len() as u32);
        self.hosts.push(Host { id, name: name.clone(), address: None, alive: true });
        id
    }

    pub(super) fn host_changed(&mut self, seq: u64, name: &HostName, change: &HostChange) {
        let id = self.host_called(name);
        let Some(host) = self.hosts.get_mut(id.0 as usize) else { return };
        match change {
            HostChange::Started(address) => {
                (host.alive, host.address) = (true, Some(*address));
            }
            HostChange::Ended => {
                host.alive = false;
                self.end_sockets(seq, id);
            }
        }
    }

    /// A host's sockets end with its kernel, which tells nothing of it.
    fn end_sockets(&mut self, seq: u64, host: HostId) {
        let lifeline = Place::Host(host);
        while let Some(key) = self.take_socket(&|key, _| key.host == Some(host)) {
            self.bands.changed(seq, lifeline, lifeline, key, TcpState::Close);
        }
    }

    /// Forgets a socket that is so, where there is one.
    fn take_socket(&mut self, is: &dyn Fn(&SocketKey, &KernelState) -> bool) -> Option<SocketKey> {
        let found = self.sockets.iter().find(|(key, (state, _))| is(key, state));
        let key = found.map(|(key, _)| key.clone())?;
        self.sockets.remove(&key);
        Some(key)
    }

    /// A program has closed a descriptor: where its socket's connection was over before, nothing more is told of it.
    pub(super) fn closed(&mut self, program: &ProgramName, fd: Fd) {
        self.take_socket(&|_, state| {
            state.state == TcpState::Close
                && state.fd == Some(fd)
                && state.program.as_ref() == Some(program)
        });
    }

    pub(super) fn departed(
        &mut self,
        now: Moment,
        id: PacketId,
        hosts: [Option<HostId>; 2],
        medium: Medium,
        header: &Packet,
    ) {
        if header.segment.as_ref().is_some_and(|segment| segment.has(Flag::Syn)) {
            self.holders.opened(hosts[0], header.protocol, &header.from);
        }
        let place =
            |host: Option<HostId>, address: &str| self.place(host, header.protocol, address);
        let ends = [place(hosts[0], &header.from), place(hosts[1], &header.to)];
        let (arrive, copy, lost, held, overflow) = (None, None, None, None, false);
        let record =
            PacketRecord { id, depart: now, arrive, copy, lost, held, overflow, medium, ends };
        self.partners.insert((ends[0].min(ends[1]), ends[0].max(ends[1])));
        self.answers(header);
        if ends.iter().any(|end| !matches!(end, Place::Program(_))) {
            self.unplaced.push_back(id);
            if self.unplaced.len() > UNPLACED {
                self.unplaced.pop_front();
            }
        }
        self.packets.insert(id, record);
    }

    /// It is known by now who a packet is for.
    pub(super) fn arrives_at(&mut self, id: PacketId, place: Place) {
        if let Some(packet) = self.packets.get_mut(&id) {
            packet.ends[1] = place;
        }
    }

    pub(super) fn arrived(&mut self, now: Moment, id: PacketId, copy: bool) {
        self.held.remove(&id);
        if let Some(packet) = self.packets.get_mut(&id) {
            *if copy { &mut packet.copy } else { &mut packet.arrive } = Some(now);
        }
    }

    pub(super) fn lost(&mut self, now: Moment, id: PacketId, why: Loss) {
        self.held.remove(&id);
        if let Some(packet) = self.packets.get_mut(&id) {
            packet.lost = Some((now, why));
        }
    }

    pub(super) fn stopped(&mut self, now: Moment, id: PacketId) {
        if let Some(packet) = self.packets.get_mut(&id) {
            packet.held = Some(now);
            self.held.insert(id);
        }
    }

    /// What becomes of packets that were on their way is no longer known.
    pub(super) fn gap(&mut self) {
        self.packets.retain(|packet| !packet.travels());
        self.held.clear();
    }

    /// Forgets the packet, where the event `seq` was the last about it.
    pub(super) fn forget_packet(&mut self, id: PacketId, seq: u64) {
        if self.packets.get(&id).is_some_and(|packet| !packet.travels() && packet.last() <= seq) {
            self.packets.remove(&id);
            self.overflows.retain(|packet| *packet != id);
        }
    }

    /// Forgets what was noted before the event `first`.
    pub(super) fn forget_notes(&mut self, first: u64) {
        while self.notes.front().is_some_and(|note| note.seq < first) {
            self.notes.pop_front();
        }
        self.bands.forget_before(first);
    }

    /// Where a socket is drawn that has `address` on one of the hosts.
    pub fn place_of(&self, protocol: Protocol, address: &str) -> Place {
        let ip = address.rsplit_once(':').map_or(address, |(ip, _)| ip);
        let is_there = |host: &&Host| host.address.is_some_and(|it| it.to_string() == ip);
        self.place(self.hosts.iter().find(is_there).map(|host| host.id), protocol, address)
    }

    /// Where the socket that has `address` is drawn.
    fn place(&self, host: Option<HostId>, protocol: Protocol, address: &str) -> Place {
        match (self.holders.holder(host, protocol, address), host) {
            (Some(program), _) => Place::Program(program),
            (None, Some(host)) => Place::Host(host),
            (None, None) => Place::Outside,
        }
    }

    /// Finds out whose the packets are that nobody was known to send or to wait for. `header` has a packet's headers.
    pub(super) fn place_packets<'a>(&mut self, header: impl Fn(u64) -> Option<&'a Packet>) {
        for id in std::mem::take(&mut self.unplaced) {
            let Some(packet) = self.packets.get(&id) else { continue };
            let Some(header) = header(packet.depart.seq) else { continue };
            let mut ends = packet.ends;
            for (end, address) in ends.iter_mut().zip([&header.from, &header.to]) {
                *end = match *end {
                    Place::Host(host) => self.place(Some(host), header.protocol, address),
                    Place::Outside => self.place(None, header.protocol, address),
                    placed => placed,
                };
            }
            if ends.iter().any(|end| !matches!(end, Place::Program(_))) {
                self.unplaced.push_back(id);
            }
            if let Some(packet) = self.packets.get_mut(&id) {
                packet.ends = ends;
                self.partners.insert((ends[0].min(ends[1]), ends[0].max(ends[1])));
            }
        }
    }

    /// Packets at whose ends somebody is that is not known, oldest first.
    pub(super) fn unplaced(&self) -> impl Iterator<Item = &PacketRecord> {
        self.unplaced.iter().filter_map(|id| self.packets.get(id))
    }

    /// The packet `id` has arrived. A SYN finds a listener whose accept queue is full: Linux drops it then and says nothing,
    /// which is inferred from what was told of the queue right before, and taken back by an answer.
    pub(super) fn may_overflow(&mut self, id: PacketId, header: &Packet) {
        let Some(segment) = &header.segment else { return };
        let is_full = |it: &KernelState| {
            it.state == TcpState::Listen
                && listens_at(it, &header.to)
                && it.accept_queue.zip(it.backlog).is_some_and(|(now, of)| now > of)
        };
        if segment.has(Flag::Syn) && !segment.has(Flag::Ack) && self.sockets().any(is_full) {
            self.overflows.insert((header.from.clone(), header.to.clone()), id);
            if let Some(packet) = self.packets.get_mut(&id) {
                packet.overflow = true;
            }
        }
    }

    fn answers(&mut self, header: &Packet) {
        if !self.overflows.is_empty()
            && header.segment.as_ref().is_some_and(|segment| segment.has(Flag::Syn))
            && let Some(id) = self.overflows.remove(&(header.to.clone(), header.from.clone()))
            && let Some(packet) = self.packets.get_mut(&id)
        {
            packet.overflow = false;
        }
    }

    /// The kernel has told a socket's state; `program` is whose it is.
    pub(super) fn told(
        &mut self,
        seq: u64,
        host: Option<HostId>,
        program: Option<(&ProgramName, ProgramId)>,
        state: &KernelState,
    ) {
        let key = SocketKey::of(host, state);
        let place = match (program, host) {
            (Some((_, program)), _) => Place::Program(program),
            (None, _) => self.place(host, state.protocol, &state.local),
        };
        let known = self.sockets.get(&key);
        let before = known.map(|(state, _)| state);
        let mut queues = Vec::new();
        let mut most = known.map_or([0; 2], |(_, most)| *most);
        let [receive, send] = [state.receive_queue, state.send_queue];
        for (most, now) in most.iter_mut().zip([receive, send]) {
            *most = now.unwrap_or_default().max(*most);
        }
        let [most_receive, most_send] = most.map(Some);
        let tcp = state.protocol == Protocol::Tcp;
        let received = if tcp { Queue::Receive } else { Queue::Memory };
        for (queue, now, of, then) in [
            (Queue::Accept, state.accept_queue, state.backlog, before.and_then(|s| s.accept_queue)),
            (Queue::HalfOpen, state.half_open, None, before.and_then(|s| s.half_open)),
            (received, receive, most_receive, before.and_then(|s| s.receive_queue)),
            (Queue::Send, send, most_send, before.and_then(|s| s.send_queue)),
        ] {
            // A SYN that waits for its answer counts as a byte of the send queue: that is the state's business.
            let counted = queue != Queue::Send || state.state != TcpState::SynSent;
            if let Some(now) = now.filter(|now| counted && *now != then.unwrap_or(0)) {
                queues.push((queue, now, of));
            }
        }
        let changed = tcp && before.is_none_or(|before| before.state != state.state);
        let over = state.state == TcpState::Close && state.fd.is_none();
        if over {
            self.sockets.remove(&key);
        } else {
            self.sockets.insert(key.clone(), (state.clone(), most));
        }
        if changed {
            let lifeline = host.map_or(place, Place::Host);
            self.bands.changed(seq, lifeline, place, key, state.state);
        }
        if changed || !queues.is_empty() {
            let sampled = state.basis == socketscope_protocol::Basis::Sampled;
            let state = changed.then_some(state.state);
            self.notes.push_back(StateNote { seq, place, state, sampled, queues });
        }
    }
}

/// Whether the socket is a listener that takes what is sent to `address`.
pub fn listens_at(socket: &KernelState, address: &str) -> bool {
    let (port, any) = (address.rsplit_once(':'), ["0.0.0.0", "[::]", "*"]);
    let own = socket.local.rsplit_once(':');
    let fits = own.zip(port).is_some_and(|((ip, own), (_, port))| own == port && any.contains(&ip));
    socket.peer.is_none() && (socket.local == address || fits)
}
