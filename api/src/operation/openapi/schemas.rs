//! The schemas of bodies and of answers. They differ: what a caller may leave out is another
//! question than what an answer may leave out, and a type that is both becomes two components.

use std::collections::{BTreeMap, BTreeSet};

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::http::endpoint::Body;

/// Where answers refer to, and in the end everything does.
const ANSWERS: &str = "#/components/schemas/";

/// Where bodies refer to at first.
const BODIES: &str = "#/components/bodies/";

/// What a component of bodies is called that differs from the one of answers.
const BODY_SUFFIX: &str = "Input";

/// What a component of bodies is called that changes what is there.
const UPDATE_SUFFIX: &str = "Update";

/// What primitive types are called at the beginning of a component's name.
const PRIMITIVES: [(&str, &str); 3] =
    [("int64", "Long"), ("boolean", "Boolean"), ("string", "String")];

/// A member of a property that says where it is required, beyond what its type tells: a default in the
/// type lets bodies leave it out, though a rule wants it, and answers always have some values that
/// the type could do without. It is `body`, `answer` or `both`.
const REQUIRED: &str = "x-required";

/// Which way something goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Body,
    Answer,
}

/// The two generators.
pub(super) struct Schemas {
    pub(super) answers: SchemaGenerator,
    bodies: SchemaGenerator,
    /// The names of bodies that are used for updates, too, and what an update must have.
    updates: BTreeMap<String, &'static [&'static str]>,
}

impl Schemas {
    pub(super) fn new() -> Self {
        let answers = SchemaSettings::openapi3().for_serialize();
        let mut bodies = SchemaSettings::openapi3().for_deserialize();
        bodies.definitions_path = "/components/bodies".into();
        Self {
            answers: answers.into_generator(),
            bodies: bodies.into_generator(),
            updates: BTreeMap::new(),
        }
    }

    pub(super) fn of_body(&mut self, body: Body) -> Value {
        let schema = (body.schema)(&mut self.bodies).to_value();
        let reference = schema.get("$ref").and_then(Value::as_str);
        match reference.and_then(|it| it.strip_prefix(BODIES)).zip(body.update_needs) {
            Some((name, needs)) => {
                self.updates.insert(name.to_owned(), needs);
                json!({ "$ref": format!("{BODIES}{name}{UPDATE_SUFFIX}") })
            }
            None => schema,
        }
    }

    /// All components. References to those of bodies are settled by [`settle_names`], which finds
    /// here which of them are components of their own.
    pub(super) fn take(mut self) -> Map<String, Value> {
        let mut definitions = self.answers.take_definitions(true);
        let mut bodies = self.bodies.take_definitions(true);
        definitions.values_mut().for_each(|it| clean(it, Side::Answer));
        bodies.values_mut().for_each(|it| clean(it, Side::Body));
        for (name, needs) in &self.updates {
            if let Some(mut update) = bodies.get(name).cloned() {
                if let Some(members) = update.as_object_mut() {
                    members.insert("required".to_owned(), json!(needs));
                }
                bodies.insert(format!("{name}{UPDATE_SUFFIX}"), update);
            }
        }
        let differing = differing(&definitions, &bodies);
        for (name, schema) in bodies {
            let name = match differing.contains(&name) {
                true => format!("{name}{BODY_SUFFIX}"),
                false => name,
            };
            definitions.entry(name).or_insert(schema);
        }
        definitions
    }
}

/// The names that mean one thing in bodies and another one in answers, by themselves or by what they
/// refer to.
fn differing(answers: &Map<String, Value>, bodies: &Map<String, Value>) -> BTreeSet<String> {
    let as_answer = |schema: &Value| {
        let mut schema = schema.clone();
        each_reference(&mut schema, &|it| it.replace(BODIES, ANSWERS));
        schema
    };
    let both = bodies.iter().filter_map(|(name, body)| Some((name, body, answers.get(name)?)));
    let both = both.collect::<Vec<_>>();
    let by_themselves = both.iter().filter(|(_, body, answer)| as_answer(body) != **answer);
    let mut differing = by_themselves.map(|it| it.0.clone()).collect::<BTreeSet<_>>();
    loop {
        let refers = |schema: &Value| {
            let text = schema.to_string();
            differing.iter().any(|it| text.contains(&format!("\"{BODIES}{it}\"")))
        };
        let more = both.iter().filter(|(name, body, _)| !differing.contains(*name) && refers(body));
        let more = more.map(|it| it.0.clone()).collect::<Vec<_>>();
        if more.is_empty() {
            return differing;
        }
        differing.extend(more);
    }
}

/// Gives every component its name in the document, and every reference the component it means.
pub(super) fn settle_names(document: &mut Value) {
    let Some(Value::Object(found)) = document.pointer_mut("/components/schemas") else { return };
    let components = std::mem::take(found);
    let names = components.keys().cloned().collect::<BTreeSet<_>>();
    *found = components.into_iter().map(|(name, it)| (proper_name(&name), it)).collect();
    each_reference(document, &|reference| match reference.strip_prefix(BODIES) {
        Some(name) => {
            let own = format!("{name}{BODY_SUFFIX}");
            let name = if names.contains(&own) { &own } else { name };
            format!("{ANSWERS}{}", proper_name(name))
        }
        None => match reference.strip_prefix(ANSWERS) {
            Some(name) => format!("{ANSWERS}{}", proper_name(name)),
            None => reference.to_owned(),
        },
    });
    drop_unused(document);
}

