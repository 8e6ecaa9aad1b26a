//! Rows 81 and 86 to 89: teams, registration, codes, and new passwords.

use std::time::Duration;

use domain::delivery::{Delivery, Mail, Sms};
use serde_json::{Value, json};
use tests::app::{Answer, TestApp};

const PHONE: &str = "13800138000";
const EMAIL: &str = "ann@example.com";
const PASSWORD: &str = "grue-Ham7ster";

/// What would be sent: the code in the youngest letter or message, and whom it goes to.
fn sent(app: &TestApp, category: &str) -> Option<(String, String)> {
    let tables = app.views.read();
    let of = tables.deliveries.open().filter(|(stream, _)| stream.category() == category);
    let (stream, _) = of.max_by_key(|(_, it)| it.wanted_at)?;
    let state = match category {
        "mail" => app.engine.load::<Mail>(stream).unwrap().0.0,
        _ => app.engine.load::<Sms>(stream).unwrap().0.0,
    };
    let Delivery::Open(open) = state else { return None };
    Some((open.code.unwrap_or_default(), open.to.unwrap()))
}

async fn post(app: &TestApp, path: &str, body: &Value) -> Answer {
    app.post(&format!("/api/User/{path}")).json(body).send().await
}

async fn sms_code(app: &TestApp) -> String {
    app.clock.pass(Duration::from_secs(60));
    let answer = post(app, "SmsCode", &json!({ "phoneNumber": PHONE })).await;
    assert_eq!(answer.code(), 200, "{}", answer.text);
    let (code, to) = sent(app, "sms").unwrap();
    assert_eq!((code.len(), to.as_str()), (6, PHONE));
    code
}

async fn email_code(app: &TestApp) -> String {
    app.clock.pass(Duration::from_secs(60));
    let answer = post(app, "EmailCode", &json!({ "email": EMAIL })).await;
    assert_eq!(answer.code(), 200, "{}", answer.text);
    sent(app, "mail").unwrap().0
}

/// Another code than this one.
fn other(code: &str) -> &'static str {
    if code == "123456" { "654321" } else { "123456" }
}

fn ann(sms: &str) -> Value {
    json!({
        "countryCode": "86", "nickName": "Ann", "email": EMAIL, "gender": "f",
        "address": "Street 1", "stature": 1.7, "weight": 60, "phoneNumber": PHONE,
        "password": PASSWORD, "phoneNumberVerifyCode": sms,
        "imageUrl": ["https://a.example/1", "https://a.example/2"], "video": "https://a.example/v",
    })
}

async fn registered(app: &TestApp) -> u32 {
    let code = sms_code(app).await;
    let answer = post(app, "Register", &ann(&code)).await;
    answer.data().as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn people_register_with_a_code_and_sign_in_with_their_address() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let (sms, email) = (sms_code(&app).await, email_code(&app).await);
    let mut body = ann(&sms);
    body["emailVerifyCode"] = json!(email);
    let id = post(&app, "Register", &body).await.data();
    let id = id.as_str().unwrap();
    let shown = app.get(&format!("/api/User/{id}")).bearer(&admin).send().await.data();
    assert_eq!((&shown["userName"], &shown["email"]), (&json!(EMAIL), &json!(EMAIL)));
    assert_eq!(
        (&shown["phoneNumberConfirmed"], &shown["emailConfirmed"]),
        (&json!(true), &json!(true))
    );
    // H7, H19: no permission, the role of every user, this tenant.
    assert_eq!(shown["claims"], json!([]));
    assert_eq!(shown["roles"], json!([{ "userId": shown["id"], "roleId": 1 }]));
    let files = shown["files"].as_array().unwrap();
    assert_eq!((files.len(), &files[0]["fileType"]), (2, &json!(0)));
    assert_eq!(files[0]["files"], "[\"https://a.example/1\",\"https://a.example/2\"]");
    let form = [
        ("client_id", "chancery-cli"),
        ("grant_type", "password"),
        ("username", EMAIL),
        ("password", PASSWORD),
        ("scope", "oauthapp.all"),
    ];
    assert_eq!(app.post("/connect/token").form(&form).send().await.status, 200);
    // Each code counts once.
    assert_eq!(post(&app, "Register", &body).await.code(), 100_002);
}

