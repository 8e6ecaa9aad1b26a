//! The one command handler: every change in the program is made through an `Engine`.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use domain::log::{
    Appended, Commit, CommitHead, EventLog, HashedClaim, LogError, NewEvent, OpenParts as _,
    StreamWrite,
};
use domain::{
    Aggregate, Claim, Decision, Parts, Recorded, Refusal, StoredEvent, StreamId, SubjectId,
    Unreadable,
};

use crate::cache::{Loaded, StateCache};
use crate::done::{Done, bytes_of};
use crate::error::Error;
use crate::expected::Expected;
use crate::keys::{Keyring, Place};
use crate::lock::lock;
use crate::log::event_id;

/// How often a command is decided again after losing a race, before the caller gets an error.
const ATTEMPTS_MAX: u32 = 8;

/// How many events of a stream are in memory at a time while it is folded: at most 4 MiB.
const FOLDED_AT_ONCE_MAX: usize = 64;

/// The highest number that an id may have in requests and answers.
pub const ID_MAX: u64 = i32::MAX as u64;

/// Loads aggregates, lets them decide, encrypts the events that they decided on, and appends them.
pub struct Engine {
    log: Arc<dyn EventLog>,
    keys: Arc<Keyring>,
    states: StateCache,
    /// Held by the caller that makes keys, for itself and for all that wait.
    making_keys: tokio::sync::Mutex<()>,
    /// The last number given out in each category.
    numbers: Mutex<HashMap<&'static str, u64>>,
}

impl Engine {
    /// An engine over a log and the keys that belong to it.
    pub fn new(log: Arc<dyn EventLog>, keys: Arc<Keyring>) -> Self {
        Self {
            log,
            keys,
            states: StateCache::default(),
            making_keys: tokio::sync::Mutex::default(),
            numbers: Mutex::default(),
        }
    }

    /// The log.
    pub fn log(&self) -> &Arc<dyn EventLog> {
        &self.log
    }

    /// The keys.
    pub fn keys(&self) -> &Arc<Keyring> {
        &self.keys
    }

    /// Runs one command against one aggregate.
    ///
    /// # Errors
    /// The refusal of a rule, a lost race, or a failure of the log or the keys.
    pub async fn handle<A: Aggregate>(
        &self,
        id: &str,
        command: &A::Command,
        head: &CommitHead,
    ) -> Result<Done, Error> {
        let filled = self.transact(head, |draft| draft.decide::<A>(id, command)).await;
        filled.map(|((), done)| done)
    }

    /// As [`Engine::handle`], if the aggregate is at the version that the caller saw.
    ///
    /// # Errors
    /// As [`Engine::handle`], and [`Refusal::Changed`].
    pub async fn handle_at<A: Aggregate>(
        &self,
        id: &str,
        command: &A::Command,
        head: &CommitHead,
        expected: Expected,
    ) -> Result<Done, Error> {
        let filled = self.transact(head, |draft| {
            draft.at::<A>(id, expected)?;
            draft.decide::<A>(id, command)
        });
        filled.await.map(|((), done)| done)
    }

    /// Runs a command against a new aggregate with the next number of its category. Gaps are
    /// allowed, numbers are never used twice.
    ///
    /// # Errors
    /// As [`Engine::handle`], and when the numbers are used up.
    pub async fn create<A: Aggregate>(
        &self,
        command: impl Fn(u64) -> A::Command + Send + Sync,
        head: &CommitHead,
    ) -> Result<(u64, Done), Error> {
        self.create_with::<A>(command, |_, _| Ok(()), head).await
    }

    /// As [`Engine::create`]; `also` adds to the same commit what belongs to the new aggregate. It
    /// runs again after every lost race.
    ///
    /// # Errors
    /// As [`Engine::create`], and those of `also`.
    pub async fn create_with<A: Aggregate>(
        &self,
        command: impl Fn(u64) -> A::Command + Send + Sync,
        also: impl Fn(&mut Draft<'_>, u64) -> Result<(), Error> + Send + Sync,
        head: &CommitHead,
    ) -> Result<(u64, Done), Error> {
        let numbered = |draft: &mut Draft<'_>| {
            let number = self.next_number(A::CATEGORY)?;
            draft.decide::<A>(&number.to_string(), &command(number))?;
            also(draft, number)?;
            Ok::<_, Error>(number)
        };
        let (number, done) = self.transact(head, numbered).await?;
        match done.repeated {
            true => Ok((self.number_at(done.first)?, done)),
            false => Ok((number, done)),
        }
    }

