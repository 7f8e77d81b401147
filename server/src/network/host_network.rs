//! This machine's own network: what a room may bind and connect to there is decided here, and only here.

use std::{io, net::IpAddr, path::Path, sync::Arc};

use socket2::{Domain, SockAddr, Socket, Type};
use socketscope_protocol::{Family, Rung, SocketType};
use tokio::task::JoinHandle;

use super::{
    Capture, Fence, Share, Wire, address, open,
    wire::{Ear, Loopback, Plug},
};
use crate::{
    journal::Journal,
    kernel::{
        diag::Diag,
        states::{Owners, States},
    },
    refusal::Refusal,
    told::told,
};

/// How far the sockets of the host network may reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Reach {
    /// This machine only.
    #[default]
    Loopback,
    /// Wherever this machine reaches.
    Any,
}

/// The device that sockets are confined to.
const LOOPBACK: &str = "lo";

/// This machine's network, as far as a room may use it.
pub(crate) struct HostNetwork {
    reach: Reach,
    /// No packet travels on it; it tells what is captured, and what the kernel says.
    teller: Arc<Wire>,
    plug: usize,
    share: Option<Arc<Share>>,
    rung: Rung,
    tasks: Vec<JoinHandle<()>>,
}

impl HostNetwork {
    /// For a room that sees as much as its rung says.
    pub(crate) fn new(
        reach: Reach,
        rung: Rung,
        capture: Option<&Arc<Capture>>,
        journal: Arc<Journal>,
        owners: Arc<Owners>,
    ) -> io::Result<Self> {
        let share = capture.map(|capture| Arc::new(capture.share()));
        let diag = (rung != Rung::Calls).then(|| diag(reach)).transpose()?;
        let teller = Wire::new(journal, owners, 0);
        let plug = teller.plug(Plug {
            host: None,
            card: None,
            loopback: share.clone().map(|share| Loopback::new(Ear::Shared(share))),
            states: diag.map(|diag| States::new(None, diag)),
        });
        let mut tasks = vec![tokio::spawn(teller.clone().run())];
        if let Some(share) = share.clone() {
            tasks.push(tokio::spawn(listen(teller.clone(), plug, share)));
        }
        Ok(Self { reach, teller, plug, share, rung, tasks })
    }

    pub(super) fn fence(&self, returned: u64) -> Option<Fence<'_>> {
        self.sees_more().then(|| self.teller.fence(self.plug, returned))
    }

    pub(super) fn teller(&self) -> &Arc<Wire> {
        &self.teller
    }

    pub(super) fn share(&self) -> Option<&Share> {
        self.share.as_deref()
    }

    pub(super) fn sees_more(&self) -> bool {
        self.rung != Rung::Calls
    }

    /// The device that sockets are tied to, where they are.
    pub(super) fn device(&self) -> Option<&'static str> {
        device(self.reach)
    }

    /// Asks the kernel about this network's sockets.
    pub(super) fn diag(&self) -> io::Result<Diag> {
        diag(self.reach)
    }

    pub(super) fn close(&self) {
        self.tasks.iter().for_each(JoinHandle::abort);
        self.teller.close();
    }

    /// socket(2), confined where it has to be.
    pub(super) fn socket(&self, family: Family, socket_type: SocketType) -> io::Result<Socket> {
        let socket = open(family, socket_type)?;
        if self.reach == Reach::Loopback && family != Family::Unix {
            confine(&socket)?;
        }
        Ok(socket)
    }

    /// Reads the address that a socket of `family` shall bind or connect to, unless it is out of reach.
    pub(super) fn address(
        &self,
        family: Family,
        text: &str,
        folder: &Path,
    ) -> Result<SockAddr, Refusal> {
        let address = address::read(family, text, folder)?;
        let Some(inet) = address.as_socket() else { return Ok(address) };
        // 0.0.0.0 and [::] are loopback too on a confined socket: nothing comes in from another device.
        let ip: IpAddr = inet.ip().to_canonical();
        if self.reach == Reach::Any || ip.is_loopback() || ip.is_unspecified() {
            return Ok(address);
        }
        Err(Refusal::OutOfReach(told!("out-of-reach/inet", address = inet)))
    }
}

fn device(reach: Reach) -> Option<&'static str> {
    (reach == Reach::Loopback).then_some(LOOPBACK)
}

fn diag(reach: Reach) -> io::Result<Diag> {
    let diag = Diag::open()?;
    match device(reach) {
        Some(device) => diag.bound_to(device),
        None => Ok(diag),
    }
}

/// Tells what is captured when no call returns, for ever.
async fn listen(teller: Arc<Wire>, plug: usize, share: Arc<Share>) {
    loop {
        share.readable().await;
        while teller.listen(plug) {
            tokio::task::yield_now().await;
        }
    }
}

/// Ties a socket to the loopback device (SO_BINDTODEVICE, socket(7)). The kernel itself then keeps everything else out,
/// also where it chooses the address: `listen` or `sendto` without `bind` would otherwise be open to the world.
fn confine(socket: &Socket) -> io::Result<()> {
    socket.bind_device(Some(LOOPBACK.as_bytes()))
}

/// Whether this machine lets us confine sockets to loopback; an ordinary user may from Linux 5.7 on.
pub(crate) fn check_confinement() -> io::Result<()> {
    confine(&Socket::new(Domain::IPV4, Type::STREAM, None)?)
}
