//! A sentence of the server's, so that a page can say it in its own language.

use serde::{Deserialize, Serialize};

/// Which sentence an English text is, and what stands in its open places: beside the text, for those who say it in another
/// language.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Said {
    /// The sentence's name, such as "full/rooms".
    pub name: String,
    /// What stands in its open places, by the places' names.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "as_object")]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, String>))]
    pub values: Vec<(String, String)>,
}

/// In JSON the values are an object. They are few, and the page reads them without a map's code.
mod as_object {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        values: &[(String, String)],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(values.iter().map(|(name, value)| (name, value)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<(String, String)>, D::Error> {
        BTreeMap::deserialize(deserializer).map(|values| values.into_iter().collect())
    }
}
