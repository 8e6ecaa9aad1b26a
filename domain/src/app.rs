//! An app of the app-token service: who may ask for app tokens, and for how long they last.

use serde::{Deserialize, Serialize};

use crate::account::{APP_INFO_CHARS_MAX, APP_NAME_CHARS_MAX, AccountId};
use crate::aggregate::{Aggregate, Decision};
use crate::check;
use crate::event::Fact;
pub use crate::ids::{APP_IDS, AppId, looks_like_app_id};
use crate::ids::{TenantId, Timestamp};
use crate::kind::{ClaimKind, Ids};
use crate::refusal::Refusal;
use crate::stored_events;

/// The kind of claim by which a tenant has one default app.
pub const DEFAULT_APP_CLAIM: ClaimKind = ClaimKind { name: "default_app", english: "default app" };

/// The longest life of an access token of an app, in seconds.
pub const APP_TOKEN_SECONDS_MAX: i64 = 366 * 86_400;

/// What an app may be asked to become.
#[derive(Debug, Clone)]
pub enum AppCommand {
    /// Enter a new app.
    Create {
        /// What anybody with a right to the event may read.
        data: Box<AppCreated>,
        /// Whose it is.
        personal: Box<AppPersonal>,
        /// What signs its requests.
        secret: AppSecret,
    },
    /// Change what its requests must have, and for whom it may act.
    SetPolicy(AppPolicy),
    /// End it. Its id is never used again.
    Delete,
}

/// An app entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppCreated {
    /// Its id.
    pub app: AppId,
    /// Whose app it is.
    pub tenant: TenantId,
    /// The account that owns it; none where its owner is none of ours.
    #[serde(serialize_with = "crate::account::for_people")]
    pub owner: AccountId,
    /// The public key: a name, not cryptographic.
    pub app_key: String,
    /// Whether users without an app of their own sign in through it.
    pub is_default: bool,
    /// What its requests must have.
    pub policy: AppPolicy,
    /// How long its access tokens last, in seconds; refresh tokens twice as long.
    pub token_seconds: i64,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

/// What requests of an app must have, and for whom it may act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppPolicy {
    /// Whether Authorize must be signed.
    pub strict: bool,
    /// Whether it may ask for tokens of any user of its tenant, not of its own users only.
    pub acts_for_users: bool,
}

/// Who an app belongs to, and what its owner noted about it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppPersonal {
    /// The owner's user name; empty where the owner is an account of ours.
    pub owner: String,
    /// Free text of the owner, usually Base64 of JSON.
    pub info: String,
}

/// What signs an app's requests.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppSecret(pub String);

impl std::fmt::Debug for AppSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AppSecret")
    }
}

/// The policy was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppPolicySet {
    /// Whose.
    pub app: AppId,
    /// The new one.
    pub policy: AppPolicy,
}

/// The app ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppDeleted {
    /// Which one.
    pub app: AppId,
}

stored_events! {
    /// What has happened to an app. A stored contract: see `docs/events.md`.
    pub enum AppEvent {
        /// It entered.
        Created = "app.created.v1" {
            data: AppCreated, personal: AppPersonal, secret: AppSecret, subject: app
        },
        /// Its policy was changed.
        PolicySet = "app.policy_set.v1" { data: AppPolicySet },
        /// It ended.
        Deleted = "app.deleted.v1" { data: AppDeleted, subject: app, marks: [Ends, Erases] },
    }
}

/// What the rules need to remember of an app, and no more.
#[derive(Debug, Clone, Default)]
pub enum App {
    /// Never created.
    #[default]
    Absent,
    /// In use.
    Active {
        /// Its id.
        app: AppId,
        /// Its tenant.
        tenant: TenantId,
        /// Its policy.
        policy: AppPolicy,
        /// Whether it is the tenant's default app.
        is_default: bool,
    },
    /// Ended.
    Deleted,
}

impl Aggregate for App {
    const CATEGORY: &'static str = "app";
    const IDS: Ids = Ids::Given;
    const CLAIMS: &'static [ClaimKind] = &[DEFAULT_APP_CLAIM];
    type Command = AppCommand;
    type Event = AppEvent;

    fn decide(&self, command: &AppCommand, _now: Timestamp) -> Result<Decision<AppEvent>, Refusal> {
        match (self, command) {
            (App::Absent, AppCommand::Create { data, personal, secret }) => {
                create(data, personal, secret)
            }
            (_, AppCommand::Create { .. }) => Err(Refusal::AlreadyExists { what: "app" }),
            (App::Absent | App::Deleted, _) => Err(Refusal::NotFound { what: "app" }),
            (App::Active { app, policy, .. }, AppCommand::SetPolicy(wanted)) => {
                // Granted again, it counts for the accounts that the tenant has now.
                if policy == wanted && !wanted.acts_for_users {
                    return Ok(Decision::none());
                }
                let set = AppPolicySet { app: *app, policy: *wanted };
                Ok(Decision::event(AppEvent::PolicySet(set.into())))
            }
            (App::Active { app, tenant, is_default, .. }, AppCommand::Delete) => {
                let deleted = AppDeleted { app: *app };
                let decision = Decision::event(AppEvent::Deleted(deleted.into()));
                Ok(match is_default {
                    true => decision.release(*tenant, DEFAULT_APP_CLAIM, ""),
                    false => decision,
                })
            }
        }
    }

    fn evolve(&mut self, event: &AppEvent) {
        match event {
            AppEvent::Created(fact) => {
                let AppCreated { app, tenant, policy, is_default, .. } = &fact.data;
                let (app, tenant) = (*app, *tenant);
                let (policy, is_default) = (*policy, *is_default);
                *self = App::Active { app, tenant, policy, is_default };
            }
            AppEvent::PolicySet(fact) => {
                if let App::Active { policy, .. } = self {
                    *policy = fact.data.policy;
                }
            }
            AppEvent::Deleted(_) => *self = App::Deleted,
        }
    }
}

fn create(
    data: &AppCreated,
    personal: &AppPersonal,
    secret: &AppSecret,
) -> Result<Decision<AppEvent>, Refusal> {
    if !APP_IDS.contains(&data.app.0) {
        return Err(Refusal::invalid("appId", "must be 16 digits, the first of them not zero"));
    }
    check::line("username", &personal.owner, APP_NAME_CHARS_MAX)?;
    if personal.owner.is_empty() && data.owner == AccountId::None && !data.is_default {
        return Err(Refusal::invalid("username", "is required"));
    }
    check::at_most("oauthInfo", &personal.info, APP_INFO_CHARS_MAX)?;
    if !(1..=APP_TOKEN_SECONDS_MAX).contains(&data.token_seconds) {
        let why = format!("must be 1 to {APP_TOKEN_SECONDS_MAX}");
        return Err(Refusal::invalid("access seconds", why));
    }
    let created = AppEvent::Created(Fact {
        data: data.clone(),
        personal: Some(personal.clone()),
        secret: Some(secret.clone()),
    });
    let decision = Decision::event(created);
    Ok(match data.is_default {
        true => decision.claim(data.tenant, DEFAULT_APP_CLAIM, ""),
        false => decision,
    })
}
