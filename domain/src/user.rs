//! A user: a person (or a robot with a password) of one tenant.

mod defaults;
mod events;
mod limits;
mod permissions;
mod rights;
mod update;

pub use self::events::{
    UserAppInfo, UserAppInfoSet, UserAppPasswordSet, UserChange, UserClaim, UserDeleted,
    UserEnabledSet, UserErased, UserEvent, UserFile, UserLogin, UserPasswordSet, UserPersonal,
    UserPersonalChange, UserPersonalUpdated, UserProperty, UserRegistered, UserRightsSet,
    UserUpdated,
};
pub use self::limits::USER_CHILDREN_MAX;
use self::limits::{check_personal, check_registered};
pub use self::permissions::RestsOn;
use crate::account::{APP_INFO_CHARS_MAX, InfoMark, REG_IP_CHARS_MAX};
use crate::aggregate::{Aggregate, Decision};
use crate::check;
pub use crate::credentials::{
    IdentityRule, PASSWORD_BYTES_MAX, PasswordVerifier, Verifiers, check_password, check_user_name,
    claimed, normalise,
};
use crate::event::Fact;
use crate::ids::{Timestamp, UserId};
use crate::kind::{ClaimKind, Ids};
use crate::refusal::Refusal;

/// The kind of claim that makes a user name unique in its tenant.
pub const USER_NAME_CLAIM: ClaimKind = ClaimKind { name: "user_name", english: "user name" };

/// The kind of claim that makes an e-mail address unique in its tenant.
pub const USER_EMAIL_CLAIM: ClaimKind = ClaimKind { name: "user_email", english: "e-mail address" };

/// The kind of claim that makes a phone number unique in its tenant.
pub const USER_PHONE_CLAIM: ClaimKind = ClaimKind { name: "user_phone", english: "phone number" };

/// What a user may be asked to become.
#[derive(Debug, Clone)]
pub enum UserCommand {
    /// Enter a new user.
    Register {
        /// What anybody with a right to the event may read.
        data: Box<UserRegistered>,
        /// Who it is.
        personal: Box<UserPersonal>,
        /// What proves it; nothing for a user without a password.
        password: Verifiers,
        /// What the app-token service notes about it, if that enters it.
        app_info: Option<Box<UserAppInfo>>,
    },
    /// Replace the password. Tokens issued before end.
    SetPassword(Verifiers),
    /// Replace the password, what the app-token service notes, or both.
    UpdateByApp {
        /// What proves the new password.
        password: Option<Verifiers>,
        /// The new info.
        info: Option<String>,
    },
    /// Let the user sign in, or not. Tokens issued before end.
    SetEnabled(bool),
    /// Replace what the user may do. What is taken away is gone with the next request; what is given
    /// stands in tokens that are issued from then on.
    SetRights {
        /// The roles, by number.
        roles: Vec<u32>,
        /// Claims that grant something: of type `permission`.
        permissions: Vec<UserClaim>,
    },
    /// Become as described. Number, tenant, key, parent and lineage do not count.
    Update(Box<UserRegistered>, Box<UserPersonal>),
    /// End the user. The id is never used again, the user name is free.
    Delete,
    /// End the user and forget the person: the personal parts become unreadable for ever.
    Erase,
}

/// What the rules need to remember of a user, and no more.
#[derive(Debug, Clone, Default)]
pub enum User {
    /// Never registered.
    #[default]
    Absent,
    /// In use.
    Active(Box<Account>),
    /// Ended.
    Deleted {
        /// Who it was.
        user: UserId,
    },
    /// Ended and forgotten.
    Erased,
}

/// A user in use.
#[derive(Debug, Clone)]
pub struct Account {
    data: UserRegistered,
    /// `None` once the key of the personal part is gone.
    personal: Option<UserPersonal>,
    enabled: bool,
    /// Whether it has a password.
    signs_in: bool,
    /// The info of the app-token service, where there is one that can be read.
    app_info: Option<InfoMark>,
}

