//! A new file of a caller: nothing of it is there yet that could be looked up.

use commands::Done;
use domain::blob::{Blob, BlobCommand};
use domain::log::CommitHead;

use super::granted::Granted;
use crate::http::error::ApiError;

impl Granted {
    /// Enters a file whose bytes are kept, if the token still counts: keeping them may have taken a while.
    pub(crate) async fn enter_blob(
        &self,
        id: &str,
        command: &BlobCommand,
        head: &CommitHead,
    ) -> Result<Done, ApiError> {
        self.confirm()?;
        let bill = self.bill(head)?;
        let done = self.call.app.engine.handle::<Blob>(id, command, head).await?;
        bill.pay(&done);
        Ok(done)
    }
}
