//! What every tenant is born with, in one commit: a key that signs, the roles that rights ask for,
//! the identity resources of OpenID Connect, and the API scope of the installation (spec section
//! 6.4).

use domain::api_scope::{ApiScope, ApiScopeFields};
use domain::children::Properties;
use domain::identity_resource::{IdentityResource, IdentityResourceFields};
use domain::log::{CommitHead, LogError};
use domain::plain::{PlainCommand, PlainCreated};
use domain::role::{ROLE_ADMINISTRATOR, ROLE_USER, Role, RoleCommand, RoleCreated, SEEDED_ROLES};
use domain::scope::EVERYTHING;
use domain::signing_key::{SigningAlgorithm, SigningKey, SigningKeyAdded, SigningKeyCommand};
use domain::tenant::{Tenant, TenantCommand, TenantCreated};
use domain::user::{UserClaim, UserCommand, UserPersonal, UserRegistered, Verifiers};
use domain::{TenantId, Timestamp, UserId};

use crate::done::Done;
use crate::engine::{Draft, Engine};
use crate::error::Error;
use crate::keys::random;
use crate::signing::make_signing_key;

/// The standard claims of the scope `profile` (OpenID Connect Core section 5.4).
const PROFILE: [&str; 14] = [
    "name",
    "family_name",
    "given_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "updated_at",
];

/// A tenant that is to begin.
pub struct NewTenant<'a> {
    /// What it is; its number is the one of its stream.
    pub data: TenantCreated,
    /// The values of its properties.
    pub properties: Properties,
    /// Its first signing key. The private half is in the key file already.
    pub signing_key: &'a SigningKeyAdded,
}

