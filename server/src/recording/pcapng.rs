//! Packets for Wireshark: each as it departed, with what became of it, and the calls around it, as comments.

mod block;

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use socketscope_diagram::{format::duration, scene::unseen_text, wording::fill};
use socketscope_protocol::{
    Event, Fact, HostView, Medium, PacketId, Protocol, RoomView, Rung, Summary,
    limits::PACKET_BYTES,
};

use super::{
    Survey,
    calls::{Calls, Told},
    words::Words,
};
use block::Captured;

/// Bytes that are kept of a packet.
const SNAP_LENGTH: u32 = PACKET_BYTES as u32;

/// Sums that one packet's comments tell at most, and asides.
const SUMS: usize = 50;

/// Writes packets.
pub(super) struct Pcapng {
    room: String,
    rung: Rung,
    hosts: Vec<HostView>,
    survey: Survey,
    calls: Calls,
    words: Words,
    /// Packets since the last one that are not told one by one, by direction, each with when the last of them departed.
    sums: BTreeMap<(String, String, Protocol), (Summary, u64)>,
    /// Events since the last packet that are no longer kept.
    missed: u64,
    /// Violations of the order, and packets that were not seen, since the last packet.
    asides: Vec<String>,
}

impl Pcapng {
    pub(super) fn new(room: RoomView, survey: Survey, words: Words) -> Self {
        Self {
            room: room.name.to_string(),
            rung: room.rung,
            hosts: room.hosts,
            survey,
            calls: Calls::default(),
            words,
            sums: BTreeMap::new(),
            missed: 0,
            asides: Vec::new(),
        }
    }

    /// What the whole file is, for whoever asks for its properties.
    fn summary(&self) -> String {
        let Survey { packets, summed, missed, .. } = &self.survey;
        let words = self.words.own;
        let room = format!("{:?}", self.room);
        let packets = packets.to_string();
        let mut sentences = vec![fill(words.about, &[("room", &room), ("packets", &packets)])];
        if *summed > 0 {
            sentences.push(fill(words.about_summed, &[("summed", &summed.to_string())]));
        }
        if *missed > 0 {
            sentences.push(fill(words.about_missed, &[("missed", &missed.to_string())]));
        }
        if self.hosts.is_empty() {
            let text = match self.rung {
                Rung::Capture => words.about_captured,
                _ => words.about_no_packets,
            };
            sentences.push(text.to_owned());
        }
        sentences.join(" ")
    }

    fn packet(&mut self, event: Event, out: &mut Vec<u8>) {
        let at = event.at;
        let Fact::Depart { packet: id, medium, header, .. } = &event.fact else { return };
        let (id, medium, size) = (*id, *medium, header.size);
        // Our own encoding can be decoded.
        let bytes = STANDARD.decode(&header.bytes).unwrap_or_default();
        let mut comments = self.said();
        let words = self.words;
        tell(words, &self.calls.note(event), at, words.own.before, &mut comments);
        comments.push(self.survey.fate(id).text(at, words));
        if let Some(after) = self.survey.after.get(&id) {
            tell(words, after, at, words.own.after, &mut comments);
        }
        let interface = match medium {
            Medium::Wire => 0,
            Medium::Loopback => 1,
        };
        let PacketId(id) = id;
        let comments = &comments;
        block::packet(out, &Captured { interface, at, bytes: &bytes, size, id, comments });
    }

    /// What is said before a packet's own comments: what is missing between it and the last one.
    fn said(&mut self) -> Vec<String> {
        let words = self.words;
        let counted = |text: &str, number: u64| {
            (number > 0).then(|| fill(text, &[("number", &number.to_string())]))
        };
        let missed = counted(words.own.missed_before, std::mem::take(&mut self.missed));
        let sums = std::mem::take(&mut self.sums);
        let more = counted(words.own.more_directions, sums.len().saturating_sub(SUMS) as u64);
        let sums = sums.into_values().take(SUMS).map(|(sum, until)| words.sum(&sum, until));
        let asides = std::mem::take(&mut self.asides);
        missed.into_iter().chain(asides).chain(sums).chain(more).collect()
    }

    fn sum(&mut self, new: Summary, until: u64) {
        let key = (new.from.clone(), new.to.clone(), new.protocol);
        let Some((sum, last)) = self.sums.get_mut(&key) else {
            self.sums.insert(key, (new, until));
            return;
        };
        *last = until;
        sum.packets += new.packets;
        sum.bytes += new.bytes;
        sum.arrived += new.arrived;
        sum.lost += new.lost;
        sum.acks += new.acks;
        sum.retransmissions += new.retransmissions;
    }

    /// What stands before all packets.
    pub(super) fn begin(&self) -> Vec<u8> {
        let out = &mut Vec::new();
        let application = concat!("Socketscope ", env!("CARGO_PKG_VERSION"));
        block::section(out, application, &self.summary());
        let words = self.words.own;
        let loopback = if self.hosts.is_empty() { words.own_loopback } else { words.loopbacks };
        block::interface(out, "wire", words.wire, SNAP_LENGTH);
        block::interface(out, "loopback", loopback, SNAP_LENGTH);
        let names = self.hosts.iter().map(|host| (host.address.octets(), host.host.as_str()));
        block::names(out, names);
        std::mem::take(out)
    }

    /// What there is to write once `event` has happened.
    pub(super) fn event(&mut self, event: Event, out: &mut Vec<u8>) {
        match &event.fact {
            Fact::Depart { .. } => self.packet(event, out),
            Fact::Summary(sum) => self.sum((**sum).clone(), event.at),
            Fact::Gap { missed } => self.missed += missed,
            Fact::Unseen { host, packets } if self.asides.len() < SUMS => {
                self.asides.push(unseen_text(host.as_ref(), *packets, self.words.page));
            }
            Fact::Disorder { what } if self.asides.len() < SUMS => {
                self.asides.push(fill(self.words.page.lab.disorder, &[("what", what)]));
            }
            Fact::Program { .. } | Fact::Enter { .. } | Fact::Return { .. } => {
                self.calls.note(event);
            }
            // A packet's own comment tells its fate; a host's name stands in front; the rest is not for here.
            Fact::Unseen { .. }
            | Fact::Disorder { .. }
            | Fact::Host { .. }
            | Fact::Arrive { .. }
            | Fact::Lose { .. }
            | Fact::Hold { .. }
            | Fact::Wire(_)
            | Fact::Ready(_)
            | Fact::At { .. }
            | Fact::Output { .. }
            | Fact::Exit { .. }
            | Fact::Lesson(_)
            | Fact::State(_) => {}
        }
    }
}

/// Adds calls to the comments of a packet that departed at `at`, with how long before or after that was: as `side` says.
fn tell(words: Words, told: &Told, at: u64, side: &str, comments: &mut Vec<String>) {
    if told.dropped > 0 {
        comments.push(fill(words.own.calls_before, &[("number", &told.dropped.to_string())]));
    }
    let line = |call: &Event| {
        let text = words.call(&call.fact)?;
        Some(fill(side, &[("time", &duration(call.at.abs_diff(at))), ("call", &text)]))
    };
    comments.extend(told.events.iter().filter_map(line));
}
