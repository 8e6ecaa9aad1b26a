//! Lists of 100,000 rows beside lists of 20: users, clients, API resources and API scopes.
//!
//! What indexes answer must cost about the same; all else must look at every row, off the lock. Each
//! list is asked for alone: first on rows that no question has made yet, then warm.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot go on ends by a panic"
)]

use std::sync::Arc;
use std::time::Instant;

use commands::Engine;
use commands::signing::system_head;
use domain::api_scope::{ApiScope, ApiScopeFields};
use domain::client::{Client, ClientCommand, ClientRegistered, ClientSecrets};
use domain::plain::{PlainCommand, PlainCreated};
use domain::resource::{Resource, ResourceCommand, ResourceCreated, ResourceSecrets};
use domain::user::{User, UserCommand, UserPersonal, UserRegistered, Verifiers};
use domain::{Actor, Aggregate, ClientName, TenantId, UserId};
use serde_json::Value;
use tempfile::TempDir;
use tests::bench::{PASSWORD, Server, ask, binary, get, now, open, post};
use tests::samples::{client_registered, resource_created};

const MANY: u64 = 100_000;
const FEW: u64 = 20;
const IN_FLIGHT: u64 = 128;
/// How often each list is asked for, warm; the median counts.
const TURNS: usize = 15;

/// What a list is, its path, and whether an index answers it.
const LISTS: [(&str, &str, bool); 20] = [
    ("users", "/api/User?take=10", true),
    ("users by id", "/api/User?take=10&orderby=userID&asc=true", true),
    ("users by createDate", "/api/User?take=10&orderby=createDate", true),
    ("users by e-mail address", "/api/User?take=10&q.email=person11%40example.com", true),
    ("users by role", "/api/User?take=10&q.role=administrator", true),
    ("users, orderby=status", "/api/User?take=10&orderby=status", false),
    ("users, orderby=userName", "/api/User?take=10&orderby=userName", false),
    ("users, orderby=claims", "/api/User?take=10&orderby=claims", false),
    ("users, orderby=parentUserName", "/api/User?take=10&orderby=parentUserName", false),
    ("users, q.name", "/api/User?take=10&q.name=son1", false),
    ("clients", "/api/Client?take=10", true),
    ("clients by name", "/api/Client?take=10&orderby=clientName", true),
    ("clients by created", "/api/Client?take=10&orderby=created", true),
    ("clients with a clientId", "/api/Client?take=10&q.ClientID=client-11", true),
    ("clients, orderby=description", "/api/Client?take=10&orderby=description", false),
    ("API resources by name", "/api/ApiResource?take=10&orderby=name", true),
    ("API resources, orderby=enabled", "/api/ApiResource?take=10&orderby=enabled", false),
    ("API scopes by name", "/api/ApiScope?take=10&orderby=name", true),
    ("API scopes with a name", "/api/ApiScope?take=10&q.name=scope.11", true),
    ("API scopes, orderby=required", "/api/ApiScope?take=10&orderby=required", false),
];

