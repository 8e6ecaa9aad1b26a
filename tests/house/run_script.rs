//! `tests/run` with tools that only pretend: what it says, and how it ends.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::root;

fn script(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Runs a copy of it where `cargo test` does this. Returns its exit code and all that was said.
fn run(cargo_test: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("tests")).unwrap();
    fs::copy(root().join("tests/run"), at("tests/run")).unwrap();
    script(&at("tests/install-nats"), "exit 0");
    let cargo = format!("[ \"$1\" = build ] && exit 0\necho \"asked: $*\" >&2\n{cargo_test}");
    script(&at("bin/cargo"), &cargo);
    for tool in ["cc", "python3"] {
        script(&at(&format!("bin/{tool}")), "exit 0");
    }
    let path = format!("{}:{}", at("bin").display(), std::env::var("PATH").unwrap());
    let said = Command::new(at("tests/run")).args(arguments).env("PATH", path).output().unwrap();
    let text = [said.stdout, said.stderr].concat();
    (said.status.code(), String::from_utf8(text).unwrap())
}

#[test]
fn one_red_test_program_does_not_hide_the_others_and_all_are_named() {
    let failed = "cat >&2 <<'END'\nerror: 3 targets failed:\n    `-p api --lib`\n    \
                  `-p tests --test http`\n    `-p tests --test program`\nEND\nexit 101";
    let (code, said) = run(failed, &[]);
    assert_eq!(code, Some(101), "{said}");
    assert!(said.contains("asked: test --no-fail-fast --workspace --lib --bins --tests"), "{said}");
    let last = "tests/run: FAILED: api lib, tests http, tests program";
    assert!(said.lines().any(|it| it == last), "{said}");

    let (code, said) = run("echo 'error: could not compile' >&2\nexit 100", &["http", "log"]);
    assert_eq!(code, Some(100), "{said}");
    let asked = "asked: test --no-fail-fast --package tests --test http --test log";
    assert!(said.contains(asked) && said.contains("FAILED: see above"), "{said}");

    let (code, said) = run("exit 0", &["house"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("tests/run: all test programs are green\n"), "{said}");
}
