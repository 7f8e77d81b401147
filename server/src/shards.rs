//! The threads that rooms live on, one a core. A room's programs, its wire and what reports to it take turns on one of them:
//! they share everything, so on several threads they would mostly wait for each other's locks, and be woken on another core
//! for each packet. Viewers are served by the runtime that has all cores.

use std::{
    io,
    num::NonZero,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use tokio::runtime::{Builder, Handle};
use tokio_util::sync::{CancellationToken, DropGuard};

/// The threads. They end when this is dropped, and all that runs there with them.
pub(crate) struct Shards {
    shards: Vec<Handle>,
    given: AtomicUsize,
    _stop: DropGuard,
}

impl Shards {
    /// Starts them.
    ///
    /// # Errors
    /// Where the system lets us have no more threads or descriptors.
    pub(crate) fn start() -> io::Result<Self> {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let stop = CancellationToken::new();
        let shards = (0..cores).map(|_| start(stop.clone())).collect::<io::Result<_>>()?;
        Ok(Self { shards, given: AtomicUsize::new(0), _stop: stop.drop_guard() })
    }

    /// The one for the next room: each has as many rooms as the others.
    pub(crate) fn next(&self) -> Handle {
        let turn = self.given.fetch_add(1, Ordering::Relaxed);
        self.shards[turn % self.shards.len()].clone()
    }
}

fn start(stop: CancellationToken) -> io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    let run = move || runtime.block_on(stop.cancelled());
    thread::Builder::new().name("rooms".into()).spawn(run)?;
    Ok(handle)
}
