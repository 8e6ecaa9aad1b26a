//! Samples of packages and SDKs of API resources, and of the jobs that make SDKs.

use domain::children::PropertyValue;
use domain::resource::{
    CommonOptions, DocumentForm, GitOptions, GitSecrets, NpmLanguage, NpmOptions, NpmOptionsSet,
    NpmSecret, Package, PackageRemoved, Resource, ResourceCommand, ResourceCreated, ResourceEvent,
    SdkRecorded, SdkVersionTaken,
};
use domain::sdk_job::{
    SdkJob, SdkJobCancelled, SdkJobCommand, SdkJobEvent, SdkJobFailed, SdkJobFinished,
    SdkJobRequested, SdkJobStarted, SdkStep, SdkStepDone, SdkWork,
};
use domain::{Fact, Sha256, TenantId, UserId};

use super::resource::{document, resource_editable, resource_secrets};
use super::{Sample, list, sample, some, text};
use crate::life::Lives;

/// The id of a job, which ends in 2040.
pub const JOB: &str = "83aa7e80000000000000000000000001";

/// The number of the API resource that they are about.
const RESOURCE: u32 = 121;

pub fn package() -> Package {
    Package {
        name: "orders-client".to_owned(),
        description: some("package description"),
        publisher: text("publisher"),
        link: "https://packages.example/orders".to_owned(),
        icon: "https://packages.example/icon.png".to_owned(),
        package_platform: "npm".to_owned(),
        language: text("language"),
        show_index: 122,
        tags: some("tags"),
    }
}

pub fn npm_options() -> NpmOptions {
    NpmOptions {
        name: "@shop/orders".to_owned(),
        sdk_name: "OrdersClient".to_owned(),
        version: "1.2.3".to_owned(),
        homepage: "https://shop.example/orders".to_owned(),
        author: some("author"),
        keywords: list(&["orders", "shop"]),
        description: some("npm description"),
        license: "Apache-2.0".to_owned(),
        readme: some("readme"),
    }
}

pub fn git_options() -> GitOptions {
    GitOptions {
        owner: Some("owner".to_owned()),
        repo: Some("repository".to_owned()),
        remote: Some("https://git.example/shop/orders.git".to_owned()),
        branch: Some("sdk".to_owned()),
        user_agent: text("user agent"),
        swagger_url: Some("https://orders.example/swagger.json".to_owned()),
        sync_labels: true,
        sync_docs: false,
        generators: list(&["python", "go"]),
        ssh_known_hosts: Some("git.example ssh-ed25519 AAAA".to_owned()),
    }
}

fn git_secrets() -> GitSecrets {
    GitSecrets { token: some("git token"), ssh_key: some("ssh key") }
}

pub fn sdk_recorded() -> SdkRecorded {
    SdkRecorded {
        sdk_name: "orders".to_owned(),
        language: "python".to_owned(),
        version: "1.2.4".to_owned(),
        swagger_url: Some("https://orders.example/v2.json".to_owned()),
        tags: some("record tags"),
        release_date: Some("2026-11-29".to_owned()),
    }
}

pub fn job_requested() -> SdkJobRequested {
    let options = vec![("option".to_owned(), "value".to_owned())];
    SdkJobRequested {
        tenant: TenantId(12),
        resource: RESOURCE,
        owner: UserId(123),
        work: SdkWork::Generate { generator: "typescript-fetch".to_owned(), options },
        document: document(),
        source: Some("https://orders.example/swagger.json".to_owned()),
    }
}

fn job_finished() -> SdkJobFinished {
    SdkJobFinished {
        artifact: Some(Sha256([124; 32])),
        bytes: 125,
        files: 126,
        result: text("result"),
        log: Some(Sha256([127; 32])),
    }
}

fn job_failed() -> SdkJobFailed {
    SdkJobFailed {
        reason: "out_of_time".to_owned(),
        detail: text("detail"),
        log: Some(Sha256([128; 32])),
    }
}

pub(super) fn all() -> Vec<Sample> {
    let mut samples = of_resources();
    samples.extend(of_jobs());
    samples
}

fn of_resources() -> Vec<Sample> {
    let bare = Package { description: None, tags: None, icon: String::new(), ..package() };
    let changed = Package { show_index: -129, ..package() };
    let removed = PackageRemoved { name: text("package") };
    let npm = |language, options| {
        let data = NpmOptionsSet { language, options };
        let secret = Some(NpmSecret { token: text("npm token") });
        ResourceEvent::NpmOptionsSet(Fact { data, personal: None, secret })
    };
    let sparse = NpmOptions {
        author: None,
        keywords: Vec::new(),
        description: None,
        readme: None,
        ..npm_options()
    };
    let taken = |language| SdkVersionTaken { language, version: "1.2.5".to_owned() };
    let nothing = GitOptions { user_agent: text("user agent"), ..GitOptions::default() };
    let docs = GitOptions { sync_labels: false, sync_docs: true, ..nothing.clone() };
    let git = |data, secret| ResourceEvent::GitOptionsSet(Fact { data, personal: None, secret });
    let common = CommonOptions { swagger_url: Some("https://orders.example/v3".to_owned()) };
    let only = SdkRecorded { swagger_url: None, tags: None, release_date: None, ..sdk_recorded() };
    vec![
        sample("full", ResourceEvent::PackageAdded(package().into())),
        sample("sparse", ResourceEvent::PackageAdded(bare.into())),
        sample("full", ResourceEvent::PackageChanged(changed.into())),
        sample("full", ResourceEvent::PackageRemoved(removed.into())),
        sample("full", npm(NpmLanguage::TypescriptFetch, npm_options())),
        sample("sparse", npm(NpmLanguage::Angular2, sparse.clone())),
        sample("jquery", npm(NpmLanguage::JQuery, sparse.clone())),
        sample("axios", npm(NpmLanguage::TypescriptAxios, sparse)),
        sample("full", ResourceEvent::SdkVersionTaken(taken(NpmLanguage::JQuery).into())),
        sample("full", git(git_options(), Some(git_secrets()))),
        sample("sparse", git(nothing, None)),
        sample("docs", git(docs, Some(GitSecrets { ssh_key: None, ..git_secrets() }))),
        sample("full", ResourceEvent::CommonOptionsSet(common.into())),
        sample("sparse", ResourceEvent::CommonOptionsSet(CommonOptions::default().into())),
        sample("full", ResourceEvent::SdkRecorded(sdk_recorded().into())),
        sample("sparse", ResourceEvent::SdkRecorded(only.into())),
    ]
}

