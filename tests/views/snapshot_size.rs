//! What has ended and was forgotten leaves nothing in a snapshot but its places in the audit index.

use bytes::Bytes;
use domain::app_token::{AppToken, AppTokenCommand, AppTokenIssued, app_token_id};
use domain::log::CommitHead;
use domain::log_event::{FORGET_STEP_SECONDS, Log, LogCommand, forgetting_id};
use domain::token::{Token, TokenCommand, TokenIssued, token_id};
use domain::{Aggregate, TenantId, Timestamp};
use projections::next_snapshot;
use tests::app::{TestApp, now};
use tests::samples::app_token::{app_token_issued, app_token_personal};
use tests::samples::token_issued;

const TENANT: TenantId = TenantId(1);

const TOKENS: u32 = 10_000;

/// Each of so many is revoked.
const REVOKED_EVERY: u32 = 5;

/// Fewer than a commit may have, in events and in bytes.
const COMMIT_TOKENS: usize = 40;

/// What the audit index may need for one event, in bytes.
const EVENT_BYTES_MAX: usize = 16;

const DAY_SECONDS: i64 = 86_400;

/// Long after every mark of what was revoked: that of a family of app tokens lasts longest.
const ALL_FORGOTTEN_SECONDS: i64 = 30 * 365 * DAY_SECONDS;

fn snapshot(app: &TestApp, last: Option<&Bytes>) -> Bytes {
    let (log, keys) = (app.engine.log(), app.engine.keys().clone());
    next_snapshot(last.cloned(), &**log, keys, log.head().position).unwrap().into()
}

/// How often the name of a stream of this category stands in a snapshot.
fn streams(body: &Bytes, category: &str) -> usize {
    // Its length stands before it, and its id has 32 digits.
    let mut stream = ((category.len() + 33) as u16).to_le_bytes().to_vec();
    stream.extend_from_slice(format!("{category}-").as_bytes());
    body.windows(stream.len()).filter(|it| **it == stream).count()
}

/// Runs a command against each of many, many of them at once.
async fn run_all<A: Aggregate>(
    app: &TestApp,
    ids: &[String],
    command: impl Fn(usize) -> A::Command,
) {
    let numbered = ids.iter().enumerate().collect::<Vec<_>>();
    for some in numbered.chunks(COMMIT_TOKENS) {
        let mut draft = app.engine.draft(app.head(TENANT));
        some.iter().for_each(|(number, id)| draft.decide::<A>(id, &command(*number)).unwrap());
        draft.commit().await.unwrap();
    }
}

/// Forgets what ended before this time, as of a clock that has come there.
async fn forget(app: &TestApp, time: Timestamp) {
    let step = FORGET_STEP_SECONDS;
    let until = Timestamp::from_seconds(time.seconds().div_euclid(step) * step);
    let head = CommitHead { time, ..app.head(TenantId::INSTALLATION) };
    let forget = LogCommand::Forget { until };
    app.engine.handle::<Log>(&forgetting_id(until), &forget, &head).await.unwrap();
}

fn random_part(number: u32) -> [u8; 12] {
    let mut random = [0; 12];
    random[..4].copy_from_slice(&number.to_le_bytes());
    random
}

fn hash(number: u32, of: u8) -> [u8; 16] {
    let mut hash = [of; 16];
    hash[..4].copy_from_slice(&number.to_le_bytes());
    hash
}

/// What a snapshot holds before tokens are issued, while they count, and after they have ended:
/// with the marks of those that were revoked, and without them.
struct Snapshots {
    before: Bytes,
    living: Bytes,
    ended: Bytes,
    forgotten: Bytes,
    events: usize,
}

impl Snapshots {
    /// Of tokens that end at `end`: some of them are revoked.
    async fn of<A: Aggregate>(
        ids: Vec<String>,
        end: Timestamp,
        issue: impl Fn(usize) -> A::Command,
        revoke: A::Command,
    ) -> Self
    where
        A::Command: Clone,
    {
        let app = TestApp::new().await;
        let before = snapshot(&app, None);
        let start = app.engine.log().head().position;
        run_all::<A>(&app, &ids, issue).await;
        let revoked = ids.iter().step_by(REVOKED_EVERY as usize).cloned().collect::<Vec<_>>();
        run_all::<A>(&app, &revoked, |_| revoke.clone()).await;
        let living = snapshot(&app, Some(&before));
        forget(&app, end.plus_seconds(DAY_SECONDS)).await;
        let ended = snapshot(&app, Some(&living));
        assert!(ended == snapshot(&app, None), "another one than from the log alone");
        forget(&app, end.plus_seconds(ALL_FORGOTTEN_SECONDS)).await;
        let forgotten = snapshot(&app, Some(&ended));
        assert!(forgotten == snapshot(&app, None), "another one than from the log alone");
        let events = (app.engine.log().head().position - start) as usize;
        Self { before, living, ended, forgotten, events }
    }

    fn streams(&self, category: &str) -> [usize; 4] {
        let bodies = [&self.before, &self.living, &self.ended, &self.forgotten];
        bodies.map(|body| streams(body, category))
    }

    fn grew_by_the_audit_index_only(&self) {
        let grown = self.forgotten.len() - self.before.len();
        let max = EVENT_BYTES_MAX * self.events;
        assert!(grown <= max, "{grown} bytes of {} events", self.events);
    }
}

#[tokio::test]
async fn ten_thousand_ended_tokens_leave_their_places_in_the_audit_index_only() {
    let issued_at = Timestamp::from_seconds(now().seconds());
    let expires_at = issued_at.plus_seconds(3_600);
    let ids = (0..TOKENS).map(|it| token_id(expires_at, random_part(it))).collect();
    let issued = TokenIssued { tenant: TENANT, issued_at, expires_at, ..token_issued() };
    let issue = |_| TokenCommand::Issue(Box::new(issued.clone()));
    let revoke = TokenCommand::Revoke { reason: "lost".to_owned() };
    let snapshots = Snapshots::of::<Token>(ids, expires_at, issue, revoke).await;
    let revoked = (TOKENS / REVOKED_EVERY) as usize;
    assert_eq!(snapshots.streams("token"), [0, revoked, revoked, 0]);
    snapshots.grew_by_the_audit_index_only();
}

#[tokio::test]
async fn ten_thousand_ended_app_tokens_leave_their_places_in_the_audit_index_only() {
    let issued_at = Timestamp::from_seconds(now().seconds());
    let end = issued_at.plus_seconds(7_200);
    let ids = (0..TOKENS).map(|it| app_token_id(end, random_part(it))).collect();
    let issue = |number: usize| {
        let number = number as u32;
        let issued = AppTokenIssued {
            tenant: TENANT,
            family: hash(number / REVOKED_EVERY, 1),
            access_hash: hash(number, 2),
            refresh_hash: hash(number, 3),
            issued_at,
            access_expires_at: issued_at.plus_seconds(3_600),
            refresh_expires_at: end,
            ..app_token_issued()
        };
        AppTokenCommand::Issue(Box::new(issued), app_token_personal())
    };
    let revoke = AppTokenCommand::RevokeFamily { reason: "used twice".to_owned() };
    let snapshots = Snapshots::of::<AppToken>(ids, end, issue, revoke).await;
    let families = (TOKENS / REVOKED_EVERY) as usize;
    assert_eq!(snapshots.streams("app_token"), [0, TOKENS as usize + families, families, 0]);
    snapshots.grew_by_the_audit_index_only();
}
