//! The samples of the app-token service.

use domain::account::AccountId;
use domain::app::{
    AppCreated, AppDeleted, AppEvent, AppId, AppPersonal, AppPolicy, AppPolicySet, AppSecret,
};
use domain::app_token::{
    AppTokenEvent, AppTokenFamilyRevoked, AppTokenIssued, AppTokenPersonal, AppTokenRefreshed,
};
use domain::app_user::{
    AppUserDeleted, AppUserEnabledSet, AppUserErased, AppUserEvent, AppUserId, AppUserInfo,
    AppUserInfoSet, AppUserPasswordSet, AppUserPersonal, AppUserRegistered,
};
use domain::user::PasswordVerifier;
use domain::{Fact, TenantId, Timestamp, UserId};

use super::{Sample, at, sample, text};

/// The app of the samples.
pub const APP: AppId = AppId(4_821_093_756_610_284);

pub(super) fn all() -> Vec<Sample> {
    let user = AppUserId(72);
    let sparse =
        AppUserRegistered { creator: AppUserId::NONE, root: true, ..app_user_registered() };
    let mut samples = vec![
        sample("full", AppEvent::PolicySet(AppPolicySet { app: APP, policy: policy() }.into())),
        sample("full", AppEvent::Deleted(AppDeleted { app: APP }.into())),
        sample("full", app_user_full()),
        sample("root", AppUserEvent::Registered(sparse.into())),
        sample(
            "full",
            AppUserEvent::PasswordSet(Fact {
                data: AppUserPasswordSet { app_user: user },
                personal: None,
                secret: Some(verifier()),
            }),
        ),
        sample(
            "full",
            AppUserEvent::InfoSet(Fact {
                data: AppUserInfoSet { app_user: user },
                personal: Some(AppUserInfo { info: text("new info") }),
                secret: None,
            }),
        ),
        sample(
            "full",
            AppUserEvent::EnabledSet(AppUserEnabledSet { app_user: user, enabled: false }.into()),
        ),
        sample("full", AppUserEvent::Deleted(AppUserDeleted { app_user: user }.into())),
        sample("full", AppUserEvent::Erased(AppUserErased { app_user: user }.into())),
        sample("full", app_token_issued_with(app_token_issued())),
        sample("user", {
            let account = AccountId::User(UserId(81));
            app_token_issued_with(AppTokenIssued { account, ..app_token_issued() })
        }),
        sample("app", {
            let account = AccountId::None;
            app_token_issued_with(AppTokenIssued { account, ..app_token_issued() })
        }),
        sample("full", {
            let refreshed = AppTokenRefreshed { family: [74; 16], used_at: at(75) };
            AppTokenEvent::Refreshed(refreshed.into())
        }),
        sample("full", {
            let revoked = AppTokenFamilyRevoked { family: [74; 16], reason: text("reason") };
            AppTokenEvent::FamilyRevoked(revoked.into())
        }),
    ];
    samples.extend(former());
    for (name, event) in apps() {
        samples.push(sample(name, event));
    }
    let owner = AccountId::User(UserId(82));
    let of_user = AppEvent::Created(AppCreated { owner, ..app_created() }.into());
    samples.push(sample("user", of_user));
    samples
}

/// What former kinds mean now.
fn former() -> Vec<Sample> {
    let of = |name, account| {
        let it = app_token_issued();
        let data = AppTokenIssued { account, generation: 0, begun_at: it.issued_at, ..it };
        Sample { kind: "app_token.issued.v1", ..sample(name, app_token_issued_with(data)) }
    };
    vec![
        of("full", AccountId::AppUser(AppUserId(72))),
        of("user", AccountId::User(UserId(81))),
        of("app", AccountId::None),
    ]
}

fn apps() -> [(&'static str, AppEvent); 4] {
    let default = AppCreated { is_default: true, ..app_created() };
    let policy = AppPolicy { strict: true, acts_for_users: true };
    let acting = AppCreated { policy, ..app_created() };
    [
        ("full", app_full()),
        ("erased", AppEvent::Created(app_created().into())),
        ("default", AppEvent::Created(default.into())),
        ("acting", AppEvent::Created(acting.into())),
    ]
}

fn policy() -> AppPolicy {
    AppPolicy { strict: false, acts_for_users: true }
}

pub fn app_created() -> AppCreated {
    AppCreated {
        app: APP,
        tenant: TenantId(12),
        owner: AccountId::AppUser(AppUserId(70)),
        app_key: "kT7pQ2mZx9LbVc4RdW8yHs1N".to_owned(),
        is_default: false,
        policy: AppPolicy { strict: true, acts_for_users: false },
        token_seconds: 1_000_000,
        expires_at: at(71),
    }
}

pub fn app_personal() -> AppPersonal {
    AppPersonal { owner: text("owner"), info: text("app info") }
}

pub fn app_secret() -> AppSecret {
    AppSecret("Zr6uJ3eXq0TnYw5GvB8cKd2MhLp9SfAa".to_owned())
}

pub fn app_full() -> AppEvent {
    AppEvent::Created(Fact {
        data: app_created(),
        personal: Some(app_personal()),
        secret: Some(app_secret()),
    })
}

pub fn app_user_registered() -> AppUserRegistered {
    AppUserRegistered {
        app_user: AppUserId(72),
        tenant: TenantId(12),
        root: false,
        app: APP,
        creator: AppUserId(73),
    }
}

pub fn app_user_personal() -> AppUserPersonal {
    AppUserPersonal {
        user_name: text("app user name"),
        info: text("app user info"),
        reg_ip: "2001:db8::7".to_owned(),
        root_name: text("root name"),
    }
}

pub fn app_user_full() -> AppUserEvent {
    AppUserEvent::Registered(Fact {
        data: app_user_registered(),
        personal: Some(app_user_personal()),
        secret: Some(verifier()),
    })
}

pub fn verifier() -> PasswordVerifier {
    PasswordVerifier { memory_kib: 19_456, passes: 2, lanes: 1, salt: [76; 16], hash: [77; 32] }
}

pub fn app_token_personal() -> AppTokenPersonal {
    AppTokenPersonal { token_type: text("token type") }
}

pub fn app_token_issued_with(data: AppTokenIssued) -> AppTokenEvent {
    AppTokenEvent::Issued(Fact { data, personal: Some(app_token_personal()), secret: None })
}

pub fn app_token_issued() -> AppTokenIssued {
    let issued_at = Timestamp::from_seconds(1_700_000_000);
    AppTokenIssued {
        tenant: TenantId(12),
        app: APP,
        account: AccountId::AppUser(AppUserId(72)),
        counts_from: 80,
        family: [74; 16],
        access_hash: [78; 16],
        refresh_hash: [79; 16],
        issued_at,
        access_expires_at: issued_at.plus_seconds(1_000_000),
        refresh_expires_at: issued_at.plus_seconds(2_000_000),
        generation: 3,
        begun_at: issued_at.plus_seconds(-5_000_000),
    }
}
