//! A user: a person (or a robot with a password) of one tenant.

mod credentials;
mod limits;
mod rights;

use serde::{Deserialize, Serialize};

pub use self::credentials::{
    IdentityRule, PASSWORD_BYTES_MAX, PasswordVerifier, Verifiers, check_password, check_user_name,
};
use self::limits::{check_personal, check_registered};
pub use self::rights::UserRightsSet;
use crate::aggregate::{Aggregate, Decision};
use crate::app::APP_INFO_CHARS_MAX;
use crate::app_user::REG_IP_CHARS_MAX;
use crate::check;
use crate::event::Fact;
use crate::ids::{TenantId, Timestamp, UserId};
use crate::kind::{ClaimKind, Ids};
use crate::refusal::Refusal;
use crate::stored_events;

/// The kind of claim that makes a user name unique in its tenant.
pub const USER_NAME_CLAIM: ClaimKind = ClaimKind { name: "user_name", english: "user name" };

/// The most roles, claims, files or properties of one user.
pub const USER_CHILDREN_MAX: usize = 100;

/// What a user may be asked to become.
#[derive(Debug, Clone)]
pub enum UserCommand {
    /// Enter a new user.
    Register {
        /// What anybody with a right to the event may read.
        data: Box<UserRegistered>,
        /// Who it is.
        personal: Box<UserPersonal>,
        /// What proves it; nothing for a user without a password.
        password: Verifiers,
        /// What the app-token service notes about it, if that enters it.
        app_info: Option<Box<UserAppInfo>>,
    },
    /// Replace the password. Tokens issued before end.
    SetPassword(Verifiers),
    /// Replace the password, what the app-token service notes, or both.
    UpdateByApp {
        /// What proves the new password.
        password: Option<Verifiers>,
        /// The new info.
        info: Option<String>,
    },
    /// Let the user sign in, or not. Tokens issued before end.
    SetEnabled(bool),
    /// Replace what the user may do. What is taken away is gone with the next request; what is given
    /// stands in tokens that are issued from then on.
    SetRights {
        /// The roles, by number.
        roles: Vec<u32>,
        /// Claims that grant something: of type `permission`.
        permissions: Vec<UserClaim>,
    },
    /// End the user. The id is never used again, the user name is free.
    Delete,
    /// End the user and forget the person: the personal parts become unreadable for ever.
    Erase,
}

/// A user entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserRegistered {
    /// The number, as in the `sub` claim.
    pub user: UserId,
    /// Whose user it is.
    pub tenant: TenantId,
    /// A second key (spec section 2.8).
    #[serde(serialize_with = "crate::codec::hex_for_people")]
    pub user_key: [u8; 16],
    /// Who brought this user in; the user itself for user 1.
    pub parent: UserId,
    /// The chain of parents: `/1/5/`.
    pub lineage: String,
    /// The roles, by number.
    pub roles: Vec<u32>,
    /// Claims that grant something: of type `permission`.
    pub permissions: Vec<UserClaim>,
    /// Whether the e-mail address was proved.
    pub email_confirmed: bool,
    /// Whether the phone number was proved.
    pub phone_confirmed: bool,
    /// Locked mark.
    pub lock_flag: bool,
    /// Free for the tenant's use.
    pub status: i32,
    /// Category ids, comma-separated.
    pub type_ids: Option<String>,
    /// Pool ids, comma-separated.
    pub pool_ids: Option<String>,
    /// A balance.
    pub data_amount: i64,
    /// A balance.
    pub points: i64,
    /// A balance, in hundredths.
    pub money: i64,
}

impl UserRegistered {
    /// Gives a user that was made with the lineage of its parent its own number and lineage.
    #[must_use]
    pub fn numbered(mut self, user: UserId) -> Self {
        self.user = user;
        self.lineage = format!("{}{user}/", self.lineage);
        if self.parent == UserId::NONE {
            self.parent = user;
        }
        self
    }
}

/// A claim about a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserClaim {
    /// Counted inside the user, from 1.
    pub id: u32,
    /// Its type.
    pub claim_type: String,
    /// Its value.
    pub value: String,
}

/// A file of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserFile {
    /// Counted inside the user, from 1.
    pub id: u32,
    /// 0 image, 1 video, 2 document.
    pub file_type: u8,
    /// Where it is.
    pub files: String,
}

/// A key and a value of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserProperty {
    /// Counted inside the user, from 1.
    pub id: u32,
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
}

/// What names the human behind a user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserPersonal {
    /// What the user signs in with.
    pub user_name: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Phone number.
    pub phone_number: Option<String>,
    /// Phone country code.
    pub country_code: Option<String>,
    /// What others see.
    pub nick_name: Option<String>,
    /// Address of an image.
    pub avatar: Option<String>,
    /// Gender.
    pub gender: Option<String>,
    /// Postal address.
    pub address: Option<String>,
    /// Birthday; absent if unknown.
    pub birthday: Option<Timestamp>,
    /// Height, in hundredths of the tenant's unit.
    pub stature: i64,
    /// Weight, in hundredths of the tenant's unit.
    pub weight: i64,
    /// A text about the user.
    pub description: Option<String>,
    /// A remark of the staff.
    pub remark: Option<String>,
    /// Claims that describe; those that grant stand in the data.
    pub claims: Vec<UserClaim>,
    /// Files.
    pub files: Vec<UserFile>,
    /// Keys and values.
    pub properties: Vec<UserProperty>,
}

