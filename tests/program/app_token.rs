//! The app-token service of the program itself: its accounts on the command line, its settings, and
//! what a kill leaves.

use std::fs;

use async_nats::jetstream;
use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use domain::hex;
use futures_util::StreamExt as _;
use md5::{Digest as _, Md5};
use serde_json::{Value, json};
use tests::nats::NatsServer;
use tests::process::{Answer, Program, Said, finish, until};

const ROOT_PASSWORD: &str = "Root-Secret-1";

pub(crate) fn md5(parts: &[&str]) -> String {
    hex(&Md5::digest(parts.concat()))
}

#[allow(clippy::disallowed_methods, reason = "what clients sign bears the time of the machine")]
pub(crate) fn seconds() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    now.as_secs()
}

fn add_root(program: &Program, name: &str, password: &str) -> Said {
    let mut command = program.command(&["app-token", "add-root", name]);
    command.arg("--data").arg(&program.data).env("CHANCERY_PASSWORD", password);
    finish(command)
}

async fn call(program: &Program, operation: &str, bearer: &str, body: Value) -> Answer {
    program.post(&format!("/oauth2/api/v1/oauth.{operation}"), bearer, body).await
}

/// A body that signs a user in, once: the nth of a test bears a time of its own.
fn login(nth: u64, name: &str, password: &str) -> Value {
    let (password, now) = (md5(&[password]), seconds() + nth);
    let token = md5(&[name, &password, &now.to_string()]);
    json!({ "username": name, "password": password, "timestamp": now, "token": token })
}

