//! Which packets are whose, by their addresses. Pure. A packet is a room's where one of its ends is a socket of the room's,
//! or was until a moment ago.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    net::{IpAddr, SocketAddr},
};

use socketscope_protocol::Protocol;

use super::super::{address::in_packets, packet::Headers};

/// Connections that are remembered after their socket is closed: they say good-bye for a while yet.
const LATE: usize = 512;

/// Bytes of IPv6's header; Linux puts none of its extensions in front of an error.
const IPV6_HEADER: usize = 40;

pub(super) type RoomNumber = u64;

/// One end of a connection, and the other.
type Tuple = (Protocol, SocketAddr, SocketAddr);

/// Where a socket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// It takes what anybody sends to it.
    Open(Protocol, SocketAddr),
    /// It is one end of a TCP connection.
    Connected(Tuple),
}

/// Whose a packet is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Whose {
    pub(super) rooms: Vec<RoomNumber>,
    /// Whether a call is under way that may have sent it: then it may be another room's, too.
    pub(super) unsure: bool,
}

/// Who a packet is between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parties {
    protocol: Protocol,
    from: SocketAddr,
    to: SocketAddr,
    /// Whether it is the first of a connection: then it belongs to none that was there before.
    opens: bool,
}

/// What is known of the rooms' sockets.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// By the number of their file.
    sockets: HashMap<u64, (RoomNumber, Place)>,
    open: HashMap<(Protocol, u16), Vec<(IpAddr, RoomNumber)>>,
    connected: HashMap<Tuple, RoomNumber>,
    late: HashMap<Tuple, RoomNumber>,
    late_order: VecDeque<Tuple>,
    expected: Vec<(Protocol, SocketAddr)>,
    /// How many of the above need a port to be handed over.
    ports: BTreeMap<u16, usize>,
    ports_changed: bool,
}

impl Parties {
    /// Of a TCP segment, a UDP datagram, or an ICMP message about one. None where the packet is neither.
    pub(super) fn of(packet: &[u8]) -> Option<Self> {
        let headers = Headers::read(packet)?;
        if let Some(icmp) = headers.icmp {
            let (header, unreachable) = match headers.protocol {
                Protocol::Icmp => (4 * usize::from(packet.first()? & 15), 3),
                _ => (IPV6_HEADER, 1),
            };
            // Behind eight bytes an error has the packet that it is about (RFC 792; RFC 4443, section 3.1).
            let about = Headers::read(packet.get(header + 8..)?)?;
            let known = matches!(about.protocol, Protocol::Tcp | Protocol::Udp);
            return (known && icmp.icmp_type == unreachable).then_some(Self {
                protocol: about.protocol,
                from: about.from,
                to: about.to,
                opens: false,
            });
        }
        let flags = headers.tcp.as_ref().map(|tcp| tcp.flags);
        matches!(headers.protocol, Protocol::Tcp | Protocol::Udp).then_some(Self {
            protocol: headers.protocol,
            from: headers.from,
            to: headers.to,
            opens: flags.is_some_and(|flags| flags.syn && !flags.ack),
        })
    }
}

impl Known {
    /// Takes note of where a socket is now.
    pub(super) fn place(
        &mut self,
        room: RoomNumber,
        inode: u64,
        protocol: Protocol,
        local: SocketAddr,
        peer: Option<SocketAddr>,
    ) {
        let peer = peer.filter(|_| protocol == Protocol::Tcp);
        let (local, peer) = (in_packets(local), peer.map(in_packets));
        let place = match peer {
            Some(peer) => Place::Connected((protocol, local, peer)),
            None => Place::Open(protocol, local),
        };
        if self.sockets.get(&inode).is_some_and(|(_, before)| *before == place) {
            return;
        }
        self.leave(inode, false);
        self.sockets.insert(inode, (room, place));
        match place {
            Place::Open(protocol, local) => {
                self.open.entry((protocol, local.port())).or_default().push((local.ip(), room));
            }
            Place::Connected(tuple) => drop(self.connected.insert(tuple, room)),
        }
        self.need(port(place), true);
    }

    /// A socket is closed.
    pub(super) fn forget(&mut self, inode: u64) {
        self.leave(inode, true);
    }

    pub(super) fn forget_room(&mut self, room: RoomNumber) {
        let sockets = self.sockets.iter().filter(|(_, (of, _))| *of == room);
        let inodes: Vec<_> = sockets.map(|(inode, _)| *inode).collect();
        inodes.into_iter().for_each(|inode| self.leave(inode, false));
        let late = self.late.iter().filter(|(_, of)| **of == room);
        let late: Vec<_> = late.map(|(tuple, _)| *tuple).collect();
        late.iter().for_each(|tuple| self.forget_late(tuple));
    }

