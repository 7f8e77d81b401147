//! How many packets are told one by one, and how many sockets are asked about. Pure: the time is handed in.

/// Packets a second that are told one by one: more than anyone can read, few enough to record.
const TOLD_PER_SECOND: u64 = 5_000;
/// Packets that are told one by one at once: the thousand segments of a large `send` are.
const TOLD_AT_ONCE: u64 = 10_000;

/// States a second that are asked for after what changed them. One takes about 10 µs.
const LOOKS_PER_SECOND: u64 = 4_000;
const LOOKS_AT_ONCE: u64 = 4_000;

const SECOND: u64 = 1_000_000_000;

/// So many at once, and so many a second after that. What is too much takes what flows in, too: so it stays shut under a
/// load, and opens a while after the load has gone, rather than letting through a piece now and then.
pub(super) struct Bucket {
    per_second: u64,
    most: u64,
    tokens: u64,
    filled_at: u64,
    shut: bool,
}

impl Bucket {
    pub(super) fn of_packets() -> Self {
        Self::new(TOLD_PER_SECOND, TOLD_AT_ONCE)
    }

    pub(super) fn of_looks() -> Self {
        Self::new(LOOKS_PER_SECOND, LOOKS_AT_ONCE)
    }

    fn new(per_second: u64, most: u64) -> Self {
        Self { per_second, most, tokens: most, filled_at: 0, shut: false }
    }

    /// Whether one more at `now` (nanoseconds) is within the measure.
    pub(super) fn take(&mut self, now: u64) -> bool {
        let due = self.due(now);
        if due > 0 || now < self.filled_at {
            // Where the machine's clock was set back, it is filled by that from now on.
            self.tokens = self.most.min(self.tokens + due);
            self.filled_at = now;
        }
        if self.tokens == 0 {
            self.shut = true;
        } else if self.tokens > self.most / 10 {
            self.shut = false;
        }
        self.tokens = self.tokens.saturating_sub(1);
        !self.shut
    }

    /// Whether all that is still to be taken with a time up to `now` will be too much: it has been so far, and time alone
    /// has not yet opened it.
    pub(super) fn stays_shut(&self, now: u64) -> bool {
        self.shut && now >= self.filled_at && self.tokens + self.due(now) <= self.most / 10
    }

    /// What has flowed in since it was filled last.
    fn due(&self, now: u64) -> u64 {
        now.saturating_sub(self.filled_at).min(SECOND * 10) * self.per_second / SECOND
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_opens_when_the_load_has_gone() {
        let mut bucket = Bucket::new(1_000, 50);
        let taken = |bucket: &mut Bucket, now| (0..100).filter(|_| bucket.take(now)).count();
        assert_eq!(taken(&mut bucket, SECOND), 50);
        // The load goes on, a hundred in each 3 ms.
        assert_eq!(taken(&mut bucket, SECOND + 3_000_000), 0);
        assert_eq!(taken(&mut bucket, SECOND + 6_000_000), 0);
        assert!(bucket.stays_shut(SECOND + 7_000_000));
        assert_eq!(taken(&mut bucket, SECOND * 60), 50);
        assert!(bucket.stays_shut(SECOND * 60 + 5_000_000));
        assert!(!bucket.stays_shut(SECOND * 60 + 6_000_000), "the next is told again");
        // The clock is set back.
        assert_eq!(taken(&mut bucket, SECOND), 0);
        assert_eq!(taken(&mut bucket, SECOND * 2), 50);
    }
}
