//! Packets on this machine's own network: the room's own, all of them, in causal order; and never anybody else's.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream, UdpSocket},
};

use serde_json::json;
use socketscope_protocol::{Event, Fact, Flag, Medium, Packet, Rung, TcpState};
use socketscope_tests::{Room, TestServer};

async fn room(server: &TestServer) -> Room {
    let room = server.client().room().await;
    assert_eq!(room.view().await.rung, Rung::Capture, "capturing takes CAP_NET_RAW: run as root");
    room
}

/// This machine in both versions of IP.
const BOTH: [(&str, &str); 2] = [("inet", "127.0.0.1:0"), ("inet6", "[::1]:0")];

async fn socket(room: &Room, program: &str, kind: &str) {
    socket_of(room, program, "inet", kind).await;
}

async fn socket_of(room: &Room, program: &str, family: &str, kind: &str) {
    room.start(json!({"name": program})).await;
    room.call(program, json!({"call": "socket", "family": family, "type": kind})).await;
}

/// A listener of the room's, on a port that the kernel chose.
async fn listener(room: &Room, program: &str) -> String {
    listener_at(room, program, "inet", "127.0.0.1:0").await
}

async fn listener_at(room: &Room, program: &str, family: &str, address: &str) -> String {
    socket_of(room, program, family, "stream").await;
    room.call(program, json!({"call": "bind", "fd": 3, "address": address})).await;
    room.call(program, json!({"call": "listen", "fd": 3, "backlog": 5})).await;
    let address = room.call(program, json!({"call": "getsockname", "fd": 3})).await;
    address["value"]["address"].as_str().expect("an address").to_owned()
}

fn packets(events: &[Event]) -> Vec<&Packet> {
    let departs = events.iter().filter_map(|event| match &event.fact {
        Fact::Depart { host, medium, header, .. } => {
            assert!(host.is_none() && *medium == Medium::Loopback);
            Some(&**header)
        }
        _ => None,
    });
    departs.collect()
}

fn flags(packet: &Packet) -> &[Flag] {
    packet.segment.as_ref().map_or(&[], |segment| &segment.flags)
}

/// The facts of one call, in the journal's order.
fn story(events: &[Event]) -> Vec<String> {
    let told = events.iter().filter_map(|event| match &event.fact {
        Fact::Enter { .. } => Some("enter".into()),
        Fact::Return { outcome, .. } => Some(match outcome {
            Ok(_) => "return".into(),
            Err(errno) => errno.name.clone(),
        }),
        Fact::Depart { header, .. } => Some(format!("{:?}", flags(header))),
        _ => None,
    });
    told.collect()
}

#[tokio::test]
async fn every_handshake_stands_in_its_connect() {
    for (family, at) in BOTH {
        let server = TestServer::start();
        let room = room(&server).await;
        let address = listener_at(&room, "s", family, at).await;
        for round in 0..20 {
            let client = format!("c{round}");
            socket_of(&room, &client, family, "stream").await;
            let before = room.view().await.head;
            room.call(&client, json!({"call": "connect", "fd": 3, "address": address})).await;
            let events = room.events_from(before + 1).await;
            let expected = ["enter", "[Syn]", "[Syn, Ack]", "[Ack]", "return"];
            assert_eq!(story(&events), expected, "{round}");
            let told = events.iter().filter(|event| !matches!(event.fact, Fact::State(_)));
            assert!(told.map(|event| event.at).is_sorted(), "{events:?}");
            let open = |state| move |event: &Event| matches!(&event.fact, Fact::State(it) if it.state == state && it.host.is_none());
            assert!(events.iter().any(open(TcpState::Established)), "the kernel's state");
            room.call("s", json!({"call": "accept", "fd": 3})).await;
        }
    }
}

#[tokio::test]
async fn refusals_are_seen() {
    let server = TestServer::start();
    let room = room(&server).await;
    for ((family, at), message) in BOTH.into_iter().zip([(3, 3), (1, 4)]) {
        let closed = TcpListener::bind(at).and_then(|free| free.local_addr());
        let closed = closed.expect("a port that is free again").to_string();
        let (tcp, udp) = (format!("tcp-{family}"), format!("udp-{family}"));
        socket_of(&room, &tcp, family, "stream").await;
        let before = room.view().await.head;
        room.call(&tcp, json!({"call": "connect", "fd": 3, "address": closed})).await;
        let events = room.events_from(before + 1).await;
        assert_eq!(story(&events), ["enter", "[Syn]", "[Rst, Ack]", "ECONNREFUSED"]);

        socket_of(&room, &udp, family, "dgram").await;
        let before = room.view().await.head;
        room.call(&udp, json!({"call": "sendto", "fd": 3, "address": closed, "text": "x"})).await;
        let events = room.events_from(before + 1).await;
        let seen = packets(&events);
        let icmp = seen.get(1).and_then(|packet| packet.icmp).expect("a message");
        assert_eq!((seen.len(), (icmp.icmp_type, icmp.code)), (2, message), "port unreachable");
    }
}

