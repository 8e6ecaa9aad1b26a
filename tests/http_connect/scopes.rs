//! Whose a scope is, which clients get it, and that nothing tells more: who declares an API says
//! who may use it.

use domain::resource::{Resource, ResourceCommand, ResourceCreated, ResourceSecrets};
use domain::{TenantId, UserId};
use serde_json::{Value, json};
use tests::app::{Answer, PASSWORD, TestApp, escape, part_of};
use tests::samples::resource_created;

/// What proves the clients here.
const SECRET: &str = "a-secret-of-more-than-sixteen";

/// Ann has an API, eve may register clients and nothing else.
struct World {
    app: TestApp,
    admin: String,
    ann: String,
    eve: String,
}

impl World {
    async fn new() -> Self {
        let app = TestApp::new().await;
        app.user(1, "ann", &[1], "oauthapp.all").await;
        let narrow = "oauthapp.client.post,oauthapp.client.postsecretkey,oauthapp.apiresource.all";
        app.user(1, "eve", &[1], narrow).await;
        let (ann, eve) = (app.sign_in("ann", PASSWORD).await, app.sign_in("eve", PASSWORD).await);
        let admin = app.admin().await;
        let world = Self { app, admin, ann, eve };
        world.create(&world.ann, "payroll", &["payroll.all", "payroll.read"]).await.data();
        world
    }

    async fn create(&self, token: &str, name: &str, scopes: &[&str]) -> Answer {
        let scopes = scopes.iter().map(|it| json!({ "scope": it })).collect::<Vec<_>>();
        let hidden = json!({ "name": name, "scopes": scopes, "showInDiscoveryDocument": false });
        self.app.post("/api/ApiResource").bearer(token).json(&hidden).send().await
    }

    async fn register(&self, token: &str, client_id: &str, scopes: &[&str]) -> Answer {
        let hash = json!({ "plaintext": SECRET });
        let hash = self.app.post("/api/Client/0/Secretkey").bearer(token).json(&hash);
        let hash = hash.send().await.data();
        let scopes = scopes.iter().map(|it| json!({ "scope": it })).collect::<Vec<_>>();
        let body = json!({
            "clientId": client_id, "clientSecrets": [{ "value": hash }], "allowedScopes": scopes,
            "allowedGrantTypes": [{ "grantType": "client_credentials" }],
        });
        self.app.post("/api/Client").bearer(token).json(&body).send().await
    }

    async fn ask(&self, client_id: &str, scope: Option<&str>) -> Answer {
        let mut form = vec![
            ("grant_type", "client_credentials"),
            ("client_id", client_id),
            ("client_secret", SECRET),
        ];
        form.extend(scope.map(|it| ("scope", it)));
        self.app.post("/connect/token").form(&form).send().await
    }

    async fn put(&self, token: &str, path: &str, body: Value) -> Answer {
        let path = format!("/api/ApiResource/{path}");
        self.app.ask("PUT", &path).bearer(token).json(&body).send().await
    }

    async fn delete(&self, token: &str, path: &str) -> Answer {
        self.app.ask("DELETE", &format!("/api/ApiResource/{path}")).bearer(token).send().await
    }
}

#[track_caller]
fn invalid_scope(answer: &Answer) {
    assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("invalid_scope")));
}

/// Scopes and audiences of a token that was issued.
#[track_caller]
fn granted(answer: &Answer) -> (Value, Value) {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let claims = part_of(answer.json()["access_token"].as_str().unwrap(), 1);
    (claims["scope"].clone(), claims["aud"].clone())
}

