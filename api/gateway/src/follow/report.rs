//! What a gateway reports to the server.

use serde::{Deserialize, Serialize};

/// The longest reason, in characters.
const REASON_CHARS_MAX: usize = 500;

/// What is known of an applied configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Proof {
    /// New connections are served by it, and no process serves the old one to new connections.
    Workers,
    /// A new connection was served by it.
    Position,
    /// A command said so, by its exit status 0.
    Command,
}

/// A report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Report {
    /// `POST /api/Gateway/Applied`
    #[serde(rename_all = "camelCase")]
    Applied {
        /// The position of the configuration.
        position: u64,
        /// The SHA-256 of its text, 64 hex digits.
        configuration: String,
        /// How long it took from the signal to the proof, in microseconds; 0 if it was there.
        reload_micros: u64,
        /// The program, such as `nginx/1.22.1`.
        program: String,
        /// How it is known.
        proof: Proof,
    },
    /// `POST /api/Gateway/Refused`
    #[serde(rename_all = "camelCase")]
    Refused {
        /// The position of the configuration.
        position: u64,
        /// Why, in one line.
        reason: String,
    },
}

impl Report {
    /// The last word of its path at the server.
    pub(super) fn path(&self) -> &'static str {
        match self {
            Self::Applied { .. } => "Applied",
            Self::Refused { .. } => "Refused",
        }
    }

    /// Whether it says something else than another one, the time aside.
    pub(super) fn differs(&self, other: Option<&Self>) -> bool {
        let bare = |it: &Self| match it.clone() {
            Self::Applied { position, configuration, program, proof, .. } => {
                Self::Applied { position, configuration, program, proof, reload_micros: 0 }
            }
            refused => refused,
        };
        other.map(bare) != Some(bare(self))
    }
}

/// The first line of what a program said that is an error, fit to be shown to everybody: without
/// folders, control characters and the secret, at most 500 characters.
pub fn cleaned_reason(said: &str, secret: &str) -> String {
    let is_error = |it: &&str| {
        ["[emerg]", "[alert]", "[crit]", "[error]"].iter().any(|word| it.contains(word))
    };
    let mut lines = said.lines().filter(|it| !it.trim().is_empty());
    let line = said.lines().find(is_error).or_else(|| lines.next()).unwrap_or("it said nothing");
    let line = line.split_once("] ").filter(|_| is_error(&line)).map_or(line, |(_, it)| it);
    let line = match secret.is_empty() {
        true => line.to_owned(),
        false => line.replace(secret, "…"),
    };
    let line = match line.split_once(": ") {
        Some((ids, rest)) if ids.chars().all(|it| it.is_ascii_digit() || it == '#') => rest,
        _ => line.as_str(),
    };
    let line = without_folders(line).split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().filter(|it| !it.is_control()).take(REASON_CHARS_MAX).collect()
}

/// `in /a/b/gateway.conf:12` becomes `in gateway.conf:12`; URLs keep their shape.
fn without_folders(line: &str) -> String {
    let mut kept = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('/') {
        kept.push_str(before);
        let is_path = kept.chars().next_back().is_none_or(|it| " \"'(=".contains(it));
        if is_path {
            let end = after.find([' ', '"', '\'', ')', ',']).unwrap_or(after.len());
            let (path, more) = after.split_at_checked(end).unwrap_or((after, ""));
            kept.push_str(path.rsplit('/').next().unwrap_or_default());
            rest = more;
        } else {
            kept.push('/');
            rest = after;
        }
    }
    kept.push_str(rest);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_one_clean_line() {
        let said = "nginx: [warn] something\nnginx: [emerg] unknown directive \"x\" in /tmp/a b/c.conf:3\n\
                    nginx: configuration file /tmp/x test failed\n";
        assert_eq!(cleaned_reason(said, ""), "unknown directive \"x\" in a b/c.conf:3");
        assert_eq!(cleaned_reason("invalid \"name:chk_1\"", "chk_1"), "invalid \"name:…\"");
        let said = "nginx: [emerg] 59#59: f(\"/tmp/x/a.pem\") failed, see http://a.example/b/c";
        let clean = "f(\"a.pem\") failed, see http://a.example/b/c";
        assert_eq!(cleaned_reason(said, ""), clean);
        assert_eq!(cleaned_reason("", "x"), "it said nothing");
        assert_eq!(cleaned_reason(&"a".repeat(600), "x").len(), 500);
    }

    #[test]
    fn they_are_written_as_the_server_reads_them() {
        let applied = Report::Applied {
            position: 7,
            configuration: "ab".to_owned(),
            reload_micros: 9,
            program: "nginx/1.22.1".to_owned(),
            proof: Proof::Workers,
        };
        let text = serde_json::to_string(&applied).unwrap();
        assert_eq!(
            text,
            r#"{"position":7,"configuration":"ab","reloadMicros":9,"program":"nginx/1.22.1","proof":"workers"}"#
        );
        let refused = Report::Refused { position: 7, reason: "no".to_owned() };
        assert_eq!(serde_json::to_string(&refused).unwrap(), r#"{"position":7,"reason":"no"}"#);
        assert!(
            applied.differs(Some(&refused))
                && applied.differs(None)
                && !applied.differs(Some(&applied))
        );
    }
}
