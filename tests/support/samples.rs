//! One event or more of every stored kind, in which every field says something of its own.
//!
//! The first sample of a kind is full: no field is empty and no two fields of a part are alike,
//! so that two swapped fields show. The others stand for what one value cannot: empty options,
//! the other variants of an enum, and switches, of which there are only two values.

pub mod app_token;
pub mod blobs;
mod client;
mod delivery;
pub mod products;
mod resource;
mod role;
pub mod scopes;
pub mod sdk;
pub mod security;
mod stored;
pub mod subscribers;
pub mod subscriptions;
mod token;
mod user;

use domain::children::Properties;
use domain::client::{ClientEnabledSet, ClientSecretInfo, ClientSecrets, ClientTakenOver};
use domain::client::{ClientEvent, ClientFlags, ClientLifetimes, ClientRegistered};
use domain::log_event::{HighestNumber, LogEvent, LogForgotten, LogRestored};
use domain::resource::{ResourceClientAllowed, ResourceEvent};
use domain::signing_key::{SigningAlgorithm, SigningKeyAdded, SigningKeyEnded};
use domain::signing_key::{SigningKeyEvent, SigningKeyRetired};
use domain::tenant::{ApiPolicy, Refuse, TenantAppTokenLinkSet, TenantChange, TenantDeleted};
use domain::tenant::{TenantClaim, TenantCreated, TenantEvent, TenantHost, TenantUpdated};
use domain::token::{TokenEvent, TokenIssued, TokenRevoked};
use domain::user::{PasswordVerifier, UserClaim, UserDeleted, UserErased, UserEvent};
use domain::user::{UserAppInfo, UserAppInfoSet, UserAppPasswordSet, UserEnabledSet};
use domain::user::{UserPasswordSet, UserPersonal, UserRegistered, UserRightsSet};
use domain::{AnyEvent, ClientName, Fact, TenantId, Timestamp, UserId};

pub use self::client::{client_editable, client_wishes};
pub use self::delivery::{
    delivery_secret, delivery_to, delivery_wanted, verification_issued, verification_secret,
};
pub use self::resource::{
    RESOURCE_SECRET, VERSION_API_ID, difference, face, publication, resource_created,
    resource_editable, resource_published, resource_secrets, resource_wishes,
};
use self::resource::{client_allowed, resource_sparse, version_set_online, with_secret};
pub use self::role::*;
use self::stored::{client_stored, tenant_stored, tenant_updated_stored, user_stored};
pub use self::token::token_issued;
use self::token::token_sparse;
use self::user::user_updated;
pub use self::user::{user_personal, user_registered};

/// A sample, under the kind that its bytes are stored as.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The stored kind; a former one if `event` is what it is lifted to.
    pub kind: &'static str,
    /// What it shows: `full` for the first of a kind.
    pub name: &'static str,
    /// What the stored bytes mean to this program.
    pub event: AnyEvent,
}

