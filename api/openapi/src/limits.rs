//! The limits of documents and of comparing them.

/// Bytes of a document.
pub const BYTES_MAX: usize = 16 * 1024 * 1024;

/// Levels of arrays and objects in JSON; what `serde_json` reads at all.
pub const JSON_DEPTH_MAX: usize = 127;

/// Levels of sequences and mappings in YAML.
pub const YAML_DEPTH_MAX: usize = 64;

/// Values of a document, those that stand inside of others with them.
pub const NODES_MAX: u32 = 1_000_000;

/// Anchors of a YAML document, and as many aliases.
pub const YAML_ANCHORS_MAX: usize = 100;

/// Events that YAML aliases stand for, all together.
pub const YAML_REPLAYED_MAX: usize = 100_000;

/// Operations of a document.
pub const OPERATIONS_MAX: usize = 5_000;

/// Paths of a document.
pub const PATHS_MAX: usize = 5_000;

/// Named schemas of a document.
pub const SCHEMAS_MAX: usize = 10_000;

/// Parameters in the template of one path.
pub const PATH_PARAMETERS_MAX: usize = 100;

/// References that follow each other until something stands there.
pub const HOPS_MAX: usize = 16;

/// Bytes of one reference.
pub const REFERENCE_BYTES_MAX: usize = 2_000;

/// Problems of one refused document that are reported; what comes after is not looked for.
pub const PROBLEMS_MAX: usize = 20;

/// Characters of a text of the document that is repeated in a problem or a change.
pub const TEXT_CHARS_MAX: usize = 200;

/// Steps of one comparison: a schema that is looked at, with some keywords.
pub const STEPS_MAX: u64 = 2_000_000;

/// How long one comparison may take, in seconds.
pub const COMPARE_SECONDS_MAX: u64 = 10;

/// Changes of one report.
pub const CHANGES_MAX: usize = 5_000;

/// Bytes of the changes of one report, as JSON.
pub const REPORT_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Operations that are listed with one change.
pub const VIA_MAX: usize = 100;
