//! The documents: short lines, and links that lead somewhere.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{assert_none, root};

/// Characters of a line. A line without a space (one long address) cannot be broken.
const LINE_CHARS_MAX: usize = 120;

/// The README and every page below `docs`, with their text.
fn documents() -> Vec<(PathBuf, String)> {
    let mut found = vec![root().join("README.md")];
    let mut folders = vec![root().join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "md") {
                found.push(path);
            }
        }
    }
    assert!(found.len() > 20, "the documents were not found: {}", found.len());
    found.sort();
    found.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}

#[test]
fn lines_of_documents_are_short() {
    let mut found = Vec::new();
    for (path, text) in documents() {
        for (number, line) in (1..).zip(text.lines()) {
            let chars = line.chars().count();
            if chars > LINE_CHARS_MAX && line.trim().contains(' ') {
                found.push(format!("{}:{number} has {chars} characters", shown(&path)));
            }
        }
    }
    assert_none(&found, &format!("lines of more than {LINE_CHARS_MAX} characters"));
}

/// As the forges make it: lower case, words joined by hyphens, punctuation left out.
fn anchor(heading: &str) -> String {
    let heading = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = heading.chars().filter(|it| it.is_alphanumeric() || [' ', '-', '_'].contains(it));
    kept.collect::<String>().replace(' ', "-")
}

/// The targets of the links that lead to files of this repository.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|it| !it.contains("://"))
}

#[test]
fn links_between_documents_lead_to_a_page_and_a_heading() {
    let mut found = Vec::new();
    for (path, text) in documents() {
        for link in links(&text) {
            let (page, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = match page {
                "" => path.clone(),
                page => path.parent().unwrap().join(page),
            };
            let is_there = match fs::read_to_string(&target) {
                Ok(page) => {
                    heading.is_empty()
                        || page.lines().any(|it| it.starts_with('#') && anchor(it) == heading)
                }
                Err(_) => heading.is_empty() && target.is_dir(),
            };
            if !is_there {
                found.push(format!("{}: {link}", shown(&path)));
            }
        }
    }
    assert_none(&found, "these lead nowhere");
}

/// The paths of files that comments and documents name, such as `docs/decisions/0008-routing.md`.
#[test]
fn pages_that_code_and_documents_name_exist() {
    let mut found = Vec::new();
    let texts = crate::all_files()
        .into_iter()
        .chain(documents().into_iter().map(|(path, text)| (shown(&path), text)));
    for (path, text) in texts {
        for rest in text.split("docs/").skip(1) {
            let end = rest.find(|it: char| !(it.is_ascii_alphanumeric() || "-_./".contains(it)));
            let name = rest[..end.unwrap_or(rest.len())].trim_end_matches('.');
            if name.ends_with(".md") && !root().join("docs").join(name).exists() {
                found.push(format!("{path}: docs/{name}"));
            }
        }
    }
    assert_none(&found, "these pages do not exist");
}
