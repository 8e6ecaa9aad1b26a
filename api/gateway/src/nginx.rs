//! nginx: its configuration files, written from the neutral configuration.
//!
//! [`render()`] is pure. No text of a face reaches a file but through `safe`, which refuses all that
//! could begin or end anything there; the type of the writer (`conf`) sees to it.

mod conf;
mod main_file;
mod options;
mod render;
mod safe;

pub use self::main_file::{MainFile, render_main};
pub use self::options::{Authority, GatewayKey, HostPort, NginxVersion, RenderOptions, Rendered};
pub use self::render::{render, upstreams_of};
pub use self::safe::RenderRefused;
