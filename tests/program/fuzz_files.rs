//! Damage to every file that is stored: `verify` and a start end with a clear word, whatever it is;
//! never with a panic, never without end, and never with all the memory.
//!
//! `CHANCERY_FUZZ_SECONDS` sets how long it lasts, `CHANCERY_FUZZ_SEED` with which seed.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tests::fuzz::{Random, seconds};
use tests::process::Program;

use crate::story::tell;

/// How long it lasts unless somebody says otherwise.
const SECONDS: u64 = 30;

/// How much the program may ask for, in KiB: far more than it needs.
const MEMORY: &str = "ulimit -v 6000000";

/// How long `verify` or a start may take on a store of some dozens of events.
const TIME_MAX: Duration = Duration::from_secs(30);

/// Nobody listens there.
const NO_BROKER: [&str; 2] = ["--nats", "nats://127.0.0.1:9"];

/// Every file below a folder, with paths from it, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => found.push(path.strip_prefix(folder).unwrap().to_owned()),
            }
        }
    }
    found.sort();
    found
}

/// `verify` finds it well or not, in words.
fn look(program: &Program, what: &str) {
    let began = Instant::now();
    let said = program.run(&["verify"]);
    let text = format!("{}{}", said.out, said.err);
    assert!(matches!(said.code, Some(0 | 1)), "{what}: {said:?}");
    assert!(!text.trim().is_empty() && !text.contains("panicked"), "{what}: {said:?}");
    assert!(began.elapsed() < TIME_MAX, "{what}: {:?}", began.elapsed());
}

/// It serves, or says why it does not.
async fn begin(program: &mut Program, what: &str) {
    let began = Instant::now();
    let ended = program.try_start().await;
    let log = program.log();
    assert!(!log.contains("panicked"), "{what}: {log}");
    assert!(began.elapsed() < TIME_MAX, "{what}: {:?}", began.elapsed());
    match ended {
        Some(status) => {
            assert_eq!(status.code(), Some(1), "{what}: {log}");
            assert!(log.contains("chancery: "), "{what}: no reason in {log}");
        }
        None => program.kill(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_to_a_file_verify_and_a_start_end_with_a_clear_word() {
    let mut random = Random::seeded("files");
    let mut program = Program::started(&[]).await;
    tell(&program).await;
    program.stop().await;
    // Made by the publisher, once it has published something.
    fs::write(program.data.join("publisher"), [7; 64]).unwrap();
    let names = files(&program.data);
    for name in ["head", "keys", "master.key", "log/db", "snapshots/index", "snapshots/views"] {
        assert!(names.contains(&PathBuf::from(name)), "no {name} in {names:?}");
    }
    let until = Instant::now() + seconds(SECONDS);
    let mut cases = 0;
    // Each file once at least, however slow the machine is.
    while cases < names.len() || Instant::now() < until {
        let name = &names[cases % names.len()];
        let mut copy = program.copy();
        copy.set_before(MEMORY);
        copy.set_arguments(&NO_BROKER);
        let path = copy.data.join(name);
        let mut bytes = fs::read(&path).unwrap();
        let mut what = format!("{}: {}", name.display(), random.damage(&mut bytes));
        while random.below(3) == 0 {
            what = format!("{what}, {}", random.damage(&mut bytes));
        }
        fs::write(&path, bytes).unwrap();
        look(&copy, &what);
        begin(&mut copy, &what).await;
        cases += 1;
    }
    println!("{cases} cases");
}
