//! A packet's way: from the device that it is read from, by what is decided about it, to the device that it is written to.

use std::{
    io::{ErrorKind, Read, Write},
    time::Duration,
};

use socketscope_protocol::{
    Fact, Fate, Loss, Medium, PacketId, Protocol,
    limits::{HELD_PACKETS, PACKETS_UNDER_WAY},
};

use super::{
    super::packet::Headers,
    Card, Inner, Plug, Wire,
    fate::{Outcome, Traveller},
    order::Piece,
    parcel::{self, Parcel, Way, is_of},
};
use crate::clock;

impl Inner {
    /// Reads at most `most` packets of the host at `plug` and sends each on its way. Returns whether there was any.
    pub(super) fn carry(&mut self, wire: &Wire, plug: usize, most: usize) -> bool {
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut any = false;
        for _ in 0..most {
            let Some(Plug { card: Some(card), .. }) = self.plugs.get(plug) else { break };
            match (&*card.device).read(&mut buffer) {
                Ok(length) => self.depart(wire, plug, &buffer[..length]),
                Err(error) => {
                    if error.kind() != ErrorKind::WouldBlock {
                        tracing::warn!(%error, "a host's device cannot be read");
                    }
                    break;
                }
            }
            any = true;
        }
        self.buffer = buffer;
        any
    }

    /// The time of what is noted now. The kernel had sent a packet before a call returned, whenever we came to read it.
    pub(super) fn now(&self) -> u64 {
        self.fence.unwrap_or(u64::MAX).min(clock::now())
    }

    pub(super) fn depart(&mut self, wire: &Wire, from: usize, bytes: &[u8]) {
        let now = self.now();
        self.last_packet += 1;
        let id = PacketId(self.last_packet);
        // The wire carries IPv4.
        let headers = Headers::read(bytes).filter(|headers| headers.to.is_ipv4());
        let Some(headers) = headers else {
            return self.depart_unread(wire, from, id, bytes, now);
        };
        let course = (headers.from, headers.to, headers.protocol);
        let (protocol, size) = (headers.protocol, headers.size);
        let found = headers.tcp.as_ref().map(|tcp| self.flows.note(id, &headers, tcp, now));
        let completes = found.as_ref().is_some_and(|found| found.completes_handshake);
        let to_address = headers.to.ip();
        let is_there = |card: &Card| card.address == to_address;
        let to = self.plugs.iter().position(|plug| plug.card.as_ref().is_some_and(is_there));
        let Some(own) = self.plugs.get(from).and_then(|plug| plug.host.as_ref()) else { return };
        let there = to.and_then(|to| self.plugs[to].host.as_ref());
        let rules_before = self.fates.rules().len();
        let is_of = |kind| is_of(kind, &headers, completes);
        let outcome = match there {
            Some(there) => self.fates.decide(&Traveller { from: own, to: there, is_of: &is_of }),
            None if headers.is_broadcast() => Outcome::Lost(Loss::Broadcast),
            None => Outcome::Lost(Loss::NoHost),
        };
        // A packet that somebody has to decide about is told, however many there are.
        let told = self.packets.take(now) || matches!(outcome, Outcome::Held { .. });
        let piece = Piece::of(&headers);
        if told {
            let (host, to_host, medium) = (Some(own.clone()), there.cloned(), Medium::Wire);
            // Of a packet that is only counted nobody can see what it stands before.
            self.hear_before_departure(wire, from);
            self.tell_sums_before(wire, course, now);
            let mut header = headers.shown(bytes);
            if let (Some(found), Some(segment)) = (found, &mut header.segment) {
                found.put_into(segment);
            }
            let header = Box::new(header);
            let depart = Fact::Depart { packet: id, host, to_host, medium, header };
            wire.journal.append(now, depart);
        } else {
            let marks = found.as_ref().map_or(&[][..], |found| &found.marks);
            self.sums.departed(&headers, marks, now);
            self.hurry_sums(wire);
        }
        if protocol == Protocol::Tcp {
            self.look(wire, from, protocol, course.0, Some(course.1), now);
        }
        let to = to.unwrap_or(from);
        let (copy, by_rule) = (false, outcome == Outcome::Held { by_rule: true });
        let parcel = |bytes| Parcel { id, from, to, course, piece, told, copy, by_rule, bytes };
        let rules = self.fates.rules().len();
        match outcome {
            Outcome::Lost(why) => self.lose(wire, &parcel(Box::default()), why),
            Outcome::Held { .. } if self.held.len() >= HELD_PACKETS => {
                self.lose(wire, &parcel(Box::default()), Loss::Full);
            }
            Outcome::Held { .. } => {
                wire.journal.append(now, Fact::Hold { packet: id });
                self.held.insert(id, parcel(bytes.into()));
            }
            Outcome::Travels { delay_ms, twice, rate_kbit, .. }
                if delay_ms == 0.0 && rate_kbit == 0 && self.at_once(from, to) =>
            {
                let mut parcel = parcel(Box::default());
                self.arrive(wire, &parcel, bytes);
                if twice {
                    parcel.copy = true;
                    self.arrive(wire, &parcel, bytes);
                }
            }
            // Before its turn is known: what is lost so takes none of the link's time.
            Outcome::Travels { .. } if self.travelling.len() >= PACKETS_UNDER_WAY => {
                self.lose(wire, &parcel(Box::default()), Loss::Full);
            }
            Outcome::Travels { delay_ms, overtaken, twice, rate_kbit } => {
                let delay = Duration::from_secs_f64(delay_ms / 1e3);
                let way = Way { size: size.into(), rate_kbit, delay, overtaken };
                let times = self.turn_of(from, to, &way);
                for copy in [false, true].into_iter().take(1 + usize::from(twice)) {
                    self.travel(wire, way, times, Parcel { copy, ..parcel(bytes.into()) });
                }
            }
        }
        if rules < rules_before {
            self.tell_settings(wire, now);
        }
    }

