//! `docs/events.md` says of every kind what it holds, and of no kind that does not exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use domain::AnyEvent;
use serde_json::Value;
use tests::samples;

fn document() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/events.md");
    fs::read_to_string(path).unwrap()
}

/// What stands in backticks.
fn words(text: &str) -> BTreeSet<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

fn is_kind(word: &str) -> bool {
    let words = word.split('.').collect::<Vec<_>>();
    let number = |it: &str| it.strip_prefix('v').is_some_and(|it| it.parse::<u32>().is_ok());
    matches!(words[..], [_, _, revision] if number(revision)) && !word.contains('<')
}

/// The section of a kind: from its heading to the next.
fn section<'a>(document: &'a str, kind: &str) -> &'a str {
    let heading = format!("\n### `{kind}`");
    let (_, rest) = document.split_once(&heading).unwrap_or_else(|| panic!("no {heading:?}"));
    rest.split("\n#").next().unwrap()
}

#[test]
fn the_document_knows_the_kinds_that_the_program_knows() {
    let document = document();
    let headings = document.lines().filter_map(|it| it.strip_prefix("### `"));
    let headings = headings.filter_map(|it| it.split('`').next());
    let kinds = AnyEvent::kinds().into_iter().collect::<BTreeSet<_>>();
    assert_eq!(headings.collect::<BTreeSet<_>>(), kinds);
    let strangers = words(&document).into_iter().filter(|it| is_kind(it) && !kinds.contains(it));
    assert_eq!(strangers.collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn the_section_of_a_kind_names_every_field() {
    let document = document();
    for sample in samples::full() {
        let words = words(section(&document, sample.kind));
        let json = sample.event.to_json();
        for part in [Some(json.data), json.personal].into_iter().flatten() {
            for (name, value) in part.as_object().unwrap() {
                assert!(words.contains(name.as_str()), "{}: `{name}` is missing", sample.kind);
                assert_inner(&document, sample.kind, value);
            }
        }
        let parts = sample.event.encode().unwrap();
        for (part, is_there) in
            [("personal", parts.personal.is_some()), ("secret", parts.secret.is_some())]
        {
            let says = section(&document, sample.kind).contains(&format!("\n**{part}**"));
            assert_eq!(says, is_there, "{}: {part}", sample.kind);
        }
    }
}

/// Fields of inner shapes stand anywhere in the document.
fn assert_inner(document: &str, kind: &str, value: &Value) {
    match value {
        Value::Array(items) => items.iter().for_each(|it| assert_inner(document, kind, it)),
        Value::Object(fields) => {
            for (name, value) in fields {
                assert!(words(document).contains(name.as_str()), "{kind}: `{name}` is missing");
                assert_inner(document, kind, value);
            }
        }
        _ => (),
    }
}
