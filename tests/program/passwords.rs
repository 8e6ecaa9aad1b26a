//! Passwords and keys, as operators really write them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;
use tests::process::{Program, Said, finish};

const OTHER: &str = "Fenwick-7tulips";

fn set_password(program: &Program, name: &str, password: &str) -> Said {
    let mut command = program.command(&["user", "set-password", name]);
    command.arg("--data").arg(&program.data).env("CHANCERY_PASSWORD", password);
    finish(command)
}

/// `echo` ends what it writes with one.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_end_behind_a_password_is_no_part_of_it() {
    let mut program = Program::new(&[]);
    program.set_variable("CHANCERY_ADMIN_PASSWORD", "grue-Ham7ster\r\n");
    program.start().await;
    assert_eq!(program.sign_in("admin", "grue-Ham7ster").await.status, 200);
    set_password(&program, "admin", "Fenwick-7tulips\n").ok();
    assert_eq!(program.sign_in("admin", OTHER).await.status, 200);
    // Nor does one within it do for the sign that is neither letter nor digit.
    for broken in ["Fenwick7\ntulips", "Fenwick7tulips\u{7}"] {
        set_password(&program, "admin", broken).refused("control characters");
    }
    // A password is the same however it was composed.
    set_password(&program, "admin", "Fenwick-7T\u{fc}lips").ok();
    assert_eq!(program.sign_in("admin", "Fenwick-7Tu\u{308}lips").await.status, 200);
}

/// The folder and the user are looked for first, and the rules of the user's tenant apply.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_is_for_somebody_and_obeys_the_rules_of_its_tenant() {
    let mut program = Program::started(&[]).await;
    let token = program.token().await;
    let rules = json!({
        "id": 1, "properties": [{ "key": "Passwords:MinLength", "value": "20" }],
    });
    program.put("/api/Tenant", &token, rules).await.data();
    for running in [true, false] {
        set_password(&program, "admin", OTHER).refused("fewer characters than this tenant");
        set_password(&program, "nobody", "weak").refused("no user of this name");
        set_password(&program, "admın", "weak").refused("no user of this name");
        set_password(&program, "admin", &OTHER.repeat(2)).ok();
        if running {
            program.stop().await;
        }
    }
    let elsewhere = program.beside("nothing");
    let mut command = program.command(&["user", "set-password", "admin", "--data"]);
    command.arg(elsewhere).env("CHANCERY_PASSWORD", "weak");
    finish(command).refused("holds no log");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_key_that_others_may_read_is_told_loudly() {
    let mut program = Program::new(&[]);
    let file = program.beside("master");
    fs::write(&file, format!("\u{feff}{}\r\n", "_-".repeat(21) + "8")).unwrap();
    program.set_arguments(&["--master-key-file", file.to_str().unwrap()]);
    for (mode, is_told) in [(0o600, false), (0o644, true), (0o640, true), (0o604, true)] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let before = program.log().len();
        program.start().await;
        program.stop().await;
        let told = program.log()[before..].contains("OTHERS MAY READ THE MASTER KEY");
        assert_eq!(told, is_told, "{mode:o}");
    }
}