    /// Builds a commit and appends it. After a lost race it is built again, from the new state of
    /// the log.
    ///
    /// # Errors
    /// What `fill` refused, a lost race, or a failure of the log or the keys.
    pub async fn transact<T: Send, E: From<Error>>(
        &self,
        head: &CommitHead,
        mut fill: impl FnMut(&mut Draft<'_>) -> Result<T, E> + Send,
    ) -> Result<(T, Done), E> {
        let mut lost = Error::Contended("log");
        for _ in 0..ATTEMPTS_MAX {
            let mut draft = self.draft(head.clone());
            let filled = fill(&mut draft)?;
            match draft.commit().await {
                Ok(done) => return Ok((filled, done)),
                Err(err @ Error::Contended(_)) => lost = err,
                Err(err) => return Err(err.into()),
            }
        }
        Err(lost.into())
    }

    /// The number of the aggregate whose event stands at a position.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn number_at(&self, position: u64) -> Result<u64, Error> {
        let events = self.log.read_at(&[position])?;
        Ok(events.first().and_then(|it| it.stream.number()).unwrap_or(0))
    }

    fn next_number(&self, category: &'static str) -> Result<u64, Error> {
        let mut numbers = lock(&self.numbers);
        let last = numbers.entry(category).or_insert(0);
        let next = self.log.highest_id(category).max(*last) + 1;
        if next > ID_MAX {
            return Err(Refusal::NotAllowed { why: "all ids of this kind are used up" }.into());
        }
        *last = next;
        Ok(next)
    }

    /// Begins a commit over several aggregates.
    pub fn draft(&self, head: CommitHead) -> Draft<'_> {
        Draft {
            engine: self,
            head,
            writes: Vec::new(),
            claims: Vec::new(),
            releases: Vec::new(),
            decided: HashMap::new(),
            category: "log",
            across_tenants: false,
        }
    }

    /// Folds a stream into a state and its version.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn load<A: Aggregate>(&self, stream: &StreamId) -> Result<(A, u32), LogError> {
        self.load_owned(stream).map(|it| (it.state, it.version))
    }

    /// The same, and the tenant to which the stream belongs: the one in the head of its first
    /// commit.
    fn load_owned<A: Aggregate>(&self, stream: &StreamId) -> Result<Loaded<A>, LogError> {
        let version = self.log.stream_version(stream);
        if version == 0 {
            return Ok(Loaded { state: A::default(), version, tenant: None });
        }
        let cached = self.states.get::<A>(stream).filter(|it| it.version <= version);
        let mut loaded = cached.unwrap_or_default();
        if loaded.version < version {
            // Some at a time: a stream may be longer than memory.
            let positions = self.log.stream_positions(stream);
            let newer = positions.get(loaded.version as usize..).unwrap_or_default();
            for some in newer.chunks(FOLDED_AT_ONCE_MAX) {
                for recorded in self.log.read_at(some)? {
                    loaded.tenant.get_or_insert(recorded.commit.tenant);
                    loaded.state.evolve(&self.decode::<A::Event>(&recorded)?);
                    loaded.version = recorded.version;
                }
            }
            self.states.put(stream, &loaded);
        }
        Ok(loaded)
    }

    fn decode<E: StoredEvent>(&self, recorded: &Recorded) -> Result<E, LogError> {
        let unreadable =
            |why: Unreadable| LogError::Unreadable { position: recorded.position, why };
        let parts = self.keys.open_parts(recorded).map_err(unreadable)?;
        E::decode(&recorded.kind, &parts).map_err(unreadable)
    }
}

/// An aggregate as a draft leaves it.
trait Decided: Any + Send {
    /// Puts the state into the cache.
    fn remember(&self, stream: &StreamId, states: &StateCache);
}

impl<A: Aggregate> Decided for Loaded<A> {
    fn remember(&self, stream: &StreamId, states: &StateCache) {
        states.put(stream, self);
    }
}

/// A commit that is being built.
pub struct Draft<'a> {
    engine: &'a Engine,
    head: CommitHead,
    writes: Vec<ClearWrite>,
    claims: Vec<HashedClaim>,
    releases: Vec<HashedClaim>,
    /// The new states: later decisions of this draft see them, and once they are durable the cache.
    decided: HashMap<StreamId, Box<dyn Decided>>,
    category: &'static str,
    across_tenants: bool,
}

struct ClearWrite {
    stream: StreamId,
    expected: u32,
    events: Vec<(&'static str, SubjectId, Parts)>,
}

impl<'a> Draft<'a> {
    /// Lets the draft change streams of another tenant than the one in its head: for the few
    /// callers who may, such as an administrator of tenant 1 who changes the row of another tenant.
    pub fn across_tenants(&mut self, reason: &str) {
        tracing::debug!(tenant = %self.head.tenant, reason, "a change may cross tenants");
        self.across_tenants = true;
    }

