//! What a packet socket (packet(7)) needs beyond other sockets.
#![expect(
    unsafe_code,
    reason = "no library sets a packet socket's options or makes its address (sockaddr_ll) safely"
)]

use std::{
    io,
    mem::size_of,
    os::fd::{AsRawFd, RawFd},
};

use nix::{
    errno::Errno,
    libc::{
        AF_PACKET, ETH_P_ALL, PACKET_IGNORE_OUTGOING, SOL_PACKET, c_int, setsockopt, sockaddr_ll,
    },
};
use socket2::{SockAddr, SockAddrStorage, Socket};

/// Lets `socket` receive only what the device receives, and not what is sent over it: on `lo` that is the same packet. From
/// Linux 4.20 on.
pub(super) fn ignore_outgoing(socket: &Socket) -> io::Result<()> {
    let (fd, on): (RawFd, c_int) = (socket.as_raw_fd(), 1);
    let length = size_of::<c_int>() as u32;
    // SAFETY: the option reads an int of this length, which lives until the call has returned.
    let done = unsafe {
        setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, (&raw const on).cast(), length)
    };
    Ok(Errno::result(done).map(drop)?)
}

/// Lets `socket` receive from the device with this index, whatever the protocol: only such a socket gets a packet before
/// the protocol itself does (`__netif_receive_skb_core` in net/core/dev.c).
pub(super) fn bind(socket: &Socket, device: u32) -> io::Result<()> {
    let mut storage = SockAddrStorage::zeroed();
    // SAFETY: a `sockaddr_ll` is plain integers and no larger than the storage (`struct sockaddr_storage`), which has
    // room and alignment for every kind of socket address.
    let address = unsafe { storage.view_as::<sockaddr_ll>() };
    address.sll_family = AF_PACKET as u16;
    address.sll_protocol = (ETH_P_ALL as u16).to_be();
    address.sll_ifindex = device as i32;
    // SAFETY: the storage holds a `sockaddr_ll` of this length, with its family set.
    let address = unsafe { SockAddr::new(storage, size_of::<sockaddr_ll>() as u32) };
    socket.bind(&address)
}
