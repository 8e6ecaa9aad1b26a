//! The follower: what it does when something is missing, broken or killed.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use gateway::follow::{JsonSettings, JsonTarget, Lock, NginxTarget, Settings, State, follow};
use tokio::time::sleep;

use crate::client::try_send;
use crate::harness::{Gateway, api, configuration, has_nginx};

/// Waits up to 20 s.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..400 {
        if is_so().await {
            return;
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("never: {what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nginx_refuses_leaves_the_old_file_serving_and_is_reported() {
    if !has_nginx() {
        return;
    }
    let gateway = Gateway::new().await;
    let at = |position, url: &str| {
        configuration(position, vec![api("orders", vec![gateway.open("7", None, url)])])
    };
    gateway.double.publish(&at(5, &gateway.one.url()));
    let running = gateway.follow().await;
    gateway.double.reported("Applied", 5).await;

    // What cannot be written for nginx.
    gateway.double.publish(&at(6, "http://127.0.0.1:1/$host"));
    let refused = gateway.double.reported("Refused", 6).await;
    let reason = refused["reason"].as_str().unwrap();
    assert!(reason.starts_with("the serviceUrl of API 7: "), "{reason}");
    assert_eq!(gateway.get("/orders/a").await.json()["upstream"], "one");

    // What nginx itself refuses.
    let certificates = std::fs::read(gateway.at("certificates.pem")).unwrap();
    std::fs::write(gateway.at("certificates.pem"), "no certificate").unwrap();
    gateway.double.publish(&at(7, &gateway.two.url()));
    let refused = gateway.double.reported("Refused", 7).await;
    let reason = refused["reason"].as_str().unwrap();
    assert!(reason.contains("certificates.pem") && !reason.contains("tmp/"), "{reason}");
    assert_eq!(gateway.get("/orders/a").await.json()["upstream"], "one");
    let state = State::read(&gateway.at("state.json"));
    assert_eq!(state.applied.map(|it| it.position), Some(5));
    assert_eq!(state.refused.map(|it| it.position), Some(7));
    let current = std::fs::read_link(gateway.at("current")).unwrap();
    assert!(current.to_str().unwrap().starts_with("generations/5-"), "{current:?}");

    // It is tried again without a change.
    std::fs::write(gateway.at("certificates.pem"), certificates).unwrap();
    gateway.double.reported("Applied", 7).await;
    assert_eq!(gateway.get("/orders/a").await.json()["upstream"], "two");
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_follower_and_a_killed_nginx_come_back_also_without_the_server() {
    if !has_nginx() {
        return;
    }
    let mut gateway = Gateway::new().await;
    let at = |gateway: &Gateway, position| {
        configuration(
            position,
            vec![api("orders", vec![gateway.open("7", None, &gateway.one.url())])],
        )
    };
    gateway.double.publish(&at(&gateway, 5));
    let running = gateway.follow().await;
    gateway.double.reported("Applied", 5).await;
    assert!(NginxTarget::new(gateway.nginx_settings()).await.is_ok());
    assert!(Lock::take(&gateway.at("lock")).is_err(), "a second follower");
    let pid = gateway.pid().unwrap();
    running.kill().await;
    assert_eq!(gateway.get("/orders/a").await.status, 200);

    // A new follower takes the nginx over that runs, without a reload.
    let running = gateway.follow().await;
    until("a second report", async || gateway.double.reports().len() == 2).await;
    let (kind, report) = gateway.double.reports().pop().unwrap();
    assert_eq!((kind.as_str(), &report["reloadMicros"]), ("Applied", &0.into()));
    assert_eq!(gateway.pid(), Some(pid));

    // nginx is killed: it is started again.
    let kill = |pid: i32| {
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
        for pid in [pid.to_string().as_str()].into_iter().chain(children.split_whitespace()) {
            assert!(
                std::process::Command::new("kill").args(["-9", pid]).status().unwrap().success()
            );
        }
    };
    kill(pid);
    until("nginx again", async || {
        try_send(gateway.listen, "GET", "/orders/a", &[]).await.is_some()
    })
    .await;

    // All is killed, and the server is away: the last configuration is served.
    running.kill().await;
    kill(gateway.pid().unwrap());
    gateway.double.go_away();
    let running = gateway.follow().await;
    until("the last one", async || {
        try_send(gateway.listen, "GET", "/orders/a", &[]).await.is_some()
    })
    .await;
    // Back with something new, it is followed again.
    gateway.double.publish(&at(&gateway, 6));
    gateway.double.come_back().await;
    gateway.double.reported("Applied", 6).await;
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replaced_key_is_one_reload_and_stands_only_in_private_files() {
    if !has_nginx() {
        return;
    }
    let mut gateway = Gateway::new().await;
    gateway.poll = Duration::from_millis(500);
    let closed = api("orders", vec![gateway.checked("7", None, &gateway.one.url())]);
    gateway.double.publish(&configuration(5, vec![closed]));
    let running = gateway.follow().await;
    gateway.double.reported("Applied", 5).await;
    gateway.double.set_key("chk_second");
    assert_eq!(gateway.get_as("good", "/orders/a").await.status, 401);
    std::fs::write(gateway.at("key"), "chk_second").unwrap();
    until("the new key", async || gateway.get_as("good", "/orders/a").await.status == 200).await;
    let mut folders = vec![gateway.dir.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.is_symlink() {
                folders.push(path);
            } else if std::fs::read(&path)
                .is_ok_and(|it| String::from_utf8_lossy(&it).contains("chk_second"))
                && !path.ends_with("key")
            {
                assert!(path.ends_with("gateway.conf"), "{path:?}");
                let mode = std::fs::metadata(&path).unwrap().permissions().mode();
                assert_eq!(mode & 0o777, 0o600, "{path:?}");
            }
        }
    }
    running.end().await;
}

/// Needs no nginx.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_other_gateway_gets_a_file_and_a_command() {
    let gateway = Gateway::new().await;
    let out = gateway.at("out.json");
    let command = format!(
        "test -e {0}/fails && {{ echo no >&2; exit 3; }}; cat \"$CHANCERY_FILE\" > {0}/taken",
        gateway.dir.path().display()
    );
    let once = async || {
        let target = JsonTarget::new(JsonSettings { out: out.clone(), command: command.clone() });
        let settings = Settings { once: true, ..gateway.settings() };
        follow(settings, Box::new(target), std::future::pending()).await
    };
    assert_eq!(once().await.unwrap_err().to_string(), "the server answered 503");
    let first =
        configuration(5, vec![api("orders", vec![gateway.open("7", None, &gateway.one.url())])]);
    gateway.double.publish(&first);
    once().await.unwrap();
    let applied = gateway.double.reported("Applied", 5).await;
    assert_eq!(applied["proof"], "command");
    assert_eq!(applied["configuration"], first.sha256_hex().unwrap());
    assert_eq!(std::fs::read_to_string(gateway.at("taken")).unwrap(), first.to_json().unwrap());
    std::fs::write(gateway.at("fails"), "").unwrap();
    gateway.double.publish(&configuration(6, Vec::new()));
    assert_eq!(once().await.unwrap_err().to_string(), "the command ended with status 3: no");
    gateway.double.reported("Refused", 6).await;
    std::fs::write(gateway.at("key"), "chk_wrong").unwrap();
    let said = once().await.unwrap_err().to_string();
    assert_eq!(said, "the server does not know this gateway, or its key");
}