    /// What cannot be read cannot be carried; it is shown all the same.
    pub(super) fn depart_unread(
        &mut self,
        wire: &Wire,
        from: usize,
        id: PacketId,
        bytes: &[u8],
        now: u64,
    ) {
        if !self.packets.take(now) {
            return self.not_seen(wire, from, 1);
        }
        self.hear_before_departure(wire, from);
        let Some(Plug { host, card: Some(card), .. }) = self.plugs.get(from) else { return };
        let header = Box::new(parcel::unread(card.address, bytes));
        let (host, medium) = (host.clone(), Medium::Wire);
        let depart = Fact::Depart { packet: id, host, to_host: None, medium, header };
        wire.journal.append(now, depart);
        wire.journal.append(clock::now(), Fact::Lose { packet: id, why: Loss::NotIpv4 });
    }

    /// Hands a packet to its destination's kernel, which has handled it when this returns.
    pub(super) fn arrive(&mut self, wire: &Wire, parcel: &Parcel, bytes: &[u8]) {
        let Some(Plug { card: Some(card), .. }) = self.plugs.get(parcel.to) else {
            return self.lose(wire, parcel, Loss::Ended);
        };
        let now = clock::now();
        let (from, to, protocol) = parcel.course;
        if let Some(piece) = parcel.piece {
            self.order.arrived(from, to, piece, now);
        }
        if let Err(error) = (&*card.device).write(bytes) {
            tracing::debug!(%error, host = %card.address, "a host's device did not take a packet");
            return self.lose(wire, parcel, Loss::Refused);
        }
        if parcel.told {
            wire.journal.append(now, Fact::Arrive { packet: parcel.id, copy: parcel.copy });
        } else if !parcel.copy {
            self.sums.arrived(parcel.course, now);
            self.hurry_sums(wire);
        }
        if matches!(protocol, Protocol::Tcp | Protocol::Udp) {
            self.look(wire, parcel.to, protocol, to, Some(from), now);
        }
    }

    pub(super) fn lose(&mut self, wire: &Wire, parcel: &Parcel, why: Loss) {
        let now = self.now();
        if parcel.told {
            if !parcel.copy {
                wire.journal.append(now, Fact::Lose { packet: parcel.id, why });
            }
        } else if !parcel.copy {
            self.sums.lost(parcel.course, now);
            self.hurry_sums(wire);
        }
    }

    pub(super) fn release(&mut self, wire: &Wire, id: PacketId, fate: Fate) -> bool {
        let Some(parcel) = self.held.remove(&id) else { return false };
        match fate {
            Fate::Deliver => self.arrive(wire, &parcel, &parcel.bytes),
            Fate::Lose => self.lose(wire, &parcel, Loss::Hand),
        }
        true
    }

    pub(super) fn lose_all(&mut self, wire: &Wire) {
        while let Some(parcel) = self.next_travelling() {
            self.lose(wire, &parcel, Loss::Ended);
        }
        for parcel in std::mem::take(&mut self.held).into_values() {
            self.lose(wire, &parcel, Loss::Ended);
        }
    }
}
