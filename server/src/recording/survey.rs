//! The first look at a journal: what became of each packet, and what is told after the last one.

use std::collections::HashMap;

use socketscope_diagram::{format::duration, wording::fill};
use socketscope_protocol::{Event, Fact, Loss, PacketId};

use super::{
    Span,
    calls::{Calls, Told},
    events,
    words::Words,
};

/// What became of a packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Fate {
    /// Whether the wire held it.
    pub(super) held: bool,
    /// When it arrived or was lost (nanoseconds since 1970), and why it was lost.
    pub(super) end: Option<(u64, Option<Loss>)>,
    /// When the wire's duplicate of it arrived.
    pub(super) copy: Option<u64>,
}

/// What is known of a journal before any of it is written.
#[derive(Default)]
pub(super) struct Survey {
    fates: HashMap<PacketId, Fate>,
    /// Calls after the last packet of their host, by that packet.
    pub(super) after: HashMap<PacketId, Told>,
    /// Packets that are told one by one.
    pub(super) packets: u64,
    /// Packets that are told in sums.
    pub(super) summed: u64,
    /// Events that the journal has no more.
    pub(super) missed: u64,
}

impl Survey {
    pub(super) fn of(span: &Span) -> Self {
        let mut survey = Self::default();
        let mut calls = Calls::default();
        for batch in span.clone() {
            for event in events(&batch) {
                survey.note(&event);
                calls.note(event);
            }
        }
        survey.after = calls.after_the_last_packets();
        survey
    }

    /// What became of a packet.
    pub(super) fn fate(&self, packet: PacketId) -> Fate {
        self.fates.get(&packet).copied().unwrap_or_default()
    }

    fn note(&mut self, event: &Event) {
        match &event.fact {
            Fact::Depart { .. } => self.packets += 1,
            Fact::Arrive { packet, copy: false } => {
                self.of_packet(*packet).end = Some((event.at, None))
            }
            Fact::Arrive { packet, copy: true } => self.of_packet(*packet).copy = Some(event.at),
            Fact::Lose { packet, why } => {
                self.of_packet(*packet).end = Some((event.at, Some(*why)))
            }
            Fact::Hold { packet } => self.of_packet(*packet).held = true,
            Fact::Summary(sum) => self.summed += sum.packets,
            Fact::Gap { missed } => self.missed += missed,
            Fact::Host { .. }
            | Fact::Program { .. }
            | Fact::Enter { .. }
            | Fact::Return { .. }
            | Fact::Wire(_)
            | Fact::Ready(_)
            | Fact::At { .. }
            | Fact::Output { .. }
            | Fact::Exit { .. }
            | Fact::Lesson(_)
            | Fact::Unseen { .. }
            | Fact::Disorder { .. }
            | Fact::State(_) => {}
        }
    }

    fn of_packet(&mut self, packet: PacketId) -> &mut Fate {
        self.fates.entry(packet).or_default()
    }
}

impl Fate {
    /// The fate as a sentence without its full stop, for a packet that departed at `departed`.
    pub(super) fn text(self, departed: u64, words: Words) -> String {
        let own = words.own;
        let later = |text: &str, at: u64, why: &str| {
            let time = duration(at.saturating_sub(departed));
            fill(text, &[("time", &time), ("why", why)])
        };
        let mut text = match (self.held, self.end) {
            (false, Some((at, None))) => later(own.arrived, at, ""),
            (true, Some((at, None))) => later(own.delivered, at, ""),
            (false, Some((_, Some(why)))) => words.page.lab.loss(why).to_owned(),
            (true, Some((at, Some(why)))) => {
                later(own.held_then_lost, at, words.page.lab.loss(why))
            }
            (false, None) => own.never_arrived.to_owned(),
            (true, None) => own.still_held.to_owned(),
        };
        if let Some(at) = self.copy {
            text.push_str(&later(own.copied, at, ""));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use socketscope_diagram::wording::Language;

    use super::*;

    #[test]
    fn fates_in_words() {
        let fate = |held, end, copy| Fate { held, end, copy }.text(1_000, Words::of(Language::En));
        assert_eq!(fate(false, Some((22_000, None)), None), "arrived 21 µs later");
        assert_eq!(fate(false, Some((9_000, Some(Loss::Rule))), None), "lost by a rule");
        let delivered = Some((9_400_001_000, None));
        assert_eq!(fate(true, delivered, None), "held, delivered by hand 9.4 s later");
        let lost = Some((1_001_000, Some(Loss::Hand)));
        assert_eq!(fate(true, lost, None), "held, lost by hand 1 ms later");
        assert_eq!(fate(false, None, None), "never arrived so far");
        let twice = "arrived 1 µs later; the wire's duplicate arrived 2 µs later";
        assert_eq!(fate(false, Some((2_000, None)), Some(3_000)), twice);
    }
}
