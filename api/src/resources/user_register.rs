//! Rows 86 to 89: people register, and set a new password, by codes that prove their telephone number
//! and e-mail address (contracts 20, spec sections 5.9.8 to 5.9.11).

use commands::Expected;
use domain::delivery::Channel;
use domain::log::CommitHead;
use domain::user::{
    IdentityRule, USER_EMAIL_CLAIM, USER_NAME_CLAIM, USER_PHONE_CLAIM, User, UserCommand, UserFile,
    UserPersonal, UserRegistered, Verifiers,
};
use domain::verification::CodePurpose;
use domain::{Actor, UserId, check, mail_address};
use schemars::JsonSchema;
use serde::Deserialize;
use warp::http::Method;

use super::user_identity::{rules_text, taken_claim};
use crate::access::administrators::change_user_with;
use crate::access::granted::Open;
use crate::access::placement;
use crate::access::tenant_settings::policy_of;
use crate::access::verifications::{
    Address, Tried, language_of, letter_id, send_code, tell_of_password, use_codes,
};
use crate::http::codes;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::error::ApiError;
use crate::http::reply::{Reply, Single};
use crate::http::time::WireTime;
use crate::state::send_limits::NotSent;

/// The most images of somebody who registers.
const IMAGES_MAX: usize = 9;

/// The longest address of a file, in characters.
const URL_CHARS_MAX: usize = 2_000;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(Method::POST, "/api/User/Register", "UserRegister", "Register")
            .row(86)
            .json::<RegisterBody>()
            .answers::<Single<String>>()
            .open(register),
        endpoint(
            Method::POST,
            "/api/User/SmsCode",
            "UserSmsCode",
            "Send a code to a telephone number",
        )
        .row(87)
        .json::<SmsCodeBody>()
        .answers::<Single<String>>()
        .open(sms_code),
        endpoint(
            Method::POST,
            "/api/User/EmailCode",
            "UserEmailCode",
            "Send a code to an e-mail address",
        )
        .row(88)
        .json::<EmailCodeBody>()
        .answers::<Single<String>>()
        .open(email_code),
        endpoint(
            Method::POST,
            "/api/User/ResetPassword",
            "UserResetPassword",
            "Set a new password, by a code that was sent to the telephone number",
        )
        .row(89)
        .json::<ResetBody>()
        .answers::<Single<bool>>()
        .open(reset),
    ]
}

// Row 86.
/// Who registers.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "UserRegistration")]
struct RegisterBody {
    #[schemars(extend("x-required" = "body"))]
    country_code: String,
    /// From 2 to 50 characters.
    #[schemars(extend("x-required" = "body"))]
    nick_name: String,
    /// Also the name to sign in with.
    #[schemars(extend("x-required" = "body"))]
    email: String,
    /// At most 10 characters.
    #[schemars(extend("x-required" = "body"))]
    gender: String,
    /// At most 500 characters.
    #[schemars(extend("x-required" = "body"))]
    address: String,
    birthday: Option<WireTime>,
    /// From 0.1 to 99.
    #[schemars(extend("x-required" = "body"))]
    stature: f64,
    /// From 1 to 999.
    #[schemars(extend("x-required" = "body"))]
    weight: f64,
    description: Option<String>,
    #[schemars(extend("x-required" = "body"))]
    phone_number: String,
    /// The code of UserSmsCode.
    #[schemars(extend("x-required" = "body"))]
    phone_number_verify_code: String,
    /// The code of UserEmailCode; without it the address is not confirmed.
    email_verify_code: Option<String>,
    /// Addresses of at most 9 images.
    image_url: Vec<String>,
    video: Option<String>,
    doc: Option<String>,
    #[schemars(extend("x-required" = "body", "writeOnly" = true))]
    password: String,
    /// The user who brings this one in. Absent, the user is at the top of the tenant.
    #[serde(rename = "refereeID")]
    referee_id: Option<i64>,
}

// Row 87.
/// Where to send a code.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "SmsCodeWish")]
struct SmsCodeBody {
    #[schemars(extend("x-required" = "body"))]
    phone_number: String,
    /// `register`, `reset` or `signin`. Without it the code serves to register or to set a new password.
    purpose: Option<String>,
}

// Row 88.
/// Where to send a code.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "EmailCodeWish")]
struct EmailCodeBody {
    #[schemars(extend("x-required" = "body"))]
    email: String,
    /// `register`, `reset` or `signin`. Without it the code serves to register or to set a new password.
    purpose: Option<String>,
}

