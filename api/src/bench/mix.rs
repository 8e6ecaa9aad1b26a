//! The events of the benchmarks: 60 % tokens, 20 % users with personal data, 20 % roles and
//! resources.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use commands::bootstrap::FIRST_ADMINISTRATOR;
use commands::keys::random_id;
use commands::signing::system_head;
use commands::{Done, Engine, Error};
use domain::resource::{Resource, ResourceCommand, ResourceCreated, ResourceSecrets};
use domain::role::{Role, RoleClaim, RoleCommand, RoleCreated};
use domain::token::{Grant, Token, TokenCommand, TokenIssued, token_id};
use domain::user::{PasswordVerifier, User, UserCommand, UserPersonal, UserRegistered};
use domain::{Actor, ClientName, TenantId, Timestamp, UserId};

use crate::program::failure::Failure;

/// The tenant that all events belong to.
const TENANT: TenantId = TenantId(1);

/// Ids below are left to the first commit of a log.
const FIRST_NUMBER: u64 = 1_000;

/// What one commit of a benchmark adds; each is one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A token without a user.
    Token,
    /// A user with personal data and a password; the next free number.
    User,
    /// A role with a claim.
    Role,
    /// An API resource with scopes.
    Resource,
}

/// The kind of the nth event of the mix.
pub fn kind_of(n: u64) -> Kind {
    match n % 10 {
        0 | 2 | 3 | 5 | 7 | 8 => Kind::Token,
        1 | 6 => Kind::User,
        4 => Kind::Role,
        _ => Kind::Resource,
    }
}

/// Appends one event that no other `n` of this kind appends.
///
/// # Errors
/// As the engine's.
pub async fn append(
    engine: &Engine,
    kind: Kind,
    n: u64,
    now: Timestamp,
    token_seconds: i64,
) -> Result<Done, Error> {
    let number = FIRST_NUMBER + n;
    let id = number.to_string();
    match kind {
        Kind::Token => {
            let head =
                system_head(TENANT, Actor::Client(ClientName("bench-shop".to_owned())), now)?;
            let issued = token(now, token_seconds);
            let id = token_id(issued.expires_at, random_id()?);
            engine.handle::<Token>(&id, &TokenCommand::Issue(Box::new(issued)), &head).await
        }
        Kind::User => {
            let head = system_head(TENANT, Actor::User(UserId(1)), now)?;
            engine.create::<User>(|number| user(number as u32), &head).await.map(|it| it.1)
        }
        Kind::Role => {
            let head = system_head(TENANT, Actor::User(UserId(1)), now)?;
            engine.handle::<Role>(&id, &RoleCommand::Create(role(number as u32)), &head).await
        }
        Kind::Resource => {
            let head = system_head(TENANT, Actor::User(UserId(1)), now)?;
            let command =
                ResourceCommand::Create(Box::new(resource(number as u32, now)), secrets());
            engine.handle::<Resource>(&id, &command, &head).await
        }
    }
}

/// Appends the events `from..to` of the mix, so many at once.
///
/// # Errors
/// The first failure.
pub async fn fill(
    engine: &Arc<Engine>,
    (from, to): (u64, u64),
    in_flight: usize,
    kind: fn(u64) -> Kind,
    now: Timestamp,
) -> Result<(), Failure> {
    let next = Arc::new(AtomicU64::new(from));
    let tasks = (0..in_flight).map(|_| {
        let (engine, next) = (engine.clone(), next.clone());
        tokio::spawn(async move {
            loop {
                let n = next.fetch_add(1, Relaxed);
                if n >= to {
                    return Ok(());
                }
                append(&engine, kind(n), n, now, 3_600).await?;
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        let result: Result<(), Error> = task.await?;
        result?;
    }
    Ok(())
}

fn token(now: Timestamp, seconds: i64) -> TokenIssued {
    TokenIssued {
        tenant: TENANT,
        client_id: ClientName("bench-shop".to_owned()),
        user: UserId::NONE,
        parent: None,
        counts_from: 0,
        grant_type: Grant::ClientCredentials.name().to_owned(),
        grant: [0; 16],
        actors: Vec::new(),
        format: 0,
        jkt: None,
        id_token_kid: None,
        scope: vec!["orders.read".to_owned(), "orders.write".to_owned()],
        audience: vec!["Orders".to_owned()],
        kid: "AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        issued_at: now,
        expires_at: now.plus_seconds(seconds),
    }
}

fn user(user: u32) -> UserCommand {
    UserCommand::Register {
        data: Box::new(UserRegistered {
            user_key: [7; 16],
            email_confirmed: true,
            ..UserRegistered::with_defaults(UserId(user), TENANT, FIRST_ADMINISTRATOR)
        }),
        personal: Box::new(UserPersonal {
            user_name: format!("person{user}"),
            email: Some(format!("person{user}@example.com")),
            phone_number: Some(format!("+44 20 {user:08}")),
            nick_name: Some(format!("Person {user}")),
            ..UserPersonal::default()
        }),
        password: PasswordVerifier {
            memory_kib: 19_456,
            passes: 2,
            lanes: 1,
            salt: [1; 16],
            hash: [2; 32],
        }
        .into(),
        app_info: None,
    }
}

fn role(role: u32) -> RoleCreated {
    let claim = RoleClaim {
        id: 1,
        claim_type: "permission".to_owned(),
        value: "oauthapp.user.get,oauthapp.user.list,oauthapp.client.get".to_owned(),
    };
    RoleCreated { role, tenant: TENANT, name: format!("bench role {role}"), claims: vec![claim] }
}

fn resource(resource: u32, now: Timestamp) -> ResourceCreated {
    ResourceCreated {
        resource,
        tenant: TENANT,
        owner: UserId(1),
        enabled: true,
        name: format!("bench-{resource}"),
        display_name: Some(format!("The resource {resource}")),
        description: Some("A resource that a benchmark made".to_owned()),
        allowed_access_token_signing_algorithms: None,
        show_in_discovery_document: false,
        secrets: Vec::new(),
        scopes: vec![format!("bench{resource}.read"), format!("bench{resource}.write")],
        user_claims: Vec::new(),
        property_keys: Vec::new(),
        created: now,
        updated: None,
        last_accessed: None,
        non_editable: false,
    }
}

fn secrets() -> ResourceSecrets {
    ResourceSecrets::default()
}

#[cfg(test)]
mod tests {
    use commands::keys::Keyring;
    use commands::log::MemoryLog;

    use super::*;

    /// The rules of the domain go on; a benchmark that breaks one measures nothing.
    #[tokio::test]
    async fn every_event_of_the_mix_is_taken() {
        let keys = Arc::new(Keyring::ephemeral().unwrap());
        let engine = Engine::new(Arc::new(MemoryLog::new(keys.log_id())), keys);
        for n in 0..30 {
            let now = Timestamp::from_seconds(1_800_000_000);
            let done = append(&engine, kind_of(n), n, now, 3_600).await.unwrap();
            assert_eq!(done.position, n + 1);
        }
    }
}
