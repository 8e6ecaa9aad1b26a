//! How an operator makes a user.

use commands::password::PasswordPool;
use domain::user::{UserClaim, UserCommand, UserPersonal, UserRegistered};
use domain::{TenantId, UserId};

use super::failure::Failure;
use super::new_password::check_password;
use super::operator::{head_of, wait_until_shown};
use super::running::Running;
use crate::access::administrators::administrator_role;
use crate::access::placement::place;
use crate::app_token::accounts::Accounts;

/// Enters a user at the top of a tenant.
pub(super) async fn create(
    on: &Running,
    what: &str,
    (name, tenant): (&str, TenantId),
    password: &str,
    administrator: bool,
) -> Result<String, Failure> {
    let (mut data, linked) = {
        let tables = on.views.read();
        tables.tenants.get(tenant).ok_or_else(|| format!("there is no tenant {tenant}"))?;
        let mut data = place(&tables, tenant, None).map_err(|err| err.detail())?;
        if administrator {
            let role = administrator_role(&tables, tenant)
                .ok_or_else(|| format!("tenant {tenant} has no role of administrators"))?;
            data.roles.push(role);
        }
        (data, Accounts::of(&tables, tenant).linked)
    };
    if administrator {
        data.permissions = vec![UserClaim::everything(1)];
    }
    check_password(on, tenant, name, password)?;
    let verifiers = PasswordPool::new(1).hash_of_user(password, linked).await?;
    let numbered = |number: u64| UserCommand::Register {
        data: Box::new(UserRegistered::numbered(data.clone(), UserId(number as u32))),
        personal: Box::new(UserPersonal { user_name: name.to_owned(), ..UserPersonal::default() }),
        password: verifiers.clone(),
        app_info: None,
    };
    let head = head_of(on, what, tenant, on.clock.now())?;
    let (user, done) = on.engine.create::<domain::user::User>(numbered, &head).await?;
    wait_until_shown(on, done.position).await?;
    let is = if administrator { "an administrator" } else { "a user" };
    Ok(format!("user {user} is {is} of tenant {tenant}"))
}
