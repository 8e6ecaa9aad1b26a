//! `/swagger/index.html`: the document of the API as a page to try requests from.
//!
//! The page is Swagger UI, kept unmodified in `swagger_ui/vendor` and compiled into the program. Its
//! policy allows what this server sends, and nothing else: no script or style within the page, no
//! other server.

use std::future::ready;

use bytes::Bytes;
use warp::http::Method;
use warp::http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};

use crate::http::endpoint::{Access, Endpoint, endpoint};
use crate::http::reply::Reply;

/// What the page may load, and from where. Its style sheet has pictures in it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                      img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

/// How long browsers may keep what changes with this program.
const OURS_KEPT: &str = "public, max-age=300";

/// How long browsers may keep what changes with a version of Swagger UI.
const VENDORED_KEPT: &str = "public, max-age=86400";

/// A file of the page.
struct PageFile {
    path: &'static str,
    operation: &'static str,
    content_type: &'static str,
    kept: &'static str,
    bytes: &'static [u8],
}

const FILES: [PageFile; 4] = [
    PageFile {
        path: "/swagger/index.html",
        operation: "SwaggerPage",
        content_type: "text/html; charset=utf-8",
        kept: OURS_KEPT,
        bytes: include_bytes!("swagger_ui/index.html"),
    },
    PageFile {
        path: "/swagger/start.js",
        operation: "SwaggerStart",
        content_type: "text/javascript; charset=utf-8",
        kept: OURS_KEPT,
        bytes: include_bytes!("swagger_ui/start.js"),
    },
    PageFile {
        path: "/swagger/swagger-ui-bundle.js",
        operation: "SwaggerScript",
        content_type: "text/javascript; charset=utf-8",
        kept: VENDORED_KEPT,
        bytes: include_bytes!("swagger_ui/vendor/swagger-ui-bundle.js"),
    },
    PageFile {
        path: "/swagger/swagger-ui.css",
        operation: "SwaggerStyle",
        content_type: "text/css; charset=utf-8",
        kept: VENDORED_KEPT,
        bytes: include_bytes!("swagger_ui/vendor/swagger-ui.css"),
    },
];

pub(crate) fn endpoints() -> Vec<Endpoint> {
    let files = FILES.into_iter().map(|file| {
        let declared = endpoint(Method::GET, file.path, file.operation, "A file of the page");
        let served = declared.undocumented();
        served.handled_for(Access::Operation, move |_| Box::pin(ready(Ok(file.reply()))))
    });
    files.collect()
}

impl PageFile {
    fn reply(&self) -> Reply {
        Reply::body(self.content_type, Bytes::from_static(self.bytes))
            .cache(self.kept)
            .header(CONTENT_SECURITY_POLICY, POLICY)
            .header(X_CONTENT_TYPE_OPTIONS, "nosniff")
            .header(REFERRER_POLICY, "no-referrer")
    }
}
