//! The walk through a document.

use serde_json::{Map, Value};

use super::place::Place;
use super::words::{Holds, holds};
use super::{rules, texts};
use crate::limits::{NAME_CHARS_MAX, PLACES_MAX};

/// Segments of a pointer that are shown.
const SEGMENTS_MAX: usize = 160;

/// See [`super::for_code`].
pub(super) fn cleaned(document: &Value) -> Result<Value, Vec<Place>> {
    let mut walk = Walk::default();
    let clean = walk.parts(document).unwrap_or_default();
    let references = std::mem::take(&mut walk.references);
    for (pointer, reference) in references {
        if walk.places.len() < PLACES_MAX && !leads_somewhere(&clean, &reference) {
            walk.places.push(Place { pointer, rule: rules::REFERENCE });
        }
    }
    if walk.places.is_empty() { Ok(clean) } else { Err(walk.places) }
}

/// What the names of an object keep.
#[derive(Clone, Copy)]
struct Names {
    is_fit: fn(&str) -> bool,
    rule: &'static str,
    /// Whether names that begin with `x-` are extensions, and left out.
    have_extensions: bool,
}

const NAMES: Names = Names { is_fit: rules::is_key, rule: rules::NAME, have_extensions: false };
const NAMES_OR_EXTENSIONS: Names = Names { have_extensions: true, ..NAMES };
const PATHS: Names = Names { is_fit: rules::is_path, rule: rules::PATH, have_extensions: true };
const MEDIA_TYPES: Names =
    Names { is_fit: rules::is_media_type, rule: rules::MEDIA_TYPE, have_extensions: true };

/// Where it is, and what it found.
#[derive(Default)]
struct Walk {
    at: Vec<String>,
    places: Vec<Place>,
    /// The references that are left, with their places.
    references: Vec<(String, String)>,
}

impl Walk {
    fn pointer(&self) -> String {
        let shown = self.at.iter().take(SEGMENTS_MAX);
        shown.fold(String::new(), |pointer, it| pointer + "/" + it)
    }

    fn refuse(&mut self, rule: &'static str) {
        if self.places.len() < PLACES_MAX {
            self.places.push(Place { pointer: self.pointer(), rule });
        }
    }

    /// Does something one level deeper.
    fn below<T>(&mut self, name: &str, walk: impl FnOnce(&mut Self) -> T) -> T {
        self.at.push(segment(name));
        let done = walk(self);
        self.at.pop();
        done
    }

    /// A text that must keep a rule.
    fn ruled(&mut self, text: &str, is_fit: fn(&str) -> bool, rule: &'static str) -> Value {
        if !is_fit(text) {
            self.refuse(rule);
        }
        Value::from(text)
    }

    /// An object of the document, or a list of some; a text is a name.
    fn parts(&mut self, value: &Value) -> Option<Value> {
        Some(match value {
            Value::Object(members) => {
                let mut clean = Map::new();
                let is_parameter = value.get("in").is_some();
                let is_text = is_text(value);
                for (name, value) in members {
                    let holds = match holds(name) {
                        Some(Holds::Parts) if is_parameter && name == "name" => Holds::Parameter,
                        Some(Holds::Values) if !is_text => Holds::Numbers,
                        Some(it) => it,
                        None => continue,
                    };
                    if let Some(it) = self.below(name, |walk| walk.member(holds, value)) {
                        clean.insert(name.clone(), it);
                    }
                }
                Value::Object(clean)
            }
            Value::Array(items) => self.list(items, Self::parts),
            Value::String(text) => self.ruled(text, rules::is_name, rules::NAME),
            other => other.clone(),
        })
    }

    fn list(&mut self, items: &[Value], each: fn(&mut Self, &Value) -> Option<Value>) -> Value {
        let items = items.iter().enumerate();
        let clean = items.filter_map(|(at, it)| self.below(&at.to_string(), |walk| each(walk, it)));
        Value::Array(clean.collect())
    }

