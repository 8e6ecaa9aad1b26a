//! Random faces: no text of one is ever more than a text, and nginx reads every file.

use std::path::Path;

use gateway::configuration::{
    Api, Configuration, FORMAT, Online, Scheme, Tenant, Version, VersionSet,
};
use gateway::nginx::{MainFile, NginxVersion, render, render_main, upstreams_of};
use gateway::policy::{Cors, HeaderAction, Policy, SetHeader};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::golden::options;
use crate::harness::{has_nginx, nginx_reads};

/// Texts that try to be more, and harmless ones.
fn text() -> impl Strategy<Value = String> {
    let sign = prop::sample::select(vec![
        "\"",
        "\\",
        "$",
        ";",
        "{",
        "}",
        "\n",
        "\r",
        "\0",
        "'",
        "#",
        "$host",
        "\"; return 200; #",
        "} server {",
        "\u{e9}",
        "\u{2028}",
        "%0a",
        "../",
        "~",
        "*",
        "(",
        ")",
        "[",
        "]",
        "^",
        "|",
        "?",
        "+",
        ":",
        "=",
        "&",
        " ",
        "default",
        "include /etc/passwd",
    ]);
    let part = prop_oneof![4 => "[a-zA-Z0-9._~-]{0,6}", 1 => sign.prop_map(str::to_owned)];
    prop::collection::vec(part, 1..4).prop_map(|it| it.concat())
}

/// The texts of a face: name, parameter, path, base of the URL, value, header, origin, host, id, rewrite.
type Texts = [String; 10];

fn configuration(texts: &Texts, scheme: Scheme, skip: bool) -> Configuration {
    let [name, parameter, path, base, value, header, origin, host, api_id, rewrite] = texts;
    let policy = Policy {
        cors: Some(Cors {
            origins: vec![origin.clone()],
            headers: vec![header.clone()],
            ..Cors::default()
        }),
        set_headers: vec![SetHeader {
            name: header.clone(),
            action: if skip { HeaderAction::Skip } else { HeaderAction::Override },
            values: vec![value.clone()],
        }],
        rewrite_uri: Some(format!("/{rewrite}")),
        ..Policy::default()
    };
    let url = format!("http://10.0.0.1/{base}");
    let version = Version {
        api_id: api_id.clone(),
        name: Some(name.clone()),
        revision: 1,
        position: 1,
        service_url: url.clone(),
        authentication: None,
        keys: true,
        policy: Some(policy),
        deprecated_at: Some(1),
        sunset_at: Some(1),
        online: vec![Online { revision: 2, service_url: url }],
    };
    let set = VersionSet { scheme, parameter: parameter.clone() };
    let api = Api {
        path: path.clone(),
        version_set: Some(set),
        default: api_id.clone(),
        versions: vec![version],
    };
    let tenant = Tenant { tenant: 1, hosts: vec![host.clone()], apis: vec![api] };
    Configuration { format: FORMAT, position: 1, tenants: vec![tenant] }
}

/// A file without what stands between quotes: its directives.
fn skeleton(text: &str) -> String {
    let mut quote = None;
    let mut kept = String::new();
    for it in text.chars() {
        match quote {
            Some(open) if it == open => quote = None,
            Some(_) => (),
            None if it == '"' || it == '\'' => {
                quote = Some(it);
                kept.push('Q');
            }
            None => kept.push(it),
        }
    }
    assert_eq!(quote, None, "a quote stays open");
    kept
}

