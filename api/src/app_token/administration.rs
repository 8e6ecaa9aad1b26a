//! Who may call the administrative operations (app-token spec section 5.3): no member of a body can
//! carry a credential, so it stands in the header `Authorization`.

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use domain::user::normalise;
use projections::AppUserRow;
use warp::http::header::AUTHORIZATION;

use super::Service;
use super::answer::{FORBIDDEN, Failed, UNAUTHORIZED};
use super::settings::AdminMode;
use super::standing::{self, Standing, hash_of};
use crate::access::verify::verify;

/// For whom an administrative operation is run.
#[derive(Debug)]
pub(crate) enum Acting {
    /// Anybody: the operator's secret, an administrator, or a service that is open.
    AsAny {
        /// Who the log says it was.
        actor: String,
        /// Whether whoever calls may be anybody, too.
        open: bool,
    },
    /// The account itself.
    Account {
        /// The account.
        row: Arc<AppUserRow>,
        /// Its name, as it was registered.
        user_name: String,
    },
}

impl Acting {
    /// Who the log says it was.
    pub(crate) fn actor(&self) -> String {
        match self {
            Self::AsAny { actor, .. } => actor.clone(),
            Self::Account { row, .. } => format!("app_user-{}", row.data.app_user),
        }
    }
}

/// Checks the credential of a caller who acts as `name`.
pub(crate) fn authorise(service: &Service, name: &str) -> Result<Acting, Failed> {
    let settings = service.settings();
    if settings.admin_mode == AdminMode::Open {
        // A page that somebody looks at on this machine reaches a loopback address, too.
        let headers = &service.call().headers;
        if headers.contains_key("origin") || headers.contains_key("sec-fetch-site") {
            return Err(FORBIDDEN);
        }
        return Ok(Acting::AsAny { actor: "anybody".to_owned(), open: true });
    }
    let header = service.call().headers.get(AUTHORIZATION).and_then(|it| it.to_str().ok());
    let token = header
        .and_then(|it| it.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let token = token.map(|(_, token)| token.trim()).ok_or(UNAUTHORIZED)?;
    if settings.admin_mode == AdminMode::Token {
        let secret = settings.admin_token.as_deref().filter(|it| !it.is_empty());
        return match secret.is_some_and(|it| is_same(it, token)) {
            true => Ok(Acting::AsAny { actor: "operator".to_owned(), open: false }),
            false => Err(UNAUTHORIZED),
        };
    }
    if token.contains('.') {
        // An administrator's access token.
        let caller = verify(service.call(), &service.open().tenant)?;
        let code = crate::access::scopes::Code("apptoken.admin");
        let may = caller.is_administrator()
            && caller.scopes.iter().any(|it| code.is_covered_by(it))
            && caller.permissions().any(|it| code.is_covered_by(&it));
        return match may {
            true => Ok(Acting::AsAny { actor: caller.actor(), open: false }),
            false => Err(FORBIDDEN),
        };
    }
    let (row, user_name) = service.ask(|tables| {
        let pair = tables.app_tokens.with_access(&hash_of(token)).ok_or(UNAUTHORIZED)?;
        let standing = standing::of(tables, service.tenant(), pair, service.call().now);
        let Standing { app, user } = standing.map_err(|_| UNAUTHORIZED)?;
        // Only a login makes tokens of the default app: what an app asked for proves the app.
        let user = user.filter(|_| app.data.is_default).ok_or(FORBIDDEN)?;
        if pair.data.access_expires_at <= service.call().now {
            return Err(UNAUTHORIZED);
        }
        let personal = tables.app_users.personal(&user).ok_or(UNAUTHORIZED)?;
        Ok((user, personal.user_name))
    })?;
    // Where a request names nobody, whoever calls is meant.
    match name.is_empty() || normalise(&user_name) == normalise(name) {
        true => Ok(Acting::Account { row, user_name }),
        false => Err(FORBIDDEN),
    }
}

/// Of hashes, so that neither time nor length tells anything.
fn is_same(stored: &str, sent: &str) -> bool {
    let hash = |it: &str| digest(&SHA256, it.as_bytes());
    verify_slices_are_equal(hash(stored).as_ref(), hash(sent).as_ref()).is_ok()
}
