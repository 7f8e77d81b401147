//! The feed: what goes over a room's WebSocket, in both directions.
//!
//! Each message is text. From the server it holds one JSON object a line: events, and between them the [`Line`]s below,
//! told apart by `kind`. From the viewer it holds one object: a [`Greeting`] first, if at all, then [`Request`]s.

use serde::{Deserialize, Serialize};

use crate::{
    CallId, CallRequest, ChosenAnswer, FateOfMany, FateOfOne, LessonCommand, LessonId, Network,
    NewHost, NewProgram, PacketId, ProgramName, RoomId, RoomName, RoomView, Rung, WireChange,
};

/// A line of the server's that is no event: it has no number and is in no journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Line {
    /// The first line of a feed.
    Hello(Hello),
    /// How many feeds are open on the room, when that has changed.
    Watching {
        /// How many.
        count: usize,
    },
    /// The room as it is after the last event that was sent: for a viewer that has missed some, since the journal no longer
    /// has them.
    Snapshot(Box<RoomView>),
    /// The answer to a [`Request`].
    Reply(Reply),
    /// The room has been ended by somebody; nothing follows.
    Ended,
}

/// What a viewer is told first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// The room.
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
    /// Whether this viewer's key allows commands.
    pub commands: bool,
    /// The oldest event that the journal still has.
    pub first: u64,
    /// The last event so far; 0 before the first.
    pub head: u64,
    /// How many feeds are open on the room.
    pub watching: usize,
    /// The folder that the room's Unix sockets live in.
    pub unix_folder: String,
}

/// The answer to a [`Request`], as HTTP would have given it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The request's number; null for what could not be read as a request.
    pub request: Option<u64>,
    /// HTTP's status for it.
    pub status: u16,
    /// HTTP's body for it: a result, or a [`Problem`](crate::Problem).
    pub body: serde_json::Value,
}

/// A viewer's first message, where it has a key. A browser cannot send headers with a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Greeting {
    /// The host key.
    pub key: String,
}

/// A command with a number of the viewer's choice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Comes back in the [`Reply`].
    pub request: u64,
    /// What to do.
    #[serde(flatten)]
    pub command: Command,
}

/// What may be asked of a room; each has its HTTP path too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case")]
pub enum Command {
    /// Start a program: `POST …/programs`.
    Start {
        /// Which.
        body: NewProgram,
    },
    /// End a program: `DELETE …/programs/{program}`.
    End {
        /// Which.
        program: ProgramName,
    },
    /// Make a call: `POST …/programs/{program}/calls`. It is answered as soon as it has been entered.
    Call {
        /// Whose.
        program: ProgramName,
        /// Which.
        body: CallRequest,
    },
    /// Give up a waiting call: `DELETE …/programs/{program}/calls/{id}`.
    GiveUp {
        /// Whose.
        program: ProgramName,
        /// Which.
        id: CallId,
    },
    /// Add a host to the lab: `POST …/hosts`.
    Host {
        /// Which.
        body: NewHost,
    },
    /// Change the wire: `PATCH …/wire`.
    Wire {
        /// How.
        body: WireChange,
    },
    /// Decide about a packet that the wire holds: `POST …/wire/packets/{packet}`.
    Packet {
        /// Which.
        packet: PacketId,
        /// How.
        body: FateOfOne,
    },
    /// Decide about the packets that the wire holds: `POST …/wire/packets`.
    Packets {
        /// How.
        body: FateOfMany,
    },
    /// Go on with the room's lesson: `POST …/lesson`.
    Lesson {
        /// How.
        body: LessonCommand,
    },
    /// Answer the lesson's open question. Each viewer has one answer, and may change it until the answer is told; it
    /// needs no key.
    Answer {
        /// Which.
        body: ChosenAnswer,
    },
}
