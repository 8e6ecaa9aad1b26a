//! What every handler can reach.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use commands::log::LogStats;
use commands::password::PasswordPool;
use commands::publisher::{PublisherHandle, PublisherStatus};
use commands::{Done, Engine};
use domain::log::{CommitHead, EventLog};
use domain::{TenantId, Timestamp};
use projections::{TenantRow, Views};
use tokio::sync::watch;

use super::app_token_settings::AppTokenSettings;
use super::asked_faces::AskedFaces;
use super::attempts::{Attempt, Attempts};
use super::budgets::{Bill, BudgetSettings, Budgets, OverBudget, Writer};
use super::clock::Clock;
use super::configurations::Configurations;
use super::counters::Counters;
use super::documents::Documents;
use super::gateways_seen::GatewaysSeen;
use super::hosts::{self, UnknownHosts};
use super::long_searches::LongSearches;
use super::network::network_name;
use super::origins::Origins;
use super::proxies::Proxies;
use super::rates::Rates;
use super::sdks::{SdkSettings, Sdks};
use super::security::Security;
use super::seen::Seen;
use super::send_limits::SendLimits;
use super::signer::{ReadyKey, Signer, SigningError};
use super::stream_places::StreamPlaces;
use super::uploads::{UploadSettings, Uploads};
use super::verified_tokens::VerifiedTokens;

/// How long a change waits until the read models show it.
const SHOWN_WAIT_MAX: Duration = Duration::from_secs(2);

/// The choices of an operator that handlers read.
#[derive(Debug, Clone, Default)]
pub struct AppSettings {
    /// The issuer of the first tenant, without a slash at its end; `None` for its first host.
    pub public_url: Option<String>,
    /// Where the program listens, the most usual name first: `host[:port]`, in small letters. There
    /// the first tenant answers, whatever hosts tenants have claimed.
    pub listen_hosts: Vec<String>,
    /// Whether documented business errors have real HTTP statuses instead of 200.
    pub business_statuses: bool,
    /// Which pages of other origins may read answers of the management API.
    pub origins: Origins,
    /// The proxies that are trusted to state the address of a caller.
    pub proxies: Proxies,
    /// Whether metrics are answered at another address only.
    pub figures_apart: bool,
    /// The app-token service.
    pub app_token: AppTokenSettings,
    /// The data folder, for figures about it; `None` where there is none, as in tests.
    pub data: Option<PathBuf>,
    /// Less than this is not left on its disk, in bytes.
    pub reserve_bytes: u64,
    /// Where documents and uploaded files lie.
    pub objects: outside::Objects,
    /// What uploads may take.
    pub uploads: UploadSettings,
    /// Which addresses besides public ones documents may be fetched from, and requests sent to.
    pub outbound: outside::Outbound,
    /// How SDKs are made and released.
    pub sdks: SdkSettings,
    /// Whether log lines about refusals have the address, not only a hash of it.
    pub log_addresses: bool,
    /// What an account may write.
    pub budgets: BudgetSettings,
}

/// Counters of a log that has them.
pub type StatsOf = Arc<dyn Fn() -> LogFigures + Send + Sync>;

/// The figures of the log for `/metrics`.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogFigures {
    /// Durable commits.
    pub commits: u64,
    /// Blocks, each with one fsync.
    pub blocks: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Refused commits: somebody else was first, or a value is taken.
    pub refused: u64,
    /// Commits refused for lack of space.
    pub refused_full: u64,
    /// Seconds spent in storing and syncing.
    pub sync_seconds: f64,
    /// Whether commands are refused for lack of space.
    pub disk_full: bool,
    /// Up to which position the snapshots reach.
    pub snapshot_position: u64,
}

impl LogFigures {
    /// Of what a log counted, and its snapshots.
    pub fn new(stats: &LogStats, snapshot_position: u64) -> Self {
        Self {
            snapshot_position,
            commits: stats.commits(),
            blocks: stats.blocks(),
            bytes: stats.bytes(),
            refused: stats.refused(),
            refused_full: stats.refused_full(),
            sync_seconds: stats.sync_time().as_secs_f64(),
            disk_full: stats.disk_full(),
        }
    }
}

