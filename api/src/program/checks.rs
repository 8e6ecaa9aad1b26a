//! Checks the settings of `serve` before an address is bound or anything is written.

use std::net::SocketAddr;

use commands::password_policy::PasswordPolicy;

use super::failure::Failure;
use super::home::named_master_key;
use super::settings::{Common, Serve};
use crate::state::app_token_settings::AppTokenSettings;

/// The variable that presets the administrator's password.
pub(crate) const PASSWORD_VARIABLE: &str = "CHANCERY_ADMIN_PASSWORD";

/// Settings that hold.
pub(crate) struct Checked {
    pub(crate) public_url: Option<String>,
    pub(crate) app_token: AppTokenSettings,
    /// The addresses that `--listen` means; the first that can be bound is used.
    pub(crate) addresses: Vec<SocketAddr>,
    /// The addresses that `--metrics-listen` means.
    pub(crate) of_figures: Option<Vec<SocketAddr>>,
}

/// Checks everything that can be refused without the log. Changes nothing.
pub(crate) async fn check(common: &Common, options: &Serve) -> Result<Checked, Failure> {
    let public_url = options.public_url.as_deref().map(check_public_url).transpose()?;
    let addresses = addresses(&options.listen).await?;
    let of_figures = match &options.metrics_listen {
        Some(text) => Some(self::addresses(text).await?),
        None => None,
    };
    let behind_proxy = match (&options.public_url, options.trusted_proxies.is_empty()) {
        (Some(_), _) => Some("--public-url"),
        (None, false) => Some("--trusted-proxies"),
        (None, true) => None,
    };
    let app_token = options.app_token.read(&addresses, behind_proxy)?;
    named_master_key(common)?;
    if let Some(password) = preset_password()
        && !common.data.join("log").exists()
    {
        check_preset_password(password)?;
    }
    Ok(Checked { public_url, app_token, addresses, of_figures })
}

async fn addresses(text: &str) -> Result<Vec<SocketAddr>, Failure> {
    let found = tokio::net::lookup_host(text).await;
    let found = found.map_err(|err| format!("listening on {text}: {err}"))?.collect::<Vec<_>>();
    if found.is_empty() {
        return Err(format!("listening on {text}: no address has this name").into());
    }
    Ok(found)
}

/// The administrator's password, where the operator has set one.
pub(crate) fn preset_password() -> Option<String> {
    std::env::var(PASSWORD_VARIABLE).ok().filter(|it| !it.is_empty())
}

/// The first administrator's password obeys the rules of all others.
pub(crate) fn check_preset_password(password: String) -> Result<String, Failure> {
    match PasswordPolicy::default().broken(&password, &[]).first() {
        Some(rule) => Err(format!("{PASSWORD_VARIABLE}: {}", rule.why).into()),
        None => Ok(password),
    }
}

/// The issuer is compared as text, so it has one form: without a slash at its end.
fn check_public_url(url: &str) -> Result<String, Failure> {
    let url = url.trim_end_matches('/');
    let host = host_of_url(url);
    if host.is_none() || url.contains(['?', '#']) {
        return Err("--public-url must be an http or https URL with a host".into());
    }
    Ok(url.to_owned())
}

pub(crate) fn host_of_url(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"))?;
    rest.split('/').next().filter(|it| !it.is_empty())
}
