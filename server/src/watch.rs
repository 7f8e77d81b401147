//! The runtime's watch on a descriptor.
#![expect(
    unsafe_code,
    reason = "tokio offers no safe way to watch a descriptor that it does not make itself"
)]

use std::{
    fs::File,
    io,
    os::fd::AsRawFd,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::io::{
    Interest,
    unix::{AsyncFd, AsyncFdReadyGuard, TryIoError},
};

use crate::network::Tap;

/// How long a device is looked at after something was found. A virtual processor that sleeps takes as long to wake.
const LINGER: Duration = Duration::from_micros(100);

/// Tells when a descriptor may be worth another attempt (epoll(7)). It shares it, and so keeps it open.
pub(crate) type Watch<T> = AsyncFd<Arc<T>>;

/// What keeps the descriptor that it names, the same one, for as long as it lives.
///
/// # Safety
/// Whoever is this must do so: the runtime goes on to use the number.
pub(crate) unsafe trait Steady: AsRawFd {}
// SAFETY: each owns its descriptor, names that one only, and closes it when it is dropped.
unsafe impl Steady for socket2::Socket {}
// SAFETY: as above.
unsafe impl Steady for File {}
// SAFETY: as above.
unsafe impl Steady for Tap {}

/// Begins to watch `what`.
pub(crate) fn watch<T: Steady>(what: Arc<T>) -> io::Result<Watch<T>>
where
    Arc<T>: AsRawFd,
{
    let interest = Interest::READABLE | Interest::WRITABLE | Interest::PRIORITY;
    // SAFETY: an `Arc` of these names the same open descriptor for as long as it lives, and it lives in the watch.
    unsafe { Ok(AsyncFd::register_with_interest(what, interest)?) }
}

/// Makes one attempt, and takes the readiness back where it would block, or where it was the last that would not.
pub(crate) fn attempt<T, W: Steady>(
    ready: &mut AsyncFdReadyGuard<'_, Arc<W>>,
    mut attempt: impl FnMut() -> io::Result<T>,
    emptied: impl Fn(&T) -> bool,
) -> Result<io::Result<T>, TryIoError>
where
    Arc<W>: AsRawFd,
{
    let done = ready.try_io(|_| attempt())?;
    if done.as_ref().is_ok_and(emptied) {
        ready.clear_ready();
    }
    Ok(done)
}

/// Whether urgent data has ever come (EPOLLPRI): nobody takes that readiness back.
pub(crate) fn urgent(watch: &Watch<socket2::Socket>) -> bool {
    watch.try_io(Interest::PRIORITY, |_| Ok(())).is_ok()
}

/// Does `act` when `what` can be read, and again at the earliest after `pause`; for ever. It is not watched meanwhile: the
/// runtime would be woken by each edge, whoever waits for it.
pub(crate) async fn at_most_each<T: Steady>(what: Arc<T>, pause: Duration, act: impl Fn())
where
    Arc<T>: AsRawFd,
{
    let mut act = || {
        act();
        false
    };
    loop {
        let watched = match watch(what.clone()) {
            Ok(watched) => watched,
            Err(error) => return tracing::error!(%error, "a descriptor cannot be watched"),
        };
        if !once(&watched, &mut act).await {
            return;
        }
        drop(watched);
        tokio::time::sleep(pause).await;
    }
}

/// Does `act` each time when `watched` can be read, until it says that there is nothing more; for ever.
pub(crate) async fn each_time<T>(watched: Watch<T>, mut act: impl FnMut() -> bool)
where
    Arc<T>: AsRawFd,
{
    while once(&watched, &mut act).await {}
}

/// Does `act` when `watched` can be read and says that it found something, and again and again until it has found nothing
/// for a while; for ever. An answer that is on its way is found sooner than a thread that sleeps is woken.
pub(crate) async fn lingering<T>(watched: Watch<T>, act: impl Fn() -> bool)
where
    Arc<T>: AsRawFd,
{
    let mut found = Instant::now();
    let mut act = || {
        let now = Instant::now();
        if act() {
            found = now;
        }
        now < found + LINGER
    };
    while once(&watched, &mut act).await {}
}

/// Does `act` once `watched` can be read. False: it is not watched any more.
async fn once<T>(watched: &Watch<T>, act: &mut impl FnMut() -> bool) -> bool
where
    Arc<T>: AsRawFd,
{
    let mut ready = match watched.readable().await {
        Ok(ready) => ready,
        // Only the runtime's own end can bring this.
        Err(error) => {
            tracing::debug!(%error, "a descriptor is no longer watched");
            return false;
        }
    };
    if act() {
        tokio::task::yield_now().await;
    } else {
        ready.clear_ready();
    }
    true
}
