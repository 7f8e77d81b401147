//! From a report to what the journal says of it.

use std::net::SocketAddr;

use socketscope_protocol::{
    Call, CallName, End, Errno, Fact, Family, Fd, How, Outcome, Payload, Protocol, ReadyCall,
    SocketType, SocketView, SourceLine, Value, WaitingCall,
};
use socketscope_reports::{Kind, TEXT};

use super::{Entered, Known, Waiting, Watched};
use crate::{
    network::{Effect, Reported, Turn, in_packets},
    program::{Scope, errno, option_named},
};

/// A report whose call is known.
type Report<'a> = socketscope_reports::Report<'a, CallName>;

/// A socket of an observed program.
#[derive(Clone)]
pub(super) struct Socket {
    family: Family,
    socket_type: SocketType,
    pub(super) inode: u64,
    local: Option<String>,
    peer: Option<String>,
    listening: bool,
    /// Of a Unix socket that connects or has connected: nobody has accepted it yet.
    unaccepted: bool,
}

impl Socket {
    fn new(family: Family, socket_type: SocketType, inode: u64) -> Self {
        let (local, peer) = (None, None);
        Self { family, socket_type, inode, local, peer, listening: false, unaccepted: false }
    }

    pub(super) fn view(&self, fd: Fd) -> SocketView {
        SocketView {
            fd,
            family: self.family,
            socket_type: self.socket_type,
            local: self.local.clone(),
            peer: self.peer.clone(),
            listening: self.listening,
        }
    }

    /// What the kernel can be asked about it by; nothing for a Unix socket, or one without an address.
    fn key(&self) -> Option<(Protocol, SocketAddr, Option<SocketAddr>)> {
        let protocol = match (self.family, self.socket_type) {
            (Family::Unix, _) => return None,
            (_, SocketType::Stream) => Protocol::Tcp,
            (_, SocketType::Dgram) => Protocol::Udp,
        };
        let local = self.local.as_deref()?.parse().ok()?;
        Some((protocol, local, self.peer.as_deref().and_then(|peer| peer.parse().ok())))
    }
}

impl Known {
    /// What a report says; nothing where it says nothing that the journal has a word for.
    pub(super) fn take(
        &mut self,
        program: usize,
        report: socketscope_reports::Report<'_>,
        scope: &Scope,
    ) -> Option<Reported> {
        self.turns += 1;
        let turn = self.turns;
        let report = &report.of(*CallName::ALL.get(usize::from(report.call))?);
        let watched = self.programs.get_mut(program)?;
        if watched.ended {
            return None;
        }
        match report.kind {
            Kind::Started => {
                watched.pid = report.a;
                None
            }
            Kind::Ready => Some(watched.ready(program, report, turn)),
            Kind::Enter => watched.enter(report, scope),
            Kind::Return => {
                let other = (report.call == CallName::Accept)
                    .then(|| self.other_end(program, report, scope));
                self.programs.get_mut(program)?.returned(report, other.flatten(), scope)
            }
            Kind::At => {
                let (program, waits) = (watched.name.clone(), report.a != 0);
                let line = watched.line(report)?;
                Some(watched.aside(report.at, Fact::At { program, line, waits }))
            }
            Kind::Failed => watched.failed(report),
            Kind::Ending => {
                let fds = report.text();
                let fds = match report.text.len() {
                    // They are too many for a report; these are open as far as is known.
                    TEXT => watched.sockets.keys().copied().map(Fd).collect(),
                    _ => {
                        let fds = fds.split(' ').filter_map(|fd| fd.parse().ok());
                        fds.filter(|fd| watched.sockets.contains_key(fd)).map(Fd).collect()
                    }
                };
                let fact = watched.end(scope, fds)?;
                Some(Reported { turn: Turn::Begins, ..watched.aside(report.at, fact) })
            }
        }
    }