// Row 89.
/// A new password.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "PasswordReset")]
struct ResetBody {
    #[schemars(extend("x-required" = "body"))]
    country_code: String,
    #[schemars(extend("x-required" = "body"))]
    phone_number: String,
    /// The code of UserSmsCode.
    #[schemars(extend("x-required" = "body"))]
    phone_number_verify_code: String,
    #[schemars(extend("x-required" = "body", "writeOnly" = true))]
    password: String,
}

fn purpose_of(word: Option<&str>) -> Result<CodePurpose, ApiError> {
    let Some(word) = word.filter(|it| !it.trim().is_empty()) else {
        return Ok(CodePurpose::Account);
    };
    let why = "must be register, reset or signin";
    CodePurpose::parse(word).ok_or_else(|| ApiError::field("purpose", why))
}

async fn sms_code(mut open: Open) -> Outcome {
    let (body, bytes) = open.call.json::<SmsCodeBody>().await?;
    check::required("phoneNumber", &body.phone_number, 50)?;
    check::phone("phoneNumber", &body.phone_number)?;
    let purpose = purpose_of(body.purpose.as_deref())?;
    let address = Address::phone(&body.phone_number);
    answer_sent(&open, &body.phone_number, &address, purpose, &bytes).await
}

async fn email_code(mut open: Open) -> Outcome {
    let (body, bytes) = open.call.json::<EmailCodeBody>().await?;
    check::required("email", &body.email, 256)?;
    let to = mail_address::tidied(&body.email);
    check::email("email", &to)?;
    let purpose = purpose_of(body.purpose.as_deref())?;
    let address = Address::mail(&to);
    answer_sent(&open, &to, &address, purpose, &bytes).await
}

async fn answer_sent(
    open: &Open,
    to: &str,
    address: &Address,
    purpose: CodePurpose,
    body: &[u8],
) -> Outcome {
    let (enough, too_early) = match address.channel {
        Channel::Sms => (codes::PHONE_ENOUGH, codes::PHONE_TOO_EARLY),
        Channel::Mail => (codes::EMAIL_ENOUGH, codes::EMAIL_TOO_EARLY),
    };
    match send_code(open, to, address, purpose, body).await? {
        Ok(done) => Ok(Reply::single::<String>(None).written(&done)),
        Err(NotSent::Enough) => {
            Err(ApiError::business(enough, "no more codes are sent today; try again tomorrow"))
        }
        Err(NotSent::TooEarly(seconds)) => {
            let why = format!("sent too often; retry after {seconds} seconds");
            Err(ApiError::business(too_early, why))
        }
    }
}

/// The rules of the tenant for passwords.
fn check_password(open: &Open, password: &str, about: &[&str]) -> Result<(), ApiError> {
    check::required_text("password", password, 100)?;
    let broken = policy_of(&open.call.app, &open.tenant).broken(password, about);
    match broken.is_empty() {
        true => Ok(()),
        false => Err(refused(&broken)),
    }
}

/// Spec section 5.9.8: rules of identity that are broken.
fn refused(broken: &[IdentityRule]) -> ApiError {
    ApiError::business(codes::EXPECTATION_FAILED, rules_text(broken))
}

impl RegisterBody {
    fn check(&self) -> Result<(), ApiError> {
        check::required("countryCode", &self.country_code, 10)?;
        check::required("nickName", &self.nick_name, 50)?;
        if self.nick_name.trim().chars().count() < 2 {
            return Err(ApiError::field("nickName", "must have at least 2 characters"));
        }
        check::required("email", &self.email, 256)?;
        check::email("email", &mail_address::tidied(&self.email))?;
        check::required("gender", &self.gender, 10)?;
        check::required_text("address", &self.address, 500)?;
        within("stature", self.stature, 0.1, 99.0)?;
        within("weight", self.weight, 1.0, 999.0)?;
        check::required("phoneNumber", &self.phone_number, 50)?;
        check::phone("phoneNumber", &self.phone_number)?;
        check_code("phoneNumberVerifyCode", &self.phone_number_verify_code)?;
        check::list("imageUrl", &self.image_url, IMAGES_MAX)?;
        let urls = self.image_url.iter().map(|it| ("imageUrl", it));
        let urls = urls.chain(self.video.iter().map(|it| ("video", it)));
        for (field, url) in urls.chain(self.doc.iter().map(|it| ("doc", it))) {
            check::line(field, url, URL_CHARS_MAX)?;
        }
        Ok(())
    }

