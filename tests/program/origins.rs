//! `--cors-origins` over a real socket: by option, variable and file, and what a wrong one is told.

use std::fs;

use reqwest::Method;
use tests::process::Program;

const LISTED: &str = "https://app.example.com";

async fn allowed_origin(program: &Program, origin: &str) -> Option<String> {
    let asked = program.client.request(Method::OPTIONS, program.url("/api/User"));
    let asked = asked.header("Origin", origin).header("Access-Control-Request-Method", "GET");
    let answer = asked.send().await.unwrap();
    let preflight = answer.headers().get("access-control-allow-origin").cloned();
    let asked = program.client.get(program.url("/api/User/Codes")).header("Origin", origin);
    let answer = asked.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let allowed = answer.headers().get("access-control-allow-origin").cloned();
    assert_eq!(preflight, allowed, "before the request as in its answer");
    allowed.map(|it| it.to_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn origins_are_listed_by_option_variable_or_file() {
    let list = "https://app.example.com,http://localhost:3000";
    let mut program = Program::started(&["--cors-origins", list]).await;
    for origin in [LISTED, "http://localhost:3000"] {
        assert_eq!(allowed_origin(&program, origin).await.as_deref(), Some(origin));
    }
    assert_eq!(allowed_origin(&program, "https://evil.example").await, None);
    program.stop().await;

    program.set_arguments(&[]);
    program.start().await;
    assert_eq!(allowed_origin(&program, LISTED).await, None);
    program.stop().await;

    program.set_variable("CHANCERY_CORS_ORIGINS", list);
    program.start().await;
    assert_eq!(allowed_origin(&program, LISTED).await.as_deref(), Some(LISTED));
    program.stop().await;

    program.unset_variable("CHANCERY_CORS_ORIGINS");
    let file = program.beside("chancery.toml");
    let array = format!("[{LISTED:?}, \"http://localhost:3000\"]");
    for value in [format!("{list:?}"), array] {
        fs::write(&file, format!("cors-origins = {value}\n")).unwrap();
        program.set_arguments(&["--config", file.to_str().unwrap()]);
        program.start().await;
        for origin in [LISTED, "http://localhost:3000"] {
            assert_eq!(allowed_origin(&program, origin).await.as_deref(), Some(origin), "{value}");
        }
        program.stop().await;
    }
}

#[test]
fn a_wrong_origin_refuses_the_start_and_says_why() {
    let program = Program::new(&[]);
    for (origin, why) in [
        ("*", "every origin must be listed by its own name"),
        ("https://app.example.com/", "it has more than scheme, host and port"),
        ("app.example.com", "it has no scheme"),
        ("https://App.example.com", "small letters"),
        ("https://app.example.com:443", "browsers leave the usual port out"),
        ("https://a.example,ftp://b.example", "the scheme must be https or http"),
    ] {
        program.run(&["serve", "--cors-origins", origin]).refused(why);
    }
    assert!(!program.data.exists(), "a refused start left a data folder");
}
