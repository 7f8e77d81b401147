//! What a room's observed programs report, made into facts: which call on which socket, and whose the sockets are. Each has a
//! ring of its own; by the times of the reports, what one program did before another comes before it.

mod facts;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use socketscope_protocol::{
    Change, Fact, Family, Fd, ProgramName, ReadyCall, SocketType, SocketView, WaitingCall,
};
use socketscope_reports::{Nonsense, Ring, WAITING};
use tokio::sync::Notify;

use crate::{
    clock,
    network::{Host, Reported, Reports, Turn},
    program::Scope,
};
use facts::Socket;

/// How long to wait between two looks for reports: the first after some were found, twice as long after each in vain, and at
/// most the second. A reader that is woken by each report would cost the program that reports far more than a report does;
/// whatever must not wait, as a packet, looks for itself.
const PAUSES: [Duration; 2] = [Duration::from_millis(2), Duration::from_millis(32)];

/// The observed programs of a room.
pub(crate) struct Witness {
    scope: Arc<Scope>,
    known: Mutex<Known>,
    /// Rung when reports are to be expected.
    hurry: Notify,
}

/// Who the programs are, and what they have.
#[derive(Default)]
struct Known {
    programs: Vec<Watched>,
    /// Counts the reports: of the calls that wait to be let go the oldest goes first.
    turns: u64,
    /// Texts of the report that is read.
    buffer: Vec<u8>,
}

/// An observed program.
struct Watched {
    name: ProgramName,
    host: Option<Arc<Host>>,
    /// The lesson's files, sorted by name.
    files: Arc<[String]>,
    /// Where its reports are read, until it has ended.
    ring: Option<Arc<Ring>>,
    pid: i64,
    sockets: BTreeMap<i32, Socket>,
    /// Calls that have been entered and not returned, by their tickets.
    calls: BTreeMap<u32, Entered>,
    ready: BTreeMap<u32, Waiting>,
    ended: bool,
}

/// A call that has been entered.
struct Entered {
    waiting: WaitingCall,
    /// What `socket` asks for.
    makes: Option<(Family, SocketType)>,
    /// What `close` closes: its number may be another socket's before the call has returned.
    closes: Option<Socket>,
}

/// A call that waits to be let go.
#[derive(Clone)]
pub(crate) struct Waiting {
    /// Which of the room's programs makes it.
    pub(crate) program: u16,
    /// Tells it apart from the program's other calls.
    pub(crate) ticket: u32,
    /// Which it is among all that ever waited.
    pub(crate) turn: u64,
    pub(crate) call: ReadyCall,
}

impl Witness {
    /// For the programs of the room with this scope.
    pub(crate) fn new(scope: Arc<Scope>) -> Arc<Self> {
        Arc::new(Self { scope, known: Mutex::default(), hurry: Notify::new() })
    }

    /// The room's programs share it.
    pub(crate) fn scope(&self) -> &Arc<Scope> {
        &self.scope
    }

