//! Read models that come from a snapshot answer like those that followed the log, and the snapshot
//! says nothing about a person.

use std::sync::Arc;

use bytes::Bytes;
use domain::account::AccountId;
use domain::app_token::{AppToken, AppTokenCommand, AppTokenIssued, app_token_id};
use domain::app_user::AppUserId;
use domain::client::{Client, ClientCommand};
use domain::log::CommitHead;
use domain::log_event::{Log, LogCommand, forgetting_id};
use domain::tenant::{Tenant, TenantCommand};
use domain::user::{PasswordVerifier, User, UserCommand, UserPersonal, UserRegistered, Verifiers};
use domain::{TenantId, Timestamp, UserId};
use projections::{
    Key, Keys, Order, Paging, UserData, UserFilter, UserRow, Views, catch_up, next_snapshot,
};
use serde_json::json;
use tests::app::{TestApp, now, verifier};
use tests::samples::app_token::{app_token_issued, app_token_personal};

const TENANT: TenantId = TenantId(1);
const ALL: Paging = Paging { skip: 0, take: 100, ascending: true };

/// Users 2, 3 and 4: `berta`, `carl` and `dora`, all with an e-mail address and a phone number.
async fn people(app: &TestApp) {
    for (number, name) in [(2, "Berta"), (3, "Carl"), (4, "Dora")] {
        let personal = UserPersonal {
            user_name: name.to_lowercase(),
            email: Some(format!("{name}@Example.org")),
            phone_number: Some(format!("+49 30 55{number}")),
            nick_name: Some(format!("The {name}")),
            address: Some("Hidden Lane 7".to_owned()),
            ..UserPersonal::default()
        };
        let data = UserRegistered {
            user_key: [7; 16],
            status: number as i32 % 2,
            ..UserRegistered::with_defaults(UserId(number), TENANT, UserId(1))
        };
        let (data, personal) = (Box::new(data), Box::new(personal));
        let password = verifier().await.into();
        let command = UserCommand::Register { data, personal, password, app_info: None };
        app.run::<User>(1, &number.to_string(), command).await;
    }
}

fn snapshot(app: &TestApp, last: Option<&Bytes>) -> Bytes {
    let (log, keys) = (app.engine.log(), app.engine.keys().clone());
    next_snapshot(last.cloned(), &**log, keys, log.head().position).unwrap().into()
}

/// Read models from a snapshot, brought up to the head.
fn restored(app: &TestApp, body: &Bytes) -> Views {
    let views = Views::from_snapshot(body.clone(), app.engine.keys().clone()).unwrap();
    catch_up(&**app.engine.log(), &views, &|_| ()).unwrap();
    views
}

fn found(views: &Views, filter: UserFilter, order: Order<UserData>) -> Vec<u32> {
    let tables = views.read();
    let query = tables.users.fitting(TENANT, filter, ALL).ordered_by(order);
    let search = tables.users.search(query);
    drop(tables);
    search.finish().rows.iter().map(|it| it.data.user.0).collect()
}

/// Whom a name, an e-mail address, a phone number and a part of a name lead to.
fn lookups(views: &Views, name: &str, number: u32) -> [Vec<u32>; 4] {
    let (email, phone) = (format!("{name}@example.ORG"), format!("+49 30 55{number}"));
    let tables = views.read();
    let named = tables.users.named(TENANT, &name.to_uppercase()).map(|it| it.data.user.0);
    let phoned =
        tables.users.with_phone(TENANT, &phone).map(|it| it.data.user.0).collect::<Vec<_>>();
    drop(tables);
    let by_email = UserFilter { email: Some(email), ..UserFilter::default() };
    let by_part = UserFilter { name: Some(format!("e {name}")), ..UserFilter::default() };
    [
        named.into_iter().collect(),
        phoned,
        found(views, by_email, Order::Number),
        found(views, by_part, Order::Number),
    ]
}

#[tokio::test]
async fn a_snapshot_finds_people_and_opens_them() {
    let app = TestApp::new().await;
    people(&app).await;
    let views = restored(&app, &snapshot(&app, None));
    for (name, number) in [("Berta", 2), ("Carl", 3), ("Dora", 4)] {
        assert_eq!(
            lookups(&views, name, number),
            [vec![number], vec![number], vec![number], vec![number]]
        );
    }
    assert_eq!(lookups(&views, "Emil", 5), [const { Vec::<u32>::new() }; 4]);
    let all = |order| found(&views, UserFilter::default(), order);
    let email = Order::By(Box::new(|row: &UserRow, keys: &Keys| {
        row.personal(keys).and_then(|it| it.email).as_deref().into()
    }));
    assert_eq!(all(email), [1, 2, 3, 4]);
    assert_eq!(all(UserData::BY_CREATED), [1, 2, 3, 4]);
    let status = |row: &UserRow, _: &Keys| Key::Number(row.data.status.into());
    assert_eq!(all(Order::By(Box::new(status))), [1, 2, 4, 3]);
    let proved = verifier().await;
    let tables = views.read();
    let row = tables.users.get(TENANT, UserId(2)).unwrap();
    assert_eq!(tables.users.personal(row).unwrap().address.as_deref(), Some("Hidden Lane 7"));
    assert_eq!(tables.users.verifiers(row), proved.into());
    assert_eq!(tables.users.count(), 4);
}