    fn personal(&self) -> UserPersonal {
        let some = |text: &str| Some(text.trim().to_owned());
        let images = (!self.image_url.is_empty())
            .then(|| serde_json::to_string(&self.image_url).unwrap_or_default());
        let files = [images, self.video.clone(), self.doc.clone()];
        let files = (0..).zip(files).filter_map(|(file_type, it)| Some((file_type, it?)));
        let files = files.filter(|(_, it)| !it.trim().is_empty()).zip(1..);
        UserPersonal {
            user_name: mail_address::tidied(&self.email),
            email: Some(mail_address::tidied(&self.email)),
            phone_number: some(&self.phone_number),
            country_code: some(&self.country_code),
            nick_name: some(&self.nick_name),
            gender: some(&self.gender),
            address: some(&self.address),
            birthday: self.birthday.filter(|it| *it != WireTime::never()).map(|it| it.0),
            stature: (self.stature * 100.0).round() as i64,
            weight: (self.weight * 100.0).round() as i64,
            description: self.description.clone().filter(|it| !it.trim().is_empty()),
            files: files
                .map(|((file_type, files), id)| UserFile { id, file_type, files })
                .collect(),
            ..UserPersonal::default()
        }
    }
}

fn within(field: &'static str, value: f64, least: f64, most: f64) -> Result<(), ApiError> {
    match (least..=most).contains(&value) {
        true => Ok(()),
        false => Err(ApiError::field(field, format!("must be from {least} to {most}"))),
    }
}

/// Spec section 2.8: from 4 to 6 digits.
fn check_code(field: &'static str, code: &str) -> Result<(), ApiError> {
    check::required(field, code, 10)?;
    let digits = code.trim();
    let fits = (4..=6).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_digit());
    if fits { Ok(()) } else { Err(ApiError::field(field, "must have 4 to 6 digits")) }
}

/// Contracts 20: the body, then the codes, and only then what others have already, so that each such
/// question costs a right code.
async fn register(mut open: Open) -> Outcome {
    let (body, bytes) = open.call.json::<RegisterBody>().await?;
    body.check()?;
    check_password(&open, &body.password, &[&body.email, &body.nick_name, &body.phone_number])?;
    let head = open.call.head(open.tenant.data.tenant, Actor::Anybody, &bytes)?;
    let engine = open.call.app.engine.clone();
    if let Some(done) = open.call.find_repeated(&head)? {
        let number = engine.number_at(done.first)?;
        return Ok(Reply::single(number.to_string()).written(&done));
    }
    let placed = place(&open, None)?;
    let personal = body.personal();
    // Before the codes are used: what breaks a rule costs none.
    let draft = register_command(placed, &personal, Verifiers::default());
    domain::Aggregate::decide(&User::default(), &draft, open.call.now)?;
    let is_email_proved = prove(&open, &body).await?;
    // Only now: who guesses which numbers users have pays a right code for each guess.
    let placed = place(&open, body.referee_id)?;
    let app = &open.call.app;
    let passwords = app.passwords_at(open.call.peer);
    let verifiers = passwords.hash_of_user(&body.password, open.tenant.linked).await?;
    let placed = UserRegistered { email_confirmed: is_email_proved, ..placed };
    let command = |number: u64| {
        let numbered = placed.clone().numbered(UserId(number as u32));
        register_command(numbered, &personal, verifiers.clone())
    };
    let created = engine.create::<User>(command, &head).await;
    let (number, done) = created.map_err(|err| taken(err.into()))?;
    app.attempts.forget_account(open.tenant.data.tenant.0, &personal.user_name);
    app.settle(&done).await;
    Ok(Reply::single(number.to_string()).written(&done))
}

fn register_command(
    data: UserRegistered,
    personal: &UserPersonal,
    password: Verifiers,
) -> UserCommand {
    let (data, personal) = (Box::new(data), Box::new(personal.clone()));
    UserCommand::Register { data, personal, password, app_info: None }
}

/// In this tenant only, with the role of every user and no more (spec section 7.3, H7 and H19).
fn place(open: &Open, referee: Option<i64>) -> Result<UserRegistered, ApiError> {
    let tenant = open.tenant.data.tenant;
    let tables = open.call.app.views.read();
    let referee = match referee {
        None | Some(0) => None,
        Some(id) => {
            let referee = tables.users.get(tenant, UserId(u32::try_from(id).unwrap_or(0)));
            Some(referee.ok_or_else(|| ApiError::field("refereeID", "is no user"))?)
        }
    };
    let placed = placement::place(&tables, tenant, referee.map(|it| &**it))?;
    Ok(UserRegistered { phone_confirmed: true, ..placed })
}

