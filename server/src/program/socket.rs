//! One socket of a program: the kernel's, and what must be remembered beside it.

use std::{
    io,
    net::SocketAddr,
    os::fd::{AsFd, BorrowedFd},
    sync::{
        Arc, Mutex, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use futures_util::FutureExt;
use nix::libc::EAGAIN;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socketscope_protocol::{Family, SocketType};
use tokio::{io::Interest, sync::Notify};

use crate::{
    kernel,
    watch::{self, Watch},
};

/// How often a call asks again where the kernel gives no sign that it is worth it: a Unix socket's full backlog
/// or peer (unix(7): always "writable"), or a descriptor that "hung up" before the `connect` that now waits.
const ASK_AGAIN: Duration = Duration::from_millis(5);

/// What a call waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wants {
    Bytes,
    Connection,
    /// To send or to have connected.
    Room,
}

impl Wants {
    /// What of epoll(7)'s may be worth an attempt: also an error that waits to be told (EPOLLERR).
    fn interest(self) -> Interest {
        match self {
            Self::Bytes | Self::Connection => Interest::READABLE | Interest::ERROR,
            Self::Room => Interest::WRITABLE | Interest::ERROR,
        }
    }
}

/// A socket. It lives as long as a descriptor or a waiting call refers to it, as the kernel's own files do: closing the
/// descriptor under a call that waits does not end that call.
pub(super) struct Socket {
    inner: Arc<socket2::Socket>,
    pub(super) family: Family,
    pub(super) socket_type: SocketType,
    /// The number of its file, by which the kernel's diagnostics know it.
    inode: u64,
    /// O_NONBLOCK as the program set it. The real descriptor never blocks.
    nonblocking: AtomicBool,
    /// Whether a `sendto` has already told where the kernel bound the socket.
    named: AtomicBool,
    /// Both addresses of a TCP connection: from when there is one they stay what they are.
    connection: OnceLock<(SocketAddr, SocketAddr)>,
    /// Whether a call has received something.
    received: AtomicBool,
    /// How often the socket has ceased to be connecting or connected, by a call's doing.
    disconnected: AtomicU32,
    /// The other end, where it is of this room, too, and no wire is between them.
    peer: OnceLock<Weak<Self>>,
    /// Rung when the other end has sent something.
    sent_to: Notify,
    /// Who waits for the same take turns: the kernel serves who came first (prepare_to_wait_exclusive).
    turns: [tokio::sync::Mutex<()>; 3],
    /// Made at the first wait: an unconnected stream that epoll already watches says "hung up", and that would stick.
    watch: Mutex<Option<Arc<Watch<socket2::Socket>>>>,
}

impl Socket {
    pub(super) fn new(inner: socket2::Socket, family: Family, socket_type: SocketType) -> Self {
        let (nonblocking, named) = (AtomicBool::new(false), AtomicBool::new(false));
        let (inode, watch) = (kernel::inode(&inner).unwrap_or_default(), Mutex::new(None));
        Self {
            inner: Arc::new(inner),
            family,
            socket_type,
            inode,
            nonblocking,
            named,
            connection: OnceLock::new(),
            received: AtomicBool::new(false),
            disconnected: AtomicU32::new(0),
            peer: OnceLock::new(),
            sent_to: Notify::new(),
            turns: Default::default(),
            watch,
        }
    }

    /// Where the socket is, once it has a port, and where its peer, while it has one. A connection keeps both after its end,
    /// when the kernel knows no peer any more.
    pub(super) fn addresses(&self) -> Option<(SocketAddr, Option<SocketAddr>)> {
        if let Some((local, peer)) = self.connection.get() {
            return Some((*local, Some(*peer)));
        }
        let local = self.inner.local_addr().ok()?.as_socket().filter(|local| local.port() != 0)?;
        let peer = self.inner.peer_addr().ok().and_then(|peer| peer.as_socket());
        if let (SocketType::Stream, Some(peer)) = (self.socket_type, peer) {
            // Where two calls ask at once, both have the same answer.
            let _ = self.connection.set((local, peer));
        }
        Some((local, peer))
    }

    pub(super) fn inner(&self) -> &socket2::Socket {
        &self.inner
    }

    pub(super) fn inode(&self) -> u64 {
        self.inode
    }

    pub(super) fn nonblocking(&self) -> bool {
        self.nonblocking.load(Ordering::Relaxed)
    }

    pub(super) fn set_nonblocking(&self, on: bool) {
        self.nonblocking.store(on, Ordering::Relaxed);
    }

    /// A call has received something.
    pub(super) fn set_received(&self) {
        self.received.store(true, Ordering::Relaxed);
    }

    /// How often the socket has ceased to be connecting or connected, by a call's doing.
    pub(super) fn disconnected(&self) -> u32 {
        self.disconnected.load(Ordering::Relaxed)
    }

    /// A call has ended what was connecting or connected. A Unix socket's `connect` waits for its peer's backlog, and nothing
    /// else ends that.
    pub(super) fn set_disconnected(&self) {
        if self.family != Family::Unix {
            self.disconnected.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Makes two ends of a connection known to each other.
    pub(super) fn join(accepted: &Arc<Self>, connecting: &Weak<Self>) {
        let here = match accepted.addresses() {
            Some((local, Some(peer))) => local.ip() == peer.ip(),
            _ => accepted.family == Family::Unix,
        };
        if let Some(connecting) = connecting.upgrade().filter(|_| here) {
            // A socket that connects once more keeps the first: then epoll tells its peers, as it does strangers.
            let _ = connecting.peer.set(Arc::downgrade(accepted));
            let _ = accepted.peer.set(Arc::downgrade(&connecting));
        }
    }

    /// Something has been sent, and the kernel has handed it to the other end. Whoever waits there may look at once, which
    /// spares the runtime a round through epoll(7).
    pub(super) fn ring_peer(&self) {
        if let Some(peer) = self.peer.get().and_then(Weak::upgrade) {
            peer.sent_to.notify_one();
        }
    }

    /// True the first time it is asked.
    pub(super) fn first_named(&self) -> bool {
        !self.named.swap(true, Ordering::Relaxed)
    }

    /// Makes `attempt` until it does not answer `WouldBlock`, waiting in between until the kernel says that it may be
    /// worth it. `emptied` says of what it answers whether another attempt would block.
    pub(super) async fn until_done<T>(
        &self,
        wants: Wants,
        mut attempt: impl FnMut() -> io::Result<T>,
        emptied: impl Fn(&T) -> bool,
    ) -> io::Result<T> {
        // A Unix socket waits for room at its peer, and so each of its calls for another one's.
        let alone = self.family != Family::Unix || wants != Wants::Room;
        let _turn = match alone {
            true => Some(self.turns[wants as usize].lock().await),
            false => None,
        };
        loop {
            let watch = self.watch()?;
            let mut ready = tokio::select! {
                biased;
                () = self.sent_to.notified(), if wants == Wants::Bytes => match attempt() {
                    // The edge that the bytes have made stays in epoll's list, and counts for what is left of them.
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                    done => return done,
                },
                ready = watch.ready(wants.interest()) => ready?,
            };
            let ended = ready.ready().is_read_closed() || ready.ready().is_write_closed();
            match watch::attempt(&mut ready, &mut attempt, &emptied) {
                Ok(done) => return done,
                Err(_) if ended || (self.family == Family::Unix && wants == Wants::Room) => {
                    drop(ready);
                    // No edge will follow this one: a new watch, a little later, asks the kernel anew.
                    self.forget_watch();
                    tokio::time::sleep(ASK_AGAIN).await;
                }
                Err(_) => {}
            }
        }
    }

    /// As [`Socket::until_done`], but answers `WouldBlock` instead of waiting.
    ///
    /// Goes through the watch where there is one, so that what tokio believes of the socket stays true. Where tokio knows
    /// it to be empty, a read that may wait need not ask the kernel first: the next byte wakes it, and so does an error. That
    /// it is one to read from is known once something was read.
    pub(super) fn at_once<T>(
        &self,
        wants: Wants,
        mut attempt: impl FnMut() -> io::Result<T>,
        emptied: impl Fn(&T) -> bool,
    ) -> io::Result<T> {
        let watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(watch) = watch else { return attempt() };
        let received = || self.received.load(Ordering::Relaxed);
        match watch.ready(wants.interest()).now_or_never() {
            Some(ready) => {
                watch::attempt(&mut ready?, attempt, emptied).unwrap_or_else(|_| Err(would_block()))
            }
            None if wants == Wants::Bytes && received() && !self.nonblocking() => {
                Err(would_block())
            }
            None => attempt(),
        }
    }

    /// Whether a read of fewer bytes than asked for has emptied the socket, so that the next byte makes a new edge
    /// (epoll(7), "Do I need to continuously read"). Not so where the kernel stops at a mark: at urgent data of TCP's
    /// (tcp(7)), or at descriptors that come along with a Unix socket's bytes (unix(7)).
    pub(super) fn short_read_empties(&self) -> bool {
        let watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        self.family != Family::Unix
            && self.socket_type == SocketType::Stream
            && !watch.as_ref().is_some_and(|watch| watch::urgent(watch))
    }

    /// Whether `recv` returns 0 where it would otherwise wait for a datagram: the socket is shut down for reading, and the
    /// program has not asked for an answer at once. A stream's end the kernel tells itself, to everybody.
    pub(super) fn ends_empty(&self) -> bool {
        self.socket_type == SocketType::Dgram && !self.nonblocking() && self.shut_for_reading()
    }

    /// Whether `accept` returns EINVAL where it would otherwise wait for somebody: a Unix listener is shut down for reading,
    /// and the program has not asked for an answer at once (unix_accept). TCP's says so to everybody.
    pub(super) fn ends_lonely(&self) -> bool {
        self.family == Family::Unix && !self.nonblocking() && self.shut_for_reading()
    }

    fn shut_for_reading(&self) -> bool {
        let mut asked = [PollFd::new(self, PollFlags::RDHUP)];
        poll(&mut asked, Some(&Timespec::default())).is_ok()
            && asked[0].revents().contains(PollFlags::RDHUP)
    }

    fn watch(&self) -> io::Result<Arc<Watch<socket2::Socket>>> {
        let mut kept = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(watch) = &*kept {
            return Ok(watch.clone());
        }
        let new = match watch::watch(self.inner.clone()) {
            // Another waiter still has the watch that was forgotten, and epoll(7) takes a descriptor only once: this one
            // watches by a descriptor of its own for the same socket.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                watch::watch(Arc::new(self.inner.try_clone()?))?
            }
            new => new?,
        };
        let new = Arc::new(new);
        *kept = Some(new.clone());
        Ok(new)
    }

    fn forget_watch(&self) {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// With the kernel's number, since a program that does not wait is answered with it.
fn would_block() -> io::Error {
    io::Error::from_raw_os_error(EAGAIN)
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.as_fd()
    }
}
