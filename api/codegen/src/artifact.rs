//! Generated files as one download.

use std::io::{Cursor, Write as _};

use bytes::Bytes;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::failure::{Failure, Reason};
use crate::files::Files;
use crate::limits::ARTIFACT_BYTES_MAX;

/// How hard the compression tries, of 9.
const LEVEL: i64 = 6;

/// The files as a zip: the same bytes for the same files, on every machine. They are in order of their
/// paths, compressed, of the first day that a zip knows (1980-01-01), and may be read by all.
///
/// # Errors
///
/// [`Reason::OutputTooLarge`] above [`crate::ARTIFACT_BYTES_MAX`] bytes.
pub fn zip(files: &Files) -> Result<Bytes, Failure> {
    zip_within(files, ARTIFACT_BYTES_MAX)
}

fn zip_within(files: &Files, bytes_max: usize) -> Result<Bytes, Failure> {
    let crashed = |_| Failure::new(Reason::Crashed, "the files could not be put into a zip");
    let options = SimpleFileOptions::DEFAULT
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(LEVEL))
        .last_modified_time(DateTime::DEFAULT)
        .unix_permissions(0o644);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in files {
        zip.start_file(path.as_str(), options).map_err(crashed)?;
        zip.write_all(content).map_err(|it| crashed(it.into()))?;
    }
    let bytes = zip.finish().map_err(crashed)?.into_inner();
    if bytes.len() > bytes_max {
        let said = format!("the zip has more than {bytes_max} bytes");
        return Err(Failure::new(Reason::OutputTooLarge, said));
    }
    Ok(Bytes::from(bytes))
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use aws_lc_rs::digest::{SHA256, digest};

    use super::*;

    #[test]
    fn the_same_files_are_the_same_zip() {
        let mut files = Files::new();
        files.add("b/c.ts", "let it = 1;\n".repeat(50)).unwrap();
        files.add("a.ts", "let ü = 2;\n").unwrap();
        let bytes = zip(&files).unwrap();
        let hash = digest(&SHA256, &bytes);
        let hex = hash.as_ref().iter().map(|it| format!("{it:02x}")).collect::<String>();
        // Another value is another artifact for every SDK that is made again.
        assert_eq!(hex, "2ea4d14a4b8992fe981e331d67f1383e78523bfca58f3516514798492f0860dd");
        let mut read = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let names = read.file_names().map(|it| it.unwrap().into_owned()).collect::<Vec<_>>();
        assert_eq!(names, ["a.ts", "b/c.ts"]);
        let mut text = String::new();
        read.by_name("a.ts").unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "let ü = 2;\n");
        assert!(zip(&Files::new()).unwrap().len() < 100);
    }

    #[test]
    fn a_zip_is_not_too_large() {
        let mut files = Files::new();
        files.add("a.ts", "let it = 1;\n").unwrap();
        let bytes = zip(&files).unwrap().len();
        assert_eq!(zip_within(&files, bytes).unwrap().len(), bytes);
        assert_eq!(zip_within(&files, bytes - 1).unwrap_err().reason, Reason::OutputTooLarge);
    }
}
