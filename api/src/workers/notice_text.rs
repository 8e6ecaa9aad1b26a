//! The text of a notice, in English and Chinese, plain and as HTML.

use domain::notice::NoticeCause;
use openapi::{Class, Report};

/// How many changes a letter shows.
const CHANGES_SHOWN_MAX: usize = 10;

/// What subscribers are told.
pub(super) struct Told {
    /// What the API is called.
    pub(super) name: String,
    /// The revision that was current before; 0 for none.
    pub(super) before: u32,
    /// The revision that is current now.
    pub(super) revision: u32,
    pub(super) cause: NoticeCause,
    /// What differs between the documents of the two; `None` where that is not known.
    pub(super) report: Option<Report>,
    /// What was said of the release.
    pub(super) notes: Option<String>,
    /// Where one who may can see it.
    pub(super) link: String,
}

/// A letter.
pub(super) struct NoticeText {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
}

/// The words of a language.
struct Words {
    published: &'static str,
    released: &'static str,
    revisions: &'static str,
    first: &'static str,
    breaking: &'static str,
    risky: &'static str,
    compatible: &'static str,
    same: &'static str,
    unknown: &'static str,
    more: &'static str,
    notes: &'static str,
    link: &'static str,
    cancel: &'static str,
}

const ENGLISH: Words = Words {
    published: "%name%: a new revision was published",
    released: "%name%: another revision is current",
    revisions: "Revision %new% is current. Before it was revision %old%.",
    first: "Revision %new% is current. It is the first one.",
    breaking: "What worked before may fail: %breaking% breaking and %risky% risky changes.",
    risky: "What worked before should work, but %risky% changes are risky.",
    compatible: "What worked before works: %compatible% compatible changes.",
    same: "The document has not changed.",
    unknown: "What has changed in the document is not known.",
    more: "There are more changes.",
    notes: "Notes:",
    link: "More about it:",
    cancel: "To be told nothing any more:",
};

const CHINESE: Words = Words {
    published: "%name%：发布了新的修订版本",
    released: "%name%：当前修订版本已更换",
    revisions: "当前修订版本为 %new%，之前为 %old%。",
    first: "当前修订版本为 %new%，这是首个修订版本。",
    breaking: "原有调用可能失败：%breaking% 项不兼容变更，%risky% 项有风险的变更。",
    risky: "原有调用应可继续使用，但有 %risky% 项有风险的变更。",
    compatible: "原有调用可继续使用：%compatible% 项兼容变更。",
    same: "文档没有变化。",
    unknown: "文档的变化未知。",
    more: "还有更多变更。",
    notes: "说明：",
    link: "详细信息：",
    cancel: "退订：",
};

impl Told {
    /// The letter in a language, with the link that ends more of them.
    pub(super) fn text(&self, language: &str, unsubscribe: &str) -> NoticeText {
        let words = if language == "zh-CN" { &CHINESE } else { &ENGLISH };
        let subject = match self.cause {
            NoticeCause::Published => words.published,
            NoticeCause::Released => words.released,
        };
        let subject = subject.replace("%name%", &self.name);
        let revisions = if self.before == 0 { words.first } else { words.revisions };
        let revisions = revisions.replace("%new%", &self.revision.to_string());
        let revisions = revisions.replace("%old%", &self.before.to_string());
        let difference = self.difference(words);
        let changes = self.changes();
        let more = self.has_more().then_some(words.more);
        let notes = self.notes.as_deref();
        let paragraphs = [Some(subject.as_str()), Some(&revisions), difference.as_deref()];
        let mut text =
            paragraphs.into_iter().flatten().map(|it| format!("{it}\n")).collect::<String>();
        let mut html = paragraphs.into_iter().flatten().map(paragraph).collect::<String>();
        if !changes.is_empty() {
            text.extend(changes.iter().map(|it| format!("- {it}\n")));
            let items = changes.iter().map(|it| format!("<li>{}</li>\n", escape(it)));
            html.push_str(&format!("<ul>\n{}</ul>\n", items.collect::<String>()));
        }
        if let Some(more) = more {
            text.push_str(&format!("{more}\n"));
            html.push_str(&paragraph(more));
        }
        if let Some(notes) = notes {
            text.push_str(&format!("\n{}\n{notes}\n", words.notes));
            html.push_str(&format!("{}<pre>{}</pre>\n", paragraph(words.notes), escape(notes)));
        }
        for (says, url) in [(words.link, self.link.as_str()), (words.cancel, unsubscribe)] {
            text.push_str(&format!("\n{says}\n{url}\n"));
            let url = escape(url);
            html.push_str(&format!("<p>{}<br><a href=\"{url}\">{url}</a></p>\n", escape(says)));
        }
        let html = format!("<!DOCTYPE html>\n<html><body>\n{html}</body></html>\n");
        NoticeText { subject, text, html }
    }

