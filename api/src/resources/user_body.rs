//! AppUser (spec section 2.8), and what it means in the domain.

use domain::user::{
    USER_CHILDREN_MAX, UserClaim, UserFile, UserLogin, UserPersonal, UserProperty, UserRegistered,
    normalise,
};
use domain::{hex, mail_address};
use projections::{Tables, UserRow};
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_with::skip_serializing_none;

use crate::http::error::ApiError;
use crate::http::reply::{ErrorData, Single};
use crate::http::time::WireTime;

/// The type of the claims that grant permissions; all others describe a person.
pub(crate) const CLAIM_PERMISSION: &str = "permission";

/// The largest decimal, in hundredths.
const HUNDREDTHS_MAX: f64 = 1e15;

/// A user.
#[skip_serializing_none]
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "User")]
pub(crate) struct AppUser {
    /// Which one to update; ignored in a request that creates one.
    pub(crate) id: i64,
    /// The name that the user signs in with.
    #[schemars(extend("x-required" = "both"))]
    pub(crate) user_name: Option<String>,
    /// In capitals; ignored in a body.
    #[schemars(extend("x-required" = "answer"))]
    normalized_user_name: Option<String>,
    pub(crate) email: Option<String>,
    /// In capitals; ignored in a body.
    normalized_email: Option<String>,
    email_confirmed: bool,
    /// The plain password.
    #[serde(skip_serializing)]
    pub(crate) password_hash: Option<String>,
    phone_number: Option<String>,
    phone_number_confirmed: bool,
    two_factor_enabled: bool,
    lockout_enabled: bool,
    lockout_end: Option<WireTime>,
    access_failed_count: i32,
    /// Changes with every change of the user. An update that has one must have the present one;
    /// ignored in a request that creates a user.
    pub(crate) concurrency_stamp: Option<String>,
    /// A GUID; made where it is absent.
    #[schemars(extend("x-required" = "answer"))]
    pub(crate) user_key: Option<String>,
    #[serde(rename = "parentUserID")]
    pub(crate) parent_user_id: i64,
    /// The users above, from the top; ignored in a body.
    #[schemars(extend("x-required" = "answer"))]
    lineage: Option<String>,
    avatar: Option<String>,
    is_deleted: bool,
    #[serde(rename = "typeIDs")]
    type_ids: Option<String>,
    #[serde(rename = "poolIDs")]
    pool_ids: Option<String>,
    nick_name: Option<String>,
    gender: Option<String>,
    address: Option<String>,
    #[schemars(extend("x-required" = "answer"))]
    birthday: Option<WireTime>,
    description: Option<String>,
    remark: Option<String>,
    stature: f64,
    weight: f64,
    #[schemars(extend("x-required" = "answer"))]
    create_date: Option<WireTime>,
    #[schemars(extend("x-required" = "answer"))]
    last_update_time: Option<WireTime>,
    lock_flag: bool,
    status: i32,
    data_amount: i64,
    points: i64,
    money: f64,
    country_code: Option<String>,
    permission: Option<String>,
    pub(crate) roles: Vec<RoleLink>,
    pub(crate) claims: Vec<Claim>,
    logins: Vec<Login>,
    tenants: Vec<TenantLink>,
    files: Vec<File>,
    properties: Vec<Property>,
    // Always present, never filled: no endpoint makes such rows for a user.
    tokens: Vec<Empty>,
    clients: Vec<Empty>,
    api_resources: Vec<Empty>,
    distributors: Vec<Empty>,
}

/// Of a list that is always empty.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Unused")]
struct Empty {}

#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "UserRole")]
pub(crate) struct RoleLink {
    user_id: i64,
    pub(crate) role_id: u32,
}

#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "UserClaim")]
pub(crate) struct Claim {
    id: u32,
    user_id: i64,
    claim_type: String,
    claim_value: String,
}

#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "UserLogin")]
struct Login {
    user_id: i64,
    login_provider: String,
    provider_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_display_name: Option<String>,
}

#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "UserTenant")]
struct TenantLink {
    id: u32,
    user_id: i64,
    tenant_id: u32,
}

#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "UserFile")]
struct File {
    id: u32,
    user_id: i64,
    /// 0 or `Image`, 1 or `Video`, 2 or `Document`.
    #[serde(deserialize_with = "read_file_type")]
    #[schemars(with = "u8")]
    file_type: u8,
    files: String,
}

#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "UserProperty")]
struct Property {
    id: u32,
    user_id: i64,
    key: String,
    value: String,
}

impl ErrorData for Single<AppUser> {}

