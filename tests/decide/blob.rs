//! The rules of files that users uploaded.

use domain::blob::{
    Blob, BlobCommand, BlobDeleted, BlobEvent, BlobPersonal, BlobStored, ORIGINAL_NAME_CHARS_MAX,
};
use domain::{Fact, Refusal};
use proptest::prelude::*;
use tests::given::{given, too_long};
use tests::samples::blobs::{BLOB, blob_stored};

use crate::never_panics::{Seed, config, run, seeds};
use crate::sample_of;

fn stored(name: Option<&str>) -> BlobEvent {
    let personal = name.map(|it| BlobPersonal { original_name: it.to_owned() });
    BlobEvent::Stored(Fact { data: blob_stored(), personal, secret: None })
}

fn deleted() -> BlobEvent {
    BlobEvent::Deleted(BlobDeleted { file: format!("{BLOB}.png") }.into())
}

fn store(change: impl Fn(&mut BlobStored), name: Option<&str>) -> BlobCommand {
    let mut data = blob_stored();
    change(&mut data);
    BlobCommand::Store { data: Box::new(data), original_name: name.map(str::to_owned) }
}

#[test]
fn a_blob_is_stored_once_and_deleted_once() {
    for name in [None, Some("Ann's holiday.png")] {
        given::<Blob>([]).when(store(|_| (), name)).then([stored(name)]).then_claims([]);
    }
    given::<Blob>([stored(None)]).when(BlobCommand::Delete).then([deleted()]);
    for history in [vec![stored(None)], vec![stored(None), deleted()]] {
        given::<Blob>(history)
            .when(store(|_| (), None))
            .then_refused(Refusal::AlreadyExists { what: "blob" });
    }
    for history in [vec![], vec![stored(None), deleted()]] {
        given::<Blob>(history)
            .when(BlobCommand::Delete)
            .then_refused(Refusal::NotFound { what: "blob" });
    }
}

#[test]
fn its_place_is_plain() {
    let refused = |change: &dyn Fn(&mut BlobStored), field| {
        given::<Blob>([]).when(store(change, None)).then_refused_field(field);
    };
    for folder in ["", "four", "Upper", "a/b/c", "../..", "so-so", &"x".repeat(31), "f\u{f6}lder"] {
        refused(&|it| it.folder = folder.to_owned(), "folderName");
    }
    for folder in ["fives", &"x".repeat(30), "12345"] {
        let change = |it: &mut BlobStored| it.folder = folder.to_owned();
        let command = store(change, None);
        let mut data = blob_stored();
        change(&mut data);
        given::<Blob>([]).when(command).then([BlobEvent::Stored(data.into())]);
    }
    for date in ["", "2031050", "203105077", "2031-5-7"] {
        refused(&|it| it.date = date.to_owned(), "date");
    }
    for file in [
        "",
        ".png",
        BLOB,
        "x.png",
        &format!("{BLOB}.p/g"),
        &format!("{BLOB}."),
        &format!("{BLOB}.png.exe"),
        &format!("{}.png", BLOB.to_uppercase()),
        &format!("{BLOB}.longlonger"),
    ] {
        refused(&|it| it.file = file.to_owned(), "file");
    }
    refused(&|it| it.media_type.clear(), "mediaType");
    refused(&|it| it.bytes = 0, "bytes");
}

#[test]
fn its_original_name_is_a_text_of_one_length() {
    let most = "x".repeat(ORIGINAL_NAME_CHARS_MAX);
    given::<Blob>([]).when(store(|_| (), Some(&most))).then([stored(Some(&most))]);
    let long = most + "x";
    given::<Blob>([])
        .when(store(|_| (), Some(&long)))
        .then_refused(too_long("originalName", ORIGINAL_NAME_CHARS_MAX));
    for name in ["a\0b", "a\u{202e}b"] {
        given::<Blob>([]).when(store(|_| (), Some(name))).then_refused_field("originalName");
    }
}

fn command_of(seed: &Seed) -> BlobCommand {
    match seed.which % 4 {
        0 => BlobCommand::Delete,
        1 => store(|it| it.folder.clone_from(&seed.text), Some(&seed.id)),
        2 => store(|it| it.file.clone_from(&seed.text), Some(&seed.text)),
        _ => store(|it| (it.bytes, it.date) = (seed.number.into(), seed.text.clone()), None),
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_blob_never_panics(seeds in seeds()) {
        run::<Blob>(&seeds, |seed| sample_of!(Blob, seed), command_of);
    }
}
