//! Events: one fact each, with a number and a time, in the journal.
//!
//! In JSON an event is one flat object: quick to read in a browser at 20,000 a second.

use std::net::Ipv4Addr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeMap};

use crate::{
    Call, CallId, CallName, Errno, Fd, HostName, KernelState, LessonFact, Loss, Medium, Packet,
    PacketId, ProgramName, ReadyCall, Role, SourceLine, Stream, Summary, Value, WireView,
    call::ArgsOf, json::Json,
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

/// The kinds of an event on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Host,
    Wire,
    Program,
    Enter,
    Return,
    Depart,
    Arrive,
    Lose,
    Hold,
    State,
    Ready,
    Output,
    Exit,
    Mode,
    Note,
    Question,
    Answers,
    Reveal,
    Summary,
    Disorder,
    Gap,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum ChangeName {
    Started,
    Ended,
}

impl Serialize for Event {
    /// By hand, field by field as they are read back: the journal encodes each event, and copies nothing for it.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("seq", &self.seq)?;
        map.serialize_entry("at", &self.at)?;
        match &self.fact {
            Fact::Host { host, change } => {
                map.serialize_entry("kind", &Kind::Host)?;
                map.serialize_entry("host", host)?;
                match change {
                    HostChange::Started(address) => {
                        map.serialize_entry("change", &ChangeName::Started)?;
                        map.serialize_entry("address", address)?;
                    }
                    HostChange::Ended => map.serialize_entry("change", &ChangeName::Ended)?,
                }
            }
            Fact::Program { program, host, change } => {
                map.serialize_entry("kind", &Kind::Program)?;
                map.serialize_entry("name", program)?;
                optional(&mut map, "host", host)?;
                match change {
                    Change::Started(role) => {
                        map.serialize_entry("change", &ChangeName::Started)?;
                        map.serialize_entry("does", role)?;
                    }
                    Change::Ended(closed) => {
                        map.serialize_entry("change", &ChangeName::Ended)?;
                        map.serialize_entry("closed", closed)?;
                    }
                }
            }
            Fact::Enter { id, program, fd, call, line } => {
                map.serialize_entry("kind", &Kind::Enter)?;
                head(&mut map, *id, program, *fd, call.name())?;
                map.serialize_entry("args", &ArgsOf(call))?;
                if let Some(line) = line {
                    line_entries(&mut map, line)?;
                }
            }
            Fact::Return { id, program, fd, call, outcome, local, peer, other } => {
                map.serialize_entry("kind", &Kind::Return)?;
                head(&mut map, *id, program, *fd, *call)?;
                match outcome {
                    Ok(value) => map.serialize_entry("value", value)?,
                    Err(errno) => map.serialize_entry("errno", errno)?,
                }
                optional(&mut map, "local", local)?;
                optional(&mut map, "peer", peer)?;
                optional(&mut map, "other", other)?;
            }
            Fact::Depart { packet, host, to_host, medium, header } => {
                map.serialize_entry("kind", &Kind::Depart)?;
                map.serialize_entry("packet", packet)?;
                optional(&mut map, "host", host)?;
                optional(&mut map, "to_host", to_host)?;
                map.serialize_entry("medium", medium)?;
                header_entries(&mut map, header)?;
            }
            Fact::Arrive { packet, copy } => {
                map.serialize_entry("kind", &Kind::Arrive)?;
                map.serialize_entry("packet", packet)?;
                if *copy {
                    map.serialize_entry("copy", copy)?;
                }
            }
            Fact::Lose { packet, why } => {
                map.serialize_entry("kind", &Kind::Lose)?;
                map.serialize_entry("packet", packet)?;
                map.serialize_entry("why", why)?;
            }
            Fact::Hold { packet } => {
                map.serialize_entry("kind", &Kind::Hold)?;
                map.serialize_entry("packet", packet)?;
            }
            Fact::Wire(wire) => {
                map.serialize_entry("kind", &Kind::Wire)?;
                map.serialize_entry("wire", wire)?;
            }
            Fact::State(state) => {
                map.serialize_entry("kind", &Kind::State)?;
                state_entries(&mut map, state)?;
            }
            Fact::Ready(ready) => {
                map.serialize_entry("kind", &Kind::Ready)?;
                map.serialize_entry("program", &ready.program)?;
                optional(&mut map, "fd", &ready.fd)?;
                map.serialize_entry("call", &ready.call)?;
                line_entries(&mut map, &ready.line)?;
            }
            Fact::Output { program, stream, text } => {
                map.serialize_entry("kind", &Kind::Output)?;
                map.serialize_entry("program", program)?;
                map.serialize_entry("stream", stream)?;
                map.serialize_entry("text", text)?;
            }
            Fact::Exit { program, code, signal } => {
                map.serialize_entry("kind", &Kind::Exit)?;
                map.serialize_entry("program", program)?;
                optional(&mut map, "code", code)?;
                optional(&mut map, "signal", signal)?;
            }
            Fact::Lesson(fact) => lesson_entries(&mut map, fact)?,
            Fact::Summary(summary) => {
                map.serialize_entry("kind", &Kind::Summary)?;
                map.serialize_entry("packets", summary)?;
            }
            Fact::Disorder { what } => {
                map.serialize_entry("kind", &Kind::Disorder)?;
                map.serialize_entry("what", what)?;
            }
            Fact::Gap { missed } => {
                map.serialize_entry("kind", &Kind::Gap)?;
                map.serialize_entry("missed", missed)?;
            }
        }
        map.end()
    }
}

