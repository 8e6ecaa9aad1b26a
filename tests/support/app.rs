//! The whole program over a log in memory, without a socket: what a wire test asks, and of whom.

mod pieces;

use std::sync::{Arc, OnceLock};

use api::{App, AppSettings, Clock, LogFigures, Peer};
use bytes::Bytes;
use commands::Engine;
use commands::bootstrap::{Bootstrap, bootstrap};
use commands::keys::Keyring;
use commands::log::MemoryLog;
use commands::password::PasswordPool;
use commands::signing::{add_signing_key, make_signing_key, system_head};
use domain::children::Properties;
use domain::log::{CommitHead, EventLog};
use domain::role::{Role, RoleCommand, RoleCreated};
use domain::signing_key::SigningAlgorithm;
use domain::tenant::{Tenant, TenantCommand, TenantCreated, TenantHost};
use domain::token::{Grant, Token, TokenCommand, TokenIssued};
use domain::user::{PasswordVerifier, User, UserClaim, UserCommand, UserPersonal, UserRegistered};
use domain::{Actor, Aggregate, ClientName, TenantId, Timestamp, UserId};
use futures_util::FutureExt as _;
use http_body_util::BodyExt as _;
use projections::{Views, catch_up, follow};
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use warp::Filter as _;
use warp::filters::BoxedFilter;
use warp::http::HeaderMap;
use warp::reply::Response;
use warp::test::RequestBuilder;

use crate::document::Document;
pub use crate::tokens::{
    bind_token_id, merge, part_of, payload_of, sign_es256, sign_payload, unsigned, usual_claims,
};

/// Where the first tenant answers.
pub const HOST: &str = "localhost:8080";

/// The password of the administrator.
pub const PASSWORD: &str = "Correct-horse-1";

/// The scopes that the first-party client may ask for.
const SCOPES: [&str; 2] = ["oauthapp.all", "isms.all"];

/// A program that has just started for the first time.
pub struct TestApp {
    pub engine: Arc<Engine>,
    pub views: Arc<Views>,
    /// The clock of the program: shift it instead of sleeping.
    pub clock: Clock,
    routes: BoxedFilter<(Response,)>,
    program: Arc<App>,
    /// What the program says of itself; every answer is held against it.
    document: OnceCell<Option<Arc<Document>>>,
    /// Whether the app-token service answers as documented: with its envelope.
    is_as_documented: bool,
}

/// The one hash of the one password: hashing is slow on purpose.
pub async fn verifier() -> PasswordVerifier {
    static VERIFIER: OnceLock<PasswordVerifier> = OnceLock::new();
    if let Some(verifier) = VERIFIER.get() {
        return verifier.clone();
    }
    let verifier = PasswordPool::new(1).hash(PASSWORD).await.unwrap();
    VERIFIER.get_or_init(|| verifier).clone()
}

/// The time of the machine: what the program under test reads, too.
#[allow(clippy::disallowed_methods, reason = "tokens must be valid now")]
pub fn now() -> Timestamp {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp(now.as_micros() as i64)
}

/// Lets every other task of this test come to where it waits for something outside: a hash, or a
/// commit that is not made yet. These tests have one thread, and no step of theirs takes longer.
pub async fn others_go_on() {
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
}

impl TestApp {
    pub async fn new() -> Self {
        Self::signing_with(SigningAlgorithm::Es256).await
    }

    pub async fn signing_with(algorithm: SigningAlgorithm) -> Self {
        Self::made(AppSettings::default(), algorithm).await
    }

    pub async fn with(settings: AppSettings) -> Self {
        Self::made(settings, SigningAlgorithm::Es256).await
    }

