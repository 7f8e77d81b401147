//! Who is outside of the room: told by calls, and on this machine's own network by packets alone. Knows nothing of drawing.

use socketscope_protocol::{Call, CallId, CallName, Family, PacketId, SocketType};

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
        let is_bound = |kind| self.bound.holder(kind, Family::Inet, &address).is_some();
        if self.may_be_ours() || is_bound(SocketType::Stream) || is_bound(SocketType::Dgram) {
            return;
        }
        let seq = self.head();
        self.peers.at(&address, program, seq, self.first);
    }

    /// A packet of this machine's own network is shown since a socket of the room sends or receives it. Where nothing has been
    /// told of either end, it is that of the program whose call to its destination is under way, if there is just one.
    pub(super) fn guess_sender(&mut self, id: PacketId) {
        if !self.lab.hosts().is_empty() {
            return;
        }
        let Some(record) = self.lab.packet(id).filter(|it| it.ends == [Place::Outside; 2]) else {
            return;
        };
        let Some(header) = self.header(record) else { return };
        let calls_there = |id: &CallId| {
            let call = self.calls.get(id).and_then(|record| self.call_made(record));
            matches!(call, Some(Call::Connect { address } | Call::Sendto { address, .. })
                if *address == header.to)
        };
        let calling = self.programs.values().filter(|it| it.waiting.iter().any(calls_there));
        let calling: Vec<_> = calling.map(|program| program.id).take(2).collect();
        let (protocol, from) = (header.protocol, header.from.clone());
        if let [program] = calling[..] {
            self.lab.holders.hold(None, protocol, &from, program);
            self.place_packets();
        }
    }

    /// Whether a call is under way that gives a socket of the room an address of which nothing has been told yet.
    fn may_be_ours(&self) -> bool {
        let names =
            |call: &CallName| matches!(call, CallName::Connect | CallName::Send | CallName::Sendto);
        let mut waiting = self.programs.values().flat_map(|program| program.waiting.iter());
        waiting.any(|id| self.calls.get(id).is_some_and(|record| names(&record.name)))
    }
}
