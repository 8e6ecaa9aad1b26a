//! Ten thousand who claim one value at the same moment: one of them gets it, and the others are told.

use std::sync::Arc;

use commands::signing::system_head;
use commands::{Engine, Error};
use domain::children::Properties;
use domain::tenant::{Tenant, TenantCommand, TenantCreated, TenantHost};
use domain::user::{User, UserCommand, UserPersonal, UserRegistered, Verifiers};
use domain::{Actor, Refusal, TenantId, UserId};
use tests::given::NOW;
use tests::life::Life;
use tests::samples;
use tokio::task::JoinSet;

const RACERS: u32 = 10_000;

const TENANT: TenantId = TenantId(1);

/// Runs all at once; how many won. The others must have been told that the value is taken.
async fn winners<F>(what: &str, run: impl Fn(Arc<Engine>, u32) -> F) -> usize
where
    F: Future<Output = Result<(), Error>> + Send + 'static,
{
    let engine = Arc::new(Life::new().engine);
    let mut racers = JoinSet::new();
    for n in 1..=RACERS {
        racers.spawn(run(engine.clone(), n));
    }
    let mut won = 0;
    while let Some(result) = racers.join_next().await {
        match result.unwrap() {
            Ok(()) => won += 1,
            Err(Error::Refused(Refusal::AlreadyExists { what: taken })) => assert_eq!(taken, what),
            Err(err) => panic!("{err}"),
        }
    }
    won
}

async fn register(engine: Arc<Engine>, personal: UserPersonal) -> Result<(), Error> {
    let head = system_head(TENANT, Actor::System, NOW).unwrap();
    let command = |number: u64| UserCommand::Register {
        data: Box::new(UserRegistered::with_defaults(UserId(number as u32), TENANT, UserId(1))),
        personal: Box::new(personal.clone()),
        password: Verifiers::default(),
        app_info: None,
    };
    engine.create::<User>(command, &head).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_user_gets_a_name() {
    let run = |engine, _| {
        let user_name = "wanted".to_owned();
        register(engine, UserPersonal { user_name, ..UserPersonal::default() })
    };
    assert_eq!(winners("user name", run).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_user_gets_an_address() {
    let run = |engine, n: u32| {
        let (user_name, email) = (format!("user{n}"), Some("wanted@example.com".to_owned()));
        register(engine, UserPersonal { user_name, email, ..UserPersonal::default() })
    };
    assert_eq!(winners("e-mail address", run).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_tenant_gets_a_host() {
    let run = |engine: Arc<Engine>, n: u32| async move {
        let head = system_head(TenantId(n), Actor::System, NOW).unwrap();
        let hosts = vec![TenantHost { id: 1, name: "wanted.example".to_owned() }];
        let data = TenantCreated { tenant: TenantId(n), hosts, ..samples::tenant_created() };
        let properties = Properties { values: vec!["value".to_owned()] };
        let create = TenantCommand::Create(Box::new(data), properties);
        engine.handle::<Tenant>(&n.to_string(), &create, &head).await.map(drop)
    };
    assert_eq!(winners("host name", run).await, 1);
}
