//! The rules of apps, app users and app tokens.

use domain::account::{APP_INFO_CHARS_MAX, APP_NAME_CHARS_MAX, AccountId};
use domain::app::{
    APP_TOKEN_SECONDS_MAX, App, AppCommand, AppCreated, AppDeleted, AppEvent, AppId, AppPersonal,
    AppPolicy, AppPolicySet, DEFAULT_APP_CLAIM,
};
use domain::app_token::{
    AppToken, AppTokenCommand, AppTokenEvent, AppTokenFamilyRevoked, AppTokenIssued,
    AppTokenPersonal, AppTokenRefreshed, REFRESH_USED, REFRESHED_ENOUGH, REFRESHES_MAX,
    app_token_id,
};
use domain::app_user::{
    APP_USER_NAME_CLAIM, AppUser, AppUserCommand, AppUserDeleted, AppUserEnabledSet, AppUserErased,
    AppUserEvent, AppUserId, AppUserInfo, AppUserInfoSet, AppUserPersonal,
};
use domain::user::normalise;
use domain::{Claim, ClaimKind, Fact, Refusal, StreamId, TenantId, Timestamp};
use tests::given::{NOW, given};
use tests::samples::app_token::{
    APP, app_created, app_full, app_personal, app_secret, app_token_issued, app_token_issued_with,
    app_token_personal, app_user_full, app_user_personal, app_user_registered, verifier,
};

const TENANT: TenantId = TenantId(12);

fn create(data: AppCreated, personal: AppPersonal) -> AppCommand {
    let (data, personal) = (Box::new(data), Box::new(personal));
    AppCommand::Create { data, personal, secret: app_secret() }
}

fn deleted() -> AppEvent {
    AppEvent::Deleted(AppDeleted { app: APP }.into())
}

fn claim(kind: ClaimKind, value: &str) -> Claim {
    Claim { scope: TENANT, kind: kind.name, value: value.to_owned() }
}

#[test]
fn an_app_is_created_once_and_its_id_is_never_used_again() {
    given::<App>([]).when(create(app_created(), app_personal())).then([app_full()]).then_claims([]);
    for history in [vec![app_full()], vec![app_full(), deleted()]] {
        let again = create(app_created(), app_personal());
        given::<App>(history).when(again).then_refused(Refusal::AlreadyExists { what: "app" });
    }
}

#[test]
fn a_tenant_has_one_default_app_which_needs_no_owner() {
    let data = AppCreated { is_default: true, ..app_created() };
    let personal = AppPersonal::default();
    let created = AppEvent::Created(Fact {
        data: data.clone(),
        personal: Some(personal.clone()),
        secret: Some(app_secret()),
    });
    let held = [claim(DEFAULT_APP_CLAIM, "")];
    given::<App>([]).when(create(data, personal)).then([created.clone()]).then_claims(held.clone());
    given::<App>([created]).when(AppCommand::Delete).then([deleted()]).then_releases(held);
}

#[test]
fn what_an_app_cannot_be_is_named() {
    let refused = |data, personal, field: &'static str| {
        given::<App>([]).when(create(data, personal)).then_refused_field(field);
    };
    let id = |app| AppCreated { app, ..app_created() };
    refused(id(AppId(999_999_999_999_999)), app_personal(), "appId");
    refused(id(AppId(10_000_000_000_000_000)), app_personal(), "appId");
    let owner = |owner: String| AppPersonal { owner, ..app_personal() };
    let nobody = AppCreated { owner: AccountId::None, ..app_created() };
    refused(nobody, owner(String::new()), "username");
    refused(app_created(), owner("x".repeat(APP_NAME_CHARS_MAX + 1)), "username");
    let info = "x".repeat(APP_INFO_CHARS_MAX + 1);
    refused(app_created(), AppPersonal { info, ..app_personal() }, "oauthInfo");
    for token_seconds in [0, -1, APP_TOKEN_SECONDS_MAX + 1] {
        refused(AppCreated { token_seconds, ..app_created() }, app_personal(), "access seconds");
    }
}

