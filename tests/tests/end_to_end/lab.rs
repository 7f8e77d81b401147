//! The lab: real kernels, our wire. What is expected here is what Linux does; times are compared only where a timer of the
//! kernel's is the point.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use socketscope_protocol::{
    CallName, Change, Event, Fact, Flag, KernelState, Loss, Mark, PacketId, Segment, TcpState,
};
use socketscope_tests::{Room, TestServer};

pub(super) const SERVER: &str = "10.0.0.1:9000";

/// Starts a program without a role on a host, with a stream socket in it.
pub(super) async fn program(room: &Room, name: &str, host: &str) {
    room.start(json!({"name": name, "host": host})).await;
    room.call(name, json!({"call": "socket", "family": "inet", "type": "stream"})).await;
}

/// A server that listens and accepts nobody by itself.
pub(super) async fn listener(room: &Room, backlog: i32) {
    program(room, "s", "server").await;
    room.call("s", json!({"call": "bind", "fd": 3, "address": SERVER})).await;
    room.call("s", json!({"call": "listen", "fd": 3, "backlog": backlog})).await;
}

pub(super) async fn connect(room: &Room, name: &str, wait_ms: u64) -> (u16, Value) {
    let call = json!({"call": "connect", "fd": 3, "address": SERVER});
    room.call_for(wait_ms, name, &call).await
}

fn segment(fact: &Fact) -> Option<(PacketId, &Segment)> {
    match fact {
        Fact::Depart { packet, header, .. } => Some((*packet, header.segment.as_ref()?)),
        _ => None,
    }
}

pub(super) fn state(fact: &Fact) -> Option<&KernelState> {
    match fact {
        Fact::State(state) => Some(state),
        _ => None,
    }
}

pub(super) fn is_return(fact: &Fact, of: &str, name: CallName) -> bool {
    matches!(fact, Fact::Return { program, call, .. } if program.as_str() == of && *call == name)
}

fn has_mark(fact: &Fact, mark: Mark) -> bool {
    segment(fact).is_some_and(|(_, segment)| segment.marks.contains(&mark))
}

/// The place of the first event that is so.
pub(super) fn first(events: &[Event], what: &str, is: impl Fn(&Fact) -> bool) -> usize {
    let found = events.iter().position(|event| is(&event.fact));
    found.unwrap_or_else(|| panic!("no {what} in {events:#?}"))
}

pub(super) fn departs(events: &[Event], flags: &[Flag], length: u32) -> usize {
    first(events, &format!("{flags:?} of {length}"), |fact| match fact {
        Fact::Depart { header, .. } => {
            header.length == length
                && header.segment.as_ref().is_some_and(|segment| segment.flags == flags)
        }
        _ => false,
    })
}

pub(super) fn arrival(events: &[Event], depart: usize) -> usize {
    let (id, _) = segment(&events[depart].fact).expect("a segment");
    first(events, "arrival", |fact| matches!(fact, Fact::Arrive { packet, .. } if *packet == id))
}

#[tokio::test]
async fn a_connection_from_its_first_syn_to_its_last_ack() {
    let server = TestServer::start();
    let room = server.client().lab().await;
    room.start(
        json!({"name": "s", "host": "server", "role": "tcp-echo-server", "address": SERVER}),
    )
    .await;
    room.until("a listener", |fact| is_return(fact, "s", CallName::Listen)).await;
    room.start(json!({"name": "c", "host": "client", "role": "tcp-client", "address": SERVER}))
        .await;
    let closed = |fact: &Fact| {
        state(fact).is_some_and(|it| {
            it.program.as_ref().is_some_and(|name| name.as_str() == "s")
                && it.peer.is_some()
                && it.state == TcpState::Close
        })
    };
    let events = room.until("the last ACK", closed).await;
    let (syn, syn_ack) =
        (departs(&events, &[Flag::Syn], 0), departs(&events, &[Flag::Syn, Flag::Ack], 0));
    let ack = departs(&events, &[Flag::Ack], 0);
    let data = departs(&events, &[Flag::Psh, Flag::Ack], 5);
    let fin = departs(&events, &[Flag::Fin, Flag::Ack], 0);
    let entered = |name: &str, wanted| {
        first(&events, "enter", |fact| {
            matches!(fact, Fact::Enter { program, call, .. }
                if program.as_str() == name && call.name() == wanted)
        })
    };
    let returned = |name: &str, call| first(&events, "return", |fact| is_return(fact, name, call));
    let in_order = [
        entered("c", CallName::Connect),
        syn,
        arrival(&events, syn),
        syn_ack,
        arrival(&events, syn_ack),
        ack,
        returned("c", CallName::Connect),
        entered("c", CallName::Send),
        data,
        arrival(&events, data),
        returned("s", CallName::Recv),
        entered("c", CallName::Close),
        fin,
    ];
    assert!(in_order.is_sorted(), "{in_order:?} in {events:#?}");
    assert!(arrival(&events, ack) < returned("s", CallName::Accept));
    let (_, opened) = segment(&events[syn].fact).expect("a segment");
    assert_eq!((opened.relative_seq, opened.options.mss), (Some(0), Some(1460)));
    assert!(opened.options.sack_ok && opened.options.wscale.is_some());

    // Causes stand before effects, and bear no later time.
    assert!(events.windows(2).all(|pair| pair[0].seq + 1 == pair[1].seq));
    let mut left = BTreeMap::new();
    for event in &events {
        match &event.fact {
            Fact::Depart { packet, .. } => drop(left.insert(*packet, event.at)),
            Fact::Arrive { packet, .. } => assert!(left[packet] <= event.at),
            _ => {}
        }
    }
    let of = |program: &str| {
        let states = events.iter().filter_map(|event| state(&event.fact));
        let own = states.filter(|it| it.peer.is_some());
        let own = own.filter(|it| it.program.as_ref().is_some_and(|name| name.as_str() == program));
        let mut states: Vec<_> = own.map(|it| it.state).collect();
        states.dedup();
        states
    };
    use TcpState::*;
    assert_eq!(of("c"), [SynSent, Established, FinWait1, TimeWait]);
    assert_eq!(of("s"), [SynRecv, Established, CloseWait, LastAck, Close]);
}

