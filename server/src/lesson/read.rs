//! From a lesson's folder to the lesson. Whatever is wrong is named with its file and line.

use std::fmt;

use serde::Deserialize;
use socketscope_protocol::{
    Bilingual, CallName, FateOfMany, HostName, LessonId, Mark, PacketKind, ProgramName, SourceFile,
    WireChange,
    limits::{HOSTS, LESSON_FILE_BYTES, LESSON_PROGRAMS},
};
use toml::Spanned;

use super::{
    Act, Before, Lesson, Planned, Question,
    moment::{Fate, Moment, What},
};

/// The file that makes a folder a lesson.
pub(super) const PLAN: &str = "lesson.toml";

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    order: u32,
    #[serde(default = "two_hosts")]
    hosts: Vec<Spanned<String>>,
    #[serde(default)]
    lab: bool,
    title: Spanned<Bilingual>,
    text: Spanned<Bilingual>,
    program: Vec<Spanned<PlannedProgram>>,
    wire: Option<Spanned<WireChange>>,
    #[serde(default)]
    note: Vec<PlannedNote>,
    #[serde(default)]
    question: Vec<PlannedQuestion>,
    #[serde(default)]
    wait: Vec<PlannedWait>,
    #[serde(default)]
    act: Vec<Spanned<PlannedAct>>,
}

