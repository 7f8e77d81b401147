//! Who is outside of the room: told by calls, and on this machine's own network by packets alone. Knows nothing of drawing.

use socketscope_protocol::{CallName, Family, PacketId};

use super::{Model, PeerId, Place, ProgramId};

impl Model {
    /// The peer at `address` that `program` has to do with, where it is outside. No route leads out of the lab: only its
    /// Unix sockets can be reached from there.
    pub(super) fn outsider(
        &mut self,
        family: Family,
        address: &str,
        program: ProgramId,
    ) -> Option<PeerId> {
        if family != Family::Unix && !self.lab.hosts().is_empty() {
            return None;
        }
        let seq = self.head();
        Some(self.peers.at(address, program, seq, self.first))
    }

    /// Whoever the packets are from or to that are nobody's in this room: each has a lifeline, even where no call has told of
    /// it, as nobody accepts its connection.
    pub(super) fn meet_all(&mut self) {
        let packets: Vec<_> = self.lab.unplaced().map(|record| record.id).collect();
        packets.into_iter().for_each(|id| self.meet(id));
    }

    /// The same, for one packet.
    pub(super) fn meet(&mut self, id: PacketId) {
        if !self.lab.hosts().is_empty() {
            return;
        }
        let Some(record) = self.lab.packet(id) else { return };
        let Some(header) = self.header(record) else { return };
        let (program, address) = match record.ends {
            [Place::Program(program), Place::Outside] => (program, header.to.clone()),
            [Place::Outside, Place::Program(program)] => (program, header.from.clone()),
            _ => return,
        };
        if self.may_be_ours() {
            return;
        }
        let seq = self.head();
        self.peers.at(&address, program, seq, self.first);
    }

    /// Whether a call is under way that gives a socket of the room an address of which nothing has been told yet.
    fn may_be_ours(&self) -> bool {
        let names =
            |call: &CallName| matches!(call, CallName::Connect | CallName::Send | CallName::Sendto);
        let mut waiting = self.programs.values().flat_map(|program| program.waiting.iter());
        waiting.any(|id| self.calls.get(id).is_some_and(|record| names(&record.name)))
    }
}
