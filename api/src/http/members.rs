//! Reading JSON bodies, with errors that name the field. Callers may write the names of members in
//! any case; none may be there twice.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeOwned, DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer, Serialize};
use serde_json::{Map, Number, Value};

use super::error::ApiError;
use super::ignored::Ignored;

/// The longest name of a member that an error repeats, in bytes.
const NAME_SHOWN_BYTES_MAX: usize = 100;

/// The names of a body's members, in their proper case.
#[derive(Debug, Default)]
pub(crate) struct MemberNames(HashMap<String, String>);

/// The names for one request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Members {
    pub(crate) names: Arc<MemberNames>,
    /// Where members are noted that nothing reads.
    pub(crate) ignored: Ignored,
}

impl MemberNames {
    /// Takes the names from the schema of the body.
    pub(crate) fn new(names: BTreeSet<String>) -> Self {
        Self(names.into_iter().map(|it| (it.to_lowercase(), it)).collect())
    }

    fn has(&self, name: &str) -> bool {
        self.0.contains_key(&name.to_lowercase())
    }
}

impl Members {
    /// Reads a JSON body. Members that are null count as absent (spec section 2.1).
    pub(crate) fn read<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T, ApiError> {
        typed(without_nulls(self.object(body, Doubled::Refused)?))
    }

    /// As [`Members::read`], but of two members of one name the last counts, as callers of the
    /// app-token service are used to.
    pub(crate) fn read_last<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T, ApiError> {
        typed(without_nulls(self.object(body, Doubled::LastCounts)?))
    }

    /// Reads the body of an update, onto what there is now (contracts 32). A member that is null is
    /// cleared: it gets the value that it has in a body without it. One that is absent, or a blank
    /// text, stays as it is now if it is `kept`; others get that value, too. Members inside of lists
    /// are as in [`Members::read`].
    pub(crate) fn read_update<T: DeserializeOwned + Serialize>(
        &self,
        body: &[u8],
        now: &T,
        kept: impl Fn(&str) -> bool,
    ) -> Result<T, ApiError> {
        let Ok(Value::Object(mut members)) = serde_json::to_value(now) else {
            return Err(ApiError::field("$", "cannot be updated"));
        };
        members.retain(|name, _| kept(name));
        for (name, value) in self.object(body, Doubled::Refused)? {
            let is_blank = value.as_str().is_some_and(|it| it.trim().is_empty());
            if value.is_null() {
                members.remove(&name);
            } else if !(is_blank && kept(&name)) {
                members.insert(name, value);
            }
        }
        typed(without_nulls(members))
    }

    fn object(&self, body: &[u8], of_two: Doubled) -> Result<Map<String, Value>, ApiError> {
        // RFC 8259 section 8.1: a mark in front may be passed over.
        let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
        let mut json = serde_json::Deserializer::from_slice(body);
        let read =
            Json(&self.names, of_two).deserialize(&mut json).and_then(|it| json.end().map(|()| it));
        match read {
            Ok(Value::Object(members)) => {
                let unknown = members.keys().filter(|it| !self.names.has(it));
                unknown.for_each(|it| self.ignored.note_member(it));
                Ok(members)
            }
            Ok(_) => Err(ApiError::field("$", "must be a JSON object")),
            Err(err) if err.is_data() => Err(doubled(&err.to_string())),
            Err(err) => Err(ApiError::field("$", format!("is not JSON: {}", place(&err)))),
        }
    }
}

fn without_nulls(members: Map<String, Value>) -> Map<String, Value> {
    let kept = members.into_iter().filter(|(_, value)| !value.is_null());
    kept.map(|(name, value)| (name, inside_without_nulls(value))).collect()
}

fn inside_without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(without_nulls(members)),
        Value::Array(items) => items.into_iter().map(inside_without_nulls).collect(),
        value => value,
    }
}

fn typed<T: DeserializeOwned>(members: Map<String, Value>) -> Result<T, ApiError> {
    let list = list_in_list(&members);
    let read = serde_path_to_error::deserialize(Value::Object(members)).map_err(|err| {
        let path = err.path().to_string();
        let field = if path == "." { "$".to_owned() } else { path };
        ApiError::field(field, explain(&err.into_inner().to_string()))
    })?;
    match list {
        Some(field) => Err(ApiError::field(field, "has the wrong type: expected no list")),
        None => Ok(read),
    }
}

/// Where a list stands directly in a list. No body of ours has that, but serde would read the inner one
/// as an object, its members by their places.
fn list_in_list(members: &Map<String, Value>) -> Option<String> {
    let lists = members.iter().filter_map(|(name, value)| Some((name, value.as_array()?)));
    let mut items =
        lists.flat_map(|(name, items)| items.iter().enumerate().map(move |it| (name, it)));
    items.find_map(|(name, (at, item))| match item {
        Value::Array(_) => Some(format!("{name}[{at}]")),
        Value::Object(members) => Some(format!("{name}[{at}].{}", list_in_list(members)?)),
        _ => None,
    })
}

/// A JSON value whose members have their proper names, each once: with two of a name, a proxy and this
/// program might read different ones.
struct Json<'a>(&'a MemberNames, Doubled);

/// What becomes of two members of one name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doubled {
    Refused,
    LastCounts,
}

impl<'de> DeserializeSeed<'de> for Json<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Json<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element_seed(Json(self.0, self.1))? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        let mut seen = HashSet::new();
        while let Some(sent) = members.next_key::<String>()? {
            let lower = sent.to_lowercase();
            let name = self.0.0.get(&lower).cloned().unwrap_or(sent);
            if !seen.insert(lower) && self.1 == Doubled::Refused {
                return Err(A::Error::custom(format!("{DOUBLED}{name}")));
            }
            all.insert(name, members.next_value_seed(Json(self.0, self.1))?);
        }
        Ok(Value::Object(all))
    }
}

/// How the message begins of an error about a member that is there twice.
const DOUBLED: &str = "doubled ";

/// Of `doubled name at line 1 column 9`.
fn doubled(message: &str) -> ApiError {
    let name = message.strip_prefix(DOUBLED).and_then(|it| it.rsplit_once(" at line "));
    let name = name.map(|it| it.0).filter(|it| it.len() <= NAME_SHOWN_BYTES_MAX);
    ApiError::field(name.unwrap_or("$"), "must not be there twice")
}

/// Where the JSON is wrong, without quoting it.
fn place(err: &serde_json::Error) -> String {
    format!("line {} column {}", err.line(), err.column())
}

/// The name of a type of ours in words of JSON.
fn in_json(expected: &str) -> &str {
    match expected {
        "i8" | "i16" | "i32" | "i64" => "a whole number",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        it if it.starts_with("struct ") => "a JSON object",
        it => it,
    }
}

/// serde's message says `invalid type: string "secret", expected u32`: the value is cut out, for
/// it may be a secret. From the right, for the value may have that word, too.
fn explain(message: &str) -> String {
    match message.rsplit_once("expected ") {
        Some((_, expected)) => format!("has the wrong type: expected {}", in_json(expected)),
        None => match message.strip_prefix("missing field ") {
            Some(field) => format!("is missing {}", field.trim_matches('`')),
            None => "has a value that this field cannot hold".to_owned(),
        },
    }
}
