//! The whole API on one page, and the filter that answers it.

use std::convert::Infallible;
use std::sync::Arc;

use warp::Filter;
use warp::reply::Response;

use crate::app_token::{self, face::APP_TOKEN};
use crate::connect::face::OAUTH;
use crate::connect::{discovery, revocation, token};
use crate::http::endpoint::Endpoint;
use crate::http::face::Face;
use crate::http::problem::{API, OPERATION};
use crate::http::router::router;
use crate::operation::{health, metrics, openapi, swagger_ui};
use crate::resources::{self, blob_file};
use crate::state::app::App;

/// Those that show figures of the program, which an operator may want at an address of their own.
pub(crate) fn figures() -> Vec<Endpoint> {
    let mut endpoints = all();
    endpoints.retain(shows_figures);
    endpoints.extend(health::endpoints());
    endpoints
}

/// Those that an operator may not want to show everybody.
pub(crate) fn shows_figures(endpoint: &Endpoint) -> bool {
    endpoint.path.ends_with("/metrics")
}

/// The families of endpoints. The first one that owns a path answers for it.
pub(crate) static FACES: [&Face; 4] = [&APP_TOKEN, &API, &OAUTH, &OPERATION];

/// Every endpoint there is, family by family.
pub fn all() -> Vec<Endpoint> {
    let api = [resources::endpoints()];
    let oauth = [discovery::endpoints(), revocation::endpoints(), token::endpoints()];
    let app_token = [app_token::endpoints()];
    let operation = [
        blob_file::endpoints(),
        health::endpoints(),
        metrics::endpoints(),
        openapi::endpoints(),
        swagger_ui::endpoints(),
    ];
    let mut all = Vec::new();
    let mut add = |face: &'static Face, groups: &mut [Vec<Endpoint>]| {
        let endpoints = groups.iter_mut().flat_map(std::mem::take);
        all.extend(endpoints.map(|it| it.face(face)));
    };
    add(&API, &mut { api });
    add(&OAUTH, &mut { oauth });
    add(&APP_TOKEN, &mut { app_token });
    add(&OPERATION, &mut { operation });
    all
}

