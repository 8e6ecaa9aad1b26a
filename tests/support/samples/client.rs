//! Samples of changes of clients.

use domain::children::PropertyValue;
use domain::client::{
    ClientChange, ClientDeleted, ClientEvent, ClientOwnerSet, ClientRegistered, ClientSecrets,
    ClientUpdated, ClientWishes,
};
use domain::{ClientName, Fact, UserId};
use serde_json::Value;

use super::stored::client_registered_stored;
use super::{Sample, at, client_secrets, client_sparse, sample, text};

/// A client that every rule accepts, and that may be changed.
pub fn client_editable() -> ClientRegistered {
    let mut client = super::client_registered();
    client.flags.non_editable = false;
    client
}

/// Whatever opens something stays.
pub fn client_wishes(client: &ClientRegistered) -> ClientWishes {
    ClientWishes {
        secrets: vec![PropertyValue::Keep; client.secrets.len()],
        properties: vec![PropertyValue::Keep; client.property_keys.len()],
        pair_wise_subject_salt: client_secrets().pair_wise_subject_salt,
    }
}

/// Every switch, every lifetime and every time is another one.
fn with_other_switches() -> ClientRegistered {
    let mut client = client_registered_stored();
    let mut flags = serde_json::to_value(&client.flags).unwrap();
    for flag in flags.as_object_mut().unwrap().values_mut() {
        *flag = (flag == &Value::Bool(false)).into();
    }
    client.flags = serde_json::from_value(flags).unwrap();
    let mut lifetimes = serde_json::to_value(&client.lifetimes).unwrap();
    for (lifetime, n) in lifetimes.as_object_mut().unwrap().values_mut().zip(70_001..) {
        *lifetime = n.into();
    }
    client.lifetimes = serde_json::from_value(lifetimes).unwrap();
    (client.created, client.updated) = (at(71), Some(at(72)));
    client.last_accessed = Some(at(73));
    client
}

pub(super) fn all() -> Vec<Sample> {
    // Another value in every field that may change, and in every switch and lifetime.
    let mut other = client_sparse();
    other.client_id = ClientName("other".to_owned());
    other.protocol_type = text("other");
    other.enabled = !client_registered_stored().enabled;
    let changes = ClientChange::between(&other, &client_registered_stored());
    let updated = |changes, secret| {
        let data = ClientUpdated { client: 11, changes };
        ClientEvent::Updated(Fact { data, personal: None, secret })
    };
    let set = ClientOwnerSet { client: 11, owner: UserId(18), former_owner: UserId(13) };
    let rest = ClientChange::between(&client_registered_stored(), &with_other_switches());
    vec![
        sample("switches", updated(rest, None)),
        sample("full", updated(changes, Some(client_secrets()))),
        sample("values", updated(Vec::new(), Some(ClientSecrets::default()))),
        sample("full", ClientEvent::OwnerSet(set.into())),
        sample("full", ClientEvent::Deleted(ClientDeleted { client: 11 }.into())),
    ]
}
