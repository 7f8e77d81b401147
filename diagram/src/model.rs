//! Facts → programs, sockets, calls, connections, outside peers. Knows nothing of rows, pixels or a browser.
//!
//! Events are addressed by their numbers and calls by their ids, so forgetting the oldest re-indexes nothing.

mod address;
mod bands;
mod call;
mod connection;
mod datagram;
mod holders;
mod lab;
mod lesson;
mod opening;
mod outside;
mod peer;
mod program;
mod snapshot;
mod stream;
mod take;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests say what they expect by unwrapping")]
mod tests;
mod traffic;

use std::collections::VecDeque;

use socketscope_protocol::{Call, CallId, Event, Fact, Outcome, Packet, ProgramName};

pub use bands::{BANDS, Changes};
pub use call::{CallRecord, Moment};
pub use connection::{Connection, ConnectionId, Party};
pub use lab::{Host, HostId, Lab, PacketRecord, Place, Queue, StateNote, listens_at};
pub use lesson::{Ended, Lesson, Lit, LitLine, Output, Question, Runs, Written};
pub use peer::{OWN_LIFELINES, Peer, PeerId};
pub use program::{Program, ProgramId, Socket, SocketId, SocketState};
pub use stream::Span;

use crate::sorted::Sorted;
use address::Bound;
use datagram::Inboxes;
use peer::Peers;

/// An event that does not follow the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unexpected {
    /// The number that would have followed.
    pub expected: u64,
    /// The number that came.
    pub got: u64,
}

/// Everything that is known of a room, from the events that are still kept.
#[derive(Clone, Debug)]
pub struct Model {
    capacity: usize,
    events: VecDeque<Event>,
    /// The oldest kept event's number; the head's successor where none is kept.
    first: u64,
    head: Option<u64>,
    /// How many gaps there were: what is counted does not reach across one.
    gaps: u64,
    /// The last gap's number.
    last_gap: u64,
    programs: Sorted<ProgramId, Program>,
    names: Sorted<ProgramName, ProgramId>,
    calls: Sorted<CallId, CallRecord>,
    connections: Sorted<ConnectionId, Connection>,
    /// Connections that wait for `accept`, oldest first.
    unaccepted: VecDeque<ConnectionId>,
    peers: Peers,
    bound: Bound,
    inboxes: Inboxes,
    /// What may be forgotten once the event with the number is: in the order of numbers.
    over: VecDeque<(u64, Over)>,
    lab: Lab,
    lesson: Lesson,
    /// Connections by their two addresses, in both directions: packets have no more.
    pairs: Sorted<(String, String), ConnectionId>,
    next_program: u32,
    next_socket: u64,
    next_connection: u64,
}

#[derive(Clone, Copy, Debug)]
enum Over {
    Program(ProgramId),
    Connection(ConnectionId),
}

