//! The texts of lessons. Knows no facts.

use super::texts::texts;

texts! {
    /// Texts about lessons.
    #[expect(missing_docs, reason = "each field is its text; the English one says what it is")]
    pub struct Lesson {
        /// The language switch.
        pub language: &'static str,
        /// The lobby.
        pub lessons: &'static str,
        pub lessons_why: &'static str,
        pub lessons_no_key: &'static str,
        pub no_lessons: &'static str,
        pub start: &'static str,
        /// The card.
        pub lesson: &'static str,
        /// `{round}`.
        pub round: &'static str,
        pub more: &'static str,
        pub run: &'static str,
        pub run_why: &'static str,
        pub pause: &'static str,
        pub pause_why: &'static str,
        pub step: &'static str,
        pub step_why: &'static str,
        /// `{program}`.
        pub step_of: &'static str,
        /// `{call}` `{line}`.
        pub step_of_why: &'static str,
        pub step_not_ready: &'static str,
        pub asked_why: &'static str,
        pub reset: &'static str,
        pub reset_why: &'static str,
        pub pace: &'static str,
        /// Slow, normal, fast, full speed.
        pub paces: [&'static str; 4],
        pub over: &'static str,
        pub over_why: &'static str,
        /// Notes and questions.
        pub note: &'static str,
        pub no_note: &'static str,
        pub question: &'static str,
        pub choices: &'static str,
        /// `{count}`.
        pub answers: &'static str,
        pub your_answer: &'static str,
        pub answer_why: &'static str,
        pub answered_why: &'static str,
        pub reveal: &'static str,
        pub reveal_why: &'static str,
        pub right: &'static str,
        /// The code.
        pub code: &'static str,
        /// `{program}`.
        pub code_of: &'static str,
        /// `{program}`.
        pub output_of: &'static str,
        /// `{lines}`.
        pub cut: &'static str,
        pub not_started: &'static str,
        /// A line's state, and what it means.
        pub ready: &'static str,
        pub waiting: &'static str,
        pub running: &'static str,
        pub ready_why: &'static str,
        pub waiting_why: &'static str,
        pub running_why: &'static str,
        pub ended: &'static str,
        /// `{code}`.
        pub exit_code: &'static str,
        /// `{signal}`.
        pub exit_signal: &'static str,
        /// `{line}`.
        pub line_why: &'static str,
        pub story_exit: &'static str,
        pub story_round: &'static str,
        pub explains: &'static str,
        pub asked: &'static str,
        pub source: &'static str,
    }
}
