//! The lab: hosts that are kernels of their own, joined by our wire. A host costs no thread: a socket belongs to the
//! network that it was made in, wherever it is used afterwards.

mod device;
mod namespace;
mod tun;

use std::{
    fs::File,
    io,
    net::Ipv4Addr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use socketscope_protocol::{
    Fact, HostChange, HostName, HostView, Obstacle, Role, Step, limits::HOSTS,
};
use tokio::task::JoinHandle;

use super::{
    Wire,
    ladder::at,
    tap::Tap,
    wire::{Card, Ear, Loopback, Plug},
};
use crate::{
    clock,
    journal::Journal,
    kernel::{
        self,
        diag::Diag,
        states::{Owners, States},
    },
    refusal::Refusal,
    told::told,
    watch,
};
use namespace::Namespace;

/// The hosts' network. Private addresses (RFC 1918); no route leads out of it, and none into it.
const NETWORK: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 0);
const PREFIX: u8 = 24;

/// The name of a host's device: its end of the wire.
const DEVICE: &str = "wire0";

/// The hosts that a room begins with.
const FIRST: [&str; 2] = ["server", "client"];

/// What later hosts are called who are given no name.
const OTHERS: [&str; HOSTS] = [
    "alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy", "mallory",
    "niaj", "olivia", "peggy", "rupert", "sybil",
];

/// A kernel's network stack of its own.
pub(crate) struct Host {
    pub(crate) name: HostName,
    pub(crate) address: Ipv4Addr,
    /// Its place on the wire.
    pub(crate) plug: usize,
    namespace: Namespace,
    /// Kept so that the device goes with the host, and not in some task of the runtime's: it takes 20 ms.
    _device: Arc<File>,
    carriers: [JoinHandle<()>; 2],
}

/// The hosts and the wire of a room.
pub(crate) struct Lab {
    pub(crate) wire: Arc<Wire>,
    journal: Arc<Journal>,
    hosts: Mutex<Vec<Arc<Host>>>,
    clock: JoinHandle<()>,
    /// One host is made at a time, so that each finds its address free.
    making: tokio::sync::Mutex<Making>,
}

/// What hosts are made by.
#[derive(Default)]
struct Making {
    /// The names of those that shall be there.
    names: Vec<HostName>,
    /// Whether the lab has ended: nothing is made any more.
    closed: bool,
}

/// What is made on a thread in the new namespace.
struct Made {
    namespace: Namespace,
    device: File,
    loopback: Tap,
    diag: Diag,
}

impl Lab {
    /// A lab with its first hosts: `names`, or where there are none a server and a client.
    pub(crate) async fn new(
        journal: Arc<Journal>,
        owners: Arc<Owners>,
        seed: u64,
        names: &[HostName],
    ) -> Result<Self, Obstacle> {
        let wire = Wire::new(journal.clone(), owners, seed);
        let clock = tokio::spawn(wire.clone().run());
        let usual = FIRST.iter().filter_map(|name| HostName::new(name).ok());
        let names = if names.is_empty() { usual.collect() } else { names.to_vec() };
        let making = Making { names: names.clone(), closed: false }.into();
        let lab = Self { wire, journal, hosts: Mutex::default(), clock, making };
        for name in names {
            if let Err(obstacle) = lab.make(name).await {
                // The hosts there are already would never go: their carriers keep them.
                lab.close().await;
                return Err(obstacle);
            }
        }
        Ok(lab)
    }

    /// Takes the hosts away and makes them anew, with the same names and addresses: whatever was open, held or remembered
    /// there is gone, connections in TIME_WAIT too. Where that fails half-way it can be tried again.
    pub(crate) async fn renew(&self) -> Result<(), Obstacle> {
        let making = self.making.lock().await;
        if making.closed {
            return Ok(());
        }
        let hosts = std::mem::take(&mut *self.lock());
        self.wire.unplug_all();
        self.take_away(hosts).await;
        for name in &making.names {
            self.make(name.clone()).await?;
        }
        Ok(())
    }

    /// Adds a host.
    pub(crate) async fn add(&self, name: Option<HostName>) -> Result<Arc<Host>, Refusal> {
        let mut making = self.making.lock().await;
        if making.closed {
            return Err(Refusal::Unable(told!("unable/over")));
        }
        let taken = |name: &HostName| making.names.contains(name);
        if making.names.len() >= HOSTS {
            return Err(Refusal::Full(told!("full/hosts", limit = HOSTS)));
        }
        let name = match name {
            Some(name) if taken(&name) => return Err(Refusal::HostNameTaken(name)),
            Some(name) => name,
            None => OTHERS
                .iter()
                .filter_map(|name| HostName::new(name).ok())
                .find(|name| !taken(name))
                .ok_or_else(|| Refusal::malformed("give the host a name"))?,
        };
        let made = self.make(name.clone()).await;
        let host = made.map_err(|obstacle| Refusal::Unable(obstacle.into()))?;
        making.names.push(name);
        Ok(host)
    }

