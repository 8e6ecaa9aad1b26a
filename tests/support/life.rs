//! A history of commands over a log in memory.

use std::sync::Arc;

use commands::keys::Keyring;
use commands::log::MemoryLog;
use commands::{Engine, EventJson, Personal};
use domain::context::Context;
use domain::log::CommitHead;
use domain::{Actor, Aggregate, CommandId, Recorded, TenantId, UserId};

use crate::given::NOW;

/// Whoever is given the commands of a life, one by one.
#[allow(async_fn_in_trait, reason = "for tests only")]
pub trait Lives {
    async fn run<A: Aggregate>(&mut self, id: &str, command: A::Command);
}

/// An engine over a log in memory, and a counter for command ids.
pub struct Life {
    pub engine: Engine,
    commands: u8,
}

impl Life {
    #[allow(clippy::new_without_default, reason = "it makes keys")]
    pub fn new() -> Self {
        let keys = Arc::new(Keyring::ephemeral().unwrap());
        let log = Arc::new(MemoryLog::new(keys.log_id()));
        Self { engine: Engine::new(log, keys), commands: 0 }
    }
}

impl Lives for Life {
    async fn run<A: Aggregate>(&mut self, id: &str, command: A::Command) {
        self.commands += 1;
        let head = CommitHead {
            command_id: CommandId([self.commands; 16]),
            fingerprint: 0,
            tenant: TenantId(12),
            actor: Actor::User(UserId(1)),
            time: NOW,
            correlation: [0xC0; 16],
            trace: if self.commands == 1 { [0; 16] } else { [0xD0; 16] },
            context: if self.commands == 1 { Context::default() } else { context() },
        };
        self.engine.handle::<A>(id, &command, &head).await.unwrap();
    }
}

impl Life {
    pub fn events(&self) -> Vec<Recorded> {
        self.engine.log().read_after(0, usize::MAX).unwrap()
    }

    pub fn json(&self, personal: Personal) -> Vec<EventJson> {
        let json = |it| EventJson::new(it, self.engine.keys(), personal).unwrap();
        self.events().iter().map(json).collect()
    }
}

/// All that a commit may say of how it came about.
pub fn context() -> Context {
    Context {
        operation: Some("UserPost".into()),
        client: Some("shop".into()),
        caused_by: Some(3),
        batch: Some([0xB0; 16]),
        session: Some([0x50; 8]),
        uid: Some(1_000),
        unknown: Vec::new(),
    }
}
