//! JSON read and written by hand (RFC 8259), in a tenth of the code that serde derives for the same types: for the page,
//! which every visitor downloads. And events are written so, since the server writes so many. Knows no types of the protocol;
//! those are in [`wire`](crate::wire).

mod object;
mod reader;
mod writer;

use std::borrow::Cow;

pub(crate) use object::Object;
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
            Self::Number(digits) => float(digits),
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

/// The number that is written as `text`. To the last bit where it has 15 digits or fewer: settings are written so. The standard
/// library's way is so for any, by a table that is a tenth of what the page needs for its first diagram.
pub fn float(text: &str) -> Option<f64> {
    let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    if !part.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = [whole, part].concat().parse::<i64>().ok()? as f64;
    let exponent = exponent.parse::<i32>().ok()?.checked_sub(part.len().try_into().ok()?)?;
    let power = 10_f64.powi(exponent.checked_abs()?);
    Some(if exponent < 0 { number / power } else { number * power })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::float;

    proptest! {
        #[test]
        fn numbers_are_read_as_the_standard_library_does(digits in -999_999_999_999_999_i64..=999_999_999_999_999, places in 0..=15_u32) {
            let text = format!("{digits}e-{places}");
            prop_assert_eq!(float(&text), text.parse().ok());
            let text = (digits as f64 / 10_f64.powi(places as i32)).to_string();
            let close = float(&text).zip(text.parse::<f64>().ok()).is_some_and(|(own, std)| {
                (own - std).abs() <= std.abs() * f64::EPSILON
            });
            prop_assert!(close, "{}", text);
        }
    }

    #[test]
    fn what_a_visitor_writes_is_a_number_or_none() {
        let numbers =
            [("5", 5.0), (".5", 0.5), ("5.", 5.0), ("-0.25", -0.25), ("+2", 2.0), ("1E3", 1000.0)];
        for (text, number) in numbers {
            assert_eq!(float(text), Some(number), "{text}");
        }
        for text in ["", ".", "-", "x", "1,5", "1.-5", ".-5", "--1", "inf", "1e", "1e99999999999"] {
            assert_eq!(float(text), None, "{text}");
        }
    }
}
