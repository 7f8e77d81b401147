//! How often to draw: each frame where that is quick, less often where it is not. Knows no browser; times are handed in.

/// Milliseconds between two frames that are clearly more than one frame's time.
const LATE: f64 = 24.0;

/// Frames that may go by without drawing: the diagram still moves 15 times a second.
const MOST: u32 = 3;

/// Drawings that are in time before the pace quickens.
const STEADY: u32 = 40;

/// Milliseconds of a frame on most screens.
const FRAME: f64 = 1000.0 / 60.0;

/// The pace of drawing.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Something has changed since the last drawing.
    due: bool,
    /// Frames to let go by after a drawing.
    skip: u32,
    /// When it was last drawn.
    drawn: f64,
    /// The last frame, and whether it drew.
    last: f64,
    drew: bool,
    steady: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self { due: false, skip: 0, drawn: f64::MIN, last: f64::MIN, drew: false, steady: 0 }
    }
}

impl Pace {
    /// Whether to draw in the frame that begins at `now` milliseconds, in which something has or has not `changed`.
    /// Nothing where there is nothing to draw. It is asked in the frame after a drawing too, and so learns how long that took.
    pub(crate) fn draws(&mut self, changed: bool, now: f64) -> Option<bool> {
        self.due |= changed;
        if std::mem::take(&mut self.drew) {
            // A tab that is not seen has no frames: that is not slow.
            if (LATE..250.0).contains(&(now - self.last)) {
                (self.skip, self.steady) = ((self.skip + 1).min(MOST), 0);
                // The frames to let go by come after the late one.
                self.drawn = now - FRAME;
            } else {
                self.steady += 1;
            }
            if self.steady > STEADY {
                (self.skip, self.steady) = (self.skip.saturating_sub(1), 0);
            }
        }
        self.last = now;
        if !self.due {
            return None;
        }
        // What comes after a pause is drawn at once, however slow drawing was: it does not come again so soon.
        if now - self.drawn < (f64::from(self.skip) + 0.5) * FRAME {
            return Some(false);
        }
        (self.due, self.drew, self.drawn) = (false, true, now);
        Some(true)
    }
}

/// Milliseconds between two looks at the model from beside the diagram: lists and numbers that change more often cannot
/// be read anyway, and the frames are the diagram's.
const CALM: f64 = 100.0;

/// When what stands beside the diagram is brought up to date.
#[derive(Debug, Default)]
pub(crate) struct Calm {
    last: Option<f64>,
    waits: bool,
}

impl Calm {
    /// Something has changed at `now`: so many milliseconds later it is to be shown. Nothing where that is arranged.
    pub(crate) fn changed(&mut self, now: f64) -> Option<f64> {
        let wait = self.last.map_or(0.0, |last| (last + CALM - now).max(0.0));
        (!std::mem::replace(&mut self.waits, true)).then_some(wait)
    }

    /// It is shown.
    pub(crate) fn shown(&mut self, now: f64) {
        (self.last, self.waits) = (Some(now), false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of `frames` frames draw, when a drawing takes `cost` milliseconds.
    fn drawn(pace: &mut Pace, frames: usize, cost: f64) -> usize {
        let mut now = pace.last.max(0.0) + 16.7;
        let mut count = 0;
        for _ in 0..frames {
            let drew = pace.draws(true, now) == Some(true);
            count += usize::from(drew);
            now += if drew { cost.max(16.7) } else { 16.7 };
        }
        count
    }

    #[test]
    fn quick_drawing_is_done_in_each_frame() {
        assert_eq!(drawn(&mut Pace::default(), 100, 10.0), 100);
    }

    #[test]
    fn slow_drawing_is_done_less_often_and_the_pace_comes_back() {
        let mut pace = Pace::default();
        assert!(drawn(&mut pace, 400, 40.0) < 120);
        drawn(&mut pace, 1000, 10.0);
        assert_eq!(drawn(&mut pace, 100, 10.0), 100);
    }

    #[test]
    fn what_has_changed_is_drawn_in_the_end() {
        let mut pace = Pace { skip: 2, drawn: 0.0, ..Pace::default() };
        assert_eq!(pace.draws(true, 16.7), Some(false));
        assert_eq!(pace.draws(false, 33.3), Some(false));
        assert_eq!(pace.draws(false, 50.0), Some(true));
        assert_eq!(pace.draws(false, 66.7), None);
    }

    #[test]
    fn what_comes_after_a_pause_is_drawn_at_once() {
        let mut pace = Pace { skip: 3, drawn: 0.0, ..Pace::default() };
        assert_eq!(pace.draws(true, 300.0), Some(true));
    }

    #[test]
    fn beside_the_diagram_the_first_change_shows_at_once_and_the_last_one_too() {
        let mut calm = Calm::default();
        assert_eq!(calm.changed(5.0), Some(0.0));
        calm.shown(5.0);
        assert_eq!(calm.changed(25.0), Some(80.0));
        assert_eq!(calm.changed(45.0), None);
        calm.shown(105.0);
        assert_eq!(calm.changed(500.0), Some(0.0));
    }
}
