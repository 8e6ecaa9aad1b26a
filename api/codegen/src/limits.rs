//! The limits of making code.

use std::time::Duration;

/// Places that are named of a refused document; what comes after is not looked for.
pub const PLACES_MAX: usize = 20;

/// Characters of a name in a document.
pub const NAME_CHARS_MAX: usize = 200;

/// Characters of an `operationId`.
pub const OPERATION_ID_CHARS_MAX: usize = 128;

/// Characters of an address or a path in a document.
pub const ADDRESS_CHARS_MAX: usize = 2_000;

/// Bytes of what is put into a sandbox: a document may have 16 MiB, generated sources 64 MiB.
pub const INPUT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Bytes of all files that come out of a sandbox.
pub const OUTPUT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Bytes of one of these files.
pub const FILE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Bytes of one file while a program runs; the document it is given may be that long.
pub const WRITTEN_FILE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// How many files may come out of a sandbox.
pub const FILES_MAX: usize = 5_000;

/// Bytes of the path of a file.
pub const PATH_BYTES_MAX: usize = 1_000;

/// Bytes of the log of one run; what comes after is read and lost.
pub const LOG_BYTES_MAX: usize = 1024 * 1024;

/// Characters of what is told of a failure.
pub const DETAIL_CHARS_MAX: usize = 2_000;

/// Bytes of an artifact.
pub const ARTIFACT_BYTES_MAX: usize = 32 * 1024 * 1024;

/// How long a generator may run.
pub const GENERATE_TIME_MAX: Duration = Duration::from_secs(120);

/// How long a generator of one page may run, while somebody waits for it.
pub const PREVIEW_TIME_MAX: Duration = Duration::from_secs(30);

/// How long the compiler may run.
pub const COMPILE_TIME_MAX: Duration = Duration::from_secs(60);

/// How long the generator may take to tell of some of its generators: 1.2 s for each on a quiet machine.
pub const LIST_TIME_MAX: Duration = Duration::from_secs(120);

/// Generators that it is asked for in one run.
pub const LISTED_AT_ONCE_MAX: usize = 8;

/// Seconds of processor time of one process in a sandbox.
pub const CPU_SECONDS_MAX: u64 = 60;

/// Bytes of addresses of one process in a sandbox. A Java reserves far more than it uses.
pub const ADDRESS_SPACE_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;

/// Processes and threads in a sandbox, where it does not run as root.
pub const PROCESSES_MAX: u64 = 512;

/// Open files of one process in a sandbox.
pub const OPEN_FILES_MAX: u64 = 512;

/// Bytes of the folder of a sandbox in which a program works.
pub const WORK_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Bytes of the folder of a sandbox for temporary files.
pub const TEMPORARY_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Options of a generator that may be given at once.
pub const OPTIONS_MAX: usize = 50;

/// Options that are known of one generator; what it lists after these cannot be given.
pub const OPTIONS_LISTED_MAX: usize = 500;

/// Characters of the value of an option.
pub const OPTION_CHARS_MAX: usize = 200;

/// Bytes of a page. Of one of [`crate::readthedocs`], what comes after is left out, and said to be.
pub const PAGE_BYTES_MAX: usize = 2 * 1024 * 1024;
