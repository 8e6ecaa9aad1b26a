//! A line between publisher and broker that can be slow, or still in one direction or both.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How much a slow line carries in one go, in bytes.
const SLOW_BYTES: usize = 700;

/// How long a slow line takes for it.
const SLOW_WAIT: Duration = Duration::from_millis(1);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Line {
    pub slow: bool,
    /// Nothing reaches the broker.
    pub holds_up: bool,
    /// Nothing comes back from the broker.
    pub holds_down: bool,
}

pub struct Proxy {
    port: u16,
    line: watch::Sender<Line>,
    held: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Proxy {
    pub async fn start(to: u16, line: Line) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (line, seen) = watch::channel(line);
        let held = Arc::new(AtomicBool::new(false));
        let holding = held.clone();
        let task = tokio::spawn(async move {
            loop {
                let (near, _) = listener.accept().await.unwrap();
                let far = TcpStream::connect((Ipv4Addr::LOCALHOST, to)).await.unwrap();
                let (near_read, near_write) = near.into_split();
                let (far_read, far_write) = far.into_split();
                let (up, down) = (seen.clone(), seen.clone());
                tokio::spawn(carry(near_read, far_write, up, |it| it.holds_up, holding.clone()));
                tokio::spawn(carry(
                    far_read,
                    near_write,
                    down,
                    |it| it.holds_down,
                    holding.clone(),
                ));
            }
        });
        Self { port, line, held, task }
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Whether it ever held something back.
    pub fn has_held(&self) -> bool {
        self.held.load(Ordering::SeqCst)
    }

    pub fn set(&self, line: Line) {
        self.line.send_replace(line);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut line: watch::Receiver<Line>,
    holds: fn(&Line) -> bool,
    held: Arc<AtomicBool>,
) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let slow = line.borrow().slow;
        let size = if slow { SLOW_BYTES } else { buffer.len() };
        let Ok(count @ 1..) = from.read(&mut buffer[..size]).await else { return };
        if holds(&line.borrow()) {
            held.store(true, Ordering::SeqCst);
        }
        if line.wait_for(|it| !holds(it)).await.is_err() {
            return;
        }
        if slow {
            tokio::time::sleep(SLOW_WAIT).await;
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}
