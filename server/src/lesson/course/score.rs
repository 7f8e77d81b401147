//! What of a lesson is still to come in a round: which moments are waited for, which calls may not be made yet. Pure.

use std::collections::HashMap;

use socketscope_protocol::{CallName, Event, Fact, ProgramName};

use super::super::{
    Act, Before, Lesson, Question,
    moment::{Packets, Trigger},
};

/// Something that the lesson wants done.
#[derive(Clone, Debug)]
pub(super) enum Due {
    /// Start the program with this place in the lesson's list.
    Start(usize),
    /// Say the note with this place.
    Note(usize),
    Act(Act),
    /// The call that it was asked about has returned.
    Answered(usize),
}

/// How far a round has come.
#[derive(Debug)]
pub(super) struct Score {
    packets: Packets,
    /// How often a program has entered a call, and how often it returned.
    calls: HashMap<(ProgramName, CallName), (u32, u32)>,
    /// By the programs' places in the list; none where it has been started.
    starts: Vec<Option<Trigger>>,
    notes: Vec<Trigger>,
    acts: Vec<(Trigger, Act)>,
    waits: Vec<(Before, Trigger)>,
    questions: Vec<(Question, Asked)>,
    /// How many programs have ended.
    exits: usize,
}

/// Where a question stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    NotYet,
    Open,
    Told,
}

impl Score {
    pub(super) fn new(lesson: &Lesson, sees_packets: bool) -> Self {
        let starts = lesson.programs.iter().map(|it| it.starts.as_ref().map(Trigger::new));
        let waits = lesson.waits.iter().filter(|(_, until)| sees_packets || !until.is_of_packet());
        let waits = waits.map(|(it, until)| (it.clone(), Trigger::new(until)));
        let acts = lesson.acts.iter().map(|(at, act)| (Trigger::new(at), act.clone()));
        let questions = lesson.questions.iter().map(|it| (it.clone(), Asked::NotYet));
        Self {
            packets: Packets::default(),
            calls: HashMap::new(),
            starts: starts.collect(),
            notes: lesson.notes.iter().map(|(at, _)| Trigger::new(at)).collect(),
            acts: acts.collect(),
            waits: waits.collect(),
            questions: questions.collect(),
            exits: 0,
        }
    }

    /// Looks at the next event, and says what is to be done now.
    pub(super) fn look(&mut self, event: &Event) -> Vec<Due> {
        self.packets.note(&event.fact);
        self.exits += usize::from(matches!(event.fact, Fact::Exit { .. }));
        let mut due = self.count(&event.fact);
        let packets = &self.packets;
        for (at, trigger) in self.notes.iter_mut().enumerate() {
            if trigger.look(event, packets) {
                due.push(Due::Note(at));
            }
        }
        for (trigger, act) in &mut self.acts {
            if trigger.look(event, packets) {
                due.push(Due::Act(act.clone()));
            }
        }
        for (_, until) in &mut self.waits {
            until.look(event, packets);
        }
        for (at, starts) in self.starts.iter_mut().enumerate() {
            if starts.as_mut().is_some_and(|starts| starts.look(event, packets)) {
                *starts = None;
                due.push(Due::Start(at));
            }
        }
        self.packets.forget(&event.fact);
        due
    }

    /// Counts calls, and finds the questions that are about one of them.
    fn count(&mut self, fact: &Fact) -> Vec<Due> {
        let (program, call, enters) = match fact {
            Fact::Enter { program, call, .. } => (program, call.name(), true),
            Fact::Return { program, call, .. } => (program, *call, false),
            _ => return Vec::new(),
        };
        let counts = self.calls.entry((program.clone(), call)).or_default();
        let nth = if enters { &mut counts.0 } else { &mut counts.1 };
        *nth += 1;
        let nth = *nth;
        let mut due = Vec::new();
        for (at, (question, asked)) in self.questions.iter_mut().enumerate() {
            match (enters, *asked) {
                _ if !question.before.is(program, call, nth) => {}
                // It was not held, and so it was not asked about before. Afterwards it is no question any more.
                (true, Asked::NotYet) => *asked = Asked::Told,
                (false, Asked::Open) => due.push(Due::Answered(at)),
                _ => {}
            }
        }
        due
    }

    /// The place of the question that is to be asked now that nothing but somebody's permission stands before a call.
    pub(super) fn question_before(
        &mut self,
        program: &ProgramName,
        call: CallName,
    ) -> Option<usize> {
        // One question at a time.
        if self.open_question().is_some() {
            return None;
        }
        let at = self.next_question(program, call)?;
        self.questions[at].1 = Asked::Open;
        Some(at)
    }

    /// The place of the question that would be asked.
    pub(super) fn next_question(&self, program: &ProgramName, call: CallName) -> Option<usize> {
        let next = self.entered(program, call) + 1;
        let is_it = |(question, asked): &(Question, Asked)| {
            *asked == Asked::NotYet && question.before.is(program, call, next)
        };
        let at = self.questions.iter().position(is_it)?;
        (!self.has_to_wait(program, call)).then_some(at)
    }

    /// Whether nothing is waited for any more but the programs' ends.
    pub(super) fn is_through(&self) -> bool {
        self.starts.iter().all(Option::is_none)
            && self.notes.iter().all(Trigger::has_come)
            && self.acts.iter().all(|(at, _)| at.has_come())
            && self.waits.iter().all(|(_, until)| until.has_come())
            && self.questions.iter().all(|(_, asked)| *asked == Asked::Told)
    }

    /// Whether all of `started` programs have ended, and none is still to start.
    pub(super) fn is_over(&self, started: usize) -> bool {
        started > 0 && self.exits >= started && self.starts.iter().all(Option::is_none)
    }

    /// The place of the question that is open.
    pub(super) fn open_question(&self) -> Option<usize> {
        self.questions.iter().position(|(_, asked)| *asked == Asked::Open)
    }

    /// The answer to a question is being told.
    pub(super) fn told(&mut self, question: usize) {
        if let Some((_, asked)) = self.questions.get_mut(question) {
            *asked = Asked::Told;
        }
    }

    /// Whether the next `call` of a program has to wait for a moment of the lesson's.
    pub(super) fn has_to_wait(&self, program: &ProgramName, call: CallName) -> bool {
        let next = self.entered(program, call) + 1;
        let holds = |(before, until): &(Before, Trigger)| {
            !until.has_come() && before.is(program, call, next)
        };
        self.waits.iter().any(holds)
    }

    /// Whether the next `call` of a program is what is being asked about, or what will be asked about next.
    pub(super) fn is_asked_about(&self, program: &ProgramName, call: CallName) -> bool {
        let next = self.entered(program, call) + 1;
        let is_it = |(question, asked): &(Question, Asked)| {
            *asked != Asked::Told && question.before.is(program, call, next)
        };
        self.questions.iter().any(is_it)
    }

    /// Whether a call of the program may still have to wait for a moment of the lesson's.
    pub(super) fn may_have_to_wait(&self, program: &ProgramName) -> bool {
        self.waits.iter().any(|(before, until)| before.program == *program && !until.has_come())
    }

    /// Whether a question about a call of the program is still to be asked.
    pub(super) fn may_be_asked_about(&self, program: &ProgramName) -> bool {
        let is_it = |(question, asked): &(Question, Asked)| {
            *asked == Asked::NotYet && question.before.program == *program
        };
        self.questions.iter().any(is_it)
    }

    fn entered(&self, program: &ProgramName, call: CallName) -> u32 {
        self.calls.get(&(program.clone(), call)).map_or(0, |counts| counts.0)
    }
}
