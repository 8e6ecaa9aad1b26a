//! Log lines never hold a password, a token or what names a person.

use serde_json::json;
use tests::process::{PASSWORD, Program};

#[tokio::test(flavor = "multi_thread")]
async fn log_lines_hold_no_secret_and_no_person() {
    let mut program = Program::started(&["--log", "trace"]).await;
    let token = program.token().await;
    let user = json!({ "userName": "wilhelmina", "email": "wilhelmina@example.org",
        "phoneNumber": "+49 170 7654321", "address": "Hidden Lane 7", "nickName": "Mina",
        "passwordHash": "Wilhelm-1-open" });
    program.post("/api/User", &token, user.clone()).await.data();
    assert_ne!(program.post("/api/User", &token, user).await.json["code"], 200);
    let broken = json!({ "userName": "wilhelmina", "email": 7 });
    assert_eq!(program.post("/api/User", &token, broken).await.status, 400);
    let client = json!({ "clientId": "shop", "clientName": "Shop", "clientSecrets":
        [{ "value": "K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols=", "type": "SharedSecret" }] });
    program.post("/api/Client", &token, client).await;
    program.sign_in("wilhelmina", "Wilhelm-1-open").await;
    program.sign_in("wilhelmina", "Wrong-Wilhelm-1").await;
    program.get("/api/User?q.email=wilhelmina@example.org", &token).await;
    program.get("/api/User/Head?PhoneNumber=%2B49%20170%207654321", &token).await;
    let issued = program.post("/api/Client/IssueToken", &token, json!({})).await;
    let issued = issued.data().as_str().unwrap().to_owned();
    let form = [("client_id", "chancery-cli"), ("token", &issued)];
    let revoked = program.client.post(program.url("/connect/revocation")).form(&form).send().await;
    assert_eq!(revoked.unwrap().status(), 200);
    program.get("/api/User", &issued).await;
    program.run(&["user", "erase", "2"]).ok();
    program.stop().await;

    let log = program.log();
    assert!(log.contains("DEBUG") && log.lines().count() > 10, "too quiet to show anything");
    let signature = |token: &str| token.rsplit('.').next().unwrap().to_owned();
    for secret in [
        PASSWORD,
        &token,
        &issued,
        &signature(&token),
        &signature(&issued),
        "Wilhelm-1-open",
        "Wrong-Wilhelm-1",
        "wilhelmina",
        "7654321",
        "Hidden Lane",
        "Mina",
        "K7gNU3sdo",
        std::fs::read_to_string(program.data.join("master.key")).unwrap().trim(),
    ] {
        let line = log.lines().find(|it| it.contains(secret));
        assert_eq!(line, None, "{secret:?} stands in a log line");
    }
}
