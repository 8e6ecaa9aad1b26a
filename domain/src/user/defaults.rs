//! What a user is where nobody says otherwise.

use super::events::UserRegistered;
use crate::ids::{TenantId, UserId};
use crate::role::ROLE_USER_NUMBER;

impl UserRegistered {
    /// A user of whom nothing is known but the number, the tenant and who brought it in.
    #[must_use]
    pub fn with_defaults(user: UserId, tenant: TenantId, parent: UserId) -> Self {
        let lineage = match user == parent {
            true => format!("/{user}/"),
            false => format!("/{parent}/{user}/"),
        };
        Self {
            user,
            tenant,
            user_key: [0; 16],
            parent,
            lineage,
            roles: vec![ROLE_USER_NUMBER],
            permissions: Vec::new(),
            email_confirmed: false,
            phone_confirmed: false,
            lock_flag: false,
            two_factor_enabled: false,
            lockout_enabled: false,
            lockout_end: None,
            access_failed_count: 0,
            status: 0,
            type_ids: None,
            pool_ids: None,
            data_amount: 0,
            points: 0,
            money: 0,
        }
    }
}
