//! Makes the fourth frozen store, once: packages and SDKs of an API, jobs that end in every way, files of
//! users, subscribers and notices.
//!
//! `CHANCERY_GOLDEN=write cargo test -p tests --test program frozen::sdks` makes it where there is none. It
//! needs the tools of `tests/install-codegen` and `tests/install-receivers`.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tests::documents::{document, serve, url};
use tests::nats::NatsServer;
use tests::process::{PASSWORD, Program, free_port, until};

use super::make::{Maker, is_to_be_made, keep, texts};
use super::truth::{ISSUER, SDKS, Truth};

const ANN: &str = "grue-Ham7ster";

/// The least picture: one pixel.
const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// The longest wait for a letter: one that was put off comes a minute later.
const LETTER_TIME_MAX: Duration = Duration::from_secs(120);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A mail server; it ends with this.
struct Post {
    child: Child,
    folder: PathBuf,
}

impl Drop for Post {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Post {
    fn start(folder: &Path, port: u16, mode: &str) -> Self {
        let mut command = Command::new(root().join("target/tools/receivers/bin/python"));
        command.arg(root().join("tests/messengers/mail_server.py"));
        command.arg(port.to_string()).arg(folder).arg(mode);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        Self { child, folder: folder.to_owned() }
    }

    /// The letters that it took, without the line ends of their encoding.
    fn letters(&self) -> Vec<String> {
        let files = std::fs::read_dir(&self.folder).unwrap().map(|it| it.unwrap().path());
        let mut files =
            files.filter(|it| it.extension().is_some_and(|it| it == "eml")).collect::<Vec<_>>();
        files.sort_unstable();
        let text = |it: &PathBuf| std::fs::read_to_string(it).unwrap();
        files.iter().map(|it| text(it).replace("=\r\n", "").replace("=3D", "=")).collect()
    }

