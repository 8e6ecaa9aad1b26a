//! Subscribers of an API, with a mail server that others wrote: the letter with the link, the notice, its end
//! by link and by one click; addresses that are refused or put off, a server that is away, and crashes.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tests::documents::{document, serve};
use tests::process::{Answer, Program, free_port, until};

use crate::{Receiver, listed, message_id, smtp, waits};

/// The first wait after a round that failed is a minute.
const ROUND_MAX: Duration = Duration::from_secs(150);

struct Story {
    program: Program,
    token: String,
    published: u32,
}

impl Story {
    /// With an API that is published.
    async fn begin(port: u16) -> Self {
        let wait = ["--notice-wait-seconds".to_owned(), "0".to_owned()];
        let from = ["--mail-from".to_owned(), "Shop <no-reply@shop.example>".to_owned()];
        let program = crate::started(&[smtp(port), wait, from].concat()).await;
        let token = program.token().await;
        let mut story = Self { program, token, published: 0 };
        story.post("/api/ApiResource", json!({ "name": "orders" })).await.data();
        story.publish(&document("orders")).await;
        story
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.program.post(path, &self.token, body).await
    }

    async fn publish(&mut self, document: &Value) {
        self.published += 1;
        // Others use the server of documents, too.
        let name = format!("notices-{}-{}", self.program.process(), self.published);
        let url = serve(&name, document.to_string());
        let body = json!({
            "apiId": "1", "suffix": "orders", "swaggerUrl": url, "name": "Orders & more",
            "notes": "<b>read this</b>",
        });
        let path = "/api/ApiResource/1/Publish";
        let answer = self.program.try_ask(Method::PUT, path, &self.token, Some(&body)).await;
        assert_eq!(*answer.unwrap().data(), true);
    }

    /// Another document each time.
    async fn publish_another(&mut self) {
        let mut other = document("orders");
        other["info"]["version"] = json!(format!("1.{}", self.published));
        self.publish(&other).await;
    }

    async fn ask_letter(&self, address: &str) {
        let path = "/api/ApiResource/1/Subscriptions/VerifyEmail";
        self.post(path, json!({ "email": address })).await.data();
    }

    /// Who subscribes, by the links in the letters, one after the other: the letters, in the order of the
    /// addresses, whichever came first.
    async fn subscribe(&self, receiver: &Receiver, addresses: &[&str]) -> Vec<String> {
        let before = receiver.taken().len();
        for address in addresses {
            self.ask_letter(address).await;
        }
        let mut letters = receiver.takes(before + addresses.len()).await.split_off(before);
        letters.sort_by_key(|letter| addresses.iter().position(|it| *it == to(letter)));
        for letter in &letters {
            self.follow(Method::GET, &link(letter, "AddSubscription")).await;
        }
        letters
    }

    async fn follow(&self, method: Method, link: &str) {
        let answer = self.program.try_ask(method, link, "", None).await.unwrap();
        assert_eq!(*answer.data(), true, "{link}");
    }

    async fn count(&self) -> usize {
        let list = self.program.get("/api/ApiResource/1/Subscriptions?take=100", &self.token).await;
        list.data().as_array().unwrap().len()
    }

    async fn nothing_waits(&self) {
        until("nothing waits", async || waits(&self.program, "notice").await["pending"] == 0).await;
    }

    fn events(&self, kind: &str) -> Vec<Value> {
        self.program.replayed().into_iter().filter(|it| it["kind"] == kind).collect()
    }
}

/// A letter without the line ends that its encoding added.
fn whole(letter: &str) -> String {
    let text = letter.replace("=\r\n", "").replace("=\n", "").replace("=3D", "=");
    text.replace("\r\n ", " ")
}

/// The path and query of a link in a letter.
fn link(letter: &str, what: &str) -> String {
    let letter = whole(letter);
    let at = letter.find(&format!("/api/ApiResource/1/{what}?code=")).expect(&letter);
    letter[at..].chars().take_while(|it| !it.is_whitespace() && !"<>\"".contains(*it)).collect()
}

