//! What the kernel says of a socket.

use serde::{Deserialize, Serialize};

use crate::{Fd, HostName, ProgramName, Protocol};

/// A TCP connection's state, by the kernel's name (RFC 9293 section 3.3.2; `net/tcp_states.h`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "each is the state of its name")]
pub enum TcpState {
    Listen,
    SynSent,
    /// Half-open: the SYN/ACK is sent, the last ACK not seen. No descriptor has it.
    SynRecv,
    Established,
    #[serde(rename = "FIN_WAIT1")]
    FinWait1,
    #[serde(rename = "FIN_WAIT2")]
    FinWait2,
    CloseWait,
    LastAck,
    Closing,
    TimeWait,
    #[default]
    Close,
}

/// How a state came to be known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// Asked right after what changed it.
    #[default]
    Observed,
    /// Asked now and then: it may have become so earlier.
    Sampled,
}

/// The timer that runs for a socket (`idiag_timer` of sock_diag(7)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// Something is sent again when it ends.
    Retransmission,
    /// Asks whether the peer is alive, or waits for its FIN.
    KeepAlive,
    /// The end of TIME_WAIT.
    TimeWait,
    /// Asks whether the peer's window has opened.
    Probe,
}

/// The state and queues of one socket. What is missing the kernel did not say, or the socket does not have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KernelState {
    /// On which host; missing on this machine's own network.
    pub host: Option<HostName>,
    /// Whose socket it is or, where no descriptor has it any more, was.
    pub program: Option<ProgramName>,
    /// Its descriptor; null where none has it: half-open, not yet accepted, or closed.
    pub fd: Option<Fd>,
    /// TCP or UDP.
    pub protocol: Protocol,
    /// Its own address.
    pub local: String,
    /// The peer's address; missing where it has none.
    pub peer: Option<String>,
    /// Its state. A UDP socket is ESTABLISHED where it is connected, else CLOSE.
    pub state: TcpState,
    /// Bytes that have arrived and were not read.
    pub receive_queue: Option<u32>,
    /// Bytes that were sent and not acknowledged, or not sent yet.
    pub send_queue: Option<u32>,
    /// LISTEN: completed connections that wait for `accept`.
    pub accept_queue: Option<u32>,
    /// LISTEN: what `accept_queue` is bounded by; on Linux it may be one more.
    pub backlog: Option<u32>,
    /// LISTEN: connections in SYN_RECV, as far as they were seen.
    pub half_open: Option<u32>,
    /// The smoothed round trip time, microseconds.
    pub rtt_us: Option<u32>,
    /// The retransmission timeout, microseconds.
    pub rto_us: Option<u32>,
    /// The congestion window, segments.
    pub cwnd: Option<u32>,
    /// How often the same was sent again in a row.
    pub retransmits: Option<u8>,
    /// Which timer runs.
    pub timer: Option<Timer>,
    /// When it ends, milliseconds from the event's time.
    pub timer_ms: Option<u32>,
    /// Datagrams or segments that the socket has dropped since it was made.
    pub drops: Option<u32>,
    /// How this came to be known.
    pub basis: Basis,
}
