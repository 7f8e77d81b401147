//! JSON read and written by hand (RFC 8259), in a tenth of the code that serde derives for the same types: for the page,
//! which every visitor downloads. Knows no types of the protocol; those are in [`wire`](crate::wire).

mod reader;
mod writer;

use std::borrow::Cow;

pub use writer::Writer;

/// A value, borrowed from the text that it was read from.
#[derive(Clone, Debug, PartialEq)]
pub enum Json<'a> {
    /// `null`, and what is not there.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it is written: who takes it knows what it can be.
    Number(&'a str),
    /// A text.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Json<'a>>),
    /// An object's fields in their order. They are few, so they are searched one after the other.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl<'a> Json<'a> {
    /// Reads a whole text; none where it is not JSON.
    pub fn read(text: &'a str) -> Option<Self> {
        reader::read(text)
    }

    /// The field `name`; [`Null`](Self::Null) where there is none.
    pub fn get(&self, name: &str) -> &Self {
        let Self::Object(fields) = self else { return &Self::Null };
        fields.iter().find(|(field, _)| field == name).map_or(&Self::Null, |(_, value)| value)
    }

    /// The value, where it is not `null`.
    pub fn some(&self) -> Option<&Self> {
        (*self != Self::Null).then_some(self)
    }

    /// As a text.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// As a text of one's own.
    pub fn string(&self) -> Option<String> {
        self.text().map(str::to_owned)
    }

    /// As a number that is not negative.
    pub fn unsigned(&self) -> Option<u64> {
        match self {
            Self::Number(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// As a count.
    pub fn size(&self) -> Option<usize> {
        self.unsigned()?.try_into().ok()
    }

    /// As a number that a C `int` holds.
    pub fn int(&self) -> Option<i32> {
        match self {
            Self::Number(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// As a number of any kind.
    pub fn float(&self) -> Option<f64> {
        match self {
            Self::Number(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// As `true` or `false`.
    pub fn bool(&self) -> Option<bool> {
        match self {
            Self::Bool(holds) => Some(*holds),
            _ => None,
        }
    }

    /// Its items; none where it is no list.
    pub fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }
}
