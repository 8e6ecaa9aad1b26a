//! An API resource: an API that accepts tokens, with its face at the gateway.
//!
//! The gateway has one API for the resource itself and one for each further API version. Each has
//! revisions, of which one is current. All of them share one path.

mod allowed;
mod events;
mod face;
mod facts;
mod former;
mod gateway;
mod packages;
mod publishing;
mod releases;
mod rules;
mod sdk;
mod sdk_facts;
mod sdk_rules;
mod update;
mod versions;

pub use self::allowed::{ALLOWED_CLIENTS_MAX, AllowedClients, AllowedScopes};
pub use self::events::ResourceEvent;
pub use self::face::{
    ADDRESS_CHARS_MAX, Authentication, Difference, Document, DocumentForm, FACE_BYTES_MAX,
    FACE_PRODUCTS_MAX, Face, POLICY_BYTES_MAX, check_path,
};
pub use self::facts::{
    ReleaseDeleted, ReleaseNoted, ResourceChange, ResourceClientAllowed, ResourceCreated,
    ResourceDeleted, ResourceOwner, ResourcePublished, ResourceSecretInfo, ResourceSecrets,
    ResourceUnpublished, ResourceUpdated, RevisionOnlineSet, RevisionPublished, VersionLifecycle,
    VersionPublished, VersionRetired, VersionScheme, VersionSet, VersionSetOnline,
};
pub use self::gateway::{GATEWAY_PATH_CLAIM, Gateway};
use self::packages::Packages;
pub use self::packages::{PACKAGE_NAME_CHARS_MAX, PACKAGES_MAX, folded};
pub use self::publishing::{
    API_VERSIONS_MAX, BREAKING_CHANGE, Basis, Gate, NewRevision, NewVersion, Publication,
};
pub use self::releases::NOTES_CHARS_MAX;
use self::rules::check_resource;
pub use self::rules::{OWNERS_MAX, RESOURCE_CHILDREN_MAX};
pub use self::sdk::{SDK_RECORDS_MAX, Sdk};
pub use self::sdk_facts::{
    CommonOptions, GitOptions, GitSecrets, NpmLanguage, NpmOptions, NpmOptionsSet, NpmSecret,
    Package, PackageRemoved, SdkRecorded, SdkVersionTaken,
};
pub use self::sdk_rules::{GENERATORS_MAX, next_version};
pub use self::versions::{ONLINE_REVISIONS_MAX, VERSION_PARAMETER, WishedVersionSet};
use crate::aggregate::{Aggregate, Decision};
use crate::children::PropertyValue;
use crate::event::Fact;
use crate::ids::{Timestamp, UserId};
use crate::kind::{ClaimKind, Ids};
use crate::refusal::Refusal;
use crate::scope::{SCOPE_CLAIM, change_scopes};

/// The kind of claim that makes the name of a resource unique in its tenant.
pub const RESOURCE_NAME_CLAIM: ClaimKind =
    ClaimKind { name: "resource_name", english: "API resource name" };

/// What a resource may be asked to become.
#[derive(Debug, Clone)]
pub enum ResourceCommand {
    /// Enter a new resource.
    Create(Box<ResourceCreated>, ResourceSecrets),
    /// Become as described, with what opens something as wished (row 3).
    Update(Box<ResourceCreated>, ResourceWishes),
    /// End (row 5).
    Delete,
    /// Let a user of the tenant see and change it, too.
    AddOwner(UserId),
    /// Let a user no longer.
    RemoveOwner(UserId),
    /// Row 8: make a revision that is current.
    Publish(Box<Publication>),
    /// Row 9: add a revision that is not current yet.
    PublishRevision(Box<NewRevision>),
    /// Row 10: add an API version from a revision.
    PublishVersion(Box<NewVersion>),
    /// Be served no longer.
    Unpublish,
    /// Rows 13 and 17: make a revision current.
    SetOnlineVersion {
        /// `A` or `A;rev=n`.
        revision_id: String,
        /// What is said of the release. Without it nothing happens to what is current already.
        notes: Option<String>,
    },
    /// Row 18: say something else of a release.
    NoteRelease {
        /// Of any API of the resource.
        release_id: String,
        /// What is said of it.
        notes: String,
    },
    /// Row 19: do not list a release any more.
    DeleteRelease {
        /// Of any API of the resource.
        release_id: String,
    },
    /// Serve a revision at its private address, or no longer.
    SetRevisionOnline {
        /// `A` or `A;rev=n`.
        revision_id: String,
        /// Whether it is served.
        online: bool,
    },
    /// Say how requests choose a version.
    ChangeVersionSet(WishedVersionSet),
    /// Say when a version is not to be used any more.
    SetLifecycle {
        /// Which API.
        api_id: String,
        /// Since when it is deprecated.
        deprecated_at: Option<Timestamp>,
        /// When it ends.
        sunset_at: Option<Timestamp>,
    },
    /// End an API version; not the first one.
    RetireVersion {
        /// Which API.
        api_id: String,
    },
    /// Say which scopes a client gets.
    AllowClient {
        /// The number of the client.
        client: u32,
        /// Which of the scopes of the resource.
        scopes: AllowedScopes,
    },
    /// Row 25: list a package.
    AddPackage(Box<Package>),
    /// Row 27: say something else of a package; its name says which.
    ChangePackage(Box<Package>),
    /// Row 26: list a package no longer.
    RemovePackage(String),
    /// Row 49: say how SDKs are released to npm, and with which token.
    SetNpmOptions(Box<NpmOptionsSet>, PropertyValue),
    /// Give the next version to a release.
    TakeSdkVersion {
        /// For which language.
        language: NpmLanguage,
        /// The one after that of the options.
        version: String,
    },
    /// Row 51: say where generated code is pushed.
    SetGitOptions {
        /// Where.
        options: Box<GitOptions>,
        /// What opens it by HTTPS.
        token: PropertyValue,
        /// What opens it by SSH.
        ssh_key: PropertyValue,
    },
    /// Row 54: say what all generators have in common.
    SetCommonOptions(CommonOptions),
    /// Row 58: note that an SDK was released.
    RecordSdk(Box<SdkRecorded>),
}

