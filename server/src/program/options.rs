//! `setsockopt` and `getsockopt`: each option by its name, its value an integer.

use std::{io, time::Duration};

use nix::{
    libc::ENOPROTOOPT,
    sys::socket::{getsockopt, setsockopt, sockopt},
};
use socketscope_protocol::OptionName as Name;

use super::socket::Socket;

/// Sets `option`; on and off are 1 and 0.
pub(super) fn set(socket: &Socket, option: Name, value: i32) -> io::Result<()> {
    let inner = socket.inner();
    // The kernel takes a buffer's size as an unsigned number (sock_setsockopt); the same bits reach it here.
    let size = value as u32 as usize;
    match option {
        Name::SO_REUSEADDR => inner.set_reuse_address(value != 0),
        Name::SO_REUSEPORT => inner.set_reuse_port(value != 0),
        Name::SO_KEEPALIVE => inner.set_keepalive(value != 0),
        Name::SO_BROADCAST => inner.set_broadcast(value != 0),
        Name::SO_LINGER => inner.set_linger(u64::try_from(value).ok().map(Duration::from_secs)),
        Name::SO_RCVBUF => inner.set_recv_buffer_size(size),
        Name::SO_SNDBUF => inner.set_send_buffer_size(size),
        Name::TCP_NODELAY => inner.set_tcp_nodelay(value != 0),
        Name::TCP_USER_TIMEOUT => Ok(setsockopt(socket, sockopt::TcpUserTimeout, &(value as u32))?),
        Name::TCP_MAXSEG => inner.set_tcp_mss(value as u32),
        Name::O_NONBLOCK => {
            socket.set_nonblocking(value != 0);
            Ok(())
        }
        // What setsockopt(2) answers for what can only be read, and for what it does not know.
        Name::SO_ERROR | Name::SO_TYPE | Name::SO_ACCEPTCONN | Name::OTHER => {
            Err(io::Error::from_raw_os_error(ENOPROTOOPT))
        }
    }
}

/// Reads `option`.
pub(super) fn get(socket: &Socket, option: Name) -> io::Result<i32> {
    let inner = socket.inner();
    Ok(match option {
        Name::SO_REUSEADDR => inner.reuse_address()?.into(),
        Name::SO_REUSEPORT => inner.reuse_port()?.into(),
        Name::SO_KEEPALIVE => inner.keepalive()?.into(),
        Name::SO_BROADCAST => inner.broadcast()?.into(),
        Name::SO_LINGER => inner.linger()?.map_or(-1, |time| time.as_secs() as i32),
        Name::SO_RCVBUF => inner.recv_buffer_size()? as i32,
        Name::SO_SNDBUF => inner.send_buffer_size()? as i32,
        Name::SO_ERROR => inner.take_error()?.and_then(|error| error.raw_os_error()).unwrap_or(0),
        Name::SO_TYPE => inner.r#type()?.into(),
        Name::SO_ACCEPTCONN => inner.is_listener()?.into(),
        Name::TCP_NODELAY => inner.tcp_nodelay()?.into(),
        Name::TCP_USER_TIMEOUT => getsockopt(socket, sockopt::TcpUserTimeout)? as i32,
        Name::TCP_MAXSEG => inner.tcp_mss()? as i32,
        Name::O_NONBLOCK => socket.nonblocking().into(),
        Name::OTHER => return Err(io::Error::from_raw_os_error(ENOPROTOOPT)),
    })
}

/// The option that an observed program means by a level (upper half) and a number (lower half); -1 stands for O_NONBLOCK.
pub(crate) fn option_named(number: i64) -> Name {
    use nix::libc;
    let (level, number) = ((number >> 32) as i32, number as i32);
    match (level, number) {
        (-1, -1) => Name::O_NONBLOCK,
        (libc::SOL_SOCKET, libc::SO_REUSEADDR) => Name::SO_REUSEADDR,
        (libc::SOL_SOCKET, libc::SO_REUSEPORT) => Name::SO_REUSEPORT,
        (libc::SOL_SOCKET, libc::SO_KEEPALIVE) => Name::SO_KEEPALIVE,
        (libc::SOL_SOCKET, libc::SO_BROADCAST) => Name::SO_BROADCAST,
        (libc::SOL_SOCKET, libc::SO_LINGER) => Name::SO_LINGER,
        (libc::SOL_SOCKET, libc::SO_RCVBUF) => Name::SO_RCVBUF,
        (libc::SOL_SOCKET, libc::SO_SNDBUF) => Name::SO_SNDBUF,
        (libc::SOL_SOCKET, libc::SO_ERROR) => Name::SO_ERROR,
        (libc::SOL_SOCKET, libc::SO_TYPE) => Name::SO_TYPE,
        (libc::SOL_SOCKET, libc::SO_ACCEPTCONN) => Name::SO_ACCEPTCONN,
        (libc::IPPROTO_TCP, libc::TCP_NODELAY) => Name::TCP_NODELAY,
        (libc::IPPROTO_TCP, libc::TCP_USER_TIMEOUT) => Name::TCP_USER_TIMEOUT,
        (libc::IPPROTO_TCP, libc::TCP_MAXSEG) => Name::TCP_MAXSEG,
        _ => Name::OTHER,
    }
}
