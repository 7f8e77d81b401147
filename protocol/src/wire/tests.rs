//! What serde writes is read by hand as it was, and what is written by hand serde reads as it was, whatever it is.

use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{select, subsequence},
};

use super::FeedLine;
use crate::{
    Args, Basis, Bilingual, Call, CallId, CallName, CallRequest, Change, ChosenAnswer, Client,
    Command, Direction, EchoServer, End, Errno, Event, Fact, Family, Fate, FateOfMany, FateOfOne,
    Fd, Flag, Greeting, Hello, HostChange, HostName, HostView, How, Icmp, KernelState,
    LessonCommand, LessonFact, LessonId, LessonListed, LessonProgram, LessonRole, LessonView, Line,
    Links, Loss, Mark, Medium, Mode, Network, NewHost, NewProgram, NewRoom, OptionName, Packet,
    PacketId, PacketKind, Payload, Problem, ProgramName, ProgramView, Protocol, ReadyCall, Reply,
    Request, Role, RoomId, RoomName, RoomView, Rule, RuledFate, Rung, Said, Segment, SocketType,
    SocketView, SourceFile, SourceLine, Stream, Summary, TcpOptions, TcpState, Timer, Value,
    WaitingCall, WireChange, WireSettings, WireView,
    json::Json,
    wire::{Answer, Listed, Snapshot},
};

prop_compose! {
    fn name()(text in "[^\\p{C}\\s\u{2028}\u{2029}]{1,12}") -> ProgramName {
        ProgramName::new(&text).expect("visible characters")
    }
}

fn text() -> BoxedStrategy<String> {
    prop_oneof![any::<String>(), "[ -~]{0,20}"].boxed()
}

fn fd() -> BoxedStrategy<Fd> {
    any::<i32>().prop_map(Fd).boxed()
}

prop_compose! {
    fn payload()(content in text(), is_text in any::<bool>()) -> Payload {
        match is_text {
            true => Payload { text: Some(content), base64: None },
            false => Payload { text: None, base64: Some("AAEC".into()) },
        }
    }
}

prop_compose! {
    /// Any call, with any arguments.
    fn call()(
        name in select(&CallName::ALL[..]),
        family in select(&Family::ALL[..]),
        socket_type in select(&SocketType::ALL[..]),
        how in select(&How::ALL[..]),
        option in select(&OptionName::ALL[..]),
        address in text(),
        payload in payload(),
        value in any::<i32>(),
        size in any::<usize>(),
    ) -> Call {
        match name {
            CallName::Socket => Call::Socket { family, socket_type },
            CallName::Bind => Call::Bind { address },
            CallName::Connect => Call::Connect { address },
            CallName::Listen => Call::Listen { backlog: value },
            CallName::Accept => Call::Accept,
            CallName::Send => Call::Send { payload, bytes: size },
            CallName::Sendto => Call::Sendto { payload, bytes: size, address },
            CallName::Recv => Call::Recv { size },
            CallName::Recvfrom => Call::Recvfrom { size },
            CallName::Shutdown => Call::Shutdown { how },
            CallName::Close => Call::Close,
            CallName::Setsockopt => Call::Setsockopt { option, value },
            CallName::Getsockopt => Call::Getsockopt { option },
            CallName::Getsockname => Call::Getsockname,
            CallName::Getpeername => Call::Getpeername,
        }
    }
}

prop_compose! {
    fn role()(
        kind in 0..8,
        address in text(),
        messages in vec(text(), 0..4),
        backlog in any::<i32>(),
        size in any::<usize>(),
        concurrent in any::<bool>(),
        interval_ms in any::<u64>(),
        times in any::<u32>(),
    ) -> Role {
        let lesson = LessonRole { file: address.clone() };
        let server = EchoServer { address: address.clone(), backlog, concurrent, size };
        let client = Client { address, messages, interval_ms, times };
        match kind {
            0 => Role::Manual,
            1 => Role::TcpEchoServer(server),
            2 => Role::TcpClient(client),
            3 => Role::UdpEchoServer(server),
            4 => Role::UdpClient(client),
            5 => Role::UnixEchoServer(server),
            6 => Role::UnixClient(client),
            _ => Role::Lesson(lesson),
        }
    }
}