/// Attack A3, as it was played.
#[tokio::test]
async fn who_may_register_a_client_does_not_give_it_scopes_of_others() {
    let world = World::new().await;
    let listed = ["payroll.all", "nonsense.all", "oauthapp.user.get"];
    world.register(&world.eve, "evil", &listed).await.data();
    invalid_scope(&world.ask("evil", None).await);
    // Neither whether a hidden scope exists, nor which others do, shows.
    let answers = [
        world.ask("evil", Some("payroll.all")).await,
        world.ask("evil", Some("nonsense.all")).await,
        world.ask("evil", Some("oauthapp.user.get")).await,
        world.ask("evil", Some("payroll.read")).await,
        world.ask("evil", Some("never.listed")).await,
    ];
    for answer in &answers {
        invalid_scope(answer);
        assert_eq!(answer.text, answers[0].text);
    }
    // The row keeps what was asked for; ann opens a part of it, and takes it back.
    let opened =
        world.put(&world.ann, "1/Clients/evil", json!({ "scopes": ["payroll.all"] })).await;
    assert_eq!(opened.data(), json!({ "clientId": "evil", "scopes": ["payroll.all"] }));
    let (scopes, audience) = granted(&world.ask("evil", None).await);
    assert_eq!((scopes, audience), (json!(["payroll.all"]), json!(["payroll"])));
    granted(&world.ask("evil", Some("payroll.all")).await);
    invalid_scope(&world.ask("evil", Some("payroll.read")).await);
    let closed = world.delete(&world.ann, "1/Clients/evil").await;
    assert_eq!(closed.data(), json!({ "clientId": "evil", "scopes": [] }));
    invalid_scope(&world.ask("evil", None).await);
    invalid_scope(&world.ask("evil", Some("payroll.all")).await);
}

/// Attack A11, as it was played.
#[tokio::test]
async fn a_scope_that_is_taken_is_refused_and_named() {
    let world = World::new().await;
    let scopes = ["invoices.all", "orders.all", "payroll.two"];
    world.create(&world.eve, "eves", &scopes).await.data();
    for taken in ["orders.all", "ORDERS.All", "payroll.two"] {
        let answer = world.create(&world.ann, "orders", &["orders.new", taken]).await;
        assert_eq!((answer.code(), &answer.json()["data"]), (417, &json!(0)));
        let said = answer.json()["message"].as_str().unwrap().to_owned();
        assert_eq!(said, format!("scope already exists: {taken}"));
    }
    // Nothing of what was refused is held.
    world.create(&world.ann, "orders", &["orders.new"]).await.data();
    world.register(&world.ann, "shop", &["payroll.all", "orders.all", "orders.new"]).await.data();
    let (scopes, audience) = granted(&world.ask("shop", None).await);
    assert_eq!(scopes, json!(["payroll.all", "orders.new"]), "of ann's own APIs only");
    assert_eq!(audience, json!(["orders", "payroll"]));
}

#[tokio::test]
async fn names_that_look_alike_are_refused_by_field() {
    let world = World::new().await;
    for name in ["payroll ", "p\u{430}yroll", "payroll\u{200b}", "payroll\n", "pay\r\nroll"] {
        world.create(&world.eve, name, &[]).await.breaks("name");
        world.create(&world.eve, "other", &[name]).await.breaks("scopes.scope");
    }
    for scope in ["oauthapp.x", "ISMS.all", "openid", "offline_access"] {
        world.create(&world.eve, "other", &[scope]).await.breaks("scopes.scope");
    }
}

#[tokio::test]
async fn of_two_resources_with_one_scope_at_once_one_wins() {
    let world = World::new().await;
    for round in 0..8 {
        let scope = format!("race.{round}");
        let (ann, eve) = (format!("ann-{round}"), format!("eve-{round}"));
        let of_ann = [scope.as_str()];
        let scope = scope.to_uppercase();
        let of_eve = [scope.as_str()];
        let (ann, eve) = tokio::join!(
            world.create(&world.ann, &ann, &of_ann),
            world.create(&world.eve, &eve, &of_eve),
        );
        let mut codes = [ann.code(), eve.code()];
        codes.sort_unstable();
        assert_eq!(codes, [200, 417], "{} {}", ann.text, eve.text);
    }
}

