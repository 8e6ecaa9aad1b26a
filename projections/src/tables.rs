//! All read models together: what one lock guards and one event changes.

use std::io;
use std::thread;

use domain::forgetting::{Forgetting, Forgotten};
use domain::log_event::LogEvent;
use domain::role::RoleCreated;
use domain::{Aggregate, AnyEvent, Mark, Recorded, Unreadable};

use crate::api_scopes::ApiScopeData;
use crate::app_tokens::AppTokens;
use crate::app_users::AppUserData;
use crate::apps::AppData;
use crate::audit::Audit;
use crate::auth_servers::AuthServerData;
use crate::blobs::Blobs;
use crate::clients::ClientData;
use crate::codes::Codes;
use crate::deliveries::Deliveries;
use crate::gateways::GatewayData;
use crate::identity_resources::IdentityResourceData;
use crate::layout::Section;
use crate::left_over::LeftOver;
use crate::notices::Notices;
use crate::products::ProductData;
use crate::resources::ResourceData;
use crate::row::RowData;
use crate::row_section::FoundNow;
use crate::rows::Source;
use crate::sdk_jobs::SdkJobs;
use crate::sealed::Keys;
use crate::signing_keys::SigningKeys;
use crate::subscribers::SubscriberData;
use crate::subscriptions::SubscriptionData;
use crate::table::{RowChange, Table};
use crate::tenants::TenantData;
use crate::tokens::Tokens;
use crate::user_row::UserData;

/// The category whose streams a table has the rows of.
const fn category<D: RowData>() -> &'static str {
    <D::Aggregate as Aggregate>::CATEGORY
}

