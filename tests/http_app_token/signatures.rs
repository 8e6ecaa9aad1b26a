//! The vectors of the specification: what is signed, and how it is written.

use serde_json::json;

use tests::service::{
    BAD_SIGNATURE, CLEAR, Keys, NOT_FOUND, Service, login_body, md5_of, pair, refused, user_body,
    with,
};

const TIME: i64 = 1_700_000_000;

/// md5 of `open sesame`.
const PASSWORD: &str = "54EF36EC71201FDF9D1423FD26F97F6B";

const APP_ID: &str = "4821093756610284";
const APP_KEY: &str = "kT7pQ2mZx9LbVc4RdW8yHs1N";
const APP_SECRET: &str = "Zr6uJ3eXq0TnYw5GvB8cKd2MhLp9SfAa";

/// User name, password as it is sent, checksum.
const LOGINS: [(&str, &str, &str); 3] = [
    ("alice", PASSWORD, "9660D44669273772FF96027D5FFFFCBF"),
    ("alice", "54ef36ec71201fdf9d1423fd26f97f6b", "8FD4170B637D541668C3D5AD23AE0B8C"),
    ("张三", PASSWORD, "73B83117B259CAE1BA343D5F26994094"),
];

/// The vectors are old, and some of them are sent more than once here.
async fn timeless() -> Service {
    let service = Service::open_with(|it| {
        it.window_seconds = 0;
        it.replay_refused = false;
    })
    .await;
    service.user("alice").await;
    service.user("张三").await;
    service
}

/// Another digit at this place.
fn flipped(hex: &str, at: usize) -> String {
    let other = if hex[at..].starts_with('0') { "1" } else { "0" };
    format!("{}{other}{}", &hex[..at], &hex[at + 1..])
}

#[test]
fn this_client_signs_as_the_specification_does() {
    assert_eq!(md5_of(&[CLEAR]), PASSWORD);
    let mut app =
        Keys { id: APP_ID.to_owned(), key: APP_KEY.to_owned(), secret: APP_SECRET.to_owned() };
    assert_eq!(app.sign(TIME), "B4126FA8F986D74E5F90A0EA1A640B9D");
    app.key.clear();
    assert_eq!(app.sign(TIME), "72C58E49378996DA628C6A1FD767A13E");
    for (name, password, token) in LOGINS {
        assert_eq!(md5_of(&[name, password, "1700000000"]), token);
    }
}

#[tokio::test]
async fn the_vectors_of_login_are_accepted_in_both_letter_cases() {
    let service = timeless().await;
    for (name, password, token) in LOGINS {
        for token in [token.to_owned(), token.to_lowercase()] {
            let body = json!({
                "username": name, "password": password, "timestamp": TIME, "token": token,
            });
            let got = pair(&service.call("login", &body).await);
            assert_eq!(service.user_of(&got.access).await, name);
        }
    }
}

#[tokio::test]
async fn one_flipped_digit_of_a_checksum_is_1088() {
    let service = timeless().await;
    for (name, password, token) in LOGINS {
        for at in [0, 15, 31] {
            let body = json!({
                "username": name, "password": password, "timestamp": TIME,
                "token": flipped(token, at),
            });
            refused(&service.call("login", &body).await, BAD_SIGNATURE);
        }
    }
}

#[tokio::test]
async fn the_checksum_covers_the_password_as_it_was_sent() {
    let service = timeless().await;
    let (name, _, of_upper) = LOGINS[0];
    let (_, lower, of_lower) = LOGINS[1];
    for (password, token) in [(lower, of_upper), (PASSWORD, of_lower)] {
        let body =
            json!({ "username": name, "password": password, "timestamp": TIME, "token": token });
        refused(&service.call("login", &body).await, BAD_SIGNATURE);
    }
}

#[tokio::test]
async fn a_checksum_that_is_no_32_hexadecimal_digits_is_1088() {
    let service = timeless().await;
    let good = LOGINS[0].2;
    let padded = format!("0{good}");
    let long = format!("{good}{good}");
    let blank = format!("{good} ");
    let other = format!("{}G", &good[..31]);
    for token in ["", "0", &good[..31], &padded, &long, &blank, &other, "９６６０"] {
        let body =
            json!({ "username": "alice", "password": PASSWORD, "timestamp": TIME, "token": token });
        refused(&service.call("login", &body).await, BAD_SIGNATURE);
        let without = with(&body, json!({ "token": null }));
        refused(&service.call("login", &without).await, BAD_SIGNATURE);
    }
}