#[tokio::test]
async fn a_lost_syn_is_sent_again_after_a_second() {
    let server = TestServer::start();
    let room = server.client().lab().await;
    listener(&room, 5).await;
    program(&room, "c", "client").await;
    room.wire(json!({"rules": [{"packet": "syn", "fate": "lose"}]})).await;
    assert_eq!(connect(&room, "c", 20_000).await.0, 200);
    let events = room.events().await;
    let lost = first(&events, "loss", |fact| matches!(fact, Fact::Lose { why: Loss::Rule, .. }));
    let again = first(&events, "retransmission", |fact| has_mark(fact, Mark::Retransmission));
    let syn = departs(&events, &[Flag::Syn], 0);
    let (original, _) = segment(&events[syn].fact).expect("a segment");
    let (_, segment) = segment(&events[again].fact).expect("a segment");
    assert_eq!(segment.original, Some(original));
    assert!(syn < lost && lost < again);
    let later = events[again].at - events[syn].at;
    assert!((800_000_000..5_000_000_000).contains(&later), "{later} ns");
    assert!(room.wire(json!({})).await["rules"].as_array().expect("rules").is_empty());
}

#[tokio::test]
async fn a_held_ack_leaves_the_server_half_open_until_it_is_delivered() {
    let server = TestServer::start();
    let room = server.client().lab().await;
    listener(&room, 5).await;
    program(&room, "c", "client").await;
    room.wire(json!({"rules": [{"packet": "handshake-ack", "fate": "hold"}]})).await;
    assert_eq!(connect(&room, "c", 20_000).await.0, 200);
    let events = room.until("the held ACK", |fact| matches!(fact, Fact::Hold { .. })).await;
    let is = |wanted: TcpState| {
        move |fact: &Fact| {
            state(fact).is_some_and(|it| it.fd.is_none() && it.peer.is_some() && it.state == wanted)
        }
    };
    first(&events, "SYN_RECV", is(TcpState::SynRecv));
    let half_open = |fact: &Fact| state(fact).is_some_and(|it| it.half_open == Some(1));
    first(&events, "half-open queue", half_open);
    assert!(!events.iter().any(|event| is(TcpState::Established)(&event.fact)));
    let held = room.view().await.wire.expect("a wire").held;
    let [packet] = held[..] else { panic!("{held:?}") };
    let fate = json!({"fate": "deliver"});
    assert_eq!(room.post(&format!("/wire/packets/{packet}"), &fate).await.0, 204);
    let queued = |fact: &Fact| state(fact).is_some_and(|it| it.accept_queue == Some(1));
    let events = room.until("an accept queue of one", queued).await;
    first(&events, "ESTABLISHED", is(TcpState::Established));
    let (status, problem) = room.post(&format!("/wire/packets/{packet}"), &fate).await;
    assert_eq!((status, &problem["code"]), (404, &json!("no-such-packet")));
}