impl Aggregate for User {
    const CATEGORY: &'static str = "user";
    const IDS: Ids = Ids::Counted;
    const CLAIMS: &'static [ClaimKind] = &[USER_NAME_CLAIM, USER_EMAIL_CLAIM, USER_PHONE_CLAIM];
    type Command = UserCommand;
    type Event = UserEvent;

    fn decide(
        &self,
        command: &UserCommand,
        _now: Timestamp,
    ) -> Result<Decision<UserEvent>, Refusal> {
        match command {
            UserCommand::Register { data, personal, password, app_info } => {
                self.register(data, personal, password, app_info.as_deref())
            }
            UserCommand::SetPassword(verifiers) => self.active()?.update(Some(verifiers), None),
            UserCommand::UpdateByApp { password, info } => {
                self.active()?.update(password.as_ref(), info.as_deref())
            }
            UserCommand::SetEnabled(enabled) => {
                let account = self.active()?;
                let set = UserEnabledSet { user: account.data.user, enabled: *enabled };
                Ok(match account.enabled == *enabled {
                    true => Decision::none(),
                    false => Decision::event(UserEvent::EnabledSet(set.into())),
                })
            }
            UserCommand::SetRights { roles, permissions } => {
                self.active()?.set_rights(roles, permissions)
            }
            UserCommand::Update(data, personal) => self.active()?.changed_to(data, personal),
            UserCommand::Delete => {
                let account = self.active()?;
                let deleted = UserDeleted { user: account.data.user };
                Ok(account.let_go(Decision::event(UserEvent::Deleted(deleted.into()))))
            }
            UserCommand::Erase => self.erase(),
        }
    }

    fn evolve(&mut self, event: &UserEvent) {
        match event {
            UserEvent::Registered(fact) => {
                *self = User::Active(Box::new(Account {
                    data: fact.data.clone(),
                    personal: fact.personal.clone(),
                    enabled: true,
                    signs_in: fact.secret.is_some(),
                    app_info: None,
                }));
            }
            UserEvent::PasswordSet(_) | UserEvent::AppPasswordSet(_) => {
                if let User::Active(account) = self {
                    account.signs_in = true;
                }
            }
            UserEvent::AppInfoSet(fact) => {
                if let User::Active(account) = self {
                    account.app_info = fact.personal.as_ref().map(|it| InfoMark::of(&it.info));
                }
            }
            UserEvent::EnabledSet(fact) => {
                if let User::Active(account) = self {
                    account.enabled = fact.data.enabled;
                }
            }
            UserEvent::RightsSet(fact) => {
                if let User::Active(account) = self {
                    account.data.roles.clone_from(&fact.data.roles);
                    account.data.permissions.clone_from(&fact.data.permissions);
                }
            }
            UserEvent::Updated(fact) => {
                if let User::Active(account) = self {
                    account.take_over(&fact.data, fact.personal.as_ref());
                }
            }
            UserEvent::Deleted(fact) => *self = User::Deleted { user: fact.data.user },
            UserEvent::Erased(_) => *self = User::Erased,
        }
    }
}

impl User {
    fn active(&self) -> Result<&Account, Refusal> {
        match self {
            User::Active(account) => Ok(account),
            User::Absent | User::Deleted { .. } | User::Erased => {
                Err(Refusal::NotFound { what: "user" })
            }
        }
    }

    fn register(
        &self,
        data: &UserRegistered,
        personal: &UserPersonal,
        password: &Verifiers,
        app_info: Option<&UserAppInfo>,
    ) -> Result<Decision<UserEvent>, Refusal> {
        if !matches!(self, User::Absent) {
            return Err(Refusal::AlreadyExists { what: "user" });
        }
        check_personal(personal, None)?;
        check_registered(data)?;
        let mut decision = Decision::event(UserEvent::Registered(Fact {
            data: data.clone(),
            personal: Some(personal.clone()),
            secret: password.password.clone(),
        }));
        decision.events.extend(password.md5.as_ref().map(|it| app_password_set(data.user, it)));
        if let Some(info) = app_info {
            decision.events.push(app_info_set(data.user, info)?);
        }
        Ok(held_by(personal)
            .into_iter()
            .fold(decision, |decision, (kind, value)| decision.claim(data.tenant, kind, value)))
    }

