//! The history as sentences: who did what, and when. They are made of the stored words of a kind, so a
//! new kind needs nothing here.

use std::collections::HashMap;

use commands::EventJson;
use domain::Kind;
use serde_json::Value;

/// Names of months, as they are shown.
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The members that name what an event is about, the best first.
const NAMES: [&str; 6] = ["userName", "username", "name", "clientId", "scope", "displayName"];

/// The members that are told besides, with the words before them.
const DETAILS: [(&str, &str); 8] = [
    ("path", " at /"),
    ("revision", ", revision "),
    ("version", ", version "),
    ("release", ", release "),
    ("algorithm", ", "),
    ("reason", ": "),
    ("why", ": "),
    ("notes", ": "),
];

/// Longer texts are cut, in characters.
const TEXT_CHARS_MAX: usize = 60;

/// An id of so many characters says nothing to people.
const LONG_ID_CHARS: usize = 20;

/// What was told so far: the names of those who act and are acted on.
#[derive(Debug, Default)]
pub(crate) struct Story {
    names: HashMap<String, String>,
}

impl Story {
    /// The sentence of the next event. Those of earlier events give it its names.
    pub(crate) fn tell(&mut self, event: &EventJson) -> String {
        let named = NAMES.iter().find_map(|member| {
            let personal = event.personal.as_ref().and_then(|it| text_in(it, member));
            personal.or_else(|| text_in(&event.data, member))
        });
        let id_is_long = event.stream.split_once('-').is_some_and(|it| it.1.len() >= LONG_ID_CHARS);
        let told = match named {
            // It happened for somebody, and is gone soon: it has no name of its own.
            Some(name) if id_is_long => format!(" for {name}"),
            Some(name) => {
                self.names.insert(event.stream.clone(), name);
                String::new()
            }
            None => String::new(),
        };
        let who = self.called(&event.actor);
        let did = self.did(event);
        let details = DETAILS.iter().filter_map(|(member, before)| {
            let face = event.data.get("face");
            let text = text_in(&event.data, member).or_else(|| text_in(face?, member))?;
            Some(format!("{before}{}", text.trim_start_matches('/')))
        });
        let details = details.collect::<String>();
        format!("{} {who} {did}{told}{details}", day_and_time(&event.time))
    }

    /// What was done, and to what: `published the revision of resource orders (resource-1)`.
    fn did(&self, event: &EventJson) -> String {
        let kind = Kind::without_revision(&event.kind);
        let (category, action) = kind.split_once('.').unwrap_or((kind, "changed"));
        let category = category.replace('_', " ");
        let what = match self.names.get(&event.stream) {
            Some(name) => format!("{category} {name} ({})", event.stream),
            None => match event.stream.split_once('-') {
                Some((_, id)) if id.len() >= LONG_ID_CHARS => category,
                _ => format!("{category} {}", event.stream.split_once('-').map_or("", |it| it.1)),
            },
        };
        let words = action.split('_').collect::<Vec<_>>();
        match &words[..] {
            ["enabled", "set"] => match event.data.get("enabled") {
                Some(Value::Bool(false)) => format!("disabled {what}"),
                _ => format!("enabled {what}"),
            },
            ["taken", "over"] => format!("took over {what}"),
            [verb] => format!("{} {what}", past(verb)),
            [object @ .., verb] if is_past(verb) => {
                format!("{} the {} of {what}", past(verb), object.join(" "))
            }
            [object @ .., verb, so] => {
                format!("{} the {} of {what} {so}", past(verb), object.join(" "))
            }
            [] => format!("changed {what}"),
        }
    }

    /// `admin (user-1)`, or what stands in the log where no name is known.
    fn called(&self, actor: &str) -> String {
        match self.names.get(actor) {
            Some(name) => format!("{name} ({actor})"),
            None => actor.to_owned(),
        }
    }
}

/// Whether a stored word is a participle; all of ours are regular but these.
fn is_past(word: &str) -> bool {
    word.ends_with("ed") || ["set", "taken", "done"].contains(&word)
}

/// The past tense of a participle.
fn past(word: &str) -> &str {
    match word {
        "taken" => "took",
        "done" => "did",
        regular => regular,
    }
}

