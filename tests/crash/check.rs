//! What must hold for a data folder after a crash.

use std::collections::HashSet;
use std::path::Path;

use commands::keys::Keyring;
use commands::log::{Derived, SledLog};
use domain::log::{EventLog, OpenParts as _};
use domain::{CommandId, Recorded};
use tests::log::{commit, read_all, said};

use super::child;

/// Opens a folder as the program would, and checks the promises of the log.
///
/// `acknowledged` are the commands whose callers had their answer. `history` is what the log held
/// in the end, where that is known: what survived must be a beginning of it.
pub fn check(
    folder: &Path,
    acknowledged: &[CommandId],
    history: Option<&[Recorded]>,
) -> Result<(), String> {
    let (keys, log) = child::open(folder)?;
    let events = read_all(&log).map_err(|err| err.to_string())?;
    check_positions(&events, &log)?;
    check_doubled(&events)?;
    check_acknowledged(acknowledged, &events, &log)?;
    check_parts(&events, &keys)?;
    if let Some(history) = history {
        check_history(&events, history)?;
    }
    log.inspect(Derived::Ignored, |_| Ok(())).map_err(|err| format!("scrub: {err}"))?;
    let blobs = std::fs::read_dir(folder.join("log/blobs"));
    if blobs.is_ok_and(|it| it.count() > 0) {
        return Err("a file in log/blobs".to_owned());
    }
    Ok(())
}

/// The log takes commits again, and a clean stop and start keeps them.
pub fn check_goes_on(folder: &Path) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let before = {
        let (_, log) = child::open(folder)?;
        let next = commit(1).event("test-1", 0, "after the crash").build();
        runtime.block_on(log.append(next)).map_err(|err| err.to_string())?;
        read_all(&log).map_err(|err| err.to_string())?
    };
    let (_, log) = child::open(folder)?;
    check_history(&read_all(&log).map_err(|err| err.to_string())?, &before)?;
    match log.head().position == before.len() as u64 {
        true => Ok(()),
        false => Err("a clean stop lost what came after the crash".to_owned()),
    }
}

fn check_positions(events: &[Recorded], log: &SledLog) -> Result<(), String> {
    let gapless = (1..).zip(events).all(|(position, it)| it.position == position);
    if !gapless || log.head().position != events.len() as u64 {
        return Err("the positions have gaps".to_owned());
    }
    Ok(())
}

/// An event id is made of its command and its place in the commit: no event stands here twice.
fn check_doubled(events: &[Recorded]) -> Result<(), String> {
    let mut seen = HashSet::new();
    match events.iter().find(|it| !seen.insert(it.event_id)) {
        Some(event) => Err(format!("the event at {} is doubled", event.position)),
        None => Ok(()),
    }
}

fn check_acknowledged(
    acknowledged: &[CommandId],
    events: &[Recorded],
    log: &SledLog,
) -> Result<(), String> {
    for command in acknowledged {
        let Some(appended) = log.find_command(*command) else {
            return Err(format!("{command} was acknowledged, and is lost"));
        };
        let stored = events.get(appended.first as usize - 1..appended.last as usize);
        let whole = stored.is_some_and(|it| it.iter().all(|it| it.commit.command_id == *command));
        if !whole {
            return Err(format!("{command} was acknowledged, and is not whole"));
        }
    }
    Ok(())
}

/// A person's key is durable before the commit that needs it.
fn check_parts(events: &[Recorded], keys: &Keyring) -> Result<(), String> {
    for event in events {
        let parts = keys.open_parts(event);
        let parts = parts.map_err(|err| format!("position {}: {err}", event.position))?;
        if parts.personal.is_some() != event.parts.personal.is_some() {
            return Err(format!("the personal part at {} is gone", event.position));
        }
    }
    Ok(())
}

/// What survived is a beginning of what came to be, and ends where a commit ends.
fn check_history(events: &[Recorded], history: &[Recorded]) -> Result<(), String> {
    if events.len() > history.len() {
        return Err("there is more than was ever written".to_owned());
    }
    for (event, written) in events.iter().zip(history) {
        if said(event) != said(written) {
            return Err(format!("position {} is not what was written", event.position));
        }
    }
    match (events.last(), history.get(events.len())) {
        (Some(last), Some(next)) if last.commit.command_id == next.commit.command_id => {
            Err(format!("the commit at {} is torn", last.position))
        }
        _ => Ok(()),
    }
}
