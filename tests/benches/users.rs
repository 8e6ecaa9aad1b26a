//! The life of users over HTTP (create, update, lock, delete; without passwords) beside tokens of
//! client_credentials, both durable; and the memory that a user, a client and a tenant take.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot go on ends by a panic"
)]

use std::path::Path;
use std::time::Duration;

use commands::signing::system_head;
use commands::tenant_birth::{NewTenant, add_tenant, create_tenant, tenant_named};
use commands::{Draft, Engine};
use domain::children::Properties;
use domain::client::{Client, ClientCommand, ClientRegistered, ClientSecrets};
use domain::signing_key::SigningAlgorithm;
use domain::tenant::{TenantCreated, TenantHost};
use domain::user::{User, UserCommand, UserPersonal, UserRegistered, Verifiers};
use domain::{Actor, ClientName, TenantId, UserId};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::bench::{
    PASSWORD, Server, add_client, ask, binary, client_credentials, load, load_each, now, open,
    plain, post, stay_on_core,
};

const CONNECTIONS: usize = 32;
const USERS: usize = 3_000;
const TIME: Duration = Duration::from_secs(4);

/// Of how many rows the memory is measured.
const ROWS: u64 = 50_000;

/// A tenant is 22 events.
const TENANTS: u64 = 10_000;

fn main() {
    plain::serve_if_asked();
    binary();
    memory();
    life();
}

fn request(server: &Server, token: &str, method: &str, path: &str, body: &Value) -> String {
    let (address, body) = (server.address, body.to_string());
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {}\r\n\
         Authorization: Bearer {token}\r\nContent-Type: application/json\r\n\r\n{body}",
        body.len()
    )
}

async fn token(server: &Server) -> String {
    let form = format!(
        "grant_type=password&client_id=chancery-cli&username=admin&password={PASSWORD}\
         &scope=oauthapp.all"
    );
    let (status, body) = ask(server.address, &post(server.address, "/connect/token", &form)).await;
    assert_eq!(status, 200, "{body}");
    let body: Value = serde_json::from_str(&body).unwrap();
    body["access_token"].as_str().unwrap().to_owned()
}