    /// The next number of a kind of aggregate. Gaps are allowed, numbers are never used twice.
    ///
    /// # Errors
    /// When the numbers are used up.
    pub fn next_number<A: Aggregate>(&mut self) -> Result<u64, Error> {
        self.engine.next_number(A::CATEGORY)
    }

    /// Makes the commit that of a tenant, which begins in it. Comes before all decisions: a stream
    /// belongs to the tenant of its first commit.
    pub fn begin_tenant(&mut self, tenant: domain::TenantId) {
        debug_assert!(self.decided.is_empty(), "the tenant comes first");
        self.head.tenant = tenant;
    }

    /// Loads an aggregate, lets it decide, and adds the decision to the commit. It sees what the
    /// draft has decided about it before.
    ///
    /// A stream of another tenant than the one in the head is refused as if it did not exist,
    /// whatever the caller has checked before.
    ///
    /// # Errors
    /// The refusal of a rule, or a failure of the log.
    pub fn decide<A: Aggregate>(&mut self, id: &str, command: &A::Command) -> Result<(), Error> {
        let stream = StreamId::new(A::CATEGORY, id);
        self.category = A::CATEGORY;
        let mut loaded = self.load::<A>(&stream)?;
        let tenant = *loaded.tenant.get_or_insert(self.head.tenant);
        if tenant != self.head.tenant && !self.across_tenants {
            let absent = A::default().decide(command, self.head.time).err();
            return Err(absent.unwrap_or(Refusal::NotFound { what: A::CATEGORY }).into());
        }
        let version = loaded.version;
        let decision = loaded.state.decide(command, self.head.time)?;
        let Decision { events, claims, releases } = decision;
        if events.is_empty() {
            return Ok(());
        }
        debug_assert!(
            claims
                .iter()
                .chain(&releases)
                .all(|claim| A::CLAIMS.iter().any(|it| it.name == claim.kind)),
            "a claim that the aggregate does not declare"
        );
        let hash = |it: Claim| HashedClaim {
            scope: it.scope,
            kind: it.kind.to_owned(),
            hash: self.engine.keys.claim_hash(it.scope, it.kind, &it.value),
            stream: stream.clone(),
        };
        for release in releases.into_iter().map(hash) {
            // What this draft would hold is given back by not holding it.
            match self.claims.iter().position(|it| *it == release) {
                Some(claimed) => drop(self.claims.swap_remove(claimed)),
                None => self.releases.push(release),
            }
        }
        self.claims.extend(claims.into_iter().map(hash));
        let mut clear = Vec::with_capacity(events.len());
        for event in &events {
            let parts = event.encode().map_err(|err| Error::TooLarge(err.to_string()))?;
            clear.push((event.kind(), event.subject(), parts));
            loaded.state.evolve(event);
        }
        loaded.version += events.len() as u32;
        match self.writes.iter_mut().find(|it| it.stream == stream && !it.events.is_empty()) {
            Some(write) => write.events.extend(clear),
            None => self.writes.push(ClearWrite {
                stream: stream.clone(),
                expected: version,
                events: clear,
            }),
        }
        self.decided.insert(stream, Box::new(loaded));
        Ok(())
    }

    /// Goes on only if an aggregate is at the version that the caller saw, now and when the commit is
    /// appended.
    ///
    /// # Errors
    /// [`Refusal::Changed`], or a failure of the log.
    pub fn at<A: Aggregate>(&mut self, id: &str, expected: Expected) -> Result<(), Error> {
        let Expected::At(version) = expected else { return Ok(()) };
        if self.engine.log.stream_version(&StreamId::new(A::CATEGORY, id)) != version {
            return Err(Refusal::Changed.into());
        }
        self.expect::<A>(id, version);
        Ok(())
    }

    /// An aggregate as this draft has left it or, if it has not touched it, as it stands.
    fn load<A: Aggregate>(&self, stream: &StreamId) -> Result<Loaded<A>, LogError> {
        let earlier = self.decided.get(stream).map(|it| &**it as &dyn Any);
        match earlier.and_then(|it| it.downcast_ref::<Loaded<A>>()) {
            Some(earlier) => Ok(earlier.clone()),
            None => self.engine.load_owned(stream),
        }
    }

    /// Whether nothing was decided that makes an event.
    pub fn is_empty(&self) -> bool {
        self.writes.iter().all(|it| it.events.is_empty())
    }

