//! Answers: where in the log are the events of this kind, actor and tenant?
//!
//! Sets of positions, so that a filtered page of the history never scans the history.

use std::io;

use domain::app::AppId;
use domain::app_user::AppUserId;
use domain::{Actor, ClientName, Recorded, TenantId, UserId};
use roaring::RoaringTreemap;

use crate::positions::{PositionsBy, read_varint, write_varint};

/// The longest kind or client that a snapshot may hold, in bytes: as in a commit.
const NAME_BYTES_MAX: usize = 255;

/// Which events are wanted. Absent parts do not filter.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Of this tenant.
    pub tenant: Option<TenantId>,
    /// Of this kind, or of all kinds that begin with this and a dot.
    pub kind: Option<String>,
    /// By this actor.
    pub actor: Option<Actor>,
}

/// Positions by kind, actor and tenant.
#[derive(Debug, Default, PartialEq)]
pub struct Audit {
    by_kind: PositionsBy<String>,
    by_actor: PositionsBy<Actor>,
    by_tenant: PositionsBy<TenantId>,
    last: u64,
}

impl Audit {
    /// The first positions after `after` that match, at most `limit`, and how many match in all.
    pub fn find(&self, filter: &AuditFilter, after: u64, limit: usize) -> (u64, Vec<u64>) {
        match self.sets(filter).reduce(|a, b| a & b) {
            Some(found) => page(&found, after, limit),
            None => {
                let end = after.saturating_add(limit as u64).min(self.last);
                (self.last, (after.saturating_add(1)..=end).collect())
            }
        }
    }

    /// The same, among some ascending positions only, such as those of a stream.
    pub fn find_among(
        &self,
        among: &[u64],
        filter: &AuditFilter,
        after: u64,
        limit: usize,
    ) -> (u64, Vec<u64>) {
        let known = among.iter().copied().take_while(|it| *it <= self.last);
        let found = self.sets(filter).fold(known.collect(), |a: RoaringTreemap, b| a & b);
        page(&found, after, limit)
    }

    fn sets(&self, filter: &AuditFilter) -> impl Iterator<Item = RoaringTreemap> + use<> {
        let of_tenant = filter.tenant.map(|it| self.by_tenant.get(&it));
        let of_kind = filter.kind.as_deref().map(|it| self.of_kind(it));
        let of_actor = filter.actor.as_ref().map(|it| self.by_actor.get(it));
        [of_tenant, of_kind, of_actor].into_iter().flatten()
    }

