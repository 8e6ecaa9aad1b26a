//! Steps of random histories about letters and codes.

use domain::UserId;
use domain::delivery::{Channel, DeliveryCommand, DeliveryWanted};
use domain::verification::{
    CodePurpose, VerificationCommand, VerificationIssued, VerificationSecret,
};
use tests::app::now;
use tests::samples::{delivery_to, delivery_wanted, verification_issued, verification_secret};

/// A letter on its way.
pub fn mail_command(other: u32) -> DeliveryCommand {
    let wanted_at = now();
    let wanted = DeliveryWanted {
        user: UserId::NONE,
        wanted_at,
        until: wanted_at.plus_seconds(300),
        ..delivery_wanted(Channel::Mail)
    };
    let failed = |again_at| DeliveryCommand::NoteFailed { why: "why".to_owned(), again_at };
    match other {
        0..3 => DeliveryCommand::Want(Box::new(wanted), delivery_to(Channel::Mail), None),
        3 => failed(None),
        4 => failed(Some(wanted_at)),
        5 => DeliveryCommand::Retry,
        _ => DeliveryCommand::NoteSent,
    }
}

/// Two addresses, with several codes each.
pub fn code_command(number: u32, other: u32) -> VerificationCommand {
    let purpose = CodePurpose::Reset;
    let VerificationSecret { code_hash } = verification_secret();
    match other {
        0..4 => VerificationCommand::Issue(
            VerificationIssued {
                address_hash: [number as u8 % 2; 16],
                expires_at: now().plus_seconds(300),
                ..verification_issued()
            },
            verification_secret(),
        ),
        4 => VerificationCommand::Try { code_hash: [0; 32], purpose },
        _ => VerificationCommand::Try { code_hash, purpose },
    }
}
