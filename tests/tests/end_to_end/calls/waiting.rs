//! Calls that wait: what ends them, in whose turn, and what they leave to the next.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use socketscope_protocol::{CallName, Fact};
use socketscope_tests::TestServer;

use super::{perform, same_as_python, steps};

/// What one end sends rings whoever waits at the other one. It takes only a part; the rest is there for the next that waits,
/// though nothing more is sent.
#[tokio::test]
async fn what_a_waiting_recv_leaves_is_for_the_next() {
    let streams = steps! {
        "a" "socket" {"family": "inet", "type": "stream"};
        "a" "bind" {"fd": 3, "address": "127.0.0.1:PORT"};
        "a" "listen" {"fd": 3, "backlog": 5};
        "b" "socket" {"family": "inet", "type": "stream"};
        "b" "connect" {"fd": 3, "address": "127.0.0.1:PORT"};
        "a" "accept" {"fd": 3};
        "a" "recv" {"fd": 4, "size": 2, "later": "first"};
        "b" "send" {"fd": 3, "text": "hello"};
        "a" "" {"finish": "first"};
        "a" "recv" {"fd": 4, "size": 2};
        "a" "recv" {"fd": 4, "size": 100};
        "a" "recv" {"fd": 4, "size": 100, "later": "second"};
        "b" "send" {"fd": 3, "text": "again"};
        "a" "" {"finish": "second"};
        // Rung for what has been received already: there is nothing, and it waits on.
        "b" "send" {"fd": 3, "text": "taken"};
        "a" "recv" {"fd": 4, "size": 100};
        "a" "recv" {"fd": 4, "size": 100, "later": "third"};
        "b" "send" {"fd": 3, "text": "the last"};
        "a" "" {"finish": "third"};
        "a" "recv" {"fd": 4, "size": 100, "later": "end"};
        "b" "close" {"fd": 3};
        "a" "" {"finish": "end"};
    };
    same_as_python("inet", "stream", &streams).await;
}

/// Which of them the kernel lets through is its choice; the other one finds the socket connected (unix_stream_connect).
#[tokio::test]
async fn two_connects_of_one_descriptor_wait_for_a_unix_backlog() {
    let server = TestServer::start();
    let room = server.client().room().await;
    room.start(json!({"name": "a"})).await;
    let socket = json!({"call": "socket", "family": "unix", "type": "stream"});
    let connect = |fd: i32| json!({"call": "connect", "fd": fd, "address": "echo.sock"});
    for call in [
        socket.clone(),
        json!({"call": "bind", "fd": 3, "address": "echo.sock"}),
        json!({"call": "listen", "fd": 3, "backlog": 0}),
        socket.clone(),
        connect(4),
        socket,
    ] {
        assert_eq!(room.call("a", call).await["errno"], Value::Null);
    }
    let mut later = BTreeMap::new();
    for name in ["one", "other"] {
        let mut step = connect(5);
        step["later"] = name.into();
        perform(&room, "a", &step, &mut later).await;
    }
    // Time enough for both to have asked again, more than once.
    assert_eq!(room.call_for(50, "a", &json!({"call": "recv", "fd": 4, "size": 1})).await.0, 202);
    for _ in 0..2 {
        room.call("a", json!({"call": "accept", "fd": 3})).await;
    }
    let mut ends = Vec::new();
    for name in ["one", "other"] {
        ends.push(perform(&room, "a", &json!({"finish": name}), &mut later).await);
    }
    let errnos: Vec<_> = ends.iter().filter_map(|end| end["errno"]["name"].as_str()).collect();
    assert_eq!(errnos, ["EISCONN"], "{ends:?}");
}

