//! Network namespaces (network_namespaces(7)): made, entered, and gone with the last descriptor that refers to them.

use std::{
    fs::File,
    io,
    os::fd::{AsFd, OwnedFd},
    thread,
};

use nix::sched::{CloneFlags, setns, unshare};
use socketscope_protocol::{Obstacle, Step};

use super::super::ladder::at;

/// A network namespace of our own.
pub(super) struct Namespace(OwnedFd);

impl Namespace {
    /// Makes a namespace and does `setup` in it.
    pub(super) fn new<T: Send>(
        setup: impl FnOnce() -> Result<T, Obstacle> + Send,
    ) -> Result<(Self, T), Obstacle> {
        let made = on_a_thread(|| {
            let namespace = at(Step::NetworkNamespace, own())?;
            Ok((Self(namespace.into()), setup()?))
        });
        at(Step::NetworkNamespace, made)?
    }

    /// Does something inside: opens a socket, asks for one's options by path.
    pub(super) fn inside<T: Send>(
        &self,
        act: impl FnOnce() -> io::Result<T> + Send,
    ) -> io::Result<T> {
        on_a_thread(|| {
            setns(self.0.as_fd(), CloneFlags::CLONE_NEWNET)?;
            act()
        })?
    }
}

/// Moves this thread into a new namespace.
fn own() -> io::Result<File> {
    unshare(CloneFlags::CLONE_NEWNET)?;
    File::open("/proc/thread-self/ns/net")
}

/// A thread that has changed its namespace ends there. It need never find its way back, so none of ours can be left
/// standing in the wrong network.
fn on_a_thread<T: Send>(act: impl FnOnce() -> T + Send) -> io::Result<T> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("namespace".into()).spawn_scoped(scope, act)?;
        thread.join().map_err(|_| io::Error::other("a namespace's thread panicked"))
    })
}
