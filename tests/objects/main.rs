//! The store of objects keeps one promise wherever it is: in memory, in a folder, and in a bucket of
//! a program that others wrote.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use futures_util::TryStreamExt as _;
use outside::{BlobPlace, ObjectKind, Objects, S3Settings};
use tests::process::{free_port, until};

/// Tells a child where its bucket is.
const ENDPOINT: &str = "CHANCERY_TEST_S3";

/// What opens the bucket: a store of tests takes any.
const KEYS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "test"),
    ("AWS_SECRET_ACCESS_KEY", "secret-of-the-test"),
    ("AWS_REGION", "us-east-1"),
];

/// Not the same everywhere, so that a part in the wrong place shows.
fn bytes_of(count: usize) -> Vec<u8> {
    (0..count).map(|it| (it / 251 + it % 251) as u8).collect()
}

async fn write(objects: &Objects, place: &BlobPlace, bytes: &[u8]) -> bool {
    objects.write_blob(place, &mut Cursor::new(bytes), bytes.len() as u64).await.is_ok()
}

async fn read(
    objects: &Objects,
    place: &BlobPlace,
    from: u64,
    to: u64,
    all: u64,
) -> Option<Vec<u8>> {
    let stream = objects.stream_blob(place, from..to, all).await.unwrap()?;
    let read = stream.try_fold(Vec::new(), async |mut read, piece| {
        read.extend_from_slice(&piece);
        Ok(read)
    });
    Some(read.await.unwrap())
}

async fn documents(objects: &Objects) {
    let document = ObjectKind::Document;
    let name = objects.keep(document, b"a document".to_vec()).await.unwrap();
    assert_eq!(objects.keep(document, b"a document".to_vec()).await.unwrap(), name, "kept twice");
    assert_eq!(objects.read(document, &name).await.unwrap().unwrap(), b"a document");
    let empty = objects.keep(document, Vec::new()).await.unwrap();
    assert_eq!(objects.read(document, &empty).await.unwrap().unwrap(), b"");
    assert!(objects.read(document, &[0; 32]).await.unwrap().is_none());
    assert!(objects.read(ObjectKind::Report, &name).await.unwrap().is_none(), "of another kind");
}

/// Small, exactly a part, a part and a byte, and several parts.
async fn files(objects: &Objects, part: usize) {
    for (number, count) in [1, part, part + 1, 2 * part + 12_345].into_iter().enumerate() {
        let place = BlobPlace::new(7, "folder", "20261129", &format!("{number:032x}.png")).unwrap();
        let (bytes, all) = (bytes_of(count), count as u64);
        assert!(write(objects, &place, &bytes).await, "{count}");
        assert_eq!(read(objects, &place, 0, all, all).await.unwrap(), bytes, "{count}");
        assert_eq!(read(objects, &place, all - 1, all, all).await.unwrap(), bytes[count - 1..]);
        let (from, to) = (all / 3, all - all / 4);
        let wanted = &bytes[from as usize..to as usize];
        assert_eq!(read(objects, &place, from, to, all).await.unwrap(), wanted, "{count}");
        assert!(objects.stream_blob(&place, 0..all, all + 1).await.is_err(), "of another length");
        let mut listed = Vec::new();
        objects.each_blob_before(i64::MAX, |it| listed.push(it)).await.unwrap();
        assert_eq!(listed, std::slice::from_ref(&place));
        objects.each_blob_before(0, |it| panic!("{it:?} is not so old")).await.unwrap();
        objects.remove_blob(&place).await.unwrap();
        objects.remove_blob(&place).await.unwrap();
        assert!(objects.stream_blob(&place, 0..all, all).await.unwrap().is_none());
    }
    let place = |tenant| BlobPlace::new(tenant, "folder", "20261129", "0a.png").unwrap();
    assert!(write(objects, &place(7), b"one").await);
    assert!(!write(objects, &place(7), b"two").await, "never overwritten");
    assert_eq!(read(objects, &place(7), 0, 3, 3).await.unwrap(), b"one");
    assert!(objects.stream_blob(&place(8), 0..3, 3).await.unwrap().is_none(), "of another tenant");
    objects.remove_blob(&place(7)).await.unwrap();
}

