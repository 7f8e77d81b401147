//! What a machine allows the server to see: the rungs of the ladder, and what stands in the way of the higher ones.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Said;

/// What a room's packets and sockets are seen by, best first. Each shows what those below it show.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Rung {
    /// Packets with departure and arrival, on a wire of our own: the lab.
    Wire,
    /// Packets by capture, with the kernel's time.
    Capture,
    /// No packets; what the kernel says of sockets.
    State,
    /// Calls only.
    #[default]
    Calls,
}

/// What is tried at the server's start, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// To ask the kernel about this machine's sockets (sock_diag(7)).
    State,
    /// To see the packets on this machine's loopback (packet(7)).
    Capture,
    /// To have the rights that a lab needs in a user namespace of our own (user_namespaces(7)). Root has them already.
    UserNamespace,
    /// To make a network namespace (network_namespaces(7)).
    NetworkNamespace,
    /// To make a TUN device in it: the host's end of the wire.
    Tun,
    /// To give the device its address.
    Device,
    /// To see the packets on the host's own loopback.
    Loopback,
}

/// How a [`Step`] went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum StepResult {
    /// It works.
    Ok,
    /// It does not; the obstacle says why.
    Failed,
    /// It is not needed, or a step before it failed.
    Skipped,
}

/// A name for each thing that can stand in the way. It does not change: the page words it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ObstacleCode {
    /// The server was started with `--network host`.
    ByChoice,
    /// The kernel does not tell about sockets.
    NoState,
    /// The right to capture packets (CAP_NET_RAW) is missing.
    NoCapture,
    /// The kernel knows no packet sockets.
    NoPacketSockets,
    /// Debian's switch keeps ordinary users from making user namespaces.
    UserNamespacesOff,
    /// AppArmor keeps ordinary programs from using user namespaces (Ubuntu).
    UserNamespacesRestricted,
    /// As many user namespaces as there may be, or none may be.
    UserNamespaceLimit,
    /// User namespaces are refused, in a container or by a security policy.
    NoUserNamespaces,
    /// As many network namespaces as there may be, or none may be.
    NetworkNamespaceLimit,
    /// Network namespaces are refused, or the kernel has none.
    NoNetworkNamespaces,
    /// There is no /dev/net/tun, or the kernel's part of it is not loaded.
    NoTun,
    /// /dev/net/tun is there and may not be used.
    TunRefused,
    /// The right to set up a network device (CAP_NET_ADMIN) is missing.
    NoNetAdmin,
    /// Something else, which the sentence tells.
    Other,
}

/// What stands in the way of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Obstacle {
    /// Its name, for the page and for scripts.
    pub code: ObstacleCode,
    /// Which step failed.
    pub step: Step,
    /// The kernel's error, by its name, such as "EPERM".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errno: Option<String>,
    /// What is not possible, why, and what to do about it; in English.
    pub why: String,
    /// Which sentence that is, for pages in other languages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Said>,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for Obstacle {}

/// A step, and how it went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StepView {
    /// Which.
    pub step: Step,
    /// How it went.
    pub result: StepResult,
    /// What stood in the way, where it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obstacle: Option<Obstacle>,
}

/// What this machine allows: `GET /api/network`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NetworkView {
    /// Whether a room may be a lab. Where it may, that is what a new room is unless it asks for another network.
    pub lab: bool,
    /// What a new room is seen by, unless it asks for another network.
    pub rung: Rung,
    /// What a room on this machine's own network is seen by.
    pub host: Rung,
    /// What keeps a new room from the next higher rung.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Obstacle>,
    /// All that was tried, in order.
    pub steps: Vec<StepView>,
}
