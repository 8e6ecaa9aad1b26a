//! The app-token service: eleven operations under `/oauth2/api/v1`, in an envelope of their own
//! (app-token spec). Here its rules win over those of the rest of the API.

pub(crate) mod accounts;
pub(crate) mod administration;
pub(crate) mod answer;
pub(crate) mod apps;
pub(crate) mod pairs;
pub(crate) mod registration;
pub(crate) mod seen;
pub(crate) mod settings;
pub(crate) mod signature;
pub(crate) mod standing;
pub(crate) mod tokens;
pub(crate) mod users;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use commands::Done;
use commands::keys::{random, random_id};
use domain::context::Context;
use domain::log::CommitHead;
use domain::{Aggregate, CommandId, StreamId, TenantId};
use projections::Tables;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use warp::http::{Method, StatusCode};
use warp::reply::Response;

use self::answer::{Answered, BUSY, Envelope, Failed, respond};
use self::settings::AppTokenSettings;
use crate::access::target::{Changed, Target};
use crate::access::{Open, admit};
use crate::app::App;
use crate::http::call::Call;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::error::ApiError;
use crate::http::face::Face;
use crate::http::reply::Reply;

/// Where the service is.
pub(crate) const BASE: &str = "/oauth2/api/v1";

/// How long a write waits until the read models show it.
const SHOWN_WITHIN: Duration = Duration::from_secs(2);

/// Its endpoints.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    let health =
        endpoint(Method::GET, "/oauth2/api/v1/health", "AppTokenHealth", "Whether it runs");
    let metrics = endpoint(
        Method::GET,
        "/oauth2/api/v1/metrics",
        "AppTokenMetrics",
        "The program's figures (Prometheus)",
    );
    let mut all = vec![
        health.operation(|_| async { Ok(text(StatusCode::OK, "ok")) }),
        metrics.operation(crate::operation::metrics::metrics),
    ];
    all.extend(apps::endpoints());
    all.extend(tokens::endpoints());
    all.extend(users::endpoints());
    all
}

/// How the service speaks: below its own path its rules win (app-token spec section 1.1). It has no
/// words for a long query, and reads the version only.
pub(crate) static APP_TOKEN: Face = Face {
    name: "app-token",
    owns,
    error: |err, asked| match err {
        ApiError::NoRoute | ApiError::WrongMethod { .. } | ApiError::UnknownHost => not_found(),
        err => respond::<()>(Err(err.into()), &asked.settings.app_token),
    },
    names_versions: false,
    query_bytes_max: None,
};

/// What every path of the service answers that is none of its own.
fn not_found() -> Response {
    text(StatusCode::NOT_FOUND, "404 page not found").into_response()
}

/// Whether a path is the service's, known or not.
fn owns(path: &str) -> bool {
    let (base, rest) = path.split_at_checked(BASE.len()).unwrap_or_default();
    base.eq_ignore_ascii_case(BASE) && (rest.is_empty() || rest.starts_with('/'))
}

fn text(status: StatusCode, text: &'static str) -> Reply {
    Reply::body("text/plain; charset=utf-8", text.as_bytes().to_vec()).status(status)
}

/// What an operation comes to.
pub(crate) type Answer<T> = Result<Answered<T>, Failed>;

/// Declares one operation: a POST with a JSON body.
fn operation<Q, A, F>(
    path: &'static str,
    name: &'static str,
    summary: &'static str,
    run: fn(Service, Q) -> F,
) -> Endpoint
where
    Q: DeserializeOwned + JsonSchema + Send + 'static,
    A: Serialize + JsonSchema + Send + 'static,
    F: Future<Output = Answer<A>> + Send + 'static,
{
    endpoint(Method::POST, path, name, summary)
        .json::<Q>()
        .answers::<Envelope<A>>()
        .app_token(move |call| Box::pin(handle(call, run)))
}

async fn handle<Q, A, F>(call: Call, run: fn(Service, Q) -> F) -> Outcome
where
    Q: DeserializeOwned + Send,
    A: Serialize + Send,
    F: Future<Output = Answer<A>> + Send,
{
    let app = call.app.clone();
    let outcome = read_and_run(admit(call).await?, run).await;
    Ok(Reply::response(respond(outcome, &app.settings.app_token)))
}

