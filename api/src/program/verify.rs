//! `chancery verify`: re-reads and re-checks everything, and names what does not fit.

use std::path::Path;
use std::process::ExitCode;

use commands::keys::Keyring;
use commands::log::{
    Derived, Inspection, NoSnapshot, SledLog, SledLogOptions, inspect_second_head, log_id_of,
    read_snapshot,
};
use domain::log::{EventLog as _, LogError, OpenParts as _};
use domain::{AnyEvent, Recorded, hex};
use projections::{Views, snapshot_revision};
use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::home::{Held, held, is_gone, keys_path, master_key};
use super::known_root::KnownRoot;
use super::output::print;
use super::private_copy::PrivateCopy;
use super::progress::progress_bar;
use super::request::Request;
use super::running::{Opening, Running, views_snapshot_path};
use super::settings::{Common, Format, Verify};
use super::socket;

/// What was found.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    /// Whether everything fits.
    pub(crate) ok: bool,
    /// The last good position.
    pub(crate) position: u64,
    /// The hash of the block that ends there.
    pub(crate) hash: String,
    /// How many events were read.
    pub(crate) events: u64,
    /// The first position that does not fit.
    pub(crate) first_bad_position: Option<u64>,
    /// The root of the Merkle tree over all events.
    pub(crate) merkle_root: String,
    /// What does not fit.
    pub(crate) problem: Option<String>,
    /// The position up to which the events have the root that was expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expected_position: Option<u64>,
    /// Whether only that was checked for which no key is needed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) without_keys: bool,
}

