//! Starts a run, feeds it, listens to it, and ends it.

use std::thread;
use std::time::Instant;

use bytes::Bytes;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Child;
use tokio::sync::oneshot;

use super::command::Place;
use super::ending::{Ending, outcome};
use super::run::{Output, Run};
use super::{log, pack};
use crate::failure::{Failure, Reason};
use crate::limits::LOG_BYTES_MAX;

/// Bytes that are read at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// Bytes of a tar beside the contents: two blocks for each file, and some for long paths.
const TAR_BYTES_PER_FILE: usize = 4 * 512;

/// Runs something until it ends, or until this future is dropped.
///
/// The run has a thread of its own: bubblewrap ends with the thread that started it, and threads of
/// a runtime may end earlier.
pub(super) async fn attend(place: Place, run: Run) -> Result<Output, Failure> {
    // Dropped with this future, which the thread notices.
    let (_stop, stopped) = oneshot::channel::<()>();
    let (done, ended) = oneshot::channel();
    let crashed = || Failure::new(Reason::Crashed, "the run could not be attended");
    let body = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let result = match runtime {
            Ok(it) => it.block_on(run_until(stopped, &place, run)),
            Err(_) => Err(Failure::new(Reason::Crashed, "no runtime")),
        };
        // Its folder is gone before anybody hears of the end.
        drop(place);
        // Nobody listens if it was stopped.
        let _ = done.send(result);
    };
    thread::Builder::new().name("codegen".to_owned()).spawn(body).map_err(|_| crashed())?;
    ended.await.map_err(|_| crashed())?
}

async fn run_until(
    stopped: oneshot::Receiver<()>,
    place: &Place,
    run: Run,
) -> Result<Output, Failure> {
    let paths = place.paths(&run);
    let input = pack::packed(&run.input)
        .map_err(|_| Failure::new(Reason::Crashed, "the input could not be packed"))?;
    let began = Instant::now();
    let missing = |_| Failure::new(Reason::SandboxMissing, "the program prlimit cannot be run");
    let mut child = place.command(&run).spawn().map_err(missing)?;
    let group = Group::of(&child);
    let Run { limits, otherwise, .. } = run;
    let tar_max =
        limits.output_bytes.saturating_add(limits.files.saturating_mul(TAR_BYTES_PER_FILE));
    let (mut said, mut tar) = (Vec::new(), Vec::new());
    let ending = {
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let feed = async {
            if let Some(mut pipe) = stdin {
                // A program that ended does not read; that it did is known from its end.
                let _ = pipe.write_all(&input).await;
            }
            Ok(())
        };
        let output = async {
            let Some(it) = stdout else { return Ok(()) };
            if keep(it, &mut tar, tar_max).await { Ok(()) } else { Err(Ending::TooLarge) }
        };
        let listen = async {
            if let Some(mut it) = stderr {
                keep(&mut it, &mut said, LOG_BYTES_MAX).await;
                lose(it).await;
            }
            Ok(())
        };
        let wait = async { child.wait().await.map_err(|_| Ending::Lost) };
        let all = async { tokio::try_join!(feed, output, listen, wait) };
        tokio::select! {
            biased;
            _ = stopped => Ending::Stopped,
            all = all => match all {
                Ok((.., status)) => Ending::of(status),
                Err(it) => it,
            },
            () = tokio::time::sleep(limits.time) => Ending::OutOfTime,
        }
    };
    let has_ended = matches!(ending, Ending::Code(_));
    // Without a sandbox processes may be left behind; as long as they are, their group has its number.
    if !has_ended || matches!(place, Place::Folder(_)) {
        group.kill();
    }
    if !has_ended {
        // It was killed: this is short.
        let _ = child.wait().await;
    }
    let log = log::Log::new(&said, &paths);
    outcome(ending, log, Bytes::from(tar), &limits, otherwise, began.elapsed())
}

/// Reads until the end, and returns whether that came before the limit was passed.
async fn keep(mut from: impl AsyncRead + Unpin, into: &mut Vec<u8>, max: usize) -> bool {
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        match from.read(&mut chunk).await {
            Ok(0) | Err(_) => return true,
            Ok(count) => {
                let room = max.saturating_sub(into.len());
                into.extend(chunk.iter().take(count.min(room)));
                if count > room {
                    return false;
                }
            }
        }
    }
}

/// Reads until the end, and forgets it: a program whose pipe is full would wait.
async fn lose(mut from: impl AsyncRead + Unpin) {
    let mut chunk = vec![0; CHUNK_BYTES];
    while from.read(&mut chunk).await.is_ok_and(|it| it > 0) {}
}

/// The processes of a run that have not left its group.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        Self(child.id().and_then(|it| i32::try_from(it).ok()).and_then(Pid::from_raw))
    }

    /// Inside of bubblewrap all others end with the first one.
    fn kill(&self) {
        if let Some(group) = self.0 {
            // It may have ended by itself.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
