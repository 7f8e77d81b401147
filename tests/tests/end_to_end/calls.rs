//! Every call of the table, in right and in wrong order, gives what Python's socket module gets for the same sequence.

mod waiting;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use socketscope_protocol::Fact;
use socketscope_tests::{Puppet, Room, TestServer};

/// Two programs; a step names the one that makes the call. PORT and PORT2 stand for free ports. A call that is to wait
/// has a `later` name, and a step that waits for its return names it as `finish`.
async fn same_as_python(family: &str, kind: &str, steps: &[Value]) {
    play(family, kind, steps, |_| Puppet::start()).await;
}

/// As [`same_as_python`], with puppets made by `puppet` from the programs' names. Returns all that has played.
pub(super) async fn play(
    family: &str,
    kind: &str,
    steps: &[Value],
    puppet: impl Fn(&str) -> Puppet,
) -> (TestServer, Room, BTreeMap<&'static str, Puppet>) {
    let server = TestServer::start();
    let room = server.client().room().await;
    let mut puppets = BTreeMap::new();
    for program in ["a", "b"] {
        room.start(json!({"name": program})).await;
        puppets.insert(program, puppet(program));
    }
    let folder = std::env::temp_dir().join(format!("socketscope-puppet-{}", room.id));
    std::fs::create_dir(&folder).expect("a folder");
    let (ours, theirs) = (Ports::free(), Ports::free());
    let mut later = BTreeMap::new();
    for (number, step) in steps.iter().enumerate() {
        let program = step["in"].as_str().expect("a program");
        let place = folder.display().to_string() + "/";
        let python =
            puppets.get_mut(program).expect("a puppet").ask(&theirs.fill(step, &place)).await;
        let python = theirs.blank(&python, &place);
        let answer = perform(&room, program, &ours.fill(step, ""), &mut later).await;
        let ours = ours.blank(&simple(&answer), "");
        assert_eq!(ours, python, "step {number} of {family} {kind}: {step}");
    }
    std::fs::remove_dir_all(folder).expect("the folder was there");
    (server, room, puppets)
}

async fn perform(
    room: &Room,
    program: &str,
    step: &Value,
    later: &mut BTreeMap<String, u64>,
) -> Value {
    let mut call = step.clone();
    let fields = call.as_object_mut().expect("a step");
    fields.remove("in");
    if let Some(name) = fields.remove("later") {
        let (status, answer) = room.call_for(0, program, &call).await;
        assert_eq!(status, 202, "{answer}");
        let name = name.as_str().expect("a name").to_owned();
        later.insert(name, answer["id"].as_u64().expect("an id"));
        return json!({});
    }
    let Some(name) = fields.remove("finish") else { return room.call(program, call).await };
    let wanted = later.remove(name.as_str().expect("a name")).expect("a waiting call");
    let returned = |fact: &Fact| matches!(fact, Fact::Return { id, .. } if id.0 == wanted);
    let events = room.until("the return of a waiting call", returned).await;
    match events.last().map(|event| event.fact.clone()) {
        Some(Fact::Return { outcome: Ok(value), .. }) => json!({"value": value}),
        Some(Fact::Return { outcome: Err(errno), .. }) => json!({"errno": errno}),
        other => panic!("{other:?}"),
    }
}

/// An answer without the call's number, and an errno by its name alone.
fn simple(answer: &Value) -> Value {
    match (answer.get("value"), answer.get("errno")) {
        (Some(value), None) => json!({"value": value}),
        (None, Some(errno)) => json!({"errno": errno["name"]}),
        _ => answer.clone(),
    }
}

/// Ports that were free a moment ago, one for each place in a sequence.
struct Ports([u16; 2]);

impl Ports {
    fn free() -> Self {
        let listeners = [0; 2].map(|_| std::net::TcpListener::bind("127.0.0.1:0").expect("a port"));
        Self(listeners.map(|listener| listener.local_addr().expect("an address").port()))
    }

    fn fill(&self, step: &Value, folder: &str) -> Value {
        let text = step.to_string();
        let text = text
            .replace(":PORT2\"", &format!(":{}\"", self.0[1]))
            .replace(":PORT\"", &format!(":{}\"", self.0[0]));
        serde_json::from_str(&text.replace("UNIX/", folder)).expect("JSON")
    }

