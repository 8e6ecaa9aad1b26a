//! A tenant always keeps an administrator: a rule over several users, enforced by the commit
//! itself.
//!
//! A commit that removes an administrator requires that another one has not changed since it was
//! looked at. So if two remove each other at the same moment, the second commit finds no other
//! administrator and is refused.

use domain::log::CommitHead;
use domain::role::{Role, RoleCommand};
use domain::user::{RestsOn, User, UserCommand};
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

/// Who has the administrators' role in a tenant and what roles give, according to the read models. This
/// only suggests where to look: what counts is folded from the log, and roles count at the version that
/// they were seen at. Nobody is looked for until a command would end an administrator.
pub trait Administrators: Send + Sync {
    /// The number of the role; `None` in a tenant that has no such role.
    fn role(&self) -> Option<u32>;

    /// Who has it: numbers only, whatever else is true of them.
    fn holders(&self) -> Vec<UserId>;

    /// The roles, with their versions, by which somebody with `roles` and no permission of its own may
    /// do everything; `None` if it may not. `changed` says what one of them gives instead.
    fn everything_by(&self, roles: &[u32], changed: Option<ChangedRole<'_>>) -> Option<Vec<Seen>>;
}

/// A role, by number, and the permission that it is to give.
pub type ChangedRole<'a> = (u32, Option<&'a str>);

/// A role, by number, and the version that it was seen at.
pub type Seen = (u32, u32);

impl Engine {
    /// Runs a command against a user, unless that would leave the tenant without an administrator:
    /// one who is in use, enabled and not locked, and may do everything.
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
            self.decide_user(draft, user, command, administrators)?;
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
    ) -> Result<(), Error> {
        let stream = StreamId::new(User::CATEGORY, user);
        draft.decide::<User>(&user.to_string(), command)?;
        // Looked at after the decision: if the user moves in between, the commit is refused anyway.
        let Some(role) = administrators.role() else { return Ok(()) };
        let (before, after) =
            (self.load::<User>(&stream)?.0, draft.state::<User>(&user.to_string())?);
        let Some(rested_on) = before.rests_on(role) else { return Ok(()) };
        match after.rests_on(role) {
            Some(rests_on) if rests_on == rested_on => return Ok(()),
            Some(RestsOn::Itself) => return Ok(()),
            Some(RestsOn::Roles(roles)) => {
                if let Some(seen) = administrators.everything_by(roles, None) {
                    expect_roles(draft, seen);
                    return Ok(());
                }
                if let RestsOn::Roles(roles) = rested_on
                    && administrators.everything_by(roles, None).is_none()
                {
                    return Ok(());
                }
            }
            None => (),
        }
        match self.find_witness(role, administrators, Some(user), None)? {
            Some(witness) => {
                witness.demand_in(draft);
                Ok(())
            }
            None => Err(LAST_ADMINISTRATOR.into()),
        }
    }

    /// Runs a command against a role, unless that would leave the tenant without an administrator who
    /// may do everything.
    ///
    /// # Errors
    /// As [`Engine::handle_at`], and [`LAST_ADMINISTRATOR`].
    pub async fn change_role(
        &self,
        role: u32,
        command: &RoleCommand,
        administrators: &dyn Administrators,
        head: &CommitHead,
        expected: Expected,
    ) -> Result<Done, Error> {
        let id = role.to_string();
        let filled = self.transact(head, |draft| {
            draft.at::<Role>(&id, expected)?;
            draft.decide::<Role>(&id, command)?;
            self.keep_administrator(draft, role, administrators)
        });
        filled.await.map(|((), done)| done)
    }

    /// Whoever may do everything by a role must not be the last one when the role changes.
    fn keep_administrator(
        &self,
        draft: &mut Draft<'_>,
        changed: u32,
        administrators: &dyn Administrators,
    ) -> Result<(), Error> {
        let Some(role) = administrators.role() else { return Ok(()) };
        let before = self.load::<Role>(&StreamId::new(Role::CATEGORY, changed))?.0;
        let after = draft.state::<Role>(&changed.to_string())?;
        if before.permission() == after.permission() {
            return Ok(());
        }
        let change = Some((changed, after.permission()));
        if let Some(witness) = self.find_witness(role, administrators, None, change)? {
            witness.demand_in(draft);
            return Ok(());
        }
        // Where there was none, there is nobody to keep.
        match self.find_witness(role, administrators, None, None)? {
            Some(_) => Err(LAST_ADMINISTRATOR.into()),
            None => Ok(()),
        }
    }

    /// Somebody other than `besides` who may do everything, also once a role has changed.
    fn find_witness(
        &self,
        role: u32,
        administrators: &dyn Administrators,
        besides: Option<UserId>,
        changed: Option<ChangedRole<'_>>,
    ) -> Result<Option<Witness>, Error> {
        for user in administrators.holders() {
            if Some(user) == besides {
                continue;
            }
            let (state, version) = self.load::<User>(&StreamId::new(User::CATEGORY, user))?;
            let roles = match state.rests_on(role) {
                None => None,
                Some(RestsOn::Itself) => Some(Vec::new()),
                Some(RestsOn::Roles(roles)) => administrators.everything_by(roles, changed),
            };
            if let Some(roles) = roles {
                return Ok(Some(Witness { user, version, roles }));
            }
        }
        Ok(None)
    }
}

/// An administrator who is left, as it was looked at.
struct Witness {
    user: UserId,
    version: u32,
    /// By which it may do everything.
    roles: Vec<Seen>,
}

impl Witness {
    fn demand_in(self, draft: &mut Draft<'_>) {
        draft.expect::<User>(&self.user.to_string(), self.version);
        expect_roles(draft, self.roles);
    }
}

fn expect_roles(draft: &mut Draft<'_>, roles: Vec<Seen>) {
    for (role, version) in roles {
        draft.expect::<Role>(&role.to_string(), version);
    }
}
