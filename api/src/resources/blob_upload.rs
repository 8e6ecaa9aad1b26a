//! `/api/Blob/File`, `Image` and `Base64`: files on their way in. Each is streamed to a file without a
//! name, counted and hashed; then its type is read from its content; then it is kept, and only then an
//! event says that it is there.

use std::io::{self, BufReader, Seek as _};
use std::time::Duration;

use commands::Done;
use domain::blob::{BlobCommand, BlobStored, check_folder};
use domain::{TenantId, Timestamp, hex};
use outside::{BlobPlace, Family, FileType, OtherType};
use projections::BlobUse;
use schemars::JsonSchema;
use time::OffsetDateTime;
use time::macros::format_description;
use tokio::io::AsyncSeekExt as _;
use tracing::Instrument as _;
use warp::http::Method;

use super::blob::url_of;
use super::blob_arrival::Sent;
use super::blob_base64::decode;
use super::blob_multipart::read_file;
use crate::access::granted::Granted;
use crate::http::codes::{self, Code};
use crate::http::endpoint::{Endpoint, Outcome, QueryParameter, endpoint};
use crate::http::error::ApiError;
use crate::http::needs::user_by_scope;
use crate::http::paging::text;
use crate::http::reply::{Reply, Single};
use crate::state::uploads::{Arrived, Counted, NoPlace, NotTaken};

/// The largest video, in bytes.
const VIDEO_BYTES_MAX: u64 = 20_000_000;

/// The largest document, in bytes.
const DOCUMENT_BYTES_MAX: u64 = 10_000_000;

/// The largest image, in bytes.
const IMAGE_BYTES_MAX: u64 = 10_485_760;

/// The longest body of an image in Base64, in bytes.
const BASE64_BYTES_MAX: usize = 14_400_000;

/// How long an upload may take, from its first byte to its last.
const UPLOAD_TIME_MAX: Duration = Duration::from_secs(120);

/// After how many seconds a caller may try again, while many files are on their way.
const RETRY_SECONDS: u64 = 2;

const FOLDER: [QueryParameter; 1] = [text(
    "folderName",
    "a part of the address of the file: 5 to 30 letters and digits; the default is the date of today",
)];

/// An image in Base64.
#[derive(serde::Deserialize, JsonSchema)]
#[schemars(rename = "Base64Image", transparent)]
struct Base64Image(
    /// The Base64 of a PNG or JPEG file of up to 10,485,760 bytes, without white space or a prefix.
    #[allow(dead_code, reason = "for the document: it is read piece by piece")]
    String,
);

/// What one row takes.
#[derive(Clone, Copy)]
struct Taken {
    families: &'static [Family],
    /// The code of what is wrong with a file.
    wrong: Code,
    /// The largest file, in bytes.
    bytes_max: u64,
}

const FILE: Taken = Taken {
    families: &[Family::Video, Family::Document],
    wrong: codes::INVALID,
    bytes_max: VIDEO_BYTES_MAX,
};

const IMAGE: Taken =
    Taken { families: &[Family::Image], wrong: codes::INVALID, bytes_max: IMAGE_BYTES_MAX };

const BASE64: Taken = Taken { wrong: codes::HAS_ERROR, ..IMAGE };

pub(crate) fn endpoints() -> Vec<Endpoint> {
    let busy = || vec![ApiError::TooMany { retry_seconds: RETRY_SECONDS, why: "" }];
    let declared = |path, operation, summary| {
        endpoint(Method::POST, path, operation, summary)
            .query(&FOLDER)
            .answers::<Single<String>>()
            .fails(busy)
    };
    vec![
        declared(
            "/api/Blob/File",
            "BlobFile",
            "Upload a video of up to 20,000,000 bytes, or a document (pdf, doc, docx, xls, xlsx) of up to 10,000,000",
        )
        .row(34)
        .file()
        .body_up_to(VIDEO_BYTES_MAX as usize)
        .needs(user_by_scope("blob.post"), file),
        declared(
            "/api/Blob/Image",
            "BlobImage",
            "Upload a PNG or JPEG image of up to 10,485,760 bytes",
        )
        .row(35)
        .file()
        .body_up_to(IMAGE_BYTES_MAX as usize)
        .needs(user_by_scope("blob.image"), image),
        declared("/api/Blob/Base64", "BlobBase64", "Upload a PNG or JPEG image in Base64")
            .row(36)
            .json::<Base64Image>()
            .body_up_to(BASE64_BYTES_MAX)
            .needs(user_by_scope("blob.base64"), base64),
    ]
}

