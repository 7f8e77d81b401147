//! Socket calls: what they take and what they return.
//!
//! On the wire a call is a name and a flat set of arguments ([`Args`]); in Rust it is a [`Call`], which cannot lack any.

use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::{Map, Value as Json};

use crate::{Fd, Payload};

/// The calls that a program can make, by their names in the manual's section 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "each is the system call of its name")]
pub enum CallName {
    Socket,
    Bind,
    Connect,
    Listen,
    Accept,
    Send,
    Sendto,
    Recv,
    Recvfrom,
    Shutdown,
    Close,
    Setsockopt,
    Getsockopt,
    Getsockname,
    Getpeername,
}

/// An address family (address_families(7)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// IPv4, AF_INET.
    Inet,
    /// IPv6, AF_INET6.
    Inet6,
    /// This machine's file system, AF_UNIX.
    Unix,
}

/// A socket's type (socket(2)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum SocketType {
    /// A stream of bytes, SOCK_STREAM.
    Stream,
    /// Messages with boundaries, SOCK_DGRAM.
    Dgram,
}

/// Which direction `shutdown` ends (shutdown(2)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// SHUT_RD.
    Read,
    /// SHUT_WR.
    Write,
    /// SHUT_RDWR.
    Both,
}

/// The options that a program may read, and unless said otherwise set (socket(7), tcp(7), fcntl(2)). Values are integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[expect(non_camel_case_types, reason = "the names of the manual pages")]
pub enum OptionName {
    /// 0 or 1: bind to an address that TIME_WAIT still holds.
    SO_REUSEADDR,
    /// 0 or 1: several sockets on one address.
    SO_REUSEPORT,
    /// 0 or 1: probe an idle connection.
    SO_KEEPALIVE,
    /// 0 or 1: send datagrams to a broadcast address.
    SO_BROADCAST,
    /// Seconds that `close` waits for unsent data; 0: reset the connection; -1: off, the default.
    SO_LINGER,
    /// Bytes of the receive buffer; the kernel doubles what is set.
    SO_RCVBUF,
    /// Bytes of the send buffer; the kernel doubles what is set.
    SO_SNDBUF,
    /// The pending error's number, 0 for none; reading clears it. Read only.
    SO_ERROR,
    /// 1 for stream, 2 for dgram. Read only.
    SO_TYPE,
    /// 1 where the socket listens. Read only.
    SO_ACCEPTCONN,
    /// 0 or 1: send small segments at once (no Nagle).
    TCP_NODELAY,
    /// Milliseconds that sent data may stay unacknowledged before ETIMEDOUT; 0: the system's default.
    TCP_USER_TIMEOUT,
    /// Bytes of the largest segment.
    TCP_MAXSEG,
    /// 0 or 1: a call that would wait returns EAGAIN or EINPROGRESS instead. A flag of fcntl(2).
    O_NONBLOCK,
    /// An option that has no name here; its value is not told. Only an observed program can have asked for it.
    OTHER,
}

/// The arguments of any call, except its `fd`. Which ones a call takes: see the table of calls in ARCHITECTURE.md.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Args {
    /// `socket`: the address family.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<Family>,
    /// `socket`: the type.
    #[serde(skip_serializing_if = "Option::is_none", rename = "type")]
    pub socket_type: Option<SocketType>,
    /// `bind`, `connect`, `sendto`: `127.0.0.1:9000`, `[::1]:9000`, or for a Unix socket a name in the room's folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// `listen`: how many completed connections may wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backlog: Option<i32>,
    /// `send`, `sendto`: the bytes, as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// `send`, `sendto`: the bytes, as base64 (RFC 4648).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
    /// `send`, `sendto`, in events only: how many bytes there were, where the event shows fewer or all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<usize>,
    /// `recv`, `recvfrom`: the most bytes to take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<usize>,
    /// `shutdown`: which direction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub how: Option<How>,
    /// `setsockopt`, `getsockopt`: which option.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub option: Option<OptionName>,
    /// `setsockopt`: its value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<i32>,
}

/// A call with its arguments, complete by construction. The descriptor it is made on travels beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of `Args`")]
pub enum Call {
    Socket {
        family: Family,
        socket_type: SocketType,
    },
    Bind {
        address: String,
    },
    Connect {
        address: String,
    },
    Listen {
        backlog: i32,
    },
    Accept,
    /// `bytes` is the payload's true length, which [`Payload::shown`] may have cut.
    Send {
        payload: Payload,
        bytes: usize,
    },
    /// As `Send`, to an address.
    Sendto {
        payload: Payload,
        bytes: usize,
        address: String,
    },
    Recv {
        size: usize,
    },
    Recvfrom {
        size: usize,
    },
    Shutdown {
        how: How,
    },
    Close,
    Setsockopt {
        option: OptionName,
        value: i32,
    },
    Getsockopt {
        option: OptionName,
    },
    Getsockname,
    Getpeername,
}

