//! The right-hand column of `lessons.md`, a test for each row.

use std::{fs, os::unix::fs::FileTypeExt, path::Path};

use serde_json::json;
use socketscope_protocol::Fact;
use socketscope_tests::{Story, TestServer};

use super::{begin, go_on, is_over, run, said};

/// Runs a lesson as fast as it goes, and tells what happened.
async fn story(lesson: &str) -> Story {
    let server = TestServer::start();
    let events = run(&server, lesson, 0).await;
    said::all(lesson, &events);
    Story::of(&events)
}

#[tokio::test]
async fn socket_families() {
    let server = TestServer::start();
    let room = begin(&server, "socket-families").await;
    let path = Path::new(&room.view().await.unix_folder).join("echo.sock");
    assert!(!path.exists(), "nobody has bound it yet");
    go_on(&room, json!({"do": "run"})).await;
    let events = room.until("the lesson is over", is_over).await;
    said::all("socket-families", &events);
    let story = Story::of(&events);
    story.has(&[
        "unix-server enters socket stream",
        "unix-server enters bind echo.sock",
        "unix-server bind = ok at echo.sock",
        "unix-server enters accept",
        "unix-client enters connect echo.sock",
        "unix-client connect = ok",
        "unix-client enters send 5",
        "unix-server recv = 5 \"hello\"",
        "unix-client recv = 5 \"hello\"",
        "unix-server recv = 0",
        "unix-server close = ok",
        "unix-server close = ok",
        "tcp-client enters connect 10.0.0.1:9000",
        "client>server SYN",
        "server>client SYN,ACK",
        "client>server ACK",
        "client>server PSH,ACK 5",
        "tcp-server recv = 5 \"hello\"",
        "server>client PSH,ACK 5",
        "tcp-client recv = 5 \"hello\"",
    ]);
    // A socket of its own for the client, who has no name.
    story.has(&["unix-server accept = fd 4 at echo.sock", "unix-server recv = 5 \"hello\""]);
    story.has(&["tcp-server accept = fd 4 from", "tcp-server recv = 5 \"hello\""]);
    assert!(!story.before("tcp-client enters connect").tells(">"), "the wire is empty");
    // Its sockets are closed, and the path outlives them.
    let file = fs::symlink_metadata(&path).expect("a path in the file system");
    assert!(file.file_type().is_socket(), "{file:?}");
}

#[tokio::test]
async fn tcp_first_connection() {
    let story = story("tcp-first-connection").await;
    story.has(&[
        "server enters socket stream",
        "server enters bind 10.0.0.1:9000",
        "server enters listen",
        "server enters accept",
        "client enters connect 10.0.0.1:9000",
        "client>server SYN",
        "arrived client>server SYN",
        "server>client SYN,ACK",
        "arrived server>client SYN,ACK",
        "client is ESTABLISHED",
    ]);
    story.has(&["server listen = ok", "server is LISTEN", "client>server SYN"]);
    story.has(&["arrived server>client SYN,ACK", "client connect = ok", "client send = 5"]);
    story.has(&["arrived client>server ACK", "server accept = fd 4", "server enters recv 1024"]);
    // The address that `accept` returns is the one that the client has got from its own kernel.
    let connected = story.lines("client connect = ok at");
    let address = connected[0].rsplit(' ').next().unwrap_or_default();
    assert!(address.starts_with("10.0.0.2:"), "{connected:?}");
    story.has(&[format!("server accept = fd 4 from {address} at 10.0.0.1:9000")]);
    story.has(&[
        "client>server PSH,ACK 5",
        "server recv = 5 \"hello\"",
        "server enters send 5",
        "server>client PSH,ACK 5",
        "client recv = 5 \"hello\"",
        "client enters close",
        "client>server FIN,ACK",
        "server recv = 0",
        "server>client FIN,ACK",
    ]);
    assert!(!story.tells("RST"));
}

#[tokio::test]
async fn server_first() {
    let story = story("server-first").await;
    story.has(&[
        "client enters connect 10.0.0.1:9000",
        "client>server SYN",
        "server>client RST,ACK",
        "client connect = ECONNREFUSED",
        "client exits 1",
    ]);
    story.has(&["server listen = ok", "client-2 enters connect", "client-2 connect = ok"]);
    story.has(&["client-2 send = 5", "client-2 recv = 5", "client-2 exits 0"]);
    assert_eq!(story.count("server>client RST,ACK"), 1);
}

