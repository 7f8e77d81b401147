//! Netlink messages (netlink(7)), as far as two services of the kernel need them: routing and socket diagnostics.

use std::io::{self, ErrorKind, Read};

use socket2::{Domain, Protocol, Socket, Type};

/// Services, by their protocol numbers.
pub(crate) const NETLINK_ROUTE: i32 = 0;
pub(crate) const NETLINK_SOCK_DIAG: i32 = 4;

/// Bytes of `struct nlmsghdr`.
const HEADER_BYTES: usize = 16;
/// Answers are shorter: a socket's diagnostics with all attributes that we ask for are about 500 bytes.
const ANSWER_BYTES: usize = 16 * 1024;

pub(crate) const NLM_F_REQUEST: u16 = 1;
const NLM_F_ACK: u16 = 4;
/// Replace, create, exclusive: what "add" is made of.
pub(crate) const NLM_F_CREATE_NEW: u16 = 0x400 | 0x200;
const NLMSG_ERROR: u16 = 2;

/// A request: a header, a fixed part, attributes.
pub(crate) struct Request(Vec<u8>);

impl Request {
    pub(crate) fn new(kind: u16, flags: u16, fixed: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(128);
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&kind.to_ne_bytes());
        bytes.extend_from_slice(&(NLM_F_REQUEST | flags).to_ne_bytes());
        bytes.extend_from_slice(&[0; 8]);
        bytes.extend_from_slice(fixed);
        Self(bytes)
    }

    pub(crate) fn attribute(mut self, kind: u16, value: &[u8]) -> Self {
        let length = (4 + value.len()) as u16;
        self.0.extend_from_slice(&length.to_ne_bytes());
        self.0.extend_from_slice(&kind.to_ne_bytes());
        self.0.extend_from_slice(value);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        self
    }

    fn bytes(mut self) -> Vec<u8> {
        let length = self.0.len() as u32;
        self.0[..4].copy_from_slice(&length.to_ne_bytes());
        self.0
    }
}

/// A connection to one of the kernel's services, in the network namespace of the thread that opens it.
pub(crate) struct Netlink(Socket);

impl Netlink {
    pub(crate) fn open(service: i32) -> io::Result<Self> {
        let kind = Type::DGRAM.nonblocking();
        Socket::new(Domain::from(nix::libc::AF_NETLINK), kind, Some(Protocol::from(service)))
            .map(Self)
    }

    /// Sends a request and returns what follows the header of its only answer. The kernel has answered before `send`
    /// returns.
    ///
    /// # Errors
    /// The kernel's, where it answers with one.
    pub(crate) fn ask(&self, request: Request) -> io::Result<Vec<u8>> {
        self.0.send(&request.bytes())?;
        let mut answer = vec![0; ANSWER_BYTES];
        let length = (&self.0).read(&mut answer)?;
        answer.truncate(length);
        let cut = || io::Error::new(ErrorKind::UnexpectedEof, "the kernel's answer is cut");
        let kind = answer.get(4..6).ok_or_else(cut)?;
        if u16::from_ne_bytes([kind[0], kind[1]]) == NLMSG_ERROR {
            let number =
                answer.get(HEADER_BYTES..).and_then(<[u8]>::first_chunk).ok_or_else(cut)?;
            match i32::from_ne_bytes(*number) {
                0 => {}
                number => return Err(io::Error::from_raw_os_error(-number)),
            }
        }
        if answer.len() < HEADER_BYTES {
            return Err(cut());
        }
        Ok(answer.split_off(HEADER_BYTES))
    }

    /// Sends a request that is only to be done.
    pub(crate) fn tell(&self, mut request: Request) -> io::Result<()> {
        let flags = u16::from_ne_bytes([request.0[6], request.0[7]]) | NLM_F_ACK;
        request.0[6..8].copy_from_slice(&flags.to_ne_bytes());
        self.ask(request).map(drop)
    }
}

/// The attribute of `kind` in a list of `struct nlattr`.
pub(crate) fn attribute(mut list: &[u8], kind: u16) -> Option<&[u8]> {
    loop {
        let (head, rest) = list.split_first_chunk::<4>()?;
        let length = usize::from(u16::from_ne_bytes([head[0], head[1]]));
        if u16::from_ne_bytes([head[2], head[3]]) == kind {
            return rest.get(..length.checked_sub(4)?);
        }
        list = list.get(length.next_multiple_of(4).max(4)..)?;
    }
}
