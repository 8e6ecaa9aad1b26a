//! Letters and short messages, sent to receivers that others wrote, which refuse, hang, answer late and
//! come back; with crashes before and after sending.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail them by a panic"
)]

mod notices;
mod story;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::process::{Program, free_port, until};

const READER: &str = "reader@example.com";
const NUMBER: &str = "13800138000";
const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn script(name: &str) -> PathBuf {
    root().join("tests/messengers").join(name)
}

/// A program of others that takes letters or messages. It is killed when dropped.
struct Receiver {
    child: Child,
    folder: TempDir,
}

impl Receiver {
    fn start(name: &str, port: u16, more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let python = root().join("target/tools/receivers/bin/python");
        assert!(python.exists(), "run tests/install-receivers");
        let mut command = Command::new(python);
        command.arg(script(name)).arg(port.to_string()).arg(folder.path()).args(more);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n", "{name} did not start");
        Self { child, folder }
    }

    fn mail(port: u16, mode: &str) -> Self {
        let (certificate, key) = (script("mail_server.crt"), script("mail_server.key"));
        let more = [mode, certificate.to_str().unwrap(), key.to_str().unwrap()];
        Self::start("mail_server.py", port, &more)
    }

    /// What it has taken, in order.
    fn taken(&self) -> Vec<String> {
        let files = fs::read_dir(self.folder.path()).unwrap().map(|it| it.unwrap().path());
        let is_whole = |it: &PathBuf| {
            it.extension().is_some_and(|it| ["eml", "json"].contains(&it.to_str().unwrap()))
        };
        let mut files = files.filter(is_whole).collect::<Vec<_>>();
        files.sort();
        files.iter().map(|it| fs::read_to_string(it).unwrap()).collect()
    }

    /// What it says of the attempts that it has seen.
    fn attempts(&self) -> String {
        fs::read_to_string(self.folder.path().join("attempts")).unwrap_or_default()
    }

