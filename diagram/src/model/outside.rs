//! Who is outside of the room: told by calls, and on this machine's own network by packets alone. Knows nothing of drawing.

use socketscope_protocol::{
    Call, CallId, CallName, Event, Fact, Family, Flag, PacketId, Protocol, Segment, SocketType,
};

use super::{Model, PeerId, Place, Program, ProgramId};

/// Events among which a datagram is looked for that a message is about: the kernel answers at once.
const LATELY: usize = 64;

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

    /// Whoever packets are from that are nobody's in this room: each has a lifeline, even where no call has told of it, as
    /// nobody accepts its connection.
    pub(super) fn meet_all(&mut self) {
        let packets: Vec<_> = self.lab.unplaced().map(|record| record.id).collect();
        packets.into_iter().for_each(|id| self.meet(id));
    }

    /// The same, for one packet. Who is only sent something need not be there, and where nobody listens the kernel says so.
    pub(super) fn meet(&mut self, id: PacketId) {
        if !self.lab.hosts().is_empty() {
            return;
        }
        let Some(record) = self.lab.packet(id) else { return };
        let Some(header) = self.header(record) else { return };
        let [Place::Outside, Place::Program(program)] = record.ends else { return };
        let refuses = |segment: &Segment| segment.has(Flag::Rst);
        let somebody = match header.protocol {
            Protocol::Tcp => !header.segment.as_ref().is_some_and(refuses),
            protocol => protocol == Protocol::Udp,
        };
        let address = header.from.clone();
        let is_bound = |kind| self.bound.holder(kind, Family::Inet, &address).is_some();
        if !somebody
            || self.may_be_ours()
            || is_bound(SocketType::Stream)
            || is_bound(SocketType::Dgram)
        {
            return;
        }
        let seq = self.head();
        self.peers.at(&address, program, seq, self.first);
    }

    /// A packet of this machine's own network is shown since a socket of the room sends or receives it. Where nothing has been
    /// told of its sender, it is the program whose call to its destination is under way, if there is just one, and it has sent
    /// nothing there yet.
    pub(super) fn guess_sender(&mut self, id: PacketId) {
        let is_ours = self.lab.hosts().is_empty();
        let record = self.lab.packet(id).filter(|it| is_ours && it.ends[0] == Place::Outside);
        let Some(header) = record.and_then(|record| self.header(record)) else { return };
        let calls_there = |id: &CallId| {
            let record = self.calls.get(id)?;
            let to = match self.call_made(record)? {
                Call::Connect { address } | Call::Sendto { address, .. } => address,
                _ => return None,
            };
            let since = record.enter.filter(|_| *to == header.to)?.seq;
            let is_other = |event: &Event| match &event.fact {
                Fact::Depart { header: sent, .. } => sent.to == *to && sent.from != header.from,
                _ => false,
            };
            (!self.events_from(since).any(is_other)).then_some(())
        };
        let calls = |it: &&Program| it.waiting.iter().any(|id| calls_there(id).is_some());
        let calling: Vec<_> =
            self.programs.values().filter(calls).map(|it| it.id).take(2).collect();
        let (protocol, from) = (header.protocol, header.from.clone());
        if let [program] = calling[..] {
            self.lab.holders.hold(None, protocol, &from, program);
            self.place_packets();
        }
    }

    /// An ICMP message of this machine's own network has no ports: it is about the last datagram that came from where it goes,
    /// and for whoever sent that.
    pub(super) fn address_message(&mut self, id: PacketId) {
        let is_ours = self.lab.hosts().is_empty();
        let record = self.lab.packet(id).filter(|it| is_ours && it.ends == [Place::Outside; 2]);
        let Some(header) = record.and_then(|record| self.header(record)) else { return };
        if header.icmp.is_none() {
            return;
        }
        let sender = self.events.iter().rev().take(LATELY).find_map(|event| match &event.fact {
            Fact::Depart { header: sent, .. } if sent.protocol == Protocol::Udp => {
                let (ip, _) = sent.from.rsplit_once(':')?;
                let ip = ip.trim_matches(['[', ']']);
                (ip == header.to).then(|| self.lab.place_of(Protocol::Udp, &sent.from))
            }
            _ => None,
        });
        if let Some(sender) = sender {
            self.lab.arrives_at(id, sender);
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
