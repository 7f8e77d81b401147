//! Programs: their ends, their roles, calls that wait, and the order of causes and effects.

use std::collections::BTreeMap;

use serde_json::json;
use socketscope_protocol::{Call, CallId, CallName, Change, Event, Fact, Outcome};
use socketscope_tests::{Room, TestServer, within};

fn ended(name: &str) -> impl Fn(&Fact) -> bool {
    move |fact| matches!(fact, Fact::Program { program, change: Change::Ended(_), .. } if program.as_str() == name)
}

fn has_entered(name: CallName) -> impl Fn(&Fact) -> bool {
    move |fact| matches!(fact, Fact::Enter { call, .. } if call.name() == name)
}

/// The outcome of each call, by its number.
fn outcomes(events: &[Event]) -> BTreeMap<CallId, (CallName, Outcome)> {
    let returned = events.iter().filter_map(|event| match &event.fact {
        Fact::Return { id, call, outcome, .. } => Some((*id, (*call, outcome.clone()))),
        _ => None,
    });
    returned.collect()
}

fn errno_of(outcome: &Outcome) -> Option<&str> {
    outcome.as_ref().err().map(|errno| errno.name.as_str())
}

async fn room_with(program: serde_json::Value) -> (TestServer, Room) {
    let server = TestServer::start();
    let room = server.client().room().await;
    room.start(program).await;
    (server, room)
}

#[tokio::test]
async fn ending_a_program_interrupts_its_calls_and_closes_its_sockets() {
    let (server, room) = room_with(json!({"name": "a"})).await;
    for backlog in [1, 2] {
        room.call("a", json!({"call": "socket", "family": "inet", "type": "stream"})).await;
        room.call("a", json!({"call": "listen", "fd": backlog + 2, "backlog": backlog})).await;
    }
    // Several calls wait at once, on several descriptors and on the same one.
    for fd in [3, 3, 4] {
        assert_eq!(room.call_for(0, "a", &json!({"call": "accept", "fd": fd})).await.0, 202);
    }
    // They are answered as soon as they are entered; each begins to wait a moment later.
    let all_wait = async { while room.view().await.programs[0].waiting.len() < 3 {} };
    within("three waiting calls", all_wait).await;
    let (status, _) = server.client().delete(&room.path("/programs/a")).await;
    assert_eq!(status, 204);
    let events = room.until("the end", ended("a")).await;
    let accepts: Vec<_> =
        outcomes(&events).into_values().filter(|(call, _)| *call == CallName::Accept).collect();
    assert_eq!(accepts.len(), 3);
    assert!(accepts.iter().all(|(_, outcome)| errno_of(outcome) == Some("EINTR")), "{accepts:?}");
    let closed = match &events.last().expect("the end").fact {
        Fact::Program { change: Change::Ended(closed), .. } => {
            closed.iter().map(|fd| fd.0).collect()
        }
        _ => vec![],
    };
    assert_eq!(closed, [3, 4]);
    let (status, problem) = server
        .client()
        .post(&room.path("/programs/a/calls"), &json!({"call": "accept", "fd": 3}))
        .await;
    assert_eq!((status, &problem["code"]), (404, &json!("no-such-program")));
}

