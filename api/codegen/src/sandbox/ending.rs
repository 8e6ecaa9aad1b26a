//! How a run ended, and what that means.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

use bytes::Bytes;

use super::command::{FULL, NO_INPUT, NO_OUTPUT};
use super::log::Log;
use super::pack;
use super::run::{Limits, Output};
use crate::failure::{Failure, Reason};

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// By itself, with this code; 128 and the number of a signal if that ended it.
    Code(i32),
    /// It ran for too long.
    OutOfTime,
    /// Too much came out.
    TooLarge,
    /// Nobody waits for it.
    Stopped,
    /// It could not be waited for.
    Lost,
}

/// What a process that is ended by a signal ends its shell with.
const SIGNALLED: i32 = 128;
const KILLED: i32 = SIGNALLED + 9;
const CPU_LIMIT: i32 = SIGNALLED + 24;
const FILE_LIMIT: i32 = SIGNALLED + 25;
/// What a Java ends with that was told to end when it has no memory.
const JAVA_WITHOUT_MEMORY: i32 = 3;

impl Ending {
    pub(super) fn of(status: ExitStatus) -> Self {
        let signal = status.signal().map(|it| SIGNALLED + it);
        status.code().or(signal).map_or(Self::Lost, Self::Code)
    }
}

/// What a run made.
pub(super) fn outcome(
    ending: Ending,
    log: Log,
    tar: Bytes,
    limits: &Limits,
    otherwise: Reason,
    took: Duration,
) -> Result<Output, Failure> {
    let reason = match ending {
        Ending::Code(0) if log.has_begun => match pack::unpacked(&tar, limits, false) {
            Ok(files) => return Ok(Output { files, log: log.text }),
            Err(it) => it,
        },
        // What was read until then tells which limit it was.
        Ending::TooLarge => {
            pack::unpacked(&tar, limits, true).err().unwrap_or(Reason::OutputTooLarge)
        }
        Ending::OutOfTime => Reason::OutOfTime,
        Ending::Stopped | Ending::Lost => Reason::Crashed,
        Ending::Code(_) if !log.has_begun => Reason::SandboxMissing,
        Ending::Code(code) => of_code(code, &log.text, limits, otherwise, took),
    };
    let detail = match reason {
        Reason::OutOfTime => format!("it ran for more than {} s", limits.time.as_secs()),
        Reason::TooManyFiles => format!("it wrote more than {} files", limits.files),
        _ => log.detail(),
    };
    Err(Failure { reason, detail, log: log.text })
}

/// Words of programs that had no memory.
const WITHOUT_MEMORY: [&str; 7] = [
    "OutOfMemoryError",
    "Out of memory",
    "out of memory",
    "Cannot allocate memory",
    "cannot allocate memory",
    "insufficient memory",
    "Cannot fork",
];

/// Words of programs that could not write any more.
const WITHOUT_SPACE: [&str; 2] = ["No space left on device", "File too large"];

fn of_code(code: i32, log: &str, limits: &Limits, otherwise: Reason, took: Duration) -> Reason {
    let said = |words: &[&str]| words.iter().any(|it| log.contains(it));
    // A process cannot have used more of the processors than there were in that time.
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let cpu_seconds_max = took.as_secs_f64() * f64::from(u32::try_from(processors).unwrap_or(1));
    let may_be_cpu =
        cpu_seconds_max + 1.0 >= f64::from(u32::try_from(limits.cpu_seconds).unwrap_or(u32::MAX));
    match code {
        CPU_LIMIT => Reason::OutOfCpu,
        KILLED if may_be_cpu => Reason::OutOfCpu,
        KILLED | JAVA_WITHOUT_MEMORY => Reason::OutOfMemory,
        FULL | FILE_LIMIT => Reason::OutputTooLarge,
        NO_INPUT => Reason::Crashed,
        NO_OUTPUT => Reason::OutputNotPlain,
        _ if said(&WITHOUT_SPACE) => Reason::OutputTooLarge,
        _ if said(&WITHOUT_MEMORY) => Reason::OutOfMemory,
        _ => otherwise,
    }
}
