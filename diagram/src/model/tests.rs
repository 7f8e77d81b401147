//! The model against journals of whole conversations.

use proptest::prelude::*;
use socketscope_protocol::{
    Call, CallId, CallName, Errno, Family, Fd, Flag, HostName, HostView, KernelState, ProgramView,
    Role, SocketType, SocketView, TcpState, Value, WaitingCall, wire::Snapshot,
};

use super::*;
use crate::journal::{
    DGRAM, Journal, STREAM, bind, connect, count, fd,
    lab::{segment, state},
    name, recv, refused, send, sendto, text,
};

fn program<'a>(model: &'a Model, called: &str) -> &'a Program {
    model.program_named(&name(called)).unwrap()
}

fn only_connection(model: &Model) -> &Connection {
    let mut connections = model.connections();
    let connection = connections.next().unwrap();
    assert!(connections.next().is_none());
    connection
}

#[test]
fn accept_may_return_before_connect() {
    for early in [true, false] {
        let mut journal = Journal::new(1000);
        journal.pair(early);
        let model = &journal.model;
        let connection = only_connection(model);
        assert_eq!(connection.program(0), Some(program(model, "client").id));
        assert_eq!(connection.program(1), Some(program(model, "server").id));
        let connect = model.call(connection.connect.unwrap()).unwrap();
        let accept = model.call(connection.accept.unwrap()).unwrap();
        assert_eq!(
            (connect.connection, accept.connection),
            (Some((connection.id, 0)), Some((connection.id, 1)))
        );
        let ends = [("client", 3), ("server", 4)];
        for (end, (who, at)) in ends.into_iter().enumerate() {
            let socket = program(model, who).sockets.get(&socketscope_protocol::Fd(at)).unwrap();
            assert_eq!(
                (socket.state, socket.connection),
                (SocketState::Connected, Some((connection.id, end)))
            );
        }
        assert_eq!(model.peers().count(), 0);
    }
}

#[test]
fn an_echo_pairs_both_ways_and_ends() {
    let journal = Journal::echo();
    let model = &journal.model;
    let connection = only_connection(model);
    assert_eq!([connection.sent(0), connection.sent(1)], [5, 5]);
    assert_eq!(connection.closed, [true, true]);
    let sends: Vec<_> = model.calls.values().filter(|call| call.name.as_str() == "send").collect();
    assert_eq!(sends.len(), 2);
    for send in sends {
        let reads: Vec<_> = model.reads_of(send.id).collect();
        assert_eq!(reads.len(), 1);
        assert_eq!(reads[0].bytes, 0..5);
        assert_eq!(
            model.sends_of(reads[0].call).collect::<Vec<_>>(),
            [Span { call: send.id, bytes: 0..5 }]
        );
    }
    assert_eq!(program(model, "server").waiting.len(), 1);
    assert_eq!(program(model, "client").sockets.len(), 0);
}

#[test]
fn a_reused_descriptor_is_another_socket() {
    let mut journal = Journal::new(1000);
    journal.pair(true);
    let close = journal.enter("client", Some(3), Call::Close);
    journal.call("client", None, DGRAM, fd(3));
    journal.ok(close, Value::default());
    let socket =
        program(&journal.model, "client").sockets.get(&socketscope_protocol::Fd(3)).unwrap();
    assert_eq!((socket.state, socket.connection), (SocketState::New, None));
    assert_eq!(only_connection(&journal.model).closed, [true, false]);
}

#[test]
fn whoever_is_not_in_the_room_is_outside() {
    let mut journal = Journal::new(1000);
    let accept = journal.server();
    journal.accepted(accept, 4, "127.0.0.1:9000", "127.0.0.1:50000", None);
    let read = journal.call("server", Some(4), recv(), text("hi"));
    let model = &journal.model;
    let peers: Vec<_> = model.peers().collect();
    assert_eq!(peers.len(), 1);
    assert_eq!((&*peers[0].address, peers[0].connections), ("127.0.0.1:50000", 1));
    assert_eq!(model.call(read).unwrap().outside, Some(peers[0].id));
    assert_eq!(model.sends_of(read).count(), 0);
}