    /// Who holds the other end of the connection that an `accept` returned.
    fn other_end(&mut self, program: usize, report: &Report<'_>, scope: &Scope) -> Option<End> {
        let text = report.text();
        let mut texts = text.split('\n');
        let (peer, local) = (texts.next()?, texts.next()?);
        let accepts = self.programs.get(program)?;
        if accepts.sockets.get(&report.fd)?.family == Family::Unix {
            let pid: i64 = texts.next()?.parse().ok()?;
            let connects = self.programs.iter_mut().find(|it| it.pid == pid && !it.ended)?;
            let (fd, socket) = connects.sockets.iter_mut().find(|(_, it)| it.unaccepted)?;
            socket.unaccepted = false;
            return Some(End { program: connects.name.clone(), fd: Fd(*fd) });
        }
        let is_it =
            |it: &Socket| it.local.as_deref() == Some(peer) && it.peer.as_deref() == Some(local);
        let found = self.find(is_it);
        // Where `connect` has not returned yet the kernel knows whose socket it is.
        found.or_else(|| {
            let addresses: (SocketAddr, SocketAddr) = (peer.parse().ok()?, local.parse().ok()?);
            let mut hosts = self.programs.iter().filter_map(|it| it.host.as_ref());
            let host = hosts.find(|host| addresses.0.ip() == host.address);
            let diag = scope.network.diag(host).ok()?;
            let told = diag.socket(Protocol::Tcp, addresses.0, Some(addresses.1)).ok()??;
            let inode = u64::from(told.inode);
            self.find(|it| it.inode == inode)
        })
    }

    fn find(&self, is_it: impl Fn(&Socket) -> bool) -> Option<End> {
        self.programs.iter().filter(|it| !it.ended).find_map(|it| {
            let (fd, _) = it.sockets.iter().find(|(_, socket)| is_it(socket))?;
            Some(End { program: it.name.clone(), fd: Fd(*fd) })
        })
    }
}

impl Watched {
    fn line(&self, report: &Report<'_>) -> Option<SourceLine> {
        let file = self.files.get(usize::from(report.file)).filter(|_| report.line > 0)?;
        Some(SourceLine { file: file.clone(), line: report.line })
    }

    fn fd(report: &Report<'_>) -> Option<Fd> {
        (report.call != CallName::Socket).then_some(Fd(report.fd))
    }

    fn ready(&mut self, program: usize, report: &Report<'_>, turn: u64) -> Reported {
        let line = self.line(report);
        let line = line.unwrap_or_else(|| SourceLine { file: String::new(), line: 0 });
        let (name, fd, call) = (self.name.clone(), Self::fd(report), report.call);
        let call = ReadyCall { program: name, fd, call, line };
        let (program, ticket) = (program as u16, report.ticket);
        self.ready.insert(ticket, Waiting { program, ticket, turn, call: call.clone() });
        self.aside(report.at, Fact::Ready(Box::new(call)))
    }

    fn enter(&mut self, report: &Report<'_>, scope: &Scope) -> Option<Reported> {
        self.ready.remove(&report.ticket);
        let call = call(report)?;
        let (id, fd) = (scope.next_call(), Self::fd(report));
        let waiting = WaitingCall { id, call: report.call, fd };
        let mut closes = None;
        match (report.call, self.sockets.get_mut(&report.fd)) {
            (CallName::Close, Some(socket)) => {
                // Before the kernel closes it: it is nobody's any more.
                scope.forget(socket.inode);
                closes = self.sockets.remove(&report.fd);
            }
            (CallName::Connect, Some(socket)) => socket.unaccepted = socket.family == Family::Unix,
            _ => {}
        }
        self.calls.insert(report.ticket, Entered { waiting, makes: kind(report), closes });
        let (program, line) = (self.name.clone(), self.line(report));
        let fact = Fact::Enter { id, program, fd, call, line };
        Some(Reported { turn: Turn::Begins, ..self.aside(report.at, fact) })
    }

