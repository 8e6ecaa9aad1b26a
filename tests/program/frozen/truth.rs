//! What must be true of a frozen store for ever: the files beside it, and how answers are compared.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use async_nats::jetstream;
use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use futures_util::StreamExt as _;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tests::process::{Answer, Program};

/// The publisher's stream.
pub(super) const STREAM: &str = "CHANCERY";

/// Who issued the tokens of the frozen store.
pub(super) const ISSUER: &str = "https://id.example.org";

/// A frozen store, by the name of its folder in `tests/fixtures`.
#[derive(Clone, Copy)]
pub(super) struct Store(pub(super) &'static str);

/// The first one: everything that there was on 2026-11-29.
pub(super) const FIRST: Store = Store("store");

/// Many tenants, changes of users, roles and clients, codes, letters and messages.
pub(super) const DIRECTORY: Store = Store("directory");

/// API resources with whole faces, products, subscriptions and gateways.
pub(super) const APIS: Store = Store("apis");

/// Packages and SDKs, jobs, files of users, subscribers and notices.
pub(super) const SDKS: Store = Store("sdks");

/// All of them.
pub(super) const STORES: [Store; 4] = [FIRST, DIRECTORY, APIS, SDKS];

impl Store {
    /// Where it stands.
    pub(super) fn folder(self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(self.0)
    }

    /// A file beside the archive.
    pub(super) fn read(self, name: &str) -> String {
        let path = self.folder().join(name);
        fs::read_to_string(&path).unwrap_or_else(|err| panic!("{}: {err}", path.display()))
    }

    pub(super) fn truth(self) -> Truth {
        serde_json::from_str(&self.read("truth.json")).unwrap()
    }
}

/// What was seen when a store was made.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Truth {
    /// The time of day just after the store was made, in Unix seconds.
    pub(super) made: i64,
    /// What `verify` said of the folder `data`.
    pub(super) verified: Value,
    /// What `verify` said of the folder `backup`.
    pub(super) backup_verified: Value,
    /// Tokens by the names that `answers` uses.
    pub(super) tokens: BTreeMap<String, String>,
    /// Users who can sign in, with their passwords.
    pub(super) passwords: BTreeMap<String, String>,
    /// Who can no longer sign in, with their passwords.
    pub(super) refused_passwords: BTreeMap<String, String>,
    /// Clients with their secrets and the scopes of their tokens.
    pub(super) clients: BTreeMap<String, (String, String)>,
    /// Clients that get no token, with their secrets.
    #[serde(default)]
    pub(super) refused_clients: BTreeMap<String, String>,
    /// The refresh token of an app-token pair that counts.
    pub(super) refresh_token: String,
    /// Requests that change nothing, and their answers.
    pub(super) answers: Vec<Seen>,
}

/// A request that changes nothing, and its answer.
#[derive(Serialize, Deserialize)]
pub(super) struct Seen {
    /// The name of the token; empty for none.
    pub(super) bearer: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) body: Option<Value>,
    pub(super) status: u16,
    pub(super) answer: Value,
}

/// A message of the stream, its payload byte by byte.
#[derive(Serialize, Deserialize)]
pub(super) struct Message {
    pub(super) subject: String,
    pub(super) id: String,
    pub(super) payload: Box<RawValue>,
}

/// Asks, and returns what is to be remembered of the answer.
pub(super) async fn ask(
    program: &Program,
    token: &str,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Answer {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    program.try_ask(method, path, token, body).await.unwrap()
}

/// All of what was seen then is there now, with the same values. Members that came later may be there,
/// and rows that callers may see since.
pub(super) fn assert_holds(what: &str, then: &Value, now: &Value) {
    match (then, now) {
        (Value::Object(then), Value::Object(now)) => assert_members(what, then, now),
        (Value::Array(then), Value::Array(now)) if then.iter().all(has_id) => {
            for then in then {
                let what = format!("{what} with id {}", then["id"]);
                let found = now.iter().find(|it| it["id"] == then["id"]);
                let found = found.unwrap_or_else(|| panic!("{what} is gone"));
                assert_holds(&what, then, found);
            }
        }
        (Value::Array(then), Value::Array(now)) => {
            assert_eq!(then.len(), now.len(), "{what}: {now:?}");
            for (at, (then, now)) in then.iter().zip(now).enumerate() {
                assert_holds(&format!("{what}[{at}]"), then, now);
            }
        }
        _ => assert_eq!(then, now, "{what}"),
    }
}

fn has_id(value: &Value) -> bool {
    value.get("id").is_some()
}

fn assert_members(what: &str, then: &Map<String, Value>, now: &Map<String, Value>) {
    // Random in every answer; how many rows there are to see; counted since, and always 0 then.
    let is_fixed = |name: &str| !["traceId", "total", "members"].contains(&name);
    for (name, value) in then.iter().filter(|(name, _)| is_fixed(name)) {
        let found = now.get(name).unwrap_or_else(|| panic!("{what}: {name} is gone: {now:?}"));
        assert_holds(&format!("{what}.{name}"), value, found);
    }
}

/// The first messages of the publisher's stream.
pub(super) async fn messages(url: &str, count: usize) -> Vec<Message> {
    let context = jetstream::new(async_nats::connect(url).await.unwrap());
    let all = pull::OrderedConfig { deliver_policy: DeliverPolicy::All, ..Default::default() };
    let stream = context.get_stream(STREAM).await.unwrap();
    let messages = stream.create_consumer(all).await.unwrap().messages().await.unwrap();
    let messages = messages.take(count).map(|it| {
        let message = it.unwrap();
        let payload = String::from_utf8(message.payload.to_vec()).unwrap();
        Message {
            subject: message.subject.to_string(),
            id: message.headers.as_ref().unwrap().get("Nats-Msg-Id").unwrap().to_string(),
            payload: RawValue::from_string(payload).unwrap(),
        }
    });
    messages.collect().await
}

/// How many messages the publisher's stream has; 0 if there is none.
pub(super) async fn message_count(url: &str) -> usize {
    let context = jetstream::new(async_nats::connect(url).await.unwrap());
    match context.get_stream(STREAM).await {
        Ok(mut stream) => stream.info().await.unwrap().state.messages as usize,
        Err(_) => 0,
    }
}

/// Packs folders into an archive, or unpacks them, with the standard library of Python.
pub(super) fn archive(what: &str, file: &Path, folder: &Path, names: &[&str]) {
    let mut command = Command::new("python3");
    command.args(["-m", "tarfile", what]).arg(file).current_dir(folder).args(names);
    assert!(command.status().expect("python3").success(), "{command:?}");
}