    fn erase(&self) -> Result<Decision<UserEvent>, Refusal> {
        let erased = |user| Decision::event(UserEvent::Erased(UserErased { user }.into()));
        match self {
            User::Absent => Err(Refusal::NotFound { what: "user" }),
            User::Active(account) => Ok(account.let_go(erased(account.data.user))),
            User::Deleted { user } => Ok(erased(*user)),
            User::Erased => Ok(Decision::none()),
        }
    }
}

impl Account {
    /// A new password ends what was known of the old one, in either form.
    fn update(
        &self,
        password: Option<&Verifiers>,
        info: Option<&str>,
    ) -> Result<Decision<UserEvent>, Refusal> {
        let mut decision = Decision::none();
        if let Some(Verifiers { password, md5 }) = password {
            if password.is_none() && md5.is_none() {
                return Err(Refusal::invalid("password", "is required"));
            }
            decision.events.push(UserEvent::PasswordSet(Fact {
                data: UserPasswordSet { user: self.data.user },
                personal: None,
                secret: password.clone(),
            }));
            decision.events.extend(md5.as_ref().map(|it| app_password_set(self.data.user, it)));
        }
        // The same info again changes nothing.
        if let Some(info) = info.filter(|it| self.app_info != Some(InfoMark::of(it))) {
            let info = UserAppInfo { info: info.to_owned(), reg_ip: String::new() };
            decision.events.push(app_info_set(self.data.user, &info)?);
        }
        Ok(decision)
    }

    /// What the user held is free for others.
    fn let_go(&self, decision: Decision<UserEvent>) -> Decision<UserEvent> {
        self.holds().into_iter().fold(decision, |decision, (kind, value)| {
            decision.release(self.data.tenant, kind, value)
        })
    }

    /// What the user holds for itself in the tenant; nothing once the key of the personal part is
    /// gone.
    fn holds(&self) -> Vec<(ClaimKind, String)> {
        self.personal.as_ref().map(held_by).unwrap_or_default()
    }
}

/// What a user has that no other user of the tenant may have.
fn held_by(personal: &UserPersonal) -> Vec<(ClaimKind, String)> {
    let email = personal.email.as_deref().map(claimed);
    let phone = personal.phone_number.as_deref();
    let phone = phone.map(|it| normalise_phone(personal.country_code.as_deref(), it));
    let all = [
        (USER_NAME_CLAIM, Some(claimed(&personal.user_name))),
        (USER_EMAIL_CLAIM, email),
        (USER_PHONE_CLAIM, phone),
    ];
    let present = all.into_iter().filter_map(|(kind, value)| value.map(|it| (kind, it)));
    present.filter(|(_, value)| !value.is_empty()).collect()
}

/// The digits of a phone number, behind those of its country code unless it begins with `+`: `170 1234`
/// of the country `+49` is the number `+49 170 1234`.
pub fn normalise_phone(country_code: Option<&str>, phone: &str) -> String {
    let country = country_code.filter(|_| !phone.trim_start().starts_with('+'));
    let all = country.into_iter().chain([phone]).flat_map(str::chars);
    all.filter(char::is_ascii_digit).collect()
}

fn app_password_set(user: UserId, verifier: &PasswordVerifier) -> UserEvent {
    let data = UserAppPasswordSet { user };
    UserEvent::AppPasswordSet(Fact { data, personal: None, secret: Some(verifier.clone()) })
}

fn app_info_set(user: UserId, info: &UserAppInfo) -> Result<UserEvent, Refusal> {
    check::at_most("userInfo", &info.info, APP_INFO_CHARS_MAX)?;
    check::line("regIP", &info.reg_ip, REG_IP_CHARS_MAX)?;
    let data = UserAppInfoSet { user };
    Ok(UserEvent::AppInfoSet(Fact { data, personal: Some(info.clone()), secret: None }))
}
