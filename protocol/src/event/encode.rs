//! From an event to JSON, by hand: the journal encodes each event once, and copies nothing for it.

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{Change, Event, Fact, HostChange};
use crate::{
    CallId, CallName, Fd, KernelState, LessonFact, Packet, ProgramName, SourceLine, call::ArgsOf,
};

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
    At,
    Output,
    Exit,
    Mode,
    Note,
    Question,
    Answers,
    Reveal,
    Summary,
    Unseen,
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
            Fact::At { program, line, waits } => {
                map.serialize_entry("kind", &Kind::At)?;
                map.serialize_entry("program", program)?;
                line_entries(&mut map, line)?;
                map.serialize_entry("waits", waits)?;
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
            Fact::Unseen { host, packets } => {
                map.serialize_entry("kind", &Kind::Unseen)?;
                optional(&mut map, "host", host)?;
                map.serialize_entry("packets", packets)?;
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
