//! Standard output and standard error that take nothing: nobody waits for them, and nothing ends.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::json;
use tests::process::{Program, binary};

/// One that writes its log lines into a full disk.
async fn without_log(arguments: &[&str]) -> Program {
    let mut program = Program::new(arguments);
    program.set_before("exec 2>/dev/full");
    program.start().await;
    program
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_line_that_cannot_be_written_is_counted_and_hinders_nothing() {
    let mut program = without_log(&[]).await;
    let token = program.token().await;
    let made = program.post("/api/User", &token, json!({ "userName": "ann" })).await;
    made.data();
    // Both write a line before they do anything.
    program.run(&["user", "erase", "2"]).ok();
    let copy = program.beside("copy");
    program.run(&["backup", "--to", copy.to_str().unwrap()]).ok();
    assert!(copy.join("log").exists());
    let figures = program.get("/metrics", "").await;
    let figures = figures.json.as_str().unwrap().to_owned();
    let lost = figures.lines().find_map(|it| it.strip_prefix("chancery_log_lines_lost_total "));
    assert!(lost.unwrap().parse::<f64>().unwrap() >= 2.0, "{lost:?}");
    // It ends in order: with a snapshot.
    program.stop().await;
    assert!(program.data.join("snapshots/views").exists());
    program.set_before("true");
    program.verified();
}

/// As a paused terminal: a pipe holds 64 KiB, and nobody reads them.
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_of_log_lines_that_is_stuck_stops_no_request() {
    let mut program = Program::new(&["--log", "trace"]);
    let pipe = program.beside("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    program.set_before(&format!("exec 2<>{}", pipe.display()));
    program.start().await;
    let token = program.token().await;
    for _ in 0..200 {
        assert_eq!(program.get("/api/User", &token).await.status, 200);
    }
    program.stop().await;
    program.set_before("true");
    program.verified();
}

#[test]
fn a_password_that_cannot_be_shown_is_not_made() {
    let mut program = Program::new(&[]);
    program.unset_variable("CHANCERY_ADMIN_PASSWORD");
    program.set_before("exec >/dev/full");
    let said = program.start_refused();
    let said = said.refused("password cannot be printed");
    assert!(said.err.contains("CHANCERY_ADMIN_PASSWORD"), "{}", said.err);
    // The next start begins anew, with the same folder.
    program.set_before("true");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(program.start());
    assert!(program.printed().contains("shown once"), "{}", program.printed());
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_whose_output_goes_nowhere_do_not_panic() {
    let mut program = Program::started(&[]).await;
    program.stop().await;
    for arguments in
        [&["verify"][..], &["verify", "--format", "json"], &["replay"], &["keys", "rotate"]]
    {
        let mut full = program.command(arguments);
        let said = finish_into(full.arg("--data").arg(&program.data), "/dev/full");
        assert_eq!(said.status.code(), Some(1), "{arguments:?}");
        let err = String::from_utf8(said.stderr).unwrap();
        assert!(err.contains("No space left") && !err.contains("panicked"), "{arguments:?}: {err}");
    }
    let data = program.data.to_str().unwrap();
    let script = format!("{} replay --data {data} | true", binary().display());
    let said = Command::new("bash").args(["-o", "pipefail", "-c", &script]).output().unwrap();
    assert_eq!((said.status.code(), said.stderr.len()), (Some(0), 0));
}

fn finish_into(command: &mut Command, path: &str) -> std::process::Output {
    let out = fs::OpenOptions::new().write(true).open(path).unwrap();
    let child = command.stdin(Stdio::null()).stdout(out).stderr(Stdio::piped()).spawn();
    child.unwrap().wait_with_output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_the_data_folder_away_ends_the_program() {
    let mut program = Program::started(&[]).await;
    let away = program.beside("away");
    fs::rename(&program.data, &away).unwrap();
    assert_eq!(program.exit_code().await, Some(74), "{}", program.log());
    assert!(program.log().contains("removed or replaced"), "{}", program.log());
    fs::rename(&away, &program.data).unwrap();
    program.verified();
}
