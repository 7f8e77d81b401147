//! A lesson that runs in a room. A task of its own, the conductor, follows the journal and does what the lesson says;
//! everybody else asks it.

mod conductor;
mod score;

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use socketscope_protocol::{
    ChosenAnswer, LessonCommand, LessonId, LessonView, ProgramName, ProgramView, limits::PACE_MS,
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use super::{Lesson, poll::Poll};
use crate::{
    process::{Process, Python, Witness},
    program::Scope,
    refusal::Refusal,
    told::told,
};
use conductor::Conductor;

/// Commands that may wait for the conductor: it is quick, and a class is not.
const WAITING: usize = 64;

/// A command, and where its answer goes.
type Asked = (LessonCommand, oneshot::Sender<Result<(), Refusal>>);

/// The processes of the current round.
type Processes = Arc<Mutex<Vec<Arc<Process>>>>;

/// A lesson that runs.
pub(crate) struct Course {
    lesson: Arc<Lesson>,
    in_lab: bool,
    poll: Arc<Poll>,
    processes: Processes,
    conductor: mpsc::Sender<Asked>,
    tasks: [JoinHandle<()>; 2],
}

impl Course {
    /// Begins a lesson in the room with this scope: its programs start, and wait before their first calls.
    pub(crate) fn begin(
        lesson: Arc<Lesson>,
        scope: Arc<Scope>,
        python: Python,
    ) -> io::Result<Self> {
        let witness = Witness::new(scope.clone());
        scope.network.wire().take_reports(witness.clone());
        let (poll, processes) = (Arc::<Poll>::default(), Processes::default());
        let (asked, commands) = mpsc::channel(WAITING);
        let in_lab = scope.network.as_lab().is_ok();
        let conductor = Conductor::new(
            lesson.clone(),
            witness.clone(),
            python,
            poll.clone(),
            processes.clone(),
        );
        let tasks = [tokio::spawn(witness.listen()), tokio::spawn(conductor.conduct(commands))];
        Ok(Self { lesson, in_lab, poll, processes, conductor: asked, tasks })
    }

    pub(crate) fn id(&self) -> &LessonId {
        &self.lesson.id
    }

    /// The lesson, and the programs as they run.
    pub(crate) fn view(&self) -> LessonView {
        self.lesson.view(self.in_lab)
    }

    /// Goes on with the lesson.
    pub(crate) async fn command(&self, command: LessonCommand) -> Result<(), Refusal> {
        if let LessonCommand::Run { pace_ms } = command
            && pace_ms > PACE_MS
        {
            return Err(Refusal::TooLong(told!("too-long/pace", limit = PACE_MS)));
        }
        let over = || Refusal::Unable(told!("unable/lesson-over"));
        let (answer, answered) = oneshot::channel();
        self.conductor.send((command, answer)).await.map_err(|_| over())?;
        answered.await.map_err(|_| over())?
    }

    /// Takes a viewer's answer to the open question.
    pub(crate) fn answer(&self, viewer: u64, answer: ChosenAnswer) -> Result<(), Refusal> {
        self.poll.answer(viewer, answer)
    }

    /// Whether one of the lesson's programs has this name: nobody else's may have it.
    pub(crate) fn has_program(&self, name: &ProgramName) -> bool {
        self.lesson.programs.iter().any(|program| program.name == *name)
    }

    /// The program called `name`, while it lives.
    pub(crate) fn program(&self, name: &ProgramName) -> Option<Arc<Process>> {
        let processes = self.processes();
        processes.iter().find(|it| it.name == *name && !it.has_ended()).cloned()
    }

    /// The living programs.
    pub(crate) fn programs(&self) -> Vec<ProgramView> {
        let processes: Vec<_> = self.processes().clone();
        processes.iter().filter(|it| !it.has_ended()).map(|it| it.view()).collect()
    }

    /// Ends the lesson, and returns when its processes are gone.
    pub(crate) async fn close(&self) {
        self.tasks[1].abort();
        let processes: Vec<_> = self.processes().clone();
        futures_util::future::join_all(processes.iter().map(|process| process.end())).await;
        self.tasks[0].abort();
    }

    /// Held for a look-up, never across an await.
    fn processes(&self) -> MutexGuard<'_, Vec<Arc<Process>>> {
        self.processes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Course {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}
