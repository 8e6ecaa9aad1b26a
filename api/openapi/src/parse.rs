//! From bytes to a value: JSON or YAML, with limits, and without a key that stands twice.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy, NonFiniteFloatPolicy};

use crate::limits::{
    BYTES_MAX, JSON_DEPTH_MAX, NODES_MAX, YAML_ANCHORS_MAX, YAML_DEPTH_MAX, YAML_REPLAYED_MAX,
};
use crate::place::Place;
use crate::problem::{self, Refused, Rule, refused};
use crate::text::clean;

/// How a document was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// JSON: the first character that is not blank is `{`.
    Json,
    /// YAML: everything else.
    Yaml,
}

/// The value, how it was written, and how many values stand in it.
pub(crate) fn parse(bytes: &[u8]) -> Result<(Value, Form, u32), Refused> {
    let root = Place::Root;
    if bytes.len() > BYTES_MAX {
        return Err(refused(problem::BYTES, &root, format!("more than {BYTES_MAX} bytes")));
    }
    let text = std::str::from_utf8(bytes);
    let text = text.map_err(|_| refused(problem::ENCODING, &root, "not UTF-8"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let counter = Counter::default();
    let (form, value) = match text.trim_start().starts_with('{') {
        true => (Form::Json, from_json(text, &counter)),
        false => (Form::Yaml, from_yaml(text, &counter)),
    };
    let value = value.map_err(|(rule, said)| {
        // What we refused ourselves says more than how the parser repeats it.
        let (rule, said) = counter.refused.take().unwrap_or((rule, said));
        refused(rule, &root, clean(&said))
    })?;
    Ok((value, form, counter.nodes.get()))
}

fn from_json(text: &str, counter: &Counter) -> Result<Value, (Rule, String)> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = Seed(counter).deserialize(&mut deserializer);
    read.and_then(|value| deserializer.end().map(|()| value)).map_err(|error| {
        let said = error.to_string();
        // The parser has no kind for it.
        let rule = match said.starts_with("recursion limit") {
            true => problem::DEPTH,
            false => problem::SYNTAX,
        };
        (rule, said)
    })
}

fn from_yaml(text: &str, counter: &Counter) -> Result<Value, (Rule, String)> {
    let nodes = usize::try_from(NODES_MAX).unwrap_or(usize::MAX);
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: YAML_DEPTH_MAX,
            flow_nesting_limit: YAML_DEPTH_MAX,
            max_documents: 1,
            max_nodes: nodes,
            max_events: nodes.saturating_mul(2).saturating_add(10),
            max_anchors: YAML_ANCHORS_MAX,
            max_aliases: YAML_ANCHORS_MAX,
            max_recorded_anchor_events: YAML_REPLAYED_MAX,
            max_recorded_anchor_bytes: BYTES_MAX,
            max_total_scalar_bytes: BYTES_MAX,
            enforce_alias_anchor_ratio: false,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: YAML_REPLAYED_MAX,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        non_finite_float_policy: NonFiniteFloatPolicy::Reject,
        reject_unsupported_tags: true,
        strict_booleans: true,
        null_as_string: true,
        with_snippet: false,
    };
    let read = serde_saphyr::with_deserializer_from_str_with_options(text, options, |it| {
        Seed(counter).deserialize(it)
    });
    read.map_err(|error| (yaml_rule(&error), error.to_string()))
}

/// What the messages of limits without a kind of their own have.
const DEPTH: [&str; 3] = ["nesting", "recursion limit", "Depth"];
const BUDGET: [&str; 2] = ["budget breached", "limit exceeded"];

