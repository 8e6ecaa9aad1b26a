//! XML as a small tree, of which nothing is ever expanded.

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

use super::model::PolicyRefused;

/// The deepest an element may be.
const DEPTH_MAX: usize = 64;

/// The most elements, attributes and texts.
const NODES_MAX: usize = 10_000;

/// The longest text of an element or attribute, in bytes.
const TEXT_BYTES_MAX: usize = 8 << 10;

/// An element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) name: String,
    /// Its line, from 1.
    pub(super) line: usize,
    /// In their order; no name twice.
    pub(super) attributes: Vec<(String, String)>,
    pub(super) children: Vec<Node>,
    /// All text directly in it, without white space at its ends.
    pub(super) text: String,
}

/// Reads all top-level elements.
///
/// # Errors
/// When the text is not well-formed, has something that is never read, or is too large.
pub(super) fn read(xml: &str) -> Result<Vec<Node>, PolicyRefused> {
    let mut tree = Tree::default();
    let mut reader = Reader::from_str(xml);
    let (mut line, mut counted) = (1, 0);
    loop {
        let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let event = reader.read_event().map_err(|_| {
            let at = usize::try_from(reader.error_position()).unwrap_or(at);
            PolicyRefused::at(1 + newlines(xml, 0, at), "This is not well-formed XML.")
        })?;
        // White space before an element is an event of its own, so this is the element's line.
        line += newlines(xml, counted, at);
        counted = at;
        let refused = |why: &str| Err(PolicyRefused::at(line, why));
        match event {
            Event::Start(it) => tree.open(node(&it, line)?, line)?,
            Event::Empty(it) => {
                tree.open(node(&it, line)?, line)?;
                tree.close(line)?;
            }
            Event::End(_) => tree.close(line)?,
            Event::Text(it) => tree.text(&it, line)?,
            Event::CData(it) => tree.text(&it, line)?,
            Event::GeneralRef(it) => {
                let reference = format!("&{};", &*it);
                let Ok(text) = unescape(&reference) else {
                    return refused("Only the five entities of XML itself may be used.");
                };
                tree.text(&text, line)?;
            }
            Event::Comment(_) => (),
            Event::Decl(_) if tree.is_new() => (),
            Event::Decl(_) => return refused("An XML declaration must stand first."),
            Event::PI(_) => return refused("Processing instructions are not read."),
            Event::DocType(_) => return refused("A DTD is never read."),
            Event::Eof => return tree.end(line),
        }
    }
}

/// How many lines end between two places.
fn newlines(xml: &str, from: usize, to: usize) -> usize {
    let between = xml.as_bytes().get(from..to).unwrap_or_default();
    between.iter().filter(|it| **it == b'\n').count()
}

fn node(start: &BytesStart<'_>, line: usize) -> Result<Node, PolicyRefused> {
    let wrong = |why: &str| PolicyRefused::at(line, why);
    let name = start.name().into_inner().to_owned();
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let it =
            attribute.map_err(|_| wrong("An attribute is not well-formed, or there twice."))?;
        let key = it.key.into_inner().to_owned();
        let raw = &*it.value;
        if raw.contains('<') {
            return Err(wrong("A value of an attribute may not hold \"<\"."));
        }
        let value = unescape(raw)
            .map_err(|_| wrong("Only the five entities of XML itself may be used."))?
            .into_owned();
        if value.len() > TEXT_BYTES_MAX {
            return Err(wrong("A value is longer than 8 KiB."));
        }
        attributes.push((key, value));
        if attributes.len() > NODES_MAX {
            return Err(wrong("There are more than 10,000 nodes."));
        }
    }
    Ok(Node { name, line, attributes, children: Vec::new(), text: String::new() })
}

/// What was read so far.
#[derive(Default)]
struct Tree {
    roots: Vec<Node>,
    /// The elements that are open, outermost first.
    open: Vec<Node>,
    nodes: usize,
}

impl Tree {
    fn is_new(&self) -> bool {
        self.nodes == 0
    }

    fn count(&mut self, more: usize, line: usize) -> Result<(), PolicyRefused> {
        self.nodes = self.nodes.saturating_add(more);
        if self.nodes > NODES_MAX {
            return Err(PolicyRefused::at(line, "There are more than 10,000 nodes."));
        }
        Ok(())
    }

    fn open(&mut self, node: Node, line: usize) -> Result<(), PolicyRefused> {
        self.count(1 + node.attributes.len(), line)?;
        if self.open.len() >= DEPTH_MAX {
            return Err(PolicyRefused::at(line, "This is deeper than 64 levels."));
        }
        self.open.push(node);
        Ok(())
    }

    fn close(&mut self, line: usize) -> Result<(), PolicyRefused> {
        let Some(mut node) = self.open.pop() else {
            return Err(PolicyRefused::at(line, "An element ends that did not begin."));
        };
        node.text = node.text.trim().to_owned();
        match self.open.last_mut() {
            Some(parent) => parent.children.push(node),
            None => self.roots.push(node),
        }
        Ok(())
    }

    fn text(&mut self, text: &str, line: usize) -> Result<(), PolicyRefused> {
        let Some(node) = self.open.last_mut() else {
            let is_blank = text.chars().all(|it| it.is_whitespace() || it == '\u{feff}');
            return match is_blank {
                true => Ok(()),
                false => Err(PolicyRefused::at(line, "There is text outside of all elements.")),
            };
        };
        if node.text.len().saturating_add(text.len()) > TEXT_BYTES_MAX {
            return Err(PolicyRefused::at(line, "A text is longer than 8 KiB."));
        }
        node.text.push_str(text);
        let is_blank = text.trim().is_empty();
        self.count(usize::from(!is_blank), line)
    }

    fn end(self, line: usize) -> Result<Vec<Node>, PolicyRefused> {
        match self.open.last() {
            Some(open) => Err(PolicyRefused::at(open.line, "An element does not end.")),
            None if self.roots.is_empty() => {
                Err(PolicyRefused::at(line, "There is no element at all."))
            }
            None => Ok(self.roots),
        }
    }
}
