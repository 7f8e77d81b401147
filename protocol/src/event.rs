//! Events: one fact each, with a number and a time, in the journal.
//!
//! In JSON an event is one flat object: quick to read in a browser at 20,000 a second.

mod encode;

use std::net::Ipv4Addr;

use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    Call, CallId, CallName, Errno, Fd, HostName, KernelState, LessonFact, Loss, Medium, Packet,
    PacketId, ProgramName, ReadyCall, Role, SourceLine, Stream, Summary, Value, WireView,
    json::Json,
};

/// One fact of a room's journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its number: 1, 2, 3, … in the room, without a hole.
    pub seq: u64,
    /// Nanoseconds since 1970 (CLOCK_REALTIME), taken right before what is entered and right after what has returned.
    pub at: u64,
    /// What happened.
    pub fact: Fact,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// A host of the lab was made or is gone.
    Host {
        /// Which one.
        host: HostName,
        /// Made, with its address, or gone.
        change: HostChange,
    },
    /// A program started or ended.
    Program {
        /// Which one.
        program: ProgramName,
        /// On which host, in the lab.
        host: Option<HostName>,
        /// Started, with what it does, or ended, with the descriptors that the kernel then closed.
        change: Change,
    },
    /// A call is about to be made.
    Enter {
        /// The call's number, for its `Return`.
        id: CallId,
        /// Who makes it.
        program: ProgramName,
        /// On which descriptor; `socket` has none.
        fd: Option<Fd>,
        /// The call.
        call: Call,
        /// Where in its source; of observed programs only.
        line: Option<SourceLine>,
    },
    /// A call has returned.
    Return {
        /// The number that its `Enter` had.
        id: CallId,
        /// Who made it.
        program: ProgramName,
        /// On which descriptor.
        fd: Option<Fd>,
        /// Which call.
        call: CallName,
        /// What the kernel answered.
        outcome: Outcome,
        /// Where the socket is now, after a call that may have changed it; for `accept`, the new socket.
        local: Option<String>,
        /// Whom it is connected to, as `local`.
        peer: Option<String>,
        /// After `accept`: who holds the other end, where it is a program of this room.
        other: Option<End>,
    },
    /// A packet has left a host's kernel.
    Depart {
        /// Its number.
        packet: PacketId,
        /// Which host it left; missing on this machine's own network.
        host: Option<HostName>,
        /// Which host has its destination address, if any.
        to_host: Option<HostName>,
        /// How it was seen.
        medium: Medium,
        /// Its headers.
        header: Box<Packet>,
    },
    /// A packet has been handed to the destination's kernel.
    Arrive {
        /// Which one.
        packet: PacketId,
        /// Whether it is a duplicate that the wire made.
        copy: bool,
    },
    /// A packet will not arrive.
    Lose {
        /// Which one.
        packet: PacketId,
        /// Why.
        why: Loss,
    },
    /// A packet has stopped in mid-wire until somebody lets it go.
    Hold {
        /// Which one.
        packet: PacketId,
    },
    /// The lab's wire treats packets so from now on. What it holds is told by `Hold`.
    Wire(Box<WireView>),
    /// What the kernel says of a socket.
    State(Box<KernelState>),
    /// An observed program has come to a call, and waits to be let go.
    Ready(Box<ReadyCall>),
    /// An observed program has come to a line that waits for something that is no call on a socket, as a selector does, or
    /// goes on from there.
    At {
        /// Which one.
        program: ProgramName,
        /// Where.
        line: SourceLine,
        /// Whether it waits there.
        waits: bool,
    },
    /// An observed program has written something.
    Output {
        /// Which one.
        program: ProgramName,
        /// Where to.
        stream: Stream,
        /// What; what is no UTF-8 is replaced.
        text: String,
    },
    /// An observed program's process has ended (waitpid(2)).
    Exit {
        /// Which one.
        program: ProgramName,
        /// Its exit code, where it ended by itself.
        code: Option<i32>,
        /// The signal that ended it, where one did.
        signal: Option<i32>,
    },
    /// What a lesson says or does.
    Lesson(Box<LessonFact>),
    /// Packets that were too many to be told one by one.
    Summary(Box<Summary>),
    /// Packets that were seen to go by and could not be read: so many that there was no time for them, or of a kind that is
    /// not shown. Nothing else is known of them.
    Unseen {
        /// On which host's side; none for this machine's own loopback.
        host: Option<HostName>,
        /// How many.
        packets: u64,
    },
    /// An effect stands before its cause in the journal, which must not be: a mistake of this server's.
    Disorder {
        /// Which, in a sentence.
        what: String,
    },
    /// What this viewer did not get. Its `seq` is the last missed event's, so that what follows has the next number.
    Gap {
        /// How many events.
        missed: u64,
    },
}

/// The making or the end of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostChange {
    /// It was made, with this address.
    Started(Ipv4Addr),
    /// It is gone.
    Ended,
}

/// A program's start or end.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// It started.
    Started(Role),
    /// It ended; these descriptors were still open.
    Ended(Vec<Fd>),
}

/// What a call came to: a value, or the kernel's error.
pub type Outcome = Result<Value, Errno>;

/// One end of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct End {
    /// The program that holds it.
    pub program: ProgramName,
    /// Under which descriptor.
    pub fd: Fd,
}

impl<'de> Deserialize<'de> for Event {
    /// By the reader that the page has, too; for tests and tools. Whoever reads many uses `Event::from_json` itself.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = serde_json::Value::deserialize(deserializer)?.to_string();
        let event = Json::read(&text).as_ref().and_then(Self::from_json);
        event
            .ok_or_else(|| serde::de::Error::custom("not an event, or of a kind that is not known"))
    }
}
