//! The table of endpoints: who may call what. A route without a row fails, a row without one too.

use std::collections::BTreeSet;

use api::Access;
use tests::app::{Answer, TestApp};

/// Who may call a row.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Who {
    /// A bearer with this scope and permission, and this role.
    Bearer(&'static str, &'static str),
    Anonymous,
    Operation,
    /// By the rules of the app-token service, in its envelope.
    AppToken,
}

use Who::{Anonymous, AppToken, Bearer, Operation};

/// Row of the documented table (0: our own), operation, method, path as it stands in the routes,
/// a path to call, who.
type Row = (u8, &'static str, &'static str, &'static str, &'static str, Who);

#[rustfmt::skip]
const TABLE: [Row; 69] = [
    (1, "ApiResourceGet", "GET", "/api/ApiResource", "/api/ApiResource", Bearer("apiresource.get", "user")),
    (2, "ApiResourcePost", "POST", "/api/ApiResource", "/api/ApiResource", Bearer("apiresource.post", "user")),
    (4, "ApiResourceDetail", "GET", "/api/ApiResource/{id}", "/api/ApiResource/1", Bearer("apiresource.detail", "user")),
    (8, "ApiResourcePublish", "PUT", "/api/ApiResource/{id}/Publish", "/api/ApiResource/1/Publish", Bearer("apiresource.publish", "user")),
    (9, "ApiResourcePublishRevision", "POST", "/api/ApiResource/{id}/PublishRevision", "/api/ApiResource/1/PublishRevision", Bearer("apiresource.publishrevision", "user")),
    (10, "ApiResourcePublishVersion", "POST", "/api/ApiResource/{id}/PublishVersion", "/api/ApiResource/1/PublishVersion", Bearer("apiresource.publishversion", "user")),
    (11, "ApiResourcePublishConfiguration", "GET", "/api/ApiResource/{id}/PublishConfiguration", "/api/ApiResource/1/PublishConfiguration", Bearer("apiresource.publishconfiguration", "user")),
    (12, "ApiResourceVersions", "GET", "/api/ApiResource/{id}/Versions", "/api/ApiResource/1/Versions", Bearer("apiresource.versions", "user")),
    (13, "ApiResourceSetOnlineVersion", "POST", "/api/ApiResource/{id}/Versions/{revisionId}", "/api/ApiResource/1/Versions/1;rev=1", Bearer("apiresource.setonlineversion", "user")),
    (0, "ApiResourcePutClient", "PUT", "/api/ApiResource/{id}/Clients/{clientId}", "/api/ApiResource/1/Clients/shop", Bearer("apiresource.clients", "user")),
    (0, "ApiResourceDeleteClient", "DELETE", "/api/ApiResource/{id}/Clients/{clientId}", "/api/ApiResource/1/Clients/shop", Bearer("apiresource.clients", "user")),
    (28, "ApiScopeGet", "GET", "/api/ApiScope", "/api/ApiScope", Bearer("apiscope.get", "user")),
    (29, "ApiScopePost", "POST", "/api/ApiScope", "/api/ApiScope", Bearer("apiscope.post", "administrator")),
    (30, "ApiScopePut", "PUT", "/api/ApiScope", "/api/ApiScope", Bearer("apiscope.put", "administrator")),
    (31, "ApiScopeDetail", "GET", "/api/ApiScope/{id}", "/api/ApiScope/1", Bearer("apiscope.detail", "user")),
    (32, "ApiScopeDelete", "DELETE", "/api/ApiScope/{id}", "/api/ApiScope/1", Bearer("apiscope.delete", "administrator")),
    (33, "ApiScopeCodes", "GET", "/api/ApiScope/Codes", "/api/ApiScope/Codes", Anonymous),
    (38, "ClientGet", "GET", "/api/Client", "/api/Client", Bearer("client.get", "user")),
    (39, "ClientPost", "POST", "/api/Client", "/api/Client", Bearer("client.post", "user")),
    (40, "ClientPut", "PUT", "/api/Client", "/api/Client", Bearer("client.put", "user")),
    (41, "ClientDetail", "GET", "/api/Client/{id}", "/api/Client/1", Bearer("client.detail", "user")),
    (42, "ClientDelete", "DELETE", "/api/Client/{id}", "/api/Client/77", Bearer("client.delete", "user")),
    (43, "ClientIssueToken", "POST", "/api/Client/IssueToken", "/api/Client/IssueToken", Bearer("client.issuetoken", "user")),
    (44, "ClientPostSecretkey", "POST", "/api/Client/{id}/Secretkey", "/api/Client/1/Secretkey", Bearer("client.postsecretkey", "user")),
    (45, "ClientCodes", "GET", "/api/Client/Codes", "/api/Client/Codes", Anonymous),
    (0, "ClientPostSecret", "POST", "/api/Client/{id}/Secrets", "/api/Client/77/Secrets", Bearer("client.postsecret", "user")),
    (0, "ClientDeleteSecret", "DELETE", "/api/Client/{id}/Secrets/{secretId}", "/api/Client/1/Secrets/1", Bearer("client.deletesecret", "user")),
    (0, "ClientPutOwner", "PUT", "/api/Client/{id}/Owner", "/api/Client/77/Owner", Bearer("client.owner", "user")),
    (59, "IdentityResourceGet", "GET", "/api/IdentityResource", "/api/IdentityResource", Bearer("identityresource.get", "user")),
    (60, "IdentityResourcePost", "POST", "/api/IdentityResource", "/api/IdentityResource", Bearer("identityresource.post", "administrator")),
    (61, "IdentityResourcePut", "PUT", "/api/IdentityResource", "/api/IdentityResource", Bearer("identityresource.put", "administrator")),
    (62, "IdentityResourceDetail", "GET", "/api/IdentityResource/{id}", "/api/IdentityResource/1", Bearer("identityresource.detail", "user")),
    (63, "IdentityResourceDelete", "DELETE", "/api/IdentityResource/{id}", "/api/IdentityResource/1", Bearer("identityresource.delete", "administrator")),
    (64, "IdentityResourceCodes", "GET", "/api/IdentityResource/Codes", "/api/IdentityResource/Codes", Anonymous),
    (65, "RoleGet", "GET", "/api/Role", "/api/Role", Bearer("role.get", "user")),
    (66, "RolePost", "POST", "/api/Role", "/api/Role", Bearer("role.post", "administrator")),
    (67, "RolePut", "PUT", "/api/Role", "/api/Role", Bearer("role.put", "administrator")),
    (68, "RoleDetail", "GET", "/api/Role/{id}", "/api/Role/1", Bearer("role.detail", "user")),
    (69, "RoleDelete", "DELETE", "/api/Role/{id}", "/api/Role/77", Bearer("role.delete", "administrator")),
    (70, "RoleCodes", "GET", "/api/Role/Codes", "/api/Role/Codes", Anonymous),
    (71, "TenantGet", "GET", "/api/Tenant", "/api/Tenant", Bearer("tenant.get", "user")),
    (72, "TenantPost", "POST", "/api/Tenant", "/api/Tenant", Bearer("tenant.post", "administrator")),
    (73, "TenantPut", "PUT", "/api/Tenant", "/api/Tenant", Bearer("tenant.put", "user")),
    (74, "TenantDetail", "GET", "/api/Tenant/{id}", "/api/Tenant/1", Bearer("tenant.detail", "user")),
    (75, "TenantDelete", "DELETE", "/api/Tenant/{id}", "/api/Tenant/1", Bearer("tenant.delete", "user")),
    (76, "TenantInfo", "GET", "/api/Tenant/Info", "/api/Tenant/Info?host=localhost:8080", Anonymous),
    (77, "TenantCodes", "GET", "/api/Tenant/Codes", "/api/Tenant/Codes", Anonymous),
    (78, "UserGet", "GET", "/api/User", "/api/User", Bearer("user.get", "user")),
    (79, "UserPost", "POST", "/api/User", "/api/User", Bearer("user.post", "user")),
    (80, "UserPut", "PUT", "/api/User", "/api/User", Bearer("user.put", "user")),
    (81, "UserDistributors", "GET", "/api/User/Distributors", "/api/User/Distributors?path=/1/", Bearer("user.distributors", "user")),
    (82, "UserDetail", "GET", "/api/User/{id}", "/api/User/1", Bearer("user.detail", "user")),
    (83, "UserDelete", "DELETE", "/api/User/{id}", "/api/User/77", Bearer("user.delete", "user")),
    (84, "UserHead", "GET", "/api/User/Head", "/api/User/Head", Bearer("user.head", "user")),
    (85, "UserCodes", "GET", "/api/User/Codes", "/api/User/Codes", Anonymous),
    (86, "UserRegister", "POST", "/api/User/Register", "/api/User/Register", Anonymous),
    (87, "UserSmsCode", "POST", "/api/User/SmsCode", "/api/User/SmsCode", Anonymous),
    (88, "UserEmailCode", "POST", "/api/User/EmailCode", "/api/User/EmailCode", Anonymous),
    (89, "UserResetPassword", "POST", "/api/User/ResetPassword", "/api/User/ResetPassword", Anonymous),
    (0, "UserErase", "POST", "/api/User/{id}/Erase", "/api/User/77/Erase", Bearer("user.erase", "administrator")),
    (0, "AuditEvents", "GET", "/api/audit/events", "/api/audit/events", Bearer("audit.get", "administrator")),
    (0, "AuditStream", "GET", "/api/audit/stream", "/api/audit/stream", Bearer("audit.stream", "administrator")),
    (0, "ConnectToken", "POST", "/connect/token", "/connect/token", Anonymous),
    (0, "ConnectRevocation", "POST", "/connect/revocation", "/connect/revocation", Anonymous),
    (0, "OpenIdConfiguration", "GET", "/.well-known/openid-configuration", "/.well-known/openid-configuration", Anonymous),
    (0, "OAuthServerMetadata", "GET", "/.well-known/oauth-authorization-server", "/.well-known/oauth-authorization-server", Anonymous),
    (0, "OpenIdKeys", "GET", "/.well-known/openid-configuration/jwks", "/.well-known/openid-configuration/jwks", Anonymous),
    (0, "HealthLive", "GET", "/health/live", "/health/live", Operation),
    (0, "HealthReady", "GET", "/health/ready", "/health/ready", Operation),
];