/// The time of the last commit; `None` of an empty log.
pub(crate) fn last_commit_time(log: &dyn EventLog) -> Option<Timestamp> {
    let last = log.read_at(&[log.head().position]).ok()?;
    last.first().map(|it| it.commit.time)
}

/// One running program.
pub struct App {
    pub(crate) engine: Arc<Engine>,
    pub(crate) views: Arc<Views>,
    /// What time it is, and how long things last.
    pub(crate) clock: Clock,
    pub(crate) settings: AppSettings,
    pub(crate) passwords: PasswordPool,
    pub(crate) attempts: Attempts,
    /// What callers may write.
    budgets: Budgets,
    /// Signatures that the app-token service has seen.
    pub(crate) seen: Seen,
    pub(crate) verified: VerifiedTokens,
    pub(crate) signer: Signer,
    /// Codes that were sent to addresses.
    pub(crate) send_limits: SendLimits,
    /// Letters with which addresses subscribe, counted apart: nobody keeps codes from others.
    pub(crate) subscriber_limits: SendLimits,
    /// OpenAPI documents.
    pub(crate) documents: Documents,
    /// What makes SDKs.
    pub(crate) sdks: Sdks,
    /// Files on their way in.
    pub(crate) uploads: Uploads,
    /// What gateways serve, as it was made last.
    pub(crate) configurations: Configurations,
    /// What faces ask of callers.
    pub(crate) asked_faces: AskedFaces,
    /// How often subscriptions called.
    pub(crate) rates: Rates,
    /// When gateways called last.
    pub(crate) gateways_seen: GatewaysSeen,
    pub(crate) counters: Counters,
    /// Who was refused, and who read.
    pub(crate) security: Security,
    pub(crate) log_figures: StatsOf,
    /// The publisher, where there is one.
    publisher: OnceLock<Arc<PublisherHandle>>,
    /// Hosts that were asked for and that no tenant has.
    pub(crate) unknown_hosts: UnknownHosts,
    /// Places for open audit streams.
    pub(crate) streams: StreamPlaces,
    /// Places for searches that open many rows.
    pub(crate) long_searches: LongSearches,
    /// The document of the API, made once from the endpoints.
    pub(crate) document: OnceLock<String>,
    /// Whether the program is about to end.
    stopping: watch::Sender<bool>,
}

impl App {
    /// A program over a log and read models that have caught up with it.
    pub fn new(
        engine: Arc<Engine>,
        views: Arc<Views>,
        clock: Clock,
        passwords: PasswordPool,
        settings: AppSettings,
        log_figures: StatsOf,
    ) -> Arc<Self> {
        Arc::new(Self {
            engine,
            views,
            clock,
            documents: Documents::new(settings.objects.clone(), settings.outbound.clone()),
            sdks: Sdks::new(settings.sdks.clone(), settings.objects.clone()),
            uploads: Uploads::new(settings.uploads.clone()),
            budgets: Budgets::new(settings.budgets),
            settings,
            passwords,
            attempts: Attempts::default(),
            seen: Seen::default(),
            verified: VerifiedTokens::default(),
            signer: Signer::default(),
            send_limits: SendLimits::default(),
            subscriber_limits: SendLimits::default(),
            configurations: Configurations::default(),
            asked_faces: AskedFaces::default(),
            rates: Rates::default(),
            gateways_seen: GatewaysSeen::default(),
            counters: Counters::default(),
            security: Security::default(),
            log_figures,
            publisher: OnceLock::new(),
            streams: StreamPlaces::default(),
            unknown_hosts: UnknownHosts::default(),
            long_searches: LongSearches::default(),
            document: OnceLock::new(),
            stopping: watch::Sender::new(false),
        })
    }

    /// Ends what does not end by itself: open audit streams.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Resolves when the program is about to end.
    pub(crate) fn stopped(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut stopping = self.stopping.subscribe();
        async move {
            // If the program is gone, there is nothing to wait for.
            let _ = stopping.wait_for(|it| *it).await;
        }
    }

