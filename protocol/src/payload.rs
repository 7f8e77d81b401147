//! Bytes on their way through JSON: text where they are UTF-8, base64 where not, cut to a stated length.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use crate::limits::SHOWN_BYTES;

/// Bytes that a program sent or received. At most one of `text` and `base64` is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Payload {
    /// The bytes, where all of them are UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The bytes, where they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
}

impl Payload {
    /// `bytes` as an event carries them: at most [`SHOWN_BYTES`] of them, never half a character.
    pub fn shown(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self {
                text: Some(text[..text.floor_char_boundary(SHOWN_BYTES)].to_owned()),
                base64: None,
            },
            Err(_) => Self {
                text: None,
                base64: Some(STANDARD.encode(&bytes[..bytes.len().min(SHOWN_BYTES)])),
            },
        }
    }

    /// The bytes themselves; none where neither field is there.
    ///
    /// # Errors
    /// A sentence, where both fields are there or `base64` is not base64 (RFC 4648, section 4).
    pub fn bytes(&self) -> Result<Vec<u8>, String> {
        match (&self.text, &self.base64) {
            (Some(_), Some(_)) => {
                Err("give the bytes as \"text\" or as \"base64\", not both".into())
            }
            (Some(text), None) => Ok(text.clone().into_bytes()),
            (None, Some(encoded)) => STANDARD
                .decode(encoded)
                .map_err(|error| format!("\"base64\" is not base64 (RFC 4648): {error}")),
            (None, None) => Ok(Vec::new()),
        }
    }
}
