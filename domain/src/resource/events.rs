//! What has happened to API resources.

use super::facts::{
    ReleaseDeleted, ReleaseNoted, ResourceClientAllowed, ResourceCreated, ResourceDeleted,
    ResourceOwner, ResourcePublished, ResourceSecrets, ResourceUnpublished, ResourceUpdated,
    RevisionOnlineSet, RevisionPublished, VersionLifecycle, VersionPublished, VersionRetired,
    VersionSet, VersionSetOnline,
};
use super::former;
use super::sdk_facts::{
    CommonOptions, GitOptions, GitSecrets, NpmOptionsSet, NpmSecret, Package, PackageRemoved,
    SdkRecorded, SdkVersionTaken,
};
use crate::event::{Parts, Unreadable, lifted};
use crate::stored_events;

stored_events! {
    /// What has happened to a resource. A stored contract: see `docs/events.md`.
    pub enum ResourceEvent {
        /// A resource entered.
        Created = "resource.created.v1" { data: ResourceCreated, secret: ResourceSecrets },
        /// An API was published: another revision is current.
        Published = "resource.published.v2" { data: ResourcePublished },
        /// A revision was added.
        RevisionPublished = "resource.revision_published.v2" { data: RevisionPublished },
        /// An API version was added.
        VersionPublished = "resource.version_published.v2" { data: VersionPublished },
        /// A revision became current.
        VersionSetOnline = "resource.version_set_online.v2" { data: VersionSetOnline },
        /// A client gets scopes of it, or no longer.
        ClientAllowed = "resource.client_allowed.v1" { data: ResourceClientAllowed },
        /// Some of its fields changed, or what opens something.
        Updated = "resource.updated.v1" { data: ResourceUpdated, secret: ResourceSecrets },
        /// It ended.
        Deleted = "resource.deleted.v1" { data: ResourceDeleted, marks: [Ends] },
        /// A user may see and change it.
        OwnerAdded = "resource.owner_added.v1" { data: ResourceOwner },
        /// A user may not any longer.
        OwnerRemoved = "resource.owner_removed.v1" { data: ResourceOwner },
        /// What is said of a release changed.
        ReleaseNoted = "resource.release_noted.v1" { data: ReleaseNoted },
        /// A release is not listed any more.
        ReleaseDeleted = "resource.release_deleted.v1" { data: ReleaseDeleted },
        /// A revision is served at its private address, or no longer.
        RevisionOnlineSet = "resource.revision_online_set.v1" { data: RevisionOnlineSet },
        /// How a request says which version it wants.
        VersionSetChanged = "resource.version_set_changed.v1" { data: VersionSet },
        /// When a version is not to be used any more.
        VersionLifecycleSet = "resource.version_lifecycle_set.v1" { data: VersionLifecycle },
        /// An API version ended.
        VersionRetired = "resource.version_retired.v1" { data: VersionRetired },
        /// It is served no longer.
        Unpublished = "resource.unpublished.v1" { data: ResourceUnpublished },
        /// A package is listed.
        PackageAdded = "resource.package_added.v1" { data: Package },
        /// Something else is said of a package.
        PackageChanged = "resource.package_changed.v1" { data: Package },
        /// A package is listed no longer.
        PackageRemoved = "resource.package_removed.v1" { data: PackageRemoved },
        /// How SDKs are released to npm.
        NpmOptionsSet = "resource.npm_options_set.v1" { data: NpmOptionsSet, secret: NpmSecret },
        /// A release was given the next version.
        SdkVersionTaken = "resource.sdk_version_taken.v1" { data: SdkVersionTaken },
        /// Where generated code is pushed.
        GitOptionsSet = "resource.git_options_set.v1" { data: GitOptions, secret: GitSecrets },
        /// What all generators have in common.
        CommonOptionsSet = "resource.common_options_set.v1" { data: CommonOptions },
        /// An SDK was released.
        SdkRecorded = "resource.sdk_recorded.v1" { data: SdkRecorded },
    }
    upcasts {
        "resource.version_set_online.v1" => lift_version_set_online { data: former::VersionSetOnline },
        "resource.published.v1" => lift_published { data: former::Published },
        "resource.revision_published.v1" => lift_revision_published { data: former::RevisionPublished },
        "resource.version_published.v1" => lift_version_published { data: former::VersionPublished },
    }
}

fn lift_version_set_online(parts: &Parts) -> Result<ResourceEvent, Unreadable> {
    let fact = lifted::<former::VersionSetOnline, _>("resource.version_set_online.v1", parts);
    fact.map(ResourceEvent::VersionSetOnline)
}

fn lift_published(parts: &Parts) -> Result<ResourceEvent, Unreadable> {
    lifted::<former::Published, _>("resource.published.v1", parts).map(ResourceEvent::Published)
}

fn lift_revision_published(parts: &Parts) -> Result<ResourceEvent, Unreadable> {
    let fact = lifted::<former::RevisionPublished, _>("resource.revision_published.v1", parts);
    fact.map(ResourceEvent::RevisionPublished)
}

fn lift_version_published(parts: &Parts) -> Result<ResourceEvent, Unreadable> {
    let fact = lifted::<former::VersionPublished, _>("resource.version_published.v1", parts);
    fact.map(ResourceEvent::VersionPublished)
}
