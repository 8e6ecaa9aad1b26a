//! URIs that browsers are sent to, or shown: they lead where they seem to.

use url::{Host, Url};

/// The longest redirect URI, in bytes.
pub const REDIRECT_URI_BYTES_MAX: usize = 2_000;

/// Where a redirect URI may lead besides `https`, and `http` on the machine of the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redirects {
    /// Nowhere else.
    Web,
    /// Also to an application that has a scheme of its own (RFC 8252 section 7.1): one with a dot, as
    /// the name of a host has that its maker owns.
    Native,
}

/// Whether codes may be sent to a URI (RFC 8252 sections 7 and 8.4, RFC 9700 section 2.1): it is
/// absolute, without fragment, user or wildcard, and says its host as the DNS knows it.
///
/// # Errors
/// What is wrong with it.
pub fn check_redirect(uri: &str, redirects: Redirects) -> Result<(), &'static str> {
    if uri.len() > REDIRECT_URI_BYTES_MAX {
        return Err("must have at most 2,000 bytes");
    }
    if uri.contains(['#', '*']) {
        return Err("must have neither a fragment nor a wildcard");
    }
    let url = parse(uri)?;
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(&url) => Ok(()),
        "http" => Err("may be http on this machine only: localhost, 127.0.0.1 or [::1]"),
        scheme if scheme.contains('.') && redirects == Redirects::Native => Ok(()),
        scheme if scheme.contains('.') => Err(
            "may have a scheme of an application only for a client without a secret, or with the \
                 property application_type=native",
        ),
        _ => Err("must be https, http on this machine, or have a scheme with a dot in its name"),
    }
}

/// Whether a code may be sent to `asked`, as the client has registered `registered`: they are the
/// same text but for the port of this machine (RFC 8252 section 7.3), and the rule holds for both. A
/// client may have registered some before there was the rule: those lead nowhere.
pub fn redirects_to(registered: &str, asked: &str, redirects: Redirects) -> bool {
    let fits = |it| check_redirect(it, redirects).is_ok();
    if !fits(registered) || !fits(asked) {
        return false;
    }
    if registered == asked {
        return true;
    }
    let without_port = |it: &str| {
        let url = parse(it).ok().filter(|it| it.scheme() == "http" && is_loopback(it))?;
        let (_, rest) = it.split_once("://")?;
        let path = rest.find(['/', '?']).map_or("", |at| rest.get(at..).unwrap_or_default());
        Some((url.host_str()?.to_owned(), path.to_owned()))
    };
    without_port(registered).is_some_and(|it| Some(it) == without_port(asked))
}

/// Whether a text is an address of the web that people may be shown and follow: `http` or `https`, with
/// a host, without a user.
///
/// # Errors
/// What is wrong with it.
pub fn check_web(uri: &str) -> Result<(), &'static str> {
    match parse(uri)?.scheme() {
        "http" | "https" => Ok(()),
        _ => Err("must be an http or https address"),
    }
}

/// Reads an origin (RFC 6454): scheme, host and port as browsers send them, and nothing else.
///
/// # Errors
/// What is wrong with it.
pub fn origin(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if text.contains('*') || text == "null" {
        return Err("every origin must be listed by its own name");
    }
    let Some((scheme, authority)) = text.split_once("://") else {
        return Err("it has no scheme");
    };
    let default_port = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return Err("the scheme must be https or http"),
    };
    if authority.contains(['/', '?', '#', '@', '\\']) {
        return Err("it has more than scheme, host and port");
    }
    if authority.chars().any(|it| it.is_ascii_uppercase() || !it.is_ascii_graphic()) {
        return Err("browsers send hosts in small letters, and others than ASCII as xn--");
    }
    if authority.ends_with(default_port) {
        return Err("browsers leave the usual port out");
    }
    let url = parse(text).map_err(|_| "it has no host, or no port after the colon")?;
    match url.origin().ascii_serialization() == text {
        true => Ok(text.to_owned()),
        false => Err("browsers would send it otherwise"),
    }
}

/// An absolute URI whose text says what it is: readers that repair what others write (a backslash, a
/// number for a host, a missing slash) have nothing to do.
fn parse(uri: &str) -> Result<Url, &'static str> {
    let is_plain = |it: char| it.is_ascii_graphic() && !"\"\\<>^`{|}".contains(it);
    if !uri.chars().all(is_plain) {
        return Err("must be of ASCII without blanks, with anything else encoded");
    }
    let url = Url::parse(uri).map_err(|_| "must be an absolute URI")?;
    if !uri.starts_with(url.scheme()) {
        return Err("must have its scheme in small letters");
    }
    if !matches!(url.scheme(), "http" | "https") {
        let user = !url.username().is_empty() || url.password().is_some();
        return if user { Err("must not name a user") } else { Ok(url) };
    }
    let (_, rest) = uri.split_once("://").ok_or("must have a host after //")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err("must not name a user");
    }
    let host = url.host_str().unwrap_or_default();
    let lower = authority.to_ascii_lowercase();
    let port = lower.strip_prefix(host).filter(|_| !host.is_empty());
    let is_port = |it: &str| {
        let digits = it.strip_prefix(':').unwrap_or_default();
        it.is_empty() || (!digits.is_empty() && digits.bytes().all(|it| it.is_ascii_digit()))
    };
    match port.is_some_and(is_port) {
        true => Ok(url),
        false => Err("must have a host as the DNS knows it, and a port after its colon"),
    }
}

