//! Two tenants, from the first registration to the last erasure, every letter read from the mail
//! server.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tests::process::{Program, finish, until};

use crate::{NUMBER, READER, Receiver, free_port, gateway, smtp};

const SHOP: &str = "shop.example";
const BOSS_PASSWORD: &str = "Lamp-of-Ned-5";

struct Story {
    program: Program,
    letters: Receiver,
    messages: Receiver,
    /// How many of each were read.
    read: (usize, usize),
}

impl Story {
    async fn letter(&mut self) -> String {
        self.read.0 += 1;
        self.letters.takes(self.read.0).await.pop().unwrap()
    }

    async fn letter_code(&mut self) -> String {
        self.program.post("/api/User/EmailCode", "", json!({ "email": READER })).await.data_sent();
        digits(self.letter().await.split_once("Your code is ").unwrap().1)
    }

    async fn message_code(&mut self) -> String {
        let wish = json!({ "phoneNumber": NUMBER });
        self.program.post("/api/User/SmsCode", "", wish).await.data_sent();
        self.read.1 += 1;
        let message = self.messages.takes(self.read.1).await.pop().unwrap();
        let message: Value = serde_json::from_str(&message).unwrap();
        digits(message["text"].as_str().unwrap())
    }

    async fn token(&self, name: &str, password: &str) -> String {
        let answer = self.program.sign_in(name, password).await;
        answer.json["access_token"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
    }

    /// Registers the reader, with both codes.
    async fn register(&mut self) -> u32 {
        let (letter, message) = (self.letter_code().await, self.message_code().await);
        let body = json!({
            "countryCode": "86", "nickName": "Ann", "email": READER, "gender": "f",
            "address": "Street 1", "stature": 1.7, "weight": 60, "phoneNumber": NUMBER,
            "password": "grue-Ham7ster", "phoneNumberVerifyCode": message,
            "emailVerifyCode": letter,
        });
        let answer = self.program.post("/api/User/Register", "", body).await;
        answer.data().as_str().unwrap().parse().unwrap()
    }
}

/// Ann, in the second tenant, and whoever administers it.
struct People {
    ann: u32,
    boss: String,
}

impl Story {
    /// With the second tenant, as an operator makes it.
    async fn begin(folder: &tempfile::TempDir) -> Self {
        let port = free_port();
        let letters = Receiver::mail(port, "take");
        let (messages, sms_options) = gateway(folder, "200");
        let options = smtp(port).into_iter().chain(sms_options).collect::<Vec<_>>();
        let program = crate::started(&options).await;
        let create = ["tenant", "create", "shop", "--host", SHOP, "--administrator", "ned"];
        let mut command = program.command(&create);
        command.arg("--data").arg(&program.data).env("CHANCERY_PASSWORD", BOSS_PASSWORD);
        finish(command).ok();
        Self { program, letters, messages, read: (0, 0) }
    }

    /// The role of administrators, and a permission. It counts from the next sign-in.
    async fn promote(&self, People { ann, boss }: &People) {
        let token = self.token(READER, "grue-Ham7ster").await;
        let client = json!({ "clientId": "anns-client" });
        assert_eq!(self.program.post("/api/Client", &token, client).await.status, 403);
        let roles = self.program.get("/api/Role", boss).await;
        let roles = roles.json["data"].as_array().unwrap().clone();
        let id = |name: &str| roles.iter().find(|it| it["name"] == name).unwrap()["id"].clone();
        let promoted = json!({
            "id": ann, "roles": [{ "roleId": id("user") }, { "roleId": id("administrator") }],
            "claims": [{ "claimType": "permission", "claimValue": "oauthapp.all" }],
        });
        self.program.put("/api/User", boss, promoted).await.data();
    }

    /// A client of hers works, until she is locked.
    async fn lock(&self, People { ann, boss }: &People) {
        let token = self.token(READER, "grue-Ham7ster").await;
        let client = json!({
            "clientId": "anns-client",
            "allowedGrantTypes": [{ "grantType": "client_credentials" }],
            "allowedScopes": [{ "scope": "oauthapp.user.get" }],
        });
        let id = self.program.post("/api/Client", &token, client).await;
        let path = format!("/api/Client/{}/Secrets", id.data());
        let secret = self.program.post(&path, &token, json!({})).await;
        let secret = secret.data()["value"].as_str().unwrap().to_owned();
        assert_eq!(self.program.client_token("anns-client", &secret).await.status, 200);
        let lock = |flag: bool| json!({ "id": ann, "lockFlag": flag });
        self.program.put("/api/User", boss, lock(true)).await.data();
        assert_eq!(self.program.get("/api/Client", &token).await.status, 401);
        assert_eq!(self.program.client_token("anns-client", &secret).await.status, 401);
        self.program.put("/api/User", boss, lock(false)).await.data();
    }

