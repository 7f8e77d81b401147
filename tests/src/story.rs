//! A journal as a story of short lines, so that a test says what it expects in words and in order.

use std::collections::HashMap;

use socketscope_protocol::{CallName, Change, Event, Fact, PacketId};

/// What happened, a line each, in the journal's order.
#[derive(Debug, Default)]
pub struct Story(Vec<String>);

impl Story {
    /// Tells `events`:
    ///
    /// ```text
    /// client starts · client ends · client exits 0 · client killed by 9
    /// client enters connect 10.0.0.1:9000 · server enters setsockopt SO_RCVBUF 8192
    /// client connect = ok at 10.0.0.2:4096 · server accept = fd 4 from 10.0.0.2:4096 at 10.0.0.1:9000
    /// client recv = 5 "hello" · server recvfrom = 5 "hello" from 10.0.0.2:4096
    /// client>server SYN window 64240 · client>server PSH,ACK 5 retransmission window 64240
    /// server>client ICMP type 3 code 3 33 · arrived client>server SYN window 64240 · lost … · held …
    /// server is LISTEN accept 3 of 2
    /// ```
    pub fn of(events: &[Event]) -> Self {
        let mut packets: HashMap<PacketId, String> = HashMap::new();
        let line = |event: &Event| {
            Some(match &event.fact {
                Fact::Program { program, change: Change::Started(_), .. } => {
                    format!("{program} starts")
                }
                Fact::Program { program, change: Change::Ended(_), .. } => {
                    format!("{program} ends")
                }
                Fact::At { program, line, waits } => {
                    let does = if *waits { "waits at" } else { "goes on at" };
                    format!("{program} {does} {}:{}", line.file, line.line)
                }
                Fact::Exit { program, code: Some(code), .. } => format!("{program} exits {code}"),
                Fact::Exit { program, signal, .. } => {
                    format!("{program} killed by {}", signal.unwrap_or_default())
                }
                Fact::Enter { program, call, .. } => {
                    let json: serde_json::Value =
                        serde_json::from_str(&event.to_json().ok()?).ok()?;
                    let args = &json["args"];
                    let text = |name: &str| args[name].as_str().map(str::to_owned);
                    let number = |name: &str| args[name].as_i64().map(|it| it.to_string());
                    let told =
                        text("address").or(number("size")).or(number("bytes")).or(text("option"));
                    let told = told.or(text("how")).or(number("backlog")).or(text("type"));
                    let value = number("value").map(|it| format!(" {it}"));
                    format!(
                        "{program} enters {} {}{}",
                        call.name().as_str(),
                        told.unwrap_or_default(),
                        value.unwrap_or_default()
                    )
                }
                Fact::Return { program, call, outcome, local, .. } => {
                    let told = match outcome {
                        Err(errno) => errno.name.clone(),
                        Ok(value) => match (value.fd, value.bytes) {
                            (Some(fd), _) => format!("fd {fd}"),
                            (_, Some(bytes))
                                if matches!(call, CallName::Recv | CallName::Recvfrom) =>
                            {
                                let text = value.text.as_deref().filter(|text| text.len() < 30);
                                let cut = if value.truncated == Some(true) { " cut" } else { "" };
                                format!(
                                    "{bytes}{}{cut}",
                                    text.map(|it| format!(" {it:?}")).unwrap_or_default()
                                )
                            }
                            (_, Some(bytes)) => bytes.to_string(),
                            _ => "ok".into(),
                        },
                    };
                    let (from, at) = match outcome {
                        Ok(value) => (value.from.as_ref().or(value.peer.as_ref()), local.as_ref()),
                        Err(_) => (None, None),
                    };
                    // A Unix socket without a name is "".
                    let given = |what: &str, address: Option<&String>| {
                        let address = address.filter(|it| !it.is_empty());
                        address.map(|it| format!(" {what} {it}")).unwrap_or_default()
                    };
                    let (from, at) = (given("from", from), given("at", at));
                    format!("{program} {} = {told}{from}{at}", call.as_str())
                }
                Fact::Depart { packet, host, to_host, header, .. } => {
                    let name = |host: &Option<_>| {
                        host.as_ref().map_or("nobody".to_owned(), ToString::to_string)
                    };
                    let kind = match &header.segment {
                        Some(segment) => {
                            let flags: Vec<_> =
                                segment.flags.iter().map(|flag| flag.as_str()).collect();
                            flags.join(",")
                        }
                        None => header.protocol.as_str().to_uppercase(),
                    };
                    let icmp =
                        header.icmp.map(|it| format!(" type {} code {}", it.icmp_type, it.code));
                    let icmp = icmp.unwrap_or_default();
                    let length = if header.length > 0 {
                        format!(" {}", header.length)
                    } else {
                        String::new()
                    };
                    let marks = header.segment.iter().flat_map(|segment| &segment.marks);
                    let marks: String = marks.map(|mark| format!(" {}", mark.as_str())).collect();
                    let window = header.segment.as_ref().and_then(|segment| segment.scaled_window);
                    let window = window.map(|it| format!(" window {it}")).unwrap_or_default();
                    let (host, to_host) = (name(host), name(to_host));
                    let told = format!("{host}>{to_host} {kind}{icmp}{length}{marks}{window}");
                    packets.insert(*packet, told.clone());
                    told
                }
                Fact::Arrive { packet, copy: false } => format!("arrived {}", packets.get(packet)?),
                Fact::Lose { packet, .. } => format!("lost {}", packets.get(packet)?),
                Fact::Hold { packet } => format!("held {}", packets.get(packet)?),
                Fact::State(state) => {
                    let queue =
                        state.accept_queue.map(|it| format!(" accept {it}")).unwrap_or_default();
                    let backlog = state.backlog.map(|it| format!(" of {it}")).unwrap_or_default();
                    let whose = state.program.as_ref().map(|it| it.as_str()).unwrap_or("nobody");
                    format!("{whose} is {}{queue}{backlog}", state.state.as_str())
                }
                _ => return None,
            })
        };
        Self(events.iter().filter_map(line).collect())
    }

