//! A program: a table of file descriptors on which any call may be made at any time, in any order, several at once.
//!
//! Each call is *entered* in the journal, made, and *returned* in the journal. Nothing else makes calls on these sockets.

mod act;
mod call;
mod concerned;
mod ends;
mod errno;
mod fds;
mod options;
pub(crate) mod role;
mod socket;

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

pub(crate) use call::Entered;
use concerned::Concerned;
use ends::Ends;
pub(crate) use errno::errno;
use fds::Fds;
pub(crate) use options::option_named;
use socket::Socket;
use socketscope_protocol::{
    Call, CallId, CallName, CallRequest, Change, Fact, Fd, ProgramName, ProgramView, Role,
    SocketView, WaitingCall,
    limits::{FDS, WAITING_CALLS},
};
use tokio::sync::{Notify, oneshot};
use tokio_util::sync::CancellationToken;

use crate::{
    clock,
    journal::Journal,
    kernel::states::Owners,
    network::{Fence, Host, Network},
    refusal::Refusal,
    told::told,
};

/// What the programs of a room share.
pub(crate) struct Scope {
    pub(crate) journal: Arc<Journal>,
    pub(crate) network: Network,
    /// Whose sockets are whose.
    owners: Arc<Owners>,
    ends: Ends,
    last_call: AtomicU64,
}

/// A program.
pub(crate) struct Program {
    name: ProgramName,
    /// Where it runs, in the lab.
    host: Option<Arc<Host>>,
    role: Role,
    scope: Arc<Scope>,
    state: Mutex<State>,
    /// Rung when the last call in flight has returned.
    quiet: Notify,
    /// Cancelled when the program begins to end: its role need not pause any longer.
    ending: CancellationToken,
}

struct State {
    fds: Fds<Arc<Socket>>,
    /// The calls that wait for the kernel, at most [`WAITING_CALLS`]; dropping a sender gives its call up.
    waiting: Vec<(WaitingCall, oneshot::Sender<()>)>,
    /// Calls entered and not returned, whether they wait or not.
    in_flight: usize,
    ended: bool,
}

impl State {
    /// Takes a call off those that wait. False: it is none of them.
    fn waits_no_more(&mut self, id: CallId) -> bool {
        let at = self.waiting.iter().position(|(waiting, _)| waiting.id == id);
        at.map(|at| self.waiting.remove(at)).is_some()
    }
}

impl Scope {
    pub(crate) fn new(journal: Arc<Journal>, network: Network, owners: Arc<Owners>) -> Arc<Self> {
        let (ends, last_call) = (Ends::default(), AtomicU64::new(0));
        Arc::new(Self { journal, network, owners, ends, last_call })
    }

