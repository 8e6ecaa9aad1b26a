//! What `replay` and `verify` are asked for besides everything: one kind, a story, an earlier root, and
//! a check without keys.

use std::fs;

use domain::Ids;
use serde_json::{Value, json};
use tests::process::Program;

use crate::story::tell;

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_of_which_nothing_matches_says_so() {
    let mut program = Program::started(&[]).await;
    for nothing in [
        (&["replay", "--kind", "foo"][..], "this version knows no kind foo"),
        (&["replay", "--kind", "blob"], "nothing matches\n"),
        (&["replay", "--stream", "user-77"], "nothing matches\n"),
        (&["replay", "--from", "100000"], "nothing matches\n"),
        (&["replay", "--kind", "foo", "--format", "table"], "nothing matches"),
        (&["replay", "--kind", "foo", "--format", "story"], "nothing matches"),
    ] {
        let said = program.run(nothing.0);
        assert_eq!((said.code, said.out.as_str()), (Some(3), ""), "{said:?}");
        assert!(said.err.contains(nothing.1), "{said:?}");
    }
    program.stop().await;
    assert_eq!(program.run(&["replay", "--kind", "foo"]).code, Some(3));
    program.run(&["replay", "--kind", "user"]).ok();
}

/// Where the columns of a line begin: at each word after two spaces or more.
fn columns(line: &str) -> Vec<usize> {
    let begins = |at: &usize| {
        let (before, rest) = line.split_at(*at);
        before.ends_with("  ") && !rest.starts_with(' ')
    };
    (1..line.len()).filter(begins).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_columns_of_the_table_line_up() {
    let program = Program::started(&[]).await;
    tell(&program).await;
    let table = program.run(&["replay", "--format", "table"]).ok().out;
    let heading = columns(table.lines().next().unwrap());
    // The first column stands at its right end.
    let after_position = &heading[heading.len() - 4..];
    let mut kinds = std::collections::BTreeSet::new();
    for line in table.lines().skip(1) {
        let found = columns(line);
        assert_eq!(&found[found.len() - 4..], after_position, "{line}");
        kinds.insert(line[after_position[1]..].split(' ').next().unwrap().to_owned());
    }
    assert!(kinds.len() > 6, "{kinds:?}");
    let short = domain::AGGREGATES.iter().filter(|it| it.ids == Ids::ShortLived);
    let widest = short.map(|it| it.category.len() + 33).max().unwrap();
    assert_eq!(after_position[3] - after_position[2], widest + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_tells_who_did_what() {
    let mut program = Program::started(&[]).await;
    tell(&program).await;
    let story = program.run(&["replay", "--format", "story"]).ok().out;
    for said in [
        " system registered user admin (user-1)\n",
        " admin (user-1) registered user alice (user-2)\n",
        " admin (user-1) created resource catalogue (resource-1)\n",
        " admin (user-1) published resource catalogue (resource-1) at /catalogue",
        " admin (user-1) issued token for chancery-cli",
    ] {
        assert!(story.contains(said), "{said:?} is not in\n{story}");
    }
    // Each printing is an event of its own.
    let lines = story.lines().count();
    assert!((lines..=lines + 2).contains(&program.replayed().len()), "{story}");
    let year = &program.replayed()[0]["time"].as_str().unwrap()[..4].to_owned();
    assert!(story.lines().all(|it| it[6..].trim_start().starts_with(year)), "{story}");
    // A part of it has the names that were told before, and who is erased has none.
    let part = program.run(&["replay", "--format", "story", "--kind", "resource.published"]).ok();
    assert_eq!(part.out.lines().count(), 1);
    assert!(part.out.contains("admin (user-1) published resource catalogue"), "{part:?}");
    program.run(&["user", "erase", "2"]).ok();
    program.stop().await;
    let story = program.run(&["replay", "--format", "story"]).ok().out;
    assert!(story.contains("admin (user-1) registered user 2\n"), "{story}");
    assert!(story.contains("operator erased user 2\n") && !story.contains("alice"), "{story}");
}

/// `POSITION:ROOT`, as `verify` prints it for later.
fn root_of(report: &Value) -> String {
    format!("{}:{}", report["position"], report["merkleRoot"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_root_that_was_told_shows_later_that_nothing_was_removed() {
    let mut program = Program::started(&[]).await;
    let token = tell(&program).await;
    // Reading and verifying a running server are events, too: what they told stays true.
    let page = program.get("/api/audit/events?limit=1", &token).await.json;
    assert_eq!(page["headRoot"].as_str().unwrap().len(), 64);
    let told = format!("{}:{}", page["head"], page["headRoot"].as_str().unwrap());
    program.run(&["verify", "--expect", &told]).ok();
    program.stop().await;
    let early = root_of(&program.verified());
    let said = program.run(&["verify"]).ok().out;
    assert!(said.contains(&format!("expect later        {early}\n")), "{said}");
    program.run(&["backup", "--to", program.beside("old").to_str().unwrap()]).ok();
    program.start().await;

    for name in ["more", "and-more"] {
        program.post("/api/ApiResource", &token, json!({ "name": name })).await.data();
    }
    program.stop().await;
    let late = program.verified();
    let position = early.split(':').next().unwrap().parse::<u64>().unwrap();
    assert!(late["position"].as_u64().unwrap() >= position + 2, "{late}");
    let late = root_of(&late);
    let exchanged = format!("{position}:{}", late.split(':').nth(1).unwrap());
    for running in [false, true] {
        if running {
            program.start().await;
        }
        for good in [&early, &late] {
            let report = program.run(&["verify", "--expect", good, "--format", "json"]).ok().json();
            let expected = good.split(':').next().unwrap().parse::<u64>().unwrap();
            assert_eq!(report["expectedPosition"], expected, "{report}");
        }
        program.run(&["verify", "--expect", &exchanged]).refused("were changed or removed");
    }
    // The old copy is whole, but what came later is missing.
    let mut old = Program::new(&[]);
    old.data = program.beside("old");
    old.run(&["verify", "--expect", &early]).ok();
    let said = old.run(&["verify", "--expect", &late]).refused("events were removed");
    assert!(said.out.starts_with("NOT OK\n"), "{said:?}");
    program.run(&["verify", "--expect", "17"]).refused("POSITION:ROOT");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_no_key_is_verified_without_keys() {
    let mut program = Program::started(&[]).await;
    tell(&program).await;
    program.stop().await;
    let whole = program.verified();
    let copy = program.copy();
    fs::remove_file(copy.data.join("keys")).unwrap();
    fs::remove_file(copy.data.join("master.key")).unwrap();
    copy.run(&["verify"]).refused("master key");
    let said = copy.run(&["verify", "--without-keys", "--expect", &root_of(&whole)]).ok().out;
    assert!(said.starts_with("OK\n") && said.contains("no event was opened"), "{said}");
    let report = copy.run(&["verify", "--without-keys", "--format", "json"]).ok().json();
    for member in ["position", "events", "hash", "merkleRoot", "problem"] {
        assert_eq!(report[member], whole[member], "{member}");
    }
    assert_eq!(report["withoutKeys"], true);
    assert!(whole.get("withoutKeys").is_none() && whole.get("expectedPosition").is_none());
    // Damage to what is stored is found all the same.
    let path = copy.data.join("log/db");
    let mut db = fs::read(&path).unwrap();
    let needle = b"catalogue.read";
    let at = db.windows(needle.len()).rposition(|it| it == needle).unwrap();
    db[at + 2] ^= 1;
    fs::write(&path, db).unwrap();
    copy.run(&["verify", "--without-keys"]).refused("NOT OK");
}
