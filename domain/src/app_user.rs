//! A user of the app-token service: an account with an opaque info, made by a root account.

use serde::{Deserialize, Serialize};

use crate::account::{APP_INFO_CHARS_MAX, APP_NAME_CHARS_MAX, InfoMark, REG_IP_CHARS_MAX};
use crate::aggregate::{Aggregate, Decision};
use crate::check;
use crate::credentials::{PasswordVerifier, claimed};
use crate::event::Fact;
pub use crate::ids::AppUserId;
use crate::ids::{AppId, TenantId, Timestamp, looks_like_app_id};
use crate::kind::{ClaimKind, Ids};
use crate::refusal::Refusal;
use crate::stored_events;

/// The kind of claim that makes a user name unique among the app users of its tenant.
pub const APP_USER_NAME_CLAIM: ClaimKind =
    ClaimKind { name: "app_user_name", english: "app user name" };

/// What an app user may be asked to become.
#[derive(Debug, Clone)]
pub enum AppUserCommand {
    /// Enter a new account.
    Register {
        /// What anybody with a right to the event may read.
        data: Box<AppUserRegistered>,
        /// Who it is.
        personal: Box<AppUserPersonal>,
        /// What proves it: of the upper-case md5 that clients send.
        password: PasswordVerifier,
    },
    /// Replace the password, the info, or both.
    Update {
        /// The new password's verifier.
        password: Option<PasswordVerifier>,
        /// The new info.
        info: Option<String>,
    },
    /// Let the account sign in, or not.
    SetEnabled(bool),
    /// End the account. Its name is free.
    Delete,
    /// End the account and forget the person: the personal parts become unreadable for ever.
    Erase,
}

/// An account entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppUserRegistered {
    /// Its number.
    pub app_user: AppUserId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Whether it may make users.
    pub root: bool,
    /// The app that it signs in through; 0 for the tenant's default app, whichever that is.
    pub app: AppId,
    /// The account that made it; 0 where that is none of ours.
    pub creator: AppUserId,
}

/// What names the human behind an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppUserPersonal {
    /// What it signs in with.
    pub user_name: String,
    /// Free text, usually Base64 of JSON.
    pub info: String,
    /// The address that it was registered from, as its maker says.
    pub reg_ip: String,
    /// Under which name its maker made it (`rootName`); empty where the maker is an account of ours.
    pub root_name: String,
}

/// The password was replaced. Tokens issued before end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppUserPasswordSet {
    /// Whose.
    pub app_user: AppUserId,
}

/// The info was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppUserInfoSet {
    /// Whose.
    pub app_user: AppUserId,
}

/// The new info.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppUserInfo {
    /// Free text, usually Base64 of JSON.
    pub info: String,
}

/// The account may sign in from now on, or not. Tokens issued before end when it may not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppUserEnabledSet {
    /// Whose.
    pub app_user: AppUserId,
    /// Whether it may.
    pub enabled: bool,
}

/// The account ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppUserDeleted {
    /// Which one.
    pub app_user: AppUserId,
}

/// The person is forgotten; the key of the personal parts is destroyed after this event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppUserErased {
    /// Who.
    pub app_user: AppUserId,
}

stored_events! {
    /// What has happened to an app user. A stored contract: see `docs/events.md`.
    pub enum AppUserEvent {
        /// It entered.
        Registered = "app_user.registered.v1" {
            data: AppUserRegistered, personal: AppUserPersonal, secret: PasswordVerifier,
            subject: app_user
        },
        /// The password was replaced.
        PasswordSet = "app_user.password_set.v1" {
            data: AppUserPasswordSet, secret: PasswordVerifier, subject: app_user
        },
        /// The info was replaced.
        InfoSet = "app_user.info_set.v1" {
            data: AppUserInfoSet, personal: AppUserInfo, subject: app_user, marks: [Replaces] },
        /// It may sign in from now on, or not.
        EnabledSet = "app_user.enabled_set.v1" { data: AppUserEnabledSet, subject: app_user },
        /// It ended.
        Deleted = "app_user.deleted.v1" { data: AppUserDeleted, subject: app_user, marks: [Ends] },
        /// The person is forgotten.
        Erased = "app_user.erased.v1" { data: AppUserErased, subject: app_user, marks: [Ends, Erases] },
    }
}

/// What the rules need to remember of an app user, and no more.
#[derive(Debug, Clone, Default)]
pub enum AppUser {
    /// Never registered.
    #[default]
    Absent,
    /// In use.
    Active(AppAccount),
    /// Ended.
    Deleted {
        /// Who it was.
        app_user: AppUserId,
    },
    /// Ended and forgotten.
    Erased,
}

/// An account in use.
#[derive(Debug, Clone)]
pub struct AppAccount {
    app_user: AppUserId,
    tenant: TenantId,
    /// `None` once the key of the personal part is gone.
    user_name: Option<String>,
    enabled: bool,
    /// `None` once it cannot be read any more.
    info: Option<InfoMark>,
}

impl Aggregate for AppUser {
    const CATEGORY: &'static str = "app_user";
    const IDS: Ids = Ids::Counted;
    const CLAIMS: &'static [ClaimKind] = &[APP_USER_NAME_CLAIM];
    type Command = AppUserCommand;
    type Event = AppUserEvent;

