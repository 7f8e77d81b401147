//! A tap: reads the IP packets that go over a device (packet(7)), each once, with the time that the kernel gave it.
//!
//! A packet is in the tap before the kernel hands it to its socket, so whoever drains the tap after a call has returned
//! finds what has caused the return.

mod packet_socket;

use std::{
    io::{self, ErrorKind, IoSliceMut},
    os::fd::{AsRawFd, RawFd},
};

use nix::{
    cmsg_space,
    net::if_::if_nametoindex,
    sys::{
        socket::{
            ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt,
            sockopt::{RcvBufForce, ReceiveTimestampns, RxqOvfl},
        },
        time::TimeSpec,
    },
};
use socket2::{Domain, SockFilter, Socket, Type};

/// Bytes that wait for us to read them: a burst of some thousand packets. The kernel takes the memory only for a burst.
const WAITING_BYTES: usize = 8 * 1024 * 1024;

/// A tap on one device of one network.
#[derive(Debug)]
pub(crate) struct Tap(Socket);

/// A packet that has been read into the caller's buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tapped {
    /// Bytes of it, from the IP header on.
    pub(crate) length: usize,
    /// When the kernel received it, nanoseconds since 1970.
    pub(crate) at: u64,
    /// How many packets the tap has missed since it was opened, since nobody read fast enough.
    pub(crate) missed: u32,
}

impl Tap {
    /// Opens a tap on `device`, in the network of this thread. It takes CAP_NET_RAW there.
    ///
    /// It takes packets as the device receives them, not as something sends them: so a packet on `lo`, which does both, is
    /// there once.
    pub(crate) fn open(device: &str) -> io::Result<Self> {
        // Without a protocol it gets nothing until it is bound, and then from this device only.
        let socket = Socket::new(Domain::PACKET, Type::DGRAM.nonblocking(), None)?;
        setsockopt(&socket, ReceiveTimestampns, &true)?;
        setsockopt(&socket, RxqOvfl, &1)?;
        // Beyond the usual limit where we may (CAP_NET_ADMIN), up to it otherwise.
        setsockopt(&socket, RcvBufForce, &WAITING_BYTES)
            .map_err(io::Error::from)
            .or_else(|_| socket.set_recv_buffer_size(WAITING_BYTES))?;
        packet_socket::ignore_outgoing(&socket)?;
        packet_socket::bind(&socket, if_nametoindex(device)?)?;
        Ok(Self(socket))
    }

    /// Lets the kernel hand over only what `filter` lets through, from now on.
    pub(crate) fn admit(&self, filter: &[SockFilter]) -> io::Result<()> {
        self.0.attach_filter(filter)
    }

    /// Reads the next packet into `buffer`. None: there is none.
    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<Option<Tapped>> {
        let mut control = cmsg_space!(TimeSpec, u32);
        let mut parts = [IoSliceMut::new(buffer)];
        let (fd, now) = (self.0.as_raw_fd(), MsgFlags::MSG_DONTWAIT);
        let message = match recvmsg::<SockaddrStorage>(fd, &mut parts, Some(&mut control), now) {
            Ok(message) => message,
            Err(error) => {
                let error = io::Error::from(error);
                return if error.kind() == ErrorKind::WouldBlock { Ok(None) } else { Err(error) };
            }
        };
        let mut tapped = Tapped { length: message.bytes, at: 0, missed: 0 };
        for part in message.cmsgs()? {
            match part {
                ControlMessageOwned::ScmTimestampns(time) => tapped.at = nanoseconds(time),
                ControlMessageOwned::RxqOvfl(missed) => tapped.missed = missed,
                _ => {}
            }
        }
        Ok(Some(tapped))
    }
}

fn nanoseconds(time: TimeSpec) -> u64 {
    time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64
}

impl AsRawFd for Tap {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}