/// The password was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserPasswordSet {
    /// Whose.
    pub user: UserId,
}

/// The password was set that the app-token service is sent the md5 of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserAppPasswordSet {
    /// Whose.
    pub user: UserId,
}

/// What the app-token service notes about a user was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserAppInfoSet {
    /// About whom.
    pub user: UserId,
}

/// What the app-token service notes about a user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserAppInfo {
    /// Free text, usually Base64 of JSON.
    pub info: String,
    /// The address that the user was registered from, as its maker says; empty later.
    pub reg_ip: String,
}

/// The user may sign in from now on, or not. Tokens issued before end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserEnabledSet {
    /// Whose.
    pub user: UserId,
    /// Whether it may.
    pub enabled: bool,
}

/// The user ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserDeleted {
    /// Who.
    pub user: UserId,
}

/// The person is forgotten; the key of the personal parts is destroyed after this event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserErased {
    /// Who.
    pub user: UserId,
}

stored_events! {
    /// What has happened to a user. A stored contract: see `docs/events.md`.
    pub enum UserEvent {
        /// A user entered.
        Registered = "user.registered.v1" {
            data: UserRegistered, personal: UserPersonal, secret: PasswordVerifier, subject: user
        },
        /// The password was replaced.
        PasswordSet = "user.password_set.v1" {
            data: UserPasswordSet, secret: PasswordVerifier, subject: user
        },
        /// The md5 of the password in use proves the user to the app-token service.
        AppPasswordSet = "user.app_password_set.v1" {
            data: UserAppPasswordSet, secret: PasswordVerifier, subject: user
        },
        /// What the app-token service notes was replaced.
        AppInfoSet = "user.app_info_set.v1" {
            data: UserAppInfoSet, personal: UserAppInfo, subject: user, marks: [Replaces] },
        /// The user may sign in from now on, or not.
        EnabledSet = "user.enabled_set.v1" { data: UserEnabledSet, subject: user },
        /// What the user may do was replaced.
        RightsSet = "user.rights_set.v1" { data: UserRightsSet, subject: user },
        /// The user ended.
        Deleted = "user.deleted.v1" { data: UserDeleted, subject: user, marks: [Ends] },
        /// The person is forgotten.
        Erased = "user.erased.v1" { data: UserErased, subject: user, marks: [Ends, Erases] },
    }
}

/// What the rules need to remember of a user, and no more.
#[derive(Debug, Clone, Default)]
pub enum User {
    /// Never registered.
    #[default]
    Absent,
    /// In use.
    Active(Account),
    /// Ended.
    Deleted {
        /// Who it was.
        user: UserId,
    },
    /// Ended and forgotten.
    Erased,
}

/// A user in use.
#[derive(Debug, Clone)]
pub struct Account {
    user: UserId,
    tenant: TenantId,
    /// `None` once the key of the personal part is gone.
    user_name: Option<String>,
    enabled: bool,
    locked: bool,
    roles: Vec<u32>,
    /// Whether it has a password.
    signs_in: bool,
    /// Whether its own permission grants less than everything.
    limited: bool,
}

impl Aggregate for User {
    const CATEGORY: &'static str = "user";
    const IDS: Ids = Ids::Counted;
    const CLAIMS: &'static [ClaimKind] = &[USER_NAME_CLAIM];
    type Command = UserCommand;
    type Event = UserEvent;

    fn decide(
        &self,
        command: &UserCommand,
        _now: Timestamp,
    ) -> Result<Decision<UserEvent>, Refusal> {
        match command {
            UserCommand::Register { data, personal, password, app_info } => {
                self.register(data, personal, password, app_info.as_deref())
            }
            UserCommand::SetPassword(verifiers) => self.active()?.update(Some(verifiers), None),
            UserCommand::UpdateByApp { password, info } => {
                self.active()?.update(password.as_ref(), info.as_deref())
            }
            UserCommand::SetEnabled(enabled) => {
                let Account { user, enabled: before, .. } = self.active()?;
                let set = UserEnabledSet { user: *user, enabled: *enabled };
                Ok(match before == enabled {
                    true => Decision::none(),
                    false => Decision::event(UserEvent::EnabledSet(set.into())),
                })
            }
            UserCommand::SetRights { roles, permissions } => {
                self.active()?.set_rights(roles, permissions)
            }
            UserCommand::Delete => {
                let account = self.active()?;
                let deleted = UserDeleted { user: account.user };
                Ok(account.free_name(Decision::event(UserEvent::Deleted(deleted.into()))))
            }
            UserCommand::Erase => self.erase(),
        }
    }