/// Whether a URI leads to the machine of whoever follows it.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(it)) => it == std::net::Ipv4Addr::LOCALHOST,
        Some(Host::Ipv6(it)) => it == std::net::Ipv6Addr::LOCALHOST,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sent_over_tls_to_this_machine_or_to_an_application() {
        for right in [
            "https://a/cb?x=1",
            "https://Shop.example:8443/cb",
            "https://xn--bcher-kva.example/",
            "http://localhost:8080",
            "http://127.0.0.1/cb",
            "http://[::1]:3000/cb",
        ] {
            assert_eq!(check_redirect(right, Redirects::Web), Ok(()), "{right}");
        }
        for native in ["com.example.app:/cb", "com.example.app://cb"] {
            assert_eq!(check_redirect(native, Redirects::Native), Ok(()), "{native}");
            assert!(check_redirect(native, Redirects::Web).is_err(), "{native}");
        }
        for wrong in [
            "",
            "/cb",
            "a",
            "//a",
            "https:",
            "https:a.example",
            "https:/a.example",
            "https:///a.example",
            "https:\\\\a.example",
            "HTTPS://a.example",
            "https://a.example/#b",
            "https://a.example/a b",
            "https://a.example/\r\n",
            "https://ann@a.example/",
            "https://ann:pw@a.example/",
            "https://a.example:/",
            "https://a.example:99999/",
            "https://*.example/",
            "http://*",
            "http://[::1",
            "https://аpple.example/",
            "https://a.example/ä",
            "https://a%2eexample/",
            "http://a.example/",
            "http://127.1/",
            "http://0x7f000001/",
            "http://localhost.example/",
            "javascript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "blob:https://a.example/1",
            "about:blank",
            "app:/cb",
            "com.example.app://ann@cb/",
            "com.example.app:/cb#x",
        ] {
            assert!(check_redirect(wrong, Redirects::Native).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_uri_matches_itself_and_on_this_machine_at_any_port() {
        let matches = |registered, asked| redirects_to(registered, asked, Redirects::Native);
        for (registered, asked) in [
            ("https://a.example/cb", "https://a.example/cb"),
            ("com.example.app:/cb", "com.example.app:/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb"),
            ("http://[::1]:1/cb?x=1", "http://[::1]:51004/cb?x=1"),
            ("http://localhost:3000", "http://localhost:3001"),
        ] {
            assert!(matches(registered, asked), "{registered} {asked}");
        }
        for (registered, asked) in [
            ("https://a.example/cb", "https://a.example/cb/"),
            ("https://a.example/cb", "https://A.example/cb"),
            ("https://a.example/cb", "https://a.example:444/cb"),
            ("https://localhost/cb", "https://localhost:444/cb"),
            ("http://127.0.0.1/cb", "http://localhost/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1/cb2"),
            ("http://127.0.0.1/cb", "http://127.0.0.1/cb?x"),
            ("http://127.0.0.1:80/cb", "http://127.0.0.1:80@a.example/cb"),
            // Registered before there was the rule.
            ("javascript:alert(1)", "javascript:alert(1)"),
            ("http://a.example/cb", "http://a.example/cb"),
            ("https://*.example/", "https://*.example/"),
            ("https://a.example/#x", "https://a.example/#x"),
        ] {
            assert!(!matches(registered, asked), "{registered} {asked}");
        }
        assert!(!redirects_to("com.example.app:/cb", "com.example.app:/cb", Redirects::Web));
    }

    #[test]
    fn an_address_of_the_web_has_a_host_and_no_user() {
        for right in
            ["http://a.example", "https://a.example/#/about", "https://a.example/x.png?y=*"]
        {
            assert_eq!(check_web(right), Ok(()), "{right}");
        }
        for wrong in [
            "a",
            "javascript:x",
            "ftp://a.example",
            "http://",
            "https://b@a.example",
            "https://a\n",
        ] {
            assert!(check_web(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_origin_is_scheme_host_and_port_as_browsers_send_them() {
        for right in [
            "https://app.example.com",
            "http://localhost:3000",
            "http://[::1]:3000",
            "https://[2001:db8::1]",
            " https://a.example ",
        ] {
            assert_eq!(origin(right).as_deref(), Ok(right.trim()), "{right}");
        }
        for wrong in [
            "",
            "*",
            "null",
            "https://*.example.com",
            "app.example.com",
            "ftp://app.example.com",
            "https://",
            "https://:8080",
            "https://app.example.com/",
            "https://app.example.com/path",
            "https://app.example.com?x",
            "https://me@app.example.com",
            "https://App.example.com",
            "https://äpp.example.com",
            "https://app.example.com:443",
            "http://app.example.com:80",
            "https://app.example.com:x",
            "https://app.example.com:99999",
            "https://app.example.com:",
            "https://app.example.com:0443",
            "http://127.1",
            "https://a.example https://b.example",
        ] {
            assert!(origin(wrong).is_err(), "{wrong}");
        }
    }
}
