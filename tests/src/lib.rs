//! What the end-to-end tests and the measurements share: a server of their own, its HTTP interface, its feed.
//!
//! Everything waits for what it wants to see, until a deadline. Only where nothing tells when to look again (a page that is
//! drawn, a process that dies) it is looked again after a few milliseconds.

mod browser;
mod client;
mod feed;
mod process;
mod proxy;
mod puppet;
mod server;
mod story;
mod strace;

pub use browser::{Browser, Find, Screen};
pub use client::{Answer, Client, Room};
pub use feed::{Feed, Message};
pub use process::processes_that_name;
pub use proxy::Cable;
pub use puppet::Puppet;
pub use server::TestServer;
pub use story::Story;
pub use strace::{Returned, SystemCall};

use std::time::Duration;

/// How long anything may take before a test gives up: far longer than it takes on a busy machine.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Waits for `future`, and panics with `what` at the deadline.
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(DEADLINE, future).await {
        Ok(done) => done,
        Err(_) => panic!("{what}: not within {DEADLINE:?}"),
    }
}
