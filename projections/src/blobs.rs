//! Answers: which files did a user upload, which has a tenant, how many bytes are that, and what is at
//! this place?

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use domain::blob::{Blob, BlobEvent, BlobPersonal, BlobStored};
use domain::{
    Aggregate as _, Recorded, StoredEvent as _, StreamId, SubjectId, TenantId, Timestamp, UserId,
};

use crate::page::Paging;
use crate::sealed::{Keys, Part, Sealed};

/// A file that was uploaded.
#[derive(Debug, Clone, PartialEq)]
pub struct BlobRow {
    /// What it is.
    pub data: BlobStored,
    /// The position of its event: later ones are newer.
    pub position: u64,
    /// When it was uploaded.
    pub stored: Timestamp,
    /// What its uploader called it: [`BlobRow::original_name`].
    name: Option<Sealed>,
}

/// What the files of a tenant take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BlobUse {
    /// Their bytes.
    pub bytes: u64,
    /// How many they are.
    pub count: u64,
}

/// The files that were uploaded, by the ids of their streams.
#[derive(Debug, Default, PartialEq)]
pub struct Blobs {
    rows: HashMap<Box<str>, Arc<BlobRow>>,
    /// The ids of a tenant's files by position.
    of_tenant: BTreeMap<(TenantId, u64), Box<str>>,
    /// The same by owner.
    of_owner: BTreeMap<(TenantId, UserId, u64), Box<str>>,
    uses: HashMap<TenantId, BlobUse>,
}

/// Which files a list shows.
#[derive(Debug, Clone, PartialEq)]
pub struct BlobPage {
    /// How many there are, before paging.
    pub total: usize,
    /// Those of this page.
    pub rows: Vec<Arc<BlobRow>>,
}

impl BlobRow {
    /// The id of its stream: the name of its file without the extension.
    pub fn id(&self) -> &str {
        self.data.file.split('.').next().unwrap_or_default()
    }

    /// What its uploader called it. `None` if nobody said, and after that person was erased.
    pub fn original_name(&self, keys: &Keys) -> Option<String> {
        let stream = StreamId::new(Blob::CATEGORY, self.id());
        let lifted = |event: BlobEvent| match event {
            BlobEvent::Stored(fact) => fact.personal,
            BlobEvent::Deleted(_) => None,
        };
        let subject = SubjectId::from(self.data.owner);
        let sealed = self.name.as_ref()?;
        let personal: Option<BlobPersonal> =
            sealed.read(keys, &stream, subject, Part::Personal, lifted);
        personal.map(|it| it.original_name)
    }
}

impl Blobs {
    /// The file at a place.
    pub fn at(
        &self,
        tenant: TenantId,
        folder: &str,
        date: &str,
        file: &str,
    ) -> Option<&Arc<BlobRow>> {
        let row = self.rows.get(file.split('.').next()?)?;
        let data = &row.data;
        let is_there =
            (data.tenant, &*data.folder, &*data.date, &*data.file) == (tenant, folder, date, file);
        is_there.then_some(row)
    }

    /// The file of which this is the id of the stream.
    pub fn get(&self, tenant: TenantId, id: &str) -> Option<&Arc<BlobRow>> {
        self.rows.get(id).filter(|it| it.data.tenant == tenant)
    }

    /// What the files of a tenant take.
    pub fn use_of(&self, tenant: TenantId) -> BlobUse {
        self.uses.get(&tenant).copied().unwrap_or_default()
    }

    /// What the files of all tenants take.
    pub fn use_of_all(&self) -> BlobUse {
        self.uses.values().fold(BlobUse::default(), |all, it| BlobUse {
            bytes: all.bytes + it.bytes,
            count: all.count + it.count,
        })
    }

    /// The files of a tenant, or those that one of its users uploaded, in the order in which they
    /// were: descending, the newest come first.
    pub fn page(&self, tenant: TenantId, owner: Option<UserId>, paging: Paging) -> BlobPage {
        let (total, ids) = match owner {
            None => {
                let range = (tenant, 0)..=(tenant, u64::MAX);
                let ids = self.of_tenant.range(range).map(|(_, id)| id);
                (self.use_of(tenant).count as usize, paging.cut(ids))
            }
            Some(owner) => {
                let range = (tenant, owner, 0)..=(tenant, owner, u64::MAX);
                let ids = self.of_owner.range(range).map(|(_, id)| id);
                (ids.clone().count(), paging.cut(ids))
            }
        };
        let rows = ids.into_iter().filter_map(|it| self.rows.get(it).cloned()).collect();
        BlobPage { total, rows }
    }

    pub(crate) fn apply(&mut self, event: BlobEvent, recorded: &Recorded) {
        let name = Sealed::of(recorded, Part::Personal, event.kind());
        match event {
            BlobEvent::Stored(fact) => {
                let (id, data) = (Box::<str>::from(recorded.stream.id()), fact.data);
                let (tenant, position) = (data.tenant, recorded.position);
                self.of_tenant.insert((tenant, position), id.clone());
                self.of_owner.insert((tenant, data.owner, position), id.clone());
                let taken = self.uses.entry(tenant).or_default();
                (taken.bytes, taken.count) = (taken.bytes + data.bytes, taken.count + 1);
                let row = BlobRow { data, position, stored: recorded.commit.time, name };
                self.rows.insert(id, Arc::new(row));
            }
            BlobEvent::Deleted(_) => self.remove(recorded.stream.id()),
        }
    }

    fn remove(&mut self, id: &str) {
        let Some(row) = self.rows.remove(id) else { return };
        let BlobStored { tenant, owner, bytes, .. } = row.data;
        self.of_tenant.remove(&(tenant, row.position));
        self.of_owner.remove(&(tenant, owner, row.position));
        if let Some(taken) = self.uses.get_mut(&tenant) {
            (taken.bytes, taken.count) =
                (taken.bytes.saturating_sub(bytes), taken.count.saturating_sub(1));
            if taken.count == 0 {
                self.uses.remove(&tenant);
            }
        }
    }
}
