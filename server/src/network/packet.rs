//! An IP packet's headers, decoded. Pure: bytes in, numbers out; whatever the bytes are, it does not panic.

use std::net::{IpAddr, SocketAddr};

use base64::{Engine, engine::general_purpose::STANDARD};
use etherparse::{
    IpNumber, LaxNetSlice, LaxSlicedPacket, TcpOptionElement, TcpSlice, TransportSlice,
};
use socketscope_protocol::{
    Flag, Icmp, Packet, Protocol, Segment, TcpOptions, limits::PACKET_BYTES,
};

/// The flags, as one number; in the order of [`Flag`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags {
    pub(crate) syn: bool,
    pub(crate) fin: bool,
    pub(crate) rst: bool,
    pub(crate) psh: bool,
    pub(crate) ack: bool,
    pub(crate) urg: bool,
    pub(crate) ece: bool,
    pub(crate) cwr: bool,
}

/// A TCP header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tcp {
    pub(crate) flags: Flags,
    pub(crate) seq: u32,
    pub(crate) ack: u32,
    pub(crate) window: u16,
    pub(crate) options: TcpOptions,
}

/// What the headers of a packet say. A port is 0 where there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Headers {
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
    pub(crate) protocol: Protocol,
    /// Bytes of payload behind the last header that was read.
    pub(crate) length: u32,
    /// Bytes of the whole packet.
    pub(crate) size: u32,
    pub(crate) tcp: Option<Tcp>,
    pub(crate) icmp: Option<Icmp>,
}

impl Flags {
    /// Whether none of SYN, FIN and RST is set.
    pub(crate) fn plain(self) -> bool {
        !(self.syn || self.fin || self.rst)
    }

    fn names(self) -> Vec<Flag> {
        let all = [
            (self.syn, Flag::Syn),
            (self.fin, Flag::Fin),
            (self.rst, Flag::Rst),
            (self.psh, Flag::Psh),
            (self.ack, Flag::Ack),
            (self.urg, Flag::Urg),
            (self.ece, Flag::Ece),
            (self.cwr, Flag::Cwr),
        ];
        all.into_iter().filter_map(|(set, flag)| set.then_some(flag)).collect()
    }
}

impl Headers {
    /// Reads the headers of `packet`, as far as they go. None where it is no IP packet.
    pub(crate) fn read(packet: &[u8]) -> Option<Self> {
        let sliced = LaxSlicedPacket::from_ip(packet).ok()?;
        let (from, to, payload): (IpAddr, IpAddr, _) = match &sliced.net {
            Some(LaxNetSlice::Ipv4(ip)) => {
                let header = ip.header();
                (header.source_addr().into(), header.destination_addr().into(), ip.payload())
            }
            Some(LaxNetSlice::Ipv6(ip)) => {
                let header = ip.header();
                (header.source_addr().into(), header.destination_addr().into(), ip.payload())
            }
            _ => return None,
        };
        let mut headers = Self {
            from: SocketAddr::new(from, 0),
            to: SocketAddr::new(to, 0),
            protocol: match (payload.ip_number, from) {
                (IpNumber::TCP, _) => Protocol::Tcp,
                (IpNumber::UDP, _) => Protocol::Udp,
                (IpNumber::ICMP, IpAddr::V4(_)) => Protocol::Icmp,
                (IpNumber::IPV6_ICMP, IpAddr::V6(_)) => Protocol::Icmpv6,
                _ => Protocol::Other,
            },
            length: payload.payload.len() as u32,
            size: packet.len() as u32,
            tcp: None,
            icmp: None,
        };
        match &sliced.transport {
            Some(TransportSlice::Tcp(tcp)) => {
                headers.from.set_port(tcp.source_port());
                headers.to.set_port(tcp.destination_port());
                headers.length = tcp.payload().len() as u32;
                headers.tcp = Some(Tcp::read(tcp));
            }
            Some(TransportSlice::Udp(udp)) => {
                headers.from.set_port(udp.source_port());
                headers.to.set_port(udp.destination_port());
                headers.length = udp.payload().len() as u32;
            }
            Some(TransportSlice::Icmpv4(icmp)) => {
                headers.length = icmp.payload().len() as u32;
                headers.icmp = Some(Icmp { icmp_type: icmp.type_u8(), code: icmp.code_u8() });
            }
            Some(TransportSlice::Icmpv6(icmp)) => {
                headers.length = icmp.payload().len() as u32;
                headers.icmp = Some(Icmp { icmp_type: icmp.type_u8(), code: icmp.code_u8() });
            }
            _ => {}
        }
        Some(headers)
    }

