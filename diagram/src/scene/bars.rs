//! Bars on the apps' lifelines: calls that did not return at once.

use std::ops::Range;

use super::{Bar, View, text::call_text};
use crate::{format::duration, model::CallRecord, rows::Stretch, wording::fill};

/// Nanoseconds from which on a call counts as having waited: 1 ms. What only computes returns much faster.
pub const WAITED: u64 = 1_000_000;

/// Bars of one program stand side by side, up to this many; further ones cover the last.
const SLOTS: u16 = 4;

impl View<'_> {
    /// How far a bar's middle is from its lifeline, towards the kernel.
    pub(super) fn bar_offset(&self, slot: u16) -> f64 {
        f64::from(slot.min(SLOTS - 1)) * self.lanes.metrics.bar * 0.7
    }

    pub(super) fn bars(&self, window: &Range<u64>) -> Vec<Bar> {
        let near = self.rows.near(self.model, window).into_iter();
        let calls = near.filter_map(|it| if let Stretch::Call(id) = it { Some(id) } else { None });
        calls.filter_map(|call| self.bar(self.model.call(call)?, window)).collect()
    }

    fn bar(&self, record: &CallRecord, window: &Range<u64>) -> Option<Bar> {
        let row_of = |seq| self.rows.row_of(seq);
        let enter = record.enter?;
        let top = match enter.seq < self.model.first() {
            true => None,
            false => Some(row_of(enter.seq)?),
        };
        let open = record.waits();
        let bottom = match (record.returned, record.lost) {
            (Some(returned), _) => Some(row_of(returned.seq)?),
            // A gap has a row; where a program's end has none, the next row above it stands for it.
            (None, Some(lost)) => Some(self.rows.row_at(lost)?),
            (None, None) => None,
        };
        let reaches = top.is_none_or(|top| top < window.end)
            && bottom.is_none_or(|bottom| bottom >= window.start);
        if !reaches || window.is_empty() || top.is_some() && top == bottom {
            return None;
        }
        let (app, kernel) = self.lanes_of(record.program)?;
        let toward = if app < kernel { 1.0 } else { -1.0 };
        let metrics = &self.lanes.metrics;
        let middle = app + toward * self.bar_offset(record.slot);
        let arrow = |row| self.y(row) + super::row::ARROW;
        let elapsed = if open { Some(self.now.saturating_sub(enter.at)) } else { record.took() };
        let words = &self.wording.diagram;
        let time = elapsed.map(duration);
        let state = match &time {
            Some(time) => fill(if open { words.waiting } else { words.took }, &[("time", time)]),
            None => words.unknown_end.to_owned(),
        };
        Some(Bar {
            call: record.id,
            program: record.program,
            x: middle - metrics.bar / 2.0,
            width: metrics.bar,
            top: top.map_or(0.0, arrow),
            bottom: bottom.map_or_else(|| self.y(self.rows.end()), arrow),
            waiting: elapsed.is_none_or(|elapsed| open || elapsed >= WAITED),
            open,
            elapsed,
            name: format!("{}: {state}", call_text(self.model, record)),
        })
    }
}
