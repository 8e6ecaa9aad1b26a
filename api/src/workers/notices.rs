//! Tells subscribers that an API changed.

use std::sync::Arc;

use commands::signing::system_head;
use domain::context::Context;
use domain::log::CommitHead;
use domain::notice::{
    Notice, NoticeCommand, NoticeGathered, NoticeProgressed, NoticeRequested, OpenNotice,
};
use domain::resource::ResourceEvent;
use domain::subscriber::{Subscriber, SubscriberCommand};
use domain::{Actor, StreamId, SubscriberId, TenantId, Timestamp};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use openapi::Report;
use outside::{Letter, Mailer, SendError};
use projections::{ApiRow, SubscriberRow, Tables, revision_id};

use super::deliveries::NOT_NOTED_PAUSE;
use super::driver::Worker;
use super::notice_round::{Fate, Round};
use super::notice_text::Told;
use super::service_name::{event_at, service_name};
use crate::state::app::App;
use crate::state::forgetting::forget_subscribers;
use crate::state::link_codes::{CancelCode, LinkCode as _, Links};

/// How long to wait after the first, the second, and each further round that failed, in seconds; after
/// the last of these each time so long.
const WAITS: [i64; 6] = [60, 300, 1_800, 2 * 3_600, 6 * 3_600, 24 * 3_600];

/// After how many letters it is noted how far a notice came: so many are sent again after a crash.
const NOTED_EVERY: usize = 100;

/// How many letters of one notice are under way at a time.
const AT_ONCE: usize = 2;

/// How many later changes one notice takes in; further ones are told for themselves.
const TAKEN_IN_MAX: usize = 100;

/// Sends notices. It has connections of its own to the mail server: no letter waits behind them.
pub(crate) struct Notifier {
    pub(crate) mailer: Mailer,
    /// How long a notice waits for later changes, in seconds.
    pub(crate) wait_seconds: i64,
}

impl Worker for Notifier {
    fn name(&self) -> &'static str {
        "notice"
    }

    fn due<'a>(
        &'a self,
        tables: &'a Tables,
        now: Timestamp,
    ) -> Box<dyn Iterator<Item = &'a StreamId> + 'a> {
        Box::new(tables.notices.due(self.wait_seconds, now))
    }

    fn next_due(&self, tables: &Tables, now: Timestamp) -> Option<Timestamp> {
        tables.notices.next_due(self.wait_seconds, now)
    }

    async fn run(&self, app: &Arc<App>, job: StreamId) {
        if let Err(err) = tell(self, app, &job).await {
            tracing::warn!(%job, error = %err, "what became of a notice could not be noted");
            tokio::time::sleep(NOT_NOTED_PAUSE).await;
        }
    }
}

/// Makes one round, and notes it.
async fn tell(by: &Notifier, app: &Arc<App>, job: &StreamId) -> Result<(), commands::Error> {
    let Notice::Open(open) = app.engine.load::<Notice>(job)?.0 else { return Ok(()) };
    let OpenNotice { requested, gathered, progress, attempts } = *open;
    let gathered = match gathered {
        Some(it) => it,
        None => match gather(app, job, &requested).await? {
            Some(it) => it,
            None => return Ok(()),
        },
    };
    let about = match app.clock.now() < requested.until {
        true => About::of(app, job, &requested, &gathered).await,
        false => None,
    };
    let Some(about) = about else {
        return give_up(app, job, &requested, &gathered, &progress).await;
    };
    let put_off = progress.later.clone();
    let mut round = Round::of(progress);
    let is_whole = send_next(by, app, &about, &mut round).await?
        && send_again(by, app, &about, &mut round, put_off).await?;
    let now = app.clock.now();
    let command = match (is_whole, round.has_all()) {
        // The program is about to end: the next start goes on.
        (false, _) => return Ok(()),
        (true, true) => NoticeCommand::Finish { given_up: 0 },
        (true, false) => {
            let wait = WAITS.get(attempts as usize).or(WAITS.last()).copied().unwrap_or(60);
            let again_at = now.plus_seconds(wait);
            if again_at >= requested.until {
                return give_up(app, job, &requested, &gathered, &round.progress).await;
            }
            tracing::warn!(%job, why = round.why, "not all subscribers were told");
            NoticeCommand::NoteFailed { why: round.why, again_at }
        }
    };
    note(app, job, requested.tenant, &[command], &[]).await
}

