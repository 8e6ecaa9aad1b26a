//! The context of a commit as bytes: entries *tag, length, value*, so that later versions can add
//! some.
//!
//! The length of all entries (u16), then the entries, with ascending tags from 1. Entries with
//! unknown tags are kept unchanged, because a commit that was read may be written again.

use std::sync::Arc;

use bytes::Bytes;
use domain::context::{Context, OPERATION_BYTES_MAX};

use super::kinds::intern;
use super::wire::{Malformed, Reader, Writer};

const OPERATION: u8 = 1;
const CLIENT: u8 = 2;
const CAUSED_BY: u8 = 3;
const BATCH: u8 = 4;
const SESSION: u8 = 5;
const UID: u8 = 6;

/// Tag and length of an entry.
const ENTRY_BYTES: usize = 2;

/// How many bytes `encode` writes.
pub(crate) fn encoded_bytes(context: &Context) -> usize {
    size_of::<u16>() + entries(context).iter().map(|(_, it)| ENTRY_BYTES + it.len()).sum::<usize>()
}

pub(crate) fn encode(context: &Context, out: &mut Writer) -> Result<(), Malformed> {
    let operation = context.operation.as_deref().unwrap_or_default();
    let is_shown = |it: u8| it.is_ascii_graphic() || it == b' ';
    if operation.len() > OPERATION_BYTES_MAX || !operation.bytes().all(is_shown) {
        return Err(Malformed("the name of an operation has at most 48 bytes of ASCII"));
    }
    out.count(encoded_bytes(context) - size_of::<u16>())?;
    let mut last = 0;
    for (tag, value) in entries(context) {
        if tag <= last {
            return Err(Malformed("the context of a commit is out of order"));
        }
        last = tag;
        out.u8(tag);
        out.u8(u8::try_from(value.len()).map_err(|_| Malformed("an entry over 255 bytes"))?);
        out.raw(&value);
    }
    Ok(())
}

/// All entries, in the order in which they are written.
fn entries(context: &Context) -> Vec<(u8, Bytes)> {
    let text = |it: &Option<Arc<str>>| it.as_ref().map(|it| Bytes::copy_from_slice(it.as_bytes()));
    let known = [
        (OPERATION, text(&context.operation)),
        (CLIENT, text(&context.client)),
        (CAUSED_BY, context.caused_by.map(|it| Bytes::copy_from_slice(&it.to_le_bytes()))),
        (BATCH, context.batch.map(|it| Bytes::copy_from_slice(&it))),
        (SESSION, context.session.map(|it| Bytes::copy_from_slice(&it))),
        (UID, context.uid.map(|it| Bytes::copy_from_slice(&it.to_le_bytes()))),
    ];
    let known = known.into_iter().filter_map(|(tag, it)| Some((tag, it?)));
    known.chain(context.unknown.iter().cloned()).collect()
}

pub(crate) fn decode(from: &mut Reader) -> Result<Context, Malformed> {
    let mut entries = Reader::new(from.bytes()?);
    let mut context = Context::default();
    let mut last = 0;
    while !entries.is_empty() {
        let tag = entries.u8()?;
        if tag <= last {
            return Err(Malformed("the context of a commit is out of order"));
        }
        last = tag;
        let length = entries.u8()?;
        let value = entries.take(usize::from(length))?;
        match tag {
            OPERATION => context.operation = Some(text(&value)?),
            CLIENT => context.client = Some(text(&value)?),
            CAUSED_BY => context.caused_by = Some(u64::from_le_bytes(array(&value)?)),
            BATCH => context.batch = Some(array(&value)?),
            SESSION => context.session = Some(array(&value)?),
            UID => context.uid = Some(u32::from_le_bytes(array(&value)?)),
            // A copy, because a slice would keep the whole block in memory.
            _ => context.unknown.push((tag, Bytes::copy_from_slice(&value))),
        }
    }
    Ok(context)
}

fn text(value: &[u8]) -> Result<Arc<str>, Malformed> {
    Ok(intern(std::str::from_utf8(value).map_err(|_| Malformed("a name is not UTF-8"))?))
}

fn array<const N: usize>(value: &[u8]) -> Result<[u8; N], Malformed> {
    value.try_into().map_err(|_| Malformed("an entry of the wrong length"))
}

#[cfg(test)]
mod tests {
    use domain::hex;

    use super::*;

    fn full() -> Context {
        Context {
            operation: Some("ClientPost".into()),
            client: Some("shop".into()),
            caused_by: Some(0x0102),
            batch: Some([4; 16]),
            session: Some([5; 8]),
            uid: Some(0x0304),
            unknown: vec![(7, Bytes::from_static(b"new")), (200, Bytes::new())],
        }
    }

    fn encoded(context: &Context) -> Vec<u8> {
        let mut out = Writer::default();
        encode(context, &mut out).unwrap();
        assert_eq!(out.0.len(), encoded_bytes(context));
        out.0
    }

    fn decoded(bytes: Vec<u8>) -> Result<Context, Malformed> {
        let mut from = Reader::new(bytes.into());
        let context = decode(&mut from)?;
        assert!(from.is_empty());
        Ok(context)
    }

    /// Logs must be readable for ever, so these bytes never change.
    #[test]
    fn the_layout_of_a_context_is_frozen() {
        assert_eq!(hex(&encoded(&Context::default())), "0000");
        let golden = [
            "4500",
            "010a436c69656e74506f7374",
            "020473686f70",
            "03080201000000000000",
            "041004040404040404040404040404040404",
            "05080505050505050505",
            "060404030000",
            "07036e6577",
            "c800",
        ];
        assert_eq!(hex(&encoded(&full())), golden.concat());
    }

    #[test]
    fn what_is_not_known_is_written_again_as_it_was_read() {
        for context in [full(), Context::default(), Context::of_operation("user erase")] {
            assert_eq!(decoded(encoded(&context)).unwrap(), context);
        }
    }

    #[test]
    fn entries_that_are_not_as_they_are_written_are_refused() {
        let wrong: [&[u8]; 9] = [
            // Too short; a tag twice; descending; tag 0.
            &[3, 0, 7, 2, 0],
            &[4, 0, 7, 0, 7, 0],
            &[4, 0, 8, 0, 7, 0],
            &[2, 0, 0, 0],
            // A position, a batch, a session and a user of the wrong length; a client that is no text.
            &[3, 0, 3, 1, 0],
            &[3, 0, 4, 1, 0],
            &[3, 0, 5, 1, 0],
            &[3, 0, 6, 1, 0],
            &[3, 0, 2, 1, 0xff],
        ];
        for bytes in wrong {
            assert!(decoded(bytes.to_vec()).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn an_operation_is_48_bytes_of_ascii_and_a_client_255_bytes() {
        let encodes = |context| encode(&context, &mut Writer::default()).is_ok();
        assert!(encodes(Context::of_operation(&"a".repeat(48))));
        assert!(!encodes(Context::of_operation(&"a".repeat(49))));
        assert!(!encodes(Context::of_operation("ä")));
        assert!(!encodes(Context::of_operation("a\n")));
        assert!(encodes(Context::default().through(&"c".repeat(255))));
        assert!(!encodes(Context::default().through(&"c".repeat(256))));
    }
}
