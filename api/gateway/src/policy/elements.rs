//! The elements of a policy: each is enforced as written, or named as not enforced.

mod addresses;
mod cors;
mod values;

use self::values::{attribute, cleaned, is_token, number, plain, wrong};
use super::model::{HeaderAction, IpAction, IpFilter, Policy, PolicyRefused, RateLimit, SetHeader};
use super::xml::Node;

/// The most calls of a limit.
const CALLS_MAX: u32 = 100_000;

/// The longest period of a limit: a day, in seconds.
const PERIOD_SECONDS_MAX: u32 = 86_400;

/// The most networks of a filter; a range may become several.
const NETWORKS_MAX: usize = 1_000;

/// The most headers that are set, and the most values of one.
const HEADERS_MAX: usize = 50;
const VALUES_MAX: usize = 10;

/// The longest name of a header, value of one, and path, in bytes.
const NAME_BYTES_MAX: usize = 100;
const VALUE_BYTES_MAX: usize = 1_000;
const PATH_BYTES_MAX: usize = 500;

/// How many things are named that are not enforced.
const NOT_ENFORCED_MAX: usize = 50;

/// Headers that belong to the connection, to the body or to us: no policy sets them.
const NOT_SET: [&str; 18] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "etag",
    "keep-alive",
    "last-modified",
    "link",
    "location",
    "proxy-authenticate",
    "proxy-connection",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "www-authenticate",
];

/// Where in a policy an element stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Inbound,
    Backend,
    Outbound,
    OnError,
    /// In no section: as inbound, but for what would mean something else in another one.
    Direct,
}

impl Section {
    fn named(name: &str) -> Option<Self> {
        match name {
            "inbound" => Some(Self::Inbound),
            "backend" => Some(Self::Backend),
            "outbound" => Some(Self::Outbound),
            "on-error" => Some(Self::OnError),
            _ => None,
        }
    }

    fn is_before_the_upstream(self) -> bool {
        matches!(self, Self::Inbound | Self::Direct)
    }
}

/// A policy while it is read.
#[derive(Default)]
pub(super) struct Reading {
    policy: Policy,
    /// How much was not named any more.
    unnamed: usize,
}

impl Reading {
    /// Reads the top-level elements of a policy.
    pub(super) fn of(roots: &[Node]) -> Result<Policy, PolicyRefused> {
        let mut reading = Self::default();
        let elements = match roots {
            [root] if root.name == "policies" => {
                reading.pass_over_attributes(root, &[]);
                reading.no_text(root);
                root.children.as_slice()
            }
            roots => roots,
        };
        for node in elements {
            match Section::named(&node.name) {
                Some(section) => {
                    reading.pass_over_attributes(node, &[]);
                    reading.no_text(node);
                    for child in &node.children {
                        reading.element(section, child)?;
                    }
                }
                None => reading.element(Section::Direct, node)?,
            }
        }
        if reading.unnamed > 0 {
            let more = format!("and {} more", reading.unnamed);
            reading.policy.not_enforced.push(more);
        }
        Ok(reading.policy)
    }

    fn element(&mut self, section: Section, node: &Node) -> Result<(), PolicyRefused> {
        if has_expression(node) {
            self.not_enforced(&[&node.name, "with an expression"]);
            return Ok(());
        }
        let is_before = section.is_before_the_upstream();
        match node.name.as_str() {
            "base" if is_bare(node) => Ok(()),
            // What happens anyway.
            "forward-request" if section == Section::Backend && is_bare(node) => Ok(()),
            "rate-limit" if is_before => self.rate_limit(node),
            "ip-filter" if is_before => self.ip_filter(node),
            "cors" if is_before => self.cors(node),
            "rewrite-uri" if is_before => self.rewrite_uri(node),
            "set-header" if section == Section::Outbound => self.set_header(node),
            "set-header" => {
                self.not_enforced(&["set-header", "outside of outbound"]);
                Ok(())
            }
            name => {
                self.not_enforced(&[name]);
                Ok(())
            }
        }
    }

