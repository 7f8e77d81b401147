//! What tests write of hosts, packets and states.

use socketscope_protocol::{
    Change, Fact, Flag, HostChange, HostName, KernelState, Loss, Medium, Packet, PacketId,
    Protocol, Role, Segment, TcpState,
};

use super::{Journal, Move, bind, connect, fd, name, recv, send};

pub(crate) fn host_name(name: &str) -> HostName {
    HostName::new(name).unwrap()
}

/// A segment with these flags.
pub(crate) fn segment(from: &str, to: &str, flags: &[Flag], length: u32) -> Packet {
    let segment = Segment {
        flags: flags.to_vec(),
        relative_seq: Some(0),
        relative_ack: Some(1),
        ..Segment::default()
    };
    Packet {
        from: from.into(),
        to: to.into(),
        protocol: Protocol::Tcp,
        length,
        size: length + 40,
        segment: Some(segment),
        ..Packet::default()
    }
}

/// A datagram.
pub(crate) fn datagram(from: &str, to: &str, length: u32) -> Packet {
    let protocol = Protocol::Udp;
    Packet { protocol, segment: None, size: length + 28, ..segment(from, to, &[], length) }
}

/// What the kernel says of a socket of `program`.
pub(crate) fn state(
    host: Option<&str>,
    program: &str,
    local: &str,
    peer: Option<&str>,
    state: TcpState,
) -> KernelState {
    KernelState {
        host: host.map(host_name),
        program: Some(name(program)),
        fd: Some(socketscope_protocol::Fd(3)),
        protocol: Protocol::Tcp,
        local: local.into(),
        peer: peer.map(str::to_owned),
        state,
        ..KernelState::default()
    }
}

impl Journal {
    pub(crate) fn host(&mut self, host: &str, address: &str) {
        let change = HostChange::Started(address.parse().unwrap());
        self.fact(Fact::Host { host: host_name(host), change });
    }

    pub(crate) fn start_on(&mut self, host: &str, program: &str) {
        let host = Some(host_name(host));
        let change = Change::Started(Role::Manual);
        self.fact(Fact::Program { program: name(program), host, change });
    }

    /// A packet on the wire between two hosts, or on this machine's loopback where neither is one.
    pub(crate) fn depart(&mut self, hosts: [Option<&str>; 2], header: Packet) -> PacketId {
        let [host, to_host] = hosts.map(|host| host.map(host_name));
        let medium =
            if host.is_some() && host != to_host { Medium::Wire } else { Medium::Loopback };
        let packet = PacketId(self.seq + 1);
        let header = Box::new(header);
        self.fact(Fact::Depart { packet, host, to_host, medium, header });
        packet
    }

    pub(crate) fn arrive(&mut self, packet: PacketId) {
        self.fact(Fact::Arrive { packet, copy: false });
    }

    pub(crate) fn lose(&mut self, packet: PacketId, why: Loss) {
        self.fact(Fact::Lose { packet, why });
    }

    pub(crate) fn tell(&mut self, state: KernelState) {
        self.fact(Fact::State(Box::new(state)));
    }

    /// Two hosts, a listening server on the first one and a client on the second one.
    pub(crate) fn lab() -> Self {
        let mut journal = Self::new(100_000);
        journal.host("server", "10.0.0.1");
        journal.host("client", "10.0.0.2");
        journal.start_on("server", "server");
        journal.start_on("client", "client");
        let listens = state(Some("server"), "server", "10.0.0.1:9000", None, TcpState::Listen);
        journal.tell(KernelState { accept_queue: Some(0), backlog: Some(1), ..listens });
        journal
    }
}

/// A journal of a lab in which `moves` decide what happens: calls, packets that are lost, held, sent again, and states.
pub(crate) fn lab_nonsense(hosts: usize, moves: &[Move]) -> Journal {
    const STATES: [TcpState; 5] = [
        TcpState::Listen,
        TcpState::SynRecv,
        TcpState::Established,
        TcpState::FinWait1,
        TcpState::Close,
    ];
    let mut journal = Journal::new(10_000);
    let names: Vec<_> = (0..hosts).map(|at| format!("host{at}")).collect();
    for (at, host) in names.iter().enumerate() {
        journal.host(host, &format!("10.0.0.{}", at + 1));
    }
    let mut travelling = Vec::new();
    let mut before = None;
    for (who, what, how) in moves {
        let (from, to) = (usize::from(*who) % (hosts + 1), usize::from(*how) % (hosts + 1));
        let (host, program) = (from.min(hosts - 1), format!("program-{}", who % 5));
        let address = |at: usize, port: u8| format!("10.0.0.{}:90{}", at + 1, 10 + port % 5);
        match what % 16 {
            0 => journal.start_on(&names[host], &program),
            1..=3 => {
                let call = [bind("10.0.0.1:9000"), connect("10.0.0.1:9000"), recv(), send("hi")];
                let id = journal.enter(&program, Some(3), call[usize::from(how % 4)].clone());
                if how % 3 == 0 {
                    journal.ok(id, fd(3));
                }
            }
            4..=8 => {
                let flags = [&[Flag::Syn][..], &[Flag::Syn, Flag::Ack], &[Flag::Ack], &[Flag::Fin]];
                let (from, to) = (host, to);
                let length = u32::from(*how) * 3;
                let mut header =
                    segment(&address(from, *who), &address(to, *how), flags[from % 4], length);
                if let Some(segment) = header.segment.as_mut().filter(|_| how % 5 == 0) {
                    segment.original = before;
                }
                let to_host = names.get(to).map(String::as_str);
                let id = journal.depart([Some(&names[from]), to_host], header);
                before = Some(id);
                travelling.push(id);
            }
            9..=11 if !travelling.is_empty() => {
                let id = travelling.remove(usize::from(*how) % travelling.len());
                match how % 4 {
                    0 => journal.lose(id, Loss::NoHost),
                    1 => {
                        journal.fact(Fact::Hold { packet: id });
                        travelling.push(id);
                    }
                    _ => journal.arrive(id),
                }
            }
            _ => {
                let own = address(host, *who);
                let state = state(
                    Some(&names[host]),
                    &program,
                    &own,
                    (how % 2 == 0).then_some("10.0.0.9:1"),
                    STATES[usize::from(how % 5)],
                );
                let queue = Some(u32::from(how % 7));
                let listens = state.state == TcpState::Listen;
                journal.tell(KernelState {
                    accept_queue: queue.filter(|_| listens),
                    backlog: Some(5).filter(|_| listens),
                    receive_queue: queue.filter(|_| !listens),
                    send_queue: queue.filter(|_| !listens),
                    ..state
                });
            }
        }
    }
    journal
}
