//! Newtypes for the names and numbers that identify things, valid by construction.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::limits::NAME_CHARS;

/// A room's address: six letters and digits that are easy to read out loud.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, example = "kx4p7m"))]
#[serde(transparent)]
pub struct RoomId(pub String);

/// A call's number, unique in its room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = u64, example = 12))]
#[serde(transparent)]
pub struct CallId(pub u64);

/// A file descriptor as the program sees it: from 3 on, the lowest free one first, as in a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = i32, example = 3))]
#[serde(transparent)]
pub struct Fd(pub i32);

/// A program's name: unique among a room's living programs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, example = "server"))]
#[serde(try_from = "String", into = "Arc<str>")]
pub struct ProgramName(Arc<str>);

/// The name of a host of the lab, unique in its room.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, example = "alice"))]
#[serde(try_from = "String", into = "Arc<str>")]
pub struct HostName(Arc<str>);

/// A room's name, as its creator wrote it. Two rooms may have the same one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, example = "Monday's class"))]
#[serde(try_from = "String", into = "Arc<str>")]
pub struct RoomName(Arc<str>);

/// Why a text cannot be a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidName {
    /// Nothing, or nothing but spaces.
    Empty,
    /// More than [`NAME_CHARS`] characters.
    TooLong,
    /// A control character, or one that turns the direction of writing: it could disguise what stands around it.
    Unprintable,
}

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "a name needs at least one visible character"),
            Self::TooLong => write!(f, "a name has at most {NAME_CHARS} characters"),
            Self::Unprintable => write!(f, "a name has no control characters"),
        }
    }
}

impl std::error::Error for InvalidName {}

/// Whether a character takes no room, or is a blank one (Unicode's Default_Ignorable_Code_Point, and spaces).
fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

fn valid_name(text: &str) -> Result<Arc<str>, InvalidName> {
    let text = text.trim();
    if text.chars().all(is_invisible) {
        return Err(InvalidName::Empty);
    }
    if text.chars().count() > NAME_CHARS {
        return Err(InvalidName::TooLong);
    }
    let turns_direction = |c| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if text.chars().any(|c| c.is_control() || turns_direction(c)) {
        return Err(InvalidName::Unprintable);
    }
    Ok(text.into())
}

macro_rules! name {
    ($name:ident) => {
        impl $name {
            /// Checks `text`, without the spaces around it.
            pub fn new(text: &str) -> Result<Self, InvalidName> {
                valid_name(text).map(Self)
            }

            /// The name as text. It is a visitor's: never markup, never a path.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, InvalidName> {
                Self::new(&text)
            }
        }

        impl From<$name> for Arc<str> {
            fn from(name: $name) -> Arc<str> {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(HostName);
name!(ProgramName);
name!(RoomName);

macro_rules! display {
    ($($name:ident)*) => {
        $(impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        })*
    };
}

display!(RoomId CallId Fd);
