//! How long a viewer holds off after a message. Pure: numbers in, a time out.
//!
//! One write a message is what makes fan-out dear, and what came in the meantime goes in one. So a viewer that was idle
//! gets an event at once, and one that has just been written to waits for its turn: together they take at most a known
//! share of the machine from the programs that they watch, however many they are.

use std::time::Duration;

/// A message's share. Its system call takes about as long (8 µs, measured), so that viewers never fill more than a core.
const MESSAGE: Duration = Duration::from_micros(8);

/// A byte's share: eight times what copying it takes (0.5 ns, measured). Under a load that fills messages the programs
/// keep the machine, and viewers follow a little later.
const NANOS_A_BYTE: u64 = 4;

/// The shortest turn. The runtime's timer makes it a millisecond or so; nobody sees that, and writing more often would
/// take the processor from those who are watched.
const SHORTEST: Duration = Duration::from_micros(200);

/// How long to hold off after a message of `bytes` bytes, in a room with this many viewers.
pub(super) fn hold_off(bytes: usize, viewers: usize) -> Duration {
    let share = MESSAGE + Duration::from_nanos(bytes as u64 * NANOS_A_BYTE);
    share.saturating_mul(u32::try_from(viewers).unwrap_or(u32::MAX)).max(SHORTEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_viewers_hold_off_a_moment_and_many_a_frame() {
        assert_eq!(hold_off(300, 1), SHORTEST);
        let hundred = hold_off(300, 100);
        assert!(hundred < Duration::from_millis(2), "{hundred:?}");
        let thousand = hold_off(2_000, 1_000);
        assert!(
            (Duration::from_millis(8)..Duration::from_millis(17)).contains(&thousand),
            "{thousand:?}"
        );
    }

    #[test]
    fn full_messages_leave_the_machine_to_the_programs() {
        let full = hold_off(64 * 1024, 30);
        assert!((Duration::from_millis(4)..Duration::from_millis(17)).contains(&full), "{full:?}");
    }
}
