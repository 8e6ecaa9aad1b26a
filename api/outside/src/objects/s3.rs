//! Objects in a bucket: S3, or what speaks as it does.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, S3ConditionalPut};
use object_store::path::Path as Place;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, RetryConfig};

use crate::Unusable;

/// How often a request is made again.
const RETRIES_MAX: usize = 3;

/// How long a request and its repetitions may take.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(30);

/// What an operator says of a bucket beside its address.
#[derive(Debug, Clone, Default)]
pub struct S3Settings {
    /// Where the service is; `None` for Amazon's.
    pub endpoint: Option<String>,
    /// Whether the bucket stands in the name of the host, and not in the path.
    pub bucket_in_host: bool,
}

/// Makes the store; nothing is asked of it.
pub(super) fn open(url: &str, settings: &S3Settings) -> Result<Arc<dyn ObjectStore>, Unusable> {
    let rest = url.strip_prefix("s3://").ok_or_else(|| {
        Unusable(format!("{url}: must look like s3://bucket or s3://bucket/prefix"))
    })?;
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let prefix = prefix.trim_end_matches('/');
    if !is_name(bucket) || !(prefix.is_empty() || prefix.split('/').all(is_name)) {
        let why = "bucket and prefix may have letters, digits, '.', '_' and '-' only";
        return Err(Unusable(format!("{url}: {why}")));
    }
    let retry = RetryConfig {
        max_retries: RETRIES_MAX,
        retry_timeout: REQUEST_TIME_MAX,
        ..RetryConfig::default()
    };
    let mut builder = AmazonS3Builder::from_env()
        .with_bucket_name(bucket)
        .with_virtual_hosted_style_request(settings.bucket_in_host)
        .with_conditional_put(S3ConditionalPut::ETagMatch)
        .with_retry(retry);
    if let Some(endpoint) = &settings.endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    let endpoint = builder.get_config_value(&AmazonS3ConfigKey::Endpoint);
    if endpoint.is_some_and(|it| it.starts_with("http://")) {
        builder = builder.with_allow_http(true);
    }
    // The cause names a variable or an address, never the value of a key.
    let store = builder.build().map_err(|err| Unusable(format!("{url}: {err}")))?;
    Ok(match prefix {
        "" => Arc::new(store),
        prefix => Arc::new(PrefixStore::new(store, Place::from(prefix))),
    })
}

fn is_name(part: &str) -> bool {
    let plain = |it: u8| it.is_ascii_alphanumeric() || b"._-".contains(&it);
    !part.is_empty() && part != "." && part != ".." && part.bytes().all(plain)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn only_a_bucket_with_a_plain_prefix_is_opened() {
        let settings =
            S3Settings { endpoint: Some("http://127.0.0.1:1".to_owned()), ..S3Settings::default() };
        for url in ["s3://bucket", "s3://bucket/", "s3://bucket/a/b", "s3://my.bucket-1/x_y/"] {
            assert!(open(url, &settings).is_ok(), "{url}");
        }
        for url in [
            "bucket",
            "http://bucket",
            "s3://",
            "s3:///a",
            "s3://b/../c",
            "s3://b//c",
            "s3://b/a?b",
        ] {
            assert!(open(url, &settings).is_err(), "{url}");
        }
    }
}
