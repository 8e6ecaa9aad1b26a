//! `docs/events.md` against the program: kinds, fields, members of the JSON form, categories, claims
//! and actors. What the program has stands there, and nothing else does.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use commands::{CloudEvent, EventJson, FullEventId};
use domain::{AGGREGATES, AnyEvent, EventId, Ids, LogId, Mark};
use serde_json::{Value, json};
use tests::samples;

use crate::golden::json_of;

fn document() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/events.md");
    fs::read_to_string(path).unwrap()
}

/// What stands in backticks.
fn words(text: &str) -> BTreeSet<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The rows of the table with this first column: the cells of each, without the outer bars.
fn table<'a>(document: &'a str, first_column: &str) -> Vec<Vec<&'a str>> {
    let heading = format!("| {first_column} |");
    let mut lines = document.lines().skip_while(|line| !line.starts_with(&heading));
    assert!(lines.next().is_some(), "no table begins with {heading:?}");
    let rows = lines.skip(1).take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// What stands in backticks in the first column of a table.
fn first_column<'a>(document: &'a str, heading: &str) -> BTreeSet<&'a str> {
    table(document, heading).iter().flat_map(|cells| words(cells[0])).collect()
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
    // A field that came later stands in a sample of its own.
    for sample in samples::all() {
        let words = words(section(&document, sample.kind));
        let json = json_of(&sample);
        for part in [Some(json.data), json.personal].into_iter().flatten() {
            for (name, value) in part.as_object().unwrap() {
                assert!(words.contains(name.as_str()), "{}: `{name}` is missing", sample.kind);
                assert_inner(&document, sample.kind, value);
            }
        }
        if sample.name != "full" {
            continue;
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

#[test]
fn the_members_of_the_json_form_are_those_of_the_program() {
    let text = || Some("x".to_owned());
    let event = EventJson {
        position: 1,
        stream: "user-1".to_owned(),
        version: 1,
        kind: "user.deleted.v1".to_owned(),
        event_id: String::new(),
        time: String::new(),
        tenant: 1,
        actor: String::new(),
        subject: Some(1),
        command_id: String::new(),
        correlation_id: String::new(),
        trace_id: text(),
        operation: text(),
        client: text(),
        caused_by: Some(1),
        batch: text(),
        session: text(),
        uid: Some(1),
        data: json!({}),
        personal: Some(json!({})),
        secret: Some("***"),
    };
    let members = |json: &Value| json.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let document = document();
    let shown = members(&serde_json::to_value(&event).unwrap());
    let shown = shown.iter().map(String::as_str).collect::<BTreeSet<_>>();
    assert_eq!(first_column(&document, "name"), shown);

    let id = FullEventId { log: LogId([7; 16]), event: EventId([8; 16]), position: 9 };
    let message = serde_json::to_value(CloudEvent::new(id, &event)).unwrap();
    let (_, subscribers) = document.split_once("\n## For subscribers").unwrap();
    for member in members(&message) {
        let constant = ["specversion", "datacontenttype"].contains(&&*member);
        assert!(constant || words(subscribers).contains(&*member), "`{member}` is missing");
    }
}

#[test]
fn the_table_of_categories_says_which_ids_are_numbers_and_which_streams_are_short() {
    let document = document();
    let wanted = AGGREGATES.iter().map(|it| (it.category, it.ids)).collect::<Vec<_>>();
    let shown = table(&document, "category").into_iter().map(|cells| {
        let ids = match cells[1].split(':').next().unwrap() {
            "a number" => Ids::Counted,
            "a short stream" => Ids::ShortLived,
            _ => Ids::Given,
        };
        (cells[0].trim_matches('`'), ids)
    });
    assert_eq!(shown.collect::<Vec<_>>(), wanted);
}

#[test]
fn the_section_of_a_kind_says_whether_a_key_is_destroyed_after_it() {
    let document = document();
    for kind in AnyEvent::kinds() {
        let section = section(&document, kind).replace('\n', " ");
        let erases = AnyEvent::marks(kind).contains(&Mark::Erases);
        assert_eq!(section.contains("is destroyed after this event"), erases, "{kind}");
    }
}

#[test]
fn the_table_of_claims_agrees_with_the_program_and_with_the_sections_of_the_kinds() {
    let document = document();
    let claims = AGGREGATES.iter().flat_map(|it| it.claims).map(|claim| claim.name);
    let claims = claims.collect::<BTreeSet<_>>();
    assert_eq!(first_column(&document, "claim"), claims);
    // (claim, kind), as the table has them and as the sections of the kinds have them.
    let (mut claimed, mut released) = (BTreeSet::new(), BTreeSet::new());
    for cells in table(&document, "claim") {
        let claim = cells[0].trim_matches('`');
        claimed.extend(words(cells[3]).into_iter().map(|kind| (claim, kind)));
        released.extend(words(cells[4]).into_iter().map(|kind| (claim, kind)));
    }
    let (mut claimed_below, mut released_below) = (BTreeSet::new(), BTreeSet::new());
    for kind in AnyEvent::kinds() {
        let section = section(&document, kind).to_lowercase();
        let named_after = |word: &str| {
            let names = section.split(word).skip(1).filter_map(|rest| rest.split('`').next());
            names.map(|name| (*claims.get(name).unwrap(), kind)).collect::<Vec<_>>()
        };
        claimed_below.extend(named_after("claims `"));
        released_below.extend(named_after("releases `"));
    }
    assert_eq!(claimed, claimed_below, "claimed: table and sections differ");
    assert_eq!(released, released_below, "released: table and sections differ");
}
