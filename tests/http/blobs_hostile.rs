//! What should not come in as a file, and what becomes of it: it is refused, or it is stored under a
//! random name as what it is. Of what is refused nothing is left.

use std::convert::Infallible;

use api::Peer;
use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use serde_json::json;
use tests::app::{Answer, HOST};

use crate::blobs::{BOUNDARY, Files, body, form, headers_of, mp4, part, pdf, png};

/// A zip with these files, all of them empty.
fn zip(names: &[&str]) -> Vec<u8> {
    let (mut local, mut central) = (Vec::new(), Vec::new());
    for name in names {
        let offset = (local.len() as u32).to_le_bytes();
        let length = (name.len() as u16).to_le_bytes();
        local.extend_from_slice(b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0");
        local.extend_from_slice(&[0; 12]);
        local.extend_from_slice(&length);
        local.extend_from_slice(&[0; 2]);
        local.extend_from_slice(name.as_bytes());
        central.extend_from_slice(b"PK\x01\x02\x14\0\x14\0\0\0\0\0\0\0\0\0");
        central.extend_from_slice(&[0; 12]);
        central.extend_from_slice(&length);
        central.extend_from_slice(&[0; 12]);
        central.extend_from_slice(&offset);
        central.extend_from_slice(name.as_bytes());
    }
    let (start, size) = (local.len() as u32, central.len() as u32);
    let count = (names.len() as u16).to_le_bytes();
    let mut zip = [local, central].concat();
    zip.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    zip.extend_from_slice(&count);
    zip.extend_from_slice(&count);
    zip.extend_from_slice(&size.to_le_bytes());
    zip.extend_from_slice(&start.to_le_bytes());
    zip.extend_from_slice(&[0; 2]);
    zip
}

/// A zip whose directory is said to be at the end of all numbers.
fn zip_beyond_all() -> Vec<u8> {
    let mut zip = b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0".to_vec();
    zip.extend_from_slice(b"PK\x06\x07\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\x01\0\0\0");
    zip.extend_from_slice(b"PK\x05\x06");
    zip.extend_from_slice(&[0xff; 18]);
    zip
}

/// Nothing was written, kept or left.
async fn nothing_is_left(files: &Files, before: u64) {
    assert_eq!(files.app.engine.log().head().position, before, "an event");
    assert_eq!(files.object_count().await, 0, "an object");
}

fn head(files: &Files) -> u64 {
    files.app.engine.log().head().position
}

#[track_caller]
fn refused(answer: &Answer, code: i64, what: &str) {
    assert_eq!(answer.code(), code, "{what}: {answer:?}");
    let json = answer.json();
    assert!(json.get("data").is_none(), "{what}: {json}");
}

/// Hole H16: the type was that of the header, any type was taken, and addresses could be guessed.
#[tokio::test]
async fn h16_a_file_is_what_it_contains_and_few_types_are_taken() {
    let files = Files::new().await;
    let before = head(&files);
    let script = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
    for (what, bytes) in [
        ("a program of Windows", &b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0"[..]),
        ("a program of Linux", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0"),
        ("a shell script", b"#!/bin/sh\nrm -rf /\n"),
        ("a page", b"<!DOCTYPE html><html><script>alert(1)</script></html>"),
        ("a drawing with a script", script),
        ("a text", b"just some text\n"),
        ("a flash film", b"CWS\x0a\0\0\0\0"),
        ("nothing that anybody knows", &[0x13; 100]),
        ("a zip", &zip(&["a.txt"])),
        ("a zip of Java", &zip(&["META-INF/MANIFEST.MF"])),
        ("a zip beyond all", &zip_beyond_all()),
    ] {
        for media_type in ["image/png", "video/mp4", "application/octet-stream"] {
            refused(&files.image(media_type, bytes).await, 422, what);
            let answer = files.file("a.mp4", media_type, bytes).await;
            refused(&answer, 422, what);
            let shown = answer.text.contains("the content is");
            assert!(shown && (media_type.ends_with("stream") || answer.text.contains(media_type)));
        }
        refused(&files.base64(bytes).await, 400, what);
    }
    for document in ["a.docx", "a.xlsx"] {
        let word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
        refused(&files.file(document, word, &zip(&["a.txt"])).await, 422, "a zip called docx");
    }
    nothing_is_left(&files, before).await;
}

#[tokio::test]
async fn each_row_takes_its_own_families_only() {
    let files = Files::new().await;
    let before = head(&files);
    refused(&files.file("a.png", "image/png", &png(100)).await, 422, "an image as a file");
    refused(&files.image("video/mp4", &mp4(100)).await, 422, "a film as an image");
    refused(&files.image("application/pdf", &pdf(100)).await, 422, "a document as an image");
    refused(&files.base64(&mp4(100)).await, 400, "a film in Base64");
    // What the sender says is of another family.
    refused(&files.image("video/mp4", &png(100)).await, 422, "an image as a film");
    refused(&files.file("a.mp4", "application/pdf", &mp4(100)).await, 422, "a film as a document");
    refused(&files.file("a.pdf", "video/mp4", &pdf(100)).await, 422, "a document as a film");
    refused(&files.image("text/html", &png(100)).await, 422, "an image as a page");
    nothing_is_left(&files, before).await;
    // Within a family the content counts.
    let answer = files.image("image/jpeg", &png(100)).await;
    assert!(Files::path_of(&answer).ends_with(".png"));
    let answer = files.file("a.avi", "video/avi", &mp4(100)).await;
    assert!(Files::path_of(&answer).ends_with(".mp4"));
    // Office documents, whatever is packed inside of them, are stored as they are.
    let word = zip(&["[Content_Types].xml", "_rels/.rels", "word/document.xml"]);
    assert!(
        Files::path_of(&files.file("a", "application/octet-stream", &word).await)
            .ends_with(".docx")
    );
    let table = zip(&["[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"]);
    assert!(
        Files::path_of(&files.file("a", "application/octet-stream", &table).await)
            .ends_with(".xlsx")
    );
    // A document with a script in it, and one that is something else, too, are offered, never shown.
    for more in [&b"1 0 obj<</S/JavaScript/JS(app.alert(1))>>"[..], b"<script>alert(1)</script>"] {
        let document = [pdf(20), more.to_vec()].concat();
        let path = Files::path_of(&files.file("a.pdf", "application/pdf", &document).await);
        let response = files.app.get(&path).open().await;
        let shown = response.headers();
        assert!(shown["content-disposition"].to_str().unwrap().starts_with("attachment; "));
        assert_eq!(shown["content-security-policy"], "default-src 'none'; sandbox");
        assert_eq!(shown["x-content-type-options"], "nosniff");
    }
}

#[tokio::test]
async fn sizes_end_where_the_rows_say() {
    let files = Files::new().await;
    let before = head(&files);
    refused(&files.file("a.mp4", "video/mp4", &mp4(20_000_001)).await, 422, "a film");
    refused(&files.file("a.pdf", "application/pdf", &pdf(10_000_001)).await, 422, "a document");
    refused(&files.image("image/png", &png(10_485_761)).await, 422, "an image");
    refused(&files.base64(&png(10_485_761)).await, 400, "an image in Base64");
    refused(&files.file("a.mp4", "video/mp4", b"").await, 422, "an empty file");
    refused(&files.said("\"\"".to_owned()).await, 400, "an empty image");
    nothing_is_left(&files, before).await;
    files.file("a.mp4", "video/mp4", &mp4(20_000_000)).await.data();
    files.file("a.pdf", "application/pdf", &pdf(10_000_000)).await.data();
    files.image("image/png", &png(10_485_760)).await.data();
    files.base64(&png(10_485_760)).await.data();
    assert_eq!(files.object_count().await, 4);
}

#[tokio::test]
async fn a_body_that_says_or_shows_that_it_is_far_too_long_is_413() {
    let files = Files::new().await;
    let before = head(&files);
    let part = body(&[part(&headers_of("a.png", "image/png"), &png(100))]);
    let ask = files.upload(&files.ann, "/api/Blob/Image", part.clone());
    assert_eq!(ask.header("content-length", "50000000").send().await.status, 413);
    // It does not say so, and what is too long is not the file.
    let around = [part, vec![b' '; 10_485_760 + 65 * 1024]].concat();
    let answer = files.upload(&files.ann, "/api/Blob/Image", around).send().await;
    assert!([200, 413].contains(&answer.status), "{answer:?}");
    assert_eq!(answer.status, 413);
    let long = json!("A".repeat(14_400_000)).to_string();
    assert_eq!(files.said(long).await.status, 413);
    let longer = json!("A".repeat(50_000_000)).to_string();
    assert_eq!(files.said(longer).await.status, 413);
    nothing_is_left(&files, before).await;
}

#[tokio::test]
async fn one_part_with_one_file_is_taken_and_nothing_else() {
    let files = Files::new().await;
    let before = head(&files);
    let (headers, image) = (headers_of("a.png", "image/png"), png(100));
    let one = part(&headers, &image);
    let other = part(&headers.replace("\"value\"", "\"other\""), &image);
    let unnamed =
        part("Content-Disposition: form-data; name=\"value\"\r\nContent-Type: image/png", &image);
    let nameless = part("Content-Type: image/png", &image);
    let field = part("Content-Disposition: form-data; name=\"value\"", b"a text");
    for (what, body) in [
        ("no part", body(&[])),
        ("two files", body(&[one.clone(), one.clone()])),
        ("a part with another name", body(std::slice::from_ref(&other))),
        ("a second part", body(&[one.clone(), other.clone()])),
        ("no name of a file", body(&[unnamed])),
        ("no name of a part", body(&[nameless])),
        ("a text", body(&[field])),
        ("a media type that is none", body(&[part(&headers_of("a.png", "///"), &image)])),
    ] {
        refused(&files.upload(&files.ann, "/api/Blob/Image", body).send().await, 422, what);
    }
    let broken = |bytes: &[u8]| files.upload(&files.ann, "/api/Blob/Image", bytes.to_vec());
    for (what, body) in
        [("nothing", vec![]), ("no end", one.clone()), ("half a part", one[..60].to_vec())]
    {
        broken(&body).send().await.breaks("$");
        assert_eq!(head(&files), before, "{what}");
    }
    let ask = || files.app.post("/api/Blob/Image").bearer(&files.ann);
    let whole = || body(std::slice::from_ref(&one));
    for media_type in ["application/json", "image/png", "application/x-www-form-urlencoded"] {
        assert_eq!(ask().body(media_type, whole()).send().await.status, 415, "{media_type}");
    }
    assert_eq!(ask().send().await.status, 415);
    ask().body("multipart/form-data", whole()).send().await.breaks("Content-Type");
    let text = files.app.post("/api/Blob/Base64").bearer(&files.ann).body("text/plain", "\"AAAA\"");
    assert_eq!(text.send().await.status, 415);
    nothing_is_left(&files, before).await;
}

/// Whatever the name is, the file lies under a random one, and people see the rest of it.
#[tokio::test]
async fn names_lead_nowhere() {
    let files = Files::new().await;
    let long = format!("{}.mp4", "x".repeat(4_096));
    for (name, shown) in [
        ("../../etc/x", Some("x")),
        ("..\\\\..\\\\windows", Some("windows")),
        ("a\0b.mp4", Some("ab.mp4")),
        ("gnp.\u{202e}4pm.exe", Some("gnp.4pm.exe")),
        ("..", None),
        ("<script>.mp4", Some("<script>.mp4")),
        (long.as_str(), Some(&long[..255])),
    ] {
        let answer = files.file(name, "video/mp4", &mp4(100)).await;
        if answer.code() == 422 {
            // A name that no header may have: the parts cannot be read.
            assert!(name.contains('\0'), "{name:?}: {answer:?}");
            continue;
        }
        let path = Files::path_of(&answer);
        let file = path.rsplit('/').next().unwrap();
        assert!(file.len() == 36 && file.ends_with(".mp4"), "{name:?}: {path}");
        let newest = files.list(&files.ann, "?take=1").await["data"][0].clone();
        assert_eq!(newest.get("originalName").and_then(|it| it.as_str()), shown, "{name:?}");
    }
}

#[tokio::test]
async fn base64_is_plain_and_in_a_json_string() {
    let files = Files::new().await;
    let before = head(&files);
    let good = "iVBORw0KGgoAAAANSUhEUg==";
    for wrong in [
        format!("\"data:image/png;base64,{good}\""),
        format!("\" {good}\""),
        format!("\"{} {}\"", &good[..8], &good[8..]),
        format!("\"{good}\\n\""),
        format!("\"{}\"", &good[..23]),
        format!("\"{}\"", good.replace('=', "")),
        "\"####\"".to_owned(),
    ] {
        refused(&files.said(wrong.clone()).await, 400, &wrong);
    }
    for wrong in
        ["", "{}", "7", "null", "[\"AAAA\"]", good, &format!("\"{good}"), &format!("\"{good}\"x")]
    {
        files.said(wrong.to_owned()).await.breaks("$");
    }
    nothing_is_left(&files, before).await;
    files.said(format!(" \"{good}\" ")).await.data();
    // Some writers of JSON escape what JSON need not.
    files.said(format!("\"{}\"", good.replace('=', "\\u003D"))).await.data();
}

/// A request whose body comes piece by piece, and then breaks off.
async fn broken_off(files: &Files, bytes: &[u8], whole: bool) -> u16 {
    let pieces = bytes.chunks(1_000).map(Bytes::copy_from_slice).collect::<Vec<_>>();
    let pieces = pieces.into_iter().map(Ok::<_, std::io::Error>);
    let end = (!whole).then(|| Err(std::io::Error::other("the caller is gone")));
    let pieces = stream::iter(pieces.chain(end));
    let body = http_body_util::StreamBody::new(pieces.map(|it| it.map(hyper::body::Frame::data)));
    let request = warp::http::Request::post("/api/Blob/Image")
        .header("host", HOST)
        .header("content-type", form())
        .header("authorization", format!("Bearer {}", files.ann))
        .extension(Peer("127.0.0.1:1".parse().unwrap()));
    let request = request.body(body).unwrap();
    files.app.serve(request).await.status().as_u16()
}

#[tokio::test]
async fn what_breaks_off_leaves_nothing() {
    let files = Files::new().await;
    let before = head(&files);
    let whole = body(&[part(&headers_of("a.png", "image/png"), &png(50_000))]);
    for cut in [1, BOUNDARY.len(), 150, 20_000, whole.len() - 1] {
        assert_eq!(broken_off(&files, &whole[..cut], false).await, 400, "{cut}");
    }
    nothing_is_left(&files, before).await;
    assert_eq!(broken_off(&files, &whole, true).await, 200);
    assert_eq!(files.object_count().await, 1);
}

/// Two of one caller, while they are on their way; others still have places.
#[tokio::test]
async fn a_caller_has_two_places_for_files_on_their_way() {
    let files = Files::new().await;
    let never = || {
        let body = http_body_util::StreamBody::new(stream::pending::<
            Result<hyper::body::Frame<Bytes>, Infallible>,
        >());
        let request = warp::http::Request::post("/api/Blob/Image")
            .header("host", HOST)
            .header("content-type", form())
            .header("authorization", format!("Bearer {}", files.ann));
        Box::pin(files.app.serve(request.body(body).unwrap()))
    };
    let (mut first, mut second) = (never(), never());
    assert!(first.as_mut().now_or_never().is_none() && second.as_mut().now_or_never().is_none());
    let third = files.image("image/png", &png(100)).await;
    assert_eq!(third.status, 429, "{third:?}");
    assert!(!third.header("retry-after").is_empty());
    let of_bob = body(&[part(&headers_of("a.png", "image/png"), &png(100))]);
    files.upload(&files.bob, "/api/Blob/Image", of_bob).send().await.data();
    drop(first);
    files.image("image/png", &png(100)).await.data();
    drop(second);
    assert_eq!(files.object_count().await, 2);
}
