//! Any event of any aggregate: for those who follow the whole log.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::aggregate::Aggregate;
use crate::api_scope::ApiScope;
use crate::app::App;
use crate::app_token::AppToken;
use crate::app_user::AppUser;
use crate::auth_server::AuthServer;
use crate::blob::Blob;
use crate::client::Client;
use crate::delivery::{Mail, Sms};
use crate::event::{JsonParts, Parts, StoredEvent, Unreadable};
use crate::gateway::Gateway;
use crate::identity_resource::IdentityResource;
use crate::ids::Timestamp;
use crate::kind::{AggregateInfo, Ids, Kind, Mark};
use crate::log_event::Log;
use crate::notice::Notice;
use crate::product::Product;
use crate::resource::Resource;
use crate::role::Role;
use crate::sdk_job::SdkJob;
use crate::security::Security;
use crate::signing_key::SigningKey;
use crate::stream::StreamId;
use crate::subscriber::Subscriber;
use crate::subscription::Subscription;
use crate::tenant::Tenant;
use crate::token::Token;
use crate::user::User;
use crate::verification::Verification;

macro_rules! aggregates {
    ($($aggregate:ident),* $(,)?) => {
        /// Every aggregate, in the order of their categories.
        pub const AGGREGATES: &[AggregateInfo] = &[$(
            AggregateInfo {
                category: <$aggregate as Aggregate>::CATEGORY,
                ids: <$aggregate as Aggregate>::IDS,
                claims: <$aggregate as Aggregate>::CLAIMS,
                kinds: <<$aggregate as Aggregate>::Event as StoredEvent>::KINDS,
            },
        )*];

        /// An event, whatever its aggregate.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each is named after its aggregate")]
        pub enum AnyEvent {$(
            $aggregate(<$aggregate as Aggregate>::Event),
        )*}

        fn unknown_category(kind: &str) -> Unreadable {
    let why = "this program does not know the category".to_owned();
    Unreadable { kind: kind.to_owned(), why }
}

impl AnyEvent {
            /// Reads opened parts. The first word of a kind is its category.
            ///
            /// # Errors
            /// When the kind is unknown or its bytes are not of its shape.
            pub fn decode(kind: &str, parts: &Parts) -> Result<Self, Unreadable> {
                let category = kind.split('.').next().unwrap_or_default();
                $(
                    if category == <$aggregate as Aggregate>::CATEGORY {
                        return Ok(Self::$aggregate(StoredEvent::decode(kind, parts)?));
                    }
                )*
                Err(unknown_category(kind))
            }

            /// The JSON form of opened parts: see [`StoredEvent::json_of`].
            ///
            /// # Errors
            /// As [`AnyEvent::decode`].
            pub fn json_of(kind: &str, parts: &Parts) -> Result<JsonParts, Unreadable> {
                let category = kind.split('.').next().unwrap_or_default();
                $(
                    if category == <$aggregate as Aggregate>::CATEGORY {
                        return <$aggregate as Aggregate>::Event::json_of(kind, parts);
                    }
                )*
                Err(unknown_category(kind))
            }

            /// The stored name with its revision.
            pub fn kind(&self) -> &'static str {
                match self {$( Self::$aggregate(event) => event.kind(), )*}
            }

            /// Writes the parts, in clear.
            ///
            /// # Errors
            /// When a part exceeds the size of a commit.
            pub fn encode(&self) -> Result<Parts, Unreadable> {
                match self {$( Self::$aggregate(event) => event.encode(), )*}
            }

            /// The JSON form.
            pub fn to_json(&self) -> JsonParts {
                match self {$( Self::$aggregate(event) => event.to_json(), )*}
            }
        }

        $(impl From<<$aggregate as Aggregate>::Event> for AnyEvent {
            fn from(event: <$aggregate as Aggregate>::Event) -> Self {
                Self::$aggregate(event)
            }
        })*
    };
}

aggregates! {
    ApiScope,
    App,
    AppToken,
    AppUser,
    AuthServer,
    Blob,
    Client,
    Gateway,
    IdentityResource,
    Log,
    Mail,
    Notice,
    Product,
    Resource,
    Role,
    SdkJob,
    Security,
    SigningKey,
    Sms,
    Subscriber,
    Subscription,
    Tenant,
    Token,
    User,
    Verification,
}

impl AnyEvent {
    /// Every kind that this program can read.
    pub fn kinds() -> Vec<&'static str> {
        AGGREGATES.iter().flat_map(|it| it.kinds).map(|it| it.name).collect()
    }

    /// What is known about the events of a kind: of a past revision the same as of the current one.
    pub fn marks(kind: &str) -> &'static [Mark] {
        static MARKS: LazyLock<HashMap<&str, &[Mark]>> = LazyLock::new(|| {
            let kinds = || AGGREGATES.iter().flat_map(|it| it.kinds);
            let current = |name: &str| {
                let base = Kind::without_revision(name);
                let mut written = kinds().filter(|kind| !kind.past);
                written.find(|kind| Kind::without_revision(kind.name) == base)
            };
            let marks = |kind: &Kind| current(kind.name).map_or(kind.marks, |it| it.marks);
            kinds().map(|kind| (kind.name, marks(kind))).collect()
        });
        MARKS.get(kind).copied().unwrap_or_default()
    }

    /// The kinds with a mark, without their revisions.
    pub fn kinds_marked(mark: Mark) -> impl Iterator<Item = &'static str> {
        let kinds = AGGREGATES.iter().flat_map(|it| it.kinds);
        let marked = kinds.filter(move |it| !it.past && it.marks.contains(&mark));
        marked.map(|it| Kind::without_revision(it.name))
    }
}

// It stands here because the name of a stream alone does not say whether its category is short-lived.
impl StreamId {
    /// When this stream ends: only short-lived ones do ([`Ids::ShortLived`]).
    pub fn closes_at(&self) -> Option<Timestamp> {
        let category = self.category();
        let info = AGGREGATES.iter().find(|it| it.category == category)?;
        if info.ids != Ids::ShortLived {
            return None;
        }
        let seconds = i64::from_str_radix(self.id().get(..8)?, 16).ok()?;
        Some(Timestamp::from_seconds(seconds))
    }
}
