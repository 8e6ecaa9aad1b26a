//! `/metrics`: as Prometheus expects it, with right values; and dashboard, alarms and documents name
//! figures that exist.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use tests::process::{Program, until};

use crate::story::tell;

/// One answer of `/metrics`.
struct Figures {
    /// The type of each family: `counter`, `gauge` or `histogram`.
    types: BTreeMap<String, String>,
    helps: BTreeSet<String>,
    /// Each value by its name with labels.
    values: BTreeMap<String, f64>,
}

impl Figures {
    async fn of(program: &Program) -> Self {
        let text = program.get("/metrics", "").await.json.as_str().unwrap().to_owned();
        let (mut types, mut helps, mut values) =
            (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        for line in text.lines() {
            let (name, rest) = match line.strip_prefix("# ") {
                Some(about) => about.split_once(' ').unwrap().1.split_once(' ').unwrap(),
                None => line.rsplit_once(' ').unwrap(),
            };
            let name = name.to_owned();
            let before = match line.split_once(' ').unwrap() {
                ("#", about) if about.starts_with("TYPE") => {
                    types.insert(name, rest.to_owned()).map(|_| 0.0)
                }
                ("#", _) => (!helps.insert(name)).then_some(0.0),
                _ => values.insert(name, rest.parse().unwrap()),
            };
            assert_eq!(before, None, "{line} stands twice");
        }
        Self { types, helps, values }
    }

    #[track_caller]
    fn value(&self, name: &str) -> f64 {
        *self.values.get(name).unwrap_or_else(|| panic!("no {name} in {:#?}", self.values))
    }
}

fn now() -> f64 {
    crate::app_token::seconds() as f64
}

/// One with every figure: also those of a publisher, whose broker is away.
const WITH_ALL: [&str; 2] = ["--nats", "nats://127.0.0.1:1"];

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_counters_and_gauges_with_a_unit_in_their_name() {
    let program = Program::started(&WITH_ALL).await;
    tell(&program).await;
    let figures = Figures::of(&program).await;
    assert!(figures.types.len() > 30, "{:?}", figures.types);
    for (name, kind) in &figures.types {
        assert!(figures.helps.contains(name), "{name} has no help");
        assert!(["counter", "gauge", "histogram"].contains(&kind.as_str()), "{name} is a {kind}");
        assert_eq!(kind == "counter", name.ends_with("_total"), "{name} is a {kind}");
        let is_ours = name.starts_with("chancery_") || name.starts_with("process_");
        assert!(is_ours && !name.contains("milli") && !name.contains("_ms"), "{name}");
    }
    assert_eq!(
        figures.value(concat!("chancery_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"}")),
        1.0
    );
    assert_eq!(figures.value("chancery_ready"), 1.0);
    assert_eq!(figures.value("chancery_publisher_stopped"), 0.0);
    assert_eq!(figures.value("chancery_publisher_connected"), 0.0);
    let position = program.replayed().len() as f64;
    assert_eq!(figures.value("chancery_log_position"), position);
    assert_eq!(figures.value("chancery_publisher_lag_events"), position);
    assert!(figures.value("chancery_log_commits_total") > 3.0);
    assert!(figures.value("chancery_log_written_bytes_total") > 1_000.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_of_the_process_and_of_its_disk_are_right() {
    let program = Program::started(&["--disk-reserve-mib", "7"]).await;
    let (figures, process) = (Figures::of(&program).await, program.process());
    let started = now() - figures.value("process_start_time_seconds");
    assert!((-2.0..60.0).contains(&started), "{started}");
    let memory = figures.value("process_resident_memory_bytes") / f64::from(1 << 20);
    assert!((memory - program.memory_mib() as f64).abs() < 30.0, "{memory}");
    let open = fs::read_dir(format!("/proc/{process}/fd")).unwrap().count() as f64;
    assert!((figures.value("process_open_fds") - open).abs() < 10.0, "{open}");
    assert!(figures.value("process_max_fds") > open);
    assert!(figures.value("process_cpu_seconds_total") < 60.0);
    assert_eq!(figures.value("chancery_disk_reserve_bytes"), f64::from(7 << 20));
    let disk = rustix::fs::statvfs(&program.data).unwrap();
    let free = (disk.f_bavail * disk.f_frsize) as f64;
    let told = figures.value("chancery_disk_free_bytes");
    assert!((0.8..1.2).contains(&(told / free)), "{told} of {free}");
    let log = fs::metadata(program.data.join("log/db")).unwrap().len() as f64;
    assert!(figures.value("chancery_log_disk_bytes") < 2.0 * log + 1e6);
    assert!(figures.value("chancery_log_disk_bytes") >= 4_096.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_tell_the_age_of_snapshot_and_backup() {
    let mut program = Program::started(&[]).await;
    let first = Figures::of(&program).await;
    for name in ["snapshot_timestamp_seconds", "backup_timestamp_seconds", "snapshot_position"] {
        assert_eq!(first.value(&format!("chancery_{name}")), 0.0, "{name}");
    }
    let end = first.value("chancery_log_position");
    let before = now() - 1.0;
    program.run(&["backup", "--to", program.beside("copy").to_str().unwrap()]).ok();
    // The end writes a snapshot.
    program.stop().await;
    program.start().await;
    let figures = Figures::of(&program).await;
    for name in ["chancery_snapshot_timestamp_seconds", "chancery_backup_timestamp_seconds"] {
        assert!((before..=now() + 1.0).contains(&figures.value(name)), "{name}");
    }
    // The backup is an event, too.
    let reached = figures.value("chancery_snapshot_position");
    assert!(reached >= end && reached <= figures.value("chancery_log_position"), "{reached}");
    assert!(!program.beside("copy/last-backup").exists(), "a copy was not backed up itself");
    // A backup of a closed folder counts, too.
    program.stop().await;
    fs::remove_file(program.data.join("last-backup")).unwrap();
    program.run(&["backup", "--to", program.beside("copy-2").to_str().unwrap()]).ok();
    let head = &program.verified()["position"];
    assert_eq!(fs::read_to_string(program.data.join("last-backup")).unwrap(), format!("{head}\n"));
}

/// The figures that a text names, without what Prometheus appends to histograms.
fn named_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|it: char| !(it.is_ascii_alphanumeric() || it == '_'));
    let figures = words.filter(|it| it.starts_with("chancery_") || it.starts_with("process_"));
    let plain = |it: &str| {
        let ends = ["_bucket", "_sum", "_count"];
        ends.iter().find_map(|end| it.strip_suffix(end)).unwrap_or(it).to_owned()
    };
    // `process_*` names all that begin so.
    figures.filter(|it| !it.ends_with('_')).map(plain).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn dashboard_alarms_and_documents_name_figures_that_exist() {
    let program = Program::started(&WITH_ALL).await;
    // The figures of requests exist once there was one.
    program.token().await;
    until("a counted request", async || {
        Figures::of(&program).await.types.contains_key("chancery_http_requests_total")
    })
    .await;
    let exist = Figures::of(&program).await.types.into_keys().collect::<BTreeSet<_>>();
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let named = |page: &str| {
        let text = fs::read_to_string(docs.join(page)).unwrap();
        let named = named_in(&text);
        let unknown = named.difference(&exist).collect::<Vec<_>>();
        assert!(unknown.is_empty(), "{page}: {unknown:?}");
        named
    };
    let (alarms, dashboard) = (named("monitoring/alarms.yml"), named("monitoring/dashboard.json"));
    assert!(alarms.len() > 20 && dashboard.len() > 30, "{alarms:?} {dashboard:?}");
    named("operations.md");
    let told = named("operations/monitoring.md");
    let untold = exist.difference(&told).filter(|it| it.starts_with("chancery_"));
    assert_eq!(untold.collect::<Vec<_>>(), Vec::<&String>::new(), "docs/operations/monitoring.md");
    // Both can be read by the programs that they are for, as far as that shows here.
    let text = fs::read_to_string(docs.join("monitoring/dashboard.json")).unwrap();
    let dashboard: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(dashboard["panels"].as_array().unwrap().len() > 20);
}
