//! The ladder: what a machine allows is found out and said, by the binary itself, on machines that allow less and less.

use std::{collections::HashMap, fs, path::Path};

use serde_json::json;
use socketscope_protocol::{
    Call, CallName, Change, Fact, Flag, Medium, Network, NetworkView, ObstacleCode, Rung, Step,
    StepResult, TcpState,
};
use socketscope_tests::{Client, Room, within};
use tokio::process::Command;

use crate::binary::{
    Folder, Running, binary, binary_after, binary_as_ordinary_user, binary_in_user_namespace, said,
};

const ANY: [&str; 2] = ["--listen", "127.0.0.1:0"];
const NO_TUN: &str = "mount -t tmpfs none /dev/net";

async fn network(client: &Client) -> NetworkView {
    let (status, view) = client.get("/api/network").await;
    assert_eq!(status, 200);
    serde_json::from_value(view).expect("what the machine allows")
}

/// What the doctor says where the lab does not work.
async fn patient(command: Command) -> String {
    let (out, _, status) = said(command, &["doctor"]).await;
    assert_eq!(status, 1, "{out}");
    assert!(out.contains("There is no lab here"), "{out}");
    out
}

/// A conversation between two hosts, and one within a host, each until the client has closed.
async fn talk(client: &Client, room: &Room) {
    for (name, host, address) in
        [("far", "client", "10.0.0.1:9000"), ("near", "server", "127.0.0.1:9001")]
    {
        let server = format!("{name}-server");
        let echo = json!({"name": server, "host": "server", "role": "tcp-echo-server", "address": address});
        room.start(echo).await;
        let accepts = |fact: &Fact| matches!(fact, Fact::Enter { program, call, .. } if program.as_str() == server && call.name() == CallName::Accept);
        room.until("the server accepts", accepts).await;
        room.start(json!({"name": name, "host": host, "role": "tcp-client", "address": address}))
            .await;
        let ended = |fact: &Fact| matches!(fact, Fact::Program { program, change: Change::Ended(_), .. } if program.as_str() == name);
        let events = room.until("the client's end", ended).await;
        let medium = if name == "far" { Medium::Wire } else { Medium::Loopback };
        let syn = |fact: &Fact| matches!(fact, Fact::Depart { medium: seen, header, .. } if *seen == medium && header.to == address && header.segment.as_ref().is_some_and(|segment| segment.flags == [Flag::Syn]));
        assert_eq!(events.iter().filter(|event| syn(&event.fact)).count(), 1);
        let open = |fact: &Fact| matches!(fact, Fact::State(state) if state.peer.as_deref() == Some(address) && state.state == TcpState::Established);
        assert!(events.iter().any(|event| open(&event.fact)), "the kernel's state");
    }
    let (status, _) = client.delete(&room.path("")).await;
    assert_eq!(status, 204);
}

#[tokio::test]
async fn where_the_lab_works() {
    let (out, _, status) = said(binary(), &["doctor"]).await;
    assert_eq!(status, 0, "{out}");
    assert!(out.contains("\nrung: wire ") && !out.contains("\nfailed  give"), "{out}");

    let server = Running::start(binary(), &ANY).await;
    let client = server.client();
    let view = network(&client).await;
    assert!(view.lab && view.rung == Rung::Wire && view.why.is_none(), "{view:?}");
    let (status, room) = client.post("/api/rooms", &json!({})).await;
    assert_eq!((status, &room["network"], &room["rung"]), (201, &json!("lab"), &json!("wire")));
    let room = client.room_on("lab").await;
    talk(&client, &room).await;
}

#[tokio::test]
async fn an_ordinary_user_has_the_lab() {
    let (command, _folder) = binary_as_ordinary_user();
    let server = Running::start(command, &["--listen", "127.0.0.1:0", "--network", "lab"]).await;
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("its status");
    assert!(!status.contains("\nUid:\t0\t"), "{status}");
    let client = server.client();
    let view = network(&client).await;
    let entered = view.steps.iter().find(|tried| tried.step == Step::UserNamespace);
    assert!(view.lab && entered.is_some_and(|step| step.result == StepResult::Ok), "{view:?}");
    assert_eq!(view.host, Rung::State, "without CAP_NET_RAW there is no capture outside the lab");
    // The listener is on this machine's network, or there would be no client; the rooms' hosts are not.
    let room = client.room_on("lab").await;
    talk(&client, &room).await;
    // What needs no right goes on as before.
    let room = client.room().await;
    room.start(json!({"name": "s", "role": "unix-echo-server", "address": "x.sock"})).await;
    let accepts = |fact: &Fact| matches!(fact, Fact::Enter { program, call: Call::Accept, .. } if program.as_str() == "s");
    room.until("a listener", accepts).await;
    room.start(json!({"name": "c", "role": "unix-client", "address": "x.sock"})).await;
    let echoed = |fact: &Fact| matches!(fact, Fact::Return { program, call: CallName::Recv, outcome: Ok(value), .. } if program.as_str() == "c" && value.bytes == Some(5));
    room.until("the echo", echoed).await;
}

