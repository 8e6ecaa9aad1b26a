//! The rules for what a client says of itself (spec sections 2.7 and 6.7).

use super::fields::{ClientLifetimes, ClientRegistered, ClientSecrets};
use crate::check;
use crate::refusal::Refusal;
use crate::scope::check_scope;
use crate::uri::{self, Redirects};

/// The most items in one child list of a client.
pub const CLIENT_CHILDREN_MAX: usize = 200;

/// The longest description of a secret, in characters.
pub(super) const SECRET_DESCRIPTION_CHARS_MAX: usize = 2000;

/// Where codes of a client may be sent: one without a secret, or with the property
/// `application_type=native`, may be an application.
pub fn redirects_of(data: &ClientRegistered, secrets: &ClientSecrets) -> Redirects {
    let mut properties = data.property_keys.iter().zip(&secrets.property_values);
    let is_native = properties.any(|(key, value)| key == "application_type" && value == "native");
    match is_native || !data.require_client_secret {
        true => Redirects::Native,
        false => Redirects::Web,
    }
}

/// All rules for what a client says of itself. URIs of `old`, what it was before, may stay: some are
/// older than their rule.
pub(super) fn check_client(
    data: &ClientRegistered,
    secrets: &ClientSecrets,
    old: Option<&ClientRegistered>,
) -> Result<(), Refusal> {
    check_names(data)?;
    check_lifetimes(&data.lifetimes)?;
    check_children(data, secrets)?;
    check_uris(data, redirects_of(data, secrets), old)?;
    check_grants(&data.allowed_grant_types)
}

fn check_names(data: &ClientRegistered) -> Result<(), Refusal> {
    check::required_text("clientId", &data.client_id.0, 200)?;
    // RFC 6749 appendix A.1 allows spaces; a client id with one cannot be told from two.
    if !data.client_id.0.bytes().all(|it| it.is_ascii_graphic()) {
        return Err(Refusal::invalid("clientId", "must be visible ASCII without spaces"));
    }
    // RFC 9068 section 5: the `sub` of a client's own token must not be that of a user.
    if data.client_id.0.bytes().all(|it| it.is_ascii_digit()) {
        return Err(Refusal::invalid("clientId", "must not be a number: users have those"));
    }
    check::required("protocolType", &data.protocol_type, 200)?;
    check::optional("clientName", data.name.as_deref(), 200)?;
    check::seen("clientName", data.name.as_deref().unwrap_or_default())?;
    check::optional_text("description", data.description.as_deref(), 1000)?;
    check::optional(
        "allowedIdentityTokenSigningAlgorithms",
        data.allowed_identity_token_signing_algorithms.as_deref(),
        100,
    )?;
    check::optional("clientClaimsPrefix", data.client_claims_prefix.as_deref(), 200)?;
    check::seen("clientClaimsPrefix", data.client_claims_prefix.as_deref().unwrap_or_default())?;
    check::optional("userCodeType", data.user_code_type.as_deref(), 100)
}

fn check_lifetimes(it: &ClientLifetimes) -> Result<(), Refusal> {
    let seconds = [
        ("identityTokenLifetime", it.identity_token, 86_400),
        ("accessTokenLifetime", it.access_token, crate::token::TOKEN_SECONDS_MAX as i32),
        ("authorizationCodeLifetime", it.authorization_code, 86_400),
        ("absoluteRefreshTokenLifetime", it.absolute_refresh_token, i32::MAX),
        ("slidingRefreshTokenLifetime", it.sliding_refresh_token, i32::MAX),
        ("deviceCodeLifetime", it.device_code, 86_400),
    ];
    for (field, value, seconds_max) in seconds {
        if !(1..=seconds_max).contains(&value) {
            return Err(Refusal::invalid(field, format!("must be 1 to {seconds_max} seconds")));
        }
    }
    let choices = [
        ("refreshTokenUsage", it.refresh_token_usage),
        ("refreshTokenExpiration", it.refresh_token_expiration),
        ("accessTokenType", it.access_token_type),
    ];
    for (field, value) in choices {
        if !(0..=1).contains(&value) {
            return Err(Refusal::invalid(field, "must be 0 or 1"));
        }
    }
    Ok(())
}

