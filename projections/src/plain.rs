//! The rows of plain aggregates ([`domain::plain`]): what their fields say, with sealed values of
//! properties. What they are found by is their own.

use std::sync::Arc;

use domain::children::Properties;
use domain::plain::{PlainCommand, PlainCreated, PlainEvent, PlainFields};
use domain::{Aggregate, Recorded, StoredEvent, StreamId, SubjectId, TenantId};
use smallvec::smallvec;

use crate::found::{Found, Group, Key};
use crate::page::Paging;
use crate::row::{Row, RowData};
use crate::sealed::{Keys, Part, Sealed};
use crate::search::Query;
use crate::table::Table;

/// The fields of a plain aggregate, as its rows are found.
pub trait PlainRow: PlainFields {
    /// Whose fields they are.
    type Aggregate: Aggregate<Command = PlainCommand<Self>, Event: Into<PlainEvent<Self::Change>>>;

    /// The name by which one of a tenant is found, in the form in which names are compared.
    fn name_text(name: &str) -> String;

    /// The name by which it is found.
    fn found_as(&self) -> &str;

    /// What lists are ordered by besides the name: the order of number 1.
    fn second_order(&self) -> Option<Key> {
        None
    }
}

/// What the read models know of a plain aggregate.
#[derive(Debug, Clone, PartialEq)]
pub struct PlainData<F> {
    /// What never changes.
    pub data: PlainCreated,
    /// What may change, as it is now.
    pub fields: F,
    /// The values of its properties.
    properties: Option<Sealed>,
}

impl<F: PlainRow> RowData for PlainData<F> {
    type Aggregate = F::Aggregate;
    type Hashes = ();

    fn hashes(_event: &<F::Aggregate as Aggregate>::Event, _keys: &Keys) {}

    fn begin(
        event: <F::Aggregate as Aggregate>::Event,
        _recorded: &Recorded,
        (): (),
    ) -> Option<Self> {
        let PlainEvent::Created(data) = event.into() else { return None };
        Some(Self { data, fields: F::default(), properties: None })
    }

    fn change(&mut self, event: <F::Aggregate as Aggregate>::Event, recorded: &Recorded, (): ()) {
        let sealed = Sealed::of(recorded, Part::Secret, event.kind());
        if let PlainEvent::Updated(updated, _) = event.into() {
            self.fields.take_over(&updated.changes);
            self.properties = sealed.or(self.properties.take());
        }
    }

    fn tenant(&self) -> TenantId {
        self.data.tenant
    }

    fn found(row: &Row<Self>) -> Found {
        let (tenant, name) = (row.data.tenant, row.fields.found_as());
        let orders = std::iter::once(Key::from(name)).chain(row.fields.second_order());
        Found {
            texts: smallvec![found_by::<F>(tenant, name).into()],
            groups: smallvec![Group::tenant(tenant)],
            orders: orders.collect(),
            ..Found::default()
        }
    }
}

fn found_by<F: PlainRow>(tenant: TenantId, name: &str) -> String {
    format!("{tenant}/{}", F::name_text(name))
}

impl<F: PlainRow> Table<PlainData<F>> {
    /// One of a tenant.
    pub fn get(&self, tenant: TenantId, id: u32) -> Option<&Arc<Row<PlainData<F>>>> {
        self.row(id).filter(|it| it.data.tenant == tenant)
    }

    /// The one of a tenant with this name.
    pub fn named(&self, tenant: TenantId, name: &str) -> Option<&Arc<Row<PlainData<F>>>> {
        self.with_text(&found_by::<F>(tenant, name)).next()
    }

    /// All of a tenant, by number.
    pub fn all_of(&self, tenant: TenantId) -> impl Iterator<Item = &Arc<Row<PlainData<F>>>> {
        self.group(Group::tenant(tenant))
    }

    /// Those of a tenant; only the one with a name, if one is given.
    pub fn of(tenant: TenantId, name: Option<&str>, paging: Paging) -> Query<PlainData<F>> {
        let query = Query::of(Group::tenant(tenant), paging);
        Query { text: name.map(|it| found_by::<F>(tenant, it)), ..query }
    }

    /// The values of the properties of one, in the order of their keys.
    pub fn property_values(&self, row: &Row<PlainData<F>>) -> Vec<String> {
        let stream = StreamId::new(F::Aggregate::CATEGORY, row.data.id);
        let lifted = |event: <F::Aggregate as Aggregate>::Event| match event.into() {
            PlainEvent::Updated(_, properties) => properties,
            PlainEvent::Created(_) | PlainEvent::Deleted(_) => None,
        };
        let sealed = row.properties.as_ref();
        let read: Option<Properties> = sealed
            .and_then(|it| it.read(&self.keys, &stream, SubjectId::NONE, Part::Secret, lifted));
        read.map(|it| it.values).unwrap_or_default()
    }
}
