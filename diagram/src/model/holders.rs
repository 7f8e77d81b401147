//! Whose socket has which address, as its states and its packets tell. Knows addresses as the kernel writes them.

use socketscope_protocol::Protocol;

use super::{HostId, ProgramId};
use crate::sorted::Sorted;

/// A port of a host's, or of this machine's.
type Port = (Option<HostId>, Protocol, u16);

/// Who has a port at an address.
#[derive(Clone, Debug)]
struct Holder {
    ip: String,
    program: ProgramId,
    /// It has ended: what is closed there now is still its own, and what is opened is somebody else's.
    ended: bool,
}

/// The holders of addresses, on the lab's hosts and on this machine.
#[derive(Clone, Debug, Default)]
pub(super) struct Holders {
    ports: Sorted<Port, Vec<Holder>>,
}

impl Holders {
    /// A socket of `program` has the address `local`. Returns whether that is news.
    pub(super) fn hold(
        &mut self,
        host: Option<HostId>,
        protocol: Protocol,
        local: &str,
        program: ProgramId,
    ) -> bool {
        let Some((ip, port)) = split(local).filter(|(_, port)| *port != 0) else { return false };
        let key = (host, protocol, port);
        if self.ports.get(&key).is_none() {
            self.ports.insert(key, Vec::new());
        }
        let Some(holders) = self.ports.get_mut(&key) else { return false };
        if holders.iter().any(|it| it.ip == ip && it.program == program) {
            return false;
        }
        // The kernel gives an address to one socket at a time, and all addresses to one that others have none of: whoever
        // is told of later has it.
        holders.retain(|it| it.ip != ip && (it.program == program || !is_any(ip)));
        holders.push(Holder { ip: ip.to_owned(), program, ended: false });
        true
    }

    /// Who gets what is sent to `address`: who has just this one, or else who has its port on all; or who had it last.
    pub(super) fn holder(
        &self,
        host: Option<HostId>,
        protocol: Protocol,
        address: &str,
    ) -> Option<ProgramId> {
        let (ip, port) = split(address)?;
        let holders = self.ports.get(&(host, protocol, port))?;
        // A socket at [::] gets what IPv4 brings, too (ipv6(7)).
        let any = |known: &str| known == "[::]" || known == "0.0.0.0" && !ip.starts_with('[');
        let by = |ended: bool, fits: &dyn Fn(&str) -> bool| {
            holders.iter().find(|it| it.ended == ended && fits(&it.ip))
        };
        let of = |ended| by(ended, &|known| known == ip).or_else(|| by(ended, &any));
        of(false).or_else(|| of(true)).map(|it| it.program)
    }

    /// The program has ended. The kernel goes on closing its connections, so their ports stay its own for now.
    pub(super) fn ended(&mut self, program: ProgramId) {
        for (_, holders) in self.ports.iter_mut() {
            holders.iter_mut().filter(|it| it.program == program).for_each(|it| it.ended = true);
        }
    }

    /// A connection is opened from `address`: whoever has ended does not do that.
    pub(super) fn opened(&mut self, host: Option<HostId>, protocol: Protocol, address: &str) {
        let holders =
            split(address).and_then(|(_, port)| self.ports.get_mut(&(host, protocol, port)));
        if let Some(holders) = holders {
            holders.retain(|it| !it.ended);
        }
    }

    /// What a program had is somebody else's from now on.
    pub(super) fn forget(&mut self, program: ProgramId) {
        self.ports.retain(|holders| {
            holders.retain(|it| it.program != program);
            !holders.is_empty()
        });
    }
}

/// The IP address and the port. IPv4's is what it is, also where an IPv6 socket has written it as its own.
fn split(address: &str) -> Option<(&str, u16)> {
    // One of IPv6's without a port has colons, too, but no brackets.
    let (ip, port) =
        address.rsplit_once(':').filter(|(ip, _)| ip.starts_with('[') == ip.contains(':'))?;
    let mapped = ip.strip_prefix("[::ffff:").and_then(|ip| ip.strip_suffix(']'));
    Some((mapped.filter(|ip| ip.contains('.')).unwrap_or(ip), port.parse().ok()?))
}

