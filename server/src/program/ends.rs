//! Who connected from where: so that `accept` can say which program of the room holds the other end, and both ends know
//! each other.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    sync::{Mutex, PoisonError, Weak},
};

use socketscope_protocol::End;

use super::socket::Socket;

/// Connections that are remembered and were never accepted here. The oldest are forgotten first.
const REMEMBERED: usize = 4096;

/// What tells a connection apart from all others while it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// The connecting side's address, and the one it connected to.
    Inet(SocketAddr, SocketAddr),
    /// The inode of the connecting Unix socket.
    Unix(u64),
}

/// The connecting end of a connection.
pub(super) struct Connecting {
    pub(super) end: End,
    pub(super) socket: Weak<Socket>,
}

#[derive(Default)]
struct Known {
    ends: HashMap<Key, Connecting>,
    order: VecDeque<Key>,
}

/// The connecting ends of a room's connections.
#[derive(Default)]
pub(super) struct Ends(Mutex<Known>);

impl Ends {
    /// Makes an attempt to connect and remembers its end. Nobody looks an end up in between: `accept` may return in
    /// another program before this one's `connect` has told us its port.
    pub(super) fn connecting<T>(
        &self,
        end: Connecting,
        attempt: impl FnOnce() -> T,
        key: impl FnOnce() -> Option<Key>,
    ) -> T {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let done = attempt();
        if let Some(key) = key()
            && known.ends.insert(key, end).is_none()
        {
            known.order.push_back(key);
            if known.order.len() > REMEMBERED
                && let Some(oldest) = known.order.pop_front()
            {
                known.ends.remove(&oldest);
            }
        }
        done
    }

    /// Who connected by `key`. It is forgotten then, for the kernel will use the same addresses again.
    pub(super) fn accepted(&self, key: Key) -> Option<Connecting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).ends.remove(&key)
    }
}

#[cfg(test)]
mod tests {
    use socketscope_protocol::{Fd, ProgramName};

    use super::*;

    #[test]
    fn the_oldest_are_forgotten() {
        let (ends, program) = (Ends::default(), ProgramName::new("client").expect("a name"));
        for inode in 0..=REMEMBERED as u64 {
            let end = End { program: program.clone(), fd: Fd(3) };
            let end = Connecting { end, socket: Weak::new() };
            ends.connecting(end, || (), || Some(Key::Unix(inode)));
        }
        assert!(ends.accepted(Key::Unix(0)).is_none());
        assert!(ends.accepted(Key::Unix(1)).is_some());
        assert!(ends.accepted(Key::Unix(1)).is_none());
    }
}
