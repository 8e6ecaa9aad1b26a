//! The log beside a model that is too simple to be wrong: a list of events, searched each time.

use commands::log::MemoryLog;
use domain::StreamId;
use domain::forgetting::{Forgetting, due_step, step_before};
use domain::log::{AppendError, COMMAND_ID_SECONDS_MAX, Commit, EventLog};
use domain::log_event::STREAM_SECONDS_AFTER_END;
use proptest::collection::vec;
use proptest::prelude::*;
use tests::log::{Draft, LOG, NOW_SECONDS, claim, commit, head, read_all, stream};

/// One event, with all that its commit said.
#[derive(Debug, Clone)]
struct Event {
    stream: StreamId,
    version: u32,
    data: Vec<u8>,
    commit: Commit,
    /// The position of the commit.
    first: u64,
}

/// All that ever happened, and nothing derived from it.
#[derive(Debug, Default)]
struct Model {
    events: Vec<Event>,
}

#[derive(Debug, PartialEq)]
enum Answer {
    Appended { first: u64, last: u64, repeated: bool },
    Conflict(u32),
    Claimed,
    Reused,
    Closed,
    Malformed,
}

impl Model {
    /// The commits, in order.
    fn commits(&self) -> Vec<(u64, &Commit)> {
        let mut commits: Vec<(u64, &Commit)> = Vec::new();
        let mut last = 0;
        for (position, event) in (1..).zip(&self.events) {
            if event.first != last {
                last = event.first;
                commits.push((position, &event.commit));
            }
        }
        commits
    }

    /// Whether an event behind a position forgets what is due from a step on.
    fn is_forgotten(&self, position: u64, due: i64) -> bool {
        let later = self.events.iter().skip(position as usize);
        let mut forgetting = later.filter_map(|it| {
            let writes = &it.commit.writes;
            let event = writes.iter().find(|write| write.stream == it.stream)?.events.first()?;
            Forgetting::of(&it.stream, &event.kind, &event.parts)
        });
        forgetting.any(|it| step_before(it.until) >= due)
    }

    /// A command is remembered if it may be repeated, until it is forgotten.
    fn remembered(&self, wanted: &Commit) -> Option<(u64, &Commit)> {
        let known = self.commits().into_iter().filter(|(position, it)| {
            let due = due_step(it.head.time, COMMAND_ID_SECONDS_MAX);
            it.head.fingerprint != 0 && !self.is_forgotten(*position, due)
        });
        let mut known = known.filter(|(_, it)| it.head.command_id == wanted.head.command_id);
        known.next_back()
    }

    fn positions(&self, name: &StreamId) -> Vec<u64> {
        let due = name.closes_at().map(|it| due_step(it, STREAM_SECONDS_AFTER_END));
        let of_name = (1..).zip(&self.events).filter(|(_, it)| it.stream == *name);
        let positions = of_name.map(|(position, _)| position);
        positions.filter(|at| !due.is_some_and(|due| self.is_forgotten(*at, due))).collect()
    }

    fn version(&self, name: &StreamId) -> u32 {
        self.positions(name).len() as u32
    }

    fn holder(&self, hash: &[u8; 32]) -> Option<StreamId> {
        let mut holder = None;
        for (_, commit) in self.commits() {
            if commit.releases.iter().any(|it| it.hash == *hash) {
                holder = None;
            }
            if let Some(claim) = commit.claims.iter().find(|it| it.hash == *hash) {
                holder = Some(claim.stream.clone());
            }
        }
        holder
    }

    fn append(&mut self, commit: &Commit) -> Answer {
        let last_of = |first: u64, it: &Commit| first + it.event_count() as u64 - 1;
        if let Some((first, known)) = self.remembered(commit) {
            return match known.head.fingerprint == commit.head.fingerprint {
                true => Answer::Appended { first, last: last_of(first, known), repeated: true },
                false => Answer::Reused,
            };
        }
        for write in &commit.writes {
            let late = write.stream.closes_at().is_some_and(|end| end <= commit.head.time);
            if late && write.expected == 0 {
                return Answer::Closed;
            }
            let actual = self.version(&write.stream);
            if actual != write.expected {
                return Answer::Conflict(actual);
            }
        }
        for release in &commit.releases {
            if self.holder(&release.hash).as_ref() != Some(&release.stream) {
                return Answer::Malformed;
            }
        }
        for (n, claim) in commit.claims.iter().enumerate() {
            let released = commit.releases.iter().any(|it| it.hash == claim.hash);
            let held = self.holder(&claim.hash).is_some() && !released;
            if held || commit.claims[..n].iter().any(|it| it.hash == claim.hash) {
                return Answer::Claimed;
            }
        }
        let first = self.events.len() as u64 + 1;
        for write in &commit.writes {
            for (version, event) in (write.expected + 1..).zip(&write.events) {
                self.events.push(Event {
                    stream: write.stream.clone(),
                    version,
                    data: event.parts.data.to_vec(),
                    commit: commit.clone(),
                    first,
                });
            }
        }
        Answer::Appended { first, last: last_of(first, commit), repeated: false }
    }
}

