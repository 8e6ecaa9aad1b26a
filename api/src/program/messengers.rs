//! By which way letters, notices and short messages leave, as the operator set it; and what else follows
//! the log and acts.

use std::path::Path;
use std::sync::Arc;

use outside::{Mailer, Messenger};
use tokio::task::JoinHandle;

use super::failure::Failure;
use super::settings::Serve;
use crate::state::app::App;
use crate::workers::deliveries::Deliverer;
use crate::workers::drive;
use crate::workers::leaving::Leaving;
use crate::workers::notices::Notifier;

/// All ways.
pub(super) struct Messengers {
    mail: Mailer,
    notices: Notifier,
    sms: Messenger,
}

impl Messengers {
    /// Refused before anything is written, if it cannot be used.
    pub(super) fn new(options: &Serve, data: &Path) -> Result<Self, Failure> {
        let mailer = || match &options.smtp_url {
            Some(url) => Mailer::smtp(url, &options.mail_from),
            None => Mailer::folder(data.join("mail"), &options.mail_from),
        };
        let (mail, mailer) = (mailer()?, mailer()?);
        let notices = Notifier { mailer, wait_seconds: options.notice_wait_seconds.into() };
        let sms = match (&options.sms_webhook_url, &options.sms_webhook_secret_file) {
            (Some(url), Some(file)) => {
                let secret = std::fs::read_to_string(file).map_err(|err| {
                    format!("--sms-webhook-secret-file: {}: {err}", file.display())
                })?;
                Messenger::webhook(url, &secret)?
            }
            (Some(_), None) => {
                return Err("--sms-webhook-url needs --sms-webhook-secret-file".into());
            }
            (None, _) => Messenger::folder(data.join("sms")),
        };
        Ok(Self { mail, notices, sms })
    }

    /// Starts to send. Each ends with the program.
    pub(super) fn start(self, app: &Arc<App>) -> Vec<JoinHandle<()>> {
        let Self { mail, notices, sms } = self;
        vec![
            tokio::spawn(drive(app.clone(), Deliverer::Mail(mail))),
            tokio::spawn(drive(app.clone(), Deliverer::Sms(sms))),
            tokio::spawn(drive(app.clone(), notices)),
            tokio::spawn(drive(app.clone(), Leaving)),
        ]
    }
}