    /// Panics unless each of `wanted` is there, one after the other, whatever is between them. A line is wanted by its
    /// beginning, up to a space or its end.
    pub fn has<S: AsRef<str>>(&self, wanted: &[S]) {
        let wanted: Vec<_> = wanted.iter().map(AsRef::as_ref).collect();
        let mut rest = self.0.iter();
        for (at, line) in wanted.iter().enumerate() {
            let before = rest.clone();
            if !rest.by_ref().any(|told| begins(told, line)) {
                let told: Vec<_> = before.map(String::as_str).collect();
                let known = &wanted[..at];
                panic!("{line:?} does not follow {known:?}; what follows is\n{}", told.join("\n"));
            }
        }
    }

    /// How often a line begins so.
    pub fn count(&self, wanted: &str) -> usize {
        self.0.iter().filter(|told| begins(told, wanted)).count()
    }

    /// The lines that begin so, whole.
    pub fn lines(&self, wanted: &str) -> Vec<&str> {
        self.0.iter().filter(|told| begins(told, wanted)).map(String::as_str).collect()
    }

    /// The lines before the first one that begins so.
    pub fn before(&self, wanted: &str) -> Self {
        Self(self.0.iter().take_while(|told| !begins(told, wanted)).cloned().collect())
    }

    /// The first line that begins so, and those behind it.
    pub fn from(&self, wanted: &str) -> Self {
        Self(self.0.iter().skip_while(|told| !begins(told, wanted)).cloned().collect())
    }

    /// Whether any line contains this.
    pub fn tells(&self, part: &str) -> bool {
        self.0.iter().any(|told| told.contains(part))
    }
}

fn begins(told: &str, wanted: &str) -> bool {
    told.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}
