//! What was noticed about security.

use domain::security::{
    Rule, Security, SecurityCommand, SecurityCounted, SecurityEvent, SecurityNoticed,
    SecurityPersonal, Told, security_id,
};
use domain::{Fact, TenantId};

use super::{Sample, at, sample, text};
use crate::given::NOW;
use crate::life::Lives;

/// What every rule accepts.
pub fn security_noticed() -> SecurityNoticed {
    SecurityNoticed {
        tenant: TenantId(12),
        rule: Rule::MissingRight,
        who: Some("user-131".to_owned()),
        address_hash: [132; 16],
        since: at(133),
        count: 134,
    }
}

/// From where.
pub fn security_personal() -> SecurityPersonal {
    SecurityPersonal { address: text("address") }
}

/// What is told, with a count.
pub fn security_told(count: u64, ended: bool) -> SecurityCommand {
    let noticed = SecurityNoticed { count, ..security_noticed() };
    let personal = Some(security_personal());
    SecurityCommand::Tell(Box::new(Told { noticed, personal, last_at: at(135), ended }))
}

pub(super) fn all() -> Vec<Sample> {
    let personal = Some(security_personal());
    let full = Fact { data: security_noticed(), personal, secret: None };
    let counted = SecurityCounted { count: 136, last_at: at(137), ended: true };
    let going_on = SecurityCounted { ended: false, ..counted.clone() };
    let mut samples = vec![
        sample("full", SecurityEvent::Noticed(full)),
        sample("full", SecurityEvent::Counted(counted.into())),
        sample("going_on", SecurityEvent::Counted(going_on.into())),
    ];
    // In the order of their stored numbers, which the golden files hold.
    for rule in Rule::ALL.into_iter().filter(|it| *it != Rule::MissingRight) {
        let of_rule = SecurityNoticed { rule, who: None, ..security_noticed() };
        samples.push(sample(rule.name(), SecurityEvent::Noticed(of_rule.into())));
    }
    samples
}

/// Brings about every event of them.
pub async fn live(life: &mut impl Lives) {
    let id = security_id(NOW, [7; 12]);
    life.run::<Security>(&id, security_told(1, false)).await;
    life.run::<Security>(&id, security_told(2, false)).await;
    life.run::<Security>(&id, security_told(3, true)).await;
}
