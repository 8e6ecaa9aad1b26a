//! What the program sends to people: letters and short messages. Each is a short stream of its own.
//!
//! The intent stands in the commit of its cause, so nothing that was decided is forgotten; a worker
//! sends, and notes what became of it. A crash between sending and noting sends twice: at least once
//! is the promise.

use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, Decision};
use crate::check;
use crate::day_subject::{DaySubject, JOB_DAYS_MAX, Purpose};
use crate::event::Fact;
use crate::ids::{SubjectId, TenantId, Timestamp, UserId};
use crate::kind::{ClaimKind, Ids};
use crate::refusal::Refusal;
use crate::stored_events;

/// The longest life of a letter or message that was not sent, in seconds (contracts 24).
pub const DELIVERY_SECONDS_MAX: i64 = JOB_DAYS_MAX * 86_400;

/// The text that carries a code.
pub const CODE_TEXT: &str = "code";

/// The text that tells of a new password.
pub const PASSWORD_CHANGED_TEXT: &str = "password_changed";

/// The text with whose link an address subscribes to an API resource. Its code is that of the link.
pub const SUBSCRIBE_TEXT: &str = "verify_apiresource_subscription";

/// How a person is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Channel {
    /// A letter to an e-mail address.
    Mail,
    /// A short message to a telephone number.
    Sms,
}

impl Channel {
    /// The category of its streams.
    pub const fn category(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Sms => "sms",
        }
    }

    fn purpose(self) -> Purpose {
        match self {
            Self::Mail => Purpose::Mail,
            Self::Sms => Purpose::Sms,
        }
    }
}

/// A letter or message is to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryWanted {
    /// How.
    pub channel: Channel,
    /// In whose name.
    pub tenant: TenantId,
    /// To which user; 0 for somebody without an account.
    pub user: UserId,
    /// Which text: [`CODE_TEXT`], [`PASSWORD_CHANGED_TEXT`] or [`SUBSCRIBE_TEXT`].
    pub template: String,
    /// `en` or `zh-CN`.
    pub language: String,
    /// When it was asked for: the key that seals whom it goes to is that of this day.
    pub wanted_at: Timestamp,
    /// After this time it is not sent any more.
    pub until: Timestamp,
}

impl DeliveryWanted {
    /// Whose key seals the personal part.
    pub fn whose(&self) -> SubjectId {
        match self.user {
            UserId::NONE => DaySubject::at(self.channel.purpose(), self.wanted_at).into(),
            user => user.into(),
        }
    }
}

/// Whom it goes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryTo {
    /// The e-mail address or the telephone number.
    pub to: String,
}

/// What it says that nobody else may know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliverySecret {
    /// The code in it.
    pub code: String,
}

/// It was handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliverySent {
    /// At which attempt, from 1.
    pub attempt: u32,
}

/// An attempt to send it failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryFailed {
    /// Which one, from 1.
    pub attempt: u32,
    /// Why: one of a few words, never what the other side said.
    pub why: String,
    /// When it is tried again; absent if it is given up.
    pub again_at: Option<Timestamp>,
}

/// An operator wants it tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryRetried {
    /// How many attempts there were before.
    pub attempts: u32,
}

/// What a delivery may be asked to become.
#[derive(Debug, Clone)]
pub enum DeliveryCommand {
    /// Enter a new one.
    Want(Box<DeliveryWanted>, DeliveryTo, Option<DeliverySecret>),
    /// Note that an attempt succeeded.
    NoteSent,
    /// Note that an attempt failed, and when the next one is.
    NoteFailed {
        /// Why.
        why: String,
        /// When it is tried again; `None` gives up.
        again_at: Option<Timestamp>,
    },
    /// Try again what was given up.
    Retry,
}

/// What happened to a delivery, whatever its channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryEvent {
    /// It is to be sent.
    Wanted(DeliveryWanted, Option<DeliveryTo>, Option<DeliverySecret>),
    /// It was sent.
    Sent(DeliverySent),
    /// An attempt failed.
    Failed(DeliveryFailed),
    /// It is tried again.
    Retried(DeliveryRetried),
}

/// What the rules need to remember of a delivery, and whoever sends it.
#[derive(Debug, Clone, Default)]
pub enum Delivery {
    /// Never wanted.
    #[default]
    Absent,
    /// Not sent yet, or given up.
    Open(Box<Open>),
    /// Sent.
    Sent,
}

/// A delivery that was not sent yet.
#[derive(Debug, Clone)]
pub struct Open {
    /// What is to be sent.
    pub wanted: DeliveryWanted,
    /// To whom; `None` once that was erased.
    pub to: Option<String>,
    /// The code in it.
    pub code: Option<String>,
    /// How many attempts there were.
    pub attempts: u32,
    /// Whether it was given up.
    pub given_up: bool,
}

