//! The names of what can be chosen from, as they stand on the wire, both ways.

use crate::{
    Basis, CallName, Family, Fate, Flag, How, Loss, Mark, Medium, Mode, Network, OptionName,
    PacketKind, Protocol, RuledFate, Rung, SocketType, Stream, TcpState, Timer,
};

macro_rules! names {
    ($type:ident, $count:literal: $($variant:ident $name:literal),*) => {
        impl $type {
            /// All of them, in the order of their declaration.
            pub const ALL: [Self; $count] = [$(Self::$variant),*];

            /// The name, as on the wire.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// What is called `name`.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|one| one.as_str() == name)
            }
        }

        #[cfg(test)]
        impl $type {
            /// serde has the same names from the declarations; they must not differ.
            fn agrees_with_serde() {
                for one in Self::ALL {
                    assert_eq!(serde_json::to_value(one).expect("a name"), one.as_str());
                    assert_eq!(Self::named(one.as_str()), Some(one));
                }
                assert_eq!(Self::named("nothing"), None);
            }
        }
    };
}

names!(CallName, 15:
    Socket "socket", Bind "bind", Connect "connect", Listen "listen", Accept "accept",
    Send "send", Sendto "sendto", Recv "recv", Recvfrom "recvfrom", Shutdown "shutdown",
    Close "close", Setsockopt "setsockopt", Getsockopt "getsockopt",
    Getsockname "getsockname", Getpeername "getpeername");

names!(OptionName, 15:
    SO_REUSEADDR "SO_REUSEADDR", SO_REUSEPORT "SO_REUSEPORT", SO_KEEPALIVE "SO_KEEPALIVE",
    SO_BROADCAST "SO_BROADCAST", SO_LINGER "SO_LINGER", SO_RCVBUF "SO_RCVBUF",
    SO_SNDBUF "SO_SNDBUF", SO_ERROR "SO_ERROR", SO_TYPE "SO_TYPE",
    SO_ACCEPTCONN "SO_ACCEPTCONN", TCP_NODELAY "TCP_NODELAY",
    TCP_USER_TIMEOUT "TCP_USER_TIMEOUT", TCP_MAXSEG "TCP_MAXSEG", O_NONBLOCK "O_NONBLOCK",
    OTHER "OTHER");

names!(Family, 3: Inet "inet", Inet6 "inet6", Unix "unix");
names!(Rung, 4: Wire "wire", Capture "capture", State "state", Calls "calls");
names!(SocketType, 2: Stream "stream", Dgram "dgram");
names!(How, 3: Read "read", Write "write", Both "both");

names!(Protocol, 5: Tcp "tcp", Udp "udp", Icmp "icmp", Icmpv6 "icmpv6", Other "other");
names!(Flag, 8: Syn "SYN", Fin "FIN", Rst "RST", Psh "PSH", Ack "ACK", Urg "URG", Ece "ECE",
    Cwr "CWR");
names!(Mark, 13: Retransmission "retransmission", FastRetransmission "fast-retransmission",
    SpuriousRetransmission "spurious-retransmission", OutOfOrder "out-of-order",
    DuplicateAck "duplicate-ack", ZeroWindow "zero-window", WindowUpdate "window-update",
    WindowFull "window-full", ZeroWindowProbe "zero-window-probe",
    ZeroWindowProbeAck "zero-window-probe-ack", KeepAlive "keep-alive",
    KeepAliveAck "keep-alive-ack", PortReused "port-reused");
names!(Network, 2: Host "host", Lab "lab");
names!(Medium, 2: Wire "wire", Loopback "loopback");
names!(Loss, 9: Chance "chance", Rule "rule", Hand "hand", NoHost "no-host",
    Broadcast "broadcast", Full "full", NotIpv4 "not-ipv4", Refused "refused", Ended "ended");
names!(TcpState, 11: Listen "LISTEN", SynSent "SYN_SENT", SynRecv "SYN_RECV",
    Established "ESTABLISHED", FinWait1 "FIN_WAIT1", FinWait2 "FIN_WAIT2",
    CloseWait "CLOSE_WAIT", LastAck "LAST_ACK", Closing "CLOSING", TimeWait "TIME_WAIT",
    Close "CLOSE");
names!(Basis, 2: Observed "observed", Sampled "sampled");
names!(Timer, 4: Retransmission "retransmission", KeepAlive "keep-alive", TimeWait "time-wait",
    Probe "probe");
names!(PacketKind, 10: Any "any", Syn "syn", SynAck "syn-ack", HandshakeAck "handshake-ack",
    Ack "ack", Data "data", Fin "fin", Rst "rst", Udp "udp", Icmp "icmp");
names!(RuledFate, 2: Lose "lose", Hold "hold");
names!(Fate, 2: Deliver "deliver", Lose "lose");
names!(Mode, 3: Step "step", Run "run", Over "over");
names!(Stream, 2: Stdout "stdout", Stderr "stderr");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_for_serde() {
        CallName::agrees_with_serde();
        OptionName::agrees_with_serde();
        Family::agrees_with_serde();
        Rung::agrees_with_serde();
        SocketType::agrees_with_serde();
        How::agrees_with_serde();
        Protocol::agrees_with_serde();
        Flag::agrees_with_serde();
        Mark::agrees_with_serde();
        Network::agrees_with_serde();
        Medium::agrees_with_serde();
        Loss::agrees_with_serde();
        TcpState::agrees_with_serde();
        Basis::agrees_with_serde();
        Timer::agrees_with_serde();
        PacketKind::agrees_with_serde();
        RuledFate::agrees_with_serde();
        Fate::agrees_with_serde();
        Mode::agrees_with_serde();
        Stream::agrees_with_serde();
    }
}
