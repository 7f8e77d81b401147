//! The conductor of a lesson: follows the journal, starts programs, says notes, asks, and lets calls go one after the other.

mod asking;
mod permits;
mod starting;

use std::{
    sync::{Arc, MutexGuard, PoisonError},
    time::Duration,
};

use socketscope_diagram::wording::Trouble;
use socketscope_protocol::{
    Event, Fact, LessonCommand, LessonFact, Mode, ProgramName, WireChange, json::Json,
};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep, sleep_until},
};

use super::{
    super::{Act, Lesson, Planned, poll::Poll},
    Asked, Processes,
    score::{Due, Score},
};
use crate::{
    clock,
    network::Lab,
    process::{Process, Python, Witness},
    refusal::Refusal,
};
use permits::{OVER, Step};

/// Bytes of the journal that are read in one go.
const PIECE: usize = 256 * 1024;

/// How long a step waits for a call that could be let go: a program needs a moment from one call to the next.
const PATIENCE: Duration = Duration::from_millis(1500);

/// What stands in the line of a program's end.
const EXIT: &str = "\"kind\":\"exit\"";

/// How often the journal is looked at while calls go as fast as they can.
const HOLD_OFF: Duration = Duration::from_millis(4);

/// How often at most viewers are told how many have answered.
const COUNTS: Duration = Duration::from_millis(300);

pub(super) struct Conductor {
    lesson: Arc<Lesson>,
    witness: Arc<Witness>,
    python: Python,
    poll: Arc<Poll>,
    processes: Processes,
    score: Score,
    /// The next event to look at.
    next: u64,
    round: u32,
    mode: Mode,
    pace: Duration,
    /// When the next call goes, while the lesson runs.
    due: Instant,
    steps: Vec<Step>,
    /// When the counts of answers are to be told.
    counts_due: Option<Instant>,
}

impl Conductor {
    pub(super) fn new(
        lesson: Arc<Lesson>,
        witness: Arc<Witness>,
        python: Python,
        poll: Arc<Poll>,
        processes: Processes,
    ) -> Self {
        let score = new_score(&lesson, &witness);
        Self {
            lesson,
            witness,
            python,
            poll,
            processes,
            score,
            next: 1,
            round: 0,
            mode: Mode::Step,
            pace: Duration::ZERO,
            due: Instant::now(),
            steps: Vec::new(),
            counts_due: None,
        }
    }

    /// Conducts until nobody can ask any more.
    pub(super) async fn conduct(mut self, mut commands: mpsc::Receiver<Asked>) {
        if let Err(why) = self.begin().await {
            tracing::error!(%why, "a lesson did not begin as it should");
        }
        let (witness, poll) = (self.witness.clone(), self.poll.clone());
        let journal = &witness.scope().journal;
        loop {
            let mut appended = std::pin::pin!(journal.appended());
            journal.listen(appended.as_mut());
            self.follow().await;
            self.let_go();
            let next = self.next_due();
            // At full speed it looks now and then: whoever is woken by each event takes time from the programs.
            let hold_off = self.is_at_full_speed();
            tokio::select! {
                asked = commands.recv() => match asked {
                    Some((command, answer)) => self.obey(command, answer).await,
                    None => return,
                },
                () = appended, if !hold_off => {}
                () = sleep(HOLD_OFF), if hold_off => {}
                () = poll.changed.notified() => {
                    self.counts_due.get_or_insert(Instant::now() + COUNTS);
                }
                () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {}
            }
        }
    }

    /// Begins a round: programs start, and wait before their first calls.
    ///
    /// # Errors
    /// Why its hosts could not be made anew. The next time they may.
    async fn begin(&mut self) -> Result<(), Refusal> {
        self.end_processes().await;
        self.poll.close();
        self.witness.forget_all();
        self.fail_steps(const { Trouble::named("nothing-to-step/anew") });
        self.score = new_score(&self.lesson, &self.witness);
        self.next = self.witness.scope().journal.range().1 + 1;
        if let Ok(lab) = self.witness.scope().network.as_lab() {
            if self.round > 0 {
                lab.renew().await.map_err(|obstacle| Refusal::Unable(obstacle.into()))?;
                // The same chances again: a round goes as the one before.
                let seed = Some(lab.wire.view().seed);
                let plain = WireChange { rules: Some(Vec::new()), seed, ..WireChange::plain() };
                change(lab, &plain);
            }
            if self.lesson.wire != WireChange::default() {
                change(lab, &self.lesson.wire);
            }
        }
        self.round += 1;
        (self.mode, self.pace) = (Mode::Step, Duration::ZERO);
        self.tell_mode();
        let at_once = |(at, program): (usize, &Planned)| program.starts.is_none().then_some(at);
        let at_once: Vec<_> = self.lesson.programs.iter().enumerate().filter_map(at_once).collect();
        for program in at_once {
            self.start(program).await;
        }
        Ok(())
    }