    fn rate_limit(&mut self, node: &Node) -> Result<(), PolicyRefused> {
        if self.policy.rate_limit.is_some() {
            self.not_enforced(&["rate-limit", "a second time"]);
            return Ok(());
        }
        self.pass_over_attributes(node, &["calls", "renewal-period"]);
        self.pass_over_children(node, &[]);
        let calls = number(node, "calls", 1, CALLS_MAX)?;
        let renewal_period = number(node, "renewal-period", 1, PERIOD_SECONDS_MAX)?;
        if u64::from(calls) * 60 < u64::from(renewal_period) {
            return Err(wrong(node, "less than one call a minute cannot be enforced"));
        }
        self.policy.rate_limit = Some(RateLimit { calls, renewal_period });
        Ok(())
    }

    fn ip_filter(&mut self, node: &Node) -> Result<(), PolicyRefused> {
        if self.policy.ip_filter.is_some() {
            self.not_enforced(&["ip-filter", "a second time"]);
            return Ok(());
        }
        self.pass_over_attributes(node, &["action"]);
        self.pass_over_children(node, &["address", "address-range"]);
        let action = match attribute(node, "action") {
            Some("allow") => IpAction::Allow,
            Some("forbid") => IpAction::Forbid,
            _ => return Err(wrong(node, "the action must be allow or forbid")),
        };
        let mut networks = Vec::new();
        for child in &node.children {
            match child.name.as_str() {
                "address" => {
                    self.pass_over_attributes(child, &[]);
                    networks.push(addresses::one(child)?);
                }
                "address-range" => {
                    self.pass_over_attributes(child, &["from", "to"]);
                    self.no_text(child);
                    networks.extend(addresses::range(child)?);
                }
                _ => continue,
            }
            self.pass_over_children(child, &[]);
            if networks.len() > NETWORKS_MAX {
                return Err(wrong(child, "there are more than 1,000 networks"));
            }
        }
        if networks.is_empty() {
            return Err(wrong(node, "there is no address in it"));
        }
        self.policy.ip_filter = Some(IpFilter { action, networks });
        Ok(())
    }

    fn cors(&mut self, node: &Node) -> Result<(), PolicyRefused> {
        if self.policy.cors.is_some() {
            self.not_enforced(&["cors", "a second time"]);
            return Ok(());
        }
        self.pass_over_attributes(node, &["allow-credentials"]);
        self.pass_over_children(node, &cors::LISTS.map(|(list, _)| list));
        for list in &node.children {
            let Some((_, item)) = cors::LISTS.iter().find(|(name, _)| *name == list.name) else {
                continue;
            };
            self.pass_over_attributes(list, cors::attributes(&list.name));
            self.pass_over_children(list, &[item]);
            for it in list.children.iter().filter(|it| it.name == *item) {
                self.pass_over_attributes(it, &[]);
                self.pass_over_children(it, &[]);
            }
        }
        self.policy.cors = Some(cors::read(node)?);
        Ok(())
    }

    fn rewrite_uri(&mut self, node: &Node) -> Result<(), PolicyRefused> {
        if self.policy.rewrite_uri.is_some() {
            self.not_enforced(&["rewrite-uri", "a second time"]);
            return Ok(());
        }
        self.pass_over_attributes(node, &["template", "copy-unmatched-params"]);
        self.pass_over_children(node, &[]);
        if attribute(node, "copy-unmatched-params").is_some_and(|it| it != "true") {
            self.not_enforced(&["rewrite-uri", "copy-unmatched-params"]);
        }
        let template = attribute(node, "template").unwrap_or_default();
        if template.contains(['{', '?']) {
            self.not_enforced(&["rewrite-uri", "with parameters"]);
            return Ok(());
        }
        let may = |it: char| it.is_ascii_alphanumeric() || "/._~!&'()*+,=:@%-".contains(it);
        let is_path = template.starts_with('/') && template.chars().all(may);
        if !is_path || template.len() > PATH_BYTES_MAX || has_dot_segment(template) {
            let why = "the template must be a path of at most 500 bytes, from its slash on";
            return Err(wrong(node, why));
        }
        self.policy.rewrite_uri = Some(template.to_owned());
        Ok(())
    }

