//! Which datagram that was received is which that was sent. Inferred: the kernel does not say.

use std::collections::VecDeque;

use socketscope_protocol::{CallId, Payload};

use super::{SocketId, address::port};
use crate::sorted::Sorted;

/// Datagrams remembered for a socket that does not read them; the oldest go first. A receive buffer of small ones.
const INBOX: usize = 256;

/// A datagram on its way.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) call: CallId,
    /// The sender's address, where that is known already: the kernel may give it one only now.
    pub(super) from: Option<String>,
    pub(super) bytes: usize,
}

/// For each socket the datagrams that were sent to it and not yet received, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Inboxes(Sorted<SocketId, VecDeque<Sent>>);

impl Inboxes {
    pub(super) fn push(&mut self, to: SocketId, sent: Sent) {
        let Some(inbox) = self.0.get_mut(&to) else {
            self.0.insert(to, VecDeque::from([sent]));
            return;
        };
        if inbox.len() >= INBOX {
            inbox.pop_front();
        }
        inbox.push_back(sent);
    }

    /// The oldest one for `to` that `fits`.
    pub(super) fn find(&self, to: SocketId, fits: impl Fn(&Sent) -> bool) -> Option<CallId> {
        self.0.get(&to)?.iter().find(|sent| fits(sent)).map(|sent| sent.call)
    }

    /// Takes out what `call` sent to `to`.
    pub(super) fn take(&mut self, to: SocketId, call: CallId) {
        let Some(inbox) = self.0.get_mut(&to) else { return };
        if let Some(at) = inbox.iter().position(|sent| sent.call == call) {
            inbox.remove(at);
        }
    }

    /// Forgets everything on its way to `to`: nobody will receive it.
    pub(super) fn close(&mut self, to: SocketId) {
        self.0.remove(&to);
    }

    /// Forgets everything: across a gap nothing can be matched.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

impl Sent {
    /// Whether the receiver may have been told that `from` sent it: a socket bound to all addresses sends from one.
    pub(super) fn may_come_from(&self, from: &str) -> bool {
        let Some(local) = &self.from else { return true };
        let any = local.starts_with("0.0.0.0:") || local.starts_with("[::]:");
        local == from || any && port(local) == port(from)
    }
}

/// Whether `got` can be what was received of `sent`: one may be cut.
pub(super) fn same_bytes(sent: &Payload, got: &Payload) -> bool {
    if sent == got {
        return true;
    }
    let (Ok(sent), Ok(got)) = (sent.bytes(), got.bytes()) else { return false };
    sent.iter().zip(&got).all(|(a, b)| a == b)
}
