//! Samples of files that users uploaded.

use domain::blob::{Blob, BlobCommand, BlobDeleted, BlobEvent, BlobPersonal, BlobStored};
use domain::{Fact, Sha256, TenantId, UserId};

use super::{Sample, sample, some, text};
use crate::life::Lives;

/// The id of the sample's stream.
pub const BLOB: &str = "0123456789abcdef0123456789abcdef";

/// What every rule accepts.
pub fn blob_stored() -> BlobStored {
    BlobStored {
        tenant: TenantId(12),
        owner: UserId(121),
        folder: "holiday".to_owned(),
        date: "20310507".to_owned(),
        file: format!("{BLOB}.png"),
        media_type: "image/png".to_owned(),
        bytes: 122,
        sha256: Sha256(std::array::from_fn(|n| 0x60 + n as u8)),
    }
}

/// A wish to store it, under the name of the sample.
pub fn blob_store(data: BlobStored) -> BlobCommand {
    BlobCommand::Store { data: Box::new(data), original_name: some("originalName") }
}

pub(super) fn all() -> Vec<Sample> {
    let personal = Some(BlobPersonal { original_name: text("originalName") });
    let named = Fact { data: blob_stored(), personal, secret: None };
    let deleted = BlobDeleted { file: format!("{BLOB}.png") };
    vec![
        sample("full", BlobEvent::Stored(named)),
        sample("unnamed", BlobEvent::Stored(blob_stored().into())),
        sample("full", BlobEvent::Deleted(deleted.into())),
    ]
}

/// Brings about every event of them.
pub async fn live(life: &mut impl Lives) {
    life.run::<Blob>(BLOB, blob_store(blob_stored())).await;
    life.run::<Blob>(BLOB, BlobCommand::Delete).await;
}
