//! Short messages, by a webhook that the operator's gateway answers, signed as Standard Webhooks says.

use std::path::PathBuf;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::{Client, StatusCode, Url, redirect};
use serde_json::json;

use crate::{ATTEMPT_TIME_MAX, SendError, Unusable, folder};

/// The shortest secret, in bytes (Standard Webhooks: 24 to 64).
const SECRET_BYTES_MIN: usize = 24;

/// A short message.
#[derive(Debug, Clone)]
pub struct Message {
    /// What names it: the same at every attempt, so that the gateway can tell a second copy from a
    /// second message.
    pub id: String,
    /// The telephone number that it goes to.
    pub to: String,
    /// Its text.
    pub text: String,
    /// Which text it is.
    pub template: String,
}

/// What short messages leave by.
pub struct Messenger(Way);

enum Way {
    Webhook(Box<Webhook>),
    Folder(PathBuf),
}

struct Webhook {
    client: Client,
    url: Url,
    key: hmac::Key,
}

impl Messenger {
    /// By a webhook, with its secret: `whsec_` and Base64, or any text.
    ///
    /// # Errors
    /// When either cannot be used.
    pub fn webhook(url: &str, secret: &str) -> Result<Self, Unusable> {
        let url = url.parse::<Url>().ok().filter(|it| ["http", "https"].contains(&it.scheme()));
        let why = "--sms-webhook-url: must be an http or https URL";
        let url = url.ok_or_else(|| Unusable(why.to_owned()))?;
        let secret = secret.trim();
        let bytes = match secret.strip_prefix("whsec_") {
            Some(encoded) => BASE64_STANDARD.decode(encoded).unwrap_or_default(),
            None => secret.as_bytes().to_vec(),
        };
        if bytes.len() < SECRET_BYTES_MIN {
            let why =
                "--sms-webhook-secret-file: must hold at least 24 bytes, or whsec_ and Base64";
            return Err(Unusable(why.to_owned()));
        }
        let builder = Client::builder().redirect(redirect::Policy::none());
        let client = builder.timeout(ATTEMPT_TIME_MAX).build();
        let client = client.map_err(|err| Unusable(format!("the HTTP client: {err}")))?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
        Ok(Self(Way::Webhook(Box::new(Webhook { client, url, key }))))
    }

    /// Into a folder, as one file each.
    pub fn folder(folder: PathBuf) -> Self {
        Self(Way::Folder(folder))
    }

    /// Sends a message, once. `seconds` is the time, since 1970.
    ///
    /// # Errors
    /// When it was refused, or the gateway cannot be reached.
    pub async fn send(&self, message: &Message, seconds: i64) -> Result<(), SendError> {
        let Message { id, to, text, template } = message;
        let body = json!({ "to": to, "text": text, "template": template }).to_string();
        let Webhook { client, url, key } = match &self.0 {
            Way::Folder(to) => return folder::write(to, format!("{id}.json"), body.into()).await,
            Way::Webhook(webhook) => &**webhook,
        };
        let signed = hmac::sign(key, format!("{id}.{seconds}.{body}").as_bytes());
        let request = client
            .post(url.clone())
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", format!("v1,{}", BASE64_STANDARD.encode(signed)))
            .body(body);
        match request.send().await {
            Ok(answer) => judge(answer.status()),
            Err(err) if err.is_timeout() => Err(SendError::again("timed out")),
            Err(_) => Err(SendError::again("cannot be reached")),
        }
    }
}

/// What the gateway says of the message itself does not change by trying again; what it says of itself
/// may.
fn judge(status: StatusCode) -> Result<(), SendError> {
    let number = status.as_u16();
    match status {
        it if it.is_success() => Ok(()),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
            Err(SendError::again(format!("put off {number}")))
        }
        it if it.is_client_error() => Err(SendError::never(format!("refused {number}"))),
        _ => Err(SendError::again(format!("put off {number}"))),
    }
}
