//! Rooms and programs: what may be asked for, and what is shown of them.

use std::net::Ipv4Addr;

use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::{Map, Value as Json};

use crate::{
    CallId, CallName, Errno, Family, Fd, HostName, LessonId, ProgramName, RoomId, RoomName, Rung,
    SocketType, Value, WireView,
};

/// Where a room's sockets live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// On this machine's own network.
    #[default]
    Host,
    /// On hosts of the room's own, joined by a wire of ours.
    Lab,
}

/// The body of `POST /api/rooms`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewRoom {
    /// Where its sockets shall live; where it is missing, in the lab if this machine allows one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// What to call it; made up where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<RoomName>,
    /// The lesson that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lesson: Option<LessonId>,
}

/// A room as it is now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoomView {
    /// Its address.
    pub room: RoomId,
    /// Its name.
    pub name: RoomName,
    /// Where its sockets live.
    pub network: Network,
    /// What its packets and sockets are seen by.
    #[serde(default)]
    pub rung: Rung,
    /// Its lesson, where it is for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lesson: Option<LessonId>,
    /// Its hosts, in the order of their addresses; none on this machine's own network.
    #[serde(default)]
    pub hosts: Vec<HostView>,
    /// Its wire; missing on this machine's own network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wire: Option<WireView>,
    /// Its living programs, oldest first.
    pub programs: Vec<ProgramView>,
    /// The number of the oldest event that the journal still has; `head + 1` where it has none.
    pub first: u64,
    /// The number of the last event; 0 before the first.
    pub head: u64,
    /// How many feeds are open on it.
    pub watching: usize,
    /// The folder that its Unix sockets live in: an outside program finds them there.
    pub unix_folder: String,
    /// Where to go from here.
    pub links: Links,
}

/// Paths of a room, from the server's root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Links {
    /// The page.
    pub page: String,
    /// This room.
    pub room: String,
    /// Its journal.
    pub events: String,
    /// Its feed, a WebSocket.
    pub live: String,
    /// Its journal as a file, once ".jsonl", ".pcapng", ".mmd" or ".svg" is put behind it.
    pub recording: String,
}

/// The body of `POST /api/rooms/{room}/hosts`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewHost {
    /// What to call it; made up where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<HostName>,
}

/// A host of the lab.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HostView {
    /// Its name.
    pub host: HostName,
    /// Its address on the wire.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "10.0.0.3"))]
    pub address: Ipv4Addr,
}

/// A program as it is now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProgramView {
    /// Its name.
    pub name: ProgramName,
    /// On which host it runs, in the lab.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<HostName>,
    /// What it does by itself.
    #[serde(flatten)]
    pub does: Role,
    /// Its table of file descriptors, lowest first.
    pub sockets: Vec<SocketView>,
    /// Its calls that have not returned.
    pub waiting: Vec<WaitingCall>,
}

/// A socket as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SocketView {
    /// Its descriptor.
    pub fd: Fd,
    /// Its address family.
    pub family: Family,
    /// Its type.
    #[serde(rename = "type")]
    pub socket_type: SocketType,
    /// What getsockname says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local: Option<String>,
    /// What getpeername says, where it is connected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// Whether it listens.
    pub listening: bool,
}

/// A call that has not returned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WaitingCall {
    /// Its number: what to give up.
    pub id: CallId,
    /// Which call.
    pub call: CallName,
    /// On which descriptor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fd: Option<Fd>,
}

/// The answer to a call: it has returned a value or an errno, or, with neither, it still waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CallAnswer {
    /// Its number.
    pub id: CallId,
    /// What it returned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The kernel's error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errno: Option<Errno>,
}

/// The body of `POST /api/rooms/{room}/programs`: a name, a role, and the role's own fields beside them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewProgram {
    /// What to call it; made from the role where it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<ProgramName>,
    /// On which host, in the lab; where it is missing, servers run on the first and clients on the second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<HostName>,
    /// What it does by itself.
    #[serde(flatten)]
    pub does: Role,
}

impl<'de> Deserialize<'de> for NewProgram {
    /// By hand, since serde's `flatten` would let unknown fields through.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Map::deserialize(deserializer)?;
        let name = fields.remove("name").unwrap_or(Json::Null);
        let host = fields.remove("host").unwrap_or(Json::Null);
        fields.entry("role").or_insert_with(|| "manual".into());
        if fields["role"] == "manual" && fields.len() > 1 {
            return Err(D::Error::custom(
                "a program with the role \"manual\" takes only a \"name\" and a \"host\"",
            ));
        }
        Ok(Self {
            name: serde_json::from_value(name)
                .map_err(|e| D::Error::custom(format!("\"name\": {e}")))?,
            host: serde_json::from_value(host)
                .map_err(|e| D::Error::custom(format!("\"host\": {e}")))?,
            does: serde_json::from_value(Json::Object(fields)).map_err(D::Error::custom)?,
        })
    }
}

/// What a program does by itself. Whatever its role, calls may be made on it from outside at any time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "role", rename_all = "kebab-case")]
pub enum Role {
    /// Nothing.
    #[default]
    Manual,
    /// Sends back what it receives.
    TcpEchoServer(EchoServer),
    /// Connects, sends its messages, reads each echo, closes.
    TcpClient(Client),
    /// Sends each datagram back to where it came from.
    UdpEchoServer(EchoServer),
    /// Sends its messages as datagrams and waits for each echo.
    UdpClient(Client),
    /// As `tcp-echo-server`, on a Unix stream socket.
    UnixEchoServer(EchoServer),
    /// As `tcp-client`, on a Unix stream socket.
    UnixClient(Client),
    /// A program of a lesson: a process of its own, which makes its calls itself. Only its lesson starts it.
    Lesson(LessonRole),
}

/// What a lesson's program is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LessonRole {
    /// The file of the lesson's that it begins in.
    pub file: String,
}

/// How an echo server serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EchoServer {
    /// Where: "127.0.0.1:9000" (port 0: any free one), or a Unix socket's name.
    pub address: String,
    /// How many completed connections may wait for `accept`.
    #[serde(default = "backlog")]
    pub backlog: i32,
    /// Many clients at once, or one after the other.
    #[serde(default)]
    pub concurrent: bool,
    /// The most bytes that one `recv` takes.
    #[serde(default = "size")]
    pub size: usize,
}

/// What a client says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// To whom.
    pub address: String,
    /// What to send, one `send` each.
    #[serde(default = "messages")]
    pub messages: Vec<String>,
    /// Milliseconds between an echo and the next message.
    #[serde(default = "interval_ms")]
    pub interval_ms: u64,
    /// How often to go through the messages.
    #[serde(default = "times")]
    pub times: u32,
}

impl EchoServer {
    /// An echo server at `address`, everything else as where a request leaves it out.
    pub fn at(address: &str) -> Self {
        Self { address: address.into(), backlog: backlog(), concurrent: false, size: size() }
    }
}

impl Client {
    /// A client of `address`, everything else as where a request leaves it out.
    pub fn of(address: &str) -> Self {
        let address = address.into();
        Self { address, messages: messages(), interval_ms: interval_ms(), times: times() }
    }
}

fn backlog() -> i32 {
    5
}

fn size() -> usize {
    1024
}

fn messages() -> Vec<String> {
    vec!["hello".into()]
}

fn interval_ms() -> u64 {
    500
}

fn times() -> u32 {
    1
}
