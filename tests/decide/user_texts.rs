//! What may stand in the texts of a user: one line or several, addresses, and what is older than its rule.

use domain::user::{
    USER_EMAIL_CLAIM, USER_NAME_CLAIM, User, UserCommand, UserDeleted, UserEvent, UserPersonal,
    UserRegistered,
};
use domain::{Fact, UserId};
use tests::given::{claim, given};
use tests::samples::{password_verifier, user_personal, user_registered};

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

fn deleted() -> UserEvent {
    UserEvent::Deleted(UserDeleted { user: UserId(51) }.into())
}

/// Names and addresses from before they were compared by letters of ASCII only.
#[test]
fn a_name_of_before_gives_back_what_it_holds() {
    let personal = UserPersonal {
        user_name: "straße".to_owned(),
        email: Some("ann@ıbm.com".to_owned()),
        phone_number: None,
        ..user_personal()
    };
    let old = UserEvent::Registered(Fact {
        data: user_registered(),
        personal: Some(personal),
        secret: None,
    });
    given::<User>([old]).when(UserCommand::Delete).then([deleted()]).then_releases([
        claim(12, USER_NAME_CLAIM, "STRASSE"),
        claim(12, USER_EMAIL_CLAIM, "ANN@IBM.COM"),
    ]);
}

#[test]
fn an_address_is_one_that_letters_reach_and_nothing_around_it() {
    let with = |email: &'static str| {
        given::<User>([]).when(register_with(move |_, it| it.email = Some(email.to_owned())))
    };
    for wrong in [
        "ann",
        " ann@example.com",
        "ann@example.com\r\n",
        "ann@example.com\r\nBcc: x",
        "a b@c d",
        "\"x\"<script>@example.com",
        "ann@ıbm.com",
        "a\u{200b}nn@example.com",
    ] {
        with(wrong).then_refused_field("email");
    }
    for fine in ["Ann@example.com", "用户@xn--fsqu00a.example", "a+b@localhost"] {
        with(fine).then_accepted();
    }
    // One that stands since before this rule may stay, but for a good one.
    let old = UserPersonal { email: Some("a b@c d".to_owned()), ..user_personal() };
    let registered = UserEvent::Registered(Fact {
        data: user_registered(),
        personal: Some(old.clone()),
        secret: None,
    });
    let update = |email: &str| {
        let email = Some(email.to_owned());
        let new = UserPersonal { email, nick_name: Some("Annie".to_owned()), ..old.clone() };
        UserCommand::Update(Box::new(user_registered()), Box::new(new))
    };
    given::<User>([registered.clone()]).when(update("a b@c d")).then_accepted();
    given::<User>([registered]).when(update("a b@c e")).then_refused_field("email");
}

#[test]
fn what_is_one_line_has_no_line_breaks_and_an_avatar_is_an_address() {
    type Set = fn(&mut UserPersonal, String);
    let lines: [(&str, Set); 6] = [
        ("nickName", |it, text| it.nick_name = Some(text)),
        ("countryCode", |it, text| it.country_code = Some(text)),
        ("gender", |it, text| it.gender = Some(text)),
        ("avatar", |it, text| it.avatar = Some(text)),
        ("claims.claimType", |it, text| it.claims[0].claim_type = text),
        ("logins.providerDisplayName", |it, text| it.logins[0].display_name = Some(text)),
    ];
    for (field, set) in lines {
        for wrong in ["a\nb", "a\r\nb", "a\tb", "a\u{85}b", "a\u{2028}b", "a\u{2029}b"] {
            given::<User>([])
                .when(register_with(|_, it| set(it, wrong.to_owned())))
                .then_refused_field(field);
        }
    }
    for wrong in ["javascript:alert(1)", "data:image/png;base64,AA==", "ann.png", "//a/b"] {
        given::<User>([])
            .when(register_with(|_, it| it.avatar = Some(wrong.to_owned())))
            .then_refused_field("avatar");
    }
    // A claim is what it looks like; a nickname may join its letters.
    for wrong in ["te\u{ad}am", "te\u{200d}am", "team ", " team"] {
        given::<User>([])
            .when(register_with(|_, it| it.claims[0].claim_type = wrong.to_owned()))
            .then_refused_field("claims.claimType");
    }
    given::<User>([])
        .when(register_with(|_, it| it.nick_name = Some("\u{645}\u{6cc}\u{200c}".to_owned())))
        .then_accepted();
}
