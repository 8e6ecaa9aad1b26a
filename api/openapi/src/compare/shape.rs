//! The normal form of a schema: what it and all that it is made of demand together.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::budget::{Budget, TooComplex, cost};
use super::number::Number;
use super::rules::editorial;
use super::types::{self, Types};
use crate::model::{self, flag, items, members, text};
use crate::place::follow;

/// Schemas that a value must fit all of. None of them: anything fits.
pub(crate) type All<'d> = Vec<&'d Value>;

/// Alternatives of `oneOf` or `anyOf`.
#[derive(Clone, Debug)]
pub(crate) struct Group<'d> {
    pub(crate) keyword: &'static str,
    pub(crate) members: Vec<&'d Value>,
}

/// A limit, by the keyword that states it without being exclusive.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit<'d> {
    pub(crate) number: Number,
    pub(crate) is_exclusive: bool,
    /// As it is written.
    pub(crate) value: &'d Value,
}

/// What a property must fit, and the first schema that has it.
#[derive(Clone, Debug)]
pub(crate) struct Property<'d> {
    pub(crate) owner: &'d Value,
    pub(crate) all: All<'d>,
}

/// A schema in its normal form.
#[derive(Debug)]
pub(crate) struct Shape<'d> {
    pub(crate) types: Types,
    pub(crate) properties: BTreeMap<&'d str, Property<'d>>,
    pub(crate) required: BTreeSet<&'d str>,
    /// What other properties must fit; `None` if there may be none.
    pub(crate) additional: Option<All<'d>>,
    pub(crate) items: All<'d>,
    /// The values that are allowed, as JSON.
    pub(crate) values: Option<BTreeMap<String, &'d Value>>,
    pub(crate) limits: BTreeMap<&'static str, Limit<'d>>,
    pub(crate) multiples: Vec<&'d Value>,
    pub(crate) formats: BTreeSet<&'d str>,
    pub(crate) patterns: BTreeSet<&'d str>,
    pub(crate) groups: Vec<Group<'d>>,
    pub(crate) discriminators: Vec<&'d Value>,
    /// Keywords that are compared as a whole.
    pub(crate) rest: BTreeMap<&'d str, Vec<&'d Value>>,
    /// What nobody calls by.
    pub(crate) texts: BTreeMap<&'d str, Vec<&'d Value>>,
    /// The schemas it was made of, in order.
    pub(crate) parts: Vec<&'d Value>,
    /// Those of them that a reference led to.
    pub(crate) referred: Vec<&'d Value>,
    /// Whether it says anything beside alternatives and texts.
    pub(crate) has_base: bool,
    /// How many keywords there are in `rest`.
    rest_count: usize,
    /// Whether it is read as 3.0 is, which knows other words.
    is_3_0: bool,
}

/// Limits below which nothing is, and those above.
const LOWER: [&str; 4] = ["minimum", "minLength", "minItems", "minProperties"];
const UPPER: [&str; 4] = ["maximum", "maxLength", "maxItems", "maxProperties"];

/// Parts of an `allOf` that are asked whether they are only for reading.
const PARTS_MAX: usize = 20;

/// The alternative that is `null`, where it stands around a choice.
pub(crate) static NULL: LazyLock<Value> = LazyLock::new(|| json!({ "type": "null" }));

/// Whether a limit is a lower one: the larger, the tighter.
pub(crate) fn is_lower(keyword: &str) -> bool {
    LOWER.contains(&keyword) || keyword == "uniqueItems"
}