/// The rest of the operators' endpoints.
#[rustfmt::skip]
const MORE: [Row; 7] = [
    (0, "Health", "GET", "/health", "/health", Operation),
    (0, "Metrics", "GET", "/metrics", "/metrics", Operation),
    (0, "Swagger", "GET", "/swagger/v1/swagger.json", "/swagger/v1/swagger.json", Operation),
    (0, "SwaggerPage", "GET", "/swagger/index.html", "/swagger/index.html", Operation),
    (0, "SwaggerScript", "GET", "/swagger/swagger-ui-bundle.js", "/swagger/swagger-ui-bundle.js", Operation),
    (0, "SwaggerStart", "GET", "/swagger/start.js", "/swagger/start.js", Operation),
    (0, "SwaggerStyle", "GET", "/swagger/swagger-ui.css", "/swagger/swagger-ui.css", Operation),
];

/// The app-token service (app-token spec section 1.1).
#[rustfmt::skip]
const APP_TOKEN: [Row; 13] = [
    (0, "AppTokenAuthorize", "POST", "/oauth2/api/v1/oauth.authorize", "/oauth2/api/v1/oauth.authorize", AppToken),
    (0, "AppTokenCheckToken", "POST", "/oauth2/api/v1/oauth.check_token", "/oauth2/api/v1/oauth.check_token", AppToken),
    (0, "AppTokenCreateOauth", "POST", "/oauth2/api/v1/oauth.create_oauth", "/oauth2/api/v1/oauth.create_oauth", AppToken),
    (0, "AppTokenCreateUser", "POST", "/oauth2/api/v1/oauth.create_user", "/oauth2/api/v1/oauth.create_user", AppToken),
    (0, "AppTokenDeleteApp", "POST", "/oauth2/api/v1/oauth.delete_app", "/oauth2/api/v1/oauth.delete_app", AppToken),
    (0, "AppTokenGetAppList", "POST", "/oauth2/api/v1/oauth.get_app_list", "/oauth2/api/v1/oauth.get_app_list", AppToken),
    (0, "AppTokenGetLoginInfo", "POST", "/oauth2/api/v1/oauth.get_login_info", "/oauth2/api/v1/oauth.get_login_info", AppToken),
    (0, "AppTokenGetUsers", "POST", "/oauth2/api/v1/oauth.get_users", "/oauth2/api/v1/oauth.get_users", AppToken),
    (0, "AppTokenLogin", "POST", "/oauth2/api/v1/oauth.login", "/oauth2/api/v1/oauth.login", AppToken),
    (0, "AppTokenRefreshToken", "POST", "/oauth2/api/v1/oauth.refresh_token", "/oauth2/api/v1/oauth.refresh_token", AppToken),
    (0, "AppTokenUpdateUser", "POST", "/oauth2/api/v1/oauth.update_user", "/oauth2/api/v1/oauth.update_user", AppToken),
    (0, "AppTokenHealth", "GET", "/oauth2/api/v1/health", "/oauth2/api/v1/health", Operation),
    (0, "AppTokenMetrics", "GET", "/oauth2/api/v1/metrics", "/oauth2/api/v1/metrics", Operation),
];

