//! What the kernel hands over at all: a program for its packet filter (the kernel's Documentation/networking/filter.rst).

use nix::libc::{
    BPF_ABS, BPF_ALU, BPF_AND, BPF_B, BPF_H, BPF_IMM, BPF_IND, BPF_JA, BPF_JEQ, BPF_JMP, BPF_JSET,
    BPF_K, BPF_LD, BPF_LDX, BPF_MSH, BPF_RET, IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_TCP,
    IPPROTO_UDP,
};
use socket2::SockFilter;

/// Ports that a program tells apart; each takes four of the 4,096 steps that it may have (BPF_MAXINSNS).
const PORTS: usize = 1000;

/// Bytes of IPv6's header.
const IPV6_HEADER: u32 = 40;

/// Hands over a packet whole.
const WHOLE: u32 = 65_535;

/// Hands over packets from or to one of `ports`, and ICMP's messages, which have none. Where there are more ports than a
/// program can have, everything: who gets what is decided by us anyway.
pub(super) fn of(ports: &[u16]) -> Vec<SockFilter> {
    let step = |code: u32, jt, jf, k| SockFilter::new(code as u16, jt, jf, k);
    let give = |bytes| step(BPF_RET | BPF_K, 0, 0, bytes);
    if ports.is_empty() || ports.len() > PORTS {
        return vec![give(if ports.is_empty() { 0 } else { WHOLE })];
    }
    let equal = |value: u32| {
        // Goes on with the next step but one where it is not.
        [step(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, value), give(WHOLE)]
    };
    let byte = |at| step(BPF_LD | BPF_B | BPF_ABS, 0, 0, at);
    // Both versions put the IP header's length into X; behind it, TCP and UDP have the port of the sender and of the
    // receiver. In IPv4's the protocol stands at 9; a later fragment has no ports.
    let mut ipv4 = vec![byte(9)];
    ipv4.extend(equal(IPPROTO_ICMP as u32));
    ipv4.push(step(BPF_LD | BPF_H | BPF_ABS, 0, 0, 6));
    ipv4.extend([step(BPF_JMP | BPF_JSET | BPF_K, 0, 1, 0x1fff), give(0)]);
    ipv4.push(step(BPF_LDX | BPF_B | BPF_MSH, 0, 0, 0));
    // In IPv6's it stands at 6, where the header has no extension; a fragment's is one.
    let mut ipv6 = vec![byte(6)];
    ipv6.extend(equal(IPPROTO_ICMPV6 as u32));
    ipv6.push(step(BPF_JMP | BPF_JEQ | BPF_K, 2, 0, IPPROTO_TCP as u32));
    ipv6.push(step(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, IPPROTO_UDP as u32));
    ipv6.extend([give(0), step(BPF_LDX | BPF_IMM, 0, 0, IPV6_HEADER)]);
    ipv6.push(step(BPF_JMP | BPF_JA, 0, 0, ipv4.len() as u32));

    let mut program = vec![byte(0), step(BPF_ALU | BPF_AND | BPF_K, 0, 0, 0xf0)];
    program.push(step(BPF_JMP | BPF_JEQ | BPF_K, 0, ipv6.len() as u8, 0x60));
    program.extend(ipv6);
    program.extend(ipv4);
    for offset in [0, 2] {
        program.push(step(BPF_LD | BPF_H | BPF_IND, 0, 0, offset));
        program.extend(ports.iter().flat_map(|port| equal(u32::from(*port))));
    }
    program.push(give(0));
    program
}