/// Begins: takes in what changed later, in one commit. `None` where an earlier notice takes this one in.
async fn gather(
    app: &Arc<App>,
    job: &StreamId,
    requested: &NoticeRequested,
) -> Result<Option<NoticeGathered>, commands::Error> {
    let (first, later) = {
        let tables = app.views.read();
        let Some(row) = tables.notices.get(job).cloned() else { return Ok(None) };
        let later = tables.notices.later_like(&row, TAKEN_IN_MAX);
        (row, later)
    };
    let last = later.last().map_or(&first, |(_, row)| row);
    let gathered = NoticeGathered {
        revision: last.requested.revision,
        cause: last.requested.cause,
        position: last.position,
        taken_in: u32::try_from(later.len()).unwrap_or(u32::MAX),
    };
    let head = head(requested.tenant, app.clock.now())?;
    let filled = app.engine.transact(&head, |draft| {
        draft.decide::<Notice>(job.id(), &NoticeCommand::Gather(gathered.clone()))?;
        let finish = NoticeCommand::Finish { given_up: 0 };
        later.iter().try_for_each(|(it, _)| draft.decide::<Notice>(it.id(), &finish))
    });
    let ((), done) = filled.await?;
    app.settle(&done).await;
    Ok(Some(gathered))
}

/// What a notice is about.
struct About {
    job: StreamId,
    tenant: TenantId,
    resource: u32,
    /// Who subscribed by then is told.
    position: u64,
    told: Told,
    /// The URL of the tenant.
    url: String,
}

impl About {
    /// `None` if the API is gone.
    async fn of(
        app: &App,
        job: &StreamId,
        requested: &NoticeRequested,
        gathered: &NoticeGathered,
    ) -> Option<Self> {
        let NoticeRequested { tenant, resource, before, .. } = *requested;
        let NoticeGathered { revision, cause, position, .. } = *gathered;
        let (row, url) = {
            let tables = app.views.read();
            let row = tables.resources.get(tenant, resource).cloned()?;
            (row, app.issuer(tables.tenants.get(tenant)?))
        };
        let api = row.gateway.api(&requested.api_id)?.clone();
        let report = report(app, &api, before, revision).await;
        let notes = api.released_by(position).and_then(|it| notes_at(app, it.noted));
        let name = service_name(app, &row);
        let name = api.version.as_ref().map_or(name.clone(), |it| format!("{name} {it}"));
        let link = format!(
            "{url}/api/ApiResource/{resource}/Revisions/{}",
            revision_id(&api.id, revision).replace(';', "%3B")
        );
        let told = Told { name, before, revision, cause, report, notes, link };
        Some(Self { job: job.clone(), tenant, resource, position, told, url })
    }

    fn letter(&self, app: &App, to: &Recipient) -> Result<Letter, SendError> {
        let never = || SendError { why: "no code could be made".to_owned(), again: true };
        let code = CancelCode { tenant: self.tenant, resource: self.resource, mark: to.mark };
        let code = code.seal(app.engine.keys()).map_err(|_| never())?;
        let unsubscribe = Links(&self.url).cancel(self.resource, &code);
        let text = self.told.text(&to.language, &unsubscribe);
        Ok(Letter {
            // The same at every attempt: whoever gets it twice can tell.
            id: format!("{}-{}", self.job, to.number),
            to: to.address.clone(),
            subject: text.subject,
            text: text.text,
            html: Some(text.html),
            unsubscribe: Some(unsubscribe),
        })
    }
}

