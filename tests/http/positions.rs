//! `X-Log-Position` and `X-Min-Position`: reading one's own writes, wherever they were made.

use serde_json::json;
use tests::app::TestApp;

#[tokio::test]
async fn a_write_says_its_position_and_a_read_after_it_shows_it() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let body = json!({ "name": "guest" });
    let written = app.post("/api/Role").bearer(&token).json(&body).send().await;
    let position = written.position();
    assert_eq!(position, app.engine.log().head().position);
    let read = app.get("/api/Role").bearer(&token);
    let read = read.header("x-min-position", &position.to_string()).send().await;
    assert!(read.text.contains("guest"));
    assert!(read.headers.get("x-log-position").is_none(), "a read has no position of its own");
}

#[tokio::test]
async fn a_position_that_is_not_there_yet_is_503_and_says_how_far_it_is() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let head = app.engine.log().head().position;
    let ask = app.get("/api/Role").bearer(&token);
    let answer = ask.header("x-min-position", &(head + 3).to_string()).send().await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("retry-after"), "1");
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.contains(&format!("ends at position {head}: position {}", head + 3)),
        "{detail}"
    );
    assert!(!detail.contains("behind"), "nothing is behind: {detail}");
    let most = app.get("/api/User/Codes").header("x-min-position", &u64::MAX.to_string());
    assert_eq!(most.send().await.status, 503);
}

#[tokio::test]
async fn a_read_waits_for_a_write_that_is_on_its_way() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let head = app.engine.log().head().position;
    let read = app.get("/api/Role").bearer(&token);
    let read = read.header("x-min-position", &(head + 1).to_string()).send();
    let body = json!({ "name": "guest" });
    let write = app.post("/api/Role").bearer(&token).json(&body).send();
    let (read, write) = tokio::join!(read, write);
    assert_eq!(write.position(), head + 1);
    assert!(read.text.contains("guest"), "{}", read.text);
}

#[tokio::test]
async fn a_malformed_position_is_400_but_only_for_those_who_may_ask() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    for position in ["x", "-1", "1.5", "", "18446744073709551616"] {
        let ask = app.get("/api/Role").bearer(&token).header("x-min-position", position);
        ask.send().await.breaks("X-Min-Position");
        let stranger = app.get("/api/Role").header("x-min-position", position);
        assert_eq!(stranger.send().await.status, 401);
    }
}