    /// What a known member holds; `None` if it is left out.
    fn member(&mut self, holds: Holds, value: &Value) -> Option<Value> {
        match (holds, value) {
            (Holds::Named, Value::Object(_)) => self.named(value, NAMES, Self::parts),
            (Holds::NamedOrExtensions, Value::Object(_)) => {
                self.named(value, NAMES_OR_EXTENSIONS, Self::parts)
            }
            (Holds::Paths, Value::Object(_)) => self.named(value, PATHS, Self::parts),
            (Holds::Content, Value::Object(_)) => self.named(value, MEDIA_TYPES, Self::parts),
            (Holds::Security, Value::Array(items)) => Some(self.list(items, Self::requirement)),
            (Holds::Mapping, Value::Object(_)) => self.named(value, NAMES, Self::name_or_reference),
            (Holds::Scopes, Value::Object(_)) => self.named(value, NAMES_OR_EXTENSIONS, Self::text),
            (Holds::Servers, Value::Array(items)) => Some(self.list(items, Self::server)),
            (Holds::Text, _) => self.text(value),
            (Holds::Texts, Value::Object(_)) => self.texts(value),
            (Holds::Pages, Value::Object(_)) => {
                self.texts(value).filter(|it| it.get("url").is_some())
            }
            (Holds::OperationId, Value::String(it)) => {
                Some(self.ruled(it, rules::is_operation_id, rules::OPERATION_ID))
            }
            (Holds::Parameter, Value::String(it)) => {
                Some(self.ruled(it, rules::is_parameter, rules::NAME))
            }
            (Holds::Numbers, _) => is_number(value).then(|| value.clone()),
            (Holds::Address, Value::String(it)) => {
                Some(self.ruled(it, rules::is_address, rules::ADDRESS))
            }
            (Holds::MediaTypes, Value::Array(items)) => Some(self.list(items, Self::media_types)),
            (Holds::MediaTypes, Value::String(_)) => self.media_types(value),
            (Holds::Reference, Value::String(reference)) => {
                if rules::is_reference(reference) {
                    self.references.push((self.pointer(), reference.clone()));
                }
                Some(self.ruled(reference, rules::is_reference, rules::REFERENCE))
            }
            (Holds::Values, _) => self.is_plain(value).then(|| value.clone()),
            (Holds::Pattern, Value::String(it)) => {
                rules::is_plain_pattern(it).then(|| value.clone())
            }
            (Holds::Pattern | Holds::Texts | Holds::Pages, _) => None,
            // Not what should stand there: held to the strictest of the rules.
            _ => self.parts(value),
        }
    }

    /// Values by names that keep a rule.
    fn named(
        &mut self,
        value: &Value,
        names: Names,
        each: fn(&mut Self, &Value) -> Option<Value>,
    ) -> Option<Value> {
        let mut clean = Map::new();
        for (name, value) in value.as_object()? {
            if names.have_extensions && name.starts_with("x-") {
                continue;
            }
            let value = self.below(name, |walk| {
                if !(names.is_fit)(name) {
                    walk.refuse(names.rule);
                }
                each(walk, value)
            });
            if let Some(value) = value {
                clean.insert(name.clone(), value);
            }
        }
        Some(Value::Object(clean))
    }

    fn requirement(&mut self, value: &Value) -> Option<Value> {
        self.named(value, NAMES, Self::parts)
    }

    fn name_or_reference(&mut self, value: &Value) -> Option<Value> {
        match value {
            Value::String(it) if it.starts_with('#') => self.member(Holds::Reference, value),
            _ => self.parts(value),
        }
    }

    fn text(&mut self, value: &Value) -> Option<Value> {
        value.as_str().map(|it| Value::from(texts::cleaned(it)))
    }

    /// Who to ask, a licence, or pages elsewhere. Addresses that are none are left out: generators refuse
    /// documents for them.
    fn texts(&mut self, value: &Value) -> Option<Value> {
        let mut clean = Map::new();
        for (name, value) in value.as_object()? {
            let keeps = match (name.as_str(), value.as_str()) {
                ("name" | "identifier" | "description", Some(_)) => true,
                ("url", Some(it)) => rules::is_page(it),
                ("email", Some(it)) => rules::is_mail_address(it),
                _ => false,
            };
            if let Some(text) = self.text(value).filter(|_| keeps) {
                clean.insert(name.clone(), text);
            }
        }
        Some(Value::Object(clean))
    }

