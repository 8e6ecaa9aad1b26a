//! Uploads beside copies of the same file with a sync: one at a time, and eight at once; and the memory
//! of the server while 100 MB come in, in files of 20 MB, which is the most that one may have.
//!
//! `cargo bench -p tests --bench blobs`. Server, load and copies share the cores and the disk.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot go on ends by a panic"
)]

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::join_all;
use reqwest::Client;
use serde_json::{Value, json};
use tests::bench::{PASSWORD, Server, binary};

/// The largest file.
const FILE_BYTES: usize = 20_000_000;

/// How many uploads the program takes at once, and of how many callers: two of each.
const AT_ONCE: usize = 8;

/// How often each is measured; the median counts.
const TURNS: usize = 5;

const BOUNDARY: &str = "a-boundary-of-benchmarks";

/// A film, as far as anybody looks.
fn film() -> Vec<u8> {
    let mut film = b"\0\0\0\x18ftypisom\0\0\0\0isomavc1".to_vec();
    let start = film.len();
    film.extend((start..FILE_BYTES).map(|it| (it / 251 + it % 251) as u8));
    film
}

fn body() -> Bytes {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"value\"; filename=\"a.mp4\"\r\n\
         Content-Type: video/mp4\r\n\r\n"
    );
    let end = format!("\r\n--{BOUNDARY}--\r\n");
    [head.into_bytes(), film(), end.into_bytes()].concat().into()
}

struct Callers {
    client: Client,
    url: String,
    tokens: Vec<String>,
    body: Bytes,
}

impl Callers {
    async fn of(server: &Server) -> Self {
        let (client, url) = (Client::new(), format!("http://{}", server.address));
        let mut callers = Self { client, url, tokens: Vec::new(), body: body() };
        callers.sign_in("admin").await;
        for name in ["ann", "bob", "eve"] {
            let user = json!({ "userName": name, "passwordHash": PASSWORD });
            let post = callers.client.post(format!("{}/api/User", callers.url)).json(&user);
            let answer = post.bearer_auth(&callers.tokens[0]).send().await.unwrap();
            let answer = answer.json::<Value>().await.unwrap();
            assert_eq!(answer["code"], 200, "{answer}");
            callers.sign_in(name).await;
        }
        callers
    }

    async fn sign_in(&mut self, name: &str) {
        let form = [
            ("grant_type", "password"),
            ("client_id", "chancery-cli"),
            ("username", name),
            ("password", PASSWORD),
        ];
        let post = self.client.post(format!("{}/connect/token", self.url)).form(&form);
        let answer = post.send().await.unwrap().json::<Value>().await.unwrap();
        self.tokens.push(answer["access_token"].as_str().unwrap().to_owned());
    }

    async fn upload(&self, number: usize) {
        let post = self.client.post(format!("{}/api/Blob/File", self.url));
        let post = post.bearer_auth(&self.tokens[number % self.tokens.len()]);
        let form = format!("multipart/form-data; boundary={BOUNDARY}");
        let answer = post.header("content-type", form).body(self.body.clone()).send().await;
        let answer = answer.unwrap().json::<Value>().await.unwrap();
        assert_eq!(answer["code"], 200, "{answer}");
    }
}

/// As `cp` and a sync of the file and its folder.
fn copy(from: &Path, folder: &Path, number: usize) {
    let to = folder.join(format!("copy-{number}"));
    let (mut from, mut into) = (File::open(from).unwrap(), File::create(&to).unwrap());
    let mut piece = vec![0; 1024 * 1024];
    loop {
        match from.read(&mut piece).unwrap() {
            0 => break,
            count => into.write_all(&piece[..count]).unwrap(),
        }
    }
    into.sync_all().unwrap();
    File::open(folder).unwrap().sync_all().unwrap();
}

async fn copies(from: &Path, folder: &Path, count: usize) {
    let copies = (0..count).map(|number| {
        let (from, folder) = (from.to_owned(), folder.to_owned());
        tokio::task::spawn_blocking(move || copy(&from, &folder, number))
    });
    join_all(copies).await.into_iter().for_each(|it| it.unwrap());
    for number in 0..count {
        std::fs::remove_file(folder.join(format!("copy-{number}"))).unwrap();
    }
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

/// Copies and uploads, in turns.
async fn side_by_side(callers: &Callers, folder: &Path, count: usize) {
    let source = folder.join("source");
    std::fs::write(&source, film()).unwrap();
    let (mut copied, mut uploaded) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let started = Instant::now();
        copies(&source, folder, count).await;
        copied.push(started.elapsed().as_secs_f64());
        let started = Instant::now();
        join_all((0..count).map(|it| callers.upload(it))).await;
        uploaded.push(started.elapsed().as_secs_f64());
    }
    let (copied, uploaded) = (median(copied), median(uploaded));
    println!(
        "{count} of 20 MB: copies {:.0} ms, uploads {:.0} ms; ratio {:.2}",
        copied * 1e3,
        uploaded * 1e3,
        copied / uploaded
    );
}

/// The most memory while files come in one after the other, beside that of before.
async fn memory(callers: &Callers, server: &Server) {
    let before = server.memory_mib();
    let (done, mut most) = (Arc::new(AtomicBool::new(false)), before);
    let uploads = async {
        for number in 0..5 {
            callers.upload(number).await;
        }
        done.store(true, Relaxed);
    };
    let looking = async {
        while !done.load(Relaxed) {
            most = most.max(server.memory_mib());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::join!(uploads, looking);
    println!("100 MB in five files: {before:.1} MiB before, {most:.1} MiB at most");
}

fn main() {
    binary();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let server = Server::start(&folder.path().join("data"), None);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let callers = Callers::of(&server).await;
        callers.upload(0).await;
        memory(&callers, &server).await;
        side_by_side(&callers, folder.path(), 1).await;
        side_by_side(&callers, folder.path(), AT_ONCE).await;
    });
    server.stop();
}