/// Makes a tenant, with a key that signs for it. `fill` adds it to the draft, by [`add_tenant`], with
/// whatever else begins in the same commit; it runs again after every lost race.
///
/// # Errors
/// What `fill` refused, or a failure of the log or the keys.
pub async fn create_tenant(
    engine: &Engine,
    head: &CommitHead,
    algorithm: SigningAlgorithm,
    mut fill: impl FnMut(&mut Draft<'_>, TenantId, &SigningKeyAdded) -> Result<(), Error> + Send,
) -> Result<(TenantId, Done), Error> {
    let keys = engine.keys().clone();
    let made = move || {
        let key = make_signing_key(TenantId::INSTALLATION, algorithm, true)?;
        keys.add_signing_key(&key.added.kid, &key.private)?;
        Ok::<_, Error>(key.added)
    };
    let made = tokio::task::spawn_blocking(made).await;
    let key = made.map_err(|_| LogError::Closing)??;
    let filled = engine.transact(head, |draft| {
        let tenant = TenantId(draft.next_number::<Tenant>()? as u32);
        draft.begin_tenant(tenant);
        fill(draft, tenant, &key)?;
        Ok::<_, Error>(tenant)
    });
    let (tenant, done) = filled.await?;
    match done.repeated {
        true => Ok((TenantId(engine.number_at(done.first)? as u32), done)),
        false => Ok((tenant, done)),
    }
}

/// Adds a new tenant to a draft that is in it, with all that it is born with. Says the numbers of its
/// roles, in the order of [`SEEDED_ROLES`].
///
/// # Errors
/// A rule that the tenant breaks, a host that another one has, or a failure of the log.
pub fn add_tenant(
    draft: &mut Draft<'_>,
    new: NewTenant<'_>,
    now: Timestamp,
) -> Result<Vec<u32>, Error> {
    let NewTenant { data, properties, signing_key } = new;
    let tenant = data.tenant;
    // The first event is the tenant: who repeats the request finds its number there.
    let create = TenantCommand::Create(Box::new(data), properties);
    draft.decide::<Tenant>(&tenant.to_string(), &create)?;
    let key = SigningKeyAdded { tenant, ..signing_key.clone() };
    draft.decide::<SigningKey>(&signing_key.kid, &SigningKeyCommand::Add(key))?;
    let mut roles = Vec::new();
    for name in SEEDED_ROLES {
        let role = draft.next_number::<Role>()? as u32;
        let created = RoleCreated { role, tenant, name: name.to_owned(), claims: Vec::new() };
        draft.decide::<Role>(&role.to_string(), &RoleCommand::Create(created))?;
        roles.push(role);
    }
    for fields in identity_resources(now) {
        let id = draft.next_number::<IdentityResource>()?;
        let created = PlainCreated { id: id as u32, tenant };
        let create = PlainCommand::Create(created, Box::new(fields), Vec::new());
        draft.decide::<IdentityResource>(&id.to_string(), &create)?;
    }
    let id = draft.next_number::<ApiScope>()?;
    let created = PlainCreated { id: id as u32, tenant };
    let create = PlainCommand::Create(created, Box::new(api_scope()), Vec::new());
    draft.decide::<ApiScope>(&id.to_string(), &create)?;
    Ok(roles)
}

fn identity_resources(now: Timestamp) -> impl Iterator<Item = IdentityResourceFields> {
    let resources: [(&str, &str, &[&str]); 7] = [
        ("openid", "Your user identifier", &["sub"]),
        ("profile", "Your profile", &PROFILE),
        ("address", "Your postal address", &["address"]),
        ("email", "Your e-mail address", &["email", "email_verified"]),
        ("phone", "Your telephone number", &["phone_number", "phone_number_verified"]),
        ("role", "Your roles", &["role"]),
        ("permission", "Your permissions", &["permission"]),
    ];
    resources.into_iter().map(move |(name, shown, claims)| IdentityResourceFields {
        enabled: true,
        name: name.to_owned(),
        display_name: Some(shown.to_owned()),
        required: name == "openid",
        emphasize: name == "profile",
        show_in_discovery_document: true,
        user_claims: claims.iter().map(|it| (*it).to_owned()).collect(),
        created: now,
        ..IdentityResourceFields::default()
    })
}

fn api_scope() -> ApiScopeFields {
    ApiScopeFields {
        enabled: true,
        name: EVERYTHING.to_owned(),
        display_name: Some("oauthapp".to_owned()),
        description: Some("oauthapp".to_owned()),
        show_in_discovery_document: true,
        user_claims: vec!["role".to_owned(), "permission".to_owned()],
        ..ApiScopeFields::default()
    }
}

/// A tenant with a name and hosts, in use, as `chancery tenant create` makes it.
pub fn tenant_named(tenant: TenantId, name: &str) -> TenantCreated {
    TenantCreated {
        tenant,
        name: name.to_owned(),
        theme: Some("default".to_owned()),
        status: domain::tenant::TENANT_ENABLED,
        issuer_host: None,
        hosts: Vec::new(),
        claims: Vec::new(),
        cache_seconds: 600,
        owner: UserId::NONE,
        logo_uri: None,
        description: None,
        property_keys: Vec::new(),
    }
}

/// The roles of an administrator among those that a tenant is born with.
pub fn roles_of_administrator(roles: &[u32]) -> Vec<u32> {
    let wanted = |name: &&str| [ROLE_USER, ROLE_ADMINISTRATOR].contains(name);
    let named = SEEDED_ROLES.iter().zip(roles).filter(|(name, _)| wanted(name));
    named.map(|(_, role)| *role).collect()
}

/// A user at the top of a tenant.
///
/// # Errors
/// When the operating system has no randomness.
pub fn placed(user: UserId, tenant: TenantId, roles: Vec<u32>) -> Result<UserRegistered, Error> {
    let user_key = random()?;
    let defaults = UserRegistered::with_defaults(user, tenant, user);
    Ok(UserRegistered { user_key, roles, ..defaults })
}

/// A user who may do everything in its tenant.
pub fn administrator(user: UserRegistered, name: &str, password: Verifiers) -> UserCommand {
    UserCommand::Register {
        data: Box::new(UserRegistered { permissions: vec![UserClaim::everything(1)], ..user }),
        personal: Box::new(UserPersonal { user_name: name.to_owned(), ..UserPersonal::default() }),
        password,
        app_info: None,
    }
}