/// A listener of IPv6's takes IPv4 connections, too: their packets are IPv4's, and the room's.
#[tokio::test]
async fn one_listener_for_both_versions() {
    let server = TestServer::start();
    let room = room(&server).await;
    let listening = listener_at(&room, "s", "inet6", "[::]:0").await;
    let port = listening.rsplit_once(':').expect("a port").1;
    for (family, ip) in [("inet", "127.0.0.1"), ("inet6", "[::1]"), ("inet6", "[::ffff:127.0.0.1]")]
    {
        let client = format!("c{}", room.view().await.programs.len());
        socket_of(&room, &client, family, "stream").await;
        let before = room.view().await.head;
        let address = format!("{ip}:{port}");
        room.call(&client, json!({"call": "connect", "fd": 3, "address": address})).await;
        room.call("s", json!({"call": "accept", "fd": 3})).await;
        let events = room.events_from(before + 1).await;
        let expected = ["enter", "[Syn]", "[Syn, Ack]", "[Ack]", "return", "enter", "return"];
        assert_eq!(story(&events), expected, "{address}");
        assert_eq!(packets(&events)[0].to, address.replace("[::ffff:127.0.0.1]", "127.0.0.1"));
        let disorder = |event: &Event| matches!(event.fact, Fact::Disorder { .. });
        assert!(!events.iter().any(disorder), "{events:?}");
    }
}

#[tokio::test]
async fn others_are_never_shown() {
    let server = TestServer::start();
    let room = room(&server).await;
    let own = listener(&room, "s").await;
    let outside = TcpListener::bind("127.0.0.1:0").expect("a port");
    let other = outside.local_addr().expect("an address").to_string();
    let talk = |word: &str| {
        let mut client = TcpStream::connect(&other).expect("a connection");
        let mut peer = outside.accept().expect("a connection").0;
        client.write_all(word.as_bytes()).expect("sent");
        peer.read_exact(&mut vec![0; word.len()]).expect("received");
    };
    // Before the room knows the address, while it is connected to it, and after.
    talk("secret");
    socket(&room, "c", "stream").await;
    room.call("c", json!({"call": "connect", "fd": 3, "address": other})).await;
    let mut peer = outside.accept().expect("the room's").0;
    talk("secret");
    let datagrams = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let port = datagrams.local_addr().expect("an address");
    datagrams.send_to(b"secret", port).expect("sent");
    peer.write_all(b"hello").expect("sent");
    room.call("c", json!({"call": "recv", "fd": 3, "size": 9})).await;
    room.call("c", json!({"call": "close", "fd": 3})).await;
    talk("secret");
    // One from outside to the room is the room's as well.
    drop(TcpStream::connect(&own).expect("a connection"));
    room.call("s", json!({"call": "accept", "fd": 3})).await;

    let events = room.events().await;
    let local = events.iter().find_map(|event| match &event.fact {
        Fact::Return { local, peer: Some(peer), .. } if *peer == other => local.clone(),
        _ => None,
    });
    let local = local.expect("where the room's client is");
    let seen = packets(&events);
    for packet in &seen {
        let ends = [packet.from.as_str(), packet.to.as_str()];
        assert!(ends.contains(&local.as_str()) || ends.contains(&own.as_str()), "{packet:?}");
    }
    let count = |end: &str, syn: &[Flag]| {
        seen.iter().filter(|packet| packet.to == end && flags(packet) == syn).count()
    };
    assert_eq!((count(&other, &[Flag::Syn]), count(&own, &[Flag::Syn])), (1, 1));
    assert!(seen.iter().any(|packet| packet.to == local && packet.length == 5));
    let states = events.iter().filter_map(|event| match &event.fact {
        Fact::State(state) => Some(state),
        _ => None,
    });
    for state in states {
        assert!([&own, &local].contains(&&state.local), "{state:?}");
    }
}

#[tokio::test]
async fn two_rooms_see_what_is_between_them() {
    let server = TestServer::start();
    let (one, two, third) = (room(&server).await, room(&server).await, room(&server).await);
    let address = listener(&one, "s").await;
    socket(&two, "c", "stream").await;
    two.call("c", json!({"call": "connect", "fd": 3, "address": address})).await;
    one.call("s", json!({"call": "accept", "fd": 3})).await;
    for room in [&one, &two] {
        let events = room.events().await;
        let seen: Vec<_> = packets(&events).into_iter().map(flags).collect();
        assert_eq!(seen, [&[Flag::Syn][..], &[Flag::Syn, Flag::Ack], &[Flag::Ack]]);
    }
    assert_eq!(packets(&third.events().await).len(), 0);
}
