//! Which users a list shows: by what the indexes know, by what is clear, and by what is sealed.

use domain::user::UserPersonal;
use domain::{TenantId, Timestamp, mail_address};

use crate::found::Group;
use crate::page::Paging;
use crate::search::Query;
use crate::table::Table;
use crate::user_row::{UserData, UserRow, email_hash, phone_hash, with_role};

/// Which users are wanted. Absent parts do not filter.
#[derive(Debug, Clone, Default)]
pub struct UserFilter {
    /// The e-mail address, without regard to case.
    pub email: Option<String>,
    /// The phone number, exactly.
    pub phone_number: Option<String>,
    /// A part of the nickname or of the user name, without regard to case.
    pub name: Option<String>,
    /// The numbers of the roles of which the user must have one.
    pub roles: Option<Vec<u32>>,
    /// The beginnings of the type and the value of a claim, without regard to case.
    pub claim: Option<(String, String)>,
    /// The beginnings of the name of an external provider and of the key there; empty fits all.
    pub login: Option<(String, String)>,
    /// Registered at this time or later.
    pub from: Option<Timestamp>,
    /// Registered before this time.
    pub before: Option<Timestamp>,
    /// At or below this point of the hierarchy: `/1/5/`.
    pub lineage: Option<String>,
}

impl Table<UserData> {
    /// The users of a tenant that fit a filter.
    pub fn fitting(&self, tenant: TenantId, filter: UserFilter, paging: Paging) -> Query<UserData> {
        let email = filter.email.as_ref().map(|it| email_hash(&self.keys, tenant, it));
        let phone = filter.phone_number.as_ref().map(|it| phone_hash(&self.keys, tenant, it));
        let roles = filter.roles.as_ref().map(|it| it.iter().map(|it| with_role(*it)).collect());
        let query = Query {
            any_of: roles,
            hash: email.or(phone),
            ..Query::of(Group::tenant(tenant), paging)
        };
        if filter.is_answered_by_indexes() {
            return query;
        }
        query.filtered(move |row, keys| {
            filter.fits_data(row)
                && (!filter.is_about_personal()
                    || filter.fits_personal(row, row.personal(keys).as_ref()))
        })
    }
}

impl UserFilter {
    /// Who has a role is known; who has a hash may have another value with the same.
    fn is_answered_by_indexes(&self) -> bool {
        !self.is_about_personal()
            && self.from.is_none()
            && self.before.is_none()
            && self.lineage.is_none()
    }

    fn is_about_personal(&self) -> bool {
        self.email.is_some()
            || self.phone_number.is_some()
            || self.name.is_some()
            || self.claim.is_some()
            || self.login.is_some()
    }

    fn fits_data(&self, row: &UserRow) -> bool {
        self.from.is_none_or(|it| row.created >= it)
            && self.before.is_none_or(|it| row.created < it)
            && self.lineage.as_ref().is_none_or(|it| row.data.lineage.starts_with(it.as_str()))
    }

    fn fits_personal(&self, row: &UserRow, personal: Option<&UserPersonal>) -> bool {
        let same =
            |wanted: &Option<String>, has: Option<&String>, equal: fn(&str, &str) -> bool| {
                wanted.as_ref().is_none_or(|wanted| has.is_some_and(|has| equal(wanted, has)))
            };
        same(&self.email, personal.and_then(|it| it.email.as_ref()), |a, b| {
            mail_address::key(a) == mail_address::key(b)
        }) && same(&self.phone_number, personal.and_then(|it| it.phone_number.as_ref()), |a, b| {
            a == b
        }) && self.name.as_ref().is_none_or(|it| personal.is_some_and(|who| has_name(who, it)))
            && self.claim.as_ref().is_none_or(|it| has_claim(row, personal, it))
            && self.login.as_ref().is_none_or(|it| has_login(personal, it))
    }
}

fn has_name(personal: &UserPersonal, part: &str) -> bool {
    let part = part.to_lowercase();
    let nick_name = personal.nick_name.as_ref().is_some_and(|it| it.to_lowercase().contains(&part));
    nick_name || personal.user_name.to_lowercase().contains(&part)
}

fn has_claim(row: &UserRow, personal: Option<&UserPersonal>, wanted: &(String, String)) -> bool {
    let (kind, value) = wanted;
    let described = personal.into_iter().flat_map(|it| &it.claims);
    described
        .chain(&row.data.permissions)
        .any(|it| begins_with(&it.claim_type, kind) && begins_with(&it.value, value))
}

fn has_login(personal: Option<&UserPersonal>, (provider, key): &(String, String)) -> bool {
    let mut logins = personal.into_iter().flat_map(|it| &it.logins);
    logins.any(|it| it.provider.starts_with(provider) && it.key.starts_with(key))
}

/// Without regard to the case of letters of ASCII.
pub fn begins_with(text: &str, beginning: &str) -> bool {
    let begun = text.as_bytes().get(..beginning.len());
    begun.is_some_and(|it| it.eq_ignore_ascii_case(beginning.as_bytes()))
}
