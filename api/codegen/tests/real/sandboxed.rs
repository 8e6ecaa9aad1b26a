//! What a program in the sandbox cannot do.

use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use codegen::sandbox::{Kind, Limits, Output, Run, Sandbox};
use codegen::{Failure, Files, LOG_BYTES_MAX, Reason};

use crate::harness::{paths, text, tool};

/// More than any of these programs should take.
const TIME: Duration = Duration::from_secs(30);

fn limits() -> Limits {
    Limits { work_bytes: 8 << 20, ..Limits::within(TIME) }
}

async fn run_in(
    sandbox: &Sandbox,
    script: &'static str,
    arguments: &[&str],
    limits: Limits,
) -> Result<Output, Failure> {
    let mut input = Files::new();
    input.add("a/b.txt", "given").unwrap();
    let arguments = arguments.iter().map(|it| (*it).to_owned()).collect();
    let parts = vec![("PART", "/usr/share".into())];
    let otherwise = Reason::DocumentRefusedByTool;
    let also = Vec::new();
    sandbox.run(Run { script, arguments, parts, also, input, limits, otherwise }).await
}

async fn run(sandbox: &Sandbox, script: &'static str, limits: Limits) -> Result<Output, Failure> {
    run_in(sandbox, script, &[], limits).await
}

async fn reason(sandbox: &Sandbox, script: &'static str, limits: Limits) -> Reason {
    run(sandbox, script, limits).await.unwrap_err().reason
}

/// The processes of this machine that have a word in their command line.
fn processes(word: &str) -> usize {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = entries.filter_map(|it| std::fs::read(it.path().join("cmdline")).ok());
    lines.filter(|it| String::from_utf8_lossy(it).contains(word)).count()
}

