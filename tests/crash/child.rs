//! The program that is crashed: this test binary again, with a folder in its environment.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use commands::Engine;
use commands::keys::{Keyring, MasterKey};
use commands::log::SledLog;
use domain::context::Context;
use domain::log::CommitHead;
use domain::resource::{Face, Publication, Resource, ResourceCommand, ResourceCreated};
use domain::token::{Grant, Token, TokenCommand, TokenIssued, token_id};
use domain::user::{User, UserCommand, UserPersonal, UserRegistered, Verifiers};
use domain::{Actor, ClientName, CommandId, TenantId, Timestamp, UserId};
use tests::log::{Chance, NOW_SECONDS, open_with, options};
use tests::samples;

/// How many clients write at the same time.
const CLIENTS: u64 = 128;

/// The child's data folder. Without it the child is an empty test.
const FOLDER: &str = "CHANCERY_CRASH_FOLDER";

/// Where the child notes what was acknowledged.
const NOTES: &str = "CHANCERY_CRASH_NOTES";

/// How many commands each life of the child runs: `400,200` means that it starts twice.
const LIVES: &str = "CHANCERY_CRASH_LIVES";

/// What makes the child's commands differ from those of another child.
const SEED: &str = "CHANCERY_CRASH_SEED";

/// The master key of every test.
pub fn master() -> MasterKey {
    MasterKey::parse(&"5a".repeat(32)).unwrap()
}

/// Opens the keys and the log in a folder, as the program does.
pub fn open(folder: &Path) -> Result<(Arc<Keyring>, SledLog), String> {
    let keys = Keyring::open(&folder.join("keys"), &master()).map_err(|err| err.to_string())?;
    let log = open_with(&options(folder, keys.log_id())).map_err(|err| err.to_string())?;
    Ok((Arc::new(keys), log))
}

/// A child that has not started yet.
pub fn command(folder: &Path, notes: &Path, lives: &str, seed: u64) -> Command {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child
        .args(["--exact", "child::the_child_runs_its_load", "--nocapture"])
        .env(FOLDER, folder)
        .env(NOTES, notes)
        .env(LIVES, lives)
        .env(SEED, seed.to_string());
    child
}

#[test]
fn the_child_runs_its_load() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let seed = std::env::var(SEED).unwrap().parse::<u64>().unwrap();
    let notes = std::env::var(NOTES).unwrap();
    let notes = OpenOptions::new().create(true).append(true).open(notes).unwrap();
    let notes = Arc::new(notes);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    for (life, commands) in (0..).zip(std::env::var(LIVES).unwrap().split(',')) {
        let commands = commands.parse::<u64>().unwrap();
        runtime.block_on(live(Path::new(&folder), &notes, commands, seed + life * 1_000_000));
    }
}

