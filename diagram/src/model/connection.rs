//! Connections of stream sockets: two ends, and a stream of bytes each way.

use socketscope_protocol::{CallId, Family, Fd};

use super::{PeerId, ProgramId, SocketId, stream::Stream};

/// A connection's number, in the order in which they were first heard of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

/// Who holds an end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// A program of the room.
    Program {
        /// Which.
        program: ProgramId,
        /// Under which descriptor.
        fd: Fd,
        /// Which socket.
        socket: SocketId,
    },
    /// Somebody else on this machine.
    Outside(PeerId),
    /// Nobody yet: it waits to be accepted.
    Unaccepted,
}

/// A connection of two stream sockets.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Its number.
    pub id: ConnectionId,
    /// TCP over IPv4 or IPv6, or Unix.
    pub family: Family,
    /// Who connected, who accepted.
    pub ends: [Party; 2],
    /// The call that connected.
    pub connect: Option<CallId>,
    /// The call that accepted.
    pub accept: Option<CallId>,
    /// Which ends this room's programs have closed.
    pub closed: [bool; 2],
    /// What each end has sent: `[0]` goes from who connected to who accepted.
    pub(super) streams: [Stream; 2],
    /// How many gaps the journal had when it was made: across a gap nothing can be counted.
    pub(super) gaps: u64,
    /// Grows whenever a call that was entered before is found to belong here.
    pub(super) relinked: u64,
    /// The address of who connected, where it has one: `accept` will return it.
    pub(super) local: Option<String>,
    /// The socket that will accept it.
    pub(super) listener: Option<SocketId>,
}

impl Connection {
    /// Whether no program of the room holds an end of it any more, nor can come to.
    pub fn over(&self) -> bool {
        (0..2).all(|end| self.closed[end] || matches!(self.ends[end], Party::Outside(_)))
    }

    /// The program at `end`, where it is one.
    pub fn program(&self, end: usize) -> Option<ProgramId> {
        match self.ends[end] {
            Party::Program { program, .. } => Some(program),
            _ => None,
        }
    }

    /// The outside peer, where an end is one.
    pub fn outside(&self) -> Option<PeerId> {
        self.ends.iter().find_map(|end| match end {
            Party::Outside(peer) => Some(*peer),
            _ => None,
        })
    }

    /// Bytes that `end` has sent so far, as far as its calls have returned.
    pub fn sent(&self, end: usize) -> u64 {
        self.streams[end].sent()
    }

    /// Bytes that `end` has received so far.
    pub fn received(&self, end: usize) -> u64 {
        self.streams[1 - end].received()
    }
}
