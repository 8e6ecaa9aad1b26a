//! Who may call the administrative operations (app-token spec section 5.3). No member of their
//! bodies can hold a credential, so it is sent in the header `Authorization`.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use domain::account::AccountId;
use domain::app_user::AppUser;
use domain::security::Rule;
use domain::user::{User, normalise};
use domain::{Actor, Timestamp, UserId};
use projections::Tables;

use super::accounts::{Account, Accounts, NamedOwner, ROOT_PERMISSION};
use super::answer::{FORBIDDEN, Failed, UNAUTHORIZED, not_checked};
use super::service::Service;
use super::standing::{self, Standing, hash_of};
use crate::access::rights::caller_of_now;
use crate::access::target::Target;
use crate::http::needs::Code;
use crate::state::app_token_settings::AdminMode;
use crate::state::attempts::Attempt;

/// The permission that an administrator's token must have to change users with more rights than
/// others.
const CHANGE_USERS: Code = Code("user.put");

/// How old a login may be for a user of a linked tenant to set its own password, in seconds.
const LOGIN_FRESH_SECONDS_MAX: i64 = 600;

/// How far in the future a login may seem to be, in seconds.
const CLOCKS_APART_SECONDS_MAX: i64 = 60;

/// Headers that a proxy adds: a request with one of them came from elsewhere.
const OF_PROXIES: [&str; 9] = [
    "cf-connecting-ip",
    "forwarded",
    "true-client-ip",
    "via",
    "x-client-ip",
    "x-envoy-external-address",
    "x-forwarded",
    "x-original-forwarded-for",
    "x-real-ip",
];

/// The beginning of the names of other such headers.
const OF_PROXIES_BEGIN: &str = "x-forwarded-";

/// On whose behalf an administrative operation runs.
#[derive(Debug)]
pub(crate) enum Acting {
    /// For anybody.
    AsAny(By),
    /// For the account itself.
    Account {
        /// Which.
        own: Account,
        /// When it proved its password for this token; `None` for a pair that was made by
        /// refreshing.
        logged_in_at: Option<Timestamp>,
    },
}

/// An account that may be changed, of either kind.
#[derive(Debug)]
pub(crate) enum AccountTarget {
    AppUser(Target<AppUser>),
    User(Target<User>),
}

/// Who may act for anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// Any caller, in mode `open`.
    Anybody,
    /// A caller with the operator's secret.
    Operator,
    /// An administrator of the tenant.
    Administrator {
        user: UserId,
        /// Whether the token is good for changing any user.
        changes_users: bool,
        /// When the user proved its password for the token.
        logged_in_at: Option<Timestamp>,
    },
}

impl Acting {
    /// Who the log says it was.
    pub(crate) fn actor(&self) -> Actor {
        match self {
            Self::AsAny(By::Anybody) => Actor::Anybody,
            Self::AsAny(By::Operator) => Actor::Operator,
            Self::AsAny(By::Administrator { user, .. }) => Actor::User(*user),
            Self::Account { own, .. } => own.id().into(),
        }
    }

    /// Whose apps and users it acts for if the request contains this name.
    pub(crate) fn named_owner<'a>(&self, accounts: Accounts<'_>, name: &'a str) -> NamedOwner<'a> {
        match self {
            Self::AsAny(_) => NamedOwner { account: accounts.id_of(name), name: Some(name) },
            Self::Account { own, .. } => NamedOwner { account: own.id(), name: None },
        }
    }

    /// Whether it may know that an account exists: any account, or itself and those that it
    /// created.
    pub(crate) fn may_see(&self, account: &Account, accounts: Accounts<'_>) -> bool {
        match self {
            Self::AsAny(_) => true,
            Self::Account { own, .. } => {
                let made = || accounts.made(account, self.named_owner(accounts, ""));
                own.id() == account.id() || own.is_root(accounts.tables) && made()
            }
        }
    }

    /// An account that it may see, as a target of changes.
    pub(crate) fn target(
        &self,
        account: &Account,
        accounts: Accounts<'_>,
    ) -> Option<AccountTarget> {
        let may = || self.may_see(account, accounts);
        match account {
            Account::AppUser(row) => {
                Target::of(&**row, accounts.tenant, |_| may()).map(AccountTarget::AppUser)
            }
            Account::User(row) => {
                Target::of(&**row, accounts.tenant, |_| may()).map(AccountTarget::User)
            }
        }
    }

    /// Whether it proved its password just now, if it is a user: a token that lives for days must
    /// not be enough to set a password.
    pub(crate) fn proved_lately(&self, now: Timestamp) -> bool {
        let logged_in_at = match self {
            Self::AsAny(By::Anybody | By::Operator) => return true,
            Self::Account { own: Account::AppUser(_), .. } => return true,
            Self::AsAny(By::Administrator { logged_in_at, .. }) => logged_in_at,
            Self::Account { own: Account::User(_), logged_in_at } => logged_in_at,
        };
        let from = now.plus_seconds(-LOGIN_FRESH_SECONDS_MAX);
        let to = now.plus_seconds(CLOCKS_APART_SECONDS_MAX);
        logged_in_at.is_some_and(|it| it >= from && it <= to)
    }

    /// Whether it may take over an account that it may see: whoever sets a password can sign in,
    /// and whoever deletes a user frees its name. So users with more rights than others are left to
    /// administrators whose Chancery token is good for changing users.
    pub(crate) fn may_take_over(&self, account: &Account, tables: &Tables) -> bool {
        match (self, account) {
            (_, Account::AppUser(_)) => true,
            (Self::AsAny(By::Administrator { changes_users: true, .. }), _) => true,
            (_, account) => !account.is_privileged(tables),
        }
    }

