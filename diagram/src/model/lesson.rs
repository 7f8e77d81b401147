//! A lesson as its events tell it: how it goes on, which lines its programs are at, what they wrote, what is said and asked.
//!
//! Texts stay in their events and are addressed by the events' numbers, so that what is kept here is small and goes with them.

mod output;
mod program;

use std::collections::VecDeque;

use socketscope_protocol::{
    CallId, CallName, Change, Event, Fact, LessonFact, Mode, ProgramName, Role, SourceLine,
};

pub use output::{Output, Written};
pub use program::{Ended, Lit, LitLine, Runs};

use super::{CallRecord, Model};

/// Notes and questions that are kept at most: more than any lesson says, however often it is begun anew.
const KEPT: usize = 1_000;

/// What is known of a room's lesson.
#[derive(Clone, Debug, Default)]
pub struct Lesson {
    /// How often it has been begun; 0 before that is known.
    pub round: u32,
    /// How it goes on.
    pub mode: Mode,
    /// While it runs: milliseconds from one call to the next.
    pub pace_ms: u64,
    /// Its programs in the order in which they were heard of.
    programs: Vec<(ProgramName, Runs)>,
    /// Which event begins which round, from the second on.
    rounds: VecDeque<(u64, u32)>,
    /// Notes: the event that is explained, and the note's own number.
    notes: VecDeque<(u64, u64)>,
    questions: VecDeque<Question>,
}

/// A question, and what has come of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Its event's number.
    pub seq: u64,
    /// The round in which it was asked.
    pub round: u32,
    /// Its number in the lesson.
    pub question: u32,
    /// How many have chosen what.
    pub counts: Vec<u32>,
    /// The event that told the answer.
    pub revealed: Option<u64>,
}

impl Lesson {
    /// What a program of the lesson does; nothing where it has not been heard of.
    pub fn program(&self, name: &ProgramName) -> Option<&Runs> {
        self.programs.iter().find(|(known, _)| known == name).map(|(_, runs)| runs)
    }

    /// The lesson's programs that have been heard of, the one that acted last first.
    pub fn lately(&self) -> Vec<&ProgramName> {
        let mut programs: Vec<_> = self.programs.iter().collect();
        programs.sort_by_key(|(_, runs)| std::cmp::Reverse(runs.acted));
        programs.into_iter().map(|(name, _)| name).collect()
    }

    /// Whether some program is at a call that can be let go.
    pub fn is_ready(&self) -> bool {
        self.programs.iter().any(|(_, runs)| !runs.ready.is_empty())
    }

    /// The round that the event `seq` begins, where it begins one anew.
    pub fn begins(&self, seq: u64) -> Option<u32> {
        let at = self.rounds.binary_search_by_key(&seq, |(seq, _)| *seq).ok()?;
        self.rounds.get(at).map(|(_, round)| *round)
    }

    /// The number of this round's last note.
    pub fn note(&self) -> Option<u64> {
        let begun = self.rounds.back().map_or(0, |(seq, _)| *seq);
        self.notes.back().map(|(_, seq)| *seq).filter(|seq| *seq > begun)
    }

    /// The numbers of the notes that explain the event `of`.
    pub fn notes_of(&self, of: u64) -> impl Iterator<Item = u64> {
        self.notes.iter().filter(move |(it, _)| *it == of).map(|(_, seq)| *seq)
    }

    /// This round's last question.
    pub fn question(&self) -> Option<&Question> {
        self.questions.back().filter(|question| question.round == self.round)
    }

    /// The question that the event `seq` asks or answers.
    pub fn question_at(&self, seq: u64) -> Option<&Question> {
        self.questions.iter().find(|it| it.seq == seq || it.revealed == Some(seq))
    }

    fn runs(&mut self, name: &ProgramName) -> &mut Runs {
        let at = self.programs.iter().position(|(known, _)| known == name);
        let at = at.unwrap_or_else(|| {
            self.programs.push((name.clone(), Runs::default()));
            self.programs.len() - 1
        });
        &mut self.programs[at].1
    }

    /// Takes in what is told of the lesson itself or of its programs.
    pub(super) fn take(&mut self, event: &Event) {
        let seq = event.seq;
        match &event.fact {
            Fact::Lesson(fact) => self.told(seq, fact),
            Fact::Ready(ready) => {
                let runs = self.runs(&ready.program);
                (runs.acted, runs.last) = (seq, None);
                runs.ready.push((**ready).clone());
            }
            Fact::Enter { id: _, program, fd: _, call, line: Some(line) } => {
                self.runs(program).entered(seq, call.name(), line);
            }
            Fact::At { program, line, waits } => self.runs(program).is_at(seq, line, *waits),
            Fact::Output { program, stream, text } => {
                self.runs(program).output.write(seq, *stream, text);
            }
            Fact::Exit { program, code, signal } => {
                let runs = self.runs(program);
                runs.end(seq);
                runs.exit = Some(Ended { seq, code: *code, signal: *signal });
            }
            Fact::Program { program, change: Change::Started(Role::Lesson(_)), .. } => {
                // What an earlier round left is gone from the panes; it stays in the journal.
                *self.runs(program) = Runs { acted: seq, ..Runs::default() };
            }
            Fact::Program { program, change: Change::Ended(_), .. } => {
                if let Some((_, runs)) = self.programs.iter_mut().find(|(it, _)| it == program) {
                    runs.end(seq);
                }
            }
            Fact::Gap { .. } => {
                for (_, runs) in &mut self.programs {
                    runs.ready.clear();
                    runs.waits.clear();
                    runs.last = None;
                }
            }
            _ => {}
        }
    }

