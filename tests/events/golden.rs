//! Golden bytes: what was once stored decodes for ever, and is still written in the same bytes.
//!
//! One file a kind, one block a sample: the parts in clear, in hexadecimal. A file is never
//! changed: a payload that must change gets a new revision (`docs/events.md`). To write the
//! files of new kinds and samples, run with `CHANCERY_GOLDEN=write`, and commit them.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use domain::event::JsonParts;
use domain::{AnyEvent, Parts, hex};
use tests::samples::{self, Sample};

/// Writes what is missing, and never what is there.
const WRITE_VARIABLE: &str = "CHANCERY_GOLDEN";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("events/golden")
}

fn path_of(kind: &str) -> PathBuf {
    folder().join(format!("{kind}.txt"))
}

fn of_kind(kind: &str) -> Vec<Sample> {
    samples::all().into_iter().filter(|it| it.kind == kind).collect()
}

/// The JSON form of a sample, of a former kind from its golden bytes: they show what was stored then.
pub fn json_of(sample: &Sample) -> JsonParts {
    if sample.event.kind() == sample.kind {
        return sample.event.to_json();
    }
    let stored = read(sample.kind);
    let (_, parts) = stored.iter().find(|it| it.0 == sample.name).expect("golden bytes");
    AnyEvent::json_of(sample.kind, parts).unwrap()
}

fn block(sample: &Sample) -> String {
    let parts = sample.event.encode().unwrap();
    let mut text = format!("[{}]\n", sample.name);
    let parts =
        [("data", Some(parts.data)), ("personal", parts.personal), ("secret", parts.secret)];
    for (name, part) in parts {
        let shown = part.map_or("none".to_owned(), |it| hex(&it));
        writeln!(text, "{name}: {shown}").unwrap();
    }
    text
}

/// The stored blocks of a kind: the name of the sample, and its parts.
fn read(kind: &str) -> Vec<(String, Parts)> {
    let text = fs::read_to_string(path_of(kind)).unwrap_or_default();
    let blocks = text.split("\n\n").filter(|it| !it.trim().is_empty());
    blocks.map(|it| read_block(kind, it)).collect()
}

fn read_block(kind: &str, block: &str) -> (String, Parts) {
    let lines = block.trim().lines().collect::<Vec<_>>();
    let [name, data, personal, secret] = lines[..] else {
        panic!("{kind}: not a block of four lines: {block}");
    };
    let name = name.strip_prefix('[').and_then(|it| it.strip_suffix(']')).expect("[name]");
    let part = |line: &str, word: &str| -> Option<Bytes> {
        let shown = line.strip_prefix(word).and_then(|it| it.strip_prefix(": ")).expect(word);
        (shown != "none").then(|| unhex(shown))
    };
    let parts = Parts {
        data: part(data, "data").expect("data"),
        personal: part(personal, "personal"),
        secret: part(secret, "secret"),
    };
    (name.to_owned(), parts)
}

fn unhex(text: &str) -> Bytes {
    let digits = text.as_bytes().chunks(2).map(|it| std::str::from_utf8(it).unwrap());
    digits.map(|it| u8::from_str_radix(it, 16).expect("hexadecimal")).collect()
}

#[test]
fn every_kind_and_every_sample_has_golden_bytes() {
    let write = std::env::var(WRITE_VARIABLE).is_ok_and(|it| it == "write");
    let mut missing = Vec::new();
    for kind in AnyEvent::kinds() {
        let stored = read(kind);
        for sample in of_kind(kind) {
            if stored.iter().any(|(name, _)| name == sample.name) {
                continue;
            }
            missing.push(format!("{kind} [{}]", sample.name));
            // The bytes of a former kind can no longer be made; they were kept, or are lost.
            if write && sample.event.kind() == kind {
                let before = fs::read_to_string(path_of(kind)).unwrap_or_default();
                let gap = if before.is_empty() { "" } else { "\n" };
                fs::write(path_of(kind), format!("{before}{gap}{}", block(&sample))).unwrap();
            }
        }
    }
    let advice = match write {
        true => "these were written: look at them and commit them",
        false => "set CHANCERY_GOLDEN=write to write them",
    };
    assert!(missing.is_empty(), "golden bytes are missing; {advice}: {missing:#?}");
}

#[test]
fn golden_bytes_decode_to_their_sample_for_ever() {
    for kind in AnyEvent::kinds() {
        let samples = of_kind(kind);
        for (name, parts) in read(kind) {
            let sample = samples.iter().find(|it| it.name == name);
            let sample = sample.unwrap_or_else(|| panic!("{kind} [{name}] has no sample"));
            let event = AnyEvent::decode(kind, &parts);
            assert_eq!(event.as_ref(), Ok(&sample.event), "{kind} [{name}]");
        }
    }
}

#[test]
fn golden_bytes_are_read_to_the_last_one() {
    for kind in AnyEvent::kinds() {
        for (name, parts) in read(kind) {
            let data = parts.data.clone();
            let cut = Parts { data: data.slice(..data.len() - 1), ..parts.clone() };
            assert!(AnyEvent::decode(kind, &cut).is_err(), "{kind} [{name}] cut");
            let longer = data.iter().copied().chain([0]).collect();
            let longer = Parts { data: longer, ..parts };
            assert!(AnyEvent::decode(kind, &longer).is_err(), "{kind} [{name}] longer");
        }
    }
}

#[test]
fn samples_are_still_written_in_their_golden_bytes() {
    for kind in AnyEvent::kinds() {
        let stored = read(kind);
        for sample in of_kind(kind).iter().filter(|it| it.event.kind() == kind) {
            let golden = stored.iter().find(|(name, _)| name == sample.name);
            let (_, golden) = golden.unwrap_or_else(|| panic!("{kind} has no [{}]", sample.name));
            assert_eq!(&sample.event.encode().unwrap(), golden, "{kind} [{}]", sample.name);
        }
    }
}

#[test]
fn every_golden_file_belongs_to_a_kind() {
    let kinds = AnyEvent::kinds().into_iter().map(path_of).collect::<BTreeSet<_>>();
    let files = fs::read_dir(folder()).unwrap().map(|it| it.unwrap().path());
    let strangers = files.filter(|it| !kinds.contains(it)).collect::<Vec<_>>();
    assert!(strangers.is_empty(), "no kind can read these: {strangers:?}");
}
