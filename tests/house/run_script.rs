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
    run_changed(|it| it, cargo_test, arguments)
}

/// As [`run`], with a change of the script.
fn run_changed(
    change: impl Fn(String) -> String,
    cargo_test: &str,
    arguments: &[&str],
) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("tests")).unwrap();
    fs::copy(root().join("tests/run"), at("tests/run")).unwrap();
    let text = fs::read_to_string(at("tests/run")).unwrap();
    fs::write(at("tests/run"), change(text)).unwrap();
    script(&at("tests/install-nats"), "exit 0");
    script(&at("tests/install-receivers"), "exit 0");
    script(&at("tests/install-s3"), "exit 0");
    script(&at("tests/install-nginx"), "echo 'nginx is there'");
    script(&at("tests/install-registries"), "echo 'registries are there'");
    script(&at("tests/install-codegen"), "echo 'codegen is there'");
    script(&at("tests/install-generators"), "echo 'generators are there'");
    fs::create_dir_all(at("tests/schemathesis")).unwrap();
    script(&at("tests/schemathesis/run"), "exit 0");
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

#[test]
fn programs_of_others_are_driven_only_by_name_or_by_all() {
    let (code, said) = run("exit 0", &[]);
    assert!(code == Some(0) && !said.contains("generators are there"), "{said}");
    assert!(!said.contains("nginx is there") && !said.contains("registries are there"), "{said}");
    assert!(!said.contains("codegen is there"), "{said}");
    assert!(!said.contains("clients"), "{said}");
    let (code, said) = run("exit 0", &["clients"]);
    assert!(code == Some(0) && said.contains("generators are there"), "{said}");
    assert!(said.contains("asked: test --no-fail-fast --package tests --test clients"), "{said}");

    let (code, said) = run("exit 0", &["--all"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("asked: test --no-fail-fast --workspace --lib --bins --tests\n"),
        "{said}"
    );
    assert!(said.contains("asked: test --no-fail-fast --package tests --test clients"), "{said}");
    assert!(said.contains("nginx is there") && said.contains("registries are there"), "{said}");
    assert!(said.contains("codegen is there"), "{said}");
    assert_eq!(run("exit 0", &["--all", "http"]).0, Some(1));
}

#[test]
fn each_suite_of_all_has_a_cap_and_they_fit_into_an_hour_and_ten_minutes() {
    let (_, said) = run("exit 0", &["--all"]);
    let caps = said.lines().filter_map(|it| {
        let (name, minutes) = it.strip_prefix("tests/run: suite ")?.split_once(" has ")?;
        Some((name, minutes.strip_suffix(" minutes")?.parse::<u32>().unwrap()))
    });
    let caps = caps.collect::<Vec<_>>();
    let sum = caps.iter().map(|it| it.1).sum::<u32>();
    assert!(sum <= 70, "{said}");
    assert!(said.contains(&format!("tests/run: {sum} minutes in all, of 70\n")), "{said}");
    assert!(caps.contains(&("usual", 25)), "{said}");
    for (name, _) in caps {
        assert!(said.contains(&format!("tests/run: suite {name} took ")), "{said}");
    }
    let greedy = |it: String| it.replace("\"clients 13\"", "\"clients 55\"");
    let (code, said) = run_changed(greedy, "exit 0", &["--all"]);
    assert!(code == Some(1) && said.contains("the suites may take too long"), "{said}");
}

#[test]
fn a_suite_that_does_not_end_is_killed_at_its_cap_and_the_next_one_runs() {
    let short =
        |it: String| it.replace("${minutes}m", "${minutes}s").replace("usual 25", "usual 1");
    let hang = "case \"$*\" in *clients*|*no-run*) exit 0;; esac\nexec sleep 60";
    let (code, said) = run_changed(short, hang, &["--all"]);
    assert_eq!(code, Some(124), "{said}");
    assert!(said.contains("tests/run: FAILED: usual was killed after 1 minutes"), "{said}");
    assert!(said.contains("--test clients"), "{said}");
}
