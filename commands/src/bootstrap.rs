//! The first commit of a new log: everything that is needed to get a first token and create the
//! rest.

use domain::children::Properties;
use domain::client::ClientSecrets;
use domain::client::{Client, ClientCommand, ClientRegistered};
use domain::signing_key::SigningAlgorithm;
use domain::tenant::TenantCreated;
use domain::user::{PasswordVerifier, User};
use domain::{Actor, ClientName, TenantId, Timestamp, UserId};

use crate::done::Done;
use crate::engine::Engine;
use crate::error::Error;
use crate::signing::{make_signing_key, system_head};
use crate::tenant_birth::{
    NewTenant, add_tenant, administrator, placed, roles_of_administrator, tenant_named,
};

/// The administrator that the first commit makes.
pub const FIRST_ADMINISTRATOR: UserId = UserId(1);

/// The name of that administrator.
pub const ADMINISTRATOR_NAME: &str = "admin";

/// The `client_id` of the public client of the program's own tools.
pub const FIRST_PARTY_CLIENT: &str = "chancery-cli";

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
    let mut draft = engine.draft(system_head(TenantId::FIRST, Actor::System, now)?);
    let key = make_signing_key(TenantId::FIRST, with.algorithm, true)?;
    engine.keys().add_signing_key(&key.added.kid, &key.private)?;
    // Without hosts: where the program listens, the first tenant answers anyway.
    let data =
        TenantCreated { owner: FIRST_ADMINISTRATOR, ..tenant_named(TenantId::FIRST, "oauthapp") };
    let new = NewTenant { data, properties: Properties::default(), signing_key: &key.added };
    let roles = add_tenant(&mut draft, new, now)?;
    let user = placed(FIRST_ADMINISTRATOR, TenantId::FIRST, roles_of_administrator(&roles))?;
    let administrator = administrator(user, ADMINISTRATOR_NAME, with.password.into());
    draft.decide::<User>("1", &administrator)?;
    draft.decide::<Client>("1", &first_party_client(with.scopes, now))?;
    draft.commit().await.map(Some)
}

/// A public client (RFC 6749 section 2.1): it runs where a secret cannot be kept.
fn first_party_client(scopes: Vec<String>, now: Timestamp) -> ClientCommand {
    let data = ClientRegistered {
        client: 1,
        tenant: TenantId::FIRST,
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
