//! The codes in the links of letters to subscribers: sealed, so that nobody reads an address in a URL, a
//! log line or a proxy, or makes a code of their own.

use commands::keys::{Keyring, NotOpened};
use domain::subscriber::address_at;
use domain::{TenantId, Timestamp, codec};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// How long a code to subscribe counts, in seconds.
pub(crate) const CONFIRM_SECONDS: i64 = 1_800;

/// A code with which an address subscribes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ConfirmCode {
    pub(crate) tenant: TenantId,
    pub(crate) resource: u32,
    /// Where the log ended when the code was issued: it does not count if the address was removed later.
    pub(crate) position: u64,
    pub(crate) expires_at: Timestamp,
    pub(crate) address: String,
    pub(crate) language: String,
}

/// A code that ends that an address is told. It does not expire.
///
/// It says the mark of the address, not the number of a subscriber: the letter with which somebody
/// subscribes has such a code before there is a number, and the link in an old letter still does what it
/// says for whoever subscribed again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CancelCode {
    pub(crate) tenant: TenantId,
    pub(crate) resource: u32,
    pub(crate) mark: [u8; 16],
}

/// What is sealed, with the purpose that names its action: a code for one action is none for another.
pub(crate) trait LinkCode: Serialize + DeserializeOwned {
    const PURPOSE: &'static str;

    /// As it stands in a link.
    fn seal(&self, keys: &Keyring) -> Result<String, NotOpened> {
        let clear = codec::encode(self).map_err(|_| NotOpened)?;
        keys.seal_text(Self::PURPOSE, &clear)
    }

    /// Reads what stands in a link; `None` for what the program did not put there.
    fn open(keys: &Keyring, text: &str) -> Option<Self> {
        codec::decode(&keys.open_text(Self::PURPOSE, text)?).ok()
    }
}

impl LinkCode for ConfirmCode {
    const PURPOSE: &'static str = "subscriber.confirm";
}

impl LinkCode for CancelCode {
    const PURPOSE: &'static str = "subscriber.cancel";
}

/// What tells one address of one API resource from others, without saying it.
pub(crate) fn mark_of(keys: &Keyring, tenant: TenantId, resource: u32, address: &str) -> [u8; 16] {
    // A kind of its own: no claim in the log has this hash.
    let hash = keys.claim_hash(tenant, "subscriber.mark", &address_at(resource, address));
    hash.first_chunk().copied().unwrap_or_default()
}

/// The two links of a letter, under the URL of a tenant.
pub(crate) struct Links<'a>(pub(crate) &'a str);

impl Links<'_> {
    pub(crate) fn confirm(&self, resource: u32, code: &str) -> String {
        format!("{}/api/ApiResource/{resource}/AddSubscription?code={code}", self.0)
    }

    pub(crate) fn cancel(&self, resource: u32, code: &str) -> String {
        format!("{}/api/ApiResource/{resource}/DelSubscription?code={code}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_for_one_action_is_none_for_another_and_names_nobody() {
        let keys = Keyring::ephemeral().unwrap();
        let code = ConfirmCode {
            tenant: TenantId(1),
            resource: 7,
            position: 9,
            expires_at: Timestamp(5),
            address: "ann@shop.example".to_owned(),
            language: "en".to_owned(),
        };
        let text = code.seal(&keys).unwrap();
        assert_eq!(ConfirmCode::open(&keys, &text), Some(code));
        assert_eq!(CancelCode::open(&keys, &text), None);
        let mark = mark_of(&keys, TenantId(1), 7, "ann@shop.example");
        let cancel = CancelCode { tenant: TenantId(1), resource: 7, mark };
        let text = cancel.seal(&keys).unwrap();
        assert_eq!(
            (CancelCode::open(&keys, &text), ConfirmCode::open(&keys, &text)),
            (Some(cancel), None)
        );
    }

    #[test]
    fn a_mark_is_that_of_one_address_of_one_resource_of_one_tenant() {
        let keys = Keyring::ephemeral().unwrap();
        let mark = |tenant, resource, address| mark_of(&keys, TenantId(tenant), resource, address);
        let ann = mark(1, 7, "ann@shop.example");
        assert_eq!(ann, mark(1, 7, " Ann@SHOP.example "));
        for other in [mark(2, 7, "ann@shop.example"), mark(1, 8, "ann@shop.example")] {
            assert_ne!(ann, other);
        }
    }
}
