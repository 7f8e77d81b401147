//! The page's texts in the visitor's language: fetched when it is spoken first.

use std::cell::{Cell, RefCell};

use socketscope_diagram::wording::{Language, Lesson, Page, Wording};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlLinkElement, Response};

use crate::browser::{document, window};

thread_local! {
    static KNOWN: RefCell<Vec<&'static Wording>> = const { RefCell::new(Vec::new()) };
    static SPOKEN: Cell<Option<&'static Wording>> = const { Cell::new(None) };
}

/// Speaks this language from now on. What is shown already must be made anew.
pub(crate) async fn speak(language: Language) -> Result<(), JsValue> {
    let known =
        KNOWN.with_borrow(|known| known.iter().find(|known| known.language == language).copied());
    let wording = match known {
        Some(known) => known,
        None => fetch(language).await?,
    };
    SPOKEN.set(Some(wording));
    Ok(())
}

/// A language that was fetched stays: what is shown refers to its texts.
async fn fetch(language: Language) -> Result<&'static Wording, JsValue> {
    let link = document().get_element_by_id(&format!("words-{}", language.tag()));
    let link: HtmlLinkElement = link.ok_or("no such language")?.unchecked_into();
    let answer = JsFuture::from(window().fetch_with_str(&link.href())).await?;
    let text = JsFuture::from(answer.unchecked_into::<Response>().text()?).await?;
    let text = text.as_string().unwrap_or_default();
    let wording: &'static Wording = Box::leak(Wording::read(text.leak()));
    KNOWN.with_borrow_mut(|known| known.push(wording));
    Ok(wording)
}

/// The texts of everything around the diagram.
pub(crate) fn words() -> &'static Page {
    &wording().page
}

/// The texts of lessons.
pub(crate) fn lesson_words() -> &'static Lesson {
    &wording().lesson
}

/// All texts.
pub(crate) fn wording() -> &'static Wording {
    SPOKEN.get().unwrap_or_else(|| unreachable!("nothing is shown before its language is known"))
}
