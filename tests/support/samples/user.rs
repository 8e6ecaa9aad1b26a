//! Samples of users.

use domain::user::{UserChange, UserClaim, UserEvent, UserFile, UserLogin, UserPersonal};
use domain::user::{
    UserPersonalChange, UserPersonalUpdated, UserProperty, UserRegistered, UserUpdated,
};
use domain::{Fact, TenantId, Timestamp, UserId};

use super::stored::personal_stored;
use super::{at, some, text};

/// A user that every rule accepts.
pub fn user_registered() -> UserRegistered {
    UserRegistered {
        user: UserId(51),
        tenant: TenantId(12),
        user_key: std::array::from_fn(|n| 0xA0 + n as u8),
        parent: UserId(5),
        lineage: "/1/5/51/".to_owned(),
        roles: vec![1, 61],
        permissions: vec![UserClaim {
            id: 2,
            claim_type: "permission".to_owned(),
            value: "oauthapp.all".to_owned(),
        }],
        email_confirmed: true,
        phone_confirmed: false,
        lock_flag: true,
        two_factor_enabled: true,
        lockout_enabled: false,
        lockout_end: Some(at(52)),
        access_failed_count: 62,
        status: -53,
        type_ids: Some("54,55".to_owned()),
        pool_ids: Some("56,57".to_owned()),
        data_amount: 58,
        points: 59,
        money: 6_050,
    }
}

/// The words that name the human of the full sample: erasing must hide them all.
pub fn user_personal() -> UserPersonal {
    UserPersonal {
        user_name: "Ann.Lee@example.com".to_owned(),
        email: Some("ann@example.com".to_owned()),
        phone_number: Some("+44 (20) 7946-0958 x12".to_owned()),
        country_code: Some("+44".to_owned()),
        nick_name: some("nick name"),
        avatar: Some("https://shop.example/ann.png".to_owned()),
        gender: some("gender"),
        address: some("address"),
        birthday: Some(Timestamp(-300_000_000_000_001)),
        stature: 17_025,
        weight: 6_550,
        description: some("description"),
        remark: some("remark"),
        claims: vec![UserClaim { id: 3, claim_type: text("type"), value: text("value") }],
        files: vec![UserFile { id: 4, file_type: 2, files: text("files") }],
        properties: vec![UserProperty { id: 5, key: text("key"), value: text("property value") }],
        permission: some("screens"),
        logins: vec![UserLogin {
            provider: text("provider"),
            key: text("key at the provider"),
            display_name: some("display name of the provider"),
        }],
    }
}

/// Another value in every field that may change.
pub(super) fn user_updated() -> UserEvent {
    let (data, personal) = (user_registered(), personal_stored());
    let other = UserRegistered {
        roles: Vec::new(),
        permissions: Vec::new(),
        email_confirmed: !data.email_confirmed,
        phone_confirmed: !data.phone_confirmed,
        lock_flag: !data.lock_flag,
        two_factor_enabled: !data.two_factor_enabled,
        lockout_enabled: !data.lockout_enabled,
        ..UserRegistered::with_defaults(UserId(51), data.tenant, data.parent)
    };
    let changes = UserChange::between(&other, &data);
    let of_person = UserPersonalChange::between(&UserPersonal::default(), &personal);
    UserEvent::Updated(Fact {
        data: UserUpdated { user: UserId(51), tenant: data.tenant, changes },
        personal: Some(UserPersonalUpdated { changes: of_person }),
        secret: None,
    })
}
