//! Stored names: `<category>.<past tense>.v<revision>`.

use std::collections::BTreeSet;

use domain::{AGGREGATES, AnyEvent, Ids, Kind, Mark, StreamId, Timestamp};

/// Past participles that do not end in `ed`.
const IRREGULAR: [&str; 5] = ["set", "forgotten", "taken", "sent", "done"];

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
    for aggregate in AGGREGATES {
        let category = aggregate.category;
        // The stream name is split at the first hyphen, the stored name at the first dot.
        assert!(!category.contains(['-', '.']), "{category}");
        for kind in aggregate.kinds {
            assert_eq!(kind.name.split('.').next(), Some(category), "{kind:?}");
        }
    }
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

/// What ends and what erases is told by its mark: snapshots drop rows, and keys are destroyed, by it.
#[test]
fn what_deletes_or_erases_is_marked() {
    for kind in AGGREGATES.iter().flat_map(|it| it.kinds) {
        let base = Kind::without_revision(kind.name);
        let ends = [
            ".deleted",
            ".erased",
            ".sent",
            "gateway.retired",
            "subscription.cancelled",
            "notice.finished",
        ];
        let ends = ends.iter().any(|it| base.ends_with(it));
        assert_eq!(kind.marks.contains(&Mark::Ends), ends, "{kind:?}");
        let erases =
            base.ends_with(".erased") || ["app.deleted", "subscriber.removed"].contains(&base);
        assert_eq!(kind.marks.contains(&Mark::Erases), erases, "{kind:?}");
    }
}

/// A new revision of a kind is not forgotten where its marks count.
#[test]
fn a_past_revision_has_the_marks_of_the_current_one() {
    assert_eq!(AnyEvent::marks("user.erased.v1"), [Mark::Ends, Mark::Erases]);
    assert_eq!(AnyEvent::marks("user.registered.v1"), []);
    assert_eq!(AnyEvent::marks("nothing.known.v1"), []);
    for kind in AGGREGATES.iter().flat_map(|it| it.kinds).filter(|it| it.past) {
        let base = Kind::without_revision(kind.name);
        let current = AGGREGATES.iter().flat_map(|it| it.kinds);
        let current = current.filter(|it| !it.past && Kind::without_revision(it.name) == base);
        assert_eq!(current.map(|it| it.marks).collect::<Vec<_>>(), [AnyEvent::marks(kind.name)]);
    }
}

#[test]
fn the_streams_of_short_lived_categories_say_when_they_end() {
    for aggregate in AGGREGATES {
        let stream = StreamId::new(aggregate.category, "0000000a000000000000000000000000");
        let short = aggregate.ids == Ids::ShortLived;
        assert_eq!(stream.closes_at(), short.then(|| Timestamp::from_seconds(10)), "{stream}");
    }
}
