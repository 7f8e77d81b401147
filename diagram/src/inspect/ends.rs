//! Who is at the other end of a call, and which bytes went there.

use socketscope_protocol::{CallId, CallName};

use super::Peer;
use crate::{
    model::{CallRecord, Connection, Model, Party, Span},
    scene::call_text,
    wording::{Wording, fill},
};

/// A connection, as the filter names it: `client → server :9000`.
pub fn connection_name(model: &Model, connection: &Connection, wording: &Wording) -> String {
    let name = |end: usize| party(model, &connection.ends[end], wording);
    fill(wording.inspect.connection, &[("from", &name(0)), ("to", &name(1))])
        + &format!(" #{}", connection.id.0 + 1)
}

/// Which bytes of which direction the call moved.
pub(super) fn stream(model: &Model, record: &CallRecord, wording: &Wording) -> Option<String> {
    let (connection, end) = record.connection?;
    let connection = model.connection(connection)?;
    let sends = matches!(record.name, CallName::Send | CallName::Sendto);
    let range = if sends { model.written(record.id)?.0 } else { record.read.clone()? };
    if range.is_empty() {
        return None;
    }
    let from = if sends { end } else { 1 - end };
    let name = |end: usize| party(model, &connection.ends[end], wording);
    let range = range_text(&range);
    let values = [("range", range.as_str()), ("from", &name(from)), ("to", &name(1 - from))];
    Some(fill(wording.inspect.stream_of, &values))
}

/// First and last byte, as the picture counts them: "0…4".
fn range_text(range: &std::ops::Range<u64>) -> String {
    format!("{}…{}", range.start, range.end.saturating_sub(1))
}

fn party(model: &Model, party: &Party, wording: &Wording) -> String {
    let unnamed = || wording.inspect.unnamed.to_owned();
    match party {
        Party::Program { program, .. } => {
            model.program(*program).map_or_else(unnamed, |program| program.name.to_string())
        }
        Party::Outside(peer) => {
            let peer = model.peer(*peer).filter(|peer| !peer.address.is_empty());
            peer.map_or_else(unnamed, |peer| peer.address.clone())
        }
        Party::Unaccepted => unnamed(),
    }
}

/// The calls at the other end of `record`, in the order in which they are shown.
pub(super) fn other_calls(model: &Model, record: &CallRecord) -> Vec<CallId> {
    let span = |span: Span| span.call;
    let ends = record.connection.and_then(|(id, _)| model.connection(id));
    let other_end = match record.name {
        CallName::Connect => ends.and_then(|connection| connection.accept),
        CallName::Accept => ends.and_then(|connection| connection.connect),
        _ => None,
    };
    let (reads, sends) = (model.reads_of(record.id).map(span), model.sends_of(record.id).map(span));
    other_end.into_iter().chain(record.datagram).chain(reads).chain(sends).collect()
}

pub(super) fn peers(model: &Model, record: &CallRecord, wording: &Wording) -> Vec<Peer> {
    let words = &wording.inspect;
    let link = |name: &'static str, id: CallId, range: Option<String>| {
        let other = model.call(id)?;
        let program = model.program(other.program)?.name.to_string();
        let call = call_text(model, other);
        let range = range.unwrap_or_default();
        let values = [("call", call.as_str()), ("program", &program), ("range", &range)];
        let template = if range.is_empty() { words.peer_call } else { words.peer_bytes };
        let seq = other.enter.or(other.returned)?.seq;
        Some(Peer { name, text: fill(template, &values), seq })
    };
    let spanned = |name, span: Span| link(name, span.call, Some(range_text(&span.bytes)));
    let connection = record.connection.and_then(|(id, _)| model.connection(id));
    let other_end = connection.and_then(|connection| match record.name {
        CallName::Connect => connection.accept,
        CallName::Accept => connection.connect,
        _ => None,
    });
    let ends = other_end.and_then(|id| link(words.connected_to, id, None));
    let datagram = record.datagram;
    let datagram =
        datagram.and_then(|id| link(words.same_datagram, id, Some(words.inferred.to_owned())));
    let reads = model.reads_of(record.id).filter_map(|span| spanned(words.read_by, span));
    let sends = model.sends_of(record.id).filter_map(|span| spanned(words.sent_by, span));
    ends.into_iter().chain(datagram).chain(reads).chain(sends).collect()
}
