//! APIs behind gateways: the door, an API of 100,000 revisions, and how soon nginx serves what is
//! published.
//!
//! `cargo bench -p tests --bench gateway`, or with some of `door`, `revisions` and `nginx` after `--`.
//! Each figure stands beside one of the same run: server, load and nginx share the cores.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot go on ends by a panic"
)]

mod nginx;

use std::path::Path;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use commands::signing::system_head;
use domain::resource::{
    Basis, Difference, Document, DocumentForm, Face, Gate, Publication, Resource, ResourceCommand,
};
use domain::{Actor, Sha256, TenantId, UserId};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::bench::{
    Load, PASSWORD, Server, ask, binary, get, load, now, open, post, quantile, space,
};
use tests::documents::document;
use tokio::runtime::Runtime;

const CONNECTIONS: usize = 16;
const ROUNDS: usize = 7;
const TIME: Duration = Duration::from_secs(2);

/// A start checks the log in the background.
const CHECK_TIME: Duration = Duration::from_secs(3);

const MANY: u32 = 100_000;
const FEW: u32 = 100;
/// How many revisions are one commit.
const TOGETHER: u32 = 50;
const PAGE_TIME: Duration = Duration::from_millis(1_500);
const STARTS: usize = 5;
const DIFFS: usize = 41;

const SECRET: &str = "a-secret-of-the-shop";

/// A server with API resource 1, a document, and the administrator's token.
struct Shop {
    server: Server,
    runtime: Runtime,
    token: String,
}

impl Shop {
    fn start(folder: &Path) -> Self {
        let settings = [("CHANCERY_ALLOW_PRIVATE_OUTBOUND", "127.0.0.0/8")];
        let server = Server::start_with(folder, None, &settings);
        let runtime = Runtime::new().unwrap();
        let form = format!(
            "grant_type=password&client_id=chancery-cli&username=admin&password={PASSWORD}\
             &scope=oauthapp.all"
        );
        let asked = post(server.address, "/connect/token", &form);
        let (status, body) = runtime.block_on(ask(server.address, &asked));
        assert_eq!(status, 200, "{body}");
        let answer: Value = serde_json::from_str(&body).unwrap();
        Self { server, runtime, token: text(&answer["access_token"]) }
    }

    /// With a tenant whose requests may go to this machine.
    fn new(folder: &Path, upstreams: &[String]) -> Self {
        let it = Self::start(folder);
        let scopes = json!([{ "scope": "shop.read" }]);
        it.send("POST", "/api/ApiResource", &json!({ "name": "shop", "scopes": scopes }));
        let policy = json!({ "refuse": "Off", "upstreams": upstreams });
        it.send("PUT", "/api/ApiResource/Policy", &policy);
        it
    }

