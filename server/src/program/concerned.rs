//! The addresses of a socket that a call concerns, by which the kernel can be asked about it, also when it is closed.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::SockAddr;
use socketscope_protocol::{CallName, Family, Protocol, SocketType};

use super::socket::Socket;
use crate::network::{Effect, Fence, Share, in_packets};

/// A TCP or UDP socket by its addresses; nothing for a Unix socket, or one without an address.
pub(super) struct Concerned(Option<(Protocol, SocketAddr, Option<SocketAddr>)>);

impl Concerned {
    pub(super) fn of(socket: &Socket) -> Self {
        let Some(protocol) = protocol(socket) else { return Self(None) };
        Self(socket.addresses().map(|(local, peer)| (protocol, local, peer)))
    }

    /// No socket that the kernel could be asked about.
    pub(super) fn nowhere() -> Self {
        Self(None)
    }

    /// Lets the socket's packets be seen.
    pub(super) fn make_known(&self, share: &Share, socket: &Socket) {
        if let Some((protocol, local, peer)) = self.0 {
            share.know(socket.inode(), protocol, local, peer);
        }
    }

    /// Checks that what `call` returned has arrived before it did so.
    pub(super) fn check(&self, fence: &mut Fence<'_>, call: CallName, bytes: usize, at: u64) {
        if let Some((Protocol::Tcp, local, Some(peer))) = self.0 {
            let (local, peer) = (in_packets(local), in_packets(peer));
            fence.check(Effect { call, local, peer, bytes, at });
        }
    }

    /// Tells what the kernel says of it now.
    pub(super) fn look(&self, fence: &mut Fence<'_>) {
        if let Some((protocol, local, peer)) = self.0 {
            fence.look(protocol, local, peer);
        }
    }
}

/// Makes an attempt to send to `to`, where the kernel may choose the socket's address; its packets are seen from the first
/// one on.
pub(super) fn sending<T>(
    share: Option<&Share>,
    socket: &Socket,
    to: &SockAddr,
    attempt: impl FnOnce() -> T,
) -> T {
    let (Some(share), Some(protocol), Some(mut to)) = (share, protocol(socket), to.as_socket())
    else {
        return attempt();
    };
    if protocol == Protocol::Udp && local(socket).is_some() {
        return attempt();
    }
    if to.ip().is_unspecified() {
        // That is this machine.
        to.set_ip(match to {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    share.sending(socket.inode(), protocol, to, attempt, || Some((local(socket)?, Some(to))))
}

fn protocol(socket: &Socket) -> Option<Protocol> {
    match (socket.family, socket.socket_type) {
        (Family::Unix, _) => None,
        (_, SocketType::Stream) => Some(Protocol::Tcp),
        (_, SocketType::Dgram) => Some(Protocol::Udp),
    }
}

fn local(socket: &Socket) -> Option<SocketAddr> {
    socket.addresses().map(|(local, _)| local)
}
