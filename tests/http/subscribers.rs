//! Subscribers over HTTP: the codes in the links of letters, who may ask for one, how many there are, and
//! that changes of an API begin a notice. Rows 20 to 23.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::delivery::{Delivery, Mail};
use domain::subscriber::{RemovedBy, Subscriber, SubscriberCommand};
use domain::{SubjectId, SubscriberId, TenantId, codec};
use serde_json::{Value, json};
use tests::app::{Answer, TestApp, escape, now};
use tests::documents::{document, serve, url};

const EVE: &str = "eve@shop.example";

struct Shop {
    app: TestApp,
    admin: String,
    /// Owns the APIs 1 and 2.
    ann: String,
    /// Another user of the tenant, whose address is `bob@example.com`.
    bob: String,
}

impl Shop {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let admin = app.admin().await;
        let [ann, bob] = ["ann", "bob"].map(|it| app.user(1, it, &[1], "oauthapp.all"));
        let (ann, bob) = (app.token_of(ann.await), app.token_of(bob.await));
        let shop = Self { app, admin, ann, bob };
        for name in ["orders", "stock"] {
            let path = "/api/ApiResource";
            shop.app
                .post(path)
                .bearer(&shop.ann)
                .json(&json!({ "name": name }))
                .send()
                .await
                .data();
        }
        shop
    }

    async fn ask_letter(&self, who: &str, resource: u32, email: &str) -> Answer {
        let path = format!("/api/ApiResource/{resource}/Subscriptions/VerifyEmail");
        self.app.post(&path).bearer(who).json(&json!({ "email": email })).send().await
    }

    /// The code in the youngest letter.
    fn code(&self) -> String {
        let tables = self.app.views.read();
        let of = tables.deliveries.open().filter(|(stream, _)| stream.category() == "mail");
        let (stream, _) = of.max_by_key(|(_, it)| it.wanted_at).unwrap();
        let Delivery::Open(open) = self.app.engine.load::<Mail>(stream).unwrap().0.0 else {
            panic!("it was sent")
        };
        open.code.unwrap()
    }

    async fn letter(&self, resource: u32, email: &str) -> String {
        self.ask_letter(&self.ann, resource, email).await.data();
        self.code()
    }

    async fn follow(&self, method: &str, link: &str, resource: u32, code: &str) -> Answer {
        let path = format!("/api/ApiResource/{resource}/{link}?code={}", escape(code));
        self.app.ask(method, &path).send().await
    }

    async fn confirm(&self, resource: u32, code: &str) -> Answer {
        self.follow("GET", "AddSubscription", resource, code).await
    }

    async fn cancel(&self, resource: u32, code: &str) -> Answer {
        self.follow("GET", "DelSubscription", resource, code).await
    }

    async fn subscribe(&self, resource: u32, email: &str) {
        let code = self.letter(resource, email).await;
        assert_eq!(self.confirm(resource, &code).await.data(), true);
    }

    /// What a letter has that tells nobody any more: nobody sends one here.
    fn cancel_code(&self, tenant: u32, resource: u32, email: &str) -> String {
        let keys = self.app.engine.keys();
        let address = format!("{resource}:{email}");
        let mark = keys.claim_hash(TenantId(tenant), "subscriber.mark", &address);
        let mark: [u8; 16] = *mark.first_chunk().unwrap();
        let clear = codec::encode(&(TenantId(tenant), resource, mark)).unwrap();
        keys.seal_text("subscriber.cancel", &clear).unwrap()
    }

    async fn addresses(&self, resource: u32) -> Vec<String> {
        let path = format!("/api/ApiResource/{resource}/Subscriptions");
        let rows = self.app.get(&path).bearer(&self.ann).send().await.data();
        let rows = rows.as_array().unwrap().iter();
        rows.map(|it| it["rowKey"].as_str().unwrap().to_owned()).collect()
    }

    fn end(&self) -> u64 {
        self.app.engine.log().head().position
    }

    fn notices(&self) -> Vec<Value> {
        let tables = self.app.views.read();
        let mut open = tables.notices.open().map(|(_, it)| it.clone()).collect::<Vec<_>>();
        open.sort_by_key(|it| it.position);
        open.iter()
            .map(|it| {
                let it = &it.requested;
                json!([it.api_id, it.before, it.revision, format!("{:?}", it.cause)])
            })
            .collect()
    }
}

