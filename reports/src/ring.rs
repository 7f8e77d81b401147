//! The way of reports from one program to the server: a ring of words that the program writes and the server reads. Each side
//! counts the words that it is done with, and believes nothing of what the other says without a look.

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    sync::atomic::{
        AtomicU64,
        Ordering::{Acquire, Relaxed, Release},
    },
};

use crate::{
    memory::Memory,
    report::{HEAD, Head, Report},
};

/// Words of reports that wait to be read: some two thousand reports. Only what is used of it is taken from the machine.
const RING: usize = 32 * 1024;

/// Reports that wait in one ring at most.
pub const WAITING: usize = RING / HEAD;

/// Where in the memory what stands: 1 while calls need a permission, and how many words the server has read; in another
/// line of the cache, how many the program has written; then the ring.
const NEEDED: usize = 0;
const READ: usize = 1;
const WRITTEN: usize = 8;
const FIRST: usize = 16;

/// The ring of one program.
#[derive(Debug)]
pub struct Ring(Memory);

/// What was written was no report; it is skipped with all behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nonsense;

impl Ring {
    /// The server's side, and the file by which the program opens its own.
    ///
    /// # Errors
    /// Where the system lets us have no more memory or descriptors.
    pub fn new() -> io::Result<(Self, OwnedFd)> {
        let (memory, file) = Memory::new(FIRST + RING)?;
        Ok((Self(memory), file))
    }

    /// The program's side.
    ///
    /// # Errors
    /// Where the file is not one of [`Ring::new`].
    pub fn open(file: impl AsFd) -> io::Result<Self> {
        Memory::open(file, FIRST + RING).map(Self)
    }

    /// Whether each call needs a permission.
    pub fn needs_permission(&self) -> bool {
        self.word(NEEDED).load(Acquire) != 0
    }

    /// Lets each call need a permission from now on, or none.
    pub fn need_permission(&self, needed: bool) {
        self.word(NEEDED).store(needed.into(), Release);
    }

    /// Writes a report, whole or not at all: false where there is no room for it. For the program, and only for one of its
    /// threads at a time.
    pub fn put(&self, report: Report<'_>) -> bool {
        let report = report.shortened();
        let begin = self.word(WRITTEN).load(Relaxed);
        let end = begin.wrapping_add(size(report.text.len(), report.shown.len()));
        if end.wrapping_sub(self.word(READ).load(Acquire)) > RING as u64 {
            return false;
        }
        let texts = report.text.chunks(8).chain(report.shown.chunks(8)).map(|bytes| {
            let mut word = [0; 8];
            word[..bytes.len()].copy_from_slice(bytes);
            u64::from_ne_bytes(word)
        });
        for (at, word) in (0..).zip(report.head().into_iter().chain(texts)) {
            self.at(begin.wrapping_add(at)).store(word, Relaxed);
        }
        self.word(WRITTEN).store(end, Release);
        true
    }

    /// When the first report that waits was made, by [`turn`](crate::turn). For the server.
    pub fn first(&self) -> Option<u64> {
        let (read, written) = (self.word(READ).load(Relaxed), self.word(WRITTEN).load(Acquire));
        // What is no report is to be found at once.
        (read != written).then(|| self.fits(read, written).map_or(0, |head| head.turn()))
    }

    /// Takes the first report, whose texts come into `buffer`; none where none waits, or it is of a kind that is not known.
    /// For the server.
    ///
    /// # Errors
    /// Where what was written is no report.
    pub fn take<'a>(&self, buffer: &'a mut Vec<u8>) -> Result<Option<Report<'a>>, Nonsense> {
        let (read, written) = (self.word(READ).load(Relaxed), self.word(WRITTEN).load(Acquire));
        if read == written {
            return Ok(None);
        }
        let found = self.fits(read, written).and_then(|head| Some((head.lengths()?, head)));
        let Some(((text, shown), head)) = found else {
            self.word(READ).store(written, Release);
            return Err(Nonsense);
        };
        let words = size(text, shown);
        buffer.clear();
        for at in HEAD as u64..words {
            buffer.extend(self.at(read.wrapping_add(at)).load(Relaxed).to_ne_bytes());
        }
        self.word(READ).store(read.wrapping_add(words), Release);
        let (first, second) = buffer.split_at(text.div_ceil(8) * 8);
        Ok(head.report(&first[..text], &second[..shown]))
    }

    /// The head of the report at `read`, where a whole one stands there.
    fn fits(&self, read: u64, written: u64) -> Option<Head> {
        let words = written.wrapping_sub(read);
        if !(HEAD as u64..=RING as u64).contains(&words) {
            return None;
        }
        let word = |at: usize| self.at(read.wrapping_add(at as u64)).load(Relaxed);
        let head = Head::new(std::array::from_fn(word));
        let (text, shown) = head.lengths()?;
        (size(text, shown) <= words).then_some(head)
    }

    fn word(&self, at: usize) -> &AtomicU64 {
        &self.0.words()[at]
    }

    fn at(&self, word: u64) -> &AtomicU64 {
        self.word(FIRST + (word % RING as u64) as usize)
    }
}

