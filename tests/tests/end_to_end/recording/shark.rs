//! Packets as tshark reads them in a recording, and as the journal has them: in the same terms, to be compared.

use std::{net::SocketAddr, process::Stdio};

use socketscope_protocol::{Event, Fact, Flag, Mark, Medium, Packet, Protocol};
use socketscope_tests::within;
use tokio::{io::AsyncWriteExt, process::Command};

/// What is asked of tshark, in the order of [`Seen::of_shark`].
const FIELDS: &[&str] = &[
    "frame.packet_id",
    "frame.time_epoch",
    "frame.interface_name",
    "frame.len",
    "ip.src",
    "ip.dst",
    "ip.proto",
    "ipv6.src",
    "ipv6.dst",
    "ipv6.nxt",
    "tcp.srcport",
    "tcp.dstport",
    "tcp.flags",
    "tcp.seq_raw",
    "tcp.ack_raw",
    "tcp.window_size_value",
    "tcp.seq",
    "tcp.ack",
    "tcp.window_size",
    "tcp.len",
    "tcp.options.mss_val",
    "tcp.options.wscale.shift",
    "tcp.options.sack_perm",
    "tcp.options.timestamp.tsval",
    "tcp.options.timestamp.tsecr",
    "tcp.options.sack_le",
    "udp.srcport",
    "udp.dstport",
    "udp.length",
    "icmp.type",
    "icmp.code",
    "icmpv6.type",
    "icmpv6.code",
];

/// Where a SYN was not seen (as in the RST of a port that nobody listens on), tshark counts from the first number that it
/// sees; the journal does not say then.
const COUNTED: &[&str] = &["tcp.seq", "tcp.ack", "tcp.window_size"];

/// Marks and tshark's fields for them.
const MARKS: &[(Mark, &str)] = &[
    (Mark::Retransmission, "tcp.analysis.retransmission"),
    (Mark::FastRetransmission, "tcp.analysis.fast_retransmission"),
    (Mark::SpuriousRetransmission, "tcp.analysis.spurious_retransmission"),
    (Mark::OutOfOrder, "tcp.analysis.out_of_order"),
    (Mark::DuplicateAck, "tcp.analysis.duplicate_ack_num"),
    (Mark::ZeroWindow, "tcp.analysis.zero_window"),
    (Mark::WindowUpdate, "tcp.analysis.window_update"),
    (Mark::WindowFull, "tcp.analysis.window_full"),
    (Mark::ZeroWindowProbe, "tcp.analysis.zero_window_probe"),
    (Mark::ZeroWindowProbeAck, "tcp.analysis.zero_window_probe_ack"),
    (Mark::KeepAlive, "tcp.analysis.keep_alive"),
    (Mark::KeepAliveAck, "tcp.analysis.keep_alive_ack"),
    (Mark::PortReused, "tcp.analysis.reused_ports"),
];