impl AppUser {
    /// The first member that only administrators may set: rights, confirmations, balances, and the
    /// marks of the staff.
    pub(crate) fn for_administrators(&self) -> Option<&'static str> {
        let members = [
            ("roles", !self.roles.is_empty()),
            ("claims", !self.claims.is_empty()),
            ("emailConfirmed", self.email_confirmed),
            ("phoneNumberConfirmed", self.phone_number_confirmed),
            ("lockFlag", self.lock_flag),
            ("status", self.status != 0),
            ("dataAmount", self.data_amount != 0),
            ("points", self.points != 0),
            ("money", self.money != 0.0),
            ("userKey", self.user_key.is_some()),
            ("twoFactorEnabled", self.two_factor_enabled),
            ("lockoutEnabled", self.lockout_enabled),
            ("lockoutEnd", self.lockout_end.is_some()),
            ("accessFailedCount", self.access_failed_count != 0),
            ("permission", self.permission.is_some()),
            ("logins", !self.logins.is_empty()),
        ];
        members.into_iter().find(|(_, is_set)| *is_set).map(|(name, _)| name)
    }

    /// What names the human.
    pub(crate) fn personal(&self) -> Result<UserPersonal, ApiError> {
        if self.claims.len() > USER_CHILDREN_MAX {
            return Err(ApiError::field("claims", "must have at most 100 items"));
        }
        let described = self.numbered_claims(|it| it != CLAIM_PERMISSION);
        let files = self.files.iter().zip(1..);
        let properties = self.properties.iter().zip(1..);
        Ok(UserPersonal {
            user_name: text(&self.user_name).unwrap_or_default(),
            email: text(&self.email).as_deref().map(mail_address::tidied),
            phone_number: text(&self.phone_number),
            country_code: text(&self.country_code),
            nick_name: text(&self.nick_name),
            avatar: text(&self.avatar),
            gender: text(&self.gender),
            address: text(&self.address),
            birthday: self.birthday.filter(|it| *it != WireTime::never()).map(|it| it.0),
            stature: hundredths("stature", self.stature)?,
            weight: hundredths("weight", self.weight)?,
            description: text(&self.description),
            remark: text(&self.remark),
            claims: described,
            files: files
                .map(|(it, id)| UserFile { id, file_type: it.file_type, files: it.files.clone() })
                .collect(),
            properties: properties
                .map(|(it, id)| UserProperty { id, key: it.key.clone(), value: it.value.clone() })
                .collect(),
            permission: text(&self.permission),
            logins: self.logins.iter().map(Login::read).collect(),
        })
    }

    /// The part that everybody with a right to the event may read; the number is given later.
    pub(crate) fn data(&self, placed: UserRegistered) -> Result<UserRegistered, ApiError> {
        let user_key = match text(&self.user_key) {
            Some(key) => {
                read_guid(&key).ok_or_else(|| ApiError::field("userKey", "must be a GUID"))?
            }
            None => placed.user_key,
        };
        Ok(UserRegistered {
            user_key,
            permissions: self.numbered_claims(|it| it == CLAIM_PERMISSION),
            email_confirmed: self.email_confirmed,
            phone_confirmed: self.phone_number_confirmed,
            lock_flag: self.lock_flag,
            two_factor_enabled: self.two_factor_enabled,
            lockout_enabled: self.lockout_enabled,
            lockout_end: self.lockout_end.map(|it| it.0),
            access_failed_count: self.access_failed_count,
            status: self.status,
            type_ids: text(&self.type_ids),
            pool_ids: text(&self.pool_ids),
            data_amount: self.data_amount,
            points: self.points,
            money: hundredths("money", self.money)?,
            ..placed
        })
    }

    fn numbered_claims(&self, wanted: impl Fn(&str) -> bool) -> Vec<UserClaim> {
        let claims = self.claims.iter().zip(1..).filter(|(it, _)| wanted(&it.claim_type));
        claims
            .map(|(it, id)| UserClaim {
                id,
                claim_type: it.claim_type.clone(),
                value: it.claim_value.clone(),
            })
            .collect()
    }

    /// A user as row 82 shows it: without anything that proves the user (H11).
    pub(crate) fn from_row(row: &UserRow, tables: &Tables) -> Self {
        let personal = tables.users.personal(row).unwrap_or_default();
        let user_id = i64::from(row.data.user.0);
        // Without those that were deleted.
        let tenant = row.data.tenant;
        let roles = row.data.roles.iter().filter(|it| tables.roles.get(tenant, **it).is_some());
        Self {
            id: user_id,
            normalized_user_name: Some(normalise(&personal.user_name)),
            normalized_email: personal.email.as_deref().map(mail_address::key),
            email_confirmed: row.data.email_confirmed,
            phone_number_confirmed: row.data.phone_confirmed,
            user_key: Some(guid(&row.data.user_key)),
            parent_user_id: i64::from(row.data.parent.0),
            lineage: Some(row.data.lineage.clone()),
            type_ids: row.data.type_ids.clone(),
            pool_ids: row.data.pool_ids.clone(),
            birthday: Some(personal.birthday.map_or_else(WireTime::never, WireTime)),
            stature: personal.stature as f64 / 100.0,
            weight: personal.weight as f64 / 100.0,
            create_date: Some(WireTime(row.created)),
            last_update_time: Some(WireTime(row.updated)),
            lock_flag: row.data.lock_flag,
            two_factor_enabled: row.data.two_factor_enabled,
            lockout_enabled: row.data.lockout_enabled,
            lockout_end: row.data.lockout_end.map(WireTime),
            access_failed_count: row.data.access_failed_count,
            concurrency_stamp: Some(row.version.to_string()),
            permission: personal.permission.clone(),
            logins: personal.logins.iter().map(|it| Login::from_stored(it, user_id)).collect(),
            status: row.data.status,
            data_amount: row.data.data_amount,
            points: row.data.points,
            money: row.data.money as f64 / 100.0,
            roles: roles.map(|it| RoleLink { user_id, role_id: *it }).collect(),
            claims: claims_of(row, &personal)
                .into_iter()
                .map(|it| Claim::from_stored(it, user_id))
                .collect(),
            files: personal.files.iter().map(|it| File::from_stored(it, user_id)).collect(),
            user_name: Some(personal.user_name),
            email: personal.email,
            phone_number: personal.phone_number,
            country_code: personal.country_code,
            nick_name: personal.nick_name,
            avatar: personal.avatar,
            gender: personal.gender,
            address: personal.address,
            description: personal.description,
            remark: personal.remark,
            ..Self::default()
        }
    }
}