/// What an update wishes of what opens something.
#[derive(Debug, Clone, Default)]
pub struct ResourceWishes {
    /// The value of each secret, in the order of the secrets.
    pub secrets: Vec<PropertyValue>,
    /// The value of each property, in the order of the keys.
    pub properties: Vec<PropertyValue>,
}

/// What the rules need to remember of a resource.
#[derive(Debug, Clone, Default)]
pub enum Resource {
    /// Never created.
    #[default]
    Absent,
    /// In use.
    Active(Box<Active>),
    /// Ended.
    Deleted,
}

/// A resource in use.
#[derive(Debug, Clone)]
pub struct Active {
    data: ResourceCreated,
    secrets: ResourceSecrets,
    /// The users who may see and change it, in the order in which they were added.
    owners: Vec<UserId>,
    /// Its face at the gateway.
    gateway: Gateway,
    /// The clients that it names.
    allowed: AllowedClients,
    /// The highest id that one of its secrets has or had.
    last_secret: u32,
    /// Where its users find clients.
    packages: Packages,
    /// How SDKs are made of it.
    sdk: Sdk,
}

const ABSENT: Refusal = Refusal::NotFound { what: "API resource" };

impl Aggregate for Resource {
    const CATEGORY: &'static str = "resource";
    const IDS: Ids = Ids::Counted;
    const CLAIMS: &'static [ClaimKind] = &[RESOURCE_NAME_CLAIM, SCOPE_CLAIM, GATEWAY_PATH_CLAIM];
    type Command = ResourceCommand;
    type Event = ResourceEvent;

    fn decide(
        &self,
        command: &ResourceCommand,
        now: Timestamp,
    ) -> Result<Decision<ResourceEvent>, Refusal> {
        let active = match (self, command) {
            (Resource::Absent, ResourceCommand::Create(data, secrets)) => {
                return create(data, secrets);
            }
            (_, ResourceCommand::Create(..)) => {
                return Err(Refusal::AlreadyExists { what: "API resource" });
            }
            (Resource::Absent | Resource::Deleted, _) => return Err(ABSENT),
            (Resource::Active(active), _) => active,
        };
        active.decide(command, now)
    }

    fn evolve(&mut self, event: &ResourceEvent) {
        match (self, event) {
            (it, ResourceEvent::Created(fact)) => {
                let Fact { data, secret, .. } = fact;
                *it = Resource::Active(Box::new(Active {
                    data: data.clone(),
                    secrets: secret.clone().unwrap_or_default(),
                    owners: vec![data.owner],
                    gateway: Gateway::new(data.resource, data.tenant),
                    allowed: AllowedClients::new(data.scopes.clone()),
                    last_secret: last_secret(data),
                    packages: Packages::default(),
                    sdk: Sdk::default(),
                }));
            }
            (it @ Resource::Active(_), ResourceEvent::Deleted(_)) => *it = Resource::Deleted,
            (Resource::Active(active), event) => active.evolve(event),
            // Nothing happens to a resource that is not there.
            (Resource::Absent | Resource::Deleted, _) => (),
        }
    }
}

impl Resource {
    /// How SDKs are made of it; `None` if it is not in use.
    pub fn sdk(&self) -> Option<&Sdk> {
        match self {
            Self::Active(active) => Some(&active.sdk),
            Self::Absent | Self::Deleted => None,
        }
    }

