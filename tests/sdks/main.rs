//! SDKs that are really made: by the real generator in its sandbox, compiled by the real compiler, released
//! to a real npm registry and installed from there, pushed by the real git.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail them by a panic"
)]

mod generate;
mod push;
mod registry;
mod release;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tests::documents;
use tests::process::{Answer, Program};

/// How long a job may take, on a busy machine.
const JOB_TIME_MAX: Duration = Duration::from_secs(240);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn tool(name: &str) -> String {
    root().join("target/tools/codegen").join(name).display().to_string()
}

/// Whether the generator and its sandbox are here. In CI they have to be.
fn has_generator() -> bool {
    let has_sandbox = std::process::Command::new("bwrap").arg("--version").output().is_ok();
    let is_there = has_sandbox && root().join("target/tools/codegen/installed").exists();
    let is_needed = std::env::var_os("CI").is_some();
    assert!(is_there || !is_needed, "the generator is missing: tests/install-codegen");
    if !is_there {
        println!("skipped: the generator is missing; tests/install-codegen installs it");
    }
    is_there
}

/// An API with a document, on a program that can make SDKs.
struct Shop {
    program: Program,
    token: String,
    url: String,
}

impl Shop {
    async fn new(name: &str, more: &[&str]) -> Self {
        let (jar, java, tsc) = (tool("openapi-generator.jar"), tool("java"), tool("tsc"));
        let mut arguments =
            vec!["--codegen-jar", &jar, "--codegen-java", &java, "--codegen-tsc", &tsc];
        arguments.extend(more);
        let program = Program::started(&arguments).await;
        let token = program.token().await;
        let url = documents::serve(name, document().to_string());
        let it = Self { program, token, url };
        let made = it.post("/api/ApiResource", json!({ "name": "orders" })).await;
        assert_eq!(made.data(), &json!(1));
        let publication = json!({ "apiId": "1", "suffix": "orders", "swaggerUrl": it.url });
        it.put("/api/ApiResource/1/Publish", publication).await.data();
        it
    }

    async fn get(&self, path: &str) -> Answer {
        self.program.get(path, &self.token).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.program.post(path, &self.token, body).await
    }

    async fn put(&self, path: &str, body: Value) -> Answer {
        self.program.put(path, &self.token, body).await
    }

    /// Asks for a job; its id.
    async fn job(&self, generator: &str) -> String {
        let body = json!({ "apiId": "1", "generator": generator });
        let answer = self.post("/api/CodeGen/Jobs", body).await;
        answer.data().as_str().unwrap().to_owned()
    }

    /// A job once it has ended.
    async fn ended(&self, id: &str) -> Value {
        let began = std::time::Instant::now();
        loop {
            let job = self.get(&format!("/api/CodeGen/Jobs/{id}")).await.data().clone();
            if !["waiting", "running"].contains(&job["state"].as_str().unwrap()) {
                return job;
            }
            assert!(began.elapsed() < JOB_TIME_MAX, "{job}\n{}", self.program.log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The youngest job once it has ended.
    async fn last_ended(&self) -> Value {
        let jobs = self.get("/api/CodeGen/Jobs?take=1").await.data().clone();
        self.ended(jobs[0]["id"].as_str().unwrap()).await
    }
}

fn document() -> Value {
    json!({
        "openapi": "3.0.3",
        "info": { "title": "Orders", "version": "1.0", "description": "All orders." },
        "servers": [{ "url": "https://orders.example" }],
        "paths": { "/orders": { "get": {
            "operationId": "listOrders",
            "tags": ["orders"],
            "summary": "List the orders",
            "parameters": [{ "name": "q", "in": "query", "schema": { "type": "string" } }],
            "responses": { "200": { "description": "All of them.", "content": {
                "application/json": { "schema": { "type": "array", "items": { "type": "string" } } },
            } } },
        } } },
    })
}
