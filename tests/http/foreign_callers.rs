//! Foreign callers: whoever names a row of somebody else is answered as if there were no such row,
//! and changes nothing.
//!
//! Derived from the table of endpoints: a member of a request that names a row needs a line in
//! `foreign_callers/cases.rs`, and the tests say which one is missing.

mod cases;
mod kinds;
mod members;
mod people;

use std::collections::BTreeSet;
use std::path::Path;

use api::{Access, Endpoint};
use serde_json::Value;
use tests::document::Document;

use cases::{CASES, CLIENT_OF_ANN, Case, EXCEPTIONS, covers, is_exception};
use kinds::{ALL, Made, WITHOUT_ID};
use members::{naming_rows, parameters_of, query_of, takes_an_own_id};
use people::{Caller, House, Request, is_for_administrators, shown};

/// Parameters of lists that say which part of a list is wanted, not which rows.
const PAGING: [&str; 8] =
    ["take", "skip", "limit", "orderby", "asc", "starttime", "endtime", "api-version"];

const CASES_FILE: &str = "tests/http/foreign_callers/cases.rs";
const KINDS_FILE: &str = "tests/http/foreign_callers/kinds.rs";

fn endpoint_of(operation: &str) -> Endpoint {
    let mut all = api::endpoints().into_iter();
    let found = all.find(|it| it.operation == operation);
    found.unwrap_or_else(|| panic!("{CASES_FILE}: there is no operation {operation}"))
}

/// The request of a case with the id of a row in it.
fn request_of(case: &Case, endpoint: &Endpoint, made: &Made) -> Request {
    let mut path = endpoint.path.to_owned();
    for parameter in parameters_of(endpoint.path) {
        let given = case.path.iter().find(|it| it.0 == parameter);
        let is_the_member = case.member == format!("path {parameter}");
        let value = match given {
            Some((_, value)) => made.fill(value),
            None if is_the_member => made.id.to_string(),
            None => panic!("{}: {CASES_FILE} gives no value of {parameter}", case.operation),
        };
        path = path.replace(&format!("{{{parameter}}}"), &value);
    }
    let body = (!case.body.is_empty()).then(|| made.fill(case.body));
    Request { method: endpoint.method.to_string(), path, body, if_match: None }
}

/// A request, and others to the same row: none of them may tell whether it exists.
fn variants_of(case: &Case, request: &Request) -> Vec<Request> {
    let mut variants = vec![request.clone()];
    if request.method != "GET" {
        variants.push(Request { if_match: Some("\"77\""), ..request.clone() });
    }
    if request.body.is_some() && case.member.starts_with("path ") {
        for body in ["{}", "{", r#"{"id":"x","name":7}"#] {
            variants.push(Request { body: Some(body.to_owned()), ..request.clone() });
        }
    }
    variants
}

/// One row of the matrix: everybody's call against the call with an id that never existed.
struct Judged<'a> {
    house: &'a House,
    case: &'a Case,
    endpoint: Endpoint,
    made: Made,
}

