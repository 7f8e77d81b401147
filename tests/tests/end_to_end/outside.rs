//! Programs that we did not write: nc and python3 meet the room's own, and are seen.

use std::{net::TcpListener, os::fd::AsRawFd, process::Stdio};

use nix::sys::socket::{MsgFlags, send};
use serde_json::json;
use socketscope_protocol::{CallName, Fact};
use socketscope_tests::{Puppet, Room, TestServer, within};
use tokio::{io::AsyncWriteExt, process::Command};

async fn echo_server(kind: &str, address: &str) -> (TestServer, Room, String) {
    let server = TestServer::start();
    let room = server.client().room().await;
    room.start(
        json!({"name": "server", "role": format!("{kind}-echo-server"), "address": address}),
    )
    .await;
    let ready = |fact: &Fact| matches!(fact, Fact::Enter { call, .. } if matches!(call.name(), CallName::Accept | CallName::Recvfrom));
    room.until("the server is ready", ready).await;
    let bound = room.view().await.programs[0].sockets[0].local.clone().expect("an address");
    (server, room, bound)
}

async fn nc(arguments: &[&str], say: &str) -> String {
    let nc =
        Command::new("nc").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut nc = nc.expect("nc (Debian's package netcat-openbsd)");
    let mut input = nc.stdin.take().expect("a pipe");
    input.write_all(say.as_bytes()).await.expect("nc reads");
    drop(input);
    let output = within("nc", nc.wait_with_output()).await.expect("nc ends");
    String::from_utf8(output.stdout).expect("text")
}

#[tokio::test]
async fn nc_is_echoed_and_seen() {
    let (_server, room, address) = echo_server("tcp", "127.0.0.1:0").await;
    let (host, port) = address.rsplit_once(':').expect("a port");
    assert_eq!(nc(&["-N", host, port], "from outside").await, "from outside");
    let accepted = |fact: &Fact| matches!(fact, Fact::Return { call: CallName::Accept, .. });
    let events = room.until("accept", accepted).await;
    let Some(Fact::Return { outcome: Ok(value), other, .. }) =
        events.last().map(|event| &event.fact)
    else {
        panic!("accept failed");
    };
    assert_eq!(*other, None, "nobody of this room");
    assert!(value.peer.as_deref().is_some_and(|peer| peer.starts_with("127.0.0.1:")), "{value:?}");
}

#[tokio::test]
async fn nc_finds_the_unix_socket_in_the_rooms_folder() {
    let (_server, room, name) = echo_server("unix", "echo.sock").await;
    let path = format!("{}/{name}", room.view().await.unix_folder);
    assert_eq!(nc(&["-N", "-U", &path], "through a file").await, "through a file");
    let events = room.events().await;
    let text = events.iter().find_map(|event| match &event.fact {
        Fact::Return { outcome: Ok(value), .. } => value.text.clone(),
        _ => None,
    });
    assert_eq!(text.as_deref(), Some("through a file"));
}

#[tokio::test]
async fn python_is_echoed_by_udp() {
    let (_server, _room, address) = echo_server("udp", "[::1]:0").await;
    let mut python = Puppet::start();
    for (step, expected) in [
        (json!({"call": "socket", "family": "inet6", "type": "dgram"}), json!({"fd": 3})),
        (
            json!({"call": "sendto", "fd": 3, "text": "ping", "address": address}),
            json!({"bytes": 4}),
        ),
        (
            json!({"call": "recvfrom", "fd": 3, "size": 10}),
            json!({"bytes": 4, "text": "ping", "from": address}),
        ),
    ] {
        assert_eq!(python.ask(&step).await["value"], expected, "{step}");
    }
}

#[tokio::test]
async fn a_killed_client_ends_like_a_closed_one() {
    let (_server, room, address) = echo_server("tcp", "127.0.0.1:0").await;
    let mut python = Puppet::start();
    python.ask(&json!({"call": "socket", "family": "inet", "type": "stream"})).await;
    python.ask(&json!({"call": "connect", "fd": 3, "address": address})).await;
    python.ask(&json!({"call": "send", "fd": 3, "text": "last words"})).await;
    assert_eq!(
        python.ask(&json!({"call": "recv", "fd": 3, "size": 100})).await["value"]["bytes"],
        10
    );
    python.kill().await;
    let empty = |fact: &Fact| matches!(fact, Fact::Return { call: CallName::Recv, outcome: Ok(value), .. } if value.bytes == Some(0));
    room.until("recv returns nothing", empty).await;
}

#[tokio::test]
async fn a_program_of_the_room_talks_to_a_server_outside() {
    let server = TestServer::start();
    let room = server.client().room().await;
    let mut python = Puppet::start();
    python.ask(&json!({"call": "socket", "family": "inet", "type": "stream"})).await;
    python.ask(&json!({"call": "bind", "fd": 3, "address": "127.0.0.1:0"})).await;
    python.ask(&json!({"call": "listen", "fd": 3, "backlog": 1})).await;
    let address =
        python.ask(&json!({"call": "getsockname", "fd": 3})).await["value"]["address"].clone();
    room.start(json!({"name": "a"})).await;
    room.call("a", json!({"call": "socket", "family": "inet", "type": "stream"})).await;
    room.call("a", json!({"call": "connect", "fd": 3, "address": address})).await;
    assert_eq!(python.ask(&json!({"call": "accept", "fd": 3})).await["value"]["fd"], 4);
    room.call("a", json!({"call": "send", "fd": 3, "text": "hi"})).await;
    assert_eq!(
        python.ask(&json!({"call": "recv", "fd": 4, "size": 9})).await["value"]["text"],
        "hi"
    );
}

/// TCP's urgent byte stops a `recv` that asked for more: the next one still finds what came after it.
#[tokio::test]
async fn urgent_data_ends_one_recv_and_not_the_next() {
    let server = TestServer::start();
    let room = server.client().room().await;
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    room.start(json!({"name": "a"})).await;
    room.call("a", json!({"call": "socket", "family": "inet", "type": "stream"})).await;
    room.call("a", json!({"call": "connect", "fd": 3, "address": address})).await;
    let (peer, _) = listener.accept().expect("a connection");
    let recv = json!({"call": "recv", "fd": 3, "size": 100});
    // One that waits, so that the runtime watches the socket from here on.
    assert_eq!(room.call_for(0, "a", &recv).await.0, 202);
    let say = |text: &str, flags| {
        assert_eq!(send(peer.as_raw_fd(), text.as_bytes(), flags), Ok(text.len()));
    };
    say("hello", MsgFlags::empty());
    let greeted = |fact: &Fact| matches!(fact, Fact::Return { outcome: Ok(value), .. } if value.text.as_deref() == Some("hello"));
    room.until("the greeting", greeted).await;
    say("before", MsgFlags::empty());
    say("!", MsgFlags::MSG_OOB);
    say("after", MsgFlags::empty());
    assert_eq!(room.call("a", recv.clone()).await["value"]["text"], "before");
    assert_eq!(room.call("a", recv).await["value"]["text"], "after");
}
