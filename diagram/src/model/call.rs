//! What is remembered of a call beside its two events.

use std::ops::Range;

use socketscope_protocol::{CallId, CallName, Fd};

use super::{ConnectionId, PeerId, ProgramId, SocketId};

/// A moment of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The event's number.
    pub seq: u64,
    /// Nanoseconds since 1970.
    pub at: u64,
}

/// A call. Its arguments and outcome stand in its events: [`Model::call_made`](super::Model::call_made) and
/// [`Model::outcome`](super::Model::outcome).
#[derive(Clone, Debug)]
pub struct CallRecord {
    /// Its number.
    pub id: CallId,
    /// Who made it.
    pub program: ProgramId,
    /// Which call.
    pub name: CallName,
    /// On which descriptor.
    pub fd: Option<Fd>,
    /// On which socket: that which had the descriptor when the call was entered.
    pub socket: Option<SocketId>,
    /// When it was entered; nothing where that was not seen.
    pub enter: Option<Moment>,
    /// When it returned.
    pub returned: Option<Moment>,
    /// The number of the event after which its return can no longer come, or may have been missed.
    pub lost: Option<u64>,
    /// The connection it belongs to, and at which end it was made.
    pub connection: Option<(ConnectionId, usize)>,
    /// What an outside peer has to do with it: sent or took a datagram, or holds the connection's other end.
    pub outside: Option<PeerId>,
    /// `recv` and `recvfrom` of a stream: which bytes of the peer's stream it read.
    pub read: Option<Range<u64>>,
    /// `send` and `sendto` on a stream: which bytes it wrote; [`Model::written`](super::Model::written) tells.
    pub(super) written: Option<Range<u64>>,
    /// Of datagrams: the call that sent or received the same one. Inferred.
    pub datagram: Option<CallId>,
    /// The place of its bar beside its program's other waiting calls; 0 is on the lifeline.
    pub slot: u16,
}

impl CallRecord {
    pub(super) fn new(id: CallId, program: ProgramId, name: CallName, fd: Option<Fd>) -> Self {
        Self {
            id,
            program,
            name,
            fd,
            socket: None,
            enter: None,
            returned: None,
            lost: None,
            connection: None,
            outside: None,
            read: None,
            written: None,
            datagram: None,
            slot: 0,
        }
    }

    /// Whether it has been entered, and nothing else is known.
    pub fn waits(&self) -> bool {
        self.returned.is_none() && self.lost.is_none()
    }

    /// Nanoseconds from enter to return, where both were seen.
    pub fn took(&self) -> Option<u64> {
        Some(self.returned?.at.saturating_sub(self.enter?.at))
    }
}