impl Judged<'_> {
    fn needs_administrator(&self) -> bool {
        self.case.is_for_administrators || is_for_administrators(&self.endpoint)
    }

    fn rightful(&self) -> &Caller {
        let is_of_boss = self.needs_administrator() || self.case.kind.is_of_boss;
        if is_of_boss { &self.house.boss } else { &self.house.ann }
    }

    fn request(&self, made: &Made) -> Request {
        request_of(self.case, &self.endpoint, made)
    }

    async fn answer(&self, who: &Caller, request: &Request) -> String {
        shown(&self.house.send(who, request).await, &self.made)
    }

    fn at(&self, who: &Caller, request: &Request) -> String {
        let Case { operation, member, .. } = self.case;
        format!("{operation}, {member}, called by {} as {request:?}", who.name)
    }

    async fn check(&self) {
        let (house, made) = (self.house, &self.made);
        let before = house.read(made).await;
        let end = house.end();
        let [ours, nobodys] = [*made, made.nobody()].map(|it| self.request(&it));
        let variants = variants_of(self.case, &ours).into_iter();
        for (ours, nobodys) in variants.zip(variants_of(self.case, &nobodys)) {
            self.check_strangers(&ours, &nobodys).await;
            self.check_bob(&ours, &nobodys).await;
        }
        assert_eq!(house.end(), end, "{}: something was written", self.case.operation);
        assert_eq!(house.read(made).await, before, "{}: the row changed", self.case.operation);
        self.check_rightful(&ours, &nobodys).await;
    }

    /// Those of another tenant: the same as for whoever may, of a row that never existed.
    async fn check_strangers(&self, ours: &Request, nobodys: &Request) {
        let absent = self.answer(self.rightful(), nobodys).await;
        let weakest = usize::from(self.needs_administrator());
        for stranger in &self.house.strangers[weakest..] {
            let answer = self.answer(stranger, ours).await;
            assert_eq!(answer, absent, "{}", self.at(stranger, ours));
            // On the host of the other tenant a token does not count at all.
            for (who, host) in [(stranger, self.rightful()), (self.rightful(), stranger)] {
                let answer = self.house.send_on_host_of(host, who, ours).await;
                assert_eq!(
                    answer.status,
                    401,
                    "{}, on the host of {}",
                    self.at(who, ours),
                    host.name
                );
            }
        }
    }

    /// Another user of the tenant: as a stranger, or without the right to ask at all. Whoever may
    /// change what the owner may is not asked.
    async fn check_bob(&self, ours: &Request, nobodys: &Request) {
        let (house, bob) = (self.house, &self.house.bob);
        let may = self.case.is_shared && !self.needs_administrator();
        if may && ours.method != "GET" {
            return;
        }
        let answer = self.answer(bob, ours).await;
        let at = || self.at(bob, ours);
        if self.needs_administrator() {
            assert!(answer.starts_with("403 "), "{}: {answer}", at());
            assert_eq!(answer, self.answer(bob, nobodys).await, "{}", at());
        } else if may {
            assert_eq!(answer, self.answer(&house.ann, ours).await, "{}", at());
        } else {
            assert_eq!(answer, self.answer(&house.ann, nobodys).await, "{}", at());
        }
    }

    /// The row is real: whoever may gets it, and gets another answer for one that never existed.
    async fn check_rightful(&self, ours: &Request, nobodys: &Request) {
        let who = self.rightful();
        let absent = self.house.send(who, nobodys).await;
        let own = self.house.send(who, ours).await;
        let succeeds = |it: &tests::app::Answer| it.status == 200 && it.json()["code"] == 200;
        assert!(succeeds(&own), "{}: {}", self.at(who, ours), own.text);
        assert_eq!(
            succeeds(&absent),
            self.case.reads_no_row.is_some(),
            "{}: {}",
            self.at(who, nobodys),
            absent.text
        );
    }
}

