//! What one caller may write: an account that writes too much waits, and nobody else does.

use std::time::Duration;

use api::{AppSettings, BudgetSettings};
use serde_json::json;
use tests::app::{Answer, PASSWORD, TestApp};

/// 30 events at once, then one a second.
const FEW: BudgetSettings = BudgetSettings { events_per_second: 1, kib_per_second: 0 };

async fn with(budgets: BudgetSettings) -> TestApp {
    TestApp::with(AppSettings { budgets, ..AppSettings::default() }).await
}

async fn issue(app: &TestApp, token: &str) -> Answer {
    app.post("/api/Client/IssueToken").bearer(token).json(&json!({})).send().await
}

/// How many tokens are issued until one is refused, but for those of the time that it took; and the
/// refusal.
async fn issued(app: &TestApp, token: &str) -> (i64, Answer) {
    let (mut count, began) = (0, app.clock.now());
    loop {
        let answer = issue(app, token).await;
        if answer.status != 200 {
            let seconds = (app.clock.now().0 - began.0) / 1_000_000;
            return (count - seconds, answer);
        }
        count += 1;
        assert!(count < 1_000, "there is no limit");
    }
}

/// Whether one of some tries is 429: a second may pass between two of them.
async fn is_refused(ask: impl AsyncFn() -> Answer) -> bool {
    for _ in 0..3 {
        if ask().await.status == 429 {
            return true;
        }
    }
    false
}

#[tokio::test]
async fn an_account_that_writes_too_much_waits_and_nobody_else_does() {
    let app = with(FEW).await;
    let ann = app.user(1, "ann", &[1], "oauthapp.all").await;
    let ben = app.user(1, "ben", &[1], "oauthapp.all").await;
    let (ann, ben) = (app.token_of(ann), app.token_of(ben));
    let (count, refused) = issued(&app, &ann).await;
    assert!((29..=31).contains(&count), "{count}");
    assert_eq!((refused.status, refused.header("retry-after")), (429, "1"), "{}", refused.text);
    // Whatever it writes, but it may read.
    let client = json!({ "clientId": "shop" });
    assert!(
        is_refused(async || app.post("/api/Client").bearer(&ann).json(&client).send().await).await
    );
    assert!(is_refused(async || app.try_sign_in("ann", PASSWORD).await).await);
    assert_eq!(app.get("/api/Client").bearer(&ann).send().await.status, 200);
    assert_eq!(issue(&app, &ben).await.status, 200);
    app.clock.pass(Duration::from_secs(9));
    let (count, _) = issued(&app, &ann).await;
    assert!((9..=14).contains(&count), "{count}");
}

#[tokio::test]
async fn bytes_count_whatever_they_stand_in() {
    let app = with(BudgetSettings { events_per_second: 0, kib_per_second: 1 }).await;
    let ann = app.user(1, "ann", &[1], "oauthapp.all").await;
    let token = app.token_of(ann);
    let mut count = 0;
    let refused = loop {
        let body = json!({ "name": format!("api-{count}"), "description": "x".repeat(900) });
        let answer = app.post("/api/ApiResource").bearer(&token).json(&body).send().await;
        if answer.status != 200 {
            break answer;
        }
        count += 1;
        assert!(count < 400, "there is no limit");
    };
    assert_eq!(refused.status, 429, "{}", refused.text);
    // 256 KiB at once, in events of more than 900 bytes.
    assert!((180..=280).contains(&count), "{count}");
}

/// Failures and what changes nothing do not count as more than one event.
#[tokio::test]
async fn the_same_request_again_costs_nothing() {
    let app = with(FEW).await;
    let ann = app.user(1, "ann", &[1], "oauthapp.all").await;
    let token = app.token_of(ann);
    let body = json!({ "name": "orders" });
    let create = async || {
        let ask = app.post("/api/ApiResource").bearer(&token).header("idempotency-key", "key");
        ask.json(&body).send().await.data()
    };
    let first = create().await;
    for _ in 0..60 {
        assert_eq!(create().await, first);
    }
    let (count, _) = issued(&app, &token).await;
    assert!((28..=30).contains(&count), "{count}");
}