    async fn make(&self, name: HostName) -> Result<Arc<Host>, Obstacle> {
        let number = self.lock().len() as u32 + 1;
        let address = Ipv4Addr::from_bits(NETWORK.to_bits() + number);
        let made = tokio::task::spawn_blocking(move || make(address)).await;
        let made = at(Step::NetworkNamespace, made.map_err(io::Error::other))?;
        let Made { namespace, device, loopback, diag } = made?;
        let (device, loopback) = (Arc::new(device), Arc::new(loopback));
        let watched = at(Step::Tun, watch::watch(device.clone()))?;
        let tapped = at(Step::Loopback, watch::watch(loopback.clone()))?;
        // In the journal before anything that it sends.
        let started = Fact::Host { host: name.clone(), change: HostChange::Started(address) };
        self.journal.append(clock::now(), started);
        let plug = self.wire.plug(Plug {
            host: Some(name.clone()),
            card: Some(Card { address, device: device.clone() }),
            loopback: Some(Loopback::new(Ear::Own(loopback))),
            states: Some(States::new(Some(name.clone()), diag)),
        });
        let (wire, ear) = (self.wire.clone(), self.wire.clone());
        let carriers = [
            tokio::spawn(watch::lingering(watched, move || wire.carry(plug))),
            tokio::spawn(watch::each_time(tapped, move || ear.listen(plug))),
        ];
        let host = Arc::new(Host { name, address, plug, namespace, _device: device, carriers });
        self.lock().push(host.clone());
        Ok(host)
    }

    /// The host called `name`; without a name, the one where a program with this role is usually wanted.
    pub(crate) fn host(&self, name: Option<&HostName>, role: &Role) -> Result<Arc<Host>, Refusal> {
        let hosts = self.lock();
        if let Some(name) = name {
            let found = hosts.iter().find(|host| host.name == *name).cloned();
            return found.ok_or_else(|| Refusal::NoSuchHost(name.clone()));
        }
        let client = matches!(role, Role::TcpClient(_) | Role::UdpClient(_) | Role::UnixClient(_));
        let host = hosts.get(usize::from(client)).or_else(|| hosts.first());
        host.cloned().ok_or_else(|| Refusal::Unable(told!("unable/over")))
    }

    /// The host called `name`.
    pub(crate) fn named(&self, name: &HostName) -> Option<Arc<Host>> {
        self.lock().iter().find(|host| host.name == *name).cloned()
    }

    /// The inode of the Unix socket that the accepted one with `inode` is connected to. The kernel tells only of sockets of
    /// the network that it is asked in, and makes an accepted one in that of who connects (unix_stream_connect), which may
    /// be any host's: they share the folder.
    pub(crate) fn unix_peer(&self, inode: u64) -> Option<u64> {
        let hosts = self.lock().clone();
        hosts.iter().find_map(|host| host.inside(|| Ok(kernel::unix_peer(inode))).ok()?)
    }

    /// The hosts, in the order of their addresses.
    pub(crate) fn view(&self) -> Vec<HostView> {
        let hosts = self.lock();
        hosts
            .iter()
            .map(|host| HostView { host: host.name.clone(), address: host.address })
            .collect()
    }

    /// Loses what is under way and takes the hosts away.
    pub(crate) async fn close(&self) {
        // A host that is being made is there first, and goes with the others.
        self.making.lock().await.closed = true;
        self.wire.close();
        self.clock.abort();
        let hosts = std::mem::take(&mut *self.lock());
        self.take_away(hosts).await;
    }

    async fn take_away(&self, hosts: Vec<Arc<Host>>) {
        for host in &hosts {
            host.carriers.iter().for_each(JoinHandle::abort);
            let ended = Fact::Host { host: host.name.clone(), change: HostChange::Ended };
            self.journal.append(clock::now(), ended);
        }
        // The kernel takes its time to dismantle a network stack.
        if let Err(error) = tokio::task::spawn_blocking(move || drop(hosts)).await {
            tracing::error!(%error, "a host did not end as it should");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Host>>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Host {
    /// The host as it is shown.
    pub(crate) fn view(&self) -> HostView {
        HostView { host: self.name.clone(), address: self.address }
    }

    /// Does something in the host's network.
    pub(crate) fn inside<T: Send>(
        &self,
        act: impl FnOnce() -> io::Result<T> + Send,
    ) -> io::Result<T> {
        self.namespace.inside(act)
    }
}

/// Makes a network stack with `address` and one card. About a millisecond.
fn make(address: Ipv4Addr) -> Result<Made, Obstacle> {
    let (namespace, (device, loopback, diag)) = Namespace::new(|| {
        let device = at(Step::Tun, tun::open(DEVICE))?;
        at(Step::Device, device::set_up(DEVICE, address, PREFIX))?;
        let loopback = at(Step::Loopback, Tap::open("lo"))?;
        Ok((device, loopback, at(Step::Device, Diag::open())?))
    })?;
    Ok(Made { namespace, device, loopback, diag })
}

/// Makes a host and takes it away again: whether there can be a lab.
pub(super) fn trial() -> Result<(), Obstacle> {
    make(Ipv4Addr::from_bits(NETWORK.to_bits() + 1)).map(drop)
}
