//! Each limit at its edge: the last that fits, and the first that does not.

use serde_json::{Value, json};
use socketscope_protocol::limits::*;
use socketscope_tests::{Answer, Room, TestServer};

async fn room_with_program() -> (TestServer, Room) {
    let server = TestServer::start();
    let room = server.client().room().await;
    room.start(json!({"name": "a"})).await;
    (server, room)
}

fn assert_full((status, problem): Answer, limit: usize) {
    assert_eq!((status, &problem["code"]), (429, &json!("full")));
    assert_says(&problem, limit);
}

fn assert_too_long((status, problem): Answer, limit: usize) {
    assert_eq!((status, &problem["code"]), (413, &json!("too-long")), "{problem}");
    assert_says(&problem, limit);
}

fn assert_says(problem: &Value, limit: usize) {
    let detail = problem["detail"].as_str().unwrap_or_default();
    assert!(detail.contains(&limit.to_string()), "{detail:?} states {limit}");
}

#[tokio::test]
async fn rooms() {
    let server = TestServer::start();
    let client = server.client();
    for _ in 0..ROOMS {
        client.room().await;
    }
    assert_full(client.post("/api/rooms", &json!({})).await, ROOMS);
    let (_, rooms) = client.get("/api/rooms").await;
    let first = rooms[0]["room"].as_str().expect("an id").to_owned();
    assert_eq!(client.delete(&format!("/api/rooms/{first}")).await.0, 204);
    client.room().await;
}

#[tokio::test]
async fn programs() {
    let server = TestServer::start();
    let room = server.client().room().await;
    for _ in 0..PROGRAMS {
        room.start(json!({})).await;
    }
    assert_full(server.client().post(&room.path("/programs"), &json!({})).await, PROGRAMS);
    assert_eq!(server.client().delete(&room.path("/programs/program")).await.0, 204);
    room.start(json!({})).await;
}

#[tokio::test]
async fn descriptors() {
    let (_server, room) = room_with_program().await;
    let socket = json!({"call": "socket", "family": "inet", "type": "dgram"});
    for fd in 3..3 + FDS {
        assert_eq!(room.call("a", socket.clone()).await["value"]["fd"], fd);
    }
    // A process at its limit gets an errno, and so does a program.
    assert_eq!(room.call("a", socket.clone()).await["errno"]["name"], "EMFILE");
    room.call("a", json!({"call": "close", "fd": 7})).await;
    assert_eq!(room.call("a", socket).await["value"]["fd"], 7);
}

#[tokio::test]
async fn waiting_calls() {
    let (_server, room) = room_with_program().await;
    room.call("a", json!({"call": "socket", "family": "inet", "type": "dgram"})).await;
    room.call("a", json!({"call": "bind", "fd": 3, "address": "127.0.0.1:0"})).await;
    let recv = json!({"call": "recv", "fd": 3, "size": 1});
    for _ in 0..WAITING_CALLS {
        assert_eq!(room.call_for(0, "a", &recv).await.0, 202);
    }
    assert_full(room.call_for(0, "a", &recv).await, WAITING_CALLS);
}

#[tokio::test]
async fn payloads_and_buffers() {
    let (_server, room) = room_with_program().await;
    room.call("a", json!({"call": "socket", "family": "inet", "type": "dgram"})).await;
    room.call("a", json!({"call": "bind", "fd": 3, "address": "127.0.0.1:0"})).await;
    let address =
        room.call("a", json!({"call": "getsockname", "fd": 3})).await["value"]["address"].clone();
    let send = |length: usize| json!({"call": "sendto", "fd": 3, "address": address, "text": "x".repeat(length)});
    // The largest datagram, and the kernel's word on one byte more.
    assert_eq!(room.call("a", send(65_507)).await["value"]["bytes"], 65_507);
    assert_eq!(room.call("a", send(65_508)).await["errno"]["name"], "EMSGSIZE");
    assert_eq!(room.call("a", send(PAYLOAD_BYTES)).await["errno"]["name"], "EMSGSIZE");
    assert_too_long(room.call_for(0, "a", &send(PAYLOAD_BYTES + 1)).await, PAYLOAD_BYTES);
    let recv = |size: usize| json!({"call": "recv", "fd": 3, "size": size});
    assert_too_long(room.call_for(0, "a", &recv(RECV_BYTES + 1)).await, RECV_BYTES);
    let value = room.call("a", recv(RECV_BYTES)).await["value"].clone();
    assert_eq!(value["bytes"], 65_507);
    assert_eq!(
        value["text"].as_str().map(str::len),
        Some(SHOWN_BYTES),
        "shown in part, its length in full"
    );
    let linger = |seconds: i64| json!({"call": "setsockopt", "fd": 3, "option": "SO_LINGER", "value": seconds});
    assert_eq!(room.call("a", linger(LINGER_SECONDS)).await["value"], json!({}));
    assert_too_long(
        room.call_for(0, "a", &linger(LINGER_SECONDS + 1)).await,
        LINGER_SECONDS as usize,
    );
}