    /// The ports' names again; any other port of 127.0.0.1 or [::1] is one that the kernel chose.
    fn blank(&self, answer: &Value, folder: &str) -> Value {
        let mut text = answer.to_string();
        if !folder.is_empty() {
            text = text.replace(folder, "");
        }
        text = text.replace(&format!(":{}\"", self.0[0]), ":PORT\"");
        text = text.replace(&format!(":{}\"", self.0[1]), ":PORT2\"");
        for host in ["127.0.0.1:", "[::1]:", "0.0.0.0:"] {
            let mut from = 0;
            while let Some(at) = text[from..].find(host).map(|at| from + at + host.len()) {
                let digits = text[at..].find(|c: char| !c.is_ascii_digit()).unwrap_or(0);
                if digits > 1 {
                    text.replace_range(at..at + digits, "CHOSEN");
                }
                from = at;
            }
        }
        serde_json::from_str(&text).expect("JSON")
    }
}

/// Steps in a short hand: `"a" "socket" {"family": …}`.
macro_rules! steps {
    ($($who:literal $call:literal $args:tt;)*) => {
        [$({
            let mut step = json!($args);
            step["in"] = $who.into();
            if !$call.is_empty() {
                step["call"] = $call.into();
            }
            step
        }),*]
    };
}
use steps;

pub(super) fn tcp(family: &str, host: &str) -> Vec<Value> {
    let (at, other) = (format!("{host}:PORT"), format!("{host}:PORT2"));
    let steps = steps! {
        "a" "socket" {"family": family, "type": "stream"};
        // Everything in the wrong order first.
        "a" "accept" {"fd": 3};
        "a" "recv" {"fd": 3, "size": 10};
        "a" "send" {"fd": 3, "text": "x"};
        "a" "getpeername" {"fd": 3};
        "a" "bind" {"fd": 9, "address": at};
        "a" "setsockopt" {"fd": 3, "option": "SO_REUSEADDR", "value": 1};
        "a" "bind" {"fd": 3, "address": at};
        "a" "bind" {"fd": 3, "address": other};
        "a" "getsockname" {"fd": 3};
        "b" "socket" {"family": family, "type": "stream"};
        "b" "shutdown" {"fd": 3, "how": "both"};
        "b" "close" {"fd": 3};
        "b" "socket" {"family": family, "type": "stream"};
        "b" "connect" {"fd": 3, "address": at};
        "b" "connect" {"fd": 3, "address": other};
        "a" "listen" {"fd": 3, "backlog": 5};
        "a" "getsockopt" {"fd": 3, "option": "SO_ACCEPTCONN"};
        "b" "bind" {"fd": 3, "address": at};
        "b" "connect" {"fd": 3, "address": at};
        "b" "connect" {"fd": 3, "address": at};
        "b" "getpeername" {"fd": 3};
        "b" "getsockname" {"fd": 3};
        "a" "accept" {"fd": 3};
        "a" "send" {"fd": 3, "text": "to a listener"};
        "a" "recv" {"fd": 4, "size": 4, "later": "waits"};
        "b" "send" {"fd": 3, "text": "hello"};
        "a" "" {"finish": "waits"};
        "a" "recv" {"fd": 4, "size": 100};
        "a" "sendto" {"fd": 4, "text": "an address makes no difference", "address": other};
        "b" "recv" {"fd": 3, "size": 0};
        "b" "recvfrom" {"fd": 3, "size": 100};
        "b" "listen" {"fd": 3, "backlog": 1};
        "a" "bind" {"fd": 4, "address": other};
        "b" "shutdown" {"fd": 3, "how": "write"};
        "b" "send" {"fd": 3, "text": "too late"};
        "a" "recv" {"fd": 4, "size": 10};
        "a" "recv" {"fd": 4, "size": 10};
        "a" "send" {"fd": 4, "text": "still open this way"};
        "b" "recv" {"fd": 3, "size": 100};
        // Numbers: the lowest free one, and none that is not open.
        "a" "close" {"fd": 3};
        "a" "close" {"fd": 3};
        "a" "socket" {"family": family, "type": "stream"};
        "a" "close" {"fd": 4};
        "b" "recv" {"fd": 3, "size": 10};
        "b" "close" {"fd": 3};
        "b" "recv" {"fd": 3, "size": 10};
        "a" "bind" {"fd": 3, "address": at};
        "a" "setsockopt" {"fd": 3, "option": "SO_REUSEADDR", "value": 1};
        "a" "bind" {"fd": 3, "address": at};
    };
    steps.to_vec()
}

