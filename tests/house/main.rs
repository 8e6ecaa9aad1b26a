//! The rules of the house that a compiler does not know: openings, layers, sizes, no loose ends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod documents;
mod imports;
mod run_script;
mod vendored;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Lines of a file. Most should have less than 400.
const FILE_LINES_MAX: usize = 500;

/// Every crate of the workspace.
const CRATES: [&str; 10] = [
    "domain",
    "commands",
    "projections",
    "outside",
    "openapi",
    "codegen",
    "gateway",
    "release",
    "api",
    "tests",
];

/// Which of our own crates a crate may know. The tests may know all.
const KNOWS: [(&str, &[&str]); 9] = [
    ("domain", &[]),
    ("commands", &["domain"]),
    ("projections", &["domain"]),
    // The adapters to the world outside: they know of nobody.
    ("outside", &[]),
    // Documents of others: pure, it knows of nobody.
    ("openapi", &[]),
    // Code of documents: what it is given was read already.
    ("codegen", &[]),
    // What gateways serve, and their follower: from the adapters only which addresses may be reached.
    ("gateway", &["outside"]),
    // Registries and remotes: from the adapters only which addresses may be reached.
    ("release", &["outside"]),
    (
        "api",
        &[
            "codegen",
            "commands",
            "domain",
            "gateway",
            "openapi",
            "outside",
            "projections",
            "release",
        ],
    ),
];

/// Crates from outside that only these may use.
const ONLY_IN: [(&str, &[&str]); 14] = [
    ("warp", &["api"]),
    // The gateway's tests have servers of their own.
    ("hyper", &["gateway", "api"]),
    ("jsonwebtoken", &["api"]),
    ("sled", &["commands"]),
    ("async-nats", &["commands"]),
    ("tokio", &["commands", "projections", "outside", "codegen", "gateway", "release", "api"]),
    ("lettre", &["outside"]),
    ("object_store", &["outside"]),
    ("reqwest", &["outside", "gateway", "release", "tests"]),
    ("quick-xml", &["gateway"]),
    ("serde-saphyr", &["openapi"]),
    ("tar", &["codegen", "release"]),
    ("flate2", &["codegen", "release"]),
    ("zip", &["codegen"]),
];

/// Crates whose folders lie in that of `api`.
const IN_API: [&str; 5] = ["codegen", "gateway", "openapi", "outside", "release"];

