//! Events: their typed form, their stored parts, and the table that joins the two.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

use crate::codec;
use crate::commit::CommitHead;
use crate::ids::{EventId, SubjectId};
use crate::kind::Kind;
use crate::stream::StreamId;

/// A fact in its typed form: what everybody may read, what names a human, and what nobody reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact<D, P = (), S = ()> {
    /// What everybody with a right to the event may read.
    pub data: D,
    /// What names a human. `None` if it never did, or if the person was erased.
    pub personal: Option<P>,
    /// Verifiers and the like. Shown as `***` everywhere.
    pub secret: Option<S>,
}

impl<D, P, S> From<D> for Fact<D, P, S> {
    fn from(data: D) -> Self {
        Self { data, personal: None, secret: None }
    }
}

/// The three parts of a payload as bytes: clear on their way to a codec, sealed in the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts {
    /// Readable by whoever may read the event.
    pub data: Bytes,
    /// Sealed with the subject's own key.
    pub personal: Option<Bytes>,
    /// Sealed with the installation's key.
    pub secret: Option<Bytes>,
}

/// The JSON form of a payload, for people and subscribers.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonParts {
    /// The clear part.
    pub data: Value,
    /// The personal part, where its key lives.
    pub personal: Option<Value>,
}

/// An event that the log has accepted. Its parts are still sealed.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Its place in the whole log, from 1, without gaps.
    pub position: u64,
    /// Its place in its stream, from 1, without gaps.
    pub version: u32,
    /// The stream that it belongs to.
    pub stream: StreamId,
    /// The stored name with its revision: `user.registered.v1`.
    pub kind: Arc<str>,
    /// Known before the position was.
    pub event_id: EventId,
    /// The one person whom it names.
    pub subject: SubjectId,
    /// What it shares with the other events of its commit.
    pub commit: Arc<CommitHead>,
    /// The payload.
    pub parts: Parts,
}

/// A stored event that this version of the program cannot read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unreadable event {kind}: {why}")]
pub struct Unreadable {
    /// The stored kind.
    pub kind: String,
    /// What is wrong with it; never its contents.
    pub why: String,
}

/// The events of one aggregate, as stored.
pub trait StoredEvent: fmt::Debug + Clone + Send + Sync + Sized + 'static {
    /// Every kind that can be read, current and past.
    const KINDS: &'static [Kind];

    /// The stored name with its revision.
    fn kind(&self) -> &'static str;

    /// The person whose key seals the personal part.
    fn subject(&self) -> SubjectId;

    /// Writes the parts, in clear.
    ///
    /// # Errors
    /// When a part exceeds the size of a commit.
    fn encode(&self) -> Result<Parts, Unreadable>;

    /// Reads the parts, opened, lifting old revisions on the way.
    ///
    /// # Errors
    /// When the kind is unknown or its bytes are not of its shape.
    fn decode(kind: &str, parts: &Parts) -> Result<Self, Unreadable>;

    /// The JSON form.
    fn to_json(&self) -> JsonParts;

    /// The JSON form of opened parts, under the kind that they were stored with: that of a former
    /// kind stays as it was published then.
    ///
    /// # Errors
    /// When the kind is unknown or its bytes are not of its shape.
    fn json_of(kind: &str, parts: &Parts) -> Result<JsonParts, Unreadable>;
}

/// The JSON form of parts of a former kind; for the table below.
pub fn former_json<D, P>(kind: &str, parts: &Parts) -> Result<JsonParts, Unreadable>
where
    D: serde::de::DeserializeOwned + Serialize,
    P: serde::de::DeserializeOwned + Serialize,
{
    let clear = Parts { secret: None, ..parts.clone() };
    let fact = decode_fact::<D, P, ()>(kind, &clear)?;
    Ok(JsonParts { data: json(&fact.data), personal: fact.personal.as_ref().map(json) })
}

/// Writes one part; for the table below.
pub fn encode_part<T: Serialize>(kind: &str, part: &T) -> Result<Bytes, Unreadable> {
    let bytes = codec::encode(part).map_err(|err| unreadable(kind, &err))?;
    Ok(bytes.into())
}

/// Reads a fact from its parts; for the table below.
pub fn decode_fact<D, P, S>(kind: &str, parts: &Parts) -> Result<Fact<D, P, S>, Unreadable>
where
    D: serde::de::DeserializeOwned,
    P: serde::de::DeserializeOwned,
    S: serde::de::DeserializeOwned,
{
    fn part<T: serde::de::DeserializeOwned>(
        kind: &str,
        bytes: Option<&Bytes>,
    ) -> Result<Option<T>, Unreadable> {
        bytes.map(|it| codec::decode(it)).transpose().map_err(|err| unreadable(kind, &err))
    }
    Ok(Fact {
        data: codec::decode(&parts.data).map_err(|err| unreadable(kind, &err))?,
        personal: part(kind, parts.personal.as_ref())?,
        secret: part(kind, parts.secret.as_ref())?,
    })
}

