//! What stands in the way of a step, in a sentence that a user can act on.

use std::{fs, io, path::Path};

use nix::{errno::Errno, libc};
use socketscope_protocol::{Obstacle, ObstacleCode, Step};

/// What else is known of the machine: it tells one EPERM from another.
#[derive(Clone, Copy, Debug, Default)]
struct Circumstances {
    /// Debian's kernel.unprivileged_userns_clone is 0.
    debian_off: bool,
    /// Ubuntu's kernel.apparmor_restrict_unprivileged_userns is 1.
    apparmor: bool,
    /// user.max_user_namespaces is 0.
    none_allowed: bool,
    /// This is a container of Docker's or Podman's.
    container: bool,
}

impl Circumstances {
    fn read() -> Self {
        let is = |file: &str, value: &str| {
            fs::read_to_string(Path::new("/proc/sys").join(file))
                .is_ok_and(|text| text.trim() == value)
        };
        Self {
            debian_off: is("kernel/unprivileged_userns_clone", "0"),
            apparmor: is("kernel/apparmor_restrict_unprivileged_userns", "1"),
            none_allowed: is("user/max_user_namespaces", "0"),
            container: ["/.dockerenv", "/run/.containerenv"]
                .iter()
                .any(|file| Path::new(file).exists()),
        }
    }
}

/// Names what stands in the way where `step` has failed.
pub(in super::super) fn at<T>(step: Step, outcome: io::Result<T>) -> Result<T, Obstacle> {
    outcome.map_err(|error| obstacle(step, &error, Circumstances::read()))
}

fn obstacle(step: Step, error: &io::Error, circumstances: Circumstances) -> Obstacle {
    let errno = error.raw_os_error();
    let (code, problem, way_out) = judge(step, errno, circumstances);
    let errno = errno.map(|errno| format!("{:?}", Errno::from_raw(errno)));
    let told = errno.clone().unwrap_or_else(|| error.to_string());
    Obstacle { code, step, errno, why: format!("{problem} ({told}). {way_out}") }
}

