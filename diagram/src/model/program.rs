//! Programs and their tables of file descriptors, as their calls made them. Knows nothing of drawing.

use socketscope_protocol::{CallId, Family, Fd, ProgramName, Role, SocketType};

use super::{ConnectionId, HostId};
use crate::sorted::{Set, Sorted};

/// A lifeline's number: programs are counted in the order in which they started first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProgramId(pub u32);

/// One socket among all that ever were: descriptors are reused, these numbers are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketId(pub u64);

/// A program. When its name is started again, the lifeline goes on.
#[derive(Clone, Debug)]
pub struct Program {
    /// Its number.
    pub id: ProgramId,
    /// Its name.
    pub name: ProgramName,
    /// On which host it runs, in the lab.
    pub host: Option<HostId>,
    /// What it does by itself; nothing where its start was not seen.
    pub role: Option<Role>,
    /// Whether it runs.
    pub alive: bool,
    /// Its open descriptors.
    pub sockets: Sorted<Fd, Socket>,
    /// Its calls that have been entered and not returned, oldest first.
    pub waiting: Set<CallId>,
    /// Which of the side-by-side places for bars its waiting calls hold.
    pub(super) slots: Set<u16>,
    /// Its last event's number.
    pub(super) last: u64,
}

/// An open socket.
#[derive(Clone, Debug)]
pub struct Socket {
    /// Which one.
    pub id: SocketId,
    /// Its descriptor.
    pub fd: Fd,
    /// Its address family.
    pub family: Family,
    /// Its type.
    pub socket_type: SocketType,
    /// Its own address, where a call has told.
    pub local: Option<String>,
    /// Whom it is connected to, where a call has told.
    pub peer: Option<String>,
    /// What its calls have made of it.
    pub state: SocketState,
    /// Its connection and which end of it this is: 0 connected, 1 accepted.
    pub connection: Option<(ConnectionId, usize)>,
    /// The connect that is under way or has succeeded.
    pub(super) connecting: Option<CallId>,
}

/// What a socket's calls have made of it. This is not the kernel's TCP state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketState {
    /// Made by `socket`.
    New,
    /// It has an address.
    Bound,
    /// It accepts connections.
    Listening,
    /// A `connect` is under way.
    Connecting,
    /// It has a peer.
    Connected,
    /// It has a peer, and a direction has ended.
    HalfClosed {
        /// This end has shut down sending.
        ours: bool,
        /// The peer has ended: `recv` returned 0 bytes.
        theirs: bool,
    },
}

impl Program {
    pub(super) fn new(id: ProgramId, name: ProgramName) -> Self {
        let (sockets, waiting, slots) = Default::default();
        Self { id, name, host: None, role: None, alive: true, sockets, waiting, slots, last: 0 }
    }
}

impl Socket {
    pub(super) fn new(id: SocketId, fd: Fd, family: Family, socket_type: SocketType) -> Self {
        Self {
            id,
            fd,
            family,
            socket_type,
            local: None,
            peer: None,
            state: SocketState::New,
            connection: None,
            connecting: None,
        }
    }
}
