//! Which call may be made next: one by one, at a pace, or all.

use std::time::Duration;

use socketscope_diagram::wording::Trouble;
use socketscope_protocol::{Mode, ProgramName};
use tokio::{sync::oneshot, time::Instant};

use super::Conductor;
use crate::{process::Waiting, refusal::Refusal, told::told};

/// What is answered to whoever wants a lesson to go on that has ended.
pub(super) const OVER: Trouble = Trouble::named("nothing-to-step/over");

/// Somebody wants one call let go.
pub(super) struct Step {
    pub(super) program: Option<ProgramName>,
    pub(super) until: Instant,
    pub(super) answer: oneshot::Sender<Result<(), Refusal>>,
}

impl Conductor {
    pub(super) fn go_on(&mut self, mode: Mode, pace: Duration) -> Result<(), Refusal> {
        if self.mode == Mode::Over {
            return Err(Refusal::NothingToStep(OVER.into()));
        }
        if (self.mode, self.pace) != (mode, pace) {
            if mode == Mode::Run {
                self.fail_steps(const { Trouble::named("nothing-to-step/runs") });
            }
            (self.mode, self.pace, self.due) = (mode, pace, Instant::now());
            self.tell_mode();
            let processes = self.processes().clone();
            for process in processes {
                process.need_permission(self.needs_permission(&process.name));
            }
        }
        Ok(())
    }

    pub(super) fn is_at_full_speed(&self) -> bool {
        self.mode == Mode::Run && self.pace.is_zero()
    }

    /// Whether the calls of a program have to be let go one by one. At full speed that would only cost time.
    pub(super) fn needs_permission(&self, program: &ProgramName) -> bool {
        !self.is_at_full_speed()
            || self.score.may_have_to_wait(program)
            || self.score.may_be_asked_about(program)
    }

    /// Lets those calls go whose time has come.
    pub(super) fn let_go(&mut self) {
        let now = Instant::now();
        let waiting = self.witness.waiting();
        let free: Vec<_> = waiting.iter().filter(|it| self.is_free(it)).collect();
        match self.mode {
            Mode::Run if self.is_at_full_speed() => {
                for it in free {
                    self.permit(it);
                    if let Some(process) = self.process(&it.call.program) {
                        process.need_permission(self.needs_permission(&process.name));
                    }
                }
            }
            Mode::Run if now >= self.due => {
                if let Some(first) = free.first() {
                    self.permit(first);
                    self.due = now + self.pace;
                }
            }
            Mode::Run | Mode::Over => {}
            Mode::Step => {
                let mut free: Vec<_> = free.into_iter().cloned().collect();
                for step in std::mem::take(&mut self.steps) {
                    let is_it = |it: &Waiting| {
                        step.program.as_ref().is_none_or(|program| *program == it.call.program)
                    };
                    if let Some(at) = free.iter().position(is_it) {
                        self.permit(&free.remove(at));
                        let _ = step.answer.send(Ok(()));
                    } else if now >= step.until {
                        let _ = step.answer.send(Err(self.why_no_step(&waiting)));
                    } else {
                        self.steps.push(step);
                    }
                }
            }
        }
    }

    /// Whether a call is let go now if nothing is asked about it.
    pub(super) fn is_next(&self, it: &Waiting) -> bool {
        if self.is_at_full_speed() {
            return self.is_free(it);
        }
        let waiting = self.witness.waiting();
        let first = waiting.iter().find(|it| self.is_free(it));
        self.mode == Mode::Run
            && Instant::now() >= self.due
            && first.is_some_and(|first| (first.program, first.ticket) == (it.program, it.ticket))
    }

    fn is_free(&self, it: &Waiting) -> bool {
        let (program, call) = (&it.call.program, it.call.call);
        let asked = self.mode == Mode::Step && self.score.is_asked_about(program, call);
        !asked && !self.score.has_to_wait(program, call)
    }

    fn why_no_step(&self, waiting: &[Waiting]) -> Refusal {
        let asked = |it: &Waiting| self.score.is_asked_about(&it.call.program, it.call.call);
        let why = if waiting.iter().any(asked) {
            told!("nothing-to-step/question")
        } else if waiting.is_empty() {
            told!("nothing-to-step/none")
        } else {
            told!("nothing-to-step/other")
        };
        Refusal::NothingToStep(why)
    }

    fn permit(&self, it: &Waiting) {
        if let Some(process) =
            self.process(&it.call.program).filter(|process| process.number == it.program)
            && self.witness.let_go(it)
        {
            process.permit(it.ticket);
        }
    }

    /// No step waits any longer.
    pub(super) fn fail_steps(&mut self, why: Trouble) {
        for step in self.steps.drain(..) {
            let _ = step.answer.send(Err(Refusal::NothingToStep(why.into())));
        }
    }
}
