//! `/blobs/…`: what users uploaded, for anybody who knows its address. It is streamed, and whoever shows
//! it does so as a file of nobody's page.

use std::ops::Range;

use headers::{ETag, HeaderMapExt as _, IfMatch, IfNoneMatch, IfRange};
use outside::{Family, FileType};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use projections::BlobRow;
use warp::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, RANGE, X_CONTENT_TYPE_OPTIONS,
};
use warp::http::{HeaderMap, Method, StatusCode};
use warp::reply::{Reply as _, Response};

use super::blob::place_of;
use crate::access::granted::Open;
use crate::http::codes;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::error::ApiError;
use crate::http::reply::Reply;

/// What is at an address never changes: its name is random, and no name is used twice.
const KEPT: &str = "public, max-age=31536000, immutable";

/// A page of anybody may show it.
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// What a file may do where it is shown: nothing.
const CONTENT_POLICY: &str = "default-src 'none'; sandbox";

/// How many characters of its original name a file is offered under.
const NAME_CHARS_MAX: usize = 100;

/// What stands for itself in an extended value (RFC 8187 section 3.2.1).
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint(
            Method::GET,
            "/blobs/{folder}/{date}/{file}",
            "BlobRead",
            "Read a file that was uploaded, or one range of it",
        )
        .answers_file(&FileType::ALL.map(|it| it.media_type), "The file.")
        .answers_empty(StatusCode::NOT_MODIFIED, "It is what If-None-Match names.")
        .answers_empty(StatusCode::RANGE_NOT_SATISFIABLE, "It ends before the range.")
        .fails(|| {
            let missing = ApiError::business(codes::EXPECTATION_FAILED, "");
            vec![ApiError::not_found("file"), ApiError::Changed, missing]
        })
        .open(read),
    ]
}

async fn read(open: Open) -> Outcome {
    let tenant = open.tenant.data.tenant;
    let [folder, date, file] = [0, 1, 2].map(|it| open.call.parameter(it));
    let (row, name) = {
        let tables = open.call.app.views.read();
        let row = tables.blobs.at(tenant, folder, date, file).cloned();
        let row = row.ok_or_else(|| ApiError::not_found("file"))?;
        let name = row.original_name(tables.keys());
        (row, name)
    };
    let tag = tag_of(&row)?;
    let headers = &open.call.headers;
    // RFC 9110 section 13.2.2.
    if headers.typed_get::<IfMatch>().is_some_and(|it| !it.precondition_passes(&tag)) {
        return Err(ApiError::Changed);
    }
    let is_known =
        headers.typed_get::<IfNoneMatch>().is_some_and(|it| !it.precondition_passes(&tag));
    if is_known {
        let mut response = Response::new("".into());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        add_headers(&mut response, &row, name.as_deref(), &tag);
        response.headers_mut().remove(CONTENT_TYPE);
        return Ok(Reply::response(response));
    }
    let all = row.data.bytes;
    let (status, range) = match wanted(headers, &tag, all) {
        Wanted::All => (StatusCode::OK, 0..all),
        Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
        Wanted::Nothing => return Ok(beyond(all)),
    };
    let objects = &open.call.app.settings.objects;
    let found = objects.stream_blob(&place_of(&row)?, range.clone(), all).await;
    let stream = found.ok().flatten().ok_or_else(|| {
        tracing::error!(file = row.data.file, "a file is not in the store of objects as it was");
        let why = "the file cannot be read; the log of the server says why";
        ApiError::business(codes::EXPECTATION_FAILED, why)
    })?;
    let mut response = warp::reply::stream(stream).into_response();
    *response.status_mut() = status;
    add_headers(&mut response, &row, name.as_deref(), &tag);
    let length = HeaderValue::from(range.end - range.start);
    response.headers_mut().insert(CONTENT_LENGTH, length);
    if status == StatusCode::PARTIAL_CONTENT {
        let said = format!("bytes {}-{}/{all}", range.start, range.end - 1);
        if let Ok(said) = HeaderValue::from_str(&said) {
            response.headers_mut().insert(CONTENT_RANGE, said);
        }
    }
    Ok(Reply::response(response))
}

/// As callers name what they know.
fn tag_of(row: &BlobRow) -> Result<ETag, ApiError> {
    let tag = format!("\"{}\"", row.data.sha256).parse();
    tag.map_err(|_| ApiError::Internal("the tag of a file".to_owned()))
}

/// What of a file is wanted.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    All,
    Part(Range<u64>),
    /// What it does not have.
    Nothing,
}

