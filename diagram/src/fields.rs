//! A packet's bytes as header fields, each with its place: IPv4 (RFC 791), IPv6 (RFC 8200), TCP (RFC 9293), UDP (RFC 768),
//! ICMP (RFC 792, RFC 4443).
//! Whatever the bytes are, what can be read is read.

use std::ops::Range;

use crate::wording::{Fields, fill};

const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMPV6: u8 = 58;

/// A header field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Which header it is in; the first field of each header names it.
    pub header: &'static str,
    /// Its name, as the RFC has it.
    pub name: &'static str,
    /// Its value, as one reads it.
    pub value: String,
    /// Its bytes, counted from the IP header.
    pub bytes: Range<usize>,
}

/// The fields of an IP packet, of which the first bytes are at hand.
pub fn fields(packet: &[u8], words: &Fields) -> Vec<Field> {
    let mut reader =
        Reader { packet, words, header: "", quoted: false, base: 0, fields: Vec::new() };
    reader.ip();
    reader.fields
}

struct Reader<'a> {
    packet: &'a [u8],
    words: &'a Fields,
    header: &'static str,
    /// Whether this is what an ICMP message quotes of the packet that it is about.
    quoted: bool,
    /// Where the header begins.
    base: usize,
    fields: Vec<Field>,
}

