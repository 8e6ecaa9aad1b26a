//! Runs programs of others: without a network, with limits, and away from the files of this machine.
//!
//! With bubblewrap a program sees `/usr`, the parts that it is made of and its input, all of which it
//! cannot change, and folders in memory for what it writes. It has no network and no rights, sees no
//! other processes, and ends with us. Input goes in and output comes out as a tar in a pipe: nothing
//! is written to a disk. The limits are those of [`Limits`]; what a program may not have ends it.
//!
//! Where we are root, each run has a user of its own, without a name and without files, if its parts
//! can be read by all: only then is the number of its processes limited, and then it would be a
//! stranger outside of its sandbox, too.
//!
//! [`Kind::None`] is no sandbox: the program runs as we do, with the network and all files, in a
//! temporary folder. The limits of single processes and of time are kept.

mod attend;
mod command;
mod ending;
mod log;
mod pack;
mod parts;
mod run;
mod users;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OnceCell;

use self::command::{Place, User};
use self::users::Users;
use crate::failure::{Failure, Reason};
use crate::files::Files;
use crate::limits::INPUT_BYTES_MAX;

pub use self::run::{Kind, Limits, Output, Run};

/// Where programs of others run.
#[derive(Clone, Debug)]
pub struct Sandbox {
    kind: Kind,
    /// Whether it works at all, and as whom; tried once.
    tried: Arc<OnceCell<Users>>,
}

impl Sandbox {
    /// A sandbox, of which it is not known yet whether it works here.
    pub fn new(kind: Kind) -> Self {
        if kind == Kind::None {
            tracing::warn!("programs of others run without a sandbox");
        }
        Self { kind, tried: Arc::default() }
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether it works on this machine. What was seen once is not tried again.
    ///
    /// # Errors
    ///
    /// [`Reason::SandboxMissing`].
    pub async fn works(&self) -> Result<(), Failure> {
        self.users().await.map(|_| ())
    }

    /// Runs something. Where this future is dropped, all processes of the run are killed.
    ///
    /// # Errors
    ///
    /// [`Failure`] with one of the reasons of runs, or with [`Run::otherwise`].
    pub async fn run(&self, run: Run) -> Result<Output, Failure> {
        if run.input.bytes() > INPUT_BYTES_MAX {
            return Err(Failure::new(Reason::RequestRefused, "the input is too large"));
        }
        let users = self.users().await?;
        let is_open = run.parts.iter().all(|(_, it)| parts::is_open_to_all(it));
        if !is_open && users != Users::Same {
            tracing::warn!("a program that not all may read runs as root in its sandbox");
        }
        self.run_as(if is_open { users.next() } else { User::Same }, run).await
    }

    /// As whom programs run here.
    async fn users(&self) -> Result<Users, Failure> {
        let tried = self.tried.get_or_try_init(|| async {
            if self.kind == Kind::Bubblewrap && rustix::process::geteuid().is_root() {
                for users in [Users::Own, Users::Nobody] {
                    if self.run_as(users.next(), nothing()).await.is_ok() {
                        return Ok(users);
                    }
                }
                tracing::warn!("programs of others run as root in their sandbox");
            }
            self.run_as(User::Same, nothing()).await.map(|_| Users::Same)
        });
        tried.await.copied()
    }

    async fn run_as(&self, user: User, run: Run) -> Result<Output, Failure> {
        let place = Place::new(self.kind, user)?;
        attend::attend(place, run).await
    }
}

/// A run that does nothing.
fn nothing() -> Run {
    Run {
        script: "mkdir out",
        arguments: Vec::new(),
        parts: Vec::new(),
        also: Vec::new(),
        input: Files::new(),
        limits: Limits::within(Duration::from_secs(10)),
        otherwise: Reason::SandboxMissing,
    }
}