/// Every sample; the first of each kind is full.
pub fn all() -> Vec<Sample> {
    let mut samples = vec![
        sample("full", client_stored()),
        sample("sparse", ClientEvent::Registered(client_sparse().into())),
        sample("flags_1", client_with_flags(1)),
        sample("flags_2", client_with_flags(2)),
        sample("flags_4", client_with_flags(4)),
        sample("flags_8", client_with_flags(8)),
        sample("full", ClientEvent::EnabledSet(ClientEnabledSet { enabled: true }.into())),
        sample("full", {
            ClientEvent::TakenOver(ClientTakenOver { former_owner: UserId(17) }.into())
        }),
        sample("full", with_secret(resource_created(), resource_secrets())),
        sample("sparse", ResourceEvent::Created(resource_sparse().into())),
        sample("full", ResourceEvent::VersionSetOnline(version_set_online().into())),
        sample("full", ResourceEvent::ClientAllowed(client_allowed().into())),
        sample("closed", {
            let closed = ResourceClientAllowed { scopes: Vec::new(), ..client_allowed() };
            ResourceEvent::ClientAllowed(closed.into())
        }),
        sample("full", LogEvent::Restored(log_restored().into())),
        sample("full", SigningKeyEvent::Retired(SigningKeyRetired { until: at(31) }.into())),
        sample("full", SigningKeyEvent::Ended(SigningKeyEnded { reason: text("why") }.into())),
        sample("full", tenant_stored()),
        sample("sparse", TenantEvent::Created(tenant_sparse().into())),
        sample("full", {
            TenantEvent::AppTokenLinkSet(TenantAppTokenLinkSet { linked: true }.into())
        }),
        sample("full", TenantEvent::ApiPolicySet(api_policy(Refuse::Breaking).into())),
        sample("risky", TenantEvent::ApiPolicySet(api_policy(Refuse::Risky).into())),
        sample("full", tenant_updated_stored()),
        sample("full", TenantEvent::Deleted(TenantDeleted { tenant: TenantId(12) }.into())),
        sample("full", TokenEvent::Revoked(TokenRevoked { reason: text("reason") }.into())),
        sample("full", user_stored()),
        sample("sparse", user_sparse()),
        sample("one_factor", {
            let data = UserRegistered { two_factor_enabled: false, ..user_registered() };
            UserEvent::Registered(Fact { data, personal: None, secret: None })
        }),
        sample("erased", UserEvent::Registered(user_registered().into())),
        sample("full", user_updated()),
        sample("full", user_password_set()),
        sample("full", user_app_password_set()),
        sample("full", user_app_info_set()),
        sample("full", {
            UserEvent::EnabledSet(UserEnabledSet { user: UserId(51), enabled: true }.into())
        }),
        sample("full", UserEvent::RightsSet(user_rights_set().into())),
        sample("full", UserEvent::Deleted(UserDeleted { user: UserId(51) }.into())),
        sample("full", UserEvent::Erased(UserErased { user: UserId(52) }.into())),
    ];
    samples.extend(signing_keys());
    let full = TokenIssued { parent: Some(text("parent")), ..token_issued() };
    samples.push(sample("full", TokenEvent::Issued(full.into())));
    samples.push(sample("sparse", TokenEvent::Issued(token_sparse().into())));
    let forgotten = LogForgotten { until: Timestamp::from_seconds(1_700_000_400) };
    samples.push(sample("full", LogEvent::Forgotten(forgotten.into())));
    samples.extend(app_token::all());
    samples.extend(blobs::all());
    samples.extend(client::all());
    samples.extend(delivery::all());
    samples.extend(products::all());
    samples.extend(resource::all());
    samples.extend(role::all());
    samples.extend(security::all());
    let told = [sdk::all(), subscribers::all(), subscriptions::all()];
    samples.extend([scopes::all(), told.concat()].concat());
    samples
}

fn signing_keys() -> Vec<Sample> {
    // In the order of their stored numbers, which the golden files hold.
    let algorithms = [
        ("full", SigningAlgorithm::Es256),
        ("ed_dsa", SigningAlgorithm::EdDsa),
        ("rs256", SigningAlgorithm::Rs256),
    ];
    let added = algorithms.map(|(name, algorithm)| {
        let added = SigningKeyAdded { algorithm, ..signing_key_added() };
        sample(name, SigningKeyEvent::Added(added.into()))
    });
    added.into()
}

/// The samples of kinds that are still written.
pub fn current() -> Vec<Sample> {
    all().into_iter().filter(|it| it.event.kind() == it.kind).collect()
}

/// The full sample of every kind.
pub fn full() -> Vec<Sample> {
    all().into_iter().filter(|it| it.name == "full").collect()
}

fn sample(name: &'static str, event: impl Into<AnyEvent>) -> Sample {
    let event = event.into();
    Sample { kind: event.kind(), name, event }
}

/// A time of its own, with microseconds.
pub fn at(number: i64) -> Timestamp {
    Timestamp(1_700_000_000_000_000 + number * 1_000_001)
}

fn text(name: &str) -> String {
    format!("the {name}")
}

/// What a tenant demands of APIs.
pub fn api_policy(refuse: Refuse) -> ApiPolicy {
    ApiPolicy { refuse, strict_documents: true, upstreams: list(&["10.1.0.0/16", "*.svc.local"]) }
}

fn some(name: &str) -> Option<String> {
    Some(text(name))
}

fn list(items: &[&str]) -> Vec<String> {
    items.iter().map(|it| (*it).to_owned()).collect()
}

fn pairs(name: &str) -> Vec<(String, String)> {
    let pair = |n| (format!("{name} key {n}"), format!("{name} value {n}"));
    vec![pair(1), pair(2)]
}

/// The keys of two properties.
fn keys(name: &str) -> Vec<String> {
    (1..=2).map(|n| format!("{name} key {n}")).collect()
}

pub fn client_full() -> ClientEvent {
    ClientEvent::Registered(Fact {
        data: client_registered(),
        personal: None,
        secret: Some(client_secrets()),
    })
}

