//! RefreshToken: two new tokens for the same user, and what happens to a token that is used again.

use std::time::Duration;

use domain::app_token::{AppToken, AppTokenCommand, AppTokenEvent, AppTokenIssued, app_token_id};
use domain::log::OpenParts as _;
use domain::{AnyEvent, TenantId};
use serde_json::json;
use tests::app::now;
use tests::samples::app_token::app_token_personal;

use tests::service::{
    EXPIRED, INVALID, NOT_FOUND, Service, TOO_MANY, is_random, pair, refused, success,
};

async fn with_alice(grace: i64) -> Service {
    let service = Service::open_with(|it| it.grace_seconds = grace).await;
    service.user("alice").await;
    service
}

/// The owner of an app gained every session that was refreshed, once.
#[tokio::test]
async fn a_refresh_keeps_the_user_and_the_app() {
    let service = with_alice(10).await;
    let app = service.app_of("owner").await;
    let (user, app_pair) = (service.login("alice").await, service.authorize(&app).await);
    for old in [user, app_pair] {
        let before = success(&service.check(&old.access).await);
        let mut refresh = old.refresh.clone();
        for _ in 0..3 {
            let new = pair(&service.refresh(&refresh).await);
            let after = success(&service.check(&new.access).await);
            assert_eq!(after["userName"], before["userName"]);
            assert_eq!(after["appId"], before["appId"]);
            refresh = new.refresh;
        }
    }
}

