//! The diagram in Mermaid's language for sequence diagrams: lifelines are participants, calls and packets are messages,
//! states are notes.

use std::fmt::Write;

use socketscope_diagram::{
    lanes::LaneKind,
    model::{PacketRecord, Place},
    scene::{call_text, packet_text, result_text, summary_text, unseen_text, wire_text},
    wording::{Wording, fill},
};
use socketscope_protocol::{CallId, Change, Event, Fact, LessonFact, TcpState};

use super::{drawn::Drawn, survey::Fate};

/// The diagram.
pub(super) fn file(drawn: &Drawn) -> String {
    let mut text = format!("sequenceDiagram\n  title {}\n", escaped(&drawn.room));
    for (at, lane) in drawn.lanes.lanes.iter().enumerate() {
        let name = format!("{}, {}", lane.title, lane.subtitle);
        let name = name.trim_end_matches(", ");
        line(&mut text, format_args!("participant l{at} as {}", escaped(name)));
    }
    let mermaid = Mermaid { drawn, wording: drawn.words.page };
    if let Some(cut) = drawn.cut() {
        mermaid.across(&mut text, &cut);
    }
    let Some(first) = drawn.rows.get(drawn.window().start) else { return text };
    for event in drawn.model.events_from(first.seq) {
        mermaid.event(&mut text, event);
    }
    text
}

struct Mermaid<'a> {
    drawn: &'a Drawn,
    wording: &'static Wording,
}

