//! A host's network as its kernel sees it: one address, one card, no route to anywhere but the wire.

use std::{fs, io, net::Ipv4Addr};

use nix::net::if_::if_nametoindex;

use crate::netlink::{NETLINK_ROUTE, NLM_F_CREATE_NEW, Netlink, Request};

/// The largest packet, in bytes: Ethernet's, so that segments look as they do elsewhere.
const MTU: u32 = 1500;

/// Packets that the kernel keeps for the wire before it drops any: a burst of a full congestion window fits.
const QUEUE_PACKETS: u32 = 10_000;

/// Of rtnetlink(7).
const RTM_NEWLINK: u16 = 16;
const RTM_NEWADDR: u16 = 20;
const IFLA_MTU: u16 = 4;
const IFLA_TXQLEN: u16 = 13;
const IFLA_GSO_MAX_SEGS: u16 = 40;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFF_UP: u32 = 1;

/// What the kernel shall do the same way on every machine, whatever the machine's own defaults are. Each is a file below
/// /proc/sys/net (ip-sysctl of the kernel's documentation).
const SETTINGS: [(&str, &str); 9] = [
    // The wire carries IPv4. Without this a host would send router solicitations.
    ("ipv6/conf/all/disable_ipv6", "1"),
    // Programs may talk to themselves by ::1 all the same.
    ("ipv6/conf/lo/disable_ipv6", "0"),
    // Both take losses for congestion. A machine that prefers another may not let its namespaces have CUBIC; every one
    // lets them have Reno (tcp_allowed_congestion_control).
    ("ipv4/tcp_congestion_control", "reno"),
    ("ipv4/tcp_congestion_control", "cubic"),
    // A full queue of half-open connections drops SYNs, instead of answering from no memory.
    ("ipv4/tcp_syncookies", "0"),
    ("ipv4/tcp_abort_on_overflow", "0"),
    // No connection learns from an earlier one: a lesson that is run twice goes the same way twice.
    ("ipv4/tcp_no_metrics_save", "1"),
    // Each refusal is told, also the tenth in a second.
    ("ipv4/icmp_ratelimit", "0"),
    // Everything stays on the wire: nobody takes a port below 1024 for privileged.
    ("ipv4/ip_unprivileged_port_start", "0"),
];

/// Gives the device `name` its address and puts it and `lo` up, in the namespace of this thread.
pub(super) fn set_up(name: &str, address: Ipv4Addr, prefix: u8) -> io::Result<()> {
    for (setting, value) in SETTINGS {
        // A kernel that lacks one of these, or does not let this namespace choose, goes by its default.
        if let Err(error) = fs::write(format!("/proc/sys/net/{setting}"), value) {
            tracing::debug!(setting, %error, "a host's setting stays at its default");
        }
    }
    let route = Netlink::open(NETLINK_ROUTE)?;
    let device = if_nametoindex(name)?;
    let mut fixed = vec![nix::libc::AF_INET as u8, prefix, 0, 0];
    fixed.extend_from_slice(&device.to_ne_bytes());
    let request = Request::new(RTM_NEWADDR, NLM_F_CREATE_NEW, &fixed)
        .attribute(IFA_LOCAL, &address.octets())
        .attribute(IFA_ADDRESS, &address.octets());
    route.tell(request)?;
    // Otherwise `lo` carries segments of up to 64 KB, and many at once.
    let loopback = up(if_nametoindex("lo")?)
        .attribute(IFLA_MTU, &MTU.to_ne_bytes())
        .attribute(IFLA_GSO_MAX_SEGS, &1u32.to_ne_bytes());
    route.tell(loopback)?;
    let card = up(device)
        .attribute(IFLA_MTU, &MTU.to_ne_bytes())
        .attribute(IFLA_TXQLEN, &QUEUE_PACKETS.to_ne_bytes());
    route.tell(card)
}

/// `struct ifinfomsg` with IFF_UP, and a mask that leaves the other flags alone.
fn up(device: u32) -> Request {
    let mut fixed = vec![0; 4];
    fixed.extend_from_slice(&device.to_ne_bytes());
    fixed.extend_from_slice(&IFF_UP.to_ne_bytes());
    fixed.extend_from_slice(&IFF_UP.to_ne_bytes());
    Request::new(RTM_NEWLINK, 0, &fixed)
}
