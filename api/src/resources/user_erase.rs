//! `POST /api/User/{id}/Erase`: the event first, then the key. After a crash in between, the next start
//! destroys the key.

use domain::UserId;
use domain::user::UserCommand;
use warp::http::Method;

use crate::access::erasure::destroy_keys;
use crate::access::granted::Granted;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::error::ApiError;
use crate::http::needs::administrator;
use crate::http::reply::{Reply, Single};

pub(crate) fn endpoints() -> Vec<Endpoint> {
    let summary = "End a user, if that was not done yet, and forget the person; answers with the position of the event";
    vec![
        endpoint(Method::POST, "/api/User/{id}/Erase", "UserErase", summary)
            .answers::<Single<i64>>()
            .needs(administrator("user.erase"), erase),
    ]
}

async fn erase(granted: Granted) -> Outcome {
    let user = UserId(granted.call.number(0, "id")?);
    if let Some((_, done)) = granted.earlier_answer(&[])? {
        return Ok(Reply::single(done.position as i64).written(&done));
    }
    let target = granted.user_to_forget(user)?;
    if user == granted.user() {
        return Err(ApiError::Forbidden("nobody may erase themselves".to_owned()));
    }
    let done = granted.submit(&target, &[], UserCommand::Erase).await?;
    let (app, tenant) = (granted.call.app.clone(), granted.tenant_id());
    let destroy = move || destroy_keys(&app.engine, &app.views, tenant, user.into());
    let destroyed = tokio::task::spawn_blocking(destroy).await;
    let failed =
        |why: String| ApiError::Internal(format!("destroying the keys of a person: {why}"));
    destroyed.map_err(|err| failed(err.to_string()))?.map_err(|err| failed(err.to_string()))?;
    Ok(Reply::single(done.position as i64).written(&done))
}
