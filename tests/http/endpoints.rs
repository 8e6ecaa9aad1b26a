//! The table of endpoints: who may call what. A route without a row fails, a row without one too.

mod table;

use std::collections::BTreeSet;

use api::Access;
use serde_json::json;
use tests::app::{Answer, TestApp};

use table::Who::{Anonymous, Bearer, ByScope, Gateway, Scope};
use table::{APP_TOKEN, MORE, Row, TABLE, rows};

/// Scope and role of the rows that need a token.
fn guarded() -> impl Iterator<Item = (Row, &'static str, &'static str)> {
    rows().filter_map(|row| match row.5 {
        Bearer(code, role) | ByScope(code, role) => Some((row, code, role)),
        _ => None,
    })
}

/// The code of the rows that need a token.
fn with_codes() -> impl Iterator<Item = (Row, &'static str)> {
    rows().filter_map(|row| match row.5 {
        Bearer(code, _) | ByScope(code, _) | Scope(code) => Some((row, code)),
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
            Scope(code) => format!("scope {code} permission none role none"),
            ByScope(code, role) => format!("scope {code} permission none role {role}"),
            who => format!("{who:?}"),
        };
        format!("{} {} {} {} {who}", row.0, row.1, row.2, row.3)
    };
    let wanted = rows().map(|it| shown(&it)).collect::<BTreeSet<_>>();
    let routes = api::endpoints().into_iter().map(|it| {
        let who = match it.access {
            Access::Bearer(needs) => {
                let permission = needs.permission.map_or("none", |it| it.0);
                let role = needs.role.unwrap_or("none");
                format!("scope {} permission {permission} role {role}", needs.scope.0)
            }
            Access::Anonymous => "Anonymous".to_owned(),
            Access::Operation => "Operation".to_owned(),
            Access::Gateway => "Gateway".to_owned(),
            Access::AppToken => "AppToken".to_owned(),
        };
        format!("{} {} {} {} {who}", it.row.unwrap_or(0), it.operation, it.method, it.path)
    });
    let routes = routes.collect::<BTreeSet<_>>();
    assert_eq!(routes.difference(&wanted).collect::<Vec<_>>(), [""; 0], "routes without a row");
    assert_eq!(wanted.difference(&routes).collect::<Vec<_>>(), [""; 0], "rows without a route");
}

/// Contracts 37: whoever may call an endpoint can be given just that.
#[tokio::test]
async fn every_code_is_a_scope_that_clients_can_be_given() {
    let app = TestApp::new().await;
    let document = app.get("/.well-known/openid-configuration").send().await.json();
    for (row, code) in with_codes() {
        let scope = json!(format!("oauthapp.{code}"));
        let supported = document["scopes_supported"].as_array().unwrap();
        assert!(supported.contains(&scope), "{} needs {scope}", row.1);
    }
}

#[tokio::test]
async fn a_stranger_is_told_401_whatever_the_body() {
    let app = TestApp::new().await;
    for (row, _) in with_codes() {
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
        let (all, other) = ("oauthapp.all", "oauthapp.apptoken.admin");
        let mut refused = vec![
            (app.token(1, other, all, &["user", role]), "another scope"),
            (app.token(1, &exact.to_uppercase(), all, &["user", role]), "scope in capitals"),
            (app.token(1, all, all, &["developer"]), "another role"),
            (app.token(1, all, all, &[]), "no role"),
        ];
        let by_permission = [
            (app.token(1, all, other, &["user", role]), "another permission"),
            (app.token(1, all, " oauthapp.all", &["user", role]), "permission after a space"),
            (app.token(1, all, "", &["user", role]), "no permission"),
        ];
        if let ByScope(..) = row.5 {
            for (token, what) in by_permission {
                let answer = call(&app, &row, Some(&token)).await;
                assert_ne!(answer.status, 403, "{} with {what}", row.1);
            }
        } else {
            refused.extend(by_permission);
        }
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
async fn some_rows_need_a_scope_and_nothing_else() {
    let app = TestApp::new().await;
    let scoped = rows().filter_map(|row| match row.5 {
        Scope(code) => Some((row, code)),
        _ => None,
    });
    for (row, code) in scoped {
        let other = app.token(1, "oauthapp.blob.post", "oauthapp.all", &["administrator"]);
        let answer = call(&app, &row, Some(&other)).await;
        assert_eq!(answer.status, 403, "{}", row.1);
        assert!(answer.header("www-authenticate").contains("insufficient_scope"));
        for scope in [format!("oauthapp.{code}"), format!("isms.{code}")] {
            let answer = call(&app, &row, Some(&app.token(1, &scope, "", &[]))).await;
            assert!(![401, 403, 405].contains(&answer.status), "{}: {answer:?}", row.1);
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
        // Gateways have keys, which no token stands for.
        let fine = fine && row.5 != Gateway || row.5 == Gateway && answer.status == 401;
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
            let said = operation["description"].as_str().unwrap();
            assert!(said.starts_with(&text), "{said}");
        }
        found += 1;
    }
    let methods = document["paths"].as_object().unwrap().values();
    let methods = methods.map(|it| it.as_object().unwrap().len()).sum::<usize>();
    assert_eq!(methods, found, "the document has operations that the table lacks");
}
