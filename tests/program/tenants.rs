//! Many tenants, as an operator makes them.

use reqwest::Method;
use serde_json::json;
use tests::process::{PASSWORD, Program, Said, finish};

const SHOP: &str = "shop.example";

fn with_password(program: &Program, arguments: &[&str], password: &str) -> Said {
    let mut command = program.command(arguments);
    command.arg("--data").arg(&program.data).env("CHANCERY_PASSWORD", password);
    finish(command)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_makes_a_tenant_and_its_people_and_their_end_is_theirs_alone() {
    let mut program = Program::started(&[]).await;
    let create = |name: &str, host: &str| {
        let arguments = ["tenant", "create", name, "--host", host, "--administrator", "ann"];
        with_password(&program, &arguments, "Secret-Of-Ann-1")
    };
    assert!(create("shop", SHOP).ok().out.contains("tenant 2 answers at shop.example"));
    create("second", "SHOP.example").refused("host name already exists");
    create("second", "not a host").refused("must be a host name");
    let ben = |tenant: &str, more: &[&str]| {
        let arguments = [&["user", "create", "ben", "--tenant", tenant], more].concat();
        with_password(&program, &arguments, "Secret-Of-Ben-1")
    };
    assert!(ben("2", &[]).ok().out.contains("is a user of tenant 2"));
    ben("2", &[]).refused("user name already exists");
    ben("9", &[]).refused("there is no tenant 9");
    assert!(ben("1", &["--administrator"]).ok().out.contains("an administrator of tenant 1"));
    let list = program.run(&["tenant", "list", "--format", "json"]).ok();
    let list: serde_json::Value = serde_json::from_str(&list.out).unwrap();
    assert_eq!(list[1]["hosts"], json!([SHOP]));

    // Each signs in where they belong, and sees its own tenant only.
    let admin = program.token().await;
    assert_eq!(program.sign_in("ann", "Secret-Of-Ann-1").await.status, 400);
    program.host = Some(SHOP);
    assert_eq!(program.sign_in("admin", PASSWORD).await.status, 400);
    let ann = program.sign_in("ann", "Secret-Of-Ann-1").await;
    let ann = ann.json["access_token"].as_str().unwrap_or_else(|| panic!("{ann:?}")).to_owned();
    let users = program.get("/api/User", &ann).await;
    assert_eq!(users.json["total"], 2, "{users:?}");
    assert_eq!(program.get("/api/User", &admin).await.status, 401);
    let own = program.get("/api/Tenant", &ann).await;
    assert_eq!((&own.json["total"], &own.json["data"][0]["name"]), (&json!(1), &json!("shop")));
    let birth = program.get("/api/audit/events?limit=1", &ann).await;
    assert_eq!(birth.json["data"][0]["operation"], "tenant create", "{birth:?}");

    // Its end: nothing of it counts any more, and its last administrator may go.
    program.host = None;
    let delete = async |program: &Program| {
        program.try_ask(Method::DELETE, "/api/Tenant/2", &admin, None).await.unwrap()
    };
    assert_eq!(delete(&program).await.data(), true);
    program.host = Some(SHOP);
    assert_eq!(program.get("/api/User", &ann).await.status, 400);
    assert_eq!(program.sign_in("ann", "Secret-Of-Ann-1").await.status, 400);
    assert_eq!(program.run(&["user", "erase", "2"]).ok().code, Some(0));
    program.host = None;
    program.stop().await;
    program.verified();
    program.start().await;
    assert_eq!(delete(&program).await.json["code"], 404);
}