async fn live(folder: &Path, notes: &Arc<File>, commands: u64, seed: u64) {
    let (keys, log) = open(folder).unwrap();
    let log = Arc::new(log);
    let engine = Arc::new(Engine::new(log.clone(), keys));
    let left = Arc::new(AtomicU64::new(commands));
    let clients = (0..CLIENTS).map(|client| {
        let client = Client {
            engine: engine.clone(),
            notes: notes.clone(),
            left: left.clone(),
            snapshot: (client == 0).then(|| log.clone()),
            chance: Chance(seed * 1_000 + client),
        };
        tokio::spawn(client.run())
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    log.close();
}

struct Client {
    engine: Arc<Engine>,
    notes: Arc<File>,
    left: Arc<AtomicU64>,
    /// One client also asks for a snapshot of the index now and then.
    snapshot: Option<Arc<SledLog>>,
    chance: Chance,
}

impl Client {
    async fn run(mut self) {
        while self.left.fetch_update(Relaxed, Relaxed, |it| it.checked_sub(1)).is_ok() {
            match self.chance.below(100) {
                0..80 => self.issue_token().await,
                80..96 => self.register_user().await,
                _ => self.publish_resource().await,
            }
            if let Some(log) = self.snapshot.clone() {
                tokio::task::spawn_blocking(move || log.snapshot_index().unwrap()).await.unwrap();
            }
        }
    }

    fn head(&mut self) -> CommitHead {
        let mut command_id = [0; 16];
        command_id[..8].copy_from_slice(&self.chance.bits().to_le_bytes());
        command_id[8..].copy_from_slice(&self.chance.bits().to_le_bytes());
        CommitHead {
            command_id: CommandId(command_id),
            fingerprint: self.chance.bits(),
            tenant: TenantId(1),
            actor: Actor::Client(ClientName("shop".to_owned())),
            time: Timestamp::from_seconds(NOW_SECONDS),
            correlation: command_id,
            trace: [0; 16],
            context: Context::default(),
        }
    }

    /// Called once the commit was acknowledged: one line, one write.
    fn note(&self, head: &CommitHead) {
        let line = format!("{}\n", head.command_id);
        (&*self.notes).write_all(line.as_bytes()).unwrap();
    }

    async fn issue_token(&mut self) {
        let issued_at = Timestamp::from_seconds(NOW_SECONDS);
        let expires_at = issued_at.plus_seconds(1 + self.chance.below(80_000) as i64);
        let mut random = [0; 12];
        random[..8].copy_from_slice(&self.chance.bits().to_le_bytes());
        let issued = TokenIssued {
            tenant: TenantId(1),
            client_id: ClientName("shop".to_owned()),
            user: UserId::NONE,
            parent: None,
            counts_from: 0,
            grant_type: Grant::ClientCredentials.name().to_owned(),
            grant: [0; 16],
            actors: Vec::new(),
            format: 0,
            jkt: None,
            id_token_kid: None,
            scope: vec!["orders.read".to_owned()],
            audience: vec!["orders".to_owned()],
            kid: "key-1".to_owned(),
            issued_at,
            expires_at,
        };
        let head = self.head();
        let issue = TokenCommand::Issue(Box::new(issued));
        self.engine.handle::<Token>(&token_id(expires_at, random), &issue, &head).await.unwrap();
        self.note(&head);
    }

    async fn register_user(&mut self) {
        let head = self.head();
        let name = format!("user.{}", head.command_id);
        let register = move |number| UserCommand::Register {
            data: Box::new(registered(number as u32)),
            personal: Box::new(UserPersonal { user_name: name.clone(), ..Default::default() }),
            password: Verifiers::default(),
            app_info: None,
        };
        self.engine.create::<User>(register, &head).await.unwrap();
        self.note(&head);
    }

    async fn publish_resource(&mut self) {
        let head = self.head();
        let name = format!("orders-{}", head.command_id);
        let create = move |number| {
            let data = resource(number as u32, &name);
            ResourceCommand::Create(Box::new(data), Default::default())
        };
        let (number, _) = self.engine.create::<Resource>(create, &head).await.unwrap();
        self.note(&head);
        let head = self.head();
        let publication = samples::publication();
        let publication = Publication {
            api_id: number.to_string(),
            face: Face {
                path: head.command_id.to_string(),
                policy: Some("<policy/>".repeat(30 * 1024 / 9)),
                ..publication.face
            },
            ..publication
        };
        let publish = ResourceCommand::Publish(Box::new(publication));
        self.engine.handle::<Resource>(&number.to_string(), &publish, &head).await.unwrap();
        self.note(&head);
    }
}

fn registered(number: u32) -> UserRegistered {
    UserRegistered {
        user_key: [3; 16],
        ..UserRegistered::with_defaults(UserId(number), TenantId(1), UserId(1))
    }
}

fn resource(number: u32, name: &str) -> ResourceCreated {
    ResourceCreated {
        resource: number,
        tenant: TenantId(1),
        owner: UserId(1),
        enabled: true,
        name: name.to_owned(),
        display_name: None,
        description: None,
        allowed_access_token_signing_algorithms: None,
        show_in_discovery_document: true,
        secrets: Vec::new(),
        scopes: Vec::new(),
        user_claims: Vec::new(),
        property_keys: Vec::new(),
        created: Timestamp::from_seconds(NOW_SECONDS),
        updated: None,
        last_accessed: None,
        non_editable: false,
    }
}

/// A folder for a child, where syncing and copying is cheap if there is such a place.
pub fn memory_folder() -> tempfile::TempDir {
    let shared_memory = PathBuf::from("/dev/shm");
    let parent = if shared_memory.is_dir() { shared_memory } else { std::env::temp_dir() };
    tempfile::Builder::new().prefix("chancery-crash-").tempdir_in(parent).unwrap()
}
