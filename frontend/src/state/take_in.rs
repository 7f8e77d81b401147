//! From the inbox into the model: once a frame, for a bounded time, so that a burst never stops the page.

use socketscope_diagram::model::Model;
use socketscope_protocol::wire::{FeedLine, Snapshot};

use super::{Inner, Room};
use crate::{
    browser::{self, document},
    feed::Status,
    later::Later,
};

/// Milliseconds of a frame's 16 that reading may take; the rest is for drawing.
const BUDGET: f64 = 6.0;

/// The same while so much waits that drawing each step would only delay the end.
const BUDGET_BEHIND: f64 = 11.0;

/// Bytes that wait: from here on the page is behind.
const BEHIND: usize = 512 * 1024;

/// Bytes that may wait in a tab that is not seen, which has no frames.
const UNSEEN: usize = 1024 * 1024;

/// Bytes that may wait at all: beyond, the connection is dropped, and the rest asked for again.
const FULL: usize = 48 * 1024 * 1024;

/// Lines between two looks at the clock.
const STRIDE: usize = 16;

impl Room {
    /// A message of the feed has come.
    pub(crate) fn arrived(self, message: String) {
        let waits = self.inner.update(|inner| {
            inner.inbox.push(message);
            inner.inbox.bytes()
        });
        let Some(waits) = waits else { return };
        if waits > FULL {
            return self.feed.resume(self);
        }
        if waits > UNSEEN && document().hidden() {
            return self.take_in(f64::INFINITY);
        }
        self.schedule();
    }

    /// The connection is over. What it brought is taken in first, so that the next one asks for what really lacks.
    pub(crate) fn disconnected(self) {
        self.take_in(BUDGET_BEHIND);
        self.inner.update(|inner| {
            inner.inbox.clear();
            inner.snapshot = None;
            inner.ask.give_up();
        });
    }

    /// The number of the first event that this page lacks.
    pub(crate) fn wanted(self) -> u64 {
        self.inner.try_with(|inner| inner.model.head() + 1).unwrap_or(1)
    }

    /// Takes in what waits with the next frame.
    pub(crate) fn schedule(self) {
        let first = self.inner.update(|inner| !std::mem::replace(&mut inner.scheduled, true));
        if first == Some(true) {
            browser::next_frame(move || {
                let behind = self.inner.update(|inner| {
                    inner.scheduled = false;
                    inner.inbox.bytes() > BEHIND
                });
                if let Some(behind) = behind {
                    self.take_in(if behind { BUDGET_BEHIND } else { BUDGET });
                }
            });
        }
    }

    fn take_in(self, budget: f64) {
        let (end, later) = (browser::now() + budget, self.later.now());
        let mut signs = Vec::new();
        let taken = self.inner.update(|inner| {
            let before = inner.model.head();
            let mut more = true;
            while more && browser::now() < end {
                more = (0..STRIDE).all(|_| inner.take_line(later, &mut signs));
            }
            inner.settle();
            let changed = std::mem::take(&mut inner.adopted) || inner.model.head() != before;
            (changed, more, std::mem::take(&mut inner.hole))
        });
        let Some((changed, more, hole)) = taken else { return };
        for sign in signs {
            self.show(sign);
        }
        if hole {
            self.feed.resume(self);
        }
        // Where drawing takes longer than a frame, it is done in every second, third or fourth: the page stays quick.
        let draw = self.inner.update(|inner| inner.pace.draws(changed, browser::now())).flatten();
        if draw == Some(true) {
            self.show_model();
        }
        if more || draw.is_some() {
            self.schedule();
        }
    }

    /// The model has changed: the diagram is drawn now, what stands beside it soon.
    pub(super) fn show_model(self) {
        self.version.update(|version| *version += 1);
        let wait = self.inner.update(|inner| inner.calm.changed(browser::now())).flatten();
        let show = move || {
            self.inner.update(|inner| inner.calm.shown(browser::now()));
            self.calm.update(|calm| *calm += 1);
        };
        match wait {
            Some(0.0) => show(),
            Some(wait) => browser::after(wait as i32, show),
            None => {}
        }
    }

    fn show(self, line: FeedLine) {
        match line {
            FeedLine::Hello(hello) => {
                self.watching.set(hello.watching);
                self.hello.set(Some(hello));
                self.status.set(Status::Live);
            }
            FeedLine::Watching(count) => self.watching.set(count),
            FeedLine::Reply(Some(request), outcome) => {
                self.inner.update(|inner| inner.ask.answered(request, outcome));
            }
            FeedLine::Ended => self.status.set(Status::NoRoom),
            FeedLine::Event(_) | FeedLine::Snapshot | FeedLine::Reply(None, _) => {}
        }
    }
}

/// Takes the room to be as a line of the feed says.
pub(crate) fn adopt(model: &mut Model, line: &str) {
    if let Some(snapshot) = Snapshot::read(line) {
        model.adopt(&snapshot);
    }
}

impl Inner {
    /// Takes in one line; what is no event goes to `signs`. False where nothing waits that could be taken in.
    fn take_line(&mut self, later: Option<Later>, signs: &mut Vec<FeedLine>) -> bool {
        if let Some(line) = self.snapshot.take() {
            let Some(later) = later else {
                // What follows is told of the room as this says it is.
                self.snapshot = Some(line);
                return false;
            };
            (later.adopt)(&mut self.model, &line);
            self.adopted = true;
        }
        let Self { model, density, hole, snapshot, .. } = self;
        let read = self.inbox.next(|line| match FeedLine::read(line) {
            Some(FeedLine::Event(event)) => {
                let at = event.at;
                match model.push(event) {
                    Ok(()) => density.add(at),
                    // A repeat changes nothing; after a hole the feed is asked for what lacks.
                    Err(wrong) if wrong.got < wrong.expected => {}
                    Err(_) => *hole = true,
                }
            }
            Some(FeedLine::Snapshot) => *snapshot = Some(line.to_owned()),
            // A line that says nothing is of a newer server: it is not shown, and nothing else suffers.
            sign => signs.extend(sign),
        });
        if self.hole {
            // What follows a hole fits as little.
            self.inbox.clear();
        }
        read.is_some()
    }

    /// Brings what is worked out from the model up to it.
    fn settle(&mut self) {
        self.rows.update(&self.model);
        if let Some(event) = self.model.event(self.model.first()) {
            self.density.forget_before(event.at);
        }
    }
}
