//! What the links in letters to subscribers do: the letter with which one begins, and the end by a link.

use std::sync::Arc;

use commands::Done;
use domain::delivery::{
    Channel, DeliveryCommand, DeliverySecret, DeliveryTo, DeliveryWanted, Mail, SUBSCRIBE_TEXT,
};
use domain::log::CommitHead;
use domain::subscriber::{RemovedBy, Subscriber, SubscriberCommand};
use domain::{SubscriberId, TenantId, UserId};

use super::short_id::short_id;
use crate::http::error::ApiError;
use crate::state::app::App;
use crate::state::forgetting::forget_subscribers;
use crate::state::link_codes::{CONFIRM_SECONDS, ConfirmCode, LinkCode as _};

/// Has a letter sent with a link by which its address subscribes.
pub(crate) async fn send_link(
    app: &App,
    head: &CommitHead,
    (tenant, resource): (TenantId, u32),
    (address, language): (&str, &str),
) -> Result<Done, ApiError> {
    let expires_at = head.time.plus_seconds(CONFIRM_SECONDS);
    let code = ConfirmCode {
        tenant,
        resource,
        position: app.engine.log().head().position,
        expires_at,
        address: address.to_owned(),
        language: language.to_owned(),
    };
    let code = code.seal(app.engine.keys()).map_err(|err| ApiError::Internal(err.to_string()))?;
    let wanted = DeliveryWanted {
        channel: Channel::Mail,
        tenant,
        user: UserId::NONE,
        template: SUBSCRIBE_TEXT.to_owned(),
        language: language.to_owned(),
        wanted_at: head.time,
        until: expires_at,
    };
    let to = DeliveryTo { to: address.to_owned() };
    let want = DeliveryCommand::Want(Box::new(wanted), to, Some(DeliverySecret { code }));
    let done = app.engine.handle::<Mail>(&short_id(expires_at)?, &want, head).await?;
    app.settle(&done).await;
    Ok(done)
}

/// Removes a subscriber whose mark a sealed code named: whoever has the code may.
pub(crate) async fn remove_by_link(
    app: &Arc<App>,
    head: &CommitHead,
    subscriber: SubscriberId,
) -> Result<Done, ApiError> {
    let remove = SubscriberCommand::Remove(RemovedBy::Link);
    let done = app.engine.handle::<Subscriber>(&subscriber.to_string(), &remove, head).await?;
    settle_removal(app, subscriber, &done).await;
    Ok(done)
}

/// The event first, then the key.
pub(crate) async fn settle_removal(app: &Arc<App>, subscriber: SubscriberId, done: &Done) {
    app.settle(done).await;
    forget_subscribers(app, vec![subscriber]).await;
}
