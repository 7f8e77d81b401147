//! Who watches a room: a count that everybody sees, kept by guards.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

/// The number of open feeds of a room.
pub(crate) struct Watchers {
    count: watch::Sender<usize>,
    /// How many there ever were.
    joined: AtomicU64,
}

impl Default for Watchers {
    fn default() -> Self {
        Self { count: watch::Sender::new(0), joined: AtomicU64::new(0) }
    }
}

/// One open feed; it is no longer counted when this is dropped.
pub(crate) struct Watcher {
    count: watch::Receiver<usize>,
    watchers: watch::Sender<usize>,
    number: u64,
}

impl Watchers {
    pub(crate) fn count(&self) -> usize {
        *self.count.borrow()
    }

    pub(crate) fn join(&self) -> Watcher {
        self.count.send_modify(|count| *count += 1);
        let number = self.joined.fetch_add(1, Ordering::Relaxed);
        Watcher { count: self.count.subscribe(), watchers: self.count.clone(), number }
    }
}

impl Watcher {
    pub(crate) fn count(&self) -> usize {
        *self.count.borrow()
    }

    /// Tells it apart from all others that ever watched the room.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Resolves once the count is another than `known`.
    pub(crate) async fn other_than(&mut self, known: usize) -> usize {
        let changed = self.count.wait_for(|count| *count != known).await.map(|count| *count);
        match changed {
            Ok(count) => count,
            // This guard holds a sender itself, so there always is one.
            Err(_) => std::future::pending().await,
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.watchers.send_modify(|count| *count = count.saturating_sub(1));
    }
}
