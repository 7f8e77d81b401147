//! The journal's memory: encoded events in blocks, oldest dropped a block at a time. No locks, no waiting.

use std::collections::VecDeque;

use socketscope_protocol::{Event, Fact};

/// A block is closed once it has this many bytes: what a viewer is sent at once, and what is dropped at once.
const BLOCK_BYTES: usize = 64 * 1024;

/// Consecutive events, one JSON object a line, with a line feed after each.
struct Block {
    first: u64,
    text: Vec<u8>,
    /// Where each event's line ends in `text`.
    ends: Vec<u32>,
}

/// The events of a journal, as many as it keeps.
pub(super) struct Log {
    blocks: VecDeque<Block>,
    next: u64,
    bytes: usize,
    limit: usize,
}

/// What a reader gets.
#[derive(Debug, PartialEq, Eq)]
pub struct Batch {
    /// One JSON object a line, with a line feed after each but the last. Empty where there was nothing to read.
    pub text: String,
    /// The number to ask for next.
    pub next: u64,
    /// How many events stand in it, a `gap` not counted.
    pub events: u64,
    /// How many were asked for and are no longer there: what a `gap` in front of it says.
    pub missed: u64,
}

impl Log {
    pub(super) fn new(limit: usize) -> Self {
        Self { blocks: VecDeque::new(), next: 1, bytes: 0, limit }
    }

    pub(super) fn next(&self) -> u64 {
        self.next
    }

    pub(super) fn first(&self) -> u64 {
        self.blocks.front().map_or(self.next, |block| block.first)
    }

    /// Adds `event`, whose number must be [`Log::next`], and drops old blocks where that makes too much.
    pub(super) fn push(&mut self, event: &Event) {
        debug_assert_eq!(event.seq, self.next);
        if self.blocks.back().is_none_or(|block| block.text.len() >= BLOCK_BYTES) {
            // A quiet room's only block grows as it needs; a busy one's are not moved about while they grow.
            let room = if self.blocks.is_empty() { 0 } else { BLOCK_BYTES + BLOCK_BYTES / 16 };
            let text = Vec::with_capacity(room);
            self.blocks.push_back(Block { first: self.next, text, ends: Vec::new() });
        }
        let Some(block) = self.blocks.back_mut() else { return };
        let before = block.text.len();
        if event.write_json(&mut block.text).is_err() {
            // An event is numbers and text: it can always be encoded. Were it not, a stated gap keeps the numbers whole.
            block.text.truncate(before);
            gap(event.seq, event.at, 1, &mut block.text);
        }
        block.text.push(b'\n');
        block.ends.push(block.text.len() as u32);
        self.bytes += block.text.len() - before;
        self.next += 1;
        while self.bytes > self.limit && self.blocks.len() > 1 {
            self.bytes -= self.blocks.pop_front().map_or(0, |block| block.text.len());
        }
    }

    pub(super) fn read(&self, from: u64, bytes: usize) -> Batch {
        let from = from.clamp(1, self.next);
        let mut text = Vec::new();
        let start = from.max(self.first());
        if start > from {
            gap(start - 1, crate::clock::now(), start - from, &mut text);
            text.push(b'\n');
        }
        let mut next = start;
        let at = self.blocks.partition_point(|block| block.first <= start).saturating_sub(1);
        for block in self.blocks.iter().skip(at) {
            let skipped = (next - block.first) as usize;
            let begin = skipped.checked_sub(1).map_or(0, |last| block.ends[last] as usize);
            let room = begin + bytes.saturating_sub(text.len());
            let fits = block.ends.partition_point(|&end| end as usize <= room);
            // One event goes even where it alone is too much, or a reader would never get past it.
            let least = if next == start { skipped + 1 } else { skipped };
            let taken = fits.max(least).min(block.ends.len());
            let Some(end) = taken.checked_sub(1).map(|last| block.ends[last] as usize) else {
                break;
            };
            if end > begin {
                text.extend_from_slice(&block.text[begin..end]);
            }
            next = block.first + taken as u64;
            if taken < block.ends.len() {
                break;
            }
        }
        text.pop();
        let text = String::from_utf8(text).unwrap_or_default();
        Batch { text, next, events: next - start, missed: start - from }
    }
}

fn gap(seq: u64, at: u64, missed: u64, out: &mut Vec<u8>) {
    // Three numbers: there is nothing that could not be written.
    let _ = Event { seq, at, fact: Fact::Gap { missed } }.write_json(out);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use socketscope_protocol::{Change, ProgramName};

    use super::*;

    fn event(seq: u64, name: &str) -> Event {
        let program = ProgramName::new(name).expect("a valid name");
        Event {
            seq,
            at: seq,
            fact: Fact::Program { program, host: None, change: Change::Ended(vec![]) },
        }
    }

    fn filled(events: u64, limit: usize) -> Log {
        let mut log = Log::new(limit);
        for seq in 1..=events {
            log.push(&event(seq, &"x".repeat(1 + seq as usize % 40)));
        }
        log
    }

    fn parse(batch: &Batch) -> Vec<Event> {
        batch.text.lines().map(|line| serde_json::from_str(line).expect("an event")).collect()
    }

    #[test]
    fn nothing_to_read() {
        let log = Log::new(1000);
        assert_eq!(log.read(1, 100), Batch { text: String::new(), next: 1, events: 0, missed: 0 });
        assert_eq!(filled(3, 10_000).read(9, 100).next, 4);
    }

    #[test]
    fn the_oldest_are_dropped_and_said_to_be() {
        let log = filled(20_000, 2 * BLOCK_BYTES);
        assert!(log.bytes <= 2 * BLOCK_BYTES && log.first() > 1);
        let batch = log.read(1, 10_000);
        let events = parse(&batch);
        assert_eq!(batch.missed, log.first() - 1);
        assert_eq!(events[0].fact, Fact::Gap { missed: log.first() - 1 });
        assert_eq!(events[0].seq + 1, events[1].seq);
    }

    proptest! {
        /// Whatever cuts a reader makes, it gets each event once and in order.
        #[test]
        fn resuming_neither_loses_nor_repeats(
            events in 1u64..3_000,
            cuts in prop::collection::vec(1usize..40_000, 1..50),
            from in 1u64..3_000,
        ) {
            let log = filled(events, usize::MAX);
            let mut cuts = cuts.into_iter().cycle();
            let (mut next, mut got) = (from, Vec::new());
            while next <= events {
                let batch = log.read(next, cuts.next().unwrap_or(1));
                prop_assert!(batch.next > next);
                next = batch.next;
                got.extend(parse(&batch).iter().map(|event| event.seq));
            }
            prop_assert_eq!(got, (from..=events).collect::<Vec<_>>());
        }
    }
}
