//! Packets for Wireshark: each as it departed, with what became of it, and the calls around it, as comments.

mod block;

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use socketscope_diagram::{
    format::duration,
    scene::unseen_text,
    wording::{EN, fill},
};
use socketscope_protocol::{
    Event, Fact, HostView, Medium, PacketId, Protocol, RoomView, Rung, Summary,
    limits::PACKET_BYTES,
};

use super::{
    Survey, Writer,
    calls::{Calls, Told},
    words,
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
    /// Packets since the last one that are not told one by one, by direction, each with when the last of them departed.
    sums: BTreeMap<(String, String, Protocol), (Summary, u64)>,
    /// Events since the last packet that are no longer kept.
    missed: u64,
    /// Violations of the order, and packets that were not seen, since the last packet.
    asides: Vec<String>,
}

impl Pcapng {
    pub(super) fn new(room: RoomView, survey: Survey) -> Self {
        Self {
            room: room.name.to_string(),
            rung: room.rung,
            hosts: room.hosts,
            survey,
            calls: Calls::default(),
            sums: BTreeMap::new(),
            missed: 0,
            asides: Vec::new(),
        }
    }

    /// What the whole file is, for whoever asks for its properties.
    fn summary(&self) -> String {
        let Survey { packets, summed, missed, .. } = &self.survey;
        let mut text =
            format!("Room {:?}. {packets} packets by the time of their departure.", self.room);
        if *summed > 0 {
            text.push_str(&format!(
                " {summed} more were too many to be told one by one: comments tell their sums."
            ));
        }
        if *missed > 0 {
            text.push_str(&format!(" {missed} earlier events are no longer kept."));
        }
        if self.hosts.is_empty() {
            text.push_str(match self.rung {
                Rung::Capture => {
                    " The room has no lab: these are its packets on this machine's loopback."
                }
                _ => " The room has no lab, and its packets were not captured.",
            });
        }
        text
    }

    fn packet(&mut self, event: Event, out: &mut Vec<u8>) {
        let at = event.at;
        let Fact::Depart { packet: id, medium, header, .. } = &event.fact else { return };
        let (id, medium, size) = (*id, *medium, header.size);
        // Our own encoding can be decoded.
        let bytes = STANDARD.decode(&header.bytes).unwrap_or_default();
        let mut comments = self.said();
        tell(&self.calls.note(event), at, "before", &mut comments);
        comments.push(self.survey.fate(id).text(at));
        if let Some(after) = self.survey.after.get(&id) {
            tell(after, at, "after", &mut comments);
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
        let missed = std::mem::take(&mut self.missed);
        let missed =
            (missed > 0).then(|| format!("{missed} events before this are no longer kept"));
        let sums = std::mem::take(&mut self.sums);
        let more = sums.len().saturating_sub(SUMS);
        let more = (more > 0).then(|| format!("so were packets of {more} more directions"));
        let sums = sums.into_values().take(SUMS).map(|(sum, until)| words::sum(&sum, until));
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
}

impl Writer for Pcapng {
    fn begin(&mut self, out: &mut Vec<u8>) {
        let application = concat!("Socketscope ", env!("CARGO_PKG_VERSION"));
        block::section(out, application, &self.summary());
        let loopback = if self.hosts.is_empty() {
            "This machine's loopback device"
        } else {
            "The hosts' own loopback devices"
        };
        block::interface(out, "wire", "The wire between the lab's hosts", SNAP_LENGTH);
        block::interface(out, "loopback", loopback, SNAP_LENGTH);
        let names = self.hosts.iter().map(|host| (host.address.octets(), host.host.as_str()));
        block::names(out, names);
    }

    fn event(&mut self, event: Event, out: &mut Vec<u8>) {
        match &event.fact {
            Fact::Depart { .. } => self.packet(event, out),
            Fact::Summary(sum) => self.sum((**sum).clone(), event.at),
            Fact::Gap { missed } => self.missed += missed,
            Fact::Unseen { host, packets } if self.asides.len() < SUMS => {
                self.asides.push(unseen_text(host.as_ref(), *packets, &EN));
            }
            Fact::Disorder { what } if self.asides.len() < SUMS => {
                self.asides.push(fill(EN.lab.disorder, &[("what", what)]));
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

    fn end(&mut self, _: &mut Vec<u8>) {}
}

/// Adds calls to the comments of a packet that departed at `at`, with how long before or after that was.
fn tell(told: &Told, at: u64, side: &str, comments: &mut Vec<String>) {
    if told.dropped > 0 {
        comments.push(format!("{} calls before these are told in the .jsonl only", told.dropped));
    }
    let line = |call: &Event| {
        let text = words::call(&call.fact)?;
        Some(format!("{} {side}: {text}", duration(call.at.abs_diff(at))))
    };
    comments.extend(told.events.iter().filter_map(line));
}
