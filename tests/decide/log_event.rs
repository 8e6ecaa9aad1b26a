//! The rules of the log's own events.

use domain::Refusal;
use domain::log_event::{Log, LogCommand, LogEvent, LogForgotten, forgetting_id};
use domain::{StreamId, Timestamp};
use tests::given::{NOW, given};

/// The last full ten minutes before [`NOW`].
fn until() -> Timestamp {
    Timestamp::from_seconds(NOW.seconds().div_euclid(600) * 600)
}

fn forget(until: Timestamp) -> LogCommand {
    LogCommand::Forget { until }
}

fn forgotten() -> LogEvent {
    LogEvent::Forgotten(LogForgotten { until: until() }.into())
}

#[test]
fn the_log_forgets_up_to_a_multiple_of_ten_minutes() {
    given::<Log>([]).when(forget(until())).then([forgotten()]).then_claims([]);
    let refused = Refusal::invalid("until", "must be a multiple of 10 minutes");
    given::<Log>([]).when(forget(until().plus_seconds(-1))).then_refused(refused);
}

#[test]
fn the_log_does_not_forget_what_is_to_come() {
    let refused = Refusal::invalid("until", "must not lie in the future");
    given::<Log>([]).when(forget(until().plus_seconds(600))).then_refused(refused);
}

#[test]
fn two_servers_that_forget_alike_write_once() {
    given::<Log>([forgotten()]).when(forget(until())).then_nothing();
    assert_eq!(forgetting_id(until()), forgetting_id(until()));
    let end = StreamId::new("log", forgetting_id(until())).closes_at();
    assert_eq!(end, Some(until().plus_seconds(24 * 3_600)));
}