    async fn made(mut settings: AppSettings, algorithm: SigningAlgorithm) -> Self {
        settings.listen_hosts = vec![HOST.to_owned()];
        settings.outbound = outside::Outbound::parse(crate::documents::OUTBOUND).unwrap();
        let keys = Arc::new(Keyring::ephemeral().unwrap());
        let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new(keys.log_id()));
        let engine = Arc::new(Engine::new(log.clone(), keys.clone()));
        let views = Arc::new(Views::new(keys));
        let scopes = SCOPES.map(str::to_owned).to_vec();
        let first = Bootstrap { algorithm, password: verifier().await, scopes };
        bootstrap(&engine, first, now()).await.unwrap();
        catch_up(&*log, &views, &|_| ()).unwrap();
        tokio::spawn(follow(log, views.clone()));
        let figures = Arc::new(LogFigures::default);
        let is_as_documented = !settings.app_token.bare;
        let passwords = PasswordPool::new(2);
        let clock = Clock::default();
        let app =
            App::new(engine.clone(), views.clone(), clock.clone(), passwords, settings, figures);
        let routes = api::routes(&app).boxed();
        let document = OnceCell::new();
        Self { engine, views, clock, routes, program: app, document, is_as_documented }
    }

    pub fn ask(&self, method: &str, path: &str) -> Ask<'_> {
        let request = warp::test::request().method(method).path(path);
        let (method, path) = (method.to_owned(), path.to_owned());
        Ask { app: self, request, host: HOST.to_owned(), method, path }
    }

    pub fn get(&self, path: &str) -> Ask<'_> {
        self.ask("GET", path)
    }

    pub fn post(&self, path: &str) -> Ask<'_> {
        self.ask("POST", path)
    }

    /// What the program says of itself.
    pub async fn document(&self) -> Option<Arc<Document>> {
        let read = || async {
            let ask = warp::test::request().path("/swagger/v1/swagger.json");
            let body = ask.filter(&self.routes).await.ok()?.into_body().collect().await.ok()?;
            Some(Document::of(&text_of(&body.to_bytes())))
        };
        self.document.get_or_init(read).await.clone().filter(|_| self.is_as_documented)
    }

    /// A token of the administrator, from the token endpoint.
    pub async fn admin(&self) -> String {
        self.sign_in("admin", PASSWORD).await
    }

    pub async fn try_sign_in(&self, name: &str, password: &str) -> Answer {
        let form = [
            ("grant_type", "password"),
            ("client_id", "chancery-cli"),
            ("username", name),
            ("password", password),
        ];
        self.post("/connect/token").form(&form).send().await
    }

    pub async fn sign_in(&self, name: &str, password: &str) -> String {
        let answer = self.try_sign_in(name, password).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// A head for a command that does not come by HTTP.
    pub fn head(&self, tenant: TenantId) -> CommitHead {
        system_head(tenant, Actor::System, now()).unwrap()
    }

    /// Runs a command that has no endpoint, and waits until it shows.
    pub async fn run<A: Aggregate>(&self, tenant: u32, id: &str, command: A::Command) {
        let done = self.engine.handle::<A>(id, &command, &self.head(TenantId(tenant))).await;
        self.shows(done.unwrap().position).await;
    }

    pub async fn shows(&self, position: u64) {
        self.views.wait(position, std::time::Duration::from_secs(10)).await.unwrap();
    }

    /// A user of a tenant with roles and a permission, whose password is [`PASSWORD`].
    pub async fn user(&self, tenant: u32, name: &str, roles: &[u32], permission: &str) -> u32 {
        let permission =
            UserClaim { id: 1, claim_type: "permission".to_owned(), value: permission.to_owned() };
        let password = verifier().await;
        let tenant = TenantId(tenant);
        let command = |number: u64| UserCommand::Register {
            data: Box::new(UserRegistered {
                user_key: [number as u8; 16],
                roles: roles.to_vec(),
                permissions: vec![permission.clone()],
                ..UserRegistered::with_defaults(UserId(number as u32), tenant, UserId(1))
            }),
            personal: Box::new(UserPersonal {
                user_name: name.to_owned(),
                ..UserPersonal::default()
            }),
            password: password.clone().into(),
            app_info: None,
        };
        let head = self.head(tenant);
        let (number, done) = self.engine.create::<User>(command, &head).await.unwrap();
        self.shows(done.position).await;
        number as u32
    }

    /// The roles `user` and `administrator` of a tenant that has none, by their numbers.
    pub async fn roles(&self, tenant: u32) -> [u32; 2] {
        let mut numbers = [0; 2];
        for (number, name) in numbers.iter_mut().zip(["user", "administrator"]) {
            let created = |role: u64| {
                let (role, tenant) = (role as u32, TenantId(tenant));
                RoleCommand::Create(RoleCreated {
                    role,
                    tenant,
                    name: name.to_owned(),
                    claims: Vec::new(),
                })
            };
            let head = self.head(TenantId(tenant));
            let (role, done) = self.engine.create::<Role>(created, &head).await.unwrap();
            self.shows(done.position).await;
            *number = role as u32;
        }
        numbers
    }

    /// One more tenant, with a host and a key.
    pub async fn tenant(&self, host: &str) -> u32 {
        self.owned_tenant(host, UserId(1)).await
    }

    /// The same, of another owner.
    pub async fn owned_tenant(&self, host: &str, owner: UserId) -> u32 {
        let number = self.engine.log().highest_id("tenant") as u32 + 1;
        let tenant = TenantId(number);
        let created = TenantCreated {
            tenant,
            name: format!("tenant-{number}"),
            theme: None,
            status: 1,
            issuer_host: Some(host.to_owned()),
            hosts: vec![TenantHost { id: 1, name: host.to_owned() }],
            claims: Vec::new(),
            cache_seconds: 600,
            owner,
            logo_uri: None,
            description: None,
            property_keys: vec!["Azure:ApiManagement:ApiKey".to_owned()],
        };
        let properties = Properties { values: vec!["gateway-key-9".to_owned()] };
        let create = TenantCommand::Create(Box::new(created), properties);
        self.run::<Tenant>(number, &number.to_string(), create).await;
        self.rotate(number, SigningAlgorithm::Es256).await;
        number
    }

    /// Adds a signing key to a tenant: it signs from now on.
    pub async fn rotate(&self, tenant: u32, algorithm: SigningAlgorithm) -> String {
        self.add_key(tenant, algorithm, true).await
    }

    /// Adds a signing key to a tenant: it signs at once, or once it is known.
    pub async fn add_key(
        &self,
        tenant: u32,
        algorithm: SigningAlgorithm,
        signs_at_once: bool,
    ) -> String {
        let key = make_signing_key(TenantId(tenant), algorithm, signs_at_once).unwrap();
        let mut draft = self.engine.draft(self.head(TenantId(tenant)));
        let kid = add_signing_key(&mut draft, self.engine.keys(), key).unwrap();
        let done = draft.commit().await.unwrap();
        self.shows(done.position).await;
        kid
    }

    /// The key that signs for a tenant: `kid` and PKCS #8.
    pub fn key_of(&self, tenant: u32) -> (String, Vec<u8>) {
        let tables = self.views.read();
        let algorithm = SigningAlgorithm::Es256;
        let row = tables.signing_keys.active_with(TenantId(tenant), algorithm).unwrap();
        let kid = row.data.kid.clone();
        let private = self.engine.keys().signing_key(&kid).unwrap();
        (kid, private)
    }

    /// A token as the program would sign and enter it, with claims of the test's choice over the
    /// usual ones. A `jti` of the test's choice is signed as it is, and not entered.
    pub fn mint(&self, tenant: u32, claims: &Value) -> String {
        let (kid, private) = self.key_of(tenant);
        let header = json!({ "typ": "at+jwt", "alg": "ES256", "kid": kid });
        let mut merged = merge(usual_claims(), claims);
        let user = merged["sub"].as_str().and_then(|it| it.parse().ok()).map(UserId);
        if let (Some(user), None) = (user, claims.get("counts_from")) {
            let tables = self.views.read();
            let row = tables.users.get(TenantId(tenant), user);
            merged["counts_from"] = json!(row.map_or(0, |it| it.counts_from));
        }
        if claims.get("jti").is_some() {
            return sign_es256(&header, &merged, &private);
        }
        let (jti, payload) = bind_token_id(&merged);
        self.enter_token(tenant, &jti, &merged);
        sign_payload(&header, &payload, &private)
    }

    /// Enters a token into the log, as far as its times allow that.
    fn enter_token(&self, tenant: u32, jti: &str, claims: &Value) {
        let second = |name: &str| Timestamp::from_seconds(claims[name].as_i64().unwrap_or(0));
        let texts = |name: &str| {
            let texts = claims[name].as_array().into_iter().flatten();
            texts.filter_map(|it| it.as_str()).map(str::to_owned).collect::<Vec<_>>()
        };
        let (issued_at, expires_at) = (second("iat"), second("exp"));
        let issued = TokenIssued {
            parent: claims["parent"].as_str().map(str::to_owned),
            counts_from: claims["counts_from"].as_u64().unwrap_or(0),
            tenant: TenantId(tenant),
            client_id: ClientName(claims["client_id"].as_str().unwrap_or_default().to_owned()),
            user: UserId(claims["sub"].as_str().and_then(|it| it.parse().ok()).unwrap_or(0)),
            grant_type: Grant::Password.name().to_owned(),
            grant: [0; 16],
            scope: texts("scope"),
            audience: texts("aud"),
            actors: Vec::new(),
            format: 0,
            jkt: None,
            kid: "test".to_owned(),
            id_token_kid: None,
            issued_at,
            expires_at,
        };
        let head = CommitHead { time: issued_at, ..self.head(TenantId(tenant)) };
        let command = TokenCommand::Issue(Box::new(issued));
        let entered = self.engine.handle::<Token>(jti, &command, &head);
        // A log in memory answers at once. What cannot be entered is a token that was never issued.
        let _ = entered.now_or_never().expect("a log in memory does not wait");
    }

    /// A token of a user with one scope, one permission and some roles.
    pub fn token(&self, user: u32, scope: &str, permission: &str, roles: &[&str]) -> String {
        let claims = json!({
            "sub": user.to_string(), "scope": [scope], "permission": permission, "role": roles,
        });
        self.mint(TenantId::FIRST.0, &claims)
    }

    /// A token of a user of the first tenant who may do what any user may.
    pub fn token_of(&self, user: u32) -> String {
        self.token(user, "oauthapp.all", "oauthapp.all", &["user"])
    }
}

