//! The rules of a user (spec sections 2.8, 5.9 and 6.5).

use domain::user::{
    PASSWORD_BYTES_MAX, USER_CHILDREN_MAX, USER_EMAIL_CLAIM, USER_NAME_CLAIM, USER_PHONE_CLAIM,
    normalise_phone,
};
use domain::user::{PasswordVerifier, User, UserCommand, UserDeleted, UserErased, UserEvent};
use domain::user::{UserAppInfo, UserAppInfoSet, UserAppPasswordSet, UserEnabledSet};
use domain::user::{UserPasswordSet, UserPersonal, UserRegistered, Verifiers, check_password};
use domain::{Claim, Fact, Refusal, UserId};
use tests::given::{claim, control_character, given, required, too_long, too_many};
use tests::samples::{password_verifier, user_full, user_personal, user_registered};

const ANN: UserId = UserId(51);

fn register_with(change: impl Fn(&mut UserRegistered, &mut UserPersonal)) -> UserCommand {
    let (mut data, mut personal) = (user_registered(), user_personal());
    change(&mut data, &mut personal);
    UserCommand::Register {
        data: Box::new(data),
        personal: Box::new(personal),
        password: password_verifier().into(),
        app_info: None,
    }
}

fn password_set(verifier: PasswordVerifier) -> UserEvent {
    let data = UserPasswordSet { user: ANN };
    UserEvent::PasswordSet(Fact { data, personal: None, secret: Some(verifier) })
}

/// As the log reads it once the person's key is gone.
fn unreadable() -> UserEvent {
    UserEvent::Registered(Fact {
        data: user_registered(),
        personal: None,
        secret: Some(password_verifier()),
    })
}

fn deleted() -> UserEvent {
    UserEvent::Deleted(UserDeleted { user: ANN }.into())
}

fn erased() -> UserEvent {
    UserEvent::Erased(UserErased { user: ANN }.into())
}

/// What the full sample holds in its tenant.
fn held() -> [Claim; 3] {
    [
        claim(12, USER_NAME_CLAIM, "ANN.LEE@EXAMPLE.COM"),
        claim(12, USER_EMAIL_CLAIM, "ANN@EXAMPLE.COM"),
        claim(12, USER_PHONE_CLAIM, "44207946095812"),
    ]
}

#[test]
fn a_phone_number_is_the_same_with_its_country_code_apart() {
    for (country, phone) in [
        (None, "+49 170 1234"),
        (Some("+49"), "170-1234"),
        (Some("49"), "(170) 1234"),
        (Some("+86"), "+491701234"),
    ] {
        assert_eq!(normalise_phone(country, phone), "491701234", "{country:?} {phone}");
    }
    assert_ne!(normalise_phone(None, "170 1234"), "491701234", "of which country?");
}

#[test]
fn a_user_without_address_and_number_holds_the_name_only() {
    let plain = register_with(|_, personal| {
        (personal.email, personal.phone_number) = (None, None);
    });
    let decided = given::<User>([]).when(plain).decision();
    assert_eq!(decided.claims, [held()[0].clone()]);
}

#[test]
fn a_new_user_holds_its_name_address_and_number_in_the_tenant() {
    given::<User>([])
        .when(register_with(|_, _| ()))
        .then([user_full()])
        .then_claims(held())
        .then_releases([]);
}

#[test]
fn a_user_may_have_no_password() {
    let command = UserCommand::Register {
        data: Box::new(user_registered()),
        personal: Box::new(user_personal()),
        password: Verifiers::default(),
        app_info: None,
    };
    let registered = UserEvent::Registered(Fact {
        data: user_registered(),
        personal: Some(user_personal()),
        secret: None,
    });
    given::<User>([]).when(command).then([registered]);
}

#[test]
fn an_id_is_used_once() {
    let histories = [
        vec![user_full()],
        vec![unreadable()],
        vec![user_full(), deleted()],
        vec![user_full(), erased()],
        vec![user_full(), deleted(), erased()],
    ];
    for history in histories {
        given::<User>(history)
            .when(register_with(|_, _| ()))
            .then_refused(Refusal::AlreadyExists { what: "user" });
    }
}

