//! `/api/ApiResource/AuthServers`: row 14, and how administrators make authorization servers. Secrets
//! are never shown (spec section 7.3, H15).

use domain::auth_server::{AUTH_SERVERS_MAX, AuthServer, AuthServerFields, BUILT_IN_AUTH_SERVER};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;
use warp::http::Method;

use super::children::{MASKED, wish};
use crate::access::granted::Granted;
use crate::access::plain::{In, Wished};
use crate::access::target::Changed;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::error::ApiError;
use crate::http::needs::{administrator, user};
use crate::http::reply::{ErrorData, List, Reply, Single};

pub(crate) fn endpoints() -> Vec<Endpoint> {
    const PATH: &str = "/api/ApiResource/AuthServers";
    const ONE: &str = "/api/ApiResource/AuthServers/{serverId}";
    vec![
        endpoint(
            Method::GET,
            PATH,
            "ApiResourceAuthServers",
            "List the authorization servers whose tokens APIs at the gateway may demand",
        )
        .row(14)
        .answers::<List<AuthServerBody>>()
        .needs(user("apiresource.authservers"), list),
        endpoint(
            Method::POST,
            PATH,
            "ApiResourcePostAuthServer",
            "Create an authorization server; at most 100",
        )
        .json::<AuthServerBody>()
        .answers::<Single<i64>>()
        .needs(administrator("apiresource.authservers"), create),
        endpoint(Method::GET, ONE, "ApiResourceAuthServer", "Show an authorization server")
            .answers::<Single<AuthServerBody>>()
            .needs(administrator("apiresource.authservers"), detail),
        endpoint(
            Method::PUT,
            ONE,
            "ApiResourcePutAuthServer",
            "Update an authorization server: what the body lacks stays, null clears",
        )
        .json_update::<AuthServerBody>()
        .update_needs(&[])
        .answers::<Single<bool>>()
        .needs(administrator("apiresource.authservers"), update),
        endpoint(
            Method::DELETE,
            ONE,
            "ApiResourceDeleteAuthServer",
            "Delete an authorization server",
        )
        .answers::<Single<bool>>()
        .needs(administrator("apiresource.authservers"), delete),
    ]
}

impl Changed for AuthServer {}

const ROWS: In<AuthServerFields> = |tables| &tables.auth_servers;

/// The names of the secrets, as they are stored.
const CLIENT_SECRET: &str = "clientSecret";
const OWNER_PASSWORD: &str = "resourceOwnerPassword";

/// The longest secret, in characters.
const SECRET_CHARS_MAX: usize = 2_000;

// Spec section 2.10.
/// An authorization server.
#[skip_serializing_none]
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "AuthServer")]
struct AuthServerBody {
    /// Letters, digits and `.`, `_`, `-`; at most 100. It stays. `chancery` is this program.
    #[schemars(extend("x-required" = "both"))]
    id: String,
    /// At most 300 characters.
    #[schemars(extend("x-required" = "both"))]
    name: String,
    /// At most 1,000 characters.
    description: Option<String>,
    /// Who issues its tokens.
    issuer: Option<String>,
    client_registration_endpoint: Option<String>,
    authorization_endpoint: Option<String>,
    authorization_methods: Vec<String>,
    client_authentication_method: Vec<String>,
    token_body_parameters: Vec<String>,
    token_endpoint: Option<String>,
    support_state: bool,
    default_scope: Option<String>,
    grant_types: Vec<String>,
    bearer_token_sending_methods: Vec<String>,
    client_id: Option<String>,
    /// In an answer `***`. In an update `***` keeps it.
    client_secret: Option<String>,
    resource_owner_username: Option<String>,
    /// In an answer `***`. In an update `***` keeps it.
    resource_owner_password: Option<String>,
}

impl ErrorData for Single<AuthServerBody> {}

impl AuthServerBody {
    fn of(it: &AuthServerFields) -> Self {
        let masked = |name: &str| {
            let has = it.secret_names.iter().any(|it| it == name);
            has.then(|| MASKED.to_owned())
        };
        Self {
            id: it.code.clone(),
            name: it.name.clone(),
            description: it.description.clone(),
            issuer: it.issuer.clone(),
            client_registration_endpoint: it.client_registration_endpoint.clone(),
            authorization_endpoint: it.authorization_endpoint.clone(),
            authorization_methods: it.authorization_methods.clone(),
            client_authentication_method: it.client_authentication_method.clone(),
            token_body_parameters: it.token_body_parameters.clone(),
            token_endpoint: it.token_endpoint.clone(),
            support_state: it.support_state,
            default_scope: it.default_scope.clone(),
            grant_types: it.grant_types.clone(),
            bearer_token_sending_methods: it.bearer_token_sending_methods.clone(),
            client_id: it.client_id.clone(),
            client_secret: masked(CLIENT_SECRET),
            resource_owner_username: it.resource_owner_username.clone(),
            resource_owner_password: masked(OWNER_PASSWORD),
        }
    }