#[tokio::test]
async fn a_disabled_resource_holds_its_scopes_but_they_are_not_granted() {
    let world = World::new().await;
    let off = json!({ "name": "off", "enabled": false, "scopes": [{ "scope": "off.read" }] });
    world.app.post("/api/ApiResource").bearer(&world.ann).json(&off).send().await.data();
    assert_eq!(world.create(&world.eve, "on", &["off.read"]).await.code(), 417);
    world.register(&world.ann, "shop", &["off.read", "payroll.read"]).await.data();
    let (scopes, _) = granted(&world.ask("shop", None).await);
    assert_eq!(scopes, json!(["payroll.read"]));
    invalid_scope(&world.ask("shop", Some("off.read")).await);
}

#[tokio::test]
async fn tenants_have_their_scopes_apart() {
    let world = World::new().await;
    let other = world.app.tenant("other:8080").await;
    let data = ResourceCreated {
        resource: 9,
        tenant: TenantId(other),
        owner: UserId(2),
        secrets: Vec::new(),
        property_keys: Vec::new(),
        scopes: vec!["payroll.all".to_owned(), "theirs.all".to_owned()],
        ..resource_created()
    };
    let create = ResourceCommand::Create(Box::new(data), ResourceSecrets::default());
    world.app.run::<Resource>(other, "9", create).await;
    // Theirs neither takes ours away nor is given here, even to a client that an administrator made.
    world.register(&world.admin, "shop", &["payroll.all", "theirs.all"]).await.data();
    let (scopes, audience) = granted(&world.ask("shop", None).await);
    assert_eq!((scopes, audience), (json!(["payroll.all"]), json!(["payroll"])));
    for token in [&world.ann, &world.admin] {
        assert_eq!(world.put(token, "9/Clients/shop", json!({})).await.code(), 404);
    }
}

#[tokio::test]
async fn an_administrator_opens_what_a_new_client_lists_in_the_same_commit() {
    let world = World::new().await;
    let before = world.app.engine.log().head().position;
    let listed = ["payroll.read", "payroll.all", "oauthapp.user.get", "nonsense"];
    world.register(&world.admin, "shop", &listed).await.data();
    let events = world.app.engine.log().read_after(before, 9).unwrap();
    let kinds = events.iter().map(|it| &*it.kind).collect::<Vec<_>>();
    assert_eq!(kinds, ["client.registered.v1", "resource.client_allowed.v1"]);
    assert_eq!(events[0].commit.command_id, events[1].commit.command_id);
    let (scopes, audience) = granted(&world.ask("shop", None).await);
    assert_eq!(scopes, json!(["payroll.read", "payroll.all", "oauthapp.user.get"]));
    assert_eq!(audience, json!(["oauthapp", "payroll"]));
    // Ann may still close her API to it.
    world.delete(&world.ann, "1/Clients/shop").await.data();
    let (scopes, audience) = granted(&world.ask("shop", None).await);
    assert_eq!((scopes, audience), (json!(["oauthapp.user.get"]), json!(["oauthapp"])));
}

#[tokio::test]
async fn only_owner_and_administrators_say_which_clients_get_scopes() {
    let world = World::new().await;
    world.register(&world.eve, "shop", &["payroll.all"]).await.data();
    // The token says administrator, the row of now does not.
    let claims = json!({ "sub": "3", "role": ["user", "administrator"] });
    let former = world.app.mint(1, &claims);
    let before = world.app.engine.log().head().position;
    let all = "1/Clients/shop";
    assert_eq!(world.put(&world.eve, all, json!({})).await.code(), 404);
    assert_eq!(world.delete(&world.eve, all).await.code(), 404);
    assert_eq!(world.put(&former, all, json!({})).await.code(), 404);
    for path in ["1/Clients/nobody", "2/Clients/shop", "0/Clients/shop", "1/Clients/SHOP"] {
        assert_eq!(world.put(&world.ann, path, json!({})).await.code(), 404, "{path}");
        assert_eq!(world.delete(&world.ann, path).await.code(), 404, "{path}");
    }
    world.put(&world.ann, "x/Clients/shop", json!({})).await.breaks("id");
    let wrong = json!({ "scopes": ["payroll.all", "orders.all"] });
    world.put(&world.ann, all, wrong).await.breaks("scopes");
    world.put(&world.ann, all, json!({ "scopes": "payroll.all" })).await.breaks("scopes");
    assert_eq!(world.app.engine.log().head().position, before, "nothing was written");
    let both = json!({ "clientId": "shop", "scopes": ["payroll.all", "payroll.read"] });
    assert_eq!(world.put(&world.admin, all, json!({})).await.data(), both);
    let head = world.app.engine.log().head().position;
    for body in [json!({}), json!({ "scopes": null }), json!({ "scopes": both["scopes"] })] {
        assert_eq!(world.put(&world.ann, all, body).await.data(), both);
    }
    assert_eq!(world.app.engine.log().head().position, head, "repeating it writes nothing");
    world.delete(&world.admin, all).await.data();
    assert_eq!(world.delete(&world.ann, all).await.data()["scopes"], json!([]));
    assert_eq!(world.app.engine.log().head().position, head + 1);
}

