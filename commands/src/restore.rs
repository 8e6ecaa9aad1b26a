//! The first event of a log that was restored from a backup.
//!
//! Others may know the lost part of its history: tokens were issued there and numbers given out.
//! The event closes those tokens and skips those numbers, so that nothing from the lost part is
//! mistaken for something of this history.

use domain::app_user::{AppUser, AppUserId};
use domain::log_event::{HighestNumber, Log, LogCommand, restore_id};
use domain::subscriber::Subscriber;
use domain::user::User;
use domain::{
    AGGREGATES, Actor, Aggregate, Ids, SubjectId, SubscriberId, TenantId, Timestamp, UserId,
};

use crate::done::Done;
use crate::engine::{Engine, ID_MAX};
use crate::error::Error;
use crate::signing::system_head;

/// Appends the event that the log was restored, before anything else is appended.
///
/// # Errors
/// When the log cannot be written.
pub async fn note_restore(engine: &Engine, now: Timestamp) -> Result<Done, Error> {
    let counted = AGGREGATES.iter().filter(|it| it.ids == Ids::Counted).map(|it| it.category);
    let numbers = counted.map(|category| {
        let in_keys = match category {
            User::CATEGORY => engine.keys().highest_number_like(SubjectId::from(UserId(1))),
            AppUser::CATEGORY => engine.keys().highest_number_like(SubjectId::from(AppUserId(1))),
            Subscriber::CATEGORY => {
                engine.keys().highest_number_like(SubjectId::from(SubscriberId(1)))
            }
            _ => 0,
        };
        let in_log = engine.log().highest_id(category);
        HighestNumber::after_restore(category, in_log, in_keys, ID_MAX as u32)
    });
    let id = restore_id(now, engine.log().head().position);
    let command = LogCommand::Restore { numbers: numbers.collect() };
    let head = system_head(TenantId::INSTALLATION, Actor::System, now)?;
    engine.handle::<Log>(&id, &command, &head).await
}
