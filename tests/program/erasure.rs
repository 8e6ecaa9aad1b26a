//! Who is erased is gone from what was noted about the person's apps, too; and an app that ended
//! takes along what its owner noted.

use domain::app::{App, AppCommand};
use domain::log::EventLog as _;
use serde_json::{Value, json};
use tests::process::{Program, until};

use crate::app_token::{md5, seconds};

const PASSWORD: &str = "Root-Secret-1";

async fn call(program: &Program, operation: &str, bearer: &str, body: Value) -> Value {
    let answer = program.post(&format!("/oauth2/api/v1/oauth.{operation}"), bearer, body).await;
    assert_eq!(answer.json["state"], true, "{answer:?}");
    answer.json["data"].clone()
}

/// An account that owns an app of which it noted something: the id of the app.
async fn owner(program: &mut Program) -> String {
    program.set_variable("CHANCERY_PASSWORD", PASSWORD);
    program.start().await;
    program.run(&["app-token", "add-root", "wilhelmina"]).ok();
    let (password, now) = (md5(&[PASSWORD]), seconds());
    let token = md5(&["wilhelmina", &password, &now.to_string()]);
    let login = json!({ "username": "wilhelmina", "password": password, "timestamp": now,
        "token": token });
    let pair = call(program, "login", "", login).await;
    let access = pair["accessToken"].as_str().unwrap().to_owned();
    let body = json!({ "username": "wilhelmina", "oauthInfo": "of Hidden Lane 7" });
    let app = call(program, "create_oauth", &access, body).await;
    app["appId"].as_str().unwrap().to_owned()
}

/// What every face says of an app.
async fn said_of(program: &Program, app: &str) -> String {
    let token = program.token().await;
    let list = json!({ "username": "wilhelmina", "appIds": [app] });
    let list = call(program, "get_app_list", &token, list).await;
    let audit = program.get("/api/audit/events?limit=1000", &token).await.json;
    let replayed = program.replayed().into_iter().map(|it| it.to_string()).collect::<String>();
    format!("{list} {audit} {replayed}")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_erased_person_noted_of_an_app_is_nowhere_to_be_read() {
    let mut program = Program::new(&[]);
    let app = owner(&mut program).await;
    assert!(said_of(&program, &app).await.contains("Hidden Lane"));
    program.run(&["app-token", "erase", "app_user-1"]).ok();
    let said = said_of(&program, &app).await;
    assert!(!said.contains("Hidden Lane") && !said.contains("wilhelmina"), "{said}");
    assert!(said.contains("app.created"), "the history stays");
    program.stop().await;
    assert_eq!(program.verified()["ok"], true);
    program.start().await;
    assert!(!said_of(&program, &app).await.contains("Hidden Lane"));
    program.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_ended_takes_along_what_its_owner_noted() {
    let mut program = Program::new(&[]);
    let app = owner(&mut program).await;
    let token = program.token().await;
    let body = json!({ "appId": app, "username": "wilhelmina" });
    assert_eq!(call(&program, "delete_app", &token, body).await["rowsAffected"], 1);
    assert!(!said_of(&program, &app).await.contains("Hidden Lane"));
    program.stop().await;
}

/// The event stands, and the process ended before the key was destroyed.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_destroys_the_key_of_an_app_that_a_crash_left() {
    let mut program = Program::new(&[]);
    let app = owner(&mut program).await;
    program.stop().await;
    let (data, id) = (program.data.clone(), app.clone());
    let deleted = tokio::task::spawn_blocking(move || {
        let (log, engine) = tests::bench::open(&data);
        let tenant = domain::TenantId(1);
        let head =
            commands::signing::system_head(tenant, domain::Actor::System, domain::Timestamp(1))
                .unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(engine.handle::<App>(&id, &AppCommand::Delete, &head)).unwrap();
        log.close();
        log.head().position
    });
    assert!(deleted.await.unwrap() > 0);
    let reads = |it: &Program| it.replayed().iter().any(|it| it.to_string().contains("Hidden"));
    assert!(reads(&program), "its key lives");
    program.start().await;
    until("the key is destroyed", async || !reads(&program)).await;
    program.stop().await;
}