#[test]
fn a_password_is_replaced() {
    let verifier = PasswordVerifier { passes: 3, ..password_verifier() };
    given::<User>([user_full(), password_set(password_verifier())])
        .when(UserCommand::SetPassword(verifier.clone().into()))
        .then([password_set(verifier)])
        .then_claims([])
        .then_releases([]);
}

#[test]
fn deleting_frees_the_user_name() {
    given::<User>([user_full(), password_set(password_verifier())])
        .when(UserCommand::Delete)
        .then([deleted()])
        .then_claims([])
        .then_releases(held());
}

#[test]
fn who_is_absent_or_gone_can_neither_change_nor_go() {
    let histories = [
        vec![],
        vec![user_full(), deleted()],
        vec![user_full(), erased()],
        vec![user_full(), deleted(), erased()],
    ];
    for history in histories {
        for command in [UserCommand::Delete, UserCommand::SetPassword(password_verifier().into())] {
            given::<User>(history.clone())
                .when(command)
                .then_refused(Refusal::NotFound { what: "user" });
        }
    }
}

#[test]
fn erasing_a_user_in_use_frees_the_user_name() {
    given::<User>([user_full()])
        .when(UserCommand::Erase)
        .then([erased()])
        .then_claims([])
        .then_releases(held());
}

#[test]
fn erasing_a_deleted_user_frees_nothing_twice() {
    given::<User>([user_full(), deleted()])
        .when(UserCommand::Erase)
        .then([erased()])
        .then_claims([])
        .then_releases([]);
}

#[test]
fn erasing_again_changes_nothing() {
    given::<User>([user_full(), erased()]).when(UserCommand::Erase).then_nothing();
    given::<User>([unreadable(), deleted(), erased()]).when(UserCommand::Erase).then_nothing();
}

#[test]
fn nobody_cannot_be_erased() {
    given::<User>([]).when(UserCommand::Erase).then_refused(Refusal::NotFound { what: "user" });
}

#[test]
fn an_unreadable_user_can_still_be_deleted_and_erased() {
    given::<User>([unreadable()]).when(UserCommand::Delete).then([deleted()]).then_releases([]);
    given::<User>([unreadable()]).when(UserCommand::Erase).then([erased()]).then_releases([]);
    given::<User>([unreadable(), deleted()])
        .when(UserCommand::Erase)
        .then([erased()])
        .then_releases([]);
}

/// An address that is as long as a text.
fn address_of(text: &str) -> String {
    let host = (2..text.chars().count()).map(|it| if it % 50 == 0 { '.' } else { 'x' });
    ['é', '@'].into_iter().chain(host).collect()
}

#[test]
fn texts_end_at_their_limit() {
    type Set = fn(&mut UserRegistered, &mut UserPersonal, String);
    let fields: [(&str, usize, Set); 15] = [
        ("userName", 256, |_, it, text| it.user_name = text.replace('é', "e")),
        ("countryCode", 10, |_, it, text| it.country_code = Some(text)),
        ("nickName", 256, |_, it, text| it.nick_name = Some(text)),
        ("avatar", 2000, |_, it, text| {
            it.avatar = Some(format!("https://a/{}", "x".repeat(text.chars().count() - 10)));
        }),
        ("gender", 50, |_, it, text| it.gender = Some(text)),
        ("address", 500, |_, it, text| it.address = Some(text)),
        ("description", 2000, |_, it, text| it.description = Some(text)),
        ("remark", 2000, |_, it, text| it.remark = Some(text)),
        ("claims.claimType", 250, |_, it, text| it.claims[0].claim_type = text),
        ("claims.claimValue", 2000, |_, it, text| it.claims[0].value = text),
        ("files.files", 4000, |_, it, text| it.files[0].files = text),
        ("properties.key", 250, |_, it, text| it.properties[0].key = text),
        ("properties.value", 2000, |_, it, text| it.properties[0].value = text),
        ("parentUserID", 2000, |it, _, text| it.lineage = text),
        ("email", 256, |_, it, text| it.email = Some(address_of(&text))),
    ];
    for (field, max, set) in fields {
        let text = |n| move |data: &mut _, personal: &mut _| set(data, personal, "é".repeat(n));
        given::<User>([]).when(register_with(text(max))).then_accepted();
        given::<User>([]).when(register_with(text(max + 1))).then_refused(too_long(field, max));
    }
    given::<User>([])
        .when(register_with(|_, it| it.nick_name = Some("a\u{7}b".to_owned())))
        .then_refused(control_character("nickName"));
    given::<User>([])
        .when(register_with(|_, it| it.address = Some("1 Road\r\n\tTown".to_owned())))
        .then_accepted();
}

