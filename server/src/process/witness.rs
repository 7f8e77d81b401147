//! What a room's observed programs report, made into facts: which call on which socket, and whose the sockets are. All of a
//! room's programs report on one channel, so what one did before another stands there before it.

mod facts;

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, recv, socketpair};
use socketscope_protocol::{
    Change, Fact, Family, Fd, ProgramName, ReadyCall, SocketType, SocketView, WaitingCall,
};

use super::report::{LONGEST, Report};
use crate::{
    clock,
    network::{Host, Reported, Reports, Turn},
    program::Scope,
};
use facts::Socket;

/// The observed programs of a room.
pub(crate) struct Witness {
    scope: Arc<Scope>,
    /// Our end of the channel.
    channel: Arc<OwnedFd>,
    /// The programs' end.
    reports: OwnedFd,
    known: Mutex<Known>,
}

/// Who the programs are, and what they have.
#[derive(Default)]
struct Known {
    programs: Vec<Watched>,
    /// Counts the calls that came to wait to be let go: the oldest goes first.
    turns: u64,
}

/// An observed program.
struct Watched {
    name: ProgramName,
    host: Option<Arc<Host>>,
    /// The lesson's files, sorted by name.
    files: Arc<[String]>,
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
    pub(crate) fn new(scope: Arc<Scope>) -> io::Result<Arc<Self>> {
        let (family, flags) = (AddressFamily::Unix, SockFlag::SOCK_CLOEXEC);
        let (channel, reports) = socketpair(family, SockType::SeqPacket, None, flags)?;
        let (channel, known) = (Arc::new(channel), Mutex::default());
        Ok(Arc::new(Self { scope, channel, reports, known }))
    }

    /// The room's programs share it.
    pub(crate) fn scope(&self) -> &Arc<Scope> {
        &self.scope
    }

    /// Where reports arrive: whoever sees that it can be read calls [`Witness::hear`].
    pub(crate) fn channel(&self) -> Arc<OwnedFd> {
        self.channel.clone()
    }

    /// Where the programs write.
    pub(super) fn reports(&self) -> BorrowedFd<'_> {
        self.reports.as_fd()
    }

    /// Tells what has been reported.
    pub(crate) fn hear(&self) {
        self.scope.network.wire().hear();
    }

    /// A program that is about to be started, and that will report under the number that is returned.
    pub(super) fn expect(
        &self,
        name: ProgramName,
        host: Option<Arc<Host>>,
        files: Arc<[String]>,
    ) -> u16 {
        let mut known = self.known();
        let (sockets, calls, ready) = Default::default();
        let ended = false;
        known.programs.push(Watched { name, host, files, pid: 0, sockets, calls, ready, ended });
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
        let sockets = watched.sockets.iter().filter_map(|(fd, socket)| socket.view(Fd(*fd)));
        let waiting = watched.calls.values().map(|call| call.waiting.clone());
        (sockets.collect(), waiting.collect())
    }

    /// Held for a report, never across an await. The wire's lock may be held by who asks for it, and is never asked for
    /// while it is held.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reports for Witness {
    fn take(&self, reported: &mut VecDeque<Reported>) {
        let mut bytes = [0; LONGEST];
        // An error other than that there is nothing is as final as that: the channel lives as long as we.
        while let Ok(length) = recv(self.channel.as_raw_fd(), &mut bytes, MsgFlags::MSG_DONTWAIT) {
            match Report::read(&bytes[..length]) {
                Some(report) => reported.extend(self.known().take(&report, &self.scope)),
                None => tracing::debug!(length, "an observed program wrote what is no report"),
            }
        }
    }
}

impl Watched {
    /// It ends: its sockets are nobody's any more. None where that has been told.
    fn end(&mut self, scope: &Scope, fds: Vec<Fd>) -> Option<Fact> {
        if std::mem::replace(&mut self.ended, true) {
            return None;
        }
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
