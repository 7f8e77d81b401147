//! Rows of lessons: what is said and asked, how processes end, that all begins anew.

use socketscope_protocol::{Event, Fact, LessonFact};

use super::{SceneRow, Tone, View};
use crate::{
    format::signal_name,
    wording::{Wording, fill, plain},
};

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
                    (Tone::Question, fill(self.wording.lesson.row_question, &values))
                }
                LessonFact::Reveal { right, text, .. } => {
                    let text = plain(self.wording.of(text));
                    let values = [("number", &*right.to_string()), ("text", &text)];
                    (Tone::Question, fill(self.wording.lesson.row_answer, &values))
                }
                LessonFact::Mode { round, .. } => {
                    let round = round.to_string();
                    (Tone::Round, fill(self.wording.lesson.row_round, &[("round", &round)]))
                }
                LessonFact::Answers { .. } => return None,
            },
            _ => return None,
        };
        row.name = name;
        self.note(row, tone);
        Some(())
    }
}

/// "client was killed by SIGKILL".
pub fn exit_text(
    program: &str,
    code: Option<i32>,
    signal: Option<i32>,
    wording: &Wording,
) -> String {
    let words = &wording.lesson;
    let values = |name, value| [("program", program), (name, value)];
    match (signal, code) {
        (Some(signal), _) => fill(words.row_exit_signal, &values("signal", &signal_name(signal))),
        (None, code) => {
            let code = code.map(|code| code.to_string()).unwrap_or_default();
            fill(words.row_exit_code, &values("code", &code))
        }
    }
}
