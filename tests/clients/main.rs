//! Clients that a generator makes of the OpenAPI document: they compile, and read what the running
//! program really answers.
//!
//! The generator and the compilers are programs of others (tests/install-generators), so this test
//! program runs only when it is named, and by `tests/run --all`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tests::process::{Program, finish_within};

/// How long a generator, a compiler or a client may take.
const STEP_TIME_MAX: std::time::Duration = std::time::Duration::from_secs(300);

/// What the generated package is called.
const PACKAGE: &str = "chancery_client";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn tools() -> PathBuf {
    root().join("target/tools/clients")
}

fn source(name: &str) -> PathBuf {
    root().join("tests/clients").join(name)
}

/// A running program with something to read, and a folder for a client of it.
struct Given {
    program: Program,
    token: String,
    folder: PathBuf,
}

impl Given {
    async fn new(generator: &str) -> Self {
        assert!(tools().join("installed").exists(), "run tests/install-generators first");
        let program = Program::started(&[]).await;
        let token = program.token().await;
        let orders = json!({ "name": "orders", "scopes": [{ "scope": "orders.all" }] });
        program.post("/api/ApiResource", &token, orders).await.data();
        program.post("/api/Client", &token, json!({ "clientId": "shop" })).await.data();
        let folder = program.beside(generator);
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("openapi.json");
        // As it was sent: in that order generators read it.
        let text = program.client.get(program.url("/swagger/v1/swagger.json"));
        fs::write(&file, text.send().await.unwrap().text().await.unwrap()).unwrap();
        let mut generate = Command::new(tools().join("java"));
        generate.arg("-jar").arg(tools().join("openapi-generator.jar")).arg("generate");
        generate.arg("-i").arg(&file).args(["-g", generator, "--package-name", PACKAGE]);
        generate.arg("-o").arg(folder.join("client"));
        run(&mut generate);
        Self { program, token, folder }
    }

    fn client(&self) -> PathBuf {
        self.folder.join("client")
    }

    /// What a client prints that was told where the program is.
    fn seen_by(&self, client: &mut Command) -> Value {
        let url = self.program.url("");
        client.env("URL", url.trim_end_matches('/')).env("TOKEN", &self.token);
        let out = run(client);
        serde_json::from_str(out.lines().last().unwrap_or_default()).unwrap()
    }
}

/// Runs a step, which must succeed. Returns what it printed.
fn run(command: &mut Command) -> String {
    let shown = format!("{command:?}");
    let said = finish_within(command, STEP_TIME_MAX);
    let tail =
        |text: &str| text[text.floor_char_boundary(text.len().saturating_sub(4_000))..].to_owned();
    assert_eq!(said.code, Some(0), "{shown}\n{}\n{}", tail(&said.out), tail(&said.err));
    said.out
}

/// What a client of any language reads, after it made a user of that name.
#[track_caller]
fn is_all(seen: &Value, made: &str) {
    let wanted = json!({
        "created": true,
        "users": ["admin", made],
        "detail": made,
        "clients": ["chancery-cli", "shop"],
        "resources": ["orders"],
        "scopes": ["orders.all"],
        "roles": seen["roles"],
        "tenants": [1],
        "codes": 9,
        "events": [1, 2, 3, 4, 5],
        "refused": 400,
    });
    assert_eq!(*seen, wanted);
    assert!(seen["roles"].as_array().unwrap().contains(&json!("administrator")), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generated_python_client_reads_real_lists() {
    let given = Given::new("python").await;
    let mut read = Command::new(tools().join("python/bin/python"));
    read.arg(source("read.py")).env("PYTHONPATH", given.client());
    read.env("PYTHONDONTWRITEBYTECODE", "1");
    is_all(&given.seen_by(&mut read), "python");
    // Not only what the script uses.
    let mut all = Command::new(tools().join("python/bin/python"));
    all.args(["-c", "from chancery_client.api import *; from chancery_client.models import *"]);
    run(all.env("PYTHONPATH", given.client()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generated_typescript_client_compiles_and_reads_real_lists() {
    let given = Given::new("typescript-fetch").await;
    fs::copy(source("read.ts"), given.folder.join("read.ts")).unwrap();
    let mut compile = Command::new(tools().join("node"));
    compile.arg(tools().join("typescript/node_modules/typescript/bin/tsc"));
    compile.args(["--strict", "--target", "es2022", "--module", "commonjs"]);
    compile.args(["--lib", "es2022,dom,dom.iterable", "--outDir", "out", "read.ts"]);
    run(compile.current_dir(&given.folder));
    let mut read = Command::new(tools().join("node"));
    read.arg("out/read.js").current_dir(&given.folder);
    is_all(&given.seen_by(&mut read), "typescript");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generated_rust_client_compiles_and_reads_real_lists() {
    let given = Given::new("rust").await;
    let crate_folder = given.client();
    let manifest = crate_folder.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    let ours = "\n[dev-dependencies]\ntokio = { version = \"1\", features = [\"macros\", \
                \"rt-multi-thread\"] }\n\n[workspace]\n";
    fs::write(&manifest, text + ours).unwrap();
    // The versions that this repository uses, so that a new release of somebody changes nothing.
    fs::copy(source("Cargo.lock"), crate_folder.join("Cargo.lock")).unwrap();
    fs::create_dir_all(crate_folder.join("examples")).unwrap();
    let mut script = fs::read_to_string(source("read.rs.in")).unwrap();
    let document = fs::read_to_string(given.folder.join("openapi.json")).unwrap();
    let document: Value = serde_json::from_str(&document).unwrap();
    let lists = [
        ("user_get", "/api/User"),
        ("client_get", "/api/Client"),
        ("api_resource_get", "/api/ApiResource"),
        ("tenant_get", "/api/Tenant"),
        ("audit_events", "/api/audit/events"),
    ];
    for (list, path) in lists {
        let parameters = document["paths"][path]["get"]["parameters"].as_array().unwrap();
        let absent = vec!["None"; parameters.len()].join(", ");
        script = script.replace(&format!("{list}(it, ABSENT)"), &format!("{list}(it, {absent})"));
    }
    fs::write(crate_folder.join("examples/read.rs"), script).unwrap();
    let mut read = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    read.args(["run", "--quiet", "--locked", "--no-default-features", "--example", "read"]);
    read.current_dir(&crate_folder).env("CARGO_TARGET_DIR", root().join("target/clients"));
    is_all(&given.seen_by(&mut read), "rust");
}
