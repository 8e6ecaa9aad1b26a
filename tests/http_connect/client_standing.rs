//! A client counts as long as somebody answers for it.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::client::{Client, ClientCommand, ClientRegistered, ClientSecretInfo, ClientSecrets};
use domain::resource::{AllowedScopes, Resource, ResourceCommand};
use domain::resource::{ResourceCreated, ResourceSecrets};
use domain::user::{User, UserClaim, UserCommand, UserPersonal, UserRegistered};
use domain::{ClientName, TenantId, UserId};
use serde_json::json;
use tests::app::{Answer, PASSWORD, TestApp, verifier};
use tests::samples::{client_registered, resource_created};

const SECRET: &str = "a-secret-of-more-than-sixteen";

/// User 2 and client 2, `shop`, which gets a scope of the user's own API.
async fn with_client(locked: bool) -> TestApp {
    let app = TestApp::new().await;
    let permission =
        UserClaim { id: 1, claim_type: "permission".to_owned(), value: "oauthapp.all".to_owned() };
    let data = UserRegistered {
        user_key: [7; 16],
        roles: vec![1],
        permissions: vec![permission],
        lock_flag: locked,
        ..UserRegistered::with_defaults(UserId(2), TenantId(1), UserId(1))
    };
    let personal = UserPersonal { user_name: "eve".to_owned(), ..UserPersonal::default() };
    let (data, personal) = (Box::new(data), Box::new(personal));
    let password = verifier().await.into();
    let register = UserCommand::Register { data, personal, password, app_info: None };
    app.run::<User>(1, "2", register).await;
    // Not by HTTP: who is locked has no tokens.
    let resource = ResourceCreated {
        resource: 1,
        tenant: TenantId(1),
        owner: UserId(2),
        name: "orders".to_owned(),
        scopes: vec!["orders.all".to_owned()],
        secrets: Vec::new(),
        property_keys: Vec::new(),
        ..resource_created()
    };
    let create = ResourceCommand::Create(Box::new(resource), ResourceSecrets::default());
    app.run::<Resource>(1, "1", create).await;
    let client = ClientRegistered {
        client: 2,
        tenant: TenantId(1),
        owner: UserId(2),
        client_id: ClientName("shop".to_owned()),
        require_client_secret: true,
        allowed_grant_types: vec!["client_credentials".to_owned()],
        redirect_uris: vec!["https://shop.example/cb".to_owned()],
        allowed_scopes: vec!["orders.all".to_owned()],
        secrets: vec![ClientSecretInfo {
            id: 1,
            description: None,
            expiration: None,
            secret_type: "SharedSecret".to_owned(),
            created: app.clock.now(),
        }],
        property_keys: Vec::new(),
        ..client_registered()
    };
    let hash = BASE64_STANDARD.encode(digest(&SHA256, SECRET.as_bytes()));
    let secrets = ClientSecrets { values: vec![hash], ..ClientSecrets::default() };
    app.run::<Client>(1, "2", ClientCommand::Register(Box::new(client), secrets)).await;
    app
}

async fn ask(app: &TestApp, path: &str) -> Answer {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "shop"),
        ("client_secret", SECRET),
        ("token", "any"),
    ];
    app.post(path).form(&form).send().await
}

/// Whether the client gets a token; if not, the answer is that of an unknown client.
#[track_caller]
fn counts(token: &Answer, revocation: &Answer) -> bool {
    for answer in [token, revocation].into_iter().filter(|it| it.status != 200) {
        assert_eq!((answer.status, &answer.json()["error"]), (401, &json!("invalid_client")));
        let why = "the client is unknown, or did not prove itself";
        assert_eq!(answer.json()["error_description"], why);
    }
    assert_eq!(token.status, revocation.status);
    token.status == 200
}

async fn is_counted(app: &TestApp) -> bool {
    counts(&ask(app, "/connect/token").await, &ask(app, "/connect/revocation").await)
}

#[tokio::test]
async fn a_client_counts_while_its_owner_is_in_good_standing() {
    let app = with_client(false).await;
    assert!(is_counted(&app).await);
    app.run::<User>(1, "2", UserCommand::SetEnabled(false)).await;
    assert!(!is_counted(&app).await);
    app.run::<User>(1, "2", UserCommand::SetEnabled(true)).await;
    assert!(is_counted(&app).await);
    app.run::<User>(1, "2", UserCommand::Delete).await;
    assert!(!is_counted(&app).await);
    let locked = with_client(true).await;
    assert!(!is_counted(&locked).await, "its owner is locked");
}

#[tokio::test]
async fn a_client_of_an_erased_user_stops_until_it_is_taken_over() {
    let app = with_client(false).await;
    app.run::<User>(1, "2", UserCommand::Erase).await;
    assert!(!is_counted(&app).await);
    app.run::<Client>(1, "2", ClientCommand::TakeOver).await;
    // It belongs to the installation now, and its former owner's API is an API of others.
    assert_eq!(ask(&app, "/connect/token").await.json()["error"], "invalid_scope");
    let open = ResourceCommand::AllowClient { client: 2, scopes: AllowedScopes::All };
    app.run::<Resource>(1, "1", open).await;
    assert!(is_counted(&app).await);
    let eve = app.token_of(2);
    assert_eq!(app.get("/api/Client").bearer(&eve).send().await.status, 401);
}

#[tokio::test]
async fn who_lost_a_client_to_the_installation_sees_it_no_more() {
    let app = with_client(false).await;
    let eve = app.token_of(2);
    assert_eq!(app.get("/api/Client/2").bearer(&eve).send().await.data()["clientId"], "shop");
    app.run::<Client>(1, "2", ClientCommand::TakeOver).await;
    assert_eq!(app.get("/api/Client/2").bearer(&eve).send().await.code(), 404);
    assert_eq!(app.get("/api/Client").bearer(&eve).send().await.json()["total"], 0);
}

#[tokio::test]
async fn a_disabled_client_gets_no_token_whoever_answers_for_it() {
    let app = with_client(false).await;
    let enable = |enabled| app.run::<Client>(1, "2", ClientCommand::SetEnabled(enabled));
    enable(false).await;
    assert!(!is_counted(&app).await);
    enable(true).await;
    assert!(is_counted(&app).await);
    // Row 43 does not issue for it either.
    let token = app.sign_in("admin", PASSWORD).await;
    app.run::<Client>(1, "1", ClientCommand::SetEnabled(false)).await;
    let answer = app.post("/api/Client/IssueToken").bearer(&token).json(&json!({})).send().await;
    assert_eq!(answer.status, 401, "{}", answer.text);
    assert_eq!(app.try_sign_in("admin", PASSWORD).await.status, 401);
}

/// The program's own client was entered together with the first administrator.
#[tokio::test]
async fn the_first_party_client_needs_nobody() {
    let app = TestApp::new().await;
    app.user(1, "chief", &[1, 4], "oauthapp.all").await;
    app.run::<User>(1, "1", UserCommand::SetEnabled(false)).await;
    app.sign_in("chief", PASSWORD).await;
    app.run::<User>(1, "1", UserCommand::Erase).await;
    app.sign_in("chief", PASSWORD).await;
}
