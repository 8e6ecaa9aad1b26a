//! The last administrator of a tenant stays: a rule over several users, held by the commit itself.
//!
//! A commit that ends an administrator demands that another one has not moved since it was looked at.
//! So of two who end each other at the same moment, the second finds nobody left and is refused.

use domain::log::CommitHead;
use domain::user::{User, UserCommand};
use domain::{Aggregate as _, Refusal, StreamId, UserId};

use crate::engine::{Done, Draft, Engine, Error};

/// Why the last administrator stays, and what to do about it.
pub const LAST_ADMINISTRATOR: Refusal = Refusal::NotAllowed {
    why: "the last administrator of a tenant stays: make another one first, for example with \
          `chancery user grant-administrator NAME`",
};

/// Who has the role of administrators in a tenant, as the read models know it: a hint where to look.
/// What counts is what stands in the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Administrators {
    /// The number of the role; `None` in a tenant that has no such role.
    pub role: Option<u32>,
    /// Who may have it.
    pub users: Vec<UserId>,
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
        administrators: &Administrators,
        head: &CommitHead,
    ) -> Result<Done, Error> {
        let filled = self
            .transact(head, |draft| self.decide_user(draft, user, command, administrators, head));
        filled.await.map(|((), done)| done)
    }

    /// The same for a commit that holds more: whoever commits the draft retries after a lost race.
    ///
    /// # Errors
    /// As [`Draft::decide`], and [`LAST_ADMINISTRATOR`].
    pub fn decide_user(
        &self,
        draft: &mut Draft<'_>,
        user: UserId,
        command: &UserCommand,
        administrators: &Administrators,
        head: &CommitHead,
    ) -> Result<(), Error> {
        draft.decide::<User>(&user.to_string(), command)?;
        // Looked at after the decision: if the user moves in between, the commit is refused anyway.
        let Some(role) = administrators.role else { return Ok(()) };
        let load = |user: UserId| self.load::<User>(&StreamId::new(User::CATEGORY, user));
        if !load(user)?.0.ends_as(role, command, head.time) {
            return Ok(());
        }
        for other in administrators.users.iter().filter(|it| **it != user) {
            let (state, version) = load(*other)?;
            if state.acts_as(role) {
                draft.expect::<User>(&other.to_string(), version);
                return Ok(());
            }
        }
        Err(LAST_ADMINISTRATOR.into())
    }
}
