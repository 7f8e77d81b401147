//! What a visitor most likely wants next: which calls a socket is ready for, and what to fill in. Forbids nothing.

use socketscope_protocol::{
    Args, Call, CallName, Fact, Family, Fd, How, OptionName,
    Role::{TcpEchoServer, UdpEchoServer, UnixEchoServer},
    SocketType,
};

use crate::model::{HostId, Model, Program, Socket, SocketState};

/// Where the first server of a room listens, if nobody else does.
const FIRST_PORT: u16 = 9000;

/// The calls that make sense on `socket` as it is, the likeliest first; without one, how to get one.
pub fn calls(socket: Option<&Socket>) -> &'static [CallName] {
    use CallName::*;
    let Some(socket) = socket else { return &[Socket] };
    let stream = socket.socket_type == SocketType::Stream;
    match socket.state {
        SocketState::New if stream => &[Bind, Connect, Close],
        SocketState::New => &[Bind, Sendto, Connect, Close],
        SocketState::Bound if stream => &[Listen, Connect, Close],
        SocketState::Bound => &[Recvfrom, Sendto, Close],
        SocketState::Listening => &[Accept, Close],
        SocketState::Connecting => &[Close],
        SocketState::Connected if stream => &[Send, Recv, Shutdown, Close],
        SocketState::Connected => &[Send, Recv, Close],
        SocketState::HalfClosed { ours: true, .. } => &[Recv, Close],
        SocketState::HalfClosed { .. } => &[Send, Recv, Close],
    }
}

/// Whether `call` takes anything beside its descriptor.
pub fn takes_arguments(call: CallName) -> bool {
    use CallName::*;
    !matches!(call, Accept | Close | Getsockname | Getpeername)
}

/// The arguments that a form for `call` on `fd` of `program` starts with.
pub fn args(model: &Model, program: &Program, call: CallName, fd: Option<Fd>) -> Args {
    use CallName::*;
    let socket = fd.and_then(|fd| program.sockets.get(&fd));
    let mut args = Args::default();
    match call {
        Socket => (args.family, args.socket_type) = (Some(Family::Inet), Some(SocketType::Stream)),
        Bind => args.address = Some(free_address(model, family(socket), program.host)),
        Connect | Sendto => args.address = Some(likely_peer(model, program, socket)),
        Listen => args.backlog = Some(5),
        Recv | Recvfrom => args.size = Some(1024),
        Shutdown => args.how = Some(How::Write),
        Setsockopt => (args.option, args.value) = (Some(OptionName::SO_REUSEADDR), Some(1)),
        Getsockopt => args.option = Some(OptionName::SO_RCVBUF),
        Send | Accept | Close | Getsockname | Getpeername => {}
    }
    if matches!(call, Send | Sendto) {
        args.text = Some("hello".into());
    }
    args
}

/// Whether a client could reach `socket` now: it listens, or it takes datagrams.
pub fn can_be_reached(socket: &Socket) -> bool {
    match socket.socket_type {
        SocketType::Stream => matches!(socket.state, SocketState::Listening),
        SocketType::Dgram => socket.state == SocketState::Bound,
    }
}

/// An address of `family` that no socket of the room has, as far as the model knows.
pub fn free_address(model: &Model, family: Family, host: Option<HostId>) -> String {
    let taken = taken(model);
    match family {
        Family::Inet => free_port(&taken, &ip(model, host)),
        Family::Inet6 => free_port(&taken, "[::1]"),
        Family::Unix => free_name(&taken),
    }
}

/// The address of a host of the lab, the first where none is given; this machine's loopback where there is no lab.
pub fn ip(model: &Model, host: Option<HostId>) -> String {
    let mut hosts = model.lab().hosts().iter();
    let found = match host {
        Some(id) => model.lab().host(id),
        None => hosts.find(|host| host.alive),
    };
    let address = found.and_then(|host| host.address);
    address.map_or_else(|| "127.0.0.1".to_owned(), |address| address.to_string())
}

fn family(socket: Option<&Socket>) -> Family {
    socket.map_or(Family::Inet, |socket| socket.family)
}

/// The ports and names in use: those of open sockets, and those that living servers were started for.
fn taken(model: &Model) -> Vec<&str> {
    let living = || model.programs().filter(|program| program.alive);
    let open = living().flat_map(|p| p.sockets.values()).filter_map(|s| s.local.as_deref());
    let meant = living().filter_map(|program| match program.role.as_ref()? {
        TcpEchoServer(server) | UdpEchoServer(server) | UnixEchoServer(server) => {
            Some(server.address.as_str())
        }
        _ => None,
    });
    open.chain(meant).chain(refused(model)).map(end_of).collect()
}

/// How many events back an address that somebody outside the room has is remembered.
const REFUSED_WITHIN: usize = 5_000;

/// Addresses that `bind` was lately refused, since a socket outside the room has them.
fn refused(model: &Model) -> impl Iterator<Item = &str> {
    let latest = model.events_from(model.first()).rev().take(REFUSED_WITHIN);
    latest.filter_map(|event| match &event.fact {
        Fact::Return { id, call: CallName::Bind, outcome: Err(errno), .. }
            if errno.name == "EADDRINUSE" =>
        {
            match model.call_made(model.call(*id)?)? {
                Call::Bind { address } => Some(address.as_str()),
                _ => None,
            }
        }
        _ => None,
    })
}