    /// `user` means all kinds of the category `user`, `user.registered` all its revisions.
    fn of_kind(&self, wanted: &str) -> RoaringTreemap {
        self.by_kind.of_all(|kind| {
            kind.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }

    pub(crate) fn apply(&mut self, recorded: &Recorded) {
        let position = recorded.position;
        let head = &recorded.commit;
        self.by_kind.push(recorded.kind.as_ref(), position);
        self.by_actor.push(&head.actor, position);
        self.by_tenant.push(&head.tenant, position);
        self.last = position;
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) -> io::Result<()> {
        write_varint(out, self.last);
        self.by_kind.encode(out, |out, kind| write_name(out, kind))?;
        self.by_actor.encode(out, write_actor)?;
        self.by_tenant.encode(out, |out, tenant| write_varint(out, u64::from(tenant.0)))
    }

    pub(crate) fn decode<R: io::Read>(from: &mut R) -> io::Result<Self> {
        Ok(Self {
            last: read_varint(from)?,
            by_kind: PositionsBy::decode(from, |from| read_name(from))?,
            by_actor: PositionsBy::decode(from, |from| read_actor(from))?,
            by_tenant: PositionsBy::decode(from, |from| read_u32(from).map(TenantId))?,
        })
    }
}

fn page(found: &RoaringTreemap, after: u64, limit: usize) -> (u64, Vec<u64>) {
    let mut positions = found.iter();
    positions.advance_to(after.saturating_add(1));
    (found.len(), positions.take(limit).collect())
}

/// A tag and what differs: there may be a million actors, and a text is twice as long.
fn write_actor(out: &mut Vec<u8>, actor: &Actor) {
    let (tag, number) = match actor {
        Actor::User(user) => (0, u64::from(user.0)),
        Actor::AppUser(user) => (1, u64::from(user.0)),
        Actor::App(app) => (2, app.0),
        Actor::Client(client) => {
            out.push(3);
            return write_name(out, &client.0);
        }
        Actor::Operator => (4, 0),
        Actor::System => (5, 0),
        Actor::Anybody => (6, 0),
        Actor::Gateway(gateway) => (7, u64::from(*gateway)),
    };
    out.push(tag);
    if matches!(tag, 0..=2 | 7) {
        write_varint(out, number);
    }
}

fn read_actor(from: &mut impl io::Read) -> io::Result<Actor> {
    let mut tag = [0];
    from.read_exact(&mut tag)?;
    Ok(match tag {
        [0] => Actor::User(UserId(read_u32(from)?)),
        [1] => Actor::AppUser(AppUserId(read_u32(from)?)),
        [2] => Actor::App(AppId(read_varint(from)?)),
        [3] => Actor::Client(ClientName(read_name(from)?)),
        [4] => Actor::Operator,
        [5] => Actor::System,
        [6] => Actor::Anybody,
        [7] => Actor::Gateway(read_u32(from)?),
        _ => return Err(io::Error::other("no actor has this tag")),
    })
}

fn read_u32(from: &mut impl io::Read) -> io::Result<u32> {
    u32::try_from(read_varint(from)?).map_err(io::Error::other)
}

fn write_name(out: &mut Vec<u8>, name: &str) {
    write_varint(out, name.len() as u64);
    out.extend_from_slice(name.as_bytes());
}

fn read_name(from: &mut impl io::Read) -> io::Result<String> {
    let bytes = usize::try_from(read_varint(from)?).ok().filter(|it| *it <= NAME_BYTES_MAX);
    let mut name = vec![0; bytes.ok_or_else(|| io::Error::other("a name is too long"))?];
    from.read_exact(&mut name)?;
    String::from_utf8(name).map_err(io::Error::other)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
mod tests {
    use std::sync::Arc;

    use domain::{EventId, Parts, StreamId, SubjectId, Timestamp};
    use proptest::prelude::*;

    use super::*;
    use crate::sealed::head_at;

    /// What one more event may add to a snapshot, in bytes.
    const EVENT_BYTES_MAX: usize = 16;

    fn event(position: u64, kind: &str, actor: &Actor, tenant: u32) -> Recorded {
        let mut head = head_at(Timestamp(0));
        (head.actor, head.tenant) = (actor.clone(), TenantId(tenant));
        Recorded {
            position,
            stream: StreamId::new("test", "1"),
            version: 1,
            kind: kind.into(),
            event_id: EventId([0; 16]),
            subject: SubjectId::NONE,
            parts: Parts::default(),
            commit: Arc::new(head),
        }
    }

    fn index(events: &[Recorded]) -> Audit {
        let mut audit = Audit::default();
        events.iter().for_each(|it| audit.apply(it));
        audit
    }

    fn encoded(audit: &Audit) -> Vec<u8> {
        let mut bytes = Vec::new();
        audit.encode(&mut bytes).unwrap();
        bytes
    }

    fn decoded(mut bytes: &[u8]) -> io::Result<Audit> {
        let audit = Audit::decode(&mut bytes)?;
        if bytes.is_empty() { Ok(audit) } else { Err(io::Error::other("bytes left over")) }
    }

    /// What `find` must answer, from a look at every event.
    fn scan(
        events: &[Recorded],
        wanted: &AuditFilter,
        after: u64,
        limit: usize,
    ) -> (u64, Vec<u64>) {
        let of_kind =
            |kind: &str, wanted: &str| kind == wanted || kind.starts_with(&format!("{wanted}."));
        let fits = |it: &&Recorded| {
            wanted.tenant.is_none_or(|tenant| tenant == it.commit.tenant)
                && wanted.kind.as_deref().is_none_or(|kind| of_kind(&it.kind, kind))
                && wanted.actor.as_ref().is_none_or(|actor| *actor == it.commit.actor)
        };
        let all = events.iter().filter(fits).map(|it| it.position).collect::<Vec<_>>();
        let page = all.iter().copied().filter(|it| *it > after).take(limit).collect();
        (all.len() as u64, page)
    }

    fn actors() -> impl Strategy<Value = Actor> {
        prop_oneof![
            (1..4_u32).prop_map(|it| Actor::User(UserId(it))),
            any::<u32>().prop_map(|it| Actor::AppUser(AppUserId(it))),
            any::<u64>().prop_map(|it| Actor::App(AppId(it))),
            any::<u32>().prop_map(Actor::Gateway),
            "[!-~]{1,200}".prop_map(|it| Actor::Client(ClientName(it))),
            Just(Actor::Client(ClientName("shop".to_owned()))),
            Just(Actor::Operator),
            Just(Actor::System),
            Just(Actor::Anybody),
        ]
    }

    fn kinds() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec!["user.registered.v1", "user.registered.v2", "users.ended.v1"])
    }

    fn filters() -> impl Strategy<Value = AuditFilter> {
        let kind = prop::sample::select(vec!["user", "user.registered", "users.ended.v1", "use"]);
        let kind = prop::option::of(kind.prop_map(str::to_owned));
        let tenant = prop::option::of((0..4_u32).prop_map(TenantId));
        (tenant, kind, prop::option::of(actors())).prop_map(|(tenant, kind, actor)| AuditFilter {
            tenant,
            kind,
            actor,
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_found_is_what_a_look_at_every_event_finds(
            drawn in prop::collection::vec((kinds(), actors(), 0..4_u32, 1..3_usize), 0..60),
            // Some have more events than a list holds.
            heavy in prop::collection::vec((kinds(), 1..4_u32, 100..300_usize), 0..3),
            wanted in prop::collection::vec((filters(), 0..400_u64, 0..50_usize), 1..20),
        ) {
            let heavy = heavy.into_iter().map(|(kind, user, times)| {
                (kind, Actor::User(UserId(user)), user % 2, times)
            });
            let wishes = drawn.into_iter().chain(heavy);
            let wishes = wishes.flat_map(|(kind, actor, tenant, times)| {
                std::iter::repeat_n((kind, actor, tenant), times)
            });
            let events = (1..).zip(wishes).map(|(position, (kind, actor, tenant))| {
                event(position, kind, &actor, tenant)
            });
            let events = events.collect::<Vec<_>>();
            let audit = index(&events);
            let again = decoded(&encoded(&audit)).unwrap();
            prop_assert_eq!(&again, &audit);
            for (filter, after, limit) in wanted {
                let expected = scan(&events, &filter, after, limit);
                prop_assert_eq!(audit.find(&filter, after, limit), expected, "{:?}", filter);
                let some = events.iter().filter(|it| it.position % 3 != 0).cloned();
                let some = some.collect::<Vec<_>>();
                let among = some.iter().map(|it| it.position).chain([9_999]).collect::<Vec<_>>();
                let expected = scan(&some, &filter, after, limit);
                prop_assert_eq!(audit.find_among(&among, &filter, after, limit), expected);
            }
        }

        #[test]
        fn damaged_bytes_are_an_error_and_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decoded(&bytes);
        }
    }

    #[test]
    fn ten_thousand_actors_cost_at_most_sixteen_bytes_an_event_in_a_snapshot() {
        let users = (1..=10_000).map(|it| Actor::User(UserId(it)));
        let app_users = (1..=10_000).map(|it| Actor::AppUser(AppUserId(it)));
        let apps = (1..=10_000).map(|it| Actor::App(AppId(9_000_000_000_000_000 + it)));
        // A log that is already long: the last positions are the dearest.
        const BEFORE: u64 = 1_000_000;
        for actors in [users.collect::<Vec<_>>(), app_users.collect(), apps.collect()] {
            for (actors, times) in [(&actors[..], 1), (&actors, 3), (&actors[..300], 200)] {
                let one = [event(BEFORE, "token.issued.v1", &Actor::System, 1)];
                let more = (0..times).flat_map(|_| actors).zip(BEFORE + 1..);
                let more = more.map(|(it, position)| event(position, "token.issued.v1", it, 1));
                let mut audit = index(&one);
                let before = encoded(&audit).len();
                more.for_each(|it| audit.apply(&it));
                let grown = encoded(&audit).len() - before;
                let bytes_max = EVENT_BYTES_MAX * times * actors.len();
                assert!(grown <= bytes_max, "{grown} bytes for {times} events of each");
            }
        }
    }

    #[test]
    fn ten_thousand_tenants_cost_at_most_sixteen_bytes_an_event_in_a_snapshot() {
        let events =
            (1..=10_000).map(|it| event(u64::from(it), "tenant.created.v1", &Actor::Operator, it));
        let audit = index(&events.collect::<Vec<_>>());
        assert!(encoded(&audit).len() <= EVENT_BYTES_MAX * 10_000);
    }

    #[test]
    fn a_list_that_does_not_ascend_is_refused() {
        let audit = index(&[7, 9].map(|it| event(it, "a.b.v1", &Actor::System, 1)));
        let bytes = encoded(&audit);
        assert_eq!(decoded(&bytes).unwrap(), audit);
        // The last byte is how far the second position of the tenant lies ahead.
        let (end, rest) = bytes.split_last().unwrap();
        assert_eq!(*end, 2);
        assert!(decoded(&[rest, &[0]].concat()).is_err());
    }
}
