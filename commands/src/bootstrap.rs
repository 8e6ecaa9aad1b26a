//! The first commit of a new log: everything that is needed to get a first token and create the
//! rest.

use domain::client::ClientSecrets;
use domain::client::{Client, ClientCommand, ClientRegistered};
use domain::role::{ROLE_USER_NUMBER, Role, RoleCommand, RoleCreated, SEEDED_ROLES};
use domain::signing_key::SigningAlgorithm;
use domain::tenant::{Tenant, TenantCommand, TenantCreated, TenantProperties};
use domain::user::{PasswordVerifier, User, UserClaim, UserCommand, UserPersonal, UserRegistered};
use domain::{Actor, ClientName, TenantId, Timestamp, UserId};

use crate::engine::{Done, Engine};
use crate::error::Error;
use crate::keys::random;
use crate::signing::{add_signing_key, make_signing_key, system_head};

/// The tenant that the first commit makes.
pub const FIRST_TENANT: TenantId = TenantId(1);

/// The administrator that the first commit makes.
pub const FIRST_ADMINISTRATOR: UserId = UserId(1);

/// The name of that administrator.
pub const ADMINISTRATOR_NAME: &str = "admin";

/// The `client_id` of the public client of the program's own tools.
pub const FIRST_PARTY_CLIENT: &str = "chancery-cli";

/// The number of the role of administrators.
const ADMINISTRATOR_ROLE: u32 = 4;

/// What the first commit depends on.
pub struct Bootstrap {
    /// Which key signs tokens.
    pub algorithm: SigningAlgorithm,
    /// The verifier of the administrator's password.
    pub password: PasswordVerifier,
    /// The scopes of the first-party client.
    pub scopes: Vec<String>,
}

/// Writes the first commit, unless the log has one.
///
/// # Errors
/// When the log or the keys fail.
pub async fn bootstrap(
    engine: &Engine,
    with: Bootstrap,
    now: Timestamp,
) -> Result<Option<Done>, Error> {
    if engine.log().head().position > 0 {
        return Ok(None);
    }
    let mut draft = engine.draft(system_head(FIRST_TENANT, Actor::System, now)?);
    let key = make_signing_key(FIRST_TENANT, with.algorithm, true)?;
    add_signing_key(&mut draft, engine.keys(), key)?;
    draft.decide::<Tenant>("1", &first_tenant())?;
    for (role, name) in (1..).zip(SEEDED_ROLES) {
        let created =
            RoleCreated { role, tenant: FIRST_TENANT, name: name.to_owned(), claims: Vec::new() };
        draft.decide::<Role>(&role.to_string(), &RoleCommand::Create(created))?;
    }
    draft.decide::<User>("1", &administrator(with.password)?)?;
    draft.decide::<Client>("1", &first_party_client(with.scopes, now))?;
    draft.commit().await.map(Some)
}

/// Without hosts: where the program listens, the first tenant answers anyway.
fn first_tenant() -> TenantCommand {
    TenantCommand::Create(
        Box::new(TenantCreated {
            tenant: FIRST_TENANT,
            name: "oauthapp".to_owned(),
            theme: Some("default".to_owned()),
            status: 1,
            issuer_host: None,
            hosts: Vec::new(),
            claims: Vec::new(),
            cache_seconds: 600,
            owner: FIRST_ADMINISTRATOR,
            logo_uri: None,
            description: None,
            property_keys: Vec::new(),
        }),
        TenantProperties::default(),
    )
}

fn administrator(password: PasswordVerifier) -> Result<UserCommand, Error> {
    let permission =
        UserClaim { id: 1, claim_type: "permission".to_owned(), value: "oauthapp.all".to_owned() };
    Ok(UserCommand::Register {
        data: Box::new(UserRegistered {
            user_key: random()?,
            roles: vec![ROLE_USER_NUMBER, ADMINISTRATOR_ROLE],
            permissions: vec![permission],
            ..UserRegistered::with_defaults(FIRST_ADMINISTRATOR, FIRST_TENANT, FIRST_ADMINISTRATOR)
        }),
        personal: Box::new(UserPersonal {
            user_name: ADMINISTRATOR_NAME.to_owned(),
            ..UserPersonal::default()
        }),
        password: password.into(),
        app_info: None,
    })
}

/// A public client (RFC 6749 section 2.1): it runs where a secret cannot be kept.
fn first_party_client(scopes: Vec<String>, now: Timestamp) -> ClientCommand {
    let data = ClientRegistered {
        client: 1,
        tenant: FIRST_TENANT,
        owner: FIRST_ADMINISTRATOR,
        client_id: ClientName(FIRST_PARTY_CLIENT.to_owned()),
        name: Some("Chancery command line".to_owned()),
        require_client_secret: false,
        allowed_grant_types: vec!["password".to_owned()],
        allowed_scopes: scopes,
        ..ClientRegistered::with_defaults(now)
    };
    ClientCommand::Register(Box::new(data), ClientSecrets::default())
}
