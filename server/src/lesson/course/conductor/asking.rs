//! Questions: asked before the call that they are about, and told.

use socketscope_protocol::{LessonFact, Mode};
use tokio::time::Instant;

use super::Conductor;

/// How many times as long as from call to call a question stands, where a lesson runs at a pace.
const THINKING: u32 = 10;

impl Conductor {
    /// Asks about calls that wait, where it is time to.
    pub(super) fn ask_about_what_waits(&mut self) {
        for it in self.witness.waiting() {
            let (program, call) = (&it.call.program, it.call.call);
            if let Some(open) = self.score.open_question()
                && self.score.next_question(program, call).is_some()
                && self.is_next(&it)
            {
                // It ends the last one, or it would be asked too late.
                self.reveal(open);
            }
            if let Some(question) = self.score.question_before(program, call) {
                // Behind all that led to it: what the program has reported may not be told yet.
                self.witness.hear();
                self.ask(question);
            }
        }
    }

    fn ask(&mut self, at: usize) {
        if self.mode == Mode::Run {
            self.due = Instant::now() + self.pace * THINKING;
        }
        let question = &self.lesson.questions[at];
        self.poll.open(at as u32 + 1, question.choices.len());
        self.tell(LessonFact::Question {
            question: at as u32 + 1,
            program: question.before.program.clone(),
            text: question.text.clone(),
            choices: question.choices.clone(),
        });
    }

    pub(super) fn reveal(&mut self, at: usize) {
        self.counts_due = None;
        self.tell_counts();
        self.poll.close();
        self.score.told(at);
        if self.mode == Mode::Run {
            // There is nothing to think about any longer.
            self.due = self.due.min(Instant::now() + self.pace);
        }
        let question = &self.lesson.questions[at];
        let (right, text) = (question.right, question.answer.clone());
        self.tell(LessonFact::Reveal { question: at as u32 + 1, right, text });
    }

    pub(super) fn tell_counts(&self) {
        if let Some((question, counts)) = self.poll.counts() {
            self.tell(LessonFact::Answers { question, counts });
        }
    }
}
