//! Jobs that make SDKs: how many there may be, and how one is asked for.

use commands::Done;
use domain::sdk_job::{
    SDK_JOB_SECONDS, SDK_JOBS_MAX, SDK_JOBS_OF_OWNER_MAX, SdkJob, SdkJobCommand, SdkJobRequested,
};

use super::granted::Granted;
use super::short_id::short_id;
use crate::http::codes;
use crate::http::error::ApiError;

/// The id of another job, if there is a place for it.
pub(crate) fn new_job(granted: &Granted) -> Result<String, ApiError> {
    let (of_all, of_owner) = granted.ask(|tables| {
        let jobs = &tables.sdk_jobs;
        (jobs.open_count(), jobs.open_count_of(granted.tenant_id(), granted.user()))
    });
    if of_owner >= SDK_JOBS_OF_OWNER_MAX {
        let why = format!("{SDK_JOBS_OF_OWNER_MAX} of your jobs wait or run: wait, or cancel one");
        return Err(ApiError::business(codes::TOO_MANY_JOBS, why));
    }
    if of_all >= SDK_JOBS_MAX {
        let why = "too many jobs wait or run: try again later";
        return Err(ApiError::business(codes::TOO_MANY_JOBS, why));
    }
    short_id(granted.call.app.clock.now().plus_seconds(SDK_JOB_SECONDS))
}

/// Asks for a job, under a new id.
pub(crate) async fn request_job(
    granted: &Granted,
    body: &[u8],
    id: &str,
    wanted: SdkJobRequested,
) -> Result<Done, ApiError> {
    let head = granted.head(body)?;
    let app = &granted.call.app;
    let command = SdkJobCommand::Request(Box::new(wanted));
    let bill = granted.bill(&head)?;
    let done = app.engine.handle::<SdkJob>(id, &command, &head).await?;
    bill.pay(&done);
    app.settle(&done).await;
    Ok(done)
}