fn check_children(data: &ClientRegistered, secrets: &ClientSecrets) -> Result<(), Refusal> {
    let lists: [(&'static str, &[String], usize); 6] = [
        ("allowedGrantTypes", &data.allowed_grant_types, 250),
        ("redirectUris", &data.redirect_uris, 2000),
        ("postLogoutRedirectUris", &data.post_logout_redirect_uris, 2000),
        ("allowedScopes", &data.allowed_scopes, 200),
        ("identityProviderRestrictions", &data.identity_provider_restrictions, 200),
        ("allowedCorsOrigins", &data.allowed_cors_origins, 150),
    ];
    for (field, items, chars_max) in lists {
        check::list(field, items, CLIENT_CHILDREN_MAX)?;
        for item in items {
            check::required(field, item, chars_max)?;
        }
    }
    check::list("claims", &data.claims, CLIENT_CHILDREN_MAX)?;
    for (claim_type, value) in &data.claims {
        check::name("claims", claim_type, 250)?;
        check::at_most("claims", value, 250)?;
    }
    check_sealed(data, secrets)?;
    data.allowed_scopes.iter().try_for_each(|it| check_scope("allowedScopes", it))?;
    Ok(())
}

/// What stands in the secret part, and what is known of it in clear.
fn check_sealed(data: &ClientRegistered, secrets: &ClientSecrets) -> Result<(), Refusal> {
    let salt = secrets.pair_wise_subject_salt.as_deref();
    check::optional("pairWiseSubjectSalt", salt, 200)?;
    check::list("properties", &data.property_keys, CLIENT_CHILDREN_MAX)?;
    if data.property_keys.len() != secrets.property_values.len() {
        return Err(Refusal::invalid("properties", "every key needs a value"));
    }
    for (key, value) in data.property_keys.iter().zip(&secrets.property_values) {
        check::required("properties", key, 250)?;
        check::at_most("properties", value, 2000)?;
    }
    check::list("clientSecrets", &data.secrets, CLIENT_CHILDREN_MAX)?;
    if data.secrets.len() != secrets.values.len() {
        return Err(Refusal::invalid("clientSecrets", "every secret needs a value"));
    }
    for (secret, value) in data.secrets.iter().zip(&secrets.values) {
        check::required_text("clientSecrets.value", value, 4000)?;
        check::required("clientSecrets.type", &secret.secret_type, 250)?;
        let description = secret.description.as_deref();
        check::optional_text(
            "clientSecrets.description",
            description,
            SECRET_DESCRIPTION_CHARS_MAX,
        )?;
    }
    Ok(())
}

/// Codes and people are sent there, or see them.
fn check_uris(
    data: &ClientRegistered,
    redirects: Redirects,
    old: Option<&ClientRegistered>,
) -> Result<(), Refusal> {
    type Shown = (&'static str, fn(&ClientRegistered) -> &Option<String>);
    let shown: [Shown; 4] = [
        ("clientUri", |it| &it.client_uri),
        ("logoUri", |it| &it.logo_uri),
        ("frontChannelLogoutUri", |it| &it.front_channel_logout_uri),
        ("backChannelLogoutUri", |it| &it.back_channel_logout_uri),
    ];
    for (field, of) in shown {
        if old.is_none_or(|old| of(old) != of(data)) {
            check::optional_web(field, of(data).as_deref())?;
        }
    }
    type Rule<'a> = &'a dyn Fn(&str) -> Result<(), &'static str>;
    let redirect: Rule<'_> = &|it| uri::check_redirect(it, redirects);
    let origin: Rule<'_> = &|it| match uri::origin(it)? == it {
        true => Ok(()),
        false => Err("must not have blanks around it"),
    };
    type List<'a> = (&'static str, fn(&ClientRegistered) -> &Vec<String>, Rule<'a>);
    let lists: [List<'_>; 3] = [
        ("redirectUris", |it| &it.redirect_uris, redirect),
        ("postLogoutRedirectUris", |it| &it.post_logout_redirect_uris, redirect),
        ("allowedCorsOrigins", |it| &it.allowed_cors_origins, origin),
    ];
    for (field, of, rule) in lists {
        for item in of(data) {
            if old.is_none_or(|old| !of(old).contains(item)) {
                rule(item).map_err(|why| Refusal::invalid(field, why))?;
            }
        }
    }
    Ok(())
}

/// A client may not combine implicit with authorization_code, nor either with hybrid (spec
/// section 6.7).
fn check_grants(grants: &[String]) -> Result<(), Refusal> {
    let redirecting = ["implicit", "authorization_code", "hybrid"];
    if redirecting.iter().filter(|it| grants.iter().any(|grant| grant == **it)).count() > 1 {
        return Err(Refusal::invalid(
            "allowedGrantTypes",
            "may have only one of implicit, authorization_code and hybrid",
        ));
    }
    Ok(())
}
