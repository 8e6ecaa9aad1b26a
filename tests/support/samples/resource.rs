//! The samples of API resources.

use domain::children::PropertyValue;
use domain::resource::{
    Authentication, Difference, Document, DocumentForm, Face, Gate, Publication, ReleaseDeleted,
    ReleaseNoted, ResourceChange, ResourceClientAllowed, ResourceCreated, ResourceDeleted,
    ResourceEvent, ResourceOwner, ResourcePublished, ResourceSecretInfo, ResourceSecrets,
    ResourceUnpublished, ResourceUpdated, ResourceWishes, RevisionOnlineSet, RevisionPublished,
    VersionLifecycle, VersionPublished, VersionRetired, VersionScheme, VersionSet,
    VersionSetOnline,
};
use domain::{Fact, Sha256, TenantId, Timestamp, UserId};

use super::{Sample, at, keys, list, sample, some, text};

pub(super) fn with_secret(data: ResourceCreated, secrets: ResourceSecrets) -> ResourceEvent {
    ResourceEvent::Created(Fact { data, personal: None, secret: Some(secrets) })
}

/// A resource that every rule accepts.
pub fn resource_created() -> ResourceCreated {
    ResourceCreated {
        resource: 21,
        tenant: TenantId(12),
        owner: UserId(13),
        enabled: true,
        name: "Orders".to_owned(),
        display_name: some("display name"),
        description: some("description"),
        allowed_access_token_signing_algorithms: Some("ES256".to_owned()),
        show_in_discovery_document: false,
        secrets: vec![ResourceSecretInfo {
            id: 1,
            description: some("secret description"),
            expiration: Some(at(22)),
            secret_type: "SharedSecret".to_owned(),
            created: at(23),
        }],
        scopes: list(&["orders.read", "orders.write"]),
        user_claims: list(&["email"]),
        property_keys: keys("property"),
        created: at(24),
        updated: Some(at(25)),
        last_accessed: Some(at(26)),
        non_editable: true,
    }
}

/// A resource that every rule accepts, and that may be changed.
pub fn resource_editable() -> ResourceCreated {
    ResourceCreated { non_editable: false, ..resource_created() }
}

/// Whatever opens something stays.
pub fn resource_wishes(resource: &ResourceCreated) -> ResourceWishes {
    ResourceWishes {
        secrets: vec![PropertyValue::Keep; resource.secrets.len()],
        properties: vec![PropertyValue::Keep; resource.property_keys.len()],
    }
}

/// Changes of a resource, its owners, and its end.
pub(super) fn all() -> Vec<Sample> {
    // Another value in every field that may change.
    let mut other = resource_sparse();
    other.name = text("other");
    other.non_editable = !resource_created().non_editable;
    let changes = ResourceChange::between(&other, &resource_created());
    let later = ResourceCreated {
        created: at(81),
        updated: Some(at(82)),
        last_accessed: Some(at(83)),
        ..resource_created()
    };
    let times = ResourceChange::between(&resource_created(), &later);
    let updated = |changes, secret| {
        let data = ResourceUpdated { resource: 21, changes };
        ResourceEvent::Updated(Fact { data, personal: None, secret })
    };
    let owner = ResourceOwner { resource: 21, user: UserId(14) };
    let (api_id, release_id) = ("21".to_owned(), "638355968001234561".to_owned());
    let release = ReleaseDeleted { api_id: api_id.clone(), release_id: release_id.clone() };
    let noted = ReleaseNoted { api_id, release_id, notes: text("notes") };
    let mut samples = vec![
        sample("full", updated(changes, Some(resource_secrets()))),
        sample("values", updated(Vec::new(), Some(ResourceSecrets::default()))),
        sample("times", updated(times, None)),
        sample("full", ResourceEvent::OwnerAdded(owner.clone().into())),
        sample("full", ResourceEvent::OwnerRemoved(owner.into())),
        sample("sparse", ResourceEvent::VersionSetOnline(unnoted().into())),
        Sample {
            kind: "resource.version_set_online.v1",
            ..sample("full", ResourceEvent::VersionSetOnline(unnoted().into()))
        },
        sample("full", ResourceEvent::ReleaseNoted(noted.into())),
        sample("full", ResourceEvent::ReleaseDeleted(release.into())),
        sample("full", ResourceEvent::Deleted(ResourceDeleted { resource: 21 }.into())),
    ];
    samples.extend(at_the_gateway());
    samples.extend(former());
    samples
}

