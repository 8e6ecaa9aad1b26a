//! What random histories do with keys, those of subscriptions and of gateways, and what is found by
//! them.

use domain::api_key::KeyInfo;
use domain::gateway::{GatewayApplied, GatewayCommand, GatewayRefused, GatewayRegistered};
use domain::subscription::{
    SubscriptionActivated, SubscriptionCommand, SubscriptionRequested, WhichKey,
};
use domain::{TenantId, UserId};
use projections::Tables;
use tests::samples::subscriptions::{
    gateway_applied, gateway_refused, gateway_registered, key_info, subscription_requested,
};

const TENANT: TenantId = TenantId(1);

/// A key that has no end, of its own for each number and other.
fn key(number: u32, other: u32) -> KeyInfo {
    KeyInfo { expires_at: None, ..key_info((number * 16 + other) as u8) }
}

/// Something that may become of a subscription.
pub fn subscription_command(number: u32, other: u32) -> SubscriptionCommand {
    let keys = SubscriptionActivated { primary: key(number, 8), secondary: key(number, 9) };
    let keys = Box::new(keys);
    match other {
        0 => SubscriptionCommand::Request {
            data: Box::new(SubscriptionRequested {
                subscription: number,
                tenant: TENANT,
                product: 1 + number % 2,
                owner: UserId(1 + number % 3),
                name: format!("name {}", number % 4),
                approved: number % 2 == 1,
                slot: 1 + number % 2,
                expires_at: None,
                ..subscription_requested()
            }),
            slots: 2,
            keys,
        },
        1 => SubscriptionCommand::Approve(keys),
        2 => SubscriptionCommand::Suspend(Some("why".to_owned())),
        3 => SubscriptionCommand::Cancel(None),
        4 => SubscriptionCommand::Resume(None),
        5 => SubscriptionCommand::Reject(None),
        _ => SubscriptionCommand::ReplaceKey {
            which: if number.is_multiple_of(2) { WhichKey::Primary } else { WhichKey::Secondary },
            key: key(number, 10),
            old_for: number % 2,
        },
    }
}

/// Something that may become of a gateway.
pub fn gateway_command(number: u32, other: u32) -> GatewayCommand {
    let head = u64::MAX;
    match other {
        0 | 1 => GatewayCommand::Register(Box::new(GatewayRegistered {
            gateway: number,
            tenant: TENANT,
            name: format!("edge-{other}"),
            key: key(number, other),
            ..gateway_registered()
        })),
        2 => GatewayCommand::ReplaceKey { key: key(number, 11), old_for: number % 2 },
        3 => GatewayCommand::Retire,
        4 | 5 => {
            let position = (number + other).into();
            let applied = Box::new(GatewayApplied { position, ..gateway_applied() });
            GatewayCommand::NoteApplied { applied, head }
        }
        _ => {
            let refused = GatewayRefused { position: number.into(), ..gateway_refused() };
            GatewayCommand::NoteRefused { refused: Box::new(refused), head }
        }
    }
}

/// What the index of keys answers is what a look at every row answers.
pub fn keys_are_found(tables: &Tables) {
    for number in 1..7 {
        for other in 0..12 {
            let hash = key(number, other).hash;
            let found = tables.subscriptions.by_key(&hash).map(|it| (it.row, it.which, it.life));
            let scan = tables.subscriptions.iter().find_map(|row| {
                [WhichKey::Primary, WhichKey::Secondary]
                    .into_iter()
                    .find_map(|which| Some((row, which, row.key(which)?.life_of(&hash)?)))
            });
            assert_eq!(found, scan, "{number} {other}");
            let found = tables.gateways.by_key(&hash);
            let scan = tables.gateways.iter().find(|it| it.key.life_of(&hash).is_some());
            assert_eq!(found, scan, "{number} {other}");
        }
    }
    for user in (1..4).map(UserId) {
        let owned = tables.subscriptions.owned_by(TENANT, user);
        let scan = || tables.subscriptions.iter().filter(|it| it.data.owner == user);
        assert!(owned.eq(scan()));
        assert_eq!(tables.subscriptions.counts(TENANT, user).1, scan().count());
    }
    for product in 1..3 {
        let of_product = tables.subscriptions.of_product(product);
        let scan = tables.subscriptions.iter().filter(|it| it.data.product == product);
        assert!(of_product.eq(scan));
    }
    assert!(tables.gateways.all_of(TENANT).eq(tables.gateways.iter()));
}
