//! The page's own work, natively: taking in events, and drawing a window of them. What a window costs must not follow the
//! journal: the baseline is the same window of a short one.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use anyhow::Result;
use socketscope_diagram::{
    lanes::{Lanes, Metrics},
    model::Model,
    rows::{Filter, Rows},
    scene::View,
    wording::EN,
};
use socketscope_protocol::{
    Call, CallId, Change, Event, Fact, Fd, Payload, ProgramName, Role, Value, limits::PAGE_EVENTS,
};

use crate::report::{Report, count};

/// Events of the long journal, and of the short one.
const LONG: u64 = 400_000;
const SHORT: u64 = 1_000;

/// Events that arrive in one message.
const MESSAGE: usize = 333;

/// Rows of a window.
const WINDOW: u64 = 60;

/// How often the window is drawn.
const TIMES: u32 = 200;

/// A page without a browser.
struct Page {
    model: Model,
    rows: Rows,
    taking_in: Duration,
}

pub(crate) fn measure(report: &mut Report) -> Result<()> {
    eprintln!("==> diagram");
    let (short, long) = (Page::with(SHORT)?, Page::with(LONG)?);
    let rate = LONG as f64 / long.taking_in.as_secs_f64();
    report.row("diagram: events taken in/s", &count(rate), "", "≥ 100,000", rate >= 1e5);
    let (short, long) = (short.scene(), long.scene());
    let ratio = long / short;
    report.row(
        "diagram: a scene of 60 rows",
        &format!("{long:.0} µs = {ratio:.2} × (of {} events)", count(PAGE_EVENTS as f64)),
        &format!("{short:.0} µs (of {})", count(SHORT as f64)),
        "≤ 1.5 ×",
        ratio <= 1.5,
    );
    Ok(())
}

impl Page {
    /// What it is after so many events.
    fn with(events: u64) -> Result<Self> {
        let mut model = Model::new(PAGE_EVENTS);
        let mut rows = Rows::new(Filter::default(), &model);
        let mut taking_in = Duration::ZERO;
        for message in chat(events)?.chunks(MESSAGE) {
            let message = message.to_vec();
            let begun = Instant::now();
            for event in message {
                model.push(event).map_err(|error| anyhow::anyhow!("{error:?}"))?;
            }
            rows.update(&model);
            taking_in += begun.elapsed();
        }
        Ok(Self { model, rows, taking_in })
    }

    /// Microseconds to draw the last rows.
    fn scene(&self) -> f64 {
        let begun = Instant::now();
        for _ in 0..TIMES {
            let lanes = Lanes::new(&self.model, self.rows.filter(), Metrics::WIDE, 1000.0, &EN);
            let (model, rows) = (&self.model, &self.rows);
            let view = View { model, rows, lanes: &lanes, wording: &EN, now: 0 };
            black_box(view.scene(rows.end() - WINDOW..rows.end()));
        }
        begun.elapsed().as_secs_f64() * 1e6 / f64::from(TIMES)
    }
}

/// Two programs of which one sends and the other receives, while a third call waits all the time.
fn chat(events: u64) -> Result<Vec<Event>> {
    let [server, client] = [ProgramName::new("server")?, ProgramName::new("client")?];
    let started = |program: &ProgramName| Fact::Program {
        program: program.clone(),
        host: None,
        change: Change::Started(Role::Manual),
    };
    let enter = |id, program: &ProgramName, fd, call| Fact::Enter {
        id: CallId(id),
        program: program.clone(),
        fd: Some(Fd(fd)),
        call,
        line: None,
    };
    let returns = |id, program: &ProgramName, fd, call: &Call| Fact::Return {
        id: CallId(id),
        program: program.clone(),
        fd: Some(Fd(fd)),
        call: call.name(),
        outcome: Ok(Value { bytes: Some(5), ..Value::default() }),
        local: None,
        peer: None,
        other: None,
    };
    let send = Call::Send { payload: Payload::shown(b"hello"), bytes: 5 };
    let recv = Call::Recv { size: 1024 };
    let mut facts = vec![started(&server), started(&client), enter(1, &server, 3, Call::Accept)];
    for id in (2..).step_by(2).take_while(|id| id * 2 < events) {
        facts.extend([
            enter(id, &server, 4, recv.clone()),
            enter(id + 1, &client, 3, send.clone()),
            returns(id + 1, &client, 3, &send),
            returns(id, &server, 4, &recv),
        ]);
    }
    let events = facts.into_iter().zip(1..);
    Ok(events.map(|(fact, seq)| Event { seq, at: seq * 10_000, fact }).collect())
}