impl Reader<'_> {
    fn byte(&self, at: usize) -> Option<u8> {
        self.packet.get(self.base + at).copied()
    }

    fn half(&self, at: usize) -> Option<u16> {
        Some(u16::from_be_bytes([self.byte(at)?, self.byte(at + 1)?]))
    }

    fn word(&self, at: usize) -> Option<u32> {
        Some((u32::from(self.half(at)?) << 16) | u32::from(self.half(at + 2)?))
    }

    fn add(&mut self, name: &'static str, value: String, bytes: Range<usize>) {
        let bytes = self.base + bytes.start..self.base + bytes.end;
        self.fields.push(Field { header: self.header, name, value, bytes });
    }

    /// From here on it is the header with the first of these names, or the second, where it is quoted.
    fn begin(&mut self, own: &'static str, quoted: &'static str) {
        self.header = if self.quoted { quoted } else { own };
    }

    fn bytes(&self, length: usize) -> String {
        fill(self.words.bytes, &[("bytes", &length.to_string())])
    }

    fn ip(&mut self) -> Option<()> {
        match self.byte(0)? >> 4 {
            6 => self.ipv6(),
            _ => self.ipv4(),
        }
    }

    fn ipv6(&mut self) -> Option<()> {
        self.begin("IPv6", "ICMP › IPv6");
        let first = self.word(0)?;
        self.add(self.words.version, "6".into(), 0..1);
        self.add(self.words.traffic_class, hex(first >> 20 & 0xff, 2), 0..2);
        self.add(self.words.flow_label, hex(first & 0xf_ffff, 5), 1..4);
        self.add(self.words.payload_length, self.half(4)?.to_string(), 4..6);
        let next = self.byte(6)?;
        self.add(self.words.next_header, numbered(next), 6..7);
        self.add(self.words.hop_limit, self.byte(7)?.to_string(), 7..8);
        for (name, at) in [(self.words.source_address, 8), (self.words.destination_address, 24)] {
            let words =
                [self.word(at)?, self.word(at + 4)?, self.word(at + 8)?, self.word(at + 12)?];
            let ip = words.iter().fold(0, |ip, word| ip << 32 | u128::from(*word));
            self.add(name, std::net::Ipv6Addr::from_bits(ip).to_string(), at..at + 16);
        }
        self.base += 40;
        self.payload(next)
    }

    /// What an IP header says that follows it.
    fn payload(&mut self, protocol: u8) -> Option<()> {
        match protocol {
            ICMP => self.icmp("ICMP", "ICMP › ICMP", &[3, 4, 5, 11, 12]),
            ICMPV6 => self.icmp("ICMPv6", "ICMP › ICMPv6", &[1, 2, 3, 4]),
            TCP => self.tcp(),
            UDP => self.udp(),
            _ => None,
        }
    }

    fn ipv4(&mut self) -> Option<()> {
        self.begin("IPv4", "ICMP › IPv4");
        let first = self.byte(0)?;
        let length = usize::from(first & 15) * 4;
        self.add(self.words.version, (first >> 4).to_string(), 0..1);
        if first >> 4 != 4 || length < 20 {
            return None;
        }
        self.add(self.words.header_length, self.bytes(length), 0..1);
        self.add(self.words.dscp_ecn, hex(self.byte(1)?.into(), 2), 1..2);
        self.add(self.words.total_length, self.half(2)?.to_string(), 2..4);
        self.add(self.words.identification, hex(self.half(4)?.into(), 4), 4..6);
        let fragment = self.half(6)?;
        let flags = [(0x4000, self.words.do_not_fragment), (0x2000, self.words.more_fragments)];
        let flags = flags.into_iter().filter(|(bit, _)| fragment & bit != 0).map(|(_, name)| name);
        let flags: Vec<_> = flags.collect();
        self.add(
            self.words.flags,
            if flags.is_empty() { self.words.none.into() } else { flags.join(self.words.comma) },
            6..7,
        );
        self.add(self.words.fragment_offset, (u32::from(fragment & 0x1fff) * 8).to_string(), 6..8);
        self.add(self.words.time_to_live, self.byte(8)?.to_string(), 8..9);
        let protocol = self.byte(9)?;
        self.add(self.words.protocol, numbered(protocol), 9..10);
        self.add(self.words.header_checksum, hex(self.half(10)?.into(), 4), 10..12);
        for (name, at) in [(self.words.source_address, 12), (self.words.destination_address, 16)] {
            let ip = std::net::Ipv4Addr::from_bits(self.word(at)?);
            self.add(name, ip.to_string(), at..at + 4);
        }
        if length > 20 {
            self.add(self.words.options, self.bytes(length - 20), 20..length);
        }
        self.base += length;
        if fragment & 0x1fff == 0 { self.payload(protocol) } else { None }
    }

    fn udp(&mut self) -> Option<()> {
        self.begin("UDP", "ICMP › UDP");
        self.add(self.words.source_port, self.half(0)?.to_string(), 0..2);
        self.add(self.words.destination_port, self.half(2)?.to_string(), 2..4);
        self.add(self.words.length, self.half(4)?.to_string(), 4..6);
        self.add(self.words.checksum, hex(self.half(6)?.into(), 4), 6..8);
        Some(())
    }

    /// `errors` are the types that quote the header of the packet that they are about, and at least eight bytes behind it.
    fn icmp(&mut self, own: &'static str, quoted: &'static str, errors: &[u8]) -> Option<()> {
        self.begin(own, quoted);
        let kind = self.byte(0)?;
        self.add(self.words.kind, kind.to_string(), 0..1);
        self.add(self.words.code, self.byte(1)?.to_string(), 1..2);
        self.add(self.words.checksum, hex(self.half(2)?.into(), 4), 2..4);
        self.add(self.words.rest_of_header, hex(self.word(4)?, 8), 4..8);
        if !self.quoted && errors.contains(&kind) {
            self.quoted = true;
            self.base += 8;
            return self.ip();
        }
        Some(())
    }

    fn tcp(&mut self) -> Option<()> {
        self.begin("TCP", "ICMP › TCP");
        self.add(self.words.source_port, self.half(0)?.to_string(), 0..2);
        self.add(self.words.destination_port, self.half(2)?.to_string(), 2..4);
        self.add(self.words.sequence_number, self.word(4)?.to_string(), 4..8);
        self.add(self.words.acknowledgment_number, self.word(8)?.to_string(), 8..12);
        let length = usize::from(self.byte(12)? >> 4) * 4;
        self.add(self.words.data_offset, self.bytes(length), 12..13);
        let bits = self.byte(13)?;
        let names = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"];
        let set = names.iter().enumerate().filter(|(bit, _)| bits & (1 << bit) != 0);
        let set: Vec<_> = set.map(|(_, name)| *name).collect();
        self.add(self.words.flags, set.join(", "), 13..14);
        self.add(self.words.window, self.half(14)?.to_string(), 14..16);
        self.add(self.words.checksum, hex(self.half(16)?.into(), 4), 16..18);
        self.add(self.words.urgent_pointer, self.half(18)?.to_string(), 18..20);
        let mut at = 20;
        while at < length {
            at += self.tcp_option(at, length)?;
        }
        Some(())
    }

    /// Reads the option at `at` and returns how long it is (RFC 9293 section 3.2, RFC 7323, RFC 2018).
    fn tcp_option(&mut self, at: usize, end: usize) -> Option<usize> {
        let kind = self.byte(at)?;
        match kind {
            0 => {
                self.add(self.words.option_end_of_list, String::new(), at..end);
                return None;
            }
            1 => {
                self.add(self.words.option_no_operation, String::new(), at..at + 1);
                return Some(1);
            }
            _ => {}
        }
        let length = usize::from(self.byte(at + 1)?).max(2);
        let bytes = at..(at + length).min(end);
        match (kind, length) {
            (2, 4) => self.add(
                self.words.option_maximum_segment_size,
                self.half(at + 2)?.to_string(),
                bytes,
            ),
            (3, 3) => {
                let shift = self.byte(at + 2)?;
                let factor = 1u32 << shift.min(14);
                self.add(self.words.option_window_scale, format!("{shift} (× {factor})"), bytes);
            }
            (4, 2) => self.add(self.words.option_sack_permitted, String::new(), bytes),
            (5, _) => {
                let blocks = (length - 2) / 8;
                let block = |block: usize| {
                    let at = at + 2 + block * 8;
                    Some(format!("{}–{}", self.word(at)?, self.word(at + 4)?))
                };
                let blocks: Vec<_> = (0..blocks).filter_map(block).collect();
                self.add(self.words.option_sack, blocks.join(self.words.comma), bytes);
            }
            (8, 10) => {
                let (own, echo) = (self.word(at + 2)?, self.word(at + 6)?);
                self.add(
                    self.words.option_timestamps,
                    fill(
                        self.words.stamps,
                        &[("own", &own.to_string()), ("echo", &echo.to_string())],
                    ),
                    bytes,
                );
            }
            _ => self.add(
                self.words.option,
                fill(self.words.of_kind, &[("kind", &kind.to_string())]),
                bytes,
            ),
        }
        Some(length)
    }
}