#[tokio::test]
async fn without_tun() {
    let out = patient(binary_after(NO_TUN)).await;
    assert!(out.contains("failed  give it a card") && out.contains("sudo modprobe tun"), "{out}");
    assert!(out.contains("--device /dev/net/tun"), "{out}");

    let lab = ["--listen", "127.0.0.1:0", "--network", "lab"];
    let (_, error, status) = said(binary_after(NO_TUN), &lab).await;
    assert!(status != 0 && error.contains("sudo modprobe tun"), "{error}");

    let server = Running::start(binary_after(NO_TUN), &ANY).await;
    let client = server.client();
    let view = network(&client).await;
    let why = view.why.expect("why");
    assert!(!view.lab && view.rung == view.host, "the rung of this machine's own network");
    assert_eq!((why.code, why.step), (ObstacleCode::NoTun, Step::Tun));
    assert_eq!(why.errno.as_deref(), Some("ENOENT"));
    let (status, refused) = client.post("/api/rooms", &json!({"network": "lab"})).await;
    assert_eq!((status, &refused["code"]), (503, &json!("unable")));
    assert_eq!(refused["detail"], json!(why.why));
    let (status, room) = client.post("/api/rooms", &json!({})).await;
    assert_eq!((status, &room["network"], &room["rung"]), (201, &json!("host"), &json!(view.host)));
}

#[tokio::test]
async fn with_something_else_in_the_place_of_tun() {
    let out = patient(binary_after("mount --bind /dev/null /dev/net/tun")).await;
    assert!(out.contains("is not the kernel's device") && out.contains("ENOTTY"), "{out}");
}

#[tokio::test]
async fn without_network_namespaces() {
    let none = "echo 0 > /proc/sys/user/max_net_namespaces; exec \"$0\" \"$@\"";
    let out = patient(binary_in_user_namespace(none)).await;
    assert!(out.contains("failed  make a host"), "{out}");
    assert!(out.contains("ENOSPC") && out.contains("user.max_net_namespaces"), "{out}");
}

#[tokio::test]
async fn without_user_namespaces_and_rights() {
    let none = "echo 0 > /proc/sys/user/max_user_namespaces
        exec setpriv --bounding-set=-all --inh-caps=-all \"$0\" \"$@\"";
    let out = patient(binary_in_user_namespace(none)).await;
    assert!(out.contains("failed  enter a user namespace"), "{out}");
    assert!(out.contains("ENOSPC") && out.contains("user.max_user_namespaces"), "{out}");
    assert!(out.contains("failed  capture") && out.contains("cap_net_raw"), "{out}");
    assert!(out.contains("\nrung: state "), "{out}");
}

#[tokio::test]
async fn no_lab_by_choice() {
    let server = Running::start(binary(), &["--listen", "127.0.0.1:0", "--network", "host"]).await;
    let client = server.client();
    let view = network(&client).await;
    assert_eq!(view.why.map(|why| why.code), Some(ObstacleCode::ByChoice));
    let (status, refused) = client.post("/api/rooms", &json!({"network": "lab"})).await;
    assert!(status == 503 && refused["detail"].to_string().contains("--network"), "{refused}");
    assert_eq!(client.room().await.view().await.network, Network::Host);
}

