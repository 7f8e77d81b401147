//! Thin lines between kernels: which connect an accept returned, which send's bytes a recv read.

use std::ops::Range;

use socketscope_protocol::{CallId, CallName};

use super::{Link, LinkKind, View};
use crate::{
    model::{CallRecord, Span},
    sorted::Sorted,
    wording::fill,
};

/// Links drawn of one call: a long send read byte by byte would have thousands.
const LINKS_A_CALL: usize = 16;

/// Links by their calls: the causing one, the caused one.
type Found = Sorted<(CallId, CallId), LinkKind>;

impl View<'_> {
    /// The links with an end in `window`, and how many more there are.
    pub(super) fn links(&self, window: &Range<u64>) -> (Vec<Link>, usize) {
        let mut found = Found::default();
        let mut hidden = 0;
        for row in window.clone().filter_map(|number| self.rows.get(number)) {
            let last = if row.last == row.seq { None } else { Some(row.last) };
            for seq in [Some(row.seq), last].into_iter().flatten() {
                let call = self.model.event(seq).and_then(|event| super::call_of(&event.fact));
                let Some(record) = call.and_then(|call| self.model.call(call)) else { continue };
                let is =
                    |moment: Option<crate::model::Moment>| moment.is_some_and(|it| it.seq == seq);
                if is(record.enter) {
                    hidden += self.effects(record, &mut found);
                }
                if is(record.returned) {
                    hidden += self.causes(record, &mut found);
                }
            }
        }
        let links =
            found.into_iter().filter_map(|((cause, effect), kind)| self.link(cause, effect, kind));
        (links.collect(), hidden)
    }

    /// What the entered call `record` caused.
    fn effects(&self, record: &CallRecord, found: &mut Found) -> usize {
        match record.name {
            CallName::Send | CallName::Sendto => {
                if let Some(received) = record.datagram {
                    found.insert((record.id, received), LinkKind::Datagram);
                }
                let key = |span: &Span| (record.id, span.call);
                add(self.model.reads_of(record.id), key, found)
            }
            CallName::Connect => self.connection(record, found),
            _ => 0,
        }
    }

    /// What caused the return of the call `record`.
    fn causes(&self, record: &CallRecord, found: &mut Found) -> usize {
        match record.name {
            CallName::Recv | CallName::Recvfrom => {
                if let Some(sent) = record.datagram {
                    found.insert((sent, record.id), LinkKind::Datagram);
                }
                let key = |span: &Span| (span.call, record.id);
                add(self.model.sends_of(record.id), key, found)
            }
            CallName::Accept => self.connection(record, found),
            _ => 0,
        }
    }

    /// The connection that `record` opened or accepted, where both calls are known. Leaves nothing out.
    fn connection(&self, record: &CallRecord, found: &mut Found) -> usize {
        let connection = record.connection.and_then(|(id, _)| self.model.connection(id));
        if let Some(connection) = connection
            && let (Some(connect), Some(accept)) = (connection.connect, connection.accept)
            && [connect, accept].contains(&record.id)
            && [connect, accept].iter().all(|call| {
                let record = self.model.call(*call);
                record
                    .and_then(|record| record.connection)
                    .is_some_and(|(id, _)| id == connection.id)
            })
        {
            found.insert((connect, accept), LinkKind::Connection(connection.id));
        }
        0
    }

    fn link(&self, cause: CallId, effect: CallId, kind: LinkKind) -> Option<Link> {
        let (from, to) = (self.model.call(cause)?, self.model.call(effect)?);
        let end = |record: &CallRecord, seq| {
            let x = self.kernel_of(record.program)?;
            Some((x, self.y(self.rows.row_of(seq)?) + super::row::ARROW))
        };
        let words = &self.wording.sentence;
        let name = match &kind {
            LinkKind::Connection(_) => words.link_connection.to_owned(),
            LinkKind::Bytes(bytes) => {
                let range = format!("{}–{}", bytes.start, bytes.end.saturating_sub(1));
                fill(words.link_bytes, &[("range", &range)])
            }
            LinkKind::Datagram => words.link_datagram.to_owned(),
        };
        let from = end(from, from.enter?.seq)?;
        let to = end(to, to.returned?.seq)?;
        Some(Link { kind, from, to, cause, effect, name })
    }
}

/// Adds a link for each span, up to a number. Returns how many were left out.
fn add(
    mut spans: impl Iterator<Item = Span>,
    key: impl Fn(&Span) -> (CallId, CallId),
    found: &mut Found,
) -> usize {
    for span in spans.by_ref().take(LINKS_A_CALL) {
        found.insert(key(&span), LinkKind::Bytes(span.bytes));
    }
    spans.count()
}