    fn decide(
        &self,
        command: &AppUserCommand,
        _now: Timestamp,
    ) -> Result<Decision<AppUserEvent>, Refusal> {
        if let AppUserCommand::Register { data, personal, password } = command {
            return match self {
                AppUser::Absent => register(data, personal, password),
                _ => Err(Refusal::AlreadyExists { what: "app user" }),
            };
        }
        if let AppUserCommand::Erase = command {
            return self.erase();
        }
        let AppUser::Active(account) = self else {
            return Err(Refusal::NotFound { what: "app user" });
        };
        let app_user = account.app_user;
        match command {
            AppUserCommand::Register { .. } | AppUserCommand::Erase => Ok(Decision::none()),
            AppUserCommand::Update { password, info } => {
                account.update(password.as_ref(), info.as_ref())
            }
            AppUserCommand::SetEnabled(enabled) if *enabled == account.enabled => {
                Ok(Decision::none())
            }
            AppUserCommand::SetEnabled(enabled) => {
                let set = AppUserEnabledSet { app_user, enabled: *enabled };
                Ok(Decision::event(AppUserEvent::EnabledSet(set.into())))
            }
            AppUserCommand::Delete => {
                Ok(account.end(AppUserEvent::Deleted(AppUserDeleted { app_user }.into())))
            }
        }
    }

    fn evolve(&mut self, event: &AppUserEvent) {
        match event {
            AppUserEvent::Registered(fact) => {
                *self = AppUser::Active(AppAccount {
                    app_user: fact.data.app_user,
                    tenant: fact.data.tenant,
                    user_name: fact.personal.as_ref().map(|it| it.user_name.clone()),
                    enabled: true,
                    info: fact.personal.as_ref().map(|it| InfoMark::of(&it.info)),
                });
            }
            AppUserEvent::PasswordSet(_) => (),
            AppUserEvent::InfoSet(fact) => {
                if let AppUser::Active(account) = self {
                    account.info = fact.personal.as_ref().map(|it| InfoMark::of(&it.info));
                }
            }
            AppUserEvent::EnabledSet(fact) => {
                if let AppUser::Active(account) = self {
                    account.enabled = fact.data.enabled;
                }
            }
            AppUserEvent::Deleted(fact) => {
                *self = AppUser::Deleted { app_user: fact.data.app_user };
            }
            AppUserEvent::Erased(_) => *self = AppUser::Erased,
        }
    }
}

impl AppUser {
    fn erase(&self) -> Result<Decision<AppUserEvent>, Refusal> {
        let erased = |app_user| AppUserEvent::Erased(AppUserErased { app_user }.into());
        match self {
            AppUser::Absent => Err(Refusal::NotFound { what: "app user" }),
            AppUser::Active(account) => Ok(account.end(erased(account.app_user))),
            AppUser::Deleted { app_user } => Ok(Decision::event(erased(*app_user))),
            AppUser::Erased => Ok(Decision::none()),
        }
    }
}

impl AppAccount {
    fn update(
        &self,
        password: Option<&PasswordVerifier>,
        info: Option<&String>,
    ) -> Result<Decision<AppUserEvent>, Refusal> {
        let app_user = self.app_user;
        let mut events = Vec::new();
        if let Some(password) = password {
            events.push(AppUserEvent::PasswordSet(Fact {
                data: AppUserPasswordSet { app_user },
                personal: None,
                secret: Some(password.clone()),
            }));
        }
        // The same info again changes nothing.
        if let Some(info) = info.filter(|it| self.info != Some(InfoMark::of(it))) {
            check::at_most("userInfo", info, APP_INFO_CHARS_MAX)?;
            events.push(AppUserEvent::InfoSet(Fact {
                data: AppUserInfoSet { app_user },
                personal: Some(AppUserInfo { info: info.clone() }),
                secret: None,
            }));
        }
        Ok(Decision { events, ..Decision::none() })
    }

    /// The last event of the account, which frees its name where that is still readable.
    fn end(&self, event: AppUserEvent) -> Decision<AppUserEvent> {
        let decision = Decision::event(event);
        match &self.user_name {
            Some(name) => decision.release(self.tenant, APP_USER_NAME_CLAIM, claimed(name)),
            None => decision,
        }
    }
}

fn register(
    data: &AppUserRegistered,
    personal: &AppUserPersonal,
    password: &PasswordVerifier,
) -> Result<Decision<AppUserEvent>, Refusal> {
    check::required("userName", &personal.user_name, APP_NAME_CHARS_MAX)?;
    let name = personal.user_name.trim();
    if looks_like_app_id(name) {
        return Err(Refusal::invalid("userName", "must not look like the id of an app"));
    }
    if !name.chars().all(may_stand_in_name) {
        return Err(Refusal::invalid(
            "userName",
            "may have letters, digits and signs of ASCII, Chinese characters and blanks only",
        ));
    }
    check::at_most("userInfo", &personal.info, APP_INFO_CHARS_MAX)?;
    check::line("regIP", &personal.reg_ip, REG_IP_CHARS_MAX)?;
    check::line("rootName", &personal.root_name, APP_NAME_CHARS_MAX)?;
    let registered = AppUserEvent::Registered(Fact {
        data: data.clone(),
        personal: Some(personal.clone()),
        secret: Some(password.clone()),
    });
    Ok(Decision::event(registered).claim(
        data.tenant,
        APP_USER_NAME_CLAIM,
        claimed(&personal.user_name),
    ))
}

/// ASCII, and the unified Chinese characters: in both, what looks alike is the same. Letters of other
/// scripts look like those of ASCII, or become some in capitals.
fn may_stand_in_name(it: char) -> bool {
    let is_chinese = matches!(
        it,
        '\u{3400}'..='\u{4DBF}'
            | '\u{4E00}'..='\u{9FFF}'
            | '\u{20000}'..='\u{2EE5D}'
            | '\u{30000}'..='\u{323AF}'
    );
    it.is_ascii_graphic() || it == ' ' || is_chinese
}
