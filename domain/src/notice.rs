//! A notice: the subscribers of an API are told that it changed. A short stream of its own, which
//! begins in the commit of the change; a worker sends, and notes how far it came.

use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, Decision};
use crate::check;
use crate::ids::{TenantId, Timestamp};
use crate::kind::{ClaimKind, Ids};
use crate::refusal::Refusal;
use crate::stored_events;

/// How long a notice is tried, in seconds.
pub const NOTICE_SECONDS: i64 = 7 * 86_400;

/// How many subscribers may wait for another try of a notice: a longer list stops the round, which
/// goes on where it stopped.
pub const LATER_MAX: usize = 1_000;

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoticeCause {
    /// A new revision was published.
    Published,
    /// A revision was made current.
    Released,
}

/// Subscribers are to be told of a change. The change stands in the same commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NoticeRequested {
    /// Whose API it is.
    pub tenant: TenantId,
    /// The API resource.
    pub resource: u32,
    /// The API at the gateway.
    pub api_id: String,
    /// The revision that is current now.
    pub revision: u32,
    /// What was current before; 0 for nothing.
    pub before: u32,
    /// What changed.
    pub cause: NoticeCause,
    /// When.
    pub requested_at: Timestamp,
    /// After this time it is not sent any more.
    pub until: Timestamp,
}

/// Sending begins: later changes of the same API are told in the same letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NoticeGathered {
    /// The revision that is current after the last of them.
    pub revision: u32,
    /// What the last of them was.
    pub cause: NoticeCause,
    /// The position of the request of the last of them: who subscribed by then is told.
    pub position: u64,
    /// How many later ones were taken in.
    pub taken_in: u32,
}

/// How far sending came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NoticeProgressed {
    /// The number of the last subscriber who was tried.
    pub up_to: u32,
    /// How many letters were taken so far.
    pub sent: u32,
    /// How many were refused for good so far.
    pub failed: u32,
    /// The numbers of the subscribers who are tried again, ascending.
    pub later: Vec<u32>,
}

/// A round ended, and some are to be tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NoticeFailed {
    /// Which round, from 1.
    pub attempt: u32,
    /// Why: one of a few words, never what the other side said.
    pub why: String,
    /// When the next round is.
    pub again_at: Timestamp,
}

/// Nothing more is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NoticeFinished {
    /// How many letters were taken.
    pub sent: u32,
    /// How many subscribers were not reached.
    pub failed: u32,
}

/// What a notice may be asked to become.
#[derive(Debug, Clone)]
pub enum NoticeCommand {
    /// Enter a new one.
    Request(Box<NoticeRequested>),
    /// Take in later ones, and begin.
    Gather(NoticeGathered),
    /// Note how far sending came.
    NoteProgress(NoticeProgressed),
    /// Note that some are to be tried again.
    NoteFailed {
        /// Why.
        why: String,
        /// When the next round is.
        again_at: Timestamp,
    },
    /// Note that nothing more is sent; so many more were not reached.
    Finish {
        /// How many subscribers were given up.
        given_up: u32,
    },
}

stored_events! {
    /// What has happened to a notice. A stored contract: see `docs/events.md`.
    pub enum NoticeEvent {
        /// Subscribers are to be told.
        Requested = "notice.requested.v1" { data: NoticeRequested },
        /// Sending begins.
        Gathered = "notice.gathered.v1" { data: NoticeGathered },
        /// How far sending came.
        Progressed = "notice.progressed.v1" { data: NoticeProgressed },
        /// Some are to be tried again.
        Failed = "notice.failed.v1" { data: NoticeFailed },
        /// Nothing more is sent.
        Finished = "notice.finished.v1" { data: NoticeFinished, marks: [Ends] },
    }
}

/// What the rules need to remember of a notice, and whoever sends it.
#[derive(Debug, Clone, Default)]
pub enum Notice {
    /// Never requested.
    #[default]
    Absent,
    /// To be sent, or being sent.
    Open(Box<OpenNotice>),
    /// Nothing more is sent.
    Finished,
}