    /// What the changes mean for callers; `None` where there was nothing before.
    fn difference(&self, words: &Words) -> Option<String> {
        if self.before == 0 {
            return None;
        }
        let Some(report) = &self.report else { return Some(words.unknown.to_owned()) };
        let counts = report.counts;
        let says = match (counts.breaking, counts.risky, counts.compatible) {
            (0, 0, 0) => words.same,
            (0, 0, _) => words.compatible,
            (0, _, _) => words.risky,
            _ => words.breaking,
        };
        let says = says.replace("%breaking%", &counts.breaking.to_string());
        let says = says.replace("%risky%", &counts.risky.to_string());
        Some(says.replace("%compatible%", &counts.compatible.to_string()))
    }

    /// The worst ones first.
    fn changes(&self) -> Vec<String> {
        let changes = self.report.iter().flat_map(|it| &it.changes);
        let changes = changes.filter(|it| it.class != Class::Editorial).take(CHANGES_SHOWN_MAX);
        let line = |it: &openapi::Change| {
            let place = if it.operation.is_empty() { &it.pointer } else { &it.operation };
            let class = format!("{:?}", it.class).to_lowercase();
            let line = format!("{class}: {} {place}", it.rule);
            // The text of a document ends no line of the letter.
            let is_plain = |it: char| if it.is_control() { ' ' } else { it };
            line.chars().map(is_plain).collect()
        };
        changes.map(line).collect()
    }

    fn has_more(&self) -> bool {
        let Some(report) = &self.report else { return false };
        let changes = report.changes.iter().filter(|it| it.class != Class::Editorial);
        report.cut || changes.count() > CHANGES_SHOWN_MAX
    }
}

/// A text as HTML shows it, also within an attribute in double quotes.
fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}

fn paragraph(text: &str) -> String {
    format!("<p>{}</p>\n", escape(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told() -> Told {
        let change = openapi::Change {
            class: Class::Breaking,
            rule: "operation-removed".to_owned(),
            direction: None,
            operation: "GET /a<script>\r\n".to_owned(),
            pointer: String::new(),
            old: None,
            new: None,
            via: Vec::new(),
            via_cut: false,
        };
        let mut report = Report::default();
        report.counts.breaking = 11;
        report.changes = vec![change; 11];
        Told {
            name: "Orders & <b>more</b> %old%".to_owned(),
            before: 3,
            revision: 4,
            cause: NoticeCause::Published,
            report: Some(report),
            notes: Some("</pre><img src=x>".to_owned()),
            link: "https://a?b&c".to_owned(),
        }
    }

    #[test]
    fn a_notice_says_what_changed_in_both_languages_and_values_are_no_html() {
        for (language, breaking) in [("en", "11 breaking"), ("zh-CN", "11 项不兼容变更")] {
            let NoticeText { subject, text, html } = told().text(language, "https://cancel");
            assert!(subject.starts_with("Orders & <b>more</b> %old%"), "{subject}");
            for part in [breaking, "https://a?b&c\n", "https://cancel\n", "</pre><img src=x>"] {
                assert!(text.contains(part), "{part} in {text}");
            }
            assert_eq!(text.matches("- breaking: operation-removed GET /a").count(), 10, "{text}");
            assert!(!text.contains("<script>\r"), "{text}");
            assert!(html.contains("https://a?b&amp;c") && html.contains(breaking), "{html}");
            for tag in ["<b>", "<script>", "<img"] {
                assert!(!html.contains(tag), "{tag} in {html}");
            }
        }
    }

    #[test]
    fn what_is_not_known_is_not_called_compatible() {
        let unknown = Told { report: None, ..told() }.text("en", "").text;
        assert!(unknown.contains("is not known"), "{unknown}");
        let first = Told { before: 0, report: None, ..told() }.text("en", "").text;
        assert!(first.contains("the first one") && !first.contains("known"), "{first}");
        let same = Told { report: Some(Report::default()), ..told() }.text("en", "").text;
        assert!(same.contains("has not changed"), "{same}");
    }
}
