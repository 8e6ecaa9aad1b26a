//! One byte changed, a file cut or gone: `verify` finds it and names it, and no wrong data is
//! served.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tests::process::{Program, contents};

use crate::story::{read_back, tell};

/// A log that was stopped gracefully, with snapshots, and what it answered.
async fn stopped() -> (Program, String, Vec<Value>) {
    let mut program = Program::started(&[]).await;
    let token = tell(&program).await;
    // More than one page of the store, and blocks of several sizes.
    for number in 0..30 {
        let name = format!("tamper-me-{number}");
        let body = json!({ "name": name, "description": "x".repeat(number * 33) });
        program.post("/api/ApiResource", &token, body).await.data();
    }
    let answers = read_back(&program, &token).await;
    program.stop().await;
    program.verified();
    (program, token, answers)
}

/// Flips one bit of a byte.
fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 0x01;
    fs::write(path, bytes).unwrap();
}

/// `verify` says that it is not well, where, and changes nothing.
#[track_caller]
fn assert_found(program: &Program, words: &[&str]) -> Value {
    let before = contents(&program.data);
    let said = program.run(&["verify", "--format", "json"]);
    let report = said.json();
    assert_eq!((said.code, &report["ok"]), (Some(1), &json!(false)), "{said:?}");
    let problem = report["problem"].as_str().unwrap_or_else(|| panic!("{report}"));
    assert!(words.iter().any(|it| problem.contains(it)), "none of {words:?} in {problem}");
    assert!(!said.err.contains("panicked"), "{said:?}");
    let table = program.run(&["verify"]);
    assert_eq!(table.code, Some(1));
    assert!(table.out.starts_with("NOT OK\n") && table.out.contains(problem), "{table:?}");
    assert_eq!(contents(&program.data), before, "looking changed the folder");
    report
}

/// The server does not start, says why in words, and does not make it worse.
#[track_caller]
fn assert_not_served(program: &Program, words: &str) {
    program.start_refused().refused(words);
    let again = program.run(&["verify", "--format", "json"]);
    assert_eq!(again.json()["ok"], false, "the start hid the damage: {again:?}");
}

