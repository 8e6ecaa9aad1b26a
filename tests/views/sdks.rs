//! Steps of random histories about packages and SDKs.

use domain::children::PropertyValue;
use domain::resource::{NpmLanguage, NpmOptionsSet, ResourceCommand};
use domain::sdk_job::{SdkJobCommand, SdkJobFailed, SdkJobRequested, SdkStep, SdkStepDone};
use domain::{TenantId, UserId};
use tests::samples;

/// Packages and SDKs of a resource.
pub fn sdk_command(other: u32) -> ResourceCommand {
    let keep = PropertyValue::Set("token".to_owned());
    match other {
        0 | 1 => ResourceCommand::AddPackage(Box::new(samples::sdk::package())),
        2 => ResourceCommand::RemovePackage(samples::sdk::package().name),
        3 | 4 => {
            let (language, options) = (NpmLanguage::JQuery, samples::sdk::npm_options());
            ResourceCommand::SetNpmOptions(Box::new(NpmOptionsSet { language, options }), keep)
        }
        5 => ResourceCommand::RecordSdk(Box::new(samples::sdk::sdk_recorded())),
        _ => {
            let options = Box::new(samples::sdk::git_options());
            ResourceCommand::SetGitOptions { options, token: keep.clone(), ssh_key: keep }
        }
    }
}

/// Jobs of three users.
pub fn job_command(number: u32, other: u32) -> SdkJobCommand {
    let owner = UserId(1 + number % 3);
    match other {
        0..3 => SdkJobCommand::Request(Box::new(SdkJobRequested {
            owner,
            tenant: TenantId(1),
            ..samples::sdk::job_requested()
        })),
        3 | 4 => SdkJobCommand::Start,
        5 => SdkJobCommand::NoteStep(SdkStepDone { step: SdkStep::Packed, millis: other }),
        6 => SdkJobCommand::Fail(Box::new(SdkJobFailed {
            reason: "crashed".to_owned(),
            detail: String::new(),
            log: None,
        })),
        _ => SdkJobCommand::Cancel(owner),
    }
}
