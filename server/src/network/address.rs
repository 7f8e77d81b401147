//! Addresses as users write them, and as the kernel has them.

use std::{
    ffi::OsStr,
    net::SocketAddr,
    os::unix::ffi::OsStrExt,
    path::{Component, Path},
};

use rustix::net::{SocketAddrAny, SocketAddrUnix};
use socket2::SockAddr;
use socketscope_protocol::{Family, limits::UNIX_NAME_BYTES};

use crate::{
    refusal::Refusal,
    told::{quoted, told},
};

/// Reads the address that a socket of `family` shall use. Unix sockets live in `folder`, by name.
pub(super) fn read(family: Family, text: &str, folder: &Path) -> Result<SockAddr, Refusal> {
    match family {
        Family::Inet | Family::Inet6 => {
            let address: SocketAddr = text
                .parse()
                .map_err(|_| Refusal::Malformed(told!("malformed/address", text = quoted(text))))?;
            Ok(address.into())
        }
        Family::Unix => {
            let path = folder.join(unix_name(text, folder)?);
            SockAddr::unix(path).map_err(Refusal::malformed)
        }
    }
}

/// A Unix socket is a file in the room's own folder and nowhere else: a visitor's text never walks the file system.
fn unix_name<'a>(text: &'a str, folder: &Path) -> Result<&'a Path, Refusal> {
    let path = Path::new(text);
    let name = path.strip_prefix(folder).unwrap_or(path);
    let mut parts = name.components();
    let (Some(Component::Normal(only)), None) = (parts.next(), parts.next()) else {
        return Err(Refusal::OutOfReach(told!("out-of-reach/unix", text = quoted(text))));
    };
    if text.contains('\0') {
        return Err(Refusal::malformed("a file name has no NUL character"));
    }
    if only.len() > UNIX_NAME_BYTES {
        return Err(Refusal::TooLong(told!("too-long/unix-name", limit = UNIX_NAME_BYTES)));
    }
    Ok(name)
}

/// An address as packets have it: without a scope, and IPv4's as what it is where an IPv6 socket has written it as its own
/// (::ffff:127.0.0.1).
pub(crate) fn in_packets(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// An address as users write it. A Unix socket without a name is "".
pub(crate) fn written(address: &SockAddr, folder: &Path) -> String {
    if let Some(address) = address.as_socket() {
        return address.to_string();
    }
    match (address.as_pathname(), address.as_abstract_namespace()) {
        (Some(path), _) => unix_written(path, folder),
        (None, Some(name)) => format!("@{}", String::from_utf8_lossy(name)),
        (None, None) => String::new(),
    }
}

/// As [`written`], for the sender that recvmsg(2) names. None where it is a Unix socket without a name.
pub(crate) fn written_sender(sender: SocketAddrAny, folder: &Path) -> Option<String> {
    if let Ok(inet) = SocketAddr::try_from(sender.clone()) {
        return Some(inet.to_string());
    }
    let unix = SocketAddrUnix::try_from(sender).ok()?;
    let path = unix.path_bytes()?;
    Some(unix_written(Path::new(OsStr::from_bytes(path)), folder))
}

fn unix_written(path: &Path, folder: &Path) -> String {
    path.strip_prefix(folder).unwrap_or(path).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unix_names_stay_in_the_folder() {
        let folder = Path::new("/tmp/room");
        for (text, stays) in [
            ("echo.sock", true),
            ("/tmp/room/echo.sock", true),
            ("/tmp/room/../x", false),
            ("../x", false),
            ("a/b", false),
            ("/run/docker.sock", false),
            ("..", false),
            (".", false),
            ("", false),
            ("@abstract", true),
            ("a\0b", false),
            ("\0abstract", false),
        ] {
            assert_eq!(read(Family::Unix, text, folder).is_ok(), stays, "{text:?}");
        }
        let (fits, long) = ("x".repeat(UNIX_NAME_BYTES), "x".repeat(UNIX_NAME_BYTES + 1));
        assert!(read(Family::Unix, &fits, folder).is_ok());
        assert!(matches!(read(Family::Unix, &long, folder), Err(Refusal::TooLong { .. })));
    }

    #[test]
    fn inet_addresses_have_a_port() {
        let read = |text| read(Family::Inet, text, Path::new("/"));
        assert!(read("127.0.0.1:0").is_ok() && read("[::1]:65535").is_ok());
        for wrong in ["127.0.0.1", ":9000", "localhost:9000", "127.0.0.1:65536", "", "1.2.3.4:-1"] {
            assert!(matches!(read(wrong), Err(Refusal::Malformed(_))), "{wrong:?}");
        }
    }
}
