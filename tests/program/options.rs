//! The command line, the environment and the TOML file: which wins, and what is said of mistakes.

use std::fs;

use tests::process::{Program, finish};

use crate::story::tell;

const COMMANDS: [&[&str]; 13] = [
    &[],
    &["serve"],
    &["replay"],
    &["verify"],
    &["bench", "log"],
    &["keys", "rotate"],
    &["user", "set-password"],
    &["user", "disable"],
    &["user", "enable"],
    &["user", "erase"],
    &["app-token", "link"],
    &["app-token", "unlink"],
    &["backup"],
];

#[test]
fn every_command_explains_itself() {
    let program = Program::new(&[]);
    for command in COMMANDS {
        let said = finish(program.command(&[command, &["--help"]].concat())).ok();
        assert!(said.out.contains("Usage: chancery") && said.err.is_empty(), "{said:?}");
    }
    let serve = finish(program.command(&["serve", "--help"])).ok().out;
    for word in ["CHANCERY_LISTEN", "--public-url", "--disk-reserve-mib", "--accept-head"] {
        assert!(serve.contains(word), "{word}");
    }
    assert!(finish(program.command(&["--version"])).ok().out.starts_with("chancery "));
}

#[test]
fn bad_values_are_named() {
    let program = Program::new(&[]);
    for (arguments, words) in [
        (&["serve", "--connections-max", "many"][..], "--connections-max"),
        (&["serve", "--connections-max", "0"], "--connections-max"),
        (&["serve", "--token-algorithm", "HS256"], "--token-algorithm"),
        (&["serve", "--listen", "nowhere"], "nowhere"),
        (&["serve", "--public-url", "ftp://example.org"], "--public-url"),
        (&["serve", "--log-format", "xml"], "--log-format"),
        (&["serve", "--log", "a=b=c"], "--log"),
        (&["serve", "--listn", "127.0.0.1:1"], "--listn"),
        (&["serve", "--config", "/nowhere.toml"], "/nowhere.toml"),
        (&["replay", "--from", "x"], "--from"),
        (&["user", "erase", "alice"], "alice"),
        (&["nonsense"], "nonsense"),
    ] {
        program.run(arguments).refused(words);
    }
    assert!(!program.data.join("log").exists(), "a refused start left a log");
}

#[test]
fn an_unknown_name_in_the_file_is_told() {
    let program = Program::new(&[]);
    let file = program.beside("chancery.toml");
    for (text, words) in [
        ("listne = \"127.0.0.1:1\"", "listne"),
        ("listen = [1]", "listen"),
        ("listen = ", "chancery.toml"),
        ("connections-max = \"many\"", "many"),
    ] {
        fs::write(&file, text).unwrap();
        program.run(&["serve", "--config", file.to_str().unwrap()]).refused(words);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_wins_over_the_environment_and_that_over_the_file() {
    let mut program = Program::new(&[]);
    let file = program.beside("chancery.toml");
    let issuer = |name: &str| format!("https://{name}.example.org");
    // Both spellings; and options of other commands do not disturb.
    let text = format!("public_url = {:?}\nconnections-max = 7\nlog = \"warn\"", issuer("file"));
    fs::write(&file, text).unwrap();
    program.set_arguments(&["--config", file.to_str().unwrap()]);
    let configured = async |program: &mut Program| {
        program.start().await;
        let found = program.get("/.well-known/openid-configuration", "").await;
        program.kill();
        found.json["issuer"].as_str().unwrap().to_owned()
    };
    assert_eq!(configured(&mut program).await, issuer("file"));
    assert!(!program.log().contains("INFO"), "the file's filter does not count");
    program.set_variable("CHANCERY_PUBLIC_URL", &issuer("environment"));
    assert_eq!(configured(&mut program).await, issuer("environment"));
    let line = issuer("line");
    program.set_arguments(&["--config", file.to_str().unwrap(), "--public-url", &line]);
    assert_eq!(configured(&mut program).await, line);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_made_up_password_is_shown_once_and_works() {
    let mut program = Program::new(&[]);
    program.set_variable("CHANCERY_ADMIN_PASSWORD", "weak");
    program.start_refused().refused("CHANCERY_ADMIN_PASSWORD");
    program.set_variable("CHANCERY_ADMIN_PASSWORD", "");
    program.start().await;
    let printed = program.printed();
    let password = printed.lines().find_map(|it| it.strip_prefix("    ")).unwrap().to_owned();
    assert_eq!(program.sign_in("admin", &password).await.status, 200);
    assert!(!program.log().contains(&password));
    program.kill();
    program.start().await;
    let again = program.printed();
    let again = again.strip_prefix(&printed).unwrap();
    assert!(!again.contains("shown once"), "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn log_lines_are_json_where_asked_for() {
    let program = Program::started(&["--log-format", "json"]).await;
    tell(&program).await;
    for line in program.log().lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["level"].is_string() && line["timestamp"].is_string(), "{line}");
    }
}
