//! What every adapter of the log promises.

use std::collections::HashSet;
use std::sync::Arc;

use commands::log::MemoryLog;
use domain::log::{AppendError, EventLog};
use domain::{Parts, Timestamp};
use tests::log::{NOW_SECONDS, all_said, command, commit, open, read_all, stream};

/// Runs each test of the contract against each adapter.
macro_rules! contract {
    ($($name:ident),* $(,)?) => {
        mod memory_log {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let log = super::MemoryLog::new(tests::log::LOG);
                super::$name(std::sync::Arc::new(log)).await;
            })*
        }

        mod sled_log {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let folder = tempfile::tempdir().unwrap();
                let log = super::open(folder.path()).unwrap();
                super::$name(std::sync::Arc::new(log)).await;
            })*
        }
    };
}

contract!(
    an_empty_log_has_nothing_to_read,
    positions_and_versions_have_no_gaps,
    concurrent_writers_leave_no_gap_and_the_head_never_lags,
    what_was_written_is_read_back,
    an_append_at_another_version_is_a_conflict,
    a_commit_whose_second_stream_conflicts_leaves_nothing,
    a_commit_may_demand_that_another_stream_has_not_moved,
    a_commit_whose_claim_is_taken_leaves_nothing,
    a_value_is_held_by_one_and_free_after_its_release,
    a_value_can_be_released_and_held_again_in_one_commit,
    what_one_does_not_hold_cannot_be_released,
    a_commit_cannot_claim_a_value_twice,
    claims_differ_by_scope_and_kind,
    ten_thousand_racing_claims_have_one_winner,
    the_same_command_gets_the_same_answer,
    a_command_id_with_another_fingerprint_is_refused,
    a_command_id_is_forgotten_by_an_event_a_day_later,
    forgetting_under_a_clock_that_is_ahead_does_not_touch_what_comes_later,
    a_token_stream_is_forgotten_by_an_event_an_hour_after_its_end,
    memory_is_given_back_in_steps_that_nobody_sees,
    a_stream_that_never_ends_outlives_a_token,
    the_highest_id_counts_numbers_only,
    reads_return_what_is_asked_for,
    waiting_ends_with_the_next_event,
    a_malformed_commit_is_refused_and_nothing_is_lost,
);

type Log = Arc<dyn EventLog>;

async fn append(log: &Log, commit: tests::log::Draft) -> u64 {
    log.append(commit.build()).await.unwrap().last
}

async fn an_empty_log_has_nothing_to_read(log: Log) {
    assert_eq!(log.id(), tests::log::LOG);
    assert_eq!(log.head().position, 0);
    assert!(log.read_after(0, 10).unwrap().is_empty());
    assert!(log.read_stream(&stream("user-1"), 0).unwrap().is_empty());
    assert_eq!(log.stream_version(&stream("user-1")), 0);
    assert_eq!(log.highest_id("user"), 0);
    assert_eq!(log.find_command(command(1)), None);
}

async fn positions_and_versions_have_no_gaps(log: Log) {
    let first = commit(1).event("a-1", 0, "1").event("a-1", 0, "2").event("b-1", 0, "3");
    let appended = log.append(first.build()).await.unwrap();
    assert_eq!((appended.first, appended.last, appended.repeated), (1, 3, false));
    let refused = log.append(commit(2).event("a-1", 0, "x").build()).await;
    assert!(refused.is_err());
    assert_eq!(append(&log, commit(3).event("a-1", 2, "4")).await, 4);
    let events = read_all(&*log).unwrap();
    let places = events.iter().map(|it| (it.position, it.stream.as_str(), it.version));
    let expected = [(1, "a-1", 1), (2, "a-1", 2), (3, "b-1", 1), (4, "a-1", 3)];
    assert_eq!(places.collect::<Vec<_>>(), expected);
    assert_eq!(log.head().position, 4);
    let ids = events.iter().map(|it| it.event_id).collect::<HashSet<_>>();
    assert_eq!(ids.len(), 4, "an event id is used twice");
}

