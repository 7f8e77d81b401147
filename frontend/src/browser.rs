//! What the browser is asked for in more than one place: frames, times, the clipboard, a link's origin.

use js_sys::{Function, Promise};
use wasm_bindgen::{JsCast, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Document, HtmlAnchorElement, HtmlElement, Location, Window};

use crate::reactive::{RwSignal, Stored, on_cleanup};

thread_local! {
    static WINDOW: Window =
        web_sys::window().unwrap_or_else(|| unreachable!("this is no worker"));
    static DOCUMENT: Document =
        window().document().unwrap_or_else(|| unreachable!("this is no worker"));
}

/// The window.
pub(crate) fn window() -> Window {
    WINDOW.with(Clone::clone)
}

/// The document.
pub(crate) fn document() -> Document {
    DOCUMENT.with(Clone::clone)
}

/// The address bar.
pub(crate) fn location() -> Location {
    window().location()
}

/// Milliseconds since the page was loaded.
pub(crate) fn now() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}

/// Runs `then` in the next animation frame. A tab that is not seen has none.
pub(crate) fn next_frame(then: impl FnOnce() + 'static) {
    // A window that is being closed refuses.
    let _ = window().request_animation_frame(&once(Box::new(then)));
}

/// Runs `then` after so many milliseconds.
pub(crate) fn after(milliseconds: i32, then: impl FnOnce() + 'static) {
    wait(&once(Box::new(then)), milliseconds);
}

/// A function that frees itself when it has been called.
fn once(then: Box<dyn FnOnce()>) -> Function {
    Closure::once_into_js(then).unchecked_into()
}

fn wait(then: &Function, milliseconds: i32) {
    let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(then, milliseconds);
}

/// Resolves after so many milliseconds.
pub(crate) async fn pause(milliseconds: i32) {
    // Nothing rejects it.
    let _ = JsFuture::from(Promise::new(&mut |done, _| wait(&done, milliseconds))).await;
}

/// Runs `then` again and again, so many milliseconds apart, until the current owner is disposed of.
pub(crate) fn every(milliseconds: i32, then: impl Fn() + 'static) {
    let again = Closure::<dyn Fn()>::new(then);
    let function = again.as_ref().unchecked_ref();
    let handle =
        window().set_interval_with_callback_and_timeout_and_arguments_0(function, milliseconds);
    Stored::new(again);
    on_cleanup(move || window().clear_interval_with_handle(handle.unwrap_or_default()));
}

/// Runs `task` whenever it can go on.
pub(crate) fn spawn(task: impl Future<Output = ()> + 'static) {
    spawn_boxed(Box::pin(task));
}

fn spawn_boxed(task: std::pin::Pin<Box<dyn Future<Output = ()>>>) {
    wasm_bindgen_futures::spawn_local(task);
}

/// The path `path` as a whole address that can be sent to others.
pub(crate) fn absolute(path: &str) -> String {
    location().origin().unwrap_or_default() + path
}

/// The name by which this browser knows the server's machine.
pub(crate) fn host() -> String {
    location().hostname().unwrap_or_default()
}

/// Puts `text` on the clipboard; false where the browser refuses.
pub(crate) async fn copy(text: &str) -> bool {
    let clipboard = window().navigator().clipboard();
    // Outside HTTPS and localhost there is none, and calling it would throw.
    if clipboard.is_undefined() {
        return false;
    }
    JsFuture::from(clipboard.write_text(text)).await.is_ok()
}

/// A number for jitter, from 0 to 1.
pub(crate) fn chance() -> f64 {
    js_sys::Math::random()
}

/// How far this browser's clocks are ahead of UTC.
pub(crate) fn minutes_ahead_of_utc() -> i32 {
    -js_sys::Date::new_0().get_timezone_offset() as i32
}

/// Nanoseconds since 1970 by this browser's clock, which need not be the server's.
pub(crate) fn clock() -> u64 {
    (js_sys::Date::now() * 1e6) as u64
}

