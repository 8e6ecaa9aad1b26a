//! Who calls: three people of the first tenant and two of another, each with every permission.

use api::{Access, Endpoint};
use serde_json::{Value, json};
use tests::app::{Answer, HOST, TestApp, escape};

use super::cases::OWN_RESOURCE;
use super::kinds::{ASKED_FOR_PRODUCT, Kind, Made, OPEN_PRODUCT};

const OTHER_HOST: &str = "other:8080";

/// Numbers of rows begin here: apart from every id, so that a text with one is found as it is.
const FIRST_NUMBER: u32 = 70_001;

/// Somebody with a token, on the host of their tenant.
pub struct Caller {
    pub name: &'static str,
    host: &'static str,
    token: String,
    /// The id of an API resource of theirs.
    resource: String,
}

impl Caller {
    async fn new(app: &TestApp, name: &'static str, host: &'static str, token: String) -> Self {
        let body = json!({ "name": format!("resource-of-{name}") });
        let ask = app.post("/api/ApiResource").host(host).bearer(&token).json(&body);
        let resource = ask.send().await.data().to_string();
        Self { name, host, token, resource }
    }
}

/// The program with two tenants.
pub struct House {
    pub app: TestApp,
    /// Owns the rows of the first tenant that have an owner.
    pub ann: Caller,
    /// May do what ann may, and owns nothing.
    pub bob: Caller,
    /// An administrator of the first tenant.
    pub boss: Caller,
    /// A user and an administrator of the other tenant.
    pub strangers: [Caller; 2],
    rows: std::cell::Cell<u32>,
}

/// A request, ready to be sent by anybody.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub body: Option<String>,
    pub if_match: Option<&'static str>,
}

impl Request {
    pub fn get(path: &str) -> Self {
        Self { method: "GET".to_owned(), path: path.to_owned(), body: None, if_match: None }
    }

    /// With one parameter in the query.
    pub fn asking(path: &str, parameter: &str, value: &str) -> Self {
        Self::get(&format!("{path}?{parameter}={}", escape(value)))
    }
}