macro_rules! tables {
    ($($(#[$meta:meta])* $field:ident: $data:ident,)*) => {
        /// Every read model of the program. Two of them, folded from the same log, are equal.
        #[derive(Debug, PartialEq)]
        pub struct Tables {
            $($(#[$meta])* pub $field: Table<$data>,)*
            /// The tokens of apps.
            pub app_tokens: AppTokens,
            /// Where in the log things are.
            pub audit: Audit,
            /// The files that users uploaded.
            pub blobs: Blobs,
            /// The codes that prove addresses.
            pub codes: Codes,
            /// What is to be sent.
            pub deliveries: Deliveries,
            /// The deleted API resources that still have subscribers.
            pub left_over: LeftOver,
            /// The notices that are to be sent.
            pub notices: Notices,
            /// The jobs that make SDKs.
            pub sdk_jobs: SdkJobs,
            /// The signing keys.
            pub signing_keys: SigningKeys,
            /// The revoked tokens.
            pub tokens: Tokens,
            /// The position of the last event that was taken in.
            pub(crate) position: u64,
            /// What the log was told to forget.
            pub(crate) forgotten: Forgotten,
            pub(crate) keys: Keys,
        }

        /// What an event changes.
        #[derive(Debug)]
        #[allow(non_camel_case_types, reason = "each is named after its table")]
        pub(crate) enum Change {
            /// No read model asks for its payload.
            Nothing,
            $($field(Box<RowChange<$data>>),)*
            Other(Box<AnyEvent>),
        }

        /// Opens and decodes an event, if any read model asks for its payload.
        pub(crate) fn decode(recorded: &Recorded, keys: &Keys) -> Result<Change, Unreadable> {
            let kind = &*recorded.kind;
            if AnyEvent::marks(kind).contains(&Mark::Unread) {
                return Ok(Change::Nothing);
            }
            let parts = keys.0.open_parts(recorded)?;
            let stream = recorded.stream.category();
            $(if stream == category::<$data>() {
                return Ok(Change::$field(Box::new(RowChange::read(kind, &parts, keys)?)));
            })*
            Ok(Change::Other(Box::new(AnyEvent::decode(kind, &parts)?)))
        }

        /// How a snapshot knows what the rows of a category are found by; `None` for categories
        /// whose events stand in the order of the log.
        pub(crate) fn row_section(stream: &str) -> Option<FoundNow> {
            $(if stream == category::<$data>() {
                return Some(crate::row_section::found_now::<$data>);
            })*
            None
        }

        impl Tables {
            pub(crate) fn new(keys: Keys) -> Self {
                Self {
                    $($field: Table::new(keys.clone()),)*
                    app_tokens: AppTokens::default(),
                    audit: Audit::default(),
                    blobs: Blobs::default(),
                    codes: Codes::default(),
                    deliveries: Deliveries::default(),
                    left_over: LeftOver::default(),
                    notices: Notices::default(),
                    sdk_jobs: SdkJobs::default(),
                    signing_keys: SigningKeys::default(),
                    tokens: Tokens::default(),
                    position: 0,
                    forgotten: Forgotten::default(),
                    keys,
                }
            }

            /// Takes in an event that a snapshot kept; the audit index has it already.
            pub(crate) fn change(&mut self, recorded: &Recorded, change: Change) {
                match change {
                    Change::Nothing => (),
                    $(Change::$field(change) => self.$field.apply(recorded, *change),)*
                    Change::Other(event) => self.take_in(*event, recorded),
                }
                self.left_over.look(recorded, &self.resources, &self.subscribers);
            }

            /// Whether every table finds its rows by what they say, and by nothing else. Makes all
            /// rows: for checks.
            pub fn find_what_they_have(&self) -> bool {
                $(self.$field.finds_what_it_has())&&*
            }

            /// Takes over the rows that lie in the sections of a snapshot, while the events that
            /// stand in the order of the log are read.
            pub(crate) fn read_rows(
                &mut self,
                source: &Source,
                sections: &[Section],
                others: impl FnOnce(&mut Self) -> io::Result<()>,
            ) -> io::Result<()> {
                let keys = self.keys.clone();
                thread::scope(|scope| {
                    $(let $field = scope.spawn(|| read_table::<$data>(&keys, source, sections));)*
                    others(self)?;
                    let failed = |_| io::Error::other("a thread that reads a snapshot panicked");
                    $(self.$field = $field.join().map_err(failed)??;)*
                    self.left_over = LeftOver::of(&self.resources, &self.subscribers);
                    Ok(())
                })
            }
        }
    };
}

tables! {
    /// The API scopes.
    api_scopes: ApiScopeData,
    /// The apps of the app-token service.
    apps: AppData,
    /// Their users.
    app_users: AppUserData,
    /// The authorization servers.
    auth_servers: AuthServerData,
    /// The clients.
    clients: ClientData,
    /// The gateways.
    gateways: GatewayData,
    /// The identity resources.
    identity_resources: IdentityResourceData,
    /// The products.
    products: ProductData,
    /// The API resources.
    resources: ResourceData,
    /// The roles.
    roles: RoleCreated,
    /// The subscribers of API resources.
    subscribers: SubscriberData,
    /// The subscriptions to products.
    subscriptions: SubscriptionData,
    /// The tenants.
    tenants: TenantData,
    /// The users.
    users: UserData,
}

fn read_table<D: RowData>(
    keys: &Keys,
    source: &Source,
    sections: &[Section],
) -> io::Result<Table<D>> {
    match sections.iter().find(|it| it.name == category::<D>()) {
        Some(it) => Table::read(keys.clone(), source.clone(), it.range.clone(), it.count),
        None => Ok(Table::new(keys.clone())),
    }
}

impl Tables {
    /// What opens the sealed parts of rows.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The position of the last event that was taken in.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Takes in the next event of the log.
    pub(crate) fn apply(&mut self, recorded: &Recorded, change: Change) {
        self.audit.apply(recorded);
        self.change(recorded, change);
        self.position = recorded.position;
    }

    /// Begins with what was forgotten before the first event that comes.
    pub(crate) fn begin_with(&mut self, forgotten: Forgotten) {
        self.tokens.begin_with(&forgotten);
        self.app_tokens.begin_with(&forgotten);
        self.codes.begin_with(&forgotten);
        self.deliveries.begin_with(&forgotten);
        self.notices.begin_with(&forgotten);
        self.sdk_jobs.begin_with(&forgotten);
        self.forgotten = forgotten;
    }

    fn forget(&mut self, position: u64, forgetting: Forgetting) {
        self.forgotten.note(position, forgetting);
        self.tokens.forget(position, forgetting);
        self.app_tokens.forget(position, forgetting);
        self.codes.forget(position, forgetting);
        self.deliveries.forget(position, forgetting);
        self.notices.forget(position, forgetting);
        self.sdk_jobs.forget(position, forgetting);
    }

    /// What is not kept in a table of rows: what has an end, and keys and files, which have no numbers.
    fn take_in(&mut self, event: AnyEvent, recorded: &Recorded) {
        match event {
            AnyEvent::AppToken(event) => self.app_tokens.apply(&event, recorded),
            AnyEvent::Blob(event) => self.blobs.apply(event, recorded),
            AnyEvent::Log(LogEvent::Forgotten(fact)) => {
                self.forget(recorded.position, Forgetting { until: fact.data.until });
            }
            AnyEvent::Log(LogEvent::Restored(_)) => {
                self.app_tokens.close_all(recorded.position);
                self.codes.close_all();
                self.deliveries.close_all();
                self.notices.close_all();
            }
            AnyEvent::Mail(event) => self.deliveries.apply(event.into(), recorded),
            AnyEvent::Notice(event) => self.notices.apply(event, recorded),
            AnyEvent::Sms(event) => self.deliveries.apply(event.into(), recorded),
            AnyEvent::Verification(event) => self.codes.apply(&event, recorded),
            AnyEvent::SdkJob(event) => self.sdk_jobs.apply(event, recorded),
            // It changes nothing: whoever wants it reads the log.
            AnyEvent::Security(_) => (),
            AnyEvent::SigningKey(event) => self.signing_keys.apply(&event, recorded),
            AnyEvent::Token(event) => self.tokens.apply(&event, recorded),
            AnyEvent::ApiScope(_)
            | AnyEvent::App(_)
            | AnyEvent::AppUser(_)
            | AnyEvent::AuthServer(_)
            | AnyEvent::Client(_)
            | AnyEvent::Gateway(_)
            | AnyEvent::IdentityResource(_)
            | AnyEvent::Product(_)
            | AnyEvent::Resource(_)
            | AnyEvent::Role(_)
            | AnyEvent::Subscriber(_)
            | AnyEvent::Subscription(_)
            | AnyEvent::Tenant(_)
            | AnyEvent::User(_) => debug_assert!(false, "it has a table"),
        }
    }
}