fn rows() -> impl Iterator<Item = Row> {
    TABLE.into_iter().chain(MORE).chain(APP_TOKEN)
}

/// Scope and role of the rows that need a token.
fn guarded() -> impl Iterator<Item = (Row, &'static str, &'static str)> {
    rows().filter_map(|row| match row.5 {
        Bearer(code, role) => Some((row, code, role)),
        _ => None,
    })
}

/// Status and headers; the body of a stream has no end.
async fn call(app: &TestApp, row: &Row, token: Option<&str>) -> Answer {
    let ask = app.ask(row.2, row.4);
    let ask = match token {
        Some(token) => ask.bearer(token),
        None => ask,
    };
    let ask =
        if row.2 == "POST" || row.2 == "PUT" { ask.body("application/json", "{}") } else { ask };
    if row.1 == "AuditStream" && token.is_some() {
        let response = ask.open().await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        return Answer { status, headers, text: String::new() };
    }
    ask.send().await
}

#[test]
fn every_route_has_a_row_and_every_row_a_route() {
    let shown = |row: &Row| {
        let who = match row.5 {
            Bearer(code, role) => format!("scope {code} permission {code} role {role}"),
            who => format!("{who:?}"),
        };
        format!("{} {} {} {} {who}", row.0, row.1, row.2, row.3)
    };
    let wanted = rows().map(|it| shown(&it)).collect::<BTreeSet<_>>();
    let routes = api::endpoints().into_iter().map(|it| {
        let who = match it.access {
            Access::Bearer(needs) => {
                let permission = needs.permission.map_or("none", |it| it.0);
                format!("scope {} permission {permission} role {}", needs.scope.0, needs.role)
            }
            Access::Anonymous => "Anonymous".to_owned(),
            Access::Operation => "Operation".to_owned(),
            Access::AppToken => "AppToken".to_owned(),
        };
        format!("{} {} {} {} {who}", it.row.unwrap_or(0), it.operation, it.method, it.path)
    });
    let routes = routes.collect::<BTreeSet<_>>();
    assert_eq!(routes.difference(&wanted).collect::<Vec<_>>(), [""; 0], "routes without a row");
    assert_eq!(wanted.difference(&routes).collect::<Vec<_>>(), [""; 0], "rows without a route");
}

