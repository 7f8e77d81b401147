//! How the wire treats packets as it is told to: chance from a seed, delay, rate, and what it holds.

use serde_json::{Value, json};
use socketscope_protocol::{Event, Fact, Flag, Loss};
use socketscope_tests::TestServer;

use super::lab::{SERVER, arrival, connect, departs, listener, program, state};

#[tokio::test]
async fn the_same_seed_gives_the_same_fates() {
    let server = TestServer::start();
    let mut runs = Vec::new();
    for _ in 0..2 {
        let room = server.client().lab().await;
        room.wire(json!({"loss": 0.3, "duplicate": 0.3, "seed": 7})).await;
        room.start(json!({"name": "c", "host": "client"})).await;
        room.call("c", json!({"call": "socket", "family": "inet", "type": "dgram"})).await;
        room.start(json!({"name": "s", "host": "server"})).await;
        room.call("s", json!({"call": "socket", "family": "inet", "type": "dgram"})).await;
        room.call("s", json!({"call": "bind", "fd": 3, "address": SERVER})).await;
        for number in 0..40 {
            let call =
                json!({"call": "sendto", "fd": 3, "address": SERVER, "text": number.to_string()});
            room.call("c", call).await;
        }
        let fate = |event: &Event| match event.fact {
            Fact::Arrive { packet, copy } => Some((packet, if copy { "twice" } else { "arrived" })),
            Fact::Lose { packet, .. } => Some((packet, "lost")),
            _ => None,
        };
        let fates: Vec<_> = room.events().await.iter().filter_map(fate).collect();
        for (name, least) in [("arrived", 20), ("twice", 3), ("lost", 5)] {
            assert!(fates.iter().filter(|(_, fate)| *fate == name).count() >= least, "{fates:?}");
        }
        runs.push(fates);
    }
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test]
async fn delay_and_rate_of_one_direction() {
    let server = TestServer::start();
    let room = server.client().lab().await;
    listener(&room, 5).await;
    program(&room, "c", "client").await;
    room.wire(json!({"from": "client", "to": "server", "delay_ms": 60})).await;
    assert_eq!(connect(&room, "c", 20_000).await.0, 200);
    room.until("an accept queue", |fact| state(fact).is_some_and(|it| it.accept_queue == Some(1)))
        .await;
    let events = room.events().await;
    let took = |depart: usize| events[arrival(&events, depart)].at - events[depart].at;
    assert!(took(departs(&events, &[Flag::Syn], 0)) >= 60_000_000);
    assert!(took(departs(&events, &[Flag::Syn, Flag::Ack], 0)) < 60_000_000);
    let view = room.wire(json!({"delay_ms": 0, "rate_kbit": 8})).await;
    assert_eq!(view["directions"], json!([]), "what goes for all goes for each direction, too");
    room.call("c", json!({"call": "send", "fd": 3, "text": "hello"})).await;
    let data = |fact: &Fact| matches!(fact, Fact::Depart { header, .. } if header.length == 5);
    let events = room.until("data", data).await;
    let Fact::Depart { packet, ref header, .. } = events.last().expect("one").fact else {
        panic!()
    };
    let (left, size) = (events.last().expect("one").at, u64::from(header.size));
    let arrived = |fact: &Fact| matches!(fact, Fact::Arrive { packet: it, .. } if *it == packet);
    let events = room.until("its arrival", arrived).await;
    // 8 kbit/s: a byte takes a millisecond.
    assert!(events.last().expect("one").at - left >= size * 1_000_000);
}

#[tokio::test]
async fn what_is_wrong_with_a_change_of_the_wire_changes_nothing() {
    let server = TestServer::start();
    let room = server.client().lab().await;
    let head = room.view().await.head;
    for (wrong, status) in [
        (json!({"loss": 1.1}), 400),
        (json!({"loss": -0.1}), 400),
        (json!({"delay_ms": 1e9}), 400),
        (json!({"delay_ms": "fast"}), 400),
        (json!({"speed": 1}), 400),
        (json!({"from": "nobody", "delay_ms": 1}), 404),
        (json!({"rules": [{"packet": "syn", "fate": "lose", "nth": 0}]}), 400),
        (json!({"rules": [{"packet": "syn", "fate": "deliver"}]}), 400),
        (json!({"rules": [{"packet": "syn", "fate": "lose", "to": "nobody"}]}), 404),
        (json!({"rules": vec![json!({"packet": "syn", "fate": "lose"}); 65]}), 413),
    ] {
        let (answered, problem) = room.patch("/wire", &wrong).await;
        assert_eq!(answered, status, "{wrong}: {problem}");
    }
    assert_eq!(room.post("/wire/packets/1", &json!({"fate": "deliver"})).await.0, 404);
    assert_eq!(room.post("/wire/packets/x", &json!({"fate": "deliver"})).await.0, 400);
    assert_eq!(room.view().await.head, head, "nothing has happened");
    assert_eq!(room.wire(json!({})).await["loss"], 0.0);
}

#[tokio::test]
async fn held_packets_go_one_by_one_or_all_at_once() {
    let server = TestServer::start();
    let room = server.client().lab().await;
    room.start(json!({"name": "c", "host": "client"})).await;
    room.call("c", json!({"call": "socket", "family": "inet", "type": "dgram"})).await;
    room.wire(json!({"hold": true})).await;
    for text in ["1", "2", "3", "4", "5"] {
        let call = json!({"call": "sendto", "fd": 3, "address": SERVER, "text": text});
        room.call("c", call).await;
    }
    let held = |view: &Value| view["held"].as_array().expect("a list").len();
    let decide = async |body: Value| room.post("/wire/packets", &body).await.1;
    assert_eq!(held(&room.wire(json!({})).await), 5);
    assert_eq!(held(&decide(json!({"fate": "lose", "count": 1})).await), 4);
    // What arrives draws an ICMP message from the server's kernel, which is held in its turn.
    let after = decide(json!({"fate": "deliver", "count": 1})).await;
    assert!((3..=4).contains(&held(&after)));
    assert_eq!(held(&room.wire(json!({"hold": false})).await), 0);
    let events = room.events().await;
    let hand = |event: &&Event| matches!(event.fact, Fact::Lose { why: Loss::Hand, .. });
    assert_eq!(events.iter().filter(hand).count(), 1);
}

/// What a rule has stopped waits for somebody, whatever else is changed of the wire.
#[tokio::test]
async fn a_rules_packet_stays_held_until_somebody_decides() {
    let server = TestServer::start();
    let room = server.client().lab().await;
    room.start(json!({"name": "c", "host": "client"})).await;
    room.call("c", json!({"call": "socket", "family": "inet", "type": "dgram"})).await;
    room.wire(json!({"rules": [{"packet": "udp", "fate": "hold"}]})).await;
    let call = json!({"call": "sendto", "fd": 3, "address": SERVER, "text": "x"});
    room.call("c", call).await;
    let held = |view: Value| view["held"].as_array().expect("a list").len();
    assert_eq!(held(room.wire(json!({"delay_ms": 1, "hold": false})).await), 1);
    // Also where the wire holds all, and then does not any more.
    let call = json!({"call": "sendto", "fd": 3, "address": SERVER, "text": "another"});
    assert_eq!(held(room.wire(json!({"from": "client", "hold": true})).await), 1);
    room.call("c", call).await;
    assert_eq!(held(room.wire(json!({"from": "server", "hold": false})).await), 2);
    assert_eq!(held(room.wire(json!({"from": "client", "hold": false})).await), 1);
    assert_eq!(held(room.post("/wire/packets", &json!({"fate": "deliver"})).await.1), 0);
}
