//! The names of scopes: how they may look, which are kept for the program, and the claim that lets
//! only one holder have each.

use crate::aggregate::{Claim, Decision};
use crate::check;
use crate::ids::TenantId;
use crate::kind::ClaimKind;
use crate::refusal::Refusal;

/// The kind of claim that makes a scope unique in its tenant.
pub const SCOPE_CLAIM: ClaimKind = ClaimKind { name: "scope", english: "scope" };

/// The longest scope, in characters (spec section 2.7).
pub const SCOPE_CHARS_MAX: usize = 200;

/// The scope, and the permission, that includes every built-in one.
pub const EVERYTHING: &str = "oauthapp.all";

/// Scopes with these prefixes are built in (spec section 1.1).
const RESERVED_PREFIXES: [&str; 2] = ["oauthapp.", "isms."];

/// Scopes whose meaning OpenID Connect Core 1.0 fixes (sections 3.1.2.1 and 11).
const RESERVED: [&str; 2] = ["openid", "offline_access"];

/// The characters of RFC 6749 section 3.3, and the length.
///
/// # Errors
/// A refusal that names `field`.
pub fn check_scope(field: &'static str, scope: &str) -> Result<(), Refusal> {
    check::required_text(field, scope, SCOPE_CHARS_MAX)?;
    if scope.bytes().all(|it| it.is_ascii_graphic() && it != b'"' && it != b'\\') {
        return Ok(());
    }
    Err(Refusal::invalid(field, "must be visible ASCII without \" or \\"))
}

/// A scope that somebody wants to declare must not look like one of the program's own, in any
/// letter case.
///
/// # Errors
/// A refusal that names `field`.
pub fn check_not_reserved(field: &'static str, scope: &str) -> Result<(), Refusal> {
    let scope = normalise_scope(scope);
    if RESERVED_PREFIXES.iter().any(|it| scope.starts_with(it)) {
        let why = "must not begin with oauthapp. or isms.: these scopes are built in";
        return Err(Refusal::invalid(field, why));
    }
    if RESERVED.contains(&scope.as_str()) {
        let why = "must not be openid or offline_access: OpenID Connect says what these mean";
        return Err(Refusal::invalid(field, why));
    }
    Ok(())
}

/// As scopes are compared where only one holder may have each: without letter case.
pub fn normalise_scope(scope: &str) -> String {
    scope.to_ascii_lowercase()
}

/// Claims the scopes that are new and releases those that are gone. Two spellings of one scope are
/// one claim.
pub(crate) fn change_scopes<E>(
    mut decision: Decision<E>,
    tenant: TenantId,
    before: &[String],
    after: &[String],
) -> Decision<E> {
    let missing_in = |these: &[String], others: &[String]| {
        let others = others.iter().map(|it| normalise_scope(it)).collect::<Vec<_>>();
        let mut missing = these.iter().map(|it| normalise_scope(it)).collect::<Vec<_>>();
        missing.sort_unstable();
        missing.dedup();
        missing.retain(|it| !others.contains(it));
        let claims = missing.into_iter();
        claims
            .map(|value| Claim { scope: tenant, kind: SCOPE_CLAIM.name, value })
            .collect::<Vec<_>>()
    };
    decision.claims.extend(missing_in(after, before));
    decision.releases.extend(missing_in(before, after));
    decision
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_list_claims_what_is_new_and_releases_what_is_gone() {
        let list = |items: &[&str]| items.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        let claim = |value: &str| Claim {
            scope: TenantId(7),
            kind: SCOPE_CLAIM.name,
            value: value.to_owned(),
        };
        let changed = |before: &[&str], after: &[&str]| {
            let decision = Decision::<()>::none();
            let decision = change_scopes(decision, TenantId(7), &list(before), &list(after));
            (decision.claims, decision.releases)
        };
        let first = changed(&[], &["b", "A", "a"]);
        assert_eq!(first, (vec![claim("a"), claim("b")], vec![]), "each once, in any case");
        assert_eq!(changed(&["A", "b"], &["a", "c"]), (vec![claim("c")], vec![claim("b")]));
        assert_eq!(changed(&["a", "A"], &["a"]), (vec![], vec![]), "it is still held");
    }
}
