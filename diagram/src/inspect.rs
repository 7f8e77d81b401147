//! What there is to say about one event: what happened, in a sentence, in facts, and who was at the other end. Pure; the
//! clock's offset is handed in.

mod ends;
mod lesson;
mod packet;
mod states;

use socketscope_protocol::{
    Call, CallId, CallName, Change, Errno, Fact, LessonFact, Mark, Outcome, PacketId, PacketKind,
    Payload, TcpState, Value,
};

use crate::{
    fields::Field,
    format::{count, duration, size, wall_clock},
    model::{CallRecord, Model, Moment},
    scene::{bytes_text, call_text, exit_text, result_text, summary_text, unseen_text, wire_text},
    wording::{Wording, fill},
};

pub use ends::connection_name;
use ends::{other_calls, peers, stream};
pub use states::{Gauge, KernelFact};

/// Everything the inspector shows of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspected {
    /// The call and its result.
    pub title: String,
    /// What happened, in a sentence or two.
    pub story: String,
    /// What the lesson says of it.
    pub notes: Vec<String>,
    /// Names and values, in the order in which they are read.
    pub facts: Vec<(&'static str, String)>,
    /// Events at the other end.
    pub peers: Vec<Peer>,
    /// The bytes that were moved, where the call moves any; a packet's own.
    pub bytes: Option<Bytes>,
    /// A packet's header fields, with their places among the bytes.
    pub fields: Vec<Field>,
    /// The packet, where it waits on the wire for somebody's decision.
    pub held: Option<PacketId>,
    /// Whose the ends of its connection are, and the state of each at that moment, as far as the kernel has told it.
    pub ends: Option<Vec<(String, Option<TcpState>)>>,
    /// What the kernel had told of each end: whose it is, and what.
    pub kernel: Vec<(String, Vec<KernelFact>)>,
}

/// An event at the other end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// What it is to this one: "read by".
    pub name: &'static str,
    /// Which one it is.
    pub text: String,
    /// Its number.
    pub seq: u64,
}

/// Bytes of a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bytes {
    /// As many as the event carries.
    pub shown: Vec<u8>,
    /// The same as text, where they are.
    pub text: Option<String>,
    /// How many there were, where that is more.
    pub note: Option<String>,
}

/// What there is to say about the event `seq`, where it is kept. Clocks are `offset_minutes` ahead of UTC.
pub fn inspect(
    model: &Model,
    seq: u64,
    offset_minutes: i32,
    wording: &Wording,
) -> Option<Inspected> {
    let mut inspected = inspect_event(model, seq, offset_minutes, wording)?;
    inspected.notes = lesson::notes(model, seq, wording);
    if let Some(ends) = states::Ends::of(model, seq) {
        inspected.ends = ends.states();
        inspected.kernel = ends.facts(model, wording);
    }
    Some(inspected)
}

fn inspect_event(
    model: &Model,
    seq: u64,
    offset_minutes: i32,
    wording: &Wording,
) -> Option<Inspected> {
    let event = model.event(seq)?;
    let moment = Moment { seq: event.seq, at: event.at };
    let (id, outcome) = match &event.fact {
        Fact::Enter { id, .. } => (*id, None),
        Fact::Return { id, outcome, .. } => (*id, Some(outcome)),
        Fact::Depart { packet, .. }
        | Fact::Arrive { packet, .. }
        | Fact::Lose { packet, .. }
        | Fact::Hold { packet } => {
            let told = packet::inspect(model, *packet, offset_minutes, wording);
            return told.or_else(|| Some(no_call(&event.fact, moment, offset_minutes, wording)));
        }
        Fact::Lesson(fact) => {
            return Some(lesson::inspect(model, event, fact, offset_minutes, wording));
        }
        fact => return Some(no_call(fact, moment, offset_minutes, wording)),
    };
    let record = model.call(id)?;
    let outcome = model.outcome(record).or(outcome);
    Some(Inspected {
        title: title(model, record, wording),
        story: story(model, record, wording),
        facts: facts(model, record, outcome, offset_minutes, wording),
        peers: peers(model, record, wording),
        bytes: bytes(model, record, outcome, wording),
        ..Inspected::default()
    })
}

