//! What a new operator needs, printed at each start: a first request, if it is known to work.

use std::net::SocketAddr;
use std::sync::Arc;

use commands::bootstrap::{ADMINISTRATOR_NAME, FIRST_PARTY_CLIENT};
use domain::TenantId;

use super::checks::{PASSWORD_VARIABLE, preset_password};
use crate::state::app::App;

/// Prints the administrator's password if it was made up at this start, and a request that works.
pub(crate) async fn greet(app: &Arc<App>, address: SocketAddr, made_up: Option<String>) {
    let shown = match made_up {
        Some(password) => {
            println!("The administrator is {ADMINISTRATOR_NAME}, with this password, shown once:");
            println!("\n    {password}\n");
            // Its characters mean nothing to a shell.
            format!("'password={password}'")
        }
        // In double quotes, so that the shell inserts the password; a shell without the variable
        // says so.
        None if is_preset_right(app).await => {
            format!("\"password=${{{PASSWORD_VARIABLE}:?is not set in this shell}}\"")
        }
        // The password was changed since, or this process never knew it: nobody here knows what
        // would work.
        None => return,
    };
    println!("Get an access token:\n");
    println!(
        "curl -s http://{address}/connect/token -d client_id={FIRST_PARTY_CLIENT} \
         -d grant_type=password -d username={ADMINISTRATOR_NAME} \
         --data-urlencode {shown} -d scope=oauthapp.all\n"
    );
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