#[tokio::test]
async fn names() {
    let server = TestServer::start();
    let room = server.client().room().await;
    let name = |length: usize| json!({"name": "水".repeat(length)});
    room.start(name(NAME_CHARS)).await;
    let (status, problem) =
        server.client().post(&room.path("/programs"), &name(NAME_CHARS + 1)).await;
    assert_eq!(status, 400);
    assert_says(&problem, NAME_CHARS);
    room.call_for(0, "%3Cb%3E%2F..%2F", &json!({"call": "close", "fd": 3})).await;
    let odd = room.start(json!({"name": "<b>/../\" 🙂"})).await;
    assert_eq!(odd, "<b>/../\" 🙂");
    let path = room.path("/programs/%3Cb%3E%2F..%2F%22%20%F0%9F%99%82");
    assert_eq!(server.client().delete(&path).await.0, 204);
}

#[tokio::test]
async fn scripts() {
    let server = TestServer::start();
    let room = server.client().room().await;
    let client = |messages: usize, times: u32| json!({"role": "udp-client", "address": "127.0.0.1:9", "messages": vec!["x"; messages], "times": times});
    room.start(client(SCRIPT_MESSAGES, SCRIPT_TIMES)).await;
    let start =
        async |program: Value| server.client().post(&room.path("/programs"), &program).await;
    assert_too_long(start(client(SCRIPT_MESSAGES + 1, 1)).await, SCRIPT_MESSAGES);
    assert_too_long(start(client(1, SCRIPT_TIMES + 1)).await, SCRIPT_TIMES as usize);
    let server_role =
        |size: usize| json!({"role": "udp-echo-server", "address": "127.0.0.1:0", "size": size});
    room.start(server_role(RECV_BYTES)).await;
    assert_too_long(start(server_role(RECV_BYTES + 1)).await, RECV_BYTES);
}

#[tokio::test]
async fn a_full_journal_drops_the_oldest_and_says_so() {
    let server = TestServer::start_with("127.0.0.1:0", |config| config.journal_bytes = 200_000);
    let room = server.client().room().await;
    room.start(json!({"name": "s", "role": "udp-echo-server", "address": "127.0.0.1:0"})).await;
    let address = loop {
        if let Some(address) =
            room.view().await.programs[0].sockets.first().and_then(|s| s.local.clone())
            && !address.ends_with(":0")
        {
            break address;
        }
    };
    room.start(json!({"name": "c", "role": "udp-client", "address": address, "times": 1000, "interval_ms": 0})).await;
    while room.view().await.programs.len() > 1 {}
    let (view, events) = (room.view().await, room.events().await);
    assert!(view.first > 1 && view.head > 4000, "{} to {}", view.first, view.head);
    let missed = match &events[0].fact {
        socketscope_protocol::Fact::Gap { missed } => *missed,
        other => panic!("{other:?}"),
    };
    assert_eq!((missed, events[0].seq), (view.first - 1, view.first - 1));
    let numbers: Vec<_> = events.iter().map(|event| event.seq).collect();
    assert_eq!(numbers, (missed..=view.head).collect::<Vec<_>>());
}