fn at_the_gateway() -> Vec<Sample> {
    let online = RevisionOnlineSet { api_id: text("api"), revision: 29, online: true };
    let retired = VersionRetired { api_id: text("api") };
    let plain = VersionSet { description: None, scheme: VersionScheme::Query, ..version_set() };
    let segment = VersionSet { scheme: VersionScheme::Segment, ..version_set() };
    let without = RevisionPublished { note: None, face: face_sparse(), ..revision_published() };
    vec![
        sample("full", {
            let compared = ResourcePublished { difference: difference(), ..resource_published() };
            ResourceEvent::Published(compared.into())
        }),
        sample("sparse", ResourceEvent::Published(published_sparse().into())),
        sample("again", {
            let again = ResourcePublished { created: false, ..resource_published() };
            ResourceEvent::Published(again.into())
        }),
        sample("full", ResourceEvent::RevisionPublished(revision_published().into())),
        sample("sparse", ResourceEvent::RevisionPublished(without.into())),
        sample("full", ResourceEvent::VersionPublished(version_published().into())),
        sample("full", ResourceEvent::RevisionOnlineSet(online.into())),
        sample("full", ResourceEvent::VersionSetChanged(version_set().into())),
        sample("query", ResourceEvent::VersionSetChanged(plain.into())),
        sample("segment", ResourceEvent::VersionSetChanged(segment.into())),
        sample("full", ResourceEvent::VersionLifecycleSet(lifecycle().into())),
        sample("full", ResourceEvent::VersionRetired(retired.into())),
        sample("full", ResourceEvent::Unpublished(ResourceUnpublished { resource: 21 }.into())),
    ]
}

/// What former kinds mean now.
fn former() -> Vec<Sample> {
    let authentication = Authentication::Token {
        server: text("authorization server"),
        scope: Some("orders.read".to_owned()),
        openid: some("openid"),
    };
    let unknown = || Face {
        source: Some("https://orders.example/swagger.json".to_owned()),
        ..Face::default()
    };
    let sparse = Face { path: "Orders".to_owned(), ..unknown() };
    let full = Face {
        authentication,
        document: None,
        service_url: None,
        service_url_given: false,
        policy: Some("<policies><inbound /></policies>".to_owned()),
        source: unknown().source,
        ..face()
    };
    let published = |created, revision, face| {
        let difference = Difference::default();
        let data = resource_published();
        ResourceEvent::Published(
            ResourcePublished {
                created,
                revision,
                face,
                difference,
                release_id: None,
                notes: None,
                ..data
            }
            .into(),
        )
    };
    let revision = |note| {
        let (face, difference) = (unknown(), Difference::default());
        let data = RevisionPublished { face, difference, note, ..revision_published() };
        ResourceEvent::RevisionPublished(data.into())
    };
    let version = VersionPublished { face: Face::default(), ..version_published() };
    let of = |kind, name, event| Sample { kind, ..sample(name, event) };
    vec![
        of("resource.published.v1", "full", published(false, 23, full)),
        of("resource.published.v1", "sparse", published(true, 1, sparse)),
        of("resource.revision_published.v1", "full", revision(some("note"))),
        of("resource.revision_published.v1", "sparse", revision(None)),
        of(
            "resource.version_published.v1",
            "full",
            ResourceEvent::VersionPublished(version.into()),
        ),
    ]
}

/// The value that stands for the secret of a resource; no reader ever sees it.
pub const RESOURCE_SECRET: &str = "resource-secret-value";

pub fn resource_secrets() -> ResourceSecrets {
    let property_values = list(&["resource property 1", "resource property 2"]);
    ResourceSecrets { values: list(&[RESOURCE_SECRET]), property_values }
}

pub(super) fn resource_sparse() -> ResourceCreated {
    ResourceCreated {
        enabled: false,
        display_name: None,
        description: None,
        allowed_access_token_signing_algorithms: None,
        show_in_discovery_document: true,
        secrets: Vec::new(),
        scopes: Vec::new(),
        user_claims: Vec::new(),
        property_keys: Vec::new(),
        ..resource_created()
    }
}

