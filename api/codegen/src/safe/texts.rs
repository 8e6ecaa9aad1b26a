//! Texts for people, such as descriptions, as they may stand in code.

/// What opens or closes something in one of the languages. A space comes between its first and its
/// second character.
const BROKEN_UP: [&str; 12] =
    ["*/", "/*", "${", "{$", "$(", "#{", "<?", "?>", "<%", "%>", "<!", "->"];

/// Whether a character is not seen, ends a line in some language, or changes the direction of writing.
pub(super) fn is_hidden(it: char) -> bool {
    it.is_control()
        || matches!(it, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A text that neither ends the text or comment that it is put into, nor says anything to a compiler:
/// one line, without straight quotes and backslashes.
pub(super) fn cleaned(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut last = ' ';
    for it in text.chars() {
        let it = match it {
            '\n' | '\r' | '\t' => ' ',
            it if is_hidden(it) => ' ',
            '\'' | '`' => '\u{2019}',
            '"' => '\u{201d}',
            '\\' => '\u{2216}',
            it => it,
        };
        if it == ' ' && last == ' ' {
            continue;
        }
        // Kotlin and PHP take `$name` in a text for a variable.
        let is_variable = last == '$' && (it.is_alphabetic() || it == '_');
        let is_pair = BROKEN_UP.iter().any(|pair| pair.chars().eq([last, it]));
        // AsciiDoc reads files where it finds `include::`.
        let is_block = last == ':' && it == ':' && clean.ends_with("include:");
        if is_pair || is_variable || is_block {
            clean.push(' ');
        }
        clean.push(it);
        last = it;
    }
    clean.truncate(clean.trim_end().len());
    clean
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_say_the_same_on_one_line() {
        let seen = cleaned("  It's \"new\":\n\n* `a\\b`\t*/ ${x} $y $5 ''' \"\"\" a\\");
        assert_eq!(seen, "It’s ”new”: * ’a∖b’ * / $ {x} $ y $5 ’’’ ””” a∖");
        assert_eq!(
            cleaned("<?php ?> <!-- --> #{a} {$b} a//*b"),
            "< ?php ? > < !-- -- > # {a} { $ b} a// *b"
        );
        assert_eq!(cleaned("a\u{2028}b\u{202e}c\u{0}d"), "a b c d");
        assert_eq!(cleaned("include::x[]"), "include: :x[]");
        assert_eq!(cleaned("std::vec"), "std::vec");
    }

    proptest! {
        #[test]
        fn nothing_is_left_that_ends_a_text(text in "[a*/$'\"`\\\\{}#<>?%!:\\n\u{2028} -]{0,30}") {
            let clean = cleaned(&text);
            for bad in BROKEN_UP.iter().chain(&["'", "\"", "`", "\\", "\n", "$a", "\u{2028}"]) {
                prop_assert!(!clean.contains(bad), "{clean}");
            }
            prop_assert_eq!(cleaned(&clean), clean.clone(), "cleaning twice");
        }
    }
}
