//! Answers: which is the youngest code for an address?

use std::collections::HashMap;

use domain::Recorded;
use domain::forgetting::{Forgetting, Forgotten};
use domain::hashed::HashedMap;
use domain::log_event::STREAM_SECONDS_AFTER_END;
use domain::verification::VerificationEvent;

/// The youngest code for each address, unless it was used or forgotten.
#[derive(Debug, Default, PartialEq)]
pub struct Codes {
    youngest: HashedMap<Code>,
    /// The hash of the address of each of them, by the id of its stream.
    addresses: HashMap<Box<str>, u128>,
    forgotten: Forgotten,
}

#[derive(Debug, PartialEq)]
struct Code {
    /// The id of its stream.
    id: Box<str>,
    position: u64,
}

impl Codes {
    /// The id of the youngest code for the address with this hash. It may have ended.
    pub fn youngest(&self, address_hash: [u8; 16]) -> Option<&str> {
        self.youngest.get(&u128::from_le_bytes(address_hash)).map(|it| &*it.id)
    }

    pub(crate) fn apply(&mut self, event: &VerificationEvent, recorded: &Recorded) {
        let id = recorded.stream.id();
        match event {
            VerificationEvent::Issued(fact) => {
                let address = u128::from_le_bytes(fact.data.address_hash);
                let code = Code { id: id.into(), position: recorded.position };
                if let Some(older) = self.youngest.insert(address, code) {
                    self.addresses.remove(&older.id);
                }
                self.addresses.insert(id.into(), address);
            }
            VerificationEvent::Failed(_) => (),
            VerificationEvent::Used(_) => {
                if let Some(address) = self.addresses.remove(id) {
                    self.youngest.remove(&address);
                }
            }
        }
    }

    /// Forgets what stands before a position and is due.
    pub(crate) fn forget(&mut self, position: u64, forgetting: Forgetting) {
        self.forgotten.note(position, forgetting);
        let Self { youngest, addresses, forgotten } = self;
        youngest.retain(|_, it| {
            let stream = domain::StreamId::new(VERIFICATION, &it.id);
            let end = stream.closes_at().unwrap_or_default();
            let stays = !forgotten.covers(it.position, end, STREAM_SECONDS_AFTER_END);
            if !stays {
                addresses.remove(&it.id);
            }
            stays
        });
    }

    /// Closes all: the log was restored, and others may have used them in the lost history.
    pub(crate) fn close_all(&mut self) {
        (self.youngest, self.addresses) = (HashMap::default(), HashMap::default());
    }

    /// What was forgotten before the first event that comes.
    pub(crate) fn begin_with(&mut self, forgotten: &Forgotten) {
        self.forgotten = forgotten.clone();
    }
}

const VERIFICATION: &str = <domain::verification::Verification as domain::Aggregate>::CATEGORY;
