//! The body of an upload as a JSON string with Base64. It is read piece by piece, as the others are.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, ErrorKind, Read, Seek as _};

use aws_lc_rs::digest::{Context, SHA256};
use base64::prelude::BASE64_STANDARD;
use base64::read::DecoderReader;
use domain::Sha256;
use futures_util::StreamExt as _;

use super::blob_arrival::{NotRead, Pieces, broken_off, says_longer, too_long};
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::state::uploads::{Arrived, Arriving, NotTaken};

/// How many bytes are decoded at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// Reads a body into the first file, and decodes it into the second one.
pub(super) async fn decode(
    call: &mut Call,
    (first, second): (File, File),
    bytes_max: u64,
) -> Result<Arrived, NotRead> {
    let body_max = call.body_bytes_max as u64;
    if says_longer(call, body_max) {
        return Err(too_long(call));
    }
    let mut pieces = Pieces::of(call).ok_or_else(broken_off)?;
    let mut arriving = Arriving::new(first, body_max);
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| broken_off())?;
        arriving.take(&piece).await.map_err(|err| match err {
            NotTaken::TooLarge => too_long(call),
            other => other.into(),
        })?;
    }
    let body = arriving.finish().await?;
    let decoding = tokio::task::spawn_blocking(move || decoded(body.file, second, bytes_max));
    let failed = |err: tokio::task::JoinError| NotRead::Failed(ApiError::Internal(err.to_string()));
    decoding.await.map_err(failed)?
}

fn decoded(mut body: File, mut into: File, bytes_max: u64) -> Result<Arrived, NotRead> {
    body.rewind().map_err(NotTaken::Disk)?;
    let mut decoder = DecoderReader::new(JsonString::new(body), &BASE64_STANDARD);
    let (mut hash, mut bytes) = (Context::new(&SHA256), 0);
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let count = decoder.read(&mut chunk).map_err(|err| not_decoded(&err))?;
        let piece = chunk.get(..count).unwrap_or_default();
        if piece.is_empty() {
            break;
        }
        bytes += count as u64;
        if bytes > bytes_max {
            return Err(NotTaken::TooLarge.into());
        }
        hash.update(piece);
        io::Write::write_all(&mut into, piece).map_err(NotTaken::Disk)?;
    }
    if bytes == 0 {
        return Err(NotRead::wrong("the image is empty"));
    }
    let mut sha256 = Sha256([0; 32]);
    sha256.0.copy_from_slice(hash.finish().as_ref());
    Ok(Arrived { file: into, bytes, sha256 })
}

fn not_decoded(err: &io::Error) -> NotRead {
    match err.kind() {
        ErrorKind::InvalidInput => NotRead::Failed(ApiError::field("$", "must be a JSON string")),
        _ => NotRead::wrong("this is no Base64: without white space, and without a prefix"),
    }
}

/// The characters of the one JSON string in a text. What JSON does not allow is `InvalidInput`; what
/// cannot be Base64 in any case, `InvalidData`.
struct JsonString {
    from: BufReader<File>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Before,
    Within,
    Behind,
}

fn not_json() -> io::Error {
    io::Error::from(ErrorKind::InvalidInput)
}

impl JsonString {
    fn new(from: File) -> Self {
        Self { from: BufReader::with_capacity(CHUNK_BYTES, from), state: State::Before }
    }

    fn byte(&mut self) -> io::Result<Option<u8>> {
        let next = self.from.fill_buf()?.first().copied();
        self.from.consume(usize::from(next.is_some()));
        Ok(next)
    }

    /// The next character of the string; `None` behind its end.
    fn next(&mut self) -> io::Result<Option<u8>> {
        while self.state == State::Before {
            match self.byte()?.ok_or_else(not_json)? {
                b'"' => self.state = State::Within,
                b' ' | b'\t' | b'\r' | b'\n' => (),
                _ => return Err(not_json()),
            }
        }
        if self.state == State::Within {
            match self.byte()?.ok_or_else(not_json)? {
                b'"' => self.state = State::Behind,
                b'\\' => return self.escaped().map(Some),
                0..0x20 => return Err(not_json()),
                other => return Ok(Some(other)),
            }
        }
        while let Some(next) = self.byte()? {
            if !matches!(next, b' ' | b'\t' | b'\r' | b'\n') {
                return Err(not_json());
            }
        }
        Ok(None)
    }

    /// What stands behind a backslash: some writers of JSON escape `/` and `+`.
    fn escaped(&mut self) -> io::Result<u8> {
        match self.byte()?.ok_or_else(not_json)? {
            b'u' => {
                let mut code = 0;
                for _ in 0..4 {
                    let digit = char::from(self.byte()?.ok_or_else(not_json)?).to_digit(16);
                    code = code * 16 + digit.ok_or_else(not_json)?;
                }
                u8::try_from(code).map_err(|_| ErrorKind::InvalidData.into())
            }
            it @ (b'"' | b'\\' | b'/') => Ok(it),
            b'b' | b'f' | b'n' | b'r' | b't' => Ok(b' '),
            _ => Err(not_json()),
        }
    }
}

impl Read for JsonString {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut count = 0;
        for place in into {
            match self.next()? {
                Some(byte) => *place = byte,
                None => break,
            }
            count += 1;
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn said(text: &str) -> Result<Vec<u8>, String> {
        let mut body = tempfile::tempfile().unwrap();
        body.write_all(text.as_bytes()).unwrap();
        let arrived = decoded(body, tempfile::tempfile().unwrap(), 8);
        let mut arrived = arrived.map_err(|it| {
            let error = it.error(|it| ApiError::Internal(format!("{it:?}")), ApiError::Internal);
            format!("{error:?}")
        })?;
        let mut bytes = Vec::new();
        arrived.file.rewind().unwrap();
        arrived.file.read_to_end(&mut bytes).unwrap();
        assert_eq!(arrived.bytes, bytes.len() as u64);
        assert_eq!(arrived.sha256.0, outside::name_of(&bytes));
        Ok(bytes)
    }

    #[test]
    fn a_json_string_is_decoded() {
        for text in ["\"+/8=\"", " \"\\u002B\\/8=\"\r\n", "\"\\u002b\\u002F8\\u003d\""] {
            assert_eq!(said(text).unwrap(), [0xfb, 0xff], "{text}");
        }
    }

    #[test]
    fn what_is_no_base64_or_no_json_is_told_apart() {
        for text in [
            "\"+/8\"",
            "\"+/ 8=\"",
            "\"+/8=\\n\"",
            "\"data:image/png;base64,+/8=\"",
            "\"\\u4e00\"",
            "\"\"",
        ] {
            let why = said(text).unwrap_err();
            assert!(why.starts_with("Internal") && !why.contains("TooLarge"), "{text}: {why}");
        }
        for text in [
            "",
            "7",
            "+/8=",
            "\"+/8=",
            "\"+/8=\" x",
            "[\"+/8=\"]",
            "\"+\n/8=\"",
            "\"\\x\"",
            "\"\\u00\"",
            "null",
        ] {
            let why = said(text).unwrap_err();
            assert!(why.starts_with("Invalid"), "{text}: {why}");
        }
    }

    #[test]
    fn what_is_decoded_has_a_limit() {
        assert_eq!(said("\"AAAAAAAAAAA=\"").unwrap().len(), 8);
        assert!(said("\"AAAAAAAAAAAA\"").unwrap_err().contains("TooLarge"));
    }
}