#[tokio::test]
async fn what_comes_after_a_snapshot_counts_in_it_and_in_the_next_one() {
    let app = TestApp::new().await;
    people(&app).await;
    let admin = app.admin().await;
    let resource = json!({ "name": "orders", "scopes": [{ "scope": "orders.read" }] });
    app.post("/api/ApiResource").bearer(&admin).json(&resource).send().await.data();
    let shop = json!({ "clientId": "shop", "allowedScopes": [{ "scope": "orders.read" }] });
    app.post("/api/Client").bearer(&admin).json(&shop).send().await.data();
    let first = snapshot(&app, None);
    let open = app.ask("PUT", "/api/ApiResource/1/Clients/shop").bearer(&admin).json(&json!({}));
    open.send().await.data();
    app.run::<Client>(1, "2", ClientCommand::SetEnabled(false)).await;
    app.run::<Client>(1, "2", ClientCommand::TakeOver).await;
    let mut password = verifier().await;
    password.salt = [9; 16];
    // Two in one second: from when tokens count depends on both.
    app.run::<User>(1, "2", UserCommand::SetPassword(verifier().await.into())).await;
    app.run::<User>(1, "2", UserCommand::SetPassword(password.clone().into())).await;
    app.run::<User>(1, "3", UserCommand::Delete).await;
    app.user(1, "emil", &[1], "oauthapp.all").await;
    let second = snapshot(&app, Some(&first));
    assert!(
        second == snapshot(&app, Some(&snapshot(&app, Some(&first)))),
        "nothing came meanwhile"
    );
    for body in [&first, &second, &snapshot(&app, None)] {
        let views = restored(&app, body);
        assert_eq!(lookups(&views, "Carl", 3), [const { Vec::<u32>::new() }; 4]);
        assert_eq!(lookups(&views, "Dora", 4)[0], [4]);
        assert_eq!(lookups(&views, "emil", 5)[0], [5]);
        let tables = views.read();
        assert_eq!(tables.users.count(), 4);
        let row = tables.users.get(TENANT, UserId(2)).unwrap();
        assert_eq!(tables.users.verifiers(row), password.clone().into());
        assert!(row.counts_from > 0);
        let holder = tables.resources.holder_of(TENANT, "orders.READ").unwrap();
        assert_eq!((&*holder.data.name, holder.allows(2, "orders.read")), ("orders", true));
        let client = tables.clients.identified("shop").unwrap();
        assert_eq!((client.data.owner, client.data.enabled), (UserId::NONE, false));
        assert!(*tables == *app.views.read(), "not what the log makes");
    }
}

#[tokio::test]
async fn an_erased_person_is_gone_from_every_lookup_and_from_the_next_snapshot() {
    let app = TestApp::new().await;
    people(&app).await;
    let before = snapshot(&app, None);
    let early = restored(&app, &before);
    app.run::<User>(1, "3", UserCommand::Erase).await;
    app.engine.keys().erase_subject(UserId(3).into()).unwrap();
    // These have not seen the event, and cannot open the person any more.
    let tables = early.read();
    let row = tables.users.get(TENANT, UserId(3)).unwrap();
    assert_eq!(tables.users.personal(row), None);
    drop(tables);
    assert_eq!(lookups(&early, "Carl", 3)[2..], [const { Vec::<u32>::new() }; 2]);
    let after = snapshot(&app, Some(&before));
    assert!(after.len() < before.len());
    for body in [&before, &after, &snapshot(&app, None)] {
        let views = restored(&app, body);
        assert_eq!(lookups(&views, "Carl", 3), [const { Vec::<u32>::new() }; 4]);
        assert_eq!(lookups(&views, "Berta", 2), [vec![2], vec![2], vec![2], vec![2]]);
        assert!(*views.read() == *app.views.read(), "not what the log makes");
    }
}

#[tokio::test]
async fn a_snapshot_holds_nothing_of_a_person_in_clear() {
    let app = TestApp::new().await;
    people(&app).await;
    let body = snapshot(&app, None);
    let has = |what: &[u8]| body.windows(what.len()).any(|it| it.eq_ignore_ascii_case(what));
    assert!(has(b"user.registered.v1"), "so far it can be read");
    for secret in ["berta", "example.org", "+49 30", "hidden lane"] {
        assert!(!has(secret.as_bytes()), "{secret} stands in the snapshot");
    }
    assert!(!has(&verifier().await.hash), "what proves a password stands in the snapshot");
}

