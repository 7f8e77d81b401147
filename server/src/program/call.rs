//! One call from `enter` to `return`: made at once where the kernel answers at once, and waited for where it does not.

mod connection;
mod transfer;

use std::{
    io,
    sync::{Arc, Weak},
};

use nix::libc::{EBADF, EINTR, EIO, EMFILE};
use socketscope_protocol::{
    Call, CallAnswer, CallId, CallName, End, Errno, Fact, Family, Fd, How, Outcome, SocketType,
    Value, WaitingCall,
};
use tokio::sync::oneshot;

use super::{
    Program,
    act::Act,
    concerned::Concerned,
    socket::{Socket, Wants},
};
use crate::{clock, network, network::Network, refusal::Refusal};

/// What a call is made on.
pub(super) enum Target {
    /// Nothing yet: `socket` makes one.
    Nothing(Family, SocketType),
    /// A descriptor that the program does not have.
    BadFd,
    /// A socket, which stays open for as long as the call lasts.
    Socket(Arc<Socket>, Act),
}

/// A call that stands in the journal as entered. It is made by [`Entered::perform`], and returns there.
pub(crate) struct Entered {
    program: Arc<Program>,
    id: CallId,
    fd: Option<Fd>,
    call: CallName,
    target: Target,
}

/// What a call came to.
pub(crate) struct Returned {
    /// The call's number.
    pub(crate) id: CallId,
    /// As the journal has it.
    pub(crate) outcome: Outcome,
    /// All that a `recv` received; the outcome may show less.
    pub(crate) received: Vec<u8>,
}

impl Returned {
    pub(crate) fn answer(self) -> CallAnswer {
        let (value, errno) = match self.outcome {
            Ok(value) => (Some(value), None),
            Err(errno) => (None, Some(errno)),
        };
        CallAnswer { id: self.id, value, errno }
    }
}

/// What the kernel gave, and where the socket concerned is afterwards.
#[derive(Default)]
struct Done {
    value: Value,
    received: Vec<u8>,
    /// The socket whose addresses the call may have changed.
    moved: Option<Arc<Socket>>,
    other: Option<End>,
}

impl From<Value> for Done {
    fn from(value: Value) -> Self {
        Self { value, ..Self::default() }
    }
}

impl Target {
    pub(super) fn new(
        call: &Call,
        payload: Vec<u8>,
        socket: Option<Arc<Socket>>,
        network: &Network,
    ) -> Result<Self, Refusal> {
        if let Call::Socket { family, socket_type } = call {
            return Ok(Self::Nothing(*family, *socket_type));
        }
        let Some(socket) = socket else { return Ok(Self::BadFd) };
        let act = Act::new(call, payload, &socket, network)?;
        Ok(Self::Socket(socket, act))
    }
}

impl Entered {
    pub(super) fn new(program: Arc<Program>, fd: Option<Fd>, call: Call, target: Target) -> Self {
        let (id, name) = (program.scope.next_call(), call.name());
        let entered = Fact::Enter { id, program: program.name.clone(), fd, call, line: None };
        program.scope.journal.append(clock::now(), entered);
        Self { program, id, fd, call: name, target }
    }

    pub(crate) fn id(&self) -> CallId {
        self.id
    }

