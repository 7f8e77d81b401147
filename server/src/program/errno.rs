//! Errors of the kernel's, named and explained as errno(3) and strerror(3) have them.

use std::io;

use socketscope_protocol::Errno;

/// The error of this number.
pub(crate) fn errno(number: i32) -> Errno {
    let name = format!("{:?}", nix::errno::Errno::from_raw(number));
    // The standard library shows what strerror(3) says, and the number behind it.
    let mut message = io::Error::from_raw_os_error(number).to_string();
    let end = message.len() - format!(" (os error {number})").len();
    message.truncate(end);
    Errno { name, number, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_those_of_strerror() {
        for (number, name, message) in [
            (9, "EBADF", "Bad file descriptor"),
            (11, "EAGAIN", "Resource temporarily unavailable"),
            (98, "EADDRINUSE", "Address already in use"),
            (111, "ECONNREFUSED", "Connection refused"),
        ] {
            let expected = Errno { name: name.into(), number, message: message.into() };
            assert_eq!(errno(number), expected);
        }
        assert_eq!(errno(i32::MAX).message, format!("Unknown error {}", i32::MAX));
        assert_eq!(errno(-1).number, -1);
    }
}
