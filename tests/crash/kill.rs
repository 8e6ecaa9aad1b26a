//! kill -9 in the middle of the load, again and again in the same folder.

use std::process::Stdio;

use tests::log::Chance;

use super::check::check;
use super::child;
use super::recording::read_notes;

const KILLS: u64 = 20;

#[test]
fn a_kill_loses_no_acknowledged_commit() {
    let home = child::memory_folder();
    let folder = home.path().join("data");
    std::fs::create_dir(&folder).unwrap();
    let notes = home.path().join("notes");
    let mut chance = Chance(51);
    for round in 0..KILLS {
        let mut running = child::command(&folder, &notes, "1000000", 61 + round)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // The point is one in the load, not one in time: so many acknowledgements from now.
        let wanted = read_notes(&notes).len() + 1 + chance.below(150);
        while read_notes(&notes).len() < wanted {
            assert!(running.try_wait().unwrap().is_none(), "round {round}: the child ended");
            std::thread::yield_now();
        }
        running.kill().unwrap();
        running.wait().unwrap();
        let acknowledged = read_notes(&notes);
        check(&folder, &acknowledged, None).unwrap_or_else(|why| panic!("round {round}: {why}"));
    }
}