/// The call of the event `seq`, and after it the calls at its other end.
pub fn related(model: &Model, seq: u64) -> Vec<CallId> {
    let id = match model.event(seq).map(|event| &event.fact) {
        Some(Fact::Enter { id, .. } | Fact::Return { id, .. }) => *id,
        // A note leads to what it explains.
        Some(Fact::Lesson(fact)) => match **fact {
            LessonFact::Note { of, .. } if of < seq => return related(model, of),
            _ => return Vec::new(),
        },
        _ => return Vec::new(),
    };
    let others = model.call(id).map(|record| other_calls(model, record)).unwrap_or_default();
    std::iter::once(id).chain(others).collect()
}

/// The call with its result: `recv(4, 1024) → "hello" 5 bytes`.
pub fn title(model: &Model, record: &CallRecord, wording: &Wording) -> String {
    let call = call_text(model, record);
    match model.outcome(record) {
        Some(outcome) => format!("{call} → {}", result_text(record, outcome, model, wording).0),
        None => call,
    }
}

/// What the call did, or why it could not, in a sentence or two.
pub fn story(model: &Model, record: &CallRecord, wording: &Wording) -> String {
    let words = &wording.inspect;
    match model.outcome(record) {
        Some(Ok(value)) => done(model, record, value, wording),
        Some(Err(errno)) => failed(errno, wording).to_owned(),
        None if record.waits() => words.story_waiting.to_owned(),
        None => words.story_lost.to_owned(),
    }
}

fn failed(errno: &Errno, wording: &Wording) -> &'static str {
    wording.errno.get(&errno.name).unwrap_or(wording.inspect.story_unexplained)
}

fn done(model: &Model, record: &CallRecord, value: &Value, wording: &Wording) -> String {
    let words = &wording.inspect;
    let bytes = value.bytes.unwrap_or(0) as u64;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let ended = bytes == 0 && record.name == CallName::Recv && record.connection.is_some();
    if ended && !matches!(model.call_made(record), Some(Call::Recv { size: 0 })) {
        return words.story_ended.to_owned();
    }
    let peer = value.peer.as_deref().filter(|peer| !peer.is_empty()).unwrap_or(words.unnamed);
    let address = match model.call_made(record) {
        Some(Call::Bind { address }) => address.clone(),
        _ => text(&value.address),
    };
    let number = |number: Option<i32>| number.map(|n| n.to_string()).unwrap_or_default();
    let values = [
        ("fd", number(value.fd.map(|fd| fd.0))),
        ("peer", peer.to_owned()),
        ("address", address),
        ("bytes", bytes_text(bytes, wording)),
        ("value", number(value.value)),
    ];
    let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
    let mut told = fill(words.done(record.name), &values);
    if value.truncated == Some(true) {
        told.push(' ');
        told.push_str(words.story_truncated);
    }
    told
}

