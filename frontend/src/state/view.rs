//! What the visitor looks at: the part of the diagram that is seen, the selection, the filter.

use std::ops::Range;

use socketscope_diagram::{
    inspect,
    lanes::{Lanes, Metrics},
    rows::Filter,
    scene::{Scene, View},
};
use socketscope_protocol::CallId;

use super::Room;
use crate::{
    browser,
    reactive::{RwSignal, untrack},
    words::wording,
};

/// Rows above and below the seen ones that are drawn too, so that quick scrolling shows no holes.
pub(crate) const OVERSCAN: u64 = 8;

/// Rows that the drawn window moves by: smaller steps would only draw more often.
pub(crate) const STEP: u64 = 4;

/// Rows of empty space below the last one.
pub(crate) const BELOW: f64 = 1.5;

/// The part of a room that a small screen shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    Diagram,
    Programs,
    Inspector,
    Lesson,
}

impl Tab {
    /// Its name in the style sheet.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Diagram => "diagram",
            Self::Programs => "programs",
            Self::Inspector => "inspector",
            Self::Lesson => "lesson",
        }
    }
}

/// The place that the diagram is seen in.
#[derive(Clone, Copy)]
pub(crate) struct Stage {
    /// Width, and height without the lifelines' heads, in CSS pixels.
    pub(crate) size: RwSignal<(f64, f64)>,
    /// CSS pixels of one of the diagram's.
    pub(crate) scale: RwSignal<f64>,
    /// Whether the last row stays in view.
    pub(crate) follow: RwSignal<bool>,
    /// The row at the upper edge, while it does not; a row and the part of it that is hidden.
    pub(crate) position: RwSignal<f64>,
    /// How many rows there were when following ended.
    pub(crate) seen: RwSignal<u64>,
}

impl Stage {
    pub(super) fn new() -> Self {
        Self {
            size: RwSignal::new((0.0, 0.0)),
            scale: RwSignal::new(1.0),
            follow: RwSignal::new(true),
            position: RwSignal::new(0.0),
            seen: RwSignal::new(0),
        }
    }

    /// The diagram's sizes, in its own pixels.
    pub(crate) fn metrics(self) -> Metrics {
        Metrics::for_width(self.size.get().0 / self.scale.get())
    }

    /// Height of a row in CSS pixels.
    pub(crate) fn row(self) -> f64 {
        self.metrics().row * self.scale.get()
    }

    /// How many rows are seen at once.
    pub(crate) fn rows_seen(self) -> f64 {
        self.size.get().1 / self.row()
    }
}

impl Room {
    /// The lifelines, in the place there is.
    pub(crate) fn lanes(self) -> Lanes {
        let width = self.stage.size.get().0 / self.stage.scale.get();
        self.version.track();
        self.inner.with(|inner| Lanes::fitted(&inner.model, inner.rows.filter(), width, wording()))
    }

    /// The first row's number, and the number after the last one's.
    pub(crate) fn rows(self) -> Range<u64> {
        self.version.track();
        self.inner.with(|inner| inner.rows.first()..inner.rows.end())
    }

    /// The row at the upper edge: a row and the part of it that is hidden.
    pub(crate) fn top_row(self) -> f64 {
        let (rows, seen) = (self.rows(), self.stage.rows_seen());
        let (first, last) = (rows.start as f64, rows.end as f64 + BELOW - seen);
        if self.stage.follow.get() {
            last.max(first)
        } else {
            self.stage.position.get().clamp(first, last.max(first))
        }
    }

    /// The rows that are drawn.
    pub(crate) fn window(self) -> Range<u64> {
        let (rows, top) = (self.rows(), self.top_row());
        let start = (top as u64).saturating_sub(OVERSCAN) / STEP * STEP;
        let end = (top + self.stage.rows_seen()).ceil() as u64 + OVERSCAN;
        start.max(rows.start)..(end.div_ceil(STEP) * STEP).min(rows.end)
    }

    /// What is drawn for `window`.
    pub(crate) fn scene(self, lanes: &Lanes, window: Range<u64>) -> Scene {
        self.version.track();
        let now = self.clock.get();
        self.inner.with(|inner| {
            let (model, rows, wording) = (&inner.model, &inner.rows, wording());
            View { model, rows, lanes, wording, now }.scene(window)
        })
    }

    /// Scrolls to `position` and stays there.
    pub(crate) fn look_at(self, position: f64) {
        if self.stage.follow.get_untracked() {
            self.stage.seen.set(untrack(|| self.rows().end));
            self.stage.follow.set(false);
        }
        self.stage.position.set(position);
    }

    /// Shows the last row from now on.
    pub(crate) fn follow(self) {
        self.stage.follow.set(true);
    }

