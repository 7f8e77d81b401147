//! From an event's line to what it says of hosts, packets and the kernel.

use super::event::{fd, host, program};
use crate::{
    Basis, Direction, Flag, HostChange, Icmp, KernelState, Loss, Mark, Medium, Packet, PacketId,
    PacketKind, Protocol, Rule, RuledFate, Segment, Summary, TcpOptions, TcpState, Timer,
    WireSettings, WireView, json::Json,
};

pub(super) fn id(json: &Json<'_>) -> Option<PacketId> {
    json.unsigned().map(PacketId)
}

fn word(json: &Json<'_>) -> Option<u32> {
    json.unsigned()?.try_into().ok()
}

fn half(json: &Json<'_>) -> Option<u16> {
    json.unsigned()?.try_into().ok()
}

fn byte(json: &Json<'_>) -> Option<u8> {
    json.unsigned()?.try_into().ok()
}

pub(super) fn host_change(json: &Json<'_>) -> Option<HostChange> {
    Some(match json.get("change").text()? {
        "started" => HostChange::Started(json.get("address").text()?.parse().ok()?),
        "ended" => HostChange::Ended,
        _ => return None,
    })
}

pub(super) fn loss(json: &Json<'_>) -> Option<Loss> {
    Loss::named(json.get("why").text()?)
}

pub(super) fn medium(json: &Json<'_>) -> Option<Medium> {
    Medium::named(json.get("medium").text()?)
}

fn protocol(json: &Json<'_>) -> Option<Protocol> {
    Protocol::named(json.get("protocol").text()?)
}

pub(super) fn packet(json: &Json<'_>) -> Option<Packet> {
    let text = |name| json.get(name).string();
    Some(Packet {
        from: text("from")?,
        to: text("to")?,
        protocol: protocol(json)?,
        length: word(json.get("length"))?,
        size: word(json.get("size"))?,
        segment: json.get("flags").some().and_then(|_| segment(json)),
        icmp: json.get("icmp").some().and_then(|icmp| {
            Some(Icmp { icmp_type: byte(icmp.get("type"))?, code: byte(icmp.get("code"))? })
        }),
        bytes: text("bytes")?,
    })
}

fn segment(json: &Json<'_>) -> Option<Segment> {
    let number = |name| word(json.get(name));
    let flags = json.get("flags").items().iter();
    let marks = json.get("marks").items().iter();
    Some(Segment {
        flags: flags.filter_map(|flag| Flag::named(flag.text()?)).collect(),
        seq_number: number("seq_number")?,
        ack_number: number("ack_number")?,
        window: half(json.get("window"))?,
        relative_seq: number("relative_seq"),
        relative_ack: number("relative_ack"),
        scaled_window: number("scaled_window"),
        options: options(json.get("options")),
        marks: marks.filter_map(|mark| Mark::named(mark.text()?)).collect(),
        original: id(json.get("original")),
    })
}

fn options(json: &Json<'_>) -> TcpOptions {
    TcpOptions {
        mss: half(json.get("mss")),
        wscale: byte(json.get("wscale")),
        sack_ok: json.get("sackOK").bool() == Some(true),
        timestamps: pair(json.get("timestamps")),
        sack: json.get("sack").items().iter().filter_map(pair).collect(),
    }
}

fn pair(json: &Json<'_>) -> Option<(u32, u32)> {
    match json.items() {
        [first, second] => Some((word(first)?, word(second)?)),
        _ => None,
    }
}

pub(super) fn state(json: &Json<'_>) -> Option<KernelState> {
    let text = |name| json.get(name).string();
    let number = |name| word(json.get(name));
    Some(KernelState {
        host: host(json.get("host")),
        program: program(json.get("program")),
        fd: fd(json),
        protocol: protocol(json)?,
        local: text("local")?,
        peer: text("peer"),
        state: TcpState::named(json.get("state").text()?)?,
        receive_queue: number("receive_queue"),
        send_queue: number("send_queue"),
        accept_queue: number("accept_queue"),
        backlog: number("backlog"),
        half_open: number("half_open"),
        rtt_us: number("rtt_us"),
        rto_us: number("rto_us"),
        cwnd: number("cwnd"),
        retransmits: byte(json.get("retransmits")),
        timer: json.get("timer").text().and_then(Timer::named),
        timer_ms: number("timer_ms"),
        drops: number("drops"),
        basis: Basis::named(json.get("basis").text()?)?,
    })
}

pub(super) fn summary(json: &Json<'_>) -> Option<Summary> {
    let number = |name| json.get(name).unsigned();
    Some(Summary {
        since: number("since")?,
        from: json.get("from").string()?,
        to: json.get("to").string()?,
        protocol: protocol(json)?,
        packets: number("packets")?,
        bytes: number("bytes")?,
        arrived: number("arrived")?,
        lost: number("lost")?,
        acks: number("acks")?,
        retransmissions: number("retransmissions")?,
    })
}

pub(super) fn wire(json: &Json<'_>) -> Option<WireView> {
    Some(WireView {
        settings: settings(json)?,
        seed: json.get("seed").unsigned()?,
        directions: json.get("directions").items().iter().filter_map(direction).collect(),
        rules: json.get("rules").items().iter().filter_map(rule).collect(),
        held: json.get("held").items().iter().filter_map(id).collect(),
        under_way: json.get("under_way").size()?,
    })
}

fn settings(json: &Json<'_>) -> Option<WireSettings> {
    let number = |name| json.get(name).float();
    Some(WireSettings {
        delay_ms: number("delay_ms")?,
        jitter_ms: number("jitter_ms")?,
        loss: number("loss")?,
        reorder: number("reorder")?,
        duplicate: number("duplicate")?,
        rate_kbit: json.get("rate_kbit").unsigned()?,
        hold: json.get("hold").bool()?,
    })
}

fn direction(json: &Json<'_>) -> Option<Direction> {
    let (from, to) = (host(json.get("from"))?, host(json.get("to"))?);
    Some(Direction { from, to, settings: settings(json)? })
}

fn rule(json: &Json<'_>) -> Option<Rule> {
    Some(Rule {
        packet: PacketKind::named(json.get("packet").text()?)?,
        fate: RuledFate::named(json.get("fate").text()?)?,
        nth: word(json.get("nth"))?,
        always: json.get("always").bool()?,
        from: host(json.get("from")),
        to: host(json.get("to")),
    })
}