fn no_call(fact: &Fact, moment: Moment, offset: i32, wording: &Wording) -> Inspected {
    let words = &wording.inspect;
    let mut facts = Vec::new();
    let (title, story) = match fact {
        Fact::Program { program, change: Change::Started(role), .. } => {
            facts.push((words.does, wording.page.role(Some(role)).to_owned()));
            (format!("{program} {}", wording.diagram.started), words.story_program_started)
        }
        Fact::Program { program, change: Change::Ended(closed), .. } => {
            let fds: Vec<_> = closed.iter().map(|fd| fd.to_string()).collect();
            if !fds.is_empty() {
                facts.push((words.closed, fds.join(wording.lab.comma)));
            }
            (format!("{program} {}", wording.diagram.ended), words.story_program_ended)
        }
        Fact::Gap { missed } => {
            let missed = missed.to_string();
            (fill(wording.diagram.gap, &[("missed", &missed)]), words.story_gap)
        }
        Fact::Wire(wire) => (wire_text(wire, wording), wording.lab.story_wire),
        Fact::Unseen { host, packets } => {
            (unseen_text(host.as_ref(), *packets, wording), wording.lab.story_unseen)
        }
        Fact::Disorder { what } => (what.clone(), wording.lab.story_disorder),
        Fact::Host { host, .. } => (host.to_string(), wording.lab.story_host),
        Fact::Summary(sum) => {
            let lab = &wording.lab;
            facts.push((lab.direction, format!("{} → {}", sum.from, sum.to)));
            facts.push((lab.counted, count(sum.packets)));
            facts.push((wording.page.bytes, size(sum.bytes)));
            facts.push((lab.arrived, count(sum.arrived)));
            facts.push((lab.lost, count(sum.lost)));
            facts.push((lab.kind(PacketKind::Ack), count(sum.acks)));
            facts.push((lab.mark(Mark::Retransmission), count(sum.retransmissions)));
            facts.push((lab.since, wall_clock(sum.since, offset)));
            facts.push((words.took, duration(moment.at.saturating_sub(sum.since))));
            (summary_text(sum, wording), wording.lab.story_summary)
        }
        Fact::State(state) => (state.state.as_str().to_owned(), wording.lab.state(state.state)),
        Fact::Exit { program, code, signal } => {
            let title = exit_text(program.as_str(), *code, *signal, wording);
            (title, wording.lesson.story_exit)
        }
        Fact::Ready(ready) => {
            facts.push((wording.lesson.source, lesson::source(&ready.line)));
            (ready.call.as_str().to_owned(), wording.lesson.ready_why)
        }
        Fact::At { program, .. } | Fact::Output { program, .. } => (program.to_string(), ""),
        Fact::Lesson(_)
        | Fact::Depart { .. }
        | Fact::Arrive { .. }
        | Fact::Lose { .. }
        | Fact::Hold { .. }
        | Fact::Enter { .. }
        | Fact::Return { .. } => (String::new(), ""),
    };
    facts.push((words.event, format!("#{}", moment.seq)));
    if moment.at > 0 {
        facts.push((words.entered, wall_clock(moment.at, offset)));
    }
    Inspected { title, story: story.to_owned(), facts, ..Inspected::default() }
}

fn facts(
    model: &Model,
    record: &CallRecord,
    outcome: Option<&Outcome>,
    offset: i32,
    wording: &Wording,
) -> Vec<(&'static str, String)> {
    let words = &wording.inspect;
    let mut facts = Vec::new();
    if let Some(program) = model.program(record.program) {
        let fd = record.fd.map(|fd| format!(" · {} {fd}", words.descriptor)).unwrap_or_default();
        facts.push((words.program, format!("{}{fd}", program.name)));
    }
    facts.push((words.call, call_text(model, record)));
    if let Some(line) = model.line_of(record) {
        facts.push((wording.lesson.source, lesson::source(line)));
    }
    match outcome {
        Some(Err(errno)) => {
            let (number, name, message) = (errno.number.to_string(), &errno.name, &errno.message);
            let values = [("name", name.as_str()), ("number", &number), ("message", message)];
            facts.push((words.error, fill(words.errno, &values)));
        }
        Some(outcome) => {
            facts.push((words.result, result_text(record, outcome, model, wording).0));
        }
        None => facts.push((words.result, words.waiting.to_owned())),
    }
    let clock = |moment: Option<Moment>| moment.map(|moment| wall_clock(moment.at, offset));
    facts.push((words.entered, clock(record.enter).unwrap_or(words.not_seen.to_owned())));
    if let Some(returned) = clock(record.returned) {
        facts.push((words.returned, returned));
    }
    if let Some(took) = record.took() {
        facts.push((words.took, duration(took)));
    }
    if let Some(stream) = stream(model, record, wording) {
        facts.push((words.stream, stream));
    }
    let seqs = [record.enter, record.returned].into_iter().flatten();
    let seqs: Vec<_> = seqs.map(|moment| format!("#{}", moment.seq)).collect();
    facts.push((words.event, seqs.join(wording.lab.comma)));
    facts
}

