//! Sockets as sock_diag(7) tells them: also those that no descriptor has. Asking for one takes about 10 µs.

use std::{io, net::SocketAddr};

use nix::net::if_::if_nametoindex;
use socketscope_protocol::{KernelState, Protocol, TcpState, Timer};

use crate::netlink::{NETLINK_SOCK_DIAG, Netlink, Request, attribute};

const SOCK_DIAG_BY_FAMILY: u16 = 20;
/// Attributes of an answer (linux/inet_diag.h): `struct tcp_info`, and the socket's memory.
const INET_DIAG_INFO: u16 = 2;
const INET_DIAG_SKMEMINFO: u16 = 7;
/// Bytes of `struct inet_diag_msg`.
const MESSAGE_BYTES: usize = 72;
/// Where the drops stand in the socket's memory (linux/sock_diag.h), in 32-bit words.
const SK_MEMINFO_DROPS: usize = 8;

/// Asks the kernel of one network namespace about its sockets.
pub(crate) struct Diag {
    kernel: Netlink,
    /// The index of the device that the sockets may be bound to; 0: to none.
    device: u32,
}

/// What the kernel said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// The file's number; 0 where no descriptor has the socket.
    pub(crate) inode: u32,
    /// Everything but whose it is.
    pub(crate) state: KernelState,
}

impl Diag {
    /// In the namespace of the thread that opens it.
    pub(crate) fn open() -> io::Result<Self> {
        let kernel = Netlink::open(NETLINK_SOCK_DIAG)?;
        Ok(Self { kernel, device: 0 })
    }

    /// Finds sockets that are bound to `device`, too. Without this the kernel takes them for others.
    pub(crate) fn bound_to(self, device: &str) -> io::Result<Self> {
        Ok(Self { device: if_nametoindex(device)?, ..self })
    }

