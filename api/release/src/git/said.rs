//! What git says, read as why a push failed.

use super::process::Ran;
use crate::failure::cleaned;
use crate::{Failure, Reason};

/// The longest text of a remote that is shown, in characters.
const SHOWN_CHARS_MAX: usize = 1_500;

/// What git says, and what that is. The first that fits counts.
const SAYINGS: [(&[&str], Reason, bool, &str); 8] = [
    (
        &["Host key verification failed", "host key for", "REMOTE HOST IDENTIFICATION HAS CHANGED"],
        Reason::HostKeyUnknown,
        false,
        "The remote's host key is not among the stored known hosts.",
    ),
    (
        &[
            "ssh: not found",
            "cannot run ssh",
            "remote-http' is not a git command",
            "remote-https' is not a git command",
        ],
        Reason::ToolMissing,
        false,
        "The program ssh is not there, or git cannot use http.",
    ),
    (
        &[
            "Permission denied (",
            "Too many authentication failures",
            "Authentication failed",
            "could not read Username",
            "could not read Password",
            "returned error: 401",
            "returned error: 403",
            "Load key ",
        ],
        Reason::RemoteRefused,
        false,
        "The remote does not accept the token or the key.",
    ),
    (
        &["returned error: 30"],
        Reason::RemoteRefused,
        false,
        "The remote answered with a redirect, which is not followed.",
    ),
    (
        &["returned error: 5", "returned error: 429", "returned error: 408"],
        Reason::RemoteUnreachable,
        true,
        "The remote cannot answer now.",
    ),
    (
        &[
            "returned error: 4",
            "does not appear to be a git repository",
            "not found",
            "Repository not found",
            "not valid: ",
            "is not a git repository",
            // A page where a repository should be is taken for an empty one of the old protocol.
            "git-http-push failed",
            "does not support shallow",
            "mismatched algorithms",
            "does not exist",
        ],
        Reason::RemoteRefused,
        false,
        "The remote has no such repository, or the token or key may not see it.",
    ),
    (
        &["transport '", "protocol '"],
        Reason::RemoteRefused,
        false,
        "The remote's protocol is not allowed.",
    ),
    (
        &["certificate", "SSL", "TLS"],
        Reason::RemoteUnreachable,
        true,
        "The remote's certificate is not accepted, or TLS failed.",
    ),
];

/// Why a run that leads to the remote failed.
pub(super) fn failure(ran: &Ran, secrets: &[&str]) -> Failure {
    tracing::info!(said = %cleaned(&ran.err, secrets), "git failed");
    // What the remote says itself could look like words of git.
    let of_git = ran.err.lines().filter(|it| !it.starts_with("remote:"));
    let of_git = of_git.collect::<Vec<_>>().join("\n");
    let fits = |(needles, ..): &&(&[&str], Reason, bool, &str)| {
        needles.iter().any(|it| of_git.contains(it))
    };
    let (reason, again, text) = match SAYINGS.iter().find(fits) {
        Some((_, reason, again, text)) => (*reason, *again, *text),
        None => (Reason::RemoteUnreachable, true, "The remote cannot be reached, or broke off."),
    };
    let detail = with_remote(text, &ran.err, secrets);
    if again { Failure::again(reason, detail) } else { Failure::never(reason, detail) }
}

/// A sentence of ours, with what the remote said itself.
fn with_remote(text: &str, err: &str, secrets: &[&str]) -> String {
    let said = err.lines().filter_map(|it| it.strip_prefix("remote:"));
    let said = said.map(str::trim).filter(|it| !it.is_empty()).collect::<Vec<_>>().join("\n");
    let said = cleaned(&said, secrets).chars().take(SHOWN_CHARS_MAX).collect::<String>();
    match said.trim() {
        "" => text.to_owned(),
        said => format!("{text} It said: {said}"),
    }
}

/// What came of a push that reached the remote.
pub(super) enum Answer {
    /// The branch is at our commit.
    Taken,
    /// The branch has got other commits.
    Moved,
    /// Something else.
    Failed(Failure),
}