impl Call {
    /// Which call it is.
    pub fn name(&self) -> CallName {
        match self {
            Self::Socket { .. } => CallName::Socket,
            Self::Bind { .. } => CallName::Bind,
            Self::Connect { .. } => CallName::Connect,
            Self::Listen { .. } => CallName::Listen,
            Self::Accept => CallName::Accept,
            Self::Send { .. } => CallName::Send,
            Self::Sendto { .. } => CallName::Sendto,
            Self::Recv { .. } => CallName::Recv,
            Self::Recvfrom { .. } => CallName::Recvfrom,
            Self::Shutdown { .. } => CallName::Shutdown,
            Self::Close => CallName::Close,
            Self::Setsockopt { .. } => CallName::Setsockopt,
            Self::Getsockopt { .. } => CallName::Getsockopt,
            Self::Getsockname => CallName::Getsockname,
            Self::Getpeername => CallName::Getpeername,
        }
    }

    /// Takes the arguments that `name` needs out of `args`.
    ///
    /// # Errors
    /// A sentence that names the argument which is missing, or not one of this call's.
    pub fn new(name: CallName, mut args: Args) -> Result<Self, String> {
        let call = name.as_str();
        fn needed<T>(call: &str, name: &str, arg: Option<T>) -> Result<T, String> {
            arg.ok_or_else(|| format!("{call} needs \"{name}\""))
        }
        let payload = |args: &mut Args| {
            let payload = Payload { text: args.text.take(), base64: args.base64.take() };
            let length = payload.bytes()?.len();
            Ok::<_, String>((args.bytes.take().unwrap_or(length), payload))
        };
        let made = match name {
            CallName::Socket => Self::Socket {
                family: needed(call, "family", args.family.take())?,
                socket_type: needed(call, "type", args.socket_type.take())?,
            },
            CallName::Bind => Self::Bind { address: needed(call, "address", args.address.take())? },
            CallName::Connect => {
                Self::Connect { address: needed(call, "address", args.address.take())? }
            }
            CallName::Listen => {
                Self::Listen { backlog: needed(call, "backlog", args.backlog.take())? }
            }
            CallName::Accept => Self::Accept,
            CallName::Send => {
                let (bytes, payload) = payload(&mut args)?;
                Self::Send { payload, bytes }
            }
            CallName::Sendto => {
                let (bytes, payload) = payload(&mut args)?;
                let address = needed(call, "address", args.address.take())?;
                Self::Sendto { payload, bytes, address }
            }
            CallName::Recv => Self::Recv { size: needed(call, "size", args.size.take())? },
            CallName::Recvfrom => Self::Recvfrom { size: needed(call, "size", args.size.take())? },
            CallName::Shutdown => Self::Shutdown { how: needed(call, "how", args.how.take())? },
            CallName::Close => Self::Close,
            CallName::Setsockopt => Self::Setsockopt {
                option: needed(call, "option", args.option.take())?,
                value: needed(call, "value", args.value.take())?,
            },
            CallName::Getsockopt => {
                Self::Getsockopt { option: needed(call, "option", args.option.take())? }
            }
            CallName::Getsockname => Self::Getsockname,
            CallName::Getpeername => Self::Getpeername,
        };
        if args == Args::default() {
            return Ok(made);
        }
        let rest = serde_json::to_value(args).unwrap_or_default();
        let names: Vec<_> = rest.as_object().into_iter().flat_map(Map::keys).collect();
        Err(format!("{call} does not take {names:?}"))
    }
}

/// A call as a visitor asks for it: `{"call":"connect","fd":3,"address":"127.0.0.1:9000"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CallRequest {
    /// Which call.
    pub call: CallName,
    /// The descriptor it is made on; `socket` has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fd: Option<Fd>,
    /// Its arguments, beside the two above.
    #[serde(flatten)]
    pub args: Args,
}

impl<'de> Deserialize<'de> for CallRequest {
    /// By hand, since serde's `flatten` would let unknown arguments through.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Map::deserialize(deserializer)?;
        let mut take = |name| fields.remove(name).unwrap_or(Json::Null);
        let (call, fd) = (take("call"), take("fd"));
        Ok(Self {
            call: serde_json::from_value(call)
                .map_err(|e| D::Error::custom(format!("\"call\": {e}")))?,
            fd: serde_json::from_value(fd).map_err(|e| D::Error::custom(format!("\"fd\": {e}")))?,
            args: serde_json::from_value(Json::Object(fields)).map_err(D::Error::custom)?,
        })
    }
}

/// What a call returned, flat: which fields are there depends on the call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Value {
    /// `socket`, `accept`: the new descriptor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fd: Option<Fd>,
    /// `accept`: the address of who connected; "" for a Unix socket without a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// `send`, `sendto`, `recv`, `recvfrom`: how many bytes the kernel took or gave. 0 from `recv` on a stream: the peer has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<usize>,
    /// `recv`, `recvfrom`: the bytes, where they are UTF-8; at most `limits::SHOWN_BYTES`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// `recv`, `recvfrom`: the bytes, where they are not UTF-8; at most `limits::SHOWN_BYTES`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
    /// `recvfrom`: who sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// `recv`, `recvfrom` of a datagram: true where it was longer than the buffer, and the rest is lost (MSG_TRUNC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truncated: Option<bool>,
    /// `getsockname`, `getpeername`: the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// `getsockopt`: the option's value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<i32>,
}

/// An error of the kernel's (errno(3)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Errno {
    /// Its name, such as ECONNREFUSED.
    pub name: String,
    /// Its number on the server's machine.
    pub number: i32,
    /// What strerror(3) says.
    pub message: String,
}
