//! What the page reads and writes of the protocol, by hand ([`json`](crate::json) says why). The server does the same by
//! serde; the tests hold the two together. Knows no I/O.
//!
//! **To read a new kind of event:** a line in `wire/event.rs`. What is not known is not read, and nothing else suffers.

mod command;
mod event;
mod feed;
mod lesson;
mod packet;
#[cfg(test)]
mod tests;

pub use feed::{Answer, FeedLine, Listed, Snapshot};