    /// The socket at `local` that is connected to `peer`; without one, the socket that waits at `local` for anybody. Where
    /// there is no connected one, the waiting one is told.
    pub(crate) fn socket(
        &self,
        protocol: Protocol,
        local: SocketAddr,
        peer: Option<SocketAddr>,
    ) -> io::Result<Option<Told>> {
        let nobody = |like: SocketAddr| match like {
            SocketAddr::V4(_) => SocketAddr::from(([0; 4], 0)),
            SocketAddr::V6(_) => SocketAddr::from(([0; 16], 0)),
        };
        let peer = peer.unwrap_or_else(|| nobody(local));
        let (number, source, destination) = match protocol {
            Protocol::Tcp => (nix::libc::IPPROTO_TCP, local, peer),
            // An exact request for a UDP socket names the two as a packet to it would (udp_dump_one).
            Protocol::Udp => (nix::libc::IPPROTO_UDP, peer, local),
            Protocol::Icmp | Protocol::Icmpv6 | Protocol::Other => return Ok(None),
        };
        let family = if local.is_ipv4() { nix::libc::AF_INET } else { nix::libc::AF_INET6 };
        let wanted = (1u8 << (INET_DIAG_INFO - 1)) | (1 << (INET_DIAG_SKMEMINFO - 1));
        // struct inet_diag_req_v2: all states, any cookie.
        let mut fixed = vec![family as u8, number as u8, wanted, 0];
        fixed.extend_from_slice(&u32::MAX.to_ne_bytes());
        fixed.extend_from_slice(&source.port().to_be_bytes());
        fixed.extend_from_slice(&destination.port().to_be_bytes());
        for address in [source, destination] {
            let mut words = [0; 16];
            match address {
                SocketAddr::V4(v4) => words[..4].copy_from_slice(&v4.ip().octets()),
                SocketAddr::V6(v6) => words.copy_from_slice(&v6.ip().octets()),
            }
            fixed.extend_from_slice(&words);
        }
        fixed.extend_from_slice(&self.device.to_ne_bytes());
        fixed.extend_from_slice(&[0xff; 8]);
        match self.kernel.ask(Request::new(SOCK_DIAG_BY_FAMILY, 0, &fixed)) {
            Ok(answer) => Ok(read(protocol, &answer)),
            Err(error) if error.raw_os_error() == Some(nix::libc::ENOENT) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Reads `struct inet_diag_msg` and the attributes behind it.
fn read(protocol: Protocol, answer: &[u8]) -> Option<Told> {
    let message: &[u8; MESSAGE_BYTES] = answer.first_chunk()?;
    let attributes = &answer[MESSAGE_BYTES..];
    let word = |at: usize| {
        let bytes = [message[at], message[at + 1], message[at + 2], message[at + 3]];
        u32::from_ne_bytes(bytes)
    };
    let state = tcp_state(message[1])?;
    let listens = state == TcpState::Listen;
    let address = |port: usize, ip: usize| {
        let port = u16::from_be_bytes([message[port], message[port + 1]]);
        if message[0] == nix::libc::AF_INET as u8 {
            let octets = [message[ip], message[ip + 1], message[ip + 2], message[ip + 3]];
            return SocketAddr::from((octets, port));
        }
        let octets: [u8; 16] = message[ip..ip + 16].try_into().unwrap_or_default();
        SocketAddr::from((octets, port))
    };
    let (local, peer) = (address(4, 8), address(6, 24));
    let (receive, send) = bytes_of(state, word(56), word(60));
    let mut told = KernelState {
        protocol,
        local: local.to_string(),
        peer: (peer.port() != 0).then(|| peer.to_string()),
        state,
        ..KernelState::default()
    };
    if listens {
        (told.accept_queue, told.backlog) = (Some(receive), Some(send));
    } else {
        (told.receive_queue, told.send_queue) = (Some(receive), Some(send));
    }
    told.timer = timer(message[2]);
    if told.timer.is_some() {
        told.retransmits = Some(message[3]);
        told.timer_ms = Some(word(52));
    }
    if let Some(info) = attribute(attributes, INET_DIAG_INFO).filter(|_| !listens) {
        // struct tcp_info (linux/tcp.h).
        (told.rto_us, told.rtt_us, told.cwnd) = (at(info, 8), at(info, 68), at(info, 80));
    }
    let memory = attribute(attributes, INET_DIAG_SKMEMINFO);
    told.drops = memory.and_then(|memory| at(memory, 4 * SK_MEMINFO_DROPS)).filter(|&n| n > 0);
    Some(Told { inode: word(68), state: told })
}

/// The queues in bytes. Between its numbers the kernel counts a SYN and a FIN as one each, which nobody reads or wrote.
fn bytes_of(state: TcpState, receive: u32, send: u32) -> (u32, u32) {
    use TcpState::{CloseWait, Closing, FinWait1, LastAck, SynSent};
    let fin_came = matches!(state, CloseWait | LastAck | Closing);
    let own_waits = matches!(state, SynSent | FinWait1 | LastAck | Closing);
    (receive.saturating_sub(u32::from(fin_came)), send.saturating_sub(u32::from(own_waits)))
}

fn at(bytes: &[u8], offset: usize) -> Option<u32> {
    bytes.get(offset..)?.first_chunk().map(|word| u32::from_ne_bytes(*word))
}

/// The states' numbers are those of `net/tcp_states.h`.
fn tcp_state(number: u8) -> Option<TcpState> {
    Some(match number {
        1 => TcpState::Established,
        2 => TcpState::SynSent,
        // 12 is TCP_NEW_SYN_RECV: the same, kept in less memory.
        3 | 12 => TcpState::SynRecv,
        4 => TcpState::FinWait1,
        5 => TcpState::FinWait2,
        6 => TcpState::TimeWait,
        7 => TcpState::Close,
        8 => TcpState::CloseWait,
        9 => TcpState::LastAck,
        10 => TcpState::Listen,
        11 => TcpState::Closing,
        _ => return None,
    })
}

fn timer(number: u8) -> Option<Timer> {
    Some(match number {
        1 => Timer::Retransmission,
        2 => Timer::KeepAlive,
        3 => Timer::TimeWait,
        4 => Timer::Probe,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write,
        net::{TcpListener, TcpStream},
    };

    use super::*;

    #[test]
    fn a_connection_nobody_has_accepted_is_told() {
        let diag = Diag::open().expect("sock_diag");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let at = listener.local_addr().expect("an address");
        let ask = |local, peer| {
            diag.socket(Protocol::Tcp, local, peer).expect("an answer").expect("a socket")
        };
        let before = ask(at, None).state;
        assert_eq!((before.state, before.accept_queue), (TcpState::Listen, Some(0)));
        let mut client = TcpStream::connect(at).expect("a connection");
        client.write_all(b"hello").expect("sent");
        let own = client.local_addr().expect("an address");
        assert_eq!(ask(at, None).state.accept_queue, Some(1));
        let waiting = ask(at, Some(own));
        assert_eq!((waiting.inode, waiting.state.state), (0, TcpState::Established));
        assert_eq!(waiting.state.receive_queue, Some(5));
        let connected = ask(own, Some(at));
        assert_ne!(connected.inode, 0);
        assert_eq!(connected.state.peer, Some(at.to_string()));
        assert!(connected.state.rtt_us.is_some() && connected.state.cwnd.is_some());
    }

    #[test]
    fn nothing_is_told_of_nothing() {
        let diag = Diag::open().expect("sock_diag");
        let at = "127.0.0.1:1".parse().expect("an address");
        assert_eq!(diag.socket(Protocol::Tcp, at, None).expect("an answer"), None);
        assert_eq!(diag.socket(Protocol::Icmp, at, None).expect("an answer"), None);
    }
}