    /// Lets `/metrics` say how far the publisher is.
    pub(crate) fn watch_publisher(&self, publisher: Arc<PublisherHandle>) {
        // There is one publisher in a program; a second call changes nothing.
        let _ = self.publisher.set(publisher);
    }

    /// How far the publisher is, where there is one.
    pub(crate) fn publisher_status(&self) -> Option<PublisherStatus> {
        self.publisher.get().map(|it| it.status())
    }

    /// The tenant that answers at a host: `host[:port]`, as in the `Host` header.
    pub(crate) fn tenant_at(&self, host: &str) -> Option<Arc<TenantRow>> {
        let tables = self.views.read();
        let listens =
            |host: &str| self.settings.listen_hosts.iter().any(|it| it.eq_ignore_ascii_case(host));
        let at = |host: &str| match listens(host) {
            true => tables.tenants.get(TenantId::FIRST),
            false => tables.tenants.at_host(host),
        };
        let found = at(host).or_else(|| {
            // Mostly it is written as it is known.
            let host = hosts::canonical(host);
            let other = hosts::by_other_port(&host, hosts::default_port(self.scheme()));
            at(&host).or_else(|| at(&other?))
        });
        found.cloned()
    }

    /// The scheme of this program's URLs: that of `--public-url`, else `http`.
    fn scheme(&self) -> &str {
        let public = self.settings.public_url.as_deref();
        public.and_then(|it| it.split_once("://")).map_or("http", |it| it.0)
    }

    /// The issuer of a tenant: one URI, the same for each of its hosts.
    pub(crate) fn issuer(&self, tenant: &TenantRow) -> String {
        let is_first = tenant.data.tenant == TenantId::FIRST;
        let settings = &self.settings;
        if let Some(url) = settings.public_url.as_ref().filter(|_| is_first) {
            return url.clone();
        }
        let listen = settings.listen_hosts.first().filter(|_| is_first);
        let first = listen.or_else(|| tenant.data.hosts.first().map(|it| &it.name));
        let host = tenant.data.issuer_host.as_ref().or(first);
        format!("{}://{}", self.scheme(), host.map_or("localhost", String::as_str))
    }

    /// The key that signs for a tenant now.
    pub(crate) fn signing_key(&self, tenant: TenantId) -> Result<Arc<ReadyKey>, SigningError> {
        let row = {
            let tables = self.views.read();
            self.signer.choose(tables.signing_keys.of(tenant), &self.clock)
        };
        let row = row.ok_or(SigningError::NoKey(tenant))?;
        self.signer.key(&row, self.engine.keys())
    }

    /// The pool of hashes for somebody who tries a password.
    pub(crate) fn passwords_for(&self, attempt: &Attempt) -> PasswordPool {
        let stranger = self.attempts.is_stranger(attempt);
        self.passwords.for_network(attempt.network(), stranger)
    }

    /// The pool of hashes for anybody at an address.
    pub(crate) fn passwords_at(&self, address: Option<IpAddr>) -> PasswordPool {
        self.passwords.for_network(address.map(network_name), true)
    }

    /// Begins a change of a caller, which is paid for when it is done. Its command id may be remembered.
    ///
    /// # Errors
    /// When the caller, its network or its tenant has written too much.
    pub(crate) fn bill(&self, writer: Writer, head: &CommitHead) -> Result<Bill<'_>, OverBudget> {
        self.budgets.open(writer, head.fingerprint != 0, self.clock.monotonic())
    }

    /// Waits until the read models show what the log has now, but no longer than for a change.
    pub(crate) async fn show_all(&self) {
        let position = self.engine.log().head().position;
        let _ = self.views.wait(position, SHOWN_WAIT_MAX).await;
    }

    /// Waits until the read models show a change. It is durable: if they lag, its caller learns the
    /// position all the same.
    pub(crate) async fn settle(&self, done: &Done) {
        if let Err(err) = self.views.wait(done.position, SHOWN_WAIT_MAX).await {
            tracing::warn!(error = %err, "a change is durable, but not readable yet");
        }
    }
}