#[tokio::test]
async fn a_snapshot_without_the_key_of_a_person_is_not_used() {
    let app = TestApp::new().await;
    people(&app).await;
    let others = Arc::new(commands::keys::Keyring::ephemeral().unwrap());
    assert!(Views::from_snapshot(snapshot(&app, None), others).is_err());
}

#[tokio::test]
async fn a_snapshot_that_was_cut_anywhere_is_refused() {
    let app = TestApp::new().await;
    people(&app).await;
    let body = snapshot(&app, None);
    for length in 0..body.len() {
        let views = Views::from_snapshot(body.slice(..length), app.engine.keys().clone());
        assert!(views.is_err(), "cut to {length} of {}", body.len());
    }
}

/// Apps, app users and their tokens: those that ended are not kept, the others are equal.
#[tokio::test]
async fn the_app_token_service_comes_back_from_a_snapshot() {
    let app = TestApp::new().await;
    app.app_root(1, "root", "Root-password-1").await;
    let gone = app.app_root(1, "gone", "Root-password-1").await;
    let token = app.admin().await;
    let call = async |operation: &str, body: serde_json::Value| {
        let path = format!("/oauth2/api/v1/oauth.{operation}");
        let answer = app.post(&path).bearer(&token).json(&body).send().await.json();
        assert_eq!(answer["state"], true, "{answer}");
        answer["data"].clone()
    };
    let made = call("create_oauth", json!({ "username": "root", "oauthInfo": "mine" })).await;
    call("create_oauth", json!({ "username": "other" })).await;
    let inform = async |info: &str| {
        let info = json!({ "rootName": "root", "userName": "root", "op": 1, "userInfo": info });
        call("update_user", info).await;
    };
    inform(&"older".repeat(1_000)).await;
    let first = snapshot(&app, None);
    let delete = json!({ "appId": made["appId"], "username": "root" });
    call("create_oauth", json!({ "username": "root" })).await;
    call("delete_app", delete).await;
    inform("news").await;
    call("update_user", json!({ "rootName": "x", "userName": "gone", "op": -1 })).await;
    let next = snapshot(&app, Some(&first));
    assert!(next.len() + 2_000 < first.len(), "an info that was replaced is kept");
    for body in [next, snapshot(&app, None), first] {
        let views = restored(&app, &body);
        assert!(*views.read() == *app.views.read());
        assert!(views.read().app_users.get(TENANT, AppUserId(gone)).is_none());
        let owner = AccountId::AppUser(AppUserId(1));
        assert_eq!(views.read().apps.owned_by(TENANT, owner, None).len(), 1);
        let root = views.read().app_users.named(TENANT, "Root").cloned().unwrap();
        let personal = views.read().app_users.personal(&root).unwrap();
        assert_eq!((&*personal.user_name, &*personal.info), ("root", "news"));
        for clear in ["root", "news", "mine", "other"] {
            let clear = clear.as_bytes();
            assert!(!body.windows(clear.len()).any(|it| it == clear), "{clear:?}");
        }
    }
}

#[tokio::test]
async fn a_tenant_whose_users_have_all_ended_is_as_one_without_users() {
    let app = TestApp::new().await;
    let other = app.tenant("other:8080").await;
    let user = app.user(other, "berta", &[5], "oauthapp.all").await;
    let before = snapshot(&app, None);
    app.run::<User>(other, &user.to_string(), UserCommand::Delete).await;
    for body in [before.clone(), snapshot(&app, Some(&before)), snapshot(&app, None)] {
        assert!(*restored(&app, &body).read() == *app.views.read(), "not what the log makes");
    }
}