/// Reads the clear data of a former kind, as the kind that took its place says it.
///
/// # Errors
/// When its bytes are not of its shape.
pub fn lifted<Old, New>(kind: &str, parts: &Parts) -> Result<Fact<New>, Unreadable>
where
    Old: serde::de::DeserializeOwned,
    New: From<Old>,
{
    Ok(New::from(decode_fact::<Old, (), ()>(kind, parts)?.data).into())
}

fn unreadable(kind: &str, err: &bincode::Error) -> Unreadable {
    Unreadable { kind: kind.to_owned(), why: err.to_string() }
}

/// Declares the events of one aggregate: variant, stored name, payload, and who is named: a field
/// of the data, or what a method of it says (`subject: whose()`), and what is known about its events
/// (`marks: [Ends]`, see [`crate::Mark`]).
///
/// The names stand here by hand, so that renaming a Rust type can never change the log. Under
/// `upcasts` each former kind names the function that lifts its parts, and their former types; arms are
/// never removed.
#[macro_export]
macro_rules! stored_events {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {$(
            $(#[$variant_meta:meta])*
            $variant:ident = $kind:literal {
                data: $data:ty
                $(, personal: $personal:ty)?
                $(, secret: $secret:ty)?
                $(, subject: $subject:ident $(( $($nothing:tt)* ))?)?
                $(, marks: [$($mark:ident $(($value:expr))?),+])?
            }
        ),* $(,)?}
        $(upcasts {$(
            $old:literal => $lift:path {
                data: $old_data:ty
                $(, personal: $old_personal:ty)?
            }
        ),* $(,)? })?
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[allow(clippy::large_enum_variant, reason = "events are handled one at a time")]
        pub enum $name {$(
            $(#[$variant_meta])*
            $variant($crate::Fact<$data, $crate::stored_events!(@part $($personal)?), $crate::stored_events!(@part $($secret)?)>),
        )*}

        impl $crate::StoredEvent for $name {
            const KINDS: &'static [$crate::Kind] = &[
                $($crate::Kind {
                    name: $kind,
                    marks: &[$($($crate::Mark::$mark $(($value))?),+)?],
                    past: false,
                },)*
                $($($crate::Kind { name: $old, marks: &[], past: true },)*)?
            ];

            fn kind(&self) -> &'static str {
                match self {$(
                    Self::$variant(_) => $kind,
                )*}
            }

            fn subject(&self) -> $crate::SubjectId {
                match self {$(
                    Self::$variant(_fact) => {
                        $crate::stored_events!(@subject _fact $($subject $(( $($nothing)* ))?)?)
                    }
                )*}
            }

            fn encode(&self) -> Result<$crate::Parts, $crate::Unreadable> {
                match self {$(
                    Self::$variant(fact) => Ok($crate::Parts {
                        data: $crate::event::encode_part($kind, &fact.data)?,
                        personal: match &fact.personal {
                            Some(part) => Some($crate::event::encode_part($kind, part)?),
                            None => None,
                        },
                        secret: match &fact.secret {
                            Some(part) => Some($crate::event::encode_part($kind, part)?),
                            None => None,
                        },
                    }),
                )*}
            }

            fn decode(
                kind: &str,
                parts: &$crate::Parts,
            ) -> Result<Self, $crate::Unreadable> {
                match kind {
                    $($kind => Ok(Self::$variant($crate::event::decode_fact(kind, parts)?)),)*
                    $($($old => $lift(parts),)*)?
                    _ => Err($crate::Unreadable {
                        kind: kind.to_owned(),
                        why: "this program does not know the kind".to_owned(),
                    }),
                }
            }

            fn json_of(
                kind: &str,
                parts: &$crate::Parts,
            ) -> Result<$crate::event::JsonParts, $crate::Unreadable> {
                match kind {
                    $($($old => $crate::event::former_json::<
                        $old_data,
                        $crate::stored_events!(@part $($old_personal)?),
                    >(kind, parts),)*)?
                    kind => Ok(<Self as $crate::StoredEvent>::decode(kind, parts)?.to_json()),
                }
            }

            fn to_json(&self) -> $crate::event::JsonParts {
                match self {$(
                    Self::$variant(fact) => $crate::event::JsonParts {
                        data: $crate::event::json(&fact.data),
                        personal: fact.personal.as_ref().map($crate::event::json),
                    },
                )*}
            }
        }
    };
    (@part) => { () };
    (@part $part:ty) => { $part };
    (@subject $fact:ident) => { $crate::SubjectId::NONE };
    (@subject $fact:ident $($field:tt)+) => { $crate::SubjectId::from($fact.data.$($field)+) };
}

/// A part as JSON; for the table above.
pub fn json<T: Serialize>(part: &T) -> Value {
    serde_json::to_value(part).unwrap_or(Value::Null)
}
