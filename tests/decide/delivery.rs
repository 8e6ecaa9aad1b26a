//! The rules of letters and short messages.

use domain::Refusal;
use domain::delivery::{
    Channel, DELIVERY_SECONDS_MAX, DeliveryCommand, DeliveryEvent, DeliveryFailed, DeliveryRetried,
    DeliverySent, DeliveryTo, DeliveryWanted, Mail, MailEvent, Sms,
};
use tests::given::{NOW, given};
use tests::samples::{delivery_secret, delivery_to, delivery_wanted};

fn letter() -> DeliveryWanted {
    delivery_wanted(Channel::Mail)
}

fn want(wanted: DeliveryWanted) -> DeliveryCommand {
    let to = delivery_to(Channel::Mail);
    DeliveryCommand::Want(Box::new(wanted), to, Some(delivery_secret()))
}

fn wanted() -> MailEvent {
    let (to, secret) = (delivery_to(Channel::Mail), delivery_secret());
    DeliveryEvent::Wanted(letter(), Some(to), Some(secret)).into()
}

fn failed(attempt: u32, again: bool) -> MailEvent {
    let again_at = again.then_some(NOW);
    DeliveryEvent::Failed(DeliveryFailed { attempt, why: "put off".to_owned(), again_at }).into()
}

fn note_failed(again: bool) -> DeliveryCommand {
    DeliveryCommand::NoteFailed { why: "put off".to_owned(), again_at: again.then_some(NOW) }
}

#[test]
fn it_is_wanted_tried_given_up_tried_again_and_sent() {
    let retried: MailEvent = DeliveryEvent::Retried(DeliveryRetried { attempts: 2 }).into();
    let sent = |attempt| MailEvent::from(DeliveryEvent::Sent(DeliverySent { attempt }));
    given::<Mail>([]).when(want(letter())).then([wanted()]);
    given::<Mail>([wanted()]).when(note_failed(true)).then([failed(1, true)]);
    let given_up = [wanted(), failed(1, true), failed(2, false)];
    given::<Mail>(given_up.clone()).when(note_failed(true)).then_nothing();
    given::<Mail>(given_up.clone()).when(DeliveryCommand::Retry).then([retried.clone()]);
    given::<Mail>([wanted()]).when(DeliveryCommand::Retry).then_nothing();
    let again = [&given_up[..], &[retried]].concat();
    given::<Mail>(again.clone()).when(DeliveryCommand::NoteSent).then([sent(3)]);
    let end = [&again[..], &[sent(3)]].concat();
    for command in [DeliveryCommand::NoteSent, note_failed(true), DeliveryCommand::Retry] {
        given::<Mail>(end.clone()).when(command).then_nothing();
    }
    given::<Mail>([wanted()])
        .when(want(letter()))
        .then_refused(Refusal::AlreadyExists { what: "delivery" });
    given::<Mail>([])
        .when(DeliveryCommand::NoteSent)
        .then_refused(Refusal::NotFound { what: "delivery" });
}

#[test]
fn it_goes_to_an_address_of_its_channel_and_not_for_ever() {
    let to = |to: &str| DeliveryTo { to: to.to_owned() };
    let mail = |it| DeliveryCommand::Want(Box::new(letter()), it, None);
    given::<Mail>([]).when(mail(to("nobody"))).then_refused_field("to");
    let sms = |it| DeliveryCommand::Want(Box::new(delivery_wanted(Channel::Sms)), it, None);
    given::<Sms>([]).when(sms(to("a@example.com"))).then_refused_field("to");
    given::<Sms>([]).when(sms(to("13800138000"))).then_accepted();
    let until = |seconds| {
        let begin = letter().wanted_at;
        want(DeliveryWanted { until: begin.plus_seconds(seconds), ..letter() })
    };
    given::<Mail>([]).when(until(DELIVERY_SECONDS_MAX)).then_accepted();
    given::<Mail>([]).when(until(DELIVERY_SECONDS_MAX + 1)).then_refused_field("until");
    given::<Mail>([]).when(until(0)).then_refused_field("until");
}