#[tokio::test]
async fn an_address_subscribes_by_a_letter_is_listed_and_is_removed_by_its_link() {
    let shop = Shop::new().await;
    let code = shop.letter(1, "Eve@Shop.example").await;
    assert!(shop.addresses(1).await.is_empty(), "asked for is not confirmed");
    assert_eq!(shop.confirm(1, &code).await.data(), true);
    assert_eq!(shop.addresses(1).await, ["Eve@Shop.example"]);
    let before = shop.end();
    assert_eq!(shop.confirm(1, &code).await.data(), true, "programs follow links, too");
    assert_eq!(shop.ask_letter(&shop.ann, 1, "EVE@shop.example").await.code(), 300_013);
    assert_eq!(shop.end(), before);
    let row = shop.app.get("/api/ApiResource/1/Subscriptions").bearer(&shop.ann).send().await;
    let row = row.data()[0].clone();
    assert_eq!((&row["partitionKey"], &row["eTag"]), (&json!("1"), &json!("\"1\"")));
    let cancel = shop.cancel_code(1, 1, EVE);
    for method in ["GET", "POST"] {
        let before = shop.end();
        let path = format!("/api/ApiResource/1/DelSubscription?code={cancel}");
        let ask = shop.app.ask(method, &path);
        let form = [("List-Unsubscribe", "One-Click")];
        let ask = if method == "POST" { ask.form(&form) } else { ask };
        assert_eq!(ask.send().await.data(), true, "{method}");
        assert_eq!(shop.end() - before, u64::from(method == "GET"), "the second time is nothing");
    }
    assert!(shop.addresses(1).await.is_empty());
    // Whoever comes back can leave by the link of then, and by one click.
    shop.subscribe(1, EVE).await;
    assert_eq!(shop.follow("POST", "DelSubscription", 1, &cancel).await.data(), true);
    assert!(shop.addresses(1).await.is_empty());
}

#[tokio::test]
async fn hole_h2_a_code_counts_for_what_it_was_made_for_and_for_nothing_else() {
    let shop = Shop::new().await;
    let code = shop.letter(1, EVE).await;
    assert!(!code.contains("eve") && !code.contains('@'), "{code}");
    let plain = BASE64_URL_SAFE_NO_PAD.encode(EVE);
    let cancel = shop.cancel_code(1, 1, EVE);
    let before = shop.end();
    for (what, resource, wrong) in [
        ("another resource", 2, code.as_str()),
        ("one that is not there", 77, &code),
        ("the other action", 1, &cancel),
        ("the original's", 1, &plain),
        ("cut", 1, &code[..code.len() - 1]),
        ("longer", 1, &[&code, "A"].concat()),
        ("another letter case", 1, &code.to_lowercase()),
        ("nothing that was made", 1, "x"),
    ] {
        let answer = shop.confirm(resource, wrong).await;
        assert_eq!(answer.code(), 300_010, "{what}: {}", answer.text);
        assert_eq!(answer.json()["codeName"], "Subscription_VerfifyCodeFailed", "{what}");
    }
    assert_eq!(shop.confirm(1, " ").await.code(), 422);
    assert_eq!(shop.end(), before, "nothing was written");
    assert_eq!(shop.confirm(1, &code).await.data(), true);
    let before = shop.end();
    for (what, resource, wrong) in [
        ("another resource", 2, cancel.as_str()),
        ("the other action", 1, &code),
        ("the original's", 1, &plain),
        ("cut", 1, &cancel[1..]),
        ("another tenant's", 1, &shop.cancel_code(2, 1, EVE)),
    ] {
        for method in ["GET", "POST"] {
            let answer = shop.follow(method, "DelSubscription", resource, wrong).await;
            assert_eq!(answer.code(), 300_012, "{what}: {}", answer.text);
        }
    }
    assert_eq!(shop.cancel(1, "").await.code(), 422);
    assert_eq!(shop.end(), before, "nobody was removed");
    // What was sealed by other keys.
    let other = Shop::new().await;
    assert_eq!(other.confirm(1, &code).await.code(), 300_010);
    assert_eq!(other.cancel(1, &cancel).await.code(), 300_012);
}

