//! Any event and any command of an API resource, for `never_panics`.

use domain::resource::{
    AllowedScopes, Basis, Face, Gate, NewRevision, NewVersion, Publication, ReleaseDeleted,
    ResourceChange, ResourceClientAllowed, ResourceCommand, ResourceCreated, ResourceDeleted,
    ResourceEvent, ResourceOwner, ResourcePublished, ResourceUnpublished, ResourceUpdated,
    RevisionOnlineSet, RevisionPublished, VersionPublished, VersionRetired, VersionSetOnline,
};
use domain::{Timestamp, UserId};
use tests::samples;

use crate::never_panics::Seed;

pub fn resource_event(seed: &Seed) -> ResourceEvent {
    let Seed { id, text, number, yes, .. } = seed.clone();
    match seed.which % 15 {
        6 => ResourceEvent::Updated(
            ResourceUpdated {
                resource: number,
                changes: vec![
                    ResourceChange::Scopes(vec![text, id]),
                    ResourceChange::Secrets(vec![]),
                ],
            }
            .into(),
        ),
        7 => ResourceEvent::OwnerAdded(ResourceOwner { resource: 1, user: UserId(number) }.into()),
        8 => ResourceEvent::OwnerRemoved(ResourceOwner { resource: 1, user: UserId(13) }.into()),
        10 => ResourceEvent::ReleaseDeleted(ReleaseDeleted { api_id: id, release_id: text }.into()),
        9 if yes => ResourceEvent::Deleted(ResourceDeleted { resource: number }.into()),
        0 => ResourceEvent::Published({
            let face = Face { path: text.clone(), ..samples::face() };
            let release_id = yes.then_some(text);
            let data = samples::resource_published();
            ResourcePublished {
                api_id: id,
                created: yes,
                revision: number,
                face,
                release_id,
                ..data
            }
            .into()
        }),
        1 => ResourceEvent::RevisionPublished(
            RevisionPublished {
                api_id: id,
                revision: number,
                source_revision: number,
                note: None,
                face: Face::default(),
                difference: samples::difference(),
            }
            .into(),
        ),
        2 => ResourceEvent::VersionPublished(
            VersionPublished {
                api_id: id,
                version_name: text,
                source_api_id: String::new(),
                source_revision: number,
                version_set_id: String::new(),
                face: samples::face(),
            }
            .into(),
        ),
        12 => ResourceEvent::RevisionOnlineSet(
            RevisionOnlineSet { api_id: id, revision: number, online: yes }.into(),
        ),
        13 => ResourceEvent::VersionRetired(VersionRetired { api_id: id }.into()),
        14 if yes => ResourceEvent::Unpublished(ResourceUnpublished { resource: number }.into()),
        3 => ResourceEvent::VersionSetOnline(
            VersionSetOnline { api_id: id, revision: number, release_id: text, notes: None }.into(),
        ),
        4 => ResourceEvent::ClientAllowed(
            ResourceClientAllowed { client: number, scopes: vec![text] }.into(),
        ),
        // Often, since little happens without it.
        _ => ResourceEvent::Created(samples::resource_created().into()),
    }
}

pub fn resource_command(seed: &Seed) -> ResourceCommand {
    let Seed { id, text, yes, .. } = seed.clone();
    match seed.which % 18 {
        17 => crate::random_sdk::command(seed),
        6 => {
            let resource = ResourceCreated { name: text, ..samples::resource_editable() };
            let wishes = samples::resource_wishes(&resource);
            ResourceCommand::Update(Box::new(resource), wishes)
        }
        7 => ResourceCommand::AddOwner(UserId(seed.number)),
        8 => ResourceCommand::RemoveOwner(UserId(seed.number % 16)),
        9 => ResourceCommand::Delete,
        0 => {
            let mut resource = samples::resource_created();
            resource.name = text;
            ResourceCommand::Create(Box::new(resource), samples::resource_secrets())
        }
        1 => {
            let face = samples::face();
            let path = if yes { text } else { face.path.clone() };
            let current = (!yes).then(|| Basis { revision: seed.number, face: face.clone() });
            let face = Face { path, ..face };
            let publication = samples::publication();
            let publication = Publication { api_id: id, current, face, ..publication };
            ResourceCommand::Publish(Box::new(publication))
        }
        2 => ResourceCommand::PublishRevision(Box::new(NewRevision {
            api_id: id,
            current: Basis { revision: seed.number, face: samples::face() },
            newest: Basis { revision: seed.number, face: Face::default() },
            face: samples::face(),
            difference: samples::difference(),
            gate: Gate::default(),
            note: yes.then_some(text),
        })),
        3 => ResourceCommand::PublishVersion(Box::new(NewVersion {
            revision_id: id,
            source: yes.then(|| Basis { revision: seed.number, face: samples::face() }),
            version_name: text.clone(),
            new_api_id: text,
        })),
        12 => ResourceCommand::SetRevisionOnline { revision_id: id, online: yes },
        13 => ResourceCommand::RetireVersion { api_id: id },
        14 => ResourceCommand::Unpublish,
        15 => ResourceCommand::SetLifecycle {
            api_id: id,
            deprecated_at: Some(Timestamp(seed.time)),
            sunset_at: yes.then_some(Timestamp(seed.time)),
        },
        4 => ResourceCommand::AllowClient {
            client: seed.number,
            scopes: match yes {
                true => AllowedScopes::Also(vec!["orders.read".to_owned()]),
                false => AllowedScopes::Only(vec![text]),
            },
        },
        10 => ResourceCommand::NoteRelease { release_id: id, notes: text },
        11 => ResourceCommand::DeleteRelease { release_id: id },
        _ => ResourceCommand::SetOnlineVersion { revision_id: id, notes: yes.then_some(text) },
    }
}
