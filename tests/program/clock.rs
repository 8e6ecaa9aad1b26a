//! The program under a clock that was wrong once, while it ran or at a start: the dialogue that showed
//! revoked tokens alive and nobody able to sign in.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::json;
use tempfile::TempDir;
use tests::process::{PASSWORD, Program};

/// The library that moves the clock, compiled once.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = LIBRARY.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clock.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("program").join("clock.c");
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(&path)
            .arg(source)
            .status();
        assert!(built.unwrap().success(), "the clock does not compile");
        (folder, path)
    });
    path
}

/// From now on, all that is started here has a time of day that is moved by as many seconds as the
/// returned file says.
pub(crate) fn move_clock(program: &mut Program, seconds: i64) -> PathBuf {
    let file = program.beside("clock");
    std::fs::write(&file, seconds.to_string()).unwrap();
    program.set_variable("LD_PRELOAD", library().to_str().unwrap());
    program.set_variable("TEST_CLOCK_FILE", file.to_str().unwrap());
    file
}

/// A program whose time of day a test moves.
struct Shifted {
    program: Program,
    file: PathBuf,
}

impl Shifted {
    async fn started() -> Self {
        let mut program = Program::new(&[]);
        let file = move_clock(&mut program, 0);
        program.start().await;
        Self { program, file }
    }

    fn shift(&self, seconds: i64) {
        // Written beside and renamed: a reader never finds it empty.
        let new = self.file.with_extension("new");
        std::fs::write(&new, seconds.to_string()).unwrap();
        std::fs::rename(&new, &self.file).unwrap();
    }

    async fn restart(&mut self) {
        self.program.stop().await;
        self.program.start().await;
    }

    async fn token(&self) -> String {
        let answer = self.program.sign_in("admin", PASSWORD).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let token = answer.json["access_token"].as_str();
        token.unwrap_or_else(|| panic!("200 without a token: {answer:?}")).to_owned()
    }

    async fn status(&self, token: &str) -> u16 {
        self.program.get("/api/Role", token).await.status
    }

    /// Where the log stood after it; 0 if nothing was written.
    async fn revoke(&self, token: &str) -> u64 {
        let form = [("client_id", "chancery-cli"), ("token", token)];
        let url = self.program.url("/connect/revocation");
        let answer = self.program.client.post(url).form(&form).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let position = answer.headers().get("x-log-position");
        position.map_or(0, |it| it.to_str().unwrap().parse().unwrap())
    }
}

/// Breadth 1, faults F2, operation 1: in one process, and with restarts in between.
#[tokio::test(flavor = "multi_thread")]
async fn one_wrong_clock_does_not_outlive_itself() {
    for restarts in [false, true] {
        for ahead in [7_300, 86_400, 20 * 365 * 86_400] {
            let mut it = Shifted::started().await;
            let (a, b) = (it.token().await, it.token().await);
            assert!(it.revoke(&a).await > 0);
            assert_eq!((it.status(&a).await, it.status(&b).await), (401, 200));
            it.shift(ahead);
            if restarts {
                it.restart().await;
            }
            let c = it.token().await;
            it.shift(0);
            if restarts {
                it.restart().await;
            }
            assert_eq!(it.status(&a).await, 401, "a revoked token lives again: {ahead}");
            assert_eq!(it.status(&b).await, 200, "{ahead}");
            assert_eq!(it.status(&c).await, 401, "it is not valid yet");
            assert!(it.revoke(&b).await > 0, "revoking did nothing");
            assert_eq!(it.status(&b).await, 401);
            let d = it.token().await;
            assert_eq!(it.status(&d).await, 200);
            if restarts {
                it.restart().await;
                assert_eq!((it.status(&b).await, it.status(&d).await), (401, 200));
                let log = it.program.log();
                assert!(log.contains("THE CLOCK IS BEHIND"), "nobody was told: {log}");
            }
            it.program.stop().await;
            it.program.verified();
        }
    }
}

/// Rotating under a wrong clock leaves a key that signs, and no token that verifiers must refuse.
#[tokio::test(flavor = "multi_thread")]
async fn keys_that_were_rotated_under_a_wrong_clock_sign_and_verify() {
    let mut it = Shifted::started().await;
    let before = it.token().await;
    it.shift(-400 * 86_400);
    it.program.run(&["keys", "rotate"]).ok();
    it.shift(0);
    it.restart().await;
    let after = it.token().await;
    assert_eq!((it.status(&before).await, it.status(&after).await), (200, 200));
    let keys = it.program.get("/.well-known/openid-configuration/jwks", "").await;
    assert!(!keys.json["keys"].as_array().unwrap().is_empty(), "{keys:?}");
    assert_ne!(keys.json["keys"][0]["kid"], json!(null));
}