#[tokio::test]
async fn tcp_over_ipv4() {
    same_as_python("inet", "stream", &tcp("inet", "127.0.0.1")).await;
}

#[tokio::test]
async fn tcp_over_ipv6() {
    same_as_python("inet6", "stream", &tcp("inet6", "[::1]")).await;
}

#[tokio::test]
async fn tcp_backlog_reset_and_options() {
    let steps = steps! {
        "a" "socket" {"family": "inet", "type": "stream"};
        "a" "listen" {"fd": 3, "backlog": 1};
        "a" "getsockname" {"fd": 3};
        "a" "close" {"fd": 3};
        "a" "socket" {"family": "inet", "type": "stream"};
        "a" "bind" {"fd": 3, "address": "0.0.0.0:PORT"};
        "a" "listen" {"fd": 3, "backlog": 1};
        "b" "socket" {"family": "inet", "type": "stream"};
        "b" "connect" {"fd": 3, "address": "127.0.0.1:PORT"};
        "a" "accept" {"fd": 3};
        // SO_LINGER 0: the peer sees a reset, after what had arrived.
        "b" "setsockopt" {"fd": 3, "option": "SO_LINGER", "value": 0};
        "b" "getsockopt" {"fd": 3, "option": "SO_LINGER"};
        "b" "close" {"fd": 3};
        "a" "recv" {"fd": 4, "size": 10};
        "a" "recv" {"fd": 4, "size": 10};
        "a" "send" {"fd": 4, "text": "x"};
        "a" "getsockopt" {"fd": 4, "option": "SO_ERROR"};
        // A call that waits is not ended by a close of its descriptor, as in a threaded process.
        "a" "accept" {"fd": 3, "later": "accepting"};
        "a" "close" {"fd": 3};
        "a" "accept" {"fd": 3};
        "b" "socket" {"family": "inet", "type": "stream"};
        "b" "connect" {"fd": 3, "address": "127.0.0.1:PORT"};
        "a" "" {"finish": "accepting"};
        // O_NONBLOCK.
        "b" "setsockopt" {"fd": 3, "option": "O_NONBLOCK", "value": 1};
        "b" "recv" {"fd": 3, "size": 10};
        "b" "getsockopt" {"fd": 3, "option": "O_NONBLOCK"};
        "b" "setsockopt" {"fd": 3, "option": "SO_TYPE", "value": 1};
        "b" "getsockopt" {"fd": 3, "option": "SO_TYPE"};
        "b" "setsockopt" {"fd": 3, "option": "SO_RCVBUF", "value": 5000};
        "b" "getsockopt" {"fd": 3, "option": "SO_RCVBUF"};
        "b" "setsockopt" {"fd": 3, "option": "SO_SNDBUF", "value": 1};
        "b" "getsockopt" {"fd": 3, "option": "SO_SNDBUF"};
        "b" "setsockopt" {"fd": 3, "option": "TCP_NODELAY", "value": 1};
        "b" "getsockopt" {"fd": 3, "option": "TCP_NODELAY"};
        "b" "setsockopt" {"fd": 3, "option": "TCP_USER_TIMEOUT", "value": 700};
        "b" "getsockopt" {"fd": 3, "option": "TCP_USER_TIMEOUT"};
        "b" "setsockopt" {"fd": 3, "option": "TCP_USER_TIMEOUT", "value": -1};
        "b" "setsockopt" {"fd": 3, "option": "TCP_MAXSEG", "value": 1};
        "b" "setsockopt" {"fd": 3, "option": "SO_KEEPALIVE", "value": 1};
        "b" "getsockopt" {"fd": 3, "option": "SO_KEEPALIVE"};
        "b" "setsockopt" {"fd": 3, "option": "SO_BROADCAST", "value": 1};
        "b" "getsockopt" {"fd": 3, "option": "SO_BROADCAST"};
        "b" "setsockopt" {"fd": 3, "option": "SO_REUSEPORT", "value": 1};
        "b" "getsockopt" {"fd": 3, "option": "SO_REUSEPORT"};
        "b" "connect" {"fd": 3, "address": "[::1]:PORT"};
        "b" "socket" {"family": "inet", "type": "stream"};
        "b" "setsockopt" {"fd": 4, "option": "O_NONBLOCK", "value": 1};
        "b" "connect" {"fd": 4, "address": "127.0.0.1:PORT2"};
        "b" "getsockopt" {"fd": 4, "option": "SO_ERROR"};
    };
    // Python cannot write an IPv6 address into an IPv4 socket's; the kernel's own answer is EAFNOSUPPORT.
    let steps: Vec<_> = steps.into_iter().filter(|step| step["address"] != "[::1]:PORT").collect();
    same_as_python("inet", "stream, options", &steps).await;
}