    /// A new password, by a message. A letter tells of it, and what stood on the old one has ended.
    async fn reset(&mut self, began: Instant) {
        let token = self.token(READER, "grue-Ham7ster").await;
        // One number gets no second message within a minute.
        tokio::time::sleep(Duration::from_secs(61).saturating_sub(began.elapsed())).await;
        let reset = json!({
            "countryCode": "86", "phoneNumber": NUMBER, "password": "Other-Ham7ster",
            "phoneNumberVerifyCode": self.message_code().await,
        });
        assert_eq!(*self.program.post("/api/User/ResetPassword", "", reset).await.data(), true);
        assert!(self.letter().await.contains("Your password for shop was changed"));
        assert_eq!(self.program.get("/api/Client", &token).await.status, 401);
        assert_eq!(self.program.sign_in(READER, "grue-Ham7ster").await.status, 400);
        self.token(READER, "Other-Ham7ster").await;
    }

    /// Who changed what.
    async fn audit(&self, People { ann, boss }: &People) {
        let path = format!("/api/audit/events?stream=user-{ann}");
        let audit = self.program.get(&path, boss).await;
        let told = audit.json["data"].as_array().unwrap().iter();
        let told = told.map(|it| format!("{} by {}", it["kind"], it["actor"]).replace('"', ""));
        let expected = [
            "user.registered.v1 by anybody",
            "user.updated.v1 by user-2",
            "user.updated.v1 by user-2",
            "user.updated.v1 by user-2",
            "user.password_set.v1 by anybody",
        ];
        assert_eq!(told.collect::<Vec<_>>(), expected);
        let locked = &audit.json["data"][2]["data"]["changes"];
        assert_eq!(*locked, json!([{ "lockFlag": true }]), "{audit:?}");
    }

    /// The end of the tenant, and of the person in it. The other tenant's is another one.
    async fn end(&mut self, ann: u32, first: u32) {
        self.program.host = None;
        let admin = self.program.token().await;
        let delete = self.program.try_ask(Method::DELETE, "/api/Tenant/2", &admin, None).await;
        assert_eq!(*delete.unwrap().data(), true);
        self.program.host = Some(SHOP);
        assert_eq!(self.program.sign_in(READER, "Other-Ham7ster").await.status, 400);
        self.program.host = None;
        self.program.run(&["user", "erase", &ann.to_string()]).ok();
        let events = self.program.replayed();
        let named = |user: u32| {
            let stream = format!("user-{user}");
            let of = events.iter().filter(|it| it["stream"] == stream.as_str());
            of.filter(|it| it.to_string().contains(READER)).count()
        };
        assert_eq!((named(ann), named(first)), (0, 1), "the person is gone here, and there not");
        self.token(READER, "grue-Ham7ster").await;
    }
}

fn digits(text: &str) -> String {
    text.chars().take_while(char::is_ascii_digit).collect()
}

trait DataSent {
    fn data_sent(&self);
}

impl DataSent for tests::process::Answer {
    #[track_caller]
    fn data_sent(&self) {
        assert_eq!((self.status, &self.json["code"]), (200, &json!(200)), "{self:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tenants_from_the_first_registration_to_the_last_erasure() {
    let folder = tempfile::tempdir().unwrap();
    let mut story = Story::begin(&folder).await;
    // The same person in both tenants, each of which knows nothing of the other.
    let first = story.register().await;
    assert!(story.letters.taken()[0].contains("Subject: Your code for oauthapp"));
    story.program.host = Some(SHOP);
    let ann = story.register().await;
    let began = Instant::now();
    assert!(story.letters.taken()[1].contains("Subject: Your code for shop"));
    let boss = story.token("ned", BOSS_PASSWORD).await;
    let users = story.program.get("/api/User", &boss).await;
    assert_eq!(users.json["total"], 2, "{users:?}");
    assert_eq!(story.program.get(&format!("/api/User/{first}"), &boss).await.json["code"], 404);
    let people = People { ann, boss };
    story.promote(&people).await;
    story.lock(&people).await;
    story.reset(began).await;
    story.audit(&people).await;
    story.end(ann, first).await;
    assert_eq!(story.letters.taken().len(), story.read.0, "every letter was read");
    until("nothing waits", async || crate::listed(&story.program).is_empty()).await;
    story.program.stop().await;
    story.program.verified();
}
