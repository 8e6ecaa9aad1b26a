//! Watches the clocks, and writes to the log what may be forgotten: only a server does this, only
//! while its clocks have agreed for long enough, and at most every ten minutes.

use std::time::Duration;

use commands::signing::system_head;
use domain::log_event::{FORGET_STEP_SECONDS, Log, LogCommand, forgetting_id};
use domain::{Actor, TenantId, Timestamp};

use super::failure::Failure;
use super::running::Running;

/// How often the clocks are compared.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// How far the wall clock may differ from the monotonic one before it is not trusted, and how far
/// it may be behind the last commit before that is logged, in seconds.
const APART_SECONDS_MAX: i64 = 60;

/// How long the clocks must have agreed before anything is forgotten.
const AGREED_MIN: Duration = Duration::from_secs(600);

/// The same after the wall clock was, or jumped, further than [`FAR_SECONDS`]: an operator has a day
/// to see it.
const AGREED_AFTER_FAR_MIN: Duration = Duration::from_secs(24 * 3_600);

/// A difference in seconds that no gradual correction of a clock makes.
const FAR_SECONDS: i64 = 3_600;

/// The result of comparing the clocks over time.
#[derive(Debug)]
pub(crate) struct Timekeeper {
    /// The clocks have agreed since this time.
    agreed_since: (Timestamp, Duration),
    /// For how long they must.
    agreed_min: Duration,
    forgot: Option<Duration>,
    /// The jumps that were not logged yet, in seconds.
    jumped: Option<i64>,
}

impl Timekeeper {
    /// Begins to watch. `last_commit` is the time of the last commit.
    pub(crate) fn new(now: Timestamp, monotonic: Duration, last_commit: Timestamp) -> Self {
        let is_far = now > last_commit.plus_seconds(FAR_SECONDS);
        Self {
            agreed_since: (now, monotonic),
            agreed_min: if is_far { AGREED_AFTER_FAR_MIN } else { AGREED_MIN },
            forgot: None,
            jumped: None,
        }
    }

    /// Adds a reading of both clocks.
    pub(crate) fn look(&mut self, now: Timestamp, monotonic: Duration) {
        let (wall_then, monotonic_then) = self.agreed_since;
        let passed = monotonic.saturating_sub(monotonic_then).as_micros();
        let expected = wall_then.0.saturating_add(i64::try_from(passed).unwrap_or(i64::MAX));
        let apart = now.0.saturating_sub(expected) / 1_000_000;
        if apart.abs() <= APART_SECONDS_MAX {
            return;
        }
        self.agreed_since = (now, monotonic);
        self.jumped = Some(apart);
        if apart.abs() > FAR_SECONDS {
            self.agreed_min = AGREED_AFTER_FAR_MIN;
        }
    }

    /// A jump of the wall clock that was not logged yet, in seconds.
    pub(crate) fn take_jump(&mut self) -> Option<i64> {
        self.jumped.take()
    }

    /// The time up to which the log may forget now, if it may.
    pub(crate) fn may_forget(&self, now: Timestamp, monotonic: Duration) -> Option<Timestamp> {
        let agreed = monotonic.saturating_sub(self.agreed_since.1) >= self.agreed_min;
        let step = Duration::from_secs(FORGET_STEP_SECONDS as u64);
        let rested = self.forgot.is_none_or(|it| monotonic.saturating_sub(it) >= step);
        let until = now.seconds().div_euclid(FORGET_STEP_SECONDS) * FORGET_STEP_SECONDS;
        (agreed && rested).then(|| Timestamp::from_seconds(until))
    }

    pub(crate) fn note_forgotten(&mut self, monotonic: Duration) {
        self.forgot = Some(monotonic);
        self.agreed_min = AGREED_MIN;
    }
}

/// How many seconds the wall clock is behind the last commit; 0 if it is not.
pub(crate) fn behind_seconds(now: Timestamp, last_commit: Timestamp) -> i64 {
    (last_commit.0.saturating_sub(now.0) / 1_000_000).max(0)
}