/// What differs between the documents of two revisions; `None` where that cannot be known.
async fn report(app: &App, api: &ApiRow, before: u32, revision: u32) -> Option<Report> {
    let name = |number| match event_at(app, api.revision(number)?.position)? {
        ResourceEvent::Published(fact) => fact.data.face.document,
        ResourceEvent::RevisionPublished(fact) => fact.data.face.document,
        ResourceEvent::VersionPublished(fact) => fact.data.face.document,
        _ => None,
    };
    let (old, new) = (name(before)?.sha256, name(revision)?.sha256);
    if old == new {
        return Some(Report::default());
    }
    let old = app.documents.taken(old).await.ok()??;
    let new = app.documents.taken(new).await.ok()??;
    app.documents.compare(&old, &new).await.ok()
}

fn notes_at(app: &App, position: u64) -> Option<String> {
    match event_at(app, position)? {
        ResourceEvent::Published(fact) => fact.data.notes,
        ResourceEvent::VersionSetOnline(fact) => fact.data.notes,
        ResourceEvent::ReleaseNoted(fact) => Some(fact.data.notes),
        _ => None,
    }
}

/// Somebody who is told.
struct Recipient {
    number: u32,
    language: String,
    mark: [u8; 16],
    address: String,
    bounces: u32,
}

impl Recipient {
    /// `None` if the address was removed.
    fn of(tables: &Tables, row: &SubscriberRow) -> Option<Self> {
        let address = tables.subscribers.address(row)?;
        let data = &row.data;
        let (number, language) = (data.subscriber.0, data.language.clone());
        Some(Self { number, language, mark: data.mark, address, bounces: row.bounces })
    }
}

/// Tells those who were not tried yet. False if the program is about to end.
async fn send_next(
    by: &Notifier,
    app: &Arc<App>,
    about: &About,
    round: &mut Round,
) -> Result<bool, commands::Error> {
    let mut behind = round.progress.up_to;
    loop {
        let next = {
            let tables = app.views.read();
            let rows = tables.subscribers.next_of(about.resource, behind, about.position);
            rows.filter_map(|it| Recipient::of(&tables, it)).take(NOTED_EVERY).collect::<Vec<_>>()
        };
        let Some(last) = next.last().map(|it| it.number) else { break };
        let more = send_batch(by, app, about, &next, |to, fate| {
            round.note_next(to.number, fate);
            !round.is_stopped()
        });
        let (goes_on, changes) = more.await;
        if !note_batch(app, about, round, changes).await? || goes_on == Stopped::Ending {
            return Ok(false);
        }
        if goes_on == Stopped::Outage {
            return Ok(true);
        }
        behind = last;
    }
    round.end_pass();
    note_batch(app, about, round, Vec::new()).await
}

/// Tells those who were put off in earlier rounds. False if the program is about to end.
async fn send_again(
    by: &Notifier,
    app: &Arc<App>,
    about: &About,
    round: &mut Round,
    put_off: Vec<u32>,
) -> Result<bool, commands::Error> {
    for numbers in put_off.chunks(NOTED_EVERY) {
        if round.is_stopped() {
            return Ok(true);
        }
        let some = {
            let tables = app.views.read();
            let find = |number: &u32| {
                let row = tables.subscribers.told(SubscriberId(*number))?;
                Recipient::of(&tables, row)
            };
            numbers.iter().map(|it| (*it, find(it))).collect::<Vec<_>>()
        };
        some.iter().filter(|(_, it)| it.is_none()).for_each(|(it, _)| round.forget(*it));
        let some = some.into_iter().filter_map(|(_, it)| it).collect::<Vec<_>>();
        let sent = send_batch(by, app, about, &some, |to, fate| {
            round.note_again(to.number, fate);
            !round.is_stopped()
        });
        let (goes_on, changes) = sent.await;
        if !note_batch(app, about, round, changes).await? || goes_on == Stopped::Ending {
            return Ok(false);
        }
    }
    round.end_again();
    Ok(true)
}

/// Why a batch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stopped {
    /// All were tried.
    No,
    /// Nobody can be reached.
    Outage,
    /// The program is about to end.
    Ending,
}