    /// The revision of an API that is current; `None` where there is no such API.
    pub fn current_revision(&self, api_id: &str) -> Option<u32> {
        match self {
            Self::Active(active) => active.gateway.apis.get(api_id).map(|it| it.current),
            Self::Absent | Self::Deleted => None,
        }
    }
}

impl Active {
    fn decide(
        &self,
        command: &ResourceCommand,
        now: Timestamp,
    ) -> Result<Decision<ResourceEvent>, Refusal> {
        let gateway = &self.gateway;
        match command {
            ResourceCommand::Create(..) => Err(Refusal::AlreadyExists { what: "API resource" }),
            ResourceCommand::Update(data, wishes) => self.update(data, wishes),
            ResourceCommand::Delete => self.delete(),
            ResourceCommand::AddOwner(user) => self.add_owner(*user),
            ResourceCommand::RemoveOwner(user) => self.remove_owner(*user),
            ResourceCommand::Publish(wished) => gateway.publish(wished, now),
            ResourceCommand::PublishRevision(wished) => gateway.publish_revision(wished),
            ResourceCommand::PublishVersion(wished) => gateway.publish_version(wished),
            ResourceCommand::Unpublish => gateway.unpublish(),
            ResourceCommand::SetOnlineVersion { revision_id, notes } => {
                gateway.set_online(revision_id, notes.as_deref(), now)
            }
            ResourceCommand::NoteRelease { release_id, notes } => {
                gateway.note_release(release_id, notes)
            }
            ResourceCommand::DeleteRelease { release_id } => gateway.delete_release(release_id),
            ResourceCommand::SetRevisionOnline { revision_id, online } => {
                gateway.set_revision_online(revision_id, *online)
            }
            ResourceCommand::ChangeVersionSet(wished) => gateway.change_version_set(wished),
            ResourceCommand::SetLifecycle { api_id, deprecated_at, sunset_at } => {
                gateway.set_lifecycle(api_id, *deprecated_at, *sunset_at)
            }
            ResourceCommand::RetireVersion { api_id } => gateway.retire_version(api_id),
            ResourceCommand::AllowClient { client, scopes } => self.allowed.allow(*client, scopes),
            ResourceCommand::AddPackage(package) => self.packages.add(package),
            ResourceCommand::ChangePackage(package) => self.packages.change(package),
            ResourceCommand::RemovePackage(name) => self.packages.remove(name),
            ResourceCommand::SetNpmOptions(wished, token) => self.sdk.set_npm(wished, token),
            ResourceCommand::TakeSdkVersion { language, version } => {
                self.sdk.take_version(*language, version)
            }
            ResourceCommand::SetGitOptions { options, token, ssh_key } => {
                self.sdk.set_git(options, token, ssh_key)
            }
            ResourceCommand::SetCommonOptions(wished) => self.sdk.set_common(wished),
            ResourceCommand::RecordSdk(wished) => self.sdk.record(wished),
        }
    }

    fn evolve(&mut self, event: &ResourceEvent) {
        match event {
            ResourceEvent::Created(_) | ResourceEvent::Deleted(_) => (),
            ResourceEvent::Updated(fact) => {
                self.data.apply(&fact.data.changes);
                if let Some(secrets) = &fact.secret {
                    self.secrets.clone_from(secrets);
                }
                self.last_secret = self.last_secret.max(last_secret(&self.data));
                self.allowed.set_scopes(self.data.scopes.clone());
            }
            ResourceEvent::OwnerAdded(fact) => self.owners.push(fact.data.user),
            ResourceEvent::OwnerRemoved(fact) => self.owners.retain(|it| *it != fact.data.user),
            ResourceEvent::ClientAllowed(fact) => self.allowed.evolve(&fact.data),
            ResourceEvent::PackageAdded(fact) | ResourceEvent::PackageChanged(fact) => {
                self.packages.set(&fact.data);
            }
            ResourceEvent::PackageRemoved(fact) => self.packages.drop(&fact.data.name),
            event => {
                self.gateway.evolve(event);
                self.sdk.evolve(event);
            }
        }
    }
}

fn last_secret(data: &ResourceCreated) -> u32 {
    data.secrets.iter().map(|it| it.id).max().unwrap_or(0)
}

fn create(
    data: &ResourceCreated,
    secrets: &ResourceSecrets,
) -> Result<Decision<ResourceEvent>, Refusal> {
    check_resource(data, secrets)?;
    let mut created = data.clone();
    (1..).zip(&mut created.secrets).for_each(|(id, secret)| secret.id = id);
    let decision = Decision::event(ResourceEvent::Created(Fact {
        data: created,
        personal: None,
        secret: secrets.clone().part(),
    }))
    .claim(data.tenant, RESOURCE_NAME_CLAIM, data.name.to_lowercase());
    // Also those of a resource that is not enabled: it may be, some day.
    Ok(change_scopes(decision, data.tenant, &[], &data.scopes))
}