/// What an error means: its code, what is not possible, and what to do.
fn judge(
    step: Step,
    errno: Option<i32>,
    here: Circumstances,
) -> (ObstacleCode, &'static str, &'static str) {
    use ObstacleCode as C;
    match (step, errno) {
        (Step::State, _) => (
            C::NoState,
            "The kernel does not tell what state sockets are in",
            "Its sock_diag is needed: `sudo modprobe inet_diag tcp_diag udp_diag`.",
        ),
        (_, Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM | libc::ENOBUFS)) => (
            C::Other,
            "There are no more descriptors, or no memory, for another host of the lab",
            "End rooms that are no longer needed; `ulimit -n` says how many descriptors the server may have.",
        ),
        (Step::Capture | Step::Loopback, Some(libc::EAFNOSUPPORT)) => (
            C::NoPacketSockets,
            "This kernel has no packet sockets, so nothing can be captured",
            "`sudo modprobe af_packet`, or a kernel with CONFIG_PACKET, has them.",
        ),
        (Step::Capture, _) => (
            C::NoCapture,
            "Packets on this machine's own network are not seen here, since the server may not capture",
            "It may as root, after `sudo setcap cap_net_raw+ep` on the binary or, in a container, with `--cap-add NET_RAW`. The lab does not need it.",
        ),
        (Step::UserNamespace | Step::NetworkNamespace, Some(libc::EPERM)) if here.container => (
            C::NoUserNamespaces,
            "This container may not make namespaces, and the lab's hosts are made of them",
            "Start it with `--cap-add SYS_ADMIN --cap-add NET_ADMIN --device /dev/net/tun`.",
        ),
        (Step::UserNamespace, _) if here.debian_off => (
            C::UserNamespacesOff,
            "This machine does not let ordinary users make user namespaces, which the lab needs",
            "`sudo sysctl kernel.unprivileged_userns_clone=1` lets them; or start socketscope as root.",
        ),
        (Step::UserNamespace | Step::NetworkNamespace, Some(libc::EPERM | libc::EACCES))
            if here.apparmor =>
        {
            (
                C::UserNamespacesRestricted,
                "AppArmor keeps ordinary programs from using user namespaces, which the lab needs",
                "`sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0` lets them; or start socketscope as root.",
            )
        }
        (Step::UserNamespace, errno) if here.none_allowed || errno == Some(libc::ENOSPC) => (
            C::UserNamespaceLimit,
            "There may be no more user namespaces, and the lab needs one",
            "`sudo sysctl user.max_user_namespaces=15000` allows more; or start socketscope as root.",
        ),
        (Step::UserNamespace, _) => (
            C::NoUserNamespaces,
            "This machine does not let ordinary users make user namespaces, which the lab needs",
            "Start socketscope as root, or see what keeps them back: a security policy, a container, or a kernel without CONFIG_USER_NS.",
        ),
        (Step::NetworkNamespace, Some(libc::ENOSPC)) => (
            C::NetworkNamespaceLimit,
            "There may be no more network namespaces, and each host of the lab is one",
            "End rooms that are no longer needed, or `sudo sysctl user.max_net_namespaces=15000`.",
        ),
        (Step::NetworkNamespace, _) => (
            C::NoNetworkNamespaces,
            "No network namespace can be made, and each host of the lab is one",
            "It takes root or a user namespace, and a kernel with CONFIG_NET_NS.",
        ),
        (Step::Tun, Some(libc::ENOENT | libc::ENODEV | libc::ENXIO)) => (
            C::NoTun,
            "There is no /dev/net/tun, the device that the lab's wire is made of",
            "`sudo modprobe tun` brings it; in a container, `--device /dev/net/tun`.",
        ),
        (Step::Tun, Some(libc::EACCES)) => (
            C::TunRefused,
            "/dev/net/tun, which the lab's wire is made of, may not be used",
            "`sudo chmod 0666 /dev/net/tun` lets everybody use it, as on most machines: it gives nobody a right in any network.",
        ),
        (Step::Tun | Step::Device, Some(libc::EPERM | libc::EACCES)) => (
            C::NoNetAdmin,
            "A host's network card cannot be made: the right to it (CAP_NET_ADMIN) is missing, or a container keeps /dev/net/tun away",
            "Start socketscope as root; in a container, with `--cap-add NET_ADMIN --device /dev/net/tun`.",
        ),
        (Step::Tun, _) => (
            C::NoTun,
            "/dev/net/tun is not the kernel's device that the lab's wire is made of",
            "`sudo modprobe tun` brings it; in a container, `--device /dev/net/tun`.",
        ),
        (Step::Loopback, Some(libc::EPERM)) => (
            C::NoCapture,
            "A host's loopback cannot be seen: the right to capture (CAP_NET_RAW) is missing",
            "Start socketscope as root; in a container, with `--cap-add NET_RAW`.",
        ),
        (Step::Device | Step::Loopback, _) => (
            C::Other,
            "A host of the lab cannot be set up",
            "`socketscope doctor` tells which step fails.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(step: Step, errno: i32, here: Circumstances) -> ObstacleCode {
        let found = obstacle(step, &io::Error::from_raw_os_error(errno), here);
        assert_eq!(found.errno, Some(format!("{:?}", Errno::from_raw(errno))));
        assert!(found.why.contains(found.errno.as_deref().expect("a name")), "{found}");
        assert!(found.why.ends_with('.') && !found.why.contains(".."), "{found}");
        found.code
    }

    #[test]
    fn one_error_has_many_causes() {
        use ObstacleCode as C;
        let none = Circumstances::default();
        for (here, expected) in [
            (none, C::NoUserNamespaces),
            (Circumstances { debian_off: true, ..none }, C::UserNamespacesOff),
            (Circumstances { apparmor: true, ..none }, C::UserNamespacesRestricted),
            (Circumstances { none_allowed: true, ..none }, C::UserNamespaceLimit),
            (Circumstances { container: true, debian_off: true, ..none }, C::NoUserNamespaces),
        ] {
            assert_eq!(code(Step::UserNamespace, libc::EPERM, here), expected);
        }
        let restricted = Circumstances { apparmor: true, ..none };
        assert_eq!(
            code(Step::NetworkNamespace, libc::EPERM, restricted),
            C::UserNamespacesRestricted
        );
        assert_eq!(code(Step::NetworkNamespace, libc::ENOSPC, none), C::NetworkNamespaceLimit);
        assert_eq!(code(Step::NetworkNamespace, libc::EMFILE, none), C::Other);
        assert_eq!(code(Step::Tun, libc::ENOENT, none), C::NoTun);
        assert_eq!(code(Step::Tun, libc::EACCES, none), C::TunRefused);
        assert_eq!(code(Step::Device, libc::EPERM, none), C::NoNetAdmin);
        assert_eq!(code(Step::Capture, libc::EPERM, none), C::NoCapture);
    }

    #[test]
    fn an_error_without_a_number_is_told_in_words() {
        let error = io::Error::other("a strange thing");
        let found = obstacle(Step::UserNamespace, &error, Circumstances::default());
        assert_eq!(found.errno, None);
        assert!(found.why.contains("(a strange thing)"), "{found}");
    }
}