/// A packet: each field by tshark's name for it, with the text that tshark gives it.
pub(crate) type Seen = Vec<(&'static str, String)>;

/// What `tshark -r` says of a recording, a packet each. It must have nothing to complain about.
pub(crate) async fn read(recording: &[u8]) -> Vec<Seen> {
    let names: Vec<_> = FIELDS.iter().copied().chain(MARKS.iter().map(|mark| mark.1)).collect();
    let fields = names.iter().flat_map(|name| ["-e", name]);
    let lines = shark(recording, &mut ["-T", "fields"].into_iter().chain(fields)).await;
    let read = |line: &str| {
        let values = line.split('\t').map(first);
        assert_eq!(values.clone().count(), names.len(), "{line}");
        comparable(names.iter().copied().zip(values).collect())
    };
    lines.lines().map(read).collect()
}

/// What tshark prints of a recording with these arguments.
pub(crate) async fn shark(recording: &[u8], arguments: &mut dyn Iterator<Item = &str>) -> String {
    let mut shark = Command::new("tshark")
        .args(["-r", "-", "-n"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("tshark (Debian's package tshark)");
    let mut input = shark.stdin.take().expect("a pipe");
    let feed = async {
        input.write_all(recording).await.expect("tshark reads");
        drop(input);
    };
    let ((), output) =
        within("tshark", async { tokio::join!(feed, shark.wait_with_output()) }).await;
    let output = output.expect("tshark ends");
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    // Who runs it is no complaint about the file.
    let own = |line: &&str| !line.starts_with("Running as user \"root\"");
    assert_eq!(complaints.lines().filter(own).collect::<Vec<_>>(), [""; 0]);
    assert!(output.status.success(), "{:?}", output.status);
    String::from_utf8(output.stdout).expect("text")
}

/// Of a field that is there twice, since an ICMP message quotes a packet, the first.
fn first(values: &str) -> String {
    values.split(',').next().unwrap_or_default().to_owned()
}

/// A mark is there or not, whatever number tshark puts beside it; what an ICMP message quotes is not its own.
fn comparable(mut seen: Seen) -> Seen {
    let icmp = [("ip.proto", "1"), ("ipv6.nxt", "58")];
    let icmp = icmp.iter().any(|(name, number)| seen.contains(&(name, (*number).into())));
    for (name, value) in &mut seen {
        if icmp && (name.starts_with("tcp.") || name.starts_with("udp.")) {
            value.clear();
        } else if !value.is_empty() && MARKS.iter().any(|(_, mark)| mark == name) {
            *value = "yes".into();
        }
    }
    seen
}

/// The packets of a journal as tshark should see them.
pub(crate) fn expected(events: &[Event]) -> Vec<Seen> {
    let packet = |event: &Event| match &event.fact {
        Fact::Depart { packet, medium, header, .. } => {
            Some(in_sharks_terms(packet.0, event.at, *medium, header))
        }
        _ => None,
    };
    events.iter().filter_map(packet).collect()
}

fn in_sharks_terms(id: u64, at: u64, medium: Medium, packet: &Packet) -> Seen {
    let split = |address: &str| match address.parse::<SocketAddr>() {
        Ok(address) => (address.ip().to_string(), address.port().to_string()),
        Err(_) => (address.to_owned(), String::new()),
    };
    let ((from, from_port), (to, to_port)) = (split(&packet.from), split(&packet.to));
    let mut seen: Seen = FIELDS
        .iter()
        .chain(MARKS.iter().map(|(_, mark)| mark))
        .map(|name| (*name, String::new()))
        .collect();
    let mut set = |name: &str, value: String| {
        let field = seen.iter_mut().find(|(field, _)| *field == name);
        field.expect("a field that is asked for").1 = value;
    };
    set("frame.packet_id", id.to_string());
    set("frame.time_epoch", format!("{}.{:09}", at / 1_000_000_000, at % 1_000_000_000));
    set("frame.interface_name", format!("{medium:?}").to_lowercase());
    set("frame.len", packet.size.to_string());
    let number = match packet.protocol {
        Protocol::Tcp => "6",
        Protocol::Udp => "17",
        Protocol::Icmp => "1",
        Protocol::Icmpv6 => "58",
        Protocol::Other => "",
    };
    let names = match from.contains(':') {
        true => ["ipv6.src", "ipv6.dst", "ipv6.nxt"],
        false => ["ip.src", "ip.dst", "ip.proto"],
    };
    names.iter().zip([from, to, number.into()]).for_each(|(name, value)| set(name, value));
    if packet.protocol == Protocol::Udp {
        set("udp.srcport", from_port.clone());
        set("udp.dstport", to_port.clone());
        set("udp.length", (packet.length + 8).to_string());
    }
    if let Some(icmp) = packet.icmp {
        let protocol = if packet.protocol == Protocol::Icmpv6 { "icmpv6" } else { "icmp" };
        set(&format!("{protocol}.type"), icmp.icmp_type.to_string());
        set(&format!("{protocol}.code"), icmp.code.to_string());
    }
    let Some(segment) = &packet.segment else { return seen };
    let shown = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
    set("tcp.srcport", from_port);
    set("tcp.dstport", to_port);
    set("tcp.flags", format!("{:#06x}", segment.flags.iter().map(|flag| bit(*flag)).sum::<u16>()));
    set("tcp.seq_raw", segment.seq_number.to_string());
    set("tcp.ack_raw", segment.ack_number.to_string());
    set("tcp.window_size_value", segment.window.to_string());
    set("tcp.seq", shown(segment.relative_seq));
    set("tcp.ack", shown(segment.relative_ack.or(Some(0))));
    set("tcp.window_size", shown(segment.scaled_window));
    set("tcp.len", packet.length.to_string());
    let options = &segment.options;
    set("tcp.options.mss_val", options.mss.map(|mss| mss.to_string()).unwrap_or_default());
    set(
        "tcp.options.wscale.shift",
        options.wscale.map(|shift| shift.to_string()).unwrap_or_default(),
    );
    set("tcp.options.sack_perm", if options.sack_ok { "0402".into() } else { String::new() });
    set("tcp.options.timestamp.tsval", shown(options.timestamps.map(|stamps| stamps.0)));
    set("tcp.options.timestamp.tsecr", shown(options.timestamps.map(|stamps| stamps.1)));
    let base = segment.ack_number.wrapping_sub(segment.relative_ack.unwrap_or(0));
    set(
        "tcp.options.sack_le",
        shown(options.sack.first().map(|(left, _)| left.wrapping_sub(base))),
    );
    for mark in &segment.marks {
        let named = MARKS.iter().find(|(named, _)| named == mark);
        set(named.expect("each mark has a name").1, "yes".into());
        if matches!(mark, Mark::FastRetransmission | Mark::SpuriousRetransmission) {
            // It says both.
            set("tcp.analysis.retransmission", "yes".into());
        }
    }
    seen
}

/// A flag's place in the header (RFC 9293, section 3.1).
fn bit(flag: Flag) -> u16 {
    match flag {
        Flag::Fin => 0x01,
        Flag::Syn => 0x02,
        Flag::Rst => 0x04,
        Flag::Psh => 0x08,
        Flag::Ack => 0x10,
        Flag::Urg => 0x20,
        Flag::Ece => 0x40,
        Flag::Cwr => 0x80,
    }
}

/// Compares packet by packet, field by field, and says where they differ first. What departed after `events` were read
/// may stand behind.
pub(crate) fn assert_same(events: &[Event], shark: &[Seen]) {
    let expected = expected(events);
    let mut differences = Vec::new();
    for (ours, theirs) in expected.iter().zip(shark) {
        for ((name, own), (_, their)) in ours.iter().zip(theirs) {
            if own != their && !(own.is_empty() && COUNTED.contains(name)) {
                let packet = &ours[0].1;
                differences
                    .push(format!("packet {packet}: {name} is {own:?}, tshark says {their:?}"));
            }
        }
    }
    let first = differences.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(differences.is_empty(), "{} differences:\n{first}", differences.len());
    assert!(shark.len() >= expected.len(), "{} packets of {}", shark.len(), expected.len());
}
