//! Journals for tests, written call by call. Knows nothing of a real kernel.

pub(crate) mod lab;

use std::collections::HashMap;

use socketscope_protocol::{
    Call, CallId, Change, End, Errno, Event, Fact, Family, Fd, How, Payload, ProgramName, Role,
    SocketType, SourceLine, Value,
};

use crate::model::Model;

/// Writes events with ascending numbers and times, 10 µs apart, into a model.
pub(crate) struct Journal {
    pub(crate) model: Model,
    pub(crate) events: Vec<Event>,
    seq: u64,
    waited: u64,
    call: u64,
    entered: HashMap<CallId, (ProgramName, Option<Fd>, Call)>,
}

pub(crate) const STREAM: Call =
    Call::Socket { family: Family::Inet, socket_type: SocketType::Stream };
pub(crate) const DGRAM: Call =
    Call::Socket { family: Family::Inet, socket_type: SocketType::Dgram };

pub(crate) fn name(name: &str) -> ProgramName {
    ProgramName::new(name).unwrap()
}

pub(crate) fn bind(address: &str) -> Call {
    Call::Bind { address: address.into() }
}

pub(crate) fn connect(address: &str) -> Call {
    Call::Connect { address: address.into() }
}

pub(crate) fn send(text: &str) -> Call {
    Call::Send { payload: Payload::shown(text.as_bytes()), bytes: text.len() }
}

pub(crate) fn sendto(text: &str, address: &str) -> Call {
    let payload = Payload::shown(text.as_bytes());
    Call::Sendto { payload, bytes: text.len(), address: address.into() }
}

pub(crate) fn recv() -> Call {
    Call::Recv { size: 1024 }
}

pub(crate) fn fd(fd: i32) -> Value {
    Value { fd: Some(Fd(fd)), ..Value::default() }
}

pub(crate) fn count(bytes: usize) -> Value {
    Value { bytes: Some(bytes), ..Value::default() }
}

pub(crate) fn text(text: &str) -> Value {
    Value { bytes: Some(text.len()), text: Some(text.into()), ..Value::default() }
}

pub(crate) fn refused() -> Errno {
    Errno { name: "ECONNREFUSED".into(), number: 111, message: "Connection refused".into() }
}

impl Journal {
    pub(crate) fn new(capacity: usize) -> Self {
        let (events, entered) = Default::default();
        Self { model: Model::new(capacity), events, seq: 0, waited: 0, call: 0, entered }
    }

    pub(crate) fn fact(&mut self, fact: Fact) {
        self.seq += 1;
        let event = Event { seq: self.seq, at: self.seq * 10_000 + self.waited, fact };
        self.events.push(event.clone());
        self.model.push(event).unwrap();
    }

    /// Lets nanoseconds pass before the next event.
    pub(crate) fn wait(&mut self, nanoseconds: u64) {
        self.waited += nanoseconds;
    }

    pub(crate) fn gap(&mut self, missed: u64) {
        self.seq += missed - 1;
        self.fact(Fact::Gap { missed });
    }

    pub(crate) fn start(&mut self, program: &str) {
        self.fact(Fact::Program {
            program: name(program),
            host: None,
            change: Change::Started(Role::Manual),
        });
    }

    pub(crate) fn end(&mut self, program: &str) {
        self.fact(Fact::Program {
            program: name(program),
            host: None,
            change: Change::Ended(Vec::new()),
        });
    }

    pub(crate) fn enter(&mut self, program: &str, on: Option<i32>, call: Call) -> CallId {
        self.enter_from(program, on, call, None)
    }

    /// A call of an observed program's, made by this line.
    pub(crate) fn enter_at(
        &mut self,
        program: &str,
        on: Option<i32>,
        call: Call,
        line: SourceLine,
    ) -> CallId {
        self.enter_from(program, on, call, Some(line))
    }

    fn enter_from(
        &mut self,
        program: &str,
        on: Option<i32>,
        call: Call,
        line: Option<SourceLine>,
    ) -> CallId {
        self.call += 1;
        let (id, fd) = (CallId(self.call), on.map(Fd));
        self.entered.insert(id, (name(program), fd, call.clone()));
        self.fact(Fact::Enter { id, program: name(program), fd, call, line });
        id
    }

    fn give(
        &mut self,
        id: CallId,
        outcome: Result<Value, Errno>,
        addresses: [Option<&str>; 2],
        other: Option<(&str, i32)>,
    ) {
        let (program, fd, call) = self.entered.remove(&id).unwrap();
        let [local, peer] = addresses.map(|address| address.map(str::to_owned));
        let other = other.map(|(program, fd)| End { program: name(program), fd: Fd(fd) });
        self.fact(Fact::Return { id, program, fd, call: call.name(), outcome, local, peer, other });
    }

    pub(crate) fn ok(&mut self, id: CallId, value: Value) {
        self.give(id, Ok(value), [None, None], None);
    }

    pub(crate) fn err(&mut self, id: CallId, errno: Errno) {
        self.give(id, Err(errno), [None, None], None);
    }

    pub(crate) fn at(&mut self, id: CallId, local: &str, peer: Option<&str>) {
        self.give(id, Ok(Value::default()), [Some(local), peer], None);
    }

    pub(crate) fn give_local(&mut self, id: CallId, value: Value, local: &str) {
        self.give(id, Ok(value), [Some(local), None], None);
    }

    pub(crate) fn accepted(
        &mut self,
        id: CallId,
        new: i32,
        local: &str,
        peer: &str,
        other: Option<(&str, i32)>,
    ) {
        let value = Value { peer: Some(peer.into()), ..fd(new) };
        self.give(id, Ok(value), [Some(local), Some(peer)], other);
    }

