//! Answers: which clients has a user, who is this client, and what proves it?

use std::sync::Arc;

use domain::client::{Client, ClientEvent, ClientRegistered, ClientSecrets};
use domain::{Aggregate as _, Recorded, StreamId, SubjectId, TenantId, UserId};
use smallvec::smallvec;

use crate::found::{Found, Group, Key};
use crate::page::Paging;
use crate::row::{Row, RowData};
use crate::sealed::{Keys, Part, Sealed};
use crate::search::{Order, Query};
use crate::table::Table;

/// A client.
pub type ClientRow = Row<ClientData>;

/// The clients, by number.
pub type Clients = Table<ClientData>;

/// What the read models know of a client.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientData {
    /// What was registered, with what changed since. The owner is 0 once the client belongs to the
    /// installation.
    pub data: ClientRegistered,
    /// What opens something: [`Clients::secrets`].
    secrets: Option<Sealed>,
}

impl ClientData {
    /// By `clientName`.
    pub const BY_NAME: Order<Self> = Order::Indexed(0);
    /// By `clientId`.
    pub const BY_CLIENT_ID: Order<Self> = Order::Indexed(1);
    /// By `created`.
    pub const BY_CREATED: Order<Self> = Order::Indexed(2);
}

impl RowData for ClientData {
    type Aggregate = Client;
    type Hashes = ();

    fn hashes(_event: &ClientEvent, _keys: &Keys) {}

    fn begin(event: ClientEvent, recorded: &Recorded, (): ()) -> Option<Self> {
        let secrets = Sealed::of(recorded, Part::Secret, domain::StoredEvent::kind(&event));
        match event {
            ClientEvent::Registered(fact) => Some(Self { data: fact.data, secrets }),
            _ => None,
        }
    }

    fn change(&mut self, event: ClientEvent, recorded: &Recorded, (): ()) {
        let secrets = Sealed::of(recorded, Part::Secret, domain::StoredEvent::kind(&event));
        match event {
            ClientEvent::Registered(_) | ClientEvent::Deleted(_) => (),
            ClientEvent::Updated(fact) => {
                self.data.apply(&fact.data.changes);
                self.secrets = secrets.or(self.secrets.take());
            }
            ClientEvent::OwnerSet(fact) => self.data.owner = fact.data.owner,
            ClientEvent::EnabledSet(fact) => self.data.enabled = fact.data.enabled,
            ClientEvent::TakenOver(_) => self.data.owner = UserId::NONE,
        }
    }

    fn tenant(&self) -> TenantId {
        self.data.tenant
    }

    fn found(row: &Row<Self>) -> Found {
        let ClientRegistered { tenant, owner, client_id, name, created, .. } = &row.data;
        Found {
            texts: smallvec![client_id.0.as_str().into()],
            groups: smallvec![Group::tenant(*tenant), Group::owner(*tenant, *owner)],
            orders: smallvec![
                Key::from(name.as_deref()),
                Key::from(client_id.0.as_str()),
                Key::from(*created),
            ],
            ..Found::default()
        }
    }
}

impl Table<ClientData> {
    /// A client of a tenant.
    pub fn find(&self, tenant: TenantId, client: u32) -> Option<&Arc<ClientRow>> {
        self.row(client).filter(|it| it.data.tenant == tenant)
    }

    /// All clients, of one tenant or of every one, by number.
    pub fn all(&self, tenant: Option<TenantId>) -> impl Iterator<Item = &Arc<ClientRow>> {
        self.iter().filter(move |it| tenant.is_none_or(|wanted| it.data.tenant == wanted))
    }

    /// The clients of a user of a tenant.
    pub fn owned_by(
        &self,
        tenant: TenantId,
        owner: UserId,
    ) -> impl Iterator<Item = &Arc<ClientRow>> {
        self.group(Group::owner(tenant, owner))
    }

    /// The client with this `client_id`, regardless of owner.
    pub fn identified(&self, client_id: &str) -> Option<&Arc<ClientRow>> {
        self.with_text(client_id).next()
    }

    /// The clients of a tenant, or of one of its users; one of them only, if a `client_id` is given.
    pub fn of(
        tenant: TenantId,
        owner: Option<UserId>,
        client_id: Option<String>,
        paging: Paging,
    ) -> Query<ClientData> {
        let group = owner.map_or(Group::tenant(tenant), |it| Group::owner(tenant, it));
        Query { text: client_id, ..Query::of(group, paging) }
    }

    /// What opens something: the hashes of its secrets, in the order of the secrets, and the values
    /// of its properties. Nothing if there is none.
    pub fn secrets(&self, row: &ClientRow) -> ClientSecrets {
        let stream = StreamId::new(Client::CATEGORY, row.data.client);
        let lifted = |event| match event {
            ClientEvent::Registered(fact) => fact.secret,
            ClientEvent::Updated(fact) => fact.secret,
            _ => None,
        };
        let sealed = row.secrets.as_ref();
        let read = sealed
            .and_then(|it| it.read(&self.keys, &stream, SubjectId::NONE, Part::Secret, lifted));
        read.unwrap_or_default()
    }
}
