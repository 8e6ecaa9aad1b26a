//! A commit as a stream for `git fast-import`: the head's tree, with the files put in.

use std::io::Write as _;

use super::folder::Folder;
use super::remote::JobId;

/// The ref under which the commit is made.
pub(super) const WORK_REF: &str = "refs/chancery/work";

/// The trailer that tells a job's commit.
pub(super) const TRAILER: &str = "Chancery-Job";

/// The longest first line of a message, in characters.
const TITLE_CHARS_MAX: usize = 200;

/// A commit that is to be made.
pub(super) struct Commit<'a> {
    /// What it says in its first line.
    pub(super) title: &'a str,
    pub(super) job: &'a JobId,
    pub(super) author_email: &'a str,
    /// Seconds since 1970.
    pub(super) seconds: i64,
    /// The commit below it.
    pub(super) parent: Option<&'a str>,
}

/// The whole stream.
pub(super) fn stream(commit: &Commit<'_>, folders: &[Folder]) -> std::io::Result<Vec<u8>> {
    let size = folders.iter().map(|it| it.files().size()).fold(0, usize::saturating_add);
    let mut stream = Vec::with_capacity(size.saturating_add(4_096));
    let author = format!("Chancery <{}> {} +0000", plain(commit.author_email), commit.seconds);
    let title = plain(commit.title);
    let title = title.trim().chars().take(TITLE_CHARS_MAX).collect::<String>();
    let title = if title.is_empty() { "Generated files" } else { &title };
    let message = format!("{title}\n\n{TRAILER}: {}\n", commit.job.as_str());
    write!(stream, "feature done\ncommit {WORK_REF}\nauthor {author}\ncommitter {author}\n")?;
    write!(stream, "data {}\n{message}\n", message.len())?;
    if let Some(parent) = commit.parent {
        writeln!(stream, "from {parent}")?;
    }
    for placed in folders.iter().filter(|it| it.is_replaced()) {
        writeln!(stream, "D {}", quoted(placed.path()))?;
    }
    for placed in folders {
        for (path, bytes) in placed.files().iter() {
            let path = format!("{}/{path}", placed.path());
            write!(stream, "M 100644 inline {}\ndata {}\n", quoted(&path), bytes.len())?;
            stream.extend_from_slice(bytes);
            stream.push(b'\n');
        }
    }
    stream.extend_from_slice(b"done\n");
    Ok(stream)
}

/// A path as the stream has it. Paths have no control characters and no backslash.
fn quoted(path: &str) -> String {
    format!("\"{}\"", path.replace('"', "\\\""))
}

/// One line, without what ends a name or an address in a commit.
fn plain(text: &str) -> String {
    let is_plain = |it: &char| !it.is_control() && !"<>".contains(*it);
    text.chars().filter(is_plain).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::{Files, GeneratedFile};

    #[test]
    fn a_stream_has_lengths_and_quotes() {
        let files = ["b\"c", "ü"].map(|it| GeneratedFile::new(it, "M 100644\n").unwrap());
        let files = Files::new(files).unwrap();
        let job = JobId::parse("j1").unwrap();
        let commit = Commit {
            title: "Update\nChancery-Job: other <é>",
            job: &job,
            author_email: "no>reply@a\n.example",
            seconds: 7,
            parent: Some("abc"),
        };
        let placed = [
            Folder::replaced("sdk/python", files.clone()).unwrap(),
            Folder::merged("docs", files).unwrap(),
        ];
        let text = String::from_utf8(stream(&commit, &placed).unwrap()).unwrap();
        let author = "Chancery <noreply@a.example> 7 +0000";
        let message = "UpdateChancery-Job: other é\n\nChancery-Job: j1\n";
        let file = "data 9\nM 100644\n\n";
        let wanted = format!(
            "feature done\ncommit refs/chancery/work\nauthor {author}\ncommitter {author}\n\
             data {}\n{message}\nfrom abc\nD \"sdk/python\"\n\
             M 100644 inline \"sdk/python/b\\\"c\"\n{file}M 100644 inline \"sdk/python/ü\"\n{file}\
             M 100644 inline \"docs/b\\\"c\"\n{file}M 100644 inline \"docs/ü\"\n{file}done\n",
            message.len()
        );
        assert_eq!(text, wanted);
    }

    #[test]
    fn a_first_commit_has_a_title_and_no_parent() {
        let job = JobId::parse("j1").unwrap();
        let commit =
            Commit { title: "\n ", job: &job, author_email: "a@b", seconds: 7, parent: None };
        let placed = [Folder::replaced("docs", Files::default()).unwrap()];
        let text = String::from_utf8(stream(&commit, &placed).unwrap()).unwrap();
        assert!(text.contains("\nGenerated files\n\n") && !text.contains("from "));
        assert!(text.ends_with("\nD \"docs\"\ndone\n"));
    }
}
