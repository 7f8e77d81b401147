//! Socketscope's server: owns real sockets, keeps a journal of every call on them, streams it to viewers.
//!
//! The way data flows, left to right: `web` → `room` → `program` → the kernel → `journal` → `web`. See ARCHITECTURE.md.

#![deny(unsafe_code)]

mod clock;
mod folders;
mod journal;
mod kernel;
mod lesson;
mod netlink;
mod network;
mod process;
mod program;
mod recording;
mod refusal;
mod room;
mod rooms;
mod server;
mod shards;
mod told;
mod watch;
mod web;

pub use journal::{Batch, Journal};
pub use lesson::{Lessons, Mistake};
pub use network::{Choice, Ladder, Reach};
pub use server::{Config, Key, Server};
