//! The packets of this machine's loopback, dealt out to the rooms whose sockets they belong to. There is one tap, since the
//! right to it may be lost after the start; what it has seen of other programs is dropped unread.
//!
//! The kernel hands over only what goes to or comes from a port that concerns a room ([`filter`]). Who gets a packet is
//! decided by its addresses, exactly ([`known`]).

mod filter;
mod known;

use std::{
    collections::{HashMap, VecDeque},
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use socketscope_protocol::Protocol;
use tokio::sync::Notify;

use super::tap::{Tap, Tapped};
use known::{Known, Parties, RoomNumber, Whose};

/// Bytes of the largest IP packet.
const LARGEST: usize = 65_535;

/// Bytes of packets that wait for a room to tell them. What is too much is counted as missed.
const WAITING_BYTES: usize = 16 * 1024 * 1024;

/// Packets that may be kept while it is unsure whose they are: for as long as a `connect` or `sendto` takes.
const UNSURE: usize = 1024;

/// The tap, and to whom it deals.
#[derive(Debug)]
pub(crate) struct Capture {
    tap: Arc<Tap>,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    known: Known,
    rooms: HashMap<RoomNumber, Arc<Inbox>>,
    last_room: RoomNumber,
    unsure: VecDeque<Unsure>,
    buffer: Vec<u8>,
}

/// A packet that may be another room's, too.
#[derive(Debug)]
struct Unsure {
    tapped: Tapped,
    bytes: Box<[u8]>,
    /// Who has it already.
    given: Vec<RoomNumber>,
}

/// Packets that wait for a room.
#[derive(Debug, Default)]
struct Inbox {
    packets: Mutex<Waiting>,
    /// Rung when somebody else has put one in.
    bell: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    packets: VecDeque<(Tapped, Box<[u8]>)>,
    bytes: usize,
    missed: u32,
}

/// One room's share of the capture.
#[derive(Debug)]
pub(crate) struct Share {
    capture: Arc<Capture>,
    room: RoomNumber,
    inbox: Arc<Inbox>,
}

impl Capture {
    /// Deals out what `tap` has; nothing as long as there is no room.
    pub(crate) fn new(tap: Arc<Tap>) -> io::Result<Arc<Self>> {
        tap.admit(&filter::of(&[]))?;
        let inner = Inner {
            known: Known::default(),
            rooms: HashMap::new(),
            last_room: 0,
            unsure: VecDeque::new(),
            buffer: vec![0; LARGEST],
        };
        Ok(Arc::new(Self { tap, inner: Mutex::new(inner) }))
    }

    /// A share for a room.
    pub(crate) fn share(self: &Arc<Self>) -> Share {
        let mut inner = self.lock();
        inner.last_room += 1;
        let (room, inbox) = (inner.last_room, Arc::<Inbox>::default());
        inner.rooms.insert(room, inbox.clone());
        Share { capture: self.clone(), room, inbox }
    }

    /// What has to be watched.
    pub(crate) fn tap(&self) -> Arc<Tap> {
        self.tap.clone()
    }

    /// Reads all that the tap has and deals it out. The room that asks for it need not be told that it has got something.
    pub(crate) fn deal(&self, asks: Option<RoomNumber>) {
        let mut inner = self.lock();
        let mut buffer = std::mem::take(&mut inner.buffer);
        loop {
            match self.tap.read(&mut buffer) {
                Ok(Some(tapped)) => inner.deal(tapped, &buffer[..tapped.length], Vec::new(), asks),
                Ok(None) => break,
                Err(error) => {
                    tracing::warn!(%error, "this machine's loopback cannot be read");
                    break;
                }
            }
        }
        inner.buffer = buffer;
    }

    /// Does something with what is known of sockets, and lets the kernel hand over what then concerns a room.
    fn change<T>(&self, act: impl FnOnce(&mut Known) -> T) -> T {
        let mut inner = self.lock();
        let done = act(&mut inner.known);
        if let Some(ports) = inner.known.changed_ports()
            && let Err(error) = self.tap.admit(&filter::of(&ports))
        {
            tracing::warn!(%error, "the capture's filter stays as it was");
        }
        for Unsure { tapped, bytes, given } in std::mem::take(&mut inner.unsure) {
            inner.deal(tapped, &bytes, given, None);
        }
        done
    }

    /// Held for a look-up or a batch of packets, never across an await.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Gives a packet to whose it is, and was not `given` yet.
    fn deal(
        &mut self,
        tapped: Tapped,
        bytes: &[u8],
        mut given: Vec<RoomNumber>,
        asks: Option<RoomNumber>,
    ) {
        let Some(parties) = Parties::of(bytes) else { return };
        let Whose { rooms, unsure } = self.known.whose(&parties);
        for room in rooms {
            if !given.contains(&room)
                && let Some(inbox) = self.rooms.get(&room)
            {
                inbox.put(tapped, bytes);
                if asks != Some(room) {
                    inbox.bell.notify_one();
                }
                given.push(room);
            }
        }
        if unsure && self.unsure.len() < UNSURE {
            self.unsure.push_back(Unsure { tapped, bytes: bytes.into(), given });
        }
    }
}

impl Inbox {
    fn put(&self, mut tapped: Tapped, bytes: &[u8]) {
        let mut waiting = self.lock();
        if waiting.bytes + bytes.len() > WAITING_BYTES {
            waiting.missed += 1;
            return;
        }
        tapped.missed = tapped.missed.wrapping_add(waiting.missed);
        waiting.bytes += bytes.len();
        waiting.packets.push_back((tapped, bytes.into()));
    }

    fn take(&self, buffer: &mut [u8]) -> Option<Tapped> {
        let mut waiting = self.lock();
        let (tapped, bytes) = waiting.packets.pop_front()?;
        waiting.bytes -= bytes.len();
        buffer[..bytes.len()].copy_from_slice(&bytes);
        Some(tapped)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.packets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share {
    /// Fetches all that has come until now: [`Share::read`] has it.
    pub(crate) fn fetch(&self) {
        self.capture.deal(Some(self.room));
    }

    /// Reads the next of the room's packets that were fetched into `buffer`, which takes the largest there is. None: there
    /// is none.
    pub(crate) fn read(&self, buffer: &mut [u8]) -> Option<Tapped> {
        self.inbox.take(buffer)
    }

    /// Waits until there may be a packet.
    pub(crate) async fn readable(&self) {
        self.inbox.bell.notified().await;
    }

    /// Takes note of where a socket of the room's is.
    pub(crate) fn know(
        &self,
        inode: u64,
        protocol: Protocol,
        local: SocketAddr,
        peer: Option<SocketAddr>,
    ) {
        self.capture.change(|known| known.place(self.room, inode, protocol, local, peer));
    }

    /// Makes an attempt that sends to `to` from a socket whose address the kernel chooses only then. What it sends is kept
    /// until `place` has told the address.
    pub(crate) fn sending<T>(
        &self,
        inode: u64,
        protocol: Protocol,
        to: SocketAddr,
        attempt: impl FnOnce() -> T,
        place: impl FnOnce() -> Option<(SocketAddr, Option<SocketAddr>)>,
    ) -> T {
        self.capture.change(|known| known.expect(protocol, to));
        let done = attempt();
        // All that it has sent is in the tap by now, and must be found while it is expected.
        self.capture.deal(None);
        let found = place();
        self.capture.change(|known| {
            if let Some((local, peer)) = found {
                known.place(self.room, inode, protocol, local, peer);
            }
            known.expect_no_more(protocol, to);
        });
        done
    }

    /// Forgets a socket that is closed. The end of its connection is still the room's.
    pub(crate) fn forget(&self, inode: u64) {
        self.capture.change(|known| known.forget(inode));
    }

    /// Whether the end of a connection at `local` is the room's.
    pub(crate) fn owns(&self, protocol: Protocol, local: SocketAddr, peer: SocketAddr) -> bool {
        self.capture.lock().known.owns(self.room, protocol, local, peer)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.capture.change(|known| known.forget_room(self.room));
        self.capture.lock().rooms.remove(&self.room);
    }
}