/// An error of the socket's ends a call that waits, and a call that can only fail does not wait because another one does.
#[tokio::test]
async fn errors_come_to_calls_that_wait() {
    let datagrams = steps! {
        "a" "socket" {"family": "inet", "type": "dgram"};
        "a" "connect" {"fd": 3, "address": "127.0.0.1:PORT"};
        "a" "recv" {"fd": 3, "size": 10, "later": "refused"};
        "a" "accept" {"fd": 3};
        "a" "send" {"fd": 3, "text": "anybody?"};
        "a" "" {"finish": "refused"};
        "a" "getsockopt" {"fd": 3, "option": "SO_ERROR"};
    };
    same_as_python("inet", "dgram", &datagrams).await;
    let streams = steps! {
        "a" "socket" {"family": "inet", "type": "stream"};
        "a" "bind" {"fd": 3, "address": "127.0.0.1:PORT"};
        "a" "listen" {"fd": 3, "backlog": 5};
        "a" "accept" {"fd": 3, "later": "client"};
        "a" "recv" {"fd": 3, "size": 10};
        "b" "socket" {"family": "inet", "type": "stream"};
        "b" "connect" {"fd": 3, "address": "127.0.0.1:PORT"};
        "a" "" {"finish": "client"};
        "b" "recv" {"fd": 3, "size": 10, "later": "hello"};
        "a" "send" {"fd": 4, "text": "hello"};
        "b" "" {"finish": "hello"};
        "b" "accept" {"fd": 3};
        "b" "listen" {"fd": 3, "backlog": 5};
    };
    same_as_python("inet", "stream", &streams).await;
    let unix = steps! {
        "a" "socket" {"family": "unix", "type": "stream"};
        "a" "bind" {"fd": 3, "address": "UNIX/x.sock"};
        "a" "listen" {"fd": 3, "backlog": 5};
        "a" "accept" {"fd": 3, "later": "nobody"};
        "b" "socket" {"family": "unix", "type": "stream"};
        "a" "shutdown" {"fd": 3, "how": "both"};
        "a" "" {"finish": "nobody"};
        "a" "accept" {"fd": 3};
        "b" "connect" {"fd": 3, "address": "UNIX/x.sock"};
    };
    same_as_python("unix", "stream", &unix).await;
    // What waits for a backlog goes on to wait, and what it was refused so is the other one.
    let backlog = steps! {
        "a" "socket" {"family": "unix", "type": "stream"};
        "a" "bind" {"fd": 3, "address": "UNIX/x.sock"};
        "a" "listen" {"fd": 3, "backlog": 0};
        "b" "socket" {"family": "unix", "type": "stream"};
        "b" "connect" {"fd": 3, "address": "UNIX/x.sock"};
        "b" "socket" {"family": "unix", "type": "stream"};
        "b" "connect" {"fd": 4, "address": "UNIX/x.sock", "later": "connected"};
        "b" "shutdown" {"fd": 4, "how": "write"};
        "a" "accept" {"fd": 3};
        "b" "" {"finish": "connected"};
    };
    same_as_python("unix", "stream", &backlog).await;
}

/// A Unix datagram waits for room at whom it is sent to, and for nobody else.
#[tokio::test]
async fn datagrams_to_others_do_not_wait_for_each_other() {
    let server = TestServer::start();
    let room = server.client().room().await;
    room.start(json!({"name": "a"})).await;
    for fd in 3..6 {
        room.call("a", json!({"call": "socket", "family": "unix", "type": "dgram"})).await;
        let bind = json!({"call": "bind", "fd": fd, "address": format!("{fd}.sock")});
        assert_eq!(room.call("a", bind).await["value"], json!({}));
    }
    let nonblocking = |value: i32| {
        let call = json!({"call": "setsockopt", "fd": 5, "option": "O_NONBLOCK", "value": value});
        room.call("a", call)
    };
    let send =
        |to: i32| json!({"call": "sendto", "fd": 5, "address": format!("{to}.sock"), "text": "x"});
    nonblocking(1).await;
    for to in [3, 4] {
        while room.call("a", send(to)).await["errno"]["name"] != "EAGAIN" {}
    }
    nonblocking(0).await;
    assert_eq!(room.call_for(0, "a", &send(3)).await.0, 202);
    let (status, second) = room.call_for(0, "a", &send(4)).await;
    assert_eq!(status, 202);
    room.call("a", json!({"call": "recv", "fd": 4, "size": 1})).await;
    let returned = |fact: &Fact| matches!(fact, Fact::Return { id, outcome: Ok(_), .. } if json!(id) == second["id"]);
    room.until("the second one has gone", returned).await;
}

/// As the kernel serves tasks that wait exclusively.
#[tokio::test]
async fn who_waits_first_is_served_first() {
    let server = TestServer::start();
    let room = server.client().room().await;
    room.start(json!({"name": "s"})).await;
    room.call("s", json!({"call": "socket", "family": "inet", "type": "stream"})).await;
    room.call("s", json!({"call": "bind", "fd": 3, "address": "127.0.0.1:0"})).await;
    room.call("s", json!({"call": "listen", "fd": 3, "backlog": 5})).await;
    let address = room.call("s", json!({"call": "getsockname", "fd": 3})).await;
    let mut waiting = Vec::new();
    for _ in 0..4 {
        let (status, answer) = room.call_for(0, "s", &json!({"call": "accept", "fd": 3})).await;
        assert_eq!(status, 202);
        waiting.push(answer["id"].as_u64().expect("an id"));
    }
    for first in waiting {
        let client = format!("c{first}");
        room.start(json!({"name": client})).await;
        room.call(&client, json!({"call": "socket", "family": "inet", "type": "stream"})).await;
        let connect = json!({"call": "connect", "fd": 3, "address": address["value"]["address"]});
        let from = room.view().await.head + 1;
        room.call(&client, connect).await;
        let accepts = |fact: &Fact| matches!(fact, Fact::Return { call: CallName::Accept, .. });
        let events = room.until_from(from, "an accept", accepts).await;
        let served = events.iter().rev().find_map(|event| match &event.fact {
            Fact::Return { call: CallName::Accept, id, .. } => Some(id.0),
            _ => None,
        });
        assert_eq!(served, Some(first));
    }
}
