//! `/api/User`: rows 78, 79, 82 to 85.

use serde_json::{Value, json};
use tests::app::{PASSWORD, TestApp};

async fn with_token() -> (TestApp, String) {
    let app = TestApp::new().await;
    let token = app.admin().await;
    (app, token)
}

async fn create(app: &TestApp, token: &str, body: Value) -> i64 {
    app.post("/api/User").bearer(token).json(&body).send().await.data().as_i64().unwrap()
}

#[tokio::test]
async fn a_created_user_gets_the_role_user_and_no_permission() {
    let (app, token) = with_token().await;
    let id = create(&app, &token, json!({ "userName": "ann", "phoneNumber": "+1 (555) 01" })).await;
    assert_eq!(id, 2);
    let answer = app.get("/api/User/2").bearer(&token).send().await;
    assert!(answer.text.starts_with(r#"{"code":200,"codeName":"Status200OK","data":{"#));
    assert!(!answer.text.contains("null"), "{}", answer.text);
    let user = answer.data();
    assert_eq!(user["roles"], json!([{ "userId": 2, "roleId": 1 }]));
    assert_eq!(user["claims"], json!([]));
    assert_eq!((&user["parentUserID"], &user["lineage"]), (&json!(1), &json!("/1/2/")));
    assert_eq!(user["birthday"], "0001-01-01 00:00:00");
    assert_eq!(user["createDate"].as_str().unwrap().len(), "2026-01-31 23:59:59".len());
    for list in ["logins", "tokens", "tenants", "files", "clients", "apiResources", "properties"] {
        assert!(user[list].is_array(), "{list}");
    }
}

/// H11.
#[tokio::test]
async fn nothing_that_proves_a_user_is_ever_shown() {
    let (app, token) = with_token().await;
    create(&app, &token, json!({ "userName": "ann", "passwordHash": "Sesame-open-7" })).await;
    for path in ["/api/User/2", "/api/User", "/api/audit/events"] {
        let answer = app.get(path).bearer(&token).send().await;
        for hidden in ["passwordHash", "securityStamp", "userPwd", "Sesame", "\"salt\"", "\"hash\""]
        {
            assert!(!answer.text.contains(hidden), "{path} shows {hidden}");
        }
    }
    // What a new user was given is what signs in.
    app.sign_in("ANN", "Sesame-open-7").await;
}

#[tokio::test]
async fn body_members_are_read_in_any_case_and_null_is_absent() {
    let (app, token) = with_token().await;
    let body = json!({ "USERNAME": "ann", "NickName": "Annie", "gender": null, "roles": null });
    create(&app, &token, body).await;
    let user = app.get("/api/User/2").bearer(&token).send().await.data();
    assert_eq!((&user["nickName"], &user["gender"]), (&json!("Annie"), &Value::Null));
}

#[tokio::test]
async fn a_taken_user_name_is_100009_in_any_letter_case() {
    let (app, token) = with_token().await;
    create(&app, &token, json!({ "userName": "ann" })).await;
    let answer = app.post("/api/User").bearer(&token).json(&json!({ "userName": "ANN" }));
    let answer = answer.send().await;
    assert_eq!((answer.code(), &answer.json()["data"]), (100_009, &json!(0)));
    assert_eq!(answer.json()["codeName"], "Post_CreateUserFail");
    assert!(answer.json()["message"].as_str().unwrap().contains("DuplicateUserName"));
    assert!(answer.headers.get("x-log-position").is_none());
}

#[tokio::test]
async fn a_weak_password_or_an_odd_name_is_100009_with_every_broken_rule() {
    let (app, token) = with_token().await;
    let cases = [
        ("ann", "abc", "PasswordTooShort"),
        ("ann", "abcdefg", "PasswordRequiresDigit"),
        ("ann", "abcdefg1", "PasswordRequiresUpper"),
        ("ann", "ABCDEFG1!", "PasswordRequiresLower"),
        ("ann", "Abcdefg1", "PasswordRequiresNonAlphanumeric"),
        ("a n n", "Abcdefg1!", "InvalidUserName"),
    ];
    for (name, password, rule) in cases {
        let body = json!({ "userName": name, "passwordHash": password });
        let answer = app.post("/api/User").bearer(&token).json(&body).send().await;
        assert_eq!(answer.code(), 100_009, "{rule}");
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        let rules: Value = serde_json::from_str(&message).unwrap();
        assert!(rules.as_array().unwrap().iter().any(|it| it["Code"] == rule), "{message}");
        assert!(!answer.text.contains(password), "{rule}");
    }
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let (app, token) = with_token().await;
    let long = "x".repeat(300);
    let cases = [
        (json!({}), "userName"),
        (json!({ "userName": " " }), "userName"),
        (json!({ "userName": long }), "userName"),
        (json!({ "userName": "ann", "email": "no" }), "email"),
        (json!({ "userName": "ann", "email": "@x" }), "email"),
        (json!({ "userName": "ann", "phoneNumber": "call me" }), "phoneNumber"),
        (json!({ "userName": "ann", "status": "high" }), "status"),
        (json!({ "userName": "ann", "birthday": "someday" }), "birthday"),
        (json!({ "userName": 7 }), "userName"),
        (json!({ "userName": "ann", "money": 1e30 }), "money"),
        (json!({ "userName": "ann", "parentUserID": 99 }), "parentUserID"),
        (json!({ "userName": "ann", "parentUserID": -1 }), "parentUserID"),
        (json!({ "userName": "ann", "roles": [{ "roleId": 99 }] }), "roles.roleId"),
        (json!({ "userName": "ann", "claims": [{ "claimType": 1 }] }), "claims[0].claimType"),
        (json!({ "userName": "ann", "claims": [{}] }), "claims.claimType"),
    ];
    for (body, field) in cases {
        app.post("/api/User").bearer(&token).json(&body).send().await.breaks(field);
    }
    assert_eq!(app.get("/api/User").bearer(&token).send().await.json()["total"], 1);
}

/// H7.
#[tokio::test]
async fn only_administrators_give_roles_and_claims() {
    let (app, token) = with_token().await;
    let user = app.user(1, "ben", &[1], "oauthapp.all").await;
    let other = app.token_of(user);
    let bodies = [
        json!({ "userName": "eve", "roles": [{ "roleId": 4 }] }),
        json!({ "userName": "eve", "Roles": [{ "roleId": 1 }] }),
        json!({ "userName": "eve", "claims": [{ "claimType": "permission", "claimValue": "x" }] }),
        json!({ "userName": "eve", "CLAIMS": [{ "claimType": "hobby", "claimValue": "x" }] }),
    ];
    for body in bodies {
        let answer = app.post("/api/User").bearer(&other).json(&body).send().await;
        assert_eq!(answer.status, 403, "{body}");
    }
    create(&app, &other, json!({ "userName": "eve", "roles": [], "claims": [] })).await;
    let body = json!({
        "userName": "cat", "roles": [{ "roleId": 4 }],
        "claims": [
            { "claimType": "permission", "claimValue": "oauthapp.user.get" },
            { "claimType": "hobby", "claimValue": "chess" },
        ],
    });
    let id = create(&app, &token, body).await;
    let shown = app.get(&format!("/api/User/{id}")).bearer(&token).send().await.data();
    let roles = shown["roles"].as_array().unwrap().iter().map(|it| it["roleId"].clone());
    assert_eq!(roles.collect::<Vec<_>>(), [json!(1), json!(4)]);
    assert_eq!(shown["claims"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn ids_that_are_no_numbers_are_400_and_those_that_name_nothing_404() {
    let (app, token) = with_token().await;
    for method in ["GET", "DELETE"] {
        for id in ["abc", "1.5", "99999999999999999999", "%20", "1%00"] {
            app.ask(method, &format!("/api/User/{id}")).bearer(&token).send().await.breaks("id");
        }
        for id in ["0", "-1", "77", "4294967297", "9223372036854775807"] {
            let answer = app.ask(method, &format!("/api/User/{id}")).bearer(&token).send().await;
            assert_eq!(answer.code(), 404, "{method} {id}");
        }
    }
    let detail = app.get("/api/User/77").bearer(&token).send().await;
    assert!(detail.json().get("data").is_none(), "{}", detail.text);
    let delete = app.ask("DELETE", "/api/User/77").bearer(&token).send().await;
    assert_eq!(delete.json()["data"], 0);
}

#[tokio::test]
async fn a_deleted_user_is_gone_the_name_is_free_and_its_tokens_end() {
    let (app, token) = with_token().await;
    let body = json!({
        "userName": "ann", "phoneNumber": "555", "passwordHash": PASSWORD,
        "claims": [{ "claimType": "permission", "claimValue": "oauthapp.all" }],
    });
    let id = create(&app, &token, body).await;
    let ann = app.sign_in("ann", PASSWORD).await;
    assert_eq!(app.get("/api/Role").bearer(&ann).send().await.status, 200);
    let path = format!("/api/User/{id}");
    let deleted = app.ask("DELETE", &path).bearer(&token).send().await;
    assert_eq!(deleted.data(), id);
    assert!(deleted.position() > 0);
    assert_eq!(app.get("/api/Role").bearer(&ann).send().await.status, 401);
    assert_eq!(app.get(&path).bearer(&token).send().await.code(), 404);
    assert_eq!(app.ask("DELETE", &path).bearer(&token).send().await.code(), 404);
    assert_eq!(app.get("/api/User").bearer(&token).send().await.json()["total"], 1);
    let head = app.get("/api/User/Head?PhoneNumber=555").bearer(&token).send().await;
    assert_eq!(head.status, 404);
    let again = create(&app, &token, json!({ "userName": "Ann" })).await;
    assert_eq!(again, id + 1, "a number is never used twice");
}

#[tokio::test]
async fn an_administrator_is_always_left() {
    let (app, token) = with_token().await;
    let own = app.ask("DELETE", "/api/User/1").bearer(&token).send().await;
    assert_eq!((own.status, own.json()["codeName"].clone()), (403, json!("Forbidden")));
    let clerk = app.token(1, "oauthapp.all", "oauthapp.user.all", &["user"]);
    let by_clerk = app.ask("DELETE", "/api/User/1").bearer(&clerk).send().await;
    assert_eq!(by_clerk.status, 403, "{}", by_clerk.text);
    let second = app.user(1, "second", &[1, 4], "oauthapp.all").await;
    let second_token = app.sign_in("second", PASSWORD).await;
    let other = app.ask("DELETE", "/api/User/1").bearer(&second_token).send().await;
    assert_eq!(other.data(), 1, "{}", other.text);
    let path = format!("/api/User/{second}");
    assert_eq!(app.ask("DELETE", &path).bearer(&second_token).send().await.status, 403);
}

#[tokio::test]
async fn head_answers_without_an_envelope_and_with_real_statuses() {
    let (app, token) = with_token().await;
    let id = create(&app, &token, json!({ "userName": "ann", "phoneNumber": "+1 555" })).await;
    let by_query = app.get("/api/User/Head?phonenumber=%2B1%20555").bearer(&token).send().await;
    assert_eq!((by_query.status, by_query.text), (200, id.to_string()));
    let by_body =
        app.get("/api/User/Head").bearer(&token).json(&json!({ "PhoneNumber": "+1 555" }));
    assert_eq!(by_body.send().await.text, id.to_string());
    let nobody = app.get("/api/User/Head?PhoneNumber=1").bearer(&token).send().await;
    assert_eq!((nobody.status, nobody.text.as_str()), (404, "0"));
    let wrong = app.get("/api/User/Head?PhoneNumber=abc").bearer(&token).send().await;
    wrong.breaks("phoneNumber");
}

#[tokio::test]
async fn the_codes_are_a_bare_array_in_order_of_declaration() {
    let app = TestApp::new().await;
    let codes = app.get("/api/User/Codes").send().await.json();
    let codes = codes.as_array().unwrap();
    let numbers = codes.iter().map(|it| it["code"].as_i64().unwrap()).collect::<Vec<_>>();
    assert_eq!(numbers, (100_001..=100_009).collect::<Vec<_>>());
    assert_eq!(codes[8]["name"], "Post_CreateUserFail");
}

#[tokio::test]
async fn the_list_pages_orders_and_filters() {
    let (app, token) = with_token().await;
    for n in 2..=13 {
        let body = json!({
            "userName": format!("user{n:02}"), "nickName": format!("Nick {}", n % 3),
            "email": format!("u{n}@example.org"), "phoneNumber": format!("55{n}"), "status": n % 2,
        });
        create(&app, &token, body).await;
    }
    let page = async |query: &str| {
        let answer = app.get(&format!("/api/User?{query}")).bearer(&token).send().await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text);
        let json = answer.json();
        let ids = json["data"].as_array().unwrap().iter().map(|it| it["userID"].as_i64().unwrap());
        (json["total"].as_i64().unwrap(), ids.collect::<Vec<_>>())
    };
    assert_eq!(page("").await, (13, (4..=13).rev().collect()));
    assert_eq!(page("skip=&take=&asc=&orderby=").await, (13, (4..=13).rev().collect()));
    assert_eq!(page("take=0").await, (13, vec![]));
    assert_eq!(page("SKIP=11&Take=5").await, (13, vec![2, 1]));
    assert_eq!(page("skip=2147483647").await, (13, vec![]));
    assert_eq!(page("asc=true&take=2").await, (13, vec![1, 2]));
    assert_eq!(page("orderby=UserName&asc=True&take=3").await, (13, vec![1, 2, 3]));
    assert_eq!(page("orderby=createDate&take=1").await.0, 13);
    assert_eq!(page("orderby=nonsense&take=1").await, (13, vec![13]));
    assert_eq!(page("q.name=NICK%201&asc=true").await, (4, vec![4, 7, 10, 13]));
    assert_eq!(page("Q.Email=U5@example.org").await, (1, vec![5]));
    assert_eq!(page("q.phoneNumber=557").await, (1, vec![7]));
    assert_eq!(page("q.role=adm").await, (1, vec![1]));
    assert_eq!(page("q.claimType=perm&q.claimValue=oauthapp").await, (1, vec![1]));
    assert_eq!(page("q.claimType=perm").await.0, 13);
    assert_eq!(page("q.providerName=x").await, (0, vec![]));
    assert_eq!(page("startTime=2000-01-01&endTime=2999-12-31&take=1").await, (13, vec![13]));
    assert_eq!(page("endTime=2000-01-01").await, (0, vec![]));
    let first = app.get("/api/User?take=5000&skip=1").bearer(&token).send().await;
    let beginning =
        r#"{"take":1000,"skip":1,"code":200,"codeName":"Status200OK","total":13,"data""#;
    assert!(first.text.starts_with(beginning), "{}", &first.text[..100]);
    for (query, field) in [
        ("take=-1", "take"),
        ("take=2147483648", "take"),
        ("skip=x", "skip"),
        ("asc=maybe", "asc"),
        ("q.email=no", "q.email"),
        ("q.phoneNumber=no", "q.phoneNumber"),
        ("startTime=soon", "startTime"),
    ] {
        app.get(&format!("/api/User?{query}")).bearer(&token).send().await.breaks(field);
    }
}

#[tokio::test]
async fn lists_of_a_listed_user_without_rows_are_absent() {
    let (app, token) = with_token().await;
    create(&app, &token, json!({ "userName": "ann" })).await;
    let listed = app.get("/api/User?take=1").bearer(&token).send().await.json()["data"][0].clone();
    assert_eq!(listed["roles"], json!([{ "id": 1, "name": "user", "normalizedName": "USER" }]));
    for list in ["claims", "files", "properties", "logins"] {
        assert!(listed.get(list).is_none(), "{list}: {listed}");
    }
}

#[tokio::test]
async fn whoever_is_no_administrator_lists_the_users_below_only() {
    let (app, token) = with_token().await;
    let ben = app.user(1, "ben", &[1], "oauthapp.all").await;
    let below = create(&app, &token, json!({ "userName": "kid", "parentUserID": ben })).await;
    app.user(1, "bob", &[1], "oauthapp.all").await;
    let list = app.get("/api/User?asc=true").bearer(&app.token_of(ben)).send().await.json();
    let ids = list["data"].as_array().unwrap().iter().map(|it| it["userID"].as_i64().unwrap());
    assert_eq!(ids.collect::<Vec<_>>(), [i64::from(ben), below]);
}

#[tokio::test]
async fn users_of_another_tenant_do_not_exist_here() {
    let (app, token) = with_token().await;
    let tenant = app.tenant("other:8080").await;
    let stranger = app.user(tenant, "zoe", &[], "oauthapp.all").await;
    let path = format!("/api/User/{stranger}");
    assert_eq!(app.get(&path).bearer(&token).send().await.code(), 404);
    assert_eq!(app.ask("DELETE", &path).bearer(&token).send().await.code(), 404);
    assert_eq!(app.get("/api/User").bearer(&token).send().await.json()["total"], 1);
    let body = json!({ "userName": "ann", "parentUserID": stranger });
    app.post("/api/User").bearer(&token).json(&body).send().await.breaks("parentUserID");
    // The name is taken there, and free here.
    create(&app, &token, json!({ "userName": "zoe" })).await;
}

/// What somebody guessed at a former user of the name does not keep the new one away.
#[tokio::test]
async fn a_new_user_of_an_old_name_has_no_failures() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    let body = json!({ "userName": "ann", "passwordHash": PASSWORD });
    let create = async || app.post("/api/User").bearer(&token).json(&body).send().await.data();
    let number = create().await;
    for _ in 0..5 {
        assert_eq!(app.try_sign_in("ann", "wrong").await.status, 400);
    }
    assert_eq!(app.try_sign_in("ann", PASSWORD).await.status, 429);
    let path = format!("/api/User/{number}");
    app.ask("DELETE", &path).bearer(&token).send().await.data();
    create().await;
    app.sign_in("ann", PASSWORD).await;
}