/// A client that every rule accepts.
pub fn client_registered() -> ClientRegistered {
    ClientRegistered {
        client: 11,
        tenant: TenantId(12),
        owner: UserId(13),
        client_id: ClientName("shop".to_owned()),
        enabled: true,
        protocol_type: "oidc".to_owned(),
        require_client_secret: false,
        name: some("client name"),
        description: some("description"),
        client_uri: Some("https://shop.example".to_owned()),
        logo_uri: Some("https://shop.example/logo.png".to_owned()),
        flags: client_flags(0b0101_0101_0101_0101),
        lifetimes: client_lifetimes(),
        front_channel_logout_uri: Some("https://shop.example/front".to_owned()),
        back_channel_logout_uri: Some("https://shop.example/back".to_owned()),
        allowed_identity_token_signing_algorithms: Some("RS256,ES256".to_owned()),
        client_claims_prefix: some("prefix"),
        user_code_type: some("user code type"),
        secrets: vec![ClientSecretInfo {
            id: 1,
            description: some("secret description"),
            expiration: Some(at(14)),
            secret_type: "SharedSecret".to_owned(),
            created: at(15),
        }],
        allowed_grant_types: list(&["client_credentials", "password"]),
        redirect_uris: list(&["https://shop.example/cb", "com.example.shop:/cb"]),
        post_logout_redirect_uris: list(&["https://shop.example/bye"]),
        allowed_scopes: list(&["orders.read", "oauthapp.user.get"]),
        identity_provider_restrictions: list(&["GitHub"]),
        claims: pairs("claim"),
        allowed_cors_origins: list(&["https://shop.example"]),
        property_keys: keys("property"),
        created: at(16),
        updated: Some(at(17)),
        last_accessed: Some(at(18)),
    }
}

/// The hash that stands for a client secret; no reader ever sees it.
pub const CLIENT_SECRET_HASH: &str = "K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols=";

pub fn client_secrets() -> ClientSecrets {
    ClientSecrets {
        values: list(&[CLIENT_SECRET_HASH]),
        property_values: list(&["client property 1", "client property 2"]),
        pair_wise_subject_salt: some("salt"),
    }
}

fn client_lifetimes() -> ClientLifetimes {
    ClientLifetimes {
        identity_token: 301,
        access_token: 3_602,
        authorization_code: 303,
        consent: Some(304),
        absolute_refresh_token: 2_592_005,
        sliding_refresh_token: 1_296_006,
        user_sso: Some(307),
        device_code: 308,
        refresh_token_usage: 1,
        refresh_token_expiration: 0,
        access_token_type: 1,
    }
}

/// The switches, the first from the lowest bit.
fn client_flags(bits: u32) -> ClientFlags {
    let on = |place: u32| bits & (1 << place) != 0;
    ClientFlags {
        require_consent: on(0),
        allow_remember_consent: on(1),
        always_include_user_claims_in_id_token: on(2),
        require_pkce: on(3),
        allow_plain_text_pkce: on(4),
        require_request_object: on(5),
        allow_access_tokens_via_browser: on(6),
        front_channel_logout_session_required: on(7),
        back_channel_logout_session_required: on(8),
        allow_offline_access: on(9),
        update_access_token_claims_on_refresh: on(10),
        enable_local_login: on(11),
        include_jwt_id: on(12),
        always_send_client_claims: on(13),
        non_editable: on(14),
    }
}

/// Four of these tell fifteen switches apart: switch `n` is on where `n + 1` has the bit.
fn client_with_flags(bit: u32) -> ClientEvent {
    let bits = (0..15).filter(|n| (n + 1) & bit != 0).fold(0, |bits, n| bits | (1 << n));
    let mut client = client_sparse();
    client.flags = client_flags(bits);
    // The three choices of two values are told apart in the same way.
    client.lifetimes.refresh_token_usage = i32::from(bit == 1);
    client.lifetimes.refresh_token_expiration = i32::from(bit == 2);
    client.lifetimes.access_token_type = i32::from(bit == 4);
    ClientEvent::Registered(client.into())
}

fn client_sparse() -> ClientRegistered {
    ClientRegistered {
        enabled: false,
        require_client_secret: true,
        owner: UserId::NONE,
        name: None,
        description: None,
        client_uri: None,
        logo_uri: None,
        lifetimes: ClientLifetimes { consent: None, user_sso: None, ..client_lifetimes() },
        front_channel_logout_uri: None,
        back_channel_logout_uri: None,
        allowed_identity_token_signing_algorithms: None,
        client_claims_prefix: None,
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
        ..client_registered()
    }
}

pub fn log_restored() -> LogRestored {
    let number = |category: &str, number| HighestNumber { category: category.to_owned(), number };
    LogRestored { numbers: vec![number("client", 61), number("user", 62)] }
}

/// A signing key that every rule accepts.
pub fn signing_key_added() -> SigningKeyAdded {
    SigningKeyAdded {
        kid: "sample-kid".to_owned(),
        tenant: TenantId(12),
        algorithm: SigningAlgorithm::Es256,
        public_jwk: r#"{"kty":"EC","crv":"P-256"}"#.to_owned(),
        signs_at_once: true,
    }
}

