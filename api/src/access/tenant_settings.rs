//! What a tenant sets by its properties.

use commands::password_policy::PasswordPolicy;
use domain::tenant::settings::NumberSetting;
use projections::{Tables, TenantRow};

use crate::state::app::App;

/// What a tenant sets, or what counts without it.
pub(crate) fn setting(tables: &Tables, tenant: &TenantRow, setting: NumberSetting) -> u32 {
    let value = tables.tenants.property(tenant, setting.key);
    value.and_then(|it| setting.read(&it)).unwrap_or(setting.default)
}

/// What a tenant wants of passwords.
pub(crate) fn policy_of(app: &App, tenant: &TenantRow) -> PasswordPolicy {
    let tables = app.views.read();
    PasswordPolicy::of(|it| setting(&tables, tenant, it))
}
