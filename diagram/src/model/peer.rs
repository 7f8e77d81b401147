//! Outside peers: whoever is at the other end of a socket and is no program of the room.

use super::ProgramId;
use crate::sorted::{Set, Sorted};

/// How many outside peers have a lifeline of their own at once: the latest. More than can be read side by side.
pub const OWN_LIFELINES: usize = 64;

/// An outside peer's number, in the order of appearance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerId(pub u64);

/// An outside peer with a lifeline of its own.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Its number.
    pub id: PeerId,
    /// Its address; "" for a Unix socket without a name.
    pub address: String,
    /// The last event that it had to do with.
    pub last: u64,
    /// How many open connections it has.
    pub connections: u32,
    /// The programs that it had to do with.
    pub programs: Set<ProgramId>,
}

/// The outside peers: the latest ones, and what is left of those that were folded into one lifeline.
#[derive(Clone, Debug, Default)]
pub(super) struct Peers {
    own: Vec<Peer>,
    by_address: Sorted<String, PeerId>,
    next: u64,
    /// The last event of any folded peer.
    pub(super) folded: Option<u64>,
}

impl Peers {
    pub(super) fn own(&self) -> &[Peer] {
        &self.own
    }

    pub(super) fn get(&self, id: PeerId) -> Option<&Peer> {
        let at = self.own.binary_search_by_key(&id, |peer| peer.id).ok()?;
        self.own.get(at)
    }

    /// The peer at `address`, where it has a lifeline of its own.
    pub(super) fn known(&self, address: &str) -> Option<PeerId> {
        self.by_address.get(address).copied()
    }

    fn get_mut(&mut self, id: PeerId) -> Option<&mut Peer> {
        let at = self.own.binary_search_by_key(&id, |peer| peer.id).ok()?;
        self.own.get_mut(at)
    }

    /// The peer at `address`, which has just been heard of by `program` in event `seq`.
    pub(super) fn at(&mut self, address: &str, program: ProgramId, seq: u64, first: u64) -> PeerId {
        let id = match self.by_address.get(address) {
            Some(id) => *id,
            None => self.add(address, first),
        };
        self.touch(id, program, seq);
        id
    }

    /// Notes that `id` had to do with event `seq`.
    pub(super) fn touch(&mut self, id: PeerId, program: ProgramId, seq: u64) {
        match self.get_mut(id) {
            Some(peer) => {
                peer.last = seq;
                peer.programs.insert(program);
            }
            None => self.folded = Some(seq),
        }
    }

    pub(super) fn opened(&mut self, id: PeerId) {
        if let Some(peer) = self.get_mut(id) {
            peer.connections += 1;
        }
    }

    pub(super) fn closed(&mut self, id: PeerId) {
        if let Some(peer) = self.get_mut(id) {
            peer.connections = peer.connections.saturating_sub(1);
        }
    }

    fn add(&mut self, address: &str, first: u64) -> PeerId {
        if self.own.len() >= OWN_LIFELINES {
            self.fold(first);
        }
        let id = PeerId(self.next);
        self.next += 1;
        self.by_address.insert(address.to_owned(), id);
        let (programs, connections) = (Set::default(), 0);
        self.own.push(Peer { id, address: address.to_owned(), last: 0, connections, programs });
        id
    }

    /// Makes room for one: the one that has been quiet for longest, those without a connection before those with one.
    fn fold(&mut self, first: u64) {
        let quiet = |(_, peer): &(usize, &Peer)| (peer.connections > 0, peer.last);
        let Some((at, _)) = self.own.iter().enumerate().min_by_key(quiet) else { return };
        let gone = self.own.remove(at);
        self.by_address.remove(&gone.address);
        if gone.last >= first || gone.connections > 0 {
            self.folded = self.folded.max(Some(gone.last));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quietest_is_folded() {
        let mut peers = Peers::default();
        let program = ProgramId(0);
        for n in 0..OWN_LIFELINES as u64 {
            peers.at(&format!("peer {n}"), program, 10 + n, 1);
        }
        assert_eq!(peers.folded, None);
        let (oldest, second) = (peers.own()[0].id, peers.own()[1].id);
        peers.opened(oldest);
        peers.at("one more", program, 1000, 1);
        assert_eq!(peers.own().len(), OWN_LIFELINES);
        assert_eq!(peers.folded, Some(11));
        assert!(peers.get(oldest).is_some_and(|peer| peer.connections == 1));
        assert!(peers.get(second).is_none());
    }

    #[test]
    fn an_address_is_one_peer() {
        let mut peers = Peers::default();
        let a = peers.at("127.0.0.1:1", ProgramId(0), 1, 1);
        assert_eq!(peers.at("127.0.0.1:1", ProgramId(1), 2, 1), a);
        assert_eq!(peers.own()[0].programs.len(), 2);
    }
}