/// That fewer bytes are shown than there were; nothing where it is all of them.
fn cut(shown: usize, bytes: usize, wording: &Wording) -> Option<String> {
    let values = [("shown", shown.to_string()), ("bytes", bytes.to_string())];
    let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
    (shown < bytes).then(|| fill(wording.inspect.shown, &values))
}

fn bytes(
    model: &Model,
    record: &CallRecord,
    outcome: Option<&Outcome>,
    wording: &Wording,
) -> Option<Bytes> {
    let (payload, bytes) = match (model.call_made(record), outcome) {
        (Some(Call::Send { payload, bytes } | Call::Sendto { payload, bytes, .. }), _) => {
            (payload.clone(), *bytes)
        }
        (_, Some(Ok(value))) if value.text.is_some() || value.base64.is_some() => {
            let payload = Payload { text: value.text.clone(), base64: value.base64.clone() };
            (payload, value.bytes.unwrap_or(0))
        }
        _ => return None,
    };
    let shown = payload.bytes().ok()?;
    let note = cut(shown.len(), bytes, wording);
    Some(Bytes { text: payload.text, shown, note })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests say what they expect by unwrapping")]
mod tests {
    use super::*;
    use crate::{
        journal::{Journal, connect, nonsense, refused},
        wording::EN,
    };
    use proptest::prelude::*;

    fn seq_of(journal: &Journal, wanted: &str) -> u64 {
        let calls = journal.events.iter().filter_map(|event| match &event.fact {
            Fact::Enter { id, .. } => {
                Some((event.seq, call_text(&journal.model, journal.model.call(*id)?)))
            }
            _ => None,
        });
        calls.into_iter().find(|(_, text)| text == wanted).unwrap().0
    }

    #[test]
    fn a_send_leads_to_its_recv_and_back() {
        let journal = Journal::echo();
        let inspected =
            inspect(&journal.model, seq_of(&journal, "send(3, \"hello\")"), 0, &EN).unwrap();
        assert_eq!(inspected.title, "send(3, \"hello\") → 5");
        assert_eq!(inspected.bytes.unwrap().shown, b"hello");
        let stream = inspected.facts.iter().find(|(name, _)| *name == EN.inspect.stream);
        assert_eq!(stream.unwrap().1, "0…4 of client → server");
        let reader = &inspected.peers[0];
        assert_eq!(
            (reader.name, reader.text.as_str()),
            ("read by", "recv(4, 1024) of server: 0…4")
        );
        let back = inspect(&journal.model, reader.seq, 0, &EN).unwrap();
        assert_eq!(back.peers[0].text, "send(3, \"hello\") of client: 0…4");
    }

    #[test]
    fn an_error_is_explained() {
        let mut journal = Journal::new(1000);
        journal.start("client");
        let id = journal.enter("client", Some(3), connect("127.0.0.1:9000"));
        journal.err(id, refused());
        let inspected = inspect(&journal.model, 3, 0, &EN).unwrap();
        assert!(inspected.story.contains("Nobody listens"));
        let error = ("error", "ECONNREFUSED (111): Connection refused".to_owned());
        assert!(inspected.facts.contains(&error));
    }

    #[test]
    fn the_end_of_a_stream_is_told() {
        let journal = Journal::echo();
        let ended = journal.events.iter().rev().find_map(|event| {
            let told = inspect(&journal.model, event.seq, 0, &EN)?;
            told.title.ends_with("peer closed").then_some(told.story)
        });
        assert_eq!(ended.as_deref(), Some(EN.inspect.story_ended));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn nothing_is_too_strange_to_be_told(moves in proptest::collection::vec(any::<(u8, u8, u8)>(), 0..120)) {
            let journal = nonsense(40, &moves, |_| {});
            for event in journal.model.events_from(0) {
                let told = inspect(&journal.model, event.seq, 60, &EN);
                prop_assert!(told.is_some());
                related(&journal.model, event.seq);
            }
        }
    }
}
