//! Forms of remotes, branches and names of jobs.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use super::*;

const ALL: Protocols = Protocols { http: true, file: true };

#[test]
fn remotes_are_https_and_ssh_urls_without_credentials() {
    for (text, url, host, port) in [
        ("https://GitHub.com/o/r.git", "https://github.com:443/o/r.git", "github.com", 443),
        ("https://git.example:8443/~o/r", "https://git.example:8443/~o/r", "git.example", 8443),
        ("HTTPS://8.8.8.8/r", "https://8.8.8.8:443/r", "8.8.8.8", 443),
        ("https://0x7f.1/r", "https://127.0.0.1:443/r", "127.0.0.1", 443),
        ("https://[::1]/r", "https://[::1]:443/r", "::1", 443),
        ("ssh://git@GitHub.com/o/r.git", "ssh://git@github.com:22/o/r.git", "github.com", 22),
        ("ssh://host:2222/~/r", "ssh://host:2222/~/r", "host", 2222),
        ("ssh://git@2130706433/r", "ssh://git@127.0.0.1:22/r", "127.0.0.1", 22),
        (
            "ssh://git@[::ffff:127.0.0.1]/r",
            "ssh://git@[::ffff:127.0.0.1]:22/r",
            "::ffff:127.0.0.1",
            22,
        ),
        ("https://host./r", "https://host:443/r", "host", 443),
    ] {
        let remote = Remote::parse(text, Protocols::default()).unwrap();
        assert_eq!((remote.url(), remote.host.as_str(), remote.port), (url, host, port), "{text}");
    }
    for other in ["http://host/r", "file:///r"] {
        assert!(Remote::parse(other, Protocols::default()).is_err(), "{other}");
        assert!(Remote::parse(other, ALL).is_ok(), "{other}");
    }
}

#[test]
fn what_could_run_or_lead_elsewhere_is_no_remote() {
    let long = format!("https://host/{}", "a".repeat(URL_CHARS_MAX));
    for wrong in [
        "",
        "host/r",
        "/r",
        "../r",
        "git@host:o/r.git",
        "host:r",
        "ext::sh -c x",
        "ext::sh%20-c%20x",
        "fd::3",
        "--upload-pack=touch /tmp/x",
        "--upload-pack=x",
        "-oProxyCommand=x",
        "ssh://-oProxyCommand=x/r",
        "ssh://-x@host/r",
        "ssh://a@-host/r",
        "ssh://git:pw@host/r",
        "https://u@host/r",
        "https://u:p@host/r",
        "https://:p@host/r",
        "https://host",
        "https://host/",
        "https://host//",
        "https:///r/",
        "https://host/r?x",
        "https://host/r#x",
        "https://host/r;x",
        "https://host/$(x)",
        "https://host/`x`",
        "https://host/r'",
        "ssh://host/a%0ab",
        "ssh://host/a b",
        "ssh://host/../r",
        "https://host/a/../r",
        "https://host/a/..",
        "ssh://host/a/./r",
        "https://host/r\n",
        "https://ho st/r",
        "https://host:0/r",
        "ssh://host:0/r",
        "https://host:99999/r",
        "ssh://ho%0ast/r",
        "ssh://a%20b@host/r",
        "git://host/r",
        "ftp://host/r",
        "ssh+git://host/r",
        "git+ssh://host/r",
        "http://host/r",
        "file:///r",
        "https://höst/r",
        "ssh:///r",
        "ssh://git@/r",
        "https+x://host/r",
        "https::https://host/r",
        &long,
    ] {
        assert!(Remote::parse(wrong, Protocols::default()).is_err(), "{wrong:?}");
    }
    for wrong in ["file://host/r", "file://u@/r", "file://", "file:///", "ext::file:///r", "file:r"]
    {
        assert!(Remote::parse(wrong, ALL).is_err(), "{wrong:?}");
    }
    let said = Remote::parse("https://user:s3cret@host/r", ALL).unwrap_err().to_string();
    assert!(!said.contains("s3cret"), "{said}");
}

#[test]
fn owners_and_repositories_make_a_remote_below_a_base() {
    let below = |base, owner, repo| Remote::below(base, owner, repo, Protocols::default());
    let remote = below("https://git.example/", "shop", "orders.sdk").unwrap();
    assert_eq!(remote.url(), "https://git.example:443/shop/orders.sdk.git");
    let remote = below("ssh://git@git.example", "a", "b").unwrap();
    assert_eq!(remote.url(), "ssh://git@git.example:22/a/b.git");
    let long = "a".repeat(NAME_BYTES_MAX + 1);
    for wrong in ["", ".", "..", "a/b", "a b", "é", "a?b", "a%2e", &long] {
        assert!(below("https://git.example", wrong, "b").is_err(), "{wrong}");
        assert!(below("https://git.example", "a", wrong).is_err(), "{wrong}");
    }
}

/// The forms are asked of git itself, too.
#[test]
fn branches_are_those_of_git() {
    let long = "a".repeat(BRANCH_BYTES_MAX);
    for (name, is_branch) in [
        ("main", true),
        ("a/b-c.d", true),
        ("ü", true),
        ("@a", true),
        ("a@", true),
        ("{", true),
        (long.as_str(), true),
        ("", false),
        ("a//b", false),
        ("/a", false),
        ("a/", false),
        (".a", false),
        ("a/.b", false),
        ("a.lock", false),
        ("a.lock/b", false),
        ("a..b", false),
        ("a.", false),
        ("-a", false),
        ("a b", false),
        ("a\tb", false),
        ("a~b", false),
        ("a^", false),
        ("a:b", false),
        ("a?", false),
        ("a*", false),
        ("a[b", false),
        ("a\\b", false),
        ("a@{b", false),
        ("HEAD", false),
        ("@", false),
        ("a\u{7f}", false),
    ] {
        assert_eq!(Branch::parse(name).is_ok(), is_branch, "{name:?}");
        let asked =
            std::process::Command::new("git").args(["check-ref-format", "--branch", name]).output();
        // git takes `@` for HEAD, and looks up what `@{` leads to.
        if let Ok(said) = asked
            && !["@", "HEAD"].contains(&name)
        {
            assert_eq!(said.status.success(), is_branch, "{name:?}");
        }
    }
    for ours in [format!("{long}a"), "a\u{202e}".to_owned(), "a\u{a0}b".to_owned()] {
        assert!(Branch::parse(&ours).is_err(), "{ours:?}");
    }
    for (name, is_id) in
        [("j-1_A", true), ("", false), ("a b", false), ("a\nb", false), ("é", false)]
    {
        assert_eq!(JobId::parse(name).is_ok(), is_id, "{name:?}");
    }
    assert!(JobId::parse(&"a".repeat(JOB_BYTES_MAX + 1)).is_err());
}
