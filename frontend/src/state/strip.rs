//! The strip's view of a room: parts of its time from 0 to 1, and the way from them to rows.

use socketscope_diagram::{
    format::{count, wall_clock},
    wording::fill,
};

use super::Room;
use crate::{browser, reactive::untrack, words::words};

impl Room {
    /// From where to where in the room's time the rows that are seen reach.
    pub(crate) fn seen_part(self) -> (f64, f64) {
        self.look();
        let (top, seen, rows) = untrack(|| (self.top_row(), self.stage.rows_seen(), self.rows()));
        let last = rows.end.saturating_sub(1);
        let at = |row: f64| self.row_time((row.max(0.0) as u64).clamp(rows.start, last));
        let Some((start, end)) = self.density(|density| density.span()) else { return (0.0, 1.0) };
        let part = |at: u64| at.saturating_sub(start) as f64 / (end - start).max(1) as f64;
        match (at(top), at(top + seen)) {
            (Some(from), Some(to)) => (part(from).min(1.0), part(to).clamp(0.0, 1.0)),
            _ => (0.0, 1.0),
        }
    }

    /// Scrolls so that the moment at `part` of the room's time is in the middle.
    pub(crate) fn look_at_part(self, part: f64) {
        let Some((start, end)) = self.density(|density| density.span()) else { return };
        let at = start + ((end - start) as f64 * part.clamp(0.0, 1.0)) as u64;
        let rows = untrack(|| self.rows());
        let (mut low, mut high) = (rows.start, rows.end);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.row_time(middle).is_some_and(|time| time < at) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        let half = untrack(|| self.stage.rows_seen()) / 2.0;
        self.look_at_or_follow(low as f64 - half);
    }

    /// Scrolls to `position`, or follows where that is the end.
    pub(crate) fn look_at_or_follow(self, position: f64) {
        let (rows, seen) = untrack(|| (self.rows(), self.stage.rows_seen()));
        if position + seen >= rows.end as f64 {
            self.follow()
        } else {
            self.look_at(position.max(0.0))
        }
    }

    /// The time at the upper edge, for who cannot see the strip.
    pub(crate) fn seen_text(self) -> String {
        self.look();
        let at = self.row_time(untrack(|| self.top_row()) as u64);
        at.map(|at| wall_clock(at, browser::minutes_ahead_of_utc())).unwrap_or_default()
    }

    /// How many events there are.
    pub(crate) fn count_text(self) -> String {
        let events = self.read(|model| (model.head() + 1).saturating_sub(model.first()));
        fill(words().events, &[("count", &count(events))])
    }

    /// Looks again when the visitor scrolls, and some times a second while rows arrive.
    fn look(self) {
        self.calm.track();
        self.stage.position.track();
        self.stage.follow.track();
        self.stage.size.track();
    }

    fn row_time(self, row: u64) -> Option<u64> {
        self.inner.with(|inner| {
            let row = inner.rows.get(row)?;
            inner.model.event(row.seq).map(|event| event.at)
        })
    }
}