    /// Looks at what has happened since, and does what the lesson says to it.
    async fn follow(&mut self) {
        loop {
            let batch = self.witness.scope().journal.read(self.next, PIECE);
            if batch.text.is_empty() {
                break;
            }
            self.next = batch.next;
            for line in batch.text.lines() {
                // Where nothing is waited for any more, a program's end is all that matters.
                if self.score.is_through() && !line.contains(EXIT) {
                    continue;
                }
                let event = Json::read(line).as_ref().and_then(Event::from_json);
                let Some(event) = event else { continue };
                for due in self.score.look(&event) {
                    self.perform(due, event.seq).await;
                }
            }
        }
        self.ask_about_what_waits();
        if self.mode != Mode::Over && self.is_over() {
            self.mode = Mode::Over;
            self.fail_steps(OVER);
            self.tell_mode();
        }
        if self.counts_due.is_some_and(|due| due <= Instant::now()) {
            self.counts_due = None;
            self.tell_counts();
        }
    }

    async fn perform(&mut self, due: Due, of: u64) {
        match due {
            Due::Start(program) => self.start(program).await,
            Due::Note(note) => {
                let text = self.lesson.notes[note].1.clone();
                self.tell(LessonFact::Note { of, text });
            }
            Due::Act(act) => self.act(act),
            Due::Answered(question) => self.reveal(question),
        }
    }

    fn act(&mut self, act: Act) {
        let lab = self.witness.scope().network.as_lab();
        match (act, lab) {
            (Act::Wire(wanted), Ok(lab)) => change(lab, &wanted),
            (Act::Packets(many), Ok(lab)) => {
                lab.wire.release_oldest(many.fate, many.count.unwrap_or(usize::MAX));
            }
            (Act::Kill(program), _) => {
                if let Some(process) = self.process(&program) {
                    process.kill();
                }
            }
            (_, Err(_)) => tracing::debug!("a lesson's wire is not there"),
        }
    }

    async fn obey(&mut self, command: LessonCommand, answer: oneshot::Sender<Result<(), Refusal>>) {
        let done = match command {
            LessonCommand::Run { pace_ms } => self.go_on(Mode::Run, Duration::from_millis(pace_ms)),
            LessonCommand::Pause => self.go_on(Mode::Step, Duration::ZERO),
            LessonCommand::Step { program: Some(program) }
                if !self.lesson.programs.iter().any(|it| it.name == program) =>
            {
                Err(Refusal::NoSuchProgram(program))
            }
            LessonCommand::Step { program } => {
                let begun = self.go_on(Mode::Step, Duration::ZERO);
                if begun.is_ok() {
                    let until = Instant::now() + PATIENCE;
                    return self.steps.push(Step { program, until, answer });
                }
                begun
            }
            LessonCommand::Reset => self.begin().await,
            LessonCommand::Reveal => match self.score.open_question() {
                Some(question) => {
                    self.reveal(question);
                    Ok(())
                }
                None => Err(Refusal::NoOpenQuestion),
            },
        };
        // Whoever asked may have left meanwhile.
        let _ = answer.send(done);
    }

    fn tell_mode(&self) {
        let (round, mode, pace_ms) = (self.round, self.mode, self.pace.as_millis() as u64);
        self.tell(LessonFact::Mode { round, mode, pace_ms });
    }

    fn tell(&self, fact: LessonFact) {
        self.witness.scope().journal.append(clock::now(), Fact::Lesson(Box::new(fact)));
    }

    /// Whether all programs that could start have started and ended.
    fn is_over(&self) -> bool {
        let started = self.processes().len();
        self.score.is_over(started)
    }

    /// When something is to be done that no event brings.
    fn next_due(&self) -> Option<Instant> {
        let step = self.steps.iter().map(|step| step.until).min();
        let runs = self.mode == Mode::Run && self.due > Instant::now();
        [step, self.counts_due, runs.then_some(self.due)].into_iter().flatten().min()
    }

    fn processes(&self) -> MutexGuard<'_, Vec<Arc<Process>>> {
        self.processes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn process(&self, name: &ProgramName) -> Option<Arc<Process>> {
        self.processes().iter().rev().find(|it| it.name == *name).cloned()
    }

    async fn end_processes(&mut self) {
        let processes = std::mem::take(&mut *self.processes());
        futures_util::future::join_all(processes.iter().map(|process| process.end())).await;
    }
}

/// A round's beginning. Where there is no wire, no call waits for a packet.
fn new_score(lesson: &Lesson, witness: &Witness) -> Score {
    Score::new(lesson, witness.scope().network.as_lab().is_ok())
}

/// Changes the wire as the lesson says. What it says was checked when it was read.
fn change(lab: &Lab, wanted: &WireChange) {
    if let Err(refusal) = lab.wire.change(wanted) {
        tracing::error!(%refusal, "a lesson's wire cannot be changed");
    }
}