impl Delivery {
    /// As [`Aggregate::decide`].
    ///
    /// # Errors
    /// The rule that stands in the way.
    pub fn decide(&self, command: &DeliveryCommand) -> Result<Decision<DeliveryEvent>, Refusal> {
        let open = match (self, command) {
            (Self::Absent, DeliveryCommand::Want(wanted, to, secret)) => {
                check_wanted(wanted, to)?;
                let to = Some(to.clone());
                let event = DeliveryEvent::Wanted((**wanted).clone(), to, secret.clone());
                return Ok(Decision::event(event));
            }
            (_, DeliveryCommand::Want(..)) => {
                return Err(Refusal::AlreadyExists { what: "delivery" });
            }
            (Self::Absent, _) => return Err(Refusal::NotFound { what: "delivery" }),
            // Whoever sent it twice notes it once.
            (Self::Sent, _) => return Ok(Decision::none()),
            (Self::Open(open), _) => open,
        };
        let attempt = open.attempts.saturating_add(1);
        Ok(match command {
            DeliveryCommand::NoteSent => {
                Decision::event(DeliveryEvent::Sent(DeliverySent { attempt }))
            }
            DeliveryCommand::NoteFailed { .. } if open.given_up => Decision::none(),
            DeliveryCommand::NoteFailed { why, again_at } => {
                check::required_text("why", why, 200)?;
                let (why, again_at) = (why.clone(), *again_at);
                Decision::event(DeliveryEvent::Failed(DeliveryFailed { attempt, why, again_at }))
            }
            DeliveryCommand::Retry if !open.given_up => Decision::none(),
            DeliveryCommand::Retry => {
                let attempts = open.attempts;
                Decision::event(DeliveryEvent::Retried(DeliveryRetried { attempts }))
            }
            DeliveryCommand::Want(..) => Decision::none(),
        })
    }

    /// As [`Aggregate::evolve`].
    pub fn evolve(&mut self, event: DeliveryEvent) {
        match (&mut *self, event) {
            (_, DeliveryEvent::Wanted(wanted, to, secret)) => {
                let (to, code) = (to.map(|it| it.to), secret.map(|it| it.code));
                let open = Open { wanted, to, code, attempts: 0, given_up: false };
                *self = Self::Open(Box::new(open));
            }
            (_, DeliveryEvent::Sent(_)) => *self = Self::Sent,
            (Self::Open(open), DeliveryEvent::Failed(failed)) => {
                open.attempts = failed.attempt;
                open.given_up = failed.again_at.is_none();
            }
            (Self::Open(open), DeliveryEvent::Retried(_)) => open.given_up = false,
            (Self::Absent | Self::Sent, _) => (),
        }
    }
}

fn check_wanted(wanted: &DeliveryWanted, to: &DeliveryTo) -> Result<(), Refusal> {
    check::required("template", &wanted.template, 100)?;
    check::required("language", &wanted.language, 20)?;
    match wanted.channel {
        Channel::Mail => check::email("to", &to.to)?,
        Channel::Sms => check::phone("to", &to.to)?,
    }
    let seconds = wanted.until.seconds() - wanted.wanted_at.seconds();
    if !(1..=DELIVERY_SECONDS_MAX).contains(&seconds) {
        return Err(Refusal::invalid("until", "must be at most 7 days after it was asked for"));
    }
    Ok(())
}

/// Declares the aggregate of a channel: its events, with their stored names.
macro_rules! delivery {
    (
        $(#[$meta:meta])*
        $aggregate:ident, $event:ident, $category:literal:
        $wanted:literal, $sent:literal, $failed:literal, $retried:literal
    ) => {
        stored_events! {
            $(#[$meta])*
            pub enum $event {
                /// It is to be sent.
                Wanted = $wanted {
                    data: DeliveryWanted, personal: DeliveryTo, secret: DeliverySecret,
                    subject: whose()
                },
                /// It was handed over.
                Sent = $sent { data: DeliverySent, marks: [Ends] },
                /// An attempt failed.
                Failed = $failed { data: DeliveryFailed },
                /// It is tried again.
                Retried = $retried { data: DeliveryRetried },
            }
        }

        $(#[$meta])*
        #[derive(Debug, Clone, Default)]
        pub struct $aggregate(pub Delivery);

        impl Aggregate for $aggregate {
            const CATEGORY: &'static str = $category;
            const IDS: Ids = Ids::ShortLived;
            const CLAIMS: &'static [ClaimKind] = &[];
            type Command = DeliveryCommand;
            type Event = $event;

            fn decide(
                &self,
                command: &DeliveryCommand,
                _now: Timestamp,
            ) -> Result<Decision<$event>, Refusal> {
                let Decision { events, claims, releases } = self.0.decide(command)?;
                let events = events.into_iter().map($event::from).collect();
                Ok(Decision { events, claims, releases })
            }

            fn evolve(&mut self, event: &$event) {
                self.0.evolve(event.clone().into());
            }
        }

        impl From<DeliveryEvent> for $event {
            fn from(event: DeliveryEvent) -> Self {
                match event {
                    DeliveryEvent::Wanted(data, personal, secret) => {
                        Self::Wanted(Fact { data, personal, secret })
                    }
                    DeliveryEvent::Sent(data) => Self::Sent(data.into()),
                    DeliveryEvent::Failed(data) => Self::Failed(data.into()),
                    DeliveryEvent::Retried(data) => Self::Retried(data.into()),
                }
            }
        }

        impl From<$event> for DeliveryEvent {
            fn from(event: $event) -> Self {
                match event {
                    $event::Wanted(fact) => Self::Wanted(fact.data, fact.personal, fact.secret),
                    $event::Sent(fact) => Self::Sent(fact.data),
                    $event::Failed(fact) => Self::Failed(fact.data),
                    $event::Retried(fact) => Self::Retried(fact.data),
                }
            }
        }
    };
}

delivery! {
    /// A letter to an e-mail address. A stored contract: see `docs/events.md`.
    Mail, MailEvent, "mail":
    "mail.wanted.v1", "mail.sent.v1", "mail.failed.v1", "mail.retried.v1"
}

delivery! {
    /// A short message to a telephone number. A stored contract: see `docs/events.md`.
    Sms, SmsEvent, "sms":
    "sms.wanted.v1", "sms.sent.v1", "sms.failed.v1", "sms.retried.v1"
}
