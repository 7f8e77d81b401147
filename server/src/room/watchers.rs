//! Who watches a room: a count that everybody sees, kept by guards.

use tokio::sync::watch;

/// The number of open feeds of a room.
pub(crate) struct Watchers(watch::Sender<usize>);

impl Default for Watchers {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

/// One open feed; it is no longer counted when this is dropped.
pub(crate) struct Watcher(watch::Receiver<usize>, watch::Sender<usize>);

impl Watchers {
    pub(crate) fn count(&self) -> usize {
        *self.0.borrow()
    }

    pub(crate) fn join(&self) -> Watcher {
        self.0.send_modify(|count| *count += 1);
        Watcher(self.0.subscribe(), self.0.clone())
    }
}

impl Watcher {
    pub(crate) fn count(&self) -> usize {
        *self.0.borrow()
    }

    /// Resolves once the count is another than `known`.
    pub(crate) async fn other_than(&mut self, known: usize) -> usize {
        let changed = self.0.wait_for(|count| *count != known).await.map(|count| *count);
        match changed {
            Ok(count) => count,
            // This guard holds a sender itself, so there always is one.
            Err(_) => std::future::pending().await,
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.1.send_modify(|count| *count = count.saturating_sub(1));
    }
}