/// What differs by right: the variable of a header, which stands without quotes.
fn without_variables(text: &str) -> String {
    let words = text.split(' ').map(|it| match it {
        it if it.starts_with("$http_") || it.starts_with("$upstream_http_") => "$variable",
        it => it,
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn no_text_of_a_face_is_a_directive_and_nginx_reads_all_files() {
    let nginx = has_nginx();
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("temp")).unwrap();
    let main = MainFile {
        dir: dir.path(),
        include: &dir.path().join("gateway.conf"),
        pid: &dir.path().join("try.pid"),
        key_in_query: false,
        version: NginxVersion(1, 22, 0),
    };
    let main = render_main(&main).unwrap();
    let mut runner =
        TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
    let texts = prop::array::uniform10(text());
    // One text is random in most cases; with all of them most files would be refused.
    let strategy = (texts, 0..12_usize, 0..3_u8, any::<bool>());
    let read = std::cell::Cell::new(0);
    let result = runner.run(&strategy, |(random, which, scheme, skip)| {
        let scheme = [Scheme::Query, Scheme::Header, Scheme::Segment][usize::from(scheme)];
        let plain = [
            "v1",
            "api-version",
            "orders",
            "base",
            "value",
            "X-A",
            "https://a.example",
            "a.example",
            "7",
            "x",
        ];
        let plain: Texts = plain.map(str::to_owned);
        let mut texts = plain.clone();
        for (at, it) in random.into_iter().enumerate() {
            if at == which || which >= 10 {
                texts[at] = it;
            }
        }
        let mut options = options(&[("10.0.0.1", 80, "10.0.0.1")]);
        options.dir = dir.path().to_owned();
        options.certificates = "/dev/null".into();
        options.trusted_proxies.clear();
        let configuration_ = configuration(&texts, scheme, skip);
        upstreams_of(&configuration_);
        let Ok(rendered) = render(&configuration_, &options) else { return Ok(()) };
        let twin = render(&configuration(&plain, scheme, skip), &options).unwrap();
        let bare = |it: &str| without_variables(&skeleton(it));
        prop_assert_eq!(bare(&rendered.text), bare(&twin.text));
        if nginx && read.get() < 80 {
            read.set(read.get() + 1);
            let text = rendered.text.replace("proxy_ssl_trusted_certificate \"/dev/null\";", "");
            let text = text.replace("proxy_ssl_verify on;", "");
            if let Err(said) = nginx_reads(dir.path(), &main, &text) {
                prop_assert!(false, "nginx says {said}");
            }
        }
        Ok(())
    });
    result.unwrap();
    assert!(!nginx || read.get() > 30, "{} files were read", read.get());
}

/// A thousand APIs, each with a policy, keys and a private revision.
#[test]
fn a_thousand_apis_are_read_in_fair_time() {
    if !has_nginx() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let main = MainFile {
        dir: dir.path(),
        include: &dir.path().join("gateway.conf"),
        pid: &dir.path().join("try.pid"),
        key_in_query: false,
        version: NginxVersion(1, 22, 0),
    };
    let main = render_main(&main).unwrap();
    std::fs::create_dir(dir.path().join("temp")).unwrap();
    let plain = [
        "v1",
        "api-version",
        "orders",
        "base",
        "value",
        "X-A",
        "https://a.example",
        "a.example",
        "7",
        "x",
    ];
    let mut all = configuration(&plain.map(str::to_owned), Scheme::Query, true);
    let first = all.tenants[0].apis.remove(0);
    for number in 0..1_000 {
        let mut api = first.clone();
        // A policy that changes answers is the exception: it costs a context of TLS each.
        let policy = api.versions[0].policy.as_mut().unwrap();
        (policy.cors, policy.set_headers) = (None, Vec::new());
        api.path = format!("orders{number}");
        api.default = number.to_string();
        api.versions[0].api_id = number.to_string();
        api.versions[0].service_url = format!("http://10.0.0.1:{}/base", 1_000 + number);
        all.tenants[0].apis.push(api);
    }
    let mut options = options(&[("10.0.0.1", 80, "10.0.0.1")]);
    for at in upstreams_of(&all) {
        options.upstreams.insert(at, vec!["10.0.0.1".parse().unwrap()]);
    }
    options.dir = dir.path().to_owned();
    options.certificates =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/nginx/certificate.pem");
    options.trusted_proxies.clear();
    let begin = std::time::Instant::now();
    let text = render(&all, &options).unwrap().text;
    let rendered = begin.elapsed();
    let begin = std::time::Instant::now();
    nginx_reads(dir.path(), &main, &text).unwrap();
    let read = begin.elapsed();
    println!("1,000 APIs: {} KiB, written in {rendered:?}, read in {read:?}", text.len() >> 10);
    assert!(rendered + read < std::time::Duration::from_secs(20));
}
