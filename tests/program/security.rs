//! Refusals and readings of a running server: log lines, figures, and events.

use serde_json::Value;
use tests::process::Program;

/// The events about security, from a server that has stopped.
fn events(program: &Program) -> Vec<Value> {
    let replayed = program.replayed().into_iter();
    replayed.filter(|it| it["kind"].as_str().unwrap().starts_with("security.")).collect()
}

/// Its lines about who was refused.
fn refused(program: &Program) -> Vec<String> {
    let log = program.log();
    let lines = log.lines().filter(|it| it.contains("refused reason="));
    lines.map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn tools_that_read_everything_leave_a_trace() {
    let mut program = Program::started(&[]).await;
    program.replayed();
    program.verified();
    let to = program.beside("copy");
    program.run(&["backup", "--to", to.to_str().unwrap()]).ok();
    program.run(&["client", "list"]).ok();
    program.stop().await;
    let events = events(&program);
    let told = events.iter().map(|it| it["data"]["rule"].as_str().unwrap_or("counted"));
    assert_eq!(told.collect::<Vec<_>>(), ["replayed", "verified", "backedUp"]);
    for (event, operation) in events.iter().zip(["replay", "verify", "backup"]) {
        assert_eq!((&event["actor"], &event["tenant"]), (&"operator".into(), &0.into()));
        assert_eq!(event["operation"], operation);
        assert_eq!(event["data"]["who"], "operator");
        assert_eq!(event["data"]["addressHash"], "0".repeat(32));
    }
    program.verified();
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_lines_with_a_hash_and_end_with_the_program() {
    let mut program = Program::started(&[]).await;
    for _ in 0..3 {
        assert_eq!(program.sign_in("admin", "grue-Ham7ster").await.status, 400);
    }
    program.stop().await;
    let lines = refused(&program);
    let counts = ["count=1 ended=false", "count=2 ended=false", "count=3 ended=true"];
    assert_eq!(lines.len(), counts.len(), "{lines:?}");
    let events = events(&program);
    assert_eq!(events.len(), counts.len(), "{events:?}");
    let hash = events[0]["data"]["addressHash"].as_str().unwrap();
    for (line, count) in lines.iter().zip(counts) {
        for word in ["WARN", "reason=\"wrong_password\"", "who=\"user-1\"", hash, count] {
            assert!(line.contains(word), "no {word} in {line}");
        }
        assert!(!line.contains("127.0.0.1") && !line.contains("admin"), "{line}");
    }
    assert_eq!(events[2]["data"]["ended"], true);
    assert_eq!(events[2]["data"]["count"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_may_have_addresses_in_the_lines() {
    let mut program = Program::started(&["--log-addresses"]).await;
    program.sign_in("admin", "grue-Ham7ster").await;
    program.stop().await;
    let lines = refused(&program);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("address=\"127.0.0.1\""), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_makes_a_few_lines_and_events() {
    let mut program = Program::started(&[]).await;
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "shop"),
        ("client_secret", "grue-Ham7ster"),
    ];
    for _ in 0..300 {
        let ask = program.client.post(program.url("/connect/token")).form(&form);
        assert!([401, 429].contains(&ask.send().await.unwrap().status().as_u16()));
    }
    let figures = program.client.get(program.url("/metrics")).send().await.unwrap();
    let figures = figures.text().await.unwrap();
    let figure = |reason: &str| {
        let name = format!("chancery_refusals_total{{reason=\"{reason}\"}} ");
        let figure = figures.lines().find_map(|it| it.strip_prefix(&name));
        figure.unwrap().parse::<u64>().unwrap()
    };
    assert_eq!(figure("wrong_client_secret") + figure("too_many_tries"), 300);
    program.stop().await;
    let (lines, events) = (refused(&program).len(), events(&program).len());
    assert!((4..=16).contains(&lines), "{lines}");
    assert_eq!(lines, events);
}
