//! What is wrong with a request, as `application/problem+json` (RFC 9457).

use serde::{Deserialize, Serialize};

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
}
