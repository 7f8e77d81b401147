//! Entering a user namespace, in which an ordinary user has the rights that the lab needs (user_namespaces(7)).

use std::{
    fs,
    io::{self, ErrorKind},
};

use nix::{
    sched::{CloneFlags, unshare},
    sys::prctl,
    unistd::{getegid, geteuid},
};
use socketscope_protocol::{Obstacle, Step};

use super::at;

/// Moves the process into a user namespace of its own, where it is the same user as before. Its network stays this
/// machine's.
pub(super) fn enter() -> Result<(), Obstacle> {
    at(Step::UserNamespace, try_to_enter())
}

fn try_to_enter() -> io::Result<()> {
    // Asked before, for nobody is who they were in a namespace without a map.
    let (user, group) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER)?;
    // The files below belong to root for a program that was given capabilities by its file; this makes them ours again.
    prctl::set_dumpable(true)?;
    // A group may be mapped by an ordinary user only where nobody can drop groups any more. Linux before 3.19 lacks it.
    match fs::write("/proc/self/setgroups", "deny") {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
    fs::write("/proc/self/gid_map", format!("{group} {group} 1"))
}
