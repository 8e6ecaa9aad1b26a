//! Lists inside of bodies that several resources have: types of claims, and properties.

use domain::Timestamp;
use domain::children::PropertyValue;

/// What is shown in place of a secret (spec section 7.3, H15).
pub(crate) const MASKED: &str = "***";

/// Declares the claims and properties of a resource: the same but for their names and for the member
/// that names their parent (spec section 2.7).
macro_rules! children {
    ($claim:ident = $claim_name:literal, $property:ident = $property_name:literal, $parent:ident) => {
        #[derive(Debug, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(default, rename_all = "camelCase")]
        #[schemars(rename = $claim_name)]
        struct $claim {
            /// The place in the list; ignored in a request.
            id: u32,
            r#type: String,
            /// Ignored in a request.
            $parent: i64,
        }

        #[derive(Debug, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(default, rename_all = "camelCase")]
        #[schemars(rename = $property_name)]
        struct $property {
            /// The place in the list; ignored in a request.
            id: u32,
            key: String,
            /// `***` keeps the value that is there; blank removes the property.
            value: String,
            /// Ignored in a request.
            $parent: i64,
        }

        impl $claim {
            fn from_types(types: &[String], $parent: i64) -> Vec<Self> {
                let one = |(it, id): (&String, u32)| Self { id, r#type: it.clone(), $parent };
                types.iter().zip(1..).map(one).collect()
            }

            fn types(claims: Vec<Self>) -> Vec<String> {
                claims.into_iter().map(|it| it.r#type).collect()
            }
        }

        impl $property {
            fn from_pairs(keys: &[String], values: Vec<String>, $parent: i64) -> Vec<Self> {
                let pairs = keys.iter().zip(values).zip(1..);
                pairs
                    .map(|((key, value), id)| Self { id, key: key.clone(), value, $parent })
                    .collect()
            }

            fn wishes(
                properties: Vec<Self>,
            ) -> (Vec<String>, Vec<domain::children::PropertyValue>) {
                crate::resources::children::wishes(
                    properties.into_iter().map(|it| (it.key, it.value)),
                )
            }
        }
    };
}
pub(super) use children;

/// What a body wishes of properties: those with a blank value are dropped.
pub(super) fn wishes(
    pairs: impl Iterator<Item = (String, String)>,
) -> (Vec<String>, Vec<PropertyValue>) {
    let kept = pairs.filter(|(_, value)| !value.trim().is_empty());
    kept.map(|(key, value)| (key, wish(value))).unzip()
}

/// What a body wishes of a secret value, whatever it is.
pub(super) fn wish(value: String) -> PropertyValue {
    match value == MASKED {
        true => PropertyValue::Keep,
        false => PropertyValue::Set(value),
    }
}

/// A time as it was, if it was sent as it is shown: with whole seconds.
pub(super) fn unless_same(sent: Timestamp, old: Timestamp) -> Timestamp {
    if sent.wire() == old.wire() { old } else { sent }
}

/// A text of an update: one that is absent or blank stays as it was (spec sections 5.5 and 5.6).
pub(super) fn unless_blank(wanted: Option<String>, now: &Option<String>) -> Option<String> {
    wanted.filter(|it| !it.trim().is_empty()).or_else(|| now.clone())
}
