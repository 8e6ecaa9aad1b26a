//! Files over HTTP: how they come in, what is said of them, who may list and delete them, and how many
//! there may be. What should not come in: `blobs_hostile.rs`; how they are read: `blobs_read.rs`.

use api::{AppSettings, UploadSettings};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures_util::future::join_all;
use outside::Objects;
use serde_json::{Value, json};
use tests::app::{Answer, Ask, HOST, TestApp};

pub const BOUNDARY: &str = "a-boundary-of-tests";

/// A PNG of so many bytes, as far as anybody looks.
pub fn png(bytes: usize) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    file.resize(bytes.max(file.len()), 7);
    file
}

pub fn mp4(bytes: usize) -> Vec<u8> {
    let mut file = b"\0\0\0\x18ftypisom\0\0\0\0isomavc1".to_vec();
    file.resize(bytes.max(file.len()), 7);
    file
}

pub fn pdf(bytes: usize) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n".to_vec();
    file.resize(bytes.max(file.len()), b' ');
    file
}

/// A part of a body, with its headers.
pub fn part(headers: &str, bytes: &[u8]) -> Vec<u8> {
    let mut part = format!("--{BOUNDARY}\r\n{headers}\r\n\r\n").into_bytes();
    part.extend_from_slice(bytes);
    part.extend_from_slice(b"\r\n");
    part
}

/// The headers of a file.
pub fn headers_of(name: &str, media_type: &str) -> String {
    format!(
        "Content-Disposition: form-data; name=\"value\"; filename=\"{name}\"\r\nContent-Type: {media_type}"
    )
}

/// A body of such parts.
pub fn body(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut body = parts.concat();
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}

pub fn form() -> String {
    format!("multipart/form-data; boundary={BOUNDARY}")
}

/// A program with a store of objects that the test looks into, and two users.
pub struct Files {
    pub app: TestApp,
    pub objects: Objects,
    pub admin: String,
    pub ann: String,
    pub bob: String,
}

impl Files {
    pub async fn new() -> Self {
        Self::with(UploadSettings::default()).await
    }

    pub async fn with(uploads: UploadSettings) -> Self {
        let objects = Objects::default();
        let settings = AppSettings { objects: objects.clone(), uploads, ..AppSettings::default() };
        let app = TestApp::with(settings).await;
        let admin = app.admin().await;
        let ann = app.user(1, "ann", &[1], "oauthapp.all").await;
        let bob = app.user(1, "bob", &[1], "oauthapp.all").await;
        let (ann, bob) = (app.token_of(ann), app.token_of(bob));
        Self { app, objects, admin, ann, bob }
    }

    pub fn upload(&self, who: &str, path: &str, body: Vec<u8>) -> Ask<'_> {
        self.app.post(path).bearer(who).body(&form(), body)
    }

    /// One file under its name.
    pub async fn file(&self, name: &str, media_type: &str, bytes: &[u8]) -> Answer {
        let body = body(&[part(&headers_of(name, media_type), bytes)]);
        self.upload(&self.ann, "/api/Blob/File?folderName=holiday", body).send().await
    }

    pub async fn image(&self, media_type: &str, bytes: &[u8]) -> Answer {
        let body = body(&[part(&headers_of("a.png", media_type), bytes)]);
        self.upload(&self.ann, "/api/Blob/Image?folderName=holiday", body).send().await
    }

    pub async fn base64(&self, bytes: &[u8]) -> Answer {
        let text = json!(BASE64_STANDARD.encode(bytes)).to_string();
        self.said(text).await
    }

    pub async fn said(&self, text: String) -> Answer {
        let ask = self.app.post("/api/Blob/Base64?folderName=holiday").bearer(&self.ann);
        ask.body("application/json", text).send().await
    }

    pub async fn list(&self, who: &str, query: &str) -> Value {
        self.app.get(&format!("/api/Blob{query}")).bearer(who).send().await.json()
    }

    /// How many objects there are.
    pub async fn object_count(&self) -> usize {
        let mut count = 0;
        self.objects.each_blob_before(i64::MAX, |_| count += 1).await.unwrap();
        count
    }

    /// The path of a file that was answered with its address.
    #[track_caller]
    pub fn path_of(answer: &Answer) -> String {
        let url = answer.data().as_str().unwrap().to_owned();
        url.strip_prefix(&format!("http://{HOST}")).unwrap().to_owned()
    }

    pub async fn read(&self, path: &str) -> Vec<u8> {
        let response = self.app.get(path).open().await;
        assert_eq!(response.status(), 200, "{path}");
        http_body_util::BodyExt::collect(response.into_body()).await.unwrap().to_bytes().to_vec()
    }
}