    fn evolve(&mut self, event: &UserEvent) {
        match event {
            UserEvent::Registered(fact) => {
                *self = User::Active(Account {
                    user: fact.data.user,
                    tenant: fact.data.tenant,
                    user_name: fact.personal.as_ref().map(|it| it.user_name.clone()),
                    enabled: true,
                    locked: fact.data.lock_flag,
                    roles: fact.data.roles.clone(),
                    signs_in: fact.secret.is_some(),
                    limited: rights::is_limited(&fact.data.permissions),
                });
            }
            UserEvent::PasswordSet(_) | UserEvent::AppPasswordSet(_) => {
                if let User::Active(account) = self {
                    account.signs_in = true;
                }
            }
            UserEvent::AppInfoSet(_) => (),
            UserEvent::EnabledSet(fact) => {
                if let User::Active(account) = self {
                    account.enabled = fact.data.enabled;
                }
            }
            UserEvent::RightsSet(fact) => {
                if let User::Active(account) = self {
                    account.roles.clone_from(&fact.data.roles);
                    account.limited = rights::is_limited(&fact.data.permissions);
                }
            }
            UserEvent::Deleted(fact) => *self = User::Deleted { user: fact.data.user },
            UserEvent::Erased(_) => *self = User::Erased,
        }
    }
}

impl User {
    fn active(&self) -> Result<&Account, Refusal> {
        match self {
            User::Active(account) => Ok(account),
            User::Absent | User::Deleted { .. } | User::Erased => {
                Err(Refusal::NotFound { what: "user" })
            }
        }
    }

    fn register(
        &self,
        data: &UserRegistered,
        personal: &UserPersonal,
        password: &Verifiers,
        app_info: Option<&UserAppInfo>,
    ) -> Result<Decision<UserEvent>, Refusal> {
        if !matches!(self, User::Absent) {
            return Err(Refusal::AlreadyExists { what: "user" });
        }
        check_personal(personal)?;
        check_registered(data)?;
        let mut decision = Decision::event(UserEvent::Registered(Fact {
            data: data.clone(),
            personal: Some(personal.clone()),
            secret: password.password.clone(),
        }));
        decision.events.extend(password.md5.as_ref().map(|it| app_password_set(data.user, it)));
        if let Some(info) = app_info {
            decision.events.push(app_info_set(data.user, info)?);
        }
        Ok(decision.claim(data.tenant, USER_NAME_CLAIM, normalise(&personal.user_name)))
    }

    fn erase(&self) -> Result<Decision<UserEvent>, Refusal> {
        let erased = |user| Decision::event(UserEvent::Erased(UserErased { user }.into()));
        match self {
            User::Absent => Err(Refusal::NotFound { what: "user" }),
            User::Active(account) => Ok(account.free_name(erased(account.user))),
            User::Deleted { user } => Ok(erased(*user)),
            User::Erased => Ok(Decision::none()),
        }
    }
}

impl Account {
    /// A new password ends what was known of the old one, in either form.
    fn update(
        &self,
        password: Option<&Verifiers>,
        info: Option<&str>,
    ) -> Result<Decision<UserEvent>, Refusal> {
        let mut decision = Decision::none();
        if let Some(Verifiers { password, md5 }) = password {
            if password.is_none() && md5.is_none() {
                return Err(Refusal::invalid("password", "is required"));
            }
            decision.events.push(UserEvent::PasswordSet(Fact {
                data: UserPasswordSet { user: self.user },
                personal: None,
                secret: password.clone(),
            }));
            decision.events.extend(md5.as_ref().map(|it| app_password_set(self.user, it)));
        }
        if let Some(info) = info {
            let info = UserAppInfo { info: info.to_owned(), reg_ip: String::new() };
            decision.events.push(app_info_set(self.user, &info)?);
        }
        Ok(decision)
    }

    fn free_name(&self, decision: Decision<UserEvent>) -> Decision<UserEvent> {
        match &self.user_name {
            Some(name) => decision.release(self.tenant, USER_NAME_CLAIM, normalise(name)),
            None => decision,
        }
    }
}

fn app_password_set(user: UserId, verifier: &PasswordVerifier) -> UserEvent {
    let data = UserAppPasswordSet { user };
    UserEvent::AppPasswordSet(Fact { data, personal: None, secret: Some(verifier.clone()) })
}

fn app_info_set(user: UserId, info: &UserAppInfo) -> Result<UserEvent, Refusal> {
    check::at_most("userInfo", &info.info, APP_INFO_CHARS_MAX)?;
    check::at_most("regIP", &info.reg_ip, REG_IP_CHARS_MAX)?;
    let data = UserAppInfoSet { user };
    Ok(UserEvent::AppInfoSet(Fact { data, personal: Some(info.clone()), secret: None }))
}

/// The `normalizedUserName` and `normalizedEmail` of a user.
pub fn normalise(name: &str) -> String {
    name.trim().to_uppercase()
}
