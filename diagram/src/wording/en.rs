//! The page's texts in English.

use super::{Diagram, Language, Sentence, Wording, en_fields, en_lab, en_lesson, en_page, errno};

/// English.
pub static EN: Wording = Wording {
    language: Language::En,
    diagram: Diagram {
        app: "app",
        kernel: "kernel",
        this_machine: "this machine",
        outside: "outside",
        unnamed_peer: "unnamed peer",
        other_peers: "other outside peers",
        started: "started",
        ended: "ended",
        gap: "{missed} events are missing here",
        bytes: "{bytes} bytes",
        one_byte: "1 byte",
        peer_closed: "0 bytes: peer closed",
        truncated: "the rest is lost",
        waiting: "waiting {time}",
        took: "took {time}",
        unknown_end: "return not seen",
    },
    sentence: Sentence {
        started: "{program} started",
        ended: "{program} ended",
        gap: "{missed} events are missing here",
        waiting: "{program} calls {call}, waiting",
        entered: "{program} calls {call}",
        entered_end_unknown: "{program} calls {call}; its return was not seen",
        returned: "{program}: {call} returned {result} after {time}",
        failed: "{program}: {call} failed with {result} after {time}",
        returned_no_enter: "{program}: {call} returned {result}; its start was not seen",
        failed_no_enter: "{program}: {call} failed with {result}; its start was not seen",
        from_outside: "from {peer} outside",
        to_outside: "to {peer} outside",
        link_bytes: "bytes {range} of the stream",
        link_datagram: "the same datagram, inferred from address, length and bytes",
        link_connection: "one connection",
    },
    errno: errno::EN,
    page: en_page::PAGE,
    lab: en_lab::LAB,
    fields: en_fields::FIELDS,
    inspect: en_page::INSPECT,
    lesson: en_lesson::LESSON,
};