prop_compose! {
    fn value()(
        fds in option::of(fd()),
        texts in vec(option::of(text()), 5),
        bytes in option::of(any::<usize>()),
        truncated in option::of(any::<bool>()),
        value in option::of(any::<i32>()),
    ) -> Value {
        let mut texts = texts.into_iter();
        let mut text = || texts.next().flatten();
        Value {
            fd: fds, bytes, truncated, value,
            peer: text(), text: text(), base64: text(), from: text(), address: text(),
        }
    }
}

fn outcome() -> BoxedStrategy<Result<Value, Errno>> {
    let errno = (text(), any::<i32>(), text());
    let errno = errno.prop_map(|(name, number, message)| Err(Errno { name, number, message }));
    prop_oneof![value().prop_map(Ok), errno].boxed()
}

fn fact() -> BoxedStrategy<Fact> {
    let change =
        prop_oneof![role().prop_map(Change::Started), vec(fd(), 0..4).prop_map(Change::Ended),];
    let id = || any::<u64>().prop_map(CallId);
    let other = (name(), fd()).prop_map(|(program, fd)| End { program, fd });
    let called = (id(), name(), option::of(fd()), call(), option::of(line()));
    let returned = (
        (id(), name(), option::of(fd()), call(), outcome()),
        (option::of(text()), option::of(text()), option::of(other)),
    );
    prop_oneof![
        (name(), option::of(host()), change).prop_map(|(program, host, change)| Fact::Program {
            program,
            host,
            change
        }),
        lab_fact(),
        called.prop_map(|(id, program, fd, call, line)| Fact::Enter {
            id,
            program,
            fd,
            call,
            line
        }),
        lesson_fact(),
        returned.prop_map(|((id, program, fd, call, outcome), (local, peer, other))| {
            Fact::Return { id, program, fd, call: call.name(), outcome, local, peer, other }
        }),
        any::<u64>().prop_map(|missed| Fact::Gap { missed }),
        text().prop_map(|what| Fact::Disorder { what }),
        (name(), line(), any::<bool>()).prop_map(|(program, line, waits)| Fact::At {
            program,
            line,
            waits
        }),
        (option::of(host()), any::<u64>())
            .prop_map(|(host, packets)| Fact::Unseen { host, packets }),
    ]
    .boxed()
}

fn line() -> BoxedStrategy<SourceLine> {
    (text(), any::<u32>()).prop_map(|(file, line)| SourceLine { file, line }).boxed()
}

fn bilingual() -> BoxedStrategy<Bilingual> {
    (text(), text()).prop_map(|(en, zh)| Bilingual { en, zh }).boxed()
}

fn lesson_fact() -> BoxedStrategy<Fact> {
    let ready = (name(), option::of(fd()), select(&CallName::ALL[..]), line());
    let mode = (any::<u32>(), select(&Mode::ALL[..]), any::<u64>());
    let question = (any::<u32>(), name(), bilingual(), vec(bilingual(), 0..4));
    let lesson = prop_oneof![
        mode.prop_map(|(round, mode, pace_ms)| LessonFact::Mode { round, mode, pace_ms }),
        (any::<u64>(), bilingual()).prop_map(|(of, text)| LessonFact::Note { of, text }),
        question.prop_map(|(question, program, text, choices)| LessonFact::Question {
            question,
            program,
            text,
            choices
        }),
        (any::<u32>(), vec(any::<u32>(), 0..4))
            .prop_map(|(question, counts)| LessonFact::Answers { question, counts }),
        (any::<u32>(), any::<u32>(), bilingual())
            .prop_map(|(question, right, text)| LessonFact::Reveal { question, right, text }),
    ];
    prop_oneof![
        ready.prop_map(|(program, fd, call, line)| {
            Fact::Ready(Box::new(ReadyCall { program, fd, call, line }))
        }),
        (name(), select(&Stream::ALL[..]), text())
            .prop_map(|(program, stream, text)| Fact::Output { program, stream, text }),
        (name(), any::<Option<i32>>(), any::<Option<i32>>())
            .prop_map(|(program, code, signal)| Fact::Exit { program, code, signal }),
        lesson.prop_map(|fact| Fact::Lesson(Box::new(fact))),
    ]
    .boxed()
}

