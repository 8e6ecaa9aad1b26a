//! Requests whose bodies come piece by piece.

use bytes::Bytes;
use warp::http::Request;
use warp::reply::Response;

use super::TestApp;

impl TestApp {
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