pub(super) fn udp(family: &str, host: &str) -> Vec<Value> {
    let (at, other) = (format!("{host}:PORT"), format!("{host}:PORT2"));
    let steps = steps! {
        "a" "socket" {"family": family, "type": "dgram"};
        "a" "listen" {"fd": 3, "backlog": 1};
        "a" "accept" {"fd": 3};
        // It fails, and yet the kernel has given the socket a port: it cannot be bound any more.
        "a" "send" {"fd": 3, "text": "to whom?"};
        "a" "bind" {"fd": 3, "address": at};
        "a" "close" {"fd": 3};
        "a" "socket" {"family": family, "type": "dgram"};
        "a" "bind" {"fd": 3, "address": at};
        "b" "socket" {"family": family, "type": "dgram"};
        "b" "bind" {"fd": 3, "address": at};
        "b" "bind" {"fd": 3, "address": other};
        "b" "sendto" {"fd": 3, "text": "0123456789", "address": at};
        "b" "sendto" {"fd": 3, "text": "", "address": at};
        "b" "sendto" {"fd": 3, "text": "whole", "address": at};
        "a" "recvfrom" {"fd": 3, "size": 4};
        "a" "recvfrom" {"fd": 3, "size": 4};
        "a" "recv" {"fd": 3, "size": 100};
        "a" "recvfrom" {"fd": 3, "size": 100, "later": "waits"};
        "b" "connect" {"fd": 3, "address": at};
        "b" "send" {"fd": 3, "text": "connected"};
        "a" "" {"finish": "waits"};
        "b" "getpeername" {"fd": 3};
        // The port is closed then: ICMP comes back, and the next call tells.
        "a" "close" {"fd": 3};
        "b" "send" {"fd": 3, "text": "anybody?"};
        "b" "recv" {"fd": 3, "size": 10};
        "b" "setsockopt" {"fd": 3, "option": "TCP_NODELAY", "value": 1};
        "b" "shutdown" {"fd": 3, "how": "both"};
        "b" "close" {"fd": 3};
    };
    steps.to_vec()
}

#[tokio::test]
async fn udp_over_ipv4() {
    same_as_python("inet", "dgram", &udp("inet", "127.0.0.1")).await;
}

#[tokio::test]
async fn udp_over_ipv6() {
    same_as_python("inet6", "dgram", &udp("inet6", "[::1]")).await;
}

/// Datagrams on a socket that is shut down for reading. `b` is at PORT2, where `a` can reach it.
fn shut_for_reading(family: &str, at: &str, other: &str) -> Vec<Value> {
    let steps = steps! {
        "a" "socket" {"family": family, "type": "dgram"};
        "a" "bind" {"fd": 3, "address": at};
        "b" "socket" {"family": family, "type": "dgram"};
        "b" "bind" {"fd": 3, "address": other};
        "b" "connect" {"fd": 3, "address": at};
        // Two wait when it comes, and it ends both.
        "b" "recv" {"fd": 3, "size": 10, "later": "one"};
        "b" "recvfrom" {"fd": 3, "size": 10, "later": "other"};
        "b" "shutdown" {"fd": 3, "how": "read"};
        "b" "" {"finish": "one"};
        "b" "" {"finish": "other"};
        "b" "recv" {"fd": 3, "size": 10};
        "b" "recvfrom" {"fd": 3, "size": 10};
        // Who does not wait is told to come back all the same.
        "b" "setsockopt" {"fd": 3, "option": "O_NONBLOCK", "value": 1};
        "b" "recv" {"fd": 3, "size": 10};
        "b" "setsockopt" {"fd": 3, "option": "O_NONBLOCK", "value": 0};
        // UDP still takes what comes; a Unix socket's peer is told.
        "a" "sendto" {"fd": 3, "text": "late", "address": other};
        "b" "recv" {"fd": 3, "size": 10};
        "b" "recv" {"fd": 3, "size": 10};
        "b" "send" {"fd": 3, "text": "this way it is open"};
        "a" "recv" {"fd": 3, "size": 100};
        // Not connected it fails over IP, and yet does the same.
        "a" "recv" {"fd": 3, "size": 10, "later": "waits"};
        "a" "shutdown" {"fd": 3, "how": "both"};
        "a" "" {"finish": "waits"};
        "a" "recv" {"fd": 3, "size": 10};
    };
    steps.to_vec()
}