    fn media_types(&mut self, value: &Value) -> Option<Value> {
        let types = value.as_str()?;
        if !types.split(',').all(|it| rules::is_media_type(it.trim())) {
            self.refuse(rules::MEDIA_TYPE);
        }
        Some(value.clone())
    }

    /// A server, its variables filled in.
    fn server(&mut self, value: &Value) -> Option<Value> {
        let Some(url) = value.get("url").and_then(Value::as_str) else { return self.parts(value) };
        let mut clean = Map::new();
        match filled(url, value.get("variables")) {
            Some(url) => {
                let url = self.below("url", |it| it.ruled(&url, rules::is_address, rules::ADDRESS));
                clean.insert("url".to_owned(), url);
            }
            None => self.below("url", |it| it.refuse(rules::SERVER)),
        }
        if let Some(text) = value.get("description").and_then(|it| self.text(it)) {
            clean.insert("description".to_owned(), text);
        }
        Some(Value::Object(clean))
    }

    /// Whether a value and all in it may stand in code. Control characters are refused.
    fn is_plain(&mut self, value: &Value) -> bool {
        match value {
            Value::String(text) => {
                if text.contains(char::is_control) {
                    self.refuse(rules::VALUE);
                }
                rules::is_plain_value(text)
            }
            // All are looked at: what is refused must be found.
            Value::Array(items) => {
                let mut is_plain = true;
                for it in items {
                    is_plain &= self.is_plain(it);
                }
                is_plain
            }
            Value::Object(members) => {
                let mut is_plain = true;
                for (name, it) in members {
                    is_plain &= self.is_plain(&Value::from(name.as_str()));
                    is_plain &= self.is_plain(it);
                }
                is_plain
            }
            _ => true,
        }
    }
}

/// Whether a schema may be of texts, or is of something that its items say.
fn is_text(schema: &Value) -> bool {
    let is = |it: &Value| !matches!(it.as_str(), Some("integer" | "number" | "boolean" | "null"));
    match schema.get("type") {
        Some(Value::Array(types)) => types.iter().any(is),
        Some(one) => is(one),
        None => true,
    }
}

/// Whether a value has no texts: generators write numbers and flags as they are.
fn is_number(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().all(is_number),
        Value::Number(_) | Value::Bool(_) | Value::Null => true,
        Value::String(_) | Value::Object(_) => false,
    }
}

/// A name as a segment of a pointer, cut and cleaned.
fn segment(name: &str) -> String {
    let shown = name.chars().take(NAME_CHARS_MAX);
    let clean: String =
        shown.map(|it| if texts::is_hidden(it) { '\u{fffd}' } else { it }).collect();
    clean.replace('~', "~0").replace('/', "~1")
}

/// The address of a server with the defaults of its variables; `None` if one has none.
fn filled(url: &str, variables: Option<&Value>) -> Option<String> {
    let mut rest = url;
    let mut filled = String::new();
    while let Some((before, from)) = rest.split_once('{') {
        let (name, after) = from.split_once('}')?;
        filled.push_str(before);
        filled.push_str(variables?.get(name)?.get("default")?.as_str()?);
        // What is too long is refused, and not made longer.
        if filled.len() > crate::limits::ADDRESS_CHARS_MAX * 4 {
            return Some(filled);
        }
        rest = after;
    }
    filled.push_str(rest);
    Some(filled)
}

/// Whether a reference into its own document leads to something.
fn leads_somewhere(root: &Value, reference: &str) -> bool {
    let Some(pointer) = reference.strip_prefix('#') else { return false };
    root.pointer(pointer).is_some()
        || decoded(pointer).is_some_and(|it| root.pointer(&it).is_some())
}

/// A text without its `%7B`.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}
