//! One direction of a connection: which bytes each `send` wrote and each `recv` read. Knows nothing but calls and counts.

use std::{collections::VecDeque, ops::Range};

use socketscope_protocol::CallId;

/// Bytes of a stream that one call wrote, or read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The call.
    pub call: CallId,
    /// Which bytes, counted from the stream's start.
    pub bytes: Range<u64>,
}

/// A send that has not found its final place, since it or an earlier one has not returned.
#[derive(Clone, Debug)]
struct Unsettled {
    call: CallId,
    /// What it was asked to send; what it sent, once it has returned.
    bytes: u64,
    returned: bool,
}

/// One direction of a connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Stream {
    sends: VecDeque<Span>,
    unsettled: VecDeque<Unsettled>,
    recvs: VecDeque<Span>,
    sent: u64,
    received: u64,
}

impl Stream {
    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    pub(super) fn received(&self) -> u64 {
        self.received
    }

    /// `call` is about to send `bytes`.
    pub(super) fn send_entered(&mut self, call: CallId, bytes: u64) {
        self.unsettled.push_back(Unsettled { call, bytes, returned: false });
    }

    /// `call` has sent `bytes`. Places go by order of enter; one without enter comes last. Tells `settled` each call
    /// that now has its place.
    pub(super) fn send_returned(
        &mut self,
        call: CallId,
        bytes: u64,
        mut settled: impl FnMut(CallId, Range<u64>),
    ) {
        match self.unsettled.iter_mut().find(|send| send.call == call) {
            Some(send) => (send.bytes, send.returned) = (bytes, true),
            None => self.unsettled.push_back(Unsettled { call, bytes, returned: true }),
        }
        while self.unsettled.front().is_some_and(|send| send.returned) {
            let Some(send) = self.unsettled.pop_front() else { return };
            let bytes = self.sent..self.sent + send.bytes;
            self.sent = bytes.end;
            settled(send.call, bytes.clone());
            if !bytes.is_empty() {
                self.sends.push_back(Span { call: send.call, bytes });
            }
        }
    }

    /// `call` has read the next `bytes`. Returns which those are.
    pub(super) fn received_by(&mut self, call: CallId, bytes: u64) -> Range<u64> {
        let range = self.received..self.received + bytes;
        self.received = range.end;
        if bytes > 0 {
            self.recvs.push_back(Span { call, bytes: range.clone() });
        }
        range
    }

    /// Forgets the oldest calls as long as `gone` says so.
    pub(super) fn forget(&mut self, gone: impl Fn(CallId) -> bool) {
        while self.sends.front().is_some_and(|span| gone(span.call)) {
            self.sends.pop_front();
        }
        while self.recvs.front().is_some_and(|span| gone(span.call)) {
            self.recvs.pop_front();
        }
    }

    /// Which bytes `call` would write, as long as it is not settled.
    pub(super) fn will_write(&self, call: CallId) -> Option<Range<u64>> {
        let mut start = self.sent;
        for send in &self.unsettled {
            let bytes = start..start + send.bytes;
            if send.call == call {
                return Some(bytes);
            }
            start = bytes.end;
        }
        None
    }

    /// The recvs that read any of `bytes`, each with what it read of them.
    pub(super) fn readers(&self, bytes: &Range<u64>) -> impl Iterator<Item = Span> + use<'_> {
        overlapping(&self.recvs, bytes.clone())
    }

    /// The sends that wrote any of `bytes`, each with what it wrote of them.
    pub(super) fn writers(&self, bytes: &Range<u64>) -> impl Iterator<Item = Span> + use<'_> {
        let wanted = bytes.clone();
        let mut start = self.sent;
        let unsettled = self.unsettled.iter().filter_map(move |send| {
            let span = Span { call: send.call, bytes: start..start + send.bytes };
            start = span.bytes.end;
            overlap(&span, &wanted)
        });
        overlapping(&self.sends, bytes.clone()).chain(unsettled)
    }
}

fn overlap(span: &Span, wanted: &Range<u64>) -> Option<Span> {
    let bytes = span.bytes.start.max(wanted.start)..span.bytes.end.min(wanted.end);
    (bytes.start < bytes.end).then_some(Span { call: span.call, bytes })
}

fn overlapping(spans: &VecDeque<Span>, wanted: Range<u64>) -> impl Iterator<Item = Span> + use<'_> {
    let from = spans.partition_point(|span| span.bytes.end <= wanted.start);
    spans.range(from..).map_while(move |span| overlap(span, &wanted))
}
