//! The event log: its bytes, its sequencer and its adapters. All adapters pass `log_contract`.

mod answers;
mod block;
mod commit;
mod context;
mod feed;
mod gathering;
mod index_snapshot;
mod inspect;
mod kinds;
mod memory;
mod merkle;
mod obstacle;
mod scan;
mod second_head;
mod sequencer;
mod shared;
mod sled;
mod snapshot;
mod stats;
mod store;
mod stored_index;
mod table;
mod wire;
mod writer;

/// The size of a block without its commits, in bytes.
pub const BLOCK_HEADER_BYTES: u64 = block::HEADER_BYTES as u64;

pub(crate) use self::block::event_id;
pub use self::inspect::{Derived, Inspection, inspect_second_head, log_id_of};
pub use self::memory::MemoryLog;
pub use self::sled::{SledLog, SledLogOptions};
pub use self::snapshot::{NoSnapshot, SnapshotHeader, read_snapshot, write_snapshot};
pub use self::stats::LogStats;
