//! From an event to JSON, by hand: the journal encodes each event once, and copies nothing for it.

use super::{Change, Event, Fact, HostChange};
use crate::{
    Call, CallId, CallName, Fd, KernelState, LessonFact, Packet, Payload, ProgramName, SourceLine,
    Value, json::Object,
};

type Written = serde_json::Result<()>;

impl Event {
    /// Appends the event's JSON to `out`, field by field as they are read back.
    ///
    /// # Errors
    /// None that can happen: an event is numbers and text.
    pub fn write_json(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        let object = &mut Object::begin(out);
        object.number("seq", self.seq);
        object.number("at", self.at);
        match &self.fact {
            Fact::Host { host, change } => {
                object.word("kind", "host");
                object.field("host", host)?;
                match change {
                    HostChange::Started(address) => {
                        object.word("change", "started");
                        object.field("address", address)?;
                    }
                    HostChange::Ended => object.word("change", "ended"),
                }
            }
            Fact::Program { program, host, change } => {
                object.word("kind", "program");
                object.field("name", program)?;
                object.optional("host", host.as_ref())?;
                match change {
                    Change::Started(role) => {
                        object.word("change", "started");
                        object.field("does", role)?;
                    }
                    Change::Ended(closed) => {
                        object.word("change", "ended");
                        object.field("closed", closed)?;
                    }
                }
            }
            Fact::Enter { id, program, fd, call, line } => {
                object.word("kind", "enter");
                head(object, *id, program, *fd, call.name());
                object.object("args", |args| arguments(args, call))?;
                if let Some(line) = line {
                    line_entries(object, line)?;
                }
            }
            Fact::Return { id, program, fd, call, outcome, local, peer, other } => {
                object.word("kind", "return");
                head(object, *id, program, *fd, *call);
                match outcome {
                    Ok(value) => object.object("value", |object| value_entries(object, value))?,
                    Err(errno) => object.field("errno", errno)?,
                }
                object.optional("local", local.as_ref())?;
                object.optional("peer", peer.as_ref())?;
                object.optional("other", other.as_ref())?;
            }
            Fact::Depart { packet, host, to_host, medium, header } => {
                object.word("kind", "depart");
                object.field("packet", packet)?;
                object.optional("host", host.as_ref())?;
                object.optional("to_host", to_host.as_ref())?;
                object.field("medium", medium)?;
                header_entries(object, header)?;
            }
            Fact::Arrive { packet, copy } => {
                object.word("kind", "arrive");
                object.field("packet", packet)?;
                if *copy {
                    object.field("copy", copy)?;
                }
            }
            Fact::Lose { packet, why } => {
                object.word("kind", "lose");
                object.field("packet", packet)?;
                object.field("why", why)?;
            }
            Fact::Hold { packet } => {
                object.word("kind", "hold");
                object.field("packet", packet)?;
            }
            Fact::Wire(wire) => {
                object.word("kind", "wire");
                object.field("wire", wire)?;
            }
            Fact::State(state) => {
                object.word("kind", "state");
                state_entries(object, state)?;
            }
            Fact::Ready(ready) => {
                object.word("kind", "ready");
                object.field("program", &ready.program)?;
                object.optional("fd", ready.fd.as_ref())?;
                object.field("call", &ready.call)?;
                line_entries(object, &ready.line)?;
            }
            Fact::At { program, line, waits } => {
                object.word("kind", "at");
                object.field("program", program)?;
                line_entries(object, line)?;
                object.field("waits", waits)?;
            }
            Fact::Output { program, stream, text } => {
                object.word("kind", "output");
                object.field("program", program)?;
                object.field("stream", stream)?;
                object.field("text", text)?;
            }
            Fact::Exit { program, code, signal } => {
                object.word("kind", "exit");
                object.field("program", program)?;
                object.optional("code", code.as_ref())?;
                object.optional("signal", signal.as_ref())?;
            }
            Fact::Lesson(fact) => lesson_entries(object, fact)?,
            Fact::Summary(summary) => {
                object.word("kind", "summary");
                object.field("packets", summary)?;
            }
            Fact::Unseen { host, packets } => {
                object.word("kind", "unseen");
                object.optional("host", host.as_ref())?;
                object.field("packets", packets)?;
            }
            Fact::Disorder { what } => {
                object.word("kind", "disorder");
                object.field("what", what)?;
            }
            Fact::Gap { missed } => {
                object.word("kind", "gap");
                object.field("missed", missed)?;
            }
        }
        object.end();
        Ok(())
    }

    /// The event's JSON.
    ///
    /// # Errors
    /// As [`Event::write_json`] has them.
    pub fn to_json(&self) -> serde_json::Result<String> {
        let mut out = Vec::new();
        self.write_json(&mut out)?;
        String::from_utf8(out).map_err(serde::ser::Error::custom)
    }
}

/// What `enter` and `return` have in common.
fn head(
    object: &mut Object<'_>,
    id: CallId,
    program: &ProgramName,
    fd: Option<Fd>,
    call: CallName,
) {
    object.number("id", id.0);
    object.text("program", program.as_str());
    if let Some(fd) = fd {
        object.number("fd", fd.0);
    }
    object.word("call", call.as_str());
}

