//! Why nothing was released, and what may be said of it.

use std::fmt;

/// The longest `detail`, in characters.
pub const DETAIL_CHARS_MAX: usize = 2_000;

/// Why nothing was released, as one word that never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// A program that is needed is not there, or too old.
    ToolMissing,
    /// It had not ended when its time was over.
    OutOfTime,
    /// More bytes came than may.
    OutputTooLarge,
    /// More files came than may.
    TooManyFiles,
    /// The operator set no registry.
    RegistryNotSet,
    /// The registry gave no answer, or none that a registry gives.
    RegistryUnreachable,
    /// The registry does not take the package.
    RegistryRefused,
    /// The registry has this version, with other contents.
    VersionTaken,
    /// The remote gave no answer.
    RemoteUnreachable,
    /// The remote does not take the commit.
    RemoteRefused,
    /// The branch got other commits at every attempt.
    RemoteMoved,
    /// The remote's host key is not among the stored ones.
    HostKeyUnknown,
    /// The host is, or resolves only to, what may not be reached.
    PrivateAddress,
    /// It ended in a way that none of the others says.
    Crashed,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 14] = [
        Self::ToolMissing,
        Self::OutOfTime,
        Self::OutputTooLarge,
        Self::TooManyFiles,
        Self::RegistryNotSet,
        Self::RegistryUnreachable,
        Self::RegistryRefused,
        Self::VersionTaken,
        Self::RemoteUnreachable,
        Self::RemoteRefused,
        Self::RemoteMoved,
        Self::HostKeyUnknown,
        Self::PrivateAddress,
        Self::Crashed,
    ];

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ToolMissing => "tool_missing",
            Self::OutOfTime => "out_of_time",
            Self::OutputTooLarge => "output_too_large",
            Self::TooManyFiles => "too_many_files",
            Self::RegistryNotSet => "registry_not_set",
            Self::RegistryUnreachable => "registry_unreachable",
            Self::RegistryRefused => "registry_refused",
            Self::VersionTaken => "version_taken",
            Self::RemoteUnreachable => "remote_unreachable",
            Self::RemoteRefused => "remote_refused",
            Self::RemoteMoved => "remote_moved",
            Self::HostKeyUnknown => "host_key_unknown",
            Self::PrivateAddress => "private_address",
            Self::Crashed => "crashed",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A release did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {detail}")]
pub struct Failure {
    /// Why, as one of a few words.
    pub reason: Reason,
    /// The same for a reader: a sentence of ours, and where it helps what the other side said, cleaned.
    /// It has no secret, no address that a name resolved to, no path of this machine, and at most
    /// [`DETAIL_CHARS_MAX`] characters.
    pub detail: String,
    /// Whether it may succeed later, without a change of anything.
    pub again: bool,
}

impl Failure {
    /// One that stays.
    pub fn never(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: cleaned(&detail.into(), &[]), again: false }
    }

    /// One that may be over later.
    pub fn again(reason: Reason, detail: impl Into<String>) -> Self {
        Self { again: true, ..Self::never(reason, detail) }
    }
}

/// Something that a caller gave has not the form that it must have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FormError(pub String);

impl FormError {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

/// What the other side said, made fit to be shown: without control characters (lines stay), without
/// characters that turn the direction of writing, without the secrets, and not longer than
/// [`DETAIL_CHARS_MAX`].
pub(crate) fn cleaned(said: &str, secrets: &[&str]) -> String {
    let mut text = without_controls(said);
    for secret in secrets.iter().filter(|it| !it.is_empty()) {
        text = text.replace(secret, "…");
    }
    let lines = text.lines().map(str::trim_end).filter(|it| !it.is_empty());
    let text = lines.collect::<Vec<_>>().join("\n");
    match text.char_indices().nth(DETAIL_CHARS_MAX) {
        None => text,
        Some(_) => {
            let kept = text.chars().take(DETAIL_CHARS_MAX.saturating_sub(1));
            kept.chain(std::iter::once('…')).collect()
        }
    }
}

/// Drops escape sequences of terminals, and every control character but the ends of lines.
fn without_controls(said: &str) -> String {
    let mut kept = String::with_capacity(said.len());
    let mut chars = said.chars().peekable();
    while let Some(it) = chars.next() {
        match it {
            '\u{1b}' if chars.peek() == Some(&'[') => {
                // Up to the letter that ends the sequence.
                let _ = chars.find(|it| ('\u{40}'..='\u{7e}').contains(it) && *it != '[');
            }
            '\n' => kept.push('\n'),
            '\r' if chars.peek() == Some(&'\n') => (),
            '\r' => kept.push('\n'),
            '\t' => kept.push(' '),
            it if it.is_control() || is_invisible(it) => (),
            it => kept.push(it),
        }
    }
    kept
}

/// Characters that turn the direction of writing, or that have no width.
pub(crate) fn is_invisible(it: char) -> bool {
    matches!(it, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(it, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn words_are_single_and_plain() {
        let words = Reason::ALL.map(Reason::as_str);
        let distinct = words.iter().collect::<std::collections::BTreeSet<_>>();
        assert_eq!(distinct.len(), words.len());
        assert!(words.iter().all(|it| it.bytes().all(|it| it == b'_' || it.is_ascii_lowercase())));
        assert_eq!(Reason::RemoteMoved.to_string(), "remote_moved");
    }

    #[test]
    fn what_others_say_is_cleaned() {
        let said = "\u{1b}[31mno\u{1b}[0m \u{202e}s3\u{7}cr3t\rnext\r\n\n a\tb \0\n";
        assert_eq!(cleaned(said, &["s3cr3t", ""]), "no …\nnext\n a b");
        let long = "é".repeat(DETAIL_CHARS_MAX);
        assert_eq!(cleaned(&long, &[]), long);
        let more = cleaned(&format!("{long}é"), &[]);
        assert_eq!(more.chars().count(), DETAIL_CHARS_MAX);
        assert!(more.ends_with('…'));
        // A secret at the end is not cut in two before it is taken out.
        let text = format!("{}secret", "a".repeat(DETAIL_CHARS_MAX - 3));
        assert!(!cleaned(&text, &["secret"]).contains("sec"));
        assert_eq!(Failure::again(Reason::OutOfTime, "a\u{1}b").detail, "ab");
    }
}