/// A request that is being put together.
#[must_use]
pub struct Ask<'a> {
    app: &'a TestApp,
    request: RequestBuilder,
    host: String,
    method: String,
    path: String,
}

impl Ask<'_> {
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub fn host(mut self, host: &str) -> Self {
        self.host = host.to_owned();
        self
    }

    pub fn from(mut self, address: &str) -> Self {
        self.request = self.request.extension(Peer(format!("{address}:1234").parse().unwrap()));
        self
    }

    pub fn body(mut self, content_type: &str, body: impl AsRef<[u8]>) -> Self {
        self.request = self.request.header("content-type", content_type).body(body);
        self
    }

    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let fields = fields.iter().map(|(name, value)| format!("{name}={}", escape(value)));
        let form = fields.collect::<Vec<_>>().join("&");
        self.body("application/x-www-form-urlencoded", form)
    }

    /// The answer, with its body still on its way.
    pub async fn open(self) -> Response {
        let request = match self.host.as_str() {
            "" => self.request,
            host => self.request.header("host", host),
        };
        request.filter(&self.app.routes).await.unwrap()
    }

    pub async fn send(self) -> Answer {
        let (app, method, path) = (self.app, self.method.clone(), self.path.clone());
        let (head, body) = self.open().await.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let text = text_of(&body);
        let answer = Answer { status: head.status.as_u16(), headers: head.headers, text };
        if let Some(document) = app.document().await {
            document.check(&method, &path, &answer);
        }
        answer
    }
}

