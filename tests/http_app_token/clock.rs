//! Pairs of app tokens under a clock that is wrong for a while (contracts, "Time").

use std::time::Duration;

use tests::service::{CLEAR, NOT_FOUND, REPEATED, Service, TOO_MANY, login_body, pair, refused};

const DAY: i64 = 24 * 3_600;

async fn with_alice(sessions_max: usize) -> Service {
    let service = Service::open_with(|it| it.sessions_max = sessions_max).await;
    service.user("alice").await;
    service
}

#[tokio::test]
async fn a_pair_from_the_future_does_not_count_and_those_of_now_do() {
    for ahead in [7_300, 24 * DAY, 20 * 365 * DAY] {
        let service = with_alice(0).await;
        let before = service.login("alice").await;
        service.app.clock.shift_wall(ahead);
        let future = service.login("alice").await;
        service.app.clock.shift_wall(-ahead);
        assert_eq!(service.user_of(&before.access).await, "alice");
        refused(&service.check(&future.access).await, NOT_FOUND);
        refused(&service.refresh(&future.refresh).await, NOT_FOUND);
        let after = service.login("alice").await;
        assert_eq!(service.user_of(&after.access).await, "alice");
        let refreshed = pair(&service.refresh(&before.refresh).await);
        assert_eq!(service.user_of(&refreshed.access).await, "alice");
    }
}

#[tokio::test]
async fn what_has_ended_or_not_begun_takes_no_place_of_a_session() {
    let service = with_alice(2).await;
    for shift in [-30 * DAY, 30 * DAY, 0] {
        service.app.clock.shift_wall(shift);
        service.login("alice").await;
        service.login("alice").await;
        let third = login_body("alice", CLEAR, service.timestamp());
        refused(&service.call("login", &third).await, TOO_MANY);
        // Remembered they stay: nothing is forgotten here. But they do not count.
        service.app.clock.shift_wall(-shift);
    }
    service.app.clock.pass(Duration::from_secs(2_000_001));
    service.login("alice").await;
}

#[tokio::test]
async fn a_grace_does_not_last_as_long_as_a_clock_was_ahead() {
    let service = with_alice(0).await;
    let first = service.login("alice").await;
    service.app.clock.shift_wall(7_300);
    pair(&service.refresh(&first.refresh).await);
    service.app.clock.shift_wall(-7_300);
    refused(&service.refresh(&first.refresh).await, NOT_FOUND);
}

#[tokio::test]
async fn a_signature_is_a_replay_whatever_the_clock_did_meanwhile() {
    let service = with_alice(0).await;
    let app = service.app_of("alice").await;
    let body = app.body(service.timestamp());
    pair(&service.call("authorize", &body).await);
    for jump in [3_600, -3_600, 400 * DAY] {
        service.app.clock.shift_wall(jump);
        service.app.clock.shift_wall(-jump);
        refused(&service.call("authorize", &body).await, REPEATED);
    }
    // And a clock that was ahead does not fill the memory for ever: others are let in.
    service.app.clock.shift_wall(400 * DAY);
    pair(&service.call("authorize", &app.body(service.timestamp())).await);
    service.app.clock.shift_wall(-400 * DAY);
    pair(&service.call("authorize", &app.body(service.timestamp())).await);
}
