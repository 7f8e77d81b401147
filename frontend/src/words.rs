//! The page's texts in the visitor's language: fetched when it is spoken first.

use std::cell::{Cell, RefCell};

use socketscope_diagram::wording::{Frame, Language, Lesson, Page, Wording};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlLinkElement, Response};

use crate::browser::{document, window};

/// The files of a language, by the ids of their links: what a room's first diagram needs, and the rest.
const FILES: [&str; 2] = ["words", "more-words"];

thread_local! {
    static KNOWN: RefCell<Vec<(usize, &'static Wording)>> = const { RefCell::new(Vec::new()) };
    static SPOKEN: Cell<Option<&'static Wording>> = const { Cell::new(None) };
    /// How many files of a language are needed by now.
    static NEEDED: Cell<usize> = const { Cell::new(1) };
}

/// Speaks this language from now on. What is shown already must be made anew.
pub(crate) async fn speak(language: Language) -> Result<(), JsValue> {
    let needed = NEEDED.get();
    let known = KNOWN.with_borrow(|known| {
        let found = known.iter().find(|(files, it)| *files >= needed && it.language == language);
        found.map(|(_, wording)| *wording)
    });
    let wording = match known {
        Some(known) => known,
        None => fetch(language, needed).await?,
    };
    SPOKEN.set(Some(wording));
    Ok(())
}

/// Speaks the language that is spoken with all of its texts, and so any other.
pub(crate) async fn complete() -> Result<(), JsValue> {
    NEEDED.set(FILES.len());
    speak(wording().language).await
}

/// A language that was fetched stays: what is shown refers to its texts.
async fn fetch(language: Language, files: usize) -> Result<&'static Wording, JsValue> {
    let mut text = String::new();
    for file in FILES.iter().take(files) {
        let link = document().get_element_by_id(&format!("{file}-{}", language.tag()));
        let link: HtmlLinkElement = link.ok_or("no such language")?.unchecked_into();
        let answer = JsFuture::from(window().fetch_with_str(&link.href())).await?;
        let answer: Response = answer.unchecked_into();
        if !answer.ok() {
            // A newer server has other files: what it says instead is no text of the page's.
            return Err("no such language".into());
        }
        let more = JsFuture::from(answer.text()?).await?;
        text += &more.as_string().unwrap_or_default();
    }
    let wording: &'static Wording = Box::leak(Wording::read(text.leak()));
    KNOWN.with_borrow_mut(|known| known.push((files, wording)));
    Ok(wording)
}

/// The texts of the page's frame.
pub(crate) fn frame_words() -> &'static Frame {
    &wording().frame
}

/// The texts of everything around the diagram.
pub(crate) fn words() -> &'static Page {
    &wording().page
}

/// The texts of lessons: of what a room's first diagram does not need.
pub(crate) fn lesson_words() -> &'static Lesson {
    &wording().lesson
}

/// All texts.
pub(crate) fn wording() -> &'static Wording {
    SPOKEN.get().unwrap_or_else(|| unreachable!("nothing is shown before its language is known"))
}
