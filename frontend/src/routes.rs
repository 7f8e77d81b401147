//! The page's two addresses, on the browser's history. Knows nothing of what is shown there.

use socketscope_protocol::RoomId;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::MouseEvent;

use crate::{
    browser::{location, window},
    reactive::{RwSignal, Stored, expect_context},
};

/// Where the visitor is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// `/`
    Lobby,
    /// `/rooms/{room}`
    Room(RoomId),
    /// Anything else.
    Nowhere,
}

impl Route {
    fn of(path: &str) -> Self {
        let mut parts = path.split('/').filter(|part| !part.is_empty());
        match (parts.next(), parts.next(), parts.next()) {
            (None, ..) => Self::Lobby,
            (Some("rooms"), Some(room), None) => Self::Room(RoomId(room.to_owned())),
            _ => Self::Nowhere,
        }
    }
}

/// The way to another page without loading anything.
#[derive(Clone, Copy)]
pub(crate) struct Routes(RwSignal<Route>);

impl Routes {
    /// Follows the address bar from now on.
    pub(crate) fn follow() -> Self {
        let here = || Route::of(&location().pathname().unwrap_or_default());
        let route = RwSignal::new(here());
        let popped = Closure::<dyn Fn()>::new(move || route.set(here()));
        window().set_onpopstate(Some(popped.as_ref().unchecked_ref()));
        Stored::new(popped);
        Self(route)
    }

    /// Where the visitor is, tracked.
    pub(crate) fn current(self) -> Route {
        self.0.get()
    }

    /// Goes to `path`, one of this server's.
    pub(crate) fn go(self, path: &str) {
        let history = window().history();
        let moved = history.and_then(|h| h.push_state_with_url(&"".into(), "", Some(path)));
        if moved.is_ok() {
            self.0.set(Route::of(path));
        }
    }

    /// What a link to `path` does on a click: as `go`, unless the visitor wants a new tab.
    pub(crate) fn click(self, path: String) -> impl Fn(MouseEvent) + 'static {
        move |event| {
            if event.button() == 0 && !(event.ctrl_key() || event.meta_key() || event.shift_key()) {
                event.prevent_default();
                self.go(&path);
            }
        }
    }
}

/// This page's routes.
pub(crate) fn routes() -> Routes {
    expect_context()
}