/// Nothing that could name somebody stands outside the sealed part.
#[test]
fn ids_and_permissions_have_no_room_for_a_name() {
    type Set = fn(&mut UserRegistered, String);
    let ids: [(&str, Set); 2] = [
        ("typeIDs", |it, text| it.type_ids = Some(text)),
        ("poolIDs", |it, text| it.pool_ids = Some(text)),
    ];
    for (field, set) in ids {
        let with = |text: String| {
            given::<User>([]).when(register_with(move |it, _| set(it, text.clone())))
        };
        for right in ["", "7", "1,22,333", &"1".repeat(1000)] {
            with(right.to_owned()).then_accepted();
        }
        with("1".repeat(1001)).then_refused(too_long(field, 1000));
        for wrong in ["ann", "1;2", "1, 2", "-1", "１"] {
            let why = "must be numbers with commas between them";
            with(wrong.to_owned()).then_refused(Refusal::invalid(field, why));
        }
    }
    let permission = |text: String| {
        given::<User>([]).when(register_with(move |it, _| it.permissions[0].value = text.clone()))
    };
    for right in ["", "oauthapp.all", "a.b,c_d:E-9", &"a".repeat(4000)] {
        permission(right.to_owned()).then_accepted();
    }
    permission("a".repeat(4001)).then_refused(too_long("claims.claimValue", 4000));
    for wrong in ["Ann Smith", "ann@example.org", "a b", "ä", "a/b"] {
        let why = "of a permission may have letters, digits and . _ , : - only";
        permission(wrong.to_owned()).then_refused(Refusal::invalid("claims.claimValue", why));
    }
}

#[test]
fn what_is_required_must_not_be_blank() {
    for blank in ["", " "] {
        type Set = fn(&mut UserPersonal, String);
        let fields: [(&str, Set); 3] = [
            ("userName", |it, text| it.user_name = text),
            ("claims.claimType", |it, text| it.claims[0].claim_type = text),
            ("properties.key", |it, text| it.properties[0].key = text),
        ];
        for (field, set) in fields {
            given::<User>([])
                .when(register_with(|_, it| set(it, blank.to_owned())))
                .then_refused(required(field));
        }
    }
}

#[test]
fn lists_end_at_their_limit() {
    type Set = fn(&mut UserRegistered, &mut UserPersonal, usize);
    let fields: [(&str, Set); 5] = [
        ("roles", |it, _, n| it.roles = vec![1; n]),
        ("claims", |it, _, n| it.permissions = vec![it.permissions[0].clone(); n]),
        ("claims", |_, it, n| it.claims = vec![it.claims[0].clone(); n]),
        ("files", |_, it, n| it.files = vec![it.files[0].clone(); n]),
        ("properties", |_, it, n| it.properties = vec![it.properties[0].clone(); n]),
    ];
    for (field, set) in fields {
        let with = |n| register_with(|data, personal| set(data, personal, n));
        given::<User>([]).when(with(USER_CHILDREN_MAX)).then_accepted();
        given::<User>([])
            .when(with(USER_CHILDREN_MAX + 1))
            .then_refused(too_many(field, USER_CHILDREN_MAX));
    }
}

