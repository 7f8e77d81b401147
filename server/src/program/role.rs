//! What programs do by themselves: echo servers and clients, made of the same calls that a visitor makes.
//!
//! A role ends where an ordinary program would: at an error that it does not handle, or when it is done.

use std::{sync::Arc, time::Duration};

use socketscope_protocol::{
    Call, Client, EchoServer, Errno, Family, Fd, Payload, Role, SocketType, Value,
    limits::{RECV_BYTES, SCRIPT_MESSAGES, SCRIPT_TIMES},
};

use super::{Program, act};
use crate::{
    network::Network,
    refusal::Refusal,
    told::{Told, told},
};

/// Why a role stops before it is done.
enum Stop {
    /// The kernel's error, which is in the journal.
    Errno,
    /// The call could not be entered: the program has ended, or the role's own words are wrong.
    Refused(Refusal),
}

impl From<Errno> for Stop {
    fn from(_: Errno) -> Self {
        Self::Errno
    }
}

type Step<T> = Result<T, Stop>;

/// Checks a role's own fields, before a program is started with it: also that its address is one, and in reach.
pub(crate) fn check(role: &Role, network: &Network) -> Result<(), Refusal> {
    if let Some((family, address)) = address(role) {
        network.address(family, address)?;
    }
    let too_long = |what: Told| Err(Refusal::TooLong(what));
    match role {
        Role::Manual => Ok(()),
        Role::TcpEchoServer(server)
        | Role::UdpEchoServer(server)
        | Role::UnixEchoServer(server)
            if server.size > RECV_BYTES =>
        {
            too_long(told!("too-long/received", limit = RECV_BYTES))
        }
        Role::TcpClient(client) | Role::UdpClient(client) | Role::UnixClient(client) => {
            if client.messages.len() > SCRIPT_MESSAGES {
                return too_long(told!("too-long/messages", limit = SCRIPT_MESSAGES));
            }
            if client.times > SCRIPT_TIMES {
                return too_long(told!("too-long/rounds", limit = SCRIPT_TIMES));
            }
            client.messages.iter().try_for_each(|text| act::check(send(text.as_bytes())).map(drop))
        }
        Role::Lesson(_) => {
            let why = "a lesson's programs are started by the lesson: POST …/lesson";
            Err(Refusal::malformed(why))
        }
        _ => Ok(()),
    }
}

/// The address that a role binds or connects to.
fn address(role: &Role) -> Option<(Family, &str)> {
    match role {
        Role::TcpEchoServer(EchoServer { address, .. })
        | Role::UdpEchoServer(EchoServer { address, .. })
        | Role::TcpClient(Client { address, .. })
        | Role::UdpClient(Client { address, .. }) => Some((family(address), address)),
        Role::UnixEchoServer(EchoServer { address, .. })
        | Role::UnixClient(Client { address, .. }) => Some((Family::Unix, address)),
        Role::Manual | Role::Lesson(_) => None,
    }
}

/// Runs the program's role to its end. A program with nothing to do by itself goes on until somebody ends it.
pub(crate) async fn run(program: &Arc<Program>) {
    let driver = Driver(program.clone());
    let stopped = match &program.role {
        Role::Manual | Role::Lesson(_) => {
            program.ending.cancelled().await;
            Ok(())
        }
        Role::TcpEchoServer(server) => driver.stream_server(family(&server.address), server).await,
        Role::UnixEchoServer(server) => driver.stream_server(Family::Unix, server).await,
        Role::UdpEchoServer(server) => driver.datagram_server(server).await,
        Role::TcpClient(client) => driver.stream_client(family(&client.address), client).await,
        Role::UnixClient(client) => driver.stream_client(Family::Unix, client).await,
        Role::UdpClient(client) => driver.datagram_client(client).await,
    };
    if let Err(Stop::Refused(refusal)) = stopped {
        tracing::debug!(program = %program.name, %refusal, "a role has stopped");
    }
}

/// IPv6 where the address is written as one; the kernel has the last word.
fn family(address: &str) -> Family {
    if address.starts_with('[') { Family::Inet6 } else { Family::Inet }
}

fn send(bytes: &[u8]) -> Call {
    Call::Send { payload: Payload::shown(bytes), bytes: bytes.len() }
}

/// Makes calls on a program, one after the other.
#[derive(Clone)]
struct Driver(Arc<Program>);