    /// From now on something may be sent to `to` by a socket whose address is not known yet.
    pub(super) fn expect(&mut self, protocol: Protocol, to: SocketAddr) {
        self.expected.push((protocol, in_packets(to)));
        self.need(to.port(), true);
    }

    pub(super) fn expect_no_more(&mut self, protocol: Protocol, to: SocketAddr) {
        let expected = (protocol, in_packets(to));
        if let Some(at) = self.expected.iter().position(|it| *it == expected) {
            self.expected.swap_remove(at);
            self.need(to.port(), false);
        }
    }

    pub(super) fn whose(&mut self, parties: &Parties) -> Whose {
        let Parties { protocol, from, to, opens } = *parties;
        let mut rooms: Vec<_> = [(from, to), (to, from)]
            .into_iter()
            .filter_map(|(local, peer)| self.end((protocol, local, peer), opens))
            .collect();
        rooms.dedup();
        let may_be = |to| self.expected.contains(&(protocol, to));
        Whose { rooms, unsure: may_be(from) || may_be(to) }
    }

    /// Whether a connection's end is a room's.
    pub(super) fn owns(
        &mut self,
        room: RoomNumber,
        protocol: Protocol,
        local: SocketAddr,
        peer: SocketAddr,
    ) -> bool {
        self.end((protocol, in_packets(local), in_packets(peer)), false) == Some(room)
    }

    /// The ports that concern a room, where they have changed since they were asked for.
    pub(super) fn changed_ports(&mut self) -> Option<Vec<u16>> {
        std::mem::take(&mut self.ports_changed).then(|| self.ports.keys().copied().collect())
    }

    /// Whose one end is.
    fn end(&mut self, tuple: Tuple, opens: bool) -> Option<RoomNumber> {
        let (protocol, local, _) = tuple;
        if let Some(room) = self.connected.get(&tuple) {
            return Some(*room);
        }
        let open = self.open.get(&(protocol, local.port())).into_iter().flatten();
        let takes = |(ip, _): &&(IpAddr, RoomNumber)| takes(*ip, local.ip());
        if let Some(&(_, room)) = open.rev().find(takes) {
            if protocol == Protocol::Tcp {
                // It goes on when the listener is closed.
                self.remember_late(tuple, room);
            }
            return Some(room);
        }
        if opens {
            self.forget_late(&tuple);
        }
        self.late.get(&tuple).copied()
    }

    /// Takes a socket from where it was.
    fn leave(&mut self, inode: u64, late: bool) {
        let Some((room, place)) = self.sockets.remove(&inode) else { return };
        match place {
            Place::Open(protocol, local) => {
                let key = (protocol, local.port());
                if let Some(open) = self.open.get_mut(&key) {
                    if let Some(at) = open.iter().position(|one| *one == (local.ip(), room)) {
                        open.swap_remove(at);
                    }
                    if open.is_empty() {
                        self.open.remove(&key);
                    }
                }
            }
            Place::Connected(tuple) => {
                self.connected.remove(&tuple);
                if late {
                    self.remember_late(tuple, room);
                }
            }
        }
        self.need(port(place), false);
    }

    fn remember_late(&mut self, tuple: Tuple, room: RoomNumber) {
        if self.late.insert(tuple, room).is_some() {
            return;
        }
        self.need(port(Place::Connected(tuple)), true);
        self.late_order.push_back(tuple);
        if self.late_order.len() > LATE
            && let Some(oldest) = self.late_order.pop_front()
            && self.late.remove(&oldest).is_some()
        {
            self.need(port(Place::Connected(oldest)), false);
        }
    }

    fn forget_late(&mut self, tuple: &Tuple) {
        if self.late.remove(tuple).is_some() {
            self.late_order.retain(|late| late != tuple);
            self.need(port(Place::Connected(*tuple)), false);
        }
    }

    fn need(&mut self, port: u16, on: bool) {
        let needed = self.ports.entry(port).or_default();
        *needed = if on { *needed + 1 } else { needed.saturating_sub(1) };
        if *needed == 0 {
            self.ports.remove(&port);
            self.ports_changed = true;
        } else if on && *needed == 1 {
            self.ports_changed = true;
        }
    }
}

/// The port that its packets are known by: of a connection's, the lower one, which is mostly the server's. So clients that
/// come and go do not change the filter.
fn port(place: Place) -> u16 {
    match place {
        Place::Open(_, local) => local.port(),
        Place::Connected((_, local, peer)) => local.port().min(peer.port()),
    }
}

