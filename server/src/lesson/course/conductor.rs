//! The conductor of a lesson: follows the journal, starts programs, says notes, asks, and lets calls go one after the other.

use std::{
    io,
    sync::{Arc, MutexGuard, PoisonError},
    time::Duration,
};

use socketscope_diagram::wording::Trouble;
use socketscope_protocol::{
    Event, Fact, LessonCommand, LessonFact, Mode, ProgramName, Stream, WireChange, json::Json,
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
    process::{self, Process, Python, Source, Waiting, Witness},
    refusal::Refusal,
    told::told,
};

/// Bytes of the journal that are read in one go.
const PIECE: usize = 256 * 1024;

/// How many times as long as from call to call a question stands, where a lesson runs at a pace.
const THINKING: u32 = 10;

/// How long a step waits for a call that could be let go: a program needs a moment from one call to the next.
const PATIENCE: Duration = Duration::from_millis(1500);

/// What stands in the line of a program's end.
const EXIT: &str = "\"kind\":\"exit\"";

/// How often the journal is looked at while calls go as fast as they can.
const HOLD_OFF: Duration = Duration::from_millis(4);

/// How often at most viewers are told how many have answered.
const COUNTS: Duration = Duration::from_millis(300);

/// What is answered to whoever wants a lesson to go on that has ended.
const OVER: Trouble = Trouble::named("nothing-to-step/over");

/// The folder of a room's lesson, within the room's own.
const FOLDER: &str = "lesson";

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

/// Somebody wants one call let go.
struct Step {
    program: Option<ProgramName>,
    until: Instant,
    answer: oneshot::Sender<Result<(), Refusal>>,
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
        for it in self.witness.waiting() {
            let (program, call) = (&it.call.program, it.call.call);
            if let Some(open) = self.score.open_question()
                && self.score.next_question(program, call).is_some()
                && self.is_next(&it)
            {
                // It ends the last one, or it would be asked too late.
                self.reveal(open);
            }
            if let Some(question) = self.score.question_before(program, call) {
                // Behind all that led to it: what the program has reported may not be told yet.
                self.witness.hear();
                self.ask(question);
            }
        }
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

    fn ask(&mut self, at: usize) {
        if self.mode == Mode::Run {
            self.due = Instant::now() + self.pace * THINKING;
        }
        let question = &self.lesson.questions[at];
        self.poll.open(at as u32 + 1, question.choices.len());
        self.tell(LessonFact::Question {
            question: at as u32 + 1,
            program: question.before.program.clone(),
            text: question.text.clone(),
            choices: question.choices.clone(),
        });
    }

    async fn start(&mut self, program: usize) {
        let (witness, python) = (self.witness.clone(), self.python.clone());
        let lesson = self.lesson.clone();
        let start = move || start(&python, &witness, &lesson, &lesson.programs[program]);
        let name = self.lesson.programs[program].name.clone();
        match tokio::task::spawn_blocking(start)
            .await
            .unwrap_or_else(|_| Err(io::Error::other("it panicked")))
        {
            Ok(process) => {
                process.need_permission(self.needs_permission(&name));
                self.processes().push(process);
            }
            Err(error) => {
                let told = told!("This program could not be started: {error}.", error = error);
                let text = told.english + "\n";
                let (program, stream) = (name, Stream::Stderr);
                let fact = Fact::Output { program, stream, text };
                self.witness.scope().journal.append(clock::now(), fact);
            }
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

    fn go_on(&mut self, mode: Mode, pace: Duration) -> Result<(), Refusal> {
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

    fn is_at_full_speed(&self) -> bool {
        self.mode == Mode::Run && self.pace.is_zero()
    }

    /// Whether the calls of a program have to be let go one by one. At full speed that would only cost time.
    fn needs_permission(&self, program: &ProgramName) -> bool {
        !self.is_at_full_speed()
            || self.score.may_have_to_wait(program)
            || self.score.may_be_asked_about(program)
    }

    /// Lets those calls go whose time has come.
    fn let_go(&mut self) {
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
    fn is_next(&self, it: &Waiting) -> bool {
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

    fn reveal(&mut self, at: usize) {
        self.counts_due = None;
        self.tell_counts();
        self.poll.close();
        self.score.told(at);
        if self.mode == Mode::Run {
            // There is nothing to think about any longer.
            self.due = self.due.min(Instant::now() + self.pace);
        }
        let question = &self.lesson.questions[at];
        let (right, text) = (question.right, question.answer.clone());
        self.tell(LessonFact::Reveal { question: at as u32 + 1, right, text });
    }

    fn tell_counts(&self) {
        if let Some((question, counts)) = self.poll.counts() {
            self.tell(LessonFact::Answers { question, counts });
        }
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

    /// No step waits any longer.
    fn fail_steps(&mut self, why: Trouble) {
        for step in self.steps.drain(..) {
            let _ = step.answer.send(Err(Refusal::NothingToStep(why.into())));
        }
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

/// Starts a program of the lesson. For a thread that may block.
fn start(
    python: &Python,
    witness: &Arc<Witness>,
    lesson: &Lesson,
    program: &Planned,
) -> io::Result<Arc<Process>> {
    let network = &witness.scope().network;
    let folder = network.folder().join(FOLDER);
    let files = lesson.files.iter().map(|file| (file.name.as_str(), file.code.as_str()));
    process::write_files(&folder, files)?;
    let lab = network.as_lab().ok();
    let host = match lab {
        Some(lab) => {
            let found = lab.named(&program.host);
            Some(found.ok_or_else(|| io::Error::other("its host is not there"))?)
        }
        None => None,
    };
    let mut arguments = program.arguments.clone();
    for name in &lesson.hosts {
        let address = lab.and_then(|lab| lab.named(name)).map(|host| host.address.to_string());
        let address = address.unwrap_or_else(|| "127.0.0.1".into());
        let place = format!("{{{name}}}");
        arguments.iter_mut().for_each(|it| *it = it.replace(&place, &address));
    }
    let files = lesson.files.iter().map(|file| file.name.clone()).collect();
    let source = Source { folder, files, file: program.file.clone(), arguments };
    Process::start(python, witness, program.name.clone(), host, source)
}
