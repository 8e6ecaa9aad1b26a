//! What a caller sent and nothing reads: a name with a typing error should not pass unseen.

use std::sync::{Arc, Mutex};

use commands::lock::lock;
use warp::http::header::HeaderValue;

/// The most names that an answer tells.
const NAMES_MAX: usize = 10;

/// The longest name that an answer tells, in bytes.
const NAME_BYTES_MAX: usize = 60;

/// Every endpoint of the API takes it.
const API_VERSION: &str = "api-version";

/// The names of one request that nothing reads.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ignored(Arc<Mutex<Names>>);

#[derive(Debug, Default)]
struct Names {
    query: Vec<String>,
    body: Vec<String>,
}

impl Ignored {
    /// Of a query, as it was sent, for an endpoint that knows these parameters.
    pub(crate) fn of_query<'a>(raw: &str, known: impl Iterator<Item = &'a str> + Clone) -> Self {
        let is_known = |name: &str| {
            name.eq_ignore_ascii_case(API_VERSION)
                || known.clone().any(|it| it.eq_ignore_ascii_case(name))
        };
        let mut query = Vec::new();
        for (name, _) in form_urlencoded::parse(raw.as_bytes()) {
            if !is_known(&name) && query.len() < NAMES_MAX {
                query.push(name.into_owned());
            }
        }
        Self(Arc::new(Mutex::new(Names { query, body: Vec::new() })))
    }

    /// The first name of the query that nothing reads.
    pub(crate) fn in_query(&self) -> Option<String> {
        lock(&self.0).query.first().cloned()
    }

    /// A body has a member that nothing reads.
    pub(crate) fn note_member(&self, name: &str) {
        let mut names = lock(&self.0);
        if names.body.len() < NAMES_MAX && !names.body.iter().any(|it| it == name) {
            names.body.push(name.to_owned());
        }
    }

    /// All of them, as `query.from, body.password`.
    pub(crate) fn as_header(&self) -> Option<HeaderValue> {
        let names = lock(&self.0);
        let of = |place: &'static str, names: &[String]| {
            let shown = names.iter().filter(|it| is_shown(it));
            shown.map(|it| format!("{place}.{it}")).collect::<Vec<_>>()
        };
        let all = [of("query", &names.query), of("body", &names.body)].concat().join(", ");
        HeaderValue::from_str(&all).ok().filter(|it| !it.is_empty())
    }
}

/// Whether a name of a caller may stand in a header.
fn is_shown(name: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&name.len())
        && name.bytes().all(|it| it.is_ascii_alphanumeric() || b"._-$[]".contains(&it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_nothing_reads_are_told() {
        let known = ["q.name"].into_iter();
        let none = Ignored::of_query("Q.Name=a&API-version=1.0", known.clone());
        assert_eq!((none.in_query(), none.as_header()), (None, None));
        let ignored = Ignored::of_query("name=a&q.name=b&%0d%0aevil=1&from=2", known);
        ignored.note_member("password");
        ignored.note_member("password");
        assert_eq!(ignored.in_query().as_deref(), Some("name"));
        assert_eq!(ignored.as_header().unwrap(), "query.name, query.from, body.password");
    }

    #[test]
    fn a_header_has_a_bound() {
        let many = (0..99).map(|n| format!("name{n}=1")).collect::<Vec<_>>().join("&");
        let ignored = Ignored::of_query(&many, [].into_iter());
        (0..99).for_each(|n| ignored.note_member(&format!("{n}")));
        ignored.note_member(&"x".repeat(1_000));
        let header = ignored.as_header().unwrap();
        assert_eq!(header.to_str().unwrap().split(", ").count(), 2 * NAMES_MAX);
    }
}