async fn create<A: Aggregate>(
    engine: &Arc<Engine>,
    count: u64,
    command: impl Fn(u64) -> A::Command + Send + Sync + Clone + 'static,
) {
    let tasks = (0..IN_FLIGHT.min(count)).map(|task| {
        let (engine, command) = (engine.clone(), command.clone());
        tokio::spawn(async move {
            for _ in (task..count).step_by(IN_FLIGHT as usize) {
                let head = system_head(TenantId::FIRST, Actor::System, now()).unwrap();
                engine.create::<A>(&command, &head).await.unwrap();
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

async fn fill(engine: &Arc<Engine>, count: u64) {
    create::<User>(engine, count, |n| {
        let user = UserId(n as u32);
        let data = UserRegistered::with_defaults(user, TenantId::FIRST, UserId(1));
        let personal = UserPersonal {
            user_name: format!("person{n}"),
            email: Some(format!("person{n}@example.com")),
            ..UserPersonal::default()
        };
        UserCommand::Register {
            data: Box::new(data),
            personal: Box::new(personal),
            password: Verifiers::default(),
            app_info: None,
        }
    })
    .await;
    create::<Client>(engine, count, |n| {
        let data = ClientRegistered {
            client: n as u32,
            tenant: TenantId::FIRST,
            owner: UserId(1),
            client_id: ClientName(format!("client-{n}")),
            name: Some(format!("Client {}", n % 977)),
            secrets: Vec::new(),
            property_keys: Vec::new(),
            ..client_registered()
        };
        ClientCommand::Register(Box::new(data), ClientSecrets::default())
    })
    .await;
    create::<Resource>(engine, count, |n| {
        let data = ResourceCreated {
            resource: n as u32,
            tenant: TenantId::FIRST,
            owner: UserId(1),
            name: format!("resource-{n}"),
            scopes: vec![format!("resource-{n}.read")],
            secrets: Vec::new(),
            property_keys: Vec::new(),
            ..resource_created()
        };
        ResourceCommand::Create(Box::new(data), ResourceSecrets::default())
    })
    .await;
    create::<ApiScope>(engine, count, |n| {
        let created = PlainCreated { id: n as u32, tenant: TenantId::FIRST };
        let fields = ApiScopeFields { name: format!("scope.{n}"), ..ApiScopeFields::default() };
        PlainCommand::Create(created, Box::new(fields), Vec::new())
    })
    .await;
}

/// Milliseconds of the first answer, and of the median of the others, to each list.
fn measure(count: u64) -> Vec<(f64, f64)> {
    let folder = TempDir::with_prefix("chancery-bench-").unwrap();
    Server::start(folder.path(), None).stop();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    {
        let (log, engine) = open(folder.path());
        runtime.block_on(fill(&engine, count));
        log.close();
    }
    // A graceful stop writes a snapshot: the rows of the next start lie there, and none is made.
    Server::start(folder.path(), None).stop();
    let server = Server::start(folder.path(), None);
    std::thread::sleep(std::time::Duration::from_secs(2));
    let address = server.address;
    let form = format!(
        "grant_type=password&client_id=chancery-cli&username=admin&password={PASSWORD}\
         &scope=oauthapp.all"
    );
    let (status, body) = runtime.block_on(ask(address, &post(address, "/connect/token", &form)));
    assert_eq!(status, 200, "{body}");
    let answer: Value = serde_json::from_str(&body).unwrap();
    let token = answer["access_token"].as_str().unwrap().to_owned();
    let measured = LISTS.map(|(what, path, _)| {
        let request = get(address, path, Some(&token));
        let once = || {
            let began = Instant::now();
            let (status, body) = runtime.block_on(ask(address, &request));
            let took = began.elapsed().as_secs_f64() * 1e3;
            let answer: Value = serde_json::from_str(&body).unwrap();
            let rows = answer["data"].as_array().map_or(0, Vec::len);
            assert!(status == 200 && rows > 0, "{what}: {body}");
            took
        };
        let first = once();
        let mut warm = (0..TURNS).map(|_| once()).collect::<Vec<_>>();
        warm.sort_by(f64::total_cmp);
        (first, warm[TURNS / 2])
    });
    server.kill();
    measured.into()
}

fn main() {
    binary();
    let (few, many) = (measure(FEW), measure(MANY));
    println!("milliseconds, one request at a time; of {TURNS} warm ones the median");
    println!("{:34} {:>10} {:>10} {:>10} {:>7}", "list", "of 20", "first", "of 100 k", "ratio");
    for (((what, _, indexed), few), many) in LISTS.iter().zip(few).zip(many) {
        println!(
            "{what:34} {:10.2} {:10.2} {:10.2} {:7.2}{}",
            few.1,
            many.0,
            many.1,
            many.1 / few.1,
            if *indexed { "" } else { "  looks at all" }
        );
    }
}
