//! A Python process that makes socket calls when told to: what a program that we did not write gets from the kernel.

use std::{
    path::Path,
    process::{Command as Blocking, Stdio},
    sync::LazyLock,
};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use crate::within;

/// Takes a call a line and answers each with a line, in the interface's own words. `later` calls run in a thread.
const SCRIPT: &str = include_str!("puppet.py");

/// The machine's Python itself. `python3` may be a script that looks for it each time, which takes long under strace.
static PYTHON: LazyLock<String> = LazyLock::new(|| {
    let place = Blocking::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
    let place = place.expect("python3 (Debian's package python3)").stdout;
    String::from_utf8(place).expect("a path in UTF-8").trim().to_owned()
});

/// A Python process with a table of file descriptors: the real one of the process.
pub struct Puppet {
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Puppet {
    /// Starts python3.
    pub fn start() -> Self {
        Self::spawn(&mut Command::new(&*PYTHON), "python3")
    }

    /// Starts python3 under strace, which writes into `file` what calls of the network's it makes.
    pub fn traced(file: &Path) -> Self {
        let mut strace = Command::new("strace");
        // With a filter in the kernel it stops for these calls only, and not for each of Python's many others.
        strace.args(["-f", "--seccomp-bpf", "-e", "trace=%network,close", "-o"]).arg(file);
        strace.arg(&*PYTHON);
        Self::spawn(&mut strace, "strace (Debian's package strace)")
    }

    fn spawn(command: &mut Command, what: &str) -> Self {
        let process = command
            .args(["-I", "-u", "-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn();
        let mut process = process.expect(what);
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

    /// Lets it end by itself.
    pub async fn finish(self) {
        let Self { mut process, input, output: _output } = self;
        drop(input);
        let status = process.wait().await.expect("a process");
        assert!(status.success(), "python3: {status}");
    }

    /// Kills it without a word to its sockets (SIGKILL).
    pub async fn kill(mut self) {
        self.process.kill().await.expect("a process");
    }
}
