//! What a room's first diagram does not need: its code comes in a file of its own, fetched while the first events are.
//!
//! It is fetched at once and not at the first use: a page that stays open for hours could find a newer server then, which
//! has another file.

use std::pin::Pin;

use socketscope_diagram::model::Model;
use socketscope_protocol::{Fate, PacketId};

use crate::{
    browser,
    components::{around, hollow, lobby, nowhere},
    dom::{El, View, el},
    reactive::{RwSignal, expect_context, provide_context, untrack, watch},
    state::{self, Room},
    words,
};

/// Milliseconds until the fetch is tried again.
const AGAIN: i32 = 2_000;

/// Fetches the code; nothing where that failed.
pub type Loading = Pin<Box<dyn Future<Output = Option<Later>>>>;

/// The ways into that code.
#[derive(Clone, Copy)]
pub struct Later {
    /// Fills what stands around the diagram.
    pub(crate) around: fn(around::Frame),
    /// Looks after the room's lesson, and after whoever leaves.
    pub(crate) attend: fn(Room),
    /// Takes the room to be as a line of the feed says, where events are missing.
    pub(crate) adopt: fn(&mut Model, &str),
    /// Decides about a packet that the wire holds.
    pub(crate) decide: fn(Room, PacketId, Fate),
    /// What stands in an empty diagram's place.
    pub(crate) hollow: fn() -> El,
    /// The lobby.
    pub(crate) lobby: fn() -> Vec<El>,
    /// What is shown at an address that the page does not have.
    pub(crate) nowhere: fn() -> Vec<El>,
    /// What is shown at the address of a room that there is not.
    pub(crate) no_room: fn() -> Vec<El>,
}

impl Later {
    /// All of them. Nothing else may name them: the module is cut where this is called.
    #[expect(clippy::new_without_default, reason = "a default could be called from anywhere")]
    pub fn new() -> Self {
        Self {
            around: around::around,
            attend: around::attend,
            adopt: state::adopt,
            decide: Room::decide,
            hollow: hollow::hollow,
            lobby: lobby::lobby,
            nowhere: nowhere::nowhere,
            no_room: nowhere::no_room,
        }
    }
}

/// Where it will be.
#[derive(Clone, Copy)]
pub(crate) struct Arrived(RwSignal<Option<Later>>);

/// Fetches it, for all that is shown by the current owner.
pub(crate) fn fetch(load: fn() -> Loading) {
    let arrived = RwSignal::new(None);
    provide_context(Arrived(arrived));
    browser::spawn(async move {
        loop {
            // Its texts first: they are small, and it shows them at once.
            if words::complete().await.is_ok()
                && let Some(later) = load().await
            {
                return arrived.set(Some(later));
            }
            browser::pause(AGAIN).await;
        }
    });
}

impl Arrived {
    /// Where whatever is shown by the current owner will find it.
    pub(crate) fn here() -> Self {
        expect_context()
    }

    /// It, where it is there already.
    pub(crate) fn now(self) -> Option<Later> {
        self.0.get_untracked()
    }
}

/// Calls `then` as soon as it is there.
pub(crate) fn once_here(then: impl Fn(Later) + 'static) {
    let Arrived(arrived) = Arrived::here();
    watch(move || {
        if let Some(later) = arrived.get() {
            untrack(|| then(later));
        }
    });
}

/// What `make` makes, as soon as it is there.
pub(crate) fn part<V: View>(make: impl Fn(Later) -> V + 'static) -> El {
    let Arrived(arrived) = Arrived::here();
    el("div")
        .class("contents")
        .live_child(move || arrived.get().map(|later| untrack(|| make(later))))
}
