//! Files as a tar, and back: what a program wrote is not trusted.

use std::io::{self, Cursor, Read as _};

use bytes::Bytes;
use tar::{Archive, Builder, EntryType, Header};

use super::run::Limits;
use crate::failure::Reason;
use crate::files::Files;

/// The files as a tar.
pub(super) fn packed(files: &Files) -> io::Result<Vec<u8>> {
    let mut builder = Builder::new(Vec::with_capacity(files.bytes()));
    for (path, content) in files {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_size(u64::try_from(content.len()).unwrap_or(u64::MAX));
        builder.append_data(&mut header, path, content.as_ref())?;
    }
    builder.into_inner()
}

/// The files of a tar: plain files and folders inside of its root, and nothing else. Of a tar that
/// was cut off, what is there is looked at.
pub(super) fn unpacked(tar: &Bytes, limits: &Limits, is_cut: bool) -> Result<Files, Reason> {
    let mut files = Files::new();
    let mut bytes = 0_usize;
    let mut archive = Archive::new(Cursor::new(tar.clone()));
    let entries = archive.entries().map_err(|_| Reason::OutputNotPlain)?;
    for entry in entries {
        let Ok(mut entry) = entry else {
            return if is_cut { Ok(files) } else { Err(Reason::OutputNotPlain) };
        };
        let path = entry.path_bytes().into_owned();
        let path = String::from_utf8(path).map_err(|_| Reason::OutputNotPlain)?;
        let path = path.trim_start_matches("./").trim_end_matches('/');
        match entry.header().entry_type() {
            EntryType::Directory => continue,
            EntryType::Regular => (),
            _ => return Err(Reason::OutputNotPlain),
        }
        let size = usize::try_from(entry.size()).map_err(|_| Reason::OutputTooLarge)?;
        bytes = bytes.saturating_add(size);
        if size > limits.file_bytes || bytes > limits.output_bytes {
            return Err(Reason::OutputTooLarge);
        }
        if files.len() == limits.files {
            return Err(Reason::TooManyFiles);
        }
        if files.get(path).is_some() {
            return Err(Reason::OutputNotPlain);
        }
        let start = usize::try_from(entry.raw_file_position()).ok();
        let end = start.and_then(|it| it.checked_add(size)).filter(|it| *it <= tar.len());
        let content = match (start, end) {
            (Some(start), Some(end)) => tar.slice(start..end),
            _ if is_cut => return Ok(files),
            _ => return Err(Reason::OutputNotPlain),
        };
        files.add(path, content).map_err(|_| Reason::OutputNotPlain)?;
        // The reader goes on behind it.
        io::copy(&mut entry.by_ref(), &mut io::sink()).map_err(|_| Reason::OutputNotPlain)?;
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn limits() -> Limits {
        Limits { files: 3, file_bytes: 5, output_bytes: 9, ..Limits::within(Duration::ZERO) }
    }

    fn read(tar: Vec<u8>) -> Result<Files, Reason> {
        unpacked(&Bytes::from(tar), &limits(), false)
    }

    /// A tar of entries by kind and path, whose paths are not looked at.
    fn tar(entries: &[(EntryType, &str, &[u8])]) -> Vec<u8> {
        let mut builder = Builder::new(Vec::new());
        for (kind, path, content) in entries {
            let mut header = Header::new_old();
            header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
            header.set_entry_type(*kind);
            header.set_size(content.len() as u64);
            if matches!(kind, EntryType::Symlink | EntryType::Link) {
                header.set_link_name("target").unwrap();
            }
            header.set_cksum();
            builder.append(&header, *content).unwrap();
        }
        builder.into_inner().unwrap()
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        let mut files = Files::new();
        files.add("a/b", "one").unwrap();
        files.add("c", "").unwrap();
        files.add(&format!("{}/d", "long".repeat(100)), "two").unwrap();
        assert_eq!(read(packed(&files).unwrap()).unwrap(), files);
        assert!(read(packed(&Files::new()).unwrap()).unwrap().is_empty());
        assert!(read(Vec::new()).unwrap().is_empty());
    }

    #[test]
    fn folders_and_their_dots_are_taken() {
        let dot = (EntryType::Directory, "./", &b""[..]);
        let folder = (EntryType::Directory, "./a/", &b""[..]);
        let seen = read(tar(&[dot, folder, (EntryType::Regular, "./a/b", b"x")])).unwrap();
        assert_eq!(seen.iter().map(|it| it.0.as_str()).collect::<Vec<_>>(), ["a/b"]);
    }

    #[test]
    fn only_plain_files_inside_are_taken() {
        for path in ["../x", "/x", "a/../../x", "a\\b", "./../x", "a\nb", "./"] {
            let seen = read(tar(&[(EntryType::Regular, path, b"x")]));
            assert_eq!(seen, Err(Reason::OutputNotPlain), "{path}");
        }
        for kind in [
            EntryType::Symlink,
            EntryType::Link,
            EntryType::Char,
            EntryType::Block,
            EntryType::Fifo,
            EntryType::Continuous,
            EntryType::GNUSparse,
        ] {
            assert_eq!(read(tar(&[(kind, "x", b"")])), Err(Reason::OutputNotPlain), "{kind:?}");
        }
        let twice = [(EntryType::Regular, "x", &b"1"[..]), (EntryType::Regular, "./x", b"2")];
        assert_eq!(read(tar(&twice)), Err(Reason::OutputNotPlain));
        assert_eq!(read(vec![7; 2000]), Err(Reason::OutputNotPlain));
        let cut = tar(&[(EntryType::Regular, "x", b"12345")])[..514].to_vec();
        assert_eq!(read(cut), Err(Reason::OutputNotPlain));
    }

    #[test]
    fn limits_are_kept() {
        let file = |path, content| (EntryType::Regular, path, content);
        let three = [file("a", &b"1"[..]), file("b", b"2"), file("c", b"3")];
        assert_eq!(read(tar(&three)).unwrap().len(), 3);
        let four = [three[0], three[1], three[2], file("d", b"")];
        assert_eq!(read(tar(&four)), Err(Reason::TooManyFiles));
        assert_eq!(read(tar(&[file("a", b"123456")])), Err(Reason::OutputTooLarge));
        assert_eq!(
            read(tar(&[file("a", b"12345"), file("b", b"12345")])),
            Err(Reason::OutputTooLarge)
        );
        assert_eq!(read(tar(&[file("a", b"12345"), file("b", b"1234")])).unwrap().bytes(), 9);
        // Cut off after the header of the fourth.
        let cut = Bytes::from(tar(&four)[..3 * 1024 + 512].to_vec());
        assert_eq!(unpacked(&cut, &limits(), true), Err(Reason::TooManyFiles));
    }
}