#[tokio::test]
async fn a_refresh_gives_two_new_tokens_with_full_lives() {
    let service = with_alice(10).await;
    let old = service.login("alice").await;
    let before = now().seconds();
    let answer = service.refresh(&old.refresh).await;
    let after = now().seconds();
    let new = pair(&answer);
    let tokens = [&old.access, &old.refresh, &new.access, &new.refresh];
    assert!(tokens.iter().all(|it| is_random(it, 32)), "{tokens:?}");
    assert_eq!(tokens.iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
    assert!((before + 1_000_000..=after + 1_000_000).contains(&new.access_end), "{new:?}");
    assert!((before + 2_000_000..=after + 2_000_000).contains(&new.refresh_end), "{new:?}");
    let info = success(&answer)["userInfo"].clone();
    assert!([json!(""), json!("e30=")].contains(&info), "{info}");
    assert_eq!(success(&service.login_info(&new.access).await)["username"], "alice");
}

#[tokio::test]
async fn what_is_no_refresh_token_is_1006() {
    let service = with_alice(10).await;
    let got = service.login("alice").await;
    let upper = got.refresh.to_uppercase();
    let blank = format!("{} ", got.refresh);
    for token in [&got.access, &blank, &got.refresh[..31], "x", &"x".repeat(32)] {
        refused(&service.refresh(token).await, NOT_FOUND);
    }
    if upper != got.refresh {
        refused(&service.refresh(&upper).await, NOT_FOUND);
    }
    refused(&service.refresh("").await, INVALID);
    pair(&service.refresh(&got.refresh).await);
}

#[tokio::test]
async fn a_used_token_that_comes_again_ends_the_whole_family() {
    let service = with_alice(0).await;
    let other = service.login("alice").await;
    let first = service.login("alice").await;
    let second = pair(&service.refresh(&first.refresh).await);
    let third = pair(&service.refresh(&second.refresh).await);
    assert_eq!(service.user_of(&third.access).await, "alice");
    refused(&service.refresh(&first.refresh).await, NOT_FOUND);
    for dead in [&third, &second, &first] {
        service.is_dead(dead).await;
    }
    assert_eq!(service.user_of(&other.access).await, "alice", "another family lives");
    pair(&service.refresh(&other.refresh).await);
    service.login("alice").await;
}

#[tokio::test]
async fn the_family_of_an_app_ends_in_the_same_way() {
    let service = with_alice(0).await;
    let app = service.app_of("alice").await;
    let first = service.authorize(&app).await;
    let second = pair(&service.refresh(&first.refresh).await);
    refused(&service.refresh(&first.refresh).await, NOT_FOUND);
    service.is_dead(&second).await;
    service.authorize(&app).await;
}

#[tokio::test]
async fn of_two_uses_at_the_same_time_no_more_than_one_lives_without_grace() {
    let service = with_alice(0).await;
    let first = service.login("alice").await;
    let (a, b) = tokio::join!(service.refresh(&first.refresh), service.refresh(&first.refresh));
    let good = [&a, &b].into_iter().filter(|it| it.json()["state"] == true).collect::<Vec<_>>();
    assert_eq!(good.len(), 1, "{} {}", a.text, b.text);
    service.is_dead(&pair(good[0])).await;
}

/// The answer to the first may be lost, or a client may click twice.
#[tokio::test]
async fn within_the_grace_a_used_token_gives_another_pair() {
    let service = with_alice(10).await;
    let first = service.login("alice").await;
    let second = pair(&service.refresh(&first.refresh).await);
    let (a, b) = tokio::join!(service.refresh(&first.refresh), service.refresh(&first.refresh));
    let (a, b) = (pair(&a), pair(&b));
    let different = [&second, &a, &b].map(|it| it.refresh.clone());
    assert_eq!(different.iter().collect::<std::collections::BTreeSet<_>>().len(), 3);
    for got in [&second, &a, &b] {
        assert_eq!(service.user_of(&got.access).await, "alice");
        pair(&service.refresh(&got.refresh).await);
    }
}

/// Somebody who does not wait is no thief: he is told to, and nothing ends.
#[tokio::test]
async fn more_uses_within_the_grace_are_told_to_come_again() {
    let service = with_alice(10).await;
    let first = service.login("alice").await;
    let mut pairs = Vec::new();
    for _ in 0..3 {
        pairs.push(pair(&service.refresh(&first.refresh).await));
    }
    for _ in 0..2 {
        let answer = service.refresh(&first.refresh).await;
        refused(&answer, TOO_MANY);
        assert_eq!(answer.header("retry-after"), "1");
    }
    for got in &pairs {
        assert_eq!(service.user_of(&got.access).await, "alice");
    }
    // Any of them may be used on, and its siblings as well, within the grace.
    for got in &pairs {
        pair(&service.refresh(&got.refresh).await);
    }
    refused(&service.refresh(&pairs[0].refresh).await, TOO_MANY);
    assert_eq!(service.user_of(&pairs[0].access).await, "alice");
}

/// A thief who is quick gets a sibling. Of him and the owner, whoever comes second ends the family.
#[tokio::test]
async fn two_siblings_that_are_both_used_on_end_the_family() {
    for thief_first in [true, false] {
        let service = with_alice(10).await;
        let first = service.login("alice").await;
        let own = pair(&service.refresh(&first.refresh).await);
        let stolen = pair(&service.refresh(&first.refresh).await);
        service.app.clock.pass(Duration::from_secs(1_000));
        let (one, other) = if thief_first { (&stolen, &own) } else { (&own, &stolen) };
        let next = pair(&service.refresh(&one.refresh).await);
        service.app.clock.pass(Duration::from_secs(12));
        assert_eq!(service.user_of(&next.access).await, "alice");
        refused(&service.refresh(&other.refresh).await, NOT_FOUND);
        for dead in [&first, &own, &stolen, &next] {
            service.is_dead(dead).await;
        }
    }
}

/// Whoever keeps within the grace of the other once has a sibling again, which is noticed later.
#[tokio::test]
async fn a_line_beside_the_other_does_not_live_on() {
    let service = with_alice(10).await;
    let first = service.login("alice").await;
    let mut own = pair(&service.refresh(&first.refresh).await);
    let mut stolen = pair(&service.refresh(&first.refresh).await);
    for _ in 0..3 {
        service.app.clock.pass(Duration::from_secs(1_000));
        own = pair(&service.refresh(&own.refresh).await);
        service.app.clock.pass(Duration::from_secs(5));
        stolen = pair(&service.refresh(&stolen.refresh).await);
    }
    service.app.clock.pass(Duration::from_secs(1_000));
    own = pair(&service.refresh(&own.refresh).await);
    service.app.clock.pass(Duration::from_secs(12));
    refused(&service.refresh(&stolen.refresh).await, NOT_FOUND);
    service.is_dead(&own).await;
}

#[tokio::test]
async fn a_family_ends_however_often_it_is_refreshed() {
    let service = Service::open_with(|it| it.family_seconds = 3_000_000).await;
    service.user("alice").await;
    let began = now().seconds();
    let first = service.login("alice").await;
    service.app.clock.pass(Duration::from_secs(1_500_000));
    let second = pair(&service.refresh(&first.refresh).await);
    let end = second.refresh_end - began;
    assert!((2_999_990..=3_000_010).contains(&end), "no longer than its family: {end}");
    let access = second.access_end - began - 1_500_000;
    assert!((749_990..=750_010).contains(&access), "half of what is left: {access}");
    service.app.clock.pass(Duration::from_secs(1_499_000));
    let third = pair(&service.refresh(&second.refresh).await);
    assert!(third.refresh_end <= second.refresh_end, "{third:?}");
    service.app.clock.pass(Duration::from_secs(950));
    refused(&service.refresh(&third.refresh).await, EXPIRED);
    service.login("alice").await;
}

#[tokio::test]
async fn pairs_of_the_grace_belong_to_the_family() {
    let service = with_alice(1).await;
    let first = service.login("alice").await;
    let second = pair(&service.refresh(&first.refresh).await);
    let third = pair(&service.refresh(&first.refresh).await);
    service.app.clock.pass(Duration::from_secs(2));
    assert_eq!(service.user_of(&second.access).await, "alice");
    refused(&service.refresh(&first.refresh).await, NOT_FOUND);
    for dead in [&first, &second, &third] {
        service.is_dead(dead).await;
    }
}

#[tokio::test]
async fn without_rotation_a_token_may_be_used_again() {
    let service = Service::open_with(|it| {
        it.refresh_rotates = false;
        it.grace_seconds = 0;
    })
    .await;
    service.user("alice").await;
    let first = service.login("alice").await;
    let mut pairs = vec![first.clone()];
    for _ in 0..3 {
        pairs.push(pair(&service.refresh(&first.refresh).await));
    }
    for got in &pairs {
        assert_eq!(service.user_of(&got.access).await, "alice");
    }
    pair(&service.refresh(&pairs[2].refresh).await);
}

/// Each pair is kept until it ends: whoever refreshes for nothing fills the memory no further. A token
/// that comes again ends the family all the same.
#[tokio::test]
async fn a_family_has_ten_thousand_pairs_at_most() {
    let service = with_alice(0).await;
    let first = service.login("alice").await;
    let second = pair(&service.refresh(&first.refresh).await);
    let issued = service.app.engine.log().read_after(0, 1_000).unwrap().into_iter().rev();
    let keys = service.app.engine.keys();
    let issued = issued.map(|it| AnyEvent::decode(&it.kind, &keys.open_parts(&it).unwrap()));
    let issued = issued.into_iter().find_map(|it| match it {
        Ok(AnyEvent::AppToken(AppTokenEvent::Issued(fact))) => Some(fact.data),
        _ => None,
    });
    let issued = issued.unwrap();
    let mut last = 0;
    for n in 2_u64..10_000 {
        let hash = |kind: u64| (u128::from(n) << 8 | u128::from(kind)).to_le_bytes();
        let (access_hash, refresh_hash) = (hash(1), hash(2));
        let more = AppTokenIssued { access_hash, refresh_hash, ..issued.clone() };
        let id = app_token_id(more.refresh_expires_at, *hash(3).first_chunk().unwrap());
        let command = AppTokenCommand::Issue(Box::new(more), app_token_personal());
        let head = service.app.head(TenantId(1));
        let done = service.app.engine.handle::<AppToken>(&id, &command, &head).await;
        last = done.unwrap().position;
    }
    service.app.shows(last).await;
    refused(&service.refresh(&second.refresh).await, TOO_MANY);
    assert_eq!(service.user_of(&second.access).await, "alice");
    let other = service.login("alice").await;
    pair(&service.refresh(&other.refresh).await);
    refused(&service.refresh(&first.refresh).await, NOT_FOUND);
    service.is_dead(&second).await;
}
