//! A call and what it came to, written as a programmer would. Knows no places.

use socketscope_protocol::{
    Call, CallName, Direction, Fact, Family, Fd, HostName, How, Outcome, Payload, Rule, RuledFate,
    SocketType, WireSettings, WireView,
};

use crate::{
    format::{count, decimal, dump, quoted},
    model::{CallRecord, Model},
    wording::{Wording, fill},
};

/// Characters of a payload that a label may quote: more never fits.
const QUOTED: usize = 48;

/// The call with its arguments: `send(4, "hello")`. Where its enter is not kept, what the record still knows.
pub fn call_text(model: &Model, record: &CallRecord) -> String {
    match model.call_made(record) {
        Some(call) => written(record.fd, call),
        None => format!("{}({})", record.name.as_str(), with_fd(record.fd, "")),
    }
}

/// `call` on `fd` with its arguments.
pub fn written(fd: Option<Fd>, call: &Call) -> String {
    let rest = match call {
        Call::Socket { family, socket_type } => {
            let family = match family {
                Family::Inet => "inet",
                Family::Inet6 => "inet6",
                Family::Unix => "unix",
            };
            let kind = if *socket_type == SocketType::Stream { "stream" } else { "dgram" };
            format!("{family}, {kind}")
        }
        Call::Bind { address } | Call::Connect { address } => shown(address),
        Call::Listen { backlog } => backlog.to_string(),
        Call::Send { payload, .. } => payload_text(payload),
        Call::Sendto { payload, address, .. } => {
            format!("{}, {}", payload_text(payload), shown(address))
        }
        Call::Recv { size } | Call::Recvfrom { size } => size.to_string(),
        Call::Shutdown { how } => match how {
            How::Read => "read",
            How::Write => "write",
            How::Both => "both",
        }
        .to_owned(),
        Call::Setsockopt { option, value } => format!("{option:?}, {value}"),
        Call::Getsockopt { option } => format!("{option:?}"),
        Call::Accept | Call::Close | Call::Getsockname | Call::Getpeername => String::new(),
    };
    format!("{}({})", call.name().as_str(), with_fd(fd, &rest))
}

fn with_fd(fd: Option<Fd>, rest: &str) -> String {
    match fd {
        Some(fd) if rest.is_empty() => fd.to_string(),
        Some(fd) => format!("{fd}, {rest}"),
        None => rest.to_owned(),
    }
}

/// An address, which a visitor may have written: controls escaped, not quoted.
fn shown(address: &str) -> String {
    let text = quoted(address);
    text[1..text.len() - 1].to_owned()
}

/// A payload, quoted; bytes that are no text in hexadecimal.
pub fn payload_text(payload: &Payload) -> String {
    if let Some(text) = &payload.text {
        let end = text.char_indices().nth(QUOTED).map_or(text.len(), |(at, _)| at);
        let mut text = quoted(&text[..end]);
        if end < payload.text.as_ref().map_or(0, String::len) {
            text.insert(text.len() - 1, '…');
        }
        return text;
    }
    let bytes = payload.bytes().unwrap_or_default();
    let lines = dump(&bytes[..bytes.len().min(QUOTED)], QUOTED);
    lines.into_iter().next().map_or_else(|| "\"\"".to_owned(), |line| line.hex)
}

/// Which value or error it came to, and whether that is an error. `"hello" 5 bytes`, `4, 127.0.0.1:40312`, `ECONNREFUSED`.
pub fn result_text(
    record: &CallRecord,
    outcome: &Outcome,
    model: &Model,
    wording: &Wording,
) -> (String, bool) {
    let value = match outcome {
        Ok(value) => value,
        Err(errno) => return (errno.name.clone(), true),
    };
    let words = &wording.diagram;
    let text = match record.name {
        CallName::Accept | CallName::Socket => {
            let fd = value.fd.map(|fd| fd.to_string()).unwrap_or_default();
            match value.peer.as_deref().filter(|peer| !peer.is_empty()) {
                Some(peer) => format!("{fd}, {}", shown(peer)),
                None => fd,
            }
        }
        CallName::Recv | CallName::Recvfrom => {
            let bytes = value.bytes.unwrap_or(0);
            let asked = model.call_made(record);
            let nothing_asked =
                matches!(asked, Some(Call::Recv { size: 0 } | Call::Recvfrom { size: 0 }));
            if bytes == 0 && record.connection.is_some() && !nothing_asked {
                return (words.peer_closed.to_owned(), false);
            }
            let payload = Payload { text: value.text.clone(), base64: value.base64.clone() };
            let mut text =
                format!("{} {}", payload_text(&payload), bytes_text(bytes as u64, wording));
            if let Some(from) = value.from.as_deref().filter(|from| !from.is_empty()) {
                text.push_str(", ");
                text.push_str(&shown(from));
            }
            if value.truncated == Some(true) {
                text.push_str(", ");
                text.push_str(words.truncated);
            }
            text
        }
        CallName::Send | CallName::Sendto => value.bytes.unwrap_or(0).to_string(),
        CallName::Getsockname | CallName::Getpeername => {
            shown(value.address.as_deref().unwrap_or_default())
        }
        CallName::Getsockopt => value.value.map(|value| value.to_string()).unwrap_or_default(),
        _ => "0".to_owned(),
    };
    (text, false)
}

