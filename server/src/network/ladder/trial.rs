//! Something tried in a child process, so that it leaves no trace in ours.
#![expect(
    unsafe_code,
    reason = "fork(2) is unsafe where other threads may hold locks; here there are none"
)]

use std::{
    fs,
    io::{self, Read, Write},
};

use nix::{
    sys::wait::waitpid,
    unistd::{ForkResult, fork},
};
use socketscope_protocol::{Obstacle, Step};

use super::at;

/// Does `act` in a child process and returns what came of it.
pub(super) fn in_a_child(act: impl FnOnce() -> Result<(), Obstacle>) -> Result<(), Obstacle> {
    at(Step::UserNamespace, try_in_a_child(act))?
}

fn try_in_a_child(act: impl FnOnce() -> Result<(), Obstacle>) -> io::Result<Result<(), Obstacle>> {
    if fs::read_dir("/proc/self/task")?.count() != 1 {
        return Err(io::Error::other("the process has more than one thread already"));
    }
    let (mut answer, mut teller) = io::pipe()?;
    // SAFETY: this is the process's only thread, so the child finds all that it needs in order.
    match unsafe { fork() }? {
        ForkResult::Child => {
            let told = serde_json::to_vec(&act()).map_err(io::Error::from);
            let told = told.and_then(|text| teller.write_all(&text));
            std::process::exit(i32::from(told.is_err()));
        }
        ForkResult::Parent { child } => {
            drop(teller);
            let mut text = Vec::new();
            answer.read_to_end(&mut text)?;
            waitpid(child, None)?;
            serde_json::from_slice(&text)
                .map_err(|_| io::Error::other("the trial ended without an answer"))
        }
    }
}
