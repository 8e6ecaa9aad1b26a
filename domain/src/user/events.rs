//! What has happened to users, as it is stored.

use serde::{Deserialize, Serialize};

use crate::credentials::PasswordVerifier;
use crate::ids::{TenantId, Timestamp, UserId};
use crate::{changes, stored_events};

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
    /// Kept for its maker; signing in asks for no second factor yet.
    pub two_factor_enabled: bool,
    /// Kept for its maker: guessing is slowed down for everybody.
    pub lockout_enabled: bool,
    /// Kept for its maker; `lock_flag` is what locks.
    pub lockout_end: Option<Timestamp>,
    /// Kept for its maker; failures are counted elsewhere.
    pub access_failed_count: i32,
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
    /// Free for the tenant's use; it permits nothing.
    pub permission: Option<String>,
    /// At which external providers the user is known.
    pub logins: Vec<UserLogin>,
}

/// A user at an external provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserLogin {
    /// Which provider: `GitHub`.
    pub provider: String,
    /// Who the user is there.
    pub key: String,
    /// What people see of the provider.
    pub display_name: Option<String>,
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

/// What a user may do was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserRightsSet {
    /// Whose.
    pub user: UserId,
    /// The roles, by number.
    pub roles: Vec<u32>,
    /// Claims that grant something: of type `permission`.
    pub permissions: Vec<UserClaim>,
}

/// Fields of a user changed. Those that name the person stand in the personal part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserUpdated {
    /// Whose.
    pub user: UserId,
    /// Whose user it is.
    pub tenant: TenantId,
    /// The fields that changed, with their new values.
    pub changes: Vec<UserChange>,
}

/// Fields that name the person changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserPersonalUpdated {
    /// The fields that changed, with their new values.
    pub changes: Vec<UserPersonalChange>,
}

changes! {
    /// What may change of a user, in clear.
    pub enum UserChange of UserRegistered except (user, tenant, user_key, parent, lineage) {
        Roles(Vec<u32>) = roles,
        Permissions(Vec<UserClaim>) = permissions,
        EmailConfirmed(bool) = email_confirmed,
        PhoneConfirmed(bool) = phone_confirmed,
        LockFlag(bool) = lock_flag,
        TwoFactorEnabled(bool) = two_factor_enabled,
        LockoutEnabled(bool) = lockout_enabled,
        LockoutEnd(Option<Timestamp>) = lockout_end,
        AccessFailedCount(i32) = access_failed_count,
        Status(i32) = status,
        TypeIds(Option<String>) = type_ids,
        PoolIds(Option<String>) = pool_ids,
        DataAmount(i64) = data_amount,
        Points(i64) = points,
        Money(i64) = money,
    }
}

changes! {
    /// What may change of what names the person.
    pub enum UserPersonalChange of UserPersonal {
        UserName(String) = user_name,
        Email(Option<String>) = email,
        PhoneNumber(Option<String>) = phone_number,
        CountryCode(Option<String>) = country_code,
        NickName(Option<String>) = nick_name,
        Avatar(Option<String>) = avatar,
        Gender(Option<String>) = gender,
        Address(Option<String>) = address,
        Birthday(Option<Timestamp>) = birthday,
        Stature(i64) = stature,
        Weight(i64) = weight,
        Description(Option<String>) = description,
        Remark(Option<String>) = remark,
        Claims(Vec<UserClaim>) = claims,
        Files(Vec<UserFile>) = files,
        Properties(Vec<UserProperty>) = properties,
        Permission(Option<String>) = permission,
        Logins(Vec<UserLogin>) = logins,
    }
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
        /// Some of the user's fields changed.
        Updated = "user.updated.v1" {
            data: UserUpdated, personal: UserPersonalUpdated, subject: user
        },
        /// The user ended.
        Deleted = "user.deleted.v1" { data: UserDeleted, subject: user, marks: [Ends] },
        /// The person is forgotten.
        Erased = "user.erased.v1" { data: UserErased, subject: user, marks: [Ends, Erases] },
    }
}
