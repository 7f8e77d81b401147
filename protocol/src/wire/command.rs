//! From what the page asks for to its text.

use super::lesson;
use crate::{
    Args, CallRequest, Client, Command, EchoServer, Greeting, Network, NewProgram, NewRoom,
    Request, Role, Rule, WireChange, json::Writer,
};

impl Greeting {
    /// As the first message of a feed.
    pub fn to_json(&self) -> String {
        Writer::default().text("key", self.key.as_str()).end()
    }
}

impl NewRoom {
    /// As a request's body.
    pub fn to_json(&self) -> String {
        let network = self.network.map(Network::as_str);
        let name = self.name.as_ref().map(|name| name.as_str());
        let lesson = self.lesson.as_ref().map(|lesson| lesson.0.as_str());
        let writer = Writer::default().text("network", network).text("name", name);
        writer.text("lesson", lesson).end()
    }
}

impl Request {
    /// As a message of a feed.
    pub fn to_json(&self) -> String {
        let writer = Writer::default().plain("request", Some(self.request));
        let writer = match &self.command {
            Command::Start { body } => writer.text("command", "start").object("body", start(body)),
            Command::End { program } => {
                writer.text("command", "end").text("program", program.as_str())
            }
            Command::Call { program, body } => writer
                .text("command", "call")
                .text("program", program.as_str())
                .object("body", call(body)),
            Command::GiveUp { program, id } => writer
                .text("command", "give-up")
                .text("program", program.as_str())
                .plain("id", Some(id.0)),
            Command::Host { body } => {
                let name = body.name.as_ref().map(|name| name.as_str());
                writer.text("command", "host").object("body", Writer::default().text("name", name))
            }
            Command::Wire { body } => writer.text("command", "wire").object("body", wire(body)),
            Command::Packet { packet, body } => writer
                .text("command", "packet")
                .plain("packet", Some(packet.0))
                .object("body", Writer::default().text("fate", body.fate.as_str())),
            Command::Lesson { body } => {
                writer.text("command", "lesson").object("body", lesson::command(body))
            }
            Command::Answer { body } => {
                let answer = Writer::default().plain("question", Some(body.question));
                let answer = answer.plain("choice", Some(body.choice)).plain("voter", body.voter);
                writer.text("command", "answer").object("body", answer)
            }
            Command::Packets { body } => {
                let fate = Writer::default().text("fate", body.fate.as_str());
                writer.text("command", "packets").object("body", fate.plain("count", body.count))
            }
        };
        writer.end()
    }
}

fn wire(change: &WireChange) -> Writer {
    let writer = Writer::default()
        .text("from", change.from.as_ref().map(|host| host.as_str()))
        .text("to", change.to.as_ref().map(|host| host.as_str()))
        .plain("delay_ms", change.delay_ms)
        .plain("jitter_ms", change.jitter_ms)
        .plain("loss", change.loss)
        .plain("reorder", change.reorder)
        .plain("duplicate", change.duplicate)
        .plain("rate_kbit", change.rate_kbit)
        .plain("hold", change.hold)
        .plain("seed", change.seed);
    match &change.rules {
        Some(rules) => writer.objects("rules", rules.iter().map(rule)),
        None => writer,
    }
}

fn rule(rule: &Rule) -> Writer {
    Writer::default()
        .text("packet", rule.packet.as_str())
        .text("fate", rule.fate.as_str())
        .plain("nth", Some(rule.nth))
        .plain("always", Some(rule.always))
        .text("from", rule.from.as_ref().map(|host| host.as_str()))
        .text("to", rule.to.as_ref().map(|host| host.as_str()))
}

fn start(program: &NewProgram) -> Writer {
    let name = program.name.as_ref().map(|name| name.as_str());
    let host = program.host.as_ref().map(|host| host.as_str());
    let writer = Writer::default().text("name", name).text("host", host);
    match &program.does {
        Role::Manual => writer.text("role", "manual"),
        Role::TcpEchoServer(it) => server(writer.text("role", "tcp-echo-server"), it),
        Role::TcpClient(it) => client(writer.text("role", "tcp-client"), it),
        Role::UdpEchoServer(it) => server(writer.text("role", "udp-echo-server"), it),
        Role::UdpClient(it) => client(writer.text("role", "udp-client"), it),
        Role::UnixEchoServer(it) => server(writer.text("role", "unix-echo-server"), it),
        Role::UnixClient(it) => client(writer.text("role", "unix-client"), it),
        Role::Lesson(it) => writer.text("role", "lesson").text("file", it.file.as_str()),
    }
}

fn server(writer: Writer, it: &EchoServer) -> Writer {
    writer
        .text("address", it.address.as_str())
        .plain("backlog", Some(it.backlog))
        .plain("concurrent", Some(it.concurrent))
        .plain("size", Some(it.size))
}

fn client(writer: Writer, it: &Client) -> Writer {
    writer
        .text("address", it.address.as_str())
        .texts("messages", &it.messages)
        .plain("interval_ms", Some(it.interval_ms))
        .plain("times", Some(it.times))
}

fn call(request: &CallRequest) -> Writer {
    let CallRequest { call, fd, args } = request;
    let Args {
        family,
        socket_type,
        address,
        backlog,
        text,
        base64,
        bytes,
        size,
        how,
        option,
        value,
    } = args;
    Writer::default()
        .text("call", call.as_str())
        .plain("fd", fd.map(|fd| fd.0))
        .text("family", family.map(|family| family.as_str()))
        .text("type", socket_type.map(|socket_type| socket_type.as_str()))
        .text("address", address.as_deref())
        .plain("backlog", *backlog)
        .text("text", text.as_deref())
        .text("base64", base64.as_deref())
        .plain("bytes", *bytes)
        .plain("size", *size)
        .text("how", how.map(|how| how.as_str()))
        .text("option", option.map(|option| option.as_str()))
        .plain("value", *value)
}
