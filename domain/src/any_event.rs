//! Any event of any aggregate: for those who follow the whole log.

use crate::app::AppEvent;
use crate::app_token::AppTokenEvent;
use crate::app_user::AppUserEvent;
use crate::client::ClientEvent;
use crate::event::{JsonParts, Parts, StoredEvent, Unreadable};
use crate::log_event::LogEvent;
use crate::resource::ResourceEvent;
use crate::role::RoleEvent;
use crate::signing_key::SigningKeyEvent;
use crate::tenant::TenantEvent;
use crate::token::TokenEvent;
use crate::user::UserEvent;

macro_rules! any_event {
    ($($category:literal => $variant:ident($event:ty)),* $(,)?) => {
        /// An event, whatever its aggregate.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum AnyEvent {$(
            #[doc = concat!("Of a `", $category, "` stream.")]
            $variant($event),
        )*}

        impl AnyEvent {
            /// Every kind that this program can read.
            pub fn kinds() -> Vec<&'static str> {
                [$(<$event as StoredEvent>::KINDS),*].concat()
            }

            /// Reads opened parts. The first word of a kind is its category.
            ///
            /// # Errors
            /// When the kind is unknown or its bytes are not of its shape.
            pub fn decode(kind: &str, parts: &Parts) -> Result<Self, Unreadable> {
                match kind.split('.').next().unwrap_or_default() {
                    $($category => Ok(Self::$variant(StoredEvent::decode(kind, parts)?)),)*
                    _ => Err(Unreadable {
                        kind: kind.to_owned(),
                        why: "this program does not know the category".to_owned(),
                    }),
                }
            }

            /// The stored name with its revision.
            pub fn kind(&self) -> &'static str {
                match self {$( Self::$variant(event) => event.kind(), )*}
            }

            /// Writes the parts, in clear.
            ///
            /// # Errors
            /// When a part exceeds the size of a commit.
            pub fn encode(&self) -> Result<Parts, Unreadable> {
                match self {$( Self::$variant(event) => event.encode(), )*}
            }

            /// The JSON form.
            pub fn to_json(&self) -> JsonParts {
                match self {$( Self::$variant(event) => event.to_json(), )*}
            }
        }

        $(impl From<$event> for AnyEvent {
            fn from(event: $event) -> Self {
                Self::$variant(event)
            }
        })*
    };
}

any_event! {
    "app" => App(AppEvent),
    "app_token" => AppToken(AppTokenEvent),
    "app_user" => AppUser(AppUserEvent),
    "client" => Client(ClientEvent),
    "log" => Log(LogEvent),
    "resource" => Resource(ResourceEvent),
    "role" => Role(RoleEvent),
    "signing_key" => SigningKey(SigningKeyEvent),
    "tenant" => Tenant(TenantEvent),
    "token" => Token(TokenEvent),
    "user" => User(UserEvent),
}