    /// Stays where it is, whatever comes.
    pub(crate) fn stay(self) {
        let top = untrack(|| self.top_row());
        self.look_at(top);
    }

    /// Selects the event `seq` and brings it into view.
    pub(crate) fn select(self, seq: Option<u64>) {
        self.choose(seq);
        let row = seq.and_then(|seq| self.inner.with(|inner| inner.rows.row_at(seq)));
        if let Some(row) = row {
            self.reveal(row);
        }
    }

    /// Selects the event `seq`, wherever it is.
    fn choose(self, seq: Option<u64>) {
        if untrack(|| self.lesson.line.with(Option::is_some)) {
            self.lesson.line.set(None);
        }
        self.selected.set(seq);
    }

    /// Brings a row into view, scrolling no further than needed.
    pub(crate) fn reveal(self, row: u64) {
        let (top, seen, end) =
            untrack(|| (self.top_row(), self.stage.rows_seen(), self.rows().end));
        // What is followed is in view.
        let followed = row + 1 == end && self.stage.follow.get_untracked();
        let row = row as f64;
        if row < top {
            self.look_at(row - 1.0);
        } else if row + 2.0 > top + seen && !followed {
            self.look_at(row + 2.0 - seen);
        }
    }

    /// Selects the row that is `steps` further down than the selected one, or one that is seen where none is.
    pub(crate) fn step(self, steps: i64) {
        let (rows, top) = untrack(|| (self.rows(), self.top_row()));
        if rows.is_empty() {
            return;
        }
        let selected = self.selected.get_untracked();
        let from = selected.and_then(|seq| self.inner.with(|inner| inner.rows.row_at(seq)));
        let to = match (from, steps) {
            (_, i64::MIN) => rows.start,
            (_, i64::MAX) => rows.end - 1,
            (Some(row), steps) => row.saturating_add_signed(steps),
            // Nothing is selected yet: begin where the visitor looks.
            (None, _) => top.ceil() as u64,
        };
        let mut to = to.clamp(rows.start, rows.end - 1);
        // Rows that stand for nothing but time are passed over.
        let empty = |row| self.inner.with(|inner| inner.rows.is_empty_row(row));
        while empty(to) && to > rows.start && to + 1 < rows.end {
            to = if steps < 0 { to - 1 } else { to + 1 };
        }
        let seq = self.inner.with(|inner| inner.rows.get(to).map(|row| row.last));
        self.select(seq);
    }

    /// Shows only what `filter` lets through.
    pub(crate) fn set_filter(self, filter: Filter) {
        self.inner.update(|inner| inner.rows.set_filter(filter.clone(), &inner.model));
        self.filter.set(filter);
        self.follow();
        self.show_model();
    }

    /// What there is to say about the selected event.
    pub(crate) fn inspected(self) -> Option<inspect::Inspected> {
        let seq = self.selected.get()?;
        let offset = browser::minutes_ahead_of_utc();
        self.read(|model| inspect::inspect(model, seq, offset, wording()))
    }
}

/// What is selected, as the drawing asks for it: once, and not for each row.
pub(crate) struct Marks {
    /// The row of the selected event.
    pub(crate) row: Option<u64>,
    /// Its call, then the calls at its other end.
    pub(crate) calls: Vec<CallId>,
    /// Whether packets are drawn.
    pub(crate) packets: bool,
}

/// The selection.
impl Room {
    /// What is selected now.
    pub(crate) fn marks(self) -> Marks {
        let packets = self.is_lab() && self.filter.get().layers.packets;
        Marks { row: self.selected_row(), calls: self.lit.get(), packets }
    }

    /// The row of the selected event.
    pub(crate) fn selected_row(self) -> Option<u64> {
        let seq = self.selected.get()?;
        self.version.track();
        self.inner.with(|inner| inner.rows.row_of(seq))
    }

    /// A row was pressed: it is selected; a second press opens it where the inspector is out of sight.
    pub(crate) fn press(self, seq: u64) {
        if self.selected.get_untracked() == Some(seq) {
            self.tab.set(Tab::Inspector);
        }
        self.choose(Some(seq));
    }

    /// The same, for a call's bar.
    pub(crate) fn press_call(self, call: CallId) {
        let seq = self.peek(|model| model.call(call).and_then(|call| Some(call.enter?.seq)));
        if let Some(seq) = seq {
            self.press(seq);
        }
    }

    /// The last row as a sentence.
    pub(crate) fn last_row_name(self) -> String {
        let end = untrack(|| self.rows().end);
        let lanes = untrack(|| self.lanes());
        let mut scene = untrack(|| self.scene(&lanes, end.saturating_sub(1)..end));
        scene.rows.pop().map(|row| row.name).unwrap_or_default()
    }
}