fn of_jobs() -> Vec<Sample> {
    let requested =
        |work| SdkJobEvent::Requested(SdkJobRequested { work, ..job_requested() }.into());
    let release = SdkWork::ReleaseNpm {
        language: NpmLanguage::TypescriptAxios,
        package: text("package"),
        version: "1.2.6".to_owned(),
        tags: some("job tags"),
    };
    let yaml = {
        let mut requested = job_requested();
        requested.document.form = DocumentForm::Yaml;
        requested.source = None;
        requested.work = SdkWork::SyncGit { docs: true, generators: list(&["ruby"]) };
        requested
    };
    let pages = SdkWork::SyncGit { docs: false, generators: Vec::new() };
    let steps = [
        ("full", SdkStep::Published),
        ("checked", SdkStep::Checked),
        ("generated", SdkStep::Generated),
        ("compiled", SdkStep::Compiled),
        ("packed", SdkStep::Packed),
        ("pushed", SdkStep::Pushed),
    ];
    let step = |(name, step)| {
        sample(name, SdkJobEvent::StepDone(SdkStepDone { step, millis: 130 }.into()))
    };
    let bare = SdkJobFinished { artifact: None, log: None, ..job_finished() };
    let silent = SdkJobFailed { log: None, ..job_failed() };
    let mut samples = vec![
        sample("full", SdkJobEvent::Requested(job_requested().into())),
        sample("release", requested(release)),
        sample("push", SdkJobEvent::Requested(yaml.into())),
        sample("pages", requested(pages)),
        sample("full", SdkJobEvent::Started(SdkJobStarted { attempt: 131 }.into())),
        sample("full", SdkJobEvent::Finished(job_finished().into())),
        sample("sparse", SdkJobEvent::Finished(bare.into())),
        sample("full", SdkJobEvent::Failed(job_failed().into())),
        sample("sparse", SdkJobEvent::Failed(silent.into())),
        sample("full", SdkJobEvent::Cancelled(SdkJobCancelled { user: UserId(132) }.into())),
    ];
    samples.extend(steps.map(step));
    samples
}

/// Brings about all of them.
pub async fn live_all(life: &mut impl Lives) {
    live(life).await;
    live_jobs(life).await;
    live_other_ends(life).await;
}

/// Brings about every event of resources.
async fn live(life: &mut impl Lives) {
    let id = RESOURCE.to_string();
    let (name, scopes) = ("Carts".to_owned(), list(&["carts.read"]));
    let data = ResourceCreated { resource: RESOURCE, name, scopes, ..resource_editable() };
    let changed = Package { show_index: 133, ..package() };
    let options = NpmOptionsSet { language: NpmLanguage::JQuery, options: npm_options() };
    let token = PropertyValue::Set(text("npm token"));
    let git = ResourceCommand::SetGitOptions {
        options: Box::new(git_options()),
        token: PropertyValue::Set(text("git token")),
        ssh_key: PropertyValue::Set(text("ssh key")),
    };
    let common = CommonOptions { swagger_url: Some("https://orders.example/v3".to_owned()) };
    let (language, version) = (NpmLanguage::JQuery, "1.2.4".to_owned());
    for command in [
        ResourceCommand::Create(Box::new(data), resource_secrets()),
        ResourceCommand::AddPackage(Box::new(package())),
        ResourceCommand::ChangePackage(Box::new(changed)),
        ResourceCommand::RemovePackage(package().name),
        ResourceCommand::SetNpmOptions(Box::new(options), token),
        ResourceCommand::TakeSdkVersion { language, version },
        git,
        ResourceCommand::SetCommonOptions(common),
        ResourceCommand::RecordSdk(Box::new(sdk_recorded())),
        ResourceCommand::Delete,
    ] {
        life.run::<Resource>(&id, command).await;
    }
}

/// Brings about every event of jobs but two of their ends.
pub async fn live_jobs(life: &mut impl Lives) {
    let step = SdkStepDone { step: SdkStep::Generated, millis: 130 };
    for command in [
        SdkJobCommand::Request(Box::new(job_requested())),
        SdkJobCommand::Start,
        SdkJobCommand::NoteStep(step),
        SdkJobCommand::Finish(Box::new(job_finished())),
    ] {
        life.run::<SdkJob>(JOB, command).await;
    }
}

/// Brings about the other ends of jobs.
async fn live_other_ends(life: &mut impl Lives) {
    let ends = [SdkJobCommand::Fail(Box::new(job_failed())), SdkJobCommand::Cancel(UserId(132))];
    for (number, end) in (2..).zip(ends) {
        let id = format!("83aa7e8000000000000000000000000{number}");
        let request = SdkJobCommand::Request(Box::new(job_requested()));
        for command in [request, SdkJobCommand::Start, end] {
            life.run::<SdkJob>(&id, command).await;
        }
    }
}
