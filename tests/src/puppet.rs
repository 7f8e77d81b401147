//! A Python process that makes socket calls when told to: what a program that we did not write gets from the kernel.

use std::process::Stdio;

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use crate::within;

/// Takes a call a line and answers each with a line, in the interface's own words. `later` calls run in a thread.
const SCRIPT: &str = include_str!("puppet.py");

/// A Python process with a table of file descriptors: the real one of the process.
pub struct Puppet {
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Puppet {
    /// Starts python3.
    pub fn start() -> Self {
        let process = Command::new("python3")
            .args(["-I", "-u", "-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn();
        let mut process = process.expect("python3 (Debian's package python3)");
        let input = process.stdin.take().expect("a pipe");
        let output = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        Self { process, input, output }
    }

    /// Sends a step and returns its answer.
    pub async fn ask(&mut self, step: &Value) -> Value {
        let line = format!("{step}\n");
        self.input.write_all(line.as_bytes()).await.expect("python3 listens");
        let answer = within(&format!("python3's answer to {step}"), self.output.next_line()).await;
        let answer = answer.expect("a pipe").expect("python3 answers; see its error above");
        serde_json::from_str(&answer).expect("JSON")
    }

    /// Kills it without a word to its sockets (SIGKILL).
    pub async fn kill(mut self) {
        self.process.kill().await.expect("a process");
    }
}