impl<'d> Shape<'d> {
    pub(crate) fn new(
        root: &'d Value,
        all: &[&'d Value],
        budget: &mut Budget,
    ) -> Result<Self, TooComplex> {
        let mut shape = Self {
            types: Types::ANY,
            properties: BTreeMap::new(),
            required: BTreeSet::new(),
            additional: Some(Vec::new()),
            items: Vec::new(),
            values: None,
            limits: BTreeMap::new(),
            multiples: Vec::new(),
            formats: BTreeSet::new(),
            patterns: BTreeSet::new(),
            groups: Vec::new(),
            discriminators: Vec::new(),
            rest: BTreeMap::new(),
            texts: BTreeMap::new(),
            parts: Vec::new(),
            referred: Vec::new(),
            has_base: false,
            rest_count: 0,
            is_3_0: model::is_3_0(root),
        };
        // Demanding the same twice demands no more, so that each part is looked at once.
        let mut seen = HashSet::new();
        let mut open = all.iter().rev().map(|it| (*it, false)).collect::<Vec<_>>();
        while let Some((part, or_null)) = open.pop() {
            budget.spend(1)?;
            if !seen.insert((std::ptr::from_ref(part), or_null)) {
                continue;
            }
            shape.parts.push(part);
            let from = open.len();
            shape.take(root, part, or_null, &mut open, budget)?;
            // Those of one part come in their order.
            if let Some(added) = open.get_mut(from..) {
                added.reverse();
            }
        }
        Ok(shape)
    }

    fn take(
        &mut self,
        root: &'d Value,
        part: &'d Value,
        or_null: bool,
        open: &mut Vec<(&'d Value, bool)>,
        budget: &mut Budget,
    ) -> Result<(), TooComplex> {
        let known_rest = self.rest_count;
        if self.is_3_0
            && let Some(target) = text(part, "$ref").and_then(|it| follow(root, it))
        {
            return self.only_reference(part, target, or_null, open, budget);
        }
        let stated = match part.as_bool() {
            Some(false) => Some(Types::NONE),
            _ => types::of(part, self.is_3_0),
        };
        let types = stated.map(|it| if or_null { it.with_null() } else { it });
        if let Some(types) = types {
            self.types = self.types.both(types);
            self.has_base = true;
        }
        for (name, value) in members(Some(part)) {
            budget.spend(1)?;
            match (name, value) {
                ("$ref", Value::String(reference)) => match follow(root, reference) {
                    Some(target) => {
                        self.referred.push(target);
                        open.push((target, or_null));
                    }
                    None => self.rest(name, value),
                },
                ("allOf", Value::Array(all)) => open.extend(all.iter().map(|it| (it, or_null))),
                ("oneOf" | "anyOf", Value::Array(all)) => {
                    budget.spend(all.len())?;
                    let keyword = if name == "oneOf" { "oneOf" } else { "anyOf" };
                    self.alternatives(keyword, all, or_null, open);
                }
                ("$defs" | "definitions", _) => (),
                ("type", _) if types.is_some() => (),
                ("nullable", Value::Bool(is)) if (types.is_some() && self.is_3_0) || !is => (),
                ("properties", Value::Object(map)) => {
                    self.has_base = true;
                    for (name, schema) in map {
                        budget.spend(cost(name))?;
                        let new = || Property { owner: part, all: Vec::new() };
                        self.properties.entry(name).or_insert_with(new).all.push(schema);
                    }
                }
                ("required", Value::Array(names)) => {
                    budget.spend(names.len())?;
                    self.has_base |= !names.is_empty();
                    self.required.extend(names.iter().filter_map(Value::as_str));
                }
                ("enum", Value::Array(values)) => {
                    self.values(values.iter(), types, or_null, budget)?;
                }
                ("const", _) => {
                    self.values([value].into_iter(), None, or_null, budget)?;
                }
                ("additionalProperties", Value::Bool(true)) => (),
                _ => self.keyword(part, name, value),
            }
        }
        let is_unclear = or_null && types.is_none() && self.rest_count > known_rest;
        self.unclear_null(is_unclear);
        Ok(())
    }

    /// What is compared as a whole may refuse `null`: that it is allowed beside says something.
    fn unclear_null(&mut self, is_unclear: bool) {
        if is_unclear {
            self.rest.entry("nullable").or_insert_with(|| vec![&NULL]);
        }
    }

    /// 3.0 ignores what stands beside a reference. Many tools do not: that it changed says something.
    fn only_reference(
        &mut self,
        part: &'d Value,
        target: &'d Value,
        or_null: bool,
        open: &mut Vec<(&'d Value, bool)>,
        budget: &mut Budget,
    ) -> Result<(), TooComplex> {
        self.referred.push(target);
        open.push((target, or_null));
        for (name, value) in members(Some(part)).filter(|it| it.0 != "$ref") {
            budget.spend(1)?;
            match editorial(name) {
                Some(_) => self.texts.entry(name).or_default().push(value),
                None => self.rest(name, value),
            }
        }
        Ok(())
    }

    fn keyword(&mut self, part: &'d Value, name: &'d str, value: &'d Value) {
        if editorial(name).is_some() {
            return self.texts.entry(name).or_default().push(value);
        }
        match (name, value) {
            ("readOnly" | "writeOnly" | "uniqueItems", Value::Bool(false)) => return,
            ("exclusiveMinimum" | "exclusiveMaximum", Value::Bool(is)) if self.is_3_0 || !is => {
                return;
            }
            ("items", Value::Object(_) | Value::Bool(_)) => self.items.push(value),
            ("additionalProperties", Value::Bool(false)) => self.additional = None,
            ("additionalProperties", Value::Object(_)) => {
                if let Some(additional) = &mut self.additional {
                    additional.push(value);
                }
            }
            ("unevaluatedProperties", Value::Bool(false)) => {
                self.additional = None;
                return self.rest(name, value);
            }
            ("format", Value::String(format)) => drop(self.formats.insert(format)),
            ("pattern", Value::String(pattern)) => drop(self.patterns.insert(pattern)),
            ("discriminator", Value::Object(_)) => self.discriminators.push(value),
            ("multipleOf", Value::Number(_)) => self.multiples.push(value),
            _ if self.limit(part, name, value) => (),
            _ => return self.rest(name, value),
        }
        self.has_base |= name != "discriminator";
    }

    fn rest(&mut self, name: &'d str, value: &'d Value) {
        self.has_base = true;
        self.rest_count = self.rest_count.saturating_add(1);
        self.rest.entry(name).or_default().push(value);
    }

    /// Whether the keyword is a limit.
    fn limit(&mut self, part: &Value, name: &str, value: &'d Value) -> bool {
        let (name, is_exclusive) = match name {
            "exclusiveMinimum" => ("minimum", true),
            "exclusiveMaximum" => ("maximum", true),
            "minimum" => (name, self.is_3_0 && flag(part, "exclusiveMinimum")),
            "maximum" => (name, self.is_3_0 && flag(part, "exclusiveMaximum")),
            name => (name, false),
        };
        let number = match (name, value) {
            ("uniqueItems", Value::Bool(true)) => Some(Number::Whole(1)),
            _ => Number::new(value),
        };
        let keyword = LOWER.iter().chain(&UPPER).chain(&["uniqueItems"]).find(|it| **it == name);
        let (Some(keyword), Some(number)) = (keyword, number) else { return false };
        // No length is below zero.
        if keyword.starts_with("min") && *keyword != "minimum" && number.is_zero() {
            return true;
        }
        let limit = Limit { number, is_exclusive, value };
        let is_tighter = self.limits.get(keyword).is_none_or(|it| limit.is_tighter(it, keyword));
        if is_tighter {
            self.limits.insert(keyword, limit);
        }
        true
    }

    /// One alternative is no choice, and one beside `null` is that one or `null`.
    fn alternatives(
        &mut self,
        keyword: &'static str,
        all: &'d [Value],
        or_null: bool,
        open: &mut Vec<(&'d Value, bool)>,
    ) {
        let mut seen = HashSet::new();
        let mut members = Vec::new();
        for member in all {
            // The same schema twice is no second choice.
            if text(member, "$ref").is_none_or(|it| seen.insert(it)) {
                members.push(member);
            }
        }
        let mut others = members.iter().filter(|it| !types::is_null(it));
        match (others.next(), others.next()) {
            (None, _) if members.is_empty() => (),
            (Some(one), None) => {
                open.push((one, or_null || members.len() > 1));
            }
            _ => {
                if or_null && !members.iter().any(|it| types::is_null(it)) {
                    members.push(&NULL);
                }
                self.groups.push(Group { keyword, members });
            }
        }
    }

    fn values(
        &mut self,
        values: impl Iterator<Item = &'d Value>,
        types: Option<Types>,
        or_null: bool,
        budget: &mut Budget,
    ) -> Result<(), TooComplex> {
        // A `null` that the type does not allow is no value.
        let allows_null = or_null || types.is_none_or(Types::has_null);
        let values = values.filter(|it| allows_null || !it.is_null());
        let mut stated = BTreeMap::new();
        for value in values {
            let text = value.to_string();
            budget.spend(cost(&text))?;
            stated.insert(text, value);
        }
        if or_null {
            stated.entry("null".to_owned()).or_insert(&Value::Null);
        }
        self.has_base = true;
        match &mut self.values {
            Some(known) => known.retain(|it, _| stated.contains_key(it)),
            known => *known = Some(stated),
        }
        Ok(())
    }

    /// Whether a property is only sent to callers.
    pub(crate) fn is_read_only(&self, root: &Value, name: &str) -> bool {
        let schemas = self.properties.get(name).map(|it| it.all.as_slice());
        schemas.unwrap_or_default().iter().any(|it| {
            let target = crate::model::resolve(root, it).unwrap_or(it);
            let all = items(target.get("allOf")).iter().take(PARTS_MAX).collect::<Vec<_>>();
            flag(it, "readOnly")
                || flag(target, "readOnly")
                || all.iter().any(|it| flag(it, "readOnly"))
        })
    }
}

impl Limit<'_> {
    /// Whether it allows less than another.
    pub(crate) fn is_tighter(&self, other: &Limit<'_>, keyword: &str) -> bool {
        use std::cmp::Ordering::{Equal, Greater, Less};
        match self.number.compare(other.number) {
            Equal => self.is_exclusive && !other.is_exclusive,
            Greater => is_lower(keyword),
            Less => !is_lower(keyword),
        }
    }
}