    /// Tells what is reported, for ever.
    pub(crate) async fn listen(self: Arc<Self>) {
        let [shortest, longest] = PAUSES;
        let (mut pause, mut before) = (shortest, 0);
        loop {
            // Between two parts packets go on: a room has one thread.
            while self.scope.network.wire().hear() {
                tokio::task::yield_now().await;
            }
            let heard = self.known().turns;
            pause = if heard == before { (pause * 2).min(longest) } else { shortest };
            before = heard;
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.hurry.notified() => pause = shortest,
            }
        }
    }

    /// Reports are to be expected.
    pub(super) fn hurry(&self) {
        self.hurry.notify_one();
    }

    /// Tells all that has been reported until now.
    pub(crate) fn hear(&self) {
        self.scope.network.wire().hear_so_far();
    }

    /// A program that is about to be started, and that will report under the number that is returned.
    pub(super) fn expect(
        &self,
        name: ProgramName,
        host: Option<Arc<Host>>,
        files: Arc<[String]>,
        ring: Arc<Ring>,
    ) -> u16 {
        let mut known = self.known();
        let (sockets, calls, ready) = Default::default();
        let (ring, ended) = (Some(ring), false);
        let watched = Watched { name, host, files, ring, pid: 0, sockets, calls, ready, ended };
        known.programs.push(watched);
        (known.programs.len() - 1) as u16
    }

    /// The program's end is certain: tells it, unless the program has done so itself. What it still reports is not told.
    pub(super) fn end(&self, program: u16) {
        self.hear();
        let ended = {
            let mut known = self.known();
            let Some(watched) = known.programs.get_mut(usize::from(program)) else { return };
            let fds = watched.sockets.keys().copied().map(Fd).collect();
            watched.end(&self.scope, fds)
        };
        if let Some(fact) = ended {
            self.scope.journal.append(clock::now(), fact);
        }
    }

    /// The calls that wait to be let go, oldest first.
    pub(crate) fn waiting(&self) -> Vec<Waiting> {
        let known = self.known();
        let mut waiting: Vec<_> =
            known.programs.iter().flat_map(|it| it.ready.values().cloned()).collect();
        waiting.sort_by_key(|it| it.turn);
        waiting
    }

    /// A call is let go: it waits no longer. False where it did not.
    pub(crate) fn let_go(&self, it: &Waiting) -> bool {
        let mut known = self.known();
        let watched = known.programs.get_mut(usize::from(it.program));
        watched.is_some_and(|watched| watched.ready.remove(&it.ticket).is_some())
    }

    /// Forgets all programs, which must have ended.
    pub(crate) fn forget_all(&self) {
        self.hear();
        self.known().programs.clear();
    }

    /// The sockets of a program, and its calls that have not returned.
    pub(super) fn view(&self, program: u16) -> (Vec<SocketView>, Vec<WaitingCall>) {
        let known = self.known();
        let Some(watched) = known.programs.get(usize::from(program)) else {
            return Default::default();
        };
        let sockets = watched.sockets.iter().map(|(fd, socket)| socket.view(Fd(*fd)));
        let waiting = watched.calls.values().map(|call| call.waiting.clone());
        (sockets.collect(), waiting.collect())
    }

    /// Held for a report, never across an await. Whoever holds the wire's lock may take this one, and never the other way
    /// round.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reports for Witness {
    /// Each program's reports in their order, and those of all in the order of their times. What a program has caused by
    /// now was reported before, so nothing that is taken lacks its cause.
    fn take(&self, reported: &mut VecDeque<Reported>) {
        let mut known = self.known();
        let mut buffer = std::mem::take(&mut known.buffer);
        let now = socketscope_reports::turn();
        // As many as there can be now. A program that fills its ring with old times for ever keeps nobody from going on.
        for _ in 0..known.programs.len() * WAITING {
            let Some(program) = known.oldest(now) else { break };
            let Some(ring) = known.programs[program].ring.clone() else { break };
            match ring.take(&mut buffer) {
                Ok(Some(report)) => reported.extend(known.take(program, report, &self.scope)),
                Ok(None) => {}
                Err(Nonsense) => {
                    let name = &known.programs[program].name;
                    tracing::warn!(%name, "an observed program has written what is no report");
                }
            }
        }
        known.buffer = buffer;
    }
}

impl Known {
    /// The program whose first report is the oldest of all that were made until `now`.
    fn oldest(&self, now: u64) -> Option<usize> {
        let first = |(at, it): (usize, &Watched)| Some((it.ring.as_ref()?.first()?, at));
        let firsts = self.programs.iter().enumerate().filter_map(first);
        firsts.filter(|(turn, _)| *turn <= now).min().map(|(_, at)| at)
    }
}

impl Watched {
    /// It ends: its sockets are nobody's any more. None where that has been told.
    fn end(&mut self, scope: &Scope, fds: Vec<Fd>) -> Option<Fact> {
        if std::mem::replace(&mut self.ended, true) {
            return None;
        }
        self.ring = None;
        self.sockets.values().for_each(|socket| scope.forget(socket.inode));
        self.ready.clear();
        self.calls.clear();
        Some(Fact::Program {
            program: self.name.clone(),
            host: self.host.as_ref().map(|host| host.name.clone()),
            change: Change::Ended(fds),
        })
    }

    fn plug(&self) -> usize {
        self.host.as_ref().map_or(0, |host| host.plug)
    }

    fn aside(&self, at: u64, fact: Fact) -> Reported {
        let (plug, sockets) = (self.plug(), Vec::new());
        Reported { plug, at, fact, turn: Turn::Aside, sockets, effect: None }
    }
}
