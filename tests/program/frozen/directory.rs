//! Makes the second frozen store, once: tenants, changes of users, roles and clients, codes, letters and
//! messages that were sent, refused and tried again.
//!
//! `CHANCERY_GOLDEN=write cargo test -p tests --test program frozen::directory` makes it where there is
//! none.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::thread;

use serde_json::{Value, json};
use tests::nats::NatsServer;
use tests::process::{PASSWORD, Program, until};

use super::make::{Maker, is_to_be_made, keep, texts};
use super::truth::{DIRECTORY, ISSUER, Truth};

const ANN: &str = "grue-Ham7ster";
const ANN_AFTER: &str = "tall-Gir4ffe-9";
const BEN: &str = "quiet-Wa1rus-77";
const PHONE: &str = "13800138000";
const EMAIL: &str = "ann@example.org";

/// A server that says one thing to everybody who connects and sends a line. Its port.
fn refuser(greeting: &'static str, answer: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            stream.write_all(greeting.as_bytes()).unwrap();
            let mut line = String::new();
            BufReader::new(stream.try_clone().unwrap()).read_line(&mut line).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    port
}

/// What the workers of this name have to do: a figure of `/health`.
async fn waits(program: &Program, name: &str, figure: &str) -> u64 {
    let health = program.get("/health", "").await.json;
    let workers = health["workers"].as_array().unwrap_or_else(|| panic!("{health}"));
    let worker = workers.iter().find(|it| it["name"] == name);
    worker.unwrap()[figure].as_u64().unwrap()
}

async fn all_is_sent(program: &Program) {
    for name in ["mail", "sms"] {
        until("all is sent", async || waits(program, name, "pending").await == 0).await;
    }
}

/// The code of the youngest file in a folder of the data folder.
async fn code(program: &Program, folder: &str) -> String {
    all_is_sent(program).await;
    let files = fs::read_dir(program.data.join(folder)).unwrap().map(Result::unwrap);
    let youngest = files.max_by_key(|it| it.metadata().unwrap().modified().unwrap()).unwrap();
    let text = fs::read_to_string(youngest.path()).unwrap();
    let mut words = text.split(|it: char| !it.is_ascii_digit());
    words.rfind(|it| it.len() == 6).unwrap_or_else(|| panic!("{text}")).to_owned()
}

async fn restart(program: &mut Program, arguments: &[&str]) {
    program.stop().await;
    program.set_arguments(arguments);
    program.start().await;
}

