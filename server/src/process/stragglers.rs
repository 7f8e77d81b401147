//! What got away from its watcher. A program can kill its watcher, which is its parent; what it has forked by then belongs to
//! nobody. It is known by its environment (proc(5), environ), which processes inherit.

use std::fs;

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::python::MARK;

/// How often to look again: one that is found may just have forked another.
const ROUNDS: usize = 100;

/// Ends (SIGKILL) all processes that `mark` stands in the environment of.
pub(super) fn end(mark: &str) {
    let wanted = format!("{MARK}={mark}").into_bytes();
    for _ in 0..ROUNDS {
        let found = found(&wanted);
        if found.is_empty() {
            return;
        }
        for pid in found {
            // It may have ended meanwhile.
            let _ = kill(pid, Signal::SIGKILL);
        }
    }
    tracing::error!(mark, "processes of a program go on making others");
}

fn found(wanted: &[u8]) -> Vec<Pid> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = processes.filter_map(|it| it.file_name().to_str()?.parse::<i32>().ok());
    let is_it = |pid: &i32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == wanted)
    };
    pids.filter(is_it).map(Pid::from_raw).collect()
}
