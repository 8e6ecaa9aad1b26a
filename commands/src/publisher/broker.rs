//! The connection to NATS, the stream, and where in the log the stream ends.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_nats::jetstream::context::ContextBuilder;
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::Stream;
use async_nats::jetstream::stream::{Config, RawMessageError, RawMessageErrorKind, StorageType};
use async_nats::{Client, ConnectOptions, Event, ServerAddr};
use futures_util::{StreamExt as _, stream};
use tokio::sync::watch;

use super::cursor::Cursor;
use super::ended::Ended;
use super::history::{self, Checked};
use super::stream::{STREAM, SUBJECTS, WINDOW_EVENTS_MAX};
use crate::full_event_id::FullEventId;
use crate::lock::lock;

/// How long one attempt to connect to one server may take.
const CONNECT_WAIT_MAX: Duration = Duration::from_secs(5);

/// How long the broker may take to answer a question about the stream.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(5);

/// How many messages are asked for before the first of them is there.
const ASKED_AT_ONCE_MAX: usize = 64;

/// Where NATS is. It has no `Debug`, because a password may be in it.
pub(super) struct Servers {
    addresses: Vec<ServerAddr>,
    user: Option<(String, Option<String>)>,
}

impl Servers {
    /// Reads one address or several, separated by commas. Credentials are taken out, so that no
    /// address that anybody logs has one.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut servers = Self { addresses: Vec::new(), user: None };
        for text in text.split(',').map(str::trim).filter(|it| !it.is_empty()) {
            let address = text.parse::<ServerAddr>().ok()?;
            if let Some(user) = address.username() {
                let password = match address.password() {
                    Some(password) => Some(percent_decode(password)?),
                    None => None,
                };
                servers.user = Some((percent_decode(user)?, password));
            }
            let (scheme, host, port) = (address.scheme(), address.host(), address.port());
            let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
            servers.addresses.push(format!("{scheme}://{host}:{port}").parse().ok()?);
        }
        (!servers.addresses.is_empty()).then_some(servers)
    }

    fn options(&self, credentials: Option<&Path>) -> Result<ConnectOptions, String> {
        let options = match (credentials, &self.user) {
            (Some(path), _) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|err| format!("the credentials file {}: {err}", path.display()))?;
                // The cause is left out: it may quote the file.
                ConnectOptions::with_credentials(&text).map_err(|_| {
                    format!("the credentials file {} has not its form", path.display())
                })?
            }
            (None, Some((user, Some(password)))) => {
                ConnectOptions::with_user_and_password(user.clone(), password.clone())
            }
            (None, Some((token, None))) => ConnectOptions::with_token(token.clone()),
            (None, None) => ConnectOptions::new(),
        };
        Ok(options)
    }
}

fn percent_decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digits = [bytes.next()?, bytes.next()?];
            out.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

/// One connection. When it breaks, another one is made.
pub(super) struct Broker {
    pub(super) client: Client,
    stream: Stream,
    /// True once the connection broke; closed when the library gave it up.
    pub(super) lost: watch::Receiver<bool>,
    /// The last error that the server told of this connection.
    said: Arc<Mutex<Option<String>>>,
}

impl Broker {
    /// Connects once, and makes the stream unless it is there. A stream that is there is never
    /// changed: its limits, copies and placement are the operator's.
    pub(super) async fn connect(
        servers: &Servers,
        credentials: Option<&Path>,
    ) -> Result<Self, String> {
        let (sender, lost) = watch::channel(false);
        let said = Arc::new(Mutex::new(None));
        let saying = said.clone();
        let options = servers
            .options(credentials)?
            .name("chancery")
            .connection_timeout(CONNECT_WAIT_MAX)
            .request_timeout(Some(ANSWER_WAIT_MAX))
            .event_callback(move |event| {
                match event {
                    Event::Disconnected | Event::Closed => {
                        sender.send_replace(true);
                    }
                    Event::ServerError(err) => *lock(&saying) = Some(err.to_string()),
                    _ => (),
                }
                std::future::ready(())
            })
            // The library would reconnect by itself for ever and log every attempt. A lost
            // connection is dropped here; one more attempt on its side ends it.
            .max_reconnects(servers.addresses.len())
            .reconnect_to_server_callback(|pool, _| {
                let first = pool.into_iter().next();
                std::future::ready(
                    first.map(|it| async_nats::ReconnectToServer { addr: it.addr, delay: None }),
                )
            });
        let client = options.connect(servers.addresses.as_slice()).await;
        let at = || {
            let all = servers.addresses.iter().map(|it| format!("{}:{}", it.host(), it.port()));
            all.collect::<Vec<_>>().join(", ")
        };
        let client = client.map_err(|err| format!("{}: {}", at(), err.kind()))?;
        let context = ContextBuilder::new().timeout(ANSWER_WAIT_MAX).build(client.clone());
        let config = Config {
            name: STREAM.to_owned(),
            subjects: vec![SUBJECTS.to_owned()],
            storage: StorageType::File,
            ..Config::default()
        };
        let stream = context.get_or_create_stream(config).await;
        let stream = stream.map_err(|err| {
            let said = lock(&said).clone();
            let said = said.map_or_else(String::new, |it| format!("; the server says: {it}"));
            format!("the stream {STREAM}: {err}{said}")
        })?;
        check_config(&stream.cached_info().config)?;
        Ok(Self { client, stream, lost, said })
    }

