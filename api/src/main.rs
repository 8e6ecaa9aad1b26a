//! The `chancery` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    api::run()
}
