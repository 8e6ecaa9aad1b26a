//! `chancery client …`, through the running server and on a closed folder, and what the end of a
//! user says about the user's clients.

use serde_json::{Value, json};
use tests::process::Program;

const SECRET: &str = "a-secret-of-more-than-sixteen";

/// User 2, `eve`, with the client `shop`; ann's scope and a built-in one stand in its row.
async fn with_client(program: &Program) {
    let admin = program.token().await;
    for name in ["eve", "ann"] {
        let user = json!({ "userName": name, "passwordHash": "Eve-1-open",
            "claims": [{ "claimType": "permission", "claimValue": "oauthapp.all" }] });
        program.post("/api/User", &admin, user).await.data();
    }
    let token = async |name: &str| {
        let answer = program.sign_in(name, "Eve-1-open").await;
        answer.json["access_token"].as_str().unwrap().to_owned()
    };
    let (eve, ann) = (token("eve").await, token("ann").await);
    for (token, name) in [(&eve, "orders"), (&ann, "payroll")] {
        let scope = format!("{name}.all");
        let resource = json!({ "name": name, "scopes": [{ "scope": scope }] });
        program.post("/api/ApiResource", token, resource).await.data();
    }
    let hash = json!({ "plaintext": SECRET });
    let hash = program.post("/api/Client/0/Secretkey", &eve, hash).await.data().clone();
    let scopes = ["orders.all", "payroll.all", "oauthapp.user.get", "nonsense.all"];
    let scopes = scopes.iter().map(|it| json!({ "scope": it })).collect::<Vec<_>>();
    let client = json!({ "clientId": "shop", "clientName": "Eve's shop",
        "clientSecrets": [{ "value": hash }], "allowedScopes": scopes,
        "allowedGrantTypes": [{ "grantType": "client_credentials" }] });
    program.post("/api/Client", &eve, client).await.data();
}

/// The scopes of the client's token; the error if it gets none.
async fn scopes(program: &Program) -> Value {
    let answer = program.client_token("shop", SECRET).await;
    let json = answer.json;
    json.get("scope").or(json.get("error")).cloned().unwrap_or_default()
}

/// The line of the client in the list for programs.
fn listed(program: &Program) -> Value {
    let said = program.run(&["client", "list", "--format", "json"]).ok();
    let lines = said.json();
    lines.as_array().unwrap().iter().find(|it| it["clientId"] == "shop").unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_unlocks_a_client() {
    let program = Program::started(&[]).await;
    with_client(&program).await;
    for _ in 0..5 {
        assert_eq!(program.client_token("shop", "a-wrong-secret").await.status, 401);
    }
    assert_eq!(program.client_token("shop", SECRET).await.status, 429);
    program.run(&["client", "unlock", "shop"]).ok();
    assert_eq!(program.client_token("shop", SECRET).await.status, 200);
    program.run(&["client", "unlock", "other"]).refused("no client with this client_id");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_ends_with_its_owner_until_it_is_taken_over() {
    let mut program = Program::started(&[]).await;
    with_client(&program).await;
    assert_eq!(scopes(&program).await, "orders.all");
    let said = program.run(&["user", "disable", "eve"]).ok();
    assert!(said.out.contains("; 1 client of this user stops"), "{said:?}");
    assert_eq!(scopes(&program).await, "invalid_client");
    assert_eq!(listed(&program)["why"], "its owner is disabled");
    program.run(&["user", "enable", "eve"]).ok();
    assert_eq!(scopes(&program).await, "orders.all");
    let said = program.run(&["user", "erase", "2"]).ok();
    assert!(said.out.contains("user 2 is forgotten"), "{said:?}");
    assert!(said.out.contains("; 1 client of this user stops"), "{said:?}");
    assert_eq!(scopes(&program).await, "invalid_client");
    let wanted = json!({ "clientId": "shop", "name": "Eve's shop", "tenant": 1,
        "owner": 2, "enabled": true, "counts": false, "why": "its owner is gone" });
    assert_eq!(listed(&program), wanted);

    let said = program.run(&["client", "take-over", "shop"]).ok();
    for line in [
        "client shop belongs to the installation now",
        "open to it, of the API orders: orders.all",
        "open to it, of the API payroll: payroll.all",
        "open to it, built in: oauthapp.user.get",
    ] {
        assert!(said.out.lines().any(|it| it == line), "{line}: {said:?}");
    }
    assert_eq!(scopes(&program).await, "orders.all payroll.all oauthapp.user.get");
    assert_eq!(
        (listed(&program)["owner"].clone(), &listed(&program)["counts"]),
        (Value::Null, &json!(true))
    );
    let said = program.run(&["client", "take-over", "shop"]).ok();
    assert!(said.out.contains("belongs to the installation already"), "{said:?}");
    let events = program.replayed();
    let written = events.iter().rev().find(|it| it["kind"] == "client.taken_over.v1").unwrap();
    assert_eq!(
        (&written["actor"], &written["data"]["formerOwner"]),
        (&json!("operator"), &json!(2))
    );
    program.stop().await;
    program.verified();
    program.start().await;
    assert_eq!(scopes(&program).await, "orders.all payroll.all oauthapp.user.get");
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_are_listed_disabled_and_enabled_running_or_closed() {
    let mut program = Program::started(&[]).await;
    with_client(&program).await;
    for running in [true, false] {
        if !running {
            program.stop().await;
        }
        let said = program.run(&["client", "disable", "shop"]).ok();
        assert!(said.out.contains("client shop gets no tokens: disabled"), "{said:?}");
        let table = program.run(&["client", "list"]).ok().out;
        let lines = table.lines().map(str::trim_end).collect::<Vec<_>>();
        let [titles, own, shop] = lines[..] else { panic!("{table}") };
        assert_eq!(titles, "CLIENT_ID     NAME                   TENANT  OWNER   ENABLED  COUNTS");
        assert_eq!(own, "chancery-cli  Chancery command line  1       user 1  yes      yes");
        assert_eq!(
            shop,
            "shop          Eve's shop             1       user 2  no       no: disabled"
        );
        let other = program.run(&["client", "list", "--tenant", "2", "--format", "json"]).ok();
        assert_eq!(other.json(), json!([]));
        let said = program.run(&["client", "enable", "shop"]).ok();
        assert!(said.out.contains("client shop may ask for tokens"), "{said:?}");
        for what in ["disable", "enable", "take-over"] {
            program.run(&["client", what, "nobody"]).refused("no client with this client_id");
        }
    }
    program.run(&["client", "disable", "shop"]).ok();
    program.start().await;
    assert_eq!(scopes(&program).await, "invalid_client");
    program.run(&["client", "enable", "shop"]).ok();
    assert_eq!(scopes(&program).await, "orders.all");
}