async fn read_and_run<Q, A, F>(mut open: Open, run: fn(Service, Q) -> F) -> Answer<A>
where
    Q: DeserializeOwned,
    F: Future<Output = Answer<A>>,
{
    // Whatever its content type says: the interface has no other form.
    let body = open.call.bytes().await?;
    let question = open.call.members.read(&body)?;
    run(Service { open, client: OnceLock::new() }, question).await
}

/// One call of an operation.
pub(crate) struct Service {
    open: Open,
    /// The OAuth client of an administrator who acts by an access token of Chancery.
    client: OnceLock<String>,
}

impl Service {
    pub(crate) fn call(&self) -> &Call {
        &self.open.call
    }

    pub(crate) fn open(&self) -> &Open {
        &self.open
    }

    pub(crate) fn app(&self) -> &Arc<App> {
        &self.open.call.app
    }

    pub(crate) fn settings(&self) -> &AppTokenSettings {
        &self.app().settings.app_token
    }

    pub(crate) fn tenant(&self) -> TenantId {
        self.open.tenant.data.tenant
    }

    /// Asks the read models. The lock lasts as long as the question.
    pub(crate) fn ask<T>(&self, question: impl FnOnce(&Tables) -> T) -> T {
        question(&self.app().views.read())
    }

    /// Notes through which OAuth client the caller acts.
    pub(crate) fn acts_through(&self, client: &str) {
        self.client.get_or_init(|| client.to_owned());
    }

    /// Who, when and why, for a commit.
    pub(crate) fn head(&self, actor: String) -> Result<CommitHead, Failed> {
        let command_id = random_id().map(CommandId).map_err(|_| BUSY)?;
        let operation = Context::of_operation(self.call().operation);
        Ok(CommitHead {
            command_id,
            fingerprint: 0,
            tenant: self.tenant(),
            actor,
            // Not the time of asking: a login that began while a password was hashed must end with
            // the others.
            time: self.app().clock.now(),
            correlation: self.call().request_id,
            trace: self.call().trace_id(),
            context: match self.client.get() {
                Some(client) => operation.through(client),
                None => operation,
            },
        })
    }

    /// As [`Service::head`], for a commit of tokens: its events say enough, and they are many.
    pub(crate) fn token_head(&self, actor: String) -> Result<CommitHead, Failed> {
        Ok(CommitHead { context: Context::default(), ..self.head(actor)? })
    }

    /// Enters something new under an id that was drawn by chance.
    pub(crate) async fn begin<A: Aggregate>(
        &self,
        id: &str,
        command: &A::Command,
        actor: String,
    ) -> Result<Done, Failed> {
        let engine = &self.app().engine;
        // What is there already is no business of whoever enters something new.
        if engine.log().stream_version(&StreamId::new(A::CATEGORY, id)) > 0 {
            return Err(BUSY);
        }
        let done = engine.handle::<A>(id, command, &self.head(actor)?).await?;
        self.settle(&done).await;
        Ok(done)
    }

    /// Runs a command, and waits until the read models show it.
    pub(crate) async fn submit<A: Changed>(
        &self,
        target: &Target<A>,
        command: &A::Command,
        actor: String,
    ) -> Result<Done, Failed> {
        let done = target.change(self.app(), command, &self.head(actor)?).await?;
        self.settle(&done).await;
        Ok(done)
    }

    /// The change is durable: if the read models lag, the caller learns the position all the same.
    pub(crate) async fn settle(&self, done: &Done) {
        if let Err(err) = self.app().views.wait(done.position, SHOWN_WITHIN).await {
            tracing::warn!(error = %err, "a change is durable, but not readable yet");
        }
    }
}

/// Characters of tokens, keys and secrets.
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Random text: each character with the same chance.
pub(crate) fn random_text(length: usize) -> Result<String, Failed> {
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let bytes: [u8; 64] = random().map_err(|_| BUSY)?;
        // The largest multiple of 62 that a byte can hold.
        let fair = bytes.into_iter().filter(|it| *it < 248);
        let characters = fair.filter_map(|it| ALPHABET.get(usize::from(it % 62)));
        text.extend(characters.take(length - text.len()).map(|it| char::from(*it)));
    }
    Ok(text)
}
