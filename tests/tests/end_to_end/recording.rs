//! What is exported reads elsewhere as it does here: tshark sees the packets that the journal has, field by field.

mod shark;

use std::process::Stdio;

use reqwest::Method;
use serde_json::{Value, json};
use socketscope_protocol::{CallName, Change, Event, Fact, Loss, Mark, Packet, PacketId, Protocol};
use socketscope_server::Config;
use socketscope_tests::{Room, TestServer, within};
use tokio::{io::AsyncWriteExt, process::Command};

const SERVER: &str = "10.0.0.1:9000";

/// Follows the journal until a packet departs that `wanted` likes, and returns its number.
async fn departs(room: &Room, what: &str, wanted: impl Fn(&Packet) -> bool) -> PacketId {
    let of = |fact: &Fact| match fact {
        Fact::Depart { packet, header, .. } => wanted(header).then_some(*packet),
        _ => None,
    };
    let events = room.until(what, |fact| of(fact).is_some()).await;
    events.last().and_then(|event| of(&event.fact)).expect("the one that was waited for")
}

/// A manual program with a socket, its descriptor 3.
async fn program(room: &Room, name: &str, host: &str, kind: &str) {
    room.start(json!({"name": name, "host": host})).await;
    let fd = room.call(name, json!({"call": "socket", "family": "inet", "type": kind})).await;
    assert_eq!(fd["value"]["fd"], 3);
}

async fn call(room: &Room, program: &str, call: &str, mut rest: Value) -> Value {
    rest["call"] = call.into();
    room.call(program, rest).await
}

fn marked(mark: Mark) -> impl Fn(&Packet) -> bool {
    move |packet| packet.segment.as_ref().is_some_and(|segment| segment.marks.contains(&mark))
}

/// Makes a connection to a listener on the server's host whose receive buffer is small.
async fn connect(room: &Room) {
    program(room, "server", "server", "stream").await;
    call(room, "server", "setsockopt", json!({"fd": 3, "option": "SO_RCVBUF", "value": 4096}))
        .await;
    call(room, "server", "bind", json!({"fd": 3, "address": SERVER})).await;
    call(room, "server", "listen", json!({"fd": 3, "backlog": 5})).await;
    program(room, "client", "client", "stream").await;
    call(room, "client", "connect", json!({"fd": 3, "address": SERVER})).await;
    call(room, "server", "accept", json!({"fd": 3})).await;
}

#[tokio::test]
async fn tshark_reads_the_packets_that_the_journal_has() {
    let server = TestServer::start();
    let room = server.client().lab().await;
    // The first SYN is lost and sent again.
    room.wire(json!({"rules": [{"packet": "syn", "fate": "lose"}]})).await;
    connect(&room).await;
    // More than fits the receiver: a full window, probes, and an update when it reads. The sender's own buffer takes all
    // of it, whatever this kernel would have made of the buffer by itself: `send` returns.
    call(&room, "client", "setsockopt", json!({"fd": 3, "option": "SO_SNDBUF", "value": 200_000}))
        .await;
    let text = "x".repeat(60_000);
    call(&room, "client", "send", json!({"fd": 3, "text": text})).await;
    departs(&room, "a probe", marked(Mark::KeepAlive)).await;
    call(&room, "server", "recv", json!({"fd": 4, "size": 100_000})).await;
    departs(&room, "room again", marked(Mark::WindowUpdate)).await;
    // A segment is held until somebody delivers it; by then it has been sent again.
    room.wire(json!({"rules": [{"packet": "data", "fate": "hold", "from": "server"}]})).await;
    call(&room, "server", "send", json!({"fd": 4, "text": "held"})).await;
    departs(&room, "the same again", |packet| {
        packet.from == SERVER && marked(Mark::Retransmission)(packet)
    })
    .await;
    let held = room.view().await.wire.expect("a wire").held[0];
    room.decide(held, "deliver").await;
    call(&room, "client", "close", json!({"fd": 3})).await;
    // Nobody listens, and nobody is there.
    program(&room, "asker", "client", "dgram").await;
    call(&room, "asker", "connect", json!({"fd": 3, "address": "10.0.0.1:7"})).await;
    call(&room, "asker", "send", json!({"fd": 3, "text": "anybody?"})).await;
    departs(&room, "port unreachable", |packet| packet.protocol == Protocol::Icmp).await;
    call(&room, "asker", "socket", json!({"family": "inet", "type": "stream"})).await;
    let refused = call(&room, "asker", "connect", json!({"fd": 4, "address": "10.0.0.1:8"})).await;
    assert_eq!(refused["errno"]["name"], "ECONNREFUSED");
    call(&room, "asker", "socket", json!({"family": "inet", "type": "dgram"})).await;
    call(&room, "asker", "sendto", json!({"fd": 5, "address": "10.0.0.77:7", "text": "?"})).await;
    // IPv6 stays within a host.
    let (listens, closed) = ("[::1]:9000", "[::1]:7");
    for (fd, kind) in [(5, "stream"), (6, "stream"), (7, "dgram")] {
        let made = json!({"family": "inet6", "type": kind});
        let made = call(&room, "server", "socket", made).await;
        assert_eq!(made["value"]["fd"], fd, "{made}");
    }
    call(&room, "server", "bind", json!({"fd": 5, "address": listens})).await;
    call(&room, "server", "listen", json!({"fd": 5, "backlog": 5})).await;
    call(&room, "server", "connect", json!({"fd": 6, "address": listens})).await;
    call(&room, "server", "send", json!({"fd": 6, "text": "hello"})).await;
    call(&room, "server", "sendto", json!({"fd": 7, "address": closed, "text": "anybody?"})).await;
    departs(&room, "port unreachable", |packet| packet.protocol == Protocol::Icmpv6).await;

    let events = room.events().await;
    let recording = room.recording("pcapng").await;
    shark::assert_same(&events, &shark::read(&recording).await);

    let comments = |filter| {
        let recording = &recording;
        async move {
            let wanted = ["-T", "fields", "-e", "frame.comment", "-Y", filter];
            shark::shark(recording, &mut wanted.into_iter()).await
        }
    };
    let first = comments("frame.number == 1").await;
    for told in ["client: connect(3, 10.0.0.1:9000)", "server: listen(3, 5)", "lost by a rule"] {
        assert!(first.contains(told), "{first}");
    }
    let filter = format!("frame.packet_id == {held}");
    let told = comments(&filter).await;
    assert!(told.contains("held, delivered by hand"), "{told}");
    let told = comments("ip.dst == 10.0.0.77").await;
    assert!(told.contains("lost: no host has this address"), "{told}");
    // What returned after the last packet of its host stands there.
    assert!(told.contains("after: asker: sendto(5) = 1"), "{told}");
}

