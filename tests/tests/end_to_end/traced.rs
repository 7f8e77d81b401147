//! The journal against strace(1): a Python process makes the same calls in the same order, and what its kernel was asked for
//! and what it answered is what the journal says of ours.

use std::fs;

use serde_json::Value;
use socketscope_protocol::{Call, CallName, Event, Fact, OptionName};
use socketscope_tests::{Puppet, Returned, SystemCall, within};

use super::calls::{self, play};

/// A call by the kernel's name for it, and its result.
type Made = (String, Option<Returned>);

async fn same_as_strace(family: &str, kind: &str, steps: &[Value]) {
    let folder = std::env::temp_dir()
        .join(format!("socketscope-strace-{family}-{kind}-{}", std::process::id()));
    fs::create_dir(&folder).expect("a folder");
    let traced = |program: &str| Puppet::traced(&folder.join(program));
    let (_server, room, puppets) = play(family, kind, steps, traced).await;
    let events = room.events().await;
    for (program, puppet) in puppets {
        within("the end of python3", puppet.finish()).await;
        let trace = fs::read_to_string(folder.join(program)).expect("a trace");
        let (told, made) = (told(&events, program), made(&trace));
        assert!(told.len() > 5, "{told:?}");
        assert_eq!(told, made, "{program} of {family} {kind}");
    }
    fs::remove_dir_all(folder).expect("the folder was there");
}

/// What the journal says of a program's calls, in the order of their beginnings.
fn told(events: &[Event], of: &str) -> Vec<Made> {
    let mut calls = Vec::new();
    for event in events {
        match &event.fact {
            Fact::Enter { id, program, call, .. } if program.as_str() == of => {
                let switch = match call {
                    Call::Setsockopt { option, .. } | Call::Getsockopt { option } => {
                        *option == OptionName::O_NONBLOCK
                    }
                    _ => false,
                };
                // That is fcntl(2), and no call of the network's.
                if !switch {
                    calls.push((*id, call.name(), None));
                }
            }
            Fact::Return { id, outcome, .. } => {
                let Some(call) = calls.iter_mut().find(|(it, ..)| it == id) else { continue };
                call.2 = Some(match outcome {
                    Ok(value) => Ok(value
                        .fd
                        .map(|fd| fd.0.into())
                        .or(value.bytes.map(|bytes| bytes as i64))
                        .unwrap_or(0)),
                    Err(errno) => Err((errno.name.clone(), errno.message.clone())),
                });
            }
            _ => {}
        }
    }
    // The puppet knows itself which descriptors it does not have.
    let asked =
        |result: &Option<Returned>| !matches!(result, Some(Err((name, _))) if name == "EBADF");
    let asked = calls.into_iter().filter(|(_, _, result)| asked(result));
    asked.map(|(_, call, result)| (kernels_name(call), result)).collect()
}

fn kernels_name(call: CallName) -> String {
    // What Python's functions call.
    match call {
        CallName::Accept => "accept4",
        CallName::Send => "sendto",
        CallName::Recv | CallName::Recvfrom => "recvmsg",
        other => other.as_str(),
    }
    .to_owned()
}

/// What strace says, from the first socket on: Python's own files are closed by then.
fn made(trace: &str) -> Vec<Made> {
    let calls = SystemCall::read_all(trace);
    let calls: Vec<_> = calls.into_iter().skip_while(|call| call.name != "socket").collect();
    let asks_what_it_accepted = |at: usize| {
        // Python makes sure that what it was given is a socket.
        at > 0 && calls[at].name == "getsockname" && calls[at - 1].name == "accept4"
    };
    let kept = (0..calls.len()).filter(|at| !asks_what_it_accepted(*at));
    kept.map(|at| (calls[at].name.clone(), calls[at].result.clone())).collect()
}

#[tokio::test]
async fn tcp() {
    same_as_strace("inet", "stream", &calls::tcp("inet", "127.0.0.1")).await;
}

#[tokio::test]
async fn udp() {
    same_as_strace("inet", "dgram", &calls::udp("inet", "127.0.0.1")).await;
}

#[tokio::test]
async fn unix() {
    same_as_strace("unix", "stream", &calls::unix()).await;
}
