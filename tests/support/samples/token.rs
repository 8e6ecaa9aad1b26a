//! Samples of tokens.

use domain::token::{Grant, TokenIssued};
use domain::{ClientName, TenantId, UserId};

use super::{at, list, text};

/// A token that every rule accepts: it lives an hour.
pub fn token_issued() -> TokenIssued {
    TokenIssued {
        tenant: TenantId(12),
        client_id: ClientName("shop".to_owned()),
        user: UserId(51),
        parent: None,
        counts_from: 17,
        grant_type: Grant::ClientCredentials.name().to_owned(),
        grant: [0x6b; 16],
        scope: list(&["orders.read", "orders.write"]),
        audience: list(&["Orders", "oauthapp"]),
        actors: list(&["client-a", "client-b"]),
        format: 1,
        jkt: Some(text("jkt")),
        kid: "sample-kid".to_owned(),
        id_token_kid: Some(text("id-token-kid")),
        issued_at: at(71),
        expires_at: at(71).plus_seconds(3_600),
    }
}

/// As the program issues them today: without what later grants bring.
pub(super) fn token_sparse() -> TokenIssued {
    TokenIssued {
        counts_from: 0,
        grant: [0; 16],
        actors: Vec::new(),
        format: 0,
        jkt: None,
        id_token_kid: None,
        ..token_issued()
    }
}
