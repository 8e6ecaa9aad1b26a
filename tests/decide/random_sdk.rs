//! Any command about packages and SDKs, for `never_panics`.

use domain::UserId;
use domain::children::PropertyValue;
use domain::resource::{
    CommonOptions, GitOptions, NpmLanguage, NpmOptions, NpmOptionsSet, Package, ResourceCommand,
    SdkRecorded,
};
use domain::sdk_job::{
    SdkJobCommand, SdkJobFailed, SdkJobRequested, SdkStep, SdkStepDone, SdkWork,
};
use tests::samples::sdk;

use crate::never_panics::Seed;

pub fn command(seed: &Seed) -> ResourceCommand {
    let Seed { id, text, number, yes, .. } = seed.clone();
    let secret = if yes { PropertyValue::Keep } else { PropertyValue::Set(text.clone()) };
    let language = NpmLanguage::ALL[number as usize % 4];
    match number % 8 {
        0 => ResourceCommand::AddPackage(Box::new(Package { name: text, ..sdk::package() })),
        1 => ResourceCommand::ChangePackage(Box::new(Package { link: text, ..sdk::package() })),
        2 => ResourceCommand::RemovePackage(text),
        3 => {
            let options = NpmOptions { version: text, ..sdk::npm_options() };
            let wished = NpmOptionsSet { language, options };
            ResourceCommand::SetNpmOptions(Box::new(wished), secret)
        }
        4 => ResourceCommand::TakeSdkVersion { language, version: text },
        5 => ResourceCommand::SetGitOptions {
            options: Box::new(GitOptions { owner: Some(text), ..sdk::git_options() }),
            token: secret.clone(),
            ssh_key: secret,
        },
        6 => ResourceCommand::SetCommonOptions(CommonOptions { swagger_url: Some(text) }),
        _ => {
            let record = SdkRecorded { sdk_name: text, version: id, ..sdk::sdk_recorded() };
            ResourceCommand::RecordSdk(Box::new(record))
        }
    }
}

pub fn job_command(seed: &Seed) -> SdkJobCommand {
    let Seed { text, number, yes, .. } = seed.clone();
    match seed.which % 5 {
        0 => {
            let work = SdkWork::SyncGit { docs: yes, generators: vec![text] };
            SdkJobCommand::Request(Box::new(SdkJobRequested { work, ..sdk::job_requested() }))
        }
        1 => SdkJobCommand::Start,
        2 => SdkJobCommand::NoteStep(SdkStepDone { step: SdkStep::Packed, millis: number }),
        3 => {
            let failed = SdkJobFailed { reason: text.clone(), detail: text, log: None };
            SdkJobCommand::Fail(Box::new(failed))
        }
        _ => SdkJobCommand::Cancel(UserId(number)),
    }
}
