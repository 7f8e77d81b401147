//! What the kernel hands over at all: a program for its packet filter (the kernel's Documentation/networking/filter.rst).

use nix::libc::{
    BPF_ABS, BPF_B, BPF_H, BPF_IND, BPF_JEQ, BPF_JMP, BPF_JSET, BPF_K, BPF_LD, BPF_LDX, BPF_MSH,
    BPF_RET, IPPROTO_ICMP,
};
use socket2::SockFilter;

/// Ports that a program tells apart; each takes four of the 4,096 steps that it may have (BPF_MAXINSNS).
const PORTS: usize = 1000;

/// Hands over a packet whole.
const WHOLE: u32 = 65_535;

/// Hands over IPv4 packets from or to one of `ports`, and ICMP's messages, which have none. Where there are more ports than
/// a program can have, everything: who gets what is decided by us anyway.
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
    // The IP header's protocol.
    let mut program = vec![step(BPF_LD | BPF_B | BPF_ABS, 0, 0, 9)];
    program.extend(equal(IPPROTO_ICMP as u32));
    // A later fragment has no ports.
    program.push(step(BPF_LD | BPF_H | BPF_ABS, 0, 0, 6));
    program.extend([step(BPF_JMP | BPF_JSET | BPF_K, 0, 1, 0x1fff), give(0)]);
    // X is the IP header's length; behind it, TCP and UDP have the port of the sender and of the receiver.
    program.push(step(BPF_LDX | BPF_B | BPF_MSH, 0, 0, 0));
    for offset in [0, 2] {
        program.push(step(BPF_LD | BPF_H | BPF_IND, 0, 0, offset));
        program.extend(ports.iter().flat_map(|port| equal(u32::from(*port))));
    }
    program.push(give(0));
    program
}