/// Reads the lines of `push --porcelain`: a flag, a tab, the refs, a tab, a summary.
pub(super) fn answer(ran: &Ran, secrets: &[&str]) -> Answer {
    let lines = ran.out.lines().filter_map(|it| it.split_once('\t'));
    let refused =
        lines.filter(|(flag, _)| *flag == "!").find_map(|(_, rest)| rest.split_once('\t'));
    match refused {
        _ if ran.is_well() => Answer::Taken,
        Some((_, summary)) if is_moved(summary) => Answer::Moved,
        Some((_, summary)) => {
            let summary = cleaned(summary, secrets).chars().take(200).collect::<String>();
            let text = format!("The remote does not take the commit: {summary}.");
            Answer::Failed(Failure::never(
                Reason::RemoteRefused,
                with_remote(&text, &ran.err, secrets),
            ))
        }
        None => Answer::Failed(failure(ran, secrets)),
    }
}

/// Whether a refusal is one of a branch that has moved: seen here, or by the remote in the moment in which
/// it would have moved the branch itself.
fn is_moved(summary: &str) -> bool {
    summary.starts_with("[rejected]")
        || (summary.starts_with("[remote rejected]")
            && ["cannot lock ref", "failed to update ref", "incorrect old value", "already exists"]
                .iter()
                .any(|it| summary.contains(it)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(out: &str, err: &str) -> Ran {
        Ran { code: Some(128), out: out.to_owned(), err: err.to_owned() }
    }

    #[test]
    fn sayings_of_git_are_reasons() {
        for (said, reason, again) in [
            ("Host key verification failed.\nfatal: Could not read", Reason::HostKeyUnknown, false),
            ("git@host: Permission denied (publickey).", Reason::RemoteRefused, false),
            (
                "fatal: unable to access 'x': The requested URL returned error: 302",
                Reason::RemoteRefused,
                false,
            ),
            (
                "fatal: unable to access 'x': The requested URL returned error: 503",
                Reason::RemoteUnreachable,
                true,
            ),
            (
                "fatal: unable to access 'x': The requested URL returned error: 403",
                Reason::RemoteRefused,
                false,
            ),
            ("fatal: repository 'x' not found", Reason::RemoteRefused, false),
            ("ssh: connect to host x port 22: Connection refused", Reason::RemoteUnreachable, true),
            ("fatal: the remote end hung up unexpectedly", Reason::RemoteUnreachable, true),
            (
                "remote: Host key verification failed.\nfatal: early EOF",
                Reason::RemoteUnreachable,
                true,
            ),
        ] {
            let failure = failure(&ran("", said), &[]);
            assert_eq!((failure.reason, failure.again), (reason, again), "{said}");
        }
        let said =
            "remote: \u{1b}[1mno s3cret\u{1b}[0m  \nremote: \nremote: at /tmp/x\nfatal: 10.0.0.1";
        let detail = failure(&ran("", said), &["s3cret", "/tmp/x"]).detail;
        assert!(detail.ends_with("It said: no …\nat …"), "{detail}");
    }

    #[test]
    fn lines_of_a_push_are_answers() {
        let line = |summary: &str| format!("To x\n!\tabc:refs/heads/main\t{summary}\nDone\n");
        let is_moved =
            |summary: &str| matches!(answer(&ran(&line(summary), ""), &[]), Answer::Moved);
        assert!(is_moved("[rejected] (fetch first)") && is_moved("[rejected] (non-fast-forward)"));
        assert!(is_moved(
            "[remote rejected] (cannot lock ref 'refs/heads/main': is at 1 but expected 2)"
        ));
        assert!(!is_moved("[remote rejected] (pre-receive hook declined)"));
        let said = "remote: no tok today\n";
        let refused = answer(&ran(&line("[remote rejected] (hook declined)"), said), &["tok"]);
        let Answer::Failed(failure) = refused else { panic!("not refused") };
        assert_eq!(failure.reason, Reason::RemoteRefused);
        let text = "The remote does not take the commit: [remote rejected] (hook declined). It said: no … today";
        assert_eq!(failure.detail, text);
        let well = Ran { code: Some(0), ..ran("To x\n*\ta:b\t[new branch]\nDone\n", "") };
        assert!(matches!(answer(&well, &[]), Answer::Taken));
        assert!(
            matches!(answer(&ran("", "fatal: early EOF"), &[]), Answer::Failed(it) if it.again)
        );
    }
}
