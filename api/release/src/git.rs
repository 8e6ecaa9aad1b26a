//! Pushing files to a branch of a git remote, through the program `git`.
//!
//! Nothing is ever checked out: a commit is made of the head's tree and the files, so that a link or a
//! hook in the remote's tree does nothing here. The program sees no settings of a user or a machine, no
//! environment of ours, and connects only to an address that was checked.

mod folder;
mod import;
mod place;
mod process;
mod program;
mod push;
mod remote;
mod said;
mod settings;
mod workspace;

pub use self::folder::{Folder, Folders};
pub use self::push::{Credentials, Git, PUSH_ATTEMPTS_MAX, Push, Pushed};
pub use self::remote::{Branch, JobId, Protocol, Protocols, Remote};
pub use self::settings::{FETCH_BYTES_MAX, GitSettings, PUSH_TIME_MAX};
pub use self::workspace::sweep_left_over;
