//! Who may call the administrative operations (app-token spec section 5.3): no member of a body can
//! carry a credential, so it stands in the header `Authorization`.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use domain::account::AccountId;
use domain::app_user::AppUser;
use domain::user::{User, normalise};
use domain::{Timestamp, UserId};
use projections::Tables;
use warp::http::header::AUTHORIZATION;

use super::accounts::{Account, Accounts, ROOT_PERMISSION, Whose};
use super::answer::{FORBIDDEN, Failed, TOO_MANY, UNAUTHORIZED};
use super::service::Service;
use super::standing::{self, Standing, hash_of};
use crate::access::rights::caller_of_now;
use crate::access::target::Target;
use crate::http::error::ApiError;
use crate::http::needs::Code;
use crate::state::app_token_settings::AdminMode;
use crate::state::attempts::{Attempt, NotChecked};

/// What an administrator's token must be good for to change users who may do more than others.
const CHANGE_USERS: Code = Code("user.put");

/// How old a login may be by which a user of a linked tenant sets its password, in seconds.
const LOGIN_FRESH_SECONDS_MAX: i64 = 600;

/// How far ahead of the clock a login may seem to be, in seconds.
const CLOCKS_APART_SECONDS_MAX: i64 = 60;

/// What a proxy adds to a request: one that bears it came from elsewhere.
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

/// How the names of other such headers begin.
const OF_PROXIES_BEGIN: &str = "x-forwarded-";

/// For whom an administrative operation is run.
#[derive(Debug)]
pub(crate) enum Acting {
    /// For anybody.
    AsAny(By),
    /// For the account itself.
    Account {
        /// Which.
        own: Account,
        /// When it proved its password for this; `None` for a pair that came of a refresh.
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
    /// Whoever calls a service that is open.
    Anybody,
    /// Whoever has the operator's secret.
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
    pub(crate) fn actor(&self) -> String {
        match self {
            Self::AsAny(By::Anybody) => "anybody".to_owned(),
            Self::AsAny(By::Operator) => "operator".to_owned(),
            Self::AsAny(By::Administrator { user, .. }) => AccountId::User(*user).to_string(),
            Self::Account { own, .. } => own.id().to_string(),
        }
    }

    /// Whose apps and users it acts for when it says this name.
    pub(crate) fn whose<'a>(&self, accounts: Accounts<'_>, name: &'a str) -> Whose<'a> {
        match self {
            Self::AsAny(_) => Whose { account: accounts.id_of(name), name: Some(name) },
            Self::Account { own, .. } => Whose { account: own.id(), name: None },
        }
    }

    /// Whether it may know of an account: of any, its own, or those that it made.
    pub(crate) fn may_see(&self, account: &Account, accounts: Accounts<'_>) -> bool {
        match self {
            Self::AsAny(_) => true,
            Self::Account { own, .. } => {
                let made = || accounts.made(account, self.whose(accounts, ""));
                own.id() == account.id() || own.is_root(accounts.tables) && made()
            }
        }
    }

    /// An account that it may see, to be changed.
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

    /// Whether it proved its password just now, if it is a user: whoever has only a token that lives
    /// for days must not make a lasting password of it.
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

    /// Whether it may take over an account that it may see: whoever sets a password can sign in, and
    /// whoever deletes a user frees its name. So users who may do more than others are left to
    /// administrators whose token of Chancery is good for changing users.
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
    let header = service.call().headers.get(AUTHORIZATION).and_then(|it| it.to_str().ok());
    let token = header
        .and_then(|it| it.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    token.map(|(_, token)| token.trim()).ok_or(UNAUTHORIZED)
}

fn anybody(service: &Service) -> Result<Acting, Failed> {
    // Nobody opens the users of the whole program.
    if service.ask(|it| Accounts::of(it, service.tenant()).linked) {
        return Err(FORBIDDEN);
    }
    // A page that somebody looks at on this machine reaches a loopback address, too.
    let headers = &service.call().headers;
    if headers.contains_key("origin") || headers.contains_key("sec-fetch-site") {
        return Err(FORBIDDEN);
    }
    // So does everybody, if a proxy stands in front.
    let of_proxy = |name: &str| OF_PROXIES.contains(&name) || name.starts_with(OF_PROXIES_BEGIN);
    if headers.keys().any(|it| of_proxy(it.as_str())) {
        return Err(FORBIDDEN);
    }
    Ok(Acting::AsAny(By::Anybody))
}

fn operator(service: &Service, token: &str) -> Result<Acting, Failed> {
    let secret = service.settings().admin_token.as_deref().filter(|it| !it.is_empty());
    // Where there is none, there is nothing to guess; and nothing sent is no guess.
    let secret = secret.filter(|_| !token.is_empty()).ok_or(UNAUTHORIZED)?;
    let app = service.app();
    let attempt = Attempt::operator(service.call().peer);
    let look = || is_same(secret, token);
    match app.attempts.check_now(&attempt, app.clock.monotonic(), look) {
        Ok(true) => Ok(Acting::AsAny(By::Operator)),
        Ok(false) => Err(UNAUTHORIZED),
        Err(NotChecked::Wait(seconds)) => Err(TOO_MANY.retry_after(seconds)),
        Err(err) => Err(ApiError::from(err).into()),
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
        false => Err(FORBIDDEN),
    }
}

/// By its own login.
fn account(service: &Service, token: &str, name: &str) -> Result<Acting, Failed> {
    let now = service.app().clock.now();
    let (own, user_name, logged_in_at) = service.ask(|tables| {
        let pair = tables.app_tokens.with_access(&hash_of(token)).ok_or(UNAUTHORIZED)?;
        let standing = standing::of(tables, service.tenant(), pair, now);
        let Standing { app, account } = standing.map_err(|_| UNAUTHORIZED)?;
        // Only a login makes tokens of the default app: what an app asked for proves the app.
        let account = account.filter(|_| app.data.is_default).ok_or(FORBIDDEN)?;
        if pair.data.access_expires_at <= now {
            return Err(UNAUTHORIZED);
        }
        let user_name = account.user_name(tables).ok_or(UNAUTHORIZED)?;
        let logged_in_at = pair.is_first_of_family().then_some(pair.data.issued_at);
        Ok((account, user_name, logged_in_at))
    })?;
    // Where a request names nobody, whoever calls is meant.
    match name.is_empty() || normalise(&user_name) == normalise(name) {
        true => Ok(Acting::Account { own, logged_in_at }),
        false => Err(FORBIDDEN),
    }
}

/// Of hashes, so that neither time nor length tells anything.
fn is_same(stored: &str, sent: &str) -> bool {
    let hash = |it: &str| digest(&SHA256, it.as_bytes());
    verify_slices_are_equal(hash(stored).as_ref(), hash(sent).as_ref()).is_ok()
}
