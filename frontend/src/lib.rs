//! Socketscope's page: rendered in the browser on Leptos' reactive graph, it draws a room's journal.
//!
//! What it knows and where it draws is decided in `socketscope-diagram`; here is what needs a browser.

#![forbid(unsafe_code)]

mod access;
mod app;
mod browser;
mod components;
mod dom;
mod feed;
mod http;
mod inbox;
mod language;
mod later;
mod pace;
mod reactive;
mod routes;
mod state;
mod theme;
mod words;

pub use later::{Later, Loading};

/// Shows the page. `load` fetches what comes later.
pub fn start(load: fn() -> Loading) {
    // Effects run as tasks of the browser's. It is the first to say so, which is all that can go wrong.
    let _ = any_spawner::Executor::init_wasm_bindgen();
    wasm_bindgen_futures::spawn_local(begin(load));
}

async fn begin(load: fn() -> Loading) {
    let (document, language) = (browser::document(), language::first());
    if let Err(error) = words::speak(language).await {
        // static/boot.js tells what nobody handles.
        let _ = js_sys::Promise::reject(&error);
        return;
    }
    if let Some(boot) = document.get_element_by_id("boot") {
        boot.remove();
    }
    let Some(body) = document.body() else { return };
    let owner = reactive::Owner::new();
    owner.with(|| later::fetch(load));
    owner.with(|| app::show(web_sys::Element::from(body).into(), language));
    // The page lives until the browser leaves it.
    std::mem::forget(owner);
}