#[tokio::test]
async fn a_waiting_call_can_be_given_up_and_the_socket_goes_on() {
    let (server, room) = room_with(json!({"name": "a"})).await;
    room.call("a", json!({"call": "socket", "family": "inet", "type": "dgram"})).await;
    room.call("a", json!({"call": "bind", "fd": 3, "address": "127.0.0.1:0"})).await;
    let recv = json!({"call": "recv", "fd": 3, "size": 9});
    let (_, waiting) = room.call_for(0, "a", &recv).await;
    let path = room.path(&format!("/programs/a/calls/{}", waiting["id"]));
    room.until("recv is entered", has_entered(CallName::Recv)).await;
    // The call is entered before it waits; only one that waits can be given up.
    while room.view().await.programs[0].waiting.is_empty() {}
    assert_eq!(server.client().delete(&path).await.0, 204);
    let events = room
        .until("its return", |fact| matches!(fact, Fact::Return { call: CallName::Recv, .. }))
        .await;
    let (_, outcome) = outcomes(&events).into_values().last().expect("a return");
    assert_eq!(errno_of(&outcome), Some("EINTR"));
    assert_eq!(server.client().delete(&path).await.0, 404);
    let address =
        room.call("a", json!({"call": "getsockname", "fd": 3})).await["value"]["address"].clone();
    room.call("a", json!({"call": "sendto", "fd": 3, "text": "me", "address": address})).await;
    assert_eq!(room.call("a", recv).await["value"]["text"], "me");
}

#[tokio::test]
async fn a_blocking_send_returns_when_all_is_in_the_kernel() {
    let (_server, room) = room_with(json!({"name": "a"})).await;
    let socket = json!({"call": "socket", "family": "unix", "type": "stream"});
    room.call("a", socket.clone()).await;
    room.call("a", json!({"call": "bind", "fd": 3, "address": "x.sock"})).await;
    room.call("a", json!({"call": "listen", "fd": 3, "backlog": 1})).await;
    room.call("a", socket).await;
    room.call("a", json!({"call": "setsockopt", "fd": 4, "option": "SO_SNDBUF", "value": 5000}))
        .await;
    room.call("a", json!({"call": "connect", "fd": 4, "address": "x.sock"})).await;
    room.call("a", json!({"call": "accept", "fd": 3})).await;
    let text = "x".repeat(100_000);
    let (status, _) = room.call_for(0, "a", &json!({"call": "send", "fd": 4, "text": text})).await;
    assert_eq!(status, 202, "more than the buffer takes: it waits");
    let mut received = 0;
    while received < text.len() {
        let answer = room.call("a", json!({"call": "recv", "fd": 5, "size": 10_000})).await;
        received += answer["value"]["bytes"].as_u64().expect("bytes") as usize;
    }
    let sent = |fact: &Fact| matches!(fact, Fact::Return { call: CallName::Send, .. });
    let events = room.until("the send's return", sent).await;
    let sent = outcomes(&events).into_values().find(|(call, _)| *call == CallName::Send);
    assert_eq!(sent.and_then(|(_, outcome)| outcome.ok()?.bytes), Some(text.len()));
}

#[tokio::test]
async fn every_role_runs_to_its_end() {
    for (kind, address) in [
        ("tcp", "127.0.0.1:0"),
        ("tcp", "[::1]:0"),
        ("udp", "127.0.0.1:0"),
        ("udp", "[::1]:0"),
        ("unix", "e.sock"),
    ] {
        let server_role = format!("{kind}-echo-server");
        let (_server, room) =
            room_with(json!({"role": server_role, "address": address, "name": "s"})).await;
        let ready = if kind == "udp" { CallName::Recvfrom } else { CallName::Accept };
        room.until("the server is ready", has_entered(ready)).await;
        let bound = room.view().await.programs[0].sockets[0].local.clone().expect("an address");
        let client = json!({
            "role": format!("{kind}-client"), "address": bound, "name": "c",
            "messages": ["one", "zwei", "三"], "times": 2, "interval_ms": 0,
        });
        room.start(client).await;
        let events = room.until("the client's end", ended("c")).await;
        let received = events.iter().filter_map(|event| match &event.fact {
            Fact::Return { program, outcome: Ok(value), .. } if program.as_str() == "c" => {
                value.text.clone()
            }
            _ => None,
        });
        let echoes = ["one", "zwei", "三", "one", "zwei", "三"];
        assert_eq!(received.collect::<Vec<_>>(), echoes, "{kind} {address}");
    }
}

