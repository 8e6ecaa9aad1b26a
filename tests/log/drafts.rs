//! What one draft decides of one aggregate, twice: the second decision knows of the first.

use std::sync::Arc;

use commands::keys::Keyring;
use commands::log::MemoryLog;
use commands::signing::system_head;
use commands::{Done, Draft, Engine, Error};
use domain::log::{CommitHead, EventLog};
use domain::role::{Role, RoleCommand, RoleCreated};
use domain::user::{User, UserCommand};
use domain::{Actor, Refusal, StreamId, TenantId};
use tests::given::NOW;
use tests::samples;

const TENANT: TenantId = TenantId(1);

fn engine() -> Engine {
    let keys = Arc::new(Keyring::ephemeral().unwrap());
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new(keys.log_id()));
    Engine::new(log, keys)
}

fn head() -> CommitHead {
    system_head(TENANT, Actor::System, NOW).unwrap()
}

fn register() -> UserCommand {
    UserCommand::Register {
        data: Box::new(samples::user_registered()),
        personal: Box::new(samples::user_personal()),
        password: samples::password_verifier().into(),
        app_info: None,
    }
}

fn user_id() -> String {
    samples::user_registered().user.to_string()
}

/// Appends what a draft decides.
async fn write(
    engine: &Engine,
    fill: impl Fn(&mut Draft<'_>) -> Result<(), Error> + Send,
) -> Result<Done, Error> {
    engine.transact(&head(), fill).await.map(|((), done)| done)
}

fn kinds(engine: &Engine) -> Vec<String> {
    let stream = StreamId::new("user", user_id());
    let events = engine.log().read_stream(&stream, 0).unwrap();
    assert!((1..).zip(&events).all(|(version, it)| it.version == version), "{events:?}");
    events.iter().map(|it| it.kind.to_string()).collect()
}

#[tokio::test]
async fn two_decisions_about_one_aggregate_are_one_commit() {
    let engine = engine();
    let done = write(&engine, |draft| {
        draft.decide::<User>(&user_id(), &register())?;
        draft.decide::<User>(&user_id(), &UserCommand::SetEnabled(false))?;
        draft.decide::<User>(&user_id(), &UserCommand::SetEnabled(true))
    });
    let done = done.await.unwrap();
    assert_eq!((done.first, done.position, done.repeated), (1, 3, false));
    assert!((1_000..1_300).contains(&done.bytes), "{done:?}");
    let set = "user.enabled_set.v1";
    let expected = ["user.registered.v1", set, set];
    assert_eq!(kinds(&engine), expected);
    // The cache has what both decided: to enable it again is nothing to do.
    let again = engine.handle::<User>(&user_id(), &UserCommand::SetEnabled(true), &head()).await;
    assert_eq!(again.unwrap().first, 0);
    let other = Engine::new(engine.log().clone(), engine.keys().clone());
    let again = other.handle::<User>(&user_id(), &UserCommand::SetEnabled(true), &head()).await;
    assert_eq!(again.unwrap().first, 0);
}

#[tokio::test]
async fn the_second_decision_is_refused_because_of_the_first() {
    let engine = engine();
    engine.handle::<User>(&user_id(), &register(), &head()).await.unwrap();
    let refused = write(&engine, |draft| {
        draft.decide::<User>(&user_id(), &UserCommand::Delete)?;
        draft.decide::<User>(&user_id(), &UserCommand::SetEnabled(false))
    });
    let refused = refused.await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::NotFound { .. }))), "{refused:?}");
    assert_eq!(kinds(&engine), ["user.registered.v1"]);
}

#[tokio::test]
async fn a_value_that_is_taken_and_given_back_in_one_draft_is_free() {
    let engine = engine();
    let done = write(&engine, |draft| {
        draft.decide::<User>(&user_id(), &register())?;
        draft.decide::<User>(&user_id(), &UserCommand::Delete)
    });
    done.await.unwrap();
    let mut data = samples::user_registered();
    data.user = domain::UserId(data.user.0 + 1);
    let id = data.user.to_string();
    let same_name = UserCommand::Register {
        data: Box::new(data),
        personal: Box::new(samples::user_personal()),
        password: samples::password_verifier().into(),
        app_info: None,
    };
    engine.handle::<User>(&id, &same_name, &head()).await.unwrap();
}

#[tokio::test]
async fn an_expectation_beside_two_decisions_is_that_of_the_first() {
    let engine = engine();
    engine.handle::<User>(&user_id(), &register(), &head()).await.unwrap();
    for (version, fits) in [(2, false), (1, true)] {
        let done = write(&engine, |draft| {
            draft.expect::<User>(&user_id(), version);
            draft.decide::<User>(&user_id(), &UserCommand::SetEnabled(false))?;
            draft.decide::<User>(&user_id(), &UserCommand::SetEnabled(true))
        });
        let done = done.await;
        assert_eq!(done.is_ok(), fits, "{done:?}");
    }
}

#[tokio::test]
async fn too_many_events_are_too_large_and_no_contradiction() {
    let engine = engine();
    let refused = write(&engine, |draft| {
        (0..1_001).try_for_each(|number: u32| {
            let role = RoleCreated { role: number + 1, name: format!("r{number}"), ..role() };
            draft.decide::<Role>(&role.role.to_string(), &RoleCommand::Create(role))
        })
    });
    let refused = refused.await;
    assert!(matches!(refused, Err(Error::TooLarge(_))), "{refused:?}");
}

fn role() -> RoleCreated {
    samples::role_created()
}
