//! Letters that look like those of ASCII, or become some in capitals: they find nobody else's account,
//! and prove nobody else's address.

use std::time::Duration;

use domain::delivery::{Delivery, Mail};
use serde_json::{Value, json};
use tests::app::{Answer, TestApp};

const PASSWORD: &str = "grue-Ham7ster";

async fn with_token() -> (TestApp, String) {
    let app = TestApp::new().await;
    let token = app.admin().await;
    (app, token)
}

#[tokio::test]
async fn a_name_finds_the_account_of_its_letters_only() {
    let (app, token) = with_token().await;
    for name in ["shop1", "strasse", "file", "kay"] {
        let body = json!({ "userName": name, "passwordHash": PASSWORD });
        app.post("/api/User").bearer(&token).json(&body).send().await.data();
        app.sign_in(&name.to_uppercase(), PASSWORD).await;
    }
    for other in ["admın", "ſhop1", "straße", "ﬁle", "\u{212a}ay", "ａｄｍｉｎ", "аdmin"]
    {
        let answer = app.try_sign_in(other, PASSWORD).await;
        assert_eq!(answer.json()["error"], "invalid_grant", "{other}: {}", answer.text);
    }
    // They are failures of other accounts: this one need not wait for them.
    for _ in 0..12 {
        app.try_sign_in("ſhop1", PASSWORD).await;
    }
    app.sign_in("shop1", PASSWORD).await;
}

async fn post(app: &TestApp, path: &str, body: &Value) -> Answer {
    app.post(&format!("/api/User/{path}")).json(body).send().await
}

/// Whom the youngest letter goes to, and its code.
async fn letter(app: &TestApp, email: &str) -> (String, String) {
    app.clock.pass(Duration::from_secs(60));
    let answer = post(app, "EmailCode", &json!({ "email": email })).await;
    assert_eq!(answer.code(), 200, "{email}: {}", answer.text);
    let tables = app.views.read();
    let of = tables.deliveries.open().filter(|(stream, _)| stream.category() == "mail");
    let (stream, _) = of.max_by_key(|(_, it)| it.wanted_at).unwrap();
    let state = app.engine.load::<Mail>(stream).unwrap().0.0;
    let Delivery::Open(open) = state else { panic!("nothing is to be sent") };
    (open.to.unwrap(), open.code.unwrap())
}

async fn sms_code(app: &TestApp, phone: &str) -> String {
    app.clock.pass(Duration::from_secs(60));
    post(app, "SmsCode", &json!({ "phoneNumber": phone })).await.data();
    let tables = app.views.read();
    let of = tables.deliveries.open().filter(|(stream, _)| stream.category() == "sms");
    let (stream, _) = of.max_by_key(|(_, it)| it.wanted_at).unwrap();
    let state = app.engine.load::<domain::delivery::Sms>(stream).unwrap().0.0;
    let Delivery::Open(open) = state else { panic!("nothing is to be sent") };
    open.code.unwrap()
}

#[tokio::test]
async fn a_code_proves_the_address_that_it_was_sent_to_and_no_look_alike() {
    let (app, token) = with_token().await;
    let register = |email: &str, phone: &str, sms: &str, code: &str| {
        json!({
            "countryCode": "86", "nickName": "Ann", "email": email, "gender": "f",
            "address": "Street 1", "stature": 1.7, "weight": 60, "phoneNumber": phone,
            "password": PASSWORD, "phoneNumberVerifyCode": sms, "emailVerifyCode": code,
        })
    };
    // The letter goes to the host that the DNS knows under this name.
    let (to, code) = letter(&app, "ann@ıbm.com").await;
    assert_eq!(to, "ann@xn--bm-gpa.com");
    let sms = sms_code(&app, "13800138000").await;
    let other = post(&app, "Register", &register("ann@ibm.com", "13800138000", &sms, &code)).await;
    assert_eq!(other.code(), 100_004, "{}", other.text);
    let own = register("ann@ıbm.com", "13800138000", &sms, &code);
    let id = post(&app, "Register", &own).await.data();
    let shown = app.get(&format!("/api/User/{}", id.as_str().unwrap())).bearer(&token);
    let shown = shown.send().await.data();
    assert_eq!(shown["email"], "ann@xn--bm-gpa.com");
    assert_eq!(shown["normalizedEmail"], "ANN@XN--BM-GPA.COM");
    assert_eq!(shown["emailConfirmed"], true);
    // Nor is that address taken by it.
    let (to, code) = letter(&app, "Ann@IBM.com").await;
    assert_eq!(to, "Ann@IBM.com");
    let sms = sms_code(&app, "13800138001").await;
    let body = register("ann@ibm.com", "13800138001", &sms, &code);
    post(&app, "Register", &body).await.data();
    for (asked, found) in [("ANN@ibm.com", 1), ("ann@ıbm.com", 1), ("ann@İbm.com", 0)] {
        let path = format!("/api/User?q.email={}", tests::app::escape(asked));
        let list = app.get(&path).bearer(&token).send().await.json();
        assert_eq!(list["total"], found, "{asked}: {list}");
    }
}

#[tokio::test]
async fn filters_ignore_the_letter_case_of_ascii() {
    let (app, token) = with_token().await;
    let claims = json!([{ "claimType": "Team", "claimValue": "Blue" }]);
    let body = json!({ "userName": "ann", "claims": claims });
    app.post("/api/User").bearer(&token).json(&body).send().await.data();
    let shop = json!({ "clientId": "shop", "clientName": "The Shop" });
    app.post("/api/Client").bearer(&token).json(&shop).send().await.data();
    for (path, found) in [
        ("User?q.role=ADMINI", 1),
        ("User?q.role=adminı", 0),
        ("User?q.claimType=team&q.claimValue=BLUE", 1),
        ("User?q.claimType=TE&q.claimValue=bl", 1),
        ("User?q.claimType=team&q.claimValue=bluer", 0),
        ("Client?q.ClientName=the%20SHOP", 1),
        ("Client?q.ClientName=the", 0),
    ] {
        let path = path.replace('ı', "%C4%B1");
        let list = app.get(&format!("/api/{path}")).bearer(&token).send().await.json();
        assert_eq!(list["total"], found, "{path}: {list}");
    }
}
