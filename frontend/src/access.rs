//! The host key: taken out of the link's fragment, kept in this tab, never left in the address bar.

use wasm_bindgen::{JsCast, closure::Closure};

use crate::{
    browser::{location, window},
    reactive::{Stored, expect_context},
    words::frame_words,
};

const SLOT: &str = "socketscope.key";

/// The key that this tab has, where it has one; an empty one where the server has not accepted it.
pub(crate) fn take_key() -> Option<String> {
    let storage = window().session_storage().ok().flatten();
    let fragment = location().hash().unwrap_or_default();
    let fresh = fragment
        .trim_start_matches('#')
        .split('&')
        .find_map(|part| part.strip_prefix("key="))
        .filter(|key| !key.is_empty())
        .map(|key| {
            js_sys::decode_uri_component(key).map_or_else(|_| key.to_owned(), |key| key.into())
        });
    let Some(key) = fresh else {
        return storage?.get_item(SLOT).ok().flatten();
    };
    if let Some(storage) = storage {
        // Where the tab may not store anything, the key lives as long as the page.
        let _ = storage.set_item(SLOT, &key);
    }
    hide_fragment();
    Some(key)
}

/// A link with a key that is opened in this tab changes nothing but the fragment: the page is loaded anew with it.
pub(crate) fn watch_key() {
    let changed = Closure::<dyn Fn()>::new(|| {
        let fragment = location().hash().unwrap_or_default();
        if fragment.contains("key=") {
            // Only a frame in a sandbox is refused.
            let _ = location().reload();
        }
    });
    window().set_onhashchange(Some(changed.as_ref().unchecked_ref()));
    Stored::new(changed);
}

/// The server does not accept this tab's key. The page is loaded anew, without it: one may watch without any.
pub(crate) fn key_refused() {
    if let Ok(Some(storage)) = window().session_storage() {
        let _ = storage.set_item(SLOT, "");
    }
    // Only a frame in a sandbox is refused.
    let _ = location().reload();
}

fn hide_fragment() {
    let path = location().pathname().unwrap_or_else(|_| "/".into());
    if let Ok(history) = window().history() {
        let _ = history.replace_state_with_url(&"".into(), "", Some(&path));
    }
}

/// The key of this tab, as it was when the page was loaded: see [`take_key`].
#[derive(Clone)]
pub(crate) struct Key(pub(crate) Option<String>);

/// This tab's key.
pub(crate) fn key() -> Option<String> {
    expect_context::<Key>().0.filter(|key| !key.is_empty())
}

/// Why this tab may watch only.
pub(crate) fn why_no_key(usual: &'static str) -> &'static str {
    let refused = expect_context::<Key>().0.is_some_and(|key| key.is_empty());
    if refused { frame_words().key_refused_why } else { usual }
}
