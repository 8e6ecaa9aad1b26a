//! How much longer a job takes than the generator alone: `cargo bench -p codegen`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark fails by panicking, and prints"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use codegen::tool::Settings;
use codegen::{Tool, artifact, compile, for_code};
use serde_json::{Value, json};

const RUNS: usize = 5;

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn document() -> Value {
    let operation = |at: usize| {
        json!({ "get": { "operationId": format!("get{at}"), "tags": ["a"], "responses": { "200": {
            "description": "ok", "content": { "application/json": { "schema": {
                "type": "object", "properties": { "id": { "type": "string" } } } } } } } } })
    };
    let paths = (0..30).map(|at| (format!("/a{at}"), operation(at)));
    let paths = paths.collect::<serde_json::Map<_, _>>();
    json!({ "openapi": "3.0.3", "info": { "title": "Bench", "version": "1" }, "paths": paths })
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/codegen");
    let settings = Settings {
        jar: Some(tools.join("openapi-generator.jar")),
        java: Some(tools.join("java")),
        tsc: Some(tools.join("tsc")),
        ..Settings::default()
    };
    let tool = Tool::new(settings);
    tool.available().await.expect("run tests/install-codegen first");
    let document = document();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.json"), document.to_string()).unwrap();
    // The options are asked for once.
    tool.generator("typescript-fetch").await.unwrap();
    let (mut alone, mut jobs, mut compiled) = (Vec::new(), Vec::new(), Vec::new());
    for at in 0..RUNS {
        let began = Instant::now();
        let said = Command::new(tools.join("java"))
            .arg("-jar")
            .arg(tools.join("openapi-generator.jar"))
            .args(["generate", "-g", "typescript-fetch", "-i", "a.json", "-o"])
            .arg(format!("out{at}"))
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(said.status.success());
        alone.push(began.elapsed());
        let began = Instant::now();
        let safe = for_code(&document).unwrap();
        let bytes = serde_json::to_vec(&safe).unwrap();
        let made = tool.generate("typescript-fetch", &BTreeMap::new(), bytes).await.unwrap();
        artifact::zip(&made.files).unwrap();
        jobs.push(began.elapsed());
        let began = Instant::now();
        compile(&tool, &made.files).await.unwrap();
        compiled.push(began.elapsed());
    }
    let (alone, job, compiled) = (median(alone), median(jobs), median(compiled));
    let ratio = job.as_secs_f64() / alone.as_secs_f64();
    println!(
        "30 operations, medians of {RUNS}: the generator alone {alone:.2?}, a job {job:.2?}: {ratio:.2}"
    );
    println!("compiling the client: {compiled:.2?}");
}