#[tokio::test]
async fn a_code_ends_after_half_an_hour_and_with_the_removal_of_its_address() {
    let shop = Shop::new().await;
    // The code of the first letter, once the address was removed.
    let first = shop.letter(2, EVE).await;
    assert_eq!(shop.confirm(2, &first).await.data(), true);
    assert_eq!(shop.cancel(2, &shop.cancel_code(1, 2, EVE)).await.data(), true);
    assert_eq!(shop.confirm(2, &first).await.code(), 300_010, "it is replayed");
    let next = shop.letter(2, EVE).await;
    assert_eq!(shop.confirm(2, &next).await.data(), true, "a new letter counts");
    assert_eq!(shop.addresses(2).await, [EVE]);
    let code = shop.letter(1, "ann@shop.example").await;
    let late = shop.letter(2, "ann@shop.example").await;
    shop.app.clock.pass(Duration::from_secs(1_740));
    assert_eq!(shop.confirm(1, &code).await.data(), true);
    shop.app.clock.pass(Duration::from_secs(60));
    assert_eq!(shop.confirm(2, &late).await.code(), 300_010);
}

#[tokio::test]
async fn owners_ask_for_any_address_others_for_their_own_confirmed_one() {
    let shop = Shop::new().await;
    assert_eq!(shop.ask_letter(&shop.bob, 1, EVE).await.code(), 404);
    assert_eq!(shop.ask_letter(&shop.bob, 77, EVE).await.code(), 404);
    let users = shop.app.get("/api/User?take=10").bearer(&shop.admin).send().await.data();
    let bob = users.as_array().unwrap().iter().find(|it| it["userName"] == "bob").unwrap();
    let update = |confirmed: bool| json!({ "id": bob["id"], "email": "bob@example.com", "emailConfirmed": confirmed });
    let put = async |body: Value| {
        shop.app.ask("PUT", "/api/User").bearer(&shop.admin).json(&body).send().await.data();
    };
    put(update(false)).await;
    assert_eq!(shop.ask_letter(&shop.bob, 1, "bob@example.com").await.code(), 404);
    put(update(true)).await;
    assert_eq!(shop.ask_letter(&shop.bob, 1, "Bob@Example.com").await.data(), true);
    assert_eq!(shop.confirm(1, &shop.code()).await.data(), true);
    for (method, path) in [
        ("GET", "/api/ApiResource/1/Subscriptions".to_owned()),
        ("DELETE", "/api/ApiResource/1/Subscriptions/bob%40example.com".to_owned()),
    ] {
        let answer = shop.app.ask(method, &path).bearer(&shop.bob).send().await;
        assert_eq!(answer.code(), 404, "{path}");
    }
    let path = "/api/ApiResource/1/Subscriptions/BOB%40example.com";
    for code in [200, 404] {
        let answer = shop.app.ask("DELETE", path).bearer(&shop.ann).send().await;
        assert_eq!(answer.code(), code, "{}", answer.text);
    }
}

#[tokio::test]
async fn what_is_no_single_address_gets_no_letter() {
    let shop = Shop::new().await;
    let before = shop.end();
    for bad in [
        String::new(),
        "eve".to_owned(),
        "eve@shop.example\r\nBcc: bob@shop.example".to_owned(),
        "eve@shop.example,bob@shop.example".to_owned(),
        "eve,bob@shop.example".to_owned(),
        "Eve <eve@shop.example>".to_owned(),
        format!("{}@shop.example", "e".repeat(387)),
    ] {
        shop.ask_letter(&shop.ann, 1, &bad).await.breaks("email");
    }
    assert_eq!(shop.end(), before);
}

#[tokio::test]
async fn letters_to_an_address_and_by_a_caller_are_counted() {
    let shop = Shop::new().await;
    for _ in 0..3 {
        shop.ask_letter(&shop.ann, 1, EVE).await.data();
    }
    let answer = shop.ask_letter(&shop.admin, 1, " EVE@shop.example").await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, "3600"));
    assert_eq!(shop.ask_letter(&shop.admin, 2, EVE).await.status, 429, "of any resource");
    for n in 0..17 {
        shop.ask_letter(&shop.ann, 1, &format!("reader{n}@shop.example")).await.data();
    }
    assert_eq!(shop.ask_letter(&shop.ann, 1, "reader17@shop.example").await.status, 429);
    assert_eq!(shop.ask_letter(&shop.admin, 1, "reader17@shop.example").await.status, 200);
}

#[tokio::test]
async fn strangers_and_other_tenants_see_and_change_nothing() {
    let shop = Shop::new().await;
    let tenant = shop.app.tenant("other.example").await;
    shop.subscribe(1, EVE).await;
    let code = shop.letter(2, EVE).await;
    let cancel = shop.cancel_code(1, 1, EVE);
    let before = shop.end();
    for (link, code, wrong) in [
        ("1/DelSubscription", &cancel, 300_012),
        ("2/AddSubscription", &code, 300_010),
        ("1/DelSubscription", &shop.cancel_code(tenant, 1, EVE), 200),
    ] {
        let path = format!("/api/ApiResource/{link}?code={code}");
        let answer = shop.app.get(&path).host("other.example").send().await;
        assert_eq!(answer.code(), wrong, "{link}: {}", answer.text);
    }
    assert_eq!(shop.end(), before);
    assert_eq!(shop.addresses(1).await, [EVE]);
}

