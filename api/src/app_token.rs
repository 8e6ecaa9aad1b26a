//! The app-token service: eleven operations under `/oauth2/api/v1`, with an envelope of their own
//! (app-token spec). Where its rules differ from those of the rest of the API, its rules apply.

pub(crate) mod accounts;
pub(crate) mod administration;
pub(crate) mod answer;
pub(crate) mod apps;
pub(crate) mod face;
pub(crate) mod pairs;
pub(crate) mod registration;
pub(crate) mod service;
pub(crate) mod signature;
pub(crate) mod standing;
pub(crate) mod tokens;
pub(crate) mod users;

use warp::http::{Method, StatusCode};

use self::face::text;
use crate::http::endpoint::{Endpoint, endpoint};
use crate::operation::metrics::{METRICS_ABOUT, metrics as figures};

/// Its endpoints.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    let health =
        endpoint(Method::GET, "/oauth2/api/v1/health", "AppTokenHealth", "Whether it runs");
    let metrics = endpoint(
        Method::GET,
        "/oauth2/api/v1/metrics",
        "AppTokenMetrics",
        "The program's figures (Prometheus)",
    );
    let mut all = vec![
        health
            .answers_text("text/plain", "It runs.")
            .operation(|_| async { Ok(text(StatusCode::OK, "ok")) }),
        metrics.answers_text("text/plain", METRICS_ABOUT).operation(figures),
    ];
    all.extend(apps::endpoints());
    all.extend(tokens::endpoints());
    all.extend(users::endpoints());
    all
}
