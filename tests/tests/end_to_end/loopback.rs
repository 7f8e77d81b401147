//! A host's own loopback in the lab: what never comes to the wire is captured in the host, in causal order, with the
//! kernel's times.

use serde_json::json;
use socketscope_protocol::{CallName, Event, Fact, Flag, Medium, Packet, TcpState};
use socketscope_tests::{Room, TestServer};

async fn lab() -> (TestServer, Room) {
    let server = TestServer::start();
    let room = server.client().room_on("lab").await;
    (server, room)
}

async fn listener(room: &Room, program: &str, host: &str, address: &str) {
    let family = if address.starts_with('[') { "inet6" } else { "inet" };
    room.start(json!({"name": program, "host": host})).await;
    room.call(program, json!({"call": "socket", "family": family, "type": "stream"})).await;
    room.call(program, json!({"call": "bind", "fd": 3, "address": address})).await;
    room.call(program, json!({"call": "listen", "fd": 3, "backlog": 5})).await;
}

async fn socket(room: &Room, program: &str, host: &str, kind: &str) {
    room.start(json!({"name": program, "host": host})).await;
    room.call(program, json!({"call": "socket", "family": "inet", "type": kind})).await;
}

fn departs(events: &[Event]) -> impl Iterator<Item = (&Event, Medium, &Packet)> {
    events.iter().filter_map(|event| match &event.fact {
        Fact::Depart { medium, header, .. } => Some((event, *medium, &**header)),
        _ => None,
    })
}

/// A few words for each fact of the client's `connect`, in the journal's order.
fn story(events: &[Event]) -> Vec<String> {
    let mut told = Vec::new();
    for event in events {
        told.push(match &event.fact {
            Fact::Enter { call, .. } => format!("enter {}", call.name().as_str()),
            Fact::Return { call, outcome, .. } => {
                format!("{} {}", if outcome.is_ok() { "return" } else { "fail" }, call.as_str())
            }
            Fact::Depart { header, .. } => {
                let segment = header.segment.as_ref().expect("a segment");
                format!("{:?} {:?}", segment.flags, segment.relative_ack)
            }
            Fact::Arrive { .. } => "arrive".into(),
            _ => continue,
        });
    }
    told
}

#[tokio::test]
async fn a_handshake_within_a_host() {
    for (address, family) in
        [("127.0.0.1:9000", "inet"), ("10.0.0.1:9000", "inet"), ("[::1]:9000", "inet6")]
    {
        let (_server, room) = lab().await;
        listener(&room, "s", "server", address).await;
        room.start(json!({"name": "c", "host": "server"})).await;
        room.call("c", json!({"call": "socket", "family": family, "type": "stream"})).await;
        let before = room.view().await.head;
        room.call("c", json!({"call": "connect", "fd": 3, "address": address})).await;
        let events = room.events_from(before + 1).await;
        assert_eq!(
            story(&events),
            [
                "enter connect",
                "[Syn] None",
                "arrive",
                "[Syn, Ack] Some(1)",
                "arrive",
                "[Ack] Some(1)",
                "arrive",
                "return connect"
            ],
            "{address}"
        );
        let calls_and_packets = events.iter().filter(|event| !matches!(event.fact, Fact::State(_)));
        let times: Vec<_> = calls_and_packets.map(|event| event.at).collect();
        assert!(times.is_sorted(), "the kernel's times lie between those of the call: {times:?}");
        assert!(departs(&events).all(|(_, medium, _)| medium == Medium::Loopback));
        let open = |event: &Event| matches!(&event.fact, Fact::State(state) if state.state == TcpState::Established && state.program.as_ref().is_some_and(|program| program.as_str() == "c"));
        assert!(events.iter().any(open), "the kernel's state of the client's socket");
        let waiting = |event: &Event| matches!(&event.fact, Fact::State(state) if state.state == TcpState::Listen && state.accept_queue == Some(1));
        assert!(events.iter().any(waiting), "the listener's queue");
    }
}

#[tokio::test]
async fn hosts_have_loopbacks_of_their_own() {
    let (_server, room) = lab().await;
    listener(&room, "s", "server", "127.0.0.1:9000").await;
    socket(&room, "c", "client", "stream").await;
    let answer = room.call("c", json!({"call": "connect", "fd": 3, "address": "127.0.0.1:9000"}));
    assert_eq!(answer.await["errno"]["name"], "ECONNREFUSED");
    let events = room.events().await;
    let flags: Vec<_> = departs(&events)
        .map(|(event, _, packet)| {
            let Fact::Depart { host, .. } = &event.fact else { unreachable!("a departure") };
            let segment = packet.segment.as_ref().expect("a segment");
            (host.as_ref().expect("a host").as_str(), segment.flags.clone())
        })
        .collect();
    assert_eq!(flags, [("client", vec![Flag::Syn]), ("client", vec![Flag::Rst, Flag::Ack])]);
}

#[tokio::test]
async fn datagrams_and_messages_within_a_host() {
    let (_server, room) = lab().await;
    socket(&room, "c", "server", "dgram").await;
    room.call("c", json!({"call": "connect", "fd": 3, "address": "127.0.0.1:7"})).await;
    room.call("c", json!({"call": "send", "fd": 3, "text": "x"})).await;
    let answer = room.call("c", json!({"call": "send", "fd": 3, "text": "x"})).await;
    assert_eq!(answer["errno"]["name"], "ECONNREFUSED");
    let events = room.events().await;
    let seen: Vec<_> = departs(&events).map(|(_, _, packet)| packet).collect();
    let icmp = seen.get(1).and_then(|packet| packet.icmp).expect("a message");
    assert_eq!((seen.len(), icmp.icmp_type, icmp.code), (2, 3, 3), "port unreachable");
}

#[tokio::test]
async fn segments_are_as_large_as_on_the_wire() {
    let (_server, room) = lab().await;
    listener(&room, "s", "server", "127.0.0.1:9000").await;
    socket(&room, "c", "server", "stream").await;
    room.call("c", json!({"call": "connect", "fd": 3, "address": "127.0.0.1:9000"})).await;
    room.call("s", json!({"call": "accept", "fd": 3})).await;
    room.call("c", json!({"call": "send", "fd": 3, "text": "x".repeat(100_000)})).await;
    let mut received = 0;
    while received < 100_000 {
        let answer = room.call("s", json!({"call": "recv", "fd": 4, "size": 100_000})).await;
        received += answer["value"]["bytes"].as_u64().expect("bytes");
    }
    let events = room.events().await;
    let sizes: Vec<_> = departs(&events).map(|(_, _, packet)| packet.size).collect();
    assert_eq!(sizes.iter().max(), Some(&1500));
    // On a busy machine the kernel may send some of it twice.
    let new = departs(&events)
        .filter(|(_, _, packet)| packet.segment.as_ref().is_some_and(|it| it.original.is_none()));
    let told: u32 = new.map(|(_, _, packet)| packet.length).sum();
    assert_eq!(told, 100_000, "no byte of it is missing");
    // Each is told before the `recv` that it was received by.
    let sent = events
        .iter()
        .rposition(|event| matches!(&event.fact, Fact::Depart { header, .. } if header.length > 0));
    let read = events
        .iter()
        .rposition(|event| matches!(&event.fact, Fact::Return { call: CallName::Recv, .. }));
    assert!(sent < read);
}
