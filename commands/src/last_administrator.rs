//! A tenant always keeps an administrator: a rule over several users, enforced by the commit
//! itself.
//!
//! A commit that removes an administrator requires that another one has not changed since it was
//! looked at. So if two remove each other at the same moment, the second commit finds no other
//! administrator and is refused.

use domain::log::CommitHead;
use domain::user::{User, UserCommand};
use domain::{Aggregate as _, Refusal, StreamId, UserId};

use crate::done::Done;
use crate::engine::{Draft, Engine};
use crate::error::Error;
use crate::expected::Expected;

/// The refusal, and what to do about it.
pub const LAST_ADMINISTRATOR: Refusal = Refusal::NotAllowed {
    why: "the last administrator of a tenant stays: make another one first, for example with \
          `chancery user grant-administrator NAME`",
};

/// Who has the administrators' role in a tenant, according to the read models. This only suggests
/// where to look: what counts is folded from the log. Nobody is looked for until a command would end
/// an administrator.
pub trait Administrators: Send + Sync {
    /// The number of the role; `None` in a tenant that has no such role.
    fn role(&self) -> Option<u32>;

    /// Who has it: numbers only, whatever else is true of them.
    fn holders(&self) -> Vec<UserId>;

    /// Whether a holder has the permission for everything.
    fn may_do_everything(&self, holder: UserId) -> bool;
}

impl Engine {
    /// Runs a command against a user, unless that would leave the tenant without an administrator:
    /// one who is in use, enabled and not locked.
    ///
    /// # Errors
    /// As [`Engine::handle`], and [`LAST_ADMINISTRATOR`].
    pub async fn change_user(
        &self,
        user: UserId,
        command: &UserCommand,
        administrators: &dyn Administrators,
        head: &CommitHead,
        expected: Expected,
    ) -> Result<Done, Error> {
        let nothing = |_: &mut Draft<'_>| Ok(());
        self.change_user_with((user, command), administrators, head, expected, nothing).await
    }

    /// As [`Engine::change_user`]; `also` adds more to the same commit. It runs again after every lost
    /// race.
    ///
    /// # Errors
    /// As [`Engine::change_user`], and those of `also`.
    pub async fn change_user_with(
        &self,
        (user, command): (UserId, &UserCommand),
        administrators: &dyn Administrators,
        head: &CommitHead,
        expected: Expected,
        also: impl Fn(&mut Draft<'_>) -> Result<(), Error> + Send + Sync,
    ) -> Result<Done, Error> {
        let filled = self.transact(head, |draft| {
            draft.at::<User>(&user.to_string(), expected)?;
            self.decide_user(draft, user, command, administrators, head)?;
            also(draft)
        });
        filled.await.map(|((), done)| done)
    }

    /// The same, as a part of a larger commit: the caller who commits the draft tries again after a
    /// lost race.
    ///
    /// # Errors
    /// As [`Draft::decide`], and [`LAST_ADMINISTRATOR`].
    pub fn decide_user(
        &self,
        draft: &mut Draft<'_>,
        user: UserId,
        command: &UserCommand,
        administrators: &dyn Administrators,
        head: &CommitHead,
    ) -> Result<(), Error> {
        draft.decide::<User>(&user.to_string(), command)?;
        // Looked at after the decision: if the user moves in between, the commit is refused anyway.
        let Some(role) = administrators.role() else { return Ok(()) };
        let load = |user: UserId| self.load::<User>(&StreamId::new(User::CATEGORY, user));
        if !load(user)?.0.ends_as(role, command, head.time) {
            return Ok(());
        }
        for other in administrators.holders() {
            if other == user || !administrators.may_do_everything(other) {
                continue;
            }
            let (state, version) = load(other)?;
            if state.acts_as(role) {
                draft.expect::<User>(&other.to_string(), version);
                return Ok(());
            }
        }
        Err(LAST_ADMINISTRATOR.into())
    }
}
