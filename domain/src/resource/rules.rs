//! The rules for what an API resource says of itself (spec section 2.7).

use super::facts::{ResourceCreated, ResourceSecrets};
use crate::check;
use crate::refusal::Refusal;
use crate::scope::{check_not_reserved, check_scope};

/// The most items in one child list of a resource.
pub const RESOURCE_CHILDREN_MAX: usize = 500;

/// The most users who may answer for one API resource.
pub const OWNERS_MAX: usize = 50;

/// All rules for what a resource says of itself.
pub(super) fn check_resource(
    data: &ResourceCreated,
    secrets: &ResourceSecrets,
) -> Result<(), Refusal> {
    check::required_text("name", &data.name, 200)?;
    // It is an audience: two that look alike must not be two.
    if !data.name.bytes().all(|it| it.is_ascii_graphic()) {
        return Err(Refusal::invalid("name", "must be visible ASCII without spaces"));
    }
    check::optional("displayName", data.display_name.as_deref(), 200)?;
    check::optional_text("description", data.description.as_deref(), 1000)?;
    check::optional(
        "allowedAccessTokenSigningAlgorithms",
        data.allowed_access_token_signing_algorithms.as_deref(),
        100,
    )?;
    for (field, items) in [("scopes.scope", &data.scopes), ("userClaims.type", &data.user_claims)] {
        check::list(field, items, RESOURCE_CHILDREN_MAX)?;
        for item in items {
            // Scopes have a rule of their own.
            match field {
                "userClaims.type" => check::name(field, item, 200)?,
                _ => check::required_text(field, item, 200)?,
            }
        }
    }
    for scope in &data.scopes {
        check_scope("scopes.scope", scope)?;
        check_not_reserved("scopes.scope", scope)?;
    }
    if data.name.eq_ignore_ascii_case("oauthapp") {
        return Err(Refusal::invalid("name", "must not be oauthapp: this audience is built in"));
    }
    check::list("properties", &data.property_keys, RESOURCE_CHILDREN_MAX)?;
    if data.property_keys.len() != secrets.property_values.len() {
        return Err(Refusal::invalid("properties", "every key needs a value"));
    }
    for (key, value) in data.property_keys.iter().zip(&secrets.property_values) {
        check::required("properties.key", key, 250)?;
        check::at_most("properties.value", value, 2000)?;
    }
    check::list("secrets", &data.secrets, RESOURCE_CHILDREN_MAX)?;
    if data.secrets.len() != secrets.values.len() {
        return Err(Refusal::invalid("secrets", "every secret needs a value"));
    }
    for (secret, value) in data.secrets.iter().zip(&secrets.values) {
        check::required_text("secrets.value", value, 4000)?;
        check::required("secrets.type", &secret.secret_type, 250)?;
        check::optional_text("secrets.description", secret.description.as_deref(), 1000)?;
    }
    Ok(())
}
