//! Packets as they were seen on the wire: decoded headers, and the first bytes themselves.

use serde::{Deserialize, Serialize};

/// A packet's number, unique in its room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = u64, example = 12))]
#[serde(transparent)]
pub struct PacketId(pub u64);

impl std::fmt::Display for PacketId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// What a packet carries (the protocol field of RFC 791, the next header of RFC 8200).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// A TCP segment (RFC 9293).
    Tcp,
    /// A UDP datagram (RFC 768).
    Udp,
    /// An ICMP message (RFC 792).
    Icmp,
    /// An ICMP message of IPv6's (RFC 4443).
    Icmpv6,
    /// Something else, or what cannot be read.
    #[default]
    Other,
}

/// A TCP header's control bits (RFC 9293, section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "each is the control bit of its name")]
pub enum Flag {
    Syn,
    Fin,
    Rst,
    Psh,
    Ack,
    Urg,
    Ece,
    Cwr,
}

/// What a TCP segment is in the course of its connection, beside what its header says; named as Wireshark names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// Bytes (or a SYN, or a FIN) that the same side has sent before.
    Retransmission,
    /// A retransmission soon after two or more duplicate ACKs asked for it.
    FastRetransmission,
    /// A retransmission of what has been acknowledged already.
    SpuriousRetransmission,
    /// It fills a hole that an earlier segment of the same side has left.
    OutOfOrder,
    /// It acknowledges what has been acknowledged before, and says nothing else.
    DuplicateAck,
    /// It says that the receiver's buffer is full.
    ZeroWindow,
    /// It says nothing but that there is room again.
    WindowUpdate,
    /// Its bytes fill the receiver's window to the last one.
    WindowFull,
    /// One byte sent to a receiver whose window is zero.
    ZeroWindowProbe,
    /// The answer to a zero window probe.
    ZeroWindowProbeAck,
    /// A segment one byte behind what is acknowledged, to ask whether the peer is alive.
    KeepAlive,
    /// The answer to a keep-alive.
    KeepAliveAck,
    /// A SYN with the addresses of an earlier connection.
    PortReused,
}

/// A TCP header's options, by name (RFC 9293 section 3.2, RFC 7323, RFC 2018).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct TcpOptions {
    /// The largest segment that the sender takes, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mss: Option<u16>,
    /// By how many bits the sender's window is shifted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wscale: Option<u8>,
    /// Whether selective acknowledgements are permitted.
    #[serde(rename = "sackOK", skip_serializing_if = "std::ops::Not::not")]
    pub sack_ok: bool,
    /// The sender's clock, and the last value of the peer's that it saw.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamps: Option<(u32, u32)>,
    /// Blocks received beyond a hole: left edge, right edge (absolute numbers).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sack: Vec<(u32, u32)>,
}

/// A segment's own fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Segment {
    /// The control bits that are set, in the order of [`Flag`].
    pub flags: Vec<Flag>,
    /// The sequence number.
    pub seq_number: u32,
    /// The acknowledgement number; 0 without ACK.
    pub ack_number: u32,
    /// The window as it stands in the header.
    pub window: u16,
    /// The sequence number counted from the SYN's; missing where the SYN was not seen.
    pub relative_seq: Option<u32>,
    /// The acknowledgement number counted from the peer's SYN.
    pub relative_ack: Option<u32>,
    /// The window in bytes, as the SYN's scale makes it; missing where the SYN was not seen.
    pub scaled_window: Option<u32>,
    /// The options.
    pub options: TcpOptions,
    /// What the segment is in the course of its connection.
    pub marks: Vec<Mark>,
    /// For a retransmission: the packet that carried the same first.
    pub original: Option<PacketId>,
}

/// An ICMP message's own fields (RFC 792, RFC 4443).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Icmp {
    /// Its type: 3 is "destination unreachable", in IPv6 it is 1.
    #[serde(rename = "type")]
    pub icmp_type: u8,
    /// Its code: of that type 3 is "port unreachable", in IPv6 it is 4.
    pub code: u8,
}

/// A packet as it left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packet {
    /// From which address, with the port where the protocol has ports.
    pub from: String,
    /// To which address.
    pub to: String,
    /// What it carries.
    pub protocol: Protocol,
    /// Bytes of payload behind the headers of TCP, UDP or ICMP.
    pub length: u32,
    /// Bytes of the whole IP packet.
    pub size: u32,
    /// For TCP.
    pub segment: Option<Segment>,
    /// For ICMP, of either version.
    pub icmp: Option<Icmp>,
    /// The packet's first bytes from the IP header on, at most [`limits::PACKET_BYTES`](crate::limits::PACKET_BYTES), as base64.
    pub bytes: String,
}

impl Segment {
    /// Whether `flag` is set.
    pub fn has(&self, flag: Flag) -> bool {
        self.flags.contains(&flag)
    }
}

/// How a packet was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Medium {
    /// On the lab's wire: it can be delayed, lost and held.
    #[default]
    Wire,
    /// By capture, on a loopback device: it arrives as it departs, and cannot be held.
    Loopback,
}

/// Why a packet did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// By the wire's chance of loss.
    Chance,
    /// By a rule that was set for it.
    Rule,
    /// By the hand of somebody who let a held packet go.
    Hand,
    /// No host has its destination address.
    NoHost,
    /// It is a broadcast or multicast, which this wire does not carry.
    Broadcast,
    /// The wire is full: too many packets are under way.
    Full,
    /// It is no IPv4 packet.
    NotIpv4,
    /// The destination's device did not take it.
    Refused,
    /// Its host or the room ended while it was under way.
    Ended,
}

/// Packets of one direction that were counted and not told one by one, since there were too many: all that were counted
/// from `since` to the event's own time. It may stand a little behind what they have caused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Summary {
    /// When the first of what is counted here happened, nanoseconds since 1970.
    pub since: u64,
    /// From which address.
    pub from: String,
    /// To which address.
    pub to: String,
    /// What they carried.
    pub protocol: Protocol,
    /// How many departed; 0 where nothing is left to be told but what has become of earlier ones.
    pub packets: u64,
    /// Bytes of payload that departed.
    pub bytes: u64,
    /// How many arrived, of these or of those in the sum before; a duplicate is not counted twice.
    pub arrived: u64,
    /// How many were lost, of these or of those in the sum before.
    pub lost: u64,
    /// How many of them only acknowledged.
    pub acks: u64,
    /// How many of them were retransmissions.
    pub retransmissions: u64,
}
