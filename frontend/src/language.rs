//! The page's language: the one that was chosen in this browser, at first the browser's own.

use socketscope_diagram::wording::Language;
use wasm_bindgen::JsCast;
use web_sys::Element;

use crate::{
    browser::{self, document, window},
    reactive::{RwSignal, expect_context, provide_context},
    words::speak,
};

const SLOT: &str = "socketscope.language";

/// What scrolls beside the diagram: it stays where it is while its texts change.
const SIDES: [&str; 2] = ["programs", "inspector"];

/// The language that the page speaks: whatever has texts is made anew when it changes.
#[derive(Clone, Copy)]
pub(crate) struct Spoken(RwSignal<Language>);

impl Spoken {
    /// Speaks the language that was chosen before, or the browser's.
    pub(crate) fn provide() {
        let storage = window().local_storage().ok().flatten();
        let remembered = storage.and_then(|storage| storage.get_item(SLOT).ok().flatten());
        let tag = remembered.or_else(|| window().navigator().language()).unwrap_or_default();
        let language = Language::for_tag(&tag);
        show(language);
        provide_context(Self(RwSignal::new(language)));
    }

    /// The language, tracked.
    pub(crate) fn get(self) -> Language {
        self.0.get()
    }

    /// Speaks another language from now on, and remembers it where the browser allows.
    pub(crate) fn change(self, language: Language) {
        if language == self.0.get_untracked() {
            return;
        }
        if let Ok(Some(storage)) = window().local_storage() {
            let _ = storage.set_item(SLOT, language.tag());
        }
        show(language);
        let side = |id: &str| document().get_element_by_id(id);
        let tops = SIDES.map(|id| side(id).map_or(0, |side| side.scroll_top()));
        self.0.set(language);
        browser::next_frame(move || {
            for (id, top) in SIDES.into_iter().zip(tops) {
                if let Some(side) = side(id) {
                    side.set_scroll_top(top);
                }
            }
            // The pressed button was made anew, too.
            browser::focus(&switch_id(language));
        });
    }
}

/// The id of the button that chooses this language.
pub(crate) fn switch_id(language: Language) -> String {
    format!("speak-{}", language.tag())
}

/// The page's language.
pub(crate) fn spoken() -> Spoken {
    expect_context()
}

fn show(language: Language) {
    speak(language);
    if let Some(root) = document().document_element() {
        let root: Element = root.unchecked_into();
        // An attribute of this name can always be set.
        let _ = root.set_attribute("lang", language.tag());
    }
}
