//! What a new operator needs, printed at each start: a first request, if it is known to work.

use std::net::SocketAddr;
use std::sync::Arc;

use commands::bootstrap::{ADMINISTRATOR_NAME, FIRST_PARTY_CLIENT};
use domain::TenantId;

use super::checks::{PASSWORD_VARIABLE, preset_password};
use super::failure::Failure;
use super::output::print;
use crate::state::app::App;

/// Prints a request that works, with the administrator's password if it was made up at this start.
pub(crate) async fn greet(app: &Arc<App>, address: SocketAddr, made_up: Option<String>) {
    let shown = match made_up {
        // Its characters mean nothing to a shell.
        Some(password) => format!("'password={password}'"),
        // In double quotes, so that the shell inserts the password; a shell without the variable
        // says so.
        None if is_preset_right(app).await => {
            format!("\"password=${{{PASSWORD_VARIABLE}:?is not set in this shell}}\"")
        }
        // The password was changed since, or this process never knew it: nobody here knows what
        // would work.
        None => return,
    };
    let request = format!(
        "Get an access token:\n\n\
         curl -s http://{address}/connect/token -d client_id={FIRST_PARTY_CLIENT} \
         -d grant_type=password -d username={ADMINISTRATOR_NAME} \
         --data-urlencode {shown} -d scope=oauthapp.all\n"
    );
    // Whoever closed standard output does not want to read it.
    let _ = print(request);
}

/// Prints a password that was made up, before anything depends on it.
///
/// # Errors
/// When it cannot be printed: nobody would know it.
pub(crate) fn show_password(password: &str) -> Result<(), Failure> {
    let text = format!(
        "The administrator is {ADMINISTRATOR_NAME}, with this password, shown once:\n\n    {password}\n"
    );
    print(text).map_err(|err| {
        format!(
            "the administrator's password cannot be printed ({err}), so nothing was made; set it in \
             {PASSWORD_VARIABLE}, or let standard output be read"
        )
        .into()
    })
}

/// Whether the password in the environment is the administrator's.
async fn is_preset_right(app: &Arc<App>) -> bool {
    let Some(password) = preset_password() else { return false };
    let verifiers = {
        let tables = app.views.read();
        let user = tables.users.named(TenantId::FIRST, ADMINISTRATOR_NAME);
        user.filter(|it| it.enabled).map(|it| tables.users.verifiers(it))
    };
    match verifiers {
        Some(verifiers) => app.passwords.verify_of_user(&password, &verifiers).await == Ok(true),
        None => false,
    }
}
