//! A call made ready to be made: addresses read, bytes decoded, limits checked. What is wrong is refused here, before
//! anything is entered.

use socket2::SockAddr;
use socketscope_protocol::{
    Call, How, OptionName, Payload,
    limits::{LINGER_SECONDS, PAYLOAD_BYTES, RECV_BYTES},
};

use super::socket::Socket;
use crate::{
    network::Network,
    refusal::Refusal,
    told::{sentence, told},
};

/// A call, in the kernel's terms.
pub(super) enum Act {
    Bind(SockAddr),
    Connect(SockAddr),
    Listen(i32),
    Accept,
    /// `send`, or `sendto` where there is an address.
    Send(Vec<u8>, Option<SockAddr>),
    /// `recv`, or `recvfrom` where the second is true.
    Recv(usize, bool),
    Shutdown(How),
    Close,
    SetOption(OptionName, i32),
    GetOption(OptionName),
    LocalAddress,
    PeerAddress,
}

/// Checks everything about `call` that needs no socket: lengths, and that the payload can be read.
///
/// Returns the call as the journal shall show it, its payload cut, and the payload whole.
pub(super) fn check(call: Call) -> Result<(Call, Vec<u8>), Refusal> {
    let whole = |payload: &Payload| {
        let bytes = payload
            .bytes()
            .map_err(|why| Refusal::Malformed(told!("malformed/bytes", why = sentence(&why))))?;
        if bytes.len() > PAYLOAD_BYTES {
            return Err(Refusal::TooLong(told!("too-long/payload", limit = PAYLOAD_BYTES)));
        }
        Ok((Payload::shown(&bytes), bytes))
    };
    match call {
        Call::Send { payload, .. } => {
            let (payload, bytes) = whole(&payload)?;
            Ok((Call::Send { payload, bytes: bytes.len() }, bytes))
        }
        Call::Sendto { payload, address, .. } => {
            let (payload, bytes) = whole(&payload)?;
            Ok((Call::Sendto { payload, bytes: bytes.len(), address }, bytes))
        }
        Call::Recv { size } | Call::Recvfrom { size } if size > RECV_BYTES => {
            Err(Refusal::TooLong(told!("too-long/received", limit = RECV_BYTES)))
        }
        Call::Setsockopt { option: OptionName::SO_LINGER, value }
            if i64::from(value) > LINGER_SECONDS =>
        {
            Err(Refusal::TooLong(told!("too-long/linger", limit = LINGER_SECONDS)))
        }
        Call::Setsockopt { option: OptionName::OTHER, .. }
        | Call::Getsockopt { option: OptionName::OTHER } => {
            Err(Refusal::malformed("\"OTHER\" stands for options that have no name here"))
        }
        call => Ok((call, Vec::new())),
    }
}

impl Act {
    /// Makes `call` ready for `socket`, which decides how an address is read.
    pub(super) fn new(
        call: &Call,
        payload: Vec<u8>,
        socket: &Socket,
        network: &Network,
    ) -> Result<Self, Refusal> {
        let address = |text: &str| network.address(socket.family, text);
        Ok(match call {
            // It makes a socket, and is made on none.
            Call::Socket { .. } => {
                return Err(Refusal::Malformed(told!("malformed/no-fd", call = "socket")));
            }
            Call::Bind { address: to } => Self::Bind(address(to)?),
            Call::Connect { address: to } => Self::Connect(address(to)?),
            Call::Listen { backlog } => Self::Listen(*backlog),
            Call::Accept => Self::Accept,
            Call::Send { .. } => Self::Send(payload, None),
            Call::Sendto { address: to, .. } => Self::Send(payload, Some(address(to)?)),
            Call::Recv { size } => Self::Recv(*size, false),
            Call::Recvfrom { size } => Self::Recv(*size, true),
            Call::Shutdown { how } => Self::Shutdown(*how),
            Call::Close => Self::Close,
            Call::Setsockopt { option, value } => Self::SetOption(*option, *value),
            Call::Getsockopt { option } => Self::GetOption(*option),
            Call::Getsockname => Self::LocalAddress,
            Call::Getpeername => Self::PeerAddress,
        })
    }
}
