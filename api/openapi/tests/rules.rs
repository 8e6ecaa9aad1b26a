//! The names of the rules are a contract: the documented table is that of the code.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;

use openapi::{Class, PROBLEM_RULES, RULES};

fn word(class: Class) -> String {
    serde_json::to_value(class).unwrap().as_str().unwrap().to_owned()
}

#[test]
fn the_documented_table_is_that_of_the_code() {
    let documented = include_str!("../src/lib.rs").lines();
    let documented = documented.filter(|it| it.starts_with("//! | `")).collect::<Vec<_>>();
    let line =
        |it: &(&str, Class, Class)| format!("//! | `{}` | {} | {} |", it.0, word(it.1), word(it.2));
    assert_eq!(documented, RULES.iter().map(line).collect::<Vec<_>>());
}

#[test]
fn names_are_words_in_kebab_case_and_stand_once() {
    let names = RULES.iter().map(|it| it.0).chain(PROBLEM_RULES.iter().map(|it| it.0));
    let names = names.collect::<Vec<_>>();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    let fits = |it: &str| it.chars().all(|it| it.is_ascii_lowercase() || it == '-');
    assert!(names.iter().all(|it| fits(it)), "{names:?}");
}

/// Every rule of the table is reached by a test of this folder.
#[test]
fn every_rule_is_tested() {
    let tests = [
        include_str!("schemas.rs"),
        include_str!("operations.rs"),
        include_str!("missed.rs"),
        include_str!("reading.rs"),
        include_str!("hostile.rs"),
    ]
    .concat();
    let names = RULES.iter().map(|it| it.0).chain(PROBLEM_RULES.iter().map(|it| it.0));
    let named =
        |it: &&str| tests.contains(&format!("\"{it}\"")) || tests.contains(&format!("{it} "));
    let missing = names.filter(|it| !named(it)).collect::<Vec<_>>();
    assert!(missing.is_empty(), "{missing:?}");
}