/// Whether a socket that is bound to `bound` gets what is sent to `to`. One at [::] gets what IPv4 brings, too (ipv6(7)).
fn takes(bound: IpAddr, to: IpAddr) -> bool {
    bound == to || bound.is_unspecified() && (bound.is_ipv6() || to.is_ipv4())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    fn tcp(known: &mut Known, from: &str, to: &str, opens: bool) -> Whose {
        known.whose(&Parties { protocol: Protocol::Tcp, from: at(from), to: at(to), opens })
    }

    fn rooms(rooms: &[RoomNumber]) -> Whose {
        Whose { rooms: rooms.into(), unsure: false }
    }

    const SERVER: &str = "127.0.0.1:9000";
    const CLIENT: &str = "127.0.0.1:40000";
    const OTHER: &str = "127.0.0.1:9001";

    #[test]
    fn a_listener_and_what_came_to_it() {
        let mut known = Known::default();
        known.place(1, 10, Protocol::Tcp, at("0.0.0.0:9000"), None);
        assert_eq!(known.changed_ports(), Some(vec![9000]));
        assert_eq!(tcp(&mut known, CLIENT, SERVER, true), rooms(&[1]));
        assert_eq!(tcp(&mut known, SERVER, CLIENT, false), rooms(&[1]));
        assert_eq!(tcp(&mut known, CLIENT, OTHER, true), rooms(&[]));
        known.forget(10);
        assert_eq!(tcp(&mut known, SERVER, CLIENT, false), rooms(&[1]), "its good-bye");
        assert_eq!(tcp(&mut known, CLIENT, SERVER, true), rooms(&[]), "another's from now on");
        assert_eq!(tcp(&mut known, SERVER, CLIENT, false), rooms(&[]));
    }

    #[test]
    fn a_wildcard_is_of_one_version_or_of_both() {
        let mut known = Known::default();
        known.place(1, 10, Protocol::Tcp, at("0.0.0.0:9000"), None);
        known.place(2, 11, Protocol::Tcp, at("[::]:9001"), None);
        assert_eq!(tcp(&mut known, "[::1]:40000", "[::1]:9000", true), rooms(&[]));
        assert_eq!(tcp(&mut known, "[::1]:40000", "[::1]:9001", true), rooms(&[2]));
        assert_eq!(tcp(&mut known, CLIENT, OTHER, true), rooms(&[2]));
        // A client of IPv6's that has written IPv4 addresses as its own sends IPv4.
        known.place(
            3,
            12,
            Protocol::Tcp,
            at("[::ffff:127.0.0.1]:40001"),
            Some(at("[::ffff:127.0.0.1]:8000")),
        );
        assert_eq!(tcp(&mut known, "127.0.0.1:40001", "127.0.0.1:8000", false), rooms(&[3]));
    }

    #[test]
    fn a_client_is_known_by_both_ends() {
        let mut known = Known::default();
        known.expect(Protocol::Tcp, at(SERVER));
        assert!(tcp(&mut known, CLIENT, SERVER, true).unsure);
        known.place(1, 10, Protocol::Tcp, at(CLIENT), Some(at(SERVER)));
        known.expect_no_more(Protocol::Tcp, at(SERVER));
        assert_eq!(tcp(&mut known, CLIENT, SERVER, true), rooms(&[1]));
        assert_eq!(tcp(&mut known, SERVER, CLIENT, false), rooms(&[1]));
        // The same port to another server is another program's.
        assert_eq!(tcp(&mut known, CLIENT, OTHER, true), rooms(&[]));
        assert_eq!(tcp(&mut known, "127.0.0.1:40001", SERVER, true), rooms(&[]));
    }

    #[test]
    fn two_rooms_have_the_two_ends() {
        let mut known = Known::default();
        known.place(1, 10, Protocol::Tcp, at(SERVER), None);
        known.place(2, 11, Protocol::Tcp, at(CLIENT), Some(at(SERVER)));
        assert_eq!(tcp(&mut known, CLIENT, SERVER, true), rooms(&[2, 1]));
        known.forget_room(1);
        assert_eq!(tcp(&mut known, CLIENT, SERVER, true), rooms(&[2]));
        known.forget_room(2);
        assert_eq!(tcp(&mut known, CLIENT, SERVER, true), rooms(&[]));
        known.changed_ports();
        assert!(known.ports.is_empty() && known.late_order.is_empty());
    }

    #[test]
    fn what_is_remembered_has_an_end() {
        let mut known = Known::default();
        known.place(1, 10, Protocol::Tcp, at(SERVER), None);
        for port in 10_000..12_000 {
            tcp(&mut known, &format!("127.0.0.1:{port}"), SERVER, true);
        }
        assert_eq!((known.late.len(), known.late_order.len()), (LATE, LATE));
        known.forget_room(1);
        assert!(known.ports.is_empty());
    }
}