/// Handshakes of the long run.
const HANDSHAKES: usize = 1_000;

/// Clients at once. Each is a program, and a room has at most 64; one that has ended may be on its list for a moment.
const AT_ONCE: usize = 48;

/// Runs clients on all `hosts`, several at once, until all have ended, and returns the journal until then.
async fn handshakes(room: &Room, hosts: &[&str]) -> Vec<Event> {
    let start = async |number: usize| {
        let host = hosts[number % hosts.len()];
        room.start(json!({"role": "tcp-client", "host": host, "address": SERVER})).await;
    };
    for number in 0..AT_ONCE {
        start(number).await;
    }
    let mut events: Vec<Event> = Vec::new();
    for number in AT_ONCE..HANDSHAKES + AT_ONCE {
        let from = events.last().map_or(1, |event| event.seq + 1);
        let ends = |fact: &Fact| matches!(fact, Fact::Program { change: Change::Ended(_), .. });
        events.extend(room.until_from(from, "another client ends", ends).await);
        if number < HANDSHAKES {
            start(number).await;
        }
    }
    events
}

#[tokio::test]
async fn a_thousand_handshakes_over_a_bad_wire_read_the_same_in_tshark() {
    let keep_all = |config: &mut Config| config.journal_bytes = 256 * 1024 * 1024;
    let server = TestServer::start_with("127.0.0.1:0", keep_all);
    let room = server.client().lab().await;
    let hosts = ["client", "alice", "bob", "carol", "dave", "erin", "frank"];
    for name in &hosts[1..] {
        let (status, host) =
            server.client().post(&room.path("/hosts"), &json!({"name": name})).await;
        assert_eq!(status, 201, "{host}");
    }
    room.wire(json!({
        "seed": 7, "loss": 0.02, "delay_ms": 5, "jitter_ms": 10, "reorder": 0.1, "duplicate": 0.01
    }))
    .await;
    room.start(json!({
        "role": "tcp-echo-server", "address": SERVER, "backlog": 128, "concurrent": true
    }))
    .await;
    let events = handshakes(&room, &hosts).await;

    let count =
        |wanted: &dyn Fn(&Fact) -> bool| events.iter().filter(|event| wanted(&event.fact)).count();
    let connected =
        |fact: &Fact| matches!(fact, Fact::Return { call: CallName::Connect, outcome: Ok(_), .. });
    assert_eq!(count(&connected), HANDSHAKES);
    assert_eq!(count(&|fact| matches!(fact, Fact::Summary(_) | Fact::Gap { .. })), 0);
    let packets = count(&|fact| matches!(fact, Fact::Depart { .. }));
    let lost = count(&|fact| matches!(fact, Fact::Lose { why: Loss::Chance, .. }));
    assert!(lost * 100 > packets, "{lost} of {packets} lost: the wire was too good");
    shark::assert_same(&events, &shark::read(&room.recording("pcapng").await).await);
}

