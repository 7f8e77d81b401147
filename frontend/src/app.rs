//! The page as a whole: what every part shares, and which of the two pages is shown.

use crate::{
    access::{Key, take_key},
    components::{lobby::lobby, nowhere::nowhere, room::room_page},
    dom::El,
    reactive::{RwSignal, provide_context},
    routes::{Route, Routes},
    theme::Theme,
};

/// Shows the page in `body`.
pub(crate) fn show(body: El) {
    provide_context(Key(take_key()));
    provide_context(RwSignal::new(Theme::remembered()));
    let routes = Routes::follow();
    provide_context(routes);
    body.live_child(move || match routes.current() {
        Route::Lobby => lobby(),
        Route::Room(id) => vec![room_page(id)],
        Route::Nowhere => nowhere(),
    });
}