#[tokio::test]
async fn a_server_serves_one_client_at_a_time_or_many() {
    for concurrent in [false, true] {
        let server =
            json!({"role": "tcp-echo-server", "address": "127.0.0.1:0", "concurrent": concurrent});
        let (_server, room) = room_with(server).await;
        room.until("the server is ready", has_entered(CallName::Accept)).await;
        let address = room.view().await.programs[0].sockets[0].local.clone().expect("an address");
        // The first client connects and says nothing.
        for name in ["first", "second"] {
            room.start(json!({"name": name})).await;
            room.call(name, json!({"call": "socket", "family": "inet", "type": "stream"})).await;
            room.call(name, json!({"call": "connect", "fd": 3, "address": address})).await;
        }
        room.call("second", json!({"call": "send", "fd": 3, "text": "me too"})).await;
        let recv = json!({"call": "recv", "fd": 3, "size": 100});
        if concurrent {
            assert_eq!(room.call("second", recv).await["value"]["text"], "me too");
            continue;
        }
        assert_eq!(room.call_for(0, "second", &recv).await.0, 202);
        room.call("first", json!({"call": "close", "fd": 3})).await;
        let events = room
            .until("the second client's echo", |fact| {
                matches!(fact, Fact::Return { program, call: CallName::Recv, .. } if program.as_str() == "second")
            })
            .await;
        // `close` takes effect before it returns: only that it was entered before is certain.
        let closed = events.iter().position(|event| {
            matches!(&event.fact, Fact::Enter { program, call: Call::Close, .. } if program.as_str() == "first")
        });
        assert!(closed.is_some_and(|at| at < events.len() - 1), "the echo comes after the close");
    }
}

/// Many clients at once: whatever the threads do, no effect stands before its cause.
#[tokio::test]
async fn causes_stand_before_effects() {
    let server = json!({"role": "tcp-echo-server", "address": "127.0.0.1:0", "concurrent": true, "backlog": 128});
    let (_server, room) = room_with(server).await;
    room.until("the server is ready", has_entered(CallName::Accept)).await;
    let address = room.view().await.programs[0].sockets[0].local.clone().expect("an address");
    for client in 0..20 {
        let name = format!("c{client}");
        let messages = ["a".repeat(client + 1)];
        room.start(json!({"name": name, "role": "tcp-client", "address": address,
            "messages": messages, "times": 50, "interval_ms": 0}))
            .await;
    }
    for client in 0..20 {
        room.until("a client's end", ended(&format!("c{client}"))).await;
    }
    let events = room.events().await;
    let mut entered = BTreeMap::new();
    let (mut connecting, mut sent, mut accepted) = (BTreeMap::new(), BTreeMap::new(), 0);
    for (at, Event { seq, fact, .. }) in events.iter().enumerate() {
        assert_eq!(*seq, at as u64 + 1, "numbered without a hole");
        match fact {
            Fact::Enter { id, program, call, .. } => {
                entered.insert(*id, program.clone());
                if call.name() == CallName::Connect {
                    connecting.insert(program.clone(), ());
                }
                if let Call::Send { bytes, .. } = call {
                    *sent.entry(program.clone()).or_insert(0) += bytes;
                }
            }
            Fact::Return { id, program, call, outcome: Ok(value), other, .. } => {
                assert_eq!(
                    entered.remove(id).as_ref(),
                    Some(program),
                    "entered once, returned once"
                );
                if *call == CallName::Accept {
                    let other = other.as_ref().expect("a program of the room");
                    assert!(
                        connecting.contains_key(&other.program),
                        "{seq}: accepted before connect"
                    );
                    accepted += 1;
                }
                if *call == CallName::Recv && program.as_str().starts_with('c') {
                    let sent = sent.get_mut(program).expect("sent before received");
                    *sent -= value.bytes.expect("bytes");
                }
            }
            _ => {}
        }
    }
    assert_eq!(accepted, 20);
}
