//! The observer against strace: while a lesson runs, strace follows the server and all that comes of it, and what it sees of
//! each program's socket calls is what the observer reported, in the same order, with the same results.

use std::{collections::HashMap, fs, path::Path, process::Stdio};

use serde_json::json;
use socketscope_protocol::{Call, CallName, Change, Event, Fact, Fd, OptionName};
use socketscope_tests::within;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
};

use super::{go_on, is_over};
use crate::binary::{Folder, Running, binary};

/// A call as both see it: `send 4 = 5`.
type Seen = String;

/// The system calls that the calls of the journal are, and those by which the processes are told apart.
const TRACED: &str = "trace=socket,bind,connect,listen,accept,accept4,sendto,sendmsg,recvfrom,recvmsg,shutdown,close,\
    setsockopt,getsockopt,execve,clone,clone3,fork,vfork";

/// Names that strace has for what the journal calls otherwise.
fn named(call: &str) -> Option<&str> {
    Some(match call {
        "accept4" | "accept" => "accept",
        "sendto" | "sendmsg" => "send",
        // Only recvmsg(2) tells of a datagram that it was longer, so the observer receives those so.
        "recvfrom" | "recvmsg" => "recv",
        "socket" | "bind" | "connect" | "listen" | "shutdown" | "close" | "setsockopt"
        | "getsockopt" => call,
        _ => return None,
    })
}

/// What the observer reported of a program, each call where it returned.
fn reported(events: &[Event], program: &str) -> Vec<Seen> {
    let mut ignored = Vec::new();
    let told = events.iter().filter_map(|event| match &event.fact {
        // Asking whether calls may wait is fcntl(2)'s or ioctl(2)'s business.
        Fact::Enter {
            id, call: Call::Setsockopt { option: OptionName::O_NONBLOCK, .. }, ..
        } => {
            ignored.push(*id);
            None
        }
        Fact::Return { id, program: by, fd, call, outcome, .. } if by.as_str() == program => {
            if ignored.contains(id) || matches!(call, CallName::Getsockname | CallName::Getpeername)
            {
                return None;
            }
            let result = match outcome {
                // Python gave up in poll(2): there was no call.
                Err(errno) if errno.number == 0 => return None,
                Err(errno) => errno.name.clone(),
                Ok(value) => {
                    let bytes = value.bytes.map(|bytes| bytes as i64);
                    value.fd.map(|fd| i64::from(fd.0)).or(bytes).unwrap_or(0).to_string()
                }
            };
            let name = match call {
                CallName::Sendto => "send",
                CallName::Recvfrom => "recv",
                call => call.as_str(),
            };
            let fd = fd.map_or(-1, |fd| fd.0);
            Some(format!("{name} {fd} = {result}"))
        }
        _ => None,
    });
    told.collect()
}

/// What strace saw, by the number that the server gave each observed program.
#[derive(Default)]
struct Trace {
    /// The programs' numbers by their processes and threads.
    programs: HashMap<u32, String>,
    /// Watchers, whose first child is the program.
    watchers: HashMap<u32, String>,
    /// Calls that strace has seen begin.
    begun: HashMap<u32, String>,
    sockets: HashMap<String, Vec<String>>,
    seen: HashMap<String, Vec<Seen>>,
}

impl Trace {
    /// Takes a line: `1234  connect(3, {…}, 16) = 0`.
    fn take(&mut self, line: &str) -> Option<()> {
        let (pid, rest) = line.split_once(' ')?;
        let (pid, rest) = (pid.parse().ok()?, rest.trim_start());
        if let Some(before) = rest.strip_suffix("<unfinished ...>") {
            self.begun.insert(pid, before.to_owned());
            return None;
        }
        match rest.strip_prefix("<... ") {
            Some(resumed) => {
                let (_, after) = resumed.split_once("resumed>")?;
                let whole = self.begun.remove(&pid)? + after;
                self.call(pid, &whole)
            }
            None => self.call(pid, rest),
        }
    }

