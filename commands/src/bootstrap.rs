//! The first commit of a new log: what it takes to get a first token and to create the rest.

use domain::client::ClientSecrets;
use domain::client::{Client, ClientCommand, ClientFlags, ClientLifetimes, ClientRegistered};
use domain::role::{ROLE_ADMINISTRATOR, ROLE_USER, Role, RoleCommand, RoleCreated};
use domain::signing_key::SigningAlgorithm;
use domain::tenant::{Tenant, TenantCommand, TenantCreated, TenantHost, TenantProperties};
use domain::user::{PasswordVerifier, User, UserClaim, UserCommand, UserPersonal, UserRegistered};
use domain::{ClientName, TenantId, Timestamp, UserId};

use crate::engine::{Done, Engine, Error};
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

/// The roles that the first commit makes, from number 1.
pub const ROLES: [&str; 4] = [ROLE_USER, "partner", "developer", ROLE_ADMINISTRATOR];

/// The number of the role that every user gets.
const USER_ROLE: u32 = 1;

/// The number of the role that lifts the limits of a tenant's users.
const ADMINISTRATOR_ROLE: u32 = 4;

/// What the first commit depends on.
pub struct Bootstrap {
    /// The hosts of the first tenant: `host[:port]`.
    pub hosts: Vec<String>,
    /// Which key signs tokens.
    pub algorithm: SigningAlgorithm,
    /// What proves the administrator.
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
    let mut draft = engine.draft(system_head(FIRST_TENANT, "system", now)?);
    let key = make_signing_key(FIRST_TENANT, with.algorithm, true)?;
    add_signing_key(&mut draft, engine.keys(), key)?;
    draft.decide::<Tenant>("1", &first_tenant(&with.hosts))?;
    for (role, name) in (1..).zip(ROLES) {
        let created =
            RoleCreated { role, tenant: FIRST_TENANT, name: name.to_owned(), claims: Vec::new() };
        draft.decide::<Role>(&role.to_string(), &RoleCommand::Create(created))?;
    }
    draft.decide::<User>("1", &administrator(with.password)?)?;
    draft.decide::<Client>("1", &first_party_client(with.scopes, now))?;
    draft.commit().await.map(Some)
}

fn first_tenant(hosts: &[String]) -> TenantCommand {
    let hosts = (1..).zip(hosts).map(|(id, name)| TenantHost { id, name: name.clone() });
    let hosts = hosts.collect::<Vec<_>>();
    TenantCommand::Create(
        Box::new(TenantCreated {
            tenant: FIRST_TENANT,
            name: "oauthapp".to_owned(),
            theme: Some("default".to_owned()),
            status: 1,
            issuer_host: hosts.first().map(|it| it.name.clone()),
            hosts,
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
            roles: vec![USER_ROLE, ADMINISTRATOR_ROLE],
            permissions: vec![permission],
            ..blank_user(FIRST_ADMINISTRATOR, FIRST_TENANT, FIRST_ADMINISTRATOR)
        }),
        personal: Box::new(UserPersonal {
            user_name: ADMINISTRATOR_NAME.to_owned(),
            ..UserPersonal::default()
        }),
        password: password.into(),
        app_info: None,
    })
}

/// Public (RFC 6749 section 2.1): it runs where a secret could not be kept.
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
        ..blank_client(now)
    };
    ClientCommand::Register(Box::new(data), ClientSecrets::default())
}

/// A user of whom nothing is known but the number, the tenant and who brought it in.
pub fn blank_user(user: UserId, tenant: TenantId, parent: UserId) -> UserRegistered {
    let lineage = match user == parent {
        true => format!("/{user}/"),
        false => format!("/{parent}/{user}/"),
    };
    UserRegistered {
        user,
        tenant,
        user_key: [0; 16],
        parent,
        lineage,
        roles: vec![USER_ROLE],
        permissions: Vec::new(),
        email_confirmed: false,
        phone_confirmed: false,
        lock_flag: false,
        status: 0,
        type_ids: None,
        pool_ids: None,
        data_amount: 0,
        points: 0,
        money: 0,
    }
}

/// A client with every default of spec section 2.7.
pub fn blank_client(now: Timestamp) -> ClientRegistered {
    ClientRegistered {
        client: 0,
        tenant: TenantId(0),
        owner: UserId::NONE,
        client_id: ClientName(String::new()),
        enabled: true,
        protocol_type: "oidc".to_owned(),
        require_client_secret: true,
        name: None,
        description: None,
        client_uri: None,
        logo_uri: None,
        flags: ClientFlags {
            require_consent: false,
            allow_remember_consent: true,
            always_include_user_claims_in_id_token: false,
            require_pkce: true,
            allow_plain_text_pkce: false,
            require_request_object: false,
            allow_access_tokens_via_browser: false,
            front_channel_logout_session_required: true,
            back_channel_logout_session_required: true,
            allow_offline_access: false,
            update_access_token_claims_on_refresh: false,
            enable_local_login: true,
            include_jwt_id: false,
            always_send_client_claims: false,
            non_editable: false,
        },
        lifetimes: ClientLifetimes {
            identity_token: 300,
            access_token: 3600,
            authorization_code: 300,
            consent: None,
            absolute_refresh_token: 2_592_000,
            sliding_refresh_token: 1_296_000,
            user_sso: None,
            device_code: 300,
            refresh_token_usage: 1,
            refresh_token_expiration: 1,
            access_token_type: 0,
        },
        front_channel_logout_uri: None,
        back_channel_logout_uri: None,
        allowed_identity_token_signing_algorithms: None,
        client_claims_prefix: Some("client_".to_owned()),
        user_code_type: None,
        secrets: Vec::new(),
        allowed_grant_types: Vec::new(),
        redirect_uris: Vec::new(),
        post_logout_redirect_uris: Vec::new(),
        allowed_scopes: Vec::new(),
        identity_provider_restrictions: Vec::new(),
        claims: Vec::new(),
        allowed_cors_origins: Vec::new(),
        property_keys: Vec::new(),
        created: now,
    }
}
