//! `bench log`: what it leaves, and what it says.

use std::process::{Command, Stdio};

use tests::process::{Program, finish, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_measurement_that_is_interrupted_leaves_nothing() {
    let program = Program::new(&[]);
    let folder = program.beside("here");
    std::fs::create_dir(&folder).unwrap();
    let mut command = program.command(&["bench", "log"]);
    command.current_dir(&folder).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let left = || std::fs::read_dir(&folder).unwrap().flatten().map(|it| it.path());
    // It measures once the raw file is there.
    until("a folder", async || left().any(|it| it.join("raw").exists())).await;
    let kill = Command::new("sh").arg("-c").arg(format!("kill -INT {}", child.id())).status();
    assert!(kill.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(left().collect::<Vec<_>>(), Vec::<std::path::PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_measurement_is_told_in_the_names_of_the_interface() {
    let program = Program::new(&[]);
    let figures = finish(program.command(&["bench", "log", "--format", "json"])).ok().json();
    for name in ["commitP50Us", "appendEventsPerS", "bytesPerEventOnDisk", "replayRatio"] {
        assert!(figures[name].as_f64() > Some(0.0), "{name} of {figures}");
    }
}
