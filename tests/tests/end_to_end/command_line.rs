//! The binary itself: its one line on standard output, its signals, its complaints.

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::json;
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
        (vec!["--listen", &taken], "choose another address"),
    ] {
        let output = binary().args(&arguments).output();
        let output = within("its end", output).await.expect("the server starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(complaint), "{arguments:?}: {said}");
    }
}
