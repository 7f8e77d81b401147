//! Light, dark, or as the system says; remembered in this browser. `static/theme.js` applies it before the first paint.

use crate::browser::{document, window};

const SLOT: &str = "socketscope.theme";

/// The choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Theme {
    Auto,
    Light,
    Dark,
}

impl Theme {
    /// What was chosen before.
    pub(crate) fn remembered() -> Self {
        let storage = window().local_storage().ok().flatten();
        match storage.and_then(|s| s.get_item(SLOT).ok().flatten()).as_deref() {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            _ => Self::Auto,
        }
    }

    /// What the next press of the button chooses.
    pub(crate) fn next(self) -> Self {
        match self {
            Self::Auto => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::Auto,
        }
    }

    /// Shows it from now on, and remembers it where the browser allows.
    pub(crate) fn apply(self) {
        let name = match self {
            Self::Auto => None,
            Self::Light => Some("light"),
            Self::Dark => Some("dark"),
        };
        if let Some(root) = document().document_element() {
            let _ = match name {
                Some(name) => root.set_attribute("data-theme", name),
                None => root.remove_attribute("data-theme"),
            };
        }
        if let Ok(Some(storage)) = window().local_storage() {
            let _ = match name {
                Some(name) => storage.set_item(SLOT, name),
                None => storage.remove_item(SLOT),
            };
        }
    }
}