#[tokio::test]
async fn tcp_loop() {
    let story = story("tcp-loop").await;
    // The second client is connected and has sent while the server still talks to the first.
    story.has(&[
        "server accept = fd 4",
        "server recv = 5 \"first\"",
        "bob connect = ok",
        "bob send = 5",
        "server recv = 6 \"second\"",
        "alice enters close",
        "server recv = 0",
        "server accept = fd 4",
        "server recv = 5 \"first\"",
        "bob recv = 5 \"first\"",
    ]);
    let received = story.lines("server recv");
    let bytes: Vec<_> = received.iter().filter_map(|line| line.split(' ').nth(3)).collect();
    assert_eq!(bytes, ["5", "6", "0", "5", "6", "0"]);
}

#[tokio::test]
async fn end_of_stream() {
    let story = story("end-of-stream").await;
    story.has(&["server recv = 5", "client>server FIN,ACK", "server recv = 0"]);
    story.has(&[
        "waiting-client enters recv",
        "waiting-client ends",
        "client>server FIN,ACK",
        "server recv = 0",
    ]);
    story.has(&["waiting-client killed by 9"]);
    assert!(
        !story
            .from("waiting-client ends")
            .before("waiting-client killed")
            .tells("waiting-client enters close")
    );
    let careless: Vec<_> = story.lines("careless-server recv");
    assert_eq!(careless.len(), 4);
    assert!(
        careless[1..].iter().all(|line| line.starts_with("careless-server recv = 0")),
        "{careless:?}"
    );
    assert!(!story.tells("RST"));
}

#[tokio::test]
async fn connection_reset() {
    let story = story("connection-reset").await;
    story.has(&[
        "abrupt enters setsockopt SO_LINGER",
        "abrupt enters close",
        "client>server RST,ACK",
        "server recv = ECONNRESET",
        "server accept = fd 4",
    ]);
    // Unread data has the same effect, and the server goes on with the next client.
    story.has(&[
        "hasty recv = 2",
        "hasty enters close",
        "client>server RST,ACK",
        "server recv = ECONNRESET",
        "client send = 5",
        "server recv = 0",
        "server exits 0",
    ]);
    assert_eq!(story.count("client>server RST,ACK"), 2);
}

#[tokio::test]
async fn backlog() {
    let story = story("backlog").await;
    story.has(&[
        "server enters listen 2",
        "alice connect = ok",
        "bob connect = ok",
        "carol connect = ok",
    ]);
    let full = story.before("server enters accept");
    for inside in ["alice", "bob", "carol"] {
        assert_eq!(full.count(&format!("{inside} connect")), 1, "{inside} is connected");
    }
    for outside in ["dave", "erin"] {
        assert_eq!(full.count(&format!("{outside} connect")), 0, "{outside} is not");
        assert!(
            full.count(&format!("{outside}>server SYN retransmission")) >= 1,
            "{outside} tries again"
        );
        assert_eq!(full.count(&format!("server>{outside}")), 0, "nothing comes back");
        full.has(&[&format!("{outside} is SYN_SENT")]);
    }
    assert!(full.count("server is LISTEN accept 3 of 2") >= 1, "three of two");
    assert_eq!(story.count("server is LISTEN accept 4"), 0, "never more");
    assert_eq!(story.count("server accept = fd 4"), 5);
    let later = story.from("server accept = fd 4");
    // One is accepted, and exactly one of those outside gets in: then the queue is full again, until the second is accepted.
    let one = later.before("server enters accept");
    one.has(&["server is LISTEN accept 2 of 2", "server is LISTEN accept 3 of 2"]);
    let outside = ["dave", "erin"];
    let gets_in = |name: &&str| one.count(&format!("arrived {name}>server ACK")) > 0;
    assert!(outside.iter().any(gets_in), "it is one of those who waited outside");
    assert_eq!(outside.map(|name| later.count(&format!("{name} connect = ok"))), [1, 1]);
    assert!(!story.tells("ECONNREFUSED") && !story.tells("RST"));
}

#[tokio::test]
async fn half_open() {
    let story = story("half-open").await;
    story.has(&[
        "client>server SYN",
        "server>client SYN,ACK",
        "client>server ACK",
        "held client>server ACK",
        "server>client SYN,ACK retransmission",
        "arrived client>server ACK",
        "server is LISTEN accept 1",
        "server enters accept",
        "server accept = fd 4",
    ]);
    let half_open = story.before("server>client SYN,ACK retransmission");
    half_open.has(&["server is SYN_RECV"]);
    half_open.has(&["client is ESTABLISHED"]);
    half_open.has(&["client connect = ok"]);
}