    /// Makes the call, waits until it returns, and says so in the journal.
    pub(crate) async fn perform(mut self) -> Returned {
        let target = std::mem::replace(&mut self.target, Target::BadFd);
        let subject = self.subject(&target);
        let done = self.make(target).await;
        let at = clock::now();
        let share = self.program.scope.network.share();
        if let (Some(share), Ok(Done { moved: Some(socket), .. })) = (share, &done) {
            Concerned::of(socket).make_known(share, socket);
        }
        // What has caused the return stands before it, and what the call has sent, too.
        let mut fence = self.program.fence(at);
        let written = |address| network::written(&address, self.program.scope.network.folder());
        let (outcome, Done { received, moved, other, .. }) = match done {
            Ok(mut done) => (Ok(std::mem::take(&mut done.value)), done),
            Err(error) => (Err(errno(&error)), Done::default()),
        };
        let place = moved.as_deref().map(Socket::inner);
        let returned = Fact::Return {
            id: self.id,
            program: self.program.name.clone(),
            fd: self.fd,
            call: self.call,
            outcome: outcome.clone(),
            local: place.and_then(|socket| socket.local_addr().ok()).map(written),
            peer: place.and_then(|socket| socket.peer_addr().ok()).map(written),
            other,
        };
        if let Some(fence) = &mut fence {
            // The call may have given its socket an address or, as `close`, have taken it away.
            let subject = subject.map(|(socket, before)| {
                socket.upgrade().map_or(before, |socket| Concerned::of(&socket))
            });
            let accepted = moved.as_ref().filter(|_| self.call == CallName::Accept);
            let accepted = accepted.map(|socket| Concerned::of(socket));
            if outcome.is_ok()
                && let Some(changed) = accepted.as_ref().or(subject.as_ref())
            {
                changed.check(fence, self.call, received.len(), at);
            }
            self.program.scope.journal.append(at, returned);
            for socket in subject.iter().chain(&accepted) {
                socket.look(fence);
            }
        } else {
            self.program.scope.journal.append(at, returned);
        }
        Returned { id: self.id, outcome, received }
    }

    /// The socket that the kernel will be asked about after the call, and where it is before.
    fn subject(&self, target: &Target) -> Option<(Weak<Socket>, Concerned)> {
        match target {
            Target::Socket(socket, act) if self.program.scope.network.sees_more() => {
                // Only a closed socket cannot be asked afterwards.
                let before = match act {
                    Act::Close => Concerned::of(socket),
                    _ => Concerned::nowhere(),
                };
                Some((Arc::downgrade(socket), before))
            }
            _ => None,
        }
    }

    async fn make(&self, target: Target) -> io::Result<Done> {
        let (socket, act) = match target {
            Target::Nothing(family, socket_type) => return self.socket(family, socket_type),
            Target::BadFd => return Err(io::Error::from_raw_os_error(EBADF)),
            Target::Socket(socket, act) => (socket, act),
        };
        let inner = socket.inner();
        let written = |address| network::written(&address, self.program.scope.network.folder());
        let moved = |()| Done { moved: Some(socket.clone()), ..Done::default() };
        match act {
            Act::Bind(address) => inner.bind(&address).map(moved),
            Act::Listen(backlog) => inner.listen(backlog).map(moved),
            Act::Connect(address) => self.connect(&socket, &address).await.map(moved),
            Act::Accept => self.accept(&socket).await,
            Act::Send(bytes, to) => self.send(&socket, &bytes, to.as_ref()).await,
            Act::Recv(size, from) => self.recv(&socket, size, from).await,
            Act::Shutdown(how) => inner.shutdown(direction(how)).map(|()| {
                socket.set_disconnected();
                Done::default()
            }),
            Act::Close => self.close(socket).await.map(|()| Done::default()),
            Act::SetOption(option, value) => {
                super::options::set(&socket, option, value).map(|()| Done::default())
            }
            Act::GetOption(option) => super::options::get(&socket, option)
                .map(|value| Value { value: Some(value), ..Value::default() }.into()),
            Act::LocalAddress => inner.local_addr().map(|address| named(written(address))),
            Act::PeerAddress => inner.peer_addr().map(|address| named(written(address))),
        }
    }

    fn socket(&self, family: Family, socket_type: SocketType) -> io::Result<Done> {
        let number = self.reserve()?;
        let host = self.program.host.as_ref();
        let inner = self.program.scope.network.socket(host, family, socket_type)?;
        let fd = number.settle(Arc::new(Socket::new(inner, family, socket_type)));
        Ok(Value { fd: Some(fd), ..Value::default() }.into())
    }

