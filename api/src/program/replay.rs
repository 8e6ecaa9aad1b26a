//! `chancery replay`: the history in order, one event a line.

use std::io::Write as _;

use commands::keys::Keyring;
use commands::{EventJson, Personal};
use domain::log::{EventLog, LogError};

use super::failure::Failure;
use super::home::{Held, held, keys_path, master_key};
use super::private_copy::PrivateCopy;
use super::request::{Query, Request};
use super::running::{Opening, Running, advise};
use super::settings::{Common, Format, Replay};
use super::socket;

/// How many events are read at a time.
const BATCH_EVENTS_MAX: usize = 1_024;

/// Prints on standard output.
pub(crate) fn run(common: &Common, options: &Replay) -> Result<(), Failure> {
    let query = Query {
        from: options.from,
        to: options.to,
        stream: options.stream.clone(),
        kind: options.kind.clone(),
        table: options.format == Format::Table,
    };
    let mut out = std::io::BufWriter::new(std::io::stdout());
    if held(&common.data) == Held::ByServer {
        let mut failed = None;
        socket::ask(&common.data, &Request::Replay(query), &mut |line| {
            if let Err(err) = writeln!(out, "{line}") {
                failed.get_or_insert(err);
            }
        })?;
        return Ok(failed.map_or_else(|| out.flush(), Err)?);
    }
    let copy = PrivateCopy::new(&common.data)?;
    let master = master_key(common, &common.data)?;
    // From the folder itself: no key is copied, and an error names the file that the operator knows.
    let keys = Keyring::open_read_only(&keys_path(&common.data), &master)?;
    let running = Running::open_with(copy.path(), keys, Opening::default()).map_err(advise)?;
    print(&*running.log, running.engine.keys(), &query, &mut |line| Ok(writeln!(out, "{line}")?))?;
    Ok(out.flush()?)
}

/// Prints the events of a log, line by line.
pub(crate) fn print(
    log: &dyn EventLog,
    keys: &Keyring,
    query: &Query,
    line: &mut dyn FnMut(&str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let last = query.to.unwrap_or(u64::MAX).min(log.head().position);
    let mut after = query.from.max(1) - 1;
    if query.table {
        line(&format!("{:>10}  {:27}  {:32}  {:24}  actor", "position", "time", "kind", "stream"))?;
    }
    while after < last {
        let count = BATCH_EVENTS_MAX.min((last - after) as usize);
        for event in log.read_after(after, count)? {
            after = event.position;
            let kind = |wanted: &String| {
                let rest = event.kind.strip_prefix(wanted.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            let stream = |wanted: &String| event.stream.as_str() == wanted;
            if !query.kind.as_ref().is_none_or(kind) || !query.stream.as_ref().is_none_or(stream) {
                continue;
            }
            if query.table {
                let time = event.commit.time.rfc3339();
                line(&format!(
                    "{:>10}  {:27}  {:32}  {:24}  {}",
                    event.position, time, event.kind, event.stream, event.commit.actor
                ))?;
            } else {
                let json = EventJson::new(&event, keys, Personal::Shown)
                    .map_err(|why| LogError::Unreadable { position: event.position, why })?;
                line(&serde_json::to_string(&json)?)?;
            }
        }
    }
    Ok(())
}