fn life() {
    let folder = TempDir::with_prefix("chancery-bench-").unwrap();
    Server::start(folder.path(), None).stop();
    add_client(folder.path());
    stay_on_core(1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = Server::start(folder.path(), Some(0));
    let token = runtime.block_on(token(&server));
    let credentials = client_credentials(server.address);
    let tokens = runtime.block_on(load(server.address, &credentials, CONNECTIONS, TIME));
    let run =
        |requests: Vec<String>| runtime.block_on(load_each(server.address, requests, CONNECTIONS));
    let asked = |method: &str, of: &dyn Fn(u64) -> (String, Value), ids: &[u64]| {
        let one = |id: &u64| {
            let (path, body) = of(*id);
            request(&server, &token, method, &path, &body)
        };
        ids.iter().map(one).collect::<Vec<_>>()
    };
    let numbers = (1..=USERS as u64).collect::<Vec<_>>();
    let user = |n: u64| {
        let body = json!({
            "userName": format!("person{n}"), "email": format!("person{n}@example.com"),
            "phoneNumber": format!("+44 20 {n:08}"), "nickName": format!("Person {n}"),
        });
        ("/api/User".to_owned(), body)
    };
    let (created, answers) = run(asked("POST", &user, &numbers));
    let id = |answer: &String| {
        let answer: Value = serde_json::from_str(answer).unwrap();
        assert_eq!(answer["code"], 200, "{answer}");
        answer["data"].as_u64().unwrap()
    };
    let ids = answers.iter().map(id).collect::<Vec<_>>();
    let update = |id: u64| ("/api/User".to_owned(), json!({ "id": id, "nickName": "Other" }));
    let lock = |id: u64| ("/api/User".to_owned(), json!({ "id": id, "lockFlag": true }));
    let delete = |id: u64| (format!("/api/User/{id}"), json!({}));
    let (updated, _) = run(asked("PUT", &update, &ids));
    let (locked, _) = run(asked("PUT", &lock, &ids));
    let (deleted, _) = run(asked("DELETE", &delete, &ids));
    println!("{CONNECTIONS} connections, server on core 0, load on core 1");
    println!("client_credentials      {:8.0}/s  p50 {:.0} µs", tokens.per_second, tokens.p50_us);
    let stages = [("create", created), ("update", updated), ("lock", locked), ("delete", deleted)];
    let seconds = stages.iter().map(|it| 1.0 / it.1.per_second).sum::<f64>();
    for (name, load) in stages {
        let share = load.per_second / tokens.per_second;
        println!(
            "{name:8} a user         {:8.0}/s  {share:.2}; p50 {:.0} µs",
            load.per_second, load.p50_us
        );
    }
    let all = 4.0 / seconds;
    println!("all four                {all:8.0}/s  {:.2} of tokens", all / tokens.per_second);
    server.stop();
}

/// The memory of a server on a folder with so many more rows, in bytes a row.
fn memory() {
    for (what, count) in [("user", ROWS), ("client", ROWS), ("tenant", TENANTS)] {
        let folder = TempDir::with_prefix("chancery-bench-").unwrap();
        Server::start(folder.path(), None).stop();
        let before = memory_of(folder.path());
        let (log, engine) = open(folder.path());
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(fill(&engine, what, count));
        log.close();
        drop((log, engine));
        // The first start reads the log, the second one a snapshot.
        Server::start(folder.path(), None).stop();
        let after = memory_of(folder.path());
        println!(
            "memory of a {what:8} {:6.0} B",
            (after - before) * 1024.0 * 1024.0 / count as f64
        );
    }
}

fn memory_of(folder: &Path) -> f64 {
    let server = Server::start(folder, None);
    std::thread::sleep(Duration::from_millis(500));
    let memory = server.memory_mib();
    server.stop();
    memory
}

async fn fill(engine: &std::sync::Arc<Engine>, what: &'static str, count: u64) {
    let tasks = (0..64).map(|first| {
        let engine = engine.clone();
        tokio::spawn(async move {
            for n in (first..count).step_by(64) {
                add(&engine, what, n).await;
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

async fn add(engine: &Engine, what: &str, n: u64) {
    let head = system_head(TenantId::FIRST, Actor::System, now()).unwrap();
    match what {
        "user" => {
            let command = |number: u64| UserCommand::Register {
                data: Box::new(UserRegistered::with_defaults(
                    UserId(number as u32),
                    TenantId::FIRST,
                    UserId(1),
                )),
                personal: Box::new(UserPersonal {
                    user_name: format!("person{n}"),
                    email: Some(format!("person{n}@example.com")),
                    phone_number: Some(format!("+44 20 {n:08}")),
                    ..UserPersonal::default()
                }),
                password: Verifiers::default(),
                app_info: None,
            };
            engine.create::<User>(command, &head).await.unwrap();
        }
        "client" => {
            let command = |number: u64| {
                let data = ClientRegistered {
                    client: number as u32,
                    tenant: TenantId::FIRST,
                    owner: UserId(1),
                    client_id: ClientName(format!("client-{n}")),
                    name: Some(format!("Client {n}")),
                    allowed_scopes: vec!["oauthapp.user.get".to_owned()],
                    ..ClientRegistered::with_defaults(now())
                };
                ClientCommand::Register(Box::new(data), ClientSecrets::default())
            };
            engine.create::<Client>(command, &head).await.unwrap();
        }
        _ => {
            let fill = |draft: &mut Draft<'_>, tenant: TenantId, signing_key: &_| {
                let hosts = vec![TenantHost { id: 0, name: format!("tenant{n}.example") }];
                let named = tenant_named(tenant, "tenant");
                let data = TenantCreated { hosts, owner: UserId(1), ..named };
                let new = NewTenant { data, properties: Properties::default(), signing_key };
                add_tenant(draft, new, now()).map(drop)
            };
            create_tenant(engine, &head, SigningAlgorithm::Es256, fill).await.unwrap();
        }
    }
}