    async fn takes(&self, count: usize) -> Vec<String> {
        until("it is taken", async || self.taken().len() >= count).await;
        self.taken()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn smtp(port: u16) -> [String; 2] {
    ["--smtp-url".to_owned(), format!("smtp://127.0.0.1:{port}")]
}

async fn started(arguments: &[String]) -> Program {
    let arguments = arguments.iter().map(String::as_str).collect::<Vec<_>>();
    Program::started(&arguments).await
}

async fn ask_for_letter(program: &Program) {
    let answer = program.post("/api/User/EmailCode", "", json!({ "email": READER })).await;
    assert_eq!(answer.json["code"], 200, "{answer:?}");
}

async fn ask_for_message(program: &Program) {
    let answer = program.post("/api/User/SmsCode", "", json!({ "phoneNumber": NUMBER })).await;
    assert_eq!(answer.json["code"], 200, "{answer:?}");
}

/// What waits for a worker, by its name.
async fn waits(program: &Program, name: &str) -> Value {
    let health = program.get("/health", "").await;
    let workers = health.json["workers"].as_array().unwrap().clone();
    workers.into_iter().find(|it| it["name"] == name).unwrap()
}

fn listed(program: &Program) -> Vec<Value> {
    let said = program.run(&["workers", "list", "--format", "json"]).ok();
    assert!(!said.out.contains(READER) && !said.out.contains(NUMBER), "{said:?}");
    serde_json::from_str(&said.out).unwrap()
}

async fn given_up(program: &Program, name: &str) -> Value {
    until("it is given up", async || waits(program, name).await["givenUp"] == 1).await;
    listed(program)[0].clone()
}

fn message_id(letter: &str) -> &str {
    letter.lines().find(|it| it.starts_with("Message-ID:")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_is_put_off_and_taken_at_the_next_try() {
    let port = free_port();
    let receiver = Receiver::mail(port, "put-off,take");
    let from = ["--mail-from".to_owned(), "Shop <no-reply@shop.example>".to_owned()];
    let program = started(&[smtp(port), from].concat()).await;
    ask_for_letter(&program).await;
    until("it fails", async || waits(&program, "mail").await["failing"] == 1).await;
    assert_eq!(listed(&program)[0]["why"], "put off 451", "no word of the server's");
    let letters = receiver.takes(1).await;
    let letter = &letters[0];
    for line in [
        "RCPT reader@example.com",
        "From: Shop <no-reply@shop.example>",
        "To: reader@example.com",
        "Subject: Your code for oauthapp",
        "Auto-Submitted: auto-generated",
    ] {
        assert!(letter.lines().any(|it| it == line), "{line} in {letter}");
    }
    assert!(letter.contains("Your code is "), "{letter}");
    until("nothing waits", async || waits(&program, "mail").await["pending"] == 0).await;
    assert_eq!(receiver.attempts(), "2");
    let log = program.log();
    assert!(!log.contains(READER), "the address is in the log lines: {log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_given_up_and_an_operator_tries_it_again() {
    let port = free_port();
    let receiver = Receiver::mail(port, "refuse");
    let program = started(&smtp(port)).await;
    ask_for_letter(&program).await;
    let given_up = given_up(&program, "mail").await;
    assert_eq!((&given_up["why"], &given_up["attempts"]), (&json!("refused 550"), &json!(1)));
    drop(receiver);
    let receiver = Receiver::mail(port, "take");
    program.run(&["workers", "retry", "mail-nothing"]).refused("was not given up");
    let name = given_up["name"].as_str().unwrap();
    assert!(program.run(&["workers", "retry", name]).ok().out.starts_with("1 of what"));
    receiver.takes(1).await;
    until("nothing waits", async || listed(&program).is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_down_at_a_crash_gets_the_letter_later() {
    let port = free_port();
    let mut program = started(&smtp(port)).await;
    ask_for_letter(&program).await;
    until("it fails", async || waits(&program, "mail").await["failing"] == 1).await;
    program.kill();
    let receiver = Receiver::mail(port, "take");
    program.start().await;
    receiver.takes(1).await;
    until("nothing waits", async || waits(&program, "mail").await["pending"] == 0).await;
    assert_eq!(receiver.taken().len(), 1);
    program.stop().await;
    program.verified();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_sending_and_noting_sends_a_second_copy_of_the_same_letter() {
    let port = free_port();
    let receiver = Receiver::mail(port, "late,take");
    let mut program = started(&smtp(port)).await;
    ask_for_letter(&program).await;
    until("it is being sent", async || receiver.attempts() == "1").await;
    program.kill();
    program.start().await;
    let letters = receiver.takes(2).await;
    assert_eq!(message_id(&letters[0]), message_id(&letters[1]), "the reader sees one");
    until("nothing waits", async || waits(&program, "mail").await["pending"] == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_graceful_stop_waits_for_a_letter_that_is_being_sent() {
    let port = free_port();
    let receiver = Receiver::mail(port, "late");
    let mut program = started(&smtp(port)).await;
    ask_for_letter(&program).await;
    until("it is being sent", async || receiver.attempts() == "1").await;
    program.stop().await;
    program.start().await;
    assert_eq!(waits(&program, "mail").await["pending"], 0, "it was noted");
    assert_eq!(receiver.taken().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_keeps_nobody_else_waiting() {
    let port = free_port();
    let receiver = Receiver::mail(port, "hang");
    let program = started(&smtp(port)).await;
    ask_for_letter(&program).await;
    until("it is being sent", async || receiver.attempts() == "1").await;
    ask_for_message(&program).await;
    until("the message is sent", async || program.data.join("sms").exists()).await;
    assert_eq!(waits(&program, "mail").await["pending"], 1);
    until("it times out", async || {
        listed(&program).first().is_some_and(|it| it["why"] == "timed out")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_and_a_password_are_asked_for_and_wrong_ones_are_told_apart() {
    let port = free_port();
    let receiver = Receiver::mail(port, "login");
    let url = |password: &str| {
        ["--smtp-url".to_owned(), format!("smtp://shop:{password}@127.0.0.1:{port}")]
    };
    let mut program = started(&url("p%40ss%20word")).await;
    ask_for_letter(&program).await;
    receiver.takes(1).await;
    program.stop().await;
    let wrong = url("wrong-password");
    program.set_arguments(&wrong.each_ref().map(String::as_str));
    program.start().await;
    ask_for_letter(&program).await;
    assert_eq!(given_up(&program, "mail").await["why"], "refused 535");
    assert!(!program.log().contains("wrong-password"), "{}", program.log());
    // A URL that cannot be read is refused, without its password.
    program.stop().await;
    program.set_arguments(&["--smtp-url", "http://shop:wrong-password@127.0.0.1"]);
    let said = program.start_refused().refused("--smtp-url");
    assert!(!format!("{said:?}").contains("wrong-password"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_leaves_by_tls_and_not_to_a_server_that_nobody_vouches_for() {
    let port = free_port();
    let receiver = Receiver::mail(port, "starttls");
    let url = format!("smtp://localhost:{port}?tls=required");
    let mut program = Program::new(&["--smtp-url", &url]);
    let certificate = script("mail_server.crt");
    program.set_variable("SSL_CERT_FILE", certificate.to_str().unwrap());
    program.start().await;
    ask_for_letter(&program).await;
    receiver.takes(1).await;
    program.stop().await;
    program.unset_variable("SSL_CERT_FILE");
    program.start().await;
    ask_for_letter(&program).await;
    until("it fails", async || waits(&program, "mail").await["failing"] == 1).await;
    assert_eq!(receiver.taken().len(), 1);
}

/// A gateway, and the options to send to it.
fn gateway(folder: &TempDir, answers: &str) -> (Receiver, [String; 4]) {
    let port = free_port();
    let secret = folder.path().join("secret");
    fs::write(&secret, format!("{SECRET}\n")).unwrap();
    let options = [
        "--sms-webhook-url".to_owned(),
        format!("http://127.0.0.1:{port}/send"),
        "--sms-webhook-secret-file".to_owned(),
        secret.to_str().unwrap().to_owned(),
    ];
    (Receiver::start("sms_gateway.py", port, &[SECRET, answers]), options)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_signed_and_tried_again_under_the_same_name() {
    let folder = tempfile::tempdir().unwrap();
    let (receiver, options) = gateway(&folder, "503,200");
    let program = started(&options).await;
    ask_for_message(&program).await;
    until("it fails", async || waits(&program, "sms").await["failing"] == 1).await;
    assert_eq!(listed(&program)[0]["why"], "put off 503");
    let first = receiver.attempts();
    let taken: Value = serde_json::from_str(&receiver.takes(1).await[0]).unwrap();
    assert_eq!((&taken["to"], &taken["template"]), (&json!(NUMBER), &json!("code")));
    assert!(taken["text"].as_str().unwrap().contains("your code for oauthapp"), "{taken}");
    let name = |attempts: &str| attempts.split(' ').next_back().unwrap().to_owned();
    assert_eq!(name(&first), name(&receiver.attempts()));
    until("nothing waits", async || waits(&program, "sms").await["pending"] == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_refuses_is_not_asked_again_and_its_redirects_are_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    for (answers, why, is_given_up) in [("400", "refused 400", true), ("302", "put off 302", false)]
    {
        let (receiver, options) = gateway(&folder, answers);
        let program = started(&options).await;
        ask_for_message(&program).await;
        if is_given_up {
            assert_eq!(given_up(&program, "sms").await["why"], why);
        } else {
            until("it fails", async || waits(&program, "sms").await["failing"] == 1).await;
            assert_eq!(listed(&program)[0]["why"], why);
        }
        assert!(receiver.taken().is_empty());
    }
}