#[test]
fn connecting_out_of_the_room_and_being_refused() {
    let mut journal = Journal::new(1000);
    journal.start("client");
    journal.call("client", None, crate::journal::STREAM, fd(3));
    let id = journal.enter("client", Some(3), connect("127.0.0.1:1"));
    journal.err(id, refused());
    let socket =
        program(&journal.model, "client").sockets.get(&socketscope_protocol::Fd(3)).unwrap();
    assert_eq!(socket.state, SocketState::New);
    assert_eq!(journal.model.connections().count(), 0);
    let id = journal.enter("client", Some(3), connect("127.0.0.1:80"));
    journal.at(id, "127.0.0.1:40000", Some("127.0.0.1:80"));
    assert!(only_connection(&journal.model).outside().is_some());
}

#[test]
fn a_nonblocking_connect_is_connected_by_accept() {
    let mut journal = Journal::new(1000);
    let accept = journal.server();
    journal.start("client");
    journal.call("client", None, crate::journal::STREAM, fd(3));
    let id = journal.enter("client", Some(3), connect("127.0.0.1:9000"));
    let errno = Errno { name: "EINPROGRESS".into(), number: 115, message: String::new() };
    journal.err(id, errno);
    let sent = journal.call("client", Some(3), send("early"), count(5));
    journal.accepted(accept, 4, "127.0.0.1:9000", "127.0.0.1:40000", Some(("client", 3)));
    let read = journal.call("server", Some(4), recv(), text("early"));
    let connection = only_connection(&journal.model);
    assert_eq!(connection.connect, Some(id));
    assert_eq!(
        journal.model.sends_of(read).collect::<Vec<_>>(),
        [Span { call: sent, bytes: 0..5 }]
    );
}

#[test]
fn a_datagram_is_found_again_before_its_send_returned() {
    let mut journal = Journal::new(1000);
    for (who, address) in [("server", Some("0.0.0.0:9001")), ("client", None)] {
        journal.start(who);
        journal.call(who, None, DGRAM, fd(3));
        if let Some(address) = address {
            let id = journal.enter(who, Some(3), bind(address));
            journal.at(id, address, None);
        }
    }
    let first = journal.enter("client", Some(3), sendto("same", "127.0.0.1:9001"));
    let from = |word: &str| Value { from: Some("127.0.0.1:41000".into()), ..text(word) };
    let read = journal.call("server", Some(3), Call::Recvfrom { size: 9 }, from("same"));
    journal.give_local(first, count(4), "0.0.0.0:41000");
    let other = journal.call("client", Some(3), sendto("other", "127.0.0.1:9001"), count(5));
    let back = journal.call("server", Some(3), sendto("back", "127.0.0.1:41000"), count(4));
    let model = &journal.model;
    assert_eq!(model.call(read).unwrap().datagram, Some(first));
    assert_eq!(model.call(first).unwrap().datagram, Some(read));
    assert_eq!(model.call(other).unwrap().datagram, None);
    assert_eq!(model.call(back).unwrap().outside, None);
    assert_eq!(model.peers().count(), 0);
    let stranger = Value { from: Some("127.0.0.1:5".into()), ..text("other") };
    let read = journal.call("server", Some(3), Call::Recvfrom { size: 9 }, stranger);
    assert_eq!(journal.model.call(read).unwrap().datagram, None);
    assert_eq!(journal.model.peers().count(), 1);
}

#[test]
fn a_gap_ends_what_is_counted() {
    let mut journal = Journal::new(1000);
    journal.pair(true);
    let waiting = journal.enter("server", Some(4), recv());
    journal.gap(7);
    let sent = journal.call("client", Some(3), send("x"), count(1));
    assert!(journal.model.call(waiting).unwrap().lost.is_some());
    assert_eq!(program(&journal.model, "server").waiting.len(), 0);
    journal.ok(waiting, text("?"));
    assert_eq!(journal.model.sends_of(waiting).count(), 0);
    assert_eq!(journal.model.written(sent), None);
    assert!(journal.model.call(waiting).unwrap().lost.is_none());
}

#[test]
fn only_the_next_number_is_taken() {
    let mut journal = Journal::echo();
    let head = journal.model.head();
    let mut event = journal.events.last().unwrap().clone();
    assert_eq!(
        journal.model.push(event.clone()),
        Err(Unexpected { expected: head + 1, got: head })
    );
    event.seq = head + 2;
    assert!(journal.model.push(event).is_err());
    assert_eq!(journal.model.head(), head);
}

