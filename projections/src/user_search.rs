//! Finding users: by what is clear under the lock, by what is sealed after it.

use std::sync::Arc;

use domain::Timestamp;
use domain::user::{UserPersonal, normalise};

use crate::page::{Page, Paging};
use crate::sealed::Keys;
use crate::user_row::UserRow;

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
    /// The beginnings of the type and the value of a claim.
    pub claim: Option<(String, String)>,
    /// Registered at this time or later.
    pub from: Option<Timestamp>,
    /// Registered before this time.
    pub before: Option<Timestamp>,
    /// At or below this point of the hierarchy: `/1/5/`.
    pub lineage: Option<String>,
}

/// What a list of users is ordered by. Users that are equal in it come by number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UserOrder {
    /// The number.
    #[default]
    Number,
    /// When the user was registered.
    Created,
    /// The status.
    Status,
    /// The first balance.
    DataAmount,
    /// The user name, without regard to case.
    UserName,
    /// The nickname.
    NickName,
    /// The e-mail address.
    Email,
}

/// Users of whom all that is clear fits a filter.
#[derive(Debug)]
pub struct Search(Stage);

#[derive(Debug)]
enum Stage {
    Found(Page<UserRow>),
    Among(Box<Among>),
}

#[derive(Debug)]
struct Among {
    rows: Vec<Arc<UserRow>>,
    keys: Keys,
    filter: UserFilter,
    order: UserOrder,
    paging: Paging,
}

impl Search {
    pub(crate) fn found(total: usize, rows: Vec<Arc<UserRow>>) -> Self {
        Self(Stage::Found(Page { total, rows }))
    }

    pub(crate) fn among(
        rows: Vec<Arc<UserRow>>,
        keys: Keys,
        filter: UserFilter,
        order: UserOrder,
        paging: Paging,
    ) -> Self {
        Self(Stage::Among(Box::new(Among { rows, keys, filter, order, paging })))
    }

    /// How many users must be opened to finish, at about two microseconds each, or more if both
    /// filter and order are about what is sealed.
    pub fn opens(&self) -> usize {
        match &self.0 {
            Stage::Among(among) if among.is_about_personal() => among.rows.len(),
            _ => 0,
        }
    }

    /// Opens what must be opened, orders, and cuts the page.
    pub fn finish(self) -> Page<UserRow> {
        match self.0 {
            Stage::Found(page) => page,
            Stage::Among(among) => among.finish(),
        }
    }
}

impl Among {
    fn is_about_personal(&self) -> bool {
        self.filter.is_about_personal() || self.order.is_about_personal()
    }

    fn finish(self) -> Page<UserRow> {
        let Self { mut rows, keys, filter, order, paging } = self;
        if filter.is_about_personal() {
            rows.retain(|it| filter.fits_personal(it, it.personal(&keys).as_ref()));
        }
        order.page(rows, &keys, paging)
    }
}

impl UserOrder {
    fn is_about_personal(self) -> bool {
        match self {
            Self::Number | Self::Created | Self::Status | Self::DataAmount => false,
            Self::UserName | Self::NickName | Self::Email => true,
        }
    }

    fn page(self, rows: Vec<Arc<UserRow>>, keys: &Keys, paging: Paging) -> Page<UserRow> {
        let personal = |it: &UserRow| it.personal(keys);
        match self {
            Self::Number => Page::cut(rows.len(), rows.iter(), paging),
            Self::Created => Page::sort(rows, |it| it.created, paging),
            Self::Status => Page::sort(rows, |it| it.data.status, paging),
            Self::DataAmount => Page::sort(rows, |it| it.data.data_amount, paging),
            Self::UserName => {
                Page::sort(rows, |it| personal(it).map(|it| it.user_name.to_lowercase()), paging)
            }
            Self::NickName => Page::sort(rows, |it| personal(it)?.nick_name, paging),
            Self::Email => Page::sort(rows, |it| personal(it)?.email, paging),
        }
    }
}

impl UserFilter {
    pub(crate) fn is_open(&self) -> bool {
        !self.is_about_personal()
            && self.roles.is_none()
            && self.from.is_none()
            && self.before.is_none()
            && self.lineage.is_none()
    }

    fn is_about_personal(&self) -> bool {
        self.email.is_some()
            || self.phone_number.is_some()
            || self.name.is_some()
            || self.claim.is_some()
    }

    pub(crate) fn fits_data(&self, row: &UserRow) -> bool {
        self.roles.as_ref().is_none_or(|it| row.data.roles.iter().any(|r| it.contains(r)))
            && self.from.is_none_or(|it| row.created >= it)
            && self.before.is_none_or(|it| row.created < it)
            && self.lineage.as_ref().is_none_or(|it| row.data.lineage.starts_with(it.as_str()))
    }

    fn fits_personal(&self, row: &UserRow, personal: Option<&UserPersonal>) -> bool {
        let same =
            |wanted: &Option<String>, has: Option<&String>, equal: fn(&str, &str) -> bool| {
                wanted.as_ref().is_none_or(|wanted| has.is_some_and(|has| equal(wanted, has)))
            };
        same(&self.email, personal.and_then(|it| it.email.as_ref()), |a, b| {
            normalise(a) == normalise(b)
        }) && same(&self.phone_number, personal.and_then(|it| it.phone_number.as_ref()), |a, b| {
            a == b
        }) && self.name.as_ref().is_none_or(|it| personal.is_some_and(|who| has_name(who, it)))
            && self.claim.as_ref().is_none_or(|it| has_claim(row, personal, it))
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
        .any(|it| it.claim_type.starts_with(kind) && it.value.starts_with(value))
}