/// One range, or all: several at once, and what cannot be read, count as none (RFC 9110 section 14.2).
fn wanted(headers: &HeaderMap, tag: &ETag, all: u64) -> Wanted {
    let changed = headers.typed_get::<IfRange>().is_some_and(|it| it.is_modified(Some(tag), None));
    let sent = headers.get(RANGE).filter(|_| !changed).and_then(|it| it.to_str().ok());
    let spec = sent.and_then(|it| it.strip_prefix("bytes=")).and_then(|it| it.split_once('-'));
    // What is larger than any number is beyond any file.
    let number = |it: &str| {
        let digits = !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
        digits.then(|| it.parse().unwrap_or(u64::MAX))
    };
    let (start, end) = match spec {
        Some(("", last)) => match number(last) {
            Some(count) => (all.saturating_sub(count), all),
            None => return Wanted::All,
        },
        Some((first, "")) => match number(first) {
            Some(first) => (first, all),
            None => return Wanted::All,
        },
        Some((first, last)) => match (number(first), number(last)) {
            (Some(first), Some(last)) if first <= last => (first, last.saturating_add(1).min(all)),
            _ => return Wanted::All,
        },
        None => return Wanted::All,
    };
    match start < end {
        true => Wanted::Part(start..end),
        false => Wanted::Nothing,
    }
}

/// RFC 9110 section 15.5.17.
fn beyond(all: u64) -> Reply {
    let mut response = Response::new("".into());
    *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
    if let Ok(said) = HeaderValue::from_str(&format!("bytes */{all}")) {
        response.headers_mut().insert(CONTENT_RANGE, said);
    }
    Reply::response(response)
}

fn add_headers(response: &mut Response, row: &BlobRow, name: Option<&str>, tag: &ETag) {
    let headers = response.headers_mut();
    headers.typed_insert(tag.clone());
    let fixed = [
        (ACCEPT_RANGES, "bytes"),
        (CACHE_CONTROL, KEPT),
        (CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (RESOURCE_POLICY, "cross-origin"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    for (header, value) in fixed {
        headers.insert(header, HeaderValue::from_static(value));
    }
    let shown = FileType::named(&row.data.media_type);
    let media_type = shown.map_or("application/octet-stream", |it| it.media_type);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    let is_shown = shown.is_some_and(|it| it.family != Family::Document);
    let disposition = match is_shown {
        true => "inline".to_owned(),
        false => offered_as(name.unwrap_or(&row.data.file)),
    };
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        headers.insert(CONTENT_DISPOSITION, disposition);
    }
}

/// RFC 6266: a name for those who know nothing else, and the whole name.
fn offered_as(name: &str) -> String {
    let name = name.chars().take(NAME_CHARS_MAX).collect::<String>();
    let plain = |it: char| match it {
        ' ' | '.' | '-' | '_' | '(' | ')' => it,
        it if it.is_ascii_alphanumeric() => it,
        _ => '_',
    };
    let ascii = name.chars().map(plain).collect::<String>();
    let whole = utf8_percent_encode(&name, PLAIN);
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{whole}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(pairs: &[(&'static str, &str)]) -> Wanted {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        wanted(&headers, &"\"tag\"".parse().unwrap(), 100)
    }

    #[test]
    fn one_range_is_read_and_nothing_else() {
        let part = |from, to| Wanted::Part(from..to);
        for (range, expected) in [
            ("bytes=0-0", part(0, 1)),
            ("bytes=0-99", part(0, 100)),
            ("bytes=10-", part(10, 100)),
            ("bytes=99-1000", part(99, 100)),
            ("bytes=-1", part(99, 100)),
            ("bytes=-1000", part(0, 100)),
            ("bytes=100-", Wanted::Nothing),
            ("bytes=100-200", Wanted::Nothing),
            ("bytes=18446744073709551615-", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=0-0,5-6", Wanted::All),
            ("bytes=5-4", Wanted::All),
            ("bytes=x", Wanted::All),
            ("bytes=-", Wanted::All),
            ("bytes=+1-2", Wanted::All),
            ("bytes=99999999999999999999-", Wanted::Nothing),
            ("pages=1-2", Wanted::All),
            ("", Wanted::All),
        ] {
            assert_eq!(asked(&[("range", range)]), expected, "{range}");
        }
        assert_eq!(asked(&[]), Wanted::All);
    }

    #[test]
    fn a_range_of_another_file_is_the_whole_one() {
        let range = ("range", "bytes=0-0");
        assert_eq!(asked(&[range, ("if-range", "\"tag\"")]), Wanted::Part(0..1));
        assert_eq!(asked(&[range, ("if-range", "\"other\"")]), Wanted::All);
        assert_eq!(asked(&[range, ("if-range", "W/\"tag\"")]), Wanted::All);
    }

    #[test]
    fn a_name_says_nothing_but_a_name() {
        assert_eq!(
            offered_as("a \"b\"; c=\u{e4}.pdf"),
            "attachment; filename=\"a _b__ c__.pdf\"; filename*=UTF-8''a%20%22b%22%3B%20c%3D%C3%A4.pdf"
        );
        let long = offered_as(&"\u{1f600}".repeat(300));
        assert_eq!(long.matches("%F0%9F%98%80").count(), NAME_CHARS_MAX);
    }
}
