//! Why nothing was made.

use serde::{Deserialize, Serialize};

/// Why nothing was made. The words are a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// The generator, Java or the compiler is missing, or does not run.
    ToolMissing,
    /// The sandbox is missing, or does not work on this machine.
    SandboxMissing,
    /// The generator is not allowed, unknown, or has no such option.
    RequestRefused,
    /// The document is not safe for code.
    DocumentNotSafe,
    /// The generator refused the document.
    DocumentRefusedByTool,
    /// It ran for too long.
    OutOfTime,
    /// It used too much of the processor.
    OutOfCpu,
    /// It needed more memory than it may have.
    OutOfMemory,
    /// It wrote too many bytes.
    OutputTooLarge,
    /// It wrote too many files.
    TooManyFiles,
    /// It wrote something that is not a plain file inside of its folder.
    OutputNotPlain,
    /// The compiler refused the generated code.
    DoesNotCompile,
    /// It ended in a way that none of the others says.
    Crashed,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 13] = [
        Self::ToolMissing,
        Self::SandboxMissing,
        Self::RequestRefused,
        Self::DocumentNotSafe,
        Self::DocumentRefusedByTool,
        Self::OutOfTime,
        Self::OutOfCpu,
        Self::OutOfMemory,
        Self::OutputTooLarge,
        Self::TooManyFiles,
        Self::OutputNotPlain,
        Self::DoesNotCompile,
        Self::Crashed,
    ];

    /// The word, as `out_of_time`.
    pub fn word(self) -> &'static str {
        match self {
            Self::ToolMissing => "tool_missing",
            Self::SandboxMissing => "sandbox_missing",
            Self::RequestRefused => "request_refused",
            Self::DocumentNotSafe => "document_not_safe",
            Self::DocumentRefusedByTool => "document_refused_by_tool",
            Self::OutOfTime => "out_of_time",
            Self::OutOfCpu => "out_of_cpu",
            Self::OutOfMemory => "out_of_memory",
            Self::OutputTooLarge => "output_too_large",
            Self::TooManyFiles => "too_many_files",
            Self::OutputNotPlain => "output_not_plain",
            Self::DoesNotCompile => "does_not_compile",
            Self::Crashed => "crashed",
        }
    }
}

/// Nothing was made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", reason.word())]
pub struct Failure {
    /// Why.
    pub reason: Reason,
    /// What may be shown: no path of this machine, at most [`crate::DETAIL_CHARS_MAX`] characters.
    pub detail: String,
    /// All that the program said, at most [`crate::LOG_BYTES_MAX`] bytes, cleaned as the detail is.
    pub log: String,
}

impl Failure {
    /// A failure of which no program said anything.
    pub(crate) fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into(), log: String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_that_are_stored() {
        for it in Reason::ALL {
            assert_eq!(serde_json::to_value(it).unwrap(), it.word());
        }
    }
}
