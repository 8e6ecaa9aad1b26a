//! A client of the app-token service: it signs, calls, and reads the envelope.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::app::{Answer, Ask, TestApp};
use api::{AdminMode, AppSettings, AppTokenSettings};
use md5::{Digest as _, Md5};
use serde_json::{Value, json};

pub const BASE: &str = "/oauth2/api/v1";

/// Every operation.
pub const OPERATIONS: [&str; 11] = [
    "update_user",
    "check_token",
    "create_oauth",
    "get_app_list",
    "get_login_info",
    "get_users",
    "refresh_token",
    "authorize",
    "create_user",
    "delete_app",
    "login",
];

/// Those that need a credential in the header, with a body that is right for `alice`.
pub const ADMINISTRATIVE: [&str; 6] =
    ["update_user", "create_oauth", "get_app_list", "get_users", "create_user", "delete_app"];

/// A code and its text.
pub type Refusal = (i64, &'static str);

pub const FORBIDDEN: Refusal = (405, "禁止访问");
pub const INVALID: Refusal = (1001, "参数无效");
pub const WRONG_PASSWORD: Refusal = (1004, "用户名不存在或密码错误");
pub const NOT_FOUND: Refusal = (1006, "未找到");
pub const DISABLED: Refusal = (1007, "无效操作");
pub const USER_EXISTS: Refusal = (1012, "用户已存在");
pub const UNAUTHORISED: Refusal = (1049, "用户未授权");
pub const REPEATED: Refusal = (1056, "重复提交");
pub const WRONG_TIME: Refusal = (1078, "时间错误");
pub const EXPIRED: Refusal = (1081, "已过期");
pub const TOO_MANY: Refusal = (1082, "超过最大值");
pub const BAD_SIGNATURE: Refusal = (1088, "token校验失败");

/// The clear password of every user who has no other.
pub const CLEAR: &str = "open sesame";

/// md5 of the parts one after the other, in upper-case hexadecimal digits.
pub fn md5_of(parts: &[&str]) -> String {
    let mut md5 = Md5::new();
    parts.iter().for_each(|it| md5.update(it));
    md5.finalize().iter().map(|it| format!("{it:02X}")).collect()
}

/// An app as its owner knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Keys {
    pub id: String,
    pub key: String,
    pub secret: String,
}

impl Keys {
    pub fn sign(&self, timestamp: i64) -> String {
        md5_of(&[&self.id, &self.key, &timestamp.to_string(), &self.secret])
    }

    /// A body of Authorize that is signed.
    pub fn body(&self, timestamp: i64) -> Value {
        json!({
            "appId": self.id, "appKey": self.key, "tokenType": "svc", "timestamp": timestamp,
            "token": self.sign(timestamp), "userName": "",
        })
    }
}

/// What Authorize, Login and RefreshToken give.
#[derive(Debug, Clone)]
pub struct Pair {
    pub access: String,
    pub refresh: String,
    pub access_end: i64,
    pub refresh_end: i64,
}

/// A body of Login with its checksum.
pub fn login_body(name: &str, clear: &str, timestamp: i64) -> Value {
    let password = md5_of(&[clear]);
    let token = md5_of(&[name, &password, &timestamp.to_string()]);
    json!({ "username": name, "password": password, "timestamp": timestamp, "token": token })
}

/// A body with some members changed; null takes one away.
pub fn with(body: &Value, over: Value) -> Value {
    crate::app::merge(body.clone(), &over)
}

/// `data` of a success, whose envelope is checked.
#[track_caller]
pub fn success(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
    let json = answer.json();
    let members = json.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(members, ["data", "error", "state"], "{}", answer.text);
    assert_eq!((&json["state"], &json["error"]), (&json!(true), &json!("normal")));
    json["data"].clone()
}

/// Asserts a refusal, to the letter.
#[track_caller]
pub fn refused(answer: &Answer, (code, text): Refusal) {
    let expected = format!("{{\"state\":false,\"code\":{code},\"error\":\"{text}\"}}");
    assert_eq!((answer.status, answer.text.as_str()), (200, expected.as_str()));
    assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
}

#[track_caller]
pub fn pair(answer: &Answer) -> Pair {
    let data = success(answer);
    let text = |name: &str| data[name].as_str().unwrap().to_owned();
    let number = |name: &str| data[name].as_i64().unwrap();
    Pair {
        access: text("accessToken"),
        refresh: text("refreshToken"),
        access_end: number("accessExpireTime"),
        refresh_end: number("refreshExpireTime"),
    }
}

/// So many digits and letters.
pub fn is_random(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|it| it.is_ascii_alphanumeric())
}

/// The program, with its app-token service.
pub struct Service {
    pub app: TestApp,
    calls: AtomicI64,
}

impl Service {
    /// Administrative operations need no credential here.
    pub async fn open() -> Self {
        Self::open_with(|_| ()).await
    }

