//! A server of OpenAPI documents, for what publishes APIs: one for all tests of a program, at an address
//! of this machine.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

/// What the program under test has to be told, so that it fetches from here:
/// `--allow-private-outbound`.
pub const OUTBOUND: &str = "127.0.0.0/8";

static SERVED: OnceLock<Mutex<HashMap<String, Vec<u8>>>> = OnceLock::new();

fn served() -> &'static Mutex<HashMap<String, Vec<u8>>> {
    SERVED.get_or_init(Mutex::default)
}

/// A small document with this title.
pub fn document(title: &str) -> Value {
    json!({
        "openapi": "3.0.3",
        "info": { "title": title, "version": "1" },
        "servers": [{ "url": "https://api.example.org/v1" }],
        "paths": { "/orders": { "get": {
            "operationId": "list",
            "parameters": [{ "name": "q", "in": "query", "schema": { "type": "string" } }],
            "responses": { "200": { "description": "fine" } },
        } } },
    })
}

/// The address of a small document with this name as its title.
pub fn url(name: &str) -> String {
    serve(name, document(name).to_string())
}

/// The address of these bytes.
pub fn serve(name: &str, body: impl Into<Vec<u8>>) -> String {
    let path = format!("/{name}");
    served().lock().unwrap_or_else(PoisonError::into_inner).insert(path.clone(), body.into());
    format!("http://{}{path}", address())
}

fn address() -> SocketAddr {
    static ADDRESS: OnceLock<SocketAddr> = OnceLock::new();
    *ADDRESS.get_or_init(|| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                std::thread::spawn(move || answer(stream));
            }
        });
        address
    })
}

/// One request on each connection. Whoever asks for nothing in five seconds gets nothing.
fn answer(mut stream: TcpStream) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
    let mut head = Vec::new();
    let mut part = [0; 1024];
    while !head.windows(4).any(|it| it == b"\r\n\r\n") {
        match stream.read(&mut part) {
            Ok(read) if read > 0 && head.len() < 16_384 => head.extend_from_slice(&part[..read]),
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&head);
    let path = head.split(' ').nth(1).unwrap_or_default();
    let body = served().lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
    let (status, body) = match body {
        Some(body) => ("200 OK", body),
        None => ("404 Not Found", Vec::new()),
    };
    let head =
        format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}

/// Serves a document no longer.
pub fn forget(name: &str) {
    served().lock().unwrap_or_else(PoisonError::into_inner).remove(&format!("/{name}"));
}