    fn told(&mut self, seq: u64, fact: &LessonFact) {
        match fact {
            LessonFact::Mode { round, mode, pace_ms } => {
                if self.round != 0 && *round > self.round {
                    self.rounds.push_back((seq, *round));
                    self.programs.iter_mut().for_each(|(_, runs)| *runs = Runs::default());
                }
                (self.round, self.mode, self.pace_ms) = (*round, *mode, *pace_ms);
            }
            LessonFact::Note { of, .. } => self.notes.push_back((*of, seq)),
            LessonFact::Question { question, choices, .. } => {
                let (round, counts) = (self.round, vec![0; choices.len()]);
                let (question, revealed) = (*question, None);
                self.questions.push_back(Question { seq, round, question, counts, revealed });
            }
            LessonFact::Answers { question, counts } => {
                if let Some(known) = self.open(*question) {
                    known.counts.clone_from(counts);
                }
            }
            LessonFact::Reveal { question, .. } => {
                if let Some(known) = self.open(*question) {
                    known.revealed = Some(seq);
                }
            }
        }
        if self.notes.len() > KEPT {
            self.notes.pop_front();
        }
        if self.questions.len() > KEPT {
            self.questions.pop_front();
        }
    }

    fn open(&mut self, number: u32) -> Option<&mut Question> {
        self.questions.iter_mut().rev().find(|question| question.question == number)
    }

    /// The call `record` of an observed program has returned.
    pub(super) fn returned(&mut self, seq: u64, program: &ProgramName, line: SourceLine) {
        let runs = self.runs(program);
        (runs.acted, runs.last) = (seq, Some(line));
    }

    /// The event is no longer kept.
    pub(super) fn forget(&mut self, event: &Event) {
        let seq = event.seq;
        match &event.fact {
            Fact::Enter { program, line: Some(line), .. } => self.runs(program).forget(seq, line),
            Fact::Output { program, .. } => self.runs(program).output.forget(seq),
            Fact::Lesson(_) => {
                while self.notes.front().is_some_and(|(_, note)| *note <= seq) {
                    self.notes.pop_front();
                }
                while self.questions.front().is_some_and(|question| question.seq <= seq) {
                    self.questions.pop_front();
                }
                while self.rounds.front().is_some_and(|(begun, _)| *begun <= seq) {
                    self.rounds.pop_front();
                }
            }
            _ => {}
        }
    }
}

/// The way from events to lines and back.
impl Model {
    /// What is known of the room's lesson.
    pub fn lesson(&self) -> &Lesson {
        &self.lesson
    }

    /// The line of the source that made the call, as long as its enter is kept.
    pub fn line_of(&self, record: &CallRecord) -> Option<&SourceLine> {
        match &self.event(record.enter?.seq)?.fact {
            Fact::Enter { line, .. } => line.as_ref(),
            _ => None,
        }
    }

    /// Whose line the event `seq` is about: that of its call, of the call that it waits to make, or of the event that it
    /// explains.
    pub fn line_at(&self, seq: u64) -> Option<(&ProgramName, &SourceLine)> {
        match &self.event(seq)?.fact {
            Fact::Enter { program, line, .. } => Some((program, line.as_ref()?)),
            Fact::Return { id, program, .. } => Some((program, self.line_of(self.call(*id)?)?)),
            Fact::Ready(ready) => Some((&ready.program, &ready.line)),
            Fact::Lesson(fact) => match &**fact {
                LessonFact::Note { of, .. } if *of < seq => self.line_at(*of),
                _ => None,
            },
            _ => None,
        }
    }

    /// The calls that this round's line has made, oldest first, each with the number of its enter.
    pub fn calls_of_line(&self, program: &ProgramName, line: &SourceLine) -> Vec<(CallId, u64)> {
        let runs = self.lesson.program(program);
        let enters = runs.into_iter().flat_map(|runs| runs.enters(line));
        let call = |seq: u64| match &self.event(seq)?.fact {
            Fact::Enter { id, .. } => Some((*id, seq)),
            _ => None,
        };
        enters.filter_map(call).collect()
    }

    /// The lines that the program is at now, each once, the most telling state first.
    pub fn lit(&self, name: &ProgramName) -> Vec<LitLine> {
        let Some(runs) = self.lesson.program(name) else { return Vec::new() };
        let ready = runs.ready.iter().map(|it| (&it.line, Lit::Ready, it.call));
        let calls = self.program_named(name).into_iter().flat_map(|program| program.waiting.iter());
        let waiting = calls.filter_map(|id| {
            let record = self.call(*id)?;
            Some((self.line_of(record)?, Lit::Waiting, record.name))
        });
        let mut lit: Vec<LitLine> = Vec::new();
        let mut add = |line: &SourceLine, how: Lit, call: Option<CallName>| {
            if !lit.iter().any(|it| it.line == *line) {
                lit.push(LitLine { line: line.clone(), how, call });
            }
        };
        ready.for_each(|(line, how, call)| add(line, how, Some(call)));
        runs.waits.iter().for_each(|line| add(line, Lit::Waiting, None));
        waiting.for_each(|(line, how, call)| add(line, how, Some(call)));
        if let Some(line) = &runs.last {
            add(line, Lit::Running, None);
        }
        lit
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests say what they expect by unwrapping")]
mod tests;