#[tokio::test]
async fn each_question_about_others_costs_a_right_code() {
    let app = TestApp::new().await;
    registered(&app).await;
    // H14: whether a number or an address is known is not told for a wrong code.
    assert_eq!(post(&app, "Register", &ann("123456")).await.code(), 100_002);
    let code = sms_code(&app).await;
    let mut other_address = ann(&code);
    other_address["email"] = json!("other@example.com");
    assert_eq!(post(&app, "Register", &other_address).await.code(), 100_001);
    let mut other_number = ann(&code);
    other_number["phoneNumber"] = json!("13800138001");
    app.clock.pass(Duration::from_secs(60));
    post(&app, "SmsCode", &json!({ "phoneNumber": "13800138001" })).await;
    other_number["phoneNumberVerifyCode"] = json!(sent(&app, "sms").unwrap().0);
    assert_eq!(post(&app, "Register", &other_number).await.code(), 100_003);
}

#[tokio::test]
async fn without_its_code_an_address_is_not_confirmed_and_a_wrong_one_uses_up_nothing() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let (sms, email) = (sms_code(&app).await, email_code(&app).await);
    let mut body = ann(&sms);
    body["emailVerifyCode"] = json!(other(&email));
    assert_eq!(post(&app, "Register", &body).await.code(), 100_004);
    body.as_object_mut().unwrap().remove("emailVerifyCode");
    let id = post(&app, "Register", &body).await.data();
    let path = format!("/api/User/{}", id.as_str().unwrap());
    let shown = app.get(&path).bearer(&admin).send().await.data();
    assert_eq!(shown["emailConfirmed"], false);
}

/// H12: of six digits, for one address and purpose, five tries, one life.
#[tokio::test]
async fn a_code_has_five_tries_one_life_one_address_and_one_purpose() {
    let app = TestApp::new().await;
    let code = sms_code(&app).await;
    for _ in 0..5 {
        assert_eq!(post(&app, "Register", &ann(other(&code))).await.code(), 100_002);
    }
    assert_eq!(post(&app, "Register", &ann(&code)).await.code(), 100_002, "the sixth, and right");
    let code = sms_code(&app).await;
    app.clock.pass(Duration::from_secs(300));
    assert_eq!(post(&app, "Register", &ann(&code)).await.code(), 100_002, "too late");
    let old = sms_code(&app).await;
    let young = sms_code(&app).await;
    if old != young {
        assert_eq!(post(&app, "Register", &ann(&old)).await.code(), 100_002, "not the youngest");
    }
    let mut elsewhere = ann(&young);
    elsewhere["phoneNumber"] = json!("13800138009");
    assert_eq!(post(&app, "Register", &elsewhere).await.code(), 100_002, "of another number");
    app.clock.pass(Duration::from_secs(60));
    for (purpose, serves) in [("reset", false), ("signin", false), ("register", true)] {
        app.clock.pass(Duration::from_secs(60));
        let wish = json!({ "phoneNumber": PHONE, "purpose": purpose });
        assert_eq!(post(&app, "SmsCode", &wish).await.code(), 200);
        let code = sent(&app, "sms").unwrap().0;
        let answer = post(&app, "Register", &ann(&code)).await;
        assert_eq!(answer.code() == 200, serves, "{purpose}: {}", answer.text);
    }
}

#[tokio::test]
async fn many_who_guess_at_once_have_five_tries_together() {
    let app = TestApp::new().await;
    let code = sms_code(&app).await;
    let wrong = ann(other(&code));
    let guesses = (0..40).map(|_| post(&app, "Register", &wrong));
    let answers = futures_util::future::join_all(guesses).await;
    assert!(answers.iter().all(|it| it.code() == 100_002), "one got through");
    let failed = app.engine.log().read_after(0, usize::MAX).unwrap();
    let failed = failed.iter().filter(|it| &*it.kind == "verification.failed.v1").count();
    assert!(failed <= 5, "{failed} tries were taken");
}

#[tokio::test]
async fn codes_have_gaps_and_daily_caps_that_a_tenant_may_set() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    sms_code(&app).await;
    let again = post(&app, "SmsCode", &json!({ "phoneNumber": "138-0013 8000" })).await;
    assert_eq!(again.code(), 100_006);
    assert!(again.text.contains("sent too often; retry after "), "{}", again.text);
    email_code(&app).await;
    let again = post(&app, "EmailCode", &json!({ "email": "ANN@example.com" })).await;
    assert_eq!(again.code(), 100_008, "letter case makes no other address");
    let set = |key: &str, value: &str| {
        let body = json!({ "id": 1, "properties": [{ "key": key, "value": value }] });
        app.ask("PUT", "/api/Tenant").bearer(&admin).json(&body).send()
    };
    set("Codes:NumberDaily", "2").await.data();
    sms_code(&app).await;
    app.clock.pass(Duration::from_secs(60));
    assert_eq!(post(&app, "SmsCode", &json!({ "phoneNumber": PHONE })).await.code(), 100_005);
    set("Codes:NetworkDaily", "3").await.data();
    let wish = json!({ "email": "new@example.com" });
    assert_eq!(post(&app, "EmailCode", &wish).await.code(), 100_007, "the network has enough");
    set("Codes:NumberDaily", "many").await.breaks("properties.value");
    app.clock.pass(Duration::from_secs(86_400));
    sms_code(&app).await;
}