    pub async fn open_with(change: impl FnOnce(&mut AppTokenSettings)) -> Self {
        Self::with(|it| {
            it.admin_mode = AdminMode::Open;
            change(it);
        })
        .await
    }

    /// The defaults, with some of them changed.
    pub async fn with(change: impl FnOnce(&mut AppTokenSettings)) -> Self {
        let mut app_token = AppTokenSettings::default();
        change(&mut app_token);
        let settings = AppSettings { app_token, ..AppSettings::default() };
        Self { app: TestApp::with(settings).await, calls: AtomicI64::new(0) }
    }

    /// A time within the window that was not used for the last ten calls: two that are the same
    /// in the same second would be a replay.
    pub fn timestamp(&self) -> i64 {
        self.app.clock.now().seconds() + self.calls.fetch_add(1, Ordering::Relaxed) % 11 - 5
    }

    pub fn ask(&self, operation: &str) -> Ask<'_> {
        self.app.post(&format!("{BASE}/oauth.{operation}"))
    }

    pub async fn call(&self, operation: &str, body: &Value) -> Answer {
        self.ask(operation).json(body).send().await
    }

    pub async fn call_as(&self, bearer: &str, operation: &str, body: &Value) -> Answer {
        self.ask(operation).bearer(bearer).json(body).send().await
    }

    /// An app of an owner, in the mode that needs no credential.
    pub async fn app_of(&self, owner: &str) -> Keys {
        let body = json!({ "username": owner, "oauthInfo": "eyJuYW1lIjoiZGVtbyJ9" });
        keys(&self.call("create_oauth", &body).await)
    }

    /// A user of `root` whose password is [`CLEAR`], in the mode that needs no credential.
    pub async fn user(&self, name: &str) {
        let answer = self.call("create_user", &user_body("root", name)).await;
        assert_eq!(success(&answer), json!({}));
    }

    pub async fn try_login(&self, name: &str, clear: &str) -> Answer {
        self.call("login", &login_body(name, clear, self.timestamp())).await
    }

    pub async fn login(&self, name: &str) -> Pair {
        pair(&self.try_login(name, CLEAR).await)
    }

    pub async fn try_authorize(&self, app: &Keys) -> Answer {
        self.call("authorize", &app.body(self.timestamp())).await
    }

    pub async fn authorize(&self, app: &Keys) -> Pair {
        pair(&self.try_authorize(app).await)
    }

    pub async fn check(&self, access: &str) -> Answer {
        self.call("check_token", &json!({ "token": access })).await
    }

    pub async fn login_info(&self, access: &str) -> Answer {
        self.call("get_login_info", &json!({ "accessToken": access })).await
    }

    pub async fn refresh(&self, refresh: &str) -> Answer {
        self.call("refresh_token", &json!({ "token": refresh })).await
    }

    /// Whom an access token stands for.
    pub async fn user_of(&self, access: &str) -> String {
        success(&self.check(access).await)["userName"].as_str().unwrap().to_owned()
    }

    /// Asserts that a pair gives nothing any more.
    pub async fn is_dead(&self, pair: &Pair) {
        refused(&self.check(&pair.access).await, NOT_FOUND);
        refused(&self.login_info(&pair.access).await, NOT_FOUND);
        refused(&self.refresh(&pair.refresh).await, NOT_FOUND);
    }
}

#[track_caller]
pub fn keys(answer: &Answer) -> Keys {
    let data = success(answer);
    let text = |name: &str| data[name].as_str().unwrap().to_owned();
    Keys { id: text("appId"), key: text("appKey"), secret: text("appSecret") }
}

/// A body of CreateUser; the password is [`CLEAR`].
pub fn user_body(root: &str, name: &str) -> Value {
    json!({
        "rootName": root, "userName": name, "password": md5_of(&[CLEAR]), "userInfo": "e30=",
        "regIP": "192.0.2.7",
    })
}

/// A body that is right, of every operation.
pub fn good_body(operation: &str, timestamp: i64) -> Value {
    match operation {
        "update_user" => json!({ "rootName": "root", "userName": "alice", "op": 1 }),
        "check_token" | "refresh_token" => json!({ "token": "x".repeat(32) }),
        "create_oauth" => json!({ "username": "alice", "oauthInfo": "e30=" }),
        "get_app_list" => json!({ "username": "alice" }),
        "get_login_info" => json!({ "accessToken": "x".repeat(32) }),
        "get_users" => json!({ "rootName": "root" }),
        "authorize" => json!({ "appId": "4821093756610284", "timestamp": timestamp }),
        "create_user" => user_body("root", "alice"),
        "delete_app" => json!({ "appId": "4821093756610284", "username": "alice" }),
        "login" => login_body("alice", CLEAR, timestamp),
        operation => panic!("{operation} is no operation"),
    }
}
