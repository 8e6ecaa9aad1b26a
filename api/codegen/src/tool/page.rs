//! The one page of what a generator of documentation made.

use crate::files::Files;

/// Files that are a page for themselves.
const WHOLE: [&str; 2] = ["index.adoc", "openapi/openapi.yaml"];

/// The page: a file that is one, else all files in Markdown, `README.md` first.
pub(super) fn of(files: &Files) -> String {
    let text = |content: &[u8]| String::from_utf8_lossy(content).into_owned();
    if let Some(whole) = WHOLE.iter().find_map(|it| files.get(it)) {
        return text(whole);
    }
    let first = files.get("README.md").map(|it| text(it));
    let others = files.iter().filter(|(path, _)| path.ends_with(".md") && *path != "README.md");
    let pages = first.into_iter().chain(others.map(|(_, it)| text(it)));
    pages.map(|it| it.trim_end().to_owned() + "\n").collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_one_text() {
        let files = |paths: &[&str]| {
            let mut files = Files::new();
            for it in paths {
                files.add(it, format!("{it}\n\n")).unwrap();
            }
            files
        };
        let many = files(&["Apis/A.md", "README.md", "x.txt"]);
        assert_eq!(of(&many), "README.md\n\nApis/A.md\n");
        assert_eq!(of(&files(&["README.md", "index.adoc"])), "index.adoc\n\n");
        assert_eq!(of(&Files::new()), "");
    }
}