#[test]
fn a_policy_is_set_where_there_is_an_app_and_it_differs() {
    let policy = AppPolicy { strict: false, acts_for_users: false };
    let set = AppEvent::PolicySet(AppPolicySet { app: APP, policy }.into());
    let command = || AppCommand::SetPolicy(policy);
    given::<App>([app_full()]).when(command()).then([set.clone()]);
    given::<App>([app_full(), set]).when(command()).then_nothing();
    // That it may act for users is granted for the accounts of the day: again is not the same.
    let acting = AppPolicy { acts_for_users: true, ..policy };
    let granted = AppEvent::PolicySet(AppPolicySet { app: APP, policy: acting }.into());
    let grant = AppCommand::SetPolicy(acting);
    given::<App>([app_full(), granted.clone()]).when(grant).then([granted]);
    for history in [vec![], vec![app_full(), deleted()]] {
        for command in [command(), AppCommand::Delete] {
            let refusal = Refusal::NotFound { what: "app" };
            given::<App>(history.clone()).when(command).then_refused(refusal);
        }
    }
}

#[test]
fn the_id_of_an_app_has_16_digits_and_no_leading_zero() {
    assert_eq!(AppId::parse("4821093756610284"), Some(APP));
    for wrong in
        ["", "482109375661028", "48210937566102844", "0821093756610284", "482109375661028x"]
    {
        assert_eq!(AppId::parse(wrong), None, "{wrong}");
    }
}

fn register(personal: AppUserPersonal) -> AppUserCommand {
    AppUserCommand::Register {
        data: Box::new(app_user_registered()),
        personal: Box::new(personal),
        password: verifier(),
    }
}

#[test]
fn an_app_user_holds_its_name_in_any_case_and_frees_it_at_the_end() {
    let user_name = "  Alice ".to_owned();
    let personal = AppUserPersonal { user_name, ..app_user_personal() };
    let held = [claim(APP_USER_NAME_CLAIM, "ALICE")];
    let registered = AppUserEvent::Registered(Fact {
        data: app_user_registered(),
        personal: Some(personal.clone()),
        secret: Some(verifier()),
    });
    given::<AppUser>([])
        .when(register(personal))
        .then([registered.clone()])
        .then_claims(held.clone());
    let ended = AppUserEvent::Deleted(AppUserDeleted { app_user: AppUserId(72) }.into());
    given::<AppUser>([registered.clone()])
        .when(AppUserCommand::Delete)
        .then([ended.clone()])
        .then_releases(held);
    for command in [AppUserCommand::Delete, AppUserCommand::SetEnabled(false)] {
        let refusal = Refusal::NotFound { what: "app user" };
        given::<AppUser>([registered.clone(), ended.clone()]).when(command).then_refused(refusal);
    }
}

#[test]
fn a_person_is_forgotten_whether_the_account_ended_or_not() {
    let erased = || AppUserEvent::Erased(AppUserErased { app_user: AppUserId(72) }.into());
    let ended = AppUserEvent::Deleted(AppUserDeleted { app_user: AppUserId(72) }.into());
    let name = normalise(&app_user_personal().user_name);
    given::<AppUser>([app_user_full()])
        .when(AppUserCommand::Erase)
        .then([erased()])
        .then_releases([claim(APP_USER_NAME_CLAIM, &name)]);
    given::<AppUser>([app_user_full(), ended])
        .when(AppUserCommand::Erase)
        .then([erased()])
        .then_releases([]);
    given::<AppUser>([app_user_full(), erased()]).when(AppUserCommand::Erase).then_nothing();
    let refusal = Refusal::NotFound { what: "app user" };
    given::<AppUser>([]).when(AppUserCommand::Erase).then_refused(refusal);
}