#[tokio::test]
async fn a_new_password_ends_what_stood_on_the_old_one_and_says_so() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let (sms, email) = (sms_code(&app).await, email_code(&app).await);
    let mut body = ann(&sms);
    body["emailVerifyCode"] = json!(email);
    let id: u32 = post(&app, "Register", &body).await.data().as_str().unwrap().parse().unwrap();
    let token = app.token_of(id);
    assert_eq!(app.get("/api/User").bearer(&token).send().await.status, 403, "it counts");
    let reset = |code: &str, password: &str| {
        json!({
            "countryCode": "86", "phoneNumber": PHONE, "phoneNumberVerifyCode": code,
            "password": password,
        })
    };
    let code = sms_code(&app).await;
    // The rules for passwords come before the code, which stays.
    let known = post(&app, "ResetPassword", &reset(&code, "Password1!")).await;
    assert_eq!(known.code(), 417);
    assert!(known.text.contains("PasswordTooCommon"), "{}", known.text);
    assert_eq!(
        post(&app, "ResetPassword", &reset(other(&code), "New-Ham7ster")).await.code(),
        100_002
    );
    assert_eq!(post(&app, "ResetPassword", &reset(&code, "New-Ham7ster")).await.data(), true);
    assert_eq!(app.get("/api/User").bearer(&token).send().await.status, 401, "the token has ended");
    let (_, to) = sent(&app, "mail").unwrap();
    assert_eq!(to, EMAIL, "a letter tells of it");
    assert_eq!(post(&app, "ResetPassword", &reset(&code, "Other-Ham7ster")).await.code(), 100_002);
    // An unknown number is as a wrong code.
    app.clock.pass(Duration::from_secs(60));
    let wish = json!({ "phoneNumber": "13800138077" });
    assert_eq!(post(&app, "SmsCode", &wish).await.code(), 200, "nobody learns who is known");
    let mut unknown = reset(&sent(&app, "sms").unwrap().0, "New-Ham7ster");
    unknown["phoneNumber"] = wish["phoneNumber"].clone();
    assert_eq!(post(&app, "ResetPassword", &unknown).await.code(), 100_002);
    // A tenant may want longer ones.
    let longer =
        json!({ "id": 1, "properties": [{ "key": "Passwords:MinLength", "value": "20" }] });
    app.ask("PUT", "/api/Tenant").bearer(&admin).json(&longer).send().await.data();
    let code = sms_code(&app).await;
    let short = post(&app, "ResetPassword", &reset(&code, "New-Ham7ster")).await;
    assert!(short.text.contains("PasswordTooShort"), "{}", short.text);
}

#[tokio::test]
async fn wrong_bodies_are_refused_by_field_and_write_nothing() {
    let app = TestApp::new().await;
    let position = app.engine.log().head().position;
    let wrong = |member: &str, value: Value| {
        let mut body = ann("123456");
        body[member] = value;
        body
    };
    for (member, value) in [
        ("countryCode", json!(" ")),
        ("nickName", json!("A")),
        ("nickName", json!("x".repeat(51))),
        ("nickName", json!("a\u{0}b")),
        ("email", json!("ann")),
        ("email", json!(7)),
        ("gender", json!("12345678901")),
        ("address", Value::Null),
        ("stature", json!(0)),
        ("stature", json!(99.1)),
        ("weight", json!(1e300)),
        ("birthday", json!("yesterday")),
        ("phoneNumber", json!("no number")),
        ("phoneNumberVerifyCode", json!("12a456")),
        ("phoneNumberVerifyCode", json!("1234567")),
        ("imageUrl", json!(vec!["x"; 10])),
        ("video", json!("x".repeat(2_001))),
        ("password", json!("")),
        ("password", json!("aA1!".repeat(26))),
    ] {
        let answer = post(&app, "Register", &wrong(member, value.clone())).await;
        assert_eq!(answer.status, 400, "{member} {value}: {}", answer.text);
        assert!(answer.json()["errors"].get(member).is_some(), "{member}: {}", answer.text);
    }
    for (path, body, member) in [
        ("SmsCode", json!({}), "phoneNumber"),
        ("SmsCode", json!({ "phoneNumber": "x" }), "phoneNumber"),
        ("SmsCode", json!({ "phoneNumber": PHONE, "purpose": "other" }), "purpose"),
        ("EmailCode", json!({ "email": "a@b@c" }), "email"),
        ("EmailCode", json!({ "email": format!("{}@x.example", "a".repeat(300)) }), "email"),
        ("EmailCode", json!({ "email": "a\r\nBcc: x@y.example" }), "email"),
        ("ResetPassword", json!({ "phoneNumber": PHONE }), "countryCode"),
    ] {
        let answer = post(&app, path, &body).await;
        assert_eq!(answer.status, 400, "{path} {body}: {}", answer.text);
        assert!(answer.json()["errors"].get(member).is_some(), "{member}: {}", answer.text);
    }
    assert_eq!(app.engine.log().head().position, position);
}