    fn set_header(&mut self, node: &Node) -> Result<(), PolicyRefused> {
        self.pass_over_attributes(node, &["name", "exists-action"]);
        self.pass_over_children(node, &["value"]);
        let name = attribute(node, "name").unwrap_or_default();
        if !is_token(name) || name.contains('.') || name.len() > NAME_BYTES_MAX {
            return Err(wrong(node, "the name is not one of a header"));
        }
        let lower = name.to_ascii_lowercase();
        let is_ours = ["x-chancery-", "x-accel-", "access-control-"];
        if NOT_SET.contains(&lower.as_str()) || is_ours.iter().any(|it| lower.starts_with(it)) {
            self.not_enforced(&["set-header", name]);
            return Ok(());
        }
        let action = match attribute(node, "exists-action").unwrap_or("override") {
            "override" => HeaderAction::Override,
            "skip" => HeaderAction::Skip,
            "append" => HeaderAction::Append,
            "delete" => HeaderAction::Delete,
            _ => {
                let why = "the exists-action must be override, skip, append or delete";
                return Err(wrong(node, why));
            }
        };
        let mut values = Vec::new();
        for value in node.children.iter().filter(|it| it.name == "value") {
            self.pass_over_attributes(value, &[]);
            self.pass_over_children(value, &[]);
            values.push(plain(value, &value.text, VALUE_BYTES_MAX)?);
        }
        let is_delete = action == HeaderAction::Delete;
        if is_delete != values.is_empty() || values.len() > VALUES_MAX {
            return Err(wrong(node, "there must be 1 to 10 values, and none to delete it"));
        }
        if action == HeaderAction::Skip && values.len() > 1 {
            self.not_enforced(&["set-header", "skip with several values"]);
            return Ok(());
        }
        if self.policy.set_headers.len() == HEADERS_MAX {
            return Err(wrong(node, "there are more than 50 headers"));
        }
        self.policy.set_headers.push(SetHeader { name: name.to_owned(), action, values });
        Ok(())
    }

    /// Names something that nobody enforces, cleaned and cut; at most 50 things.
    fn not_enforced(&mut self, words: &[&str]) {
        let words = words.iter().map(|it| cleaned(it)).collect::<Vec<_>>().join(" ");
        let named = &mut self.policy.not_enforced;
        if named.contains(&words) {
            return;
        }
        if named.len() < NOT_ENFORCED_MAX {
            named.push(words);
        } else {
            self.unnamed += 1;
        }
    }

    fn pass_over_attributes(&mut self, node: &Node, known: &[&str]) {
        for (name, _) in node.attributes.iter().filter(|(it, _)| !known.contains(&it.as_str())) {
            self.not_enforced(&[&node.name, name]);
        }
    }

    /// Names the children that are not known. Text beside known children counts as one of them.
    fn pass_over_children(&mut self, node: &Node, known: &[&str]) {
        for child in node.children.iter().filter(|it| !known.contains(&it.name.as_str())) {
            self.not_enforced(&[&node.name, &child.name]);
        }
        if !known.is_empty() {
            self.no_text(node);
        }
    }

    fn no_text(&mut self, node: &Node) {
        if !node.text.is_empty() {
            self.not_enforced(&[&node.name, "with text"]);
        }
    }
}

fn is_bare(node: &Node) -> bool {
    node.attributes.is_empty() && node.children.is_empty() && node.text.is_empty()
}

/// Whether a policy expression stands anywhere in it. The tree is at most 64 levels deep.
fn has_expression(node: &Node) -> bool {
    let is_one = |it: &str| it.contains("@(") || it.contains("@{");
    is_one(&node.text)
        || node.attributes.iter().any(|(_, value)| is_one(value))
        || node.children.iter().any(has_expression)
}

/// Whether a path leads upwards, in any spelling.
fn has_dot_segment(path: &str) -> bool {
    let path = path.to_ascii_lowercase().replace("%2e", ".").replace("%2f", "/");
    path.replace("%5c", "/").split('/').any(|it| it == "." || it == "..")
}
