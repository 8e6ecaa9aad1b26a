//! E-mail addresses: what is one, and which are the same.

use url::Host;

use crate::unseen::is_format;

/// The longest part before the `@`, in bytes (RFC 5321 section 4.5.3.1.1).
const LOCAL_BYTES_MAX: usize = 64;

/// The longest part of a host between two dots, in bytes (RFC 1035 section 2.3.4).
const LABEL_BYTES_MAX: usize = 63;

/// The address that a text says, without the blanks around it: letters could be sent there, as far as
/// its form says. `None` if it is none.
///
/// A host is written as the DNS knows it (RFC 5891): `ann@bücher.example` is
/// `ann@xn--bcher-kva.example`, which nobody takes for another one. Quoted names and numeric hosts
/// are no addresses here.
pub fn of(text: &str) -> Option<String> {
    let text = text.trim();
    let (local, host) = text.rsplit_once('@')?;
    if !is_local(local) {
        return None;
    }
    if host.is_ascii() {
        return is_host(host).then(|| text.to_owned());
    }
    // A percent sign would be decoded, and what is not seen would be left out.
    if host.contains('%') || host.chars().any(is_format) {
        return None;
    }
    match Host::parse(host).ok()? {
        Host::Domain(it) if is_host(&it) => Some(format!("{local}@{it}")),
        Host::Domain(_) | Host::Ipv4(_) | Host::Ipv6(_) => None,
    }
}

/// The address as it is kept. What is none stays as it is, but for the blanks around it: a rule
/// refuses it later.
pub fn tidied(text: &str) -> String {
    of(text).unwrap_or_else(|| text.trim().to_owned())
}

/// The address as it is compared, and the `normalizedEmail` of a user. As with names, only letters of
/// ASCII are put in capitals.
pub fn key(address: &str) -> String {
    tidied(address).to_ascii_uppercase()
}

/// A dot-atom (RFC 5322 section 3.2.3), also with letters of other scripts (RFC 6531 section 3.3).
fn is_local(local: &str) -> bool {
    let is_text = |it: char| match it.is_ascii() {
        true => it.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~-".contains(it),
        false => it.is_alphanumeric() && !is_format(it),
    };
    let is_atom = |it: &str| !it.is_empty() && it.chars().all(is_text);
    local.len() <= LOCAL_BYTES_MAX && local.split('.').all(is_atom)
}

fn is_host(host: &str) -> bool {
    let is_label = |it: &str| {
        let is_text = |it: u8| it.is_ascii_alphanumeric() || it == b'-';
        let fits = (1..=LABEL_BYTES_MAX).contains(&it.len()) && it.bytes().all(is_text);
        fits && !it.starts_with('-') && !it.ends_with('-')
    };
    host.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_name_and_a_host_and_nothing_else() {
        for (text, address) in [
            ("ann@example.com", Some("ann@example.com")),
            (" Ann@Example.COM ", Some("Ann@Example.COM")),
            ("ann@example.com\n", Some("ann@example.com")),
            ("a.b+c/d@x", Some("a.b+c/d@x")),
            ("用户@例子.example", Some("用户@xn--fsqu00a.example")),
            ("ann@bücher.example", Some("ann@xn--bcher-kva.example")),
            ("ann@ıbm.com", Some("ann@xn--bm-gpa.com")),
            ("ann", None),
            ("@example.com", None),
            ("ann@", None),
            ("ann@example.com\r\nBcc: x", None),
            ("a b@c.example", None),
            ("a@b@c", None),
            ("\"x\"<script>@example.com", None),
            ("a..b@c", None),
            ("ann@-x.example", None),
            ("ann@exa\u{ad}mple.com", None),
            ("a\u{200b}nn@example.com", None),
            ("ann@[127.0.0.1]", None),
            ("ann@１.1.1.1", None),
            ("ann@%41ü.example", None),
        ] {
            assert_eq!(of(text).as_deref(), address, "{text:?}");
        }
    }

    #[test]
    fn letters_of_other_scripts_are_not_those_of_ascii() {
        assert_eq!(key("Ann@Ibm.com"), key("ann@ibm.com"));
        assert_eq!(key("ann@BÜCHER.example"), key("ann@bücher.example"));
        for (other, ascii) in [
            ("ann@ıbm.com", "ann@ibm.com"),
            ("\u{212a}ann@x", "kann@x"),
            ("ſam@x", "sam@x"),
            ("straße@x", "strasse@x"),
        ] {
            assert_ne!(key(other), key(ascii));
        }
    }
}