    /// What is asked, as text.
    fn request(&self, method: &str, path: &str, body: &Value, headers: &str) -> String {
        let (address, token, body) = (self.server.address, &self.token, body.to_string());
        format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
             {headers}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    fn asked(&self, request: &str) -> Value {
        let what = request.lines().next().unwrap();
        let (status, body) = self.runtime.block_on(ask(self.server.address, request));
        let answer: Value = serde_json::from_str(&body).unwrap_or(Value::Null);
        assert!(status == 200 && answer["code"] == 200, "{status} {body}: {what}");
        answer
    }

    fn send(&self, method: &str, path: &str, body: &Value) -> Value {
        self.asked(&self.request(method, path, body, ""))["data"].take()
    }

    /// The id of a document of the API, kept.
    fn keep(&self, document: &Value) -> String {
        text(&self.send("POST", "/api/ApiResource/1/Documents", document)["documentId"])
    }

    fn get(&self, path: &str) -> String {
        get(self.server.address, path, Some(&self.token))
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value}")).to_owned()
}

fn median(values: &[f64]) -> f64 {
    quantile(&mut values.to_vec(), 0.5)
}

fn verdict(is_met: bool, bar: &str) {
    println!("  {}: {bar}", if is_met { "met" } else { "MISSED" });
}

fn millis_of<T>(what: impl FnOnce() -> T) -> f64 {
    let began = Instant::now();
    what();
    began.elapsed().as_secs_f64() * 1e3
}

/// Rounds of two loads, each first in turn. The first of each is not counted.
fn rounds(mut one: impl FnMut() -> Load, mut other: impl FnMut() -> Load) -> Vec<(Load, Load)> {
    let _ = (one(), other());
    let round = |round| match round % 2 {
        0 => {
            let one = one();
            (one, other())
        }
        _ => {
            let other = other();
            (one(), other)
        }
    };
    (0..ROUNDS).map(round).collect()
}

fn middle(rounds: &[(Load, Load)], what: fn(&(Load, Load)) -> f64) -> f64 {
    median(&rounds.iter().map(what).collect::<Vec<_>>())
}

/// A request to the door, which is let in: with a token and the key of a subscription.
fn check_of(it: &Shop) -> String {
    let gold = json!({ "id": "gold", "name": "Gold", "published": true });
    it.send("POST", "/api/ApiResource/Products", &gold);
    let publish = json!({
        "apiId": "1", "suffix": "shop", "documentId": it.keep(&document("shop")),
        "productIds": ["gold"], "authorizationServerId": "chancery", "scope": "shop.read",
    });
    it.send("PUT", "/api/ApiResource/1/Publish", &publish);
    let hash = it.send("POST", "/api/Client/0/Secretkey", &json!({ "plaintext": SECRET }));
    let client = json!({
        "clientId": "app", "clientSecrets": [{ "value": hash }],
        "allowedGrantTypes": [{ "grantType": "client_credentials" }],
        "allowedScopes": [{ "scope": "shop.read" }],
    });
    it.send("POST", "/api/Client", &client);
    let address = it.server.address;
    let basic = BASE64_STANDARD.encode(format!("app:{SECRET}"));
    let form = "grant_type=client_credentials&scope=shop.read";
    let asked = post(address, "/connect/token", form).replacen(
        "\r\n",
        &format!("\r\nAuthorization: Basic {basic}\r\n"),
        1,
    );
    let (status, body) = it.runtime.block_on(ask(address, &asked));
    assert_eq!(status, 200, "{body}");
    let token = text(&serde_json::from_str::<Value>(&body).unwrap()["access_token"]);
    let mine = json!({ "productId": "gold", "name": "mine" });
    let key = text(&it.send("POST", "/api/Subscription", &mine)["primaryKey"]);
    let proof = text(&it.send("POST", "/api/Gateway", &json!({ "name": "edge" }))["key"]);
    format!(
        "GET /api/Gateway/Check HTTP/1.1\r\nHost: {address}\r\nX-Chancery-Gateway: edge:{proof}\r\n\
         X-Chancery-Api: 1/1;rev=1\r\nAuthorization: Bearer {token}\r\nX-Chancery-Key: {key}\r\n\r\n"
    )
}

fn door() {
    let folder = TempDir::with_prefix("chancery-bench-").unwrap();
    let it = Shop::new(folder.path(), &[]);
    let (check, address) = (check_of(&it), it.server.address);
    let (status, body) = it.runtime.block_on(ask(address, &check));
    assert_eq!(status, 204, "{body}");
    let live = get(address, "/health/live", None);
    std::thread::sleep(CHECK_TIME);
    let measure = |request: &str| it.runtime.block_on(load(address, request, CONNECTIONS, TIME));
    let rounds = rounds(|| measure(&live), || measure(&check));
    let ratio = middle(&rounds, |(live, check)| check.per_second / live.per_second);
    let all = rounds.iter().map(|(live, check)| check.per_second / live.per_second);
    let (least, most) = all.fold((f64::MAX, 0.0_f64), |(a, b), it| (a.min(it), b.max(it)));
    println!(
        "door: {CONNECTIONS} connections, {ROUNDS} rounds of {TIME:?} each, token and key, a product \
         without a rate"
    );
    println!(
        "  /health/live       {:7.0}/s  p50 {:5.0} µs  p99 {:6.0} µs",
        middle(&rounds, |it| it.0.per_second),
        middle(&rounds, |it| it.0.p50_us),
        middle(&rounds, |it| it.0.p99_us)
    );
    println!(
        "  /api/Gateway/Check {:7.0}/s  p50 {:5.0} µs  p99 {:6.0} µs",
        middle(&rounds, |it| it.1.per_second),
        middle(&rounds, |it| it.1.p50_us),
        middle(&rounds, |it| it.1.p99_us)
    );
    println!("  median ratio {ratio:.3} (from {least:.3} to {most:.3})");
    verdict(ratio >= 0.2, "at least 0.2 of /health/live");
    it.server.kill();
}

/// A document with another operation, so that there is something to compare.
fn other_document() -> Value {
    let mut other = document("shop");
    let mut books = other["paths"]["/orders"].clone();
    books["get"]["operationId"] = "books".into();
    other["paths"]["/books"] = books;
    other["paths"]["/orders"]["get"]["parameters"][0]["required"] = true.into();
    other
}

fn described(id: &str, document: &Value) -> Document {
    let hex = |at: usize| u8::from_str_radix(&id[2 * at..2 * at + 2], 16).unwrap();
    Document {
        sha256: Sha256(std::array::from_fn(hex)),
        bytes: document.to_string().len() as u64,
        form: DocumentForm::Json,
        openapi: "3.0.3".to_owned(),
        title: "shop".to_owned(),
        info_version: "1".to_owned(),
        operations: document["paths"].as_object().unwrap().len() as u32,
    }
}

/// A folder with an API that was published so often, with two documents in turn.
fn published(count: u32) -> TempDir {
    let folder = TempDir::with_prefix("chancery-bench-").unwrap();
    let it = Shop::new(folder.path(), &[]);
    let documents = [document("shop"), other_document()];
    let documents = documents.map(|document| described(&it.keep(&document), &document));
    it.server.stop();
    let face = |revision: u32| Face {
        name: Some(format!("Shop {revision}")),
        path: "shop".to_owned(),
        service_url: Some("https://api.example.org/v1".to_owned()),
        document: Some(documents[revision as usize % 2].clone()),
        ..Face::default()
    };
    let publish = |revision: u32| {
        ResourceCommand::Publish(Box::new(Publication {
            api_id: "1".to_owned(),
            current: (revision > 1)
                .then(|| Basis { revision: revision - 1, face: face(revision - 1) }),
            face: face(revision),
            difference: Difference::default(),
            gate: Gate::default(),
            notes: None,
        }))
    };
    let (log, engine) = open(folder.path());
    let began = Instant::now();
    it.runtime.block_on(async {
        for first in (1..=count).step_by(TOGETHER as usize) {
            let head = system_head(TenantId::FIRST, Actor::User(UserId(1)), now()).unwrap();
            let some = first..(first + TOGETHER).min(count + 1);
            let done = engine.transact(&head, |draft| {
                some.clone().try_for_each(|it| draft.decide::<Resource>("1", &publish(it)))
            });
            let done: Result<_, commands::Error> = done.await;
            done.unwrap();
        }
    });
    log.close();
    println!(
        "  {count} revisions: appended in {:.1} s; the log takes {:.1} MiB",
        began.elapsed().as_secs_f64(),
        space(&folder.path().join("log")) as f64 / 1024.0 / 1024.0
    );
    folder
}

/// Milliseconds of the first publish after each start, of the next, and until it is ready.
fn first_publishes(folder: &Path, is_killed: bool) -> [f64; 3] {
    let (mut first, mut next, mut ready) = (Vec::new(), Vec::new(), Vec::new());
    for start in 0..STARTS {
        let it = Shop::start(folder);
        std::thread::sleep(CHECK_TIME);
        ready.push(it.server.ready.as_secs_f64() * 1e3);
        let id = it.keep(&document("shop"));
        for (n, times) in [(0, &mut first), (1, &mut next)] {
            let body = json!({
                "apiId": "1", "suffix": "shop", "documentId": id,
                "name": format!("{is_killed} {start} {n}"),
            });
            let request = it.request("PUT", "/api/ApiResource/1/Publish", &body, "");
            times.push(millis_of(|| it.asked(&request)));
        }
        match is_killed {
            true => it.server.kill(),
            false => it.server.stop(),
        }
    }
    [median(&first), median(&next), median(&ready)]
}

/// A page of both APIs.
fn page(few: &Shop, many: &Shop, what: &str) {
    let path = format!("/api/ApiResource/1/{what}");
    let bytes = |it: &Shop| it.runtime.block_on(ask(it.server.address, &it.get(&path))).1.len();
    let once = |it: &Shop| {
        let request = it.get(&path);
        it.runtime.block_on(load(it.server.address, &request, 1, PAGE_TIME))
    };
    let rounds = rounds(|| once(few), || once(many));
    let ratio = middle(&rounds, |(few, many)| many.p99_us / few.p99_us);
    println!("  {what}, medians of {ROUNDS} rounds of {PAGE_TIME:?}:");
    println!(
        "    of {FEW:6}: {} B, p50 {:.0} µs, p99 {:.0} µs",
        bytes(few),
        middle(&rounds, |it| it.0.p50_us),
        middle(&rounds, |it| it.0.p99_us)
    );
    println!(
        "    of {MANY:6}: {} B, p50 {:.0} µs, p99 {:.0} µs; ratios: p50 {:.2}, p99 {ratio:.2}",
        bytes(many),
        middle(&rounds, |it| it.1.p50_us),
        middle(&rounds, |it| it.1.p99_us),
        middle(&rounds, |(few, many)| many.p50_us / few.p50_us)
    );
    verdict(ratio <= 2.0, "p99 at most twice that of 100 revisions");
}

fn revisions() {
    println!("revisions of one API, each published; one connection");
    let folders = [FEW, MANY].map(published);
    // A graceful stop writes a snapshot.
    for folder in &folders {
        Server::start(folder.path(), None).stop();
    }
    let [few, many] = folders.each_ref().map(|it| Shop::start(it.path()));
    std::thread::sleep(CHECK_TIME);
    println!("  memory: {:.1} and {:.1} MiB", few.server.memory_mib(), many.server.memory_mib());
    page(&few, &many, "Revisions?take=20");
    page(&few, &many, "Versions?revisions=20");
    let diff = |it: &Shop, path: &str| {
        let request = it.get(path);
        median(&(0..DIFFS).map(|_| millis_of(|| it.asked(&request))).collect::<Vec<_>>())
    };
    let near = "/api/ApiResource/1/Revisions/1;rev=100/Diff";
    let far = "/api/ApiResource/1/Revisions/1;rev=100000/Diff?against=1%3Brev%3D1";
    println!(
        "  Diff, each on a new connection, median of {DIFFS}: revision 100 against the one before \
         {:.2} ms of {FEW}, {:.2} ms of {MANY}; revision {MANY} against the first {:.2} ms",
        diff(&few, near),
        diff(&many, near),
        diff(&many, far)
    );
    few.server.stop();
    many.server.stop();
    for (how, is_killed) in [("a graceful stop", false), ("kill -9", true)] {
        let [few, many] = folders.each_ref().map(|it| first_publishes(it.path(), is_killed));
        println!(
            "  publish after a start after {how}, median of {STARTS}: first {:.1} ms of {FEW}, \
             {:.1} ms of {MANY}; next {:.1} and {:.1} ms; ready after {:.0} and {:.0} ms",
            few[0], many[0], few[1], many[1], few[2], many[2]
        );
    }
}

fn main() {
    binary();
    let asked = std::env::args().skip(1).filter(|it| !it.starts_with('-')).collect::<Vec<_>>();
    for (name, part) in
        [("door", door as fn()), ("nginx", nginx::run as fn()), ("revisions", revisions as fn())]
    {
        if asked.is_empty() || asked.iter().any(|it| it == name) {
            part();
        }
    }
}
