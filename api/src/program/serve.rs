//! `chancery serve`: opens the data folder, catches up, serves, and ends gracefully.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use commands::Personal;
use commands::bootstrap::Bootstrap;
use commands::keys::random;
use commands::password::PasswordPool;
use commands::publisher::{Publisher, PublisherHandle, PublisherOptions};
use domain::log::EventLog as _;
use domain::signing_key::SigningAlgorithm;
use tokio::net::{TcpListener, TcpSocket};

use super::checks::{Checked, check, check_preset_password, host_of_url, preset_password};
use super::failure::Failure;
use super::home::{Home, OBJECTS_FOLDER, master_key_or_new, socket_path};
use super::messengers::Messengers;
use super::running::{Opening, Running, advise};
use super::sdks;
use super::settings::{BusinessErrors, Common, LogFormat, Serve};
use super::stop_signal::StopSignal;
use super::{
    admin_server, descriptors, erasures, fingerprint_keys, greeting, key_shots, object_sweep,
    private_copy, snapshots, timekeeper,
};
use crate::access::scopes;
use crate::endpoints::{FACES, figures, routes};
use crate::http::router::router;
use crate::http::server;
use crate::http::server::door::Door;
use crate::state::app::{App, AppSettings, LogFigures, StatsOf};
use crate::state::app_token_settings::{AdminMode, AppTokenSettings};
use crate::state::hosts;
use crate::state::log_lines;
use crate::state::origins::Origins;
use crate::state::proxies::Proxies;
use crate::workers::sdk_jobs::SdkJobs;
use crate::workers::{drive, write_security_events};

/// A log up to this size is checked from its beginning before the first request is taken; a
/// longer one while requests are answered.
const CHECKED_FIRST_EVENTS: u64 = 20_000;

/// How many connections may wait in the system to be accepted. They wait for a moment only; but a
/// caller whose connection does not fit tries again after a second.
const NOT_ACCEPTED_MAX: u32 = 1_024;

/// How many connections the address for metrics serves at a time.
const FIGURES_CONNECTIONS_MAX: usize = 16;

/// How long the check of a long log works before it pauses.
const CHECKING_TIME: Duration = Duration::from_millis(5);

/// Runs until SIGTERM, SIGINT or SIGHUP.
pub(crate) fn run(common: &Common, options: &Serve) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(serve(common, options)).map_err(advise);
    // Whatever still runs, such as an audit stream, must not keep the process alive.
    runtime.shutdown_timeout(Duration::from_secs(1));
    result
}

async fn serve(common: &Common, options: &Serve) -> Result<(), Failure> {
    let started = Instant::now();
    let stop = StopSignal::listen()?;
    // Everything that can be refused comes first: a start that fails writes nothing.
    let Checked { public_url, app_token, addresses, of_figures } = check(common, options).await?;
    let messengers = Messengers::new(options, &common.data)?;
    let sdks = sdks::settings(options, &common.data)?;
    let bucket = options.objects.bucket()?;
    let listener = listen(&options.listen, &addresses)?;
    let of_figures = match (&options.metrics_listen, of_figures) {
        (Some(text), Some(addresses)) => Some(listen(text, &addresses)?),
        _ => None,
    };
    let address = listener.local_addr()?;
    let connections_max = descriptors::make_room(options.connections_max);
    let home = Home::open(&common.data)?;
    remove_dead_copies();
    let master = master_key_or_new(common, &home.folder)?;
    warn_of_open(&app_token, address);
    let opening = Opening {
        reserve_bytes: options.disk_reserve_mib.saturating_mul(1024 * 1024),
        accept_head: options.accept_head,
    };
    let on = tokio::task::block_in_place(|| Running::open(&home.folder, &master, opening))?;
    let password = prepare(&on, options, common.log_format).await?;
    let objects = match bucket {
        Some(bucket) => bucket,
        None => options.objects.folder(&on.folder.join(OBJECTS_FOLDER))?,
    };
    let public_host = public_url.as_deref().and_then(host_of_url);
    let listen_hosts = hosts::listening(&options.listen, address, public_host);
    let app = App::new(
        on.engine.clone(),
        on.views.clone(),
        on.clock.clone(),
        PasswordPool::new(hashes_max()),
        AppSettings {
            listen_hosts,
            public_url,
            business_statuses: options.business_errors == BusinessErrors::Status,
            origins: Origins::new(options.cors_origins.clone()),
            proxies: Proxies::new(options.trusted_proxies.clone()),
            figures_apart: of_figures.is_some(),
            app_token,
            data: Some(on.folder.clone()),
            reserve_bytes: opening.reserve_bytes,
            uploads: options.objects.uploads(on.folder.clone(), opening.reserve_bytes),
            objects,
            outbound: options.allow_private_outbound.clone(),
            sdks,
            log_addresses: options.log_addresses,
            budgets: options.budgets.settings(),
        },
        figures_of_log(&on),
    );
    let services = Services::start(&on, &app, options, messengers)?;
    tracing::info!(
        address = %address,
        position = on.log.head().position,
        snapshot = on.snapshot_position.load(Relaxed),
        milliseconds = started.elapsed().as_millis() as u64,
        "ready"
    );
    greeting::greet(&app, address, password, common.log_format).await;
    answer(&app, listener, of_figures, connections_max, stop).await?;
    services.stop(&on).await;
    let _ = std::fs::remove_file(socket_path(&on.folder));
    drop(home);
    Ok(())
}