fn code(answer: &Answer) -> Value {
    answer.json["code"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_made_on_the_command_line_and_their_tokens_and_replays_survive_a_kill() {
    let mut program = Program::started(&[]).await;
    add_root(&program, "root", "short").refused("at least 6 characters");
    add_root(&program, "root", ROOT_PASSWORD).ok();
    add_root(&program, "ROOT", ROOT_PASSWORD).refused("an account of this name exists");
    let body = login(0, "root", ROOT_PASSWORD);
    let pair = call(&program, "login", "", body.clone()).await.json["data"].clone();
    let access = pair["accessToken"].as_str().unwrap();
    let made = call(&program, "create_oauth", access, json!({ "username": "root" })).await;
    assert_eq!(made.json["state"], true, "{made:?}");

    program.kill();
    program.start().await;
    assert_eq!(code(&call(&program, "login", "", body).await), 1056, "the log remembers it");
    let check = json!({ "token": access });
    let checked = call(&program, "check_token", "", check.clone()).await;
    assert_eq!(checked.json["data"]["userName"], "root");
    let secret = made.json["data"]["appSecret"].as_str().unwrap();
    for event in program.replayed() {
        let text = event.to_string();
        for hidden in
            [secret, access, &md5(&[ROOT_PASSWORD]), &md5(&[ROOT_PASSWORD]).to_uppercase()]
        {
            assert!(!text.contains(hidden), "{text}");
        }
    }
    program.verified();

    program.run(&["app-token", "disable", "nobody"]).refused("nobody of this name");
    program.run(&["app-token", "disable", "root"]).ok();
    assert_eq!(code(&call(&program, "check_token", "", check.clone()).await), 1006);
    program.stop().await;
    program.run(&["app-token", "enable", "root"]).ok();
    program.start().await;
    assert_eq!(code(&call(&program, "check_token", "", check).await), 1006, "ended for good");
    let again = call(&program, "login", "", login(2, "root", ROOT_PASSWORD)).await;
    assert_eq!(again.json["state"], true, "{again:?}");
    for unclear in ["1", "root", "app_user-0"] {
        program.run(&["app-token", "erase", unclear]).refused("say which account");
    }
    program.run(&["app-token", "erase", "app_user-1"]).ok();
    let gone = call(&program, "login", "", login(4, "root", ROOT_PASSWORD)).await;
    assert_eq!(code(&gone), 1004, "{gone:?}");
    let registered = program.replayed().into_iter();
    let registered = registered.filter(|it| it["kind"] == "app_user.registered.v1");
    assert!(registered.into_iter().all(|it| it.get("personal").is_none()), "somebody is named");
    program.verified();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_needs_no_signature_once_the_operator_says_so() {
    let program = Program::started(&[]).await;
    let admin = program.token().await;
    let made = call(&program, "create_oauth", &admin, json!({ "username": "shop" })).await;
    let app = made.json["data"]["appId"].as_str().unwrap().to_owned();
    let ask = json!({ "appId": app });
    assert_eq!(code(&call(&program, "authorize", "", ask.clone()).await), 1088);
    program.run(&["app-token", "set-app", "123", "--lenient"]).refused("16 digits");
    program.run(&["app-token", "set-app", "1234567890123456", "--lenient"]).refused("no app");
    program.run(&["app-token", "set-app", &app, "--lenient"]).ok();
    assert_eq!(call(&program, "authorize", "", ask.clone()).await.json["state"], true);
    program.run(&["app-token", "set-app", &app]).ok();
    assert_eq!(code(&call(&program, "authorize", "", ask).await), 1088);
    program.verified();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_secret_and_the_open_mode_are_guarded() {
    let mut program = Program::new(&[]);
    for (arguments, words) in [
        (&["serve", "--app-token-admin-mode", "token"][..], "CHANCERY_APP_TOKEN_ADMIN_TOKEN"),
        (
            &["serve", "--app-token-admin-mode", "open", "--listen", "0.0.0.0:0"],
            "needs a loopback address",
        ),
        (
            &["serve", "--app-token-admin-mode", "open", "--public-url", "https://a.example"],
            "--public-url says that a proxy stands in front",
        ),
        (
            &["serve", "--app-token-admin-mode", "open", "--trusted-proxies", "127.0.0.1"],
            "--trusted-proxies says that a proxy stands in front",
        ),
        (&["serve", "--app-token-admin-mode", "nobody"], "--app-token-admin-mode"),
        (&["serve", "--app-token-window=-1"], "--app-token-window"),
        (&["serve", "--app-token-access-seconds", "0"], "--app-token-access-seconds"),
    ] {
        program.run(arguments).refused(words);
    }
    let secret = "0123456789abcdefghijklmnopqrstuv";
    program.set_variable("CHANCERY_APP_TOKEN_ADMIN_TOKEN", secret);
    let file = program.beside("chancery.toml");
    fs::write(&file, "[app_token]\nadmin_mode = \"token\"\n").unwrap();
    program.set_arguments(&["--config", file.to_str().unwrap()]);
    program.start().await;
    let ask = json!({ "rootName": "anybody" });
    let admin = program.token().await;
    for (bearer, expected) in [(secret, Value::Null), ("other", json!(1049)), (&admin, json!(1049))]
    {
        let answer = call(&program, "get_users", bearer, ask.clone()).await;
        assert_eq!(code(&answer), expected, "{answer:?}");
    }
    assert!(!program.log().contains(secret), "the secret stands in the log");
    program.stop().await;
    fs::write(&file, "[app_token]\nadmin_mode = \"open\"\n").unwrap();
    program.start().await;
    assert_eq!(call(&program, "get_users", "", ask).await.json["state"], true);
    assert!(program.log().contains("ANYBODY"), "nobody was warned");
}

/// One person at two faces, through commands on the running server and on the closed store.
#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_linked_on_the_command_line_and_a_kill_forgets_nothing() {
    let mut program = Program::started(&[]).await;
    add_root(&program, "old", ROOT_PASSWORD).ok();
    program.run(&["app-token", "link", "--tenant", "7"]).refused("tenant");
    let said = program.run(&["app-token", "link"]).ok();
    assert!(said.out.contains("1 app users"), "{said:?}");
    let said = program.run(&["app-token", "link"]).ok();
    assert!(said.out.contains("is linked already"), "{said:?}");
    program.stop().await;
    // Passwords that are set on the closed store are set in both forms, too.
    let said = add_root(&program, "root", ROOT_PASSWORD).ok();
    assert!(said.out.contains("user-2 is a root account"), "{said:?}");
    program.start().await;
    let access = async |nth, name: &str, password: &str| {
        let answer = call(&program, "login", "", login(nth, name, password)).await;
        answer.json["data"]["accessToken"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(access(0, "old", ROOT_PASSWORD).await, "", "an app user from before");
    let root = access(1, "root", ROOT_PASSWORD).await;
    assert_eq!(program.sign_in("root", ROOT_PASSWORD).await.status, 200);
    let bob = json!({
        "rootName": "root", "userName": "bob", "password": md5(&["open sesame"]), "userInfo": "e30=",
    });
    assert_eq!(call(&program, "create_user", &root, bob).await.json["state"], true);
    let of_bob = access(2, "bob", "open sesame").await;
    assert_eq!(program.sign_in("bob", "open sesame").await.status, 200);

    program.kill();
    program.start().await;
    let check =
        async |token: &str| call(&program, "check_token", "", json!({ "token": token })).await.json;
    assert_eq!(check(&of_bob).await["data"]["userName"], "bob");
    let mut command = program.command(&["user", "set-password", "bob"]);
    command.arg("--data").arg(&program.data).env("CHANCERY_PASSWORD", "New-Secret-1");
    finish(command).ok();
    assert_eq!(check(&of_bob).await["code"], 1006);
    assert_eq!(program.sign_in("bob", "New-Secret-1").await.status, 200);
    let access = async |nth, password: &str| {
        let answer = call(&program, "login", "", login(nth, "bob", password)).await;
        answer.json["data"]["accessToken"].as_str().unwrap_or_default().to_owned()
    };
    let of_bob = access(3, "New-Secret-1").await;
    assert_eq!(check(&of_bob).await["data"]["userName"], "bob");
    program.run(&["user", "disable", "bob"]).ok();
    assert_eq!(check(&of_bob).await["code"], 1006);
    assert_eq!(program.sign_in("bob", "New-Secret-1").await.status, 400);
    program.run(&["app-token", "enable", "bob"]).ok();
    assert_eq!(program.sign_in("bob", "New-Secret-1").await.status, 200);
    program.run(&["user", "enable", "nobody"]).refused("nobody of this name");
    program.run(&["app-token", "erase", "user-3"]).ok();
    assert_eq!(program.sign_in("bob", "New-Secret-1").await.status, 400);
    let hidden = [md5(&["New-Secret-1"]), md5(&["New-Secret-1"]).to_uppercase()];
    for event in program.replayed() {
        let text = event.to_string();
        assert!(!hidden.iter().any(|it| text.contains(it)), "{text}");
    }
    program.verified();
    program.stop().await;
    program.verified();
}

/// Subscribers hear of apps, app tokens and linked users, and of nothing that should stay hidden.
#[tokio::test(flavor = "multi_thread")]
async fn subscribers_hear_of_the_service_and_of_no_secret() {
    let server = NatsServer::start();
    let mut program = Program::started(&["--nats", &server.url()]).await;
    add_root(&program, "rooty", ROOT_PASSWORD).ok();
    program.run(&["app-token", "link"]).ok();
    let admin = program.token().await;
    let made = call(&program, "create_oauth", &admin, json!({ "username": "admin" })).await;
    let bob = json!({
        "rootName": "admin", "userName": "bobby", "password": md5(&["open sesame"]),
        "userInfo": "aGlkZGVu",
    });
    assert_eq!(call(&program, "create_user", &admin, bob).await.json["state"], true);
    let pair = call(&program, "login", "", login(0, "bobby", "open sesame")).await;
    let token =
        |answer: &Answer, name: &str| answer.json["data"][name].as_str().unwrap().to_owned();
    let refresh = json!({ "token": token(&pair, "refreshToken") });
    assert_eq!(call(&program, "refresh_token", "", refresh).await.json["state"], true);
    let kinds = program.replayed().len();
    let context = jetstream::new(async_nats::connect(server.url()).await.unwrap());
    let count = async || match context.get_stream("CHANCERY").await {
        Ok(mut stream) => stream.info().await.unwrap().state.messages as usize,
        Err(_) => 0,
    };
    until("everything is published", async || count().await >= kinds).await;
    let all = pull::OrderedConfig { deliver_policy: DeliverPolicy::All, ..Default::default() };
    let stream = context.get_stream("CHANCERY").await.unwrap();
    let messages = stream.create_consumer(all).await.unwrap().messages().await.unwrap();
    let messages = messages.take(kinds).map(|it| it.unwrap()).collect::<Vec<_>>().await;
    let subjects = messages.iter().map(|it| it.subject.as_str()).collect::<Vec<_>>();
    let app = token(&made, "appId");
    for subject in [
        "chancery.1.app_user.registered.v1.1",
        "chancery.1.tenant.app_token_link_set.v1.1",
        &format!("chancery.1.app.created.v1.{app}"),
        "chancery.1.user.registered.v1.2",
        "chancery.1.user.app_password_set.v1.2",
        "chancery.1.user.app_info_set.v1.2",
    ] {
        assert_eq!(subjects.iter().filter(|it| **it == subject).count(), 1, "{subject}");
    }
    let begins = |with: &str| subjects.iter().filter(|it| it.starts_with(with)).count();
    assert_eq!(begins("chancery.1.app_token.issued.v2."), 2);
    assert_eq!(begins("chancery.1.app_token.refreshed.v1."), 1);
    let hidden = [
        "rooty".to_owned(),
        "bobby".to_owned(),
        "aGlkZGVu".to_owned(),
        md5(&["open sesame"]),
        md5(&["open sesame"]).to_uppercase(),
        token(&made, "appSecret"),
        token(&pair, "accessToken"),
        token(&pair, "refreshToken"),
    ];
    for message in &messages {
        let text = String::from_utf8(message.payload.to_vec()).unwrap();
        assert!(!hidden.iter().any(|it| text.contains(it)), "{text}");
    }
    program.stop().await;
}
