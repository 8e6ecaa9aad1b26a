//! The place of a file that a user uploaded. It is made of checked parts only: no text of a caller
//! leads out of its folder.

use object_store::path::Path as Place;

/// The folder of all of them.
pub(crate) const FOLDER: &str = "blobs";

/// The longest part of a place, in bytes.
const PART_BYTES_MAX: usize = 64;

/// The place of an uploaded file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobPlace {
    tenant: u32,
    folder: String,
    date: String,
    file: String,
}

impl BlobPlace {
    /// `None` unless folder and date are small letters and digits, and the file has such a name with
    /// such an extension.
    pub fn new(tenant: u32, folder: &str, date: &str, file: &str) -> Option<Self> {
        let (stem, extension) = file.split_once('.')?;
        let all = [folder, date, stem, extension].into_iter().all(is_plain);
        let [folder, date, file] = [folder, date, file].map(str::to_owned);
        all.then_some(Self { tenant, folder, date, file })
    }

    pub(super) fn path(&self) -> Place {
        let tenant = self.tenant.to_string();
        Place::from_iter([FOLDER, &tenant, &self.folder, &self.date, &self.file])
    }

    /// Reads what [`BlobPlace::path`] wrote.
    pub(super) fn parse(path: &Place) -> Option<Self> {
        let parts = path.parts().collect::<Vec<_>>();
        let [first, tenant, folder, date, file] = &parts[..] else { return None };
        let is_blob = first.as_ref() == FOLDER;
        let place =
            Self::new(tenant.as_ref().parse().ok()?, folder.as_ref(), date.as_ref(), file.as_ref());
        place.filter(|_| is_blob)
    }

    /// Whose it is.
    pub fn tenant(&self) -> u32 {
        self.tenant
    }

    /// The name of the file, with its extension.
    pub fn file(&self) -> &str {
        &self.file
    }
}

fn is_plain(part: &str) -> bool {
    let chars = part.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit());
    chars && (1..=PART_BYTES_MAX).contains(&part.len())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_made_of_plain_parts_only() {
        let place = BlobPlace::new(7, "holiday", "20261129", "0a.png").unwrap();
        assert_eq!(place.path().as_ref(), "blobs/7/holiday/20261129/0a.png");
        assert_eq!(BlobPlace::parse(&place.path()), Some(place));
        for (folder, date, file) in [
            ("..", "20261129", "0a.png"),
            ("a/b", "20261129", "0a.png"),
            ("", "20261129", "0a.png"),
            ("holiday", ".", "0a.png"),
            ("holiday", "20261129", ".."),
            ("holiday", "20261129", ".png"),
            ("holiday", "20261129", "0a."),
            ("holiday", "20261129", "0a"),
            ("holiday", "20261129", "0a.png.exe"),
            ("holiday", "20261129", "0A.png"),
            ("holiday", "20261129", "0a%2e.png"),
            (&"a".repeat(65), "20261129", "0a.png"),
        ] {
            assert_eq!(BlobPlace::new(7, folder, date, file), None, "{folder}/{date}/{file}");
        }
        assert_eq!(BlobPlace::parse(&Place::from("documents/7/holiday/20261129/0a.png")), None);
    }
}