#[tokio::test]
async fn whoever_names_a_row_of_others_is_answered_as_if_it_never_existed() {
    let house = House::new().await;
    let client = format!(r#"{{"clientId":"{CLIENT_OF_ANN}"}}"#);
    house.post(&house.ann, "/api/Client", &client).await;
    for case in CASES {
        let endpoint = endpoint_of(case.operation);
        let made = house.make(case.kind).await;
        Judged { house: &house, case, endpoint, made }.check().await;
    }
}

#[tokio::test]
async fn every_member_that_names_a_row_has_a_case_or_a_reason_why_not() {
    let house = House::new().await;
    let document = house.app.document().await.unwrap();
    let mut missing = Vec::new();
    for endpoint in api::endpoints() {
        let operation = endpoint.operation;
        for member in naming_rows(&document, &endpoint) {
            let has_case = CASES.iter().any(|it| (it.operation, it.member) == (operation, &member));
            if !has_case && !is_exception(operation, &member) {
                missing.push(format!(
                    "{operation} takes an id, `{member}`: add case({operation:?}, {member:?}, \
                     &KIND) to CASES in {CASES_FILE} (a new KIND: {KINDS_FILE}), or say in \
                     EXCEPTIONS why it names no row"
                ));
            }
        }
    }
    assert!(missing.is_empty(), "\n{}\n", missing.join("\n"));
}

#[tokio::test]
async fn every_case_and_every_exception_is_of_a_member_that_there_is() {
    let house = House::new().await;
    let document = house.app.document().await.unwrap();
    let known = |operation: &str| {
        let endpoint = endpoint_of(operation);
        let mut members = naming_rows(&document, &endpoint);
        members.extend(query_of(&document, &endpoint).iter().map(|it| format!("query {it}")));
        members.push("no row".to_owned());
        members
    };
    for case in CASES {
        let Case { operation, member, .. } = case;
        assert!(known(operation).iter().any(|it| it == member), "{operation} has no `{member}`");
        assert!(!is_exception(operation, member), "{operation} `{member}`: a case and none");
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for (operation, member, why) in EXCEPTIONS {
        let is_known = known(operation).iter().any(|it| covers(member, it));
        assert!(is_known, "{operation} has no `{member}`");
        let files = why.split_whitespace().filter(|it| it.starts_with("tests/"));
        for file in files.map(|it| it.trim_end_matches(':')) {
            assert!(root.join(file).is_file(), "{operation}: there is no {file}");
        }
    }
}

/// The parameters of a list for which rows may be looked up.
fn filters_of(document: &Document, endpoint: &Endpoint) -> Vec<String> {
    let mut parameters = query_of(document, endpoint);
    parameters.retain(|it| {
        let is_filter = !PAGING.contains(&it.to_lowercase().as_str());
        is_filter && !is_exception(endpoint.operation, &format!("query {it}"))
    });
    parameters
}

/// Lists that need a token, unless an exception stands for all of their query.
fn lists() -> impl Iterator<Item = Endpoint> {
    api::endpoints().into_iter().filter(|it| {
        let needs_token = matches!(it.access, Access::Bearer(_));
        needs_token
            && it.method == "GET"
            && parameters_of(it.path).next().is_none()
            && !is_exception(it.operation, "query ")
    })
}

/// Asks a list for a row, in each way in which it can be asked. Whether the answer told anything.
async fn tells(house: &House, who: &Caller, path: &str, filters: &[String], made: &Made) -> bool {
    let plain = house.send(who, &Request::get(path)).await;
    if shown(&plain, made).contains("<name>") {
        return true;
    }
    for filter in filters {
        for value in made.kind.values {
            let [ours, nobodys] = [*made, made.nobody()].map(|it| it.fill(value));
            let ours = house.send(who, &Request::asking(path, filter, &ours)).await;
            let nobodys = house.send(who, &Request::asking(path, filter, &nobodys)).await;
            if shown(&ours, made) != shown(&nobodys, made) {
                return true;
            }
        }
    }
    false
}

#[tokio::test]
async fn no_list_and_no_filter_tells_of_rows_of_others() {
    let house = House::new().await;
    let document = house.app.document().await.unwrap();
    let mut rows = Vec::new();
    for kind in ALL {
        rows.push(house.make(kind).await);
    }
    for endpoint in lists() {
        let (operation, path) = (endpoint.operation, endpoint.path);
        let filters = filters_of(&document, &endpoint);
        let mut tells_the_rightful = false;
        for made in &rows {
            let of = made.kind.path;
            for stranger in &house.strangers {
                let told = tells(&house, stranger, path, &filters, made).await;
                assert!(!told, "{operation} tells {} of a row of {of}", stranger.name);
            }
            if !made.kind.is_shared {
                let told = tells(&house, &house.bob, path, &filters, made).await;
                assert!(!told, "{operation} tells bob of a row of {of}");
            }
            let is_of_boss = made.kind.is_of_boss;
            let rightful = if is_of_boss { &house.boss } else { house.rightful(&endpoint) };
            tells_the_rightful |= tells(&house, rightful, path, &filters, made).await;
        }
        let is_empty = is_exception(operation, "no row");
        assert!(
            tells_the_rightful != is_empty,
            "{operation} shows no row of {KINDS_FILE} to whoever may see them: add a kind, and \
             `values` by which it is found"
        );
    }
}

#[tokio::test]
async fn a_create_that_carries_the_id_of_a_row_makes_another_one() {
    let house = House::new().await;
    let document = house.app.document().await.unwrap();
    let mut paths = BTreeSet::new();
    for endpoint in api::endpoints().iter().filter(|it| takes_an_own_id(&document, it)) {
        let (operation, path) = (endpoint.operation, endpoint.path);
        let kind = ALL.into_iter().find(|it| it.path == path);
        let kind = kind.unwrap_or_else(|| {
            panic!("{operation} creates rows: add a kind with the path {path} to {KINDS_FILE}")
        });
        paths.insert(path);
        if kind.is_named {
            // A name that is taken is refused: `tests/http/products.rs`.
            continue;
        }
        let made = house.make(kind).await;
        let before = house.read(&made).await;
        let weakest = usize::from(is_for_administrators(endpoint));
        let strangers = if kind.is_of_boss { &[] } else { &house.strangers[weakest..] };
        let callers = strangers.iter().chain([&house.boss]);
        for (who, number) in callers.zip(80_001..) {
            let fresh = Made { kind, id: made.id, number };
            let mut body: Value = serde_json::from_str(&fresh.fill(kind.body)).unwrap();
            body["id"] = made.id.into();
            let id = house.post(who, path, &body.to_string()).await;
            assert_ne!(id, made.id, "{operation} by {}", who.name);
            assert_eq!(house.read(&made).await, before, "{operation} by {}", who.name);
        }
    }
    paths.extend(WITHOUT_ID);
    assert_eq!(paths.len(), ALL.len(), "every kind is created by an endpoint: {paths:?}");
}