/// Words of a report with texts of these lengths.
fn size(text: usize, shown: usize) -> u64 {
    (HEAD + text.div_ceil(8) + shown.div_ceil(8)) as u64
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;
    use crate::report::{Kind, TEXT};

    fn report<'a>(number: u32, text: &'a [u8], shown: &'a [u8]) -> Report<'a> {
        let kind = Kind::of((number % 7) as u8).expect("a kind");
        let (at, turn, a, b) = (u64::MAX - 1, u64::from(number), i64::MIN, -1);
        let (call, fd, file, line) = (number as u8, -1 - number as i32, u16::MAX, u32::MAX - 1);
        Report { kind, call, ticket: number, fd, file, line, at, turn, a, b, text, shown }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Put(Vec<u8>, Vec<u8>),
        Take,
        Nonsense(usize, u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        let text = || prop::collection::vec(any::<u8>(), 0..TEXT + 9);
        let least = prop::collection::vec(any::<u8>(), 0..20);
        prop_oneof![
            4 => (text(), text()).prop_map(|(text, shown)| Step::Put(text, shown)),
            4 => (least.clone(), least).prop_map(|(text, shown)| Step::Put(text, shown)),
            6 => Just(Step::Take),
        ]
    }

    fn any_step() -> impl Strategy<Value = Step> {
        let place = prop_oneof![Just(READ), Just(WRITTEN), FIRST..FIRST + 40];
        let nonsense = (place, prop_oneof![any::<u64>(), 0..100u64]);
        prop_oneof![3 => step(), 1 => nonsense.prop_map(|(at, word)| Step::Nonsense(at, word))]
    }

    proptest! {
        /// What was put comes out in its order, however the two take turns and wherever the ring begins anew; what finds no
        /// room is not there at all.
        #[test]
        fn reports_come_as_they_were_put(begin: u64, steps in prop::collection::vec(step(), 0..200)) {
            let (ring, file) = Ring::new().expect("memory");
            let program = Ring::open(&file).expect("the same memory");
            for word in [READ, WRITTEN] {
                ring.word(word).store(begin, Relaxed);
            }
            let (mut waiting, mut number, mut buffer) = (VecDeque::new(), 0, Vec::new());
            for step in steps {
                match step {
                    Step::Put(text, shown) => {
                        number += 1;
                        let put = program.put(report(number, &text, &shown));
                        let most = |text: &[u8]| text.len().min(TEXT);
                        let words = |waiting: &VecDeque<(u32, Vec<u8>, Vec<u8>)>| -> u64 {
                            waiting.iter().map(|(_, text, shown)| size(most(text), most(shown))).sum()
                        };
                        let fits = words(&waiting) + size(most(&text), most(&shown)) <= RING as u64;
                        prop_assert_eq!(put, fits);
                        if put {
                            waiting.push_back((number, text, shown));
                        }
                    }
                    Step::Take => {
                        let first = waiting.front().map(|(number, ..)| u64::from(*number));
                        prop_assert_eq!(ring.first(), first);
                        let expected = waiting.pop_front();
                        let expected =
                            expected.as_ref().map(|(number, text, shown)| report(*number, text, shown));
                        let taken = ring.take(&mut buffer).expect("no nonsense");
                        prop_assert_eq!(taken, expected.map(Report::shortened));
                    }
                    Step::Nonsense(..) => {}
                }
            }
        }

        /// Whatever a program writes into its memory, the server goes on.
        #[test]
        fn nothing_is_too_strange(steps in prop::collection::vec(any_step(), 0..60)) {
            let (ring, _file) = Ring::new().expect("memory");
            let mut buffer = Vec::new();
            for step in steps {
                match step {
                    Step::Put(text, shown) => _ = ring.put(report(1, &text, &shown)),
                    Step::Take => {
                        let waits = ring.first().is_some();
                        let taken = ring.take(&mut buffer);
                        prop_assert!(waits || taken == Ok(None));
                    }
                    Step::Nonsense(at, word) => ring.word(at).store(word, Relaxed),
                }
            }
            while ring.first().is_some() {
                let _ = ring.take(&mut buffer);
            }
        }
    }
}
