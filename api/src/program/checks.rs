//! Checks the settings of `serve` before an address is bound or anything is written.

use std::net::SocketAddr;

use commands::password_policy::PasswordPolicy;
use commands::publisher::is_address;
use url::Url;

use super::failure::Failure;
use super::home::named_master_key;
use super::new_password::without_line_end;
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
    if let Some(url) = &options.nats
        && !is_address(url)
    {
        return Err("--nats must be such as nats://127.0.0.1:4222, or several with commas".into());
    }
    if let Some(file) = &options.nats_credentials {
        std::fs::File::open(file)
            .map_err(|err| format!("--nats-credentials: {}: {err}", file.display()))?;
    }
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
    let password = std::env::var(PASSWORD_VARIABLE).ok()?;
    Some(without_line_end(&password).to_owned()).filter(|it| !it.is_empty())
}

/// The first administrator's password obeys the rules of all others.
pub(crate) fn check_preset_password(password: String) -> Result<String, Failure> {
    match PasswordPolicy::default().broken(&password, &[]).first() {
        Some(rule) => Err(format!("{PASSWORD_VARIABLE}: {}", rule.why).into()),
        None => Ok(password),
    }
}

/// The issuer is compared as text, so it has one form: scheme and host in small letters, without the
/// default port and without a slash at its end.
fn check_public_url(text: &str) -> Result<String, Failure> {
    let why = "--public-url must be an http or https URL with a host, without credentials, query and \
               fragment";
    let url = Url::parse(text.trim()).map_err(|_| why)?;
    let is_plain = ["http", "https"].contains(&url.scheme())
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    match is_plain {
        true => Ok(url.as_str().trim_end_matches('/').to_owned()),
        false => Err(why.into()),
    }
}

/// The host of a URL that was checked, with its port if that is not the default one.
pub(crate) fn host_of_url(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    rest.split('/').next().filter(|it| !it.is_empty())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_has_one_form() {
        for (given, kept) in [
            ("https://id.example", "https://id.example"),
            ("https://id.example/", "https://id.example"),
            ("HTTPS://Login.Example.COM:443//", "https://login.example.com"),
            ("http://id.example:80/auth/", "http://id.example/auth"),
            ("http://id.example:443", "http://id.example:443"),
            ("http://[0:0::1]:8080", "http://[::1]:8080"),
        ] {
            assert_eq!(check_public_url(given).unwrap(), kept, "{given}");
        }
        for wrong in
            ["", "id.example", "ftp://id.example", "https://", "https://a@b", "https://a?b"]
        {
            let why = check_public_url(wrong).unwrap_err().to_string();
            assert!(why.starts_with("--public-url must be"), "{wrong}: {why}");
        }
    }
}