#[tokio::test]
async fn a_backlog_of_two_takes_three() {
    let server = TestServer::start();
    let room = server.client().lab().await;
    listener(&room, 2).await;
    for name in ["c1", "c2", "c3"] {
        program(&room, name, "client").await;
        assert_eq!(connect(&room, name, 20_000).await.0, 200);
    }
    for name in ["c4", "c5"] {
        program(&room, name, "client").await;
        assert_eq!(connect(&room, name, 0).await.0, 202);
    }
    // Nobody refuses them: their SYNs are dropped without a word and sent again.
    let unanswered = |fact: &Fact| has_mark(fact, Mark::Retransmission);
    let events = room.until("a SYN sent again", unanswered).await;
    let full = |fact: &Fact| {
        state(fact).is_some_and(|it| (it.accept_queue, it.backlog) == (Some(3), Some(2)))
    };
    first(&events, "full queue", full);
    assert!(
        !events.iter().any(|event| matches!(&event.fact, Fact::Return { outcome: Err(_), .. }))
    );
    // Accepting one lets one in.
    room.call("s", json!({"call": "accept", "fd": 3})).await;
    room.until("another connection", |fact| {
        is_return(fact, "c4", CallName::Connect) || is_return(fact, "c5", CallName::Connect)
    })
    .await;
}

#[tokio::test]
async fn refusals_of_closed_ports() {
    let server = TestServer::start();
    let room = server.client().lab().await;
    program(&room, "c", "client").await;
    let (_, answer) = connect(&room, "c", 20_000).await;
    assert_eq!(answer["errno"]["name"], "ECONNREFUSED");
    departs(&room.events().await, &[Flag::Rst, Flag::Ack], 0);

    room.call("c", json!({"call": "socket", "family": "inet", "type": "dgram"})).await;
    room.call("c", json!({"call": "connect", "fd": 4, "address": "10.0.0.1:7"})).await;
    room.call("c", json!({"call": "send", "fd": 4, "text": "x"})).await;
    let unreachable = |fact: &Fact| {
        matches!(fact, Fact::Depart { header, .. }
            if header.icmp.is_some_and(|icmp| (icmp.icmp_type, icmp.code) == (3, 3)))
    };
    let events = room.until("port unreachable", unreachable).await;
    let Fact::Depart { packet, .. } = events.last().expect("an event").fact else { panic!() };
    room.until(
        "its arrival",
        |fact| matches!(fact, Fact::Arrive { packet: it, .. } if *it == packet),
    )
    .await;
    let answer = room.call("c", json!({"call": "send", "fd": 4, "text": "x"})).await;
    assert_eq!(answer["errno"]["name"], "ECONNREFUSED");

    // Nobody there: lost, visibly.
    let nobody = json!({"call": "sendto", "fd": 4, "text": "x", "address": "10.0.0.77:7"});
    room.call("c", nobody).await;
    room.until("no host", |fact| matches!(fact, Fact::Lose { why: Loss::NoHost, .. })).await;
    room.call("c", json!({"call": "setsockopt", "fd": 4, "option": "SO_BROADCAST", "value": 1}))
        .await;
    room.call("c", json!({"call": "sendto", "fd": 4, "text": "x", "address": "10.0.0.255:7"}))
        .await;
    room.until("broadcast", |fact| matches!(fact, Fact::Lose { why: Loss::Broadcast, .. })).await;
}

#[tokio::test]
async fn a_receiver_that_does_not_read_closes_its_window() {
    let server = TestServer::start();
    let room = server.client().lab().await;
    listener(&room, 5).await;
    room.call("s", json!({"call": "setsockopt", "fd": 3, "option": "SO_RCVBUF", "value": 4096}))
        .await;
    program(&room, "c", "client").await;
    assert_eq!(connect(&room, "c", 20_000).await.0, 200);
    room.call("s", json!({"call": "accept", "fd": 3})).await;
    let text = "x".repeat(100_000);
    let send = json!({"call": "send", "fd": 3, "text": text});
    assert_eq!(room.call_for(0, "c", &send).await.0, 202);
    let events = room.until("a probe", |fact| has_mark(fact, Mark::KeepAlive)).await;
    first(&events, "zero window", |fact| has_mark(fact, Mark::ZeroWindow));
    let probes = |fact: &Fact| {
        state(fact).is_some_and(|it| it.timer == Some(socketscope_protocol::Timer::Probe))
    };
    first(&events, "probe timer", probes);
    room.call("s", json!({"call": "recv", "fd": 4, "size": 100_000})).await;
    room.until("a window update", |fact| has_mark(fact, Mark::WindowUpdate)).await;
}