impl House {
    pub async fn new() -> Self {
        let app = TestApp::new().await;
        let permission = "oauthapp.all";
        let user_of_first = async |name: &'static str, roles: &[u32]| {
            let user = app.user(1, name, roles, permission).await;
            let roles = roles.iter().map(|it| if *it == 1 { "user" } else { "administrator" });
            let claims = json!({ "sub": user.to_string(), "role": roles.collect::<Vec<_>>() });
            let token = app.mint(1, &claims);
            Caller::new(&app, name, HOST, token).await
        };
        let ann = user_of_first("ann", &[1]).await;
        let bob = user_of_first("bob", &[1]).await;
        let boss = user_of_first("boss", &[1, 4]).await;
        let tenant = app.tenant(OTHER_HOST).await;
        let roles = app.roles(tenant).await;
        let stranger = async |name: &'static str, count: usize| {
            let user = app.user(tenant, name, &roles[..count], permission).await;
            let names = &["user", "administrator"][..count];
            let claims = json!({
                "iss": format!("http://{OTHER_HOST}"), "sub": user.to_string(),
                "client_tenant": { "id": tenant }, "role": names,
            });
            let token = app.mint(tenant, &claims);
            Caller::new(&app, name, OTHER_HOST, token).await
        };
        let strangers = [stranger("stranger", 1).await, stranger("foreign-boss", 2).await];
        let house = Self { app, ann, bob, boss, strangers, rows: FIRST_NUMBER.into() };
        for (id, approval) in [(OPEN_PRODUCT, false), (ASKED_FOR_PRODUCT, true)] {
            let product = json!({
                "id": id, "name": id, "published": true, "approvalRequired": approval,
            });
            let path = "/api/ApiResource/Products";
            house.post(&house.boss, path, &product.to_string()).await;
        }
        house
    }

    /// Whoever of the first tenant may call an endpoint as it is meant: ann, unless only
    /// administrators may.
    pub fn rightful(&self, endpoint: &Endpoint) -> &Caller {
        if is_for_administrators(endpoint) { &self.boss } else { &self.ann }
    }

    pub async fn send(&self, who: &Caller, request: &Request) -> Answer {
        self.send_on_host_of(who, who, request).await
    }

    /// On the host of the tenant of somebody else.
    pub async fn send_on_host_of(&self, at: &Caller, who: &Caller, request: &Request) -> Answer {
        let path = request.path.replace(OWN_RESOURCE, &who.resource);
        let ask = self.app.ask(&request.method, &path).host(at.host).bearer(&who.token);
        let ask = match &request.body {
            Some(body) => ask.body("application/json", body),
            None => ask,
        };
        let ask = match request.if_match {
            Some(version) => ask.header("if-match", version),
            None => ask,
        };
        ask.send().await
    }

    /// A new row of the first tenant.
    pub async fn make(&self, kind: &'static Kind) -> Made {
        let number = self.rows.replace(self.rows.get() + 1);
        let endpoint = |path: &str| {
            let mut all = api::endpoints().into_iter();
            all.find(|it| it.method == "POST" && it.path == path).expect("an endpoint that creates")
        };
        let owner = self.rightful(&endpoint(kind.path));
        let mut made = Made { kind, id: 0, number };
        let id = self.post(owner, kind.path, &made.fill(kind.body)).await;
        // Beside what is shown once.
        let id = id.as_u64().or_else(|| id["id"].as_u64());
        made.id = id.unwrap() as u32;
        for (method, path, body) in kind.then {
            let (method, path) = ((*method).to_owned(), made.fill(path));
            let request = Request { method, path, body: Some(made.fill(body)), if_match: None };
            self.send(owner, &request).await.data();
        }
        made
    }

    /// `data` of the answer to a POST that succeeds.
    pub async fn post(&self, who: &Caller, path: &str, body: &str) -> Value {
        let (method, path) = ("POST".to_owned(), path.to_owned());
        let request = Request { method, path, body: Some(body.to_owned()), if_match: None };
        self.send(who, &request).await.data()
    }

    /// All that whoever may read a row reads of it.
    pub async fn read(&self, made: &Made) -> Vec<String> {
        let mut texts = Vec::new();
        for path in made.kind.reads {
            for who in [&self.ann, &self.boss] {
                let answer = self.send(who, &Request::get(&made.fill(path))).await;
                texts.push(shown(&answer, made));
            }
        }
        assert!(
            texts.iter().any(|it| it.contains("<name>")),
            "{}: nobody of its tenant reads the row: {texts:?}",
            made.kind.path,
        );
        texts
    }

    /// Where the log ends.
    pub fn end(&self) -> u64 {
        self.app.engine.log().head().position
    }
}

/// Whether an endpoint needs the role of administrators.
pub fn is_for_administrators(endpoint: &Endpoint) -> bool {
    matches!(endpoint.access, Access::Bearer(needs) if needs.role == Some("administrator"))
}

/// An answer as a text that two callers can be compared by: without what differs from request to
/// request, and with the name of the row, which its caller sent, as `<name>`.
pub fn shown(answer: &Answer, made: &Made) -> String {
    let text = match serde_json::from_str::<Value>(&answer.text) {
        Ok(Value::Object(mut members)) => {
            for name in ["traceId", "instance"] {
                members.remove(name);
            }
            Value::Object(members).to_string()
        }
        _ => answer.text.clone(),
    };
    let mut headers = answer.headers.clone();
    for name in ["date", "x-request-id", "content-length"] {
        headers.remove(name);
    }
    let headers = headers.iter().map(|(name, value)| format!("{name}: {value:?}"));
    let mut headers = headers.collect::<Vec<_>>();
    headers.sort();
    format!("{} {} {text}", answer.status, headers.join(", "))
        .replace(&made.fill("<name>"), "<name>")
        .replace(&made.nobody().fill("<name>"), "<name>")
}