#[tokio::test]
async fn a_client_id_in_a_path_is_percent_decoded() {
    let world = World::new().await;
    let client_id = "https://shop.example/a?b=c%2F;d";
    world.register(&world.eve, client_id, &["payroll.all"]).await.data();
    let path = format!("1/Clients/{}", escape(client_id));
    assert_eq!(world.put(&world.ann, &path, json!({})).await.data()["clientId"], client_id);
    granted(&world.ask(client_id, Some("payroll.all")).await);
}

#[tokio::test]
async fn built_in_scopes_are_for_clients_of_administrators_and_of_the_installation() {
    let world = World::new().await;
    world.register(&world.ann, "anns", &["oauthapp.user.get", "payroll.all"]).await.data();
    world.register(&world.admin, "admins", &["oauthapp.user.get"]).await.data();
    assert_eq!(granted(&world.ask("anns", None).await).0, json!(["payroll.all"]));
    invalid_scope(&world.ask("anns", Some("oauthapp.user.get")).await);
    assert_eq!(granted(&world.ask("admins", None).await).0, json!(["oauthapp.user.get"]));
    invalid_scope(&world.ask("admins", Some("oauthapp.user.post")).await);
    // The program's own client may ask for all of them, whatever its row lists; of an API only what
    // it lists, though its owner has the API.
    world.create(&world.admin, "orders", &["orders.read"]).await.data();
    let sign_in = async |scope: &str| {
        let form = [
            ("grant_type", "password"),
            ("client_id", "chancery-cli"),
            ("username", "admin"),
            ("password", PASSWORD),
            ("scope", scope),
        ];
        world.app.post("/connect/token").form(&form).send().await
    };
    let narrow = sign_in("oauthapp.apiresource.clients isms.user.get").await;
    let wanted = json!(["oauthapp.apiresource.clients", "isms.user.get"]);
    assert_eq!(granted(&narrow), (wanted, json!(["oauthapp"])));
    invalid_scope(&sign_in("oauthapp.all orders.read").await);
}

/// Row 43 issues, too: it does not carry on what the client may not have any more.
#[tokio::test]
async fn an_issued_token_has_what_the_client_gets_now() {
    let world = World::new().await;
    let scopes = ["oauthapp.client.issuetoken", "payroll.all"];
    world.register(&world.admin, "shop", &scopes).await.data();
    let token = world.app.mint(
        1,
        &json!({
            "client_id": "shop", "scope": scopes, "aud": ["oauthapp", "payroll"],
        }),
    );
    let issue = async || {
        let ask = world.app.post("/api/Client/IssueToken").bearer(&token).json(&json!({}));
        let issued = ask.send().await.data();
        let claims = part_of(issued.as_str().unwrap(), 1);
        (claims["scope"].clone(), claims["aud"].clone())
    };
    assert_eq!(issue().await, (json!(scopes), json!(["oauthapp", "payroll"])));
    world.delete(&world.ann, "1/Clients/shop").await.data();
    assert_eq!(issue().await, (json!(scopes[..1]), json!(["oauthapp"])));
}

