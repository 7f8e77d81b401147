//! The page's texts in the visitor's language.

use std::cell::Cell;

use socketscope_diagram::wording::{EN, Language, Lesson, Page, Wording, ZH};

thread_local! {
    static SPOKEN: Cell<Language> = const { Cell::new(Language::En) };
}

/// Speaks this language from now on. What is shown already must be made anew.
pub(crate) fn speak(language: Language) {
    SPOKEN.set(language);
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
    match SPOKEN.get() {
        Language::En => &EN,
        Language::Zh => &ZH,
    }
}
