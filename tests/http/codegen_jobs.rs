//! `/api/CodeGen/Jobs`: what is known of jobs. What they make: tests/sdks.

use domain::sdk_job::{SdkJob, SdkJobCommand, SdkJobFailed, SdkJobRequested, SdkStep, SdkStepDone};
use domain::{TenantId, UserId};
use serde_json::{Value, json};
use tests::app::{Answer, TestApp};
use tests::samples::sdk::job_requested;

const JOBS: &str = "/api/CodeGen/Jobs";

struct Shop {
    app: TestApp,
    admin: String,
    ann: (u32, String),
    ben: (u32, String),
}

fn id(number: u32) -> String {
    format!("f0000000{number:024x}")
}

impl Shop {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let admin = app.admin().await;
        let ann = app.user(1, "ann", &[1], "oauthapp.all").await;
        let ben = app.user(1, "ben", &[1], "oauthapp.all").await;
        let (ann, ben) = ((ann, app.token_of(ann)), (ben, app.token_of(ben)));
        Self { app, admin, ann, ben }
    }

    async fn request(&self, number: u32, owner: u32) {
        let (tenant, owner) = (TenantId(1), UserId(owner));
        let wanted = SdkJobRequested { tenant, owner, ..job_requested() };
        self.run(number, SdkJobCommand::Request(Box::new(wanted))).await;
    }

    async fn run(&self, number: u32, command: SdkJobCommand) {
        self.app.run::<SdkJob>(1, &id(number), command).await;
    }

    async fn get(&self, token: &str, path: &str) -> Answer {
        self.app.get(path).bearer(token).send().await
    }

    async fn ids(&self, token: &str) -> Vec<String> {
        let list = self.get(token, JOBS).await.data();
        let name = |it: &Value| it["id"].as_str().unwrap().to_owned();
        list.as_array().unwrap().iter().map(name).collect()
    }
}

#[tokio::test]
async fn everybody_sees_their_own_jobs_and_administrators_all_of_the_tenant() {
    let it = Shop::new().await;
    it.request(1, it.ann.0).await;
    it.request(2, it.ben.0).await;
    it.request(3, it.ann.0).await;
    assert_eq!(it.ids(&it.ann.1).await, [id(3), id(1)], "the newest first");
    // One of another tenant, with the same number of a user.
    let (tenant, owner) = (TenantId(it.app.tenant("other.example").await), UserId(it.ann.0));
    let other = SdkJobRequested { tenant, owner, ..job_requested() };
    let request = SdkJobCommand::Request(Box::new(other));
    it.app.run::<SdkJob>(tenant.0, &id(9), request).await;
    assert_eq!(it.get(&it.admin, &format!("{JOBS}/{}", id(9))).await.code(), 404);
    assert_eq!(it.ids(&it.ann.1).await, [id(3), id(1)]);
    assert_eq!(it.ids(&it.admin).await, [id(3), id(2), id(1)]);
    let page = it.get(&it.admin, &format!("{JOBS}?skip=1&take=1")).await.json();
    assert_eq!((&page["total"], &page["data"][0]["id"]), (&json!(3), &json!(id(2))));
    for end in ["", "/Artifact", "/Files", "/File?path=a", "/Log"] {
        let stranger = it.get(&it.ben.1, &format!("{JOBS}/{}{end}", id(1))).await;
        assert_eq!(stranger.code(), 404, "{end}");
        let unknown = it.get(&it.ann.1, &format!("{JOBS}/{}{end}", id(7))).await;
        assert_eq!(unknown.text, stranger.text, "{end}");
    }
    let stranger = it.app.ask("DELETE", &format!("{JOBS}/{}", id(1))).bearer(&it.ben.1);
    assert_eq!(stranger.send().await.code(), 404);
}

#[tokio::test]
async fn a_job_says_how_far_it_is_and_why_it_failed() {
    let it = Shop::new().await;
    let one = format!("{JOBS}/{}", id(1));
    it.request(1, it.ann.0).await;
    let job = it.get(&it.ann.1, &one).await.data();
    assert_eq!((&job["state"], &job["work"]), (&json!("waiting"), &json!("generate")));
    assert_eq!(job["generators"], json!(["typescript-fetch"]));
    let early = it.get(&it.ann.1, &format!("{one}/Artifact")).await;
    assert_eq!((early.code(), &early.json()["codeName"]), (200_009, &json!("Job_NotFinished")));
    it.run(1, SdkJobCommand::Start).await;
    let step = SdkStepDone { step: SdkStep::Checked, millis: 12 };
    it.run(1, SdkJobCommand::NoteStep(step)).await;
    let job = it.get(&it.ann.1, &one).await.data();
    assert_eq!((&job["state"], &job["attempts"]), (&json!("running"), &json!(1)));
    assert_eq!(job["steps"], json!([{ "step": "checked", "milliseconds": 12 }]));
    let failed = SdkJobFailed {
        reason: "out_of_time".to_owned(),
        detail: "it took too long".to_owned(),
        log: None,
    };
    it.run(1, SdkJobCommand::Fail(Box::new(failed))).await;
    let job = it.get(&it.ann.1, &one).await.data();
    assert_eq!((&job["state"], &job["reason"]), (&json!("failed"), &json!("out_of_time")));
    assert_eq!(it.get(&it.ann.1, &format!("{one}/Log")).await.data(), "");
    assert_eq!(it.get(&it.ann.1, &format!("{one}/Files")).await.code(), 200_009);
}

#[tokio::test]
async fn a_job_is_cancelled_once_and_what_has_ended_stays() {
    let it = Shop::new().await;
    it.request(1, it.ann.0).await;
    let one = format!("{JOBS}/{}", id(1));
    let cancel = async || it.app.ask("DELETE", &one).bearer(&it.ann.1).send().await;
    assert_eq!(cancel().await.data(), true);
    let end = it.app.engine.log().head().position;
    assert_eq!(cancel().await.data(), true);
    it.run(1, SdkJobCommand::Start).await;
    assert_eq!(it.app.engine.log().head().position, end);
    assert_eq!(it.get(&it.ann.1, &one).await.data()["state"], "cancelled");
}

#[tokio::test]
async fn a_job_that_never_ends_is_begun_three_times() {
    let it = Shop::new().await;
    it.request(1, it.ann.0).await;
    for _ in 0..4 {
        it.run(1, SdkJobCommand::Start).await;
    }
    let job = it.get(&it.ann.1, &format!("{JOBS}/{}", id(1))).await.data();
    assert_eq!((&job["state"], &job["reason"]), (&json!("failed"), &json!("crashed")));
    assert_eq!(job["attempts"], 3);
}