#[tokio::test]
async fn every_role_runs_in_the_lab() {
    let server = TestServer::start();
    let room = server.client().lab().await;
    for (kind, address) in [("tcp", SERVER), ("udp", "10.0.0.1:9001"), ("unix", "echo.sock")] {
        let (name, client) = (format!("{kind}-s"), format!("{kind}-c"));
        let role = format!("{kind}-echo-server");
        room.start(json!({"name": name, "role": role, "address": address})).await;
        let ready = if kind == "udp" { CallName::Recvfrom } else { CallName::Accept };
        room.until("a server", |fact| {
            matches!(fact, Fact::Enter { program, call, .. }
                if program.as_str() == name && call.name() == ready)
        })
        .await;
        let role = format!("{kind}-client");
        room.start(json!({"name": client, "role": role, "address": address, "messages": ["a", "b"], "interval_ms": 0}))
            .await;
        let ended = |fact: &Fact| {
            matches!(fact, Fact::Program { program, change: Change::Ended(closed), .. }
                if program.as_str() == client && closed.is_empty())
        };
        room.until("the client's end, its sockets closed by itself", ended).await;
    }
    let programs = room.view().await.programs;
    assert!(
        programs
            .iter()
            .all(|program| program.host.as_ref().is_some_and(|host| host.as_str() == "server"))
    );
}

/// A Unix socket's other end is told wherever it is: the hosts share the folder.
#[tokio::test]
async fn unix_sockets_are_paired_on_one_host_and_on_two() {
    let server = TestServer::start();
    let room = server.client().lab().await;
    let echo =
        json!({"name": "s", "host": "server", "role": "unix-echo-server", "address": "echo.sock"});
    room.start(echo).await;
    room.until(
        "a server",
        |fact| matches!(fact, Fact::Enter { call, .. } if call.name() == CallName::Accept),
    )
    .await;
    for host in ["server", "client"] {
        let role =
            json!({"name": host, "host": host, "role": "unix-client", "address": "echo.sock"});
        let from = room.view().await.head + 1;
        room.start(role).await;
        let accepted = |fact: &Fact| is_return(fact, "s", CallName::Accept);
        let events = room.until_from(from, "a connection", accepted).await;
        let Fact::Return { other, .. } = &events.last().expect("a return").fact else { panic!() };
        let other = other.as_ref().map(|end| (end.program.as_str(), end.fd.0));
        assert_eq!(other, Some((host, 3)));
    }
}

#[tokio::test]
async fn more_hosts_up_to_the_limit() {
    let server = TestServer::start();
    let room = server.client().lab().await;
    let (status, alice) = room.post("/hosts", &json!({"name": "alice"})).await;
    assert_eq!((status, &alice), (201, &json!({"host": "alice", "address": "10.0.0.3"})));
    assert_eq!(room.post("/hosts", &json!({"name": "alice"})).await.0, 409);
    assert_eq!(room.post("/hosts", &json!({"name": " "})).await.0, 400);
    listener(&room, 5).await;
    program(&room, "c", "alice").await;
    assert_eq!(connect(&room, "c", 20_000).await.0, 200);
    let events = room.events().await;
    let Fact::Depart { host, to_host, header, .. } =
        &events[departs(&events, &[Flag::Syn], 0)].fact
    else {
        panic!()
    };
    let name = |host: &Option<_>| host.as_ref().map(ToString::to_string);
    assert_eq!((name(host), name(to_host)), (Some("alice".into()), Some("server".into())));
    assert!(header.from.starts_with("10.0.0.3:"));
    for number in 4..=socketscope_protocol::limits::HOSTS {
        let (status, host) = room.post("/hosts", &json!({})).await;
        assert_eq!((status, &host["address"]), (201, &json!(format!("10.0.0.{number}"))));
    }
    let (status, problem) = room.post("/hosts", &json!({})).await;
    assert_eq!((status, &problem["code"]), (429, &json!("full")));
    let (status, problem) = server.client().room().await.post("/hosts", &json!({})).await;
    assert_eq!((status, &problem["code"]), (409, &json!("no-lab")));
}

/// The wire carries IPv4; a host's own loopback has both.
#[tokio::test]
async fn a_host_talks_to_itself_by_ipv6() {
    let server = TestServer::start();
    let room = server.client().lab().await;
    let (host, at) = ("server", "[::1]:9000");
    room.start(json!({"name": "s", "host": host, "role": "tcp-echo-server", "address": at})).await;
    let accepts =
        |fact: &Fact| matches!(fact, Fact::Enter { call, .. } if call.name() == CallName::Accept);
    room.until("the server accepts", accepts).await;
    room.start(json!({"name": "c", "host": host, "role": "tcp-client", "address": at})).await;
    let ended = |fact: &Fact| matches!(fact, Fact::Program { program, change: Change::Ended(_), .. } if program.as_str() == "c");
    let events = room.until("the client's end", ended).await;
    first(&events, "an echo", |fact| is_return(fact, "c", CallName::Recv));
}
