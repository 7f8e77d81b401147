//! The lab's wire: how it treats packets, and what may be asked of it.

use serde::{Deserialize, Serialize};

use crate::{HostName, PacketId};

/// How the wire treats packets, of one direction or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WireSettings {
    /// Milliseconds from departure to arrival, of packets that depart from now on. Each arrives behind those of its direction
    /// that departed before it.
    pub delay_ms: f64,
    /// Up to so many milliseconds more, by chance.
    pub jitter_ms: f64,
    /// The chance that a packet is lost, 0 to 1.
    pub loss: f64,
    /// The chance that a packet takes longer, so that those behind it overtake it.
    pub reorder: f64,
    /// The chance that a packet arrives twice.
    pub duplicate: f64,
    /// Kilobits a second; 0: as fast as it goes. A change is one for packets that still wait for their turn, too.
    pub rate_kbit: u64,
    /// Whether packets stop in mid-wire until somebody lets them go.
    pub hold: bool,
}

/// A change of the wire: `PATCH /api/rooms/{room}/wire`. What is missing stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct WireChange {
    /// Only what this host sends; with `to`, one direction between two hosts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<HostName>,
    /// Only what this host is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<HostName>,
    /// See [`WireSettings`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<f64>,
    /// See [`WireSettings`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jitter_ms: Option<f64>,
    /// See [`WireSettings`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<f64>,
    /// See [`WireSettings`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reorder: Option<f64>,
    /// See [`WireSettings`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicate: Option<f64>,
    /// See [`WireSettings`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_kbit: Option<u64>,
    /// See [`WireSettings`]. Where it becomes false, what it held is delivered; what a rule holds still waits for somebody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<bool>,
    /// Begins the wire's chances anew: the same seed and the same packets give the same fates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Rules in the place of those there are; an empty list removes them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<Vec<Rule>>,
}

impl WireChange {
    /// Everything as it is in a new room, but for the rules and the seed.
    pub fn plain() -> Self {
        Self {
            delay_ms: Some(0.0),
            jitter_ms: Some(0.0),
            loss: Some(0.0),
            reorder: Some(0.0),
            duplicate: Some(0.0),
            rate_kbit: Some(0),
            hold: Some(false),
            ..Self::default()
        }
    }
}

/// What becomes of a packet of a kind that is still to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Of which kind.
    pub packet: PacketKind,
    /// What happens to it.
    pub fate: RuledFate,
    /// The how-manieth of its kind from now on; 1 is the next.
    #[serde(default = "next")]
    pub nth: u32,
    /// Whether it goes for all that follow, too. Otherwise the rule is gone once it was kept.
    #[serde(default)]
    pub always: bool,
    /// Only what this host sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<HostName>,
    /// Only what this host is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<HostName>,
}

fn next() -> u32 {
    1
}

/// The kinds that a rule tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum PacketKind {
    /// Any packet.
    Any,
    /// SYN without ACK.
    Syn,
    /// SYN with ACK.
    SynAck,
    /// The ACK that completes a handshake.
    HandshakeAck,
    /// A segment that does nothing but acknowledge, that of the handshake included.
    Ack,
    /// A segment that carries bytes.
    Data,
    /// FIN.
    Fin,
    /// RST.
    Rst,
    /// A UDP datagram.
    Udp,
    /// An ICMP message.
    Icmp,
}

/// What a rule does to its packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum RuledFate {
    /// It never arrives.
    Lose,
    /// It stops in mid-wire until somebody lets it go.
    Hold,
}

/// What somebody decides about a held packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// It arrives now.
    Deliver,
    /// It never arrives.
    Lose,
}

/// The body of `POST …/wire/packets/{packet}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FateOfOne {
    /// What becomes of it.
    pub fate: Fate,
}

/// The body of `POST …/wire/packets`: what becomes of the packets that are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FateOfMany {
    /// What becomes of them.
    pub fate: Fate,
    /// Of how many, oldest first; all where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<usize>,
}

/// The wire as it is now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WireView {
    /// How it treats what no direction's own settings are for.
    #[serde(flatten)]
    pub settings: WireSettings,
    /// What the chances began with.
    pub seed: u64,
    /// Directions with settings of their own.
    pub directions: Vec<Direction>,
    /// The rules that are still to be kept.
    pub rules: Vec<Rule>,
    /// The packets that are held, oldest first.
    pub held: Vec<PacketId>,
    /// How many packets are under way and not held.
    pub under_way: usize,
}

/// One direction of the wire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Direction {
    /// From which host.
    pub from: HostName,
    /// To which host.
    pub to: HostName,
    /// How it is treated.
    #[serde(flatten)]
    pub settings: WireSettings,
}