impl Taken {
    fn refused(self, why: impl Into<String>) -> ApiError {
        ApiError::business(self.wrong, why)
    }

    /// What was not taken of a body.
    fn not_taken(self, why: NotTaken) -> ApiError {
        match why {
            NotTaken::TooLarge => self.refused(format!("larger than {} bytes", self.bytes_max)),
            NotTaken::Disk(err) => {
                tracing::error!(error = %err, "a file on its way in could not be written");
                ApiError::DiskFull
            }
        }
    }

    /// The type of a file, if it is one of those that are taken here, and what its sender said.
    fn judge(
        self,
        found: Result<FileType, OtherType>,
        declared: Option<&str>,
        bytes: u64,
    ) -> Result<FileType, ApiError> {
        let said = declared.filter(|it| *it != "application/octet-stream");
        let shown = said.unwrap_or("nothing");
        let found = found.map_err(|OtherType(found)| {
            self.refused(format!(
                "the content is {found}, which is not taken; its sender said {shown}"
            ))
        })?;
        let media_type = found.media_type;
        let family = self.families.iter().find(|it| **it == found.family);
        if family.is_none() || said.is_some_and(|it| !found.family.has(it)) {
            let why = format!("the content is {media_type}; its sender said {shown}");
            return Err(self.refused(why));
        }
        let bytes_max = match found.family {
            Family::Document => DOCUMENT_BYTES_MAX,
            Family::Image | Family::Video => self.bytes_max,
        };
        match bytes <= bytes_max {
            true => Ok(found),
            false => {
                Err(self.refused(format!("a file of {media_type} may have {bytes_max} bytes")))
            }
        }
    }
}

async fn file(granted: Granted) -> Outcome {
    upload(granted, FILE).await
}

async fn image(granted: Granted) -> Outcome {
    upload(granted, IMAGE).await
}

async fn base64(granted: Granted) -> Outcome {
    upload(granted, BASE64).await
}

/// The folder that the caller wishes, else the day.
fn folder_of(granted: &Granted, day: &str) -> Result<String, ApiError> {
    let query = granted.call.query();
    let folder = query.text("folderName").map_or_else(|| day.to_owned(), str::to_ascii_lowercase);
    check_folder("folderName", &folder)?;
    Ok(folder)
}