/// A protocol's number with its name (IANA's "Protocol Numbers").
fn numbered(protocol: u8) -> String {
    let name = match protocol {
        ICMP => "ICMP",
        TCP => "TCP",
        UDP => "UDP",
        ICMPV6 => "ICMPv6",
        _ => return protocol.to_string(),
    };
    format!("{protocol} {name}")
}

fn hex(number: u32, digits: usize) -> String {
    format!("0x{number:0digits$x}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wording::EN;

    /// A SYN as Linux sends it.
    const SYN: &[u8] = &[
        0x45, 0, 0, 60, 0x12, 0x34, 0x40, 0, 64, 6, 0xab, 0xcd, 10, 0, 0, 2, 10, 0, 0, 1, //
        0x9d, 0x78, 0x23, 0x28, 0, 0, 0, 7, 0, 0, 0, 0, 0xa0, 2, 0xfa, 0xf0, 0x1c, 0x7b, 0,
        0, //
        2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7,
    ];

    #[test]
    fn a_syn_is_read_to_its_end() {
        let fields = fields(SYN, &EN.fields);
        let value = |name| fields.iter().find(|it| it.name == name).map(|it| it.value.as_str());
        assert_eq!(value("destination address"), Some("10.0.0.1"));
        assert_eq!(value("destination port"), Some("9000"));
        assert_eq!(value("sequence number"), Some("7"));
        assert_eq!(value("option: maximum segment size"), Some("1460"));
        assert_eq!(value("option: window scale"), Some("7 (× 128)"));
        assert_eq!(fields.last().map(|field| field.bytes.end), Some(SYN.len()));
        // Each byte belongs to a field: nothing is left out.
        assert!((0..SYN.len()).all(|at| fields.iter().any(|field| field.bytes.contains(&at))));
    }

    #[test]
    fn an_icmp_error_quotes_what_it_is_about() {
        let mut packet = SYN[..20].to_vec();
        packet[9] = 1;
        packet.extend([3, 3, 0, 0, 0, 0, 0, 0]);
        packet.extend(&SYN[..28]);
        let fields = fields(&packet, &EN.fields);
        let quoted = |header| fields.iter().filter(move |it| it.header == header);
        assert_eq!(quoted("ICMP › IPv4").count(), quoted("IPv4").count());
        let values: Vec<_> = quoted("ICMP › TCP").map(|it| it.value.as_str()).collect();
        assert_eq!(values, ["40312", "9000", "7"]);
        assert_eq!(fields.last().map(|field| field.bytes.end), Some(packet.len()));
    }

    /// The same SYN in IPv6, between ::1 and itself.
    fn syn_of_ipv6() -> Vec<u8> {
        let mut packet = vec![0x60, 0x12, 0x34, 0x56, 0, 40, 6, 64];
        for _ in 0..2 {
            packet.extend(std::net::Ipv6Addr::LOCALHOST.octets());
        }
        packet.extend(&SYN[20..]);
        packet
    }

    #[test]
    fn ipv6_is_read_to_its_end() {
        let syn = syn_of_ipv6();
        let fields = fields(&syn, &EN.fields);
        let value = |name| fields.iter().find(|it| it.name == name).map(|it| it.value.as_str());
        assert_eq!(value("traffic class"), Some("0x01"));
        assert_eq!(value("flow label"), Some("0x23456"));
        assert_eq!(value("next header"), Some("6 TCP"));
        assert_eq!(value("source address"), Some("::1"));
        assert_eq!(value("destination port"), Some("9000"));
        assert!((0..syn.len()).all(|at| fields.iter().any(|field| field.bytes.contains(&at))));
    }

    #[test]
    fn an_error_of_ipv6_quotes_what_it_is_about() {
        let mut packet = syn_of_ipv6()[..40].to_vec();
        packet[6] = ICMPV6;
        packet.extend([1, 4, 0, 0, 0, 0, 0, 0]);
        packet.extend(syn_of_ipv6());
        let fields = fields(&packet, &EN.fields);
        let quoted = |header| fields.iter().filter(move |it| it.header == header);
        assert_eq!(quoted("ICMP › IPv6").count(), quoted("IPv6").count());
        assert!(quoted("ICMP › TCP").any(|it| it.value == "9000"));
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(
            random in prop::collection::vec(any::<u8>(), 0..100),
            changes in prop::collection::vec((0..SYN.len(), any::<u8>()), 0..6),
            cut in 0..SYN.len(),
        ) {
            let mut syn = SYN.to_vec();
            changes.iter().for_each(|(at, byte)| syn[*at] = *byte);
            syn.truncate(cut);
            fields(&random, &EN.fields);
            fields(&syn, &EN.fields);
            let mut ipv6 = syn_of_ipv6();
            changes.iter().for_each(|(at, byte)| ipv6[*at] = *byte);
            ipv6.truncate(cut);
            fields(&ipv6, &EN.fields);
        }
    }
}