fn header(letter: &str, name: &str) -> String {
    let letter = whole(letter);
    let start = format!("{name}: ");
    let line =
        letter.lines().find(|it| it.starts_with(&start)).unwrap_or_else(|| panic!("{letter}"));
    line[start.len()..].trim().to_owned()
}

fn to(letter: &str) -> String {
    header(letter, "To")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_confirms_is_told_of_changes_and_leaves_by_link_and_by_one_click() {
    let port = free_port();
    let receiver = Receiver::mail(port, "take");
    let mut story = Story::begin(port).await;
    let letters = story.subscribe(&receiver, &["eve@shop.example", "bob@shop.example"]).await;
    assert!(letters[0].contains("Orders & more"), "{}", letters[0]);
    assert_eq!(story.count().await, 2);
    let mut broken = document("orders");
    broken["paths"]["/orders"]["get"]["parameters"][0]["required"] = json!(true);
    story.publish(&broken).await;
    let notices = receiver.takes(4).await.split_off(2);
    let people = notices.iter().map(|it| to(it)).collect::<BTreeSet<_>>();
    assert_eq!(people.iter().collect::<Vec<_>>(), ["bob@shop.example", "eve@shop.example"]);
    let of_eve = notices.iter().find(|it| to(it) == "eve@shop.example").unwrap();
    let text = whole(of_eve);
    for part in [
        "Subject: Orders & more: a new revision was published",
        "Revision 2 is current. Before it was revision 1.",
        "What worked before may fail: 1 breaking",
        "- breaking: ",
        "Notes:",
        "\r\n<b>read this</b>\r\n",
        "<pre>&lt;b&gt;read this&lt;/b&gt;</pre>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(message_id(of_eve).starts_with("Message-ID: <notice-"), "{text}");
    assert!(message_id(of_eve).ends_with("-1@shop.example>"), "{text}");
    assert_eq!(text.matches("multipart/alternative").count(), 1, "{text}");
    // By one click, as a program for letters does it.
    let url = header(of_eve, "List-Unsubscribe");
    let path = link(&url, "DelSubscription");
    story.follow(Method::POST, &path).await;
    assert_eq!(story.count().await, 1);
    story.publish_another().await;
    let third = receiver.takes(5).await.split_off(4);
    assert_eq!(third.iter().map(|it| to(it)).collect::<Vec<_>>(), ["bob@shop.example"]);
    // By the link of the first letter.
    story.follow(Method::GET, &link(&letters[1], "DelSubscription")).await;
    assert_eq!(story.count().await, 0);
    story.publish_another().await;
    assert!(story.events("notice.requested.v1").len() == 2, "nobody is left to be told");
    story.nothing_waits().await;
    assert_eq!(receiver.taken().len(), 5);
    let log = story.program.log();
    assert!(!log.contains("@shop.example") && !log.contains("code="), "{log}");
    let confirmed = story.events("subscriber.confirmed.v1");
    let named = confirmed.iter().filter(|it| !it["personal"].is_null());
    assert_eq!((confirmed.len(), named.count()), (2, 0), "the addresses are forgotten");
    story.program.stop().await;
    story.program.verified();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_refused_three_times_is_removed_and_who_is_put_off_is_told_later() {
    let port = free_port();
    let receiver = Receiver::mail(port, "take");
    let mut story = Story::begin(port).await;
    let addresses = ["eve@shop.example", "gone@shop.example", "full@shop.example"];
    story.subscribe(&receiver, &addresses).await;
    drop(receiver);
    let receiver = Receiver::mail(port, "rcpt");
    for n in 1..=3 {
        story.publish_another().await;
        receiver.takes(n).await;
        until("it is noted", async || {
            let failing = waits(&story.program, "notice").await;
            (&failing["pending"], &failing["failing"]) == (&json!(n), &json!(n))
        })
        .await;
    }
    let bounced = story.events("subscriber.bounced.v1");
    assert_eq!(bounced.iter().map(|it| &it["data"]["bounces"]).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(story.events("subscriber.removed.v1")[0]["data"]["by"], "Bounces");
    assert_eq!(story.count().await, 2);
    let waiting = listed(&story.program);
    let why = waiting.iter().map(|it| it["why"].as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(why, ["put off 452"; 3]);
    drop(receiver);
    let receiver = Receiver::mail(port, "take");
    let began = Instant::now();
    while receiver.taken().len() < 3 {
        assert!(began.elapsed() < ROUND_MAX, "{:?}", listed(&story.program));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(receiver.taken().iter().all(|it| to(it) == "full@shop.example"));
    story.nothing_waits().await;
    let finished = story.events("notice.finished.v1");
    let figures = finished.iter().map(|it| json!([it["data"]["sent"], it["data"]["failed"]]));
    assert_eq!(figures.collect::<Vec<_>>(), vec![json!([2, 1]); 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_at_a_crash_gets_one_letter_for_all_changes_later() {
    let port = free_port();
    let receiver = Receiver::mail(port, "take");
    let mut story = Story::begin(port).await;
    story.subscribe(&receiver, &["eve@shop.example"]).await;
    drop(receiver);
    story.publish_another().await;
    until("it fails", async || waits(&story.program, "notice").await["failing"] == 1).await;
    assert_eq!(listed(&story.program)[0]["why"], "cannot be reached");
    story.program.kill();
    let receiver = Receiver::mail(port, "take");
    // So long that both of the later changes wait together.
    let arguments =
        [smtp(port).to_vec(), vec!["--notice-wait-seconds".into(), "5".into()]].concat();
    story.program.set_arguments(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    story.program.start().await;
    story.publish_another().await;
    story.publish_another().await;
    let together = receiver.takes(1).await.remove(0);
    let text = whole(&together);
    assert!(text.contains("Revision 4 is current. Before it was revision 2."), "{text}");
    let gathered = story.events("notice.gathered.v1");
    assert_eq!(gathered[1]["data"]["takenIn"], 1, "{gathered:?}");
    let began = Instant::now();
    while receiver.taken().len() < 2 {
        assert!(began.elapsed() < ROUND_MAX, "{:?}", listed(&story.program));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    story.nothing_waits().await;
    assert_eq!(receiver.taken().len(), 2);
    story.program.stop().await;
    story.program.verified();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_in_the_middle_repeats_some_with_the_same_names_and_forgets_nobody() {
    let port = free_port();
    let receiver = Receiver::mail(port, "take");
    let mut story = Story::begin(port).await;
    let addresses = (0..7).map(|it| format!("reader{it}@shop.example")).collect::<Vec<_>>();
    let addresses = addresses.iter().map(String::as_str).collect::<Vec<_>>();
    story.subscribe(&receiver, &addresses).await;
    drop(receiver);
    let receiver = Receiver::mail(port, "late,late,late,take");
    story.publish_another().await;
    receiver.takes(3).await;
    story.program.kill();
    story.program.start().await;
    story.nothing_waits().await;
    let letters = receiver.taken();
    let names = letters.iter().map(|it| message_id(it)).collect::<BTreeSet<_>>();
    let people = letters.iter().map(|it| to(it)).collect::<BTreeSet<_>>();
    assert_eq!((names.len(), people.len()), (7, 7), "each reader sees one letter");
    assert!(letters.len() > 7, "what was not noted was sent again");
    story.program.stop().await;
    story.program.verified();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_subscribers_of_a_deleted_resource_are_forgotten_also_after_a_crash() {
    let port = free_port();
    let receiver = Receiver::mail(port, "take");
    let mut story = Story::begin(port).await;
    let addresses = ["eve@shop.example", "bob@shop.example"];
    story.subscribe(&receiver, &addresses).await;
    let path = "/api/ApiResource/1";
    let delete = story.program.try_ask(Method::DELETE, path, &story.token, None).await;
    assert_eq!(*delete.unwrap().data(), true);
    story.program.kill();
    story.program.start().await;
    until("they are removed", async || story.events("subscriber.removed.v1").len() == 2).await;
    for event in story.events("subscriber.removed.v1") {
        assert_eq!(event["data"]["by"], "Resource");
    }
    until("they are forgotten", async || {
        story.events("subscriber.confirmed.v1").iter().all(|it| it["personal"].is_null())
    })
    .await;
    story.program.stop().await;
    story.program.verified();
}