fn lesson_command() -> BoxedStrategy<LessonCommand> {
    prop_oneof![
        any::<u64>().prop_map(|pace_ms| LessonCommand::Run { pace_ms }),
        option::of(name()).prop_map(|program| LessonCommand::Step { program }),
        Just(LessonCommand::Pause),
        Just(LessonCommand::Reset),
        Just(LessonCommand::Reveal),
    ]
    .boxed()
}

fn host() -> BoxedStrategy<HostName> {
    name().prop_map(|name| HostName::new(name.as_str()).expect("a name")).boxed()
}

fn packet_id() -> BoxedStrategy<PacketId> {
    any::<u64>().prop_map(PacketId).boxed()
}

fn protocol() -> BoxedStrategy<Protocol> {
    select(&Protocol::ALL[..]).boxed()
}

prop_compose! {
    fn segment()(
        flags in subsequence(&Flag::ALL[..], 0..=8),
        marks in subsequence(&Mark::ALL[..], 0..=3),
        [seq_number, ack_number] in any::<[u32; 2]>(),
        window: u16,
        [relative_seq, relative_ack, scaled_window] in any::<[Option<u32>; 3]>(),
        (mss, wscale, sack_ok, timestamps, sack) in any::<(Option<u16>, Option<u8>, bool, Option<(u32, u32)>, Vec<(u32, u32)>)>(),
        original in option::of(packet_id()),
    ) -> Segment {
        let options = TcpOptions { mss, wscale, sack_ok, timestamps, sack };
        Segment {
            flags, seq_number, ack_number, window, relative_seq, relative_ack, scaled_window, options, marks, original,
        }
    }
}

prop_compose! {
    fn packet()(
        [from, to, bytes] in [text(), text(), text()],
        protocol in protocol(),
        [length, size] in any::<[u32; 2]>(),
        segment in option::of(segment()),
        icmp in any::<Option<(u8, u8)>>(),
    ) -> Packet {
        let icmp = icmp.map(|(icmp_type, code)| Icmp { icmp_type, code });
        Packet { from, to, protocol, length, size, segment, icmp, bytes }
    }
}

prop_compose! {
    fn state()(
        (host, program, fd) in (option::of(host()), option::of(name()), option::of(fd())),
        (protocol, state) in (protocol(), select(&TcpState::ALL[..])),
        (local, peer) in (text(), option::of(text())),
        [receive_queue, send_queue, accept_queue, backlog, half_open] in any::<[Option<u32>; 5]>(),
        [rtt_us, rto_us, cwnd, timer_ms, drops] in any::<[Option<u32>; 5]>(),
        retransmits: Option<u8>,
        timer in option::of(select(&Timer::ALL[..])),
        basis in select(&Basis::ALL[..]),
    ) -> KernelState {
        KernelState {
            host, program, fd, protocol, local, peer, state, receive_queue, send_queue, accept_queue, backlog,
            half_open, rtt_us, rto_us, cwnd, retransmits, timer, timer_ms, drops, basis,
        }
    }
}

prop_compose! {
    fn settings()(
        [delay_ms, jitter_ms, loss, reorder, duplicate] in any::<[u16; 5]>(),
        rate_kbit: u64,
        hold: bool,
    ) -> WireSettings {
        let [delay_ms, jitter_ms, loss, reorder, duplicate] =
            [delay_ms, jitter_ms, loss, reorder, duplicate].map(|part| f64::from(part) / 1000.0);
        WireSettings { delay_ms, jitter_ms, loss, reorder, duplicate, rate_kbit, hold }
    }
}