    /// What the server told of this connection last, such as a permission that is missing.
    pub(super) fn said(&self) -> Option<String> {
        lock(&self.said).clone()
    }

    /// Where the stream ends: its last sequence, and the event up to which it has the log.
    ///
    /// The last message says so itself. If it is gone (a purge, a limit, a work queue), what was
    /// published is bounded from below by the last message that is left and by the saved cursor:
    /// the higher one is taken, and what was published after it comes again, which "at least
    /// once" allows and message ids let consumers notice. Counting sequences instead would skip
    /// events, if ever a sequence had not been an event. Without either bound, beginning at 1
    /// could repeat years, and beginning elsewhere could lose events: a person must choose.
    ///
    /// Whatever says so must be of this history of this log.
    pub(super) async fn find_end(&self, log: &Checked, hint: Cursor) -> Result<Cursor, Ended> {
        let info = self.stream.get_info().await;
        let state = info.map_err(|err| interrupted(&err))?.state;
        let sequence = state.last_sequence;
        if sequence == 0 {
            return Ok(Cursor::default());
        }
        if let Some(message) = self.message(sequence).await? {
            let id = log.check(history::id_of(&message)?, Some(sequence)).await?;
            let known = if hint.sequence < sequence { hint.sequence } else { 0 };
            let from = known.max(sequence.saturating_sub(WINDOW_EVENTS_MAX as u64));
            self.check_tail(log, hint, from.max(state.first_sequence.saturating_sub(1)), sequence)
                .await?;
            return Ok(Cursor { id: Some(id), sequence });
        }
        let left = found(self.stream.get_last_raw_message_by_subject(SUBJECTS).await)?;
        let left = match left {
            Some(it) => Some(log.check(history::id_of(&it)?, Some(it.sequence)).await?),
            None => None,
        };
        let hint = match hint.id.filter(|_| hint.sequence <= sequence) {
            Some(id) => Some(log.check(id, None).await?),
            None => None,
        };
        let last = |one: FullEventId, two: FullEventId| {
            if one.position >= two.position { one } else { two }
        };
        let id = match (left, hint) {
            (Some(left), Some(hint)) => last(left, hint),
            (left, hint) => left.or(hint).ok_or_else(|| history::unknown_end(sequence))?,
        };
        Ok(Cursor { id: Some(id), sequence })
    }

    /// Looks whether the messages behind `from` are events one after the other.
    ///
    /// A message of somebody else can take the place that the broker was to give to an event. That
    /// event is refused, and those sent right after it fit again: the last message would then say
    /// that all before it are there. No more were on their way than a window holds.
    async fn check_tail(
        &self,
        log: &Checked,
        known: Cursor,
        from: u64,
        last: u64,
    ) -> Result<(), Ended> {
        let asked = stream::iter(from + 1..=last).map(|it| self.message(it));
        let mut messages = asked.buffered(ASKED_AT_ONCE_MAX);
        let mut tail = Vec::new();
        while let Some(message) = messages.next().await {
            tail.push(match message? {
                Some(message) => Some((message.sequence, history::id_of(&message)?)),
                None => None,
            });
        }
        let before = known.id.filter(|_| known.sequence == from);
        log.check_tail(before, tail).await
    }

    /// A message of the stream, if it is still there.
    pub(super) async fn message(&self, sequence: u64) -> Result<Option<StreamMessage>, Ended> {
        found(self.stream.get_raw_message(sequence).await)
    }
}

/// Whether a stream that somebody else made takes all events, and says so of each.
fn check_config(config: &Config) -> Result<(), String> {
    if !config.subjects.iter().any(|it| [SUBJECTS, ">"].contains(&it.as_str())) {
        return Err(format!(
            "the stream {STREAM} does not take {SUBJECTS}: add it to its subjects"
        ));
    }
    if config.no_ack {
        return Err(format!("the stream {STREAM} acknowledges nothing: set no_ack to false"));
    }
    Ok(())
}

fn found(got: Result<StreamMessage, RawMessageError>) -> Result<Option<StreamMessage>, Ended> {
    match got {
        Ok(message) => Ok(Some(message)),
        Err(err) if matches!(err.kind(), RawMessageErrorKind::NoMessageFound) => Ok(None),
        Err(err) => Err(interrupted(&err)),
    }
}

fn interrupted(err: &dyn std::error::Error) -> Ended {
    Ended::Interrupted(format!("the stream {STREAM}: {err}"))
}
