//! Options of what stands beside the log: documents, and the files that users upload.

use std::path::{Path, PathBuf};

use clap::Args;
use outside::{Objects, S3Settings, Unusable};

use crate::state::uploads::{TENANT_COUNT_MAX, UploadSettings};

/// How many MiB the files of a tenant may have, where nothing is said: 10 GiB.
const TENANT_MIB_MAX: u64 = 10 * 1024;

/// Where objects lie, and how many.
#[derive(Debug, Clone, Args)]
pub(crate) struct ObjectOptions {
    /// Where documents and uploaded files lie: a folder, or s3://BUCKET/PREFIX, with keys and region
    /// in the usual AWS_ variables. Without it, the folder objects of the data folder.
    #[arg(long, env = "CHANCERY_OBJECTS", value_name = "DIR|URL")]
    pub(crate) objects: Option<String>,

    /// Where the service of s3:// is, such as `https://minio.example:9000`. Without it, Amazon's.
    #[arg(long, env = "CHANCERY_S3_ENDPOINT", value_name = "URL")]
    pub(crate) s3_endpoint: Option<String>,

    /// Name the bucket in the host of requests to s3://, and not in their path.
    #[arg(long, env = "CHANCERY_S3_BUCKET_IN_HOST")]
    pub(crate) s3_bucket_in_host: bool,

    /// How many MiB the uploaded files of a tenant may have in all.
    #[arg(
        long,
        env = "CHANCERY_BLOBS_MIB_MAX",
        default_value_t = TENANT_MIB_MAX,
        value_name = "MIB"
    )]
    pub(crate) blobs_mib_max: u64,

    /// How many uploaded files a tenant may have.
    #[arg(
        long,
        env = "CHANCERY_BLOBS_MAX",
        default_value_t = TENANT_COUNT_MAX,
        value_name = "N"
    )]
    pub(crate) blobs_max: u64,
}

impl ObjectOptions {
    /// The bucket that they name, if they name one. It is not asked for anything yet.
    ///
    /// # Errors
    /// When it cannot be one.
    pub(crate) fn bucket(&self) -> Result<Option<Objects>, Unusable> {
        let Some(url) = self.objects.as_ref().filter(|it| it.contains("://")) else {
            return Ok(None);
        };
        let (endpoint, bucket_in_host) = (self.s3_endpoint.clone(), self.s3_bucket_in_host);
        Objects::s3(url, &S3Settings { endpoint, bucket_in_host }).map(Some)
    }

    /// The folder that they name, else `usual`.
    ///
    /// # Errors
    /// When it cannot be used.
    pub(crate) fn folder(&self, usual: &Path) -> Result<Objects, Unusable> {
        Objects::folder(self.objects.as_ref().map_or(usual, Path::new))
    }

    /// What uploads may take, which arrive in a folder of whose disk so many bytes must be left.
    pub(crate) fn uploads(&self, folder: PathBuf, reserve_bytes: u64) -> UploadSettings {
        UploadSettings {
            folder: Some(folder),
            reserve_bytes,
            tenant_bytes_max: self.blobs_mib_max.saturating_mul(1024 * 1024),
            tenant_count_max: self.blobs_max,
        }
    }
}
