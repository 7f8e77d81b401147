//! `connect` and `accept`: both ends of a connection, and how each finds the other.

use std::{io, sync::Arc};

use nix::libc::{EALREADY, ECONNABORTED, EINPROGRESS, EINVAL};
use socket2::SockAddr;
use socketscope_protocol::{End, Family, SocketType, Value};

use super::{
    super::{
        concerned,
        ends::{Connecting, Key},
        socket::{Socket, Wants},
    },
    Done, Entered,
};
use crate::{kernel, network, network::Network};

impl Entered {
    pub(super) async fn connect(&self, socket: &Arc<Socket>, address: &SockAddr) -> io::Result<()> {
        let (before, mut asked) = (socket.disconnected(), false);
        let mut connect = || {
            let again = std::mem::replace(&mut asked, true);
            if again && socket.disconnected() != before {
                // On TCP `shutdown`, or another `connect` that failed, has ended this one. To ask again would begin a new one.
                return aborted(socket.inner());
            }
            match socket.inner().connect(address) {
                // A blocking `connect` goes on here until there is an end. Asking again is how the kernel tells it, and
                // leaves the socket as a blocking `connect` would (__inet_stream_connect).
                Err(error) if !socket.nonblocking() && in_progress(&error) => {
                    Err(io::ErrorKind::WouldBlock.into())
                }
                Err(error) if again && error.kind() != io::ErrorKind::WouldBlock => {
                    socket.set_disconnected();
                    Err(error)
                }
                done => done,
            }
        };
        let share = self.program.scope.network.share();
        let mut connect = || concerned::sending(share, socket, address, &mut connect);
        let Some(fd) = self.fd.filter(|_| socket.socket_type == SocketType::Stream) else {
            return self.wait(socket, Wants::Room, connect, |()| false).await;
        };
        let (scope, program) = (&self.program.scope, &self.program.name);
        let end = || Connecting {
            end: End { program: program.clone(), fd },
            socket: Arc::downgrade(socket),
        };
        let key = || connecting_key(socket, address);
        let connect = || scope.ends.connecting(end(), &mut connect, key);
        self.wait(socket, Wants::Room, connect, |()| false).await
    }

    pub(super) async fn accept(&self, socket: &Arc<Socket>) -> io::Result<Done> {
        let number = self.reserve()?;
        let accept = || {
            // Asked before: who came before the shutdown is still accepted.
            let ends = socket.ends_lonely();
            let (accepted, peer) = socket.inner().accept().map_err(|error| {
                if ends && error.kind() == io::ErrorKind::WouldBlock {
                    return io::Error::from_raw_os_error(EINVAL);
                }
                error
            })?;
            accepted.set_nonblocking(true)?;
            Ok((accepted, peer))
        };
        let (accepted, peer) = self.wait(socket, Wants::Connection, accept, |_| false).await?;
        let accepted = Arc::new(Socket::new(accepted, socket.family, socket.socket_type));
        let key = accepted_key(&accepted, &peer, &self.program.scope.network);
        let connecting = key.and_then(|key| self.program.scope.ends.accepted(key));
        let other = connecting.map(|Connecting { end, socket }| {
            Socket::join(&accepted, &socket);
            end
        });
        let peer = network::written(&peer, self.program.scope.network.folder());
        let fd = number.settle(accepted.clone());
        let value = Value { fd: Some(fd), peer: Some(peer), ..Value::default() };
        Ok(Done { value, moved: Some(accepted), other, ..Done::default() })
    }
}

/// What a blocking `connect` returns that finds its socket neither connecting nor connected any more
/// (__inet_stream_connect): the error that the socket has, or that there is none.
fn aborted(socket: &socket2::Socket) -> io::Result<()> {
    if socket.peer_addr().is_ok() {
        return Ok(());
    }
    let error = socket.take_error()?;
    Err(error.unwrap_or_else(|| io::Error::from_raw_os_error(ECONNABORTED)))
}

fn in_progress(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(EINPROGRESS | EALREADY))
}

fn connecting_key(socket: &Socket, target: &SockAddr) -> Option<Key> {
    if socket.family == Family::Unix {
        return kernel::inode(socket).map(Key::Unix);
    }
    let local = socket.inner().local_addr().ok()?.as_socket()?;
    // While it is still connecting there is no peer to ask for; a connection to 0.0.0.0 goes to this machine.
    let peer = match socket.inner().peer_addr() {
        Ok(peer) => peer.as_socket()?,
        Err(_) => target.as_socket().filter(|target| !target.ip().is_unspecified())?,
    };
    (local.port() != 0).then_some(Key::Inet(local, peer))
}

fn accepted_key(accepted: &Socket, peer: &SockAddr, network: &Network) -> Option<Key> {
    if accepted.family == Family::Unix {
        return network.unix_peer(accepted.inode()).map(Key::Unix);
    }
    Some(Key::Inet(peer.as_socket()?, accepted.inner().local_addr().ok()?.as_socket()?))
}
