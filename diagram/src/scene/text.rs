//! A call and what it came to, written as a programmer would. Knows no places.

use socketscope_protocol::{
    Call, CallName, Fact, Family, Fd, How, Outcome, Payload, RuledFate, SocketType, WireView,
};

use crate::{
    format::{dump, quoted},
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

/// How the wire treats packets: `delay 50 ms, loss 10 %`.
pub fn wire_text(wire: &WireView, wording: &Wording) -> String {
    let (words, settings) = (&wording.lab, wire.settings);
    let mut parts = Vec::new();
    let mut part = |name: &str, value: f64| {
        if value > 0.0 {
            // The name stands before the unit: "delay, ms".
            let (name, unit) = name.split_once(", ").unwrap_or((name, ""));
            parts.push(format!("{name} {} {unit}", decimal(value)));
        }
    };
    part(words.delay, settings.delay_ms);
    part(words.jitter, settings.jitter_ms);
    part(words.loss_chance, settings.loss * 100.0);
    part(words.reorder, settings.reorder * 100.0);
    part(words.duplicate, settings.duplicate * 100.0);
    part(words.rate, settings.rate_kbit as f64);
    let directed = wire.directions.iter().any(|direction| direction.settings.hold);
    if settings.hold || directed {
        parts.push(words.wire_holds.to_owned());
    }
    for rule in &wire.rules {
        let fate = match rule.fate {
            RuledFate::Lose => words.lose,
            RuledFate::Hold => words.hold_one,
        };
        parts.push(format!("{fate} {}", words.kind(rule.packet)));
    }
    if parts.is_empty() { words.wire_plain.to_owned() } else { parts.join(", ") }
}

/// A number with at most two decimals, none where it is whole.
fn decimal(value: f64) -> String {
    let hundredths = (value * 100.0).round() as u64;
    match (hundredths / 100, hundredths % 100) {
        (whole, 0) => whole.to_string(),
        (whole, rest) if rest % 10 == 0 => format!("{whole}.{}", rest / 10),
        (whole, rest) => format!("{whole}.{rest:02}"),
    }
}