/// The network namespaces that any process is in or has open, but for those of the other tests, which run at the same
/// time and whose namespaces may get the numbers that have become free: this process and all that have come of it.
fn namespaces_of_others(child: Option<u32>) -> Vec<String> {
    let mut found = Vec::new();
    let (own, child) = (std::process::id().to_string(), child.map(|child| child.to_string()));
    let parents = parents();
    let is_of_tests = |pid: &String| {
        let line = std::iter::successors(Some(pid), |pid| parents.get(*pid));
        line.take(parents.len()).any(|pid| *pid == own)
    };
    for pid in parents.keys() {
        if child.as_ref() != Some(pid) && is_of_tests(pid) {
            continue;
        }
        let process = Path::new("/proc").join(pid);
        let mut links = vec![process.join("ns/net")];
        let open = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
        links.extend(open.map(|fd| fd.path()));
        // A process may end while one looks at it.
        let names = links.iter().filter_map(|link| fs::read_link(link).ok());
        let names = names.map(|name| name.to_string_lossy().into_owned());
        found.extend(names.filter(|name| name.starts_with("net:[")));
    }
    found.sort();
    found.dedup();
    found
}

/// The processes there are, each with its parent (proc_pid_status(5)).
fn parents() -> HashMap<String, String> {
    let processes = fs::read_dir("/proc").expect("/proc").flatten().filter_map(|process| {
        let status = fs::read_to_string(process.path().join("status")).ok()?;
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:\t"))?;
        Some((process.file_name().to_string_lossy().into_owned(), parent.to_owned()))
    });
    processes.collect()
}

/// Hosts do not go by what the machine itself prefers.
#[tokio::test]
async fn hosts_take_losses_for_congestion() {
    let server = Running::start(binary(), &ANY).await;
    let _room = server.client().room_on("lab").await;
    let open = fs::read_dir(format!("/proc/{}/fd", server.pid())).expect("its descriptors");
    let is_namespace =
        |fd: &Path| fs::read_link(fd).is_ok_and(|name| name.to_string_lossy().starts_with("net:["));
    let hosts: Vec<_> = open.flatten().map(|fd| fd.path()).filter(|fd| is_namespace(fd)).collect();
    assert_eq!(hosts.len(), 2);
    for host in hosts {
        let mut inside = Command::new("nsenter");
        inside.arg(format!("--net={}", host.display()));
        inside.args(["cat", "/proc/sys/net/ipv4/tcp_congestion_control"]);
        let said = inside.output().await.expect("nsenter (Debian's package util-linux)").stdout;
        let chosen = String::from_utf8_lossy(&said);
        assert!(["cubic", "reno"].contains(&chosen.trim()), "{chosen}");
    }
}

#[tokio::test]
async fn a_killed_server_leaves_nothing_behind() {
    let temporary = Folder::new("killed");
    let start = async || {
        let mut command = binary();
        command.env("TMPDIR", &temporary.0);
        Running::start(command, &ANY).await
    };
    let mut server = start().await;
    let client = server.client();
    let namespaces = |pid: u32| {
        let open = fs::read_dir(format!("/proc/{pid}/fd")).expect("its descriptors");
        let links = open.flatten().filter_map(|fd| fs::read_link(fd.path()).ok());
        let names = links.map(|name| name.to_string_lossy().into_owned());
        names.filter(|name| name.starts_with("net:[")).collect::<Vec<_>>()
    };
    let mut rooms = Vec::new();
    for _ in 0..4 {
        let room = client.room_on("lab").await;
        room.start(json!({"name": "s", "role": "unix-echo-server", "address": "x.sock"})).await;
        rooms.push(room);
    }
    assert_eq!(namespaces(server.pid()).len(), 8, "a namespace a host");
    let (status, _) = client.delete(&rooms.remove(0).path("")).await;
    assert_eq!((status, namespaces(server.pid()).len()), (204, 6), "gone when the room is");
    let own = namespaces(server.pid());
    let found = namespaces_of_others(Some(server.pid()));
    assert!(own.iter().all(|namespace| found.contains(namespace)));

    within("its end", server.process.kill()).await.expect("a process");
    let left: Vec<_> =
        namespaces_of_others(None).into_iter().filter(|name| own.contains(name)).collect();
    assert_eq!(left, [""; 0], "nobody has them any more, so they are gone with their devices");
    let folders = || fs::read_dir(&temporary.0).expect("a folder").flatten().count();
    assert_eq!(folders(), 1, "it could not remove its folder");

    let living = start().await;
    assert_eq!(folders(), 1, "the next one has removed it, and made its own");
    let other = start().await;
    assert_eq!(folders(), 2, "that of a living server stays");
    let room = living.client().room_on("lab").await;
    room.start(json!({"name": "s", "role": "unix-echo-server", "address": "x.sock"})).await;
    drop((living, other));
}