/// The program as one filter that answers every request.
pub fn routes(
    app: &Arc<App>,
) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone + Send + Sync + use<> {
    let mut endpoints = all();
    openapi::describe(app, &endpoints);
    if app.settings.figures_apart {
        endpoints.retain(|it| !shows_figures(it));
    }
    router(app, endpoints, &FACES)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use http_body_util::BodyExt as _;
    use serde_json::Value;
    use warp::http::StatusCode;

    use super::*;
    use crate::http::codes;
    use crate::http::error::ApiError;
    use crate::http::face::Asked;
    use crate::state::app::AppSettings;

    /// One of each; the match makes a new variant join them.
    fn every_error() -> Vec<ApiError> {
        let text = || "why".to_owned();
        let all = vec![
            ApiError::Unauthenticated { token_sent: true, why: "why" },
            ApiError::NoGatewayKey("why"),
            ApiError::Forbidden(text()),
            ApiError::Invalid(BTreeMap::from([("name".to_owned(), vec![text()])])),
            ApiError::NoRoute,
            ApiError::WrongMethod { allow: "GET".to_owned() },
            ApiError::TooLarge { field: "body".to_owned(), bytes_max: 7 },
            ApiError::QueryTooLong { bytes_max: 7 },
            ApiError::Encoded,
            ApiError::WrongContentType { expected: "application/json" },
            ApiError::TooMany { retry_seconds: 3, why: "why" },
            ApiError::UnknownHost,
            ApiError::ApiVersion { code: "InvalidApiVersion", message: text() },
            ApiError::business(codes::NOT_FOUND, "user not found"),
            ApiError::oauth("invalid_scope", "why"),
            ApiError::Changed,
            ApiError::KeyReused,
            ApiError::OneTime,
            ApiError::OtherHistory { head: 7 },
            ApiError::Unavailable { retry_seconds: 3, why: text() },
            ApiError::DiskFull,
            ApiError::Internal("a path of ours".to_owned()),
        ];
        for err in &all {
            match err {
                ApiError::Unauthenticated { .. }
                | ApiError::NoGatewayKey(_)
                | ApiError::Forbidden(_)
                | ApiError::Invalid(_)
                | ApiError::NoRoute
                | ApiError::WrongMethod { .. }
                | ApiError::TooLarge { .. }
                | ApiError::QueryTooLong { .. }
                | ApiError::Encoded
                | ApiError::WrongContentType { .. }
                | ApiError::TooMany { .. }
                | ApiError::UnknownHost
                | ApiError::ApiVersion { .. }
                | ApiError::Business { .. }
                | ApiError::OAuth { .. }
                | ApiError::Changed
                | ApiError::KeyReused
                | ApiError::OneTime
                | ApiError::OtherHistory { .. }
                | ApiError::Unavailable { .. }
                | ApiError::DiskFull
                | ApiError::Internal(_) => (),
            }
        }
        all
    }

    /// Status and body of every error at a face.
    async fn answers_of(face: &Face) -> Vec<(String, StatusCode, String)> {
        let settings = AppSettings::default();
        let mut answers = Vec::new();
        for err in every_error() {
            let shown = format!("{err:?} at {}", face.name);
            let asked = Asked { request_id: "id", settings: &settings, error_data: None };
            let response = face.answer(err, &asked);
            let status = response.status();
            let body = response.into_body().collect().await.unwrap().to_bytes();
            answers.push((shown, status, String::from_utf8(body.to_vec()).unwrap()));
        }
        answers
    }

    fn members(text: &str) -> Vec<String> {
        let json: Value = serde_json::from_str(text).unwrap();
        json.as_object().unwrap().keys().cloned().collect()
    }

    #[tokio::test]
    async fn no_error_leaves_a_face_in_the_form_of_another() {
        for (shown, status, text) in answers_of(&OAUTH).await {
            assert!(!status.is_success(), "{shown}: {status}");
            match text.as_str() {
                "error page" => assert!(shown.starts_with("UnknownHost"), "{shown}"),
                text => assert_eq!(members(text), ["error", "error_description"], "{shown}"),
            }
        }
        for (shown, status, text) in answers_of(&APP_TOKEN).await {
            match text.as_str() {
                "404 page not found" => assert_eq!(status, StatusCode::NOT_FOUND, "{shown}"),
                text => {
                    assert_eq!(status, StatusCode::OK, "{shown}");
                    assert_eq!(members(text), ["code", "error", "state"], "{shown}");
                }
            }
        }
        for face in [&API, &OPERATION] {
            for (shown, status, text) in answers_of(face).await {
                let is_business = shown.starts_with("Business");
                assert_eq!(status.is_success(), is_business && *face == API, "{shown}: {status}");
                match text.as_str() {
                    "error page" => assert!(shown.starts_with("UnknownHost"), "{shown}"),
                    text if shown.starts_with("ApiVersion") && *face == API => {
                        assert_eq!(members(text), ["error"], "{shown}");
                    }
                    text if is_business && *face == API => {
                        assert_eq!(members(text), ["code", "codeName", "message"], "{shown}");
                    }
                    text => assert!(members(text).contains(&"traceId".to_owned()), "{shown}"),
                }
            }
        }
    }

    /// H18.
    #[tokio::test]
    async fn what_went_wrong_inside_is_told_at_no_face() {
        for face in FACES {
            for (shown, _, text) in answers_of(face).await {
                assert!(!text.contains("a path of ours"), "{shown}: {text}");
            }
        }
    }

    #[test]
    fn every_endpoint_speaks_as_the_family_that_owns_its_path() {
        for endpoint in all() {
            let owner = FACES.into_iter().find(|it| (it.owns)(endpoint.path)).unwrap();
            assert_eq!(endpoint.face, owner, "{}", endpoint.path);
        }
    }
}
