//! A lesson's journal, step by step: where its programs are, what is said, what is forgotten.

use socketscope_protocol::{Bilingual, Call, LessonRole, ReadyCall, Stream, Value};

use super::*;
use crate::journal::{Journal, STREAM, fd, name};

fn line(line: u32) -> SourceLine {
    SourceLine { file: "client.py".into(), line }
}

fn text(text: &str) -> Bilingual {
    Bilingual { en: text.into(), zh: text.into() }
}

fn lesson(journal: &mut Journal, fact: LessonFact) {
    journal.fact(Fact::Lesson(Box::new(fact)));
}

fn mode(journal: &mut Journal, round: u32, mode: Mode) {
    lesson(journal, LessonFact::Mode { round, mode, pace_ms: 0 });
}

fn ready(journal: &mut Journal, call: CallName, at: u32) {
    let call = ReadyCall { program: name("client"), fd: None, call, line: line(at) };
    journal.fact(Fact::Ready(Box::new(call)));
}

fn lit(journal: &Journal) -> Vec<(u32, Lit)> {
    journal.model.lit(&name("client")).iter().map(|it| (it.line.line, it.how)).collect()
}

fn started(journal: &mut Journal) {
    let role = Role::Lesson(LessonRole { file: "client.py".into() });
    journal.fact(Fact::Program {
        program: name("client"),
        host: None,
        change: Change::Started(role),
    });
}

/// A client that has come to its first call.
fn begun(capacity: usize) -> Journal {
    let mut journal = Journal::new(capacity);
    mode(&mut journal, 1, Mode::Step);
    started(&mut journal);
    ready(&mut journal, CallName::Socket, 5);
    journal
}

#[test]
fn a_line_is_ready_then_waits_then_has_run() {
    let mut journal = begun(100);
    assert_eq!(lit(&journal), [(5, Lit::Ready)]);
    let call = journal.enter_at("client", None, STREAM, line(5));
    assert_eq!(lit(&journal), [(5, Lit::Waiting)]);
    journal.ok(call, fd(3));
    assert_eq!(lit(&journal), [(5, Lit::Running)]);
    ready(&mut journal, CallName::Accept, 9);
    assert_eq!(lit(&journal), [(9, Lit::Ready)]);
    assert_eq!(journal.model.calls_of_line(&name("client"), &line(5)), [(call, 4)]);
    let found = journal.model.line_at(5).map(|(name, line)| (name.to_string(), line.line));
    assert_eq!(found, Some(("client".into(), 5)));
}

#[test]
fn threads_are_at_several_lines() {
    let mut journal = begun(100);
    ready(&mut journal, CallName::Recv, 7);
    ready(&mut journal, CallName::Recv, 7);
    journal.enter_at("client", Some(3), Call::Recv { size: 1 }, line(7));
    assert_eq!(lit(&journal), [(5, Lit::Ready), (7, Lit::Ready)]);
    journal.enter_at("client", Some(4), Call::Recv { size: 1 }, line(7));
    assert_eq!(lit(&journal), [(5, Lit::Ready), (7, Lit::Waiting)]);
    journal.fact(Fact::Exit { program: name("client"), code: None, signal: Some(9) });
    journal.end("client");
    assert_eq!(lit(&journal), []);
    let exit = journal.model.lesson().program(&name("client")).unwrap().exit.unwrap();
    assert!(!exit.is_well());
}

#[test]
fn a_new_round_begins_with_empty_panes() {
    let mut journal = begun(100);
    let call = journal.enter_at("client", None, STREAM, line(5));
    journal.ok(call, fd(3));
    let (program, stream) = (name("client"), Stream::Stdout);
    journal.fact(Fact::Output { program, stream, text: "hello\n".into() });
    lesson(&mut journal, LessonFact::Note { of: 4, text: text("made") });
    assert_eq!(journal.model.lesson().note(), Some(7));
    assert_eq!(journal.model.line_at(7).unwrap().1.line, 5);
    journal.end("client");
    mode(&mut journal, 1, Mode::Over);
    mode(&mut journal, 2, Mode::Step);
    started(&mut journal);
    let known = journal.model.lesson();
    assert_eq!((known.begins(9), known.begins(10), known.note()), (None, Some(2), None));
    let runs = known.program(&name("client")).unwrap();
    assert!(runs.output.is_empty() && runs.lines().next().is_none());
    // The earlier round's events still lead to their lines.
    assert_eq!(journal.model.line_at(4).unwrap().1.line, 5);
}

#[test]
fn a_question_is_counted_and_answered() {
    let mut journal = begun(100);
    let (question, program) = (1, name("client"));
    let choices = vec![text("a"), text("b")];
    let asked = LessonFact::Question { question, program, text: text("what?"), choices };
    lesson(&mut journal, asked);
    lesson(&mut journal, LessonFact::Answers { question, counts: vec![1, 4] });
    let known = journal.model.lesson().question().unwrap();
    assert_eq!((known.counts.as_slice(), known.revealed), ([1, 4].as_slice(), None));
    lesson(&mut journal, LessonFact::Reveal { question, right: 2, text: text("so") });
    assert_eq!(journal.model.lesson().question().unwrap().revealed, Some(6));
    mode(&mut journal, 2, Mode::Step);
    assert_eq!(journal.model.lesson().question(), None);
}

#[test]
fn what_is_kept_goes_with_the_oldest_events() {
    let mut journal = begun(20);
    lesson(&mut journal, LessonFact::Note { of: 3, text: text("made") });
    for _ in 0..30 {
        let call = journal.enter_at("client", Some(3), Call::Close, line(6));
        journal.ok(call, Value::default());
        let (program, stream) = (name("client"), Stream::Stderr);
        journal.fact(Fact::Output { program, stream, text: "x\n".into() });
    }
    let model = &journal.model;
    let runs = model.lesson().program(&name("client")).unwrap();
    assert_eq!((runs.output.lines().count(), runs.output.cut()), (7, 23));
    assert_eq!(model.calls_of_line(&name("client"), &line(6)).len(), 6);
    assert_eq!(model.lesson().note(), None);
}

/// A selector, or sleep: no call on a socket, and yet the line that the program is at.
#[test]
fn a_line_may_wait_without_a_call() {
    let mut journal = begun(100);
    let call = journal.enter_at("client", None, STREAM, line(5));
    journal.ok(call, fd(3));
    let at = |waits| Fact::At { program: name("client"), line: line(8), waits };
    journal.fact(at(true));
    assert_eq!(lit(&journal), [(8, Lit::Waiting)]);
    journal.fact(at(false));
    assert_eq!(lit(&journal), [(8, Lit::Running)]);
    ready(&mut journal, CallName::Accept, 9);
    assert_eq!(lit(&journal), [(9, Lit::Ready)]);
}