#[test]
fn a_user_name_has_letters_digits_and_few_signs() {
    for right in ["a", "A-b._@+9", "0"] {
        given::<User>([])
            .when(register_with(|_, it| it.user_name = right.to_owned()))
            .then_accepted();
    }
    for wrong in ["a b", "a/b", "a:b", "<a>", "a,b", " a", "Zoë", "umlaut-ä", "ａ"] {
        given::<User>([])
            .when(register_with(|_, it| it.user_name = wrong.to_owned()))
            .then_refused(Refusal::invalid("userName", "may have a-z, A-Z, 0-9 and -._@+ only"));
    }
}

#[test]
fn an_email_address_has_one_at_sign_inside() {
    for right in ["a@b", "a.b+c@d.example"] {
        given::<User>([])
            .when(register_with(|_, it| it.email = Some(right.to_owned())))
            .then_accepted();
    }
    for wrong in ["", "a", "@b", "a@", "a@b@c", "@"] {
        given::<User>([])
            .when(register_with(|_, it| it.email = Some(wrong.to_owned())))
            .then_refused(Refusal::invalid("email", "must be an e-mail address"));
    }
}

#[test]
fn a_phone_number_has_digits_and_few_signs() {
    for right in ["1", "+1 (555) 123-4567", "555.1234 x12", "5551234X9", "5551234x"] {
        given::<User>([])
            .when(register_with(|_, it| it.phone_number = Some(right.to_owned())))
            .then_accepted();
    }
    for wrong in ["", "+", "x12", "12a", "12x1a", "1/2"] {
        given::<User>([])
            .when(register_with(|_, it| it.phone_number = Some(wrong.to_owned())))
            .then_refused(Refusal::invalid("phoneNumber", "must be a phone number"));
    }
    let digits = "1".repeat(51);
    given::<User>([])
        .when(register_with(|_, it| it.phone_number = Some(digits[..50].to_owned())))
        .then_accepted();
    given::<User>([])
        .when(register_with(|_, it| it.phone_number = Some(digits.clone())))
        .then_refused(too_long("phoneNumber", 50));
}

#[test]
fn a_password_is_told_every_rule_that_it_breaks() {
    let broken = |text: &str| check_password(text).iter().map(|it| it.code).collect::<Vec<_>>();
    assert!(broken("Abcd1!").is_empty());
    assert_eq!(broken("Abc1!"), ["PasswordTooShort"]);
    assert_eq!(broken("Abcdef1"), ["PasswordRequiresNonAlphanumeric"]);
    assert_eq!(broken("Abcdef!"), ["PasswordRequiresDigit"]);
    assert_eq!(broken("ABCDE1!"), ["PasswordRequiresLower"]);
    assert_eq!(broken("abcde1!"), ["PasswordRequiresUpper"]);
    let long = |n: usize| format!("Abcd1!{}", "a".repeat(n - 6));
    assert!(broken(&long(PASSWORD_BYTES_MAX)).is_empty());
    assert_eq!(broken(&long(PASSWORD_BYTES_MAX + 1)), ["PasswordTooLong"]);
    let all_but_long = [
        "PasswordTooShort",
        "PasswordRequiresNonAlphanumeric",
        "PasswordRequiresDigit",
        "PasswordRequiresLower",
        "PasswordRequiresUpper",
    ];
    assert_eq!(broken(""), all_but_long);
}

fn app_password_set(verifier: PasswordVerifier) -> UserEvent {
    let data = UserAppPasswordSet { user: ANN };
    UserEvent::AppPasswordSet(Fact { data, personal: None, secret: Some(verifier) })
}

fn app_info_set(info: &str, reg_ip: &str) -> UserEvent {
    let data = UserAppInfoSet { user: ANN };
    let personal = UserAppInfo { info: info.to_owned(), reg_ip: reg_ip.to_owned() };
    UserEvent::AppInfoSet(Fact { data, personal: Some(personal), secret: None })
}

/// Of the password, of its md5, or of both.
fn verifiers(password: bool, md5: bool) -> Verifiers {
    let verifier = |passes| PasswordVerifier { passes, ..password_verifier() };
    Verifiers { password: password.then(|| verifier(4)), md5: md5.then(|| verifier(5)) }
}