    async fn takes(&self, count: usize) {
        let began = std::time::Instant::now();
        while self.letters().len() < count {
            assert!(began.elapsed() < LETTER_TIME_MAX, "{:?}", self.letters());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Packages, options and records of an API that is published.
async fn described(it: &mut Maker) -> String {
    let api = it.does("ann", "POST", "/api/ApiResource", json!({ "name": "orders" })).await;
    let path = format!("/api/ApiResource/{api}");
    let publish =
        json!({ "apiId": api.to_string(), "suffix": "orders", "swaggerUrl": url("sdks") });
    it.does("ann", "PUT", &format!("{path}/Publish"), publish).await;
    let package = |name: &str, index: i32| {
        json!({ "name": name, "publisher": "Shop", "link": "https://shop.example/", "showIndex": index,
            "icon": "https://shop.example/icon.png", "packagePlatform": "npm", "language": "go" })
    };
    for name in ["orders-go", "orders-old"] {
        it.does("ann", "POST", &format!("{path}/Packages"), package(name, 1)).await;
    }
    it.does("ann", "PUT", &format!("{path}/Packages/orders-go"), package("orders-go", 5)).await;
    it.does("ann", "DELETE", &format!("{path}/Packages/orders-old"), Value::Null).await;
    let of = format!("/api/CodeGen/{api}");
    let npm = json!({ "name": "@shop/orders", "sdkName": "Orders", "homepage": "https://shop.example",
        "token": "npm-token-9031", "version": "1.2.3", "readme": "# Orders" });
    it.does("ann", "PUT", &format!("{of}/NpmOptions/typescript-fetch"), npm).await;
    let git = json!({ "remote": "https://git.example.org/orders.git", "token": "git-token-9032",
        "generators": ["go"], "branch": "sdk" });
    it.does("ann", "PUT", &format!("{of}/GithubOptions"), git).await;
    let common = json!({ "swaggerUrl": "https://shop.example/swagger.json" });
    it.does("ann", "PUT", &format!("{of}/CommonOptions"), common).await;
    let record =
        json!({ "sdkName": "orders", "language": "go", "version": "1.0.0", "tags": "first" });
    it.does("ann", "POST", &format!("{of}/PostHistory"), record).await;
    api.to_string()
}

/// Jobs that end in every way.
async fn jobs(it: &mut Maker, api: &str) {
    let body = |generator: &str| json!({ "apiId": api, "generator": generator });
    let post = async |body| it.does("ann", "POST", "/api/CodeGen/Jobs", body).await;
    post(body("typescript-fetch")).await;
    let release =
        json!({ "apiId": api, "language": 2, "swaggerUrl": url("sdks"), "tags": "second" });
    it.does("ann", "POST", "/api/CodeGen/ReleaseSDK", release).await;
    // One of each user runs at a time: it waits.
    let waits = post(body("go")).await;
    let path = format!("/api/CodeGen/Jobs/{}", waits.as_str().unwrap());
    it.does("ann", "DELETE", &path, Value::Null).await;
    let open = async || {
        let jobs = it.does("ann", "GET", "/api/CodeGen/Jobs", Value::Null).await;
        let jobs = jobs.as_array().unwrap().clone();
        jobs.iter().all(|it| !["waiting", "running"].contains(&it["state"].as_str().unwrap()))
    };
    while !open().await {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let jobs = it.does("ann", "GET", "/api/CodeGen/Jobs", Value::Null).await;
    let states = jobs.as_array().unwrap().iter().map(|it| it["state"].as_str().unwrap());
    assert_eq!(states.collect::<Vec<_>>(), ["cancelled", "failed", "finished"], "{jobs}");
}

/// A file that stays, and one that is deleted.
async fn files(it: &mut Maker) {
    for _ in 0..2 {
        let path = "/api/Blob/Base64?folderName=pictures";
        it.does("ann", "POST", path, json!(PIXEL)).await;
    }
    let files = it.does("ann", "GET", "/api/Blob", Value::Null).await;
    let place = files[0]["url"].as_str().unwrap().split_once("/blobs/").unwrap().1.to_owned();
    it.does("ann", "DELETE", &format!("/api/Blob/{place}"), Value::Null).await;
}

/// Subscribers who are told, refused, put off and reached again, and one who leaves.
async fn subscribers(it: &mut Maker, api: &str, port: u16) {
    let folder = it.program.beside("post");
    std::fs::create_dir(&folder).unwrap();
    let post = Post::start(&folder, port, "take");
    let path = format!("/api/ApiResource/{api}");
    for name in ["eve", "gone", "full", "leaves"] {
        let email = json!({ "email": format!("{name}@shop.example") });
        it.does("ann", "POST", &format!("{path}/Subscriptions/VerifyEmail"), email).await;
    }
    post.takes(4).await;
    for letter in post.letters() {
        let at = letter.find(&format!("{path}/AddSubscription?code=")).unwrap();
        let end = |it: &char| it.is_whitespace() || "<>\"".contains(*it);
        let link = letter[at..].chars().take_while(|it| !end(it)).collect::<String>();
        it.does("ann", "GET", &link, Value::Null).await;
    }
    it.does("ann", "DELETE", &format!("{path}/Subscriptions/leaves@shop.example"), Value::Null)
        .await;
    drop(post);
    // Two changes of one letter, of which one address is refused, and one put off.
    let post = Post::start(&folder, port, "rcpt");
    for version in ["2", "3"] {
        publish(it, api, version).await;
    }
    post.takes(5).await;
    drop(post);
    let post = Post::start(&folder, port, "take");
    post.takes(6).await;
    publish(it, api, "4").await;
    post.takes(9).await;
    until("nothing waits", async || {
        let health = it.program.get("/health", "").await;
        health.json["workers"].as_array().unwrap().iter().all(|it| it["pending"] == 0)
    })
    .await;
}

async fn publish(it: &Maker, api: &str, version: &str) {
    let mut other = document("sdks");
    other["info"]["version"] = json!(version);
    let url = serve(&format!("sdks-{version}"), other.to_string());
    let publish = json!({ "apiId": api, "suffix": "orders", "swaggerUrl": url });
    it.does("ann", "PUT", &format!("/api/ApiResource/{api}/Publish"), publish).await;
}

async fn look(it: &mut Maker, api: &str) {
    for path in [
        format!("/api/ApiResource/{api}/Packages"),
        format!("/api/ApiResource/{api}/Subscriptions"),
        format!("/api/CodeGen/{api}/NpmOptions/typescript-fetch"),
        format!("/api/CodeGen/{api}/GithubOptions"),
        format!("/api/CodeGen/{api}/CommonOptions"),
        format!("/api/CodeGen/{api}/History"),
        "/api/CodeGen/Jobs".to_owned(),
        "/api/Blob".to_owned(),
    ] {
        assert_eq!(it.note("ann", "GET", &path, None).await, 200, "{path}");
    }
    let jobs = it.does("ann", "GET", "/api/CodeGen/Jobs", Value::Null).await;
    let made = format!("/api/CodeGen/Jobs/{}", jobs[2]["id"].as_str().unwrap());
    // What tools say is no format.
    for path in [made.clone(), format!("{made}/Files")] {
        assert_eq!(it.note("ann", "GET", &path, None).await, 200, "{path}");
    }
}

async fn make(nats: &str) {
    let port = free_port();
    let (tool, smtp) = (
        |it: &str| root().join("target/tools/codegen").join(it),
        format!("smtp://127.0.0.1:{port}"),
    );
    let [jar, java, tsc] =
        ["openapi-generator.jar", "java", "tsc"].map(|it| tool(it).display().to_string());
    let arguments = [
        "--nats",
        nats,
        "--codegen-jar",
        &jar,
        "--codegen-java",
        &java,
        "--codegen-tsc",
        &tsc,
        "--smtp-url",
        &smtp,
        "--notice-wait-seconds",
        "2",
    ];
    let mut program = Program::new(&[]);
    program.set_variable("CHANCERY_PUBLIC_URL", ISSUER);
    program.set_arguments(&arguments);
    program.start().await;
    let mut it = Maker::new(program);
    it.new_token("admin", "admin", PASSWORD).await;
    let everything = json!([{ "claimType": "permission", "claimValue": "oauthapp.all" }]);
    let user = json!({ "userName": "ann", "passwordHash": ANN, "claims": everything });
    it.does("admin", "POST", "/api/User", user).await;
    it.new_token("ann", "ann", ANN).await;
    let api = described(&mut it).await;
    jobs(&mut it, &api).await;
    files(&mut it).await;
    subscribers(&mut it, &api, port).await;
    look(&mut it, &api).await;
    let passwords = texts(&[("admin", PASSWORD), ("ann", ANN)]);
    keep(SDKS, it, Truth { passwords, ..Truth::default() }, nats).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_frozen_sdks_are_there_and_are_made_once() {
    if is_to_be_made(SDKS) {
        let server = NatsServer::start();
        make(&server.url()).await;
    }
}