fn answer_of(log: &MemoryLog, commit: Commit) -> Answer {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    match runtime.block_on(log.append(commit)) {
        Ok(it) => Answer::Appended { first: it.first, last: it.last, repeated: it.repeated },
        Err(AppendError::Conflict { actual, .. }) => Answer::Conflict(actual),
        Err(AppendError::Claimed { .. }) => Answer::Claimed,
        Err(AppendError::CommandReused) => Answer::Reused,
        Err(AppendError::Closed { .. }) => Answer::Closed,
        Err(AppendError::Malformed(_)) => Answer::Malformed,
        Err(err) => panic!("{err}"),
    }
}

/// Few names, so that commits meet each other. The tokens end after an hour and after a day.
fn names() -> Vec<String> {
    let mut names = ["user-1", "user-2", "user-x", "role-3"].map(str::to_owned).to_vec();
    names.push(format!("token-{:08x}aa", NOW_SECONDS + 3_600));
    names.push(format!("token-{:08x}bb", NOW_SECONDS + 86_400));
    names
}

/// What a writer tries, before it is known what the log holds.
#[derive(Debug, Clone)]
struct Try {
    command: u64,
    fingerprint: u64,
    seconds: i64,
    /// A stream, how many events, and whether the version is a guess.
    writes: Vec<(usize, u8, Option<u32>)>,
    claims: Vec<(u8, usize)>,
    releases: Vec<(u8, Option<usize>)>,
    /// What the log is told to forget, in seconds.
    forget: Option<i64>,
}

fn tries() -> impl Strategy<Value = Vec<Try>> {
    let times = prop_oneof![6 => 0..3_600_i64, 2 => 3_600..90_000_i64, 1 => 90_000..200_000_i64];
    let guess = prop_oneof![5 => Just(None), 1 => (0..4_u32).prop_map(Some)];
    let writes = vec((0..6_usize, 1..3_u8, guess), 1..3);
    let claims = vec((0..3_u8, 0..4_usize), 0..2);
    let releases = vec((0..3_u8, proptest::option::weighted(0.2, 0..4_usize)), 0..2);
    let forget = proptest::option::weighted(0.1, 0..200_000_i64);
    let one = (0..30_u64, 0..5_u64, times, writes, claims, releases, forget).prop_map(
        |(command, fingerprint, seconds, writes, claims, releases, forget)| Try {
            command,
            fingerprint: u64::from(fingerprint == 0),
            seconds,
            writes,
            claims,
            releases,
            forget,
        },
    );
    vec(one, 1..40)
}

impl Try {
    /// Fills in what a writer would have read from the log.
    fn commit(&self, model: &Model) -> Commit {
        let names = names();
        let mut draft: Draft =
            commit(self.command).fingerprint(self.fingerprint).after_seconds(self.seconds);
        let mut used = Vec::new();
        for (name, events, guess) in &self.writes {
            let name = &names[*name];
            if used.contains(&name) {
                continue;
            }
            used.push(name);
            let version = model.version(&stream(name));
            for n in 0..*events {
                let data = vec![self.command as u8, n];
                draft = draft.event(name, guess.unwrap_or(version), data);
            }
        }
        for (value, holder) in &self.claims {
            draft = draft.claim(&format!("v{value}"), &names[*holder]);
        }
        for (value, guess) in &self.releases {
            let value = format!("v{value}");
            let holder = model.holder(&claim(&value, "a-1").hash);
            let guess = guess.map(|it| stream(&names[it]));
            // Mostly the holder itself gives it back.
            if let Some(holder) = guess.or(holder) {
                draft = draft.release(&value, holder.as_str());
            }
        }
        match self.forget {
            Some(seconds) => draft.forget(seconds).build(),
            None => draft.build(),
        }
    }
}

fn check_reads(log: &MemoryLog, model: &Model) {
    let events = read_all(log).unwrap();
    assert_eq!(events.len(), model.events.len());
    for ((position, written), read) in (1..).zip(&model.events).zip(&events) {
        assert_eq!(read.position, position);
        assert_eq!((&read.stream, read.version), (&written.stream, written.version));
        assert_eq!(&read.parts.data[..], &written.data[..]);
        assert_eq!(*read.commit, written.commit.head);
    }
    for name in names() {
        let name = stream(&name);
        let positions = model.positions(&name);
        assert_eq!(log.stream_version(&name), positions.len() as u32, "{name}");
        assert_eq!(log.stream_positions(&name), positions, "{name}");
        let read = log.read_stream(&name, 0).unwrap();
        assert!(positions.iter().eq(read.iter().map(|it| &it.position)), "{name}");
    }
    for number in 0..30 {
        let wanted = Commit { head: head(number), ..commit(number).build() };
        let known = model.remembered(&wanted).map(|(first, _)| first);
        let found = log.find_command(wanted.head.command_id).map(|it| it.first);
        assert_eq!(found, known, "command {number}");
    }
    let numbers = model.events.iter().filter(|it| it.stream.category() == "user");
    let highest = numbers.filter_map(|it| it.stream.number()).max().unwrap_or(0);
    assert_eq!(log.highest_id("user"), highest);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_log_answers_like_a_list_of_events(tries in tries()) {
        let log = MemoryLog::new(LOG);
        let mut model = Model::default();
        for it in tries {
            let commit = it.commit(&model);
            let expected = model.append(&commit);
            prop_assert_eq!(answer_of(&log, commit), expected);
        }
        check_reads(&log, &model);
    }
}