/// Two users, and how many of their files there are.
fn at(path: &str) -> (String, String, String) {
    let parts = path.split('/').collect::<Vec<_>>();
    let [_, first, folder, date, file] = parts[..] else { panic!("{path}") };
    assert_eq!(first, "blobs");
    (folder.to_owned(), date.to_owned(), file.to_owned())
}

#[tokio::test]
async fn each_row_takes_its_files_and_answers_where_they_are() {
    let files = Files::new().await;
    let (video, image) = (mp4(100_000), png(2_000));
    let document = pdf(3_000);
    let uploads = [
        (files.file("a film.mp4", "video/mp4", &video).await, "mp4", "video/mp4", &video),
        (
            files.file("a.pdf", "application/pdf", &document).await,
            "pdf",
            "application/pdf",
            &document,
        ),
        (files.file("a", "application/octet-stream", &video).await, "mp4", "video/mp4", &video),
        (files.image("image/png", &image).await, "png", "image/png", &image),
        (files.base64(&image).await, "png", "image/png", &image),
    ];
    for (answer, extension, media_type, bytes) in &uploads {
        let path = Files::path_of(answer);
        assert!(answer.position() > 0);
        let (folder, date, file) = at(&path);
        assert_eq!((folder.as_str(), date.len()), ("holiday", 8), "{path}");
        let (stem, end) = file.split_once('.').unwrap();
        assert!(stem.len() == 32 && stem.bytes().all(|it| it.is_ascii_hexdigit()), "{path}");
        assert_eq!(end, *extension);
        assert_eq!(&files.read(&path).await, *bytes, "{path}");
        let head = files.app.get(&path).open().await;
        assert_eq!(head.headers()["content-type"], *media_type);
    }
    assert_eq!(files.object_count().await, uploads.len());
    // The same file again is another one: nothing is overwritten.
    let again = files.image("image/png", &image).await;
    assert_ne!(Files::path_of(&again), Files::path_of(&uploads[3].0));
}

#[tokio::test]
async fn a_folder_is_named_by_its_uploader_or_by_the_day() {
    let files = Files::new().await;
    let upload = async |query: &str| {
        let body = body(&[part(&headers_of("a.png", "image/png"), &png(100))]);
        files.upload(&files.ann, &format!("/api/Blob/Image{query}"), body).send().await
    };
    let (folder, date, _) = at(&Files::path_of(&upload("").await));
    assert_eq!(folder, date, "the day");
    assert_eq!(at(&Files::path_of(&upload("?folderName=HoliDay1").await)).0, "holiday1");
    assert_eq!(at(&Files::path_of(&upload("?folderName=").await)).0, date);
    let most = "a".repeat(30);
    assert_eq!(at(&Files::path_of(&upload(&format!("?folderName={most}")).await)).0, most);
    let before = files.app.engine.log().head().position;
    for folder in
        ["four", "..%2f..%2fetc", "a%2fb%2fc", "so-so", "f%C3%B6lder", &format!("{most}a")]
    {
        upload(&format!("?folderName={folder}")).await.breaks("folderName");
    }
    assert_eq!(files.app.engine.log().head().position, before);
}

#[tokio::test]
async fn own_files_are_listed_the_newest_first_and_administrators_see_all() {
    let files = Files::new().await;
    let first = Files::path_of(&files.file("first film.mp4", "video/mp4", &mp4(100)).await);
    let second = Files::path_of(&files.base64(&png(100)).await);
    let mine = body(&[part(&headers_of("of bob.pdf", "application/pdf"), &pdf(50))]);
    let of_bob = files.upload(&files.bob, "/api/Blob/File", mine).send().await;
    let list = files.list(&files.ann, "").await;
    assert_eq!((&list["total"], list["data"].as_array().unwrap().len()), (&json!(2), 2));
    let [newest, oldest] = [&list["data"][0], &list["data"][1]];
    assert!(newest["url"].as_str().unwrap().ends_with(&second));
    assert!(oldest["url"].as_str().unwrap().ends_with(&first));
    assert_eq!(oldest["originalName"], "first film.mp4");
    assert_eq!((newest.get("originalName"), &newest["bytes"]), (None, &json!(100)));
    assert_eq!((&oldest["mediaType"], &oldest["folder"]), (&json!("video/mp4"), &json!("holiday")));
    let ascending = files.list(&files.ann, "?asc=true&take=1").await;
    assert!(ascending["data"][0]["url"].as_str().unwrap().ends_with(&first));
    assert_eq!(files.list(&files.bob, "").await["total"], 1);
    let all = files.list(&files.admin, "").await;
    assert_eq!(all["total"], 3);
    assert_eq!(all["data"][0]["url"], of_bob.data());
    assert_eq!(all["data"][0]["originalName"], "of bob.pdf");
}

