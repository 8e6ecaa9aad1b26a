//! The shape of the document, and that its references lead somewhere.

use serde_json::Value;

use super::references::inside;
use crate::grammar::{Holds, Kind};
use crate::model::{is_extension, members, text};
use crate::place::{Place, follow};
use crate::problem::{self, Problems};
use crate::text::clean;

/// A walk over a document by the grammar.
pub(super) struct Structure<'d, 'p> {
    root: &'d Value,
    /// The version of OpenAPI of a strict document.
    strict: Option<&'d str>,
    problems: &'p mut Problems,
}

impl<'d, 'p> Structure<'d, 'p> {
    pub(super) fn new(
        root: &'d Value,
        strict: Option<&'d str>,
        problems: &'p mut Problems,
    ) -> Self {
        Self { root, strict, problems }
    }

    pub(super) fn check(mut self) {
        self.object(self.root, Kind::Root, &Place::Root);
    }

    fn object(&mut self, value: &'d Value, kind: Kind, place: &Place<'_>) {
        // `true` and `false` are schemas.
        if kind == Kind::Schema && value.is_boolean() {
            return;
        }
        let Some(map) = value.as_object() else { return self.wrong(value, "an object", place) };
        if self.problems.is_full() {
            return;
        }
        if let Some(reference) = map.get("$ref").filter(|it| !it.is_string()) {
            self.wrong(reference, "a text", &place.member("$ref"));
        }
        self.leading_out(value, kind, place);
        if let Some(version) = self.strict
            && !map.contains_key("$ref")
        {
            self.strictly(value, kind, version, place);
        }
        let known = kind.members();
        for (name, member) in map {
            let holds = known.iter().find(|it| it.0 == name).map(|it| it.1);
            let other = || kind.others().filter(|_| !is_extension(name) && name != "$ref");
            if let Some(holds) = holds.or_else(other) {
                self.member(member, holds, &place.member(name));
            }
        }
    }

    fn member(&mut self, value: &'d Value, holds: Holds, place: &Place<'_>) {
        match holds {
            Holds::One(kind) => self.object(value, kind, place),
            Holds::List(kind) => match value.as_array() {
                Some(items) => {
                    for (index, item) in items.iter().enumerate() {
                        self.object(item, kind, &place.item(index));
                    }
                }
                None => self.wrong(value, "an array", place),
            },
            Holds::Map(kind) => match value.as_object() {
                Some(map) => {
                    // The values of a mapping are texts, seen to where the mapping stands.
                    for (name, item) in map.iter().filter(|_| kind != Kind::Object) {
                        self.object(item, kind, &place.member(name));
                    }
                }
                None => self.wrong(value, "an object", place),
            },
            _ if self.strict.is_none() => (),
            Holds::Types if value.is_array() && self.is_3_0() => self.wrong(value, "a text", place),
            Holds::Text if value.is_string() => (),
            Holds::Texts | Holds::Types if is_texts(value) => (),
            Holds::Types if value.is_string() => (),
            Holds::Flag if value.is_boolean() => (),
            Holds::Number if value.is_number() => (),
            Holds::Count if is_count(value) => (),
            Holds::Array if value.is_array() => (),
            Holds::Text => self.wrong(value, "a text", place),
            Holds::Texts => self.wrong(value, "an array of texts", place),
            Holds::Types => self.wrong(value, "a text or an array of texts", place),
            Holds::Flag => self.wrong(value, "true or false", place),
            Holds::Number => self.wrong(value, "a number", place),
            Holds::Count => self.wrong(value, "a whole number, 0 or more", place),
            Holds::Array => self.wrong(value, "an array", place),
        }
    }

    fn is_3_0(&self) -> bool {
        self.strict.is_some_and(|it| it.starts_with("3.0"))
    }

    /// What a strict document has besides types.
    fn strictly(&mut self, value: &Value, kind: Kind, version: &str, place: &Place<'_>) {
        for name in kind.required(version) {
            if value.get(name).is_none() {
                self.problems.add(problem::MEMBER_MISSING, place, format!("{name} is missing"));
            }
        }
        let words: &[&str] = match (kind, text(value, "in")) {
            (Kind::SecurityScheme, _) => {
                &["apiKey", "http", "oauth2", "openIdConnect", "mutualTLS"]
            }
            (Kind::Parameter, Some("path")) => &["simple", "label", "matrix"],
            (Kind::Parameter, Some("query")) => {
                &["form", "spaceDelimited", "pipeDelimited", "deepObject"]
            }
            (Kind::Parameter, Some("cookie")) => &["form", "cookie"],
            (Kind::Parameter, Some("header")) | (Kind::Header, _) => &["simple"],
            (Kind::Parameter, Some("querystring")) if version.starts_with("3.2") => &[],
            (Kind::Parameter, Some(other)) => {
                let said = format!("“{}” is no place of a parameter", clean(other));
                return self.problems.add(problem::MEMBER_VALUE, &place.member("in"), said);
            }
            _ => return,
        };
        let name = if kind == Kind::SecurityScheme { "type" } else { "style" };
        if let Some(word) = text(value, name)
            && !words.contains(&word)
        {
            let said = format!("“{}” is none of {}", clean(word), words.join(", "));
            self.problems.add(problem::MEMBER_VALUE, &place.member(name), said);
        }
        let is_described = value.get("schema").is_some() || value.get("content").is_some();
        if kind == Kind::Parameter && !is_described {
            let said = "schema or content is missing";
            self.problems.add(problem::MEMBER_MISSING, place, said);
        }
    }

    /// `null` stands for "nothing" in many documents that were written by hand.
    fn wrong(&mut self, value: &Value, wanted: &str, place: &Place<'_>) {
        if self.strict.is_some() || !value.is_null() {
            self.problems.add(problem::MEMBER_TYPE, place, format!("should be {wanted}"));
        }
    }

    /// Other members by which documents lead outside.
    fn leading_out(&mut self, value: &Value, kind: Kind, place: &Place<'_>) {
        let names: &[&str] = match kind {
            Kind::Link => &["operationRef"],
            _ => &[],
        };
        for name in names {
            if let Some(reference) = text(value, name) {
                inside(reference, &place.member(name), self.problems);
            }
        }
        if kind != Kind::Discriminator {
            return;
        }
        let place = place.member("mapping");
        for (name, target) in members(value.get("mapping")) {
            let Some(target) = target.as_str() else { continue };
            let schemas = self.root.get("components").and_then(|it| it.get("schemas"));
            // The name of a schema, or a reference; what looks like a file or an address is one.
            let is_name = schemas.is_some_and(|it| it.get(target).is_some())
                || !target.contains(['/', ':', '.']);
            let place = place.member(name);
            if !is_name
                && inside(target, &place, self.problems)
                && follow(self.root, target).is_none()
            {
                let said = format!("“{}” is not there", clean(target));
                self.problems.add(problem::REFERENCE_BROKEN, &place, said);
            }
        }
    }
}

fn is_texts(value: &Value) -> bool {
    value.as_array().is_some_and(|it| it.iter().all(Value::is_string))
}

/// `10.0` is as good as `10`.
fn is_count(value: &Value) -> bool {
    value.is_u64() || value.as_f64().is_some_and(|it| it >= 0.0 && it.fract() == 0.0)
}