/// "5 bytes".
pub fn bytes_text(bytes: u64, wording: &Wording) -> String {
    match bytes {
        1 => wording.diagram.one_byte.to_owned(),
        _ => fill(wording.diagram.bytes, &[("bytes", &bytes.to_string())]),
    }
}

/// How many bytes the call moved, where it moved any.
pub(super) fn moved(model: &Model, record: &CallRecord) -> Option<u64> {
    let event = model.event(record.returned?.seq)?;
    match &event.fact {
        Fact::Return { outcome: Ok(value), .. } => value.bytes.map(|bytes| bytes as u64),
        _ => None,
    }
}

/// How many packets were not seen, and where.
pub fn unseen_text(host: Option<&HostName>, packets: u64, wording: &Wording) -> String {
    let host = host.map_or(wording.lab.own_loopback, HostName::as_str);
    fill(wording.lab.unseen, &[("packets", &count(packets)), ("host", host)])
}

/// How the wire treats packets: `delay 50 ms; client → server: loss 10 %; lose SYN`.
pub fn wire_text(wire: &WireView, wording: &Wording) -> String {
    let words = &wording.lab;
    let mut parts = Vec::new();
    parts.extend(settings_text(wire.settings, wording));
    for Direction { from, to, settings } in &wire.directions {
        if *settings == wire.settings {
            continue;
        }
        let told = settings_text(*settings, wording);
        let told = told.unwrap_or_else(|| words.wire_plain.to_owned());
        let values = [("from", from.as_str()), ("to", to.as_str()), ("settings", &*told)];
        parts.push(fill(words.directed, &values));
    }
    parts.extend(wire.rules.iter().map(|rule| rule_text(rule, wording)));
    if parts.is_empty() { words.wire_plain.to_owned() } else { parts.join(words.semicolon) }
}

/// What is set, where anything is.
fn settings_text(settings: WireSettings, wording: &Wording) -> Option<String> {
    let words = &wording.lab;
    let told = [
        (words.told_delay, settings.delay_ms),
        (words.told_jitter, settings.jitter_ms),
        (words.told_loss, settings.loss * 100.0),
        (words.told_reorder, settings.reorder * 100.0),
        (words.told_duplicate, settings.duplicate * 100.0),
        (words.told_rate, settings.rate_kbit as f64),
    ];
    let told = told.into_iter().filter(|(_, value)| *value > 0.0);
    let mut parts: Vec<_> =
        told.map(|(text, value)| fill(text, &[("value", &decimal(value, 2))])).collect();
    if settings.hold {
        parts.push(words.wire_holds.to_owned());
    }
    (!parts.is_empty()).then(|| parts.join(words.comma))
}

/// A rule: `lose SYN number 2 (client → server)`.
pub fn rule_text(rule: &Rule, wording: &Wording) -> String {
    let words = &wording.lab;
    let fate = match rule.fate {
        RuledFate::Lose => words.lose,
        RuledFate::Hold => words.hold_one,
    };
    let template = match (rule.always, rule.nth) {
        (false, 0..=1) => words.rule_next,
        (false, _) => words.rule_nth,
        (true, 0..=1) => words.rule_each,
        (true, _) => words.rule_each_from,
    };
    let nth = rule.nth.to_string();
    let values = [("fate", fate), ("kind", words.kind(rule.packet)), ("nth", &nth)];
    let text = fill(template, &values);
    if rule.from.is_none() && rule.to.is_none() {
        return text;
    }
    let [from, to] = [&rule.from, &rule.to]
        .map(|host| host.as_ref().map_or(words.any_host, |host| host.as_str()));
    fill(words.rule_directed, &[("rule", &*text), ("from", from), ("to", to)])
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests say what they expect by unwrapping")]
mod tests {
    use socketscope_protocol::{HostName, PacketKind};

    use super::*;
    use crate::wording::{EN, ZH};

    #[test]
    fn directions_and_rules_of_the_wire_are_named() {
        let host = |name| HostName::new(name).unwrap();
        let settings = WireSettings { delay_ms: 120.0, loss: 0.125, ..WireSettings::default() };
        let direction = Direction { from: host("client"), to: host("server"), settings };
        let rule = Rule {
            packet: PacketKind::Syn,
            fate: RuledFate::Lose,
            nth: 2,
            always: false,
            from: Some(host("client")),
            to: None,
        };
        let mut wire = WireView { directions: vec![direction], ..WireView::default() };
        assert_eq!(wire_text(&wire, &EN), "client → server: delay 120 ms, loss 12.5 %");
        wire.rules.push(rule);
        let rule = "lose SYN number 2 (client → any host)";
        assert!(wire_text(&wire, &EN).ends_with(&format!("; {rule}")));
        assert!(wire_text(&wire, &ZH).starts_with("client → server：延迟 120 ms，丢包 12.5 %；"));
        assert_eq!(wire_text(&WireView::default(), &EN), EN.lab.wire_plain);
    }
}