/// A notice that has not ended.
#[derive(Debug, Clone)]
pub struct OpenNotice {
    /// What is to be told.
    pub requested: NoticeRequested,
    /// What was taken in; `None` before it began.
    pub gathered: Option<NoticeGathered>,
    /// How far it came.
    pub progress: NoticeProgressed,
    /// How many rounds failed.
    pub attempts: u32,
}

impl Aggregate for Notice {
    const CATEGORY: &'static str = "notice";
    const IDS: Ids = Ids::ShortLived;
    const CLAIMS: &'static [ClaimKind] = &[];
    type Command = NoticeCommand;
    type Event = NoticeEvent;

    fn decide(
        &self,
        command: &NoticeCommand,
        _now: Timestamp,
    ) -> Result<Decision<NoticeEvent>, Refusal> {
        let open = match (self, command) {
            (Self::Absent, NoticeCommand::Request(data)) => {
                check_request(data)?;
                return Ok(Decision::event(NoticeEvent::Requested((**data).clone().into())));
            }
            (_, NoticeCommand::Request(_)) => {
                return Err(Refusal::AlreadyExists { what: "notice" });
            }
            (Self::Absent, _) => return Err(Refusal::NotFound { what: "notice" }),
            // Whoever sent it twice notes it once.
            (Self::Finished, _) => return Ok(Decision::none()),
            (Self::Open(open), _) => open,
        };
        open.decide(command)
    }

    fn evolve(&mut self, event: &NoticeEvent) {
        match (&mut *self, event) {
            (_, NoticeEvent::Requested(fact)) => {
                *self = Self::Open(Box::new(OpenNotice {
                    requested: fact.data.clone(),
                    gathered: None,
                    progress: NoticeProgressed::default(),
                    attempts: 0,
                }));
            }
            (_, NoticeEvent::Finished(_)) => *self = Self::Finished,
            (Self::Open(open), NoticeEvent::Gathered(fact)) => {
                open.gathered = Some(fact.data.clone());
            }
            (Self::Open(open), NoticeEvent::Progressed(fact)) => {
                open.progress.clone_from(&fact.data);
            }
            (Self::Open(open), NoticeEvent::Failed(fact)) => open.attempts = fact.data.attempt,
            (Self::Absent | Self::Finished, _) => (),
        }
    }
}

impl OpenNotice {
    fn decide(&self, command: &NoticeCommand) -> Result<Decision<NoticeEvent>, Refusal> {
        Ok(match command {
            NoticeCommand::Gather(_) if self.gathered.is_some() => Decision::none(),
            NoticeCommand::Gather(data) => {
                Decision::event(NoticeEvent::Gathered(data.clone().into()))
            }
            NoticeCommand::NoteProgress(data) if *data == self.progress => Decision::none(),
            NoticeCommand::NoteProgress(data) => {
                check::list("later", &data.later, LATER_MAX)?;
                Decision::event(NoticeEvent::Progressed(data.clone().into()))
            }
            NoticeCommand::NoteFailed { why, again_at } => {
                check::required_text("why", why, 200)?;
                let attempt = self.attempts.saturating_add(1);
                let failed = NoticeFailed { attempt, why: why.clone(), again_at: *again_at };
                Decision::event(NoticeEvent::Failed(failed.into()))
            }
            NoticeCommand::Finish { given_up } => {
                let NoticeProgressed { sent, failed, .. } = self.progress;
                let failed = failed.saturating_add(*given_up);
                Decision::event(NoticeEvent::Finished(NoticeFinished { sent, failed }.into()))
            }
            NoticeCommand::Request(_) => Decision::none(),
        })
    }
}

fn check_request(data: &NoticeRequested) -> Result<(), Refusal> {
    check::required("apiId", &data.api_id, 256)?;
    let seconds = data.until.seconds() - data.requested_at.seconds();
    if !(1..=NOTICE_SECONDS).contains(&seconds) {
        return Err(Refusal::invalid("until", "must be at most 7 days after it was asked for"));
    }
    Ok(())
}