#[tokio::test]
async fn a_removed_address_is_unreadable_everywhere_and_stays_a_mark() {
    let shop = Shop::new().await;
    shop.subscribe(1, EVE).await;
    let keys = shop.app.engine.keys().clone();
    let subject = SubjectId::from(SubscriberId(1));
    assert!(keys.want_subject(subject).unwrap());
    assert_eq!(shop.cancel(1, &shop.cancel_code(1, 1, EVE)).await.data(), true);
    keys.want_subject(subject).unwrap_err();
    let tables = shop.app.views.read();
    let row = tables.subscribers.iter().next().unwrap();
    assert_eq!((row.removed, tables.subscribers.address(row)), (Some(RemovedBy::Link), None));
    assert_eq!(tables.subscribers.count_of(1), 0);
}

#[tokio::test]
async fn a_change_of_what_is_current_begins_a_notice_and_nothing_else_does() {
    let shop = Shop::new().await;
    let put = async |body: &Value| {
        let path = "/api/ApiResource/1/Publish";
        shop.app.ask("PUT", path).bearer(&shop.ann).json(body).send().await.data();
    };
    let post = async |path: &str, body: &Value| {
        let path = format!("/api/ApiResource/1/{path}");
        shop.app.post(&path).bearer(&shop.ann).json(body).send().await.data();
    };
    let of = |title: &str| json!({ "apiId": "1", "suffix": "o", "swaggerUrl": url(title) });
    put(&of("first")).await;
    assert!(shop.notices().is_empty(), "nobody is told");
    shop.subscribe(1, EVE).await;
    put(&of("first")).await;
    assert!(shop.notices().is_empty(), "the same again");
    put(&of("second")).await;
    let mut told = vec![json!(["1", 1, 2, "Published"])];
    assert_eq!(shop.notices(), told);
    let mut broken = document("third");
    broken["paths"]["/orders"]["get"]["parameters"][0]["required"] = json!(true);
    let third = serve("third", broken.to_string());
    post("PublishRevision", &json!({ "apiId": "1", "swaggerUrl": third })).await;
    assert_eq!(shop.notices(), told, "it is not current");
    post("Versions/1;rev=3", &json!({})).await;
    told.push(json!(["1", 2, 3, "Released"]));
    assert_eq!(shop.notices(), told);
    post("Versions/1;rev=3", &json!({})).await;
    assert_eq!(shop.notices(), told, "it is current already");
    post("Releases", &json!({ "aid": "1;rev=2", "notes": "back" })).await;
    told.push(json!(["1", 3, 2, "Released"]));
    post("Rollback", &json!({})).await;
    told.push(json!(["1", 2, 3, "Released"]));
    post("Revisions/1;rev=1/Rollback", &json!({})).await;
    told.push(json!(["1", 3, 1, "Released"]));
    assert_eq!(shop.notices(), told);
    let dry = "/api/ApiResource/1/Publish?dryRun=true";
    shop.app.ask("PUT", dry).bearer(&shop.ann).json(&of("fourth")).send().await.data();
    assert_eq!(shop.notices(), told, "it was a dry run");
    let figures = shop.app.views.read().notices.figures(now());
    assert_eq!((figures.pending, figures.failing, figures.given_up), (5, 0, 0));
    let metrics = shop.app.get("/metrics").send().await.text;
    assert!(metrics.contains("chancery_worker_pending{worker=\"notice\"} 5"), "{metrics}");
}

#[tokio::test]
async fn the_subscribers_of_a_deleted_resource_are_known_as_left_over_until_they_are_removed() {
    let shop = Shop::new().await;
    shop.subscribe(1, EVE).await;
    let code = shop.letter(1, "bob@shop.example").await;
    let left =
        || shop.app.views.read().left_over.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert!(left().is_empty());
    shop.app.ask("DELETE", "/api/ApiResource/1").bearer(&shop.ann).send().await.data();
    assert_eq!(left(), ["resource-1"]);
    assert_eq!(shop.confirm(1, &code).await.code(), 300_010, "there is nothing to subscribe to");
    shop.app.run::<Subscriber>(1, "1", SubscriberCommand::Remove(RemovedBy::Resource)).await;
    assert!(left().is_empty());
}
