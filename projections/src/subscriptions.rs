//! Answers: which subscriptions has a user, a product, a tenant, and what does this key open?

use std::sync::Arc;

use domain::api_key::{HeldKey, KeyLife};
use domain::subscription::{
    Subscription, SubscriptionEvent, SubscriptionRequested, SubscriptionState, WhichKey,
    state_after,
};
use domain::{Recorded, TenantId, UserId};
use smallvec::smallvec;

use crate::found::{Found, Group, Key};
use crate::held_keys::{found_by, place_of};
use crate::page::Paging;
use crate::row::{Row, RowData};
use crate::sealed::Keys;
use crate::search::{Order, Query};
use crate::table::Table;

/// The kind of the group of a product.
const OF_PRODUCT: u8 = 1;

/// A subscription.
pub type SubscriptionRow = Row<SubscriptionData>;

/// The subscriptions, by number.
pub type Subscriptions = Table<SubscriptionData>;

/// What the read models know of a subscription.
#[derive(Debug, Clone, PartialEq)]
pub struct SubscriptionData {
    /// What was asked for.
    pub data: SubscriptionRequested,
    /// How far it is.
    pub state: SubscriptionState,
    /// Why it is there, if anybody said.
    pub reason: Option<String>,
    /// Its keys, once it was approved: the primary one first.
    pub keys: Option<Box<[HeldKey; 2]>>,
}

/// A key that was found.
#[derive(Debug)]
pub struct SubscriptionKey<'a> {
    /// Whose it is, in whatever state that is.
    pub row: &'a Arc<SubscriptionRow>,
    /// Which of its keys, or what was this key before.
    pub which: WhichKey,
    /// How long it counts.
    pub life: KeyLife,
}

impl SubscriptionData {
    /// By `name`.
    pub const BY_NAME: Order<Self> = Order::Indexed(0);

    /// One of its keys, once it was approved.
    pub fn key(&self, which: WhichKey) -> Option<&HeldKey> {
        let [primary, secondary] = &**self.keys.as_ref()?;
        Some(match which {
            WhichKey::Primary => primary,
            WhichKey::Secondary => secondary,
        })
    }
}

impl RowData for SubscriptionData {
    type Aggregate = Subscription;
    type Hashes = ();

    fn hashes(_event: &SubscriptionEvent, _keys: &Keys) {}

    fn begin(event: SubscriptionEvent, _recorded: &Recorded, (): ()) -> Option<Self> {
        let SubscriptionEvent::Requested(fact) = event else { return None };
        let state = SubscriptionState::Submitted;
        Some(Self { data: fact.data, state, reason: None, keys: None })
    }

    fn change(&mut self, event: SubscriptionEvent, _recorded: &Recorded, (): ()) {
        if let Some(state) = state_after(&event) {
            self.state = state;
            self.reason = None;
        }
        match event {
            SubscriptionEvent::Requested(_) | SubscriptionEvent::Cancelled(_) => (),
            SubscriptionEvent::Activated(fact) => {
                let keys = [fact.data.primary, fact.data.secondary].map(HeldKey::new);
                self.keys = Some(Box::new(keys));
            }
            SubscriptionEvent::Rejected(fact)
            | SubscriptionEvent::Suspended(fact)
            | SubscriptionEvent::Resumed(fact) => self.reason = fact.data.reason,
            SubscriptionEvent::KeyReplaced(fact) => {
                let Some(keys) = &mut self.keys else { return };
                let [primary, secondary] = &mut **keys;
                let held = match fact.data.which {
                    WhichKey::Primary => primary,
                    WhichKey::Secondary => secondary,
                };
                held.replace(fact.data.key, fact.data.old_until);
            }
        }
    }

    fn tenant(&self) -> TenantId {
        self.data.tenant
    }

    fn found(row: &Row<Self>) -> Found {
        let SubscriptionRequested { tenant, owner, product, ref name, .. } = row.data;
        Found {
            hashes: found_by(row.keys.iter().flat_map(|it| it.iter())),
            groups: smallvec![
                Group::tenant(tenant),
                Group::owner(tenant, owner),
                Group::number(OF_PRODUCT, product),
            ],
            orders: smallvec![Key::from(name.as_str())],
            ..Found::default()
        }
    }
}

impl Table<SubscriptionData> {
    /// A subscription of a tenant.
    pub fn get(&self, tenant: TenantId, subscription: u32) -> Option<&Arc<SubscriptionRow>> {
        self.row(subscription).filter(|it| it.data.tenant == tenant)
    }

    /// The subscriptions of a user of a tenant, by number.
    pub fn owned_by(
        &self,
        tenant: TenantId,
        owner: UserId,
    ) -> impl Iterator<Item = &Arc<SubscriptionRow>> {
        self.group(Group::owner(tenant, owner))
    }

    /// The subscriptions to a product, by number.
    pub fn of_product(&self, product: u32) -> impl Iterator<Item = &Arc<SubscriptionRow>> {
        self.group(Group::number(OF_PRODUCT, product))
    }

    /// How many a tenant has, and how many of them one of its users.
    pub fn counts(&self, tenant: TenantId, owner: UserId) -> (usize, usize) {
        let [all, own] = [Group::tenant(tenant), Group::owner(tenant, owner)];
        (self.group_count(all), self.group_count(own))
    }

    /// The subscriptions of a tenant, or of one of its users.
    pub fn of(tenant: TenantId, owner: Option<UserId>, paging: Paging) -> Query<SubscriptionData> {
        let group = owner.map_or(Group::tenant(tenant), |it| Group::owner(tenant, it));
        Query::of(group, paging)
    }

    /// The subscription of which this is the hash of a key. Whether that key counts now, and the
    /// subscription is active, whoever asks sees to.
    pub fn by_key(&self, hash: &[u8; 16]) -> Option<SubscriptionKey<'_>> {
        self.with_hash(place_of(hash)).find_map(|row| {
            [WhichKey::Primary, WhichKey::Secondary].into_iter().find_map(|which| {
                let life = row.key(which)?.life_of(hash)?;
                Some(SubscriptionKey { row, which, life })
            })
        })
    }
}
