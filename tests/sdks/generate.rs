//! Code that is generated, kept and fetched; and what is not generated.

use serde_json::json;
use tests::documents;

use super::{Shop, document, has_generator};

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_generated_and_its_files_are_shown() {
    if !has_generator() {
        return;
    }
    let it = Shop::new("generate", &[]).await;
    let id = it.job("typescript-fetch").await;
    let job = it.ended(&id).await;
    assert_eq!(job["state"], "finished", "{job}");
    let steps = job["steps"].as_array().unwrap().iter();
    let steps = steps.map(|it| it["step"].as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(steps, ["checked", "generated", "packed"]);
    let one = format!("/api/CodeGen/Jobs/{id}");
    let files = it.get(&format!("{one}/Files")).await.data().clone();
    let paths = files.as_array().unwrap().iter().map(|it| it["path"].as_str().unwrap());
    let paths = paths.collect::<Vec<_>>();
    assert!(paths.contains(&"apis/OrdersApi.ts"), "{paths:?}");
    assert_eq!(job["files"], paths.len());
    let file = it.get(&format!("{one}/File?path=apis/OrdersApi.ts")).await.data().clone();
    assert!(file["text"].as_str().unwrap().contains("async listOrders("), "{file}");
    assert_eq!(it.get(&format!("{one}/File?path=../apis/OrdersApi.ts")).await.json["code"], 404);
    let log = it.get(&format!("{one}/Log")).await.data().clone();
    let ours = [it.program.beside(""), super::root()].map(|it| it.display().to_string());
    assert!(ours.iter().all(|it| !log.as_str().unwrap().contains(it)), "a path of ours: {log}");
    // The same document and generator make the same bytes.
    let again = it.ended(&it.job("typescript-fetch").await).await;
    assert_eq!((&again["bytes"], &again["files"]), (&job["bytes"], &job["files"]));
    let artifacts = it.program.beside("data/objects/artifacts");
    assert_eq!(std::fs::read_dir(artifacts).unwrap().count(), 1);
    let verified = it.program.get("/api/CodeGen/Clients", &it.token).await.data().clone();
    let names = verified.as_array().unwrap().iter().map(|it| it["language"].as_str().unwrap());
    assert!(names.collect::<Vec<_>>().contains(&"typescript-fetch"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_safe_or_not_there_is_refused_or_fails_with_its_reason() {
    if !has_generator() {
        return;
    }
    let it = Shop::new("refused", &[]).await;
    let post = async |generator: &str, options, url: Option<&str>| {
        let body = json!({
            "apiId": "1", "generator": generator, "options": options, "swaggerUrl": url,
        });
        it.post("/api/CodeGen/Jobs", body).await
    };
    let unknown = post("cobol", json!({}), None).await;
    assert_eq!(unknown.json["code"], 200_007, "{unknown:?}");
    let option = post("go", json!({ "noSuchOption": "1" }), None).await;
    assert_eq!(option.status, 400, "{option:?}");
    assert!(option.json["errors"]["options"][0].as_str().unwrap().contains("noSuchOption"));
    // Finding 2 of the specification: a path that carries code.
    let mut hostile = document();
    let mut operation = hostile["paths"]["/orders"].clone();
    operation["get"]["operationId"] = json!("other");
    hostile["paths"]["/a'+(__import__('os').system('id'))+'"] = operation;
    let url = documents::serve("hostile", hostile.to_string());
    let asked = post("python", json!({}), Some(&url)).await;
    let job = it.ended(asked.data().as_str().unwrap()).await;
    assert_eq!((&job["state"], &job["reason"]), (&json!("failed"), &json!("document_not_safe")));
    assert!(job["detail"].as_str().unwrap().contains("/paths/"), "{job}");
    let preview = json!({ "genName": "markdown", "swaggerUrl": url });
    let preview = it.post("/api/CodeGen/Gen", preview).await;
    assert_eq!(preview.json["code"], 200_010, "{preview:?}");
    let shown = json!({ "genName": "markdown", "swaggerUrl": it.url });
    let shown = it.post("/api/CodeGen/Gen", shown).await.data().clone();
    assert!(shown.as_str().unwrap().contains("listOrders"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_one_user_five_jobs_wait_and_those_that_are_cancelled_leave_nothing() {
    if !has_generator() {
        return;
    }
    let it = Shop::new("many", &[]).await;
    // The first look at a generator takes a moment, and would let others end.
    it.ended(&it.job("go").await).await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(it.job("go").await);
    }
    let body = json!({ "apiId": "1", "generator": "go" });
    let one_more = it.post("/api/CodeGen/Jobs", body).await;
    assert_eq!(one_more.json["code"], 200_008, "{one_more:?}");
    for id in &ids {
        let path = format!("/api/CodeGen/Jobs/{id}");
        let cancelled =
            it.program.try_ask(reqwest::Method::DELETE, &path, &it.token, None).await.unwrap();
        assert_eq!(cancelled.json["data"], true);
    }
    for id in &ids {
        let state = it.ended(id).await["state"].clone();
        assert!([json!("cancelled"), json!("finished")].contains(&state), "{state}");
    }
    assert_eq!(it.ended(&ids[4]).await["state"], "cancelled");
}

/// Nothing is lost, and nothing is done twice that can be seen.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_program_was_killed_is_begun_again() {
    if !has_generator() {
        return;
    }
    let mut it = Shop::new("killed", &[]).await;
    let id = it.job("java").await;
    let path = format!("/api/CodeGen/Jobs/{id}");
    while it.get(&path).await.data()["steps"].as_array().unwrap().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    it.program.kill();
    it.program.start().await;
    it.token = it.program.token().await;
    let job = it.ended(&id).await;
    assert_eq!((&job["state"], &job["attempts"]), (&json!("finished"), &json!(2)), "{job}");
}