/// Without the components that nothing refers to, such as shapes that the settings rule out.
fn drop_unused(document: &mut Value) {
    loop {
        let used = document.to_string();
        let Some(Value::Object(found)) = document.pointer_mut("/components/schemas") else {
            return;
        };
        let before = found.len();
        found.retain(|name, _| used.contains(&format!("\"{ANSWERS}{name}\"")));
        if found.len() == before {
            return;
        }
    }
}

/// `LongResult` for `int64Result`; and a page of summaries is a page of what they sum up.
fn proper_name(name: &str) -> String {
    let primitive = PRIMITIVES.iter().find_map(|(primitive, proper)| {
        let rest = name.strip_prefix(primitive)?;
        Some(format!("{proper}{rest}"))
    });
    primitive.unwrap_or_else(|| name.replace("SummaryPage", "Page"))
}

fn each_reference(value: &mut Value, change: &impl Fn(&str) -> String) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get_mut("$ref") {
                *reference = change(reference);
            }
            members.values_mut().for_each(|it| each_reference(it, change));
        }
        Value::Array(items) => items.iter_mut().for_each(|it| each_reference(it, change)),
        _ => (),
    }
}

/// Says it in the words that generators of clients know.
fn clean(schema: &mut Value, side: Side) {
    if let Some(reference) = optional_reference(schema) {
        *schema = json!({ "$ref": reference });
    }
    let Some(members) = schema.as_object_mut() else { return };
    members.remove("title");
    let default = members.remove("default").as_ref().and_then(worth_saying);
    let said = members.get("description").and_then(Value::as_str);
    let said = said.map(|it| it.split_whitespace().collect::<Vec<_>>().join(" "));
    let said = [said, default].into_iter().flatten().collect::<Vec<_>>().join(" ");
    if !said.is_empty() {
        members.insert("description".to_owned(), json!(said));
    }
    // Generators know int32 and int64 only, and take int32 for everything else.
    let format = match members.get("format").and_then(Value::as_str) {
        Some("int8" | "uint8" | "int16" | "uint16") => Some("int32"),
        Some("uint32" | "uint64" | "int" | "uint") => Some("int64"),
        _ => None,
    };
    if let Some(format) = format {
        members.insert("format".to_owned(), json!(format));
    }
    let by_type = take_required(members, side);
    if let Some(Value::Object(properties)) = members.get_mut("properties") {
        for (name, property) in properties {
            // Answers leave it out instead, and bodies may.
            if let (false, Some(property)) = (by_type.contains(name), property.as_object_mut()) {
                property.remove("nullable");
            }
            clean(property, side);
        }
    }
    for name in ["items", "additionalProperties"] {
        members.get_mut(name).into_iter().for_each(|it| clean(it, side));
    }
    for name in ["allOf", "anyOf", "oneOf"] {
        let parts = members.get_mut(name).and_then(Value::as_array_mut);
        parts.into_iter().flatten().for_each(|it| clean(it, side));
    }
}

/// What an optional value refers to. Nothing may stand beside a reference, and generators do not know
/// all ways around that: that the value may be left out, `required` says already.
fn optional_reference(schema: &Value) -> Option<String> {
    let [one, none] = &schema.get("anyOf")?.as_array()?[..] else { return None };
    let reference = one.get("$ref")?.as_str()?;
    (none.get("nullable")? == &json!(true)).then(|| reference.to_owned())
}

/// Says which properties must be there, and returns those of them that must by their type.
fn take_required(members: &mut Map<String, Value>, side: Side) -> BTreeSet<String> {
    let mut required = Vec::new();
    let known = members.remove("required");
    let known = known.as_ref().and_then(Value::as_array).into_iter().flatten();
    let known = known.filter_map(Value::as_str).map(str::to_owned).collect::<BTreeSet<_>>();
    let properties = members.get_mut("properties").and_then(Value::as_object_mut);
    for (name, property) in properties.into_iter().flatten() {
        let said = property.as_object_mut().and_then(|it| it.remove(REQUIRED));
        let said = said.as_ref().and_then(Value::as_str);
        let here = matches!(
            (said, side),
            (Some("both"), _) | (Some("body"), Side::Body) | (Some("answer"), Side::Answer)
        );
        if here || known.contains(name) {
            required.push(name.clone());
        }
    }
    if !required.is_empty() {
        members.insert("required".to_owned(), json!(required));
    }
    known
}

/// A default in words: as a member, generators would make the property one that must be there.
fn worth_saying(default: &Value) -> Option<String> {
    let is_plain = match default {
        Value::Null | Value::Bool(false) | Value::Object(_) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
    };
    (!is_plain).then(|| format!("Absent means {default}."))
}