#[test]
fn what_is_forgotten_leaves_nothing_behind() {
    let mut journal = Journal::new(100);
    for round in 0..200 {
        let (server, client) = (format!("server {round}"), format!("client {round}"));
        journal.start(&server);
        journal.start(&client);
        journal.call(&server, None, crate::journal::STREAM, fd(3));
        let accept = journal.enter(&server, Some(3), Call::Accept);
        journal.call(&client, None, crate::journal::STREAM, fd(3));
        journal.accepted(accept, 4, "127.0.0.1:9000", "127.0.0.1:4", Some((&client, 3)));
        journal.call(&client, Some(3), send("x"), count(1));
        journal.call(&server, Some(4), recv(), text("x"));
        journal.enter(&server, Some(4), recv());
        journal.end(&client);
        journal.end(&server);
    }
    let model = &journal.model;
    assert_eq!(model.events.len(), 100);
    assert!(model.calls.len() <= 100, "{} calls", model.calls.len());
    assert!(model.connections.len() <= 10, "{} connections", model.connections.len());
    assert!(model.programs.len() <= 20, "{} programs", model.programs.len());
    assert_eq!(model.names.len(), model.programs.len());
    assert!(model.over.len() <= 30 && model.unaccepted.is_empty());
}

proptest! {
    /// A stream split at random into sends and recvs, interleaved at random as far as a kernel would: a recv returns bytes
    /// that a send has been entered with; a send may return after its bytes were received. Each byte has the number
    /// of the send that wrote it as its value, so the truth travels with it.
    #[test]
    fn each_received_byte_is_from_the_send_that_wrote_it(
        sends in prop::collection::vec((1_u64..9, any::<bool>()), 1..30),
        moves in prop::collection::vec((0_u8..4, 1_u64..12), 1..200),
        early in any::<bool>(),
    ) {
        let mut journal = Journal::new(100_000);
        journal.pair(early);
        let mut truth: Vec<CallId> = Vec::new();
        let mut unreturned: Vec<(CallId, u64)> = Vec::new();
        let mut reads: Vec<(CallId, std::ops::Range<u64>)> = Vec::new();
        let mut next = sends.iter();
        let mut position = 0_u64;
        for (what, amount) in moves {
            match what {
                // Sends of one socket at a time: the kernel takes their bytes one after the other. Some come short.
                0 if unreturned.is_empty() => if let Some((bytes, short)) = next.next() {
                    let id = journal.enter("client", Some(3), send(&"x".repeat(*bytes as usize)));
                    let taken = if *short { bytes.div_ceil(2) } else { *bytes };
                    truth.extend(std::iter::repeat_n(id, taken as usize));
                    unreturned.push((id, taken));
                },
                1 => if let Some((id, bytes)) = unreturned.pop() {
                    journal.ok(id, count(bytes as usize));
                },
                2 => {
                    let bytes = amount.min(truth.len() as u64 - position);
                    if bytes > 0 {
                        let got = "x".repeat(bytes as usize);
                        reads.push((journal.call("server", Some(4), recv(), text(&got)), position..position + bytes));
                        position += bytes;
                    }
                }
                _ => {
                    let errno = Errno { name: "EAGAIN".into(), number: 11, message: String::new() };
                    let id = journal.enter("client", Some(3), send("failed"));
                    journal.err(id, errno);
                }
            }
        }
        while let Some((id, bytes)) = unreturned.pop() {
            journal.ok(id, count(bytes as usize));
        }
        for (read, range) in reads {
            let mut got = Vec::new();
            for span in journal.model.sends_of(read) {
                got.extend(span.bytes.clone().map(|_| span.call));
                let back: Vec<_> = journal.model.reads_of(span.call).filter(|it| it.call == read).collect();
                prop_assert_eq!(back, vec![Span { call: read, bytes: span.bytes }]);
            }
            prop_assert_eq!(&got[..], &truth[range.start as usize..range.end as usize]);
        }
    }
}