    /// Whether nobody in particular is its destination.
    pub(crate) fn is_broadcast(&self) -> bool {
        match self.to.ip() {
            // The lab's network is a /24: its last address is the one for all.
            IpAddr::V4(to) => to.is_broadcast() || to.is_multicast() || to.octets()[3] == 255,
            IpAddr::V6(to) => to.is_multicast(),
        }
    }

    /// As events have it; `bytes` is the packet that was read.
    pub(crate) fn shown(self, bytes: &[u8]) -> Packet {
        let address = |address: SocketAddr| match address.port() {
            0 => address.ip().to_string(),
            _ => address.to_string(),
        };
        Packet {
            from: address(self.from),
            to: address(self.to),
            protocol: self.protocol,
            length: self.length,
            size: self.size,
            segment: self.tcp.map(|tcp| Segment {
                flags: tcp.flags.names(),
                seq_number: tcp.seq,
                ack_number: if tcp.flags.ack { tcp.ack } else { 0 },
                window: tcp.window,
                options: tcp.options,
                ..Segment::default()
            }),
            icmp: self.icmp,
            bytes: STANDARD.encode(&bytes[..bytes.len().min(PACKET_BYTES)]),
        }
    }
}

impl Tcp {
    fn read(tcp: &TcpSlice<'_>) -> Self {
        let flags = Flags {
            syn: tcp.syn(),
            fin: tcp.fin(),
            rst: tcp.rst(),
            psh: tcp.psh(),
            ack: tcp.ack(),
            urg: tcp.urg(),
            ece: tcp.ece(),
            cwr: tcp.cwr(),
        };
        let mut options = TcpOptions::default();
        // An option of a kind that is not known here ends the list; Linux sends none.
        for option in tcp.options_iterator().map_while(Result::ok) {
            match option {
                TcpOptionElement::MaximumSegmentSize(mss) => options.mss = Some(mss),
                TcpOptionElement::WindowScale(scale) => options.wscale = Some(scale),
                TcpOptionElement::SelectiveAcknowledgementPermitted => options.sack_ok = true,
                TcpOptionElement::Timestamp(own, echo) => options.timestamps = Some((own, echo)),
                TcpOptionElement::SelectiveAcknowledgement(first, rest) => {
                    options.sack.push(first);
                    options.sack.extend(rest.into_iter().flatten());
                }
                TcpOptionElement::Noop => {}
            }
        }
        let (seq, ack) = (tcp.sequence_number(), tcp.acknowledgment_number());
        Self { flags, seq, ack, window: tcp.window_size(), options }
    }

    /// How many numbers the segment takes up, with `length` bytes of payload: SYN and FIN take one each.
    pub(crate) fn span(&self, length: u32) -> u32 {
        length + u32::from(self.flags.syn) + u32::from(self.flags.fin)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use etherparse::{
        Icmpv4Type, Icmpv6Type, IpHeaders, PacketBuilder, PacketBuilderStep,
        icmpv4::DestUnreachableHeader, icmpv6::DestUnreachableCode,
    };

    use super::*;

    fn segment() -> Vec<u8> {
        let builder = PacketBuilder::ipv4([10, 0, 0, 2], [10, 0, 0, 1], 64)
            .tcp(40312, 9000, 7, 1024)
            .syn()
            .ack(9)
            .options(&[
                TcpOptionElement::MaximumSegmentSize(1460),
                TcpOptionElement::SelectiveAcknowledgementPermitted,
                TcpOptionElement::Timestamp(1, 2),
                TcpOptionElement::WindowScale(7),
            ])
            .expect("options fit");
        let mut bytes = Vec::new();
        builder.write(&mut bytes, b"hello").expect("a packet");
        bytes
    }

    #[test]
    fn a_segment_is_read_field_by_field() {
        let bytes = segment();
        let shown = Headers::read(&bytes).expect("IP").shown(&bytes);
        assert_eq!((&*shown.from, &*shown.to), ("10.0.0.2:40312", "10.0.0.1:9000"));
        assert_eq!((shown.protocol, shown.length), (Protocol::Tcp, 5));
        assert_eq!(shown.size as usize, bytes.len());
        let segment = shown.segment.expect("a segment");
        assert_eq!(segment.flags, [Flag::Syn, Flag::Ack]);
        assert_eq!((segment.seq_number, segment.ack_number, segment.window), (7, 9, 1024));
        let options = TcpOptions {
            mss: Some(1460),
            wscale: Some(7),
            sack_ok: true,
            timestamps: Some((1, 2)),
            sack: vec![],
        };
        assert_eq!(segment.options, options);
        assert_eq!(STANDARD.decode(shown.bytes).expect("base64"), bytes);
    }

    #[test]
    fn what_is_not_ip_is_nothing() {
        assert_eq!(Headers::read(&[]), None);
        assert_eq!(Headers::read(&[0x50; 60]), None);
    }

    #[test]
    fn ipv6_is_read_like_ipv4() {
        let bytes = written(&|bytes| {
            ipv6().tcp(40312, 9000, 7, 1024).syn().write(bytes, b"").expect("a packet")
        });
        let shown = Headers::read(&bytes).expect("IP").shown(&bytes);
        assert_eq!((&*shown.from, &*shown.to), ("[::1]:40312", "[::1]:9000"));
        assert_eq!((shown.protocol, shown.length, shown.size), (Protocol::Tcp, 0, 60));
        let message = written(&|bytes| {
            ipv6().icmpv6(no_port()).write(bytes, &segment()).expect("a packet");
        });
        let shown = Headers::read(&message).expect("IP").shown(&message);
        assert_eq!((&*shown.from, shown.protocol), ("::1", Protocol::Icmpv6));
        assert_eq!(shown.icmp, Some(Icmp { icmp_type: 1, code: 4 }));
    }

    fn ipv6() -> PacketBuilderStep<IpHeaders> {
        let loopback = Ipv6Addr::LOCALHOST.octets();
        PacketBuilder::ipv6(loopback, loopback, 64)
    }

    fn no_port() -> Icmpv6Type {
        Icmpv6Type::DestinationUnreachable(DestUnreachableCode::Port)
    }

    fn written(write: &dyn Fn(&mut Vec<u8>)) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(&mut bytes);
        bytes
    }