fn text_of(body: &Bytes) -> String {
    String::from_utf8(body.to_vec()).unwrap()
}

/// Percent-encodes whatever is not plain.
pub fn escape(text: &str) -> String {
    let plain = |it: u8| it.is_ascii_alphanumeric() || b"-._~".contains(&it);
    text.bytes()
        .map(|it| if plain(it) { char::from(it).to_string() } else { format!("%{it:02X}") })
        .collect()
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|err| panic!("{err}: {} {}", self.status, self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |it| it.to_str().unwrap())
    }

    /// The position in the answer to a write.
    #[track_caller]
    pub fn position(&self) -> u64 {
        let position = self.header("x-log-position").parse();
        position.unwrap_or_else(|_| panic!("no position: {} {}", self.status, self.text))
    }

    /// `data` of an envelope that says success.
    #[track_caller]
    pub fn data(&self) -> Value {
        let json = self.json();
        assert_eq!((self.status, &json["code"]), (200, &json!(200)), "{}", self.text);
        json["data"].clone()
    }

    /// The envelope's code, with HTTP 200.
    #[track_caller]
    pub fn code(&self) -> i64 {
        assert_eq!(self.status, 200, "{}", self.text);
        self.json()["code"].as_i64().unwrap()
    }

    /// Asserts a validation problem that names this field.
    #[track_caller]
    pub fn breaks(&self, field: &str) {
        assert_eq!(self.status, 400, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json; charset=utf-8");
        let json = self.json();
        assert_eq!((&json["status"], &json["code"]), (&json!(400), &json!(422)), "{json}");
        assert_eq!(json["codeName"], "UnprocessableEntity");
        assert!(json["errors"][field][0].is_string(), "{field}: {json}");
    }
}