/// What breaks off on its way leaves nothing.
async fn broken_off(objects: &Objects, part: usize) {
    let place = BlobPlace::new(7, "folder", "20261129", "0b.png").unwrap();
    for (has, says) in [(10, 11), (10, 9), (part + 10, 2 * part), (part + 10, part + 5)] {
        let written =
            objects.write_blob(&place, &mut Cursor::new(bytes_of(has)), says as u64).await;
        assert!(written.is_err(), "{has} of {says}");
        objects.each_blob_before(i64::MAX, |it| panic!("{it:?} is left")).await.unwrap();
    }
}

async fn contract(objects: &Objects, part: usize) {
    documents(objects).await;
    files(objects, part).await;
    broken_off(objects, part).await;
}

/// Every file below a folder.
fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    entries.flat_map(|it| if it.is_dir() { files_in(&it) } else { vec![it] }).collect()
}

#[tokio::test]
async fn in_memory_and_in_a_folder() {
    let part = 1024 * 1024;
    contract(&Objects::default(), part).await;
    let folder = tempfile::tempdir().unwrap();
    contract(&Objects::folder(folder.path()).unwrap(), part).await;
    let left = files_in(folder.path());
    assert!(left.iter().all(|it| it.starts_with(folder.path().join("documents"))), "{left:?}");
}

/// A store that others wrote; it ends with the test.
struct Moto {
    child: Child,
    endpoint: String,
}

impl Drop for Moto {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Moto {
    async fn with_bucket(bucket: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let server = root.join("target/tools/s3/bin/moto_server");
        assert!(server.exists(), "run tests/install-s3");
        let port = free_port().to_string();
        let mut command = Command::new(server);
        command.args(["-H", "127.0.0.1", "-p", &port]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let moto = Self { child, endpoint: format!("http://127.0.0.1:{port}") };
        let url = format!("{}/{bucket}", moto.endpoint);
        let client = reqwest::Client::new();
        until("the store answers", async || {
            client.put(&url).send().await.is_ok_and(|it| it.status().is_success())
        })
        .await;
        moto
    }

    /// Uploads that were begun and neither finished nor given up.
    async fn open_uploads(&self, bucket: &str) -> usize {
        let url = format!("{}/{bucket}?uploads", self.endpoint);
        let text = reqwest::get(url).await.unwrap().text().await.unwrap();
        assert!(text.contains("ListMultipartUploadsResult"), "{text}");
        text.matches("<UploadId>").count()
    }
}

/// The keys come from the environment, and no test may change its own: a child has them.
#[tokio::test]
async fn in_a_bucket() {
    let moto = Moto::with_bucket("blobs-of-tests").await;
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "child_with_a_bucket", "--nocapture"]);
    child.envs(KEYS).env(ENDPOINT, &moto.endpoint);
    let ended = tokio::task::spawn_blocking(move || child.output().unwrap()).await.unwrap();
    let said = String::from_utf8_lossy(&ended.stdout).into_owned()
        + &String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success() && said.contains("1 passed"), "{said}");
    assert_eq!(moto.open_uploads("blobs-of-tests").await, 0, "parts are left");
    assert!(!said.contains("secret-of-the-test"), "{said}");
}

/// The child of the test before: without a bucket there is nothing to do.
#[tokio::test]
async fn child_with_a_bucket() {
    let Ok(endpoint) = std::env::var(ENDPOINT) else { return };
    let settings = S3Settings { endpoint: Some(endpoint), bucket_in_host: false };
    for url in ["s3://blobs-of-tests", "s3://blobs-of-tests/below/this"] {
        let objects = Objects::s3(url, &settings).unwrap();
        assert!(!format!("{objects:?}").contains("secret-of-the-test"));
        contract(&objects, 5 * 1024 * 1024).await;
    }
}