fn is_any(ip: &str) -> bool {
    ip == "0.0.0.0" || ip == "[::]"
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: ProgramId = ProgramId(1);
    const OTHER: ProgramId = ProgramId(2);

    fn holding(told: &[(&str, ProgramId)]) -> Holders {
        let mut holders = Holders::default();
        for (local, program) in told {
            assert!(holders.hold(None, Protocol::Tcp, local, *program), "{local}");
            assert!(!holders.hold(None, Protocol::Tcp, local, *program), "{local} is no news");
        }
        holders
    }

    fn holder(holders: &Holders, address: &str) -> Option<ProgramId> {
        holders.holder(None, Protocol::Tcp, address)
    }

    #[test]
    fn both_versions_have_the_same_port() {
        let holders = holding(&[("127.0.0.1:9000", ONE), ("[::1]:9000", OTHER)]);
        assert_eq!(holder(&holders, "127.0.0.1:9000"), Some(ONE));
        assert_eq!(holder(&holders, "[::1]:9000"), Some(OTHER));
        assert_eq!(holder(&holders, "127.0.0.2:9000"), None);
        assert_eq!(holders.holder(None, Protocol::Udp, "[::1]:9000"), None);
    }

    #[test]
    fn a_wildcard_takes_what_nobody_has_exactly() {
        let holders = holding(&[("0.0.0.0:9000", ONE), ("127.0.0.1:9000", OTHER)]);
        assert_eq!(holder(&holders, "127.0.0.1:9000"), Some(OTHER));
        assert_eq!(holder(&holders, "10.0.0.1:9000"), Some(ONE));
        assert_eq!(holder(&holders, "[::1]:9000"), None);
        let holders = holding(&[("[::]:9000", ONE), ("[::ffff:127.0.0.1]:9000", ONE)]);
        assert_eq!(holder(&holders, "127.0.0.1:9000"), Some(ONE));
        assert_eq!(holder(&holders, "[::1]:9000"), Some(ONE));
    }

    #[test]
    fn what_is_told_later_is_so() {
        let mut holders = holding(&[("127.0.0.1:9000", ONE), ("0.0.0.0:9000", OTHER)]);
        assert_eq!(holder(&holders, "127.0.0.1:9000"), Some(OTHER));
        assert!(holders.hold(None, Protocol::Tcp, "127.0.0.1:9000", ONE));
        assert_eq!(holder(&holders, "127.0.0.1:9000"), Some(ONE));
        holders.forget(ONE);
        assert_eq!(holder(&holders, "127.0.0.1:9000"), Some(OTHER));
        holders.forget(OTHER);
        assert_eq!(holder(&holders, "127.0.0.1:9000"), None);
    }

    #[test]
    fn who_has_ended_only_closes() {
        let mut holders = holding(&[("0.0.0.0:9000", OTHER), ("127.0.0.1:9000", ONE)]);
        holders.ended(ONE);
        assert_eq!(holder(&holders, "127.0.0.1:9000"), Some(OTHER), "who lives comes first");
        holders.ended(OTHER);
        assert_eq!(holder(&holders, "127.0.0.1:9000"), Some(ONE));
        holders.opened(None, Protocol::Tcp, "127.0.0.1:9000");
        assert_eq!(holder(&holders, "127.0.0.1:9000"), None);
    }

    #[test]
    fn nobody_has_what_is_no_port() {
        let mut holders = Holders::default();
        for address in ["0.0.0.0:0", "[::]:0", "::1", "127.0.0.1", ""] {
            assert!(!holders.hold(None, Protocol::Tcp, address, ONE), "{address}");
        }
    }
}
