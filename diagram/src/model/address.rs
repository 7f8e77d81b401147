//! Which sockets of the room have which addresses. Knows addresses as the kernel writes them.

use socketscope_protocol::{Family, SocketType};

use super::{ProgramId, SocketId};
use crate::sorted::Sorted;

/// Addresses that stream sockets are bound to, and those of datagram sockets: two spaces of their own.
#[derive(Clone, Debug, Default)]
pub(super) struct Bound {
    streams: Sorted<String, (ProgramId, SocketId)>,
    dgrams: Sorted<String, (ProgramId, SocketId)>,
}

impl Bound {
    fn space(&self, kind: SocketType) -> &Sorted<String, (ProgramId, SocketId)> {
        match kind {
            SocketType::Stream => &self.streams,
            SocketType::Dgram => &self.dgrams,
        }
    }

    fn space_mut(&mut self, kind: SocketType) -> &mut Sorted<String, (ProgramId, SocketId)> {
        match kind {
            SocketType::Stream => &mut self.streams,
            SocketType::Dgram => &mut self.dgrams,
        }
    }

    pub(super) fn insert(
        &mut self,
        kind: SocketType,
        address: &str,
        holder: (ProgramId, SocketId),
    ) {
        self.space_mut(kind).insert(address.to_owned(), holder);
    }

    /// Frees `address`, unless another socket has it by now.
    pub(super) fn remove(&mut self, kind: SocketType, address: &str, socket: SocketId) {
        let space = self.space_mut(kind);
        if space.get(address).is_some_and(|(_, holder)| *holder == socket) {
            space.remove(address);
        }
    }

    /// Who would get what is sent to `address`: the socket with just this address, or with its port on all addresses.
    pub(super) fn holder(
        &self,
        kind: SocketType,
        family: Family,
        address: &str,
    ) -> Option<(ProgramId, SocketId)> {
        let space = self.space(kind);
        let exact = space.get(address).copied();
        if exact.is_some() || family == Family::Unix {
            return exact;
        }
        let port = port(address)?;
        let any = |host: &str| space.get(&format!("{host}:{port}")).copied();
        any("0.0.0.0").or_else(|| any("[::]"))
    }
}

/// What stands behind the last colon of an IP address with a port.
pub(super) fn port(address: &str) -> Option<&str> {
    address.rsplit_once(':').map(|(_, port)| port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_takes_what_nobody_has_exactly() {
        let mut bound = Bound::default();
        let (any, exact) = ((ProgramId(0), SocketId(1)), (ProgramId(1), SocketId(2)));
        bound.insert(SocketType::Stream, "0.0.0.0:9000", any);
        bound.insert(SocketType::Stream, "127.0.0.2:9000", exact);
        let holder = |address| bound.holder(SocketType::Stream, Family::Inet, address);
        assert_eq!(holder("127.0.0.1:9000"), Some(any));
        assert_eq!(holder("127.0.0.2:9000"), Some(exact));
        assert_eq!(holder("127.0.0.1:9001"), None);
        assert_eq!(bound.holder(SocketType::Dgram, Family::Inet, "127.0.0.1:9000"), None);
    }

    #[test]
    fn only_its_holder_frees_an_address() {
        let mut bound = Bound::default();
        bound.insert(SocketType::Stream, "a", (ProgramId(0), SocketId(2)));
        bound.remove(SocketType::Stream, "a", SocketId(1));
        assert!(bound.holder(SocketType::Stream, Family::Unix, "a").is_some());
    }
}