/// `yyyyMMdd`.
fn day_of(now: Timestamp) -> String {
    let time =
        OffsetDateTime::from_unix_timestamp(now.seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    time.format(format_description!("[year][month][day]")).unwrap_or_default()
}

async fn upload(mut granted: Granted, taken: Taken) -> Outcome {
    let date = day_of(granted.call.now);
    let folder = folder_of(&granted, &date)?;
    match taken.wrong == BASE64.wrong {
        true => granted.call.content_type("application/json")?,
        false => granted.call.content_type("multipart/form-data")?,
    }
    let app = granted.call.app.clone();
    let place = app.uploads.place(granted.tenant_id(), granted.user());
    let place = place.map_err(no_place)?;
    // What cannot be kept need not come.
    if (app.log_figures)().disk_full || !app.uploads.has_room(2 * taken.bytes_max) {
        return Err(ApiError::DiskFull);
    }
    drop(reserve(&granted, 1)?);
    let receiving = tokio::time::timeout(UPLOAD_TIME_MAX, receive(&mut granted, taken)).await;
    let slow = |_| ApiError::field("$", "the body took too long to arrive");
    let sent = receiving.map_err(slow)??;
    let found = taken.judge(sniffed(&sent).await?, sent.declared.as_deref(), sent.arrived.bytes)?;
    // From here on it goes on without its caller: what was kept is said in the log, or removed.
    let storing = async move {
        let stored = store(&granted, sent, found, (folder, date)).await;
        drop(place);
        stored
    };
    let storing = tokio::spawn(storing.in_current_span());
    let failed = |err: tokio::task::JoinError| ApiError::Internal(err.to_string());
    storing.await.map_err(failed)?
}

fn no_place(why: NoPlace) -> ApiError {
    let why = match why {
        NoPlace::OfCaller => "two of your files are on their way; try again when one is there",
        NoPlace::OfAll => "many files are on their way; try again",
    };
    ApiError::TooMany { retry_seconds: RETRY_SECONDS, why }
}

/// Reads the body.
async fn receive(granted: &mut Granted, taken: Taken) -> Result<Sent, ApiError> {
    let file = || {
        let file = granted.call.app.uploads.file();
        file.map_err(|err| taken.not_taken(NotTaken::Disk(err)))
    };
    let (first, bytes_max) = (file()?, taken.bytes_max);
    if taken.wrong != BASE64.wrong {
        let sent = read_file(&mut granted.call, first, bytes_max).await;
        return sent.map_err(|it| it.error(|it| taken.not_taken(it), |it| taken.refused(it)));
    }
    let decoded = file()?;
    let arrived = decode(&mut granted.call, (first, decoded), bytes_max).await;
    let arrived =
        arrived.map_err(|it| it.error(|it| taken.not_taken(it), |it| taken.refused(it)))?;
    Ok(Sent { arrived, declared: None, name: None })
}

/// Reads the type of a file from its content. What makes the reader stumble is of no type that is taken.
async fn sniffed(sent: &Sent) -> Result<Result<FileType, OtherType>, ApiError> {
    let internal = |err: io::Error| ApiError::Internal(err.to_string());
    let mut file = sent.arrived.file.try_clone().map_err(internal)?;
    let looking = tokio::task::spawn_blocking(move || {
        file.rewind()?;
        Ok(FileType::of(BufReader::new(&file)))
    });
    match looking.await {
        Ok(looked) => looked.map_err(internal),
        Err(_) => Ok(Err(OtherType("of no type that can be read".to_owned()))),
    }
}

/// Room for a file in what the tenant may have.
fn reserve(granted: &Granted, bytes: u64) -> Result<Counted<TenantId>, ApiError> {
    let tenant = granted.tenant_id();
    let taken = || -> BlobUse { granted.ask(|tables| tables.blobs.use_of(tenant)) };
    let reserved = granted.call.app.uploads.reserve(tenant, bytes, taken);
    let why = "the files of the tenant have as many bytes, or are as many, as they may";
    reserved.ok_or_else(|| ApiError::business(codes::EXPECTATION_FAILED, why))
}

/// Keeps a file, and says so in the log.
async fn store(
    granted: &Granted,
    sent: Sent,
    found: FileType,
    (folder, date): (String, String),
) -> Outcome {
    let Sent { arrived: Arrived { file, bytes, sha256 }, name, .. } = sent;
    let said = format!("{sha256} {}", name.as_deref().unwrap_or_default());
    let head = granted.head(said.as_bytes())?;
    if let Some(done) = granted.call.find_repeated(&head)? {
        return shown_again(granted, &done).await;
    }
    granted.confirm()?;
    let _reserved = reserve(granted, bytes)?;
    let random = commands::keys::random_id::<16>();
    let id = hex(&random.map_err(|err| ApiError::Internal(err.to_string()))?);
    let data = BlobStored {
        tenant: granted.tenant_id(),
        owner: granted.user(),
        folder,
        date,
        file: format!("{id}.{}", found.extension),
        media_type: found.media_type.to_owned(),
        bytes,
        sha256,
    };
    let place = BlobPlace::new(data.tenant.0, &data.folder, &data.date, &data.file);
    let place = place.ok_or_else(|| ApiError::Internal("the place of a new blob".to_owned()))?;
    let objects = &granted.call.app.settings.objects;
    let mut file = tokio::fs::File::from_std(file);
    file.rewind().await.map_err(|err| ApiError::Internal(err.to_string()))?;
    let kept = objects.write_blob(&place, &mut file, bytes).await;
    kept.map_err(|err| ApiError::business(codes::EXPECTATION_FAILED, err.to_string()))?;
    let command = BlobCommand::Store { data: Box::new(data), original_name: name };
    let done = granted.enter_blob(&id, &command, &head).await;
    if !matches!(&done, Ok(done) if !done.repeated) {
        // No event names it.
        if objects.remove_blob(&place).await.is_err() {
            tracing::warn!(file = place.file(), "a file that no event names is left for the sweep");
        }
    }
    let done = done?;
    shown_again(granted, &done).await
}

/// The address of a file that is stored: now, or by an earlier request with the same key.
async fn shown_again(granted: &Granted, done: &Done) -> Outcome {
    let app = &granted.call.app;
    app.settle(done).await;
    let stored = app.engine.log().read_at(&[done.first])?;
    let id = stored.first().map(|it| it.stream.id().to_owned()).unwrap_or_default();
    let row = granted.ask(|tables| tables.blobs.get(granted.tenant_id(), &id).cloned());
    let row = row.ok_or_else(|| ApiError::not_found("blob"))?;
    Ok(Reply::single(url_of(granted, &row)).written(done))
}
