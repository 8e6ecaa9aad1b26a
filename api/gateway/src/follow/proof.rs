//! Whether nginx serves what it was told to: asked of it on new connections, and of `/proc`.

use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::proc::takes_connections;
use super::report::Proof;

/// How long each half of the proof may take.
const PROOF_TIME_MAX: Duration = Duration::from_secs(10);

/// How long one question may take.
const QUESTION_TIME_MAX: Duration = Duration::from_secs(1);

/// Between two questions.
const PAUSE: Duration = Duration::from_millis(10);

/// More than the answer has, in bytes.
const ANSWER_BYTES_MAX: u64 = 4_096;

/// What the status listener says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Serving {
    pub(super) position: u64,
    /// The id of the text.
    pub(super) rendering: String,
}

/// Asks on a new connection.
pub(super) async fn ask(status: SocketAddr) -> Option<Serving> {
    let question = async {
        let mut stream = TcpStream::connect(status).await.ok()?;
        let request = "GET /position HTTP/1.1\r\nHost: status\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = Vec::new();
        stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer).await.ok()?;
        let answer = String::from_utf8(answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        head.starts_with("HTTP/1.1 200 ").then(|| serde_json::from_str(body).ok())?
    };
    timeout(QUESTION_TIME_MAX, question).await.ok()?
}

/// Waits until new connections are served by a text and until none of these workers takes new
/// connections. `None` if the first does not happen within 10 s.
pub(super) async fn wait(status: SocketAddr, id: &str, old: Option<Vec<i32>>) -> Option<Proof> {
    let begin = Instant::now();
    while ask(status).await.is_none_or(|it| it.rendering != id) {
        if begin.elapsed() > PROOF_TIME_MAX {
            return None;
        }
        sleep(PAUSE).await;
    }
    let Some(old) = old else { return Some(Proof::Position) };
    let begin = Instant::now();
    while old.iter().any(|it| takes_connections(*it)) {
        if begin.elapsed() > PROOF_TIME_MAX {
            return Some(Proof::Position);
        }
        sleep(PAUSE).await;
    }
    Some(Proof::Workers)
}
