//! For operators: they need no tenant, and no token.

use tests::app::TestApp;

#[tokio::test]
async fn operators_endpoints_answer_on_any_host_and_on_none() {
    let app = TestApp::new().await;
    for path in ["/health/live", "/health/ready", "/metrics", "/swagger/v1/swagger.json"] {
        for host in ["", "10.0.0.7:9000", "localhost:8080"] {
            assert_eq!(app.get(path).host(host).send().await.status, 200, "{path} at {host}");
        }
    }
}

#[tokio::test]
async fn readiness_says_how_far_the_read_models_are() {
    let app = TestApp::new().await;
    let head = app.engine.log().head().position;
    let ready = app.get("/health/ready").send().await.json();
    assert_eq!((&ready["status"], &ready["lag"]), (&"ready".into(), &0.into()));
    assert_eq!((&ready["position"], &ready["head"]), (&head.into(), &head.into()));
}

#[tokio::test]
async fn metrics_count_requests_by_operation_and_name_nobody() {
    let app = TestApp::new().await;
    let token = app.admin().await;
    app.get("/api/User?q.name=Alice-Secret").bearer(&token).send().await;
    app.get("/no/such/Alice-Secret").send().await;
    let metrics = app.get("/metrics").send().await;
    assert_eq!(metrics.header("content-type"), "text/plain; version=0.0.4");
    for line in [
        "chancery_http_requests_total{operation=\"UserGet\",status=\"200\"} 1",
        "chancery_http_requests_total{operation=\"unmatched\",status=\"404\"} 1",
        "chancery_users 1",
    ] {
        assert!(metrics.text.contains(line), "{line} is missing:\n{}", metrics.text);
    }
    assert!(!metrics.text.contains("Alice-Secret") && !metrics.text.contains("admin"));
}
