//! Parts of subjects: whatever an id holds, it stays one word and can be read back.

use commands::publisher::{escape_part, unescape_part};
use proptest::prelude::*;

#[test]
fn letters_digits_hyphens_and_underscores_stay_as_they_are() {
    assert_eq!(escape_part("Az09_-"), "Az09_-");
}

#[test]
fn everything_else_is_escaped() {
    assert_eq!(escape_part("a.b*c>d e%f"), "a%2Eb%2Ac%3Ed%20e%25f");
    assert_eq!(escape_part("é"), "%C3%A9");
}

#[test]
fn an_empty_part_is_a_word_too() {
    assert_eq!(escape_part(""), "%");
    assert_eq!(unescape_part("%").as_deref(), Some(""));
}

#[test]
fn what_was_not_written_so_is_not_read() {
    for text in ["", "a.b", "%2", "%zz", "%2e", "%41", "%+1", "a%", "é", "%FF"] {
        assert_eq!(unescape_part(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn escaping_is_safe_and_reversible(part in ".*") {
        let escaped = escape_part(&part);
        let safe = |it: u8| it.is_ascii_alphanumeric() || b"_-%".contains(&it);
        prop_assert!(!escaped.is_empty() && escaped.bytes().all(safe));
        prop_assert_eq!(unescape_part(&escaped), Some(part));
    }
}