type SubscriberChange = (u32, SubscriberCommand);

/// Sends letters, few at a time, and says what became of each, until `goes_on` says no. Says what is to be
/// noted of the addresses.
async fn send_batch(
    by: &Notifier,
    app: &App,
    about: &About,
    to: &[Recipient],
    mut goes_on: impl FnMut(&Recipient, &Fate) -> bool,
) -> (Stopped, Vec<SubscriberChange>) {
    let mut changes = Vec::new();
    for some in to.chunks(AT_ONCE) {
        if app.stopped().now_or_never().is_some() {
            return (Stopped::Ending, changes);
        }
        let sent = join_all(some.iter().map(async |it| {
            let letter = about.letter(app, it)?;
            by.mailer.send(&letter).await
        }));
        let mut is_outage = false;
        for (to, sent) in some.iter().zip(sent.await) {
            let fate = match &sent {
                Ok(()) => Fate::Taken,
                Err(it) if it.again => Fate::Later(it.why.clone()),
                Err(_) => Fate::Refused,
            };
            match &sent {
                Ok(()) if to.bounces > 0 => {
                    changes.push((to.number, SubscriberCommand::NoteReached));
                }
                Err(it) if it.is_bounce() => {
                    changes.push((to.number, SubscriberCommand::NoteBounced));
                }
                _ => (),
            }
            is_outage = !goes_on(to, &fate);
        }
        if is_outage {
            return (Stopped::Outage, changes);
        }
    }
    (Stopped::No, changes)
}

/// Notes how far the notice came, and what was learned of addresses, in one commit: a crash repeats both
/// or neither. True, so that callers go on.
async fn note_batch(
    app: &Arc<App>,
    about: &About,
    round: &Round,
    changes: Vec<SubscriberChange>,
) -> Result<bool, commands::Error> {
    let progress = NoticeCommand::NoteProgress(round.progress.clone());
    note(app, &about.job, about.tenant, &[progress], &changes).await?;
    let gone = {
        let tables = app.views.read();
        let gone = changes.iter().map(|(it, _)| SubscriberId(*it));
        gone.filter(|it| tables.subscribers.told(*it).is_none()).collect::<Vec<_>>()
    };
    if !gone.is_empty() {
        forget_subscribers(app, gone).await;
    }
    Ok(true)
}

/// Ends a notice whose time is over, or whose API is gone.
async fn give_up(
    app: &Arc<App>,
    job: &StreamId,
    requested: &NoticeRequested,
    gathered: &NoticeGathered,
    progress: &NoticeProgressed,
) -> Result<(), commands::Error> {
    let rest = {
        let tables = app.views.read();
        let (resource, position) = (requested.resource, gathered.position);
        tables.subscribers.next_of(resource, progress.up_to, position).count()
    };
    let given_up = u32::try_from(rest + progress.later.len()).unwrap_or(u32::MAX);
    tracing::warn!(%job, given_up, "subscribers were not told");
    let tenant = requested.tenant;
    let commands =
        [NoticeCommand::NoteProgress(progress.clone()), NoticeCommand::Finish { given_up }];
    note(app, job, tenant, &commands, &[]).await
}

async fn note(
    app: &App,
    job: &StreamId,
    tenant: TenantId,
    commands: &[NoticeCommand],
    changes: &[SubscriberChange],
) -> Result<(), commands::Error> {
    let head = head(tenant, app.clock.now())?;
    let filled = app.engine.transact(&head, |draft| {
        commands.iter().try_for_each(|it| draft.decide::<Notice>(job.id(), it))?;
        let mut changes = changes.iter();
        changes.try_for_each(|(it, change)| draft.decide::<Subscriber>(&it.to_string(), change))
    });
    let ((), done) = filled.await?;
    app.settle(&done).await;
    Ok(())
}

fn head(tenant: TenantId, now: Timestamp) -> Result<CommitHead, commands::Error> {
    let context = Context::of_operation("notice");
    Ok(CommitHead { context, ..system_head(tenant, Actor::System, now)? })
}
