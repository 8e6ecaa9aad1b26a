//! Adapters that release generated SDKs: as a package in an npm registry, and as a commit on a branch of
//! a git remote.
//!
//! Both can be repeated without harm: what is there already is found and counts as done. Nothing here
//! knows jobs, tenants or events; a caller has files, options and secrets, and is told what came of it.

mod failure;
mod files;
pub mod git;
pub mod npm;
mod secret;

pub use crate::failure::{DETAIL_CHARS_MAX, Failure, FormError, Reason};
pub use crate::files::{FILES_BYTES_MAX, FILES_MAX, Files, GeneratedFile, PATH_BYTES_MAX};
pub use crate::secret::Secret;
