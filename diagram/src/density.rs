//! How many events happened when, in a bounded number of bins: for the strip below the diagram. Costs a constant amount an event.

use std::collections::VecDeque;

/// Bins at most: more than the strip has pixels on all but the widest screens.
const BINS: usize = 2048;

/// Nanoseconds of a bin at first: a millisecond.
const FINEST: u64 = 1_000_000;

/// Counts of events over time. When the bins do not reach, each two become one.
#[derive(Clone, Debug)]
pub struct Density {
    /// Where the first bin begins, in nanoseconds since 1970.
    start: u64,
    width: u64,
    bins: VecDeque<u32>,
    last: u64,
}

impl Default for Density {
    fn default() -> Self {
        Self { start: 0, width: FINEST, bins: VecDeque::new(), last: 0 }
    }
}

impl Density {
    /// Counts an event at `at`. One that is earlier than everything counts as the earliest.
    pub fn add(&mut self, at: u64) {
        if self.bins.is_empty() {
            self.start = at;
        }
        self.last = self.last.max(at);
        let since = at.saturating_sub(self.start);
        while since / self.width >= BINS as u64 {
            self.halve();
        }
        let bin = (since / self.width) as usize;
        if bin >= self.bins.len() {
            self.bins.resize(bin + 1, 0);
        }
        self.bins[bin] = self.bins[bin].saturating_add(1);
    }

    /// Forgets the bins that end before `at`.
    pub fn forget_before(&mut self, at: u64) {
        let over = (at.saturating_sub(self.start) / self.width) as usize;
        let over = over.min(self.bins.len());
        self.bins.drain(..over);
        self.start += over as u64 * self.width;
    }

    /// From when to when, in nanoseconds since 1970; nothing before the first event.
    pub fn span(&self) -> Option<(u64, u64)> {
        (!self.bins.is_empty()).then_some((self.start, self.last.max(self.start + FINEST)))
    }

    /// Counts for `columns` columns of equal width over the span.
    pub fn columns(&self, columns: usize) -> Vec<u32> {
        let mut counts = vec![0_u32; columns];
        let Some((start, end)) = self.span() else { return counts };
        let span = (end - start).max(1);
        for (bin, count) in self.bins.iter().enumerate() {
            let at = bin as u128 * u128::from(self.width) * columns as u128 / u128::from(span);
            if let Some(column) = counts.get_mut((at as usize).min(columns.saturating_sub(1))) {
                *column = column.saturating_add(*count);
            }
        }
        counts
    }

    fn halve(&mut self) {
        let pair =
            |at: usize| self.bins[at].saturating_add(self.bins.get(at + 1).copied().unwrap_or(0));
        self.bins = (0..self.bins.len()).step_by(2).map(pair).collect();
        self.width *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_when_time_goes_on() {
        let mut density = Density::default();
        let hour = 3_600_000_000_000;
        for n in 0..1000 {
            density.add(hour + n * n * 10_000_000);
        }
        assert!(density.bins.len() <= BINS);
        assert_eq!(density.columns(700).iter().sum::<u32>(), 1000);
    }

    #[test]
    fn what_is_forgotten_is_not_in_the_span() {
        let mut density = Density::default();
        for n in 0..100 {
            density.add(n * FINEST);
        }
        density.forget_before(50 * FINEST);
        assert_eq!(density.span(), Some((50 * FINEST, 99 * FINEST)));
        assert_eq!(density.columns(10).iter().sum::<u32>(), 50);
    }
}
