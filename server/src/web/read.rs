//! Reading requests: bodies, paths and queries whose mistakes come back as problems, not as plain text.

use std::fmt::Display;

use axum::{
    body::Bytes,
    extract::{
        FromRequest, FromRequestParts, Path, Query, Request,
        path::ErrorKind,
        rejection::{BytesRejection, PathRejection},
    },
    http::{StatusCode, request::Parts},
};
use serde::de::DeserializeOwned;

use crate::refusal::Refusal;

/// A body of JSON, whatever its content type says.
pub(super) struct Body<T>(pub(super) T);

/// The variable parts of a path.
pub(super) struct In<T>(pub(super) T);

/// The query.
pub(super) struct With<T>(pub(super) T);

/// Reads JSON; the refusal says where it went wrong.
pub(super) fn json<T: DeserializeOwned>(text: &[u8]) -> Result<T, Refusal> {
    // serde would take a list for an object, field by field.
    if !text.trim_ascii_start().starts_with(b"{") {
        return Err(malformed("what is sent must be a JSON object"));
    }
    serde_json::from_slice(text).map_err(malformed)
}

/// As [`json`], from JSON that has been read already.
pub(super) fn value<T: DeserializeOwned>(json: serde_json::Value) -> Result<T, Refusal> {
    serde_json::from_value(json).map_err(malformed)
}

fn malformed(error: impl Display) -> Refusal {
    Refusal::malformed(error)
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let bytes =
            Bytes::from_request(request, state).await.map_err(|rejection: BytesRejection| {
                match rejection.status() {
                    StatusCode::PAYLOAD_TOO_LARGE => Refusal::message_too_long(),
                    _ => malformed(rejection.body_text()),
                }
            })?;
        // No body at all is an empty object: everything in it may be left out, or is said to be missing.
        let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        json(text).map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for In<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Path(path) = Path::from_request_parts(parts, state).await.map_err(in_path)?;
        Ok(Self(path))
    }
}

/// What is wrong with a path, in the reader's words and not in those of the types behind it.
fn in_path(rejection: PathRejection) -> Refusal {
    let PathRejection::FailedToDeserializePathParams(why) = rejection else {
        return malformed(rejection.body_text());
    };
    malformed(match why.into_kind() {
        // All that is parsed in a path is the number of a call or of a packet.
        ErrorKind::ParseError { value, .. }
        | ErrorKind::ParseErrorAtKey { value, .. }
        | ErrorKind::ParseErrorAtIndex { value, .. } => {
            format!("{value:?} stands in the path where a number belongs, such as 12")
        }
        ErrorKind::DeserializeError { value, message, .. } => {
            format!("{value:?} in the path cannot be: {message}")
        }
        ErrorKind::InvalidUtf8InPathParam { .. } => "the path is not UTF-8".into(),
        other => other.to_string(),
    })
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for With<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Query(query) = Query::from_request_parts(parts, state)
            .await
            .map_err(|rejection| malformed(in_query(&rejection.body_text())))?;
        Ok(Self(query))
    }
}

/// The library's sentence about a query, without its words for programmers.
fn in_query(text: &str) -> String {
    text.replace("Failed to deserialize query string", "the query cannot be read")
}