    /// The one that every tenant has.
    fn built_in(issuer: String) -> Self {
        Self {
            id: BUILT_IN_AUTH_SERVER.to_owned(),
            name: "Chancery".to_owned(),
            description: Some("this program".to_owned()),
            token_endpoint: Some(format!("{issuer}/connect/token")),
            issuer: Some(issuer),
            bearer_token_sending_methods: vec!["authorizationHeader".to_owned()],
            ..Self::default()
        }
    }

    /// What is to be stored, where one has the secrets `there`.
    fn wished(self, there: &[String]) -> Result<Wished<AuthServerFields>, ApiError> {
        let secrets =
            [(CLIENT_SECRET, self.client_secret), (OWNER_PASSWORD, self.resource_owner_password)];
        let secrets = secrets.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let secrets = secrets.filter(|(_, value)| !value.is_empty()).collect::<Vec<_>>();
        for (name, value) in &secrets {
            domain::check::at_most(name, value, SECRET_CHARS_MAX)?;
            if value == MASKED && !there.iter().any(|it| it == name) {
                return Err(ApiError::field(*name, "*** keeps a value, but there is none yet"));
            }
        }
        let secrets = secrets.into_iter();
        let (secret_names, values) =
            secrets.map(|(name, value)| (name.to_owned(), wish(value))).unzip();
        let fields = AuthServerFields {
            code: self.id.trim().to_owned(),
            name: self.name.trim().to_owned(),
            description: self.description,
            issuer: self.issuer,
            client_registration_endpoint: self.client_registration_endpoint,
            authorization_endpoint: self.authorization_endpoint,
            authorization_methods: self.authorization_methods,
            client_authentication_method: self.client_authentication_method,
            token_body_parameters: self.token_body_parameters,
            token_endpoint: self.token_endpoint,
            support_state: self.support_state,
            default_scope: self.default_scope,
            grant_types: self.grant_types,
            bearer_token_sending_methods: self.bearer_token_sending_methods,
            client_id: self.client_id,
            resource_owner_username: self.resource_owner_username,
            secret_names,
        };
        Ok((fields, values))
    }
}

async fn list(granted: Granted) -> Outcome {
    let built_in = AuthServerBody::built_in(granted.call.app.issuer(&granted.tenant));
    let rows = granted.ask(|tables| {
        let rows = tables.auth_servers.all_of(granted.tenant_id());
        std::iter::once(built_in).chain(rows.map(|it| AuthServerBody::of(&it.fields))).collect()
    });
    Ok(Reply::whole_list::<AuthServerBody>(rows))
}

async fn create(mut granted: Granted) -> Outcome {
    let (body, bytes) = granted.json::<AuthServerBody>().await?;
    granted.has_place(ROWS, AUTH_SERVERS_MAX)?;
    let (number, done) = granted.create_plain(&bytes, body.wished(&[])?).await?;
    Ok(Reply::single(number).written(&done))
}

async fn detail(granted: Granted) -> Outcome {
    granted.ask(|tables| {
        let row = granted.plain_named(tables, ROWS, granted.call.parameter(0))?;
        Ok(Reply::single(AuthServerBody::of(&row.fields)).version(row.version))
    })
}

async fn update(mut granted: Granted) -> Outcome {
    let (_, bytes) = granted.json::<AuthServerBody>().await?;
    let id = granted.plain_id(ROWS)?;
    let wished = |now: &AuthServerFields| {
        let shown = AuthServerBody::of(now);
        let body: AuthServerBody = granted.call.members.read_update(&bytes, &shown, |_| true)?;
        body.wished(&now.secret_names)
    };
    let done = granted.update_plain(&bytes, ROWS, id, wished).await?;
    Ok(Reply::single(true).written(&done))
}

async fn delete(granted: Granted) -> Outcome {
    let id = granted.plain_id(ROWS)?;
    let done = granted.delete_plain(ROWS, id).await?;
    Ok(Reply::single(true).written(&done))
}