    fn returned(
        &mut self,
        report: &Report<'_>,
        other: Option<End>,
        scope: &Scope,
    ) -> Option<Reported> {
        let Entered { waiting, makes, closes } = self.calls.remove(&report.ticket)?;
        let text = report.text();
        let mut texts = text.split('\n').map(str::to_owned);
        let mut first = || texts.next().filter(|text| !text.is_empty());
        let mut value = Value::default();
        let mut about = report.fd;
        match report.call {
            CallName::Socket | CallName::Accept => {
                about = i32::try_from(report.a).ok()?;
                value.fd = Some(Fd(about));
                let inode = u64::try_from(report.b).ok()?;
                // A listener that was not made by `socket`, as one that was inherited, is not known.
                let listener = self.sockets.get(&report.fd).map(|it| (it.family, it.socket_type));
                let kind = if report.call == CallName::Socket { makes } else { listener };
                let (mut peer, mut local) = (None, None);
                if report.call == CallName::Accept {
                    value.peer = Some(first().unwrap_or_default());
                    (peer, local) = (value.peer.clone(), first());
                }
                if let Some((family, socket_type)) = kind {
                    scope.own(inode, self.name.clone(), Fd(about));
                    let socket = Socket { peer, local, ..Socket::new(family, socket_type, inode) };
                    self.sockets.insert(about, socket);
                }
            }
            CallName::Bind | CallName::Listen | CallName::Connect => {
                if let Some(socket) = self.sockets.get_mut(&report.fd) {
                    socket.local = first().or(socket.local.take());
                    match report.call {
                        CallName::Listen => socket.listening = true,
                        CallName::Connect => socket.peer = first(),
                        _ => {}
                    }
                }
            }
            CallName::Send | CallName::Sendto => {
                value.bytes = usize::try_from(report.a).ok();
                if let (Some(local), Some(socket)) = (first(), self.sockets.get_mut(&report.fd)) {
                    socket.local = Some(local);
                } else {
                    about = -1;
                }
            }
            CallName::Recv | CallName::Recvfrom => {
                value.bytes = usize::try_from(report.a).ok();
                (value.text, value.base64) = shown(report);
                value.from = first();
                value.truncated = (report.b & 1 != 0).then_some(true);
                about = -1;
            }
            CallName::Getsockopt => value.value = i32::try_from(report.a).ok(),
            CallName::Getsockname | CallName::Getpeername => value.address = first(),
            CallName::Close | CallName::Shutdown | CallName::Setsockopt => {}
        }
        let tells_addresses = matches!(
            report.call,
            CallName::Bind | CallName::Listen | CallName::Connect | CallName::Accept
        ) || (report.call == CallName::Sendto && about >= 0);
        let about = self.sockets.get(&about).filter(|_| tells_addresses);
        let (local, peer) = about.map(|it| (it.local.clone(), it.peer.clone())).unwrap_or_default();
        let (sockets, effect) = match report.call {
            CallName::Close => (closes.iter().filter_map(Socket::key).collect(), None),
            _ => (self.concerned(report, value.fd), self.effect(report, value.fd)),
        };
        let fact = self.fact(report, &waiting, Ok(value), (local, peer), other);
        let turn = Turn::Returns;
        Some(Reported { turn, sockets, effect, ..self.aside(report.at, fact) })
    }

    fn failed(&mut self, report: &Report<'_>) -> Option<Reported> {
        let waiting = self.calls.remove(&report.ticket)?.waiting;
        let errno = match i32::try_from(report.a).ok()? {
            // An exception of Python's own: no call of the kernel's has failed.
            0 => Errno {
                name: report.text(),
                number: 0,
                message: String::from_utf8_lossy(report.shown).into_owned(),
            },
            number => errno(number),
        };
        let sockets = self.concerned(report, None);
        let fact = self.fact(report, &waiting, Err(errno), (None, None), None);
        Some(Reported { turn: Turn::Returns, sockets, ..self.aside(report.at, fact) })
    }

    fn fact(
        &self,
        report: &Report<'_>,
        waiting: &WaitingCall,
        outcome: Outcome,
        (local, peer): (Option<String>, Option<String>),
        other: Option<End>,
    ) -> Fact {
        let (id, program, fd, call) = (waiting.id, self.name.clone(), waiting.fd, report.call);
        Fact::Return { id, program, fd, call, outcome, local, peer, other }
    }