/// What python's parser makes of an SVG: whether it is one, and all of its texts.
async fn texts_of_svg(svg: &[u8]) -> String {
    let parse = "import sys, xml.etree.ElementTree as E; root = E.parse(sys.stdin.buffer).getroot(); \
        assert root.tag == '{http://www.w3.org/2000/svg}svg', root.tag; print('\\n'.join(root.itertext()))";
    let mut python = Command::new("python3");
    let (stdin, stdout) = (Stdio::piped(), Stdio::piped());
    let python = python.args(["-c", parse]).env("PYTHONUTF8", "1").stdin(stdin).stdout(stdout);
    let mut python = python.spawn().expect("python3");
    let mut input = python.stdin.take().expect("a pipe");
    input.write_all(svg).await.expect("python reads");
    drop(input);
    let output = within("python", python.wait_with_output()).await.expect("python ends");
    assert!(output.status.success(), "it is no SVG");
    String::from_utf8(output.stdout).expect("text")
}

#[tokio::test]
async fn one_story_in_every_format() {
    let server = TestServer::start();
    let room = server.client().lab().await;
    room.wire(json!({"rules": [{"packet": "syn", "fate": "lose"}]})).await;
    connect(&room).await;
    let name = "<b>;end %%#quot; $$x$$ ]]>&";
    room.start(json!({"name": name})).await;
    call(&room, "client", "send", json!({"fd": 3, "text": "</text>;\nend"})).await;
    let acknowledges = |packet: &Packet| {
        packet.from == SERVER
            && packet.segment.as_ref().is_some_and(|it| it.relative_ack == Some(13))
    };
    departs(&room, "the acknowledgement", acknowledges).await;

    let lines = String::from_utf8(room.recording("jsonl").await).expect("text");
    let told: Vec<Event> =
        lines.lines().map(|line| serde_json::from_str(line).expect("an event")).collect();
    assert_eq!(told, room.events_from(1).await[..told.len()]);

    let svg = texts_of_svg(&room.recording("svg").await).await;
    for text in ["A test", "SYN-RECV", "lost by a rule", "<b>;e", r#"send(3, "</text>"#] {
        assert!(svg.contains(text), "{text:?} is not in {svg:?}");
    }

    let mmd = String::from_utf8(room.recording("mmd").await).expect("text");
    let escaped = "as #60;b#62;#59;end #37;#37;#35;quot#59; #36;#36;x#36;#36; ]]#62;#38;, app\n";
    for text in [
        "sequenceDiagram\n  title A test\n  participant l0 as ",
        "-x",
        "(lost by a rule)",
        // Both programs of the first host stand beside its kernel.
        "participant l2 as kernel, 10.0.0.1\n",
        "Note over l2: SYN-RECV\n",
        escaped,
    ] {
        assert!(mmd.contains(text), "{text} is not in {mmd}");
    }
    let chinese = "?language=zh-Hans";
    let mmd_zh = String::from_utf8(room.recording(&format!("mmd{chinese}")).await).expect("text");
    assert!(mmd_zh.contains("participant l2 as 内核, 10.0.0.1\n"), "{mmd_zh}");
    let svg = texts_of_svg(&room.recording(&format!("svg{chinese}")).await).await;
    let pcapng = room.recording(&format!("pcapng{chinese}")).await;
    let mut comments = ["-T", "fields", "-e", "frame.comment"].into_iter();
    let comments = shark::shark(&pcapng, &mut comments).await;
    for told in [&mmd_zh, &svg, &comments] {
        assert!(told.contains("按规则丢弃") && !told.contains("lost by a rule"), "{told}");
    }
    assert!(comments.contains("之前：client: connect(3, 10.0.0.1:9000)"), "{comments}");
    // No text of a visitor's has made a line of its own.
    let starts = ["  title ", "  participant l", "  Note over l", "  l"];
    let strange = |line: &&str| !starts.iter().any(|start| line.starts_with(start));
    assert_eq!(mmd.lines().skip(1).find(strange), None);
}

#[tokio::test]
async fn a_recording_is_a_file_with_a_name() {
    let server = TestServer::start();
    let room = server.client().room().await;
    for (format, content_type) in [
        ("jsonl", "application/x-ndjson"),
        ("pcapng", "application/x-pcapng"),
        ("mmd", "text/plain; charset=utf-8"),
        ("svg", "image/svg+xml"),
    ] {
        let link = room.view().await.links.recording;
        let request = server.client().request(Method::GET, &format!("{link}.{format}"));
        let answer = within("a recording", request.send()).await.expect("a recording");
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], content_type);
        let name = format!("attachment; filename=\"socketscope-{}.{format}\"", room.id);
        assert_eq!(answer.headers()["content-disposition"], name);
        let body = within("a body", answer.bytes()).await.expect("a body");
        // Nothing has happened in the room, and it has no lab: each says what there is, and is whole.
        match format {
            "svg" => assert!(texts_of_svg(&body).await.contains("A test")),
            "pcapng" => assert!(shark::read(&body).await.is_empty()),
            _ => {}
        }
    }
    let (status, problem) = server.client().get(&room.path("/recording.gif")).await;
    assert_eq!((status, &problem["code"]), (400, &json!("malformed")), "{problem}");
    let (status, problem) = server.client().get("/api/rooms/none/recording.svg").await;
    assert_eq!((status, &problem["code"]), (404, &json!("no-such-room")), "{problem}");
}