/// Spec section 1.1: both prefixes mean the same, also where a client lists one and asks for the other.
#[tokio::test]
async fn a_built_in_scope_is_granted_under_either_prefix() {
    let world = World::new().await;
    let listed = ["oauthapp.all", "oauthapp.user.get", "isms.role.get", "isms.nonsense"];
    world.register(&world.admin, "both", &listed).await.data();
    for scope in ["isms.all", "oauthapp.all", "isms.user.get", "oauthapp.role.get"] {
        let (scopes, audience) = granted(&world.ask("both", Some(scope)).await);
        assert_eq!((scopes, audience), (json!([scope]), json!(["oauthapp"])));
    }
    for scope in ["isms.role.put", "oauthapp.role.put", "isms.nonsense", "oauthapp.nonsense"] {
        invalid_scope(&world.ask("both", Some(scope)).await);
    }
    // Of what is no built-in scope there is no other form.
    world.register(&world.ann, "narrow", &["payroll.read"]).await.data();
    invalid_scope(&world.ask("narrow", Some("isms.all")).await);
}

/// Discovery announces `isms.all`: the program's own client gets it for whoever may sign in.
#[tokio::test]
async fn whoever_signs_in_gets_the_older_prefix_too() {
    let app = TestApp::new().await;
    let form = [
        ("grant_type", "password"),
        ("client_id", "chancery-cli"),
        ("username", "admin"),
        ("password", PASSWORD),
        ("scope", "isms.all"),
    ];
    let (scopes, _) = granted(&app.post("/connect/token").form(&form).send().await);
    assert_eq!(scopes, json!(["isms.all"]));
}

/// A client that lists many gets them all, and no token is handed out that nobody would take.
#[tokio::test]
async fn a_token_has_all_that_its_client_lists_or_is_refused_before_it_is_issued() {
    let world = World::new().await;
    let many = (0..150).map(|n| format!("many.{n}")).collect::<Vec<_>>();
    let long = (0..150).map(|n| format!("{n}.{}", "x".repeat(180))).collect::<Vec<_>>();
    for (name, scopes) in [("many", &many), ("long", &long)] {
        let scopes = scopes.iter().map(String::as_str).collect::<Vec<_>>();
        world.create(&world.ann, name, &scopes).await.data();
        world.register(&world.ann, name, &scopes).await.data();
    }
    let (scopes, _) = granted(&world.ask("many", None).await);
    assert_eq!(scopes.as_array().map(Vec::len), Some(150));
    granted(&world.ask("many", Some(&many.join(" "))).await);
    let position = world.app.engine.log().head().position;
    let refused = world.ask("long", None).await;
    invalid_scope(&refused);
    assert!(refused.text.contains("16,384 bytes"), "{}", refused.text);
    assert_eq!(world.app.engine.log().head().position, position, "nothing was issued");
    let (scopes, _) = granted(&world.ask("long", Some(&long[..50].join(" "))).await);
    assert_eq!(scopes.as_array().map(Vec::len), Some(50));
    // Nor with many roles.
    let mut roles = vec![1];
    for n in 0..60 {
        let body = json!({ "name": format!("{n}{}", "y".repeat(250)) });
        let made = world.app.post("/api/Role").bearer(&world.admin).json(&body).send().await;
        roles.push(made.data().as_u64().unwrap() as u32);
    }
    world.app.user(1, "chief", &roles, "oauthapp.all").await;
    let refused = world.app.try_sign_in("chief", PASSWORD).await;
    invalid_scope(&refused);
    assert!(refused.text.contains("fewer roles"), "{}", refused.text);
    // What is longer says so.
    let bearer = "x".repeat(16 * 1024 + 1);
    let answer = world.app.get("/api/User").bearer(&bearer).send().await;
    assert!(answer.status == 401 && answer.text.contains("too long"), "{}", answer.text);
}
