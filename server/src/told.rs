//! A sentence of the server's: in English, and with its name and values beside it for a page that says it in its own language.

use socketscope_diagram::wording::{Trouble, fill};
use socketscope_protocol::{Obstacle, Said};

/// What is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// In English.
    pub(crate) english: String,
    /// Which sentence it is.
    pub(crate) said: Option<Said>,
}

impl Told {
    /// A sentence of the catalogue, with what stands in its open places.
    pub(crate) fn new(trouble: Trouble, values: &[(&str, &dyn ToString)]) -> Self {
        let values: Vec<_> =
            values.iter().map(|(name, value)| ((*name).to_owned(), value.to_string())).collect();
        let places: Vec<_> = values.iter().map(|(name, text)| (name.as_str(), &**text)).collect();
        let english = fill(trouble.english, &places);
        Self { english, said: Some(Said { name: trouble.name.into(), values }) }
    }
}

/// A sentence of the catalogue of which only the name is known where it is chosen.
impl From<Trouble> for Told {
    fn from(trouble: Trouble) -> Self {
        Self::new(trouble, &[])
    }
}

impl From<Obstacle> for Told {
    fn from(obstacle: Obstacle) -> Self {
        Self { english: obstacle.why, said: obstacle.said }
    }
}

impl From<&Obstacle> for Told {
    fn from(obstacle: &Obstacle) -> Self {
        obstacle.clone().into()
    }
}

/// `told!("full/rooms", limit = ROOMS)`: the sentence of this name, which is looked up by the compiler.
macro_rules! told {
    ($name:literal $(, $place:ident = $value:expr)* $(,)?) => {
        $crate::told::Told::new(
            const { ::socketscope_diagram::wording::Trouble::named($name) },
            &[$((stringify!($place), &$value)),*],
        )
    };
}
pub(crate) use told;

/// A text as it stands between the quotes of a sentence: what would end or break those is escaped.
pub(crate) fn quoted(text: &str) -> String {
    let quoted = format!("{text:?}");
    quoted[1..quoted.len() - 1].to_owned()
}

/// A library's error text as a sentence: capital first, full stop last.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase).into_iter().flatten();
    let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    first.chain(letters).collect::<String>() + stop
}
