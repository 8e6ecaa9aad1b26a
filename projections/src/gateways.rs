//! Answers: which gateways has a tenant, whose key is this, and what does each serve?

use std::sync::Arc;

use domain::api_key::HeldKey;
use domain::gateway::{Gateway, GatewayApplied, GatewayEvent, GatewayRefused, GatewayRegistered};
use domain::{Recorded, TenantId};
use smallvec::smallvec;

use crate::found::{Found, Group};
use crate::held_keys::{found_by, place_of};
use crate::row::{Row, RowData};
use crate::sealed::Keys;
use crate::table::Table;

/// A gateway.
pub type GatewayRow = Row<GatewayData>;

/// The gateways, by number.
pub type Gateways = Table<GatewayData>;

/// What the read models know of a gateway.
#[derive(Debug, Clone, PartialEq)]
pub struct GatewayData {
    /// What was registered.
    pub data: GatewayRegistered,
    /// What it proves itself with now.
    pub key: HeldKey,
    /// What it serves, as it said last.
    pub applied: Option<GatewayApplied>,
    /// What it could not serve since.
    pub refused: Option<GatewayRefused>,
}

impl RowData for GatewayData {
    type Aggregate = Gateway;
    type Hashes = ();

    fn hashes(_event: &GatewayEvent, _keys: &Keys) {}

    fn begin(event: GatewayEvent, _recorded: &Recorded, (): ()) -> Option<Self> {
        let GatewayEvent::Registered(fact) = event else { return None };
        let key = HeldKey::new(fact.data.key.clone());
        Some(Self { data: fact.data, key, applied: None, refused: None })
    }

    fn change(&mut self, event: GatewayEvent, _recorded: &Recorded, (): ()) {
        match event {
            GatewayEvent::Registered(_) | GatewayEvent::Retired(_) => (),
            GatewayEvent::KeyReplaced(fact) => {
                self.key.replace(fact.data.key, fact.data.old_until);
            }
            GatewayEvent::Applied(fact) => {
                self.applied = Some(fact.data);
                self.refused = None;
            }
            GatewayEvent::Refused(fact) => self.refused = Some(fact.data),
        }
    }

    fn tenant(&self) -> TenantId {
        self.data.tenant
    }

    fn found(row: &Row<Self>) -> Found {
        Found {
            hashes: found_by([&row.key]),
            groups: smallvec![Group::tenant(row.data.tenant)],
            ..Found::default()
        }
    }
}

impl Table<GatewayData> {
    /// A gateway of a tenant.
    pub fn get(&self, tenant: TenantId, gateway: u32) -> Option<&Arc<GatewayRow>> {
        self.row(gateway).filter(|it| it.data.tenant == tenant)
    }

    /// The gateways of a tenant, by number.
    pub fn all_of(&self, tenant: TenantId) -> impl Iterator<Item = &Arc<GatewayRow>> {
        self.group(Group::tenant(tenant))
    }

    /// The gateway of which this is the hash of a key, whether or not that still counts.
    pub fn by_key(&self, hash: &[u8; 16]) -> Option<&Arc<GatewayRow>> {
        self.with_hash(place_of(hash)).find(|it| it.key.life_of(hash).is_some())
    }
}
