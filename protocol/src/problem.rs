//! What is wrong with a request, as `application/problem+json` (RFC 9457).

use serde::{Deserialize, Serialize};

use crate::Said;

/// A refused request: nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// A short name that does not change, such as "no-such-room"; for programs.
    pub code: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened, in a few words.
    pub title: String,
    /// Why, and what to do about it.
    pub detail: String,
    /// Which sentence the detail is, for pages in other languages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Box<Said>>,
}
