//! What stands in the way of a step, in a sentence that a user can act on.

use std::{fs, io, path::Path};

use nix::{errno::Errno, libc};
use socketscope_diagram::wording::Trouble;
use socketscope_protocol::{Obstacle, ObstacleCode, Step};

use crate::told::Told;

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
    let (code, why) = judge(step, errno, circumstances);
    let errno = errno.map(|errno| format!("{:?}", Errno::from_raw(errno)));
    let told = errno.clone().unwrap_or_else(|| error.to_string());
    let Told { english, said } = Told::new(why, &[("error", &told)]);
    Obstacle { code, step, errno, why: english, said }
}

/// The sentence of this name.
macro_rules! why {
    ($name:literal) => {
        const { Trouble::named(concat!("obstacle/", $name)) }
    };
}

/// What an error means: its code, and the sentence that says what is not possible and what to do.
fn judge(step: Step, errno: Option<i32>, here: Circumstances) -> (ObstacleCode, Trouble) {
    use ObstacleCode as C;
    match (step, errno) {
        (Step::State, _) => (C::NoState, why!("no-state")),
        (_, Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM | libc::ENOBUFS)) => {
            (C::Other, why!("other/resources"))
        }
        (Step::Capture | Step::Loopback, Some(libc::EAFNOSUPPORT)) => {
            (C::NoPacketSockets, why!("no-packet-sockets"))
        }
        (Step::Capture, _) => (C::NoCapture, why!("no-capture")),
        (Step::UserNamespace | Step::NetworkNamespace, Some(libc::EPERM)) if here.container => {
            (C::NoUserNamespaces, why!("no-user-namespaces/container"))
        }
        (Step::UserNamespace, _) if here.debian_off => {
            (C::UserNamespacesOff, why!("user-namespaces-off"))
        }
        (Step::UserNamespace | Step::NetworkNamespace, Some(libc::EPERM | libc::EACCES))
            if here.apparmor =>
        {
            (C::UserNamespacesRestricted, why!("user-namespaces-restricted"))
        }
        (Step::UserNamespace, errno) if here.none_allowed || errno == Some(libc::ENOSPC) => {
            (C::UserNamespaceLimit, why!("user-namespace-limit"))
        }
        (Step::UserNamespace, _) => (C::NoUserNamespaces, why!("no-user-namespaces")),
        (Step::NetworkNamespace, Some(libc::ENOSPC)) => {
            (C::NetworkNamespaceLimit, why!("network-namespace-limit"))
        }
        (Step::NetworkNamespace, _) => (C::NoNetworkNamespaces, why!("no-network-namespaces")),
        (Step::Tun, Some(libc::ENOENT | libc::ENODEV | libc::ENXIO)) => (C::NoTun, why!("no-tun")),
        (Step::Tun, Some(libc::EACCES)) => (C::TunRefused, why!("tun-refused")),
        (Step::Tun | Step::Device, Some(libc::EPERM | libc::EACCES)) => {
            (C::NoNetAdmin, why!("no-net-admin"))
        }
        (Step::Tun, _) => (C::NoTun, why!("no-tun/other")),
        (Step::Loopback, Some(libc::EPERM)) => (C::NoCapture, why!("no-capture/loopback")),
        (Step::Device | Step::Loopback, _) => (C::Other, why!("other")),
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
        // The page words each code, and says the sentence of a code that it knows.
        let code = serde_json::to_value(found.code).expect("JSON");
        let name = found.said.map(|said| said.name).unwrap_or_default();
        let its_own = name.strip_prefix("obstacle/").and_then(|name| name.split('/').next());
        assert_eq!(its_own, code.as_str(), "{name}");
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
