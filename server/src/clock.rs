//! The one clock of all events.

use std::time::{SystemTime, UNIX_EPOCH};

/// Nanoseconds since 1970 by CLOCK_REALTIME, the clock that the kernel stamps packets with.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
