//! Forgetting persons: the event first, then, when the read models show it, the key; what a crash left
//! is done at the next start.

use std::io::{BufRead as _, IsTerminal as _, Read as _};
use std::sync::Arc;

use commands::{Done, Error as CommandError, Expected};
use domain::account::AccountId;
use domain::log::CommitHead;
use domain::user::{User, UserCommand};
use domain::{Aggregate, AnyEvent, Mark, SubjectId, TenantId, UserId};

use super::client_shots::{clients_on, stopped};
use super::failure::Failure;
use super::operator::{called, head_of_owner, wait_until_shown};
use super::running::Running;
use crate::access::administrators::change_user;
use crate::access::erasure::destroy_keys;
use crate::state::log_lines;

/// The longest answer to a question, in bytes.
const ANSWER_BYTES_MAX: u64 = 100;

/// The event first, then the key: after a crash in between, the next start destroys the key. The keys of
/// the person's apps go, too: the read models must know all of those that were made before the event.
pub(crate) async fn forget_person<A: Aggregate>(
    on: &Running,
    id: &str,
    head: &CommitHead,
    subject: SubjectId,
    erased: Result<Done, CommandError>,
    more: &str,
) -> Result<String, Failure> {
    let done = erased.map_err(|err| err.to_string())?;
    let shown = wait_until_shown(on, done.position).await;
    let (on_disk, tenant) = (on.clone(), head.tenant);
    tokio::task::spawn_blocking(move || {
        destroy_keys(&on_disk.engine, &on_disk.views, tenant, subject)
    })
    .await
    .map_err(|err| err.to_string())??;
    shown?;
    let called = called::<A>(id);
    if done.first == 0 {
        return Ok(format!("{called} was forgotten already"));
    }
    // The receipt: whoever asks later finds the event by either.
    let events = on.engine.log().read_at(&(done.first..=done.position).collect::<Vec<_>>())?;
    let mut events = events.into_iter();
    let event = events.find(|it| AnyEvent::marks(&it.kind).contains(&Mark::Erases));
    let event = event.ok_or("the event of the erasure is missing")?;
    Ok(format!(
        "{called} is forgotten; the history stays whole{more}\nposition {}, event {}, {}",
        event.position,
        event.event_id,
        event.commit.time.rfc3339()
    ))
}

/// Erases a user, given by name, by number, or as in the log: `user-7`.
pub(super) async fn erase_user(
    on: &Running,
    what: &str,
    user: &str,
    tenant: TenantId,
) -> Result<String, Failure> {
    let user = find(on, user, tenant)?;
    let (id, more) = (user.to_string(), stopped(clients_on(&on.views.read(), user)));
    let head = head_of_owner::<User>(on, what, &id, on.clock.now())?;
    let command = UserCommand::Erase;
    let done = change_user(&on.engine, &on.views, user, &command, &head, Expected::Any).await;
    forget_person::<User>(on, &id, &head, user.into(), done, &more).await
}

/// Nobody is erased by mistake: a number that is somebody else's name is nobody's.
fn find(on: &Running, text: &str, tenant: TenantId) -> Result<UserId, Failure> {
    if let Some(AccountId::User(user)) = AccountId::parse(text) {
        return Ok(user);
    }
    let named = on.views.read().users.named(tenant, text).map(|it| it.data.user);
    let numbered = text.parse().ok().map(UserId);
    match (named, numbered) {
        (Some(named), Some(numbered)) if named != numbered => Err(format!(
            "{text} is the name of user {named}, and another user's number: say user-{named} or \
             user-{numbered}"
        )
        .into()),
        (Some(user), _) | (None, Some(user)) => Ok(user),
        (None, None) => Err(format!("tenant {tenant} has no user of the name {text}").into()),
    }
}

/// Asks whoever sits at a terminal. A script means what it says.
pub(super) fn is_meant(whom: &str, yes: bool) -> Result<(), Failure> {
    if yes || !std::io::stdin().is_terminal() {
        return Ok(());
    }
    log_lines::say(&format!(
        "Erase {whom}? What names this person can never be read again. Type yes:"
    ));
    let mut answer = String::new();
    std::io::stdin().lock().take(ANSWER_BYTES_MAX).read_line(&mut answer)?;
    match answer.trim().eq_ignore_ascii_case("yes") {
        true => Ok(()),
        false => Err("nobody was erased".into()),
    }
}

/// Destroys the keys of all erased people and deleted apps, in case a crash prevented it before.
pub(crate) fn finish_erasures(on: &Running) -> Result<(), Failure> {
    AnyEvent::kinds_marked(Mark::Erases).try_for_each(|kind| finish_erasures_of(on, kind))
}

fn finish_erasures_of(on: &Running, kind: &str) -> Result<(), Failure> {
    let filter = projections::AuditFilter {
        kind: Some(kind.to_owned()),
        ..projections::AuditFilter::default()
    };
    let mut after = 0;
    loop {
        let (_, positions) = on.views.read().audit.find(&filter, after, 1_000);
        let Some(last) = positions.last() else { return Ok(()) };
        after = *last;
        let log: &Arc<dyn domain::log::EventLog> = on.engine.log();
        for event in log.read_at(&positions)? {
            destroy_keys(&on.engine, &on.views, event.commit.tenant, event.subject)?;
        }
    }
}