#[tokio::test]
async fn codes_of_one_tenant_count_in_no_other() {
    let app = TestApp::new().await;
    app.tenant("other:8080").await;
    let code = sms_code(&app).await;
    let elsewhere = app.post("/api/User/Register").host("other:8080").json(&ann(&code));
    assert_eq!(elsewhere.send().await.code(), 100_002);
    let number = registered(&app).await;
    let mut below = ann(&code);
    below["refereeID"] = json!(number);
    app.clock.pass(Duration::from_secs(60));
    let wish = app.post("/api/User/SmsCode").host("other:8080");
    assert_eq!(wish.json(&json!({ "phoneNumber": PHONE })).send().await.code(), 200);
    below["phoneNumberVerifyCode"] = json!(sent(&app, "sms").unwrap().0);
    let answer = app.post("/api/User/Register").host("other:8080").json(&below).send().await;
    answer.breaks("refereeID");
}

/// Whoever has no code learns nothing of which numbers users have.
#[tokio::test]
async fn a_referee_is_looked_for_after_the_code() {
    let app = TestApp::new().await;
    let ben = app.user(1, "ben", &[1], "").await;
    let code = sms_code(&app).await;
    let with = |referee: i64, code: &str| {
        let mut body = ann(code);
        body["refereeID"] = json!(referee);
        body
    };
    for referee in [i64::from(ben), 77, -1] {
        let answer = post(&app, "Register", &with(referee, other(&code))).await;
        assert_eq!(answer.code(), 100_002, "{referee}: {}", answer.text);
    }
    post(&app, "Register", &with(77, &code)).await.breaks("refereeID");
    let code = sms_code(&app).await;
    post(&app, "Register", &with(-1, &code)).await.breaks("refereeID");
    let code = sms_code(&app).await;
    post(&app, "Register", &with(ben.into(), &code)).await.data();
}

#[tokio::test]
async fn a_team_is_who_stands_below_a_place_and_is_seen() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let create = async |token: &str, name: &str| {
        let body = json!({ "userName": name, "nickName": name });
        app.post("/api/User").bearer(token).json(&body).send().await.data().as_u64().unwrap() as u32
    };
    let ann = app.user(1, "ann", &[1], "oauthapp.all").await;
    let ann_token = app.token_of(ann);
    let ben = create(&ann_token, "ben").await;
    let team = async |token: &str, path: &str| {
        let path = format!("/api/User/Distributors?path={path}");
        let answer = app.get(&path).bearer(token).send().await;
        let rows = answer.data().as_array().unwrap().clone();
        rows.iter().map(|it| (it["id"].as_u64().unwrap() as u32, it.clone())).collect::<Vec<_>>()
    };
    let lineage = app.get(&format!("/api/User/{ann}")).bearer(&admin).send().await.data();
    let lineage = lineage["lineage"].as_str().unwrap().to_owned();
    let seen = team(&admin, &lineage).await;
    assert_eq!(seen.iter().map(|it| it.0).collect::<Vec<_>>(), [ann, ben]);
    assert_eq!((&seen[0].1["members"], &seen[1].1["members"]), (&json!(1), &json!(0)));
    let depth = |it: &Value| it["lineageLevel"].as_u64().unwrap();
    assert_eq!(depth(&seen[1].1), depth(&seen[0].1) + 1);
    assert_eq!(seen[1].1["userName"], "ben");
    let list = app.get("/api/User?orderby=members&take=1").bearer(&admin).send().await.json();
    assert_eq!((&list["data"][0]["id"], &list["data"][0]["members"]), (&json!(ann), &json!(1)));
    assert_eq!(list["data"][0]["commissionLv3LastUpdate"], "0001-01-01 00:00:00");
    // Others see their own part of it.
    assert_eq!(team(&ann_token, "/1/").await.len(), 2);
    let zoe = app.user(1, "zoe", &[1], "oauthapp.all").await;
    assert!(team(&app.token_of(zoe), &lineage).await.is_empty());
    for wrong in ["", "1", "/1", "/x/", "//", "/1//2/"] {
        let path = format!("/api/User/Distributors?path={wrong}");
        app.get(&path).bearer(&admin).send().await.breaks("path");
    }
}
