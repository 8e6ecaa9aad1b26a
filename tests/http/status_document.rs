//! `docs/status.md`: which rows of the documented table exist, and which endpoints stand beside it.
//!
//! With `CHANCERY_GOLDEN=write` the test writes the column `exists` and the count itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use api::{Access, Endpoint};

/// Rows of the documented table.
const ROWS: u8 = 89;

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/status.md")
}

/// `GET /api/Role`, as the document has it.
fn name(endpoint: &Endpoint) -> String {
    format!("{} {}", endpoint.method, endpoint.path)
}

fn cells(line: &str) -> Vec<&str> {
    line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect()
}

/// The row of the documented table that a line of the document stands for.
fn row_of(line: &str) -> Option<u8> {
    line.starts_with("| ").then(|| cells(line)[0].parse().ok()).flatten()
}

/// The document with the column `exists` and the count as the program has them.
fn corrected(document: &str, exist: &BTreeMap<u8, String>) -> String {
    let mut corrected = String::new();
    for line in document.lines() {
        let line = match row_of(line) {
            Some(row) => {
                let (rest, _) = line.trim_end_matches(" |").rsplit_once("| ").unwrap();
                let exists = if exist.contains_key(&row) { "yes" } else { "no" };
                format!("{rest}| {exists} |")
            }
            None if line.ends_with("rows exist.**") => {
                format!("**{} of {ROWS} rows exist.**", exist.len())
            }
            None => line.to_owned(),
        };
        corrected.push_str(&line);
        corrected.push('\n');
    }
    corrected
}

#[test]
fn the_status_page_says_which_rows_exist() {
    let endpoints = api::endpoints();
    let rows = endpoints.iter().filter_map(|it| Some((it.row?, name(it))));
    let exist = rows.collect::<BTreeMap<_, _>>();
    let document = fs::read_to_string(path()).unwrap();
    let lines = document.lines().filter_map(|line| Some((row_of(line)?, cells(line))));
    let lines = lines.collect::<Vec<_>>();
    let numbers = lines.iter().map(|(row, _)| *row).collect::<Vec<_>>();
    assert_eq!(numbers, (1..=ROWS).collect::<Vec<_>>());
    for (row, cells) in &lines {
        if let Some(name) = exist.get(row) {
            assert_eq!(cells[1], name, "row {row}");
        }
    }
    let corrected = corrected(&document, &exist);
    if std::env::var("CHANCERY_GOLDEN").as_deref() == Ok("write") {
        fs::write(path(), corrected).unwrap();
        return;
    }
    for (is, should) in document.lines().zip(corrected.lines()) {
        assert_eq!(is, should, "CHANCERY_GOLDEN=write mends docs/status.md");
    }
}

#[test]
fn the_status_page_names_every_endpoint_beside_the_table() {
    let endpoints = api::endpoints();
    let beside = endpoints.iter().filter(|it| it.row.is_none());
    let app_token =
        |it: &Endpoint| it.access == Access::AppToken || it.path.starts_with("/oauth2/");
    let beside = beside.filter(|it| !app_token(it)).map(name).collect::<BTreeSet<_>>();
    let document = fs::read_to_string(path()).unwrap();
    let lines = document.lines().filter(|line| line.starts_with("| `"));
    let shown = lines.map(|line| cells(line)[0].to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(shown, beside);
}