fn warn_of_open(app_token: &AppTokenSettings, address: SocketAddr) {
    if app_token.admin_mode == AdminMode::Open {
        tracing::warn!("ANYBODY who reaches {address} may change any app and any app user");
    }
}

fn remove_dead_copies() {
    for copy in private_copy::remove_dead() {
        let path = copy.display();
        tracing::info!(%path, "removed a private copy that a killed verify or replay had left");
    }
}

/// What the log counts, for metrics.
fn figures_of_log(on: &Running) -> StatsOf {
    let (log, snapshot) = (on.log.clone(), on.snapshot_position.clone());
    Arc::new(move || LogFigures::new(log.stats(), snapshot.load(Relaxed)))
}

/// Brings log and read models to where requests can be answered. Returns the password that was made
/// for the first administrator.
async fn prepare(
    on: &Running,
    options: &Serve,
    format: LogFormat,
) -> Result<Option<String>, Failure> {
    on.note_restore().await?;
    let algorithm = options.token_algorithm.map(SigningAlgorithm::from);
    let password = make_first_commit(on, algorithm, format).await?;
    tokio::task::block_in_place(|| on.catch_up(&|_| ()))?;
    key_shots::prepare(on, algorithm).await?;
    tokio::task::block_in_place(|| on.catch_up(&|_| ()))?;
    check_log(on)?;
    Ok(password)
}

/// Answers requests until the process is told to stop.
async fn answer(
    app: &Arc<App>,
    listener: TcpListener,
    of_figures: Option<TcpListener>,
    connections_max: usize,
    stop: StopSignal,
) -> Result<(), Failure> {
    let door = |connections_max| Door::new(connections_max, app, &FACES);
    let filter = routes(app);
    let stop = async {
        stop.given().await;
        app.stop();
    };
    if let Some(listener) = of_figures {
        tracing::info!(address = %listener.local_addr()?, "figures are shown here only");
        let filter = router(app, figures(), &FACES);
        tokio::spawn(server::serve(listener, filter, door(FIGURES_CONNECTIONS_MAX), app.stopped()));
    }
    server::serve(listener, filter, door(connections_max), stop).await;
    Ok(())
}

/// What goes on beside answering, as long as the server runs.
struct Services {
    publisher: Option<Arc<PublisherHandle>>,
    workers: Vec<tokio::task::JoinHandle<()>>,
    stop_snapshots: Arc<AtomicBool>,
    snapshotter: JoinHandle<()>,
}

impl Services {
    fn start(
        on: &Running,
        app: &Arc<App>,
        options: &Serve,
        messengers: Messengers,
    ) -> Result<Self, Failure> {
        tokio::spawn(projections::follow(on.engine.log().clone(), on.views.clone()));
        admin_server::serve(on, app, tokio::runtime::Handle::current())?;
        let publisher = options.nats.clone().map(|url| start_publisher(on, options, url));
        let publisher = publisher.map(Arc::new);
        if let Some(publisher) = &publisher {
            app.watch_publisher(publisher.clone());
        }
        let stop_snapshots = Arc::new(AtomicBool::new(false));
        let snapshotter = snapshots::start(on, stop_snapshots.clone());
        tokio::spawn(timekeeper::watch(on.clone()));
        tokio::spawn(object_sweep::run(app.clone()));
        tokio::spawn(fingerprint_keys::rotate(on.engine.keys().clone(), on.clock.clone()));
        let to_finish = on.clone();
        std::thread::spawn(move || {
            if let Err(err) = erasures::finish_erasures(&to_finish) {
                tracing::error!(error = %err, "the keys of erased persons could not be destroyed");
            }
        });
        let mut workers = messengers.start(app);
        let sdk_jobs = SdkJobs { places: app.settings.sdks.jobs };
        workers.push(tokio::spawn(drive(app.clone(), sdk_jobs)));
        workers.push(tokio::spawn(write_security_events(app.clone())));
        Ok(Self { publisher, workers, stop_snapshots, snapshotter })
    }

