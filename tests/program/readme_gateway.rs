//! The README's stories of an API behind nginx, and of its subscribers and SDK, word for word, with the
//! real nginx, generator, compiler, registry and git.

use std::path::Path;
use std::process::{Command, Stdio};

use tests::process::{PASSWORD, Program, binary, free_port};

/// Whether Debian's nginx is here. In CI it has to be.
fn has_nginx() -> bool {
    let is_there = Command::new("nginx").arg("-v").stderr(Stdio::null()).status().is_ok();
    assert!(is_there || std::env::var_os("CI").is_none(), "nginx is missing: tests/install-nginx");
    if !is_there {
        eprintln!("skipped: nginx is missing; tests/install-nginx installs it");
    }
    is_there
}

/// A port whose neighbour is free, too: the follower answers there for itself.
fn two_ports() -> u16 {
    loop {
        let (one, next) = (free_port(), free_port());
        if next == one + 1 {
            return one;
        }
    }
}

/// The blocks of a section of the README that are run in a shell.
fn blocks(section: &str) -> Vec<String> {
    let readme = include_str!("../../README.md");
    let from = readme.split_once(&format!("\n## {section}\n")).unwrap().1;
    let text = from.split("\n## ").next().unwrap();
    text.split("```sh\n").skip(1).map(|it| it.split("```").next().unwrap().to_owned()).collect()
}

/// Whether the generator and the registry are here, too.
fn has_sdk_tools() -> bool {
    let tools = tools();
    let is_there =
        ["codegen", "registry"].iter().all(|it| tools.join(it).join("installed").exists());
    let what =
        "the generator or the registry is missing: tests/install-codegen, install-registries";
    assert!(is_there || std::env::var_os("CI").is_none(), "{what}");
    if !is_there {
        eprintln!("skipped: {what}");
    }
    is_there
}

fn tools() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("target/tools")
}

/// What a shell said that ran a story.
struct Told {
    out: String,
    err: String,
    log: String,
}

impl Told {
    fn shows(&self, what: &str) {
        let Self { out, err, log } = self;
        assert!(out.contains(what), "{what} is not in\n{out}\n{err}\n{log}");
    }
}

/// Runs the blocks of the README up to the gateway, and then more.
async fn run(program: &Program, more: &str) -> Told {
    let folder = program.beside("story");
    std::fs::create_dir(&folder).unwrap();
    let [first, client, ..] = &blocks("A first story")[..] else { panic!("two blocks") };
    let [gateway] = &blocks("An API behind nginx")[..] else { panic!("one block") };
    let gateway = gateway
        .replace("127.0.0.1:8090", &format!("127.0.0.1:{}", free_port()))
        .replace("127.0.0.1:9000", &format!("127.0.0.1:{}", free_port()))
        .replace("cargo run --release --", &binary().display().to_string())
        .replace("--manage", &format!("--manage --status 127.0.0.1:{}", two_ports()));
    let first = first.replace("http://127.0.0.1:8080", &program.url(""));
    // Whatever the story starts ends with it.
    let ends = "trap 'kill $(jobs -p); wait' EXIT";
    let said = format!("set -u\n{ends}\n{first}\n{client}\n{gateway}\n{more}\n");
    let mut shell = Command::new("timeout");
    shell.args(["-k", "5", "240", "bash", "-c", &said]).current_dir(&folder);
    shell.env("PASSWORD", PASSWORD);
    let told = tokio::task::spawn_blocking(move || shell.output().unwrap()).await.unwrap();
    let log = std::fs::read_to_string(folder.join("gateway.log")).unwrap_or_default();
    let text = |it: &[u8]| String::from_utf8_lossy(it).into_owned();
    Told { out: text(&told.stdout), err: text(&told.stderr), log }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_is_served_by_nginx_as_the_readme_tells() {
    if !has_nginx() {
        return;
    }
    let program = Program::started(&[]).await;
    let told = run(&program, "echo; echo SERVED; shop").await;
    told.shows("[\"a book\"]");
    told.shows("HTTP/1.1 401 Unauthorized");
    told.shows("\"reason\":\"breaking_change\"");
    told.shows("\"rule\":\"parameter-became-required\"");
    told.shows("\"live\":{\"gateways\":1,\"applied\":1,\"behind\":[]}");
    for kind in [
        "resource.created.v1",
        "resource.published.v2",
        "resource.revision_published.v2",
        "resource.version_set_online.v2",
    ] {
        told.shows(&format!("\"kind\":\"{kind}\""));
    }
    assert!(told.out.trim_end().ends_with("SERVED\n[\"a book\"]"), "{}\n{}", told.out, told.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_subscribes_and_an_sdk_is_made_released_used_and_pushed_as_the_readme_tells() {
    if !has_nginx() || !has_sdk_tools() {
        return;
    }
    let (tools, registry) = (tools(), format!("http://127.0.0.1:{}", free_port()));
    let [start, story] = &blocks("Subscribers by mail, and an SDK")[..] else {
        panic!("two blocks")
    };
    let start = start.replace("http://127.0.0.1:4873", &registry);
    let start = start.replace("target/tools", tools.to_str().unwrap()).replace("\\\n", " ");
    let serve = start.split_once(" serve ").unwrap().1;
    let program = Program::started(&serve.split_whitespace().collect::<Vec<_>>()).await;
    let story = story
        .replace("http://127.0.0.1:4873", &registry)
        .replace("$PWD/target/tools", tools.to_str().unwrap())
        .replace("data/mail", program.beside("data/mail").to_str().unwrap());
    let told = run(&program, &story).await;
    told.shows("\"rowKey\":\"reader@example.com\"");
    told.shows("\"result\":\"@shop/client@0.0.1\"");
    told.shows("\n[ 'a book' ]\n");
    told.shows("\ndocs/api.rst\n");
    told.shows("\nsdk/typescript-fetch/index.ts\n");
    told.shows("\"rowKey\":\"@shop/client@typescript-fetch@0.0.1\"");
}