    /// Frees the number at once. The socket itself goes when no waiting call needs it any more.
    async fn close(&self, socket: Arc<Socket>) -> io::Result<()> {
        let removed = self.fd.and_then(|fd| self.program.state().fds.remove(fd));
        let removed = removed.ok_or(io::Error::from_raw_os_error(EBADF))?;
        self.program.scope.forget(removed.inode());
        drop(socket);
        close(removed).await;
        Ok(())
    }

    /// Takes the lowest free number for a socket to come.
    fn reserve(&self) -> io::Result<Reserved<'_>> {
        let fd = self.program.state().fds.reserve();
        let fd = fd.ok_or(io::Error::from_raw_os_error(EMFILE))?;
        Ok(Reserved { program: &self.program, fd })
    }

    /// Makes `attempt` at once, and where it would block and the program did not ask otherwise, until it does not.
    async fn wait<T>(
        &self,
        socket: &Socket,
        wants: Wants,
        mut attempt: impl FnMut() -> io::Result<T>,
        emptied: impl Fn(&T) -> bool,
    ) -> io::Result<T> {
        match socket.at_once(wants, &mut attempt, &emptied) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && !socket.nonblocking() => {}
            done => return done,
        }
        // Apart, so that a call that does not wait is not as large as one that does, and is moved in less time.
        Box::pin(self.wait_for_kernel(socket, wants, attempt, emptied)).await
    }

    /// Makes `attempt` whenever the kernel says that it may be worth it, until it does not block or the call is given up.
    async fn wait_for_kernel<T>(
        &self,
        socket: &Socket,
        wants: Wants,
        attempt: impl FnMut() -> io::Result<T>,
        emptied: impl Fn(&T) -> bool,
    ) -> io::Result<T> {
        let (give_up, given_up) = oneshot::channel();
        let waiting = WaitingCall { id: self.id, call: self.call, fd: self.fd };
        {
            let mut state = self.program.state();
            if state.ended {
                return Err(io::Error::from_raw_os_error(EINTR));
            }
            state.waiting.push((waiting, give_up));
        }
        let done = tokio::select! {
            done = socket.until_done(wants, attempt, emptied) => done,
            _ = given_up => Err(io::Error::from_raw_os_error(EINTR)),
        };
        self.program.state().waits_no_more(self.id);
        done
    }
}

/// A number without a socket yet. It is free again when this is dropped.
struct Reserved<'a> {
    program: &'a Program,
    fd: Fd,
}

impl Reserved<'_> {
    fn settle(self, socket: Arc<Socket>) -> Fd {
        let name = self.program.name.clone();
        self.program.scope.own(socket.inode(), name, self.fd);
        self.program.state().fds.settle(self.fd, Some(socket));
        self.fd
    }
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        self.program.state().fds.settle(self.fd, None);
    }
}

impl Drop for Entered {
    /// However a call ends, the program's end need not wait for it any longer.
    fn drop(&mut self) {
        let mut state = self.program.state();
        state.in_flight -= 1;
        if state.in_flight == 0 {
            self.program.quiet.notify_waiters();
        }
    }
}

/// close(2). It waits on a thread of its own where SO_LINGER makes it wait for unsent data.
pub(super) async fn close(socket: Arc<Socket>) {
    let lingers =
        socket.inner().linger().is_ok_and(|linger| linger.is_some_and(|time| !time.is_zero()));
    if !lingers {
        return;
    }
    let closed = tokio::task::spawn_blocking(move || drop(socket)).await;
    if let Err(error) = closed {
        tracing::error!(%error, "a close did not end as it should");
    }
}

fn named(address: String) -> Done {
    Value { address: Some(address), ..Value::default() }.into()
}

fn direction(how: How) -> std::net::Shutdown {
    match how {
        How::Read => std::net::Shutdown::Read,
        How::Write => std::net::Shutdown::Write,
        How::Both => std::net::Shutdown::Both,
    }
}

fn errno(error: &io::Error) -> Errno {
    match error.raw_os_error() {
        Some(number) => super::errno(number),
        // Only the server's own end can bring this: the runtime no longer watches sockets.
        None => Errno { name: "EIO".into(), number: EIO, message: error.to_string() },
    }
}
