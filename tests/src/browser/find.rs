//! How a test names an element: as a visitor would, by what it is and what it is called.

use std::fmt;

/// A CSS selector, and the accessible name where the selector alone does not tell.
///
/// `"#start"` and `("button", "Connect")` are both taken where one of these is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Find<'a> {
    /// What kind of element, and within what.
    pub css: &'a str,
    /// Its whole accessible name: what a screen reader says.
    pub name: Option<&'a str>,
}

impl<'a> From<&'a str> for Find<'a> {
    fn from(css: &'a str) -> Self {
        Self { css, name: None }
    }
}

impl<'a> From<(&'a str, &'a str)> for Find<'a> {
    fn from((css, name): (&'a str, &'a str)) -> Self {
        Self { css, name: Some(name) }
    }
}

impl fmt::Display for Find<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name {
            Some(name) => write!(f, "{} named {name:?}", self.css),
            None => write!(f, "{}", self.css),
        }
    }
}

/// JavaScript's `name(element)`: the accessible name, by the sources that a page uses, in the order
/// of the standard (W3C, Accessible Name and Description Computation).
pub(super) const NAME: &str = r#"
const name = (element) => {
    const text = (node) => (node?.textContent ?? '').replace(/\s+/g, ' ').trim();
    const references = (element.getAttribute('aria-labelledby') ?? '').split(/\s+/).filter(Boolean);
    return [
        () => references.map((id) => text(document.getElementById(id))).join(' '),
        () => element.getAttribute('aria-label')?.trim(),
        () => [...(element.labels ?? [])].map(text).join(' '),
        () => text(element.querySelector(':scope > title')),
        () => text(element),
        () => element.getAttribute('title') ?? element.getAttribute('placeholder'),
    ].reduce((found, source) => found || source(), '') ?? '';
};
"#;

/// Returns the first element with this selector and, unless it is null, this name.
pub(super) fn script() -> String {
    format!(
        "{NAME} const [css, wanted] = arguments;
        return [...document.querySelectorAll(css)].find((e) => wanted === null || name(e) === wanted) ?? null;"
    )
}
