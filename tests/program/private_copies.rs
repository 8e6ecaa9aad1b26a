//! `verify` and `replay` of a closed store leave nothing behind, and copy no key.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use tests::process::{Program, finish};

/// More than a pipe holds: whoever prints them to a reader that does not read must wait.
const EVENTS: usize = 150;

/// How long anything here may take.
const WAIT_MAX: Duration = Duration::from_secs(20);

/// A closed store whose events do not fit into a pipe, beside things that are none of ours.
async fn closed_store() -> Program {
    let mut program = Program::started(&[]).await;
    let token = program.token().await;
    for n in 0..EVENTS {
        let claims = json!([{ "claimType": "note", "claimValue": "x".repeat(1_000) }]);
        let role = json!({ "name": format!("role {n}"), "claims": claims });
        program.post("/api/Role", &token, role).await.data();
    }
    program.stop().await;
    for beside in ["lost+found", "backup"] {
        fs::create_dir(program.data.join(beside)).unwrap();
        fs::write(program.data.join(beside).join("other"), "not ours").unwrap();
    }
    // As a tool that keeps no modes restores them.
    for file in files(&program.data) {
        fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap();
    }
    program
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    entries.flat_map(|it| if it.is_dir() { files(&it) } else { vec![it] }).collect()
}

fn copies(temporary: &Path) -> Vec<PathBuf> {
    fs::read_dir(temporary).unwrap().map(|it| it.unwrap().path()).collect()
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < WAIT_MAX, "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A `replay` that has made its copy and waits for its reader.
fn waiting_replay(program: &Program, temporary: &Path) -> (Child, PathBuf) {
    let mut command = program.command(&["replay"]);
    command.env("TMPDIR", temporary).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    until("a copy that is whole", || {
        // The index is read last.
        let copies = copies(temporary);
        copies.first().is_some_and(|it| it.join("snapshots/views").exists())
    });
    // It has begun to print.
    std::thread::sleep(Duration::from_millis(300));
    let copy = copies(temporary).remove(0);
    (child, copy)
}

fn send(child: &Child, signal: &str) {
    let mut kill = std::process::Command::new("kill");
    kill.arg(format!("-{signal}")).arg(child.id().to_string());
    assert!(kill.status().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_holds_no_key_is_closed_to_others_and_goes_away_at_signals() {
    let program = closed_store().await;
    let temporary = tempfile::tempdir().unwrap();
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let (child, copy) = waiting_replay(&program, temporary.path());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&copy), 0o700);
        for file in files(&copy) {
            assert_eq!(mode(&file), 0o600, "{}", file.display());
        }
        let mut names = fs::read_dir(&copy).unwrap().map(|it| it.unwrap().file_name());
        let ours = ["head", "in-use", "log", "snapshots"];
        assert!(names.all(|it| ours.iter().any(|ours| it == *ours)));
        send(&child, signal);
        let said = child.wait_with_output().unwrap();
        assert_eq!(said.status.code(), Some(code), "{said:?}");
        let words = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(words.contains("the private copy") && words.contains("is removed"), "{words}");
        assert_eq!(copies(temporary.path()), Vec::<PathBuf>::new(), "after SIG{signal}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_process_left_is_removed_by_the_next_start_and_what_is_in_use_is_not() {
    let mut program = closed_store().await;
    let temporary = tempfile::tempdir().unwrap();
    let (mut killed, dead) = waiting_replay(&program, temporary.path());
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(dead.exists(), "nobody could remove it");
    let not_ours = temporary.path().join("chancery-copy-of-somebody");
    fs::create_dir(&not_ours).unwrap();
    fs::write(not_ours.join("precious"), "kept").unwrap();

    let mut verify = program.command(&["verify"]);
    verify.env("TMPDIR", temporary.path());
    let said = finish(verify).ok();
    assert!(said.err.contains(&format!("removed {}", dead.display())), "{said:?}");
    assert_eq!(copies(temporary.path()), std::slice::from_ref(&not_ours));

    // A server looks, too; it leaves alone what a living process uses.
    let (mut killed, dead) = {
        fs::rename(&not_ours, temporary.path().join("aside")).unwrap();
        let aside = tempfile::tempdir().unwrap();
        let (child, copy) = waiting_replay(&program, aside.path());
        let moved = temporary.path().join(copy.file_name().unwrap());
        fs::rename(&copy, &moved).unwrap();
        (child, moved)
    };
    program.set_variable("TMPDIR", &temporary.path().display().to_string());
    program.start().await;
    assert!(dead.exists(), "its process lives");
    program.stop().await;
    killed.kill().unwrap();
    killed.wait().unwrap();
    program.start().await;
    assert!(!dead.exists());
    assert!(temporary.path().join("aside").exists());
    program.stop().await;
}

/// It does without what it must not copy.
#[tokio::test(flavor = "multi_thread")]
async fn verify_and_replay_of_a_closed_store_say_all_that_they_said() {
    let program = closed_store().await;
    assert_eq!(program.verified()["ok"], true);
    assert!(program.replayed().len() >= EVENTS);
}