prop_compose! {
    fn rule()(
        packet in select(&PacketKind::ALL[..]),
        fate in select(&RuledFate::ALL[..]),
        (nth, always) in any::<(u32, bool)>(),
        (from, to) in (option::of(host()), option::of(host())),
    ) -> Rule {
        Rule { packet, fate, nth, always, from, to }
    }
}

prop_compose! {
    fn wire()(
        settings in settings(),
        directions in vec((host(), host(), settings()), 0..3),
        rules in vec(rule(), 0..3),
        held in vec(packet_id(), 0..3),
        (seed, under_way) in any::<(u64, usize)>(),
    ) -> WireView {
        let direction = |(from, to, settings)| Direction { from, to, settings };
        let directions = directions.into_iter().map(direction).collect();
        WireView { settings, seed, directions, rules, held, under_way }
    }
}

fn lab_fact() -> BoxedStrategy<Fact> {
    let change = prop_oneof![
        any::<[u8; 4]>().prop_map(|address| HostChange::Started(address.into())),
        Just(HostChange::Ended),
    ];
    let depart = (packet_id(), option::of(host()), option::of(host()), packet());
    let depart = (depart, select(&Medium::ALL[..]));
    let summary = (text(), text(), protocol(), any::<[u64; 7]>());
    prop_oneof![
        (host(), change).prop_map(|(host, change)| Fact::Host { host, change }),
        depart.prop_map(|((packet, host, to_host, header), medium)| Fact::Depart {
            packet,
            host,
            to_host,
            medium,
            header: Box::new(header),
        }),
        (packet_id(), any::<bool>()).prop_map(|(packet, copy)| Fact::Arrive { packet, copy }),
        (packet_id(), select(&Loss::ALL[..])).prop_map(|(packet, why)| Fact::Lose { packet, why }),
        packet_id().prop_map(|packet| Fact::Hold { packet }),
        state().prop_map(|state| Fact::State(Box::new(state))),
        wire().prop_map(|wire| Fact::Wire(Box::new(wire))),
        summary.prop_map(|(from, to, protocol, numbers)| {
            let [since, packets, bytes, arrived, lost, acks, retransmissions] = numbers;
            Fact::Summary(Box::new(Summary {
                since,
                from,
                to,
                protocol,
                packets,
                bytes,
                arrived,
                lost,
                acks,
                retransmissions,
            }))
        }),
    ]
    .boxed()
}

prop_compose! {
    fn change()(
        (from, to) in (option::of(host()), option::of(host())),
        settings in option::of(settings()),
        seed: Option<u64>,
        rules in option::of(vec(rule(), 0..3)),
    ) -> WireChange {
        WireChange {
            from,
            to,
            delay_ms: settings.map(|it| it.delay_ms),
            jitter_ms: settings.map(|it| it.jitter_ms),
            loss: settings.map(|it| it.loss),
            reorder: settings.map(|it| it.reorder),
            duplicate: settings.map(|it| it.duplicate),
            rate_kbit: settings.map(|it| it.rate_kbit),
            hold: settings.map(|it| it.hold),
            seed,
            rules,
        }
    }
}

/// As an event has them.
fn args(call: Call) -> Args {
    let (id, program) = (CallId(1), ProgramName::new("p").expect("a name"));
    let fact = Fact::Enter { id, program, fd: None, call, line: None };
    let line = Event { seq: 1, at: 1, fact }.to_json().expect("JSON");
    let event: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    serde_json::from_value(event["args"].clone()).expect("arguments")
}

