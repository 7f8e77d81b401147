//! What a program has written, line by line: the last lines, and how many were dropped before them.

use std::collections::VecDeque;

use socketscope_protocol::Stream;

/// Lines that are kept: a console that one can still read through.
const LINES: usize = 200;

/// Bytes that are kept, whatever the lines are like.
const BYTES: usize = 16 * 1024;

/// Bytes of a line, after which it goes on in another one: a program that never ends its line must not fill everything.
const LINE: usize = 2 * 1024;

/// The last lines that a program has written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    lines: VecDeque<Written>,
    bytes: usize,
    cut: u64,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The event that wrote the last piece of it.
    pub seq: u64,
    /// Where to.
    pub stream: Stream,
    /// What, without the line's end.
    pub text: String,
    /// Whether it has ended: what is written next begins another one.
    ended: bool,
}

impl Output {
    /// The lines that are kept, each with its number among all that were written.
    pub fn lines(&self) -> impl Iterator<Item = (u64, &Written)> {
        self.lines.iter().enumerate().map(|(at, line)| (self.cut + at as u64, line))
    }

    /// How many earlier lines are no longer kept.
    pub fn cut(&self) -> u64 {
        self.cut
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.cut == 0
    }

    pub(super) fn write(&mut self, seq: u64, stream: Stream, text: &str) {
        for piece in text.split_inclusive('\n') {
            self.add(seq, stream, piece.trim_end_matches(['\n', '\r']), piece.ends_with('\n'));
        }
        while self.lines.len() > LINES || self.bytes > BYTES {
            self.drop_first();
        }
    }

    fn add(&mut self, seq: u64, stream: Stream, text: &str, ended: bool) {
        let mut rest = text;
        let goes_on = |last: &Written| !last.ended && last.stream == stream;
        if !self.lines.back().is_some_and(goes_on) {
            self.lines.push_back(Written { seq, stream, text: String::new(), ended: false });
        }
        while let Some(last) = self.lines.back_mut() {
            let room = LINE.saturating_sub(last.text.len());
            let fits = (0..=rest.len().min(room)).rev().find(|at| rest.is_char_boundary(*at));
            let (now, later) = rest.split_at(fits.unwrap_or(0));
            last.text.push_str(now);
            (last.seq, last.ended) = (seq, ended || !later.is_empty());
            self.bytes += now.len();
            if later.is_empty() {
                return;
            }
            rest = later;
            self.lines.push_back(Written { seq, stream, text: String::new(), ended: false });
            // One event may bring megabytes: they must not be kept even for a moment.
            while self.bytes > BYTES {
                self.drop_first();
            }
        }
    }

    /// What the event `seq` and earlier ones wrote is no longer kept.
    pub(super) fn forget(&mut self, seq: u64) {
        while self.lines.front().is_some_and(|line| line.seq <= seq) {
            self.drop_first();
        }
    }

    fn drop_first(&mut self) {
        if let Some(line) = self.lines.pop_front() {
            self.bytes -= line.text.len();
            self.cut += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(output: &Output) -> Vec<&str> {
        output.lines().map(|(_, line)| line.text.as_str()).collect()
    }

    #[test]
    fn pieces_make_lines() {
        let mut output = Output::default();
        output.write(1, Stream::Stdout, "wait");
        output.write(2, Stream::Stdout, "ing\r\nnext\n\n");
        output.write(3, Stream::Stderr, "Traceback\n");
        assert_eq!(shown(&output), ["waiting", "next", "", "Traceback"]);
        assert_eq!(output.lines().last().map(|(_, line)| line.stream), Some(Stream::Stderr));
    }

    #[test]
    fn the_last_lines_are_kept_and_the_others_counted() {
        let mut output = Output::default();
        for seq in 0..500 {
            output.write(seq, Stream::Stdout, "line\n");
        }
        assert_eq!((output.lines().count(), output.cut()), (LINES, 300));
        assert_eq!(output.lines().next().map(|(number, _)| number), Some(300));
    }

    #[test]
    fn a_line_without_an_end_is_bounded() {
        let mut output = Output::default();
        for seq in 0..10 {
            output.write(seq, Stream::Stdout, &"é".repeat(50_000));
        }
        let bytes: usize = output.lines().map(|(_, line)| line.text.len()).sum();
        assert!(bytes <= BYTES && output.cut() > 100, "{bytes}");
        assert_eq!(bytes, output.bytes);
    }

    #[test]
    fn output_goes_with_its_events() {
        let mut output = Output::default();
        output.write(1, Stream::Stdout, "one\n");
        output.write(2, Stream::Stdout, "two\n");
        output.forget(1);
        assert_eq!((shown(&output), output.cut()), (vec!["two"], 1));
    }
}
