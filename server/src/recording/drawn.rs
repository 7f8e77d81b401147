//! A journal as the page would draw it: the model, its latest rows, the lifelines. What both kinds of drawing are made of.

use std::ops::Range;

use socketscope_diagram::{
    lanes::{Lanes, Metrics},
    model::{Model, Place},
    rows::{Filter, Rows},
    scene::View,
    wording::fill,
};
use socketscope_protocol::{
    Fact,
    limits::{DRAWN_EVENTS, DRAWN_ROWS},
    wire::Snapshot,
};

use super::{Span, events, words::Words};
use crate::clock;

/// Pixels that the lifelines are spread over, where they need no more.
const WIDTH: f64 = 960.0;

/// A journal, ready to be drawn.
pub(super) struct Drawn {
    /// The room's name.
    pub(super) room: String,
    pub(super) model: Model,
    pub(super) rows: Rows,
    pub(super) lanes: Lanes,
    pub(super) words: Words,
    now: u64,
}

impl Drawn {
    /// Of the journal of a room of this name. Where its beginning is no longer kept, `there` says what there is.
    pub(super) fn new(
        room: &str,
        span: Span,
        there: impl FnOnce() -> Snapshot,
        words: Words,
    ) -> Self {
        let mut model = Model::new(DRAWN_EVENTS);
        let mut missed = false;
        for batch in span {
            for event in events(&batch) {
                missed |= matches!(event.fact, Fact::Gap { .. });
                // A journal's own events follow each other.
                let _ = model.push(event);
            }
        }
        if missed {
            model.adopt(&there());
        }
        let rows = Rows::new(Filter::default(), &model);
        let lanes = Lanes::new(&model, rows.filter(), Metrics::WIDE, WIDTH, words.page);
        Self { room: room.to_owned(), model, rows, lanes, words, now: clock::now() }
    }

    pub(super) fn view(&self) -> View<'_> {
        let Self { model, rows, lanes, words, now, .. } = self;
        View { model, rows, lanes, wording: words.page, now: *now }
    }

    /// The rows that are drawn.
    pub(super) fn window(&self) -> Range<u64> {
        let end = self.rows.end();
        self.rows.first().max(end.saturating_sub(DRAWN_ROWS))..end
    }

    /// What has to be said where not everything is drawn.
    pub(super) fn cut(&self) -> Option<String> {
        let first = self.window().start;
        let all = first == self.rows.first() && self.model.first() == 1;
        let before = (self.rows.get(first)?.seq - 1).to_string();
        (!all).then(|| fill(self.words.own.not_drawn, &[("number", &before)]))
    }

    /// Whether links are drawn: in the lab, packets show what they stand for.
    pub(super) fn shows_links(&self) -> bool {
        self.model.lab().hosts().is_empty()
    }

    /// Which lifeline the kernel at `place` has, as [`View::scene`] has it; outside, whoever has this `address`.
    pub(super) fn lane_of(&self, place: Place, address: &str) -> Option<usize> {
        self.lanes.kernel(&self.model, place, address)
    }
}

#[cfg(test)]
mod tests {
    use socketscope_diagram::wording::Language;
    use socketscope_protocol::{Change, ProgramName};

    use super::*;
    use crate::journal::Journal;

    fn drawn(starts: u64) -> Drawn {
        let journal = Journal::new(usize::MAX);
        let program = ProgramName::new("client").expect("a name");
        for at in 1..=starts {
            let change = Change::Ended(Vec::new());
            journal.append(at, Fact::Program { program: program.clone(), host: None, change });
        }
        let words = Words::of(Language::En);
        let span = Span { next: 1, until: starts, journal };
        Drawn::new("A room", span, Snapshot::default, words)
    }

    #[test]
    fn the_latest_rows_are_drawn_and_it_is_said_what_is_not() {
        let short = drawn(DRAWN_ROWS);
        assert_eq!((short.window(), short.cut()), (0..DRAWN_ROWS, None));
        let long = drawn(DRAWN_ROWS + 7);
        assert_eq!(long.window(), 7..DRAWN_ROWS + 7);
        assert!(long.cut().is_some_and(|text| text.starts_with("The 7 events before")));
        assert_eq!(drawn(0).cut(), None);
    }
}
