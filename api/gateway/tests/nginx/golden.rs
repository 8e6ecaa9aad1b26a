//! A file as it is written, to be looked at. `CHANCERY_GOLDEN=write` writes it anew.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gateway::configuration::{
    Api, Authentication, Configuration, FORMAT, Online, Scheme, Tenant, Version, VersionSet,
};
use gateway::nginx::{
    Authority, GatewayKey, HostPort, MainFile, NginxVersion, RenderOptions, render, render_main,
};
use gateway::policy;

/// Options that depend on nothing of this machine.
pub fn options(hosts: &[(&str, u16, &str)]) -> RenderOptions {
    let upstreams = hosts.iter().map(|(host, port, address)| {
        let at = HostPort { host: (*host).to_owned(), port: *port };
        (at, vec![address.parse().unwrap()])
    });
    RenderOptions {
        sha256: "ab".repeat(32),
        name: "edge".to_owned(),
        key: GatewayKey::new("chk_secret").unwrap(),
        authority: Authority {
            url: "https://auth.example/chancery".parse().unwrap(),
            addresses: vec!["192.0.2.1".parse().unwrap()],
        },
        listen: "127.0.0.1:8000".parse().unwrap(),
        status: "127.0.0.1:8001".parse().unwrap(),
        check_cache_seconds: 10,
        key_in_query: true,
        trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
        upstreams: upstreams.collect::<BTreeMap<_, _>>(),
        certificates: PathBuf::from("/etc/ssl/certs/ca-certificates.crt"),
        dir: PathBuf::from("/var/lib/chancery-gateway"),
        version: NginxVersion(1, 27, 4),
    }
}

fn version(api_id: &str, name: Option<&str>, url: &str) -> Version {
    Version {
        api_id: api_id.to_owned(),
        name: name.map(str::to_owned),
        revision: 12,
        position: 4711,
        service_url: url.to_owned(),
        authentication: None,
        keys: false,
        policy: None,
        deprecated_at: None,
        sunset_at: None,
        online: Vec::new(),
    }
}

fn sample() -> Configuration {
    let xml = "<policies><inbound><rate-limit calls='100' renewal-period='60'/><ip-filter action='allow'>\
               <address>10.0.0.0/8</address></ip-filter><cors><allowed-origins><origin>https://app.example</origin>\
               </allowed-origins></cors></inbound><outbound><set-header name='X-A'><value>b</value></set-header>\
               <set-header name='X-B' exists-action='skip'><value>c</value></set-header></outbound></policies>";
    let mut one = version("7", None, "https://one.example/v1");
    one.authentication = Some(Authentication {
        server: "chancery".to_owned(),
        scope: Some("orders.all".to_owned()),
        openid: None,
    });
    one.online = vec![Online { revision: 13, service_url: "http://10.1.2.3:9000".to_owned() }];
    let mut two = version("c0ffee", Some("v2"), "https://one.example/v2");
    two.deprecated_at = Some(1_793_491_200);
    two.sunset_at = Some(1_798_761_600);
    two.policy = Some(policy::read(xml).unwrap());
    let missing = version("8", None, "http://nowhere.example");
    let set = VersionSet { scheme: Scheme::Query, parameter: "api-version".to_owned() };
    let orders = Api {
        path: "orders".to_owned(),
        version_set: Some(set),
        default: "7".to_owned(),
        versions: vec![one, two],
    };
    let gone = Api {
        path: "gone".to_owned(),
        version_set: None,
        default: "8".to_owned(),
        versions: vec![missing],
    };
    let tenant =
        Tenant { tenant: 1, hosts: vec!["api.example".to_owned()], apis: vec![orders, gone] };
    Configuration { format: FORMAT, position: 4711, tenants: vec![tenant] }
}

fn compare(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/nginx/golden").join(name);
    if std::env::var("CHANCERY_GOLDEN").is_ok_and(|it| it == "write") {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = golden.lines().zip(text.lines()).find(|(a, b)| a != b);
    assert!(
        golden == text,
        "{}: {differs:?}; CHANCERY_GOLDEN=write writes it anew",
        path.display()
    );
}

#[test]
fn the_files_are_the_golden_ones() {
    let hosts = [("one.example", 443, "192.0.2.10"), ("10.1.2.3", 9000, "10.1.2.3")];
    let options = options(&hosts);
    let rendered = render(&sample(), &options).unwrap();
    assert_eq!(rendered.warnings, ["the upstream nowhere.example:80 is not known or not allowed"]);
    // The id follows from the text; it would hide what else is different.
    compare("gateway.conf", &rendered.text.replace(&rendered.id, "0123456789ab"));
    let main = MainFile {
        dir: &options.dir,
        include: Path::new("/var/lib/chancery-gateway/current/gateway.conf"),
        pid: Path::new("/var/lib/chancery-gateway/nginx.pid"),
        key_in_query: false,
        version: options.version,
    };
    compare("nginx.conf", &render_main(&main).unwrap());
}

#[test]
fn the_same_arguments_give_the_same_text_and_each_one_counts() {
    let hosts = [("one.example", 443, "192.0.2.10"), ("10.1.2.3", 9000, "10.1.2.3")];
    let first = render(&sample(), &options(&hosts)).unwrap();
    assert_eq!(first, render(&sample(), &options(&hosts)).unwrap());
    let mut others = vec![options(&hosts[..1]), options(&hosts), options(&hosts)];
    others[1].key = GatewayKey::new("chk_other").unwrap();
    others[2].sha256 = "cd".repeat(32);
    for other in others {
        assert_ne!(render(&sample(), &other).unwrap().id, first.id);
    }
}
