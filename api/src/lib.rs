//! The HTTP face and the command line: the words of the wire, and who may do what.

mod access;
mod app;
mod app_token;
pub mod bench;
mod clock;
mod connect;
mod endpoints;
mod http;
mod operation;
mod program;
mod resources;

use std::convert::Infallible;
use std::sync::Arc;

use warp::Filter;
use warp::reply::Response;

pub use crate::access::Needs;
pub use crate::access::scopes::Code;
pub use crate::app::{App, AppSettings, LogFigures, StatsOf};
pub use crate::app_token::registration::add_app_root;
pub use crate::app_token::settings::{AdminMode, AppTokenSettings};
pub use crate::clock::Clock;
pub use crate::endpoints::all as endpoints;
pub use crate::http::endpoint::{Access, Endpoint};
pub use crate::http::proxies::Proxies;
pub use crate::http::router::Peer;
pub use crate::program::run;

/// The program as one filter that answers every request.
pub fn routes(
    app: &Arc<App>,
) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone + Send + Sync + use<> {
    let mut endpoints = endpoints();
    operation::openapi::describe(&endpoints);
    if app.settings.figures_apart {
        endpoints.retain(|it| !endpoints::shows_figures(it));
    }
    http::router::router(app, endpoints, &endpoints::FACES)
}