    fn call(&mut self, pid: u32, line: &str) -> Option<()> {
        let (name, rest) = line.split_once('(')?;
        let (args, result) = rest.rsplit_once(" = ")?;
        let first = args.split([',', ')']).next()?.trim().to_owned();
        let result = match result.strip_prefix("-1 ") {
            Some(error) => error.split(' ').next()?.to_owned(),
            None => result.split(' ').next()?.to_owned(),
        };
        match name {
            "execve" if args.contains("observer.py") => {
                // …/observer.py", "NUMBER", "FOLDER", …
                let number = args.split("observer.py\", \"").nth(1)?.split('"').next()?;
                // Where `python3` is a script that finds the real one, what came of the script does not count.
                self.programs.retain(|_, it| it != number);
                self.sockets.remove(number);
                self.seen.remove(number);
                self.watchers.insert(pid, number.to_owned());
                return Some(());
            }
            "clone" | "clone3" | "fork" | "vfork" => {
                let child = result.parse().ok()?;
                let number = self.watchers.get(&pid).or(self.programs.get(&pid))?.clone();
                self.programs.insert(child, number);
                return Some(());
            }
            _ => {}
        }
        let number = self.programs.get(&pid)?.clone();
        let call = named(name)?;
        let sockets = self.sockets.entry(number.clone()).or_default();
        let about = if call == "socket" { "-1".to_owned() } else { first };
        // Whoever asks for the peer's process is the observer, and files are closed, too.
        if args.contains("SO_PEERCRED") || (call != "socket" && !sockets.contains(&about)) {
            return None;
        }
        // It was killed while it waited.
        if result == "?" {
            return None;
        }
        match call {
            "socket" | "accept" if result.parse::<i32>().is_ok() => sockets.push(result.clone()),
            "close" => sockets.retain(|it| *it != about),
            _ => {}
        }
        self.seen.entry(number).or_default().push(format!("{call} {about} = {result}"));
        Some(())
    }
}

/// Calls by their descriptor: threads of one program may be told in another order than strace saw them.
fn by_descriptor(calls: &[Seen]) -> HashMap<&str, Vec<&Seen>> {
    let mut found: HashMap<&str, Vec<&Seen>> = HashMap::new();
    for call in calls {
        found.entry(call.split(' ').nth(1).unwrap_or_default()).or_default().push(call);
    }
    found
}

/// The descriptors that a program had open when it ended.
fn left_open(events: &[Event], program: &str) -> Vec<Fd> {
    let ended = events.iter().find_map(|event| match &event.fact {
        Fact::Program { program: by, change: Change::Ended(closed), .. }
            if by.as_str() == program =>
        {
            Some(closed)
        }
        _ => None,
    });
    ended.cloned().unwrap_or_default()
}

/// Runs `lesson` under strace and compares.
async fn compare(server: &Running, trace: &Path, lesson: &str) {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-s", "256", "-e", TRACED, "-e", "signal=none", "-o"]).arg(trace);
    strace.args(["-p", &server.pid().to_string()]).stderr(Stdio::piped()).kill_on_drop(true);
    let mut strace = strace.spawn().expect("strace starts");
    let said = strace.stderr.take().expect("a pipe");
    // It is kept open: strace has more to say.
    let mut said = BufReader::new(said).lines();
    let attached = within("strace has attached", said.next_line()).await;
    assert!(attached.expect("a pipe").is_some_and(|line| line.contains("attached")));

    let room = server.client().room_with(json!({"lesson": lesson})).await;
    go_on(&room, json!({"do": "run"})).await;
    let events = room.until("the lesson is over", is_over).await;
    let (status, _) = server.client().delete(&room.path("")).await;
    assert_eq!(status, 204);
    let id = strace.id().expect("strace runs") as i32;
    let interrupt = nix::sys::signal::Signal::SIGINT;
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(id), interrupt).expect("strace runs");
    within("strace ends", strace.wait()).await.expect("strace");

    let mut traced = Trace::default();
    for line in fs::read_to_string(trace).expect("a trace").lines() {
        traced.take(line);
    }
    let programs = events.iter().filter_map(|event| match &event.fact {
        Fact::Program { program, change: Change::Started(_), .. } => Some(program),
        _ => None,
    });
    for (number, program) in programs.enumerate() {
        let (reported, seen) =
            (reported(&events, program.as_str()), traced.seen.get(&number.to_string()));
        let mut seen = seen.map(Vec::as_slice).unwrap_or_default();
        // What was still open when the program ended, Python closes when the end has been told.
        let closed = |call: &Seen| {
            left_open(&events, program.as_str()).iter().any(|fd| *call == format!("close {fd} = 0"))
        };
        while let Some((_, before)) = seen.split_last().filter(|(last, _)| closed(last)) {
            seen = before;
        }
        assert!(!reported.is_empty(), "{lesson}: {program} has made calls");
        if program.as_str() == "threads" {
            assert_eq!(by_descriptor(&reported), by_descriptor(seen), "{lesson}: {program}");
        } else {
            assert_eq!(reported, seen, "{lesson}: {program}");
        }
    }
}

#[tokio::test]
async fn strace_sees_the_calls_that_are_reported() {
    let server = Running::start(binary(), &["--listen", "127.0.0.1:0"]).await;
    let folder = Folder::new("traces");
    let (_, lessons) = server.client().get("/api/lessons").await;
    let lessons: Vec<_> =
        lessons.as_array().into_iter().flatten().filter_map(|it| it["lesson"].as_str()).collect();
    assert_eq!(lessons.len(), 16);
    for lesson in lessons {
        compare(&server, &folder.0.join(lesson), lesson).await;
    }
}
