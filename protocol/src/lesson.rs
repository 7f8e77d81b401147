//! Lessons: what one is, what it says, and what may be asked of it while it runs.

use serde::{Deserialize, Serialize};

use crate::{CallName, Fd, HostName, ProgramName, Said};

/// A lesson's name: that of its folder.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, example = "tcp-first-connection"))]
#[serde(transparent)]
pub struct LessonId(pub String);

/// A text in each of the page's languages. `backticks` mark code; everything else is text and never markup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Bilingual {
    /// In English.
    pub en: String,
    /// In Simplified Chinese.
    pub zh: String,
}

/// A lesson as the list has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LessonListed {
    /// Its name.
    pub lesson: LessonId,
    /// Its title.
    pub title: Bilingual,
    /// What it is about.
    pub text: Bilingual,
    /// Why it cannot be run here, in a sentence that says what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obstacle: Option<String>,
    /// Which sentence that is, for pages in other languages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Said>,
}

/// A room's lesson: what it says, and the programs as they run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LessonView {
    /// Its name.
    pub lesson: LessonId,
    /// Its title.
    pub title: Bilingual,
    /// What it is about.
    pub text: Bilingual,
    /// Its programs, in the order in which they are listed and mostly start.
    pub programs: Vec<LessonProgram>,
    /// The files that they are made of: what is here is what runs.
    pub files: Vec<SourceFile>,
}

/// A program of a lesson.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LessonProgram {
    /// Its name.
    pub name: ProgramName,
    /// The file that it begins in.
    pub file: String,
    /// The host that it runs on, in the lab.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<HostName>,
}

/// A file of Python.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SourceFile {
    /// Its name in the lesson's folder.
    pub name: String,
    /// What stands in it.
    pub code: String,
}

/// A line of a program's source.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SourceLine {
    /// The file's name in the lesson's folder.
    pub file: String,
    /// The line's number, from 1 on.
    pub line: u32,
}

/// How a lesson goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Each call waits until somebody lets it go.
    #[default]
    Step,
    /// Calls are let go by themselves.
    Run,
    /// All of its programs have ended.
    Over,
}

/// Where an observed program's output goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// Standard output.
    #[default]
    Stdout,
    /// Standard error.
    Stderr,
}

/// What a lesson says or does. In JSON each is an event of its own `kind`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LessonFact {
    /// `mode`: how the lesson goes on from here.
    Mode {
        /// How often it has been begun, this time included.
        round: u32,
        /// How.
        mode: Mode,
        /// While it runs: milliseconds from one call to the next; 0: as fast as it goes.
        pace_ms: u64,
    },
    /// `note`: something to know about an event.
    Note {
        /// The event's number.
        of: u64,
        /// What to know.
        text: Bilingual,
    },
    /// `question`: something to think about before a call is made.
    Question {
        /// Its number in the lesson, from 1 on.
        question: u32,
        /// Who is about to make the call.
        program: ProgramName,
        /// What is asked.
        text: Bilingual,
        /// What there is to choose from.
        choices: Vec<Bilingual>,
    },
    /// `answers`: how many have chosen what so far.
    Answers {
        /// Which question.
        question: u32,
        /// One number for each choice.
        counts: Vec<u32>,
    },
    /// `reveal`: the answer.
    Reveal {
        /// Which question.
        question: u32,
        /// The how-manieth choice is right, from 1 on.
        right: u32,
        /// Why.
        text: Bilingual,
    },
}

/// What may be asked of a lesson: `POST /api/rooms/{room}/lesson`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "do", rename_all = "lowercase", deny_unknown_fields)]
pub enum LessonCommand {
    /// Let calls go by themselves.
    Run {
        /// Milliseconds from one call to the next; 0: as fast as it goes.
        #[serde(default)]
        pace_ms: u64,
    },
    /// Let one call go: of this program or, without one, of whichever has waited longest. What runs is stopped before.
    Step {
        /// Whose call.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        program: Option<ProgramName>,
    },
    /// Let no further call go.
    Pause,
    /// End the programs and begin anew.
    Reset,
    /// Tell the answer to the open question.
    Reveal,
}

/// A viewer's answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChosenAnswer {
    /// Which question.
    pub question: u32,
    /// The how-manieth of its choices, from 1 on.
    pub choice: u32,
    /// A number that the viewer has chosen at random and keeps: with another connection it is the same viewer's answer
    /// all the same. Without one each connection is a viewer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voter: Option<u64>,
}

/// A call that a program is about to make, and that waits to be let go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadyCall {
    /// Whose.
    pub program: ProgramName,
    /// On which descriptor.
    pub fd: Option<Fd>,
    /// Which call.
    pub call: CallName,
    /// Where in the source.
    pub line: SourceLine,
}
