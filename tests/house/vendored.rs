//! Files of others are what they were when they came.

use std::fs;

use aws_lc_rs::digest::{SHA256, digest};
use domain::hex;

use crate::root;

/// Folders of files of others.
const VENDORED: [&str; 1] = ["api/src/operation/swagger_ui/vendor"];

/// What we wrote there.
const OURS: [&str; 2] = ["MANIFEST", "README.md"];

#[test]
fn vendored_files_are_unmodified_and_have_their_licence_beside_them() {
    for folder in VENDORED {
        let folder = root().join(folder);
        let manifest = fs::read_to_string(folder.join("MANIFEST")).unwrap();
        let mut wanted = manifest
            .lines()
            .map(|it| it.split_once("  ").unwrap())
            .map(|(hash, name)| (name.to_owned(), hash.to_owned()))
            .collect::<Vec<_>>();
        let files = fs::read_dir(&folder).unwrap().map(|it| it.unwrap().path());
        let mut found = files
            .map(|it| (it.file_name().unwrap().to_str().unwrap().to_owned(), it))
            .filter(|(name, _)| !OURS.contains(&&**name))
            .map(|(name, it)| (name, hex(digest(&SHA256, &fs::read(it).unwrap()).as_ref())))
            .collect::<Vec<_>>();
        wanted.sort();
        found.sort();
        assert_eq!(found, wanted, "{}", folder.display());
        assert!(found.iter().any(|it| it.0 == "LICENSE"), "{}", folder.display());
    }
}
