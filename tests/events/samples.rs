//! The samples are what they say: one for every kind, full, and without two equal values.

use std::collections::{BTreeMap, BTreeSet};

use domain::AnyEvent;
use domain::api_scope::ApiScopeChange;
use domain::auth_server::AuthServerChange;
use domain::client::{ClientChange, ClientFlagChange, ClientLifetimeChange};
use domain::identity_resource::IdentityResourceChange;
use domain::product::ProductChange;
use domain::resource::ResourceChange;
use domain::role::RoleChange;
use domain::tenant::TenantChange;
use domain::user::{UserChange, UserPersonalChange};
use serde_json::Value;
use tests::samples;

use crate::golden::json_of;

#[test]
fn every_kind_has_one_full_sample_and_every_sample_a_kind() {
    let kinds = AnyEvent::kinds().into_iter().collect::<BTreeSet<_>>();
    let full = samples::full().iter().map(|it| it.kind).collect::<Vec<_>>();
    assert_eq!(full.iter().copied().collect::<BTreeSet<_>>(), kinds);
    assert_eq!(full.len(), kinds.len(), "a kind has two full samples");
    assert!(samples::all().iter().all(|it| kinds.contains(it.kind)));
}

#[test]
fn samples_of_a_kind_have_names_of_their_own() {
    let names = samples::all().into_iter().map(|it| (it.kind, it.name)).collect::<Vec<_>>();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}

/// An empty option or list would hide what its items look like; two equal values would hide
/// that their fields were swapped.
#[test]
fn a_full_sample_leaves_nothing_empty_and_repeats_nothing() {
    for sample in samples::full() {
        let json = json_of(&sample);
        for part in [Some(json.data), json.personal].into_iter().flatten() {
            let mut seen = BTreeMap::new();
            look(sample.kind, "", &part, &mut seen);
        }
    }
}

fn look(kind: &str, path: &str, value: &Value, seen: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let path = format!("{path}.{name}");
                // Choices of two values are told apart by further samples.
                let scalar = field.is_string() || field.as_i64().is_some_and(|it| it > 1);
                if let Some(other) = scalar.then(|| seen.insert(field.to_string(), path.clone())) {
                    assert_eq!(other, None, "{kind}: {path} has the same value");
                }
                look(kind, &path, field, seen);
            }
        }
        Value::Array(items) => {
            assert!(!items.is_empty(), "{kind}: {path} is empty");
            items.iter().for_each(|item| look(kind, path, item, seen));
        }
        Value::Null => panic!("{kind}: {path} is absent"),
        Value::String(text) => assert!(!text.is_empty(), "{kind}: {path} is empty"),
        Value::Bool(_) | Value::Number(_) => (),
    }
}

/// A field of an update without a sample has bytes that nothing holds.
#[test]
fn every_field_that_may_change_is_in_a_sample() {
    let mut fields = BTreeMap::<&str, BTreeSet<String>>::new();
    for sample in samples::all() {
        let json = json_of(&sample);
        for part in [Some(&json.data), json.personal.as_ref()].into_iter().flatten() {
            if let Some(changes) = part.get("changes") {
                collect_changes(changes, fields.entry(sample.kind).or_default());
            }
        }
    }
    let enums = [
        ("api_scope.updated.v1", vec![ApiScopeChange::NAMES]),
        ("auth_server.updated.v1", vec![AuthServerChange::NAMES]),
        (
            "client.updated.v1",
            vec![ClientChange::NAMES, ClientFlagChange::NAMES, ClientLifetimeChange::NAMES],
        ),
        ("identity_resource.updated.v1", vec![IdentityResourceChange::NAMES]),
        ("product.updated.v1", vec![ProductChange::NAMES]),
        ("resource.updated.v1", vec![ResourceChange::NAMES]),
        ("role.updated.v1", vec![RoleChange::NAMES]),
        ("tenant.updated.v1", vec![TenantChange::NAMES]),
        ("user.updated.v1", vec![UserChange::NAMES, UserPersonalChange::NAMES]),
    ];
    let kinds = enums.iter().map(|it| it.0).collect::<Vec<_>>();
    assert_eq!(fields.keys().copied().collect::<Vec<_>>(), kinds, "kinds with changes");
    for (kind, names) in enums {
        let wanted = names.concat().into_iter().map(lower_first).collect::<BTreeSet<_>>();
        let missing = wanted.difference(&fields[kind]).collect::<Vec<_>>();
        assert!(missing.is_empty(), "{kind}: a sample is missing of {missing:?}");
    }
}

fn lower_first(name: &str) -> String {
    name[..1].to_lowercase() + &name[1..]
}

/// The names of changes, those inside of other ones, too.
fn collect_changes(changes: &Value, found: &mut BTreeSet<String>) {
    for change in changes.as_array().unwrap() {
        for (name, value) in change.as_object().unwrap() {
            found.insert(name.clone());
            let is_nested = |it: &Value| it.as_object().is_some_and(|it| it.len() == 1);
            if value.as_array().is_some_and(|it| !it.is_empty() && it.iter().all(is_nested)) {
                collect_changes(value, found);
            }
        }
    }
}

/// Two switches that agree in every sample could be swapped unseen.
#[test]
fn samples_tell_switches_apart() {
    let mut switches = BTreeMap::<&str, BTreeMap<String, Vec<bool>>>::new();
    for sample in samples::all() {
        let of_kind = switches.entry(sample.kind).or_default();
        collect_switches("", &json_of(&sample).data, of_kind);
    }
    for (kind, of_kind) in switches {
        let patterns = of_kind.values().collect::<BTreeSet<_>>();
        assert_eq!(patterns.len(), of_kind.len(), "{kind}: {of_kind:?}");
    }
}

fn collect_switches(path: &str, value: &Value, found: &mut BTreeMap<String, Vec<bool>>) {
    if let Value::Object(fields) = value {
        fields.iter().for_each(|(name, it)| collect_switches(&format!("{path}.{name}"), it, found));
    } else if let Some(on) = value.as_bool() {
        found.entry(path.to_owned()).or_default().push(on);
    }
}
