//! Pages in reStructuredText, as Read the Docs shows them, written without a generator.
//!
//! A page has the title of a document, its description as a note, and its operations. Those with a
//! summary of the form `A - B` or `A - B - C` are in the section `A`, the subsection `B` and the third
//! level `C`; others are below their first tag. Each tells its method and path, its description, its
//! parameters, its body and its responses, and links to the page of the operation. Sections are in the
//! order of the paths and methods. No text of the document means anything to reStructuredText.

mod escape;
mod groups;
mod operations;

use serde_json::Value;

use self::escape::{link, paragraphs, text, title};
use self::groups::{Group, grouped};
use self::operations::{Operation, operations};
use crate::limits::PAGE_BYTES_MAX;

/// The line below the title of each level.
const LINES: [char; 4] = ['=', '-', '~', '^'];

/// A page of a document, which was read by the crate `openapi` (2.0 or 3.x, as JSON). Its operations
/// link to `{swagger_url up to its last slash}/operations/{operationId in lower case}`. It ends with
/// one line break. At most some [`PAGE_BYTES_MAX`] bytes: operations after that are counted only.
pub fn write(document: &Value, swagger_url: &str) -> String {
    let info = |name: &str| {
        document.get("info").and_then(|it| it.get(name)).and_then(Value::as_str).unwrap_or_default()
    };
    let mut page = Page { out: String::new(), base: base(swagger_url), left_out: 0 };
    page.heading(0, Some(info("title")).filter(|it| !it.trim().is_empty()).unwrap_or("API"));
    let description = paragraphs(info("description"));
    if !description.is_empty() {
        page.block(".. note::");
        for it in description {
            page.block(&format!("   {it}"));
        }
    }
    for group in grouped(&operations(document)) {
        page.group(1, &group);
    }
    if page.left_out > 0 {
        let said = format!("{} more operations are left out.", page.left_out);
        page.block(&said);
    }
    let mut out = page.out;
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// An address up to its last slash.
fn base(swagger_url: &str) -> &str {
    swagger_url.rsplit_once('/').map_or("", |it| it.0)
}

struct Page<'u> {
    out: String,
    base: &'u str,
    left_out: usize,
}

impl Page<'_> {
    /// Some lines, and an empty one.
    fn block(&mut self, lines: &str) {
        self.out.push_str(lines);
        self.out.push_str("\n\n");
    }

    fn heading(&mut self, level: usize, said: &str) {
        let said = title(said);
        let line = LINES.get(level).copied().unwrap_or('^');
        let width: usize = said.chars().map(|it| if it.is_ascii() { 1 } else { 2 }).sum();
        self.block(&format!("{said}\n{}", line.to_string().repeat(width.max(1))));
    }

    fn group(&mut self, level: usize, group: &Group<'_>) {
        if self.out.len() > PAGE_BYTES_MAX {
            self.left_out += group.len();
            return;
        }
        self.heading(level, group.title);
        for it in &group.operations {
            self.operation(it);
        }
        for it in &group.groups {
            self.group(level + 1, it);
        }
    }

    fn operation(&mut self, operation: &Operation<'_>) {
        if self.out.len() > PAGE_BYTES_MAX {
            self.left_out += 1;
            return;
        }
        self.block(&format!("**{}** {}", text(&operation.method), text(operation.path)));
        if operation.is_deprecated {
            self.block("*Deprecated.*");
        }
        for it in paragraphs(operation.description) {
            self.block(&it);
        }
        let lists = [
            ("Parameters:", &operation.parameters),
            ("Body:", &operation.bodies),
            ("Responses:", &operation.responses),
        ];
        for (said, items) in lists {
            if !items.is_empty() {
                self.block(said);
                let items = items.iter().map(|(name, said)| item(name, said)).collect::<Vec<_>>();
                self.block(&items.join("\n"));
            }
        }
        if let Some(id) = operation.id {
            let page = format!("{}/operations/{}", self.base, id.to_lowercase());
            self.block(&link(id, &page));
        }
    }
}

/// A line of a list.
fn item(name: &str, said: &str) -> String {
    let said = text(said);
    let name = Some(text(name)).filter(|it| !it.is_empty());
    let name = name.as_deref().unwrap_or("without a name");
    match said.is_empty() {
        true => format!("- **{name}**"),
        false => format!("- **{name}**: {said}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_base_ends_before_the_last_slash() {
        assert_eq!(base("https://a/b/swagger.json"), "https://a/b");
        assert_eq!(base("swagger.json"), "");
    }

    #[test]
    fn a_page_without_anything_has_a_title() {
        assert_eq!(write(&json!({}), ""), "API\n===\n");
        assert_eq!(write(&json!({"info": {"title": "Größe"}}), ""), "Größe\n=======\n");
    }

    #[test]
    fn a_page_is_not_too_long() {
        let operation = json!({"summary": "a", "description": "text ".repeat(2_000)});
        let paths = (0..300).map(|it| (format!("/{it}"), json!({"get": operation})));
        let paths = paths.collect::<serde_json::Map<_, _>>();
        let page = write(&json!({"info": {"title": "T"}, "paths": paths}), "");
        assert!(page.len() < PAGE_BYTES_MAX + 20_000, "{}", page.len());
        assert!(
            page.ends_with(" more operations are left out.\n"),
            "{}",
            &page[page.len() - 100..]
        );
    }
}
