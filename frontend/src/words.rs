//! The page's texts in the visitor's language.

use socketscope_diagram::wording::{EN, Page, Wording};

/// The texts of everything around the diagram.
pub(crate) fn words() -> &'static Page {
    &wording().page
}

/// All texts.
pub(crate) fn wording() -> &'static Wording {
    &EN
}
