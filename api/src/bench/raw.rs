//! The raw limits: a plain file, written and read with no more than a crc around each event.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use commands::keys::Keyring;
use domain::context::Context;
use domain::log::{CommitHead, EventLog, OpenParts as _};
use domain::{AnyEvent, CommandId, EventId, Parts, Recorded, StreamId, SubjectId};
use tokio::sync::oneshot;

use super::median::median;
use crate::program::failure::Failure;

/// As the log's own.
const GROUP_MAX: usize = 512;
const GROUP_BYTES_MAX: usize = 64 * 1024;

type Request = (Vec<u8>, oneshot::Sender<()>);

/// A thread that appends what it is sent to a plain file, syncs, and answers.
pub(crate) struct RawFile {
    sender: Sender<Request>,
    /// Why nothing can be written any more.
    failed: Arc<OnceLock<String>>,
}

impl RawFile {
    pub(crate) fn start(path: &Path) -> Result<Self, Failure> {
        let (file, path) = (File::create(path)?, path.to_owned());
        let (sender, receiver) = channel();
        let failed = Arc::new(OnceLock::new());
        let why = failed.clone();
        std::thread::Builder::new().name("raw-writer".to_owned()).spawn(move || {
            // A failed write ends the thread, and so everybody who waits for an answer gets an
            // error.
            write_groups(&receiver, file, &|err| {
                let _ = why.set(format!("writing {}: {err}", path.display()));
            });
        })?;
        Ok(Self { sender, failed })
    }

    async fn append(&self, bytes: Vec<u8>) -> Result<(), Failure> {
        let (reply, answer) = oneshot::channel();
        let failed =
            || self.failed.get().cloned().unwrap_or_else(|| "the raw file ended".to_owned());
        self.sender.send((bytes, reply)).map_err(|_| failed())?;
        Ok(answer.await.map_err(|_| failed())?)
    }

    /// The median time of one write of some bytes alone.
    pub(crate) async fn single_us(&self, size: usize, time: Duration) -> Result<f64, Failure> {
        let mut taken = Vec::new();
        let started = Instant::now();
        while started.elapsed() < time {
            let one = Instant::now();
            self.append(vec![7; size]).await?;
            taken.push(one.elapsed().as_secs_f64() * 1e6);
        }
        Ok(median(taken))
    }

    /// How many writes of some bytes a second, so many at once.
    pub(crate) async fn group_per_s(
        self: &Arc<Self>,
        size: usize,
        in_flight: usize,
        time: Duration,
    ) -> Result<f64, Failure> {
        let started = Instant::now();
        let tasks = (0..in_flight).map(|_| {
            let raw = self.clone();
            tokio::spawn(async move {
                let mut done = 0_u64;
                while started.elapsed() < time {
                    raw.append(vec![7; size]).await?;
                    done += 1;
                }
                Ok(done)
            })
        });
        let mut all = 0;
        for task in tasks.collect::<Vec<_>>() {
            let done: Result<u64, Failure> = task.await?;
            all += done?;
        }
        Ok(all as f64 / started.elapsed().as_secs_f64())
    }
}

/// Writes until all senders are gone or a write fails. Who waits learns of that once `failed` says why.
fn write_groups(requests: &Receiver<Request>, mut file: File, failed: &dyn Fn(std::io::Error)) {
    while let Ok((bytes, reply)) = requests.recv() {
        let mut group = Vec::with_capacity(GROUP_BYTES_MAX);
        let mut replies = vec![reply];
        frame(&bytes, &mut group);
        while replies.len() < GROUP_MAX && group.len() < GROUP_BYTES_MAX {
            let Ok((bytes, reply)) = requests.try_recv() else { break };
            frame(&bytes, &mut group);
            replies.push(reply);
        }
        if let Err(err) = file.write_all(&group).and_then(|()| file.sync_data()) {
            return failed(err);
        }
        for reply in replies {
            let _ = reply.send(());
        }
    }
}

fn frame(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(&crc32c::crc32c(bytes).to_le_bytes());
    out.extend_from_slice(bytes);
}