    /// What an aggregate is once this draft is committed.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn state<A: Aggregate>(&self, id: &str) -> Result<A, Error> {
        Ok(self.load::<A>(&StreamId::new(A::CATEGORY, id))?.state)
    }

    /// Makes the commit fail if a stream has changed since it was read, without writing to it: for
    /// decisions that depend on the state of another stream.
    pub fn expect<A: Aggregate>(&mut self, id: &str, version: u32) {
        let stream = StreamId::new(A::CATEGORY, id);
        self.writes.push(ClearWrite { stream, expected: version, events: Vec::new() });
    }

    /// Merges writes and expectations of the same stream: a stream that is written needs no
    /// separate expectation.
    fn drop_met_expectations(&mut self) -> Result<(), Error> {
        let written = |writes: &[ClearWrite], stream: &StreamId| {
            let write = writes.iter().find(|it| it.stream == *stream && !it.events.is_empty());
            write.map(|it| it.expected)
        };
        let (expected, mut writes): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.writes).into_iter().partition(|it| it.events.is_empty());
        let mut kept: Vec<ClearWrite> = Vec::new();
        for expectation in expected {
            let same = kept.iter().find(|it| it.stream == expectation.stream);
            match same.map(|it| it.expected).or(written(&writes, &expectation.stream)) {
                None => kept.push(expectation),
                Some(version) if version == expectation.expected => (),
                Some(_) => return Err(Error::Contended(self.category)),
            }
        }
        writes.extend(kept);
        self.writes = writes;
        Ok(())
    }

    /// Encrypts and appends everything, or nothing.
    ///
    /// # Errors
    /// A lost race, a value that is taken, or a failure of the log or the keys.
    pub async fn commit(mut self) -> Result<Done, Error> {
        let engine = self.engine;
        if self.is_empty() {
            let position = engine.log.head().position;
            return Ok(Done { first: 0, position, repeated: false, bytes: 0 });
        }
        self.drop_met_expectations()?;
        engine.make_subject_keys(&self.writes).await?;
        let writes = engine.seal(&self.head, self.writes)?;
        let bytes = writes.iter().map(bytes_of).sum();
        let commit =
            Commit { head: self.head, claims: self.claims, releases: self.releases, writes };
        match engine.log.append(commit).await {
            Ok(Appended { first, last, repeated, .. }) => {
                if !repeated {
                    let kept = self.decided.iter().filter(|(it, _)| it.closes_at().is_none());
                    kept.for_each(|(stream, it)| it.remember(stream, &engine.states));
                }
                let bytes = if repeated { 0 } else { bytes };
                Ok(Done { first, position: last, repeated, bytes })
            }
            Err(err) => Err(Error::of(err, self.category)),
        }
    }
}

impl Engine {
    /// Makes sure that the keys of all subjects are durable before the commit that needs them. One
    /// caller at a time writes keys, for all that wait by then. If all keys exist, nothing waits
    /// and no thread is switched.
    async fn make_subject_keys(&self, writes: &[ClearWrite]) -> Result<(), Error> {
        let events = writes.iter().flat_map(|it| &it.events);
        let named = events.filter(|(_, _, parts)| parts.personal.is_some());
        for subject in named.map(|(_, subject, _)| *subject).collect::<Vec<_>>() {
            if self.keys.want_subject(subject)? {
                continue;
            }
            let _turn = self.making_keys.lock().await;
            if self.keys.want_subject(subject)? {
                continue;
            }
            let keys = self.keys.clone();
            let made = tokio::task::spawn_blocking(move || keys.make_wanted()).await;
            made.map_err(|_| LogError::Closing)??;
        }
        Ok(())
    }

    fn seal(&self, head: &CommitHead, writes: Vec<ClearWrite>) -> Result<Vec<StreamWrite>, Error> {
        let mut index = 0;
        let mut sealed = Vec::with_capacity(writes.len());
        for write in writes {
            let mut events = Vec::with_capacity(write.events.len());
            for (kind, subject, parts) in write.events {
                let place = |index| Place {
                    stream: write.stream.as_str(),
                    event_id: event_id(head, index).0,
                    kind,
                    subject,
                };
                let parts = match parts {
                    Parts { personal: None, secret: None, .. } => parts,
                    _ => self.keys.seal(&place(index), &parts)?,
                };
                events.push(NewEvent { kind: kind.to_owned(), subject, parts });
                index += 1;
            }
            sealed.push(StreamWrite { stream: write.stream, expected: write.expected, events });
        }
        Ok(sealed)
    }
}