fn arguments(object: &mut Object<'_>, call: &Call) -> Written {
    match call {
        Call::Socket { family, socket_type } => {
            object.word("family", family.as_str());
            object.word("type", socket_type.as_str());
        }
        Call::Bind { address } | Call::Connect { address } => object.text("address", address),
        Call::Listen { backlog } => object.number("backlog", *backlog),
        Call::Send { payload, bytes } => sent(object, payload, *bytes),
        Call::Sendto { payload, bytes, address } => {
            object.text("address", address);
            sent(object, payload, *bytes);
        }
        Call::Recv { size } | Call::Recvfrom { size } => object.number("size", *size),
        Call::Shutdown { how } => object.word("how", how.as_str()),
        Call::Setsockopt { option, value } => {
            object.word("option", option.as_str());
            object.number("value", *value);
        }
        Call::Getsockopt { option } => object.word("option", option.as_str()),
        Call::Accept | Call::Close | Call::Getsockname | Call::Getpeername => {}
    }
    Ok(())
}

fn sent(object: &mut Object<'_>, payload: &Payload, bytes: usize) {
    object.optional_text("text", payload.text.as_deref());
    object.optional_text("base64", payload.base64.as_deref());
    object.number("bytes", bytes);
}

fn value_entries(object: &mut Object<'_>, value: &Value) -> Written {
    if let Some(fd) = value.fd {
        object.number("fd", fd.0);
    }
    object.optional_text("peer", value.peer.as_deref());
    if let Some(bytes) = value.bytes {
        object.number("bytes", bytes);
    }
    object.optional_text("text", value.text.as_deref());
    object.optional_text("base64", value.base64.as_deref());
    object.optional_text("from", value.from.as_deref());
    object.optional("truncated", value.truncated.as_ref())?;
    object.optional_text("address", value.address.as_deref());
    object.optional("value", value.value.as_ref())
}

fn line_entries(object: &mut Object<'_>, line: &SourceLine) -> Written {
    object.field("file", &line.file)?;
    object.field("line", &line.line)
}

fn lesson_entries(object: &mut Object<'_>, fact: &LessonFact) -> Written {
    match fact {
        LessonFact::Mode { round, mode, pace_ms } => {
            object.word("kind", "mode");
            object.field("round", round)?;
            object.field("mode", mode)?;
            object.field("pace_ms", pace_ms)
        }
        LessonFact::Note { of, text } => {
            object.word("kind", "note");
            object.field("of", of)?;
            object.field("text", text)
        }
        LessonFact::Question { question, program, text, choices } => {
            object.word("kind", "question");
            object.field("question", question)?;
            object.field("program", program)?;
            object.field("text", text)?;
            object.field("choices", choices)
        }
        LessonFact::Answers { question, counts } => {
            object.word("kind", "answers");
            object.field("question", question)?;
            object.field("counts", counts)
        }
        LessonFact::Reveal { question, right, text } => {
            object.word("kind", "reveal");
            object.field("question", question)?;
            object.field("right", right)?;
            object.field("text", text)
        }
    }
}

fn state_entries(object: &mut Object<'_>, state: &KernelState) -> Written {
    object.optional("host", state.host.as_ref())?;
    object.optional("program", state.program.as_ref())?;
    object.field("fd", &state.fd)?;
    object.field("protocol", &state.protocol)?;
    object.field("local", &state.local)?;
    object.optional("peer", state.peer.as_ref())?;
    object.field("state", &state.state)?;
    object.optional("receive_queue", state.receive_queue.as_ref())?;
    object.optional("send_queue", state.send_queue.as_ref())?;
    object.optional("accept_queue", state.accept_queue.as_ref())?;
    object.optional("backlog", state.backlog.as_ref())?;
    object.optional("half_open", state.half_open.as_ref())?;
    object.optional("rtt_us", state.rtt_us.as_ref())?;
    object.optional("rto_us", state.rto_us.as_ref())?;
    object.optional("cwnd", state.cwnd.as_ref())?;
    object.optional("retransmits", state.retransmits.as_ref())?;
    object.optional("timer", state.timer.as_ref())?;
    object.optional("timer_ms", state.timer_ms.as_ref())?;
    object.optional("drops", state.drops.as_ref())?;
    object.field("basis", &state.basis)
}

fn header_entries(object: &mut Object<'_>, packet: &Packet) -> Written {
    object.field("from", &packet.from)?;
    object.field("to", &packet.to)?;
    object.field("protocol", &packet.protocol)?;
    if let Some(segment) = &packet.segment {
        object.field("flags", &segment.flags)?;
        object.field("seq_number", &segment.seq_number)?;
        object.field("ack_number", &segment.ack_number)?;
        object.field("window", &segment.window)?;
        object.optional("relative_seq", segment.relative_seq.as_ref())?;
        object.optional("relative_ack", segment.relative_ack.as_ref())?;
        object.optional("scaled_window", segment.scaled_window.as_ref())?;
        object.field("options", &segment.options)?;
        if !segment.marks.is_empty() {
            object.field("marks", &segment.marks)?;
        }
        object.optional("original", segment.original.as_ref())?;
    }
    object.optional("icmp", packet.icmp.as_ref())?;
    object.field("length", &packet.length)?;
    object.field("size", &packet.size)?;
    object.field("bytes", &packet.bytes)
}
