//! What became of the work of a job.

use domain::resource::ResourceCommand;
use domain::sdk_job::SdkJobFinished;

/// It is done.
pub(super) struct Made {
    /// What there is now.
    pub(super) finished: SdkJobFinished,
    /// What is noted of the API resource, in the same commit.
    pub(super) of_resource: Vec<ResourceCommand>,
}

/// It is not done.
pub(super) enum Failed {
    /// Why, in a fixed word, and for people.
    Why { reason: &'static str, detail: String },
    /// What is done could not be noted.
    NotNoted(commands::Error),
}

impl Failed {
    pub(super) fn why(reason: &'static str, detail: impl Into<String>) -> Self {
        Self::Why { reason, detail: detail.into() }
    }
}

impl From<release::Failure> for Failed {
    fn from(failure: release::Failure) -> Self {
        Self::why(failure.reason.as_str(), failure.detail)
    }
}

impl From<release::FormError> for Failed {
    fn from(err: release::FormError) -> Self {
        Self::why(release::Reason::RegistryRefused.as_str(), err.0)
    }
}
