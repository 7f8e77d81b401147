//! From an event's line to the event.

use super::{lesson, packet};
use crate::{
    Call, CallId, CallName, Change, Client, EchoServer, End, Errno, Event, Fact, Family, Fd,
    HostName, How, LessonRole, OptionName, Payload, ProgramName, Role, SocketType, Value,
    json::Json,
};

impl Event {
    /// Reads an event; none where it is not one, or of a kind that is not known.
    pub fn from_json(json: &Json<'_>) -> Option<Self> {
        let number = |name| json.get(name).unsigned();
        Some(Self { seq: number("seq")?, at: number("at")?, fact: fact(json)? })
    }
}

fn fact(json: &Json<'_>) -> Option<Fact> {
    let text = |name| json.get(name).string();
    Some(match json.get("kind").text()? {
        "host" => Fact::Host { host: host(json.get("host"))?, change: packet::host_change(json)? },
        "wire" => Fact::Wire(Box::new(packet::wire(json.get("wire"))?)),
        "program" => Fact::Program {
            program: program(json.get("name"))?,
            host: host(json.get("host")),
            change: change(json)?,
        },
        "depart" => Fact::Depart {
            packet: packet::id(json.get("packet"))?,
            host: host(json.get("host")),
            to_host: host(json.get("to_host")),
            medium: packet::medium(json)?,
            header: Box::new(packet::packet(json)?),
        },
        "arrive" => Fact::Arrive {
            packet: packet::id(json.get("packet"))?,
            copy: json.get("copy").bool() == Some(true),
        },
        "lose" => Fact::Lose { packet: packet::id(json.get("packet"))?, why: packet::loss(json)? },
        "hold" => Fact::Hold { packet: packet::id(json.get("packet"))? },
        "state" => Fact::State(Box::new(packet::state(json)?)),
        "summary" => Fact::Summary(Box::new(packet::summary(json.get("packets"))?)),
        "enter" => Fact::Enter {
            id: id(json)?,
            program: program(json.get("program"))?,
            fd: fd(json),
            call: call(call_name(json)?, json.get("args"))?,
            line: lesson::line(json),
        },
        "return" => Fact::Return {
            id: id(json)?,
            program: program(json.get("program"))?,
            fd: fd(json),
            call: call_name(json)?,
            outcome: match json.get("errno").some() {
                Some(errno) => Err(self::errno(errno)?),
                None => Ok(value(json.get("value"))),
            },
            local: text("local"),
            peer: text("peer"),
            other: json.get("other").some().and_then(end),
        },
        "ready" => Fact::Ready(Box::new(lesson::ready(json)?)),
        "at" => Fact::At {
            program: program(json.get("program"))?,
            line: lesson::line(json)?,
            waits: json.get("waits").bool()?,
        },
        "output" => Fact::Output {
            program: program(json.get("program"))?,
            stream: lesson::stream(json)?,
            text: text("text")?,
        },
        "exit" => Fact::Exit {
            program: program(json.get("program"))?,
            code: json.get("code").int(),
            signal: json.get("signal").int(),
        },
        "unseen" => Fact::Unseen {
            host: json
                .get("host")
                .some()
                .and_then(Json::text)
                .and_then(|name| HostName::new(name).ok()),
            packets: json.get("packets").unsigned()?,
        },
        "disorder" => Fact::Disorder { what: text("what")? },
        "gap" => Fact::Gap { missed: json.get("missed").unsigned()? },
        kind => Fact::Lesson(Box::new(lesson::fact(kind, json)?)),
    })
}

pub(super) fn id(json: &Json<'_>) -> Option<CallId> {
    json.get("id").unsigned().map(CallId)
}

pub(super) fn fd(json: &Json<'_>) -> Option<Fd> {
    json.get("fd").int().map(Fd)
}

pub(super) fn host(json: &Json<'_>) -> Option<HostName> {
    HostName::new(json.text()?).ok()
}

pub(super) fn program(json: &Json<'_>) -> Option<ProgramName> {
    ProgramName::new(json.text()?).ok()
}

pub(super) fn call_name(json: &Json<'_>) -> Option<CallName> {
    CallName::named(json.get("call").text()?)
}