/// From before names were of ASCII or Chinese.
#[test]
fn a_name_of_before_is_given_back_as_it_was_held() {
    let personal = AppUserPersonal { user_name: "Straße".to_owned(), ..app_user_personal() };
    let registered = AppUserEvent::Registered(Fact {
        data: app_user_registered(),
        personal: Some(personal),
        secret: Some(verifier()),
    });
    let ended = AppUserEvent::Deleted(AppUserDeleted { app_user: AppUserId(72) }.into());
    given::<AppUser>([registered])
        .when(AppUserCommand::Delete)
        .then([ended])
        .then_releases([claim(APP_USER_NAME_CLAIM, "STRASSE")]);
}

#[test]
fn a_user_name_is_none_that_looks_like_an_app() {
    let named = |name: &str| AppUserPersonal { user_name: name.to_owned(), ..app_user_personal() };
    for wrong in [
        "",
        "  ",
        "0821093756610284",
        "4821093756610284",
        " 4821093756610284 ",
        &"x".repeat(65),
        "a\u{0}b",
        "root\u{200b}",
        "аdmin",
        "admın",
        "ſhop",
        "jose\u{301}",
        "a²",
        "ａdmin",
        "١٢٣",
        "\u{f900}",
    ] {
        given::<AppUser>([]).when(register(named(wrong))).then_refused_field("userName");
    }
    for fine in ["张三", "082109375661028", "a b", &"x".repeat(64)] {
        given::<AppUser>([]).when(register(named(fine))).then_accepted();
    }
    let reg_ip = "x".repeat(46);
    let personal = AppUserPersonal { reg_ip, ..app_user_personal() };
    given::<AppUser>([]).when(register(personal)).then_refused_field("regIP");
}

