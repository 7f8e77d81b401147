//! A room as this page knows it: the model in plain Rust behind one version signal, and what the visitor has chosen.
//!
//! What arrives waits in an inbox and is taken in once a frame, for a bounded time; then the version moves on by one,
//! and whatever is drawn is drawn anew.

mod ask;
mod lesson;
mod strip;
mod take_in;
mod view;

use socketscope_diagram::{
    density::Density,
    inspect,
    model::Model,
    rows::{Filter, Rows},
};
use socketscope_protocol::{CallId, Hello, Network, Problem, limits::PAGE_EVENTS};

pub(crate) use lesson::{Going, LessonState, PACES};
pub(crate) use take_in::adopt;
pub(crate) use view::{BELOW, Marks, OVERSCAN, STEP, Stage, Tab};

use crate::{
    feed::Feed,
    feed::Status,
    inbox::Inbox,
    later::Arrived,
    pace::{Calm, Pace},
    reactive::{Memo, RwSignal, Stored, expect_context},
};

/// Everything of a room that the page's parts share. A handle: copies mean the same room.
#[derive(Clone, Copy)]
pub(crate) struct Room {
    inner: Stored<Inner>,
    feed: Feed,
    later: Arrived,
    /// Moves on when the model has changed, at most once a frame: for the diagram.
    pub(crate) version: RwSignal<u64>,
    /// Moves on when the model has changed, some times a second: for everything beside the diagram.
    pub(crate) calm: RwSignal<u64>,
    /// How the feed fares.
    pub(crate) status: RwSignal<Status>,
    /// What the server said of the room when the feed began.
    pub(crate) hello: RwSignal<Option<Hello>>,
    /// How many feeds are open on it.
    pub(crate) watching: RwSignal<usize>,
    /// The event that is selected, by its number.
    pub(crate) selected: RwSignal<Option<u64>>,
    /// The selected event's call, then the calls at its other end and those of the chosen line.
    pub(crate) lit: Memo<Vec<CallId>>,
    /// What is shown of it.
    pub(crate) filter: RwSignal<Filter>,
    /// Nanoseconds since 1970, now and then: how long waiting calls have waited.
    pub(crate) clock: RwSignal<u64>,
    /// Where the diagram is seen.
    pub(crate) stage: Stage,
    /// Why a command was refused that no part of the page stands for.
    pub(crate) problem: RwSignal<Option<Problem>>,
    /// What a small screen shows.
    pub(crate) tab: RwSignal<Tab>,
    /// Its lesson.
    pub(crate) lesson: LessonState,
}

struct Inner {
    model: Model,
    rows: Rows,
    density: Density,
    inbox: Inbox,
    /// A line that says what there is, until it can be read.
    snapshot: Option<String>,
    /// It has been taken in, and not been shown yet.
    adopted: bool,
    pace: Pace,
    calm: Calm,
    ask: ask::Asked,
    /// A frame has been asked for.
    scheduled: bool,
    /// Events are missing: the feed is to be asked for them.
    hole: bool,
}

impl Room {
    /// A room of which nothing is known yet, and which `feed` will feed.
    pub(crate) fn new(feed: Feed) -> Self {
        let model = Model::new(PAGE_EVENTS);
        let inner = Inner {
            rows: Rows::new(Filter::default(), &model),
            model,
            density: Density::default(),
            inbox: Inbox::default(),
            snapshot: None,
            adopted: false,
            pace: Pace::default(),
            calm: Calm::default(),
            ask: ask::Asked::default(),
            scheduled: false,
            hole: false,
        };
        let inner = Stored::new(inner);
        let (version, selected) = (RwSignal::new(0), RwSignal::new(None));
        let lesson = LessonState::new();
        let lit = Memo::new(move || {
            let Some(seq) = selected.get() else { return Vec::new() };
            version.track();
            inner.with(|Inner { model, .. }: &Inner| {
                let mut lit = inspect::related(model, seq);
                lesson.line.with(|line| {
                    let calls = line.iter().flat_map(|(of, line)| model.calls_of_line(of, line));
                    lit.extend(calls.map(|(call, _)| call));
                });
                lit
            })
        });
        Self {
            inner,
            feed,
            later: Arrived::here(),
            version,
            calm: RwSignal::new(0),
            selected,
            lit,
            status: RwSignal::new(Status::Connecting),
            hello: RwSignal::new(None),
            watching: RwSignal::new(0),
            filter: RwSignal::new(Filter::default()),
            clock: RwSignal::new(0),
            stage: Stage::new(),
            problem: RwSignal::new(None),
            tab: RwSignal::new(Tab::Diagram),
            lesson,
        }
    }

    /// Reads the model, and again some times a second while it changes.
    pub(crate) fn read<T>(self, read: impl FnOnce(&Model) -> T) -> T {
        self.calm.track();
        self.inner.with(|inner| read(&inner.model))
    }

    /// Reads the model as it is now.
    pub(crate) fn peek<T>(self, read: impl FnOnce(&Model) -> T) -> T {
        self.inner.with(|inner| read(&inner.model))
    }

    /// The same, where the visitor may have left the room meanwhile.
    pub(crate) fn try_peek<T>(self, read: impl FnOnce(&Model) -> T) -> Option<T> {
        self.inner.try_with(|inner| read(&inner.model))
    }

    /// Reads how many events happened when, as of now.
    pub(crate) fn density<T>(self, read: impl FnOnce(&Density) -> T) -> T {
        self.inner.with(|inner| read(&inner.density))
    }

    /// What the room is called, once that is known.
    pub(crate) fn name(self) -> Option<String> {
        self.hello.with(|hello| hello.as_ref().map(|hello| hello.name.to_string()))
    }

    /// Whether the room has hosts and a wire of its own.
    pub(crate) fn is_lab(self) -> bool {
        self.hello.with(|hello| hello.as_ref().is_some_and(|hello| hello.network == Network::Lab))
    }

    /// Whether commands can be given now; if not, why.
    pub(crate) fn commands(self) -> Result<(), &'static str> {
        let words = crate::words::frame_words();
        let commands = self.hello.with(|hello| hello.as_ref().map(|hello| hello.commands));
        match (self.status.get(), commands) {
            (Status::Live, Some(true)) => Ok(()),
            (Status::Live, Some(false)) => Err(words.watching_only_why),
            _ => Err(words.not_connected_why),
        }
    }
}

/// The room that is shown.
pub(crate) fn room() -> Room {
    expect_context()
}
