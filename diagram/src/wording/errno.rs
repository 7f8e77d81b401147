//! What each error that a socket call can return on Linux means, one sentence for a student.

use super::texts::texts;

macro_rules! errnos {
    ($($name:ident)*) => {
        texts! {
            /// A sentence for each error, by the error's name.
            #[expect(non_snake_case, missing_docs, reason = "the names of errno(3), and an exception of Python's")]
            pub struct Errnos {
                $(pub $name: &'static str,)*
            }
        }

        impl Errnos {
            /// The sentence for the error called `name`.
            pub fn get(&self, name: &str) -> Option<&'static str> {
                match name {
                    $(stringify!($name) => Some(self.$name),)*
                    _ => None,
                }
            }
        }
    };
}

errnos! {
    EACCES EADDRINUSE EADDRNOTAVAIL EAFNOSUPPORT EAGAIN EALREADY EBADF ECONNABORTED ECONNREFUSED ECONNRESET
    EDESTADDRREQ EDOM EEXIST EFAULT EHOSTDOWN EHOSTUNREACH EINPROGRESS EINTR EINVAL EIO EISCONN ELOOP EMFILE
    EMSGSIZE ENAMETOOLONG ENETDOWN ENETUNREACH ENFILE ENOBUFS ENODEV ENOENT ENOMEM ENOPROTOOPT ENOTCONN
    ENOTDIR ENOTSOCK EOPNOTSUPP EPERM EPIPE EPROTO EPROTONOSUPPORT EPROTOTYPE EROFS ESHUTDOWN
    ESOCKTNOSUPPORT ETIMEDOUT TimeoutError
}

pub(super) const EN: Errnos = Errnos {
    EACCES: "This address may not be used without more rights: a port below 1024, a broadcast address without SO_BROADCAST, or a path that may not be written.",
    EADDRINUSE: "Another socket already has this address, or a closed connection in TIME_WAIT still holds it (SO_REUSEADDR lets you bind all the same).",
    EADDRNOTAVAIL: "No interface of this machine has this address, or no free local port is left.",
    EAFNOSUPPORT: "The address belongs to another family than the socket: an IPv6 or Unix address on an IPv4 socket, for example.",
    EAGAIN: "The call would have to wait, and the socket is non-blocking (O_NONBLOCK): try again later.",
    EALREADY: "An earlier connect on this non-blocking socket is still under way.",
    EBADF: "The program has no open descriptor with this number: it was never opened, or has been closed.",
    ECONNABORTED: "The connection ended before accept could return it.",
    ECONNREFUSED: "Nobody listens at this address: the other kernel answered at once with a refusal (for TCP a RST segment, for UDP an ICMP message).",
    ECONNRESET: "The peer ended the connection abruptly (a RST segment): it closed with unread data, or with SO_LINGER 0.",
    EDESTADDRREQ: "A datagram needs a destination: use sendto, or connect the socket first.",
    EDOM: "The option's value is out of its range.",
    EEXIST: "Something with this name is already there.",
    EFAULT: "The kernel was given memory that is not the program's.",
    EHOSTDOWN: "The destination machine does not answer on its network.",
    EHOSTUNREACH: "No way leads to this machine: a router or the machine's own kernel said so.",
    EINPROGRESS: "Not an error yet: the non-blocking connect has begun and goes on in the background.",
    EINTR: "The call was given up before it had a result.",
    EINVAL: "The socket's state or an argument does not allow this call: accept before listen, bind twice, or a value out of range.",
    EIO: "The device below failed.",
    EISCONN: "The socket is connected already; a socket connects once.",
    ELOOP: "The path has too many symbolic links.",
    EMFILE: "The program has as many descriptors open as it may.",
    EMSGSIZE: "The datagram is longer than one can be: 65,507 bytes for UDP over IPv4.",
    ENAMETOOLONG: "The path is longer than a Unix socket's address can hold.",
    ENETDOWN: "The network interface is switched off.",
    ENETUNREACH: "The kernel's routing table has no way to this network.",
    ENFILE: "The whole machine has as many files open as it may.",
    ENOBUFS: "The kernel has no buffer left for this now.",
    ENODEV: "There is no such network device.",
    ENOENT: "There is no socket with this path: no server has bound it, or its folder does not exist.",
    ENOMEM: "The kernel has no memory left for this now.",
    ENOPROTOOPT: "This kind of socket does not have this option.",
    ENOTCONN: "The socket is not connected: connect it, or use the socket that accept returned, not the listening one.",
    ENOTDIR: "A part of the path is no folder.",
    ENOTSOCK: "The descriptor is open, but it is no socket.",
    EOPNOTSUPP: "This kind of socket cannot do this: listen or accept on a datagram socket, for example.",
    EPERM: "The kernel's rules (a firewall, for example) or missing rights forbid it.",
    EPIPE: "This end can no longer send: the peer has closed, or the program shut its sending side down.",
    EPROTO: "The protocol failed.",
    EPROTONOSUPPORT: "This family has no such protocol.",
    EPROTOTYPE: "The other socket is of another type: stream against datagram.",
    EROFS: "The path is on a file system that cannot be written.",
    ESHUTDOWN: "This end has been shut down for sending.",
    ESOCKTNOSUPPORT: "This family has no such type of socket.",
    ETIMEDOUT: "The peer did not answer, although the kernel sent again and again: the machine is gone, the packets are lost, or its accept queue is full.",
    TimeoutError: "Python's own exception: nothing came within the time that settimeout allows. No call to the kernel has failed.",
};