#[test]
fn an_update_changes_what_is_given_and_nothing_else() {
    let update = |password, info: Option<&str>| {
        let info = info.map(str::to_owned);
        given::<AppUser>([app_user_full()]).when(AppUserCommand::Update { password, info })
    };
    update(None, None).then_nothing();
    let kinds = |it: domain::Decision<AppUserEvent>| {
        it.events.iter().map(domain::StoredEvent::kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds(update(Some(verifier()), None).decision()), ["app_user.password_set.v1"]);
    assert_eq!(kinds(update(None, Some("x")).decision()), ["app_user.info_set.v1"]);
    let both = kinds(update(Some(verifier()), Some("x")).decision());
    assert_eq!(both, ["app_user.password_set.v1", "app_user.info_set.v1"]);
    let same = app_user_personal().info;
    update(None, Some(&same)).then_nothing();
    assert_eq!(
        kinds(update(Some(verifier()), Some(&same)).decision()),
        ["app_user.password_set.v1"]
    );
    let back = |info: &str| {
        let data = AppUserInfoSet { app_user: AppUserId(72) };
        let personal = Some(AppUserInfo { info: "other".to_owned() });
        let other = AppUserEvent::InfoSet(Fact { data, personal, secret: None });
        let update = AppUserCommand::Update { password: None, info: Some(info.to_owned()) };
        kinds(given::<AppUser>([app_user_full(), other]).when(update).decision())
    };
    assert!(back("other").is_empty());
    assert_eq!(back(&same), ["app_user.info_set.v1"]);
}

#[test]
fn an_account_is_enabled_until_it_is_not() {
    let set = |enabled| {
        AppUserEvent::EnabledSet(AppUserEnabledSet { app_user: AppUserId(72), enabled }.into())
    };
    let off = AppUserCommand::SetEnabled(false);
    given::<AppUser>([app_user_full()]).when(AppUserCommand::SetEnabled(true)).then_nothing();
    given::<AppUser>([app_user_full()]).when(off.clone()).then([set(false)]);
    given::<AppUser>([app_user_full(), set(false)]).when(off).then_nothing();
    let on = AppUserCommand::SetEnabled(true);
    given::<AppUser>([app_user_full(), set(false)]).when(on).then([set(true)]);
}

fn issued() -> AppTokenEvent {
    app_token_issued_with(app_token_issued())
}

fn refreshed(used_at: Timestamp) -> AppTokenEvent {
    AppTokenEvent::Refreshed(AppTokenRefreshed { family: [74; 16], used_at }.into())
}

fn revoked() -> AppTokenEvent {
    let reason = "used twice".to_owned();
    AppTokenEvent::FamilyRevoked(AppTokenFamilyRevoked { family: [74; 16], reason }.into())
}

const REFRESH: AppTokenCommand = AppTokenCommand::Refresh { rotates: true, grace_seconds: 10 };

#[test]
fn a_refresh_token_is_used_once_and_again_within_the_grace() {
    given::<AppToken>([issued()]).when(REFRESH).then([refreshed(NOW)]);
    let used = || [issued(), refreshed(NOW)];
    given::<AppToken>(used()).when_at(REFRESH, NOW.plus_seconds(9)).then([refreshed(NOW)]);
    given::<AppToken>(used()).when_at(REFRESH, NOW.plus_seconds(10)).then_refused(REFRESH_USED);
    let no_grace = AppTokenCommand::Refresh { rotates: true, grace_seconds: 0 };
    given::<AppToken>(used()).when(no_grace).then_refused(REFRESH_USED);
    let kept = AppTokenCommand::Refresh { rotates: false, grace_seconds: 0 };
    given::<AppToken>(used()).when_at(kept, NOW.plus_seconds(99)).then([refreshed(NOW)]);
    // So many lost answers are not theft, but somebody who does not wait.
    let often = || std::iter::once(issued()).chain((0..REFRESHES_MAX).map(|_| refreshed(NOW)));
    given::<AppToken>(often()).when_at(REFRESH, NOW.plus_seconds(9)).then_refused(REFRESHED_ENOUGH);
    given::<AppToken>(often()).when_at(REFRESH, NOW.plus_seconds(10)).then_refused(REFRESH_USED);
}

#[test]
fn a_revoked_pair_gives_nothing_any_more() {
    let revoke = || AppTokenCommand::RevokeFamily { reason: "used twice".to_owned() };
    given::<AppToken>([issued()]).when(revoke()).then([revoked()]);
    given::<AppToken>([issued(), revoked()]).when(revoke()).then_nothing();
    let refusal = || Refusal::NotFound { what: "app token" };
    given::<AppToken>([issued(), revoked()]).when(REFRESH).then_refused(refusal());
    given::<AppToken>([]).when(REFRESH).then_refused(refusal());
    given::<AppToken>([]).when(revoke()).then_refused(refusal());
}

#[test]
fn a_pair_lasts_as_long_as_its_app_says_and_its_refresh_token_twice_that() {
    let issue = |access: i64, refresh: i64| {
        let it = app_token_issued();
        let issued = AppTokenIssued {
            access_expires_at: it.issued_at.plus_seconds(access),
            refresh_expires_at: it.issued_at.plus_seconds(refresh),
            ..it
        };
        AppTokenCommand::Issue(Box::new(issued), app_token_personal())
    };
    given::<AppToken>([]).when(issue(1, 2)).then_accepted();
    let longest = APP_TOKEN_SECONDS_MAX;
    given::<AppToken>([]).when(issue(longest, 2 * longest)).then_accepted();
    for (access, refresh) in [(0, 0), (-1, -2), (10, 10), (10, 21), (longest + 1, 2 * longest + 2)]
    {
        given::<AppToken>([]).when(issue(access, refresh)).then_refused_field("lifetime");
    }
    let token_type = "x".repeat(256);
    let long = AppTokenPersonal { token_type };
    let long = AppTokenCommand::Issue(Box::new(app_token_issued()), long);
    given::<AppToken>([]).when(long).then_refused_field("tokenType");
}

#[test]
fn a_stream_of_a_pair_ends_an_hour_after_its_refresh_token() {
    let end = Timestamp::from_seconds(1_702_000_000);
    let stream = StreamId::new("app_token", app_token_id(end, [7; 12]));
    assert_eq!(stream.closes_at(), Some(end.plus_seconds(3_600)));
}