impl Claim {
    fn from_stored(claim: UserClaim, user_id: i64) -> Self {
        let UserClaim { id, claim_type, value } = claim;
        Self { id, user_id, claim_type, claim_value: value }
    }
}

impl Login {
    fn read(&self) -> UserLogin {
        UserLogin {
            provider: self.login_provider.clone(),
            key: self.provider_key.clone(),
            display_name: text(&self.provider_display_name),
        }
    }

    fn from_stored(login: &UserLogin, user_id: i64) -> Self {
        Self {
            user_id,
            login_provider: login.provider.clone(),
            provider_key: login.key.clone(),
            provider_display_name: login.display_name.clone(),
        }
    }
}

impl File {
    fn from_stored(file: &UserFile, user_id: i64) -> Self {
        Self { id: file.id, user_id, file_type: file.file_type, files: file.files.clone() }
    }
}

/// All claims of a user, those that grant and those that describe, in the order of their ids.
pub(super) fn claims_of(row: &UserRow, personal: &UserPersonal) -> Vec<UserClaim> {
    let mut claims = row.data.permissions.clone();
    claims.extend(personal.claims.iter().cloned());
    claims.sort_by_key(|it| it.id);
    claims
}

fn text(value: &Option<String>) -> Option<String> {
    value.clone().filter(|it| !it.trim().is_empty())
}

fn hundredths(field: &'static str, value: f64) -> Result<i64, ApiError> {
    let hundredths = (value * 100.0).round();
    if !hundredths.is_finite() || hundredths.abs() > HUNDREDTHS_MAX {
        return Err(ApiError::field(field, "is out of range"));
    }
    Ok(hundredths as i64)
}

/// Enums travel as numbers; names are accepted too (spec section 2.1).
fn read_file_type<'de, D: Deserializer<'de>>(from: D) -> Result<u8, D::Error> {
    const NAMES: [&str; 3] = ["Image", "Video", "Document"];
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum NumberOrName {
        Number(u8),
        Name(String),
    }
    match NumberOrName::deserialize(from)? {
        NumberOrName::Number(number) => Ok(number),
        NumberOrName::Name(name) => {
            let number = (0..).zip(NAMES).find(|(_, it)| it.eq_ignore_ascii_case(&name));
            let number = number.map(|(number, _)| number);
            number.ok_or_else(|| D::Error::custom("expected Image, Video or Document"))
        }
    }
}

/// The 16 bytes of a GUID, as [`guid`] writes them; also in braces, without hyphens, in any case.
fn read_guid(text: &str) -> Option<[u8; 16]> {
    let digits = text.trim().trim_start_matches('{').trim_end_matches('}').replace('-', "");
    let number =
        Some(digits).filter(|it| it.len() == 32 && it.bytes().all(|it| it.is_ascii_hexdigit()));
    u128::from_str_radix(&number?, 16).ok().map(u128::to_be_bytes)
}

fn guid(bytes: &[u8; 16]) -> String {
    let mut text = hex(bytes);
    for at in [20, 16, 12, 8] {
        text.insert(at, '-');
    }
    text
}
