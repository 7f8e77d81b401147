//! The binary itself: its one line on standard output, its signals, its complaints.

use std::io::Write;

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::json;
use socketscope_protocol::{Call, Fact};
use socketscope_tests::{Feed, within};

use crate::binary::{Running, binary};

#[tokio::test]
async fn it_is_ready_when_it_says_so_and_ends_when_told() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let mut server = Running::start(binary(), &["--listen", "127.0.0.1:0"]).await;
        let room = server.client().room().await;
        room.start(json!({"name": "s", "role": "unix-echo-server", "address": "x.sock"})).await;
        let folder = room.view().await.unix_folder;
        assert!(std::path::Path::new(&folder).is_dir());
        let mut feed = Feed::connect(room.live(1)).await;
        let pid = Pid::from_raw(server.pid() as i32);
        kill(pid, signal).expect("a process");
        assert_eq!(feed.closed().await.0, 1001);
        assert!(within("its end", server.process.wait()).await.expect("an end").success());
        assert!(!std::path::Path::new(&folder).exists(), "it leaves nothing behind");
    }
}

#[tokio::test]
async fn a_key_of_the_users_own() {
    let arguments = ["serve", "--listen", "[::1]:0", "--host-key", "my-own-key"];
    let server = Running::start(binary(), &arguments).await;
    assert_eq!(server.key, "my-own-key");
    assert!(server.address.starts_with("[::1]:"), "{}", server.address);
}

#[tokio::test]
async fn what_is_wrong_with_the_arguments() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().expect("an address").to_string();
    for (arguments, complaint) in [
        (vec!["--host-key", "short"], "8 to 128"),
        (vec!["--listen", "nowhere"], "--listen"),
        (vec!["--reach", "moon"], "loopback"),
        (vec!["--network", "moon"], "lab"),
        (vec!["--journal-mib", "0"], "--journal-mib"),
        (vec!["--allow-host", "a.example:80"], "without a port"),
        (vec!["--listen", &taken], "choose another address"),
    ] {
        let output = binary().args(&arguments).output();
        let output = within("its end", output).await.expect("the server starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(complaint), "{arguments:?}: {said}");
    }
}

/// Whoever has sent half a request, or waits for a call, does not keep the server from ending; and who waits is answered.
#[tokio::test]
async fn it_ends_whoever_is_still_there() {
    let mut server = Running::start(binary(), &["--listen", "127.0.0.1:0"]).await;
    let room = server.client().room().await;
    room.start(json!({"name": "a"})).await;
    room.call("a", json!({"call": "socket", "family": "inet", "type": "dgram"})).await;
    room.call("a", json!({"call": "bind", "fd": 3, "address": "127.0.0.1:0"})).await;
    let mut half = std::net::TcpStream::connect(&server.address).expect("a connection");
    half.write_all(b"GET /healthz HTTP/1.1\r\nHost: x").expect("half a request");
    let recv = json!({"call": "recv", "fd": 3, "size": 1});
    let waits = room.call_for(60_000, "a", &recv);
    let stopped = async {
        room.until("the call waits", |fact| {
            matches!(fact, Fact::Enter { call: Call::Recv { .. }, .. })
        })
        .await;
        kill(Pid::from_raw(server.pid() as i32), Signal::SIGTERM).expect("a process");
    };
    let ((status, answer), ()) = tokio::join!(waits, stopped);
    assert_eq!((status, &answer["errno"]["name"]), (200, &json!("EINTR")), "{answer}");
    assert!(within("its end", server.process.wait()).await.expect("an end").success());
    drop(half);
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let mut server = Running::start(binary(), &["--listen", "127.0.0.1:0"]).await;
    let mut half = std::net::TcpStream::connect(&server.address).expect("a connection");
    half.write_all(b"GET /").expect("half a request");
    let pid = Pid::from_raw(server.pid() as i32);
    // Signals that come while one is still to be seen are one: it has to be asked until it is gone.
    let asked = async {
        while kill(pid, Signal::SIGINT).is_ok() {
            tokio::task::yield_now().await;
        }
    };
    let ended = within("its end", async {
        tokio::select! {
            ended = server.process.wait() => ended,
            () = asked => panic!("nobody has waited for it"),
        }
    });
    assert!(!ended.await.expect("an end").success());
}

/// Where nobody reads what is told it is an error, and no panic.
#[tokio::test]
async fn a_full_disk_is_told() {
    for arguments in [&["doctor"][..], &["lessons"], &["--listen", "127.0.0.1:0"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("/dev/full");
        let process = binary().args(arguments).stdout(full).spawn().expect("it starts");
        let output = within("its end", process.wait_with_output()).await.expect("its end");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("cannot write to standard output"), "{arguments:?}: {said}");
    }
}

/// What rooms have is gone with them: descriptors, folders, and lessons' above all.
#[tokio::test]
async fn rooms_leave_nothing_behind() {
    let server = Running::start(binary(), &["--listen", "127.0.0.1:0"]).await;
    let descriptors = || {
        let folder = std::fs::read_dir(format!("/proc/{}/fd", server.pid())).expect("a process");
        folder.count()
    };
    let client = server.client();
    let round = async || {
        let lesson = client.room_with(json!({"lesson": "tcp-first-connection"})).await;
        let lab = client.lab().await;
        let folder = lesson.view().await.unix_folder;
        // Hosts that are asked for while the room ends go with it, or are not made.
        let (hosts, path) = (lab.path("/hosts"), lab.path(""));
        let empty = json!({});
        let made = futures_util::future::join_all((0..3).map(|_| client.post(&hosts, &empty)));
        let (_, (status, _)) = tokio::join!(made, client.delete(&path));
        assert_eq!(status, 204);
        assert_eq!(client.delete(&lesson.path("")).await.0, 204);
        folder
    };
    round().await;
    let before = descriptors();
    let mut folders = Vec::new();
    for _ in 0..5 {
        folders.push(round().await);
    }
    // A closed connection of ours may be seen a moment later.
    let most = before + 4;
    within("descriptors are closed", async {
        while descriptors() > most {
            tokio::task::yield_now().await;
        }
    })
    .await;
    for folder in folders {
        assert!(!std::path::Path::new(&folder).exists(), "{folder}");
    }
}
