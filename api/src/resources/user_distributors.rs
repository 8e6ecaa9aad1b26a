//! Row 81: the team below a point of the hierarchy.

use projections::{Paging, Tables, UserFilter, UserRow};
use schemars::JsonSchema;
use serde::Serialize;
use serde_with::skip_serializing_none;
use warp::http::Method;

use super::user_figures::members_of;
use crate::access::granted::Granted;
use crate::http::endpoint::{Endpoint, Outcome, QueryParameter, endpoint};
use crate::http::error::ApiError;
use crate::http::needs::user;
use crate::http::paging::text;
use crate::http::reply::{ErrorData, Reply, Single};

/// The most people of one answer: the interface has no pages here.
const DISTRIBUTORS_MAX: usize = 10_000;

/// The longest path, in bytes.
const PATH_BYTES_MAX: usize = 1_000;

const PATH: [QueryParameter; 1] = [text("path", "where the team begins, such as /1/5/; required")];

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(
            Method::GET,
            "/api/User/Distributors",
            "UserDistributors",
            "List the team below a point of the hierarchy",
        )
        .row(81)
        .query(&PATH)
        .answers::<Single<Team>>()
        .needs(user("user.distributors"), list),
    ]
}

impl ErrorData for Single<Team> {}

/// A team.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Team")]
struct Team(Vec<Distributor>);

// Spec section 2.8.
/// Somebody in a team.
#[skip_serializing_none]
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Distributor {
    /// The user's.
    id: i64,
    #[schemars(extend("x-required" = "answer"))]
    user_name: Option<String>,
    nick_name: Option<String>,
    avatar: Option<String>,
    /// How many users this one has brought in.
    members: i64,
    /// Always 0: nothing in this interface changes it.
    sales: f64,
    #[serde(rename = "parentUserID")]
    parent_user_id: i64,
    /// How many users the lineage names.
    lineage_level: i16,
    lineage: String,
}

impl Distributor {
    fn of(row: &UserRow, tables: &Tables) -> Self {
        let personal = tables.users.personal(row);
        let (user_name, nick_name, avatar) =
            personal.map(|it| (Some(it.user_name), it.nick_name, it.avatar)).unwrap_or_default();
        Self {
            id: i64::from(row.data.user.0),
            user_name,
            nick_name,
            avatar,
            members: members_of(tables, row.data.user),
            sales: 0.0,
            parent_user_id: i64::from(row.data.parent.0),
            lineage_level: i16::try_from(depth(&row.data.lineage)).unwrap_or(i16::MAX),
            lineage: row.data.lineage.clone(),
        }
    }
}

fn depth(lineage: &str) -> usize {
    lineage.split('/').filter(|it| !it.is_empty()).count()
}

/// Spec section 5.9.4: numbers with slashes around them.
fn read_path(granted: &Granted) -> Result<String, ApiError> {
    let query = granted.call.query();
    let path = query.text("path").unwrap_or_default();
    let inner = path.strip_prefix('/').and_then(|it| it.strip_suffix('/')).unwrap_or_default();
    let is_number = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
    if path.len() <= PATH_BYTES_MAX && inner.split('/').all(is_number) {
        return Ok(path.to_owned());
    }
    Err(ApiError::field("path", "must be a place in the hierarchy, such as /1/5/"))
}

/// Of the team, those whom the caller may see.
async fn list(granted: Granted) -> Outcome {
    let path = read_path(&granted)?;
    let tenant = granted.tenant_id();
    let lineage = match granted.ask(|tables| granted.users(tables).lineage()) {
        // The narrower of the two; where neither lies within the other, the caller sees nobody.
        Some(own) if own.starts_with(&path) => own,
        Some(own) if !path.starts_with(&own) => {
            return Ok(Reply::single(Team(Vec::new())));
        }
        _ => path,
    };
    let filter = UserFilter { lineage: Some(lineage), ..UserFilter::default() };
    let paging = Paging { skip: 0, take: DISTRIBUTORS_MAX, ascending: true };
    let query = granted.ask(|tables| tables.users.fitting(tenant, filter, paging));
    let page = granted.page(|tables| &tables.users, query).await?;
    let team = granted
        .ask(|tables| Team(page.rows.iter().map(|it| Distributor::of(it, tables)).collect()));
    Ok(Reply::single(team))
}