#[tokio::test]
async fn lost_handshake() {
    let story = story("lost-handshake").await;
    story.has(&[
        "lost client-1>server SYN",
        "client-1>server SYN retransmission",
        "client-1 connect = ok",
    ]);
    story.has(&["lost server>client-2 SYN,ACK", "client-2 connect = ok"]);
    let second = story.from("lost server>client-2 SYN,ACK");
    assert!(second.tells("server>client-2 SYN,ACK retransmission"));
    // The first data repairs it.
    story.has(&[
        "lost client-3>server ACK",
        "arrived client-3>server PSH,ACK",
        "server accept = fd 4",
    ]);
    story.before("client-3>server PSH,ACK").has(&["client-3 connect = ok"]);
}

#[tokio::test]
async fn udp_either_first() {
    let story = story("udp-either-first").await;
    story.has(&[
        "early enters sendto",
        "client>server UDP",
        "server>client ICMP type 3 code 3",
        "early recvfrom = TimeoutError",
    ]);
    story.has(&[
        "connected enters send",
        "server>client ICMP type 3 code 3",
        "connected recv = ECONNREFUSED",
    ]);
    story.has(&[
        "server bind = ok",
        "late enters sendto",
        "server recvfrom = 5 \"hello\" from",
        "server enters sendto",
        "late recvfrom = 5 \"HELLO\" from 10.0.0.1:9000",
    ]);
    assert_eq!(story.count("early sendto = ECONNREFUSED"), 0);
}

#[tokio::test]
async fn udp_many_clients() {
    let story = story("udp-many-clients").await;
    let silent = story.before("server enters recvfrom");
    for name in ["alice", "bob", "carol"] {
        assert_eq!(silent.count(&format!("arrived {name}>server UDP")), 1, "{name}");
    }
    let (mut served, mut answered) = (Vec::new(), 0);
    for number in [1, 2] {
        for (name, host) in [("alice", "10.0.0.2"), ("bob", "10.0.0.3"), ("carol", "10.0.0.4")] {
            // Each client keeps the port that its kernel has picked at its first `sendto`.
            let sent = story.lines(&format!("{name} sendto"));
            let port = sent[0].rsplit(':').next().unwrap_or_default();
            let text = format!("{name} {number}");
            served.push(format!("server recvfrom = {} {text:?} from {host}:{port}", text.len()));
            served.push(format!("server enters sendto {host}:{port}"));
            let answer = format!("{:?} from 10.0.0.1:9000", text.to_uppercase());
            answered += story.count(&format!("{name} recvfrom = {} {answer}", text.len()));
        }
    }
    // In turn: nobody waits until another one has finished.
    story.has(&served);
    assert_eq!((story.count("server recvfrom"), answered), (6, 6));
    for name in ["alice", "bob", "carol"] {
        assert_eq!(story.count(&format!("server>{name} UDP")), 2, "{name}");
        assert_eq!(story.count(&format!("{name} recvfrom")), 2, "{name}");
    }
    assert_eq!(story.count("server socket = fd 3"), 1, "one socket for all");
}

#[tokio::test]
async fn stream_boundaries() {
    let server = TestServer::start();
    let events = run(&server, "stream-boundaries", 0).await;
    said::all("stream-boundaries", &events);
    let story = Story::of(&events);
    story.has(&["client send = 3", "client send = 3", "server recv = 6 \"AAABBB\""]);
    story.has(&[
        "server recv = 6",
        "client send = 12",
        "server recv = 4 \"ABCD\"",
        "server recv = 4 \"EFGH\"",
        "server recv = 4 \"IJKL\"",
        "server recv = 0",
    ]);
    // With a length before each, two messages in one segment and one in two are three messages again.
    let pieces = story.lines("framed-server recv");
    let sizes: Vec<_> = pieces.iter().filter_map(|line| line.split(' ').nth(3)).collect();
    assert_eq!(sizes, ["4", "3", "4", "3", "4", "5", "7", "0"]);
    let printed = events.iter().filter_map(|event| match &event.fact {
        Fact::Output { program, text, .. } if program.as_str() == "framed-server" => Some(&**text),
        _ => None,
    });
    let messages = "message: b'AAA'\nmessage: b'BBB'\nmessage: b'ABCDEFGHIJKL'\n";
    assert_eq!(printed.collect::<String>(), messages);
    story.has(&["framed-server recv = 0", "framed-server exits 0"]);
}