    /// Ends them in order: the log last, with a snapshot for the next start.
    async fn stop(self, on: &Running) {
        tracing::info!("stopping");
        // They were told when the server was: what they have done is noted before the log closes.
        for worker in self.workers {
            let _ = worker.await;
        }
        if let Some(publisher) = &self.publisher {
            publisher.stop().await;
        }
        self.stop_snapshots.store(true, Relaxed);
        self.snapshotter.thread().unpark();
        tokio::task::block_in_place(|| {
            let _ = self.snapshotter.join();
            on.log.close();
            match snapshots::snapshot(&on.log, on.engine.keys(), &on.folder) {
                Ok(position) => tracing::info!(position, "stopped"),
                Err(err) => tracing::warn!(error = %err, "stopped without a snapshot"),
            }
        });
    }
}

/// Binds the first address that can be bound.
fn listen(text: &str, addresses: &[SocketAddr]) -> Result<TcpListener, Failure> {
    let take = |address: &SocketAddr| {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        // A restart need not wait until connections of the previous process are gone.
        socket.set_reuseaddr(true)?;
        socket.bind(*address)?;
        socket.listen(NOT_ACCEPTED_MAX)
    };
    let mut refused = None;
    for address in addresses {
        match take(address) {
            Ok(listener) => return Ok(listener),
            Err(err) => refused = Some(err),
        }
    }
    let why = refused.map_or_else(|| "no address".to_owned(), |err| err.to_string());
    Err(format!("listening on {text}: {why}").into())
}

fn start_publisher(on: &Running, options: &Serve, url: String) -> PublisherHandle {
    let personal = if options.nats_personal { Personal::Shown } else { Personal::Hidden };
    let folder = Some(on.folder.clone());
    let credentials = options.nats_credentials.clone();
    let options = PublisherOptions { url, credentials, personal, folder };
    Publisher::start(on.engine.log().clone(), on.engine.keys().clone(), options)
}

/// Half of the processors: the other half answers requests.
fn hashes_max() -> usize {
    std::thread::available_parallelism().map_or(1, |it| (it.get() / 2).max(1))
}

/// Writes the first commit of an empty log. Returns the administrator's password if one was made
/// here.
async fn make_first_commit(
    on: &Running,
    algorithm: Option<SigningAlgorithm>,
    format: LogFormat,
) -> Result<Option<String>, Failure> {
    if on.log.head().position > 0 {
        return Ok(None);
    }
    let (password, generated) = match preset_password() {
        Some(password) => (check_preset_password(password)?, false),
        None => (generate_password()?, true),
    };
    if generated {
        greeting::show_password(&password, format)?;
    }
    let verifier = PasswordPool::new(1).hash(&password).await?;
    let algorithm = algorithm.unwrap_or(SigningAlgorithm::Es256);
    let with = Bootstrap { algorithm, password: verifier, scopes: scopes::built_in() };
    commands::bootstrap::bootstrap(&on.engine, with, on.clock.now()).await?;
    Ok(generated.then_some(password))
}

/// 128 bits of randomness, and one character for each rule of spec section 6.5.
fn generate_password() -> Result<String, Failure> {
    let random: [u8; 16] = random()?;
    let text = BASE64_URL_SAFE_NO_PAD.encode(random).replace(['-', '_'], "x");
    Ok(format!("{text}-aA1"))
}

/// Checks the log from its beginning: before serving, if that is quick, else meanwhile. In both
/// cases a damaged log does not serve.
fn check_log(on: &Running) -> Result<(), Failure> {
    let log = on.log.clone();
    if on.log.head().position <= CHECKED_FIRST_EVENTS {
        log.check(|| ())?;
        return Ok(());
    }
    let check = move || match log.check(rest_now_and_then()) {
        Ok(found) => tracing::info!(position = found.position, "the log is whole"),
        Err(err) => {
            tracing::error!(error = %advise(err.into()), "the log is damaged; ending the process");
            log_lines::finish();
            std::process::exit(1);
        }
    };
    std::thread::Builder::new().name("log-check".to_owned()).spawn(check)?;
    Ok(())
}

/// A check that nobody waits for gets a quarter of one processor.
fn rest_now_and_then() -> impl FnMut() {
    let mut woke = Instant::now();
    move || {
        if woke.elapsed() >= CHECKING_TIME {
            std::thread::sleep(3 * CHECKING_TIME);
            woke = Instant::now();
        }
    }
}
