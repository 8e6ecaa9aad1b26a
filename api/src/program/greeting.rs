//! What a new operator needs, printed at each start: a first request, if it is known to work.

use std::net::SocketAddr;
use std::sync::Arc;

use commands::bootstrap::{ADMINISTRATOR_NAME, FIRST_PARTY_CLIENT};
use domain::TenantId;
use serde_json::json;

use super::checks::{PASSWORD_VARIABLE, preset_password};
use super::failure::Failure;
use super::output::print;
use super::settings::LogFormat;
use crate::state::app::App;

/// Prints a password that was made up, before anything depends on it: for people, or as one line for
/// programs.
///
/// # Errors
/// When it cannot be printed: nobody would know it.
pub(crate) fn show_password(password: &str, format: LogFormat) -> Result<(), Failure> {
    let message = "The administrator's password, shown once";
    let printed = match format {
        LogFormat::Json => {
            let administrator = ADMINISTRATOR_NAME;
            let line = json!({
                "message": message, "administrator": administrator, "password": password,
            });
            print(line)
        }
        LogFormat::Text => print(format_args!(
            "The administrator is {ADMINISTRATOR_NAME}, with this password, shown once:\n\n    \
             {password}\n"
        )),
    };
    printed.map_err(|err| {
        format!(
            "the administrator's password cannot be printed ({err}), so nothing was made; set it in \
             {PASSWORD_VARIABLE}, or let standard output be read"
        )
        .into()
    })
}

/// Prints a request that works, with the administrator's password if it was made up at this start.
pub(crate) async fn greet(
    app: &Arc<App>,
    address: SocketAddr,
    made_up: Option<String>,
    format: LogFormat,
) {
    let Some(request) = request(app, address, made_up).await else { return };
    let message = "Get an access token";
    // Whoever closed standard output does not want to read it.
    let _ = match format {
        LogFormat::Json => {
            let administrator = ADMINISTRATOR_NAME;
            print(json!({ "message": message, "administrator": administrator, "request": request }))
        }
        LogFormat::Text => print(format_args!("{message}:\n\n{request}\n")),
    };
}

/// A request for a token, as a shell takes it, if one is known to work.
async fn request(app: &Arc<App>, address: SocketAddr, made_up: Option<String>) -> Option<String> {
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
        None => return None,
    };
    Some(format!(
        "curl -s http://{address}/connect/token -d client_id={FIRST_PARTY_CLIENT} \
         -d grant_type=password -d username={ADMINISTRATOR_NAME} \
         --data-urlencode {shown} -d scope=oauthapp.all"
    ))
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
