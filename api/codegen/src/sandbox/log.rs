//! What a program said, as it may be shown.

use std::path::PathBuf;

use super::command::BEGUN;
use crate::limits::DETAIL_CHARS_MAX;

/// A log without paths of this machine and without control characters but line breaks and tabs.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) text: String,
    /// Whether the sandbox was there.
    pub(super) has_begun: bool,
}

impl Log {
    pub(super) fn new(said: &[u8], paths: &[PathBuf]) -> Self {
        let text = String::from_utf8_lossy(said);
        let has_begun = text.starts_with(BEGUN);
        let mut text = without_controls(text.strip_prefix(BEGUN).unwrap_or(&text));
        let mut paths = paths.iter().filter_map(|it| it.to_str()).collect::<Vec<_>>();
        // The longest first: one may be in another.
        paths.sort_by_key(|it| std::cmp::Reverse(it.len()));
        for path in paths.iter().filter(|it| it.len() > 1) {
            text = text.replace(path, "…");
        }
        Self { text, has_begun }
    }

    /// What is told of a failure: from the first line that speaks of an error, else the end.
    pub(super) fn detail(&self) -> String {
        let speaks = |line: &str| {
            let line = line.to_ascii_lowercase();
            line.contains("error") || line.contains("exception")
        };
        let mut lines = self.text.split_inclusive('\n').skip_while(|it| !speaks(it)).peekable();
        if lines.peek().is_some() {
            return lines
                .flat_map(str::chars)
                .take(DETAIL_CHARS_MAX)
                .collect::<String>()
                .trim()
                .to_owned();
        }
        let skipped = self.text.trim().chars().count().saturating_sub(DETAIL_CHARS_MAX);
        self.text.trim().chars().skip(skipped).collect()
    }
}

/// Colours of terminals and other control characters are left out.
fn without_controls(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(it) = chars.next() {
        match it {
            '\u{1b}' => {
                // Until the letter that ends it: `ESC [ 31 m`.
                let _ = chars.find(|it| it.is_ascii_alphabetic());
            }
            '\n' | '\t' => clean.push(it),
            it if it.is_control() => (),
            it => clean.push(it),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_name_nothing_of_this_machine() {
        let said = b"sandbox: begun\n\x1b[31mread\x1b[0m /home/a/x.jar and /home/a\r\n\xff";
        let log = Log::new(said, &["/home/a".into(), "/home/a/x.jar".into()]);
        assert!(log.has_begun);
        assert_eq!(log.text, "read … and …\n\u{fffd}");
        assert!(!Log::new(b"bwrap: no", &[]).has_begun);
    }

    #[test]
    fn details_begin_with_the_first_error_and_are_short() {
        let log = |text: &str| Log { text: text.to_owned(), has_begun: true };
        assert_eq!(log("one\ntwo: Error 5\nthree\n").detail(), "two: Error 5\nthree");
        assert_eq!(log("\none\ntwo\n").detail(), "one\ntwo");
        let long = "ä".repeat(DETAIL_CHARS_MAX + 1);
        assert_eq!(log(&format!("x{long}")).detail(), "ä".repeat(DETAIL_CHARS_MAX));
        assert_eq!(log(&format!("error{long}")).detail().chars().count(), DETAIL_CHARS_MAX);
    }
}
