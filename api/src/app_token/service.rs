//! One call of an operation of the service: whom it serves, what it reads and how it writes.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use commands::keys::{random, random_id};
use commands::{Done, Expected};
use domain::context::Context;
use domain::log::CommitHead;
use domain::{Actor, CommandId, TenantId};
use projections::Tables;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use warp::http::Method;

use super::answer::{Answered, BUSY, Envelope, Failed, respond};
use crate::access::granted::Open;
use crate::access::guard::admit;
use crate::access::target::{Changed, Target};
use crate::http::call::Call;
use crate::http::endpoint::{Access, Endpoint, Outcome, endpoint};
use crate::http::reply::Reply;
use crate::state::app::App;
use crate::state::app_token_settings::AppTokenSettings;
use crate::state::budgets::Writer;

/// How long a change waits until the read models show it.
pub(super) const SHOWN_WITHIN: Duration = Duration::from_secs(2);

/// What an operation comes to.
pub(crate) type Answer<T> = Result<Answered<T>, Failed>;

/// Declares one operation: a POST with a JSON body.
pub(super) fn operation<Q, A, F>(
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
        .handled_for(Access::AppToken, move |call| Box::pin(handle(call, run)))
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
    // The content type is ignored: the interface has no other form.
    let body = open.call.bytes().await?;
    let question = open.call.members.read_last(&body)?;
    run(Service { open, client: OnceLock::new() }, question).await
}

/// One call of an operation.
pub(crate) struct Service {
    open: Open,
    /// The OAuth client through which an administrator acts, with an access token of Chancery.
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

    /// Runs a question on the read models; their lock is held meanwhile.
    pub(crate) fn ask<T>(&self, question: impl FnOnce(&Tables) -> T) -> T {
        question(&self.app().views.read())
    }

    /// Records through which OAuth client the caller acts.
    pub(crate) fn acts_through(&self, client: &str) {
        self.client.get_or_init(|| client.to_owned());
    }

    /// The head of a commit: who, when, and in what context.
    pub(crate) fn head(&self, actor: Actor) -> Result<CommitHead, Failed> {
        let command_id = random_id().map(CommandId).map_err(|_| BUSY)?;
        let head = self.call().head_of((command_id, 0), self.tenant(), actor);
        let context = match self.client.get() {
            Some(client) => head.context.through(client),
            None => head.context,
        };
        // Not the time of asking: a login that began while a password was hashed must end with the
        // others.
        Ok(CommitHead { time: self.app().clock.now(), context, ..head })
    }

    /// As [`Service::head`], for a commit of tokens, without context: their events say enough, and
    /// there are many.
    pub(crate) fn token_head(&self, actor: Actor) -> Result<CommitHead, Failed> {
        Ok(CommitHead { context: Context::default(), ..self.head(actor)? })
    }

    /// Who pays for a change.
    pub(crate) fn writer(&self, actor: &Actor) -> Writer {
        Writer::new(self.tenant(), actor, self.call().peer)
    }

    /// Runs a command, and waits until the read models show it.
    pub(crate) async fn submit<A: Changed>(
        &self,
        target: &Target<A>,
        command: &A::Command,
        actor: Actor,
    ) -> Result<Done, Failed> {
        let writer = self.writer(&actor);
        let head = self.head(actor)?;
        let bill = self.app().bill(writer, &head)?;
        let done = target.change(self.app(), command, &head, Expected::Any).await?;
        bill.pay(&done);
        self.app().settle(&done).await;
        Ok(done)
    }
}

/// Characters of tokens, keys and secrets.
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Random text; each character is equally likely.
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
