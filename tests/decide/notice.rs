//! The rules of a notice.

use domain::notice::{
    LATER_MAX, NOTICE_SECONDS, Notice, NoticeCommand, NoticeEvent, NoticeFailed, NoticeFinished,
    NoticeProgressed, NoticeRequested,
};
use domain::{Aggregate as _, Decision, Timestamp};
use proptest::prelude::*;
use tests::given::{NOW, given};
use tests::samples::subscribers::{notice_gathered, notice_progressed, notice_requested};

use crate::never_panics::{Seed, config, run, seeds};

fn requested() -> NoticeEvent {
    NoticeEvent::Requested(notice_requested().into())
}

fn decided(events: &[NoticeEvent], command: &NoticeCommand) -> Decision<NoticeEvent> {
    let mut state = Notice::default();
    events.iter().for_each(|it| state.evolve(it));
    state.decide(command, NOW).unwrap()
}

#[test]
fn it_is_tried_for_seven_days_at_most() {
    let until = |seconds| {
        let until = notice_requested().requested_at.plus_seconds(seconds);
        NoticeCommand::Request(Box::new(NoticeRequested { until, ..notice_requested() }))
    };
    assert_eq!(decided(&[], &until(NOTICE_SECONDS)).events.len(), 1);
    for seconds in [0, NOTICE_SECONDS + 1] {
        given::<Notice>([]).when(until(seconds)).then_refused_field("until");
    }
}

#[test]
fn what_is_noted_twice_is_noted_once_and_nothing_after_the_end() {
    let gathered = NoticeEvent::Gathered(notice_gathered().into());
    let progressed = NoticeEvent::Progressed(notice_progressed().into());
    let finished = NoticeEvent::Finished(NoticeFinished { sent: 129, failed: 3 + 7 }.into());
    let gather = NoticeCommand::Gather(notice_gathered());
    let progress = NoticeCommand::NoteProgress(notice_progressed());
    let finish = NoticeCommand::Finish { given_up: 7 };
    let mut history = vec![requested()];
    for (command, event) in [(&gather, gathered), (&progress, progressed), (&finish, finished)] {
        assert_eq!(decided(&history, command).events, std::slice::from_ref(&event));
        history.push(event);
        assert_eq!(decided(&history, command), Decision::none());
    }
    assert_eq!(decided(&history, &gather), Decision::none());
}

#[test]
fn rounds_that_fail_are_counted_and_the_list_of_those_who_wait_has_an_end() {
    let fail = NoticeCommand::NoteFailed { why: "put off 452".to_owned(), again_at: NOW };
    let failed = |attempt| {
        let why = "put off 452".to_owned();
        NoticeEvent::Failed(NoticeFailed { attempt, why, again_at: NOW }.into())
    };
    assert_eq!(decided(&[requested()], &fail).events, [failed(1)]);
    assert_eq!(decided(&[requested(), failed(1)], &fail).events, [failed(2)]);
    let later = |count: usize| {
        let later = (0..count as u32).collect();
        NoticeCommand::NoteProgress(NoticeProgressed { later, ..notice_progressed() })
    };
    assert_eq!(decided(&[requested()], &later(LATER_MAX)).events.len(), 1);
    given::<Notice>([requested()]).when(later(LATER_MAX + 1)).then_refused_field("later");
}

fn command(seed: &Seed) -> NoticeCommand {
    match seed.which % 5 {
        0 => {
            let until = Timestamp(seed.time);
            let data = NoticeRequested { until, api_id: seed.text.clone(), ..notice_requested() };
            NoticeCommand::Request(Box::new(data))
        }
        1 => NoticeCommand::Gather(notice_gathered()),
        2 => NoticeCommand::NoteProgress(NoticeProgressed {
            sent: seed.number,
            ..notice_progressed()
        }),
        3 => NoticeCommand::NoteFailed { why: seed.text.clone(), again_at: Timestamp(seed.time) },
        _ => NoticeCommand::Finish { given_up: seed.number },
    }
}

proptest! {
    #![proptest_config(config())]
    #[test]
    fn it_never_panics(seeds in seeds()) {
        run::<Notice>(&seeds, |seed| crate::sample_of!(Notice, seed), command);
    }
}
