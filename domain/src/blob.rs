//! A blob: a file that a user uploaded, and that anybody may read who knows its place. Its bytes stand
//! beside the log.

use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, Decision};
use crate::check;
use crate::event::Fact;
use crate::ids::{Sha256, TenantId, Timestamp, UserId};
use crate::kind::{ClaimKind, Ids};
use crate::refusal::Refusal;
use crate::stored_events;

/// The longest name that a file had where it came from, in characters.
pub const ORIGINAL_NAME_CHARS_MAX: usize = 255;

/// How many characters the name of a folder may have.
pub const FOLDER_CHARS: std::ops::RangeInclusive<usize> = 5..=30;

/// How many hexadecimal digits name a file: 128 random bits, which nobody guesses.
pub const FILE_DIGITS: usize = 32;

/// What a blob may be asked to become.
#[derive(Debug, Clone)]
pub enum BlobCommand {
    /// Enter a new one, whose bytes are kept already.
    Store {
        /// What it is.
        data: Box<BlobStored>,
        /// What its uploader called it, if that was said.
        original_name: Option<String>,
    },
    /// End: its bytes are removed after that.
    Delete,
}

/// A file was uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlobStored {
    /// Whose it is.
    pub tenant: TenantId,
    /// Who uploaded it, and may delete it.
    pub owner: UserId,
    /// A part of its place, as the uploader wished.
    pub folder: String,
    /// The day on which it was uploaded, as `yyyyMMdd`: a part of its place.
    pub date: String,
    /// The rest of its place: the id of the stream, and an extension that says the type.
    pub file: String,
    /// What it is, by its content.
    pub media_type: String,
    /// Its length.
    pub bytes: u64,
    /// The SHA-256 of its bytes.
    pub sha256: Sha256,
}

/// What names people in a blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlobPersonal {
    /// What its uploader called it.
    pub original_name: String,
}

/// A blob ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlobDeleted {
    /// The name of its file, which is never used again.
    pub file: String,
}

stored_events! {
    /// What has happened to a blob. A stored contract: see `docs/events.md`.
    pub enum BlobEvent {
        /// It was uploaded.
        Stored = "blob.stored.v1" { data: BlobStored, personal: BlobPersonal, subject: owner },
        /// It ended.
        Deleted = "blob.deleted.v1" { data: BlobDeleted, marks: [Ends] },
    }
}

/// What the rules need to remember of a blob.
#[derive(Debug, Clone, Default)]
pub enum Blob {
    /// Never stored.
    #[default]
    Absent,
    /// There.
    Present {
        /// The name of its file.
        file: String,
    },
    /// Ended.
    Deleted,
}

impl Aggregate for Blob {
    const CATEGORY: &'static str = "blob";
    const IDS: Ids = Ids::Given;
    const CLAIMS: &'static [ClaimKind] = &[];
    type Command = BlobCommand;
    type Event = BlobEvent;

    fn decide(
        &self,
        command: &BlobCommand,
        _now: Timestamp,
    ) -> Result<Decision<BlobEvent>, Refusal> {
        match (self, command) {
            (Self::Absent, BlobCommand::Store { data, original_name }) => {
                store(data, original_name.as_deref())
            }
            (_, BlobCommand::Store { .. }) => Err(Refusal::AlreadyExists { what: "blob" }),
            (Self::Present { file }, BlobCommand::Delete) => {
                let deleted = BlobDeleted { file: file.clone() };
                Ok(Decision::event(BlobEvent::Deleted(deleted.into())))
            }
            (Self::Absent | Self::Deleted, BlobCommand::Delete) => {
                Err(Refusal::NotFound { what: "blob" })
            }
        }
    }

    fn evolve(&mut self, event: &BlobEvent) {
        *self = match event {
            BlobEvent::Stored(fact) => Self::Present { file: fact.data.file.clone() },
            BlobEvent::Deleted(_) => Self::Deleted,
        };
    }
}

/// The name of a folder: small letters and digits.
///
/// # Errors
/// When it has other characters, or too few or too many.
pub fn check_folder(field: &'static str, folder: &str) -> Result<(), Refusal> {
    match FOLDER_CHARS.contains(&folder.len()) && folder.bytes().all(is_plain) {
        true => Ok(()),
        false => Err(Refusal::invalid(field, "must be 5 to 30 letters and digits")),
    }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

/// 32 hexadecimal digits, a dot and an extension.
fn is_file(file: &str) -> bool {
    let is_hex = |it: &str| {
        it.len() == FILE_DIGITS && it.bytes().all(|it| is_plain(it) && it.is_ascii_hexdigit())
    };
    let is_extension = |it: &str| (1..=8).contains(&it.len()) && it.bytes().all(is_plain);
    file.split_once('.').is_some_and(|(stem, end)| is_hex(stem) && is_extension(end))
}

fn store(data: &BlobStored, name: Option<&str>) -> Result<Decision<BlobEvent>, Refusal> {
    check_folder("folderName", &data.folder)?;
    if data.date.len() != 8 || !data.date.bytes().all(|it| it.is_ascii_digit()) {
        return Err(Refusal::invalid("date", "must be eight digits"));
    }
    if !is_file(&data.file) {
        return Err(Refusal::invalid("file", "must be 32 hexadecimal digits and an extension"));
    }
    check::required("mediaType", &data.media_type, 100)?;
    if data.bytes == 0 {
        return Err(Refusal::invalid("bytes", "must not be 0"));
    }
    check::optional("originalName", name, ORIGINAL_NAME_CHARS_MAX)?;
    let personal = name.map(|it| BlobPersonal { original_name: it.to_owned() });
    let stored = Fact { data: data.clone(), personal, secret: None };
    Ok(Decision::event(BlobEvent::Stored(stored)))
}