#[tokio::test]
async fn a_stranger_is_told_401_whatever_the_body() {
    let app = TestApp::new().await;
    for (row, ..) in guarded() {
        let (_, operation, method, _, path, _) = row;
        let bodies = [("application/json", "{"), ("text/plain", "x"), ("application/json", "{}")];
        for (content_type, body) in bodies {
            let answer = app.ask(method, path).body(content_type, body).send().await;
            assert_eq!(answer.status, 401, "{operation} {content_type} {body}");
            assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"chancery\"");
        }
        let without = app.ask(method, path).send().await;
        assert_eq!(without.status, 401, "{operation}");
        let bad = app.ask(method, path).bearer("abc").send().await;
        assert_eq!(bad.status, 401, "{operation}");
        assert!(bad.header("www-authenticate").contains("invalid_token"), "{operation}");
    }
}

#[tokio::test]
async fn scope_permission_and_role_are_all_needed() {
    let app = TestApp::new().await;
    for (row, code, role) in guarded() {
        let exact = format!("oauthapp.{code}");
        let all = "oauthapp.all";
        let refused = [
            (app.token(1, "oauthapp.blob.post", all, &["user", role]), "another scope"),
            (app.token(1, &exact.to_uppercase(), all, &["user", role]), "scope in capitals"),
            (app.token(1, all, "oauthapp.blob.post", &["user", role]), "another permission"),
            (app.token(1, all, " oauthapp.all", &["user", role]), "permission after a space"),
            (app.token(1, all, "", &["user", role]), "no permission"),
            (app.token(1, all, all, &["developer"]), "another role"),
            (app.token(1, all, all, &[]), "no role"),
        ];
        for (token, what) in refused {
            let answer = call(&app, &row, Some(&token)).await;
            assert_eq!(answer.status, 403, "{} with {what}", row.1);
            assert!(answer.header("www-authenticate").contains("insufficient_scope"));
        }
        let controller = code.split('.').next().unwrap();
        let permissions = format!("x,{}", exact.to_uppercase());
        let let_through = [
            app.token(1, &exact, &permissions, &["user", role]),
            app.token(1, &format!("oauthapp.{controller}.all"), "isms.all", &[role]),
            app.token(1, "isms.all", "oauthapp.all", &[role]),
        ];
        for token in let_through {
            let answer = call(&app, &row, Some(&token)).await;
            assert!(![401, 403, 405].contains(&answer.status), "{}: {answer:?}", row.1);
            let no_route =
                answer.status == 404 && answer.text.contains("no endpoint has this path");
            assert!(!no_route, "{}: {answer:?}", row.1);
        }
    }
}

