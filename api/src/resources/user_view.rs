//! View_User (spec section 2.8): a user as the list shows it.

use domain::user::UserPersonal;
use projections::{Tables, UserRow};
use schemars::JsonSchema;
use serde::Serialize;
use serde_with::skip_serializing_none;

use super::user_body::claims_of;
use super::user_figures::{Figures, members_of};
use crate::access::users::SeenUsers;
use crate::http::time::WireTime;

// Spec section 7.2, B10.
/// An item of the list of users. `id` is the user's, as is `userID`; `userName` is the name that the
/// user signs in with, and `nickName` stands beside it.
#[skip_serializing_none]
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "UserSummary")]
pub(crate) struct ViewUser {
    #[serde(rename = "parentUserID")]
    parent_user_id: i64,
    #[schemars(extend("x-required" = "answer"))]
    user_name: Option<String>,
    nick_name: Option<String>,
    avatar: Option<String>,
    create_date: WireTime,
    lock_flag: bool,
    data_amount: i64,
    status: i32,
    #[serde(rename = "typeIDs")]
    type_ids: Option<String>,
    id: i64,
    #[serde(rename = "userID")]
    user_id: i64,
    #[serde(flatten)]
    pub(super) figures: Figures,
    lineage: String,
    pub(crate) parent_user_name: Option<String>,
    #[serde(rename = "poolIDs")]
    pool_ids: Option<String>,
    email: Option<String>,
    email_confirmed: bool,
    phone_number: Option<String>,
    phone_number_confirmed: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    roles: Vec<ViewRole>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    claims: Vec<ViewClaim>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<ViewFile>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<ViewProperty>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tenants: Vec<ViewTenant>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logins: Vec<ViewLogin>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "UserSummaryRole")]
struct ViewRole {
    id: u32,
    name: String,
    normalized_name: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "UserSummaryClaim")]
struct ViewClaim {
    id: u32,
    claim_type: String,
    claim_value: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "UserSummaryFile")]
struct ViewFile {
    id: u32,
    file_type: u8,
    files: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "UserSummaryProperty")]
struct ViewProperty {
    id: u32,
    key: String,
    value: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "UserSummaryTenant")]
struct ViewTenant {
    tenant_id: u32,
}

#[skip_serializing_none]
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "UserSummaryLogin")]
struct ViewLogin {
    login_provider: String,
    provider_display_name: Option<String>,
    provider_key: String,
}

impl ViewUser {
    /// An item with the names of others: of the parent, where the caller sees it, and of the roles.
    pub(crate) fn from_row(row: &UserRow, tables: &Tables, seen: &SeenUsers<'_>) -> Self {
        let parent = seen.get(row.data.parent).and_then(|it| tables.users.personal(it));
        let roles = row.data.roles.iter().filter_map(|it| tables.roles.get(row.data.tenant, *it));
        let roles = roles.map(|it| ViewRole {
            id: it.role,
            name: it.name.clone(),
            normalized_name: domain::role::normalise(&it.name),
        });
        Self {
            figures: Figures::with_members(members_of(tables, row.data.user)),
            parent_user_name: parent.map(|it| it.user_name),
            roles: roles.collect(),
            ..Self::alone(row, tables.users.personal(row).unwrap_or_default())
        }
    }

    /// What the row of a user says by itself: of the roles their numbers only.
    pub(crate) fn alone(row: &UserRow, personal: UserPersonal) -> Self {
        let user_id = i64::from(row.data.user.0);
        let role =
            |id: &u32| ViewRole { id: *id, name: String::new(), normalized_name: String::new() };
        Self {
            parent_user_id: i64::from(row.data.parent.0),
            create_date: WireTime(row.created),
            lock_flag: row.data.lock_flag,
            data_amount: row.data.data_amount,
            status: row.data.status,
            type_ids: row.data.type_ids.clone(),
            id: user_id,
            user_id,
            figures: Figures::with_members(0),
            lineage: row.data.lineage.clone(),
            parent_user_name: None,
            pool_ids: row.data.pool_ids.clone(),
            email_confirmed: row.data.email_confirmed,
            phone_number_confirmed: row.data.phone_confirmed,
            roles: row.data.roles.iter().map(role).collect(),
            claims: claims_of(row, &personal)
                .into_iter()
                .map(|it| ViewClaim { id: it.id, claim_type: it.claim_type, claim_value: it.value })
                .collect(),
            files: personal
                .files
                .into_iter()
                .map(|it| ViewFile { id: it.id, file_type: it.file_type, files: it.files })
                .collect(),
            properties: personal
                .properties
                .into_iter()
                .map(|it| ViewProperty { id: it.id, key: it.key, value: it.value })
                .collect(),
            tenants: vec![ViewTenant { tenant_id: row.data.tenant.0 }],
            logins: personal
                .logins
                .into_iter()
                .map(|it| ViewLogin {
                    login_provider: it.provider,
                    provider_display_name: it.display_name,
                    provider_key: it.key,
                })
                .collect(),
            user_name: Some(personal.user_name),
            nick_name: personal.nick_name,
            avatar: personal.avatar,
            email: personal.email,
            phone_number: personal.phone_number,
        }
    }
}