/// What the app-token service knows of users is in a snapshot, too.
#[tokio::test]
async fn users_of_a_linked_tenant_come_back_from_a_snapshot() {
    let app = TestApp::new().await;
    people(&app).await;
    app.run::<Tenant>(1, "1", TenantCommand::SetAppTokenLink(true)).await;
    let md5 = PasswordVerifier { salt: [8; 16], ..verifier().await };
    let verifiers = Verifiers { password: None, md5: Some(md5) };
    let update = |info: &str| UserCommand::UpdateByApp {
        password: Some(verifiers.clone()),
        info: Some(info.to_owned()),
    };
    app.run::<User>(1, "2", update(&"older".repeat(1_000))).await;
    let first = snapshot(&app, None);
    app.run::<User>(1, "2", update("news")).await;
    app.run::<User>(1, "2", UserCommand::SetPassword(verifiers.clone())).await;
    app.run::<User>(1, "3", UserCommand::SetEnabled(false)).await;
    app.run::<User>(1, "4", UserCommand::Delete).await;
    let second = snapshot(&app, Some(&first));
    let third = snapshot(&app, Some(&second));
    assert!(third.len() + 2_000 < first.len(), "an info that was replaced is kept");
    for body in [&first, &second, &third, &snapshot(&app, None)] {
        let views = restored(&app, body);
        let tables = views.read();
        assert!(tables.tenants.get(TENANT).unwrap().linked);
        let row = tables.users.get(TENANT, UserId(2)).unwrap();
        assert_eq!(tables.users.verifiers(row), verifiers);
        assert_eq!(tables.users.app_info(row).as_deref(), Some("news"));
        assert!(!tables.users.get(TENANT, UserId(3)).unwrap().enabled);
        let brought_in = tables.users.brought_in_by(UserId(1));
        assert_eq!(brought_in.collect::<Vec<_>>(), [UserId(2), UserId(3)]);
        assert!(*tables == *app.views.read(), "not what the log makes");
        assert!(!body.windows(4).any(|it| it == b"news"), "an info stands there in clear");
    }
}

/// A family that ended with a pair whose stream has closed since: its younger pairs are ended still.
#[tokio::test]
async fn a_family_stays_ended_when_the_stream_that_says_so_has_closed() {
    let app = TestApp::new().await;
    let now = Timestamp::from_seconds(now().seconds());
    let issue = async |hash: u8, seconds: i64| {
        let refresh_expires_at = now.plus_seconds(2 * seconds);
        let issued = AppTokenIssued {
            tenant: TENANT,
            access_hash: [hash; 16],
            refresh_hash: [hash + 1; 16],
            issued_at: now,
            access_expires_at: now.plus_seconds(seconds),
            refresh_expires_at,
            ..app_token_issued()
        };
        let id = app_token_id(refresh_expires_at, [hash; 12]);
        let issue = AppTokenCommand::Issue(Box::new(issued), app_token_personal());
        app.run::<AppToken>(1, &id, issue).await;
        id
    };
    let old = issue(1, 1).await;
    issue(3, 100_000).await;
    let first = snapshot(&app, None);
    let reason = "used twice".to_owned();
    app.run::<AppToken>(1, &old, AppTokenCommand::RevokeFamily { reason }).await;
    let second = snapshot(&app, Some(&first));
    // Later the stream of the old pair is forgotten.
    let later = now.plus_seconds(20_000);
    let until = Timestamp::from_seconds(later.seconds().div_euclid(600) * 600);
    let head = CommitHead { time: later, ..app.head(TenantId::INSTALLATION) };
    let forget = LogCommand::Forget { until };
    let done = app.engine.handle::<Log>(&forgetting_id(until), &forget, &head).await.unwrap();
    app.shows(done.position).await;
    for body in [snapshot(&app, None), snapshot(&app, Some(&first)), snapshot(&app, Some(&second))]
    {
        let views = restored(&app, &body);
        let tables = views.read();
        assert!(tables.app_tokens.with_access(&[1; 16]).is_none(), "the old pair is forgotten");
        let young = tables.app_tokens.with_access(&[3; 16]).unwrap();
        assert!(tables.app_tokens.is_revoked(young), "a stolen pair lives again");
        assert!(*tables == *app.views.read(), "not what the log makes");
    }
}

/// What a user is found by is what it is now, also after a start.
#[tokio::test]
async fn who_has_a_role_is_found_by_what_came_last() {
    let app = TestApp::new().await;
    people(&app).await;
    let give = async |user: u32, roles: &[u32]| {
        let (roles, permissions) = (roles.to_vec(), Vec::new());
        let rights = UserCommand::SetRights { roles, permissions };
        app.run::<User>(1, &user.to_string(), rights).await;
    };
    give(2, &[1, 4]).await;
    let first = snapshot(&app, None);
    give(2, &[1]).await;
    give(3, &[4]).await;
    let second = snapshot(&app, Some(&first));
    give(3, &[4, 2]).await;
    give(4, &[4]).await;
    app.run::<User>(1, "4", UserCommand::Delete).await;
    let late = app.user(1, "late", &[1], "oauthapp.all").await;
    give(late, &[4]).await;
    let third = snapshot(&app, Some(&second));
    for body in [&first, &second, &third, &snapshot(&app, Some(&third)), &snapshot(&app, None)] {
        let views = restored(&app, body);
        let tables = views.read();
        let who = |role| tables.users.with_role(role).map(|it| it.0).collect::<Vec<_>>();
        assert_eq!((who(4), who(2), who(1)), (vec![1, 3, late], vec![3], vec![1, 2]));
        assert_eq!(tables.users.get(TENANT, UserId(3)).unwrap().data.roles, [4, 2]);
        assert!(*tables == *app.views.read(), "not what the log makes");
    }
}
