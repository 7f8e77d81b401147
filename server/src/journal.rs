//! The journal: a room's events, numbered, encoded once, kept in memory up to a limit.
//!
//! It never waits for a reader. A reader is a number (the next event it wants) and asks when it likes; the oldest events
//! go first when the journal is full, and a reader who wanted one of them is told how many it missed.

mod log;

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use socketscope_protocol::{Event, Fact};
use tokio::sync::{Notify, futures::Notified};

pub use log::Batch;
use log::Log;

/// What all journals of a server together have told that must not go unnoticed, since it was started.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Effects that were told before their causes.
    pub(crate) disorders: AtomicU64,
    /// Packets that were not seen.
    pub(crate) unseen: AtomicU64,
}

/// A room's journal.
pub struct Journal {
    log: Mutex<Log>,
    /// Whether a reader waits for the next event: only then is the bell rung.
    awaited: AtomicBool,
    /// Rung by an append that is awaited. It costs the one who appends a task's wake-up, however many readers there are.
    bell: Notify,
    counts: Arc<Counts>,
    /// Those who wait for events; woken by [`Journal::wake_readers`].
    readers: Notify,
}

impl Journal {
    /// An empty journal that keeps at most `limit` bytes of encoded events.
    pub fn new(limit: usize) -> Arc<Self> {
        Self::counted(limit, Arc::default())
    }

    /// The same; what must not happen unnoticed counts in `counts`, too.
    pub(crate) fn counted(limit: usize, counts: Arc<Counts>) -> Arc<Self> {
        let log = Mutex::new(Log::new(limit));
        let (bell, readers) = (Notify::new(), Notify::new());
        Arc::new(Self { log, awaited: AtomicBool::new(false), bell, counts, readers })
    }

    /// Numbers `fact`, which happened at `at` (nanoseconds since 1970), and returns the number.
    pub fn append(&self, at: u64, fact: Fact) -> u64 {
        match &fact {
            Fact::Disorder { .. } => _ = self.counts.disorders.fetch_add(1, Ordering::Relaxed),
            Fact::Unseen { packets, .. } => {
                self.counts.unseen.fetch_add(*packets, Ordering::Relaxed);
            }
            _ => {}
        }
        let seq = {
            let mut log = self.log();
            let seq = log.next();
            log.push(&Event { seq, at, fact });
            seq
        };
        if self.awaited.swap(false, Ordering::AcqRel) {
            self.bell.notify_one();
        }
        seq
    }

    /// Whole events from number `from` on, at most about `bytes` bytes of them, at least one where there is one.
    pub fn read(&self, from: u64, bytes: usize) -> Batch {
        self.log().read(from, bytes)
    }

    /// The number of the oldest event that is still there, and of the last one. The first is one more where there is none.
    pub fn range(&self) -> (u64, u64) {
        let log = self.log();
        (log.first(), log.next() - 1)
    }

    /// Resolves after an append, once it has been handed to [`Journal::listen`].
    pub fn appended(&self) -> Notified<'_> {
        self.readers.notified()
    }

    /// Makes `appended` resolve after any append from now on. Listen first, then read: so nothing is overslept.
    pub fn listen(&self, appended: Pin<&mut Notified<'_>>) {
        appended.enable();
        self.awaited.store(true, Ordering::Release);
    }

    /// Passes the bell on to the readers, for ever. A task of its own does it, so that no program's call is held up by
    /// waking a thousand viewers.
    pub async fn wake_readers(self: Arc<Self>) {
        loop {
            self.bell.notified().await;
            self.readers.notify_waiters();
        }
    }

    /// Held for an encoding or a memcpy, never across an await. A panic in between cannot leave the log half changed.
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