    /// Whether it is the user itself: nobody deletes themselves.
    pub(crate) fn is_user(&self, account: &Account) -> bool {
        let own = match self {
            Self::AsAny(By::Administrator { user, .. }) => AccountId::User(*user),
            Self::Account { own: own @ Account::User(_), .. } => own.id(),
            Self::AsAny(_) | Self::Account { own: Account::AppUser(_), .. } => return false,
        };
        own == account.id()
    }
}

/// Checks the credential of a caller who acts as `name`.
pub(crate) fn authorise(service: &Service, name: &str) -> Result<Acting, Failed> {
    match service.settings().admin_mode {
        AdminMode::Open => anybody(service),
        AdminMode::Token => operator(service, bearer(service)?),
        AdminMode::User => match bearer(service)? {
            token if token.contains('.') => administrator(service),
            token => account(service, token, name),
        },
    }
}

fn bearer(service: &Service) -> Result<&str, Failed> {
    let header = service.call().authorization().map_err(|_| UNAUTHORIZED)?;
    let token = header
        .and_then(|it| it.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    token.map(|(_, token)| token.trim()).ok_or(UNAUTHORIZED)
}

fn anybody(service: &Service) -> Result<Acting, Failed> {
    // Mode `open` must not apply to the users of the whole program.
    if service.ask(|it| Accounts::of(it, service.tenant()).linked) {
        return Err(FORBIDDEN);
    }
    // A web page in a browser on this machine reaches a loopback address, too.
    let headers = &service.call().headers;
    if headers.contains_key("origin") || headers.contains_key("sec-fetch-site") {
        return Err(FORBIDDEN);
    }
    // If a proxy stands in front, everybody reaches it.
    let of_proxy = |name: &str| OF_PROXIES.contains(&name) || name.starts_with(OF_PROXIES_BEGIN);
    if headers.keys().any(|it| of_proxy(it.as_str())) {
        return Err(FORBIDDEN);
    }
    Ok(Acting::AsAny(By::Anybody))
}

fn operator(service: &Service, token: &str) -> Result<Acting, Failed> {
    let secret = service.settings().admin_token.as_deref().filter(|it| !it.is_empty());
    // If no secret is set, there is nothing to guess; and a request without one is no guess.
    let secret = secret.filter(|_| !token.is_empty()).ok_or(UNAUTHORIZED)?;
    let app = service.app();
    let attempt = Attempt::operator(service.call().peer);
    let look = || is_same(secret, token);
    let (call, tenant) = (service.call(), service.tenant());
    match app.attempts.check_now(&attempt, app.clock.monotonic(), look) {
        Ok(true) => Ok(Acting::AsAny(By::Operator)),
        Ok(false) => {
            call.refused(Rule::WrongOperatorToken, tenant, Some(Actor::Operator));
            Err(UNAUTHORIZED)
        }
        Err(why) => {
            call.refused_unchecked(&why, tenant, Some(Actor::Operator));
            Err(not_checked(why))
        }
    }
}

/// By an access token of Chancery.
fn administrator(service: &Service) -> Result<Acting, Failed> {
    let now = service.app().clock.now();
    let caller = caller_of_now(service.call(), &service.open().tenant, now)?;
    service.acts_through(&caller.claims.client_id);
    match caller.is_administrator() && caller.may(ROOT_PERMISSION) {
        true => {
            let (user, changes_users) = (caller.user, caller.may(CHANGE_USERS));
            let logged_in_at = caller.claims.auth_time.map(Timestamp::from_seconds);
            Ok(Acting::AsAny(By::Administrator { user, changes_users, logged_in_at }))
        }
        false => {
            service.call().noticed(Rule::MissingRight, service.tenant(), caller.actor(), 1);
            Err(FORBIDDEN)
        }
    }
}

/// By its own login.
fn account(service: &Service, token: &str, name: &str) -> Result<Acting, Failed> {
    let now = service.app().clock.now();
    let (own, user_name, logged_in_at) = service.ask(|tables| {
        let pair = tables.app_tokens.with_access(&hash_of(token)).ok_or(UNAUTHORIZED)?;
        let standing = standing::check(tables, service.tenant(), pair, now);
        let standing = standing.inspect_err(|_| standing::ended_pair_used(service, pair));
        let Standing { app, account } = standing.map_err(|_| UNAUTHORIZED)?;
        // Only a login makes tokens of the default app: a token that an app asked for proves only
        // the app.
        let account = account.filter(|_| app.data.is_default).ok_or(FORBIDDEN)?;
        if pair.data.access_expires_at <= now {
            return Err(UNAUTHORIZED);
        }
        let user_name = account.user_name(tables).ok_or(UNAUTHORIZED)?;
        let logged_in_at = pair.is_first_of_family().then_some(pair.data.issued_at);
        Ok((account, user_name, logged_in_at))
    })?;
    // If a request names nobody, the caller is meant.
    match name.is_empty() || normalise(&user_name) == normalise(name) {
        true => Ok(Acting::Account { own, logged_in_at }),
        false => {
            service.call().noticed(Rule::MissingRight, service.tenant(), own.id().into(), 1);
            Err(FORBIDDEN)
        }
    }
}

/// Compares hashes, so that neither time nor length reveals anything.
fn is_same(stored: &str, sent: &str) -> bool {
    let hash = |it: &str| digest(&SHA256, it.as_bytes());
    verify_slices_are_equal(hash(stored).as_ref(), hash(sent).as_ref()).is_ok()
}
