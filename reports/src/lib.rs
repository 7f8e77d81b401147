//! What an observed program reports of its socket calls, and how it gets to the server: through memory that both have, so
//! that a report costs the program no system call. The observer (in the program) writes it, the server reads it.

mod memory;
mod report;
mod ring;

pub use memory::Memory;
pub use report::{Kind, Report, TEXT};
pub use ring::{Nonsense, Ring, WAITING};

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds of a clock that never steps and that all processes have alike (clock_gettime(2), CLOCK_MONOTONIC): what one
/// of them did before another has the smaller number.
pub fn turn() -> u64 {
    nanoseconds(ClockId::Monotonic)
}

/// Nanoseconds since 1970 (CLOCK_REALTIME), as the journal has them.
pub fn now() -> u64 {
    nanoseconds(ClockId::Realtime)
}

fn nanoseconds(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
