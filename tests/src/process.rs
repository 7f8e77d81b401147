//! Processes of this machine, by proc(5).

use std::fs;

/// How many processes were started with `text` somewhere in their command.
pub fn processes_that_name(text: &str) -> usize {
    let processes = fs::read_dir("/proc").expect("/proc").flatten();
    let commands = processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
    commands.filter(|command| String::from_utf8_lossy(command).contains(text)).count()
}
