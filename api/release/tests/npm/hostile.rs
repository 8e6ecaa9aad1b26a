//! A registry that answers as it is told, on 127.0.0.1.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What it does after the first bytes of its answer.
#[derive(Debug, Clone)]
pub enum Then {
    Close,
    /// Says nothing more, and leaves the connection open.
    Hold,
    /// Sends this again and again, with a pause before.
    Repeat(Vec<u8>, Duration),
}

/// A request: its first line and headers, and its body.
#[derive(Debug, Clone)]
pub struct Asked {
    pub head: String,
    pub body: Vec<u8>,
}

impl Asked {
    pub fn is_put(&self) -> bool {
        self.head.starts_with("PUT ")
    }

    pub fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }
}

/// The registry. It ends with the runtime of its test.
pub struct Hostile {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// An answer with a body.
pub fn answer(status: &str, body: &str) -> (Vec<u8>, Then) {
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    (head.into_bytes(), Then::Close)
}

impl Hostile {
    pub async fn start(by: impl Fn(&Asked) -> (Vec<u8>, Then) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (by, seen) = (Arc::new(by), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (by, seen) = (Arc::clone(&by), Arc::clone(&seen));
                tokio::spawn(async move { serve(stream, &*by, &seen).await });
            }
        });
        Self { address, asked }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

async fn request(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let mut part = vec![0; 16 << 10];
    loop {
        let end = bytes.windows(4).position(|it| it == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let length = head.lines().find_map(|it| it.strip_prefix("content-length: "));
            let length = length.map_or(0, |it| it.parse::<usize>().unwrap());
            if bytes.len() - end - 4 >= length {
                return Some(Asked { head, body: bytes[end + 4..].to_vec() });
            }
        }
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&part[..count]),
        }
    }
}

async fn serve(
    mut stream: TcpStream,
    by: &impl Fn(&Asked) -> (Vec<u8>, Then),
    seen: &Mutex<Vec<Asked>>,
) {
    let Some(asked) = request(&mut stream).await else { return };
    let (first, then) = by(&asked);
    seen.lock().unwrap().push(asked);
    if stream.write_all(&first).await.is_err() {
        return;
    }
    match then {
        Then::Close => drop(stream.shutdown().await),
        Then::Hold => {
            let mut part = [0; 64];
            while !matches!(stream.read(&mut part).await, Ok(0) | Err(_)) {}
        }
        Then::Repeat(bytes, pause) => {
            while stream.write_all(&bytes).await.is_ok() {
                tokio::time::sleep(pause).await;
            }
        }
    }
}
