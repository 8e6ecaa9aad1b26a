//! Requests whose bodies come piece by piece, and what goes on beside requests.

use bytes::Bytes;
use domain::account::AccountId;
use domain::app_user::AppUserId;
use domain::{TenantId, UserId};
use warp::http::Request;
use warp::reply::Response;

use super::{TestApp, now};

impl TestApp {
    /// A root account of the app-token service.
    pub async fn app_root(&self, tenant: u32, name: &str, password: &str) -> u32 {
        let tenant = TenantId(tenant);
        let engine = &self.engine;
        let done = api::add_app_root(engine, &self.views, tenant, name, password, now()).await;
        let (account, position) = done.unwrap();
        self.shows(position).await;
        match account {
            AccountId::AppUser(AppUserId(number)) | AccountId::User(UserId(number)) => number,
            AccountId::None => unreachable!("nobody was made"),
        }
    }

    /// Writes into the log what is noticed about security, as the server does.
    pub fn write_security_events(&self) {
        tokio::spawn(api::write_security_events(self.program.clone()));
    }

    /// How often somebody was refused for this reason, as the figures say.
    pub async fn refusals(&self, reason: &str) -> u64 {
        let figures = self.get("/metrics").send().await.text;
        let name = format!("chancery_refusals_total{{reason=\"{reason}\"}} ");
        let figure = figures.lines().find_map(|it| it.strip_prefix(&name));
        figure.unwrap_or_else(|| panic!("no {name}in {figures}")).parse().unwrap()
    }

    /// The answer to a request whose body comes piece by piece.
    pub async fn serve<B>(&self, request: Request<B>) -> Response
    where
        B: hyper::body::Body<Data = Bytes> + Send + Sync + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let service = warp::service(self.routes.clone());
        let service = hyper_util::service::TowerToHyperService::new(service);
        hyper::service::Service::call(&service, request).await.unwrap()
    }
}