/// The folder of a crate, or a folder of it.
fn folder_of(name: &str) -> PathBuf {
    match name.split('/').next() {
        Some(first) if IN_API.contains(&first) => root().join("api").join(name),
        _ => root().join(name),
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every Rust file of a folder, with its path from the root, in order.
fn rust_files(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder_of(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            // Crates of their own.
            if IN_API.iter().any(|it| path == folder_of(it)) {
                continue;
            }
            if path.is_dir() && name != "target" {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                let shown = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
                found.push((shown, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

fn all_files() -> Vec<(String, String)> {
    let files = CRATES.iter().flat_map(|it| rust_files(it)).collect::<Vec<_>>();
    assert!(files.len() > 50, "the house was not found: {} files", files.len());
    files
}

fn manifest(name: &str) -> String {
    fs::read_to_string(folder_of(name).join("Cargo.toml")).unwrap()
}

/// What a crate depends on, for building or for testing: `name.workspace`, `name = …`.
fn dependencies(name: &str) -> BTreeSet<String> {
    let manifest = manifest(name);
    let mut inside = false;
    let mut found = BTreeSet::new();
    for line in manifest.lines() {
        if let Some(table) = line.strip_prefix('[') {
            let table = table.trim_end_matches(']');
            inside = table.ends_with("dependencies");
            // `[dependencies.name]` is one dependency in a table of its own.
            if let Some((_, name)) = table.split_once("dependencies.") {
                found.insert(name.to_owned());
            }
        } else if inside && line.starts_with(|it: char| it.is_ascii_alphabetic()) {
            found.insert(line.split(['.', ' ', '=']).next().unwrap().to_owned());
        }
    }
    found
}

#[track_caller]
fn assert_none(found: &[String], rule: &str) {
    assert!(found.is_empty(), "{rule}:\n  {}", found.join("\n  "));
}

#[test]
fn every_file_opens_with_what_it_is_for() {
    let opens = |text: &str| {
        let first = text.lines().next().unwrap_or_default();
        first.strip_prefix("//! ").is_some_and(|it| it.trim().len() > 10)
    };
    let found = all_files().into_iter().filter(|(_, text)| !opens(text)).map(|(path, _)| path);
    assert_none(&found.collect::<Vec<_>>(), "these do not open with a sentence after //!");
}

#[test]
fn our_crates_know_only_those_below() {
    for (name, may_know) in KNOWS {
        let ours = dependencies(name).into_iter().filter(|it| CRATES.contains(&it.as_str()));
        let found = ours.filter(|it| !may_know.contains(&it.as_str())).collect::<Vec<_>>();
        assert_none(&found, &format!("{name} may not know"));
    }
    assert!(dependencies("api").contains("domain"), "the manifests were not understood");
}

#[test]
fn crates_from_outside_stay_where_they_belong() {
    for (outside, only_in) in ONLY_IN {
        let users = CRATES.iter().filter(|it| dependencies(it).contains(outside));
        let strangers = users.filter(|it| **it != "tests" && !only_in.contains(it));
        let found = strangers.map(|it| (*it).to_owned()).collect::<Vec<_>>();
        assert_none(&found, &format!("{outside} may not be used in"));
    }
}

#[test]
fn every_version_of_a_dependency_stands_in_the_workspace() {
    let mut found = Vec::new();
    for name in CRATES {
        for line in manifest(name).lines() {
            if line.starts_with(|it: char| it.is_ascii_digit()) || line.contains("version = \"") {
                found.push(format!("{name}/Cargo.toml: {line}"));
            }
        }
    }
    assert_none(&found, "a version outside of the workspace's manifest");
}

#[test]
fn files_are_short() {
    let mut found = Vec::new();
    for (path, text) in all_files() {
        let lines = text.lines().count();
        if lines > FILE_LINES_MAX {
            found.push(format!("{path} has {lines} lines"));
        }
    }
    assert_none(&found, &format!("files of more than {FILE_LINES_MAX} lines"));
}

#[test]
fn nothing_is_left_for_later() {
    // In halves, so that this file is not found.
    let needles = [
        ["TO", "DO"],
        ["FIX", "ME"],
        ["XX", "X:"],
        ["to", "do!("],
        ["unimple", "mented!("],
        ["#[ig", "nore"],
        ["dbg", "!("],
    ]
    .map(|it| it.concat());
    let mut found = Vec::new();
    for (path, text) in all_files() {
        for (number, line) in (1..).zip(text.lines()) {
            if needles.iter().any(|it| line.contains(it.as_str())) {
                found.push(format!("{path}:{number}: {}", line.trim()));
            }
        }
    }
    assert_none(&found, "loose ends");
}

#[test]
fn every_leave_from_a_lint_has_a_reason() {
    let needle = ["#[al", "low("].concat();
    let inner = ["#![al", "low("].concat();
    let mut found = Vec::new();
    for (path, text) in all_files() {
        for (at, _) in text.match_indices(&needle).chain(text.match_indices(&inner)) {
            let leave = text[at..].split(")]").next().unwrap();
            if !leave.contains("reason = \"") {
                found.push(format!("{path}: {}", leave.lines().next().unwrap()));
            }
        }
    }
    assert_none(&found, "an allowance without a reason");
}

/// The `path`s of the `[[test]]`, `[[bench]]` and `[lib]` tables of the tests crate.
fn targets() -> BTreeSet<String> {
    let manifest = manifest("tests");
    let paths = manifest.lines().filter_map(|it| it.strip_prefix("path = \""));
    paths.map(|it| format!("tests/{}", it.trim_end_matches('"'))).collect()
}

/// A test file that no target names compiles never and fails never.
#[test]
fn every_test_and_bench_file_is_run() {
    let targets = targets();
    let files = rust_files("tests");
    let mut found = Vec::new();
    for (path, _) in &files {
        let (folder, file) = path.rsplit_once('/').unwrap();
        let stem = file.trim_end_matches(".rs");
        let module = |it: &str| it == format!("mod {stem};") || it == format!("pub mod {stem};");
        // A module is named by a file of its folder, or by the file that its folder is named after.
        let namesake = format!("{folder}.rs");
        let named = files.iter().any(|(other, text)| {
            let near = other.rsplit_once('/').unwrap().0 == folder || *other == namesake;
            near && other != path && text.lines().any(|it| module(it.trim()))
        });
        if !targets.contains(path) && !named {
            found.push(path.clone());
        }
    }
    assert_none(&found, "no target of tests/Cargo.toml runs these");
}

#[test]
fn every_module_of_the_program_is_compiled() {
    let mut found = Vec::new();
    for name in ["domain", "commands", "projections", "openapi", "codegen", "release", "api"] {
        let files = rust_files(name);
        for (path, _) in &files {
            let stem = path.rsplit('/').next().unwrap().trim_end_matches(".rs");
            let is_root = ["lib", "main", "build", "mod"].contains(&stem)
                || ["/tests/", "/benches/"].iter().any(|it| path.contains(it));
            let declared = files.iter().any(|(_, text)| text.contains(&format!("mod {stem};")));
            if !is_root && !declared {
                found.push(path.clone());
            }
        }
    }
    assert_none(&found, "no module declares these files");
}

/// Rows are changed through a `Target`, which only a row makes that was asked for the caller. What
/// stands here begins something new, or asks for what the caller proved by a secret.
#[test]
fn handlers_change_rows_through_targets_only() {
    const MAY: [(&str, &str); 4] = [
        ("api/src/app_token/apps.rs", "engine.transact(&head, |draft| {"),
        ("api/src/app_token/apps.rs", "engine.handle::<App>(&app.to_string(), &command, &head)"),
        ("api/src/app_token/pairs.rs", "engine.handle::<AppToken>(&id, &command, &head)"),
        ("api/src/app_token/tokens.rs", "engine.transact(&head, |draft| {"),
    ];
    let mut found = Vec::new();
    for (path, text) in rust_files("api") {
        if !path.starts_with("api/src/resources") && !path.starts_with("api/src/app_token") {
            continue;
        }
        for (number, line) in (1..).zip(text.lines()) {
            let changes = ["engine.handle", "engine.draft", "engine.transact", ".change_user("];
            let may = |it: &(&str, &str)| it.0 == path && line.contains(it.1);
            if changes.iter().any(|it| line.contains(it)) && !MAY.iter().any(may) {
                found.push(format!("{path}:{number}: {}", line.trim()));
            }
        }
    }
    assert_none(&found, "changed without a target");
}

/// Kinds are known by their marks, never by their names: a name that stands elsewhere would not know
/// of its next revision.
#[test]
fn no_stored_kind_stands_outside_the_domain() {
    let mut found = Vec::new();
    for (path, text) in ["commands", "projections", "api"].iter().flat_map(|it| rust_files(it)) {
        let written = text.split("#[cfg(test)]").next().unwrap();
        let code = written.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in code {
            let texts = line.split('"').skip(1).step_by(2);
            let is_kind = |text: &&str| {
                domain::AGGREGATES.iter().flat_map(|it| it.kinds).any(|kind| {
                    let base = domain::Kind::without_revision(kind.name);
                    *text == base || text.strip_prefix(base).is_some_and(|it| it.starts_with(".v"))
                })
            };
            found.extend(texts.filter(is_kind).map(|text| format!("{path}: {text}")));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}
