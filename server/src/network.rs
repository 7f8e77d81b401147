//! Where a room's sockets live: who makes them, and which addresses they may use.
//!
//! Two kinds: this machine's own network, and the lab, whose hosts are kernels of their own joined by our wire.

mod address;
mod capture;
mod flow;
mod folder;
mod host_network;
mod lab;
mod ladder;
mod packet;
mod tap;
mod wire;

use std::{io, path::Path, sync::Arc};

use socket2::{Domain, SockAddr, Socket, Type};
use socketscope_protocol::{Family, Network as Kind, SocketType};

pub(crate) use address::{in_packets, written, written_sender};
pub(crate) use capture::{Capture, Share};
pub(crate) use folder::Folder;
pub use host_network::Reach;
pub(crate) use host_network::{HostNetwork, check_confinement};
pub(crate) use lab::{Host, Lab};
pub use ladder::{Choice, Ladder};
pub(crate) use tap::Tap;
pub(crate) use wire::{Effect, Fence, Reported, Reports, Turn, Wire};

use crate::{
    kernel::{self, diag::Diag},
    refusal::Refusal,
};

/// A room's network.
pub(crate) struct Network {
    kind: Where,
    folder: Folder,
}

enum Where {
    Machine(HostNetwork),
    Lab(Lab),
}

impl Network {
    /// This machine's own.
    pub(crate) fn machine(network: HostNetwork, folder: Folder) -> Self {
        Self { kind: Where::Machine(network), folder }
    }

    /// Hosts of the room's own.
    pub(crate) fn lab(lab: Lab, folder: Folder) -> Self {
        Self { kind: Where::Lab(lab), folder }
    }

    pub(crate) fn kind(&self) -> Kind {
        match self.kind {
            Where::Machine(_) => Kind::Host,
            Where::Lab(_) => Kind::Lab,
        }
    }

    /// What tells of its packets and sockets.
    pub(crate) fn wire(&self) -> &Arc<Wire> {
        match &self.kind {
            Where::Machine(network) => network.teller(),
            Where::Lab(lab) => &lab.wire,
        }
    }

    /// The lab, where it is one.
    pub(crate) fn as_lab(&self) -> Result<&Lab, Refusal> {
        match &self.kind {
            Where::Machine(_) => Err(Refusal::NoLab),
            Where::Lab(lab) => Ok(lab),
        }
    }

    /// socket(2) on `host`, already non-blocking: whoever wants to wait does so without holding up a thread.
    pub(crate) fn socket(
        &self,
        host: Option<&Arc<Host>>,
        family: Family,
        socket_type: SocketType,
    ) -> io::Result<Socket> {
        match (&self.kind, host) {
            (Where::Machine(network), _) => network.socket(family, socket_type),
            (Where::Lab(_), Some(host)) => host.inside(|| open(family, socket_type)),
            (Where::Lab(_), None) => Err(io::Error::other("a program of the lab without a host")),
        }
    }

    /// The device that programs of their own must tie their sockets to, as [`Network::socket`] does: none in the lab, which
    /// has no other.
    pub(crate) fn device(&self) -> Option<&'static str> {
        match &self.kind {
            Where::Machine(network) => network.device(),
            Where::Lab(_) => None,
        }
    }

    /// Asks the kernel about sockets: of the host's, in the lab.
    pub(crate) fn diag(&self, host: Option<&Arc<Host>>) -> io::Result<Diag> {
        match (&self.kind, host) {
            (Where::Machine(network), _) => network.diag(),
            (Where::Lab(_), Some(host)) => host.inside(Diag::open),
            (Where::Lab(_), None) => Err(io::Error::other("a network of the lab without a host")),
        }
    }

    /// Reads the address that a socket of `family` shall bind or connect to, unless it is out of reach. From the lab
    /// nothing is in reach but the lab: its kernels have no route to anywhere else.
    pub(crate) fn address(&self, family: Family, text: &str) -> Result<SockAddr, Refusal> {
        match &self.kind {
            Where::Machine(network) => network.address(family, text, self.folder.path()),
            Where::Lab(_) => address::read(family, text, self.folder.path()),
        }
    }

    /// The inode of the Unix socket that the accepted one with `inode` is connected to; None where the kernel cannot tell.
    pub(crate) fn unix_peer(&self, inode: u64) -> Option<u64> {
        match &self.kind {
            Where::Machine(_) => kernel::unix_peer(inode),
            Where::Lab(lab) => lab.unix_peer(inode),
        }
    }

    /// Where the room's Unix sockets are.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A returning call's place behind all that has happened before in its network: of the host, in the lab. None where
    /// nothing but calls is seen.
    pub(crate) fn fence(&self, host: Option<&Arc<Host>>, returned: u64) -> Option<Fence<'_>> {
        match (&self.kind, host) {
            (Where::Machine(network), _) => network.fence(returned),
            (Where::Lab(lab), Some(host)) => Some(lab.wire.fence(host.plug, returned)),
            (Where::Lab(_), None) => None,
        }
    }

    /// Who has to know where the room's sockets are, so as to see their packets; nobody in the lab, where all are.
    pub(crate) fn share(&self) -> Option<&Share> {
        match &self.kind {
            Where::Machine(network) => network.share(),
            Where::Lab(_) => None,
        }
    }

    /// Whether more than calls is seen.
    pub(crate) fn sees_more(&self) -> bool {
        match &self.kind {
            Where::Machine(network) => network.sees_more(),
            Where::Lab(_) => true,
        }
    }

    /// Ends what the network does by itself.
    pub(crate) async fn close(&self) {
        match &self.kind {
            Where::Machine(network) => network.close(),
            Where::Lab(lab) => lab.close().await,
        }
    }
}

/// socket(2) in the network of this thread, non-blocking.
fn open(family: Family, socket_type: SocketType) -> io::Result<Socket> {
    let domain = match family {
        Family::Inet => Domain::IPV4,
        Family::Inet6 => Domain::IPV6,
        Family::Unix => Domain::UNIX,
    };
    let kind = match socket_type {
        SocketType::Stream => Type::STREAM,
        SocketType::Dgram => Type::DGRAM,
    };
    Socket::new(domain, kind.nonblocking(), None)
}