fn command() -> BoxedStrategy<Command> {
    let start = (option::of(name()), option::of(host()), role())
        .prop_map(|(name, host, does)| Command::Start { body: NewProgram { name, host, does } });
    let call = (name(), option::of(fd()), call()).prop_map(|(program, fd, call)| Command::Call {
        program,
        body: CallRequest { call: call.name(), fd, args: args(call) },
    });
    prop_oneof![
        start,
        call,
        name().prop_map(|program| Command::End { program }),
        (name(), any::<u64>())
            .prop_map(|(program, id)| Command::GiveUp { program, id: CallId(id) }),
        option::of(host()).prop_map(|name| Command::Host { body: NewHost { name } }),
        change().prop_map(|body| Command::Wire { body }),
        (packet_id(), select(&Fate::ALL[..]))
            .prop_map(|(packet, fate)| Command::Packet { packet, body: FateOfOne { fate } }),
        lesson_command().prop_map(|body| Command::Lesson { body }),
        any::<(u32, u32, Option<u64>)>().prop_map(|(question, choice, voter)| Command::Answer {
            body: ChosenAnswer { question, choice, voter }
        }),
        (select(&Fate::ALL[..]), any::<Option<usize>>())
            .prop_map(|(fate, count)| Command::Packets { body: FateOfMany { fate, count } }),
    ]
    .boxed()
}

proptest! {
    #[test]
    fn events_are_read_as_they_are_written(seq: u64, at: u64, fact in fact()) {
        let event = Event { seq, at, fact };
        let line = event.to_json().expect("JSON");
        prop_assert!(serde_json::from_str::<serde_json::Value>(&line).is_ok(), "{}", line);
        prop_assert_eq!(FeedLine::read(&line), Some(FeedLine::Event(event)), "{}", line);
    }

    #[test]
    fn commands_are_written_as_serde_reads_them(request: u64, command in command()) {
        let request = Request { request, command };
        let text = request.to_json();
        prop_assert_eq!(serde_json::from_str::<Request>(&text).expect(&text), request);
    }

    #[test]
    fn no_text_is_too_strange_to_be_read(text in any::<String>(), cut in any::<prop::sample::Index>()) {
        let _ = Json::read(&text);
        let event = Event { seq: 1, at: 1, fact: Fact::Gap { missed: 1 } };
        let line = event.to_json().expect("JSON");
        let _ = FeedLine::read(&line[..cut.index(line.len())]);
    }
}

/// A room with one of everything.
fn room() -> RoomView {
    let path = || String::from("/");
    let client = HostName::new("client").expect("a name");
    let socket = SocketView {
        fd: Fd(3),
        family: Family::Inet,
        socket_type: SocketType::Stream,
        local: Some("10.0.0.1:9000".into()),
        peer: None,
        listening: true,
    };
    let waiting = WaitingCall { id: CallId(9), call: CallName::Accept, fd: Some(Fd(3)) };
    RoomView {
        room: RoomId("kx4p7m".into()),
        name: RoomName::new("A room").expect("a name"),
        network: Network::Lab,
        rung: Rung::Wire,
        lesson: None,
        hosts: vec![HostView { host: client.clone(), address: [10, 0, 0, 2].into() }],
        wire: Some(WireView { seed: 7, ..WireView::default() }),
        programs: vec![ProgramView {
            name: ProgramName::new("server").expect("a name"),
            host: Some(client),
            does: Role::Manual,
            sockets: vec![socket],
            waiting: vec![waiting],
        }],
        first: 8,
        head: 9,
        watching: 1,
        unix_folder: path(),
        links: Links {
            page: path(),
            room: path(),
            events: path(),
            live: path(),
            recording: path(),
        },
    }
}