fn end(json: &Json<'_>) -> Option<End> {
    Some(End { program: program(json.get("program"))?, fd: fd(json)? })
}

fn errno(json: &Json<'_>) -> Option<Errno> {
    let text = |name| json.get(name).string();
    Some(Errno {
        name: text("name")?,
        number: json.get("number").int()?,
        message: text("message")?,
    })
}

fn value(json: &Json<'_>) -> Value {
    let text = |name| json.get(name).string();
    Value {
        fd: fd(json),
        peer: text("peer"),
        bytes: json.get("bytes").size(),
        text: text("text"),
        base64: text("base64"),
        from: text("from"),
        truncated: json.get("truncated").bool(),
        address: text("address"),
        value: json.get("value").int(),
    }
}

fn call(name: CallName, args: &Json<'_>) -> Option<Call> {
    let text = |name| args.get(name).text();
    let address = || args.get("address").string();
    let size = || args.get("size").size();
    let option = || OptionName::named(text("option")?);
    let payload = || {
        let text = |name| args.get(name).string();
        let payload = Payload { text: text("text"), base64: text("base64") };
        Some((args.get("bytes").size()?, payload))
    };
    Some(match name {
        CallName::Socket => Call::Socket {
            family: Family::named(text("family")?)?,
            socket_type: SocketType::named(text("type")?)?,
        },
        CallName::Bind => Call::Bind { address: address()? },
        CallName::Connect => Call::Connect { address: address()? },
        CallName::Listen => Call::Listen { backlog: args.get("backlog").int()? },
        CallName::Accept => Call::Accept,
        CallName::Send => {
            let (bytes, payload) = payload()?;
            Call::Send { payload, bytes }
        }
        CallName::Sendto => {
            let (bytes, payload) = payload()?;
            Call::Sendto { payload, bytes, address: address()? }
        }
        CallName::Recv => Call::Recv { size: size()? },
        CallName::Recvfrom => Call::Recvfrom { size: size()? },
        CallName::Shutdown => Call::Shutdown { how: How::named(text("how")?)? },
        CallName::Close => Call::Close,
        CallName::Setsockopt => {
            Call::Setsockopt { option: option()?, value: args.get("value").int()? }
        }
        CallName::Getsockopt => Call::Getsockopt { option: option()? },
        CallName::Getsockname => Call::Getsockname,
        CallName::Getpeername => Call::Getpeername,
    })
}

fn change(json: &Json<'_>) -> Option<Change> {
    Some(match json.get("change").text()? {
        "started" => Change::Started(role(json.get("does"))?),
        "ended" => {
            let closed = json.get("closed").items().iter();
            Change::Ended(closed.filter_map(|fd| fd.int().map(Fd)).collect())
        }
        _ => return None,
    })
}

pub(super) fn role(json: &Json<'_>) -> Option<Role> {
    Some(match json.get("role").text()? {
        "manual" => Role::Manual,
        "tcp-echo-server" => Role::TcpEchoServer(server(json)?),
        "tcp-client" => Role::TcpClient(client(json)?),
        "udp-echo-server" => Role::UdpEchoServer(server(json)?),
        "udp-client" => Role::UdpClient(client(json)?),
        "unix-echo-server" => Role::UnixEchoServer(server(json)?),
        "unix-client" => Role::UnixClient(client(json)?),
        "lesson" => Role::Lesson(LessonRole { file: json.get("file").string()? }),
        _ => return None,
    })
}

fn server(json: &Json<'_>) -> Option<EchoServer> {
    Some(EchoServer {
        address: json.get("address").string()?,
        backlog: json.get("backlog").int()?,
        concurrent: json.get("concurrent").bool()?,
        size: json.get("size").size()?,
    })
}

fn client(json: &Json<'_>) -> Option<Client> {
    Some(Client {
        address: json.get("address").string()?,
        messages: json.get("messages").items().iter().filter_map(Json::string).collect(),
        interval_ms: json.get("interval_ms").unsigned()?,
        times: json.get("times").unsigned()?.try_into().ok()?,
    })
}
