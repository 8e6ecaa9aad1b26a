//! NATS subjects: `chancery.<tenant>.<kind>.<stream id>`, each part made safe and reversible.

use domain::{Recorded, StreamId};

/// The first word of every subject.
const ROOT: &str = "chancery";

/// Stands for an empty part, which NATS does not allow; no other part is written so.
const EMPTY: &str = "%";

/// The subject of an event. The dots of its kind part words, so that `chancery.*.user.>` is all
/// that happened to users.
pub fn subject_of(event: &Recorded) -> String {
    compose(event.commit.tenant.0, &event.kind, &event.stream)
}

fn compose(tenant: u32, kind: &str, stream: &StreamId) -> String {
    let kind = kind.split('.').map(escape_part).collect::<Vec<_>>().join(".");
    format!("{ROOT}.{tenant}.{kind}.{}", escape_part(stream.id()))
}

/// Writes one part: letters, digits, `_` and `-` as they are, every other byte as `%XX`.
pub fn escape_part(part: &str) -> String {
    use std::fmt::Write as _;
    if part.is_empty() {
        return EMPTY.to_owned();
    }
    let mut out = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Reads what [`escape_part`] wrote, and nothing else.
pub fn unescape_part(escaped: &str) -> Option<String> {
    if escaped == EMPTY {
        return Some(String::new());
    }
    let mut out = Vec::with_capacity(escaped.len());
    let mut bytes = escaped.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let digits = [bytes.next()?, bytes.next()?];
        let digits = std::str::from_utf8(&digits).ok()?;
        out.push(u8::from_str_radix(digits, 16).ok()?);
    }
    let part = String::from_utf8(out).ok()?;
    (escape_part(&part) == escaped).then_some(part)
}