#[test]
fn other_lines_are_read() {
    let read = |line: &Line| FeedLine::read(&serde_json::to_string(line).expect("JSON"));
    let hello = Hello {
        room: RoomId("kx4p7m".into()),
        name: RoomName::new("Monday's \"class\"").expect("a name"),
        network: Network::Host,
        rung: Rung::Capture,
        lesson: Some(LessonId("tcp-loop".into())),
        commands: true,
        first: 1,
        head: u64::MAX,
        watching: 3,
        unix_folder: "/tmp/x".into(),
    };
    let room = room();
    assert_eq!(read(&Line::Hello(hello.clone())), Some(FeedLine::Hello(hello)));
    assert_eq!(read(&Line::Watching { count: 2 }), Some(FeedLine::Watching(2)));
    assert_eq!(read(&Line::Ended), Some(FeedLine::Ended));
    let snapshot = Line::Snapshot(Box::new(room.clone()));
    assert_eq!(read(&snapshot), Some(FeedLine::Snapshot));
    let line = serde_json::to_string(&snapshot).expect("JSON");
    let RoomView { hosts, wire, programs, .. } = room;
    assert_eq!(Snapshot::read(&line), Some(Snapshot { hosts, wire, programs }));
    assert_eq!(FeedLine::read(r#"{"kind":"of a newer server","seq":1,"at":1}"#), None);

    let reply = |request, status, body| Line::Reply(Reply { request, status, body });
    let answer = Answer { id: Some(CallId(7)), name: None };
    let replied = read(&reply(Some(1), 202, serde_json::json!({"id": 7})));
    assert_eq!(replied, Some(FeedLine::Reply(Some(1), Some(Ok(answer)))));
    let said =
        Said { name: "no-such-program".into(), values: vec![("program".into(), "\"a".into())] };
    let problem = Problem {
        code: "no-such-program".into(),
        status: 404,
        title: "There is none".into(),
        detail: "\n".into(),
        said: Some(Box::new(said)),
    };
    let body = serde_json::to_value(&problem).expect("JSON");
    let refused = read(&reply(None, 404, body));
    assert_eq!(refused, Some(FeedLine::Reply(None, Some(Err(problem)))));
    let strange = read(&reply(Some(2), 502, "Bad Gateway".into()));
    assert_eq!(strange, Some(FeedLine::Reply(Some(2), None)));
}

#[test]
fn what_is_asked_for_over_http_is_written_and_read() {
    let (network, name) = (Some(Network::Lab), RoomName::new("水").ok());
    let room = NewRoom { network, name, lesson: Some(LessonId("tcp-loop".into())) };
    assert_eq!(serde_json::from_str::<NewRoom>(&room.to_json()).expect("a room"), room);
    let greeting = Greeting { key: "a\"b".into() };
    let text = greeting.to_json();
    assert_eq!(serde_json::from_str::<Greeting>(&text).expect("a greeting"), greeting);
    let view = serde_json::json!({
        "room": "kx4p7m", "name": "水", "programs": [{}, {}], "watching": 1, "head": 9,
        "links": {"page": "/rooms/kx4p7m"},
    })
    .to_string();
    let listed = Json::read(&view).as_ref().and_then(Listed::from_json);
    let name = RoomName::new("水").expect("a name");
    let page = "/rooms/kx4p7m".into();
    assert_eq!(listed, Some(Listed { name, programs: 2, watching: 1, head: 9, page }));
}

#[test]
fn lessons_are_read() {
    let said = |text: &str| Bilingual { en: text.into(), zh: "课".into() };
    let lesson = LessonId("tcp-loop".into());
    let listed = LessonListed {
        lesson: lesson.clone(),
        title: said("a"),
        text: said("b"),
        obstacle: Some("no lab".into()),
        said: Some(Said { name: "obstacle/no-tun".into(), values: Vec::new() }),
    };
    let text = serde_json::to_string(&listed).expect("JSON");
    assert_eq!(Json::read(&text).as_ref().and_then(LessonListed::from_json), Some(listed));
    let view = LessonView {
        lesson,
        title: said("a"),
        text: said("b"),
        programs: vec![LessonProgram {
            name: ProgramName::new("server").expect("a name"),
            file: "server.py".into(),
            host: HostName::new("server").ok(),
        }],
        files: vec![SourceFile { name: "server.py".into(), code: "import socket\n".into() }],
    };
    let text = serde_json::to_string(&view).expect("JSON");
    assert_eq!(Json::read(&text).as_ref().and_then(LessonView::from_json), Some(view));
}
