//! Makes code and pages of OpenAPI documents: clients, servers and documentation.
//!
//! A document is read by the crate `openapi` and then made [`safe`]: what is left cannot leave the
//! texts and names of the code that a generator writes of it. The generator ([`tool`]) and the
//! TypeScript compiler ([`compile()`]) are programs of others. They run in a [`sandbox`] without a
//! network, see no file but their input, and write to memory; what they wrote is read as a tar of
//! plain files. [`artifact`] puts it into one file, and [`readthedocs`] writes a page without them.
//!
//! Nothing here knows of HTTP, of events or of registries of packages.

pub mod artifact;
pub mod compile;
mod failure;
mod files;
mod limits;
pub mod readthedocs;
pub mod safe;
pub mod sandbox;
pub mod tool;
pub mod unpacked;

pub use compile::compile;
pub use failure::{Failure, Reason};
pub use files::{Files, NotPlain};
pub use limits::*;
pub use safe::{Place, for_code};
pub use sandbox::Sandbox;
pub use tool::Tool;
