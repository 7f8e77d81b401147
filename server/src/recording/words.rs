//! Calls, and packets in sum, as lines of text: one line each, whatever a visitor wrote.

use socketscope_diagram::{
    format::{duration, quoted},
    scene::{payload_text, summary_text, written},
    wording::{EN, Language, Recorded, Wording, ZH, fill},
};
use socketscope_protocol::{CallName, Fact, Outcome, Payload, Summary};

/// The texts that a recording is written with.
#[derive(Clone, Copy)]
pub(super) struct Words {
    /// Those that the page has, too.
    pub(super) page: &'static Wording,
    pub(super) own: &'static Recorded,
}

impl Words {
    pub(super) fn of(language: Language) -> Self {
        let page = match language {
            Language::En => &EN,
            Language::Zh => &ZH,
        };
        Self { page, own: Recorded::of(language) }
    }

    /// A call entered or returned, as strace(1) would write it: `client: connect(3, 10.0.0.1:9000)`, `client: connect(3) = 0`.
    /// None for any other fact.
    pub(super) fn call(self, fact: &Fact) -> Option<String> {
        match fact {
            Fact::Enter { program, fd, call, .. } => {
                Some(format!("{program}: {}", written(*fd, call)))
            }
            Fact::Return { program, fd, call, outcome, .. } => {
                let fd = fd.map(|fd| fd.to_string()).unwrap_or_default();
                let result = self.result(*call, outcome);
                Some(format!("{program}: {}({fd}) = {result}", call.as_str()))
            }
            _ => None,
        }
    }

    /// What a call returned: `0`, `4, 10.0.0.2:40312`, `5 "hello"`, `ECONNREFUSED (Connection refused)`.
    fn result(self, call: CallName, outcome: &Outcome) -> String {
        let value = match outcome {
            Ok(value) => value,
            Err(errno) => return format!("{} ({})", errno.name, errno.message),
        };
        let fd = value.fd.map(|fd| fd.to_string()).unwrap_or_default();
        let bytes = value.bytes.unwrap_or(0);
        match call {
            CallName::Socket => fd,
            CallName::Accept => {
                [fd].into_iter().chain(address(&value.peer)).collect::<Vec<_>>().join(", ")
            }
            CallName::Send | CallName::Sendto => bytes.to_string(),
            CallName::Recv | CallName::Recvfrom => {
                let payload = Payload { text: value.text.clone(), base64: value.base64.clone() };
                let payload = (bytes > 0).then(|| payload_text(&payload));
                let received: Vec<_> = [bytes.to_string()].into_iter().chain(payload).collect();
                let truncated =
                    (value.truncated == Some(true)).then(|| self.page.diagram.truncated.to_owned());
                let all =
                    [received.join(" ")].into_iter().chain(address(&value.from)).chain(truncated);
                all.collect::<Vec<_>>().join(", ")
            }
            CallName::Getsockname | CallName::Getpeername => {
                address(&value.address).unwrap_or_default()
            }
            CallName::Getsockopt => value.value.unwrap_or(0).to_string(),
            CallName::Bind
            | CallName::Connect
            | CallName::Listen
            | CallName::Shutdown
            | CallName::Close
            | CallName::Setsockopt => "0".into(),
        }
    }

    /// Packets that were not told one by one; the last of them departed at `until`.
    pub(super) fn sum(self, sum: &Summary, until: u64) -> String {
        let Summary { from, to, arrived, lost, acks, retransmissions, .. } = sum;
        let values = [
            ("packets", summary_text(sum, self.page)),
            ("from", from.clone()),
            ("to", to.clone()),
            ("time", duration(until.saturating_sub(sum.since))),
            ("acks", acks.to_string()),
            ("retransmissions", retransmissions.to_string()),
            ("arrived", arrived.to_string()),
            ("lost", lost.to_string()),
        ];
        fill(self.own.sum, &values.each_ref().map(|(name, value)| (*name, &**value)))
    }
}

/// An address, which may be a path that a visitor chose, on one line. None where there is none, or it has no name.
fn address(address: &Option<String>) -> Option<String> {
    let address = address.as_deref().filter(|address| !address.is_empty())?;
    let quoted = quoted(address);
    Some(quoted[1..quoted.len() - 1].to_owned())
}
