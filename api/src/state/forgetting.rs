//! Forgetting subscribers: after the event, the keys of their addresses.

use std::sync::Arc;

use domain::SubscriberId;

use super::app::App;

/// Destroys the keys of subscribers who were removed. What fails is done at the next start.
pub(crate) async fn forget_subscribers(app: &Arc<App>, subscribers: Vec<SubscriberId>) {
    let keys = app.engine.keys().clone();
    let destroy = move || subscribers.into_iter().try_for_each(|it| keys.erase_subject(it.into()));
    let why = match tokio::task::spawn_blocking(destroy).await {
        Ok(Ok(())) => return,
        Ok(Err(err)) => err.to_string(),
        Err(err) => err.to_string(),
    };
    tracing::error!(error = why, "the key of a removed subscriber is destroyed at the next start");
}