    /// A call that returns at once.
    pub(crate) fn call(
        &mut self,
        program: &str,
        on: Option<i32>,
        call: Call,
        value: Value,
    ) -> CallId {
        let id = self.enter(program, on, call);
        self.ok(id, value);
        id
    }

    /// A server that listens on 127.0.0.1:9000 with fd 3, and waits in accept.
    pub(crate) fn server(&mut self) -> CallId {
        self.start("server");
        self.call("server", None, STREAM, fd(3));
        let id = self.enter("server", Some(3), bind("127.0.0.1:9000"));
        self.at(id, "127.0.0.1:9000", None);
        self.call("server", Some(3), Call::Listen { backlog: 5 }, Value::default());
        self.enter("server", Some(3), Call::Accept)
    }

    /// `server`, and a client whose fd 3 is connected to the server's fd 4; accept returns first where `early` says so.
    pub(crate) fn pair(&mut self, early: bool) {
        let accept = self.server();
        self.start("client");
        self.call("client", None, STREAM, fd(3));
        let connect = self.enter("client", Some(3), connect("127.0.0.1:9000"));
        let (server, client) = ("127.0.0.1:9000", "127.0.0.1:40312");
        let other = Some(("client", 3));
        if early {
            self.accepted(accept, 4, server, client, other);
        }
        self.at(connect, client, Some(server));
        if !early {
            self.accepted(accept, 4, server, client, other);
        }
    }

    /// A pair that says "hello" both ways and ends.
    pub(crate) fn echo() -> Self {
        let mut journal = Self::new(100_000);
        journal.pair(true);
        let read = journal.enter("server", Some(4), recv());
        journal.call("client", Some(3), send("hello"), count(5));
        journal.ok(read, text("hello"));
        journal.call("server", Some(4), send("hello"), count(5));
        journal.call("client", Some(3), recv(), text("hello"));
        let read = journal.enter("server", Some(4), recv());
        journal.call("client", Some(3), Call::Shutdown { how: How::Write }, Value::default());
        journal.call("client", Some(3), Call::Close, Value::default());
        journal.ok(read, count(0));
        journal.call("server", Some(4), Call::Close, Value::default());
        journal.enter("server", Some(3), Call::Accept);
        journal
    }
}

/// What happens next in a journal of [`nonsense`]: which program, what, and with which particulars.
pub(crate) type Move = (u8, u8, u8);

/// A journal that follows any `moves`, sensible or not, with at most `capacity` events kept. `each` sees it after each move.
pub(crate) fn nonsense(capacity: usize, moves: &[Move], mut each: impl FnMut(&Journal)) -> Journal {
    const TEXTS: [&str; 4] = [
        "hello",
        "你好，世界 你好，世界",
        "a\nlong text that certainly fits no gap between lanes",
        "x",
    ];
    let mut journal = Journal::new(capacity);
    let mut open: Vec<(CallId, Call)> = Vec::new();
    for (who, what, how) in moves {
        let program = ["alice", "bob", "客户端", "dave"][usize::from(who % 4)];
        let text_of = TEXTS[usize::from(how % 4)];
        let address = ["127.0.0.1:9000", "127.0.0.1:9001", "path"][usize::from(how % 3)];
        let on = Some(i32::from(how % 3) + 3);
        let call = match what % 24 {
            0 => STREAM,
            1 => DGRAM,
            2 => bind(address),
            3 => Call::Listen { backlog: 1 },
            4..=6 => Call::Accept,
            7..=9 => connect(address),
            10..=12 => send(text_of),
            13 => sendto(text_of, address),
            14..=16 => recv(),
            17 => Call::Close,
            18 if *how < 20 => {
                journal.gap(u64::from(*how) + 1);
                each(&journal);
                continue;
            }
            19 if *how < 40 => {
                if *how < 20 {
                    journal.start(program)
                } else {
                    journal.end(program)
                }
                each(&journal);
                continue;
            }
            _ => {
                if !open.is_empty() {
                    let (id, call) = open.remove(usize::from(*how) % open.len());
                    returns(&mut journal, id, &call, (*who, *how), text_of);
                }
                each(&journal);
                continue;
            }
        };
        let on = on.filter(|_| !matches!(call, Call::Socket { .. }));
        let id = journal.enter(program, on, call.clone());
        if *who >= 128 {
            returns(&mut journal, id, &call, (*who, *how), text_of);
        } else {
            open.push((id, call));
        }
        each(&journal);
    }
    journal
}

fn returns(journal: &mut Journal, id: CallId, call: &Call, (who, how): (u8, u8), got: &str) {
    if how % 8 == 7 {
        return journal.err(id, refused());
    }
    match call {
        Call::Socket { .. } => journal.ok(id, fd(i32::from(how % 3) + 3)),
        Call::Bind { address } => journal.at(id, address, None),
        Call::Connect { address } => journal.at(id, "127.0.0.1:40312", Some(address)),
        Call::Accept => {
            let other = (how % 2 == 0).then_some(("bob", i32::from(who % 3) + 3));
            journal.accepted(
                id,
                i32::from(how % 3) + 3,
                "127.0.0.1:9000",
                "127.0.0.1:40312",
                other,
            );
        }
        Call::Send { bytes, .. } | Call::Sendto { bytes, .. } => journal.ok(id, count(*bytes)),
        Call::Recv { .. } => {
            let from = Some(format!("127.0.0.1:{}", 5000 + u32::from(who)));
            journal.ok(id, Value { from, ..text(got) });
        }
        _ => journal.ok(id, Value::default()),
    }
}