#[tokio::test]
async fn owners_and_administrators_delete_and_nobody_else() {
    let files = Files::new().await;
    let delete = async |who: &str, path: &str| {
        files.app.ask("DELETE", &path.replace("/blobs/", "/api/Blob/")).bearer(who).send().await
    };
    let host = "other.example";
    let tenant = files.app.tenant(host).await;
    let of_other = files.app.mint(
        tenant,
        &json!({ "sub": "1", "scope": ["oauthapp.all"],
        "permission": "oauthapp.all", "role": ["user", "administrator"] }),
    );
    for (deletes, is_left) in [(&files.ann, 1), (&files.admin, 1)] {
        let path = Files::path_of(&files.base64(&png(100)).await);
        assert_eq!(delete(&files.bob, &path).await.code(), 404);
        let elsewhere = files.app.ask("DELETE", &path.replace("/blobs/", "/api/Blob/"));
        let elsewhere = elsewhere.host(host).bearer(&of_other).send().await;
        assert!(elsewhere.status == 401 || elsewhere.code() == 404, "{elsewhere:?}");
        assert_eq!(files.object_count().await, is_left);
        let deleted = delete(deletes, &path).await;
        assert_eq!(deleted.data(), true);
        assert!(deleted.position() > 0);
        assert_eq!(files.object_count().await, 0, "its bytes are gone");
        assert_eq!(files.app.get(&path).send().await.status, 404);
        assert_eq!(delete(deletes, &path).await.code(), 404);
        assert_eq!(files.list(&files.admin, "").await["total"], 0);
    }
}

/// An idempotent repetition keeps one file.
#[tokio::test]
async fn the_same_request_again_is_the_same_file() {
    let files = Files::new().await;
    let upload = async |key: &str, bytes: &[u8]| {
        let body = body(&[part(&headers_of("a.png", "image/png"), bytes)]);
        let ask = files.upload(&files.ann, "/api/Blob/Image", body);
        ask.header("idempotency-key", key).send().await
    };
    let first = upload("one", &png(100)).await;
    let again = upload("one", &png(100)).await;
    assert_eq!(first.data(), again.data());
    assert_eq!(again.header("idempotent-replay"), "true");
    assert_eq!(upload("one", &png(101)).await.status, 422, "another file");
    assert_ne!(upload("two", &png(100)).await.data(), first.data());
    let image = png(100);
    let (a, b) = tokio::join!(upload("three", &image), upload("three", &image));
    assert_eq!(a.data(), b.data());
    assert_eq!(files.object_count().await, 3);
    assert_eq!(files.list(&files.ann, "").await["total"], 3);
}

#[tokio::test]
async fn a_tenant_has_so_many_bytes_and_so_many_files() {
    let limits = UploadSettings {
        tenant_bytes_max: 1_000,
        tenant_count_max: 3,
        ..UploadSettings::default()
    };
    let files = Files::with(limits).await;
    let full = |answer: &Answer| {
        assert_eq!(answer.code(), 417, "{answer:?}");
        assert!(answer.text.contains("as they may"), "{answer:?}");
    };
    let first = files.base64(&png(600)).await;
    full(&files.base64(&png(401)).await);
    files.base64(&png(400)).await.data();
    full(&files.base64(&png(20)).await);
    assert_eq!(files.object_count().await, 2);
    // What is deleted makes room again, for bytes and for files.
    let path = Files::path_of(&first).replace("/blobs/", "/api/Blob/");
    files.app.ask("DELETE", &path).bearer(&files.ann).send().await.data();
    files.base64(&png(20)).await.data();
    files.base64(&png(20)).await.data();
    full(&files.base64(&png(20)).await);
    assert_eq!(files.object_count().await, 3);
}

/// Both would fit alone.
#[tokio::test]
async fn two_files_at_once_do_not_pass_what_a_tenant_may_have() {
    let limits = UploadSettings { tenant_bytes_max: 1_000, ..UploadSettings::default() };
    let files = Files::with(limits).await;
    let bytes = png(600);
    let answers = join_all([files.base64(&bytes), files.base64(&bytes)]).await;
    let mut codes = answers.iter().map(Answer::code).collect::<Vec<_>>();
    codes.sort_unstable();
    assert_eq!(codes, [200, 417]);
    assert_eq!(files.object_count().await, 1);
}

#[tokio::test]
async fn a_nearly_full_disk_takes_no_file() {
    let full = UploadSettings { reserve_bytes: u64::MAX / 2, ..UploadSettings::default() };
    let files = Files::with(full).await;
    assert_eq!(files.base64(&png(100)).await.status, 507);
    assert_eq!(files.object_count().await, 0);
}