impl Model {
    /// Keeps at most `capacity` events (at least 1).
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity: capacity.max(1),
            events: VecDeque::new(),
            first: 1,
            head: None,
            gaps: 0,
            last_gap: 0,
            programs: Sorted::default(),
            names: Sorted::default(),
            calls: Sorted::default(),
            connections: Sorted::default(),
            unaccepted: VecDeque::new(),
            peers: Peers::default(),
            bound: Bound::default(),
            inboxes: Inboxes::default(),
            over: VecDeque::new(),
            lab: Lab::default(),
            lesson: Lesson::default(),
            pairs: Sorted::default(),
            next_program: 0,
            next_socket: 0,
            next_connection: 0,
        }
    }

    /// The last event's number; 0 before the first.
    pub fn head(&self) -> u64 {
        self.head.unwrap_or(0)
    }

    /// The oldest kept event's number; `head() + 1` where none is kept.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The event numbered `seq`, where it is kept.
    pub fn event(&self, seq: u64) -> Option<&Event> {
        // A gap's number jumps, so the place is found by searching; without gaps the first guess is right.
        let guess = usize::try_from(seq.checked_sub(self.events.front()?.seq)?).ok()?;
        match self.events.get(guess) {
            Some(event) if event.seq == seq => Some(event),
            _ => {
                let at = self.events.binary_search_by_key(&seq, |event| event.seq).ok()?;
                self.events.get(at)
            }
        }
    }

    /// The kept events from number `seq` on.
    pub fn events_from(&self, seq: u64) -> impl DoubleEndedIterator<Item = &Event> {
        let at = self.events.partition_point(|event| event.seq < seq);
        self.events.range(at..)
    }

    /// The kept events up to number `seq`.
    pub fn events_until(&self, seq: u64) -> impl DoubleEndedIterator<Item = &Event> {
        let at = self.events.partition_point(|event| event.seq <= seq);
        self.events.range(..at)
    }

    /// The programs, living and ended, in order of their first start.
    pub fn programs(&self) -> impl DoubleEndedIterator<Item = &Program> {
        self.programs.values()
    }

    /// The program numbered `id`.
    pub fn program(&self, id: ProgramId) -> Option<&Program> {
        self.programs.get(&id)
    }

    /// The program called `name`.
    pub fn program_named(&self, name: &ProgramName) -> Option<&Program> {
        self.programs.get(self.names.get(name)?)
    }

    /// What is remembered of the call `id`.
    pub fn call(&self, id: CallId) -> Option<&CallRecord> {
        self.calls.get(&id)
    }

    /// The call with its arguments, as long as its enter is kept.
    pub fn call_made(&self, record: &CallRecord) -> Option<&Call> {
        match &self.event(record.enter?.seq)?.fact {
            Fact::Enter { call, .. } => Some(call),
            _ => None,
        }
    }

    /// What the call came to, once it has returned and as long as that is kept.
    pub fn outcome(&self, record: &CallRecord) -> Option<&Outcome> {
        match &self.event(record.returned?.seq)?.fact {
            Fact::Return { outcome, .. } => Some(outcome),
            _ => None,
        }
    }

    /// Hosts, packets, and what the kernel says.
    pub fn lab(&self) -> &Lab {
        &self.lab
    }

    /// A packet's headers, as long as its departure is kept.
    pub fn header(&self, packet: &PacketRecord) -> Option<&Packet> {
        match &self.event(packet.depart.seq)?.fact {
            Fact::Depart { header, .. } => Some(header),
            _ => None,
        }
    }

    /// The connection that a packet belongs to.
    pub fn connection_of(&self, packet: &PacketRecord) -> Option<ConnectionId> {
        let header = self.header(packet)?;
        let pair = |a: &String, b: &String| self.pairs.get(&(a.clone(), b.clone())).copied();
        pair(&header.from, &header.to).or_else(|| pair(&header.to, &header.from))
    }

    /// The addresses of a connection's ends.
    pub fn addresses_of(&self, id: ConnectionId) -> Option<(String, String)> {
        self.pairs.iter().find(|(_, connection)| **connection == id).map(|(pair, _)| pair.clone())
    }

    /// The connections, oldest first.
    pub fn connections(&self) -> impl DoubleEndedIterator<Item = &Connection> {
        self.connections.values()
    }

    /// The connection numbered `id`.
    pub fn connection(&self, id: ConnectionId) -> Option<&Connection> {
        self.connections.get(&id)
    }

    /// The outside peers that have lifelines of their own, in order of appearance.
    pub fn peers(&self) -> impl DoubleEndedIterator<Item = &Peer> {
        self.peers.own().iter().filter(|peer| peer.connections > 0 || peer.last >= self.first)
    }

    /// The outside peer at `address`, where it has a lifeline of its own.
    pub fn peer_at(&self, address: &str) -> Option<PeerId> {
        self.peers.known(address)
    }

    /// The outside peer numbered `id`; nothing where it was folded into "other outside peers".
    pub fn peer(&self, id: PeerId) -> Option<&Peer> {
        self.peers.get(id)
    }

    /// Whether some kept event belongs to an outside peer that has no lifeline of its own any more.
    pub fn has_folded_peers(&self) -> bool {
        self.peers.folded.is_some_and(|last| last >= self.first)
    }

    /// Which bytes of its stream the send `id` wrote; `false` beside it while it has not returned: it may come to write fewer.
    pub fn written(&self, id: CallId) -> Option<(std::ops::Range<u64>, bool)> {
        let record = self.calls.get(&id)?;
        if let Some(bytes) = &record.written {
            return Some((bytes.clone(), true));
        }
        let (connection, end) = record.connection?;
        Some((self.connections.get(&connection)?.streams[end].will_write(id)?, false))
    }

    /// The recvs that read bytes of the send `id`, in order, each with which.
    pub fn reads_of(&self, id: CallId) -> impl Iterator<Item = Span> {
        let found = || {
            let (connection, end) = self.calls.get(&id)?.connection?;
            let stream = &self.connections.get(&connection)?.streams[end];
            Some(stream.readers(&self.written(id)?.0))
        };
        found().into_iter().flatten()
    }

    /// The sends that wrote the bytes which the recv `id` returned, in order, each with which. None where the other
    /// end is outside.
    pub fn sends_of(&self, id: CallId) -> impl Iterator<Item = Span> {
        let found = || {
            let record = self.calls.get(&id)?;
            let (connection, end) = record.connection?;
            let stream = &self.connections.get(&connection)?.streams[1 - end];
            Some(stream.writers(record.read.as_ref()?))
        };
        found().into_iter().flatten()
    }
}

impl Model {
    /// Calls whose enter is no longer kept, while their return is, or has not come.
    pub(crate) fn entered_before_first(&self) -> impl Iterator<Item = CallId> {
        let before =
            |record: &&CallRecord| record.enter.is_some_and(|enter| enter.seq < self.first);
        self.calls.values().filter(before).map(|record| record.id)
    }

    /// Grows whenever a call that was entered before is found to belong to `connection`.
    pub(crate) fn relinked(&self, connection: ConnectionId) -> u64 {
        match self.connections.get(&connection) {
            Some(connection) => connection.relinked,
            // It may have come and gone since the last look.
            None if connection.0 < self.next_connection => u64::MAX,
            None => 0,
        }
    }
}
