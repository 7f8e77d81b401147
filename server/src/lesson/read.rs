//! From a lesson's folder to the lesson. Whatever is wrong is named with its file and line.

mod moments;
mod plan;
mod programs;

use std::fmt;

use socketscope_protocol::{
    Bilingual, HostName, InvalidName, LessonId, ProgramName, RoomName, SourceFile, WireChange,
    limits::{HOSTS, LESSON_FILE_BYTES},
};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{Act, Lesson, Question, moment::Moment};
use crate::{network::Wire, refusal::Refusal};
use plan::{Plan, PlannedAct, PlannedNote, PlannedQuestion, PlannedWait};

/// The file that makes a folder a lesson.
pub(super) const PLAN: &str = "lesson.toml";

/// What is wrong with a word about the wire in a lesson that also runs without one.
const NO_WIRE: &str = "only the lab has a wire: say lab = true";

/// Something that is wrong in a lesson.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The file.
    pub file: String,
    /// The line in it, from 1 on; 0 where it is about the whole.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub what: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.what),
            line => write!(f, "{}:{line}: {}", self.file, self.what),
        }
    }
}

/// Reads a lesson from its plan and its Python files. `folder` is what its mistakes name it by.
///
/// # Errors
/// Everything that is wrong.
pub(super) fn lesson(
    id: LessonId,
    folder: &str,
    plan: Option<&str>,
    mut files: Vec<SourceFile>,
) -> Result<Lesson, Vec<Mistake>> {
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let file = format!("{folder}/{PLAN}");
    let Some(text) = plan else {
        let what =
            "a lesson needs this file; static/lessons/README.md says what stands in it".into();
        return Err(vec![Mistake { file, line: 0, what }]);
    };
    let plan: Plan = match toml::from_str(text) {
        Ok(plan) => plan,
        Err(error) => {
            let line = error.span().map_or(0, |span| line_at(text.as_bytes(), span.start));
            return Err(vec![Mistake { file, line, what: error.message().to_owned() }]);
        }
    };
    let (mistakes, hosts, programs) = (Vec::new(), Vec::new(), Vec::new());
    let mut reader = Reader { text, file, lab: plan.lab, mistakes, hosts, programs };
    for source in files.iter().filter(|source| source.code.len() > LESSON_FILE_BYTES) {
        let file = format!("{folder}/{}", source.name);
        let line = line_at(source.code.as_bytes(), LESSON_FILE_BYTES);
        let what =
            format!("a program has at most {LESSON_FILE_BYTES} bytes, and this line goes beyond");
        reader.mistakes.push(Mistake { file, line, what });
    }
    let lesson = reader.lesson(id, plan, files);
    match lesson {
        Some(lesson) if reader.mistakes.is_empty() => Ok(lesson),
        _ => Err(reader.mistakes),
    }
}

/// The line of a byte of `text`.
pub(super) fn line_at(text: &[u8], at: usize) -> usize {
    text.iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}

struct Reader<'a> {
    text: &'a str,
    file: String,
    /// Whether the lesson needs the lab. Otherwise it also runs where no packet is seen.
    lab: bool,
    mistakes: Vec<Mistake>,
    hosts: Vec<HostName>,
    programs: Vec<ProgramName>,
}

