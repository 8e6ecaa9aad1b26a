//! Pages beside the files that they must be.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::Path;

use codegen::readthedocs::write;
use serde_json::Value;

const URL: &str = "https://docs.example/swagger/v1/swagger.json";

/// With `CHANCERY_WRITE_GOLDEN` set the file is written, to be looked at.
#[track_caller]
fn is_golden(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let document: Value =
        serde_json::from_str(&fs::read_to_string(folder.join(format!("{name}.json"))).unwrap())
            .unwrap();
    let page = write(&document, URL);
    let golden = folder.join(format!("{name}.rst"));
    if std::env::var_os("CHANCERY_WRITE_GOLDEN").is_some() {
        fs::write(&golden, &page).unwrap();
    }
    assert_eq!(page, fs::read_to_string(golden).unwrap_or_default());
    assert!(page.ends_with('\n') && !page.ends_with("\n\n"));
}

#[test]
fn a_document_of_2_0_in_three_levels() {
    is_golden("levels");
}

#[test]
fn a_document_of_3_1_by_tags() {
    is_golden("tags");
}

#[test]
fn texts_that_mean_something_to_restructuredtext() {
    is_golden("hostile");
}