/// A letter and a message that are refused for good, and sent when an operator says so.
async fn refused_and_retried(it: &mut Maker, nats: &[&str]) {
    let program = &mut it.program;
    let mail = format!("smtp://127.0.0.1:{}", refuser("554 no\r\n", ""));
    let sms =
        refuser("", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let sms = format!("http://127.0.0.1:{sms}/send");
    let secret = program.beside("secret");
    fs::write(&secret, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let outside = ["--smtp-url", &mail, "--sms-webhook-url", &sms, "--sms-webhook-secret-file"];
    let secret = [secret.to_str().unwrap()];
    restart(program, &[nats, &outside, &secret].concat()).await;
    program.post("/api/User/EmailCode", "", json!({ "email": "zoe@example.org" })).await.data();
    program.post("/api/User/SmsCode", "", json!({ "phoneNumber": "13900139000" })).await.data();
    for name in ["mail", "sms"] {
        until("it is given up", async || waits(program, name, "givenUp").await == 1).await;
    }
    restart(program, nats).await;
    program.run(&["workers", "retry"]).ok();
    all_is_sent(program).await;
}

/// Ann registers with both codes, after a wrong one, and has a new password later.
async fn codes(it: &mut Maker, nats: &[&str]) {
    let program = &mut it.program;
    program.post("/api/User/SmsCode", "", json!({ "phoneNumber": PHONE })).await.data();
    let message = code(program, "sms").await;
    program.post("/api/User/EmailCode", "", json!({ "email": EMAIL })).await.data();
    let letter = code(program, "mail").await;
    let register = |message: &str| {
        json!({ "countryCode": "86", "nickName": "Ann", "email": EMAIL, "gender": "f",
            "address": "Street 1", "stature": 1.7, "weight": 60, "phoneNumber": PHONE,
            "password": ANN, "phoneNumberVerifyCode": message, "emailVerifyCode": letter })
    };
    let wrong = if message == "123456" { "654321" } else { "123456" };
    let refused = program.post("/api/User/Register", "", register(wrong)).await;
    assert_eq!(refused.json["code"], 100_002, "{refused:?}");
    let made = program.post("/api/User/Register", "", register(&message)).await;
    let ann = made.data().as_str().unwrap().to_owned();
    it.numbers.insert("ann".to_owned(), ann);
    it.new_token("ended by a new password", EMAIL, ANN).await;
    // What was sent within the last minute is forgotten at a start.
    restart(&mut it.program, nats).await;
    let program = &it.program;
    program
        .post("/api/User/SmsCode", "", json!({ "phoneNumber": PHONE, "purpose": "reset" }))
        .await
        .data();
    let message = code(program, "sms").await;
    let reset = json!({ "countryCode": "86", "phoneNumber": PHONE, "password": ANN_AFTER,
        "phoneNumberVerifyCode": message });
    program.post("/api/User/ResetPassword", "", reset).await.data();
    all_is_sent(program).await;
    it.new_token("ann", EMAIL, ANN_AFTER).await;
}

/// Three tenants: one is changed and gives a host away, one ends.
async fn tenants(it: &mut Maker) {
    let host = |name: &str| json!([{ "hostName": name }]);
    for (name, hosts) in [("acme", "acme.example"), ("gone", "gone.example")] {
        let settings = json!([{ "key": "Passwords:MinLength", "value": "12" }, { "key": "crm", "value": "key-9011" }]);
        let tenant = json!({ "name": name, "hosts": host(hosts), "description": "A shop",
            "claims": [{ "claimType": "plan", "claimValue": "gold" }], "properties": settings });
        let number = it.does("admin", "POST", "/api/Tenant", tenant).await;
        it.numbers.insert(name.to_owned(), number.to_string());
    }
    let acme = it.numbers["acme"].parse::<u32>().unwrap();
    let change = json!({ "id": acme, "description": "Two shops", "theme": "dark",
        "hosts": [{ "hostName": "acme.example" }, { "hostName": "gone.example" }],
        "properties": [{ "key": "crm", "value": "***" }, { "key": "Passwords:MinLength", "value": "14" }] });
    it.does("admin", "PUT", "/api/Tenant?moveHosts=true", change).await;
    let gone = it.numbers["gone"].clone();
    it.does("admin", "DELETE", &format!("/api/Tenant/{gone}"), Value::Null).await;
}

/// A role and users that change, are locked, deleted and erased.
async fn people(it: &mut Maker) {
    let claims = json!([{ "claimType": "permission", "claimValue": "oauthapp.user.get" }]);
    let clerk =
        it.does("admin", "POST", "/api/Role", json!({ "name": "clerk", "claims": claims })).await;
    let change = json!({ "id": clerk, "name": "teller", "claims": [], "concurrencyStamp": "1" });
    it.does("admin", "PUT", "/api/Role", change).await;
    let guest = it.does("admin", "POST", "/api/Role", json!({ "name": "guest" })).await;
    for name in ["ben", "cas", "dot"] {
        let user = json!({ "userName": name, "passwordHash": BEN, "roles": [{ "roleId": guest }],
            "properties": [{ "key": "size", "value": "user-key-9012" }] });
        let number = it.does("admin", "POST", "/api/User", user).await;
        it.numbers.insert(name.to_owned(), number.to_string());
    }
    let number = |name: &str| it.numbers[name].parse::<u32>().unwrap();
    let (ben, cas, dot) = (number("ben"), number("cas"), number("dot"));
    let changed = json!({ "id": ben, "nickName": "Benny", "email": "ben@example.org",
        "emailConfirmed": true, "roles": [{ "roleId": clerk }], "phoneNumber": null,
        "properties": [{ "key": "size", "value": "***" }, { "key": "shoe", "value": "43" }] });
    it.does("admin", "PUT", "/api/User", changed).await;
    let locked = json!({ "id": cas, "lockFlag": true });
    it.does("admin", "PUT", "/api/User", locked).await;
    it.does("admin", "DELETE", &format!("/api/Role/{guest}"), Value::Null).await;
    it.does("admin", "DELETE", &format!("/api/User/{dot}"), Value::Null).await;
    it.does("admin", "POST", &format!("/api/User/{dot}/Erase"), json!({})).await;
    it.new_token("ben", "ben", BEN).await;
}

/// A client that changes, has secrets of the program's making, and gets another owner; one that ends.
async fn clients(it: &mut Maker) -> String {
    let of = |name: &str| {
        json!({ "clientId": name, "clientName": "The shop",
            "allowedGrantTypes": [{ "grantType": "client_credentials" }],
            "allowedScopes": [{ "scope": "oauthapp.user.get" }],
            "properties": [{ "key": "billing", "value": "client-key-9013" }] })
    };
    let shop = it.does("admin", "POST", "/api/Client", of("shop")).await;
    let path = format!("/api/Client/{shop}");
    let mut change = of("shop");
    change["id"] = shop.clone();
    change["clientName"] = json!("The market");
    change["accessTokenLifetime"] = json!(600);
    change["properties"][0]["value"] = json!("***");
    it.does("admin", "PUT", "/api/Client", change).await;
    let first = it.does("admin", "POST", &format!("{path}/Secrets"), json!({})).await;
    let secret = it
        .does("admin", "POST", &format!("{path}/Secrets"), json!({ "description": "the second" }))
        .await;
    it.does("admin", "DELETE", &format!("{path}/Secrets/{}", first["id"]), Value::Null).await;
    let other = it.does("admin", "POST", "/api/Client", of("handed-on")).await;
    let ben = it.numbers["ben"].parse::<u32>().unwrap();
    it.does("admin", "PUT", &format!("/api/Client/{other}/Owner"), json!({ "userId": ben })).await;
    let gone = it.does("admin", "POST", "/api/Client", of("gone")).await;
    it.does("admin", "DELETE", &format!("/api/Client/{gone}"), Value::Null).await;
    secret["value"].as_str().unwrap().to_owned()
}

async fn look(it: &mut Maker) {
    for list in ["User", "Role", "Client", "Tenant", "IdentityResource", "ApiScope"] {
        for bearer in ["admin", "ann"] {
            it.note(bearer, "GET", &format!("/api/{list}"), None).await;
        }
        for number in 1..=6 {
            it.note("admin", "GET", &format!("/api/{list}/{number}"), None).await;
        }
    }
    for path in ["/api/User?q.role=teller", "/api/User/Distributors", "/api/audit/events?limit=30"]
    {
        it.note("admin", "GET", path, None).await;
    }
    assert_eq!(it.note("ended by a new password", "GET", "/api/User", None).await, 401);
    assert_eq!(it.note("ben", "GET", "/api/User", None).await, 403);
}

async fn make(url: &str) {
    let mut program = Program::new(&[]);
    program.set_variable("CHANCERY_PUBLIC_URL", ISSUER);
    let nats = ["--nats", url];
    program.set_arguments(&nats);
    program.start().await;
    let mut it = Maker::new(program);
    it.new_token("admin", "admin", PASSWORD).await;
    refused_and_retried(&mut it, &nats).await;
    codes(&mut it, &nats).await;
    tenants(&mut it).await;
    people(&mut it).await;
    let secret = clients(&mut it).await;
    look(&mut it).await;
    let truth = Truth {
        passwords: texts(&[("admin", PASSWORD), (EMAIL, ANN_AFTER), ("ben", BEN)]),
        refused_passwords: texts(&[(EMAIL, ANN), ("cas", BEN), ("dot", BEN)]),
        clients: [("shop".to_owned(), (secret.clone(), "oauthapp.user.get".to_owned()))].into(),
        refused_clients: texts(&[("gone", &secret)]),
        ..Truth::default()
    };
    keep(DIRECTORY, it, truth, url).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_frozen_directory_is_there_and_is_made_once() {
    if is_to_be_made(DIRECTORY) {
        let server = NatsServer::start();
        make(&server.url()).await;
    }
}