/// Whether the e-mail address was proved, too. Uses up the codes.
async fn prove(open: &Open, body: &RegisterBody) -> Result<bool, ApiError> {
    let (phone, mail) = (Address::phone(&body.phone_number), Address::mail(&body.email));
    let mut tried = vec![Tried { address: &phone, code: &body.phone_number_verify_code }];
    let email_code = body.email_verify_code.as_deref().filter(|it| !it.trim().is_empty());
    tried.extend(email_code.map(|code| Tried { address: &mail, code }));
    // A commit of its own: who registers another time needs another code.
    let head = head_of_trial(open)?;
    match use_codes(open, &tried, CodePurpose::Register, &head).await?[..] {
        [true] => Ok(false),
        [true, true] => Ok(true),
        [true, ..] => Err(ApiError::business(codes::EMAIL_CODE, "the e-mail code is not valid")),
        _ => Err(wrong_phone_code()),
    }
}

fn head_of_trial(open: &Open) -> Result<CommitHead, ApiError> {
    let command = commands::keys::random_id().map_err(|err| ApiError::Internal(err.to_string()))?;
    let tenant = open.tenant.data.tenant;
    Ok(open.call.head_of((domain::CommandId(command), 0), tenant, Actor::Anybody))
}

fn wrong_phone_code() -> ApiError {
    ApiError::business(codes::PHONE_CODE, "the SMS code is not valid")
}

/// What another user of the tenant has already.
fn taken(err: ApiError) -> ApiError {
    match taken_claim(&err, &[USER_PHONE_CLAIM, USER_EMAIL_CLAIM, USER_NAME_CLAIM]) {
        None => err,
        Some(USER_PHONE_CLAIM) => {
            ApiError::business(codes::PHONE_EXISTS, "the phone number is already registered")
        }
        Some(_) => {
            ApiError::business(codes::EMAIL_EXISTS, "the e-mail address is already registered")
        }
    }
}

/// An unknown number is answered as a wrong code is (contracts 20).
async fn reset(mut open: Open) -> Outcome {
    let (body, bytes) = open.call.json::<ResetBody>().await?;
    check::required("countryCode", &body.country_code, 10)?;
    check::required("phoneNumber", &body.phone_number, 50)?;
    check::phone("phoneNumber", &body.phone_number)?;
    check_code("phoneNumberVerifyCode", &body.phone_number_verify_code)?;
    check_password(&open, &body.password, &[&body.phone_number])?;
    let tenant = open.tenant.data.tenant;
    let head = open.call.head(tenant, Actor::Anybody, &bytes)?;
    if let Some(done) = open.call.find_repeated(&head)? {
        return Ok(Reply::single(true).written(&done));
    }
    let phone = Address::phone(&body.phone_number);
    let tried = [Tried { address: &phone, code: &body.phone_number_verify_code }];
    let trial = head_of_trial(&open)?;
    if use_codes(&open, &tried, CodePurpose::Reset, &trial).await? != [true] {
        return Err(wrong_phone_code());
    }
    let app = open.call.app.clone();
    let found = {
        let tables = app.views.read();
        let mut users = tables.users.with_phone(tenant, body.phone_number.trim());
        users.find_map(|it| {
            let personal = tables.users.personal(it)?;
            let code = personal.country_code.unwrap_or_default();
            let is = code.is_empty() || code.trim() == body.country_code.trim();
            let mail = personal.email.filter(|_| it.data.email_confirmed);
            let mail = mail.and_then(|it| mail_address::of(&it));
            is.then_some((it.data.user, mail))
        })
    };
    let (user, mail) = found.ok_or_else(wrong_phone_code)?;
    let passwords = app.passwords_at(open.call.peer);
    let verifiers = passwords.hash_of_user(&body.password, open.tenant.linked).await?;
    let command = UserCommand::SetPassword(verifiers);
    let (letter, language) = (letter_id(head.time)?, language_of(&open.call));
    let (engine, views) = (&app.engine, &app.views);
    let done = change_user_with(engine, views, (user, &command), &head, Expected::Any, |draft| {
        let Some(address) = &mail else { return Ok(()) };
        tell_of_password(draft, tenant, (user, address), language, (&letter, head.time))
    });
    let done = done.await?;
    app.settle(&done).await;
    Ok(Reply::single(true).written(&done))
}
