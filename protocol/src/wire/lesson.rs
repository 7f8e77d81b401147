//! What is said of lessons: their events, the list of them, a room's lesson, and what is asked of it.

use super::event::{fd, host, program};
use crate::{
    Bilingual, CallName, LessonCommand, LessonFact, LessonId, LessonListed, LessonProgram,
    LessonView, Mode, ReadyCall, Said, SourceFile, SourceLine, Stream,
    json::{Json, Writer},
};

/// An event of the kind `kind`; none where it is not one of a lesson's.
pub(super) fn fact(kind: &str, json: &Json<'_>) -> Option<LessonFact> {
    let number = |name| json.get(name).unsigned()?.try_into().ok();
    let text = || bilingual(json.get("text"));
    Some(match kind {
        "mode" => LessonFact::Mode {
            round: number("round")?,
            mode: Mode::named(json.get("mode").text()?)?,
            pace_ms: json.get("pace_ms").unsigned()?,
        },
        "note" => LessonFact::Note { of: json.get("of").unsigned()?, text: text()? },
        "question" => LessonFact::Question {
            question: number("question")?,
            program: program(json.get("program"))?,
            text: text()?,
            choices: json.get("choices").items().iter().filter_map(bilingual).collect(),
        },
        "answers" => {
            let counts = json.get("counts").items().iter();
            let counts = counts.filter_map(|count| count.unsigned()?.try_into().ok());
            LessonFact::Answers { question: number("question")?, counts: counts.collect() }
        }
        "reveal" => LessonFact::Reveal {
            question: number("question")?,
            right: number("right")?,
            text: text()?,
        },
        _ => return None,
    })
}

pub(super) fn ready(json: &Json<'_>) -> Option<ReadyCall> {
    Some(ReadyCall {
        program: program(json.get("program"))?,
        fd: fd(json),
        call: CallName::named(json.get("call").text()?)?,
        line: line(json)?,
    })
}

pub(super) fn line(json: &Json<'_>) -> Option<SourceLine> {
    let line = json.get("line").unsigned()?.try_into().ok()?;
    Some(SourceLine { file: json.get("file").string()?, line })
}

pub(super) fn stream(json: &Json<'_>) -> Option<Stream> {
    Stream::named(json.get("stream").text()?)
}

pub(super) fn id(json: &Json<'_>) -> Option<LessonId> {
    json.get("lesson").string().map(LessonId)
}

fn bilingual(json: &Json<'_>) -> Option<Bilingual> {
    Some(Bilingual { en: json.get("en").string()?, zh: json.get("zh").string()? })
}

impl LessonListed {
    /// Reads an entry of the list.
    pub fn from_json(json: &Json<'_>) -> Option<Self> {
        Some(Self {
            lesson: id(json)?,
            title: bilingual(json.get("title"))?,
            text: bilingual(json.get("text"))?,
            obstacle: json.get("obstacle").string(),
            said: Said::from_json(json.get("said")),
        })
    }
}

impl LessonView {
    /// Reads a room's lesson.
    pub fn from_json(json: &Json<'_>) -> Option<Self> {
        let file = |json: &Json<'_>| {
            Some(SourceFile { name: json.get("name").string()?, code: json.get("code").string()? })
        };
        let one = |json: &Json<'_>| {
            Some(LessonProgram {
                name: program(json.get("name"))?,
                file: json.get("file").string()?,
                host: host(json.get("host")),
            })
        };
        Some(Self {
            lesson: id(json)?,
            title: bilingual(json.get("title"))?,
            text: bilingual(json.get("text"))?,
            programs: json.get("programs").items().iter().filter_map(one).collect(),
            files: json.get("files").items().iter().filter_map(file).collect(),
        })
    }
}

/// A command as the body of a request.
pub(super) fn command(command: &LessonCommand) -> Writer {
    let of = |name| Writer::default().text("do", name);
    match command {
        LessonCommand::Run { pace_ms } => of("run").plain("pace_ms", Some(pace_ms)),
        LessonCommand::Step { program } => {
            of("step").text("program", program.as_ref().map(|program| program.as_str()))
        }
        LessonCommand::Pause => of("pause"),
        LessonCommand::Reset => of("reset"),
        LessonCommand::Reveal => of("reveal"),
    }
}
