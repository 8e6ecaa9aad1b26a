//! A clock that is wrong for a while revives nothing, closes nothing, locks nobody out, and does not
//! outlive itself (contracts, "Time").

use std::time::Duration;

use domain::TenantId;
use domain::log_event::{Log, LogCommand, forgetting_id};
use domain::user::{User, UserCommand};
use serde_json::json;
use tests::app::{Answer, PASSWORD, TestApp, part_of, verifier};

const DAY: i64 = 24 * 3_600;

async fn status(app: &TestApp, token: &str) -> u16 {
    app.get("/api/Role").bearer(token).send().await.status
}

async fn revoke(app: &TestApp, token: &str) -> Answer {
    let form = [("client_id", "chancery-cli"), ("token", token)];
    app.post("/connect/revocation").form(&form).send().await
}

/// Lets the log forget what is due by the clock of the program, as a server does now and then.
async fn forget(app: &TestApp) {
    let until = domain::Timestamp::from_seconds(app.clock.now().seconds().div_euclid(600) * 600);
    let head =
        domain::log::CommitHead { time: app.clock.now(), ..app.head(TenantId::INSTALLATION) };
    let command = LogCommand::Forget { until };
    let done = app.engine.handle::<Log>(&forgetting_id(until), &command, &head).await.unwrap();
    app.shows(done.position).await;
}

/// The dialogue of breadth 1, F2 and operation 1.
#[tokio::test]
async fn one_sign_in_under_a_clock_that_is_ahead_changes_nothing_for_the_others() {
    for ahead in [7_300, DAY, 20 * 365 * DAY] {
        let app = TestApp::new().await;
        let (a, b) = (app.admin().await, app.admin().await);
        assert_eq!(revoke(&app, &a).await.status, 200);
        assert_eq!(status(&app, &a).await, 401);
        app.clock.shift_wall(ahead);
        let c = app.admin().await;
        assert_eq!((status(&app, &c).await, status(&app, &b).await), (200, 401), "{ahead}");
        app.clock.shift_wall(-ahead);
        assert_eq!(status(&app, &a).await, 401, "a revoked token lives again");
        assert_eq!(status(&app, &b).await, 200);
        assert_eq!(status(&app, &c).await, 401, "what begins in the future does not count yet");
        let revoked = revoke(&app, &b).await;
        assert!(revoked.position() > 0, "revoking did nothing");
        assert_eq!(status(&app, &b).await, 401);
        let d = app.admin().await;
        assert_eq!(status(&app, &d).await, 200);
        // The one of the future can be ended, too.
        assert!(revoke(&app, &c).await.position() > 0);
        app.clock.shift_wall(ahead);
        assert_eq!(status(&app, &c).await, 401);
    }
}

#[tokio::test]
async fn what_was_forgotten_under_a_clock_that_is_ahead_is_gone_and_nothing_later_is() {
    let app = TestApp::new().await;
    let (kept, revoked) = (app.admin().await, app.admin().await);
    assert!(revoke(&app, &revoked).await.position() > 0);
    app.clock.shift_wall(40 * DAY);
    forget(&app).await;
    app.clock.shift_wall(-40 * DAY);
    // What the log forgot counts no more, also under the right clock: not by a signature alone.
    assert_eq!((status(&app, &kept).await, status(&app, &revoked).await), (401, 401));
    let later = app.admin().await;
    assert_eq!(status(&app, &later).await, 200);
    assert!(revoke(&app, &later).await.position() > 0);
    assert_eq!(status(&app, &later).await, 401);
    app.clock.pass(Duration::from_secs(3 * 3_600));
    forget(&app).await;
    assert_eq!(status(&app, &later).await, 401);
}