/// Watches until the program ends.
pub(crate) async fn watch(on: Running) {
    let first = on.last_commit_time().unwrap_or_default();
    let mut keeper = Timekeeper::new(on.clock.now(), on.clock.monotonic(), first);
    let mut behind_told = false;
    loop {
        let (now, monotonic) = (on.clock.now(), on.clock.monotonic());
        keeper.look(now, monotonic);
        if let Some(seconds) = keeper.take_jump() {
            tracing::warn!(
                seconds,
                "THE CLOCK JUMPED: tokens and keys are judged by it; is it right now?"
            );
        }
        let last_commit = on.last_commit_time().unwrap_or(now);
        let behind = behind_seconds(now, last_commit);
        if behind > APART_SECONDS_MAX && !behind_told {
            tracing::warn!(
                seconds = behind,
                "THE CLOCK IS BEHIND the last change in the log: is it right, or was it ahead then?"
            );
        }
        behind_told = behind > APART_SECONDS_MAX;
        if let Some(until) = keeper.may_forget(now, monotonic) {
            destroy_days(&on, until).await;
            match forget(&on, until).await {
                Ok(true) => keeper.note_forgotten(monotonic),
                Ok(false) => (),
                Err(err) => tracing::warn!(error = %err, "nothing could be forgotten; later again"),
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Writes the event that everything that ended before a time is forgotten, if anything is due.
async fn forget(on: &Running, until: Timestamp) -> Result<bool, Failure> {
    let due = on.engine.log().would_forget(until) || on.views.read().tokens.would_forget(until);
    if !due {
        return Ok(false);
    }
    let head = system_head(TenantId::INSTALLATION, Actor::System, on.clock.now())?;
    let (id, command) = (forgetting_id(until), LogCommand::Forget { until });
    let done = on.engine.handle::<Log>(&id, &command, &head).await?;
    tracing::debug!(until = %until.rfc3339(), position = done.position, "forgotten");
    Ok(true)
}

/// Destroys the keys of people without an account whose days have ended. The same clocks must agree
/// as for forgetting: a jump would make letters unreadable that were never sent.
async fn destroy_days(on: &Running, until: Timestamp) {
    let keys = on.engine.keys().clone();
    if !keys.days_are_due(until) {
        return;
    }
    match tokio::task::spawn_blocking(move || keys.destroy_days(until)).await {
        Ok(Ok(())) => tracing::debug!(until = %until.rfc3339(), "keys of ended days are destroyed"),
        Ok(Err(err)) => tracing::error!(error = %err, "keys of ended days cannot be destroyed"),
        Err(err) => tracing::error!(error = %err, "keys of ended days were not destroyed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_800_000_000;

    fn at(wall: i64, monotonic: u64) -> (Timestamp, Duration) {
        (Timestamp::from_seconds(START + wall), Duration::from_secs(monotonic))
    }

    fn keeper(last_commit: i64) -> Timekeeper {
        let (now, monotonic) = at(0, 0);
        Timekeeper::new(now, monotonic, Timestamp::from_seconds(START + last_commit))
    }

    /// The first second, of so many, in which the log may forget; the clocks agree.
    fn first_second(keeper: &mut Timekeeper, wall: i64, from: u64, to: u64) -> Option<u64> {
        (from..=to).step_by(10).find(|second| {
            let (now, monotonic) = at(wall + *second as i64, *second);
            keeper.look(now, monotonic);
            keeper.may_forget(now, monotonic).is_some()
        })
    }

    #[test]
    fn nothing_is_forgotten_before_the_clocks_have_agreed_for_ten_minutes() {
        assert_eq!(first_second(&mut keeper(-60), 0, 0, 1_000), Some(600));
        // Whoever has stood still for more than an hour, or has a clock that is ahead, waits a day.
        assert_eq!(first_second(&mut keeper(-3_601), 0, 0, 90_000), Some(86_400));
        // A clock that is behind the last commit forgets nothing that is not due by it.
        assert_eq!(first_second(&mut keeper(86_400), 0, 0, 1_000), Some(600));
    }

    #[test]
    fn a_jump_begins_the_wait_anew_and_a_far_one_makes_it_a_day() {
        let mut near = keeper(0);
        assert_eq!(first_second(&mut near, 0, 0, 500), None);
        assert_eq!(first_second(&mut near, 61, 510, 2_000), Some(1_110));
        assert_eq!(near.take_jump(), Some(61));
        assert_eq!(near.take_jump(), None);
        for jump in [3_601, -3_601, 365 * 86_400] {
            let mut far = keeper(0);
            assert_eq!(first_second(&mut far, 0, 0, 500), None);
            assert_eq!(first_second(&mut far, jump, 510, 90_000), Some(510 + 86_400), "{jump}");
        }
        let mut slow = keeper(0);
        for second in 0..600_u64 {
            // A clock that is steered by less than a tenth of a second a second.
            let (now, monotonic) = at(second as i64 + second as i64 / 11, second);
            slow.look(now, monotonic);
        }
        assert_eq!(slow.take_jump(), None);
    }

    #[test]
    fn it_forgets_at_most_every_ten_minutes_up_to_a_multiple_of_them() {
        let mut keeper = keeper(0);
        assert_eq!(first_second(&mut keeper, 0, 0, 700), Some(600));
        let (now, monotonic) = at(655, 655);
        let until = keeper.may_forget(now, monotonic).unwrap();
        assert_eq!(until.seconds() % FORGET_STEP_SECONDS, 0);
        assert!(until <= now && now < until.plus_seconds(FORGET_STEP_SECONDS));
        keeper.note_forgotten(monotonic);
        assert_eq!(first_second(&mut keeper, 0, 660, 2_000), Some(1_260));
    }

    #[test]
    fn a_clock_is_behind_by_whole_seconds() {
        let (now, _) = at(0, 0);
        assert_eq!(behind_seconds(now, now.plus_seconds(90)), 90);
        assert_eq!(behind_seconds(now, now.plus_seconds(-90)), 0);
    }
}