    fn concerned(
        &self,
        report: &Report<'_>,
        fd: Option<Fd>,
    ) -> Vec<(Protocol, SocketAddr, Option<SocketAddr>)> {
        let fds = [Some(report.fd), fd.map(|fd| fd.0)].into_iter().flatten();
        fds.filter_map(|fd| self.sockets.get(&fd)?.key()).collect()
    }

    fn effect(&self, report: &Report<'_>, fd: Option<Fd>) -> Option<Effect> {
        // What was only peeked at will be read again.
        if report.b & 2 != 0 && matches!(report.call, CallName::Recv | CallName::Recvfrom) {
            return None;
        }
        let fd = fd.map_or(report.fd, |fd| fd.0);
        let (Protocol::Tcp, local, Some(peer)) = self.sockets.get(&fd)?.key()? else { return None };
        let (local, peer) = (in_packets(local), in_packets(peer));
        let bytes = usize::try_from(report.a).unwrap_or(0);
        Some(Effect { call: report.call, local, peer, bytes, at: report.at })
    }
}

/// The call that a report says is made; none where the journal has no word for it.
fn call(report: &Report<'_>) -> Option<Call> {
    let size = || usize::try_from(report.a).unwrap_or(0);
    let payload = || {
        let (text, base64) = shown(report);
        Payload { text, base64 }
    };
    Some(match report.call {
        CallName::Socket => {
            let (family, socket_type) = kind(report)?;
            Call::Socket { family, socket_type }
        }
        CallName::Bind => Call::Bind { address: report.text() },
        CallName::Connect => Call::Connect { address: report.text() },
        CallName::Listen => Call::Listen { backlog: i32::try_from(report.a).ok()? },
        CallName::Accept => Call::Accept,
        CallName::Send => Call::Send { payload: payload(), bytes: size() },
        CallName::Sendto => {
            Call::Sendto { payload: payload(), bytes: size(), address: report.text() }
        }
        CallName::Recv => Call::Recv { size: size() },
        CallName::Recvfrom => Call::Recvfrom { size: size() },
        CallName::Shutdown => Call::Shutdown {
            // SHUT_RD, SHUT_WR, SHUT_RDWR (shutdown(2)).
            how: *How::ALL.get(size())?,
        },
        CallName::Close => Call::Close,
        CallName::Setsockopt => Call::Setsockopt {
            option: option_named(report.a),
            value: i32::try_from(report.b).unwrap_or(0),
        },
        CallName::Getsockopt => Call::Getsockopt { option: option_named(report.a) },
        CallName::Getsockname => Call::Getsockname,
        CallName::Getpeername => Call::Getpeername,
    })
}

/// What `socket` was asked for; none for a family or type that is not observed, and for other calls.
fn kind(report: &Report<'_>) -> Option<(Family, SocketType)> {
    use nix::libc::{AF_INET, AF_INET6, AF_UNIX, SOCK_DGRAM, SOCK_STREAM};
    if report.call != CallName::Socket {
        return None;
    }
    let family = match i32::try_from(report.a).ok()? {
        AF_INET => Family::Inet,
        AF_INET6 => Family::Inet6,
        AF_UNIX => Family::Unix,
        _ => return None,
    };
    let socket_type = match i32::try_from(report.b).ok()? {
        SOCK_STREAM => SocketType::Stream,
        SOCK_DGRAM => SocketType::Dgram,
        _ => return None,
    };
    Some((family, socket_type))
}

/// The bytes as text, where they are; a character that was cut at their end is left out.
fn shown(report: &Report<'_>) -> (Option<String>, Option<String>) {
    let cut = usize::try_from(report.a).is_ok_and(|length| length > report.shown.len());
    let whole = match std::str::from_utf8(report.shown) {
        Err(error) if cut && error.error_len().is_none() => error.valid_up_to(),
        _ => report.shown.len(),
    };
    let Payload { text, base64 } = Payload::shown(&report.shown[..whole]);
    (text, base64)
}
