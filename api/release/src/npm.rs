//! npm: names and versions, a package that is the same bytes for the same input, and a registry.

mod answer;
mod name;
mod package;
mod registry;
mod version;

pub use self::name::{NAME_CHARS_MAX, PackageName};
pub use self::package::{Manifest, PACKAGE_BYTES_MAX, Package, README_BYTES_MAX, SDK_CODE_MARK};
pub use self::registry::{PUBLISH_TIME_MAX, Published, REPEAT_AFTER, Registry};
pub use self::version::Version;