#[tokio::test]
async fn under_a_clock_that_is_behind_people_sign_in_and_out() {
    let app = TestApp::new().await;
    let before = app.admin().await;
    app.clock.shift_wall(-10 * 365 * DAY);
    assert_eq!(status(&app, &before).await, 401, "it is not valid yet");
    let meanwhile = app.admin().await;
    assert_eq!(status(&app, &meanwhile).await, 200);
    assert!(revoke(&app, &meanwhile).await.position() > 0);
    assert_eq!(status(&app, &meanwhile).await, 401);
    assert!(revoke(&app, &before).await.position() > 0);
    app.clock.shift_wall(10 * 365 * DAY);
    assert_eq!((status(&app, &before).await, status(&app, &meanwhile).await), (401, 401));
    let after = app.admin().await;
    assert_eq!(status(&app, &after).await, 200);
}

/// F4: tokens from before are told apart by the position of the password, never by their `iat`.
#[tokio::test]
async fn tokens_are_not_dated_into_the_future_however_often_the_password_changes() {
    let app = TestApp::new().await;
    let set = || async {
        let set = UserCommand::SetPassword(verifier().await.into());
        app.run::<User>(1, "1", set).await;
    };
    for _ in 0..7 {
        let old = app.admin().await;
        set().await;
        let new = app.admin().await;
        let claims = part_of(&new, 1);
        let now = app.clock.now().seconds();
        for name in ["iat", "nbf", "auth_time"] {
            assert!(claims[name].as_i64().unwrap() <= now, "{name} lies in the future");
        }
        assert_eq!((status(&app, &old).await, status(&app, &new).await), (401, 200));
    }
    for enabled in [false, true, false, true] {
        app.run::<User>(1, "1", UserCommand::SetEnabled(enabled)).await;
    }
    let token = app.admin().await;
    assert!(part_of(&token, 1)["iat"].as_i64().unwrap() <= app.clock.now().seconds());
    assert_eq!(status(&app, &token).await, 200);
}

#[tokio::test]
async fn a_password_that_was_set_under_a_clock_that_is_ahead_signs_in_at_once() {
    let app = TestApp::new().await;
    let old = app.admin().await;
    let mut head = app.head(TenantId(1));
    head.time = head.time.plus_seconds(DAY);
    let set = UserCommand::SetPassword(verifier().await.into());
    let done = app.engine.handle::<User>("1", &set, &head).await.unwrap();
    app.shows(done.position).await;
    assert_eq!(status(&app, &old).await, 401);
    let new = app.sign_in("admin", PASSWORD).await;
    assert_eq!(status(&app, &new).await, 200);
}

#[tokio::test]
async fn a_request_may_be_repeated_for_a_day_whatever_the_clock_did() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let create = |name: &str| {
        let body = json!({ "name": name, "nameNormalized": name });
        app.post("/api/Role").bearer(&token).header("idempotency-key", "once").json(&body)
    };
    let first = create("auditor").send().await;
    first.data();
    app.clock.shift_wall(-2 * DAY);
    app.clock.shift_wall(2 * DAY);
    let again = create("auditor").send().await;
    assert_eq!(again.header("idempotent-replay"), "true", "{}", again.text);
    assert_eq!(again.position(), first.position());
    assert_eq!(create("another").send().await.status, 422);
}

/// A token that was taken for a moment under a wrong clock does not stay good for years.
#[tokio::test]
async fn a_token_ends_by_the_clock_of_whoever_reads_it() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    app.clock.pass(Duration::from_secs(3_570));
    assert_eq!(status(&app, &token).await, 200);
    app.clock.pass(Duration::from_secs(40));
    assert_eq!(status(&app, &token).await, 401);
    // Not the time of any commit: the clock goes back, and the token counts again.
    app.admin().await;
    app.clock.shift_wall(-100);
    assert_eq!(status(&app, &token).await, 200);
}

#[tokio::test]
async fn a_clock_that_is_behind_is_a_figure() {
    let app = TestApp::new().await;
    let figure = async || {
        let text = app.get("/metrics").send().await.text;
        let line = text.lines().find(|it| it.starts_with("chancery_clock_behind_seconds "));
        line.unwrap().rsplit(' ').next().unwrap().parse::<f64>().unwrap()
    };
    assert!(figure().await < 1.0);
    app.clock.shift_wall(-500);
    assert!((490.0..501.0).contains(&figure().await));
}
