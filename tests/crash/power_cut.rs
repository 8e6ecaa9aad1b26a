//! The power goes at a thousand random points.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use domain::{CommandId, Recorded};
use tests::log::Chance;

use super::check::{check, check_goes_on};
use super::child;
use super::disk::Disk;
use super::recording::Recording;

/// Set to play the images of another seed.
const SEED: &str = "CHANCERY_CRASH_IMAGES_SEED";

/// One image that is wrong.
#[derive(Debug)]
#[expect(dead_code, reason = "it is shown when a test fails")]
struct Wrong {
    cut: usize,
    seed: u64,
    why: String,
}

struct Plan<'a> {
    recording: &'a Recording,
    acknowledged: Vec<(usize, CommandId)>,
    history: Vec<Recorded>,
    /// Where to cut, ascending, each with the seed of its image.
    cuts: Vec<(usize, u64)>,
}

impl<'a> Plan<'a> {
    fn new(recording: &'a Recording, images: usize, seed: u64) -> Self {
        let mut chance = Chance(seed);
        let mut cuts = (0..images)
            .map(|image| {
                // A fifth of the cuts fall into the first moments of the last child.
                let (from, end) = match image % 5 {
                    0 => (recording.restart, recording.len().min(recording.restart + 100)),
                    _ => (0, recording.len()),
                };
                (from + chance.below(end - from + 1), chance.bits())
            })
            .collect::<Vec<_>>();
        cuts.sort_unstable();
        let acknowledged = recording.acknowledged();
        Self { recording, acknowledged, history: recording.history(), cuts }
    }

    /// Checks all images on two threads. Ends early when enough are wrong.
    fn run(&self, enough: usize) -> Vec<Wrong> {
        let stop = AtomicBool::new(false);
        let half = |first: usize| {
            let mut disk = Disk::new(self.recording);
            let mut wrong = Vec::new();
            for (cut, seed) in self.cuts.iter().skip(first).step_by(2).copied() {
                if stop.load(Relaxed) {
                    break;
                }
                disk.play(cut);
                if let Err(why) = self.check_image(&disk, cut, seed) {
                    wrong.push(Wrong { cut, seed, why });
                    stop.fetch_or(wrong.len() >= enough, Relaxed);
                }
            }
            wrong
        };
        std::thread::scope(|scope| {
            let other = scope.spawn(|| half(1));
            let mut wrong = half(0);
            wrong.extend(other.join().unwrap());
            wrong
        })
    }

    fn check_image(&self, disk: &Disk<'_>, cut: usize, seed: u64) -> Result<(), String> {
        let image = child::memory_folder();
        let mut chance = Chance(seed);
        disk.write_image(image.path(), &mut chance);
        let known = self.acknowledged.partition_point(|(index, _)| *index < cut);
        let acknowledged = self.acknowledged[..known].iter().map(|(_, it)| *it);
        let acknowledged = acknowledged.collect::<Vec<_>>();
        let checked = catch_unwind(AssertUnwindSafe(|| {
            check(image.path(), &acknowledged, Some(&self.history))?;
            if chance.one_in(10) { check_goes_on(image.path()) } else { Ok(()) }
        }));
        checked.unwrap_or_else(|_| Err("a panic".to_owned()))
    }
}

fn seed() -> u64 {
    std::env::var(SEED).map_or(20_260_101, |it| it.parse().unwrap())
}

/// All images must be right; else what it takes to look at them again is kept.
fn expect_right(recording: Recording, images: usize, seed: u64) {
    assert!(recording.status.success(), "the child failed");
    let plan = Plan::new(&recording, images, seed);
    assert!(plan.acknowledged.len() >= 300, "the load was not acknowledged");
    let wrong = plan.run(5);
    if !wrong.is_empty() {
        let home = recording.home.keep();
        panic!("{wrong:#?}; the recording is in {}", home.display());
    }
}

#[test]
fn after_a_power_cut_every_acknowledged_commit_is_there_whole() {
    for round in 0..4 {
        expect_right(Recording::run("350,150", 11 + round, &[]), 250, seed() + round);
    }
}

#[test]
fn a_power_cut_soon_after_a_kill_and_a_restart_loses_nothing() {
    // Killed between a write and its sync.
    for (round, kill) in (0..).zip(["9 log/db", "20 data/keys", "14 log/db", "33 data/keys"]) {
        let mut recording = Recording::run("4000", 71 + round, &[("RECORD_KILL", kill)]);
        assert!(!recording.status.success(), "the child was not killed");
        recording.go_on("300", 81 + round, &[]);
        expect_right(recording, 120, seed() + round);
    }
}

#[test]
fn without_the_fdatasync_of_the_store_losses_are_found() {
    let recording = Recording::run("300", 21, &[("RECORD_BLIND", "log/db")]);
    let plan = Plan::new(&recording, 60, seed());
    let wrong = plan.run(10);
    assert!(wrong.len() >= 10, "of 60 images only {} are wrong", wrong.len());
}

#[test]
fn without_the_fdatasync_of_the_keys_losses_are_found() {
    let recording = Recording::run("300", 31, &[("RECORD_BLIND", "/keys")]);
    let plan = Plan::new(&recording, 60, seed());
    let wrong = plan.run(10);
    assert!(wrong.len() >= 10, "of 60 images only {} are wrong", wrong.len());
}
