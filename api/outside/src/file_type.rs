//! What a file is, by what it contains: never by its name, nor by what its sender says.

use std::io::{Read, Seek};

use file_format::FileFormat;

/// What several types have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Pictures.
    Image,
    /// Films.
    Video,
    /// Texts and tables.
    Document,
}

/// A type that files may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileType {
    /// What it belongs to.
    pub family: Family,
    /// As `Content-Type` says it.
    pub media_type: &'static str,
    /// As the names of such files end, without the dot.
    pub extension: &'static str,
}

/// What is known of a file that may not be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherType(
    /// What it seems to be.
    pub String,
);

const fn of(family: Family, media_type: &'static str, extension: &'static str) -> FileType {
    FileType { family, media_type, extension }
}

const JPEG: FileType = of(Family::Image, "image/jpeg", "jpeg");
const PNG: FileType = of(Family::Image, "image/png", "png");
const MP4: FileType = of(Family::Video, "video/mp4", "mp4");
const QUICKTIME: FileType = of(Family::Video, "video/quicktime", "mov");
const WEBM: FileType = of(Family::Video, "video/webm", "webm");
const MATROSKA: FileType = of(Family::Video, "video/x-matroska", "mkv");
const AVI: FileType = of(Family::Video, "video/x-msvideo", "avi");
const ASF: FileType = of(Family::Video, "video/x-ms-asf", "asf");
const WMV: FileType = of(Family::Video, "video/x-ms-wmv", "wmv");
const FLV: FileType = of(Family::Video, "video/x-flv", "flv");
const MPEG: FileType = of(Family::Video, "video/mpeg", "mpg");
const PDF: FileType = of(Family::Document, "application/pdf", "pdf");
const DOC: FileType = of(Family::Document, "application/msword", "doc");
const XLS: FileType = of(Family::Document, "application/vnd.ms-excel", "xls");
const DOCX: FileType = of(
    Family::Document,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "docx",
);
const XLSX: FileType = of(
    Family::Document,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xlsx",
);

impl Family {
    /// Whether a media type is one of this family.
    pub fn has(self, media_type: &str) -> bool {
        let media_type = media_type.trim().to_ascii_lowercase();
        match self {
            Self::Image => media_type.starts_with("image/"),
            Self::Video => media_type.starts_with("video/"),
            Self::Document => {
                FileType::ALL.iter().any(|it| it.family == self && it.media_type == media_type)
            }
        }
    }
}

impl FileType {
    /// Every type that files may have.
    pub const ALL: [Self; 16] = [
        JPEG, PNG, MP4, QUICKTIME, WEBM, MATROSKA, AVI, ASF, WMV, FLV, MPEG, PDF, DOC, XLS, DOCX,
        XLSX,
    ];

    /// What a file is. May read all of it: not for a task that others wait for.
    ///
    /// # Errors
    /// What it seems to be, if it is none of the types that files may have.
    pub fn of(file: impl Read + Seek) -> Result<Self, OtherType> {
        let format = FileFormat::from_reader(file).unwrap_or_default();
        Ok(match format {
            FileFormat::JointPhotographicExpertsGroup => JPEG,
            FileFormat::PortableNetworkGraphics | FileFormat::AnimatedPortableNetworkGraphics => {
                PNG
            }
            FileFormat::Mpeg4Part14 | FileFormat::Mpeg4Part14Video => MP4,
            FileFormat::AppleQuicktime => QUICKTIME,
            FileFormat::Webm => WEBM,
            FileFormat::MatroskaVideo | FileFormat::Matroska3dVideo => MATROSKA,
            FileFormat::AudioVideoInterleave => AVI,
            FileFormat::AdvancedSystemsFormat => ASF,
            FileFormat::WindowsMediaVideo => WMV,
            FileFormat::FlashVideo => FLV,
            FileFormat::Mpeg12Video => MPEG,
            FileFormat::PortableDocumentFormat => PDF,
            FileFormat::MicrosoftWordDocument => DOC,
            FileFormat::MicrosoftExcelSpreadsheet => XLS,
            FileFormat::OfficeOpenXmlDocument => DOCX,
            FileFormat::OfficeOpenXmlSpreadsheet => XLSX,
            other => return Err(OtherType(other.media_type().to_owned())),
        })
    }

    /// The type that a media type names.
    pub fn named(media_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.media_type == media_type)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn seen(bytes: &[u8]) -> Result<&'static str, String> {
        FileType::of(Cursor::new(bytes)).map(|it| it.extension).map_err(|it| it.0)
    }

    #[test]
    fn a_file_is_what_it_contains() {
        let mut avi = b"RIFF\0\0\0\0AVI LIST".to_vec();
        avi.resize(64, 0);
        for (bytes, extension) in [
            (&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], "png"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF\0", "jpeg"),
            (b"%PDF-1.7\n", "pdf"),
            (b"FLV\x01\x05\0\0\0\x09", "flv"),
            (b"\0\0\x01\xba\x44\0\x04\0", "mpg"),
            (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "mov"),
            (b"\0\0\0\x18ftypisom\0\0\0\0isomavc1", "mp4"),
            (&avi, "avi"),
        ] {
            assert_eq!(seen(bytes), Ok(extension));
        }
    }

    #[test]
    fn what_may_not_be_taken_is_named() {
        for (bytes, media_type) in [
            (&b"MZ\x90\0"[..], "application/x-dosexec"),
            (b"\x7fELF\x02\x01\x01\0", "application/x-executable"),
            (b"<!DOCTYPE html><html>", "text/html"),
            (b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>", "image/svg+xml"),
            (b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "application/zip"),
            (b"CWS\x0a\0\0\0\0", "application/x-shockwave-flash"),
            (b"just some text\n", "text/plain"),
            (b"", "application/x-empty"),
        ] {
            assert_eq!(seen(bytes), Err(media_type.to_owned()));
        }
    }

    #[test]
    fn a_family_knows_its_media_types() {
        assert!(Family::Video.has("VIDEO/quicktime") && !Family::Video.has("image/png"));
        assert!(Family::Document.has("application/pdf") && !Family::Document.has("text/html"));
        assert!(Family::Image.has("image/jpg") && !Family::Image.has("application/pdf"));
        for it in FileType::ALL {
            assert!(it.family.has(it.media_type), "{it:?}");
            assert_eq!(FileType::named(it.media_type), Some(it));
        }
    }
}