/// A tenant that every rule accepts.
pub fn tenant_created() -> TenantCreated {
    TenantCreated {
        tenant: TenantId(12),
        name: text("tenant name"),
        theme: some("theme"),
        status: 1,
        issuer_host: Some("login.example".to_owned()),
        hosts: vec![host(2), host(3)],
        claims: vec![TenantClaim { id: 4, claim_type: text("type"), value: text("value") }],
        cache_seconds: 605,
        owner: UserId(13),
        logo_uri: Some("https://shop.example/logo.png".to_owned()),
        description: some("description"),
        property_keys: list(&["Azure:ApiManagement:ApiKey"]),
    }
}

/// The value of a private property of a tenant; no reader ever sees it.
pub const TENANT_SECRET: &str = "tenant-gateway-key";

pub fn tenant_properties() -> Properties {
    Properties { values: list(&[TENANT_SECRET]) }
}

fn host(id: u32) -> TenantHost {
    TenantHost { id, name: format!("Host{id}.example:844{id}") }
}

pub fn tenant_full() -> TenantEvent {
    TenantEvent::Created(Fact {
        data: tenant_created(),
        personal: None,
        secret: Some(tenant_properties()),
    })
}

/// A tenant in which every field that may change is another one.
pub fn tenant_changed() -> TenantCreated {
    TenantCreated {
        name: text("other name"),
        theme: some("other theme"),
        status: 2,
        issuer_host: Some("other.example".to_owned()),
        hosts: vec![host(5)],
        claims: vec![TenantClaim { id: 1, claim_type: text("other type"), value: text("other") }],
        cache_seconds: 606,
        logo_uri: Some("https://shop.example/other.png".to_owned()),
        description: some("other description"),
        property_keys: list(&["Other:Key"]),
        ..tenant_created()
    }
}

pub fn tenant_updated() -> TenantEvent {
    tenant_updated_to(&tenant_changed())
}

fn tenant_updated_to(changed: &TenantCreated) -> TenantEvent {
    let changes = TenantChange::between(&tenant_created(), changed);
    let data = TenantUpdated { tenant: TenantId(12), changes };
    let secret = Some(Properties { values: list(&["tenant-other-key"]) });
    TenantEvent::Updated(Fact { data, personal: None, secret })
}

fn tenant_sparse() -> TenantCreated {
    TenantCreated {
        theme: None,
        issuer_host: None,
        hosts: Vec::new(),
        claims: Vec::new(),
        logo_uri: None,
        description: None,
        property_keys: Vec::new(),
        ..tenant_created()
    }
}

pub fn user_full() -> UserEvent {
    UserEvent::Registered(Fact {
        data: user_registered(),
        personal: Some(user_personal()),
        secret: Some(password_verifier()),
    })
}

pub fn password_verifier() -> PasswordVerifier {
    PasswordVerifier {
        memory_kib: 19_456,
        passes: 2,
        lanes: 1,
        salt: std::array::from_fn(|n| 0xC0 + n as u8),
        hash: std::array::from_fn(|n| 0x80 + n as u8),
    }
}

fn user_sparse() -> UserEvent {
    let data = UserRegistered {
        parent: UserId::NONE,
        roles: Vec::new(),
        permissions: Vec::new(),
        email_confirmed: false,
        phone_confirmed: true,
        type_ids: None,
        pool_ids: None,
        ..user_registered()
    };
    let personal = UserPersonal { user_name: "ann".to_owned(), ..UserPersonal::default() };
    UserEvent::Registered(Fact { data, personal: Some(personal), secret: None })
}

fn user_password_set() -> UserEvent {
    UserEvent::PasswordSet(Fact {
        data: UserPasswordSet { user: UserId(51) },
        personal: None,
        secret: Some(password_verifier()),
    })
}

fn user_app_password_set() -> UserEvent {
    UserEvent::AppPasswordSet(Fact {
        data: UserAppPasswordSet { user: UserId(51) },
        personal: None,
        secret: Some(password_verifier()),
    })
}

pub fn user_app_info() -> UserAppInfo {
    UserAppInfo { info: text("app info"), reg_ip: "2001:db8::8".to_owned() }
}

fn user_rights_set() -> UserRightsSet {
    let permission = UserClaim { id: 54, claim_type: text("type"), value: text("value") };
    UserRightsSet { user: UserId(51), roles: vec![52, 53], permissions: vec![permission] }
}

fn user_app_info_set() -> UserEvent {
    UserEvent::AppInfoSet(Fact {
        data: UserAppInfoSet { user: UserId(51) },
        personal: Some(user_app_info()),
        secret: None,
    })
}
