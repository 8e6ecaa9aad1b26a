//! The command line, the environment and the TOML file: which wins, and what is said of mistakes.

use std::fs;

use serde_json::Value;
use tests::process::{Program, finish, until};

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
        (&["serve", "--listen", "abc"], "listening on abc"),
        (&["serve", "--metrics-listen", "abc"], "listening on abc"),
        (&["serve", "--master-key-file", "/nowhere.key"], "/nowhere.key"),
        (&["serve", "--app-token-admin-mode", "token"], "CHANCERY_APP_TOKEN_ADMIN_TOKEN"),
        (&["serve", "--public-url", "ftp://example.org"], "--public-url"),
        (&["serve", "--nats", "http://127.0.0.1:4222"], "--nats must be"),
        (&["serve", "--nats", "foo bar"], "--nats must be"),
        (&["serve", "--log-format", "xml"], "--log-format"),
        (&["serve", "--log", "a=b=c"], "--log"),
        (&["serve", "--listn", "127.0.0.1:1"], "--listn"),
        (&["serve", "--config", "/nowhere.toml"], "/nowhere.toml"),
        (&["replay", "--from", "x"], "\"x\" for --from <N>: must be a whole number"),
        (&["replay", "--from", "99999999999999999999"], "is too large"),
        (&["serve", "--connections-max", "x"], "must be a whole number"),
        (&["user", "enable", "ann", "--tenant", "one"], "\"one\" for --tenant <TENANT>: must be"),
        (&["verify", "--expect", "17"], "POSITION:ROOT"),
        (
            &["serve", "--nats", "nats://x", "--nats-credentials", "/nowhere.creds"],
            "/nowhere.creds",
        ),
        (&["nonsense"], "nonsense"),
    ] {
        program.run(arguments).refused(words);
    }
    assert!(!program.data.exists(), "a refused start left a data folder");
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
        ("trusted-proxies = [\"10.0.0.0/8\", \"nonsense\"]", "nonsense"),
        ("trusted-proxies = [[\"10.0.0.0/8\"]]", "trusted-proxies"),
        ("public-url = [\"https://a.example\"]", "public-url"),
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
    assert!(!program.data.exists(), "a refused start left a data folder");
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
    assert!(!again.contains("shown once") && !again.contains("curl"), "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_in_use_is_told_before_anything_is_made() {
    let program = Program::new(&[]);
    let _taken = std::net::TcpListener::bind(("127.0.0.1", program.port)).unwrap();
    program.start_refused().refused("listening on 127.0.0.1");
    assert!(!program.data.exists(), "a refused start left a data folder");
}

/// What a shell makes of the request that was printed last; nothing if none was.
fn pasted(printed: &str, variable: Option<&str>) -> Option<Vec<String>> {
    let line = printed.lines().rfind(|it| it.starts_with("curl "))?;
    let script = format!("curl() {{ printf '%s\\n' \"$@\"; }}; {line}");
    let mut shell = std::process::Command::new("sh");
    shell.arg("-c").arg(script).env_remove("CHANCERY_ADMIN_PASSWORD");
    shell.envs(variable.map(|it| ("CHANCERY_ADMIN_PASSWORD", it)));
    let said = finish(shell);
    let mut words = said.out.lines().map(str::to_owned).collect::<Vec<_>>();
    words.push(said.err);
    Some(words)
}

/// The request that is printed at a start works where it stands, or is not printed.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_request_is_printed_where_it_works() {
    let mut program = Program::new(&[]);
    let odd = "Odd 1 $HOME \"`'\\!";
    program.set_variable("CHANCERY_ADMIN_PASSWORD", odd);
    let printed = async |program: &mut Program| {
        let before = program.printed().len();
        // It is printed before the first answer.
        program.start().await;
        program.stop().await;
        program.printed()[before..].to_owned()
    };
    let first = printed(&mut program).await;
    let words = pasted(&first, Some(odd)).expect("a request");
    assert!(words.contains(&format!("password={odd}")), "{words:?}");
    let url = words.iter().find(|it| it.starts_with("http://")).unwrap();
    assert_eq!(*url, program.url("/connect/token"));
    let words = pasted(&first, None).unwrap();
    assert!(words.iter().any(|it| it.contains("is not set in this shell")), "{words:?}");

    // Again, as long as the variable tells the password.
    let later = printed(&mut program).await;
    assert!(pasted(&later, Some(odd)).is_some(), "{later}");
    program.set_variable("CHANCERY_ADMIN_PASSWORD", "Another-1");
    assert_eq!(pasted(&printed(&mut program).await, None), None);
    program.unset_variable("CHANCERY_ADMIN_PASSWORD");
    assert_eq!(pasted(&printed(&mut program).await, None), None);
    program.verified();
}

