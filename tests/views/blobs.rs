//! What random histories do with files that users uploaded, and what is found of them after it.

use domain::blob::{BlobCommand, BlobStored};
use domain::{TenantId, UserId};
use projections::{BlobUse, Paging, Tables};
use tests::samples::blobs::{blob_store, blob_stored};

/// The id of one of a few.
pub fn blob_id(number: u32) -> String {
    format!("{number:032x}")
}

/// Something that may become of one.
pub fn blob_command(tenant: TenantId, number: u32, other: u32) -> BlobCommand {
    if other == 0 {
        return BlobCommand::Delete;
    }
    blob_store(BlobStored {
        tenant,
        owner: UserId(1),
        folder: format!("folder{}", other % 2),
        file: format!("{}.png", blob_id(number)),
        bytes: u64::from(other),
        ..blob_stored()
    })
}

/// Lists, places and sums say the same.
pub fn blobs_are_found(tables: &Tables, tenant: TenantId) {
    let paging = Paging { skip: 0, take: 1_000, ascending: false };
    let all = tables.blobs.page(tenant, None, paging);
    let own = tables.blobs.page(tenant, Some(UserId(1)), paging);
    assert_eq!(all, own);
    assert_eq!(tables.blobs.page(tenant, Some(UserId(2)), paging).total, 0);
    assert_eq!(tables.blobs.page(TenantId(tenant.0 + 1), None, paging).total, 0);
    assert!(all.rows.is_sorted_by(|a, b| a.position > b.position), "the newest first");
    let sum = all.rows.iter().map(|it| it.data.bytes).sum();
    let taken = BlobUse { bytes: sum, count: all.total as u64 };
    assert_eq!((all.rows.len(), tables.blobs.use_of(tenant)), (all.total, taken));
    assert_eq!(tables.blobs.use_of_all(), taken);
    for row in &all.rows {
        let BlobStored { folder, date, file, .. } = &row.data;
        assert_eq!(tables.blobs.at(tenant, folder, date, file), Some(row));
        assert_eq!(tables.blobs.get(tenant, row.id()), Some(row));
        assert_eq!(tables.blobs.at(TenantId(tenant.0 + 1), folder, date, file), None);
        assert_eq!(tables.blobs.at(tenant, "another", date, file), None);
        assert_eq!(tables.blobs.at(tenant, folder, "20000101", file), None);
        assert_eq!(tables.blobs.at(tenant, folder, date, &format!("{}.jpeg", row.id())), None);
    }
}
