//! The page as a whole: what every part shares, and which of the two pages is shown.

use socketscope_diagram::wording::Language;

use crate::{
    access::{Key, take_key, watch_key},
    components::{diagram::notation, room::room_page},
    dom::{El, View, el},
    language::{Spoken, spoken},
    later::part,
    reactive::{RwSignal, provide_context, untrack},
    routes::{Route, Routes},
    theme::Theme,
};

/// Shows the page in `body`.
pub(crate) fn show(body: El, language: Language) {
    provide_context(Key(take_key()));
    watch_key();
    provide_context(RwSignal::new(Theme::remembered()));
    Spoken::provide(language);
    let routes = Routes::follow();
    provide_context(routes);
    body.child(notation()).live_child(move || match routes.current() {
        Route::Lobby => part(|later| in_any_language(later.lobby)),
        Route::Room(id) => room_page(id),
        Route::Nowhere => part(|later| in_any_language(later.nowhere)),
    });
}

/// A part of the page that is made anew in another language. What must outlive that belongs to whoever calls this.
pub(crate) fn in_any_language<V: View>(view: impl Fn() -> V + 'static) -> El {
    let spoken = spoken();
    el("div").class("contents").live_child(move || {
        spoken.get();
        untrack(&view)
    })
}
