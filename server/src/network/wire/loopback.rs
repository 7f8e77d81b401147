//! Packets on a loopback device: they never come to the wire, so they are told as a tap has them. They arrive as they
//! depart, and can be neither delayed nor held.

use std::{io, net::SocketAddr, sync::Arc};

use socketscope_protocol::{Fact, Medium, PacketId, Protocol};

use super::{
    super::{
        capture::Share,
        flow::Flows,
        packet::Headers,
        tap::{Tap, Tapped},
    },
    Inner, Plug, Wire,
    order::{Effect, Order, Piece},
    sums::Course,
};

/// Packets that a returning call reads from its host's tap at most. So many never wait there: the tap has missed others
/// by then, and counts them.
const FENCE: usize = 10_000;

/// Packets that one hold of the lock reads otherwise.
const BATCH: usize = 64;

/// What packets are heard by.
pub(crate) enum Ear {
    /// A host's own tap: all that it has is the room's.
    Own(Arc<Tap>),
    /// The room's share of what goes over this machine's loopback.
    Shared(Arc<Share>),
}

impl Ear {
    /// Fetches what has been heard until now, where that has to be done.
    fn fetch(&self) {
        if let Self::Shared(share) = self {
            share.fetch();
        }
    }

    fn read(&self, buffer: &mut [u8]) -> io::Result<Option<Tapped>> {
        match self {
            Self::Own(tap) => tap.read(buffer),
            Self::Shared(share) => Ok(share.read(buffer)),
        }
    }

    /// Whether the room may look at the socket at one end of a connection.
    fn owns(&self, protocol: Protocol, local: SocketAddr, peer: SocketAddr) -> bool {
        match self {
            Self::Own(_) => true,
            Self::Shared(share) => share.owns(protocol, local, peer),
        }
    }
}

/// The loopback of one host, or of this machine.
pub(crate) struct Loopback {
    ear: Ear,
    /// Hosts have the same addresses on their loopbacks, so each has its own connections.
    flows: Flows,
    pub(super) order: Order,
    missed: u32,
}

impl Loopback {
    pub(crate) fn new(ear: Ear) -> Self {
        Self { ear, flows: Flows::default(), order: Order::default(), missed: 0 }
    }
}

impl Wire {
    /// Tells what has gone over the loopback at `plug`. Returns whether there may be more.
    pub(crate) fn listen(&self, plug: usize) -> bool {
        self.lock().listen(self, plug, BATCH)
    }
}

impl Inner {
    /// Reads all that has gone over the loopback at `plug`, for a call that has returned at `returned`. While packets are so
    /// many that they are only counted, no call waits for them: whoever else listens reads them a little later. The order
    /// of what was not read cannot be judged, so what was known of it is forgotten.
    pub(super) fn listen_for_fence(&mut self, wire: &Wire, plug: usize, returned: u64) {
        let Some(Plug { loopback: Some(loopback), .. }) = self.plugs.get_mut(plug) else { return };
        if self.packets.stays_shut(returned) {
            loopback.order.forget();
        } else {
            loopback.ear.fetch();
            self.listen(wire, plug, FENCE);
        }
    }

    fn listen(&mut self, wire: &Wire, plug: usize, most: usize) -> bool {
        let mut buffer = std::mem::take(&mut self.buffer);
        let (mut more, mut courses) = (true, Vec::new());
        for _ in 0..most {
            let Some(tapped) = self.tapped(wire, plug, &mut buffer) else {
                more = false;
                break;
            };
            let bytes = &buffer[..tapped.length];
            if self.fence.is_some_and(|returned| returned < tapped.at) {
                // It came after the return, and is told after it.
                self.after_fence_tapped.push((plug, tapped, bytes.into()));
            } else {
                self.overhear(wire, plug, tapped.at, bytes, &mut courses);
            }
        }
        self.buffer = buffer;
        self.look_at_ends(wire, plug, &courses);
        more
    }

    /// Tells what came after the return that has now been told.
    pub(super) fn tell_later_tapped(&mut self, wire: &Wire) {
        let mut courses = Vec::new();
        for (plug, tapped, bytes) in std::mem::take(&mut self.after_fence_tapped) {
            courses.clear();
            self.overhear(wire, plug, tapped.at, &bytes, &mut courses);
            self.look_at_ends(wire, plug, &courses);
        }
    }

    fn tapped(&mut self, wire: &Wire, plug: usize, buffer: &mut [u8]) -> Option<Tapped> {
        let Some(Plug { loopback: Some(loopback), .. }) = self.plugs.get_mut(plug) else {
            return None;
        };
        let tapped = match loopback.ear.read(buffer) {
            Ok(tapped) => tapped?,
            Err(error) => {
                tracing::warn!(%error, "a loopback cannot be read");
                return None;
            }
        };
        if tapped.missed != loopback.missed {
            let missed = tapped.missed.wrapping_sub(loopback.missed);
            loopback.missed = tapped.missed;
            loopback.order.forget();
            self.not_seen(wire, plug, missed.into());
        }
        Some(tapped)
    }

    fn overhear(
        &mut self,
        wire: &Wire,
        plug: usize,
        at: u64,
        bytes: &[u8],
        courses: &mut Vec<Course>,
    ) {
        let Some(Plug { host, loopback: Some(loopback), .. }) = self.plugs.get_mut(plug) else {
            return;
        };
        let Some(headers) = Headers::read(bytes) else { return };
        self.last_packet += 1;
        let id = PacketId(self.last_packet);
        let course = (headers.from, headers.to, headers.protocol);
        if let Some(piece) = Piece::of(&headers) {
            loopback.order.arrived(headers.from, headers.to, piece, at);
        }
        let found = headers.tcp.as_ref().map(|tcp| loopback.flows.note(id, &headers, tcp, at));
        if self.packets.take(at) {
            let (host, to_host, medium) = (host.clone(), host.clone(), Medium::Loopback);
            self.tell_sums_before(wire, course, at);
            let mut header = headers.shown(bytes);
            if let (Some(found), Some(segment)) = (found, &mut header.segment) {
                found.put_into(segment);
            }
            let header = Box::new(header);
            wire.journal.append(at, Fact::Depart { packet: id, host, to_host, medium, header });
            wire.journal.append(at, Fact::Arrive { packet: id, copy: false });
        } else {
            let marks = found.as_ref().map_or(&[][..], |found| &found.marks);
            self.sums.departed(&headers, marks, at);
            self.sums.arrived(course, at);
            self.hurry_sums(wire);
        }
        if matches!(course.2, Protocol::Tcp | Protocol::Udp) && !courses.contains(&course) {
            courses.push(course);
        }
    }

    /// What knows of the packets that a call at `plug` may have been caused by; None where they are not seen.
    pub(super) fn order_of(&mut self, plug: usize, effect: &Effect) -> Option<&mut Order> {
        let plug = self.plugs.get_mut(plug)?;
        if effect.is_local() {
            return plug.loopback.as_mut().map(|loopback| &mut loopback.order);
        }
        plug.card.is_some().then_some(&mut self.order)
    }

    /// Asks about both ends once the packets are told: the kernel has gone on since each of them.
    fn look_at_ends(&mut self, wire: &Wire, plug: usize, courses: &[Course]) {
        for &(from, to, protocol) in courses {
            let now = crate::clock::now();
            for (own, peer) in [(from, to), (to, from)] {
                let Some(Plug { loopback: Some(loopback), .. }) = self.plugs.get(plug) else {
                    return;
                };
                if loopback.ear.owns(protocol, own, peer) {
                    self.look(wire, plug, protocol, own, Some(peer), now);
                }
            }
        }
    }
}
