//! `user erase`: who is meant, whether it is meant, and what shows later that it was done.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::json;
use tests::process::{Program, Said, binary};

use crate::story::tell;

/// As somebody at a terminal who types an answer.
fn at_terminal(program: &Program, arguments: &str, answer: &str) -> Said {
    let command = format!("{} {arguments} --data {}", binary().display(), program.data.display());
    let mut script = Command::new("script");
    script.args(["-qec", &command, "/dev/null"]);
    script.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = script.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(format!("{answer}\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    drop(input);
    let text = |it: &[u8]| String::from_utf8_lossy(it).into_owned();
    Said { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_erased_by_name_or_number_and_there_is_a_receipt() {
    let mut program = Program::started(&[]).await;
    let token = tell(&program).await;
    // The name of somebody who is number 3, and the number of somebody else.
    let seven = json!({ "userName": "2", "email": "two@example.org" });
    assert_eq!(*program.post("/api/User", &token, seven).await.data(), 3);
    let unclear = program.run(&["user", "erase", "2"]).refused("say user-3 or user-2");
    assert!(unclear.out.is_empty(), "{unclear:?}");
    program.run(&["user", "erase", "nobody"]).refused("no user of the name nobody");
    program.run(&["user", "erase", "alice", "--tenant", "2"]).refused("no user of the name");
    let said = program.run(&["user", "erase", "Alice"]).ok();
    let events = program.replayed();
    let erased = events.iter().find(|it| it["kind"] == "user.erased.v1").unwrap();
    assert_eq!(erased["stream"], "user-2");
    let receipt = format!(
        "user 2 is forgotten; the history stays whole\nposition {}, event {}, {}\n",
        erased["position"],
        erased["eventId"].as_str().unwrap(),
        erased["time"].as_str().unwrap()
    );
    assert_eq!(said.out, receipt);
    let again = program.run(&["user", "erase", "user-2"]).ok();
    assert_eq!(again.out, "user 2 was forgotten already\n");
    program.stop().await;
    let said = program.run(&["user", "erase", "user-3", "--yes"]).ok();
    assert!(said.out.starts_with("user 3 is forgotten"), "{said:?}");
    let last = program.replayed().len();
    assert!(said.out.contains(&format!("\nposition {last}, event ")), "{said:?}");
    program.verified();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sits_at_a_terminal_is_asked_before_a_person_is_erased() {
    let program = Program::started(&[]).await;
    tell(&program).await;
    for answer in ["no", "", "y"] {
        let said = at_terminal(&program, "user erase alice", answer);
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(said.out.contains("Erase alice?"), "{said:?}");
        assert!(said.out.contains("nobody was erased"), "{said:?}");
    }
    assert!(program.replayed().iter().all(|it| it["kind"] != "user.erased.v1"));
    let said = at_terminal(&program, "user erase alice", "yes").ok();
    assert!(said.out.contains("user 2 is forgotten"), "{said:?}");
    let said = at_terminal(&program, "user erase alice --yes", "").refused("no user of the name");
    assert!(!said.out.contains("Erase alice?"), "{said:?}");
}