fn yaml_rule(error: &serde_saphyr::Error) -> Rule {
    use serde_saphyr::Error as E;
    match error {
        E::WithSnippet { error, .. } => yaml_rule(error),
        E::AliasReplayLimitExceeded { .. }
        | E::AliasExpansionLimitExceeded { .. }
        | E::AliasReplayStackDepthExceeded { .. }
        | E::AliasReplayCounterOverflow { .. } => problem::YAML_BUDGET,
        E::DuplicateMappingKey { .. } => problem::DUPLICATE_KEY,
        E::MergeKeyNotAllowed { .. }
        | E::UnsupportedTag { .. }
        | E::MultipleDocuments { .. }
        | E::RecursiveReferencesRequireWeakTypes { .. } => problem::YAML_FEATURE,
        other => {
            // Errors inside of aliases are wrapped, and the scanner has limits without a kind.
            let said = other.to_string();
            match () {
                () if DEPTH.iter().any(|it| said.contains(it)) => problem::DEPTH,
                () if BUDGET.iter().any(|it| said.contains(it)) => problem::YAML_BUDGET,
                () => problem::SYNTAX,
            }
        }
    }
}

/// What is counted while reading, and what was refused by it.
#[derive(Default)]
struct Counter {
    nodes: Cell<u32>,
    depth: Cell<usize>,
    refused: RefCell<Option<(Rule, String)>>,
}

impl Counter {
    fn refuse<E: Error>(&self, rule: Rule, said: String) -> E {
        let error = E::custom(&said);
        self.refused.borrow_mut().get_or_insert((rule, said));
        error
    }

    fn node<E: Error>(&self) -> Result<(), E> {
        let nodes = self.nodes.get().saturating_add(1);
        self.nodes.set(nodes);
        match nodes > NODES_MAX {
            true => Err(self.refuse(problem::NODES, format!("more than {NODES_MAX} values"))),
            false => Ok(()),
        }
    }

    /// One level deeper; it counts what aliases stand for, too, which the budget of YAML may not.
    fn enter<E: Error>(&self) -> Result<(), E> {
        let depth = self.depth.get().saturating_add(1);
        self.depth.set(depth);
        match depth > JSON_DEPTH_MAX {
            true => Err(self.refuse(problem::DEPTH, format!("deeper than {JSON_DEPTH_MAX}"))),
            false => Ok(()),
        }
    }

    fn leave(&self) {
        self.depth.set(self.depth.get().saturating_sub(1));
    }
}

/// Reads one value, wherever it stands.
#[derive(Clone, Copy)]
struct Seed<'c>(&'c Counter);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of JSON")
    }

    fn visit_bool<E: Error>(self, it: bool) -> Result<Value, E> {
        self.0.node().map(|()| Value::Bool(it))
    }

    fn visit_i64<E: Error>(self, it: i64) -> Result<Value, E> {
        self.0.node().map(|()| Value::from(it))
    }

    fn visit_u64<E: Error>(self, it: u64) -> Result<Value, E> {
        self.0.node().map(|()| Value::from(it))
    }

    fn visit_i128<E: Error>(self, it: i128) -> Result<Value, E> {
        self.visit_f64(it as f64)
    }

    fn visit_u128<E: Error>(self, it: u128) -> Result<Value, E> {
        self.visit_f64(it as f64)
    }

    fn visit_f64<E: Error>(self, it: f64) -> Result<Value, E> {
        self.0.node()?;
        Number::from_f64(it).map(Value::Number).ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E: Error>(self, it: &str) -> Result<Value, E> {
        self.visit_string(it.to_owned())
    }

    fn visit_string<E: Error>(self, it: String) -> Result<Value, E> {
        self.0.node().map(|()| Value::String(it))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        self.0.node().map(|()| Value::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, it: D) -> Result<Value, D::Error> {
        it.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        self.0.node()?;
        self.0.enter()?;
        let mut found = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            found.push(item);
        }
        self.0.leave();
        Ok(Value::Array(found))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        self.0.node()?;
        self.0.enter()?;
        let mut found = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            match found.entry(name) {
                Entry::Vacant(entry) => {
                    entry.insert(members.next_value_seed(self)?);
                }
                Entry::Occupied(entry) => {
                    let said = format!("the key “{}” stands twice", clean(entry.key()));
                    return Err(self.0.refuse(problem::DUPLICATE_KEY, said));
                }
            }
        }
        self.0.leave();
        Ok(Value::Object(found))
    }
}
