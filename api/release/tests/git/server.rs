//! A server of HTTP: git's own program behind it, or an answer of the test's.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;

/// What it does with a request.
pub enum Do {
    /// Hands it to git.
    Git,
    /// Answers this, and closes.
    Say(String),
    /// Says nothing, and leaves the connection open.
    Hold,
}

/// The server. It ends with the runtime of its test.
pub struct Server {
    pub address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Serves the repositories of a folder; `decide` sees the head of each request first.
    pub async fn start(
        folder: PathBuf,
        decide: impl Fn(&str) -> Do + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (shared, decide) = (Arc::clone(&heads), Arc::new(decide));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (heads, decide, folder) =
                    (Arc::clone(&shared), Arc::clone(&decide), folder.clone());
                tokio::spawn(async move {
                    let mut stream = stream;
                    let Some((head, body)) = request(&mut stream).await else { return };
                    heads.lock().unwrap().push(head.clone());
                    match decide(&head) {
                        Do::Git => by_git(&mut stream, &folder, &head, &body).await,
                        Do::Say(said) => drop(stream.write_all(said.as_bytes()).await),
                        Do::Hold => while stream.read(&mut [0; 64]).await.is_ok_and(|it| it > 0) {},
                    }
                });
            }
        });
        Self { address, heads }
    }

    pub fn url(&self, host: &str) -> String {
        format!("http://{host}:{}/remote.git", self.address.port())
    }

    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

pub fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let lines = head.lines().skip(1).filter_map(|it| it.split_once(": "));
    lines.filter(|it| it.0.eq_ignore_ascii_case(name)).map(|it| it.1).next()
}

async fn request(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|it| it == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let body = &bytes[end + 4..];
            if header(&head, "transfer-encoding").is_some() {
                if let Some(body) = unchunked(body) {
                    return Some((head, body));
                }
            } else {
                let length = header(&head, "content-length").map_or(0, |it| it.parse().unwrap());
                if body.len() >= length {
                    return Some((head, body.to_vec()));
                }
            }
        }
        let count = stream.read_buf(&mut bytes).await.ok()?;
        // Nothing more, or no HTTP.
        if count == 0 || !bytes[0].is_ascii_uppercase() {
            return None;
        }
    }
}

fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|it| it == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..end]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        let chunk = rest.get(end + 2..end + 2 + size)?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(chunk);
        rest = rest.get(end + 4 + size..)?;
    }
}

/// As a web server runs `git http-backend` (RFC 3875).
async fn by_git(stream: &mut TcpStream, folder: &PathBuf, head: &str, body: &[u8]) {
    let mut words = head.split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut child = Command::new("git")
        .arg("http-backend")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_PROJECT_ROOT", folder)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REQUEST_METHOD", method)
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query)
        .env("CONTENT_TYPE", header(head, "content-type").unwrap_or_default())
        .env("CONTENT_LENGTH", body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", header(head, "content-encoding").unwrap_or_default())
        .env("GIT_PROTOCOL", header(head, "git-protocol").unwrap_or_default())
        .env("REMOTE_USER", "pusher")
        .env("REMOTE_ADDR", "127.0.0.1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let feed = async {
        let _ = stdin.write_all(body).await;
        drop(stdin);
    };
    let mut said = Vec::new();
    let mut stdout = child.stdout.take().unwrap();
    let ((), read) = tokio::join!(feed, stdout.read_to_end(&mut said));
    read.unwrap();
    let end = said.windows(4).position(|it| it == b"\r\n\r\n").unwrap();
    let headers = String::from_utf8(said[..end].to_vec()).unwrap();
    let (status, rest) = match headers.strip_prefix("Status: ") {
        Some(it) => it.split_once("\r\n").unwrap_or((it, "")),
        None => ("200 OK", headers.as_str()),
    };
    let length = said.len() - end - 4;
    let head = format!(
        "HTTP/1.1 {status}\r\n{rest}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    let _ = stream.write_all(&[head.as_bytes(), &said[end + 4..]].concat()).await;
}