#[test]
fn a_password_is_entered_in_each_form_that_is_known() {
    for (password, md5) in [(true, true), (true, false), (false, true), (false, false)] {
        let verifiers = verifiers(password, md5);
        let registered = UserEvent::Registered(Fact {
            data: user_registered(),
            personal: Some(user_personal()),
            secret: verifiers.password.clone(),
        });
        let of_md5 = verifiers.md5.clone().map(app_password_set);
        let command = UserCommand::Register {
            data: Box::new(user_registered()),
            personal: Box::new(user_personal()),
            password: verifiers.clone(),
            app_info: None,
        };
        given::<User>([])
            .when(command)
            .then([registered].into_iter().chain(of_md5.clone()))
            .then_claims(held());
        let set = given::<User>([user_full()]).when(UserCommand::SetPassword(verifiers.clone()));
        if !password && !md5 {
            set.then_refused_field("password");
            continue;
        }
        let data = UserPasswordSet { user: ANN };
        let replaced = Fact { data, personal: None, secret: verifiers.password };
        set.then([UserEvent::PasswordSet(replaced)].into_iter().chain(of_md5));
    }
}

#[test]
fn what_the_app_token_service_notes_is_entered_with_a_user_and_replaced() {
    let info = UserAppInfo { info: "e30=".to_owned(), reg_ip: "192.0.2.7".to_owned() };
    let register = |info: UserAppInfo| UserCommand::Register {
        data: Box::new(user_registered()),
        personal: Box::new(user_personal()),
        password: password_verifier().into(),
        app_info: Some(Box::new(info)),
    };
    given::<User>([])
        .when(register(info.clone()))
        .then([user_full(), app_info_set("e30=", "192.0.2.7")]);
    let long = UserAppInfo { info: "x".repeat(16_385), ..info.clone() };
    given::<User>([]).when(register(long)).then_refused(too_long("userInfo", 16_384));
    let long = UserAppInfo { reg_ip: "1".repeat(46), ..info };
    given::<User>([]).when(register(long)).then_refused(too_long("regIP", 45));
    let update = |password, info: Option<&str>| {
        let info = info.map(str::to_owned);
        given::<User>([user_full()]).when(UserCommand::UpdateByApp { password, info })
    };
    update(None, None).then_nothing();
    update(None, Some("new")).then([app_info_set("new", "")]);
    update(None, Some(&"x".repeat(16_385))).then_refused(too_long("userInfo", 16_384));
    let of_md5 = verifiers(false, true);
    let verifier = of_md5.md5.clone().unwrap();
    let data = UserPasswordSet { user: ANN };
    update(Some(of_md5), Some("new")).then([
        UserEvent::PasswordSet(data.into()),
        app_password_set(verifier),
        app_info_set("new", ""),
    ]);
    let again = |info: &str| {
        let known = [user_full(), app_info_set("new", "192.0.2.7")];
        let info = Some(info.to_owned());
        given::<User>(known).when(UserCommand::UpdateByApp { password: None, info })
    };
    again("new").then_nothing();
    again("newer").then([app_info_set("newer", "")]);
}

#[test]
fn a_user_may_sign_in_until_that_is_changed() {
    let set = |enabled| UserEvent::EnabledSet(UserEnabledSet { user: ANN, enabled }.into());
    let history = [vec![user_full()], vec![user_full(), set(false), set(true)]];
    for history in history {
        given::<User>(history.clone()).when(UserCommand::SetEnabled(true)).then_nothing();
        given::<User>(history).when(UserCommand::SetEnabled(false)).then([set(false)]);
    }
    let disabled = [user_full(), set(false)];
    given::<User>(disabled.clone()).when(UserCommand::SetEnabled(false)).then_nothing();
    given::<User>(disabled.clone()).when(UserCommand::SetEnabled(true)).then([set(true)]);
    given::<User>(disabled).when(UserCommand::Delete).then_accepted();
    given::<User>([user_full(), deleted()])
        .when(UserCommand::SetEnabled(false))
        .then_refused(Refusal::NotFound { what: "user" });
}
