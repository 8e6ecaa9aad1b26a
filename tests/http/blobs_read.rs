//! Files are read by anybody who knows their address, whole or in part, on the hosts of their tenant.

use http_body_util::BodyExt as _;
use serde_json::json;
use tests::app::HOST;
use warp::reply::Response;

use crate::blobs::{Files, body, headers_of, mp4, part, pdf, png};

async fn text_of(response: Response) -> Vec<u8> {
    response.into_body().collect().await.unwrap().to_bytes().to_vec()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |it| it.to_str().unwrap())
}

#[tokio::test]
async fn a_file_is_served_as_a_file_of_nobodys_page() {
    let files = Files::new().await;
    let image = png(5_000);
    let path = Files::path_of(&files.image("image/png", &image).await);
    let response = files.app.get(&path).open().await;
    for (name, value) in [
        ("content-type", "image/png"),
        ("content-length", "5000"),
        ("content-disposition", "inline"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("cross-origin-resource-policy", "cross-origin"),
        ("cache-control", "public, max-age=31536000, immutable"),
        ("accept-ranges", "bytes"),
    ] {
        assert_eq!(header(&response, name), value, "{name}");
    }
    let tag = header(&response, "etag").to_owned();
    let sha256 = files.list(&files.ann, "").await["data"][0]["sha256"].clone();
    assert_eq!(json!(tag.trim_matches('"')), sha256);
    assert_eq!(text_of(response).await, image);
    let head = files.app.ask("HEAD", &path).open().await;
    assert_eq!((head.status().as_u16(), header(&head, "content-length")), (200, "5000"));
    assert_eq!(header(&head, "etag"), tag);
}

#[tokio::test]
async fn documents_are_offered_under_their_cleaned_names() {
    let files = Files::new().await;
    let long = "\u{e4}".repeat(150) + ".pdf";
    for (name, ascii, whole) in [
        ("../a b.pdf", "a b.pdf", "a%20b.pdf".to_owned()),
        ("Bericht \u{e4}.pdf", "Bericht _.pdf", "Bericht%20%C3%A4.pdf".to_owned()),
        (&*long, &*"_".repeat(100), "%C3%A4".repeat(100)),
    ] {
        let path = Files::path_of(&files.file(name, "application/pdf", &pdf(100)).await);
        let response = files.app.get(&path).open().await;
        let said = format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{whole}");
        assert_eq!(header(&response, "content-disposition"), said, "{name}");
        assert_eq!(header(&response, "content-type"), "application/pdf");
    }
    let film = Files::path_of(&files.file("a.mp4", "video/mp4", &mp4(100)).await);
    let response = files.app.get(&film).open().await;
    assert_eq!(header(&response, "content-disposition"), "inline");
}

#[tokio::test]
async fn one_range_is_answered_in_part() {
    let files = Files::new().await;
    let film = (0..100_000).map(|it| (it % 251) as u8);
    let film = mp4(24).into_iter().chain(film).collect::<Vec<_>>();
    let path = Files::path_of(&files.file("a.mp4", "video/mp4", &film).await);
    let all = film.len();
    for (range, from, to) in [
        ("bytes=0-0".to_owned(), 0, 1),
        ("bytes=100-199".to_owned(), 100, 200),
        ("bytes=50000-".to_owned(), 50_000, all),
        ("bytes=-10".to_owned(), all - 10, all),
        (format!("bytes=0-{}", all * 2), 0, all),
    ] {
        let response = files.app.get(&path).header("range", &range).open().await;
        assert_eq!(response.status(), 206, "{range}");
        let said = format!("bytes {from}-{}/{all}", to - 1);
        assert_eq!(header(&response, "content-range"), said);
        assert_eq!(header(&response, "content-length"), (to - from).to_string());
        assert_eq!(text_of(response).await, film[from..to], "{range}");
    }
    let beyond = files.app.get(&path).header("range", &format!("bytes={all}-")).open().await;
    assert_eq!(beyond.status(), 416);
    assert_eq!(header(&beyond, "content-range"), format!("bytes */{all}"));
    assert_eq!(text_of(beyond).await, b"");
    for range in ["bytes=0-1,5-6", "bytes=9-3", "pages=1", "bytes=a-b"] {
        let response = files.app.get(&path).header("range", range).open().await;
        assert_eq!(response.status(), 200, "{range}");
        assert_eq!(text_of(response).await.len(), all);
    }
}

#[tokio::test]
async fn conditions_are_judged_by_the_tag() {
    let files = Files::new().await;
    let path = Files::path_of(&files.image("image/png", &png(500)).await);
    let tag = header(&files.app.get(&path).open().await, "etag").to_owned();
    let ask = async |pairs: &[(&str, &str)]| {
        let asked = pairs.iter().fold(files.app.get(&path), |ask, it| ask.header(it.0, it.1));
        asked.open().await
    };
    for known in [&*tag, "*", &format!("\"other\", {tag}"), &format!("W/{tag}")] {
        let response = ask(&[("if-none-match", known), ("range", "bytes=0-1")]).await;
        assert_eq!(response.status(), 304, "{known}");
        assert_eq!(header(&response, "etag"), tag);
        assert_eq!(text_of(response).await, b"");
    }
    assert_eq!(ask(&[("if-none-match", "\"other\"")]).await.status(), 200);
    assert_eq!(ask(&[("if-match", &tag)]).await.status(), 200);
    assert_eq!(ask(&[("if-match", "\"other\"")]).await.status(), 412);
    let part = [("range", "bytes=0-1"), ("if-range", &*tag)];
    assert_eq!(ask(&part).await.status(), 206);
    assert_eq!(ask(&[part[0], ("if-range", "\"other\"")]).await.status(), 200);
}

#[tokio::test]
async fn a_file_is_on_the_hosts_of_its_tenant_only() {
    let files = Files::new().await;
    let path = Files::path_of(&files.image("image/png", &png(500)).await);
    let host = "other.example";
    files.app.tenant(host).await;
    assert_eq!(files.app.get(&path).host(host).send().await.status, 404);
    assert_eq!(files.app.get(&path).host("nobody.example").send().await.status, 400);
    assert_eq!(files.app.get(&path).host(HOST).open().await.status(), 200);
    let file = path.rsplit('/').next().unwrap().to_owned();
    for other in [
        path.replace("holiday", "another"),
        path.replace(".png", ".jpeg"),
        path.replace(".png", ""),
        path.replace(".png", ".png.exe"),
        path.to_uppercase().replace("/BLOBS/", "/blobs/"),
        format!("/blobs/holiday/20000101/{file}"),
        format!("/blobs/holiday/..%2f..%2f1/{file}"),
        "/blobs/..%2f..%2f..%2fetc/x/passwd".to_owned(),
        "/blobs/holiday/20000101/%00".to_owned(),
        format!("/blobs/{file}"),
        format!("{path}/"),
        format!("{path}/x"),
    ] {
        let answer = files.app.get(&other).send().await;
        assert_eq!(answer.status, 404, "{other}: {answer:?}");
    }
}

/// Whoever changes or removes bytes behind our back is told of, and nothing is answered instead.
#[tokio::test]
async fn bytes_that_are_gone_are_an_error_and_not_a_file() {
    let files = Files::new().await;
    let path = Files::path_of(&files.image("image/png", &png(500)).await);
    let mut places = Vec::new();
    files.objects.each_blob_before(i64::MAX, |it| places.push(it)).await.unwrap();
    files.objects.remove_blob(&places[0]).await.unwrap();
    let answer = files.app.get(&path).send().await;
    assert_eq!(answer.status, 409, "{answer:?}");
    assert!(answer.text.contains("cannot be read"), "{answer:?}");
    let shorter = png(400);
    files.objects.write_blob(&places[0], &mut &shorter[..], 400).await.unwrap();
    assert_eq!(files.app.get(&path).send().await.status, 409, "of another length");
    // It can be deleted all the same.
    let delete = files.app.ask("DELETE", &path.replace("/blobs/", "/api/Blob/"));
    delete.bearer(&files.ann).send().await.data();
}

/// Erasing the uploader takes the name, and leaves the file.
#[tokio::test]
async fn the_name_goes_with_the_person() {
    let files = Files::new().await;
    let dora = files.app.user(1, "dora", &[1], "oauthapp.all").await;
    let token = files.app.token_of(dora);
    let sent = body(&[part(&headers_of("of Dora.pdf", "application/pdf"), &pdf(100))]);
    let answer = files.upload(&token, "/api/Blob/File", sent).send().await;
    let path = Files::path_of(&answer);
    let said = async || {
        let response = files.app.get(&path).open().await;
        header(&response, "content-disposition").to_owned()
    };
    assert!(said().await.contains("of Dora.pdf"));
    files.app.engine.keys().erase_subject(domain::UserId(dora).into()).unwrap();
    let file = path.rsplit('/').next().unwrap();
    assert!(said().await.contains(file) && !said().await.contains("Dora"));
    let list = files.list(&files.admin, "").await;
    assert_eq!(list["data"][0].get("originalName"), None, "{list}");
}