impl Driver {
    async fn stream_server(&self, family: Family, server: &EchoServer) -> Step<()> {
        let listener = self.socket(family, SocketType::Stream).await?;
        self.call(listener, Call::Bind { address: server.address.clone() }).await?;
        self.call(listener, Call::Listen { backlog: server.backlog }).await?;
        loop {
            let accepted = self.call(listener, Call::Accept).await?;
            let Some(fd) = accepted.fd else { return Ok(()) };
            let (serving, size) = (self.clone(), server.size);
            let serve = async move { serving.serve(fd, size).await };
            if server.concurrent {
                tokio::spawn(serve);
            } else if let Err(Stop::Refused(refusal)) = serve.await {
                return Err(Stop::Refused(refusal));
            }
        }
    }

    /// Echoes until the client ends the connection, or breaks it: one client's error does not end a server.
    async fn serve(&self, fd: Fd, size: usize) -> Step<()> {
        let served = self.echo_all(fd, size).await;
        if let Err(Stop::Refused(_)) = served {
            return served;
        }
        self.call(fd, Call::Close).await.map(drop)
    }

    async fn echo_all(&self, fd: Fd, size: usize) -> Step<()> {
        loop {
            let (_, received) = self.call_with(fd, Call::Recv { size }, Vec::new()).await?;
            if received.is_empty() {
                return Ok(());
            }
            self.call_with(fd, send(&received), received).await?;
        }
    }

    async fn datagram_server(&self, server: &EchoServer) -> Step<()> {
        let fd = self.socket(family(&server.address), SocketType::Dgram).await?;
        self.call(fd, Call::Bind { address: server.address.clone() }).await?;
        loop {
            let call = Call::Recvfrom { size: server.size };
            let (value, received) = self.call_with(fd, call, Vec::new()).await?;
            let Some(address) = value.from else { continue };
            let (payload, bytes) = (Payload::shown(&received), received.len());
            let echo = Call::Sendto { payload, bytes, address };
            match self.call_with(fd, echo, received).await {
                // The client may be gone already; the others are not.
                Ok(_) | Err(Stop::Errno) => {}
                Err(stop) => return Err(stop),
            }
        }
    }

    async fn stream_client(&self, family: Family, client: &Client) -> Step<()> {
        let fd = self.socket(family, SocketType::Stream).await?;
        self.call(fd, Call::Connect { address: client.address.clone() }).await?;
        for (first, message) in script(client) {
            self.pause(client, first).await;
            self.call_with(fd, send(message), message.to_vec()).await?;
            let mut missing = message.len();
            while missing > 0 {
                let echo = self.call(fd, Call::Recv { size: missing.max(1024) }).await?;
                match echo.bytes {
                    None | Some(0) => return Ok(()),
                    Some(bytes) => missing = missing.saturating_sub(bytes),
                }
            }
        }
        self.call(fd, Call::Close).await.map(drop)
    }

    async fn datagram_client(&self, client: &Client) -> Step<()> {
        let fd = self.socket(family(&client.address), SocketType::Dgram).await?;
        for (first, message) in script(client) {
            self.pause(client, first).await;
            let (payload, bytes) = (Payload::shown(message), message.len());
            let call = Call::Sendto { payload, bytes, address: client.address.clone() };
            self.call_with(fd, call, message.to_vec()).await?;
            self.call(fd, Call::Recvfrom { size: 65_536 }).await?;
        }
        self.call(fd, Call::Close).await.map(drop)
    }

    /// The time between an echo and the next message; cut short where the program ends.
    async fn pause(&self, client: &Client, first: bool) {
        if !first && client.interval_ms > 0 {
            let pause = tokio::time::sleep(Duration::from_millis(client.interval_ms));
            tokio::select! {
                () = pause => {}
                () = self.0.ending.cancelled() => {}
            }
        }
    }

    async fn socket(&self, family: Family, socket_type: SocketType) -> Step<Fd> {
        let entered = self.0.enter_checked(None, Call::Socket { family, socket_type }, Vec::new());
        let value = entered.map_err(Stop::Refused)?.perform().await.outcome?;
        value.fd.ok_or(Stop::Errno)
    }

    async fn call(&self, fd: Fd, call: Call) -> Step<Value> {
        Ok(self.call_with(fd, call, Vec::new()).await?.0)
    }

    /// Makes a call with the bytes to send, and returns what it received beside its value.
    async fn call_with(&self, fd: Fd, call: Call, payload: Vec<u8>) -> Step<(Value, Vec<u8>)> {
        // Calls that never wait would keep everybody else from the thread.
        tokio::task::consume_budget().await;
        let entered = self.0.enter_checked(Some(fd), call, payload).map_err(Stop::Refused)?;
        let returned = entered.perform().await;
        Ok((returned.outcome?, returned.received))
    }
}

/// A client's messages, round after round, the very first one marked.
fn script(client: &Client) -> impl Iterator<Item = (bool, &[u8])> {
    let rounds = (0..client.times).flat_map(|_| &client.messages);
    rounds.enumerate().map(|(at, message)| (at == 0, message.as_bytes()))
}
