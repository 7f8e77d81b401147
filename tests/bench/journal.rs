//! The journal on one core: appending typical events, and reading 100,000 of them. Baseline: encoding alone.

use std::{hint::black_box, time::Instant};

use socketscope_protocol::{Call, CallId, CallName, Event, Fact, Fd, Payload, ProgramName, Value};
use socketscope_server::Journal;

use crate::report::{Report, count};

const EVENTS: u64 = 1_000_000;
const READ: u64 = 100_000;

pub(crate) fn measure(report: &mut Report) {
    eprintln!("==> journal");
    let facts = facts();
    let begun = Instant::now();
    let mut bytes = Vec::new();
    for seq in 1..=EVENTS {
        let fact = facts[seq as usize % 2].clone();
        bytes.clear();
        Event { seq, at: seq, fact }.write_json(&mut bytes).expect("an event");
        black_box(&bytes);
    }
    let encoding = EVENTS as f64 / begun.elapsed().as_secs_f64();

    let journal = Journal::new(64 << 20);
    let begun = Instant::now();
    for seq in 1..=EVENTS {
        journal.append(seq, facts[seq as usize % 2].clone());
    }
    let appended = EVENTS as f64 / begun.elapsed().as_secs_f64();
    let baseline = format!("{} encoded only", count(encoding));
    let target = 500_000.0;
    report.row("journal: appends/s", &count(appended), &baseline, "≥ 500,000", appended >= target);

    let begun = Instant::now();
    let (mut next, mut read) = (EVENTS - READ + 1, 0);
    while read < READ {
        let batch = journal.read(next, 64 * 1024);
        (next, read) = (batch.next, read + batch.events);
        black_box(batch.text);
    }
    let rate = read as f64 / begun.elapsed().as_secs_f64();
    report.row("journal: events read/s", &count(rate), "", "≥ 500,000", rate >= target);
}

/// A `send` of 64 bytes, entered and returned.
fn facts() -> [Fact; 2] {
    let program = ProgramName::new("tcp-client").expect("a name");
    let (id, fd) = (CallId(7), Some(Fd(3)));
    let call = Call::Send { payload: Payload::shown(&[b'x'; 64]), bytes: 64 };
    let outcome = Ok(Value { bytes: Some(64), ..Value::default() });
    let returned = Fact::Return {
        id,
        program: program.clone(),
        fd,
        call: CallName::Send,
        outcome,
        local: None,
        peer: None,
        other: None,
    };
    [Fact::Enter { id, program, fd, call, line: None }, returned]
}
