//! The HTTP client for requests that may go to one place only.

use std::time::Duration;

use reqwest::{Client, ClientBuilder, redirect, retry};

/// A client that reaches only what a request names: through no proxy, after no redirect, never twice,
/// without a connection of the request before. Bodies are not unpacked. `connect_max` is for the
/// look-up of a name, the connection and its handshake, together.
pub fn strict_client(connect_max: Duration) -> ClientBuilder {
    Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .pool_max_idle_per_host(0)
        // Whatever another part of the program switches on.
        .no_gzip()
        .no_brotli()
        .no_deflate()
        .no_zstd()
        .http1_only()
        .user_agent("chancery")
        .connect_timeout(connect_max)
}
