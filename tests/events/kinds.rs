//! Stored names: `<category>.<past tense>.v<revision>`.

use std::collections::BTreeSet;

use domain::app::App;
use domain::app_token::AppToken;
use domain::app_user::AppUser;
use domain::client::Client;
use domain::log_event::Log;
use domain::resource::Resource;
use domain::role::Role;
use domain::signing_key::SigningKey;
use domain::tenant::Tenant;
use domain::token::Token;
use domain::user::User;
use domain::{Aggregate, AnyEvent, StoredEvent as _};

/// Every aggregate: its category, and the kinds of its events.
fn aggregates() -> Vec<(&'static str, &'static [&'static str])> {
    fn of<A: Aggregate>() -> (&'static str, &'static [&'static str]) {
        (A::CATEGORY, A::Event::KINDS)
    }
    vec![
        of::<App>(),
        of::<AppToken>(),
        of::<AppUser>(),
        of::<Client>(),
        of::<Log>(),
        of::<Resource>(),
        of::<Role>(),
        of::<SigningKey>(),
        of::<Tenant>(),
        of::<Token>(),
        of::<User>(),
    ]
}

/// Past participles that do not end in `ed`.
const IRREGULAR: [&str; 3] = ["set", "forgotten", "taken"];

#[test]
fn a_name_is_category_past_tense_and_revision() {
    for kind in AnyEvent::kinds() {
        let words = kind.split('.').collect::<Vec<_>>();
        let [category, verb, revision] = words[..] else { panic!("{kind}") };
        let lower = |text: &str| {
            !text.is_empty() && text.bytes().all(|it| it.is_ascii_lowercase() || it == b'_')
        };
        assert!(lower(category) && lower(verb), "{kind}");
        let past = |it: &str| it.ends_with("ed") || IRREGULAR.contains(&it);
        assert!(verb.split('_').any(past), "{kind}: not in the past tense");
        let number = revision.strip_prefix('v').and_then(|it| it.parse::<u32>().ok());
        assert!(number.is_some_and(|it| it >= 1 && revision == format!("v{it}")), "{kind}");
    }
}

#[test]
fn no_two_events_share_a_name() {
    let kinds = AnyEvent::kinds();
    assert_eq!(kinds.iter().collect::<BTreeSet<_>>().len(), kinds.len());
}

#[test]
fn the_category_of_a_name_is_that_of_its_aggregate() {
    let mut counted = 0;
    for (category, kinds) in aggregates() {
        // The stream name is split at the first hyphen, the stored name at the first dot.
        assert!(!category.contains(['-', '.']), "{category}");
        for kind in kinds {
            assert_eq!(kind.split('.').next(), Some(category), "{kind}");
        }
        counted += kinds.len();
    }
    assert_eq!(counted, AnyEvent::kinds().len(), "an aggregate is missing in this test");
}

/// A new revision does not make the old one unreadable.
#[test]
fn revisions_of_a_name_have_no_gap() {
    let kinds = AnyEvent::kinds().into_iter().collect::<BTreeSet<_>>();
    for kind in &kinds {
        let (name, revision) = kind.rsplit_once(".v").unwrap();
        for earlier in 1..revision.parse::<u32>().unwrap() {
            let earlier = format!("{name}.v{earlier}");
            assert!(kinds.contains(earlier.as_str()), "{kind} is known, {earlier} is not");
        }
    }
}
