//! Code that is pushed to a real repository.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::{Shop, has_generator};

const OPTIONS: &str = "/api/CodeGen/1/GithubOptions";

fn git(folder: &Path, arguments: &[&str]) -> String {
    let said = Command::new("git").arg("-C").arg(folder).args(arguments).output().unwrap();
    assert!(said.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&said.stderr));
    String::from_utf8(said.stdout).unwrap()
}

impl Shop {
    async fn push(&self) -> Value {
        let answer = self.put("/api/CodeGen/1/SyncGithub", json!({})).await;
        assert_eq!(answer.json["data"], true, "{answer:?}");
        self.last_ended().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn code_and_documentation_are_pushed_and_a_hook_may_refuse() {
    if !has_generator() {
        return;
    }
    let it = Shop::new("push", &["--git-protocols", "file"]).await;
    let remote = it.program.beside("remote.git");
    std::fs::create_dir(&remote).unwrap();
    git(&remote, &["init", "--quiet", "--bare", "--initial-branch=main"]);
    let url = format!("file://{}", remote.display());
    let options = json!({ "remote": url, "generators": ["typescript-fetch"] });
    assert_eq!(it.put(OPTIONS, options).await.data(), &json!(true));
    let job = it.push().await;
    assert_eq!(job["state"], "finished", "{job}");
    let head = git(&remote, &["rev-parse", "main"]);
    assert_eq!(job["result"], head.trim());
    let files = git(&remote, &["ls-tree", "-r", "--name-only", "main"]);
    let files = files.lines().collect::<Vec<_>>();
    assert!(files.contains(&"docs/api.rst"), "{files:?}");
    assert!(files.contains(&"sdk/typescript-fetch/apis/OrdersApi.ts"), "{files:?}");
    let message = git(&remote, &["log", "-1", "--format=%B", "main"]);
    assert!(message.contains(&format!("Chancery-Job: {}", job["id"].as_str().unwrap())));
    let page = git(&remote, &["show", "main:docs/api.rst"]);
    assert!(page.contains("listorders"), "{page}");

    let hook = remote.join("hooks/pre-receive");
    std::fs::write(&hook, "#!/bin/sh\necho not today >&2\nexit 1\n").unwrap();
    Command::new("chmod").arg("+x").arg(&hook).status().unwrap();
    let changed = json!({ "remote": url, "generators": ["go"], "syncDocs": false });
    assert_eq!(it.put(OPTIONS, changed).await.data(), &json!(true));
    let job = it.push().await;
    assert_eq!(
        (&job["state"], &job["reason"]),
        (&json!("failed"), &json!("remote_refused")),
        "{job}"
    );
    assert!(job["detail"].as_str().unwrap().contains("not today"), "{job}");
    assert_eq!(git(&remote, &["rev-parse", "main"]), head);
}

#[tokio::test(flavor = "multi_thread")]
async fn remotes_that_may_not_be_reached_fail_the_job() {
    if !has_generator() {
        return;
    }
    let it = Shop::new("remotes", &[]).await;
    for (remote, reason) in [
        ("file:///tmp/remote.git", "remote_refused"),
        ("ext::sh -c id", "remote_refused"),
        ("--upload-pack=id", "remote_refused"),
        ("https://10.0.0.1/a.git", "private_address"),
        ("ssh://git@169.254.169.254/a.git", "private_address"),
    ] {
        let options = json!({ "remote": remote });
        let set = it.put(OPTIONS, options).await;
        if set.status == 400 {
            continue;
        }
        let job = it.push().await;
        assert_eq!(
            (&job["state"], &job["reason"]),
            (&json!("failed"), &json!(reason)),
            "{remote}: {job}"
        );
    }
    let nothing = it.put(OPTIONS, json!({ "syncDocs": false })).await;
    assert_eq!(nothing.data(), &json!(true));
    let answer = it.put("/api/CodeGen/1/SyncGithub", json!({})).await;
    assert_eq!(answer.status, 400, "{answer:?}");
}
