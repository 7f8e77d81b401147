//! The observer against strace: while a lesson runs, strace follows the server and all that comes of it, and what it sees of
//! each program's socket calls is what the observer reported, in the same order, with the same results.

use std::{collections::HashMap, fs, path::Path, process::Stdio};

use serde_json::json;
use socketscope_protocol::{Call, CallName, Change, Event, Fact, Fd, OptionName};
use socketscope_tests::{SystemCall, within};
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
    /// The descriptors that are sockets.
    sockets: HashMap<String, Vec<String>>,
    seen: HashMap<String, Vec<Seen>>,
}

impl Trace {
    fn take(&mut self, call: &SystemCall) -> Option<()> {
        let SystemCall { thread, name, arguments, result } = call;
        // Without a result it was killed while it waited.
        let result = match result.as_ref()? {
            Ok(number) => number.to_string(),
            Err((name, _)) => name.clone(),
        };
        match &**name {
            "execve" => {
                // …/observer.py", "NUMBER", "FOLDER", …
                let number = arguments.split("observer.py\", \"").nth(1)?.split('"').next()?;
                // Where `python3` is a script that finds the real one, what came of the script does not count.
                self.programs.retain(|_, it| it != number);
                self.sockets.remove(number);
                self.seen.remove(number);
                self.watchers.insert(*thread, number.to_owned());
                return Some(());
            }
            "clone" | "clone3" | "fork" | "vfork" => {
                let number = self.watchers.get(thread).or(self.programs.get(thread))?.clone();
                self.programs.insert(result.parse().ok()?, number);
                return Some(());
            }
            _ => {}
        }
        let number = self.programs.get(thread)?.clone();
        let call = named(name)?;
        let sockets = self.sockets.entry(number.clone()).or_default();
        let first = arguments.split(',').next()?.trim();
        let about = if call == "socket" { "-1" } else { first };
        // Whoever asks for the peer's process is the observer, and files are closed, too.
        let known = call == "socket" || sockets.iter().any(|it| it == about);
        if arguments.contains("SO_PEERCRED") || !known {
            return None;
        }
        match call {
            "socket" | "accept" if result.parse::<i32>().is_ok() => sockets.push(result.clone()),
            "close" => sockets.retain(|it| it != about),
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
    for call in SystemCall::read_all(&fs::read_to_string(trace).expect("a trace")) {
        traced.take(&call);
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
