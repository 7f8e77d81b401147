//! A room's journal as a file: as it is kept, as packets for Wireshark, as diagrams. Knows no HTTP.
//!
//! A file is made a piece at a time while it is sent, so that a long journal costs little memory. Where an event must tell
//! what became of it later, the journal is read twice: [`Survey`] first.

mod calls;
mod drawn;
mod mermaid;
mod pcapng;
mod survey;
mod svg;
mod words;

use std::{iter, sync::Arc};

use serde::{Deserialize, Serialize};
use socketscope_diagram::wording::Language;
use socketscope_protocol::{Event, RoomView, json::Json, wire::Snapshot};

use crate::{journal::Journal, room::Room};
use drawn::Drawn;
use pcapng::Pcapng;
use survey::Survey;
use words::Words;

/// Bytes of events that one piece is made of.
const PIECE_BYTES: usize = 256 * 1024;

/// A form that a recording can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// The journal as it is kept, one JSON object a line.
    Jsonl,
    /// Packets, with the calls as comments on them (draft-ietf-opsawg-pcapng).
    Pcapng,
    /// A sequence diagram in Mermaid's language.
    Mmd,
    /// The diagram as a picture.
    Svg,
}

impl Format {
    /// What a file's name ends with.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Pcapng => "pcapng",
            Self::Mmd => "mmd",
            Self::Svg => "svg",
        }
    }

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Jsonl => "application/x-ndjson",
            Self::Pcapng => "application/x-pcapng",
            Self::Mmd => "text/plain; charset=utf-8",
            Self::Svg => "image/svg+xml",
        }
    }
}

/// A file's pieces, in order.
pub(crate) type Pieces = Box<dyn Iterator<Item = Vec<u8>> + Send>;

/// The file in `format`, its words in `language`, of what `room`'s journal has by now. It and each piece take milliseconds of
/// work, a long journal's first look up to a second: not for a thread that others wait for.
pub(crate) fn pieces(room: &Room, format: Format, language: Language) -> Pieces {
    let words = Words::of(language);
    let there = || {
        let RoomView { hosts, wire, programs, .. } = room.view();
        Snapshot { hosts, wire, programs }
    };
    let drawn = |span| Drawn::new(room.name.as_str(), span, there, words);
    let span = Span { next: 1, until: room.journal().range().1, journal: room.journal().clone() };
    match format {
        Format::Jsonl => Box::new(span.map(|text| (text + "\n").into_bytes())),
        Format::Pcapng => packets(Pcapng::new(room.view(), Survey::of(&span), words), span),
        Format::Mmd => whole(mermaid::file(&drawn(span))),
        Format::Svg => whole(svg::file(&drawn(span))),
    }
}

fn whole(text: String) -> Pieces {
    Box::new(iter::once(text.into_bytes()))
}

fn packets(mut writer: Pcapng, span: Span) -> Pieces {
    let begin = iter::once(writer.begin());
    let rest = span.map(move |text| {
        let mut out = Vec::new();
        events(&text).for_each(|event| writer.event(event, &mut out));
        out
    });
    Box::new(begin.chain(rest))
}

/// What a journal has from an event on to another, in batches of one JSON object a line. What is not kept any more by the
/// time it is asked for stands there as a gap.
#[derive(Clone)]
struct Span {
    journal: Arc<Journal>,
    next: u64,
    until: u64,
}

impl Iterator for Span {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        if self.next > self.until {
            return None;
        }
        let batch = self.journal.read(self.next, PIECE_BYTES);
        let mut text = batch.text;
        if let Some(beyond) = batch.next.checked_sub(self.until + 1)
            && beyond > 0
        {
            // It ends where the journal ended, whatever has come since: both looks see the same.
            let end = text.rmatch_indices('\n').nth(beyond as usize - 1).map_or(0, |(at, _)| at);
            text.truncate(end);
        }
        self.next = batch.next;
        Some(text)
    }
}

/// The events in `text`, one JSON object a line.
fn events(text: &str) -> impl Iterator<Item = Event> {
    // The journal's own encoding can be read.
    text.lines().filter_map(|line| Event::from_json(&Json::read(line)?))
}