/// A face that every rule accepts, of the resource above.
pub fn face() -> Face {
    Face {
        name: some("gateway name"),
        description: some("description"),
        path: "Orders".to_owned(),
        service_url: Some("https://orders.example/v1".to_owned()),
        service_url_given: true,
        products: list(&["/products/starter", "/products/unlimited"]),
        authentication: Authentication::Token {
            server: "chancery".to_owned(),
            scope: Some("orders.read".to_owned()),
            openid: some("openid"),
        },
        policy: Some("<policies><inbound /></policies>".to_owned()),
        document: Some(document()),
        source: Some("https://orders.example/swagger.json".to_owned()),
    }
}

pub(super) fn document() -> Document {
    Document {
        sha256: Sha256([0x5a; 32]),
        bytes: 1_234,
        form: DocumentForm::Json,
        openapi: "3.0.3".to_owned(),
        title: "All orders".to_owned(),
        info_version: "1.2".to_owned(),
        operations: 17,
    }
}

/// A face of which no more is said than must be.
pub(super) fn face_sparse() -> Face {
    Face {
        name: None,
        description: None,
        service_url: None,
        service_url_given: false,
        products: Vec::new(),
        authentication: Authentication::None,
        policy: None,
        document: Some(Document { form: DocumentForm::Yaml, ..document() }),
        source: None,
        ..face()
    }
}

/// How a document differs from that of revision 22.
pub fn difference() -> Difference {
    Difference {
        against: 22,
        breaking: 1,
        risky: 2,
        compatible: 3,
        report: Some(Sha256([0xa5; 32])),
    }
}

/// What is to be published first, of the resource above.
pub fn publication() -> Publication {
    Publication {
        api_id: "21".to_owned(),
        current: None,
        face: face(),
        difference: Difference::default(),
        gate: Gate::default(),
        notes: some("notes of the release"),
    }
}

/// What that leads to, at the time of the tests of decisions.
pub fn resource_published() -> ResourcePublished {
    ResourcePublished {
        api_id: "21".to_owned(),
        created: true,
        revision: 1,
        face: face(),
        difference: Difference::default(),
        release_id: Some("638355968001234560".to_owned()),
        notes: some("notes of the release"),
    }
}

pub(super) fn published_sparse() -> ResourcePublished {
    ResourcePublished {
        created: false,
        revision: 23,
        face: face_sparse(),
        difference: Difference { report: None, ..difference() },
        release_id: None,
        notes: None,
        ..resource_published()
    }
}

pub(super) fn revision_published() -> RevisionPublished {
    RevisionPublished {
        api_id: "21".to_owned(),
        revision: 25,
        source_revision: 24,
        note: some("note"),
        face: face(),
        difference: difference(),
    }
}

/// The id of a further version of the resource above.
pub const VERSION_API_ID: &str = "0123456789abcdef0123456789abcdef";

pub(super) fn version_published() -> VersionPublished {
    VersionPublished {
        api_id: VERSION_API_ID.to_owned(),
        version_name: "v2".to_owned(),
        source_api_id: "21".to_owned(),
        source_revision: 26,
        version_set_id: "versions-21".to_owned(),
        face: face(),
    }
}

pub(super) fn version_set() -> VersionSet {
    VersionSet {
        version_set_id: "versions-21".to_owned(),
        name: "Orders".to_owned(),
        description: some("all versions"),
        scheme: VersionScheme::Header,
        parameter: "x-version".to_owned(),
    }
}

pub(super) fn lifecycle() -> VersionLifecycle {
    VersionLifecycle {
        api_id: VERSION_API_ID.to_owned(),
        deprecated_at: Some(Timestamp(1_700_000_000_000_000)),
        sunset_at: Some(Timestamp(1_800_000_000_000_000)),
    }
}

/// As it was stored before releases had notes.
fn unnoted() -> VersionSetOnline {
    VersionSetOnline { notes: None, ..version_set_online() }
}

pub(super) fn version_set_online() -> VersionSetOnline {
    VersionSetOnline {
        api_id: "21".to_owned(),
        revision: 27,
        release_id: "638355968001234560".to_owned(),
        notes: Some("notes of the release".to_owned()),
    }
}

pub(super) fn client_allowed() -> ResourceClientAllowed {
    ResourceClientAllowed { client: 28, scopes: list(&["orders.read", "orders.write"]) }
}