impl Mermaid<'_> {
    fn event(&self, out: &mut String, event: &Event) {
        let Drawn { model, .. } = self.drawn;
        match &event.fact {
            Fact::Program { program, change, .. } => {
                let app =
                    model.program_named(program).and_then(|it| self.lane(&LaneKind::App(it.id)));
                let words = &self.wording.diagram;
                let text =
                    if matches!(change, Change::Started(_)) { words.started } else { words.ended };
                note(out, app, text);
            }
            Fact::Enter { id, .. } => self.call(out, *id, false),
            Fact::Return { id, .. } => self.call(out, *id, true),
            Fact::Depart { packet, .. } => {
                if let Some(record) = model.lab().packet(*packet) {
                    self.packet(out, record);
                }
            }
            Fact::State(_) => self.states(out, event.seq),
            Fact::Summary(sum) if sum.packets == 0 => {}
            Fact::Summary(sum) => {
                let place = |address| {
                    self.drawn.lane_of(model.lab().place_of(sum.protocol, address), address)
                };
                self.message(
                    out,
                    [place(&sum.from), place(&sum.to)],
                    "-)",
                    &summary_text(sum, self.wording),
                );
            }
            Fact::Wire(wire) => self.across(out, &wire_text(wire, self.wording)),
            Fact::Gap { missed } => {
                self.across(
                    out,
                    &fill(self.wording.diagram.gap, &[("missed", &missed.to_string())]),
                );
            }
            Fact::Unseen { host, packets } => {
                self.across(out, &unseen_text(host.as_ref(), *packets, self.wording));
            }
            Fact::Disorder { what } => {
                self.across(out, &fill(self.wording.lab.disorder, &[("what", what)]));
            }
            Fact::Lesson(fact) => {
                if let LessonFact::Note { text, .. } = &**fact {
                    self.across(out, self.wording.of(text));
                }
            }
            // The message of a packet's departure tells its fate; hosts are lifelines; the rest is no part of the sequence.
            Fact::Host { .. }
            | Fact::Arrive { .. }
            | Fact::Lose { .. }
            | Fact::Hold { .. }
            | Fact::Ready(_)
            | Fact::At { .. }
            | Fact::Output { .. }
            | Fact::Exit { .. } => {}
        }
    }

    fn call(&self, out: &mut String, id: CallId, returned: bool) {
        let Drawn { model, .. } = self.drawn;
        let Some(record) = model.call(id) else { return };
        let app = self.lane(&LaneKind::App(record.program));
        let kernel = self.drawn.lane_of(Place::Program(record.program), "");
        match model.outcome(record).filter(|_| returned) {
            Some(outcome) => {
                let (result, _) = result_text(record, outcome, model, self.wording);
                let text = format!("{} = {result}", record.name.as_str());
                self.message(out, [kernel, app], "-->>", &text);
            }
            None => self.message(out, [app, kernel], "->>", &call_text(model, record)),
        }
    }

    fn packet(&self, out: &mut String, record: &PacketRecord) {
        let header = self.drawn.model.header(record);
        let addresses = header.map_or(["", ""], |header| [&*header.from, &*header.to]);
        let lane = |end: usize| self.drawn.lane_of(record.ends[end], addresses[end]);
        let ends = [lane(0), lane(1)];
        let lost = record.lost.map(|(moment, why)| (moment.at, Some(why)));
        let arrived = record.arrive.map(|moment| (moment.at, None));
        let fate = Fate {
            held: record.held.is_some(),
            end: lost.or(arrived),
            copy: record.copy.map(|moment| moment.at),
        };
        let mut text = packet_text(&self.drawn.model, record, self.wording);
        // That a packet arrives is nothing to write about.
        if fate.held || record.arrive.is_none() || record.copy.is_some() {
            text = format!("{text} ({})", fate.text(record.depart.at, self.drawn.words));
        }
        self.message(out, ends, if record.arrive.is_some() { "-)" } else { "-x" }, &text);
    }

    fn states(&self, out: &mut String, seq: u64) {
        for change in self.drawn.model.lab().notes(seq, seq + 1) {
            if let Some(state) = change.state {
                let name = TcpState::as_str(state).replace('_', "-");
                let basis = if change.sampled { self.wording.lab.sampled } else { "" };
                note(
                    out,
                    self.drawn.lane_of(change.place, ""),
                    format!("{name} {basis}").trim_end(),
                );
            }
        }
    }

    /// A message between two lifelines; where one is not there, a note at the other.
    fn message(&self, out: &mut String, ends: [Option<usize>; 2], arrow: &str, text: &str) {
        match ends {
            [Some(from), Some(to)] => {
                line(out, format_args!("l{from}{arrow}l{to}: {}", escaped(text)));
            }
            [from, to] => note(out, from.or(to), text),
        }
    }

    /// A note across all lifelines.
    fn across(&self, out: &mut String, text: &str) {
        if let Some(last) = self.drawn.lanes.lanes.len().checked_sub(1) {
            line(out, format_args!("Note over l0,l{last}: {}", escaped(text)));
        }
    }

    fn lane(&self, kind: &LaneKind) -> Option<usize> {
        self.drawn.lanes.lanes.iter().position(|lane| lane.kind == *kind)
    }
}

fn note(out: &mut String, lane: Option<usize>, text: &str) {
    if let Some(lane) = lane {
        line(out, format_args!("Note over l{lane}: {}", escaped(text)));
    }
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "  {text}");
}

/// A text that is nothing but text to Mermaid: what could be syntax, markup or a formula there is written by its number.
/// A colon after a letter could be: `wrap:` is.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut last = ' ';
    for c in text.chars() {
        let plain = c.is_alphanumeric() || " .,()[]=+/_-!?'\"→µ…\u{202f}".contains(c);
        if plain || (c == ':' && last.is_ascii_digit()) {
            out.push(c);
        } else {
            let _ = write!(out, "#{};", u32::from(c));
        }
        last = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn a_text_cannot_become_syntax() {
        let plain = "connect(3, 10.0.0.1:9000) = 0, \"hello\"";
        assert_eq!(escaped(plain), plain);
        let nasty = "wrap:a;b\nend %%c #quot; <b>: $$x$$ {}";
        let expected = "wrap#58;a#59;b#10;end #37;#37;c #35;quot#59; #60;b#62;#58; #36;#36;x#36;#36; #123;#125;";
        assert_eq!(escaped(nasty), expected);
    }
}