/// Pixels of the root's font: the measure of everything on the page.
pub(crate) fn root_font_size() -> f64 {
    let root = document().document_element();
    let style = root.and_then(|root| window().get_computed_style(&root).ok().flatten());
    let size = style.and_then(|style| style.get_property_value("font-size").ok());
    // "16px"; what is no number is not a number here either.
    size.map(|size| js_sys::parse_float(&size)).filter(|size| *size > 0.0).unwrap_or(16.0)
}

/// Calls `then` whenever `element` has another size, until the current owner is disposed of.
pub(crate) fn on_resize(element: &web_sys::Element, then: impl Fn() + 'static) {
    let changed = Closure::<dyn Fn()>::new(then);
    let Ok(observer) = web_sys::ResizeObserver::new(changed.as_ref().unchecked_ref()) else {
        return;
    };
    observer.observe(element);
    let kept = Stored::new((observer, changed));
    on_cleanup(move || {
        kept.try_with(|(observer, _)| observer.disconnect());
    });
}

/// Calls `then` whenever the system turns light or dark, until the current owner is disposed of.
pub(crate) fn on_scheme_change(then: impl Fn() + 'static) {
    let Ok(Some(query)) = window().match_media("(prefers-color-scheme: dark)") else { return };
    let changed = Closure::<dyn Fn()>::new(then);
    query.set_onchange(Some(changed.as_ref().unchecked_ref()));
    let kept = Stored::new((query, changed));
    on_cleanup(move || {
        kept.try_with(|(query, _)| query.set_onchange(None));
    });
}

/// Calls `then` whenever the visitor leaves the page, until the current owner is disposed of.
pub(crate) fn on_leaving(then: impl Fn() + 'static) {
    let left = Closure::<dyn Fn()>::new(then);
    window().set_onpagehide(Some(left.as_ref().unchecked_ref()));
    Stored::new(left);
    on_cleanup(|| window().set_onpagehide(None));
}

/// Whether the media query holds, for as long as the current owner lives.
pub(crate) fn media(query: &str) -> RwSignal<bool> {
    let query = window().match_media(query).ok().flatten();
    let holds = RwSignal::new(query.as_ref().is_some_and(web_sys::MediaQueryList::matches));
    if let Some(query) = query {
        let asked = query.clone();
        let changed = Closure::<dyn Fn()>::new(move || holds.set(asked.matches()));
        query.set_onchange(Some(changed.as_ref().unchecked_ref()));
        let kept = Stored::new((query, changed));
        on_cleanup(move || {
            kept.try_with(|(query, _)| query.set_onchange(None));
        });
    }
    holds
}

/// Puts the keyboard's focus on the element `id`.
pub(crate) fn focus(id: &str) {
    let element = document().get_element_by_id(id).and_then(|e| e.dyn_into::<HtmlElement>().ok());
    if let Some(element) = element {
        // What cannot have the focus does not get it.
        let _ = element.focus();
    }
}

/// Writes a fact about the page where a test or a measurement can read it: as a data attribute of the root.
pub(crate) fn note(name: &str, value: &str) {
    let root = document().document_element().and_then(|e| e.dyn_into::<HtmlElement>().ok());
    if let Some(root) = root {
        let _ = root.dataset().set(name, value);
    }
}

/// The colour that the style sheet calls `name`, as it is at `element`.
pub(crate) fn colour(element: &web_sys::Element, name: &str) -> String {
    let style = window().get_computed_style(element).ok().flatten();
    // A custom property keeps `light-dark()` unresolved; a real one does not.
    let property = if name == "--accent" { "color" } else { name };
    style.and_then(|style| style.get_property_value(property).ok()).unwrap_or_default()
}

/// Lets the visitor save what is at `address` under `name`.
pub(crate) fn save(address: &str, name: &str) {
    let link = document().create_element("a").ok();
    if let Some(link) = link.and_then(|link| link.dyn_into::<HtmlAnchorElement>().ok()) {
        link.set_href(address);
        link.set_download(name);
        link.click();
    }
}
