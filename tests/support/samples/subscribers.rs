//! Samples of subscribers, and of the notices that they get.

use domain::notice::{
    Notice, NoticeCause, NoticeCommand, NoticeEvent, NoticeFailed, NoticeFinished, NoticeGathered,
    NoticeProgressed, NoticeRequested,
};
use domain::subscriber::{
    RemovedBy, Subscriber, SubscriberAddress, SubscriberBounced, SubscriberCommand,
    SubscriberConfirmed, SubscriberEvent, SubscriberReached, SubscriberRemoved,
};
use domain::{Fact, SubscriberId, TenantId};

use super::{Sample, at, sample, text};
use crate::life::Lives;

/// What every rule accepts.
pub fn subscriber_confirmed() -> SubscriberConfirmed {
    SubscriberConfirmed {
        subscriber: SubscriberId(121),
        tenant: TenantId(12),
        resource: 21,
        language: "zh-CN".to_owned(),
        mark: std::array::from_fn(|n| 0x60 + n as u8),
    }
}

/// Whom it names.
pub fn subscriber_address() -> SubscriberAddress {
    SubscriberAddress { address: "Reader@example.com".to_owned() }
}

/// What every rule accepts.
pub fn notice_requested() -> NoticeRequested {
    NoticeRequested {
        tenant: TenantId(12),
        resource: 21,
        api_id: "f0f1".to_owned(),
        revision: 123,
        before: 122,
        cause: NoticeCause::Published,
        requested_at: at(124),
        until: at(125),
    }
}

/// What was taken in.
pub fn notice_gathered() -> NoticeGathered {
    NoticeGathered { revision: 126, cause: NoticeCause::Released, position: 127, taken_in: 2 }
}

/// How far it came.
pub fn notice_progressed() -> NoticeProgressed {
    NoticeProgressed { up_to: 128, sent: 129, failed: 3, later: vec![121, 130] }
}

pub(super) fn all() -> Vec<Sample> {
    let confirmed = |personal| Fact { data: subscriber_confirmed(), personal, secret: None };
    let removed = |by| SubscriberRemoved { subscriber: SubscriberId(121), by };
    let released =
        NoticeRequested { cause: NoticeCause::Released, before: 0, ..notice_requested() };
    let published = NoticeGathered { cause: NoticeCause::Published, ..notice_gathered() };
    vec![
        sample("full", SubscriberEvent::Confirmed(confirmed(Some(subscriber_address())))),
        sample("erased", SubscriberEvent::Confirmed(confirmed(None))),
        sample("full", SubscriberEvent::Removed(removed(RemovedBy::Link).into())),
        sample("by_owner", SubscriberEvent::Removed(removed(RemovedBy::Owner).into())),
        sample("by_resource", SubscriberEvent::Removed(removed(RemovedBy::Resource).into())),
        sample("by_bounces", SubscriberEvent::Removed(removed(RemovedBy::Bounces).into())),
        sample("full", SubscriberEvent::Bounced(SubscriberBounced { bounces: 2 }.into())),
        sample("full", SubscriberEvent::Reached(SubscriberReached { bounces: 1 }.into())),
        sample("full", NoticeEvent::Requested(notice_requested().into())),
        sample("released", NoticeEvent::Requested(released.into())),
        sample("full", NoticeEvent::Gathered(notice_gathered().into())),
        sample("published", NoticeEvent::Gathered(published.into())),
        sample("full", NoticeEvent::Progressed(notice_progressed().into())),
        sample("sparse", NoticeEvent::Progressed(NoticeProgressed::default().into())),
        sample("full", {
            let failed = NoticeFailed { attempt: 131, why: text("why"), again_at: at(132) };
            NoticeEvent::Failed(failed.into())
        }),
        sample("full", NoticeEvent::Finished(NoticeFinished { sent: 133, failed: 134 }.into())),
    ]
}

/// Brings about every event of them.
pub async fn live(life: &mut impl Lives) {
    for command in [
        SubscriberCommand::Confirm(subscriber_confirmed(), subscriber_address()),
        SubscriberCommand::NoteBounced,
        SubscriberCommand::NoteReached,
        SubscriberCommand::Remove(RemovedBy::Link),
    ] {
        life.run::<Subscriber>("121", command).await;
    }
    for command in [
        NoticeCommand::Request(Box::new(notice_requested())),
        NoticeCommand::Gather(notice_gathered()),
        NoticeCommand::NoteProgress(notice_progressed()),
        NoticeCommand::NoteFailed { why: "why".to_owned(), again_at: at(132) },
        NoticeCommand::Finish { given_up: 4 },
    ] {
        life.run::<Notice>("ffffffff777777777777777777777777", command).await;
    }
}
