//! The connection to NATS, the stream, and where in the log the stream ends.

use std::path::Path;
use std::time::Duration;

use async_nats::jetstream::context::ContextBuilder;
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::Stream;
use async_nats::jetstream::stream::{Config, RawMessageError, RawMessageErrorKind, StorageType};
use async_nats::{Client, ConnectOptions, Event, ServerAddr};
use domain::LogId;
use tokio::sync::watch;

use super::Ended;
use super::cursor::Cursor;
use crate::cloud_event::event_id;

/// The name of the stream.
pub(super) const STREAM: &str = "CHANCERY";

/// What the stream takes in.
const SUBJECTS: &str = "chancery.>";

/// How long one attempt to connect to one server may take.
const CONNECT_WAIT_MAX: Duration = Duration::from_secs(5);

/// How long the broker may take to answer a question about the stream.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(5);

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
}

impl Broker {
    /// Connects once, and makes the stream unless it is there. A stream that is there is never
    /// changed: its limits, copies and placement are the operator's.
    pub(super) async fn connect(
        servers: &Servers,
        credentials: Option<&Path>,
    ) -> Result<Self, String> {
        let (sender, lost) = watch::channel(false);
        let options = servers
            .options(credentials)?
            .name("chancery")
            .connection_timeout(CONNECT_WAIT_MAX)
            .request_timeout(Some(ANSWER_WAIT_MAX))
            .event_callback(move |event| {
                if matches!(event, Event::Disconnected | Event::Closed) {
                    sender.send_replace(true);
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
        let client = client.map_err(|err| err.kind().to_string())?;
        let context = ContextBuilder::new().timeout(ANSWER_WAIT_MAX).build(client.clone());
        let config = Config {
            name: STREAM.to_owned(),
            subjects: vec![SUBJECTS.to_owned()],
            storage: StorageType::File,
            ..Config::default()
        };
        let stream = context.get_or_create_stream(config).await;
        let stream = stream.map_err(|err| format!("the stream {STREAM}: {err}"))?;
        Ok(Self { client, stream, lost })
    }

    /// Where the stream ends: its last sequence, and the position up to which it has the log.
    ///
    /// The last message says so itself. If it is gone (a purge, a limit, a work queue), what was
    /// published is bounded from below by the last message that is left and by the saved cursor:
    /// the higher one is taken, and what was published after it comes again, which "at least
    /// once" allows and message ids let consumers notice. Counting sequences instead would skip
    /// events, if ever a sequence had not been an event. Without either bound, beginning at 1
    /// could repeat years, and beginning elsewhere could lose events: a person must choose.
    pub(super) async fn find_end(&self, log: LogId, hint: Cursor) -> Result<Cursor, Ended> {
        let info = self.stream.get_info().await;
        let sequence = info.map_err(|err| interrupted(&err))?.state.last_sequence;
        if sequence == 0 {
            return Ok(Cursor::default());
        }
        let position = match found(self.stream.get_raw_message(sequence).await)? {
            Some(message) => position_in(&message, log)?,
            None => {
                let left = self.stream.get_last_raw_message_by_subject(SUBJECTS).await;
                let left = found(left)?.map(|it| position_in(&it, log)).transpose()?;
                let hint =
                    (hint.position > 0 && hint.sequence <= sequence).then_some(hint.position);
                left.max(hint).ok_or_else(|| unknown_end(sequence))?
            }
        };
        Ok(Cursor { position, sequence })
    }
}

fn found(got: Result<StreamMessage, RawMessageError>) -> Result<Option<StreamMessage>, Ended> {
    match got {
        Ok(message) => Ok(Some(message)),
        Err(err) if matches!(err.kind(), RawMessageErrorKind::NoMessageFound) => Ok(None),
        Err(err) => Err(interrupted(&err)),
    }
}

fn position_in(message: &StreamMessage, log: LogId) -> Result<u64, Ended> {
    let id = message.headers.get(async_nats::header::NATS_MESSAGE_ID).map(|it| it.as_str());
    let (its_log, position) = id.and_then(|it| it.split_once(':')).unwrap_or_default();
    let sequence = message.sequence;
    let position = position.parse::<u64>().map_err(|_| {
        Ended::ForGood(format!(
            "message {sequence} of the stream {STREAM} is not an event of any log: keep others \
             from publishing to {SUBJECTS}, delete that message or the stream, and start again"
        ))
    })?;
    if event_id(log, position) != id.unwrap_or_default() {
        return Err(Ended::ForGood(format!(
            "the stream {STREAM} belongs to the log {its_log}, this is the log {log}: give another \
             NATS server or account, or delete the stream to publish this log from its beginning"
        )));
    }
    Ok(position)
}

fn unknown_end(sequence: u64) -> Ended {
    Ended::ForGood(format!(
        "the stream {STREAM} has had {sequence} messages and has none now, and no cursor was saved \
         here: how far this log was published is unknown. Delete the stream to publish the log \
         from its beginning, or restore the file `publisher` of the data folder"
    ))
}

fn interrupted(err: &dyn std::error::Error) -> Ended {
    Ended::Interrupted(format!("the stream {STREAM}: {err}"))
}
