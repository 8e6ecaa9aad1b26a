//! A Merkle root that was told earlier: `POSITION:ROOT`.

use serde::{Deserialize, Serialize};

/// How many hexadecimal digits a root has.
const DIGITS: usize = 64;

/// What the log must still say of the events up to a position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KnownRoot {
    /// The position, from 1.
    pub(crate) position: u64,
    /// The root, in small hexadecimal digits.
    pub(crate) root: String,
}

impl KnownRoot {
    /// Reads `POSITION:ROOT`, as `verify` prints it.
    ///
    /// # Errors
    /// In words, when it is something else.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let read = || {
            let (position, root) = text.trim().split_once(':')?;
            let position = position.parse().ok().filter(|it| *it > 0)?;
            let is_hex = root.len() == DIGITS && root.bytes().all(|it| it.is_ascii_hexdigit());
            is_hex.then(|| Self { position, root: root.to_ascii_lowercase() })
        };
        read().ok_or_else(|| {
            format!(
                "must be POSITION:ROOT: a position from 1, a colon, {DIGITS} hexadecimal digits"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_is_read_as_it_was_printed_and_nothing_else_is() {
        let root = "Ab".repeat(32);
        let read = KnownRoot::parse(&format!("17:{root}\n")).unwrap();
        assert_eq!(read, KnownRoot { position: 17, root: "ab".repeat(32) });
        for text in ["", "17", "17:", &format!("0:{root}"), &format!("x:{root}"), "17:abc"] {
            KnownRoot::parse(text).unwrap_err();
        }
        KnownRoot::parse(&format!("17:{}", "xy".repeat(32))).unwrap_err();
    }
}