impl Reader<'_> {
    fn wrong<T>(&mut self, at: &Spanned<T>, what: impl Into<String>) {
        self.wrong_from(at.span().start, what.into());
    }

    /// The same of what stands at a path of the plan, as "act/0/wire/loss", or of what it would stand in.
    fn wrong_at(&mut self, path: &str, what: impl Into<String>) {
        let plan = DeTable::parse(self.text).map(Spanned::into_inner).unwrap_or_default();
        let plan = Spanned::new(0..0, DeValue::Table(plan));
        let mut here = &plan;
        for step in path.split('/') {
            let below = match step.parse::<usize>() {
                Ok(nth) => here.get_ref().get(nth),
                Err(_) => here.get_ref().get(step),
            };
            let Some(below) = below else { break };
            here = below;
        }
        self.wrong_from(here.span().start, what.into());
    }

    fn wrong_from(&mut self, at: usize, what: String) {
        let line = line_at(self.text.as_bytes(), at);
        self.mistakes.push(Mistake { file: self.file.clone(), line, what });
    }

    fn lesson(&mut self, id: LessonId, plan: Plan, files: Vec<SourceFile>) -> Option<Lesson> {
        self.say(&plan.title);
        if let Err(error) = RoomName::new(&plan.title.get_ref().en)
            && error != InvalidName::Empty
        {
            self.wrong_at("title/en", format!("{error}, and this title names the lesson's rooms"));
        }
        self.say(&plan.text);
        for host in &plan.hosts {
            match HostName::new(host.get_ref()) {
                Ok(name) if self.hosts.contains(&name) => {
                    self.wrong(host, format!("there are two hosts called {:?}", name.as_str()))
                }
                Ok(name) => self.hosts.push(name),
                Err(error) => self.wrong(host, error.to_string()),
            }
        }
        if plan.hosts.is_empty() {
            self.wrong_at("hosts", "a lesson has a host or more, for its programs to run on");
        }
        if let Some(host) = plan.hosts.get(HOSTS) {
            self.wrong(host, format!("a lesson has at most {HOSTS} hosts, and this is one more"));
        }
        self.name_programs(&plan.program);
        if !self.mistakes.is_empty() {
            return None;
        }
        self.find_circles(&plan.program);
        let programs = plan.program.into_iter().filter_map(|it| self.program(it, &files)).collect();
        let note = |it: PlannedNote, reader: &mut Self| {
            let text = reader.bilingual(it.en, it.zh);
            Some((reader.moment(&it.at)?, text))
        };
        let notes = plan.note.into_iter().filter_map(|it| note(it, self)).collect();
        let questions = plan.question.into_iter().filter_map(|it| self.question(it)).collect();
        let wait = |it: PlannedWait, reader: &mut Self| {
            Some((reader.before(&it.before)?, reader.moment(&it.until)?))
        };
        let waits = plan.wait.into_iter().filter_map(|it| wait(it, self)).collect();
        let acts = plan.act.into_iter().enumerate();
        let acts = acts.filter_map(|(at, it)| self.act(at, it)).collect();
        if let Some(wire) = &plan.wire
            && !plan.lab
        {
            self.wrong(wire, NO_WIRE);
        }
        let wire = plan.wire.map(Spanned::into_inner).unwrap_or_default();
        self.wire("wire", &wire);
        let (title, text) = (plan.title.into_inner(), plan.text.into_inner());
        let (order, lab, hosts) = (plan.order, plan.lab, self.hosts.clone());
        Some(Lesson {
            id,
            order,
            title,
            text,
            lab,
            hosts,
            files,
            programs,
            wire,
            notes,
            questions,
            waits,
            acts,
        })
    }

    fn question(&mut self, planned: PlannedQuestion) -> Option<Question> {
        let PlannedQuestion { before, en, zh, choices, right, answer } = planned;
        let text = self.bilingual(en, zh);
        choices.iter().chain([&answer]).for_each(|it| self.say(it));
        let before = self.before(&before)?;
        let number = *right.get_ref();
        if choices.len() < 2 || number == 0 || number as usize > choices.len() {
            self.wrong(&right, "a question has two choices or more, and \"right\" is the number of one of them, from 1 on");
            return None;
        }
        let choices = choices.into_iter().map(Spanned::into_inner).collect();
        Some(Question { before, text, choices, right: number, answer: answer.into_inner() })
    }

    fn act(&mut self, nth: usize, planned: Spanned<PlannedAct>) -> Option<(Moment, Act)> {
        let place = Spanned::new(planned.span(), ());
        let PlannedAct { at, wire, packets, kill } = planned.into_inner();
        let at = self.moment_everywhere(&at)?;
        let act = match (wire, packets, kill) {
            (Some(wire), None, None) => {
                self.wire(&format!("act/{nth}/wire"), &wire);
                Act::Wire(wire)
            }
            (None, Some(packets), None) => Act::Packets(packets),
            (None, None, Some(kill)) => {
                let program = self.named(kill.get_ref(), &kill)?;
                Act::Kill(program)
            }
            _ => {
                self.wrong(&place, "an act is one of \"wire\", \"packets\" and \"kill\"");
                return None;
            }
        };
        if !self.lab && !matches!(act, Act::Kill(_)) {
            self.wrong(&place, NO_WIRE);
            return None;
        }
        Some((at, act))
    }

    /// A change of the wire, at this path of the plan: whether the wire will allow it.
    fn wire(&mut self, path: &str, change: &WireChange) {
        if let Err((place, refusal)) = Wire::check(change, &self.hosts) {
            let what = match refusal {
                Refusal::NoSuchHost(host) => no_host(host.as_str()),
                // The mistake's line goes on behind it.
                other => other.problem().detail.trim_end_matches('.').to_owned(),
            };
            self.wrong_at(&format!("{path}/{place}"), what);
        }
    }

    fn bilingual(&mut self, en: Spanned<String>, zh: Spanned<String>) -> Bilingual {
        for text in [&en, &zh] {
            if text.get_ref().trim().is_empty() {
                self.wrong(text, "a text is missing");
            }
        }
        Bilingual { en: en.into_inner(), zh: zh.into_inner() }
    }

    /// Both languages have to be there.
    fn say(&mut self, text: &Spanned<Bilingual>) {
        let Bilingual { en, zh } = text.get_ref();
        if en.trim().is_empty() || zh.trim().is_empty() {
            self.wrong(text, "a text is missing in one of the languages");
        }
    }
}

fn no_host(name: &str) -> String {
    format!("no host of this lesson is called {name:?}")
}