    /// Numbers without end from a seed (xorshift64, Marsaglia 2003): a million inputs are made in no time.
    struct Numbers(u64);

    impl Numbers {
        fn next(&mut self) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0
        }

        fn below(&mut self, end: usize) -> usize {
            (self.next() % end as u64) as usize
        }

        fn bytes(&mut self, length: usize) -> Vec<u8> {
            let words = std::iter::repeat_with(|| self.next().to_le_bytes());
            words.take(length.div_ceil(8)).flatten().take(length).collect()
        }
    }

    /// A packet of each kind that is read to its end.
    fn samples() -> [Vec<u8>; 7] {
        let ipv4 = || PacketBuilder::ipv4([10, 0, 0, 2], [10, 0, 0, 1], 64);
        let unreachable = Icmpv4Type::DestinationUnreachable(DestUnreachableHeader::Port);
        [
            segment(),
            written(&|bytes| {
                let hole =
                    TcpOptionElement::SelectiveAcknowledgement((1, 2), [Some((5, 9)), None, None]);
                let tcp = ipv4().tcp(1, 2, 3, 4).ack(5).options(&[hole]).expect("options fit");
                tcp.write(bytes, b"x").expect("a packet");
            }),
            written(&|bytes| ipv4().udp(1, 2).write(bytes, b"hello").expect("a packet")),
            written(&|bytes| {
                ipv4().icmpv4(unreachable.clone()).write(bytes, &segment()).expect("a packet");
            }),
            written(&|bytes| ipv6().tcp(1, 2, 3, 4).ack(5).write(bytes, b"x").expect("a packet")),
            written(&|bytes| ipv6().udp(1, 2).write(bytes, b"hello").expect("a packet")),
            written(&|bytes| {
                ipv6().icmpv6(no_port()).write(bytes, &segment()).expect("a packet");
            }),
        ]
    }

    /// Bytes of any kind, and real packets with any bytes changed, in their headers above all, and any end cut off.
    #[test]
    fn a_million_strange_inputs() {
        const INPUTS: usize = 1_000_000;
        let (mut numbers, samples) = (Numbers(0x5eed), samples());
        let mut read = 0;
        for input in 0..INPUTS {
            let bytes = if input % 4 == 0 {
                let length = numbers.below(120);
                let mut bytes = numbers.bytes(length);
                if let Some(first) = bytes.first_mut() {
                    // Else hardly any of them would be taken for IP.
                    let version = if input % 8 == 0 { 0x40 } else { 0x60 };
                    *first = version | (*first & 0xf);
                }
                bytes
            } else {
                let mut bytes = samples[numbers.below(samples.len())].clone();
                for _ in 0..numbers.below(8) {
                    let at = numbers.below(bytes.len());
                    bytes[at] = numbers.next() as u8;
                }
                bytes.truncate(bytes.len() - numbers.below(bytes.len()) * numbers.below(2));
                bytes
            };
            let Some(headers) = Headers::read(&bytes) else { continue };
            assert!(headers.length <= headers.size, "input {input}: {bytes:?}");
            read += 1;
            // Base64 of it all is tried often enough.
            let shown = if input % 16 == 0 { headers.shown(&bytes) } else { headers.shown(&[]) };
            assert_eq!(shown.size as usize, bytes.len());
        }
        assert!(read > INPUTS / 4, "{read} were read: the others prove little");
    }
}