#[tokio::test(flavor = "multi_thread")]
async fn log_lines_are_json_where_asked_for() {
    let mut program = Program::started(&["--log-format", "json"]).await;
    tell(&program).await;
    let greeting = |program: &Program| {
        let printed = program.printed();
        let lines = printed.lines().map(|it| serde_json::from_str(it).unwrap());
        lines.collect::<Vec<serde_json::Value>>()
    };
    let [told] = &greeting(&program)[..] else { panic!("one line") };
    assert!(told["request"].as_str().unwrap().starts_with("curl "), "{told}");
    assert_eq!((&told["administrator"], &told["password"]), (&"admin".into(), &().into()));
    // A password that was made up is a member of its own.
    let mut other = Program::new(&["--log-format", "json"]);
    other.unset_variable("CHANCERY_ADMIN_PASSWORD");
    other.start().await;
    let [told, request] = &greeting(&other)[..] else { panic!("two lines") };
    assert!(request["request"].as_str().unwrap().starts_with("curl "), "{request}");
    let password = told["password"].as_str().unwrap();
    assert_eq!(other.sign_in("admin", password).await.status, 200);
    program.stop().await;
    for line in program.log().lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["level"].is_string() && line["timestamp"].is_string(), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_variable_is_as_one_that_is_not_set() {
    let help = Program::new(&[]).run(&["serve", "--help"]).out;
    let names = help.split(['[', ' ', '=', ']']).filter(|it| it.starts_with("CHANCERY_"));
    let mut program = Program::new(&[]);
    let mut count = 0;
    for name in names.filter(|it| !["CHANCERY_LISTEN", "CHANCERY_ADMIN_PASSWORD"].contains(it)) {
        program.set_variable(name, "");
        count += 1;
    }
    assert!(count > 30, "{help}");
    program.set_variable("CHANCERY_MASTER_KEY", "");
    program.start().await;
    assert!(program.data.join("master.key").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_is_a_url_whatever_the_address() {
    for (listen, issuer, hosts) in [
        ("[::1]", "[::1]", ["[::1]", "localhost", "[0:0:0:0:0:0:0:1]"]),
        ("[::]", "127.0.0.1", ["[::1]", "localhost", "127.0.0.1"]),
        ("localhost", "localhost", ["LOCALHOST", "localhost", "127.0.0.1"]),
    ] {
        let mut program = Program::new(&[]);
        program.listen = listen;
        program.start().await;
        let port = program.port;
        for host in hosts {
            let asked = program.client.get(program.url("/.well-known/openid-configuration"));
            let asked = asked.header("host", format!("{host}:{port}"));
            let found = asked.send().await.unwrap().json::<Value>().await.unwrap();
            assert_eq!(found["issuer"], format!("http://{issuer}:{port}"), "{listen} {host}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_port_may_be_said_or_not() {
    let mut program = Program::new(&["--public-url", "HTTPS://Login.Example.com:443/"]);
    program.start().await;
    for host in ["login.example.com", "login.example.com:443", "LOGIN.example.com"] {
        program.host = Some(host);
        let found = program.get("/.well-known/openid-configuration", "").await;
        assert_eq!(found.json["issuer"], "https://login.example.com", "{host}");
    }
    for _ in 0..3 {
        program.host = Some("login.example.com:80");
        let refused = program.get("/.well-known/openid-configuration", "").await;
        assert_eq!(refused.status, 400);
    }
    until("it is logged", async || program.log().contains("no tenant answers at this host")).await;
    let log = program.log();
    assert_eq!(log.matches("no tenant answers at this host").count(), 1, "{log}");
    assert!(log.contains("login.example.com:80") && log.contains("proxy"), "{log}");
}
