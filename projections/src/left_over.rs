//! Answers: which API resources were deleted, and still have subscribers?

use std::collections::BTreeSet;

use domain::resource::Resource;
use domain::subscriber::Subscriber;
use domain::{Aggregate as _, Recorded, StreamId};

use crate::resources::Resources;
use crate::subscribers::Subscribers;

/// The streams of API resources that were deleted, and whose subscribers were not removed yet.
#[derive(Debug, Default, PartialEq)]
pub struct LeftOver(BTreeSet<StreamId>);

impl LeftOver {
    /// The streams of the resources, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &StreamId> {
        self.0.iter()
    }

    /// All of them, found anew.
    pub(crate) fn of(resources: &Resources, subscribers: &Subscribers) -> Self {
        let gone = subscribers.resources().filter(|it| resources.row(*it).is_none());
        Self(gone.map(|it| StreamId::new(Resource::CATEGORY, it)).collect())
    }

    /// Looks at what an event changed, once the tables show it.
    pub(crate) fn look(
        &mut self,
        recorded: &Recorded,
        resources: &Resources,
        subscribers: &Subscribers,
    ) {
        let category = recorded.stream.category();
        let number = recorded.stream.number().and_then(|it| u32::try_from(it).ok());
        let resource = match (category, number) {
            (Resource::CATEGORY, resource) => resource,
            (Subscriber::CATEGORY, Some(number)) => {
                subscribers.row(number).map(|it| it.data.resource)
            }
            _ => None,
        };
        let Some(resource) = resource else { return };
        let stream = StreamId::new(Resource::CATEGORY, resource);
        match resources.row(resource).is_none() && subscribers.count_of(resource) > 0 {
            true => drop(self.0.insert(stream)),
            false => drop(self.0.remove(&stream)),
        }
    }
}