async fn all_end(word: &str) {
    let began = Instant::now();
    while processes(word) > 0 {
        assert!(began.elapsed() < TIME, "{} processes are left", processes(word));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn input_goes_in_and_output_comes_out() {
    let Some(tool) = tool() else { return };
    let script = r#"mkdir -p out/sub && cat "$INPUT/a/b.txt" >out/sub/c && echo "$1 $#" >out/d && pwd && test -d "$PART""#;
    for sandbox in [tool.sandbox().clone(), Sandbox::new(Kind::None)] {
        sandbox.works().await.unwrap();
        let output = run_in(&sandbox, script, &["$x; 'y", "z"], limits()).await.unwrap();
        assert_eq!(text(&output.files, "sub/c"), "given");
        assert_eq!(text(&output.files, "d"), "$x; 'y 2\n");
        assert!(output.log.ends_with("/work\n"), "{}", output.log);
    }
}

#[tokio::test]
async fn there_is_no_network_no_host_and_no_right() {
    let Some(tool) = tool() else { return };
    let sandbox = tool.sandbox();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let script = r#"mkdir out
perl -MIO::Socket::INET -e 'exit(IO::Socket::INET->new(PeerAddr => "127.0.0.1:$ARGV[0]") ? 0 : 1)' "$1" && touch out/network
for it in /etc/passwd /root /home /var /run /sys "$2"; do [ ! -e "$it" ] || touch out/host; done
env >out/env; id -u >out/user; ls /proc | grep -c '^[0-9]' >out/processes
for it in /usr /parts/PART "$INPUT/.."; do ! touch "$it/x" 2>/dev/null || echo "$it" >>out/written; done
perl -e 'exit(chroot("/tmp") ? 0 : 1)' && touch out/root
true"#;
    let host = env!("CARGO_MANIFEST_DIR");
    let output = run_in(sandbox, script, &[&port, host], limits()).await.unwrap();
    for path in ["network", "host", "root"] {
        assert!(output.files.get(path).is_none(), "{path}: {}", output.log);
    }
    assert!(listener.accept().is_err());
    let written = output.files.get("written").map(|it| String::from_utf8_lossy(it).into_owned());
    assert_eq!(written.as_deref(), Some("/input/..\n"), "the root of the sandbox is in memory");
    let names = text(&output.files, "env");
    let names = names.lines().map(|it| it.split('=').next().unwrap());
    let known =
        ["PATH", "HOME", "TMPDIR", "LANG", "INPUT", "WORK", "PART", "PWD", "OLDPWD", "SHLVL", "_"];
    assert!(names.clone().all(|it| known.contains(&it)), "{:?}", names.collect::<Vec<_>>());
    let processes: u32 = text(&output.files, "processes").trim().parse().unwrap();
    assert!(processes < 10, "{processes}");
    if rustix::process::geteuid().is_root() {
        let user: u32 = text(&output.files, "user").trim().parse().unwrap();
        assert!(user >= 65_534, "{user}");
    }
}

#[tokio::test]
async fn what_takes_too_much_is_ended_with_all_its_processes() {
    let Some(tool) = tool() else { return };
    let sandbox = tool.sandbox();
    let short = Limits { time: Duration::from_millis(1_500), ..limits() };
    assert_eq!(reason(sandbox, "sleep 54321.1 & sleep 54321.1", short).await, Reason::OutOfTime);
    all_end("54321.1").await;
    // Left behind, in a session of its own: it ends with the first process.
    let made = run(sandbox, "mkdir out; setsid sleep 54321.2 >/dev/null 2>&1 &", limits()).await;
    assert!(made.is_ok() || made.is_err_and(|it| it.reason != Reason::OutOfTime));
    all_end("54321.2").await;
    let quick = Limits { cpu_seconds: 1, ..limits() };
    assert_eq!(reason(sandbox, "while :; do :; done", quick).await, Reason::OutOfCpu);
    // Killed after a second of the processor, too, where it does not mind the first signal.
    let stubborn = "perl -e '$SIG{XCPU} = q(IGNORE); 1 while 1'";
    assert_eq!(reason(sandbox, stubborn, quick).await, Reason::OutOfCpu);
    let little = Limits { address_space_bytes: 256 << 20, ..limits() };
    let eats = "perl -e '$x = q(x) x (1024 * 1024 * 1024)'";
    assert_eq!(reason(sandbox, eats, little).await, Reason::OutOfMemory);
}

#[tokio::test]
async fn a_bomb_of_processes_ends() {
    let Some(tool) = tool() else { return };
    let short = Limits { time: Duration::from_secs(2), ..limits() };
    let bomb = "perl -e 'while (1) { fork // select(undef, undef, undef, 0.05) } # bomb54321'";
    let ended = reason(tool.sandbox(), bomb, short).await;
    assert!(
        matches!(ended, Reason::OutOfTime | Reason::OutOfMemory | Reason::OutOfCpu),
        "{ended:?}"
    );
    all_end("bomb54321").await;
}

#[tokio::test]
async fn what_is_written_is_limited() {
    let Some(tool) = tool() else { return };
    let sandbox = tool.sandbox();
    let full = "mkdir out; head -c 20000000 /dev/zero >out/x";
    assert_eq!(reason(sandbox, full, limits()).await, Reason::OutputTooLarge);
    // Not minding that it cannot write.
    let full = "mkdir out; head -c 20000000 /dev/zero >out/x; true";
    assert_eq!(reason(sandbox, full, limits()).await, Reason::OutputTooLarge);
    let few = Limits { files: 10, ..limits() };
    let ten = "mkdir out; i=0; while [ $i -lt 10 ]; do i=$((i+1)); echo a >out/$i; done";
    assert_eq!(run(sandbox, ten, few).await.unwrap().files.len(), 10);
    let eleven = "mkdir out; i=0; while [ $i -lt 11 ]; do i=$((i+1)); echo a >out/$i; done";
    assert_eq!(reason(sandbox, eleven, few).await, Reason::TooManyFiles);
    let many = "mkdir out; i=0; while [ $i -lt 3000 ]; do i=$((i+1)); : >out/$i; done";
    assert_eq!(reason(sandbox, many, few).await, Reason::TooManyFiles);
    let small = Limits { output_bytes: 100, files: 10, ..limits() };
    let large = "mkdir out; head -c 60 /dev/zero >out/a; head -c 60 /dev/zero >out/b";
    assert_eq!(reason(sandbox, large, small).await, Reason::OutputTooLarge);
    let larger = "mkdir out; head -c 1000000 /dev/zero >out/a";
    assert_eq!(reason(sandbox, larger, small).await, Reason::OutputTooLarge);
    let talks = "mkdir out; yes talk | head -c 3000000";
    let log = run(sandbox, talks, limits()).await.unwrap().log;
    assert!(log.len() <= LOG_BYTES_MAX && log.len() > LOG_BYTES_MAX / 2, "{}", log.len());
}

#[tokio::test]
async fn only_plain_files_come_out() {
    let Some(tool) = tool() else { return };
    for script in [
        "mkdir out; ln -s /etc/passwd out/x",
        "mkdir out; ln -s .. out/x",
        "mkdir out; echo a >out/a; ln out/a out/b",
        "mkdir out; mkfifo out/x",
        "mkdir out; echo a >'out/a\\b'",
        "ln -s /usr/share out",
        "echo a >out",
        "true",
    ] {
        assert_eq!(
            reason(tool.sandbox(), script, limits()).await,
            Reason::OutputNotPlain,
            "{script}"
        );
    }
    // Where we are not root, it may write to where its output is read.
    let forges = "mkdir out; echo a >out/a; \
                  (head -c 2000 /usr/bin/env >/proc/$PPID/fd/1) 2>/dev/null; true";
    match run(tool.sandbox(), forges, limits()).await {
        Ok(output) => assert_eq!(paths(&output.files), ["a"]),
        Err(failure) => assert_eq!(failure.reason, Reason::OutputNotPlain),
    }
}

#[tokio::test]
async fn without_a_sandbox_nothing_is_left_behind() {
    let script = r#"mkdir out; echo "$WORK" >out/where; sleep 54321.6 & true"#;
    let sandbox = Sandbox::new(Kind::None);
    let output = run(&sandbox, script, Limits { time: Duration::from_secs(3), ..limits() }).await;
    // It holds the pipe of the log open.
    assert_eq!(output.unwrap_err().reason, Reason::OutOfTime);
    all_end("54321.6").await;
    let script = r#"mkdir out; echo "$WORK" >out/where; pwd"#;
    let output = run(&sandbox, script, limits()).await.unwrap();
    let folder = text(&output.files, "where");
    assert!(folder.ends_with("/work\n") && !Path::new(folder.trim()).exists(), "{folder}");
    assert!(!output.log.contains(folder.trim()), "{}", output.log);
}

#[tokio::test]
async fn who_waits_no_longer_ends_all_processes() {
    let Some(tool) = tool() else { return };
    for (sandbox, seconds) in
        [(tool.sandbox().clone(), "54321.3"), (Sandbox::new(Kind::None), "54321.4")]
    {
        sandbox.works().await.unwrap();
        let script = r#"sleep "$1" & sleep "$1""#;
        let task =
            tokio::spawn(async move { run_in(&sandbox, script, &[seconds], limits()).await });
        let began = Instant::now();
        while processes(seconds) < 2 {
            assert!(began.elapsed() < TIME && !task.is_finished(), "it did not start");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        task.abort();
        all_end(seconds).await;
    }
}

#[tokio::test]
async fn a_sandbox_that_is_missing_is_said() {
    let sandbox = Sandbox::new(Kind::Bubblewrap);
    if sandbox.works().await.is_err() {
        assert_eq!(sandbox.works().await.unwrap_err().reason, Reason::SandboxMissing);
        return;
    }
    let run = Run {
        script: "mkdir out",
        arguments: Vec::new(),
        parts: vec![("PART", "/missing/part".into())],
        also: Vec::new(),
        input: Files::new(),
        limits: limits(),
        otherwise: Reason::DoesNotCompile,
    };
    assert_eq!(sandbox.run(run).await.unwrap_err().reason, Reason::SandboxMissing);
}