fn two_hosts() -> Vec<Spanned<String>> {
    ["server", "client"].map(|name| Spanned::new(0..0, name.to_owned())).into()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlannedProgram {
    file: Spanned<String>,
    name: Option<Spanned<String>>,
    host: Option<Spanned<String>>,
    #[serde(default)]
    arguments: Vec<Spanned<String>>,
    starts: Option<Spanned<PlannedMoment>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlannedNote {
    at: Spanned<PlannedMoment>,
    en: Spanned<String>,
    zh: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlannedQuestion {
    before: Spanned<PlannedBefore>,
    en: Spanned<String>,
    zh: Spanned<String>,
    choices: Vec<Spanned<Bilingual>>,
    right: Spanned<u32>,
    answer: Spanned<Bilingual>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlannedWait {
    before: Spanned<PlannedBefore>,
    until: Spanned<PlannedMoment>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlannedAct {
    at: Spanned<PlannedMoment>,
    wire: Option<WireChange>,
    packets: Option<FateOfMany>,
    kill: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlannedBefore {
    program: String,
    call: CallName,
    #[serde(default = "first")]
    nth: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlannedMoment {
    program: Option<String>,
    call: Option<CallName>,
    packet: Option<PacketKind>,
    from: Option<String>,
    to: Option<String>,
    mark: Option<Mark>,
    when: Option<String>,
    #[serde(default = "first")]
    nth: u32,
}

fn first() -> u32 {
    1
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
            let line = error.span().map_or(0, |span| line_at(text, span.start));
            return Err(vec![Mistake { file, line, what: error.message().to_owned() }]);
        }
    };
    let mut reader =
        Reader { text, file, mistakes: Vec::new(), hosts: Vec::new(), programs: Vec::new() };
    for source in files.iter().filter(|source| source.code.len() > LESSON_FILE_BYTES) {
        let what = format!("a program has at most {LESSON_FILE_BYTES} bytes");
        reader.mistakes.push(Mistake { file: format!("{folder}/{}", source.name), line: 0, what });
    }
    let lesson = reader.lesson(id, plan, files);
    match lesson {
        Some(lesson) if reader.mistakes.is_empty() => Ok(lesson),
        _ => Err(reader.mistakes),
    }
}

/// The line of a byte of `text`.
fn line_at(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

struct Reader<'a> {
    text: &'a str,
    file: String,
    mistakes: Vec<Mistake>,
    hosts: Vec<HostName>,
    programs: Vec<ProgramName>,
}

impl Reader<'_> {
    fn wrong<T>(&mut self, at: &Spanned<T>, what: impl Into<String>) {
        let line = line_at(self.text, at.span().start);
        self.mistakes.push(Mistake { file: self.file.clone(), line, what: what.into() });
    }

    fn lesson(&mut self, id: LessonId, plan: Plan, files: Vec<SourceFile>) -> Option<Lesson> {
        self.say(&plan.title);
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
        if self.hosts.is_empty() || self.hosts.len() > HOSTS {
            let what = format!("a lesson has 1 to {HOSTS} hosts");
            self.mistakes.push(Mistake { file: self.file.clone(), line: 0, what });
            return None;
        }
        // All names first: a moment may be one of a later program's.
        for program in &plan.program {
            let it = program.get_ref();
            let name =
                it.name.as_ref().map_or_else(|| stem(it.file.get_ref()), |name| name.get_ref());
            match ProgramName::new(name) {
                Ok(name) if self.programs.contains(&name) => self.wrong(
                    program,
                    format!(
                        "there are two programs called {:?}: give one a \"name\"",
                        name.as_str()
                    ),
                ),
                Ok(name) => self.programs.push(name),
                Err(error) => self.wrong(program, error.to_string()),
            }
        }
        if self.programs.len() > LESSON_PROGRAMS {
            let what = format!("a lesson has at most {LESSON_PROGRAMS} programs");
            self.mistakes.push(Mistake { file: self.file.clone(), line: 0, what });
        }
        if !self.mistakes.is_empty() {
            return None;
        }
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
        let acts = plan.act.into_iter().filter_map(|it| self.act(it)).collect();
        let needs_wire = plan.wire.is_some() && !plan.lab;
        if needs_wire && let Some(wire) = &plan.wire {
            self.wrong(wire, "only the lab has a wire: say lab = true");
        }
        let wire = plan.wire.map(Spanned::into_inner).unwrap_or_default();
        self.hosts_of(&wire);
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

    fn program(
        &mut self,
        planned: Spanned<PlannedProgram>,
        files: &[SourceFile],
    ) -> Option<Planned> {
        let PlannedProgram { file, name, host, arguments, starts } = planned.into_inner();
        if !files.iter().any(|it| it.name == *file.get_ref()) {
            self.wrong(
                &file,
                format!("there is no file {:?} in the lesson's folder", file.get_ref()),
            );
            return None;
        }
        let name = name
            .as_ref()
            .map_or_else(|| stem(file.get_ref()).to_owned(), |it| it.get_ref().clone());
        let name = ProgramName::new(&name).ok()?;
        let host = match &host {
            Some(host) => self.host(host)?,
            None => {
                let own = self.hosts.iter().find(|host| host.as_str() == name.as_str());
                own.or(self.hosts.first())?.clone()
            }
        };
        for argument in &arguments {
            for part in argument.get_ref().split('{').skip(1) {
                let named = part.split_once('}').map(|(named, _)| named);
                let known =
                    named.is_some_and(|named| self.hosts.iter().any(|host| host.as_str() == named));
                if !known {
                    self.wrong(argument, "{NAME} in an argument stands for the address of a host, and no host has this name");
                }
            }
        }
        let starts = match &starts {
            Some(starts) => Some(self.moment(starts)?),
            None => None,
        };
        let arguments = arguments.into_iter().map(Spanned::into_inner).collect();
        Some(Planned { name, file: file.into_inner(), host, arguments, starts })
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

    fn act(&mut self, planned: Spanned<PlannedAct>) -> Option<(Moment, Act)> {
        let place = Spanned::new(planned.span(), ());
        let PlannedAct { at, wire, packets, kill } = planned.into_inner();
        let at = self.moment(&at)?;
        let act = match (wire, packets, kill) {
            (Some(wire), None, None) => {
                self.hosts_of(&wire);
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
        Some((at, act))
    }

    fn before(&mut self, planned: &Spanned<PlannedBefore>) -> Option<Before> {
        let PlannedBefore { program, call, nth } = planned.get_ref();
        if *nth == 0 {
            self.wrong(planned, "\"nth\" counts from 1 on");
            return None;
        }
        Some(Before { program: self.named(program, planned)?, call: *call, nth: *nth })
    }

    fn moment(&mut self, planned: &Spanned<PlannedMoment>) -> Option<Moment> {
        let it = planned.get_ref();
        let when = it.when.as_deref();
        if it.nth == 0 {
            self.wrong(planned, "\"nth\" counts from 1 on");
            return None;
        }
        let of_packet = it.from.is_some() || it.to.is_some() || it.mark.is_some();
        let what = match (&it.program, it.call, it.packet) {
            (Some(program), Some(call), None) if !of_packet => {
                let enters = match when {
                    Some("enter") => true,
                    Some("return") | None => false,
                    Some(_) => return self.no_when(planned, "\"enter\" or \"return\""),
                };
                What::Call { program: self.named(program, planned)?, call, enters }
            }
            (Some(program), None, None) if !of_packet => {
                let ends = match when {
                    Some("start") => false,
                    Some("end") => true,
                    _ => return self.no_when(planned, "\"start\" or \"end\""),
                };
                What::Program { program: self.named(program, planned)?, ends }
            }
            (None, None, Some(kind)) => {
                let fate = match when {
                    None | Some("arrive") => Fate::Arrive,
                    Some("depart") => Fate::Depart,
                    Some("lose") => Fate::Lose,
                    Some("hold") => Fate::Hold,
                    Some(_) => {
                        return self
                            .no_when(planned, "\"depart\", \"arrive\", \"lose\" or \"hold\"");
                    }
                };
                let mut host = |name: &Option<String>| match name {
                    Some(name) => self.host(&Spanned::new(planned.span(), name.clone())).map(Some),
                    None => Some(None),
                };
                let (from, to) = (host(&it.from)?, host(&it.to)?);
                What::Packet { kind, from, to, mark: it.mark, fate }
            }
            _ => {
                self.wrong(
                    planned,
                    "a moment is a program's call, a program's start or end, or a packet",
                );
                return None;
            }
        };
        Some(Moment { what, nth: it.nth })
    }

    fn no_when<T>(&mut self, at: &Spanned<PlannedMoment>, choices: &str) -> Option<T> {
        self.wrong(at, format!("\"when\" is {choices} here"));
        None
    }

    fn named<T>(&mut self, name: &str, at: &Spanned<T>) -> Option<ProgramName> {
        let found = self.programs.iter().find(|program| program.as_str() == name).cloned();
        if found.is_none() {
            self.wrong(at, format!("no program of this lesson is called {name:?}"));
        }
        found
    }

    fn host(&mut self, name: &Spanned<String>) -> Option<HostName> {
        let found = self.hosts.iter().find(|host| host.as_str() == name.get_ref()).cloned();
        if found.is_none() {
            self.wrong(name, format!("no host of this lesson is called {:?}", name.get_ref()));
        }
        found
    }

    /// The hosts that a change of the wire names.
    fn hosts_of(&mut self, wire: &WireChange) {
        let rules = wire.rules.iter().flatten().flat_map(|rule| [&rule.from, &rule.to]);
        for host in [&wire.from, &wire.to].into_iter().chain(rules).flatten() {
            if !self.hosts.contains(host) {
                let what = format!("no host of this lesson is called {:?}", host.as_str());
                self.mistakes.push(Mistake { file: self.file.clone(), line: 0, what });
            }
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

fn stem(file: &str) -> &str {
    file.strip_suffix(".py").unwrap_or(file)
}