#[tokio::test]
async fn a_missing_timestamp_is_signed_as_the_digit_0() {
    let service = timeless().await;
    let body = with(&login_body("alice", CLEAR, 0), json!({ "timestamp": null }));
    pair(&service.call("login", &body).await);
    let app = service.app_of("alice").await;
    let body = with(&app.body(0), json!({ "timestamp": null }));
    pair(&service.call("authorize", &body).await);
}

#[tokio::test]
async fn a_negative_timestamp_is_signed_with_its_sign() {
    let service = timeless().await;
    pair(&service.call("login", &login_body("alice", CLEAR, -5)).await);
    let app = service.app_of("alice").await;
    for timestamp in [-5, i64::MIN, i64::MAX] {
        pair(&service.call("authorize", &app.body(timestamp)).await);
    }
    let unsigned = with(&app.body(5), json!({ "timestamp": -5 }));
    refused(&service.call("authorize", &unsigned).await, BAD_SIGNATURE);
}

#[tokio::test]
async fn the_signature_of_an_app_is_accepted_in_both_letter_cases() {
    let service = timeless().await;
    let app = service.app_of("alice").await;
    let upper = app.sign(TIME);
    for token in [upper.to_lowercase(), upper] {
        let body = with(&app.body(TIME), json!({ "token": token }));
        pair(&service.call("authorize", &body).await);
    }
}

#[tokio::test]
async fn one_flipped_digit_of_a_signature_is_1088() {
    let service = timeless().await;
    let app = service.app_of("alice").await;
    for at in 0..32 {
        let body = with(&app.body(TIME), json!({ "token": flipped(&app.sign(TIME), at) }));
        refused(&service.call("authorize", &body).await, BAD_SIGNATURE);
    }
}

#[tokio::test]
async fn the_key_of_an_app_belongs_to_its_signature() {
    let service = timeless().await;
    let app = service.app_of("alice").await;
    let without = Keys { key: String::new(), ..app.clone() };
    refused(&service.call("authorize", &without.body(TIME)).await, BAD_SIGNATURE);
    let other = service.app_of("alice").await;
    for wrong in [
        Keys { key: other.key.clone(), ..app.clone() },
        Keys { key: app.key.to_lowercase(), ..app.clone() },
        Keys { secret: other.secret.clone(), ..app.clone() },
        Keys { id: other.id.clone(), ..app.clone() },
    ] {
        refused(&service.call("authorize", &wrong.body(TIME)).await, BAD_SIGNATURE);
    }
    let nobody = Keys { id: APP_ID.to_owned(), ..app.clone() };
    refused(&service.call("authorize", &nobody.body(TIME)).await, NOT_FOUND);
    pair(&service.call("authorize", &app.body(TIME)).await);
}

/// The parts stand one after the other without a mark, so a digit could change sides.
#[tokio::test]
async fn a_digit_cannot_move_from_one_part_to_the_next() {
    let service = timeless().await;
    let app = service.app_of("alice").await;
    let token = app.sign(TIME);
    let longer_key = format!("{}1", app.key);
    for over in [
        json!({ "appKey": longer_key, "timestamp": 700_000_000 }),
        json!({ "appId": app.id[..15], "appKey": format!("{}{}", &app.id[15..], app.key) }),
        json!({ "appId": format!("{}{}", app.id, &app.key[..1]), "appKey": app.key[1..] }),
    ] {
        let body = with(&with(&app.body(TIME), json!({ "token": token })), over);
        let answer = service.call("authorize", &body).await;
        assert_eq!(answer.json()["state"], false, "{body}: {}", answer.text);
    }
}

#[tokio::test]
async fn the_password_is_the_md5_in_either_letter_case() {
    let service = timeless().await;
    let lower = with(&user_body("root", "lower"), json!({ "password": PASSWORD.to_lowercase() }));
    tests::service::success(&service.call("create_user", &lower).await);
    for (name, password) in [("lower", PASSWORD), ("alice", LOGINS[1].1)] {
        let token = md5_of(&[name, password, "1700000000"]);
        let body =
            json!({ "username": name, "password": password, "timestamp": TIME, "token": token });
        pair(&service.call("login", &body).await);
    }
}
