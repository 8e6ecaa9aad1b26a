//! Texts as reStructuredText that means nothing but itself.

/// Characters of a title; the rest of it is left out.
const TITLE_CHARS_MAX: usize = 200;

/// A text on one line.
pub(super) fn text(said: &str) -> String {
    let mut escaped = String::with_capacity(said.len());
    let mut last = ' ';
    for it in said.chars() {
        let it = if it.is_whitespace() || is_hidden(it) { ' ' } else { it };
        if it == ' ' && last == ' ' {
            continue;
        }
        // What marks text; the colons of literal blocks; and addresses that are no pages: every known
        // one becomes a link by itself, `javascript:` too.
        let is_page = || ["http", "https", "mailto"].iter().any(|it| escaped.ends_with(it));
        let is_mark = match it {
            '\\' | '*' | '`' | '_' | '|' => true,
            ':' => last == ':' || !is_page(),
            _ => false,
        };
        if is_mark {
            escaped.push('\\');
        }
        escaped.push(it);
        last = it;
    }
    escaped.truncate(escaped.trim_end().len());
    escaped
}

/// A text that begins a line: no list, no directive, no line below a title.
fn line(said: &str) -> String {
    let escaped = text(said);
    let word = escaped.split(' ').next().unwrap_or_default();
    let is_listed = word.ends_with(['.', ')']);
    let is_word = escaped.starts_with(char::is_alphabetic) && !is_listed;
    if is_word || escaped.is_empty() || escaped.starts_with('\\') {
        return escaped;
    }
    format!("\\{escaped}")
}

/// A title on one line.
pub(super) fn title(said: &str) -> String {
    let short = said.trim().chars().take(TITLE_CHARS_MAX).collect::<String>();
    line(&short)
}

/// The paragraphs of a text, each on one line. None is empty.
pub(super) fn paragraphs(said: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut paragraph = String::new();
    for it in said.lines().chain([""]) {
        if it.trim().is_empty() {
            found.push(line(&paragraph));
            paragraph.clear();
        } else {
            paragraph.push(' ');
            paragraph.push_str(it);
        }
    }
    found.retain(|it| !it.is_empty());
    found
}

/// A link with its text; only the text if the address is none of a page.
pub(super) fn link(said: &str, address: &str) -> String {
    let is_page = address.starts_with("https://") || address.starts_with("http://");
    if !is_page && address.contains(':') {
        return line(said);
    }
    let mut encoded = String::with_capacity(address.len());
    for it in address.bytes() {
        let it = char::from(it);
        if it.is_ascii_alphanumeric() || "-._~:/?#&=%+,;@".contains(it) {
            encoded.push(it);
        } else {
            encoded.push_str(&format!("%{:02X}", u32::from(it)));
        }
    }
    // At the end it would name another link.
    if encoded.ends_with('_') {
        encoded.pop();
        encoded.push_str("%5F");
    }
    // Angle brackets in the text would be taken for the address.
    let said = text(said).replace('<', "\\<");
    format!("`{said} <{encoded}>`__")
}

fn is_hidden(it: char) -> bool {
    it.is_control()
        || matches!(it, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_mean_themselves() {
        assert_eq!(
            text("a *b* `c` d_ |e| f\\ g::\n h\u{202e}i"),
            r"a \*b\* \`c\` d\_ \|e\| f\\ g\:\: h i"
        );
        assert_eq!(text("a:::b"), r"a\:\:\:b");
        assert_eq!(
            text("see https://a:1/b or javascript:c"),
            r"see https://a\:1/b or javascript\:c"
        );
        for (said, escaped) in [
            (".. raw:: html", r"\.. raw\:\: html"),
            ("- a", r"\- a"),
            ("1. a", r"\1. a"),
            ("a) b", r"\a) b"),
            ("====", r"\===="),
            (":field: x", r"\:field\: x"),
            ("Note: x", r"Note\: x"),
            ("*x*", r"\*x\*"),
            ("Plain.", r"\Plain."),
            ("Plain text.", "Plain text."),
        ] {
            assert_eq!(line(said), escaped);
        }
    }

    #[test]
    fn paragraphs_are_lines() {
        assert_eq!(paragraphs("\n one\n two\n\n\n  .. three\n"), ["one two", r"\.. three"]);
        assert!(paragraphs(" \n\t\n").is_empty());
    }

    #[test]
    fn links_are_whole() {
        assert_eq!(link("a_b", "https://x/a>b c_"), r"`a\_b <https://x/a%3Eb%20c%5F>`__");
        assert_eq!(link("a <b>", "ä"), r"`a \<b> <%C3%A4>`__");
        assert_eq!(link("a", "javascript:b"), "a");
    }
}