/// What is only derived is made again: the same answers as before.
async fn assert_served(mut program: Program, token: &str, answers: &[Value]) {
    program.start().await;
    assert_eq!(read_back(&program, token).await, answers);
    program.stop().await;
    program.verified();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_byte_of_the_log_is_found_and_not_served() {
    let (program, token, answers) = stopped().await;
    let db = fs::read(program.data.join("log/db")).unwrap();
    let mut found = 0;
    for needle in ["catalogue.read", "tamper-me-3", "tamper-me-17", "chancery-cli"] {
        let places = db.windows(needle.len()).enumerate();
        let places = places.filter(|(_, it)| *it == needle.as_bytes()).map(|(at, _)| at);
        let places = places.collect::<Vec<_>>();
        assert!(!places.is_empty(), "{needle} is not in the log");
        // Some may be copies that the store has given up.
        for at in [*places.first().unwrap(), *places.last().unwrap()] {
            let copy = program.copy();
            flip(&copy.data.join("log/db"), at + 2);
            let said = copy.run(&["verify", "--format", "json"]);
            if said.code == Some(0) {
                let mut copy = copy;
                copy.start().await;
                assert_eq!(read_back(&copy, &token).await, answers);
                continue;
            }
            found += 1;
            let report = assert_found(&copy, &["log", "block", "position", "store"]);
            assert!(report["firstBadPosition"].as_u64() >= Some(1), "{report}");
            assert_not_served(&copy, "chancery verify");
        }
    }
    assert!(found >= 3, "only {found} were found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_was_cut_is_found_and_not_served() {
    let (program, ..) = stopped().await;
    let db = fs::read(program.data.join("log/db")).unwrap();
    // Behind the last page the store leaves room for the next ones.
    let last = db.iter().rposition(|it| *it != 0).unwrap() as u64;
    for left in [last, last / 2, 1_000, 10, 0] {
        let copy = program.copy();
        let file = fs::File::options().write(true).open(copy.data.join("log/db")).unwrap();
        file.set_len(left).unwrap();
        println!("cut to {left}");
        let report = assert_found(&copy, &["log", "store", "block"]);
        // Without its first page the store cannot be opened, and nobody knows what it held.
        assert!(left < 1_000 || report["firstBadPosition"].is_u64(), "{report}");
        assert_not_served(&copy, "chancery verify");
    }
    let copy = program.copy();
    fs::remove_file(copy.data.join("log/db")).unwrap();
    assert_found(&copy, &["log"]);
    copy.start_refused().refused("chancery verify");
}

/// Where the slots of the key file are that something needs: those of the installation, and of the
/// two persons there are. Behind them are keys that were made ahead.
fn needed_slots(program: &Program) -> Vec<usize> {
    let keys = fs::read(program.data.join("keys")).unwrap();
    let needed = keys.chunks(128).enumerate().filter(|(_, slot)| {
        let person = u64::from_le_bytes(slot[8..16].try_into().unwrap());
        slot[4] != 3 || person <= 2
    });
    needed.map(|(n, _)| n).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_byte_of_the_keys_is_found_and_not_served() {
    let (program, token, answers) = stopped().await;
    let needed = needed_slots(&program);
    assert!(needed.len() >= 6, "{needed:?}");
    for slot in needed {
        let copy = program.copy();
        flip(&copy.data.join("keys"), slot * 128 + 40);
        assert_found(&copy, &["key file"]);
        assert_not_served(&copy, "key file");
    }
    // Like a torn append: nobody has this key yet.
    let copy = program.copy();
    let length = fs::metadata(copy.data.join("keys")).unwrap().len() as usize;
    flip(&copy.data.join("keys"), length - 100);
    assert_served(copy, &token, &answers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_were_cut_or_are_gone_are_found_and_not_served() {
    let (program, ..) = stopped().await;
    let last = *needed_slots(&program).last().unwrap() as u64 * 128;
    for left in [last + 127, last, 128, 0] {
        let copy = program.copy();
        let file = fs::File::options().write(true).open(copy.data.join("keys")).unwrap();
        file.set_len(left).unwrap();
        assert_found(&copy, &["key file"]);
        assert_not_served(&copy, "key file");
    }
    let copy = program.copy();
    fs::remove_file(copy.data.join("keys")).unwrap();
    assert_found(&copy, &["key file"]);
    assert_not_served(&copy, "key file");
    assert!(!copy.data.join("keys").exists(), "a new key file hides that one is missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_head_is_found() {
    let (program, token, answers) = stopped().await;
    for slot in 0..2 {
        let copy = program.copy();
        flip(&copy.data.join("head"), slot * 128 + 30);
        assert_found(&copy, &["head"]);
        // The other slot says enough; the first write repairs this one.
        assert_served(copy, &token, &answers).await;
    }
    let copy = program.copy();
    fs::remove_file(copy.data.join("head")).unwrap();
    assert_found(&copy, &["head"]);
    assert_not_served(&copy, "--accept-head");
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_snapshots_are_found_and_made_again() {
    let (program, token, answers) = stopped().await;
    for name in ["index", "views"] {
        let length =
            fs::metadata(program.data.join("snapshots").join(name)).unwrap().len() as usize;
        for at in [3, 20, length / 2, length - 1] {
            let copy = program.copy();
            flip(&copy.data.join("snapshots").join(name), at);
            assert_found(&copy, &[&format!("snapshots/{name}")]);
            assert_served(copy, &token, &answers).await;
        }
    }
    let copy = program.copy();
    fs::remove_dir_all(copy.data.join("snapshots")).unwrap();
    copy.verified();
    assert_served(copy, &token, &answers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_or_missing_master_key_is_told() {
    let (mut program, ..) = stopped().await;
    let before = contents(&program.data);
    program.set_variable("CHANCERY_MASTER_KEY", &"0f".repeat(32));
    assert_found(&program, &["the master key does not fit"]);
    program.start_refused().refused("the master key does not fit");
    program.run(&["replay"]).refused("the master key does not fit");
    program.set_variable("CHANCERY_MASTER_KEY", "short");
    program.start_refused().refused("the master key must be 32 bytes");
    let mut copy = program.copy();
    copy.set_variable("CHANCERY_ADMIN_PASSWORD", tests::process::PASSWORD);
    fs::remove_file(copy.data.join("master.key")).unwrap();
    assert_found(&copy, &["there is no master key"]);
    copy.start_refused().refused("there is no master key");
    assert!(!copy.data.join("master.key").exists());
    let gone = ["--master-key-file", "/nowhere/master"];
    program.run(&[&["replay"], &gone[..]].concat()).refused("/nowhere/master");
    assert_eq!(contents(&program.data), before, "a refused start changed the folder");
}
