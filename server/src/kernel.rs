//! What the kernel says of a socket that no call tells: its state and queues ([`diag`]), and which Unix socket is at the
//! other end of one.

pub(crate) mod diag;
pub(crate) mod states;

use std::{io, os::fd::AsFd};

use crate::netlink::{NETLINK_SOCK_DIAG, Netlink, Request, attribute};

const SOCK_DIAG_BY_FAMILY: u16 = 20;
const UDIAG_SHOW_PEER: u32 = 4;
const UNIX_DIAG_PEER: u16 = 2;
/// Bytes of `struct unix_diag_msg`, before the attributes begin.
const MESSAGE_BYTES: usize = 16;

/// The number of the socket's file, by which sock_diag(7) knows it.
pub(crate) fn inode(socket: impl AsFd) -> Option<u64> {
    nix::sys::stat::fstat(socket).ok().map(|stat| stat.st_ino)
}

/// The inode of the Unix socket that the one with `inode` is connected to, by sock_diag(7), which knows the sockets of this
/// thread's network. About 10 µs.
///
/// None where the kernel cannot tell (no unix_diag), or where the other end is closed already.
pub(crate) fn unix_peer(inode: u64) -> Option<u64> {
    let answer = ask(u32::try_from(inode).ok()?).ok()?;
    let peer = attribute(answer.get(MESSAGE_BYTES..)?, UNIX_DIAG_PEER)?;
    peer.first_chunk().map(|inode| u64::from(u32::from_ne_bytes(*inode)))
}

fn ask(inode: u32) -> io::Result<Vec<u8>> {
    // struct unix_diag_req; the cookie of all ones asks for no particular one.
    let mut fixed = vec![nix::libc::AF_UNIX as u8, 0, 0, 0];
    fixed.extend_from_slice(&u32::MAX.to_ne_bytes());
    fixed.extend_from_slice(&inode.to_ne_bytes());
    fixed.extend_from_slice(&UDIAG_SHOW_PEER.to_ne_bytes());
    fixed.extend_from_slice(&[0xff; 8]);
    Netlink::open(NETLINK_SOCK_DIAG)?.ask(Request::new(SOCK_DIAG_BY_FAMILY, 0, &fixed))
}

#[cfg(test)]
mod tests {
    use socket2::{Domain, Socket, Type};

    use super::*;

    #[test]
    fn a_unix_socket_knows_its_peer() {
        let (one, other) = Socket::pair(Domain::UNIX, Type::STREAM, None).expect("a pair");
        let (one, other) = (inode(&one), inode(&other));
        assert_eq!(unix_peer(one.expect("an inode")), other);
    }

    #[test]
    fn an_unknown_inode_has_none() {
        assert_eq!(unix_peer(1), None);
        assert_eq!(unix_peer(u64::MAX), None);
    }
}
