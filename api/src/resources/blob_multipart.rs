//! The body of an upload as browsers send it: `multipart/form-data` (RFC 7578) with one file.

use std::fs::File;

use domain::blob::ORIGINAL_NAME_CHARS_MAX;
use domain::check;
use multer::{Constraints, Error, Field, Multipart, SizeLimit, parse_boundary};

use super::blob_arrival::{NotRead, Pieces, Sent, broken_off, says_longer, too_long};
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::state::uploads::Arriving;

/// The name of the one part.
const PART: &str = "value";

/// How many bytes of a body may be something else than the file.
const AROUND_BYTES_MAX: u64 = 64 * 1024;

/// Reads the one file of a body into a file of ours.
pub(super) async fn read_file(
    call: &mut Call,
    into: File,
    bytes_max: u64,
) -> Result<Sent, NotRead> {
    let whole_max = bytes_max + AROUND_BYTES_MAX;
    if says_longer(call, whole_max) {
        return Err(too_long(call));
    }
    let content_type = call.header("content-type").unwrap_or_default();
    let boundary = parse_boundary(content_type).map_err(|_| {
        NotRead::Failed(ApiError::field("Content-Type", "must name the boundary of the parts"))
    })?;
    let pieces = Pieces::of(call).ok_or_else(broken_off)?;
    let limits = Constraints::new().size_limit(SizeLimit::new().whole_stream(whole_max));
    let mut parts = Multipart::with_constraints(pieces, boundary, limits);
    let next = parts.next_field().await.map_err(|err| not_read(&err, call))?;
    let mut part = next.ok_or_else(|| NotRead::wrong("there is no part with a file"))?;
    check_part(&part)?;
    let declared = part.content_type().map(|it| it.essence_str().to_owned());
    let name = part.file_name().and_then(cleaned);
    let mut arriving = Arriving::new(into, bytes_max);
    while let Some(piece) = part.chunk().await.map_err(|err| not_read(&err, call))? {
        arriving.take(&piece).await?;
    }
    drop(part);
    if parts.next_field().await.map_err(|err| not_read(&err, call))?.is_some() {
        return Err(NotRead::wrong("there is more than one part"));
    }
    let arrived = arriving.finish().await?;
    match arrived.bytes {
        0 => Err(NotRead::wrong("the file is empty")),
        _ => Ok(Sent { arrived, declared, name }),
    }
}

fn check_part(part: &Field<'_>) -> Result<(), NotRead> {
    if part.name() != Some(PART) {
        return Err(NotRead::wrong("the part must be called value"));
    }
    if part.file_name().is_none() {
        return Err(NotRead::wrong("the part must be a file, with a filename"));
    }
    if part.content_type().is_none() && part.headers().contains_key("content-type") {
        return Err(NotRead::wrong("the part must say a media type, or none"));
    }
    Ok(())
}

fn not_read(err: &Error, call: &Call) -> NotRead {
    match err {
        Error::StreamReadFailed(_) => broken_off(),
        Error::StreamSizeExceeded { .. } => too_long(call),
        Error::IncompleteStream | Error::IncompleteHeaders | Error::IncompleteFieldData { .. } => {
            broken_off()
        }
        _ => NotRead::wrong("the parts cannot be read"),
    }
}

/// The last part of a path, without what nobody sees; `None` if nothing is left. It is shown to people,
/// and never a path of ours.
fn cleaned(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let is_seen = |it: &char| check::line("originalName", it.encode_utf8(&mut [0; 4]), 1).is_ok();
    let seen = last.chars().filter(is_seen).collect::<String>();
    let name = seen.trim().chars().take(ORIGINAL_NAME_CHARS_MAX).collect::<String>();
    let name = name.trim_end();
    (!matches!(name, "" | "." | "..")).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_name_the_part_is_kept_that_people_see() {
        let long = "x".repeat(4_096);
        for (name, kept) in [
            ("a.png", Some("a.png")),
            ("../../etc/x", Some("x")),
            ("C:\\photos\\a b.png", Some("a b.png")),
            ("/", None),
            ("..", None),
            (" ", None),
            ("a\0b\r\nc.png", Some("abc.png")),
            ("gnp.\u{202e}exe", Some("gnp.exe")),
            (&long, Some(&long[..255])),
        ] {
            assert_eq!(cleaned(name).as_deref(), kept, "{name:?}");
        }
    }
}
