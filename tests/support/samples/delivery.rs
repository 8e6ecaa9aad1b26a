//! Letters, short messages and codes.

use domain::delivery::{
    Channel, DeliveryEvent, DeliveryFailed, DeliveryRetried, DeliverySecret, DeliverySent,
    DeliveryTo, DeliveryWanted, MailEvent, SmsEvent,
};
use domain::verification::{
    CodePurpose, VerificationEvent, VerificationFailed, VerificationIssued, VerificationSecret,
    VerificationUsed,
};
use domain::{Fact, TenantId, UserId};

use super::{Sample, at, sample, text};

pub fn delivery_wanted(channel: Channel) -> DeliveryWanted {
    DeliveryWanted {
        channel,
        tenant: TenantId(81),
        user: UserId(82),
        template: text("template"),
        language: "zh-CN".to_owned(),
        wanted_at: at(83),
        until: at(84),
    }
}

pub fn delivery_to(channel: Channel) -> DeliveryTo {
    let to = match channel {
        Channel::Mail => "reader@example.com",
        Channel::Sms => "13800138085",
    };
    DeliveryTo { to: to.to_owned() }
}

pub fn delivery_secret() -> DeliverySecret {
    DeliverySecret { code: "860087".to_owned() }
}

pub fn verification_issued() -> VerificationIssued {
    VerificationIssued {
        tenant: TenantId(81),
        channel: Channel::Sms,
        address_hash: [88; 16],
        purpose: CodePurpose::Reset,
        expires_at: at(89),
    }
}

pub fn verification_secret() -> VerificationSecret {
    VerificationSecret { code_hash: [90; 32] }
}

fn deliveries(channel: Channel) -> [DeliveryEvent; 4] {
    let failed = DeliveryFailed { attempt: 92, why: text("why"), again_at: Some(at(93)) };
    [
        DeliveryEvent::Wanted(
            delivery_wanted(channel),
            Some(delivery_to(channel)),
            Some(delivery_secret()),
        ),
        DeliveryEvent::Sent(DeliverySent { attempt: 91 }),
        DeliveryEvent::Failed(failed),
        DeliveryEvent::Retried(DeliveryRetried { attempts: 94 }),
    ]
}

pub(super) fn all() -> Vec<Sample> {
    let mail = deliveries(Channel::Mail).map(|it| sample("full", MailEvent::from(it)));
    let sms = deliveries(Channel::Sms).map(|it| sample("full", SmsEvent::from(it)));
    let issued =
        Fact { data: verification_issued(), personal: None, secret: Some(verification_secret()) };
    let used = VerificationUsed { purpose: CodePurpose::Register };
    let verification = [
        sample("full", VerificationEvent::Issued(issued)),
        sample("full", VerificationEvent::Failed(VerificationFailed { attempts: 95 }.into())),
        sample("full", VerificationEvent::Used(used.into())),
    ];
    mail.into_iter().chain(sms).chain(verification).collect()
}
