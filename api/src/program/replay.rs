//! `chancery replay`: the history in order, one event a line.

use std::io::Write as _;
use std::process::ExitCode;

use commands::keys::Keyring;
use commands::{EventJson, Personal};
use domain::log::{EventLog, LogError};
use domain::{AGGREGATES, AnyEvent, Ids, Recorded};

use super::failure::Failure;
use super::home::{Held, held, keys_path, master_key};
use super::private_copy::PrivateCopy;
use super::request::{Query, Request};
use super::running::{Opening, Running, advise};
use super::settings::{Common, Replay};
use super::shape::Shape;
use super::socket;
use super::story::Story;

/// How many events are read at a time.
const BATCH_EVENTS_MAX: usize = 1_024;

/// The exit status when nothing matches.
const NOTHING_MATCHES: u8 = 3;

/// How many characters the id of a short-lived stream has.
const SHORT_ID_CHARS: usize = 32;

/// Prints on standard output. The exit status tells whether anything matched.
pub(crate) fn run(common: &Common, options: &Replay) -> Result<ExitCode, Failure> {
    let query = Query {
        from: options.from,
        to: options.to,
        stream: options.stream.clone(),
        kind: options.kind.clone(),
        shape: options.format,
    };
    let mut out = std::io::BufWriter::new(std::io::stdout());
    let mut lines = 0_u64;
    let mut print_line = |line: &str| {
        if lines == 0 && query.shape == Shape::Table {
            writeln!(out, "{}", Columns::new().heading())?;
        }
        lines += 1;
        Ok::<_, Failure>(writeln!(out, "{line}")?)
    };
    if held(&common.data) == Held::ByServer {
        let mut failed = None;
        socket::ask(&common.data, &Request::Replay(query.clone()), &mut |line| {
            if let Err(err) = print_line(line) {
                failed.get_or_insert(err);
            }
        })?;
        failed.map_or(Ok(()), Err)?;
    } else {
        let copy = PrivateCopy::new(&common.data)?;
        let master = master_key(common, &common.data)?;
        // From the folder itself: no key is copied, and an error names the file that the operator
        // knows.
        let keys = Keyring::open_read_only(&keys_path(&common.data), &master)?;
        let running = Running::open_with(copy.path(), keys, Opening::default()).map_err(advise)?;
        print(&*running.log, running.engine.keys(), &query, &mut print_line)?;
    }
    out.flush()?;
    if lines > 0 {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("chancery: {}", nothing_matches(&query));
    Ok(ExitCode::from(NOTHING_MATCHES))
}

/// Why nothing was printed, as far as that is known.
fn nothing_matches(query: &Query) -> String {
    let unknown = query.kind.as_ref().filter(|wanted| {
        let mut kinds = AnyEvent::kinds().into_iter();
        !kinds.any(|kind| is_of_kind(kind, wanted))
    });
    match unknown {
        Some(kind) => format!("nothing matches: this version knows no kind {kind}"),
        None => "nothing matches".to_owned(),
    }
}

/// Whether a kind is the one that was asked for, or begins so.
fn is_of_kind(kind: &str, wanted: &str) -> bool {
    let rest = kind.strip_prefix(wanted);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Prints the events of a log, line by line.
pub(crate) fn print(
    log: &dyn EventLog,
    keys: &Keyring,
    query: &Query,
    line: &mut dyn FnMut(&str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let last = query.to.unwrap_or(u64::MAX).min(log.head().position);
    let is_asked_for = |event: &Recorded| {
        event.position >= query.from
            && query.kind.as_ref().is_none_or(|wanted| is_of_kind(&event.kind, wanted))
            && query.stream.as_ref().is_none_or(|wanted| event.stream.as_str() == wanted)
    };
    let (columns, mut story) = (Columns::new(), Story::default());
    // A story knows names from what stands before.
    let mut after = if query.shape == Shape::Story { 0 } else { query.from.max(1) - 1 };
    while after < last {
        let count = BATCH_EVENTS_MAX.min((last - after) as usize);
        for event in log.read_after(after, count)? {
            after = event.position;
            let json = || {
                EventJson::new(&event, keys, Personal::Shown)
                    .map_err(|why| LogError::Unreadable { position: event.position, why })
            };
            match query.shape {
                Shape::Story => {
                    let sentence = story.tell(&json()?);
                    if is_asked_for(&event) {
                        line(&sentence)?;
                    }
                }
                _ if !is_asked_for(&event) => (),
                Shape::Table => line(&columns.row(&event))?,
                Shape::Json => line(&serde_json::to_string(&json()?)?)?,
            }
        }
    }
    Ok(())
}

/// How wide the columns of the table are, so that every row lines up.
#[derive(Debug, Clone, Copy)]
struct Columns {
    kind: usize,
    stream: usize,
}

impl Columns {
    fn new() -> Self {
        let kinds = AnyEvent::kinds().into_iter().map(str::len);
        // Ids that somebody gives may be longer; those are few.
        let short = AGGREGATES.iter().filter(|it| it.ids == Ids::ShortLived);
        let streams = short.map(|it| it.category.len() + 1 + SHORT_ID_CHARS);
        Self { kind: kinds.max().unwrap_or(0), stream: streams.max().unwrap_or(0) }
    }

    fn line(&self, [position, time, kind, stream, actor]: [&str; 5]) -> String {
        let Self { kind: kind_width, stream: stream_width } = self;
        format!("{position:>10}  {time:27}  {kind:kind_width$}  {stream:stream_width$}  {actor}")
    }

    fn heading(&self) -> String {
        self.line(["position", "time", "kind", "stream", "actor"])
    }

    fn row(&self, event: &Recorded) -> String {
        let (position, actor) = (event.position.to_string(), event.commit.actor.to_string());
        let time = event.commit.time.rfc3339();
        self.line([&position, &time, &event.kind, event.stream.as_str(), &actor])
    }
}
