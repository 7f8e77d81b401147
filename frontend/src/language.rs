//! The page's language: the one that was chosen in this browser, at first the browser's own. static/early.js has found it.

use socketscope_diagram::wording::Language;
use wasm_bindgen_futures::spawn_local;

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
    /// Begins with this one.
    pub(crate) fn provide(language: Language) {
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
        spawn_local(async move {
            // Where the server is gone, the page goes on in the language that it has.
            if speak(language).await.is_ok() {
                self.show(language);
            }
        });
    }

    /// Makes anew what has texts.
    fn show(self, language: Language) {
        if let Some(root) = document().document_element() {
            // An attribute of this name can always be set.
            let _ = root.set_attribute("lang", language.tag());
        }
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

/// The language to begin with.
pub(crate) fn first() -> Language {
    let root = document().document_element();
    Language::for_tag(&root.and_then(|root| root.get_attribute("lang")).unwrap_or_default())
}

/// The id of the button that chooses this language.
pub(crate) fn switch_id(language: Language) -> String {
    format!("speak-{}", language.tag())
}

/// The page's language.
pub(crate) fn spoken() -> Spoken {
    expect_context()
}