#[tokio::test]
async fn the_administrators_role_alone_does_not_stand_for_the_users() {
    let app = TestApp::new().await;
    for (row, _, role) in guarded() {
        let token = app.token(1, "oauthapp.all", "oauthapp.all", &["administrator"]);
        let answer = call(&app, &row, Some(&token)).await;
        assert_eq!(answer.status == 403, role == "user", "{}", row.1);
    }
}

#[tokio::test]
async fn a_token_from_the_token_endpoint_opens_every_row() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    for row in rows() {
        let answer = call(&app, &row, Some(&token).filter(|_| row.5 != Anonymous).map(|it| &**it));
        let answer = answer.await;
        let anonymous_form = row.3.starts_with("/connect/") && answer.status == 415;
        let fine = ![401, 403, 405, 500, 503].contains(&answer.status);
        assert!(fine || anonymous_form, "{}: {answer:?}", row.1);
        assert!(!answer.text.contains("no endpoint has this path"), "{}: {answer:?}", row.1);
        let is_api = row.3.starts_with("/api/");
        assert_eq!(answer.header("api-supported-versions") == "1.0", is_api, "{}", row.1);
    }
}

#[tokio::test]
async fn paths_match_in_any_letter_case() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    for row in rows() {
        let (path, query) = row.4.split_once('?').unwrap_or((row.4, ""));
        for spelled in [path.to_lowercase(), path.to_uppercase()] {
            let spelled = format!("{spelled}?{query}");
            let row = (row.0, row.1, row.2, row.3, &*spelled.leak(), row.5);
            let answer = call(&app, &row, Some(&token)).await;
            let known = answer.status != 405 && !answer.text.contains("no endpoint has this path");
            assert!(known, "{}: {answer:?}", row.4);
        }
    }
}