/// What `enter` and `return` have in common.
fn head<M: SerializeMap>(
    map: &mut M,
    id: CallId,
    program: &ProgramName,
    fd: Option<Fd>,
    call: CallName,
) -> Result<(), M::Error> {
    map.serialize_entry("id", &id)?;
    map.serialize_entry("program", program)?;
    optional(map, "fd", &fd)?;
    map.serialize_entry("call", &call)
}

fn line_entries<M: SerializeMap>(map: &mut M, line: &SourceLine) -> Result<(), M::Error> {
    map.serialize_entry("file", &line.file)?;
    map.serialize_entry("line", &line.line)
}

fn lesson_entries<M: SerializeMap>(map: &mut M, fact: &LessonFact) -> Result<(), M::Error> {
    match fact {
        LessonFact::Mode { round, mode, pace_ms } => {
            map.serialize_entry("kind", &Kind::Mode)?;
            map.serialize_entry("round", round)?;
            map.serialize_entry("mode", mode)?;
            map.serialize_entry("pace_ms", pace_ms)
        }
        LessonFact::Note { of, text } => {
            map.serialize_entry("kind", &Kind::Note)?;
            map.serialize_entry("of", of)?;
            map.serialize_entry("text", text)
        }
        LessonFact::Question { question, program, text, choices } => {
            map.serialize_entry("kind", &Kind::Question)?;
            map.serialize_entry("question", question)?;
            map.serialize_entry("program", program)?;
            map.serialize_entry("text", text)?;
            map.serialize_entry("choices", choices)
        }
        LessonFact::Answers { question, counts } => {
            map.serialize_entry("kind", &Kind::Answers)?;
            map.serialize_entry("question", question)?;
            map.serialize_entry("counts", counts)
        }
        LessonFact::Reveal { question, right, text } => {
            map.serialize_entry("kind", &Kind::Reveal)?;
            map.serialize_entry("question", question)?;
            map.serialize_entry("right", right)?;
            map.serialize_entry("text", text)
        }
    }
}

fn state_entries<M: SerializeMap>(map: &mut M, state: &KernelState) -> Result<(), M::Error> {
    optional(map, "host", &state.host)?;
    optional(map, "program", &state.program)?;
    map.serialize_entry("fd", &state.fd)?;
    map.serialize_entry("protocol", &state.protocol)?;
    map.serialize_entry("local", &state.local)?;
    optional(map, "peer", &state.peer)?;
    map.serialize_entry("state", &state.state)?;
    optional(map, "receive_queue", &state.receive_queue)?;
    optional(map, "send_queue", &state.send_queue)?;
    optional(map, "accept_queue", &state.accept_queue)?;
    optional(map, "backlog", &state.backlog)?;
    optional(map, "half_open", &state.half_open)?;
    optional(map, "rtt_us", &state.rtt_us)?;
    optional(map, "rto_us", &state.rto_us)?;
    optional(map, "cwnd", &state.cwnd)?;
    optional(map, "retransmits", &state.retransmits)?;
    optional(map, "timer", &state.timer)?;
    optional(map, "timer_ms", &state.timer_ms)?;
    optional(map, "drops", &state.drops)?;
    map.serialize_entry("basis", &state.basis)
}

fn header_entries<M: SerializeMap>(map: &mut M, packet: &Packet) -> Result<(), M::Error> {
    map.serialize_entry("from", &packet.from)?;
    map.serialize_entry("to", &packet.to)?;
    map.serialize_entry("protocol", &packet.protocol)?;
    if let Some(segment) = &packet.segment {
        map.serialize_entry("flags", &segment.flags)?;
        map.serialize_entry("seq_number", &segment.seq_number)?;
        map.serialize_entry("ack_number", &segment.ack_number)?;
        map.serialize_entry("window", &segment.window)?;
        optional(map, "relative_seq", &segment.relative_seq)?;
        optional(map, "relative_ack", &segment.relative_ack)?;
        optional(map, "scaled_window", &segment.scaled_window)?;
        map.serialize_entry("options", &segment.options)?;
        if !segment.marks.is_empty() {
            map.serialize_entry("marks", &segment.marks)?;
        }
        optional(map, "original", &segment.original)?;
    }
    optional(map, "icmp", &packet.icmp)?;
    map.serialize_entry("length", &packet.length)?;
    map.serialize_entry("size", &packet.size)?;
    map.serialize_entry("bytes", &packet.bytes)
}

fn optional<M: SerializeMap>(
    map: &mut M,
    name: &str,
    value: &Option<impl Serialize>,
) -> Result<(), M::Error> {
    value.as_ref().map_or(Ok(()), |value| map.serialize_entry(name, value))
}

impl<'de> Deserialize<'de> for Event {
    /// By the reader that the page has, too. Slow, and for tests and tools only.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = serde_json::Value::deserialize(deserializer)?.to_string();
        let event = Json::read(&text).as_ref().and_then(Self::from_json);
        event
            .ok_or_else(|| serde::de::Error::custom("not an event, or of a kind that is not known"))
    }
}