/// A member as a short text on one line; also where it is one of several that changed.
fn text_in(part: &Value, member: &str) -> Option<String> {
    let changed = || part.get("changes")?.as_array()?.iter().find_map(|it| it.get(member));
    let text = match part.get(member).or_else(changed)? {
        Value::String(text) if !text.is_empty() => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let clean = text.chars().map(|it| if it.is_control() { ' ' } else { it });
    let clean = clean.collect::<String>();
    Some(match clean.char_indices().nth(TEXT_CHARS_MAX) {
        Some((end, _)) => format!("{}…", clean.get(..end).unwrap_or_default()),
        None => clean,
    })
}

/// `28 Nov 2026 20:42:55` of a time in RFC 3339, in UTC.
fn day_and_time(time: &str) -> String {
    let read = || {
        let (date, clock) = time.split_once('T')?;
        let mut date = date.split('-');
        let (year, month, day) = (date.next()?, date.next()?, date.next()?);
        let month = MONTHS.get(month.parse::<usize>().ok()?.checked_sub(1)?)?;
        Some(format!("{day} {month} {year} {}", clock.get(..8)?))
    };
    read().unwrap_or_else(|| time.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(kind: &str, stream: &str, actor: &str, data: Value, personal: Value) -> EventJson {
        EventJson {
            position: 1,
            stream: stream.to_owned(),
            version: 1,
            kind: kind.to_owned(),
            event_id: String::new(),
            time: "2026-11-28T20:42:55.123456Z".to_owned(),
            tenant: 1,
            actor: actor.to_owned(),
            subject: None,
            command_id: String::new(),
            correlation_id: String::new(),
            trace_id: None,
            operation: None,
            client: None,
            caused_by: None,
            batch: None,
            session: None,
            uid: None,
            data,
            personal: personal.is_object().then_some(personal),
            secret: None,
        }
    }

    /// Kind, stream, actor, data, personal part; and what is told of them.
    type Case<'a> = (&'a str, &'a str, &'a str, Value, Value, &'a str);

    fn assert_told(story: &mut Story, cases: &[Case<'_>]) {
        for (kind, stream, actor, data, personal, said) in cases {
            let told = story.tell(&event(kind, stream, actor, data.clone(), personal.clone()));
            assert_eq!(told.strip_prefix("28 Nov 2026 20:42:55 "), Some(*said), "{kind}");
        }
    }

    #[test]
    fn words_of_kinds_become_sentences_with_the_names_that_were_told() {
        let none = || Value::Null;
        let admin = json!({ "userName": "admin" });
        let cases = [
            (
                "user.registered.v1",
                "user-1",
                "system",
                json!({}),
                admin,
                "system registered user admin (user-1)",
            ),
            (
                "resource.created.v1",
                "resource-1",
                "user-1",
                json!({ "name": "orders" }),
                none(),
                "admin (user-1) created resource orders (resource-1)",
            ),
            (
                "resource.published.v2",
                "resource-1",
                "user-1",
                json!({ "face": { "path": "/orders", "name": "Orders" }, "revision": 1 }),
                none(),
                "admin (user-1) published resource orders (resource-1) at /orders, revision 1",
            ),
            (
                "resource.revision_published.v2",
                "resource-1",
                "user-1",
                json!({ "revision": 2 }),
                none(),
                "admin (user-1) published the revision of resource orders (resource-1), revision 2",
            ),
            (
                "resource.version_set_online.v2",
                "resource-1",
                "operator",
                json!({}),
                none(),
                "operator set the version of resource orders (resource-1) online",
            ),
        ];
        assert_told(&mut Story::default(), &cases);
    }

    #[test]
    fn what_happened_for_somebody_and_odd_words_are_told_too() {
        let long = format!("admin (user-1) updated role a  {}… (role-9)", "b".repeat(57));
        let none = || Value::Null;
        let admin = json!({ "userName": "admin" });
        let cases = [
            (
                "user.registered.v1",
                "user-1",
                "system",
                json!({}),
                admin,
                "system registered user admin (user-1)",
            ),
            (
                "user.enabled_set.v1",
                "user-1",
                "operator",
                json!({ "enabled": false }),
                none(),
                "operator disabled user admin (user-1)",
            ),
            (
                "client.taken_over.v1",
                "client-7",
                "operator",
                json!({}),
                none(),
                "operator took over client 7",
            ),
            (
                "token.issued.v1",
                "token-6b0bdb08ef86f2c3336dc54072719d12",
                "user-1",
                json!({ "clientId": "shop" }),
                none(),
                "admin (user-1) issued token for shop",
            ),
            (
                "role.updated.v1",
                "role-9",
                "user-1",
                json!({ "name": format!("a\u{7}\n{}", "b".repeat(80)) }),
                none(),
                &long,
            ),
            (
                "role.updated.v1",
                "role-9",
                "user-1",
                json!({ "changes": [{ "enabled": true }, { "name": "judge" }] }),
                none(),
                "admin (user-1) updated role judge (role-9)",
            ),
        ];
        assert_told(&mut Story::default(), &cases);
    }

    #[test]
    fn every_kind_makes_a_sentence() {
        for kind in domain::AnyEvent::kinds() {
            let category = kind.split('.').next().unwrap();
            let event = event(kind, &format!("{category}-1"), "system", json!({}), json!(null));
            let said = Story::default().tell(&event);
            let words = said.split(' ').skip(4).collect::<Vec<_>>();
            assert!(words.len() >= 4 && !said.contains("  ") && !said.contains('.'), "{said}");
        }
    }
}