#[tokio::test]
async fn a_known_path_with_another_method_is_405_and_names_all_that_it_takes() {
    let app = TestApp::new().await;
    for row in TABLE.into_iter().chain(MORE) {
        let answer = app.ask("PATCH", row.4).send().await;
        assert_eq!(answer.status, 405, "{}", row.4);
        let allowed = answer.header("allow").split(", ").collect::<BTreeSet<_>>();
        let here = rows().filter(|it| it.3 == row.3).map(|it| it.2).collect::<BTreeSet<_>>();
        assert!(here.is_subset(&allowed), "{}: {allowed:?} lacks some of {here:?}", row.4);
        let (member, word) = match row.3.starts_with("/connect") || row.3.starts_with("/.well") {
            true => ("error", "invalid_request"),
            false => ("codeName", "MethodNotAllowed"),
        };
        assert_eq!(answer.json()[member], word, "{}", row.4);
    }
    for row in APP_TOKEN {
        let answer = app.ask("PATCH", row.4).send().await;
        assert_eq!((answer.status, &*answer.text), (404, "404 page not found"), "{}", row.4);
    }
    let answer = app.ask("DELETE", "/api/User").send().await;
    assert_eq!(answer.header("allow"), "GET, HEAD, POST, PUT");
}

#[tokio::test]
async fn head_is_answered_as_get() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    for path in ["/health/live", "/api/Role", "/.well-known/openid-configuration"] {
        let (head, get) = (app.ask("HEAD", path), app.get(path));
        let (head, get) = (head.bearer(&token).send().await, get.bearer(&token).send().await);
        let shown = |it: &Answer| (it.status, it.header("content-type").to_owned());
        assert_eq!(shown(&head), shown(&get), "{path}");
    }
    assert_eq!(app.ask("HEAD", "/api/User").send().await.status, 401, "no way past the check");
    assert_eq!(app.ask("HEAD", "/connect/token").send().await.status, 405);
}

#[tokio::test]
async fn unknown_paths_are_404() {
    let app = TestApp::new().await;
    let paths = [
        "/",
        "/api",
        "/api/",
        "/api/Users",
        "/api/User/1/x",
        "//api/User",
        "/api/User//",
        "/api//User",
        "/connect",
        "/metrics/",
        "/swagger",
        "/API/USERX/1",
    ];
    for path in paths {
        let answer = app.get(path).send().await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.json()["codeName"], "NotFound", "{path}");
    }
}

#[tokio::test]
async fn every_endpoint_is_in_the_document_with_its_operation_id_and_scope() {
    let app = TestApp::new().await;
    let document = app.get("/swagger/v1/swagger.json").send().await.json();
    assert_eq!(document["servers"][0]["url"], "http://localhost:8080");
    let mut found = 0;
    // The files of the page are no part of the interface.
    let is_page = |it: &Row| it.1.starts_with("Swagger") && it.1 != "Swagger";
    for row in rows().filter(|it| !is_page(it)) {
        let operation = &document["paths"][row.3][row.2.to_lowercase()];
        assert_eq!(operation["operationId"], row.1, "{}", row.3);
        if let Bearer(code, role) = row.5 {
            let text =
                format!("Scope: oauthapp.{code}. Permission: oauthapp.{code}. Role: {role}.");
            assert_eq!(operation["description"], text);
        }
        found += 1;
    }
    let methods = document["paths"].as_object().unwrap().values();
    let methods = methods.map(|it| it.as_object().unwrap().len()).sum::<usize>();
    assert_eq!(methods, found, "the document has operations that the table lacks");
}
