//! Where in a document something stands: JSON pointers, made and followed.

use std::borrow::Cow;

use serde_json::Value;

use crate::limits::REFERENCE_BYTES_MAX;
use crate::text::clean;

/// Segments of a pointer that are shown.
const SEGMENTS_MAX: usize = 160;

/// A place, as a chain back to the document. It costs nothing until it is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'a> {
    /// The document itself.
    Root,
    /// A member of an object.
    Member(&'a Place<'a>, &'a str),
    /// An item of an array.
    Item(&'a Place<'a>, usize),
}

impl<'a> Place<'a> {
    pub(crate) fn member(&'a self, name: &'a str) -> Self {
        Self::Member(self, name)
    }

    pub(crate) fn item(&'a self, index: usize) -> Self {
        Self::Item(self, index)
    }

    /// The JSON pointer, with its names cut and cleaned.
    pub(crate) fn pointer(&self) -> String {
        let mut segments = Vec::new();
        let mut at = self;
        while segments.len() < SEGMENTS_MAX {
            match at {
                Self::Root => break,
                Self::Member(parent, name) => {
                    segments.push(escaped(name));
                    at = parent;
                }
                Self::Item(parent, index) => {
                    segments.push(index.to_string());
                    at = parent;
                }
            }
        }
        segments.iter().rev().fold(String::new(), |pointer, it| pointer + "/" + it)
    }
}

/// A name as a segment of a pointer, cut and cleaned.
pub(crate) fn escaped(name: &str) -> String {
    clean(name).replace('~', "~0").replace('/', "~1")
}

/// What a reference such as `#/components/schemas/A` leads to.
pub(crate) fn follow<'v>(root: &'v Value, reference: &str) -> Option<&'v Value> {
    let pointer = reference.strip_prefix('#')?;
    if !pointer.starts_with('/') || pointer.len() > REFERENCE_BYTES_MAX {
        return None;
    }
    // Names with `%7B` for `{` are common; a name that holds a `%` itself is found as written.
    let plain = root.pointer(pointer);
    match plain {
        Some(found) => Some(found),
        None if pointer.contains('%') => root.pointer(&decoded(pointer)?),
        None => None,
    }
}

fn decoded(text: &str) -> Option<Cow<'_, str>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes().iter();
    while let Some(byte) = rest.next() {
        if *byte == b'%' {
            let high = char::from(*rest.next()?).to_digit(16)?;
            let low = char::from(*rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(*byte);
        }
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}
