//! Sends letters and short messages.

use std::sync::Arc;
use std::time::Duration;

use commands::signing::system_head;
use domain::context::Context;
use domain::delivery::{Channel, Delivery, DeliveryCommand, Mail, Open, SUBSCRIBE_TEXT, Sms};
use domain::log::CommitHead;
use domain::{Actor, StreamId, TenantId, Timestamp};
use outside::{Letter, Mailer, Message, Messenger, SendError};
use projections::Tables;

use super::driver::Worker;
use super::subscribe_text::subscribe_text;
use super::texts::{Text, text_of};
use crate::state::app::App;

/// How long to wait after the first, the second, and each further failure, in seconds.
const WAITS: [i64; 8] = [5, 30, 120, 600, 3_600, 3 * 3_600, 12 * 3_600, 24 * 3_600];

/// How long a job keeps its place if it could not be noted what became of it: it would be done again.
pub(super) const NOT_NOTED_PAUSE: Duration = Duration::from_secs(60);

/// How many characters of a tenant's name a text has.
const NAME_CHARS_MAX: usize = 60;

/// By which a channel leaves.
pub(crate) enum Deliverer {
    Mail(Mailer),
    Sms(Messenger),
}

impl Deliverer {
    fn channel(&self) -> Channel {
        match self {
            Self::Mail(_) => Channel::Mail,
            Self::Sms(_) => Channel::Sms,
        }
    }

    async fn send(
        &self,
        to: String,
        text: Text,
        id: String,
        now: Timestamp,
    ) -> Result<(), SendError> {
        let Text { subject, body, template } = text;
        match self {
            Self::Mail(mailer) => {
                let (html, unsubscribe) = (None, None);
                mailer.send(&Letter { id, to, subject, text: body, html, unsubscribe }).await
            }
            Self::Sms(messenger) => {
                let message = Message { id, to, text: body, template };
                messenger.send(&message, now.seconds()).await
            }
        }
    }
}

impl Worker for Deliverer {
    fn name(&self) -> &'static str {
        self.channel().category()
    }

    fn due<'a>(
        &'a self,
        tables: &'a Tables,
        now: Timestamp,
    ) -> Box<dyn Iterator<Item = &'a StreamId> + 'a> {
        Box::new(tables.deliveries.due(self.channel(), now))
    }

    fn next_due(&self, tables: &Tables, now: Timestamp) -> Option<Timestamp> {
        tables.deliveries.next_due(self.channel(), now)
    }

    async fn run(&self, app: &Arc<App>, job: StreamId) {
        match deliver(self, app, &job).await {
            Ok(()) => (),
            Err(why) => {
                tracing::warn!(%job, error = %why, "what became of it could not be noted");
                tokio::time::sleep(NOT_NOTED_PAUSE).await;
            }
        }
    }
}

/// Makes one attempt, and notes it.
async fn deliver(by: &Deliverer, app: &App, job: &StreamId) -> Result<(), commands::Error> {
    let state = match by.channel() {
        Channel::Mail => app.engine.load::<Mail>(job)?.0.0,
        Channel::Sms => app.engine.load::<Sms>(job)?.0.0,
    };
    let Delivery::Open(open) = state else { return Ok(()) };
    let tried = attempt(by, app, job, &open).await;
    let now = app.clock.now();
    let command = match tried {
        Ok(()) => DeliveryCommand::NoteSent,
        Err(SendError { why, again }) => {
            let wait = WAITS.get(open.attempts as usize).copied().filter(|_| again);
            let again_at = wait.map(|it| now.plus_seconds(it)).filter(|it| *it < open.wanted.until);
            tracing::warn!(%job, why, given_up = again_at.is_none(), "not sent");
            DeliveryCommand::NoteFailed { why, again_at }
        }
    };
    let head = head(by, open.wanted.tenant, now)?;
    let id = job.id();
    let done = match by.channel() {
        Channel::Mail => app.engine.handle::<Mail>(id, &command, &head).await?,
        Channel::Sms => app.engine.handle::<Sms>(id, &command, &head).await?,
    };
    app.settle(&done).await;
    Ok(())
}

async fn attempt(by: &Deliverer, app: &App, job: &StreamId, open: &Open) -> Result<(), SendError> {
    let never = |why: &str| SendError { why: why.to_owned(), again: false };
    let now = app.clock.now();
    let name = {
        let tables = app.views.read();
        tables.tenants.get(open.wanted.tenant).map(|it| it.data.name.clone())
    };
    let name = name.ok_or_else(|| never("the tenant is gone"))?;
    let name = name.chars().filter(|it| !it.is_control()).take(NAME_CHARS_MAX);
    let to = open.to.clone().ok_or_else(|| never("the person was erased"))?;
    let text = match open.wanted.template == SUBSCRIBE_TEXT {
        true => subscribe_text(app, open),
        false => text_of(open, &name.collect::<String>()),
    };
    let text = text.ok_or_else(|| never("there is no such text"))?;
    by.send(to, text, job.as_str().to_owned(), now).await
}

fn head(by: &Deliverer, tenant: TenantId, now: Timestamp) -> Result<CommitHead, commands::Error> {
    let context = Context::of_operation(by.name());
    Ok(CommitHead { context, ..system_head(tenant, Actor::System, now)? })
}