    /// The number of a call that is about to be entered.
    pub(crate) fn next_call(&self) -> CallId {
        CallId(self.last_call.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// A socket is a program's from now on.
    pub(crate) fn own(&self, inode: u64, program: ProgramName, fd: Fd) {
        self.owners.insert(inode, program, fd);
    }

    /// Before a socket is closed: it is nobody's any more.
    pub(crate) fn forget(&self, inode: u64) {
        self.owners.remove(inode);
        if let Some(share) = self.network.share() {
            share.forget(inode);
        }
    }
}

impl Program {
    /// Starts a program: it is in the journal, and calls may be made on it. Its role is not running yet.
    pub(crate) fn start(
        name: ProgramName,
        host: Option<Arc<Host>>,
        role: Role,
        scope: Arc<Scope>,
    ) -> Arc<Self> {
        let started = Fact::Program {
            program: name.clone(),
            host: host.as_ref().map(|host| host.name.clone()),
            change: Change::Started(role.clone()),
        };
        scope.journal.append(clock::now(), started);
        let (fds, waiting) = (Fds::new(FDS), Vec::new());
        let state = Mutex::new(State { fds, waiting, in_flight: 0, ended: false });
        let (quiet, ending) = (Notify::new(), CancellationToken::new());
        Arc::new(Self { name, host, role, scope, state, quiet, ending })
    }

    /// Where it runs, in the lab.
    pub(crate) fn host(&self) -> Option<&Arc<Host>> {
        self.host.as_ref()
    }

    pub(crate) fn name(&self) -> &ProgramName {
        &self.name
    }

    /// Enters the call that a visitor asks for.
    ///
    /// # Errors
    /// What is wrong with the request itself; then nothing has been entered.
    pub(crate) fn enter(self: &Arc<Self>, request: CallRequest) -> Result<Entered, Refusal> {
        let CallRequest { call, fd, args } = request;
        let call = Call::new(call, args).map_err(Refusal::malformed)?;
        let (call, payload) = act::check(call)?;
        self.enter_checked(fd, call, payload)
    }

    fn enter_checked(
        self: &Arc<Self>,
        fd: Option<Fd>,
        call: Call,
        payload: Vec<u8>,
    ) -> Result<Entered, Refusal> {
        if (call.name() == CallName::Socket) != fd.is_none() {
            let call = call.name().as_str();
            return Err(Refusal::Malformed(match fd {
                None => told!("malformed/needs-fd", call = call),
                Some(_) => told!("malformed/no-fd", call = call),
            }));
        }
        let mut state = self.state();
        if state.ended {
            return Err(Refusal::Ended(self.name.clone()));
        }
        if state.in_flight >= WAITING_CALLS {
            return Err(Refusal::Full(told!("full/calls", limit = WAITING_CALLS)));
        }
        let socket = fd.and_then(|fd| state.fds.get(fd)).cloned();
        let target = call::Target::new(&call, payload, socket, &self.scope.network)?;
        state.in_flight += 1;
        drop(state);
        Ok(Entered::new(self.clone(), fd, call, target))
    }

    /// Gives up a waiting call: it returns EINTR.
    pub(crate) fn give_up(&self, id: CallId) -> Result<(), Refusal> {
        if self.state().waits_no_more(id) { Ok(()) } else { Err(Refusal::NoSuchCall(id)) }
    }

    /// Ends the program as the end of a process does: its calls are interrupted, its sockets closed. The second time it
    /// is asked it waits for nothing and says false.
    pub(crate) async fn end(&self) -> bool {
        {
            let mut state = self.state();
            if std::mem::replace(&mut state.ended, true) {
                return false;
            }
            state.waiting.clear();
        }
        self.ending.cancel();
        loop {
            let quiet = self.quiet.notified();
            if self.state().in_flight == 0 {
                break;
            }
            quiet.await;
        }
        let sockets = self.state().fds.take_all();
        let closed = sockets.iter().map(|(fd, _)| *fd).collect();
        let ended = Fact::Program {
            program: self.name.clone(),
            host: self.host.as_ref().map(|host| host.name.clone()),
            change: Change::Ended(closed),
        };
        // Before the kernel closes them, since the others' `recv` returns because of it.
        self.scope.journal.append(clock::now(), ended);
        for (_, socket) in sockets {
            self.scope.forget(socket.inode());
            let concerned = Concerned::of(&socket);
            call::close(socket).await;
            self.tell_kernel(&[concerned]);
        }
        true
    }

    /// The program as it is now. The kernel is asked about each socket.
    pub(crate) fn view(&self) -> ProgramView {
        let state = self.state();
        let written = |address| crate::network::written(&address, self.scope.network.folder());
        let sockets = state.fds.iter().map(|(fd, socket)| SocketView {
            fd,
            family: socket.family,
            socket_type: socket.socket_type,
            local: socket.inner().local_addr().ok().map(written),
            peer: socket.inner().peer_addr().ok().map(written),
            listening: socket.inner().is_listener().unwrap_or(false),
        });
        ProgramView {
            name: self.name.clone(),
            host: self.host.as_ref().map(|host| host.name.clone()),
            does: self.role.clone(),
            sockets: sockets.collect(),
            waiting: state.waiting.iter().map(|(waiting, _)| waiting.clone()).collect(),
        }
    }

    /// Waits for all that its network has seen so far: it stands in the journal before what follows.
    fn fence(&self, returned: u64) -> Option<Fence<'_>> {
        self.scope.network.fence(self.host.as_ref(), returned)
    }

    /// Tells what the kernel says of sockets that have just changed.
    fn tell_kernel(&self, concerned: &[Concerned]) {
        if let Some(mut fence) = self.fence(clock::now()) {
            concerned.iter().for_each(|socket| socket.look(&mut fence));
        }
    }

    /// Held for a look-up in the table, never across an await or a call that may take long.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