#[test]
fn what_was_missed_is_adopted() {
    let mut journal = Journal::new(1000);
    journal.start("gone");
    journal.call("server", None, STREAM, fd(9));
    journal.gap(100);
    let accept = CallId(7);
    let socket = |fd: i32, local: &str, peer: Option<&str>, listening| SocketView {
        fd: Fd(fd),
        family: Family::Inet,
        socket_type: SocketType::Stream,
        local: Some(local.into()),
        peer: peer.map(str::to_owned),
        listening,
    };
    let server = ProgramView {
        name: name("server"),
        host: HostName::new("server").ok(),
        does: Role::Manual,
        sockets: vec![
            socket(3, "10.0.0.1:9000", None, true),
            socket(4, "10.0.0.1:9000", Some("10.0.0.2:40000"), false),
            socket(5, "0.0.0.0:0", None, false),
        ],
        waiting: vec![WaitingCall { id: accept, call: CallName::Accept, fd: Some(Fd(3)) }],
    };
    let host = HostView { host: HostName::new("server").unwrap(), address: [10, 0, 0, 1].into() };
    let snapshot = Snapshot { hosts: vec![host], wire: None, programs: vec![server] };
    // Twice is as once.
    journal.model.adopt(&snapshot);
    journal.model.adopt(&snapshot);
    let program = journal.model.program_named(&name("server")).unwrap();
    let states: Vec<_> = program.sockets.values().map(|socket| socket.state).collect();
    assert_eq!(states, [SocketState::Listening, SocketState::Connected, SocketState::New]);
    assert!(program.alive && program.waiting.contains(&accept));
    assert!(!journal.model.program_named(&name("gone")).unwrap().alive);
    assert_eq!(journal.model.lab().hosts()[0].address, Some([10, 0, 0, 1].into()));

    // It goes on from there: the call that waited returns, and the socket is closed.
    journal.fact(Fact::Return {
        id: accept,
        program: name("server"),
        fd: Some(Fd(3)),
        call: CallName::Accept,
        outcome: Ok(Value {
            fd: Some(Fd(6)),
            peer: Some("10.0.0.2:40001".into()),
            ..Value::default()
        }),
        local: Some("10.0.0.1:9000".into()),
        peer: Some("10.0.0.2:40001".into()),
        other: None,
    });
    journal.call("server", Some(4), Call::Close, Value::default());
    let program = journal.model.program_named(&name("server")).unwrap();
    assert_eq!(program.sockets.keys().map(|fd| fd.0).collect::<Vec<_>>(), [3, 5, 6]);
    assert!(program.waiting.is_empty());
}

/// As it is told of a server and a client of a room: the server closes last, when the client has ended.
#[test]
fn the_last_packets_of_a_program_that_has_ended_are_its_own() {
    let (own, other) = ("127.0.0.1:40312", "127.0.0.1:9000");
    let mut journal = Journal::new(100);
    journal.pair(true);
    let established = |who, local, peer| state(None, who, local, Some(peer), TcpState::Established);
    journal.tell(state(None, "server", other, None, TcpState::Listen));
    journal.tell(established("client", own, other));
    journal.call("client", Some(3), Call::Close, Value::default());
    journal.end("client");
    let pass = |journal: &mut Journal, from, to, flags: &[Flag]| {
        let packet = journal.depart([None, None], segment(from, to, flags, 0));
        journal.arrive(packet);
        packet
    };
    let close = journal.enter("server", Some(4), Call::Close);
    let fin = pass(&mut journal, other, own, &[Flag::Fin, Flag::Ack]);
    let ack = pass(&mut journal, own, other, &[Flag::Ack]);
    journal.ok(close, Value::default());
    let time_wait = state(None, "client", own, Some(other), TcpState::TimeWait);
    journal.tell(KernelState { fd: None, ..time_wait });
    let names = ["server", "client"].map(|it| program(&journal.model, it).id);
    let [server, client] = names.map(Place::Program);
    let ends = |journal: &Journal, id| journal.model.lab().packet(id).unwrap().ends;
    assert_eq!((ends(&journal, fin), ends(&journal, ack)), ([server, client], [client, server]));
    assert_eq!(journal.model.peers().count(), 0);

    // Whoever opens a connection from there later is somebody else.
    let syn = pass(&mut journal, own, other, &[Flag::Syn]);
    assert_eq!(ends(&journal, syn), [Place::Outside, server]);
    assert_eq!(journal.model.peers().count(), 1);
}

#[test]
fn whoever_connects_while_a_program_does_is_somebody_else() {
    let (own, other, server) = ("127.0.0.1:40312", "127.0.0.1:50000", "127.0.0.1:9000");
    let mut journal = Journal::new(100);
    journal.server();
    journal.tell(state(None, "server", server, None, TcpState::Listen));
    journal.start("client");
    journal.call("client", None, STREAM, fd(3));
    let call = journal.enter("client", Some(3), connect(server));
    let syns = [own, other].map(|from| {
        let syn = journal.depart([None, None], segment(from, server, &[Flag::Syn], 0));
        journal.arrive(syn);
        syn
    });
    journal.at(call, own, Some(server));
    let model = &journal.model;
    let from = syns.map(|syn| model.lab().packet(syn).unwrap().ends[0]);
    assert_eq!(from, [Place::Program(program(model, "client").id), Place::Outside]);
    assert_eq!(model.peers().map(|peer| &*peer.address).collect::<Vec<_>>(), [other]);
}