/// Checks, and prints the result. Exit status 0 if everything fits, else 1.
pub(crate) fn run(common: &Common, options: &Verify) -> Result<ExitCode, Failure> {
    let report = match find_report(common, options) {
        Ok(report) => report,
        Err(err) => Report { problem: Some(err.to_string()), ..Report::default() },
    };
    if options.format == Format::Json {
        print(serde_json::to_string(&report)?)?;
    } else {
        print_table(&report)?;
    }
    Ok(if report.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn find_report(common: &Common, options: &Verify) -> Result<Report, Failure> {
    let expect = options.expect.as_ref();
    if held(&common.data) == Held::ByServer {
        let mut report = None;
        let request = Request::Verify { expect: options.expect.clone() };
        let asked = socket::ask(&common.data, &request, &mut |line| {
            report = serde_json::from_str(line).ok();
        });
        match asked {
            Ok(()) => return report.ok_or_else(|| "the server gave no report".into()),
            Err(_) if is_gone(&common.data) => (),
            Err(err) => return Err(err),
        }
    }
    // Checked before anything is opened, because opening writes it anew.
    inspect_second_head(&common.data)?;
    let copy = PrivateCopy::new(&common.data)?;
    if options.without_keys {
        return Ok(check_without_keys(copy.path(), expect));
    }
    let master = master_key(common, &common.data)?;
    // From the folder itself: no key is copied, and an error names the file that the operator knows.
    let keys = Keyring::open_read_only(&keys_path(&common.data), &master)?;
    let running = match Running::open_with(copy.path(), keys, Opening::default()) {
        Ok(running) => running,
        Err(err) => return Ok(failed(&*err, 0)),
    };
    let bar = progress_bar();
    bar.set_length(running.log.head().position);
    let report = check(&running, expect, |position| bar.set_position(position));
    bar.finish_and_clear();
    Ok(report)
}

/// Reads the log of an open folder from its beginning and rebuilds all that is derived from it.
pub(crate) fn check(
    running: &Running,
    expect: Option<&KnownRoot>,
    progress: impl Fn(u64),
) -> Report {
    let mut events = 0;
    match check_all(running, expect, &mut events, &progress) {
        Ok(found) => report(&found, expect),
        Err(err) => failed(&*err, events),
    }
}

/// What can be checked by somebody who has a copy of the log and no key.
fn check_without_keys(folder: &Path, expect: Option<&KnownRoot>) -> Report {
    let mut events = 0;
    let checked = check_log(folder, expect, &mut events).map(|it| report(&it, expect));
    let report = checked.unwrap_or_else(|err| failed(&*err, events));
    Report { without_keys: true, ..report }
}

fn check_log(
    folder: &Path,
    expect: Option<&KnownRoot>,
    events: &mut u64,
) -> Result<Inspection, Failure> {
    let (folder, id) = (folder.to_owned(), log_id_of(folder)?);
    let log = SledLog::open(&SledLogOptions { folder, id, reserve_bytes: 0, accept_head: None })?;
    let root_at = expect.map(|it| it.position);
    let found = log.inspect_with(Derived::Checked, root_at, |block| {
        *events += block.len() as u64;
        Ok(())
    })?;
    Ok(found)
}

/// The report of a log that is whole: it may be another one than expected.
fn report(found: &Inspection, expect: Option<&KnownRoot>) -> Report {
    let problem = expect.and_then(|expect| match found.root_at.map(|it| hex(&it)) {
        Some(root) if root == expect.root => None,
        Some(root) => Some(format!(
            "up to position {} the log has the root {root}, not the one that was expected: events of \
             then were changed or removed, or this is another log",
            expect.position
        )),
        None => Some(format!(
            "the log ends at position {}, before the one that was expected, {}: events were removed, \
             or this is an older copy",
            found.position, expect.position
        )),
    });
    Report {
        ok: problem.is_none(),
        position: found.position,
        hash: hex(&found.hash),
        events: found.position,
        first_bad_position: None,
        merkle_root: hex(&found.merkle_root),
        expected_position: expect.map(|it| it.position).filter(|_| problem.is_none()),
        problem,
        without_keys: false,
    }
}

fn failed(err: &(dyn std::error::Error + Send + Sync + 'static), events: u64) -> Report {
    let position = match err.downcast_ref::<LogError>() {
        Some(LogError::Damaged { position, .. } | LogError::Unreadable { position, .. }) => {
            Some(*position)
        }
        _ => None,
    };
    Report {
        position: position.map_or(events, |it| it.saturating_sub(1)),
        events,
        first_bad_position: position,
        problem: Some(err.to_string()),
        ..Report::default()
    }
}

fn check_all(
    running: &Running,
    expect: Option<&KnownRoot>,
    events: &mut u64,
    progress: &dyn Fn(u64),
) -> Result<Inspection, Failure> {
    let keys = running.engine.keys();
    keys.verify()?;
    let (first, second) = (Views::new(keys.clone()), Views::new(keys.clone()));
    let root_at = expect.map(|it| it.position);
    let found = running.log.inspect_with(Derived::Checked, root_at, |block| {
        for event in block {
            check_event(event, keys)?;
        }
        first.apply(block)?;
        *events += block.len() as u64;
        progress(*events);
        Ok(())
    })?;
    // The second rebuild works as the program does: through the snapshot, if there is one.
    let second = match views_of_snapshot(running, &running.folder, found.position)? {
        Some(views) => views,
        None => second,
    };
    while second.position() < found.position {
        let count = 4_096.min((found.position - second.position()) as usize);
        second.apply(&running.log.read_after(second.position(), count)?)?;
    }
    if *first.read() != *second.read() {
        return Err("two rebuilds of the read models differ; remove snapshots/views".into());
    }
    Ok(found)
}

/// Every event opens and decodes, also those that no read model asks for.
fn check_event(event: &Recorded, keys: &Keyring) -> Result<(), LogError> {
    let unreadable = |why| LogError::Unreadable { position: event.position, why };
    let parts = keys.open_parts(event).map_err(unreadable)?;
    AnyEvent::decode(&event.kind, &parts).map(|_| ()).map_err(unreadable)
}

/// A running server may have written a newer snapshot meanwhile: that one is checked next time.
fn views_of_snapshot(
    running: &Running,
    folder: &Path,
    until: u64,
) -> Result<Option<Views>, Failure> {
    let log = &running.log;
    match read_snapshot(&views_snapshot_path(folder), snapshot_revision(), log.id()) {
        Ok((header, body)) if header.position <= until && log.fits(&header) => {
            Ok(Some(Views::from_snapshot(body, running.engine.keys().clone())?))
        }
        Ok(_) | Err(NoSnapshot::Absent | NoSnapshot::Other) => Ok(None),
        Err(NoSnapshot::Damaged) => Err("snapshots/views is damaged; remove it".into()),
    }
}

fn print_table(report: &Report) -> Result<(), Failure> {
    print(if report.ok { "OK" } else { "NOT OK" })?;
    if let Some(problem) = &report.problem {
        print(format_args!("problem             {problem}"))?;
    }
    if let Some(position) = report.first_bad_position {
        print(format_args!("first bad position  {position}"))?;
    }
    print(format_args!("head position       {}", report.position))?;
    print(format_args!("events read         {}", report.events))?;
    if let Some(position) = report.expected_position {
        print(format_args!("as expected         up to position {position}"))?;
    }
    if report.without_keys {
        print("without keys        no event was opened, no read model rebuilt")?;
    }
    if !report.merkle_root.is_empty() {
        print(format_args!("head hash           {}", report.hash))?;
        print(format_args!("merkle root         {}", report.merkle_root))?;
    }
    if report.ok && report.position > 0 {
        print(format_args!("expect later        {}:{}", report.position, report.merkle_root))?;
    }
    Ok(())
}
