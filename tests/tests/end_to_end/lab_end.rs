//! How a room of the lab ends, and what its neighbours notice of it.

use serde_json::json;
use socketscope_protocol::{Basis, CallName, Change, Fact, Fd, HostChange, Loss, TcpState};
use socketscope_tests::{Feed, Message, Room, TestServer, within};
use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::lab::{SERVER, connect, first, listener, program, state};

#[tokio::test]
async fn a_room_ends_in_order_with_calls_waiting_and_packets_held() {
    let server = TestServer::start();
    let room = server.client().lab().await;
    listener(&room, 5).await;
    program(&room, "c", "client").await;
    room.wire(json!({"hold": true})).await;
    assert_eq!(connect(&room, "c", 0).await.0, 202);
    let accept = json!({"call": "accept", "fd": 3});
    assert_eq!(room.call_for(0, "s", &accept).await.0, 202);
    room.until("a held SYN", |fact| matches!(fact, Fact::Hold { .. })).await;
    let (mut feed, _) = Feed::open(&room, 1).await;
    assert_eq!(server.client().delete(&room.path("")).await.0, 204);
    let mut events = Vec::new();
    loop {
        match feed.next().await {
            Message::Event(event) => events.push(event),
            Message::Line(_) => {}
            Message::Closed(..) => break,
        }
    }
    let interrupted = first(
        &events,
        "EINTR",
        |fact| matches!(fact, Fact::Return { outcome: Err(errno), .. } if errno.name == "EINTR"),
    );
    let lost = first(&events, "loss", |fact| matches!(fact, Fact::Lose { why: Loss::Ended, .. }));
    let gone = first(&events, "end of a host", |fact| {
        matches!(fact, Fact::Host { change: HostChange::Ended, .. })
    });
    assert!(interrupted < lost && lost < gone);
    let departed = events.iter().filter(|event| matches!(event.fact, Fact::Depart { .. })).count();
    let fates =
        events.iter().filter(|event| matches!(event.fact, Fact::Arrive { .. } | Fact::Lose { .. }));
    assert_eq!(departed, fates.count(), "each packet has come to its end");
}