async fn concurrent_writers_leave_no_gap_and_the_head_never_lags(log: Log) {
    let writers = (0..128).map(|writer| {
        let log = log.clone();
        tokio::spawn(async move {
            for n in 0..8 {
                let next = commit(writer * 100 + n).event(&format!("a-{writer}"), n as u32, "x");
                let last = append(&log, next).await;
                assert!(log.head().position >= last, "an acknowledged event is not to be seen");
                assert_eq!(log.stream_version(&stream(&format!("a-{writer}"))), n as u32 + 1);
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    assert_eq!(log.head().position, 1024);
    let events = read_all(&*log).unwrap();
    assert!((1..=1024).eq(events.iter().map(|it| it.position)));
}

async fn what_was_written_is_read_back(log: Log) {
    let part = |text: &str| Some(bytes::Bytes::copy_from_slice(text.as_bytes()));
    let parts = Parts { data: "data".into(), personal: part("personal"), secret: part("secret") };
    append(&log, commit(1).parts("user-1", 0, parts.clone())).await;
    let events = read_all(&*log).unwrap();
    assert_eq!(events[0].parts, parts);
    assert_eq!(&*events[0].kind, "test.happened.v1");
    assert_eq!(events[0].subject.0, 1);
    assert_eq!(*events[0].commit, tests::log::head(1));
}

async fn an_append_at_another_version_is_a_conflict(log: Log) {
    append(&log, commit(1).event("a-1", 0, "1")).await;
    for (number, expected) in [(2, 0), (3, 2), (4, u32::MAX - 1)] {
        let refused = log.append(commit(number).event("a-1", expected, "x").build()).await;
        let Err(AppendError::Conflict { stream: at, expected: saw, actual }) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!((at, saw, actual), (stream("a-1"), expected, 1));
    }
    let refused = log.append(commit(5).event("a-2", 1, "x").build()).await;
    assert!(matches!(refused, Err(AppendError::Conflict { actual: 0, .. })), "{refused:?}");
    assert_eq!(log.head().position, 1);
}

async fn a_commit_whose_second_stream_conflicts_leaves_nothing(log: Log) {
    append(&log, commit(1).event("b-1", 0, "1")).await;
    let torn = commit(2).event("a-1", 0, "x").event("b-1", 0, "x").claim("name", "a-1");
    let refused = log.append(torn.build()).await;
    assert!(matches!(refused, Err(AppendError::Conflict { .. })), "{refused:?}");
    assert_eq!(log.head().position, 1);
    assert_eq!(log.stream_version(&stream("a-1")), 0);
    assert_eq!(log.find_command(command(2)), None);
    let whole = commit(2).event("a-1", 0, "x").event("b-1", 1, "x").claim("name", "a-1");
    assert_eq!(append(&log, whole).await, 3);
}

async fn a_commit_may_demand_that_another_stream_has_not_moved(log: Log) {
    append(&log, commit(1).event("a-1", 0, "1")).await;
    append(&log, commit(2).event("b-1", 0, "1").expect("a-1", 1).expect("c-99", 0)).await;
    append(&log, commit(3).event("a-1", 1, "2")).await;
    let refused = log.append(commit(4).event("b-1", 1, "2").expect("a-1", 1).build()).await;
    let Err(AppendError::Conflict { stream: moved, expected: 1, actual: 2 }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(moved, stream("a-1"));
    let refused = log.append(commit(4).event("b-1", 1, "2").expect("c-99", 1).build()).await;
    assert!(matches!(refused, Err(AppendError::Conflict { actual: 0, .. })), "{refused:?}");
    // Looking at a stream neither makes it nor gives its number out.
    assert_eq!((log.stream_version(&stream("c-99")), log.highest_id("c")), (0, 0));
    assert_eq!((log.head().position, log.stream_version(&stream("b-1"))), (3, 1));
}

async fn a_commit_whose_claim_is_taken_leaves_nothing(log: Log) {
    append(&log, commit(1).event("a-1", 0, "1").claim("taken", "a-1")).await;
    let second = commit(2).event("a-2", 0, "x").claim("free", "a-2").claim("taken", "a-2");
    let refused = log.append(second.build()).await;
    assert!(matches!(&refused, Err(AppendError::Claimed { kind }) if kind == "name"));
    assert_eq!(log.stream_version(&stream("a-2")), 0);
    append(&log, commit(3).event("a-3", 0, "x").claim("free", "a-3")).await;
}

async fn a_value_is_held_by_one_and_free_after_its_release(log: Log) {
    append(&log, commit(1).event("a-1", 0, "1").claim("v", "a-1")).await;
    let again = log.append(commit(2).event("a-1", 1, "x").claim("v", "a-1").build()).await;
    assert!(matches!(again, Err(AppendError::Claimed { .. })), "{again:?}");
    append(&log, commit(3).event("a-1", 1, "2").release("v", "a-1")).await;
    append(&log, commit(4).event("a-2", 0, "1").claim("v", "a-2")).await;
    let late = log.append(commit(5).event("a-1", 2, "x").claim("v", "a-1").build()).await;
    assert!(matches!(late, Err(AppendError::Claimed { .. })), "{late:?}");
}

async fn a_value_can_be_released_and_held_again_in_one_commit(log: Log) {
    append(&log, commit(1).event("a-1", 0, "1").claim("v", "a-1")).await;
    append(&log, commit(2).event("a-1", 1, "2").release("v", "a-1").claim("v", "a-1")).await;
    // From one stream to another, and nobody in between.
    let moved = commit(3).event("a-1", 2, "3").event("a-2", 0, "1");
    append(&log, moved.release("v", "a-1").claim("v", "a-2")).await;
    let stranger = log.append(commit(4).event("a-3", 0, "x").claim("v", "a-3").build()).await;
    assert!(matches!(stranger, Err(AppendError::Claimed { .. })), "{stranger:?}");
    append(&log, commit(5).event("a-2", 1, "2").release("v", "a-2")).await;
}

async fn what_one_does_not_hold_cannot_be_released(log: Log) {
    append(&log, commit(1).event("a-1", 0, "1").claim("v", "a-1")).await;
    for (number, value, holder) in [(2, "v", "a-2"), (3, "w", "a-2")] {
        let refused = commit(number).event("a-2", 0, "x").release(value, holder);
        let refused = log.append(refused.build()).await;
        assert!(matches!(refused, Err(AppendError::Malformed(_))), "{refused:?}");
    }
    // A release is judged before the claims of the same commit.
    let refused = commit(4).event("a-2", 0, "x").claim("w", "a-2").release("w", "a-2");
    let refused = log.append(refused.build()).await;
    assert!(matches!(refused, Err(AppendError::Malformed(_))), "{refused:?}");
    assert_eq!(log.head().position, 1);
}

async fn a_commit_cannot_claim_a_value_twice(log: Log) {
    let twice = commit(1).event("a-1", 0, "1").claim("v", "a-1").claim("v", "a-1");
    let refused = log.append(twice.build()).await;
    assert!(matches!(refused, Err(AppendError::Claimed { .. })), "{refused:?}");
}

async fn claims_differ_by_scope_and_kind(log: Log) {
    append(&log, commit(1).event("a-1", 0, "1").claim("v", "a-1")).await;
    let mut other_kind = commit(2).event("a-2", 0, "1").claim("v", "a-2").build();
    other_kind.claims[0].kind = "other".to_owned();
    log.append(other_kind).await.unwrap();
    let mut other_scope = commit(3).event("a-3", 0, "1").claim("v", "a-3").build();
    other_scope.claims[0].scope = domain::TenantId(2);
    log.append(other_scope).await.unwrap();
}

async fn ten_thousand_racing_claims_have_one_winner(log: Log) {
    let mut racers = tokio::task::JoinSet::new();
    for racer in 0..10_000_u64 {
        let log = log.clone();
        let holder = format!("a-{racer}");
        let claim = commit(racer).event(&holder, 0, "1").claim("v", &holder).build();
        racers.spawn(async move { log.append(claim).await });
    }
    let (mut won, mut lost) = (0, 0);
    while let Some(answer) = racers.join_next().await {
        match answer.unwrap() {
            Ok(_) => won += 1,
            Err(AppendError::Claimed { .. }) => lost += 1,
            Err(err) => panic!("{err}"),
        }
    }
    assert_eq!((won, lost, log.head().position), (1, 9_999, 1));
}

async fn the_same_command_gets_the_same_answer(log: Log) {
    let first = commit(1).event("a-1", 0, "1").event("a-1", 0, "2").fingerprint(9);
    let appended = log.append(first.clone().build()).await.unwrap();
    append(&log, commit(2).event("a-1", 2, "3")).await;
    let again = log.append(first.build()).await.unwrap();
    assert!(again.repeated);
    assert_eq!((again.first, again.last), (appended.first, appended.last));
    let found = log.find_command(command(1)).unwrap();
    assert_eq!((found.first, found.last, found.fingerprint), (1, 2, 9));
    assert_eq!(log.head().position, 3);
    // Also when both stand in one group.
    let twins = (0..64).map(|_| {
        let log = log.clone();
        let twin = commit(3).event("a-1", 3, "4").fingerprint(9).build();
        tokio::spawn(async move { log.append(twin).await.unwrap() })
    });
    let mut made = 0;
    for twin in twins.collect::<Vec<_>>() {
        let appended = twin.await.unwrap();
        assert_eq!((appended.first, appended.last), (4, 4));
        made += u32::from(!appended.repeated);
    }
    assert_eq!((made, log.head().position), (1, 4));
}

async fn a_command_id_with_another_fingerprint_is_refused(log: Log) {
    append(&log, commit(1).event("a-1", 0, "1").fingerprint(9)).await;
    let other = log.append(commit(1).event("a-1", 1, "2").fingerprint(8).build()).await;
    assert!(matches!(other, Err(AppendError::CommandReused)), "{other:?}");
    assert_eq!(log.head().position, 1);
}

/// Seconds of a day, and NOW_SECONDS is a multiple of ten minutes.
const DAY: i64 = 24 * 3_600;

async fn a_command_id_is_forgotten_by_an_event_a_day_later(log: Log) {
    append(&log, commit(1).event("a-1", 0, "1").fingerprint(9)).await;
    append(&log, commit(2).event("a-2", 0, "1").fingerprint(9).after_seconds(1)).await;
    append(&log, commit(3).event("a-3", 0, "1").after_seconds(3 * DAY)).await;
    assert!(log.find_command(command(1)).is_some(), "time alone forgets nothing");
    assert_eq!(log.find_command(command(3)), None, "whoever cannot repeat is not remembered");
    assert!(!log.would_forget(Timestamp::from_seconds(NOW_SECONDS + DAY - 600)));
    assert!(log.would_forget(Timestamp::from_seconds(NOW_SECONDS + DAY)));
    append(&log, commit(4).forget(DAY).after_seconds(DAY)).await;
    assert_eq!(log.find_command(command(1)), None);
    assert!(log.find_command(command(2)).is_some(), "a second too young");
    append(&log, commit(1).event("a-1", 1, "2").fingerprint(8)).await;
}

async fn forgetting_under_a_clock_that_is_ahead_does_not_touch_what_comes_later(log: Log) {
    let token = |n: u32| format!("token-{:08x}{n:024x}", NOW_SECONDS + 7_200);
    append(&log, commit(1).event(&token(1), 0, "1").fingerprint(1)).await;
    append(&log, commit(2).event("a-1", 0, "1").fingerprint(1).after_seconds(365 * DAY)).await;
    append(&log, commit(3).forget(365 * DAY).after_seconds(365 * DAY)).await;
    assert_eq!(log.stream_version(&stream(&token(1))), 0);
    assert_eq!(log.find_command(command(1)), None);
    // The clock is right again: what is made now lives as long as it should.
    append(&log, commit(4).event(&token(2), 0, "1").fingerprint(1)).await;
    append(&log, commit(5).event(&token(2), 1, "2")).await;
    append(&log, commit(6).forget(10_800 - 600).after_seconds(10_800)).await;
    assert_eq!(log.stream_version(&stream(&token(2))), 2);
    assert!(log.find_command(command(4)).is_some() && log.find_command(command(2)).is_some());
    append(&log, commit(7).forget(10_800).after_seconds(10_800)).await;
    assert_eq!(log.stream_version(&stream(&token(2))), 0);
    assert!(log.find_command(command(4)).is_some());
    // The id that came under the wrong clock does not hold up the others.
    append(&log, commit(8).forget(DAY).after_seconds(DAY)).await;
    assert_eq!(log.find_command(command(4)), None);
    assert!(log.find_command(command(2)).is_some());
}

async fn a_token_stream_is_forgotten_by_an_event_an_hour_after_its_end(log: Log) {
    let token = format!("token-{:08x}aa", NOW_SECONDS + 600);
    let name = stream(&token);
    append(&log, commit(1).event(&token, 0, "1")).await;
    append(&log, commit(2).event("a-1", 0, "1").after_seconds(365 * DAY)).await;
    append(&log, commit(3).event(&token, 1, "2").after_seconds(100 * DAY)).await;
    assert_eq!(log.stream_positions(&name), [1, 3], "no clock is asked of a stream that is known");
    append(&log, commit(4).forget(3_600).after_seconds(4_200)).await;
    assert_eq!(log.stream_version(&name), 2);
    append(&log, commit(5).forget(4_200).after_seconds(4_200)).await;
    assert_eq!(log.stream_version(&name), 0);
    assert!(log.read_stream(&name, 0).unwrap().is_empty());
    assert!(log.stream_positions(&name).is_empty());
    let refused = log.append(commit(6).event(&token, 2, "x").build()).await;
    assert!(matches!(refused, Err(AppendError::Conflict { actual: 0, .. })), "{refused:?}");
    // A stream that would have ended by the time of its own commit never begins.
    let late = format!("token-{:08x}bb", NOW_SECONDS + 200);
    for seconds in [200, 201, 1_000] {
        let begun = commit(7).event(&late, 0, "x").after_seconds(seconds).build();
        let Err(AppendError::Closed { stream: closed }) = log.append(begun).await else {
            panic!("it began after {seconds} seconds")
        };
        assert_eq!(closed, stream(&late));
    }
    append(&log, commit(8).event(&late, 0, "1").after_seconds(199)).await;
    // The events themselves stay in the log.
    assert_eq!(log.read_at(&[1, 3]).unwrap().len(), 2);
}

async fn memory_is_given_back_in_steps_that_nobody_sees(log: Log) {
    let token = |n: u64| format!("token-{:08x}{n:024x}", NOW_SECONDS + 600);
    let many = 20_500;
    for chunk in 0..many / 500 {
        let begun = (chunk * 500..(chunk + 1) * 500)
            .fold(commit(10 + chunk), |it, n| it.event(&token(n), 0, "1"));
        append(&log, begun).await;
    }
    append(&log, commit(1).forget(4_200).after_seconds(4_200)).await;
    assert_eq!(log.due_streams(), 500);
    for n in [0, 7, 250, 19_999, many - 1] {
        assert_eq!(log.stream_version(&stream(&token(n))), 0, "{n}");
    }
    for n in 0..10 {
        append(&log, commit(2 + n).event("a-1", n as u32, "1").fingerprint(1)).await;
    }
    assert_eq!(log.due_streams(), 0);
}

async fn a_stream_that_never_ends_outlives_a_token(log: Log) {
    append(&log, commit(1).event("user-00000001", 0, "1")).await;
    append(&log, commit(2).event("user-2", 0, "1").after_seconds(1_000_000)).await;
    assert_eq!(log.stream_version(&stream("user-00000001")), 1);
    assert_eq!(stream("token-6b49d200ff").closes_at(), Some(Timestamp::from_seconds(0x6b49_d200)));
}

async fn the_highest_id_counts_numbers_only(log: Log) {
    append(&log, commit(1).event("user-7", 0, "1").event("user-x9", 0, "1")).await;
    append(&log, commit(2).event("user-3", 0, "1").event("role-12", 0, "1")).await;
    let refused = log.append(commit(3).event("user-50", 4, "x").build()).await;
    assert!(refused.is_err());
    assert_eq!(log.highest_id("user"), 7);
    assert_eq!(log.highest_id("role"), 12);
    assert_eq!(log.highest_id("use"), 0);
}

async fn reads_return_what_is_asked_for(log: Log) {
    for n in 0..40 {
        append(&log, commit(n).event("a-1", n as u32, "x").event("b-1", n as u32, "y")).await;
    }
    let positions =
        |events: Vec<domain::Recorded>| events.iter().map(|it| it.position).collect::<Vec<_>>();
    assert_eq!(positions(log.read_after(0, 3).unwrap()), [1, 2, 3]);
    assert_eq!(positions(log.read_after(76, 100).unwrap()), [77, 78, 79, 80]);
    assert!(log.read_after(80, 100).unwrap().is_empty());
    assert!(log.read_after(1_000, 100).unwrap().is_empty());
    assert!(log.read_after(0, 0).unwrap().is_empty());
    assert_eq!(positions(log.read_at(&[2, 3, 40, 80]).unwrap()), [2, 3, 40, 80]);
    assert_eq!(positions(log.read_at(&[80, 2, 3, 2, 40]).unwrap()), [80, 2, 3, 2, 40]);
    assert!(log.read_at(&[]).unwrap().is_empty());
    assert_eq!(positions(log.read_stream(&stream("a-1"), 37).unwrap()), [75, 77, 79]);
    assert!(log.read_stream(&stream("a-1"), 40).unwrap().is_empty());
    assert!(log.read_stream(&stream("a-1"), 99).unwrap().is_empty());
    let versions = log.read_stream(&stream("b-1"), 0).unwrap();
    assert!((1..=40).eq(versions.iter().map(|it| it.version)));
    assert_eq!(log.stream_positions(&stream("b-1"))[..2], [2, 4]);
    let one_by_one = (0..80).flat_map(|it| log.read_after(it, 1).unwrap()).collect::<Vec<_>>();
    assert_eq!(all_said(&one_by_one), all_said(&read_all(&*log).unwrap()));
}

async fn waiting_ends_with_the_next_event(log: Log) {
    append(&log, commit(1).event("a-1", 0, "1")).await;
    assert_eq!(log.wait_past(0).await.unwrap(), 1);
    let waiting = tokio::spawn({
        let log = log.clone();
        async move { log.wait_past(2).await.unwrap() }
    });
    append(&log, commit(2).event("a-1", 1, "2")).await;
    append(&log, commit(3).event("a-1", 2, "3")).await;
    assert_eq!(waiting.await.unwrap(), 3);
}

async fn a_malformed_commit_is_refused_and_nothing_is_lost(log: Log) {
    append(&log, commit(1).event("a-1", 0, "1")).await;
    let large = |number, bytes| commit(number).event("a-2", 0, vec![7_u8; bytes]).build();
    let many = (0..1_001).fold(commit(3), |it, _| it.event("a-2", 0, "x")).build();
    let twice = commit(4).event("a-2", 0, "x").event("b-1", 0, "x").event("a-2", 1, "x").build();
    for malformed in [commit(2).build(), twice] {
        let refused = log.append(malformed).await;
        assert!(matches!(refused, Err(AppendError::Malformed(_))), "{refused:?}");
    }
    for too_large in [large(2, 60 * 1024), large(2, 70_000), many] {
        let refused = log.append(too_large).await;
        assert!(matches!(refused, Err(AppendError::TooLarge(_))), "{refused:?}");
    }
    log.append(large(2, 60 * 1024 - 300)).await.unwrap();
    let events = read_all(&*log).unwrap();
    assert_eq!(events.iter().map(|it| it.parts.data.len()).collect::<Vec<_>>(), [1, 61_140]);
}

/// The bound of four million is a number; that it is kept is the rule.
#[tokio::test]
async fn when_too_many_command_ids_are_remembered_those_who_may_repeat_come_later() {
    let log: Log = Arc::new(MemoryLog::remembering(tests::log::LOG, 2));
    append(&log, commit(1).event("a-1", 0, "1").fingerprint(9)).await;
    append(&log, commit(2).event("a-2", 0, "1").fingerprint(9)).await;
    let third = || commit(3).event("a-3", 0, "1").fingerprint(9);
    let refused = log.append(third().build()).await;
    assert!(matches!(refused, Err(AppendError::Crowded)), "{refused:?}");
    // None was forgotten early, and who cannot repeat is let in.
    assert!(log.append(commit(1).event("a-1", 0, "1").fingerprint(9).build()).await.is_ok());
    append(&log, commit(4).event("a-4", 0, "1")).await;
    append(&log, commit(5).forget(DAY).after_seconds(DAY)).await;
    append(&log, third()).await;
}
