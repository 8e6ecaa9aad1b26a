//! Code without its texts and comments.

use std::io::Write as _;
use std::process::{Command, Stdio};

/// Reads Python from standard input: it must be Python, and no name may be the word in the argument.
const PYTHON: &str = "
import ast, io, sys, tokenize
text, word = sys.stdin.read(), sys.argv[1]
ast.parse(text)
for it in tokenize.generate_tokens(io.StringIO(text).readline):
    if it.type == tokenize.NAME and word == it.string:
        sys.exit(f'{it.start}: {it.line}')
";

/// Whether Python code has a word outside of texts and comments, or is no Python; then why.
pub fn python(code: &str, word: &str) -> Option<String> {
    let mut child = Command::new("python3")
        .args(["-c", PYTHON, word])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(code.as_bytes()).unwrap();
    let said = child.wait_with_output().unwrap();
    (!said.status.success()).then(|| String::from_utf8_lossy(&said.stderr).into_owned())
}

/// TypeScript or JavaScript without texts, comments and regular expressions. What stands in `${…}` is
/// code.
pub fn script(code: &str) -> String {
    let mut kept = String::new();
    let mut rest = code;
    // For each template that it is in, the braces that are open in its `${`.
    let mut templates: Vec<usize> = Vec::new();
    while let Some(it) = rest.chars().next() {
        let after = &rest[it.len_utf8()..];
        rest = match it {
            '/' if after.starts_with('/') => {
                after.find(['\n', '\r', '\u{2028}']).map_or("", |at| &after[at..])
            }
            '/' if after.starts_with('*') => after.split_once("*/").map_or("", |it| it.1),
            '/' if kept
                .trim_end()
                .ends_with(['(', ',', '=', ':', '[', '!', '&', '|', '?', '{', '}', ';']) =>
            {
                quoted(after, '/')
            }
            '\'' | '"' => quoted(after, it),
            '`' => template(after, &mut templates),
            '}' if templates.last() == Some(&0) => {
                templates.pop();
                template(after, &mut templates)
            }
            _ => {
                if let Some(open) = templates.last_mut() {
                    *open = match it {
                        '{' => *open + 1,
                        '}' => *open - 1,
                        _ => *open,
                    };
                }
                kept.push(it);
                after
            }
        };
    }
    kept
}

/// What comes after a text.
fn quoted(text: &str, end: char) -> &str {
    let mut escaped = false;
    for (at, it) in text.char_indices() {
        match it {
            '\n' => return &text[at..],
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            it if it == end => return &text[at + it.len_utf8()..],
            _ => (),
        }
    }
    ""
}

/// What comes after a template, or after a `${` of it.
fn template<'t>(text: &'t str, templates: &mut Vec<usize>) -> &'t str {
    let mut escaped = false;
    for (at, it) in text.char_indices() {
        match it {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '`' => return &text[at + 1..],
            '$' if text[at + 1..].starts_with('{') => {
                templates.push(0);
                return &text[at + 2..];
            }
            _ => (),
        }
    }
    ""
}

#[test]
fn texts_and_comments_are_not_code() {
    let code = "a('X', \"X\\\"X\", `X${b({c: `X`})}X`); // X\n/* X\n */ d = /X'/; e / f; 'X'+g+''";
    assert_eq!(script(code), "a(, , b({c: })); \n d = ; e / f; +g+");
}

#[test]
fn python_code_is_told_from_its_texts() {
    assert_eq!(python("a = 'X' # X\n\"\"\"X\"\"\"\n", "X"), None);
    assert!(python("a = '' + X() + ''\n", "X").is_some());
    assert!(python("a = (", "X").is_some());
}
