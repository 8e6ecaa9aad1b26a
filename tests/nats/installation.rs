//! A log with its keys and engine, and publishers of it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use commands::keys::Keyring;
use commands::log::{MemoryLog, SledLog, SledLogOptions};
use commands::publisher::PublisherStatus;
use commands::publisher::{Publisher, PublisherHandle, PublisherOptions, PublisherState};
use commands::signing::system_head;
use commands::{Engine, FullEventId, Personal};
use domain::log::{CommitHead, EventLog};
use domain::role::{Role, RoleCommand, RoleCreated};
use domain::user::{PasswordVerifier, User, UserCommand, UserPersonal, UserRegistered};
use domain::{Actor, TenantId, Timestamp, UserId};

/// How long a test waits for what must come.
pub const WAIT_MAX: Duration = Duration::from_secs(40);

/// Roles in one commit.
const COMMIT_ROLES: u32 = 400;

pub const TENANT: TenantId = TenantId(7);

pub struct Installation {
    pub log: Arc<dyn EventLog>,
    pub keys: Arc<Keyring>,
    engine: Engine,
    /// The log again, where it lies in a folder.
    sled: Option<Arc<SledLog>>,
}

impl Installation {
    pub fn in_memory() -> Self {
        let keys = Keyring::ephemeral().unwrap();
        let log = MemoryLog::new(keys.log_id());
        Self::new(Arc::new(log), Arc::new(keys), None)
    }

    pub fn in_folder(folder: &Path) -> Self {
        Self::opened(folder, Arc::new(Keyring::ephemeral().unwrap()))
    }

    fn opened(folder: &Path, keys: Arc<Keyring>) -> Self {
        let options = SledLogOptions {
            folder: folder.to_owned(),
            id: keys.log_id(),
            reserve_bytes: 0,
            accept_head: None,
        };
        let log = Arc::new(SledLog::open(&options).unwrap());
        Self::new(log.clone(), keys, Some(log))
    }

    /// A backup of this one, as it is now, that has been put in place of it.
    pub fn copy_to(&self, folder: &Path) -> Self {
        self.sled.as_ref().unwrap().copy_to(folder, |_| ()).unwrap();
        Self::opened(folder, self.keys.clone())
    }

    fn new(log: Arc<dyn EventLog>, keys: Arc<Keyring>, sled: Option<Arc<SledLog>>) -> Self {
        let engine = Engine::new(log.clone(), keys.clone());
        Self { log, keys, engine, sled }
    }

    /// The id under which the event at a position is published.
    pub fn id_at(&self, position: u64) -> String {
        let event = self.log.read_at(&[position]).unwrap().remove(0);
        FullEventId::of(self.log.id(), &event).to_string()
    }

    /// Appends this many events, many to a commit.
    pub async fn add_roles(&self, count: u32) {
        let first = u32::try_from(self.log.highest_id("role")).unwrap() + 1;
        let numbers = (first..first + count).collect::<Vec<_>>();
        for numbers in numbers.chunks(COMMIT_ROLES as usize) {
            let mut draft = self.engine.draft(head());
            for role in numbers {
                let name = format!("role {role}");
                let created = RoleCreated { role: *role, tenant: TENANT, name, claims: Vec::new() };
                draft.decide::<Role>(&role.to_string(), &RoleCommand::Create(created)).unwrap();
            }
            draft.commit().await.unwrap();
        }
    }

    pub async fn add_user(&self, name: &str) {
        let register = |number| UserCommand::Register {
            data: Box::new(registered(number)),
            personal: Box::new(UserPersonal { user_name: name.to_owned(), ..Default::default() }),
            password: PasswordVerifier {
                memory_kib: 1,
                passes: 1,
                lanes: 1,
                salt: [0xaa; 16],
                hash: [0xbb; 32],
            }
            .into(),
            app_info: None,
        };
        self.engine.create::<User>(register, &head()).await.unwrap();
    }

    pub fn head(&self) -> u64 {
        self.log.head().position
    }

    pub fn publish_to(&self, url: &str) -> PublisherHandle {
        self.publish(options(url))
    }

    pub fn publish(&self, options: PublisherOptions) -> PublisherHandle {
        Publisher::start(self.log.clone(), self.keys.clone(), options)
    }
}

pub fn options(url: &str) -> PublisherOptions {
    PublisherOptions {
        url: url.to_owned(),
        credentials: None,
        personal: Personal::Hidden,
        folder: None,
    }
}

fn head() -> CommitHead {
    system_head(TENANT, Actor::Operator, Timestamp(1_700_000_000_123_456)).unwrap()
}

fn registered(number: u64) -> UserRegistered {
    let user = UserId(u32::try_from(number).unwrap());
    UserRegistered { user_key: [1; 16], ..UserRegistered::with_defaults(user, TENANT, user) }
}

/// Waits until the broker has everything up to a position.
pub async fn published(publisher: &PublisherHandle, position: u64) {
    wait_for(publisher, |it| it.published >= position).await;
}

/// Waits until it stopped, and returns why.
pub async fn stopped(publisher: &PublisherHandle) -> String {
    let is_stopped = |it: &PublisherStatus| matches!(it.state, PublisherState::Stopped(_));
    match wait_for(publisher, is_stopped).await.state {
        PublisherState::Stopped(why) => why,
        state => panic!("{state:?}"),
    }
}

pub async fn wait_for(
    publisher: &PublisherHandle,
    wanted: impl Fn(&PublisherStatus) -> bool,
) -> PublisherStatus {
    let status = tokio::time::timeout(WAIT_MAX, publisher.wait_for(&wanted)).await;
    let status = status.unwrap_or_else(|_| panic!("still {:?}", publisher.status()));
    assert!(wanted(&status), "it ended with {status:?}");
    status
}

/// Looks again and again until something outside of the publisher is so.
pub async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let looking = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(WAIT_MAX, looking).await.unwrap_or_else(|_| panic!("never: {what}"));
}