/// Copies the events of a log, as they are stored, into a plain file.
pub(crate) fn copy_events(log: &dyn EventLog, path: &Path) -> Result<u64, Failure> {
    let mut out = std::io::BufWriter::with_capacity(1 << 20, File::create(path)?);
    let head = log.head().position;
    let mut after = 0;
    let mut framed = Vec::new();
    while after < head {
        for event in log.read_after(after, 4_096)? {
            after = event.position;
            let mut bytes = event.event_id.0.to_vec();
            bytes.extend_from_slice(&event.subject.0.to_le_bytes());
            let texts = [event.stream.as_str(), &event.kind];
            for part in texts.map(|it| Some(it.as_bytes())).into_iter().chain([
                Some(&*event.parts.data),
                event.parts.personal.as_deref(),
                event.parts.secret.as_deref(),
            ]) {
                let count = part.map_or(u32::MAX, |it| it.len() as u32);
                bytes.extend_from_slice(&count.to_le_bytes());
                bytes.extend_from_slice(part.unwrap_or_default());
            }
            framed.clear();
            frame(&bytes, &mut framed);
            out.write_all(&framed)?;
        }
    }
    out.flush()?;
    Ok(head)
}

/// Reads that file once: crc and decode of each event, the sealed parts opened, on one thread.
/// Says how many events a second.
pub(crate) fn decode_per_s(path: &Path, keys: &Keyring) -> Result<f64, Failure> {
    let started = Instant::now();
    let mut file = File::open(path)?;
    let head = Arc::new(no_head());
    let mut events = 0_u64;
    let mut pending = Vec::new();
    let mut read = vec![0; 1 << 20];
    loop {
        let count = file.read(&mut read)?;
        if count == 0 {
            break;
        }
        pending.extend_from_slice(read.get(..count).unwrap_or_default());
        let bytes = Bytes::from(std::mem::take(&mut pending));
        let mut rest = bytes.clone();
        while let Some((crc, record)) = next_record(&mut rest) {
            if crc32c::crc32c(&record) != crc {
                return Err("the raw file is damaged".into());
            }
            let event = read_event(record, &head).ok_or("the raw file is damaged")?;
            let clear = keys.open_parts(&event)?;
            std::hint::black_box(AnyEvent::decode(&event.kind, &clear)?);
            events += 1;
        }
        pending = rest.to_vec();
    }
    Ok(events as f64 / started.elapsed().as_secs_f64())
}

fn next_record(rest: &mut Bytes) -> Option<(u32, Bytes)> {
    let count = u32::from_le_bytes(*rest.first_chunk()?) as usize;
    let crc = u32::from_le_bytes(*rest.get(4..)?.first_chunk()?);
    if rest.len() < 8 + count {
        return None;
    }
    let mut record = rest.split_to(8 + count);
    Some((crc, record.split_off(8)))
}

fn read_event(mut record: Bytes, head: &Arc<CommitHead>) -> Option<Recorded> {
    let event_id = EventId(*record.split_to(16).first_chunk()?);
    let subject = SubjectId(u64::from_le_bytes(*record.split_to(8).first_chunk()?));
    let stream = StreamId::parse(std::str::from_utf8(&part(&mut record)?).ok()?)?;
    let kind = std::str::from_utf8(&part(&mut record)?).ok()?.into();
    let data = part(&mut record)?;
    let (personal, secret) = (part(&mut record), part(&mut record));
    Some(Recorded {
        position: 0,
        version: 1,
        stream,
        kind,
        event_id,
        subject,
        commit: head.clone(),
        parts: Parts { data, personal, secret },
    })
}

fn part(record: &mut Bytes) -> Option<Bytes> {
    let count = u32::from_le_bytes(*record.split_to(4).first_chunk()?);
    (count != u32::MAX).then(|| record.split_to(count as usize))
}

fn no_head() -> CommitHead {
    CommitHead {
        command_id: CommandId([0; 16]),
        fingerprint: 0,
        tenant: domain::TenantId(0),
        actor: domain::Actor::System,
        time: domain::Timestamp(0),
        correlation: [0; 16],
        trace: [0; 16],
        context: Context::default(),
    }
}
