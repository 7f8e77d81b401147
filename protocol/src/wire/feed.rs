//! From a line of the feed, or an answer over HTTP, to what it says.

use std::borrow::Cow;

use super::{
    event::{self, program},
    lesson, packet,
};
use crate::{
    CallId, Event, Family, Hello, HostView, Network, Problem, ProgramName, ProgramView, RoomId,
    RoomName, Rung, Said, SocketType, SocketView, WaitingCall, WireView, json::Json,
};

/// A line of the feed.
#[derive(Clone, Debug, PartialEq)]
pub enum FeedLine {
    /// One fact.
    Event(Event),
    /// The first line.
    Hello(Hello),
    /// How many feeds are open on the room.
    Watching(usize),
    /// What there is, since events are missing that told of it. [`Snapshot::read`] reads it.
    Snapshot,
    /// The answer to the request with the number, where the server had read one.
    Reply(Option<u64>, Option<Result<Answer, Problem>>),
    /// The room has been ended.
    Ended,
}

/// What the page wants to know of a command's result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The call that was made.
    pub id: Option<CallId>,
    /// The program that was started.
    pub name: Option<ProgramName>,
}

/// What the page wants to know of a room as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// Its hosts.
    pub hosts: Vec<HostView>,
    /// Its wire, where it has one.
    pub wire: Option<WireView>,
    /// Its living programs.
    pub programs: Vec<ProgramView>,
}

impl FeedLine {
    /// Reads a line; none where it is not known what it says.
    pub fn read(line: &str) -> Option<Self> {
        let json = Json::read(line)?;
        Some(match json.get("kind").text()? {
            "hello" => Self::Hello(hello(&json)?),
            "snapshot" => Self::Snapshot,
            "watching" => Self::Watching(json.get("count").size()?),
            "reply" => {
                let body = json.get("body");
                let outcome = match json.get("status").unsigned()? {
                    200..300 => Some(Ok(answer(body))),
                    _ => Problem::from_json(body).map(Err),
                };
                Self::Reply(json.get("request").unsigned(), outcome)
            }
            "ended" => Self::Ended,
            _ => Self::Event(Event::from_json(&json)?),
        })
    }
}

fn hello(json: &Json<'_>) -> Option<Hello> {
    Some(Hello {
        room: RoomId(json.get("room").string()?),
        name: room_name(json)?,
        network: match json.get("network").text()? {
            "host" => Network::Host,
            "lab" => Network::Lab,
            _ => return None,
        },
        rung: json.get("rung").text().and_then(Rung::named).unwrap_or_default(),
        lesson: lesson::id(json),
        commands: json.get("commands").bool()?,
        first: json.get("first").unsigned()?,
        head: json.get("head").unsigned()?,
        watching: json.get("watching").size()?,
        unix_folder: json.get("unix_folder").string()?,
    })
}

impl Snapshot {
    /// Reads it from a line of the feed. It is seldom there, so nothing else has this with it.
    pub fn read(line: &str) -> Option<Self> {
        let json = Json::read(line)?;
        let all = |name| json.get(name).items().iter();
        Some(Self {
            hosts: all("hosts").filter_map(host_view).collect(),
            wire: json.get("wire").some().and_then(packet::wire),
            programs: all("programs").filter_map(program_view).collect(),
        })
    }
}

fn host_view(json: &Json<'_>) -> Option<HostView> {
    let address = json.get("address").text()?.parse().ok()?;
    Some(HostView { host: event::host(json.get("host"))?, address })
}

fn program_view(json: &Json<'_>) -> Option<ProgramView> {
    Some(ProgramView {
        name: program(json.get("name"))?,
        host: event::host(json.get("host")),
        does: event::role(json)?,
        sockets: json.get("sockets").items().iter().filter_map(socket_view).collect(),
        waiting: json.get("waiting").items().iter().filter_map(waiting_call).collect(),
    })
}

fn socket_view(json: &Json<'_>) -> Option<SocketView> {
    Some(SocketView {
        fd: event::fd(json)?,
        family: Family::named(json.get("family").text()?)?,
        socket_type: SocketType::named(json.get("type").text()?)?,
        local: json.get("local").string(),
        peer: json.get("peer").string(),
        listening: json.get("listening").bool()?,
    })
}

fn waiting_call(json: &Json<'_>) -> Option<WaitingCall> {
    let (id, call) = (event::id(json)?, event::call_name(json)?);
    Some(WaitingCall { id, call, fd: event::fd(json) })
}

fn answer(json: &Json<'_>) -> Answer {
    Answer { id: json.get("id").unsigned().map(CallId), name: program(json.get("name")) }
}

fn room_name(json: &Json<'_>) -> Option<RoomName> {
    RoomName::new(json.get("name").text()?).ok()
}

impl Problem {
    /// Reads a problem.
    pub fn from_json(json: &Json<'_>) -> Option<Self> {
        let text = |name| json.get(name).string();
        Some(Self {
            code: text("code")?,
            status: json.get("status").unsigned()?.try_into().ok()?,
            title: text("title")?,
            detail: text("detail")?,
            said: Said::from_json(json.get("said")).map(Box::new),
        })
    }
}

impl Said {
    /// Reads which sentence is said.
    pub fn from_json(json: &Json<'_>) -> Option<Self> {
        let name = json.get("name").string()?;
        let Json::Object(fields) = json.get("values") else {
            return Some(Self { name, values: Vec::new() });
        };
        let value = |(name, value): &(Cow<'_, str>, Json<'_>)| {
            Some((name.clone().into_owned(), value.string()?))
        };
        Some(Self { name, values: fields.iter().filter_map(value).collect() })
    }
}

/// What the lobby shows of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: RoomName,
    /// How many programs run in it.
    pub programs: usize,
    /// How many feeds are open on it.
    pub watching: usize,
    /// Its last event's number.
    pub head: u64,
    /// Where its page is.
    pub page: String,
}

impl Listed {
    /// Reads it from a [`RoomView`](crate::RoomView).
    pub fn from_json(json: &Json<'_>) -> Option<Self> {
        Some(Self {
            name: room_name(json)?,
            programs: json.get("programs").items().len(),
            watching: json.get("watching").size()?,
            head: json.get("head").unsigned()?,
            page: json.get("links").get("page").string()?,
        })
    }
}