#[tokio::test]
async fn datagram_boundaries() {
    let story = story("datagram-boundaries").await;
    story.has(&["client sendto", "client sendto", "server recvfrom", "server recvfrom"]);
    // Each `sendto` is a packet, whole.
    let sent = ["UDP 3", "UDP 3", "UDP 10", "UDP 5", "UDP", "UDP 7"];
    assert_eq!(story.lines("client>server"), sent.map(|it| format!("client>server {it}")));
    // What does not fit is lost: the next datagram comes next, and an empty one is not an end.
    let received = story.lines("server recvfrom");
    let received: Vec<_> = received.iter().filter_map(|line| line.split(" from ").next()).collect();
    let wanted =
        ["3 \"AAA\"", "3 \"BBB\"", "4 \"ABCD\" cut", "5 \"after\"", "0 \"\"", "7 \"goodbye\""];
    assert_eq!(received, wanted.map(|it| format!("server recvfrom = {it}")));
    story.has(&["server exits 0"]);
}

#[tokio::test]
async fn flow_control() {
    let story = story("flow-control").await;
    // It is asked for before `listen`, so that the accepted socket has it.
    story.has(&[
        "server enters setsockopt SO_RCVBUF 8192",
        "server setsockopt = ok",
        "server enters listen",
    ]);
    story.has(&["client enters send 60000", "server>client ACK zero-window window 0"]);
    // The window shrinks, and then it is 0.
    let shrinking = story.before("server>client ACK zero-window");
    let windows = shrinking.lines("server>client ACK");
    let windows: Vec<u32> =
        windows.iter().filter_map(|it| it.rsplit(' ').next()?.parse().ok()).collect();
    assert!(windows.iter().max() > windows.last() && windows.last() > Some(&0), "{windows:?}");
    let stopped = story.from("server>client ACK zero-window").before("server enters recv");
    assert_eq!(stopped.count("client send"), 0, "send is blocked");
    assert!(
        stopped.tells("client>server ACK keep-alive") || stopped.tells("zero-window-probe"),
        "it is probed"
    );
    story.has(&[
        "server>client ACK zero-window",
        "server>client ACK window-update",
        "client send = 60000",
    ]);
    story.has(&["server recv = 60000", "server recv = 0"]);
}

#[tokio::test]
async fn four_way_close() {
    let story = story("four-way-close").await;
    // The client has ended its half, and still receives.
    story.has(&[
        "client enters shutdown write",
        "client>server FIN,ACK",
        "server recv = 0",
        "server enters send",
        "client recv = 12",
        "client recv = 0",
        "client enters close",
    ]);
    story.has(&["server enters send", "server>client FIN,ACK", "client is TIME_WAIT"]);
    // The second time the server is the first to end: the connection stays at its port, and nobody may bind it so soon.
    story.has(&[
        "server enters shutdown write",
        "visitor recv = 0",
        "visitor enters close",
        "again bind = EADDRINUSE",
        "again enters setsockopt SO_REUSEADDR",
        "again bind = ok",
        "again listen = ok",
    ]);
    let second = story.from("server enters shutdown write");
    second.has(&[
        "arrived client>server FIN,ACK",
        "server is TIME_WAIT",
        "again bind = EADDRINUSE",
    ]);
}

#[tokio::test]
async fn many_clients() {
    let story = story("many-clients").await;
    // The selector is where it waits, and no call on a socket.
    let at = "selectors waits at selector_server.py:16";
    assert!(story.count(at) > 3, "{}", story.count(at));
    for (server, clients) in
        [("threads", ["alice", "bob", "carol"]), ("selectors", ["dave", "erin", "frank"])]
    {
        assert_eq!(story.count(&format!("{server} accept = fd")), 3, "{server}");
        // All three are connected before any of them is answered.
        let silent = story.before(&format!("{server} enters send"));
        for client in clients {
            assert_eq!(silent.count(&format!("{client} connect = ok")), 1, "{client}");
            assert_eq!(story.count(&format!("{client} exits 0")), 1, "{client}");
        }
        // Whoever came last is answered while the others are still connected and silent.
        let last = clients[2];
        let others = story.before(&format!("{last} recv"));
        for client in &clients[..2] {
            assert_eq!(others.count(&format!("{client} enters close")), 0, "{client}");
        }
    }
}
