//! Rows of lessons: what is said and asked, how processes end, that all begins anew.

use socketscope_protocol::{Event, Fact, LessonFact};

use super::{Anchor, Item, SceneRow, Tone, View, cut, row::SPACE};
use crate::{
    format::signal_name,
    lanes::LaneKind,
    wording::{Wording, fill, plain},
};

/// From the row's middle down to the text's baseline.
const BASELINE: f64 = 7.5;

/// Between the text and what may stand beside it: the bars of two calls at a time, and some space.
const BESIDE: f64 = 24.0;

/// Width of a cell of these texts: they are prose, and not in the monospace font of the others.
const CELL: f64 = 5.9;

/// Room in which most of a sentence can be read.
const ENOUGH: f64 = 320.0;

impl View<'_> {
    /// A note belongs to the program whose event it explains.
    pub(super) fn lesson_row(&self, row: &mut SceneRow, event: &Event) -> Option<()> {
        let (tone, name) = match &event.fact {
            Fact::Exit { program, code, signal } => {
                row.program = self.model.program_named(program).map(|program| program.id);
                (Tone::Exit, exit_text(program.as_str(), *code, *signal, self.wording))
            }
            Fact::Lesson(fact) => match &**fact {
                LessonFact::Note { text, .. } => (Tone::Note, plain(self.wording.of(text))),
                LessonFact::Question { program, text, .. } => {
                    row.program = self.model.program_named(program).map(|program| program.id);
                    let text = plain(self.wording.of(text));
                    let values = [("program", program.as_str()), ("text", &text)];
                    (Tone::Question, fill(self.wording.diagram.row_question, &values))
                }
                LessonFact::Reveal { right, text, .. } => {
                    let text = plain(self.wording.of(text));
                    let values = [("number", &*right.to_string()), ("text", &text)];
                    (Tone::Question, fill(self.wording.diagram.row_answer, &values))
                }
                LessonFact::Mode { round, .. } => {
                    let round = round.to_string();
                    (Tone::Round, fill(self.wording.diagram.row_round, &[("round", &round)]))
                }
                LessonFact::Answers { .. } => return None,
            },
            _ => return None,
        };
        let (x, room) = self.open_place();
        // A negative room becomes 0.
        let text = cut(&name, (room / CELL) as usize);
        // Lower than other texts: the row above may have brought a state that reaches down here.
        let y = row.y + self.lanes.metrics.row / 2.0;
        let label = self.label(text, x, y + BASELINE, Anchor::Start);
        row.items.push(Item::Note { tone, y, label });
        row.name = name;
        Some(())
    }

    /// Where a text across the diagram starts, and how much room it has: between programs' lifelines, whose bars go on
    /// through the row. The first place that is wide enough, so that it is seen where the diagram is wider than the window.
    fn open_place(&self) -> (f64, f64) {
        let apps = self.lanes.lanes.iter().filter(|lane| matches!(lane.kind, LaneKind::App(_)));
        let ends = apps.map(|lane| (lane.x + BESIDE, lane.x - BESIDE));
        let (mut start, mut best) = (SPACE, (SPACE, 0.0));
        for (next, end) in ends.chain([(0.0, self.lanes.width - SPACE)]) {
            if best.1 < ENOUGH && end - start > best.1 {
                best = (start, end - start);
            }
            start = next;
        }
        best
    }
}

/// "client was killed by SIGKILL".
pub fn exit_text(
    program: &str,
    code: Option<i32>,
    signal: Option<i32>,
    wording: &Wording,
) -> String {
    let words = &wording.diagram;
    let values = |name, value| [("program", program), (name, value)];
    match (signal, code) {
        (Some(signal), _) => fill(words.row_exit_signal, &values("signal", &signal_name(signal))),
        (None, code) => {
            let code = code.map(|code| code.to_string()).unwrap_or_default();
            fill(words.row_exit_code, &values("code", &code))
        }
    }
}