#[tokio::test]
async fn a_room_ends_wholly_though_who_asked_has_left() {
    let server = TestServer::start();
    let room = server.client().lab().await;
    listener(&room, 5).await;
    program(&room, "c", "client").await;
    assert_eq!(connect(&room, "c", 20_000).await.0, 200);
    // Its data stops on the wire, so that its end waits for the peer as long as it may (socket(7), SO_LINGER).
    room.wire(json!({"hold": true})).await;
    room.call("c", json!({"call": "send", "fd": 3, "text": "hello"})).await;
    let linger = json!({"call": "setsockopt", "fd": 3, "option": "SO_LINGER", "value": 2});
    room.call("c", linger).await;
    let folder = room.view().await.unix_folder;
    let mut feed = Feed::connect(room.live(1)).await;

    let mut asks = TcpStream::connect(server.address).await.expect("a connection");
    let request = format!(
        "DELETE /api/rooms/{} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
        room.id,
        server.address,
        TestServer::KEY
    );
    asks.write_all(request.as_bytes()).await.expect("sent");
    let ends = |fact: &Fact| matches!(fact, Fact::Program { program, change: Change::Ended(_), .. } if program.as_str() == "c");
    while !ends(&feed.events(1).await[0].fact) {}
    drop(asks);
    assert_eq!(feed.closed().await.1, "the room has ended");
    within("the room's folder to go", async {
        while std::path::Path::new(&folder).exists() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

fn has_ended(fact: &Fact, name: &str) -> bool {
    matches!(fact, Fact::Program { program, change: Change::Ended(_), .. } if program.as_str() == name)
}

/// A server on `host`, and a client that talks to it for so many rounds.
async fn talk(room: &Room, host: &str, kind: &str, times: u32) {
    let (echo, client) = (format!("{kind}-echo-server"), format!("{kind}-client"));
    room.start(json!({"name": "s", "host": "server", "role": echo, "address": SERVER})).await;
    let waits = |fact: &Fact| matches!(fact, Fact::Enter { call, .. } if matches!(call.name(), CallName::Accept | CallName::Recvfrom));
    room.until("the server waits", waits).await;
    let client = json!({"name": "c", "host": host, "role": client, "address": SERVER, "times": times, "interval_ms": 0});
    room.start(client).await;
}

/// Rooms share threads, so each of them has one that floods: its wire, and the loopback of one of its hosts.
#[tokio::test]
async fn a_flood_stops_no_other_room() {
    let server = TestServer::start();
    let mut floods = Vec::new();
    for host in ["client", "server"].into_iter().cycle().take(4) {
        let flood = server.client().lab().await;
        talk(&flood, host, "udp", 1_000_000).await;
        floods.push(flood);
    }
    let room = server.client().lab().await;
    talk(&room, "client", "tcp", 100).await;
    room.until("the end of a hundred round trips", |fact| has_ended(fact, "c")).await;
    for flood in floods {
        let events = flood.events_from(flood.view().await.head.saturating_sub(30)).await;
        assert!(!events.iter().any(|event| has_ended(&event.fact, "c")), "it floods all the while");
    }
}

/// A blocking `connect` whose socket is shut down returns (connect(2) by __inet_stream_connect), and begins no other one.
#[tokio::test]
async fn a_connect_that_is_shut_down_ends() {
    let server = TestServer::start();
    let room = server.client().lab().await;
    listener(&room, 5).await;
    for how in ["both", "read", "write"] {
        let name = format!("c-{how}");
        program(&room, &name, "client").await;
        room.wire(json!({"hold": true})).await;
        let from = room.view().await.head + 1;
        assert_eq!(connect(&room, &name, 0).await.0, 202);
        room.until_from(from, "a held SYN", |fact| matches!(fact, Fact::Hold { .. })).await;
        room.call(&name, json!({"call": "shutdown", "fd": 3, "how": how})).await;
        let returned = |fact: &Fact| {
            matches!(fact, Fact::Return { program, call: CallName::Connect, outcome: Err(errno), .. }
                if program.as_str() == name && errno.name == "ECONNRESET")
        };
        let events = room.until_from(from, "the end of connect", returned).await;
        let syns = events.iter().filter(|event| matches!(event.fact, Fact::Depart { .. })).count();
        assert_eq!(syns, 1, "{how}");
        // The socket can be used again, as after any connect that has failed.
        room.wire(json!({"hold": false})).await;
        assert_eq!(connect(&room, &name, 20_000).await.1["value"], json!({}));
    }
}

/// A listener's state ends with its last descriptor, and a connection's end leaves the descriptor that it had.
#[tokio::test]
async fn states_end_with_their_sockets() {
    let server = TestServer::start();
    for kind in ["lab", "host"] {
        let room = server.client().room_on(kind).await;
        for (name, host) in [("s", "server"), ("c", "client")] {
            let new = match kind {
                "lab" => json!({"name": name, "host": host}),
                _ => json!({"name": name}),
            };
            room.start(new).await;
            room.call(name, json!({"call": "socket", "family": "inet", "type": "stream"})).await;
        }
        let host = if kind == "lab" { "10.0.0.1:0" } else { "127.0.0.1:0" };
        room.call("s", json!({"call": "bind", "fd": 3, "address": host})).await;
        room.call("s", json!({"call": "listen", "fd": 3, "backlog": 5})).await;
        let listening = room.call("s", json!({"call": "getsockname", "fd": 3})).await;
        let address = listening["value"]["address"].clone();
        let from = room.view().await.head + 1;
        room.call("s", json!({"call": "close", "fd": 3})).await;
        let closed = |fact: &Fact| {
            state(fact).is_some_and(|it| {
                json!(it.local) == address && it.peer.is_none() && it.state == TcpState::Close
            })
        };
        room.until_from(from, "the listener's end", closed).await;
        let from = room.view().await.head + 1;
        let connect = json!({"call": "connect", "fd": 3, "address": address});
        assert_eq!(room.call("c", connect).await["errno"]["name"], "ECONNREFUSED");
        let refused = |fact: &Fact| {
            state(fact).is_some_and(|it| {
                it.state == TcpState::Close
                    && it.fd == Some(Fd(3))
                    && it.program.as_ref().is_some_and(|name| name.as_str() == "c")
            })
        };
        if kind == "lab" {
            // On a loopback it is over before anybody can look.
            room.until_from(from, "the state of the refused socket", refused).await;
        }
    }
}

/// A listener at [::] is looked at whenever somebody comes, in either version.
#[tokio::test]
async fn who_comes_to_a_wildcard_is_seen_at_once() {
    let server = TestServer::start();
    for (host, to) in [
        ("[::]:9000", "[::1]:9000"),
        ("[::]:9000", "127.0.0.1:9000"),
        ("0.0.0.0:9000", "127.0.0.1:9000"),
    ] {
        let room = server.client().lab().await;
        let family = |address: &str| if address.starts_with('[') { "inet6" } else { "inet" };
        for (name, address) in [("s", host), ("c", to)] {
            room.start(json!({"name": name, "host": "server"})).await;
            let socket = json!({"call": "socket", "family": family(address), "type": "stream"});
            room.call(name, socket).await;
        }
        room.call("s", json!({"call": "bind", "fd": 3, "address": host})).await;
        room.call("s", json!({"call": "listen", "fd": 3, "backlog": 5})).await;
        let from = room.view().await.head + 1;
        let connect = json!({"call": "connect", "fd": 3, "address": to});
        assert_eq!(room.call("c", connect).await["value"], json!({}));
        let queued = |fact: &Fact| {
            state(fact).is_some_and(|it| it.state == TcpState::Listen && it.accept_queue == Some(1))
        };
        let events = room.until_from(from, "a connection waits", queued).await;
        let basis = state(&events.last().expect("it").fact).map(|it| it.basis);
        assert_eq!(basis, Some(Basis::Observed), "{to}");
    }
}
