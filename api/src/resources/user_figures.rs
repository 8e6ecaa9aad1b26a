//! The figures of a distributor that a list of users shows. Only the number of members changes here.

use projections::Tables;
use schemars::JsonSchema;
use serde::Serialize;

use crate::http::time::WireTime;

// Spec section 2.8.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Figures {
    /// How many users this one has brought in.
    pub(super) members: i64,
    members_last_update: WireTime,
    sales: f64,
    sales_last_update: WireTime,
    earned: f64,
    earned_diff: f64,
    earned_diff_last_update: WireTime,
    commission: f64,
    commission_last_update: WireTime,
    commission_lv1: f64,
    commission_lv1_last_update: WireTime,
    commission_lv2: f64,
    commission_lv2_last_update: WireTime,
    commission_lv3: f64,
    commission_lv3_last_update: WireTime,
}

impl Figures {
    /// Of somebody who has brought in so many.
    pub(super) fn with_members(members: i64) -> Self {
        let never = WireTime::never();
        Self {
            members,
            members_last_update: never,
            sales: 0.0,
            sales_last_update: never,
            earned: 0.0,
            earned_diff: 0.0,
            earned_diff_last_update: never,
            commission: 0.0,
            commission_last_update: never,
            commission_lv1: 0.0,
            commission_lv1_last_update: never,
            commission_lv2: 0.0,
            commission_lv2_last_update: never,
            commission_lv3: 0.0,
            commission_lv3_last_update: never,
        }
    }
}

/// How many users somebody has brought in.
pub(super) fn members_of(tables: &Tables, user: domain::UserId) -> i64 {
    i64::try_from(tables.users.brought_in_count(user)).unwrap_or(i64::MAX)
}
