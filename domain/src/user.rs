//! A user: a person (or a robot with a password) of one tenant.

use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, Decision};
use crate::check;
use crate::event::Fact;
use crate::ids::{TenantId, Timestamp, UserId};
use crate::refusal::Refusal;
use crate::stored_events;

/// The kind of claim that makes a user name unique in its tenant.
pub const USER_NAME_CLAIM: &str = "user_name";

/// The longest password, in bytes: hashing must have a bound.
pub const PASSWORD_BYTES_MAX: usize = 256;

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
        /// What proves it; `None` for a user without a password.
        password: Option<PasswordVerifier>,
    },
    /// Replace the password. Tokens issued before end.
    SetPassword(PasswordVerifier),
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

/// What proves a password: Argon2id (RFC 9106) with its parameters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PasswordVerifier {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
    /// Salt.
    pub salt: [u8; 16],
    /// Hash.
    pub hash: [u8; 32],
}

/// The password was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserPasswordSet {
    /// Whose.
    pub user: UserId,
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
        /// The user ended.
        Deleted = "user.deleted.v1" { data: UserDeleted, subject: user },
        /// The person is forgotten.
        Erased = "user.erased.v1" { data: UserErased, subject: user },
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
}

impl Aggregate for User {
    const CATEGORY: &'static str = "user";
    type Command = UserCommand;
    type Event = UserEvent;

    fn decide(
        &self,
        command: &UserCommand,
        _now: Timestamp,
    ) -> Result<Decision<UserEvent>, Refusal> {
        match command {
            UserCommand::Register { data, personal, password } => {
                self.register(data, personal, password.as_ref())
            }
            UserCommand::SetPassword(verifier) => {
                let user = self.active()?.user;
                Ok(Decision::event(UserEvent::PasswordSet(Fact {
                    data: UserPasswordSet { user },
                    personal: None,
                    secret: Some(verifier.clone()),
                })))
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
                });
            }
            UserEvent::PasswordSet(_) => (),
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
        password: Option<&PasswordVerifier>,
    ) -> Result<Decision<UserEvent>, Refusal> {
        if !matches!(self, User::Absent) {
            return Err(Refusal::AlreadyExists { what: "user" });
        }
        check_personal(personal)?;
        check::list("roles", &data.roles, USER_CHILDREN_MAX)?;
        check::list("claims", &data.permissions, USER_CHILDREN_MAX)?;
        for claim in &data.permissions {
            check::at_most("claims.claimValue", &claim.value, 4000)?;
        }
        check::optional("typeIDs", data.type_ids.as_deref(), 1000)?;
        check::optional("poolIDs", data.pool_ids.as_deref(), 1000)?;
        check::at_most("parentUserID", &data.lineage, 2000)?;
        Ok(Decision::event(UserEvent::Registered(Fact {
            data: data.clone(),
            personal: Some(personal.clone()),
            secret: password.cloned(),
        }))
        .claim(data.tenant, USER_NAME_CLAIM, normalise(&personal.user_name)))
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
    fn free_name(&self, decision: Decision<UserEvent>) -> Decision<UserEvent> {
        match &self.user_name {
            Some(name) => decision.release(self.tenant, USER_NAME_CLAIM, normalise(name)),
            None => decision,
        }
    }
}

/// The `normalizedUserName` and `normalizedEmail` of a user.
pub fn normalise(name: &str) -> String {
    name.trim().to_uppercase()
}

/// A rule of section 6.5 that a user name or a password breaks, under the name that clients of
/// the documented interface know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdentityRule {
    /// The documented name.
    pub code: &'static str,
    /// The rule in words.
    pub why: &'static str,
}

/// The rules of section 6.5 that a user name breaks.
pub fn check_user_name(name: &str) -> Vec<IdentityRule> {
    let allowed = |it: char| it.is_alphanumeric() || "-._@+".contains(it);
    if name.chars().all(allowed) {
        return Vec::new();
    }
    let why = "userName: may have letters, digits and -._@+ only";
    vec![IdentityRule { code: "InvalidUserName", why }]
}

/// The rules of section 6.5 that a password breaks.
pub fn check_password(password: &str) -> Vec<IdentityRule> {
    let has = |test: fn(char) -> bool| password.chars().any(test);
    let rules = [
        (password.chars().count() >= 6, "PasswordTooShort", "password: at least 6 characters"),
        (password.len() <= PASSWORD_BYTES_MAX, "PasswordTooLong", "password: at most 256 bytes"),
        (
            has(|it| !it.is_alphanumeric()),
            "PasswordRequiresNonAlphanumeric",
            "password: at least one character that is neither letter nor digit",
        ),
        (has(|it| it.is_ascii_digit()), "PasswordRequiresDigit", "password: at least one digit"),
        (has(char::is_lowercase), "PasswordRequiresLower", "password: a lower-case letter"),
        (has(char::is_uppercase), "PasswordRequiresUpper", "password: an upper-case letter"),
    ];
    let broken = rules.into_iter().filter(|(kept, ..)| !kept);
    broken.map(|(_, code, why)| IdentityRule { code, why }).collect()
}

fn check_personal(personal: &UserPersonal) -> Result<(), Refusal> {
    check::required("userName", &personal.user_name, 256)?;
    if !check_user_name(&personal.user_name).is_empty() {
        return Err(Refusal::invalid("userName", "may have letters, digits and -._@+ only"));
    }
    check::optional("email", personal.email.as_deref(), 256)?;
    if let Some(email) = &personal.email {
        check::email("email", email)?;
    }
    check::optional("phoneNumber", personal.phone_number.as_deref(), 50)?;
    if let Some(phone) = &personal.phone_number {
        check::phone("phoneNumber", phone)?;
    }
    check::optional("countryCode", personal.country_code.as_deref(), 10)?;
    check::optional("nickName", personal.nick_name.as_deref(), 256)?;
    check::optional("avatar", personal.avatar.as_deref(), 2000)?;
    check::optional("gender", personal.gender.as_deref(), 50)?;
    check::optional("address", personal.address.as_deref(), 500)?;
    check::optional("description", personal.description.as_deref(), 2000)?;
    check::optional("remark", personal.remark.as_deref(), 2000)?;
    check::list("claims", &personal.claims, USER_CHILDREN_MAX)?;
    for claim in &personal.claims {
        check::required("claims.claimType", &claim.claim_type, 250)?;
        check::at_most("claims.claimValue", &claim.value, 2000)?;
    }
    check::list("files", &personal.files, USER_CHILDREN_MAX)?;
    for file in &personal.files {
        check::at_most("files.files", &file.files, 4000)?;
    }
    check::list("properties", &personal.properties, USER_CHILDREN_MAX)?;
    for property in &personal.properties {
        check::required("properties.key", &property.key, 250)?;
        check::at_most("properties.value", &property.value, 2000)?;
    }
    Ok(())
}
