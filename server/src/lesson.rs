//! Lessons: ordinary programs, and what to say about them. What one is made of; [`Lessons`] reads them, [`Course`] runs one.

mod course;
mod moment;
mod poll;
mod read;
mod shelf;

use socketscope_protocol::{
    Bilingual, CallName, FateOfMany, HostName, LessonId, LessonProgram, LessonView, ProgramName,
    SourceFile, WireChange,
};

pub(crate) use course::Course;
pub use read::Mistake;
pub use shelf::Lessons;

use moment::Moment;

/// A lesson, checked: whatever it names is there.
#[derive(Debug)]
pub(crate) struct Lesson {
    pub(crate) id: LessonId,
    /// Its place in the list.
    order: u32,
    pub(crate) title: Bilingual,
    pub(crate) text: Bilingual,
    /// Whether it needs hosts and a wire.
    pub(crate) lab: bool,
    pub(crate) hosts: Vec<HostName>,
    /// Its Python files, sorted by name.
    files: Vec<SourceFile>,
    programs: Vec<Planned>,
    /// How the wire is at its beginning.
    wire: WireChange,
    notes: Vec<(Moment, Bilingual)>,
    questions: Vec<Question>,
    waits: Vec<(Before, Moment)>,
    acts: Vec<(Moment, Act)>,
}

/// A program of a lesson.
#[derive(Debug)]
struct Planned {
    name: ProgramName,
    file: String,
    host: HostName,
    /// With `{host}` for the address of a host.
    arguments: Vec<String>,
    /// When it starts; at once where there is nothing.
    starts: Option<Moment>,
}

/// The `nth` time that a program is about to make a call.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Before {
    program: ProgramName,
    call: CallName,
    nth: u32,
}

impl Before {
    fn is(&self, program: &ProgramName, call: CallName, nth: u32) -> bool {
        self.program == *program && self.call == call && self.nth == nth
    }
}

/// Something to ask before a call.
#[derive(Clone, Debug)]
struct Question {
    before: Before,
    text: Bilingual,
    choices: Vec<Bilingual>,
    /// The how-manieth choice, from 1 on.
    right: u32,
    answer: Bilingual,
}

/// What a lesson does at a moment.
#[derive(Clone, Debug)]
enum Act {
    Wire(WireChange),
    Packets(FateOfMany),
    Kill(ProgramName),
}

impl Lesson {
    /// The lesson as the page shows it, run in the lab or not.
    pub(crate) fn view(&self, in_lab: bool) -> LessonView {
        let program = |it: &Planned| LessonProgram {
            name: it.name.clone(),
            file: it.file.clone(),
            host: in_lab.then(|| it.host.clone()),
        };
        LessonView {
            lesson: self.id.clone(),
            title: self.title.clone(),
            text: self.text.clone(),
            programs: self.programs.iter().map(program).collect(),
            files: self.files.clone(),
        }
    }
}