#[tokio::test]
async fn udp_shut_down_for_reading() {
    for (family, host) in [("inet", "127.0.0.1"), ("inet6", "[::1]")] {
        let steps = shut_for_reading(family, &format!("{host}:PORT"), &format!("{host}:PORT2"));
        same_as_python(family, "dgram, shut down", &steps).await;
    }
}

#[tokio::test]
async fn unix_datagrams_shut_down_for_reading() {
    let steps = shut_for_reading("unix", "UNIX/in.sock", "UNIX/out.sock");
    same_as_python("unix", "dgram, shut down", &steps).await;
}

pub(super) fn unix() -> Vec<Value> {
    let steps = steps! {
        "a" "socket" {"family": "unix", "type": "stream"};
        "a" "accept" {"fd": 3};
        "a" "listen" {"fd": 3, "backlog": 1};
        "a" "bind" {"fd": 3, "address": "UNIX/echo.sock"};
        "a" "bind" {"fd": 3, "address": "UNIX/other.sock"};
        "b" "socket" {"family": "unix", "type": "stream"};
        "b" "connect" {"fd": 3, "address": "UNIX/nobody.sock"};
        "b" "connect" {"fd": 3, "address": "UNIX/echo.sock"};
        "a" "listen" {"fd": 3, "backlog": 0};
        "b" "connect" {"fd": 3, "address": "UNIX/echo.sock"};
        "b" "getpeername" {"fd": 3};
        "b" "getsockname" {"fd": 3};
        // One connection may wait; the next is told to come back, or waits.
        "b" "socket" {"family": "unix", "type": "stream"};
        "b" "setsockopt" {"fd": 4, "option": "O_NONBLOCK", "value": 1};
        "b" "connect" {"fd": 4, "address": "UNIX/echo.sock"};
        "b" "setsockopt" {"fd": 4, "option": "O_NONBLOCK", "value": 0};
        "b" "connect" {"fd": 4, "address": "UNIX/echo.sock", "later": "waits"};
        "a" "accept" {"fd": 3};
        "b" "" {"finish": "waits"};
        "b" "send" {"fd": 3, "text": "hello"};
        "a" "recv" {"fd": 4, "size": 100};
        "a" "recv" {"fd": 4, "size": 100, "later": "receiving"};
        "b" "close" {"fd": 3};
        "a" "" {"finish": "receiving"};
        "a" "send" {"fd": 4, "text": "anybody?"};
        "b" "setsockopt" {"fd": 4, "option": "TCP_NODELAY", "value": 1};
        "a" "close" {"fd": 3};
        "b" "recv" {"fd": 4, "size": 100};
        // The file stays behind.
        "a" "socket" {"family": "unix", "type": "stream"};
        "a" "bind" {"fd": 3, "address": "UNIX/echo.sock"};
        "b" "socket" {"family": "unix", "type": "stream"};
        "b" "connect" {"fd": 3, "address": "UNIX/echo.sock"};
    };
    steps.to_vec()
}

#[tokio::test]
async fn unix_streams() {
    same_as_python("unix", "stream", &unix()).await;
}

#[tokio::test]
async fn unix_datagrams() {
    let steps = steps! {
        "a" "socket" {"family": "unix", "type": "dgram"};
        "a" "bind" {"fd": 3, "address": "UNIX/in.sock"};
        "b" "socket" {"family": "unix", "type": "dgram"};
        "b" "sendto" {"fd": 3, "text": "unnamed", "address": "UNIX/in.sock"};
        "a" "recv" {"fd": 3, "size": 100};
        "b" "bind" {"fd": 3, "address": "UNIX/out.sock"};
        "b" "sendto" {"fd": 3, "text": "0123456789", "address": "UNIX/in.sock"};
        "a" "recvfrom" {"fd": 3, "size": 4};
        "a" "sendto" {"fd": 3, "text": "nobody", "address": "UNIX/nobody.sock"};
        "b" "connect" {"fd": 3, "address": "UNIX/in.sock"};
        "b" "send" {"fd": 3, "text": "connected"};
        "a" "recvfrom" {"fd": 3, "size": 100};
        "a" "close" {"fd": 3};
        "b" "send" {"fd": 3, "text": "anybody?"};
    };
    same_as_python("unix", "dgram", &steps).await;
}