/// What two addresses on one machine cannot share: the port, or the name.
fn end_of(address: &str) -> &str {
    address.rsplit([':', '/']).next().unwrap_or(address)
}

fn free_port(taken: &[&str], host: &str) -> String {
    let free = (FIRST_PORT..u16::MAX).find(|port| !taken.contains(&port.to_string().as_str()));
    format!("{host}:{}", free.unwrap_or(0))
}

fn free_name(taken: &[&str]) -> String {
    let names = std::iter::once("echo.sock".to_owned());
    let names = names.chain((2..).map(|n| format!("echo-{n}.sock")));
    names.into_iter().find(|name| !taken.contains(&name.as_str())).unwrap_or_default()
}

/// Whom a socket would talk to: the newest listener of the room for a stream, the newest socket with an address of
/// its own in another program for datagrams; failing that, where a server would be.
fn likely_peer(model: &Model, program: &Program, socket: Option<&Socket>) -> String {
    let family = family(socket);
    let dgram = socket.is_some_and(|socket| socket.socket_type == SocketType::Dgram);
    let fits = |other: &Socket| match other.state {
        SocketState::Listening => !dgram,
        SocketState::Bound => dgram,
        _ => false,
    };
    let others = model.programs().filter(|other| other.alive && (!dgram || other.id != program.id));
    let found = others
        .flat_map(|other| other.sockets.values())
        .filter(|other| other.family == family && fits(other))
        .max_by_key(|other| other.id)
        .and_then(|other| other.local.clone());
    let name = |address: String| match family {
        Family::Unix => end_of(&address).to_owned(),
        _ => address,
    };
    found.map(name).unwrap_or_else(|| match family {
        Family::Inet => format!("{}:{FIRST_PORT}", ip(model, None)),
        Family::Inet6 => format!("[::1]:{FIRST_PORT}"),
        Family::Unix => "echo.sock".to_owned(),
    })
}

/// Where a client whose role is called `role` finds the newest server of its kind, if there is one.
pub fn server_address(model: &Model, role: &str) -> Option<String> {
    let servers = model.programs().rev().filter(|program| program.alive);
    servers.filter_map(|program| program.role.as_ref()).find_map(|server| {
        let (kind, server) = match server {
            TcpEchoServer(server) => ("tcp-client", server),
            UdpEchoServer(server) => ("udp-client", server),
            UnixEchoServer(server) => ("unix-client", server),
            _ => return None,
        };
        (kind == role).then(|| server.address.clone())
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests say what they expect by unwrapping")]
mod tests {
    use super::*;
    use crate::journal::{Journal, STREAM, bind, fd, name};

    fn suggested(journal: &Journal, program: &str, call: CallName, fd: i32) -> Args {
        let program = journal.model.program_named(&name(program)).unwrap();
        args(&journal.model, program, call, Some(Fd(fd)))
    }

    #[test]
    fn a_client_is_offered_the_newest_listener() {
        let mut journal = Journal::new(1000);
        journal.server();
        journal.start("client");
        journal.call("client", None, STREAM, fd(3));
        let connect = suggested(&journal, "client", CallName::Connect, 3);
        assert_eq!(connect.address.as_deref(), Some("127.0.0.1:9000"));
        let bind = suggested(&journal, "client", CallName::Bind, 3);
        assert_eq!(bind.address.as_deref(), Some("127.0.0.1:9001"));
    }

    #[test]
    fn an_address_that_was_refused_is_not_offered_again() {
        let mut journal = Journal::new(1000);
        journal.start("server");
        journal.call("server", None, STREAM, fd(3));
        let id = journal.enter("server", Some(3), bind("127.0.0.1:9000"));
        let errno = socketscope_protocol::Errno {
            name: "EADDRINUSE".into(),
            number: 98,
            message: "Address already in use".into(),
        };
        journal.err(id, errno);
        assert_eq!(free_address(&journal.model, Family::Inet, None), "127.0.0.1:9001");
        assert_eq!(free_address(&journal.model, Family::Unix, None), "echo.sock");
    }

    #[test]
    fn calls_follow_the_state() {
        let mut journal = Journal::new(1000);
        journal.pair(true);
        let model = &journal.model;
        let server = model.program_named(&name("server")).unwrap();
        assert_eq!(calls(server.sockets.get(&Fd(3)))[0], CallName::Accept);
        assert_eq!(calls(server.sockets.get(&Fd(4)))[0], CallName::Send);
        assert_eq!(calls(None), [CallName::Socket]);
    }

    #[test]
    fn what_is_suggested_is_a_whole_call() {
        let mut journal = Journal::new(1000);
        journal.pair(true);
        for call in CallName::ALL {
            let args = suggested(&journal, "client", call, 3);
            assert_eq!(takes_arguments(call), args != Args::default(), "{call:?}");
            assert!(Call::new(call, args).is_ok(), "{call:?}");
        }
    }
}
