//! What the read models know of the packages and SDKs of an API resource.

use std::collections::BTreeMap;

use domain::resource::{
    CommonOptions, GitOptions, NpmLanguage, NpmOptions, Package, ResourceEvent, SdkRecorded, folded,
};
use domain::{Recorded, StoredEvent as _, Timestamp};

use crate::sealed::{Part, Sealed};

/// The packages and SDKs of an API resource.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ResourceSdk {
    /// The packages, by their names in small letters.
    packages: BTreeMap<String, PackageRow>,
    npm: BTreeMap<NpmLanguage, NpmOptions>,
    git: Option<(GitOptions, Option<Sealed>)>,
    common: Option<CommonOptions>,
    /// The SDKs that were released, in the order of the log.
    records: Vec<SdkRecord>,
}

/// A package, and when it last changed.
#[derive(Debug, Clone, PartialEq)]
pub struct PackageRow {
    /// What is said of it.
    pub package: Package,
    /// When that was last said.
    pub changed: Timestamp,
    /// The position of the event that last said it.
    pub position: u64,
}

/// An SDK that was released.
#[derive(Debug, Clone, PartialEq)]
pub struct SdkRecord {
    /// What is known of it.
    pub record: SdkRecorded,
    /// When it was noted.
    pub noted: Timestamp,
    /// The position of the event.
    pub position: u64,
}

impl ResourceSdk {
    /// The packages: those with the highest index first, then by name.
    pub fn packages(&self) -> Vec<&PackageRow> {
        let mut rows = self.packages.values().collect::<Vec<_>>();
        // The names are in order already.
        rows.sort_by_key(|it| std::cmp::Reverse(it.package.show_index));
        rows
    }

    /// How SDKs for a language are released to npm.
    pub fn npm(&self, language: NpmLanguage) -> Option<&NpmOptions> {
        self.npm.get(&language)
    }

    /// Where generated code is pushed.
    pub fn git(&self) -> Option<&GitOptions> {
        self.git.as_ref().map(|it| &it.0)
    }

    /// What opens that, sealed.
    pub(crate) fn git_secrets(&self) -> Option<&Sealed> {
        self.git.as_ref()?.1.as_ref()
    }

    /// What all generators have in common.
    pub fn common(&self) -> Option<&CommonOptions> {
        self.common.as_ref()
    }

    /// The SDKs that were released, the newest first.
    pub fn records(&self) -> impl ExactSizeIterator<Item = &SdkRecord> {
        self.records.iter().rev()
    }

    pub(crate) fn apply(&mut self, event: ResourceEvent, recorded: &Recorded) {
        let (changed, position) = (recorded.commit.time, recorded.position);
        let sealed = Sealed::of(recorded, Part::Secret, event.kind());
        match event {
            ResourceEvent::PackageAdded(fact) | ResourceEvent::PackageChanged(fact) => {
                let row = PackageRow { package: fact.data, changed, position };
                self.packages.insert(folded(&row.package.name), row);
            }
            ResourceEvent::PackageRemoved(fact) => {
                self.packages.remove(&folded(&fact.data.name));
            }
            ResourceEvent::NpmOptionsSet(fact) => {
                self.npm.insert(fact.data.language, fact.data.options);
            }
            ResourceEvent::SdkVersionTaken(fact) => {
                if let Some(options) = self.npm.get_mut(&fact.data.language) {
                    options.version = fact.data.version;
                }
            }
            ResourceEvent::GitOptionsSet(fact) => self.git = Some((fact.data, sealed)),
            ResourceEvent::CommonOptionsSet(fact) => self.common = Some(fact.data),
            ResourceEvent::SdkRecorded(fact) => {
                let record = fact.data;
                self.records.push(SdkRecord { record, noted: changed, position });
            }
            _ => (),
        }
    }
}
