//! Payloads are read to their last byte: nothing missing, nothing left over, and never a panic.

use bytes::Bytes;
use domain::codec::{self, COMMIT_BYTES_MAX};
use domain::{AnyEvent, Parts};
use proptest::prelude::*;
use tests::samples;

/// Every sample once for each of its parts, with that part put in its place by `put`.
fn for_each_part(check: impl Fn(&str, &Bytes, &dyn Fn(Bytes) -> Parts)) {
    for sample in samples::current() {
        let parts = sample.event.encode().unwrap();
        let kind = sample.kind;
        check(kind, &parts.data, &|data| Parts { data, ..parts.clone() });
        if let Some(personal) = &parts.personal {
            check(kind, personal, &|it| Parts { personal: Some(it), ..parts.clone() });
        }
        if let Some(secret) = &parts.secret {
            check(kind, secret, &|it| Parts { secret: Some(it), ..parts.clone() });
        }
    }
}

#[test]
fn a_part_that_is_cut_short_anywhere_is_refused() {
    for_each_part(|kind, part, put| {
        for length in 0..part.len() {
            let cut = AnyEvent::decode(kind, &put(part.slice(..length)));
            assert!(cut.is_err(), "{kind}: {length} of {} bytes were enough", part.len());
        }
    });
}

#[test]
fn a_part_with_a_byte_left_over_is_refused() {
    for_each_part(|kind, part, put| {
        for byte in [0, 1, 0xFF] {
            let longer = part.iter().copied().chain([byte]).collect();
            assert!(AnyEvent::decode(kind, &put(longer)).is_err(), "{kind} ignored a byte");
        }
    });
}

#[test]
fn an_event_without_a_part_decodes_to_its_absence() {
    for sample in samples::current() {
        let parts = sample.event.encode().unwrap();
        let clear = Parts { data: parts.data, personal: None, secret: None };
        let event = AnyEvent::decode(sample.kind, &clear).unwrap();
        assert_eq!(event.encode().unwrap(), clear, "{}", sample.kind);
    }
}

#[test]
fn a_refusal_to_read_does_not_show_the_contents() {
    for_each_part(|kind, part, put| {
        let longer = part.iter().copied().chain([0]).collect();
        let err = AnyEvent::decode(kind, &put(longer)).unwrap_err().to_string();
        for word in ["Ann", "ann@", samples::CLIENT_SECRET_HASH, samples::TENANT_SECRET] {
            assert!(!err.contains(word), "{kind}: {err}");
        }
    });
}

#[test]
fn kinds_that_the_program_does_not_know_are_refused() {
    let parts = Parts::default();
    for kind in ["", "user", "user.registered", "user.registered.v0", "user.registered.v1 "] {
        let err = AnyEvent::decode(kind, &parts).unwrap_err();
        assert_eq!((err.kind.as_str(), err.why.contains("does not know")), (kind, true));
    }
}

#[test]
fn a_payload_is_at_most_as_large_as_a_commit() {
    // A text is its length in eight bytes, then its bytes.
    let fits = "a".repeat(COMMIT_BYTES_MAX - 8);
    let bytes = codec::encode(&fits).unwrap();
    assert_eq!(bytes.len(), COMMIT_BYTES_MAX);
    assert_eq!(codec::decode::<String>(&bytes).unwrap(), fits);
    assert!(codec::encode(&format!("{fits}a")).is_err());
    let longer = [&(fits.len() as u64 + 1).to_le_bytes()[..], fits.as_bytes(), b"a"].concat();
    assert!(codec::decode::<String>(&longer).is_err());
}

fn kind() -> impl Strategy<Value = &'static str> {
    prop::sample::select(AnyEvent::kinds())
}

fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_048) }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn random_bytes_never_panic(
        kind in kind(),
        data in prop::collection::vec(any::<u8>(), 0..200),
        personal in prop::option::of(prop::collection::vec(any::<u8>(), 0..200)),
        secret in prop::option::of(prop::collection::vec(any::<u8>(), 0..200)),
    ) {
        let parts = Parts {
            data: data.into(),
            personal: personal.map(Bytes::from),
            secret: secret.map(Bytes::from),
        };
        let _ = AnyEvent::decode(kind, &parts);
    }

    /// Damage near to what is right reaches deeper than random bytes do. What still decodes
    /// means other facts, but they are whole: they are written in the same bytes again.
    #[test]
    fn a_damaged_byte_never_panics(
        which in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let samples = samples::current();
        let sample = which.get(&samples);
        let parts = sample.event.encode().unwrap();
        let mut data = parts.data.to_vec();
        *place.get_mut(&mut data) = byte;
        let parts = Parts { data: data.into(), ..parts };
        if let Ok(event) = AnyEvent::decode(sample.kind, &parts) {
            prop_assert_eq!(event.encode().unwrap(), parts);
        }
    }
}
