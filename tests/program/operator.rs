//! Who the operator was: the user of the operating system, as the kernel says.

use serde_json::Value;
use tests::process::Program;

/// Operation and user of the operating system of the events that an operator made.
fn told(program: &Program) -> Vec<(String, Value)> {
    let replayed = program.replayed().into_iter();
    let by_operator = replayed.filter(|it| it["actor"] == "operator");
    by_operator
        .map(|it| (it["operation"].as_str().unwrap().to_owned(), it["uid"].clone()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_does_names_the_user_of_the_system() {
    let uid = Value::from(rustix::process::getuid().as_raw());
    let mut program = Program::started(&[]).await;
    program.run(&["user", "disable", "admin"]).refused("administrator");
    program.run(&["keys", "rotate"]).ok();
    program.verified();
    program.stop().await;
    // Without a server, the tool does it itself.
    program.run(&["keys", "rotate"]).ok();
    let told = told(&program);
    let of = |operation: &str| {
        let found = told.iter().filter(|it| it.0 == operation).map(|it| it.1.clone());
        found.collect::<Vec<_>>()
    };
    assert_eq!(of("verify"), std::slice::from_ref(&uid));
    // Each rotation is one event or more.
    let rotated = of("keys rotate");
    assert!(rotated.len() >= 2 && rotated.iter().all(|it| *it == uid), "{told:?}");
    // What the program does by itself was done by nobody of the system.
    let replayed = program.replayed();
    let others = replayed.iter().filter(|it| it["actor"] != "operator");
    assert!(others.into_iter().all(|it| it.get("uid").is_none()));
}
