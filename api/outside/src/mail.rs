//! Letters, by SMTP.

use std::path::PathBuf;

use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
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
    /// The same for programs that show HTML.
    pub html: Option<String>,
    /// Where a program for letters ends that more of them come (RFC 2369, RFC 8058): an address of the
    /// web, of plain ASCII.
    pub unsubscribe: Option<String>,
}

/// Whether letters could be sent to an address, as far as its form says.
pub fn is_mail_address(text: &str) -> bool {
    text.parse::<lettre::Address>().is_ok()
}

/// The answers of mail servers that concern the one address (RFC 5321 section 4.2.3, RFC 7504): not the
/// server, the letter or its sender.
const OF_THE_ADDRESS: [&str; 5] = ["550", "551", "552", "553", "556"];

impl SendError {
    /// Whether a mail server refused this one address for good.
    pub fn is_bounce(&self) -> bool {
        let code = self.why.strip_prefix("refused ");
        !self.again && code.is_some_and(|it| OF_THE_ADDRESS.contains(&it))
    }
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
        let mut message = Message::builder()
            .message_id(Some(format!("<{}@{domain}>", letter.id)))
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            // Nobody reads answers, and machines should not send any (RFC 3834 section 5).
            .header(AutoSubmitted)
            .subject(letter.subject.clone());
        if let Some(url) = &letter.unsubscribe {
            message = message.header(ListUnsubscribe(format!("<{url}>"))).header(OneClick);
        }
        let text = letter.text.clone();
        let built = match &letter.html {
            Some(html) => message.multipart(MultiPart::alternative_plain_html(text, html.clone())),
            None => {
                let plain = SinglePart::builder().header(ContentType::TEXT_PLAIN).body(text);
                message.singlepart(plain)
            }
        };
        built.map_err(|_| SendError::never("not a letter"))
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

/// Declares a header whose value is written as it is: plain ASCII without line breaks.
macro_rules! header {
    ($(#[$meta:meta])* $header:ident $(($field:ty))?, $name:literal, $value:expr) => {
        $(#[$meta])*
        #[derive(Debug, Clone)]
        struct $header $(($field))?;

        impl Header for $header {
            fn name() -> HeaderName {
                HeaderName::new_from_ascii_str($name)
            }

            fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
                Err("nothing reads it".into())
            }

            fn display(&self) -> HeaderValue {
                let value: fn(&Self) -> String = $value;
                HeaderValue::new(Self::name(), value(self))
            }
        }
    };
}

header! {
    /// `Auto-Submitted: auto-generated`
    AutoSubmitted, "Auto-Submitted", |_| "auto-generated".to_owned()
}

header! {
    /// `List-Unsubscribe: <https://…>`
    ListUnsubscribe(String), "List-Unsubscribe", |it| it.0.clone()
}

header! {
    /// `List-Unsubscribe-Post: List-Unsubscribe=One-Click`
    OneClick, "List-Unsubscribe-Post", |_| "List-Unsubscribe=One-Click".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> Letter {
        Letter {
            id: "notice-1-2".to_owned(),
            to: "ann@shop.example".to_owned(),
            subject: "Orders changed\r\nBcc: eve@shop.example".to_owned(),
            text: "plain".to_owned(),
            html: Some("<p>html</p>".to_owned()),
            unsubscribe: Some(format!("https://shop.example/x?code={}", "A".repeat(300))),
        }
    }

    fn written(letter: &Letter) -> String {
        let mailer = Mailer::folder(PathBuf::new(), "Shop <no-reply@shop.example>").unwrap();
        String::from_utf8(mailer.message(letter).unwrap().formatted()).unwrap()
    }

    #[test]
    fn a_notice_has_two_parts_one_content_type_and_says_how_to_end_it() {
        let letter = letter();
        let written = written(&letter);
        let (head, body) = written.split_once("\r\n\r\n").unwrap();
        assert_eq!(head.matches("Content-Type:").count(), 1, "{head}");
        assert!(head.contains("Content-Type: multipart/alternative;"), "{head}");
        assert!(body.contains("plain") && body.contains("<p>html</p>"), "{body}");
        let whole = head.replace("\r\n ", " ").replace("  ", " ");
        let url = letter.unsubscribe.unwrap();
        assert!(whole.contains(&format!("List-Unsubscribe: <{url}>\r\n")), "{head}");
        assert!(whole.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"), "{head}");
        assert!(whole.contains("Message-ID: <notice-1-2@shop.example>\r\n"), "{head}");
        assert!(!head.lines().any(|it| it.starts_with("Bcc")), "{head}");
        assert!(written.lines().all(|it| it.len() <= 998), "{written}");
    }

    #[test]
    fn an_address_is_one_address_and_nothing_else() {
        for good in ["ann@shop.example", "a.b+c@shop.example", "用户@例子.example"] {
            assert!(is_mail_address(good), "{good}");
        }
        for bad in [
            "",
            "ann",
            "@shop.example",
            "ann@",
            "ann@shop.example,eve@shop.example",
            "a,b@shop.example",
            "ann@shop.example\r\nBcc: eve@shop.example",
            "Ann <ann@shop.example>",
            "a b@shop.example",
        ] {
            assert!(!is_mail_address(bad), "{bad}");
        }
    }

    #[test]
    fn only_what_concerns_the_address_counts_as_a_bounce() {
        for (error, is_bounce) in [
            (SendError::never("refused 550"), true),
            (SendError::never("refused 535"), false),
            (SendError::never("refused 554"), false),
            (SendError::never("not an address"), false),
            (SendError::again("put off 452"), false),
        ] {
            assert_eq!(error.is_bounce(), is_bounce, "{error:?}");
        }
    }
}
