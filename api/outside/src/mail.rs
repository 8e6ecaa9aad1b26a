//! Letters, by SMTP.

use std::path::PathBuf;

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, SinglePart};
use lettre::transport::smtp::{Error as SmtpError, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

use crate::{ATTEMPT_TIME_MAX, SendError, Unusable, folder};

/// The most connections to the mail server at a time.
const CONNECTIONS_MAX: u32 = 4;

/// A letter.
#[derive(Debug, Clone)]
pub struct Letter {
    /// What names it: the same at every attempt, so that a second copy can be told from a second
    /// letter (RFC 5322 section 3.6.4).
    pub id: String,
    /// The e-mail address that it goes to.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
}

/// What letters leave by.
pub struct Mailer {
    from: Mailbox,
    way: Way,
}

enum Way {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Folder(PathBuf),
}

impl Mailer {
    /// By SMTP: `smtp://user:password@host:port?tls=required`, `smtps://…`; with the sender.
    ///
    /// # Errors
    /// When either cannot be read.
    pub fn smtp(url: &str, from: &str) -> Result<Self, Unusable> {
        // The error may repeat the URL, with its password.
        let wrong = |_| {
            let why = "--smtp-url: must be like smtps://user:password@host or \
                       smtp://host:25?tls=required";
            Unusable(why.to_owned())
        };
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(wrong)?;
        let pool = PoolConfig::new().max_size(CONNECTIONS_MAX);
        let transport = builder.timeout(Some(ATTEMPT_TIME_MAX)).pool_config(pool).build();
        Ok(Self { from: mailbox(from)?, way: Way::Smtp(transport) })
    }

    /// Into a folder, as one file each.
    ///
    /// # Errors
    /// When the sender cannot be read.
    pub fn folder(folder: PathBuf, from: &str) -> Result<Self, Unusable> {
        Ok(Self { from: mailbox(from)?, way: Way::Folder(folder) })
    }

    /// Sends a letter, once.
    ///
    /// # Errors
    /// When it was refused, or the server cannot be reached.
    pub async fn send(&self, letter: &Letter) -> Result<(), SendError> {
        let message = self.message(letter)?;
        match &self.way {
            Way::Folder(to) => {
                folder::write(to, format!("{}.eml", letter.id), message.formatted()).await
            }
            Way::Smtp(transport) => {
                match tokio::time::timeout(ATTEMPT_TIME_MAX, transport.send(message)).await {
                    Ok(Ok(_)) => Ok(()),
                    Ok(Err(err)) => Err(refused(&err)),
                    Err(_) => Err(SendError::again("timed out")),
                }
            }
        }
    }

    fn message(&self, letter: &Letter) -> Result<Message, SendError> {
        let to = letter.to.parse().map_err(|_| SendError::never("not an address"))?;
        let domain = self.from.email.domain();
        let text = SinglePart::builder().header(ContentType::TEXT_PLAIN).body(letter.text.clone());
        let message = Message::builder()
            .message_id(Some(format!("<{}@{domain}>", letter.id)))
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            // Nobody reads answers, and machines should not send any (RFC 3834 section 5).
            .header(AutoSubmitted)
            .subject(letter.subject.clone())
            .singlepart(text);
        message.map_err(|_| SendError::never("not a letter"))
    }
}

fn mailbox(from: &str) -> Result<Mailbox, Unusable> {
    let why = "--mail-from: must be like Shop <no-reply@shop.example>";
    from.parse().map_err(|_| Unusable(why.to_owned()))
}

fn refused(err: &SmtpError) -> SendError {
    let code = err.status().map(|it| format!(" {it}")).unwrap_or_default();
    if err.is_permanent() {
        SendError::never(format!("refused{code}"))
    } else if err.is_transient() {
        SendError::again(format!("put off{code}"))
    } else if err.is_timeout() {
        SendError::again("timed out")
    } else if err.is_tls() {
        SendError::again("TLS failed")
    } else {
        SendError::again("cannot be reached")
    }
}

/// `Auto-Submitted: auto-generated`
#[derive(Debug, Clone)]
struct AutoSubmitted;

impl lettre::message::header::Header for AutoSubmitted {
    fn name() -> lettre::message::header::HeaderName {
        lettre::message::header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> lettre::message::header::HeaderValue {
        lettre::message::header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}
