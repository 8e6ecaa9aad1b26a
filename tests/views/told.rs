//! What random histories do with subscribers, and who is found by what.

use domain::notice::{NoticeCause, NoticeCommand, NoticeRequested};
use domain::subscriber::{RemovedBy, SubscriberAddress, SubscriberCommand, SubscriberConfirmed};
use domain::{SubscriberId, TenantId, mail_address};
use projections::Tables;
use tests::app::now;
use tests::samples::subscribers::{notice_gathered, notice_progressed, notice_requested};

const TENANT: TenantId = TenantId(1);

fn mark(resource: u32, address: &str) -> [u8; 16] {
    let first = mail_address::key(address).to_ascii_lowercase().bytes().next().unwrap();
    [resource as u8, first, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2]
}

/// Something that may become of a subscriber.
pub fn subscriber_command(number: u32, other: u32) -> SubscriberCommand {
    let (resource, address) =
        (1 + number % 3, ["ann@a.example", "bob@b.example"][number as usize % 2]);
    match other % 6 {
        0..3 => {
            let confirmed = SubscriberConfirmed {
                subscriber: SubscriberId(number),
                tenant: TENANT,
                resource,
                language: "en".to_owned(),
                mark: mark(resource, address),
            };
            SubscriberCommand::Confirm(confirmed, SubscriberAddress { address: address.to_owned() })
        }
        3 => SubscriberCommand::Remove(RemovedBy::Link),
        4 => SubscriberCommand::NoteBounced,
        _ => SubscriberCommand::NoteReached,
    }
}

/// Something that may become of a notice.
pub fn notice_command(number: u32, other: u32) -> NoticeCommand {
    let requested_at = now();
    match other % 7 {
        0..3 => NoticeCommand::Request(Box::new(NoticeRequested {
            tenant: TENANT,
            resource: 1 + number % 2,
            api_id: (1 + number % 2).to_string(),
            cause: NoticeCause::Released,
            requested_at,
            until: requested_at.plus_seconds(300),
            ..notice_requested()
        })),
        3 => NoticeCommand::Gather(notice_gathered()),
        4 => NoticeCommand::NoteProgress(notice_progressed()),
        5 => NoticeCommand::NoteFailed { why: "why".to_owned(), again_at: requested_at },
        _ => NoticeCommand::Finish { given_up: 1 },
    }
}

/// What the indexes answer is what a look at every row answers.
pub fn subscribers_are_found(tables: &Tables) {
    let all = &tables.subscribers;
    for resource in 1..5 {
        let told = || all.iter().filter(|it| it.removed.is_none() && it.data.resource == resource);
        assert_eq!(all.count_of(resource), told().count(), "{resource}");
        for (behind, by) in [(0, u64::MAX), (2, u64::MAX), (0, 40)] {
            let next = all.next_of(resource, behind, by).map(|it| it.data.subscriber);
            let scan = told().filter(|it| it.data.subscriber.0 > behind && it.first_position <= by);
            assert!(next.eq(scan.map(|it| it.data.subscriber)), "{resource} {behind} {by}");
        }
        for address in ["ann@a.example", "bob@b.example"] {
            let mark = mark(resource, address);
            let scan = || all.iter().filter(|it| it.data.mark == mark);
            assert!(all.marked(mark).eq(scan()), "{resource} {address}");
            let mut told = scan().filter(|it| it.removed.is_none());
            assert_eq!(all.told_with(mark), told.next());
            assert_eq!(told.next(), None, "an address has one place");
        }
        let is_left_over = told().count() > 0 && tables.resources.get(TENANT, resource).is_none();
        let name = format!("resource-{resource}");
        let listed = tables.left_over.iter().any(|it| it.as_str() == name);
        assert_eq!(listed, is_left_over, "{resource}");
    }
    for row in all.iter() {
        assert_eq!(all.address(row).is_some(), row.removed.is_none());
    }
    // Of several that wait to begin, the oldest of each API is due.
    let far = now().plus_seconds(86_400);
    let due = tables.notices.due(60, far).cloned().collect::<Vec<_>>();
    for (stream, row) in tables.notices.open() {
        let older = tables.notices.open().any(|(_, it)| {
            let same = it.requested.api_id == row.requested.api_id;
            same && !it.has_begun && it.position < row.position
        });
        assert_eq!(due.contains(stream), row.has_begun || !older, "{stream}");
        let later = tables.notices.later_like(row, 1_000).len();
        let scan = tables.notices.open().filter(|(_, it)| {
            let same = it.requested.api_id == row.requested.api_id;
            same && !it.has_begun && it.position > row.position
        });
        assert_eq!(later, scan.count(), "{stream}");
    }
}
