//! What is known of one program of a lesson: the calls that it waits to make, where it is, what each of its lines has done.

use std::collections::VecDeque;

use socketscope_protocol::{CallName, ReadyCall, SourceLine};

use super::Output;

/// Calls that are remembered of a line: the latest.
const CALLS_OF_LINE: usize = 500;

/// A program's run in this round.
#[derive(Clone, Debug, Default)]
pub struct Runs {
    /// The calls that it waits to make: several where it has threads.
    pub ready: Vec<ReadyCall>,
    /// What it has written.
    pub output: Output,
    /// How its process ended, once it has.
    pub exit: Option<Ended>,
    /// The line whose call has returned last, until it is at the next one.
    pub(super) last: Option<SourceLine>,
    /// The lines where it waits for something that is no call on a socket: one a thread.
    pub(super) waits: Vec<SourceLine>,
    /// The number of the event with which it came to be where it is.
    pub(super) acted: u64,
    /// The lines that have made calls, with the numbers of the calls' enters.
    pub(super) lines: Vec<(SourceLine, VecDeque<u64>)>,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The event's number.
    pub seq: u64,
    /// Its exit code, where it ended by itself.
    pub code: Option<i32>,
    /// The signal that ended it, where one did.
    pub signal: Option<i32>,
}

impl Ended {
    /// Whether it ended as it should.
    pub fn is_well(self) -> bool {
        self.signal.is_none() && self.code.is_none_or(|code| code == 0)
    }
}

/// How a program is at a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lit {
    /// About to make the line's call: it waits to be let go.
    Ready,
    /// In the line's call, which has not returned.
    Waiting,
    /// The line's call has returned; it has not come to another one yet.
    Running,
}

/// A line that a program is at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LitLine {
    /// Which.
    pub line: SourceLine,
    /// How.
    pub how: Lit,
    /// The call that it is about to make, or is in.
    pub call: Option<CallName>,
}

impl Runs {
    /// Whether it has started in this round.
    pub fn has_started(&self) -> bool {
        self.acted > 0
    }

    /// The lines that have made calls.
    pub fn lines(&self) -> impl Iterator<Item = &SourceLine> {
        self.lines.iter().map(|(line, _)| line)
    }

    /// The numbers of the enters of the line's calls, oldest first.
    pub(super) fn enters(&self, line: &SourceLine) -> impl Iterator<Item = u64> {
        let known = self.lines.iter().find(|(known, _)| known == line);
        known.into_iter().flat_map(|(_, enters)| enters.iter().copied())
    }

    pub(super) fn entered(&mut self, seq: u64, call: CallName, line: &SourceLine) {
        (self.acted, self.last) = (seq, None);
        let let_go = self.ready.iter().position(|it| it.call == call && it.line == *line);
        if let Some(at) = let_go {
            self.ready.remove(at);
        }
        let known = self.lines.iter().position(|(known, _)| known == line);
        let at = known.unwrap_or_else(|| {
            self.lines.push((line.clone(), VecDeque::new()));
            self.lines.len() - 1
        });
        let enters = &mut self.lines[at].1;
        enters.push_back(seq);
        if enters.len() > CALLS_OF_LINE {
            enters.pop_front();
        }
    }

    /// It waits at a line for something that is no call on a socket, or goes on from there.
    pub(super) fn is_at(&mut self, seq: u64, line: &SourceLine, waits: bool) {
        self.acted = seq;
        if waits {
            self.last = None;
            self.waits.push(line.clone());
        } else {
            self.last = Some(line.clone());
            if let Some(at) = self.waits.iter().position(|it| it == line) {
                self.waits.remove(at);
            }
        }
    }

    /// It has ended: it is nowhere any more.
    pub(super) fn end(&mut self, seq: u64) {
        self.ready.clear();
        self.waits.clear();
        (self.acted, self.last) = (seq, None);
    }

    /// The enter `seq` of the line is no longer kept.
    pub(super) fn forget(&mut self, seq: u64, line: &SourceLine) {
        let Some(at) = self.lines.iter().position(|(known, _)| known == line) else { return };
        let enters = &mut self.lines[at].1;
        while enters.front().is_some_and(|enter| *enter <= seq) {
            enters.pop_front();
        }
        if enters.is_empty() {
            self.lines.remove(at);
        }
    }
}
