//! `/swagger/index.html`: the page is whole, and may run nothing but what this server sends.

use tests::app::TestApp;

/// The files that the page names in `src` and `href`.
fn named(page: &str) -> Vec<&str> {
    let rest = ["src=\"", "href=\""].map(|it| page.split(it).skip(1));
    rest.into_iter().flatten().filter_map(|it| it.split('"').next()).collect()
}

#[tokio::test]
async fn the_page_and_all_that_it_names_come_from_this_server() {
    let app = TestApp::new().await;
    let page = app.get("/swagger/index.html").send().await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    let names = named(&page.text);
    assert_eq!(names, ["swagger-ui-bundle.js", "start.js", "swagger-ui.css"]);
    for name in names {
        let file = app.get(&format!("/swagger/{name}")).send().await;
        let kind = if name.ends_with(".css") { "text/css" } else { "text/javascript" };
        let kind = format!("{kind}; charset=utf-8");
        assert_eq!((file.status, file.header("content-type")), (200, &*kind), "{name}");
        assert!(file.header("cache-control").starts_with("public, max-age="), "{name}");
        assert!(!file.text.is_empty(), "{name}");
    }
    let start = app.get("/swagger/start.js").send().await.text;
    assert!(start.contains("url: \"v1/swagger.json\""), "{start}");
    assert_eq!(app.get("/swagger/LICENSE").send().await.status, 404);
}

#[tokio::test]
async fn the_policy_of_the_page_is_strict_and_the_page_keeps_it() {
    let app = TestApp::new().await;
    for name in ["index.html", "start.js", "swagger-ui-bundle.js", "swagger-ui.css"] {
        let file = app.get(&format!("/swagger/{name}")).send().await;
        let policy = file.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"));
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        for word in ["unsafe", "*", "http"] {
            assert!(!policy.contains(word), "{word}: {policy}");
        }
        assert_eq!(file.header("x-content-type-options"), "nosniff", "{name}");
        assert_eq!(file.header("referrer-policy"), "no-referrer", "{name}");
    }
    let page = app.get("/swagger/index.html").send().await.text;
    for inline in ["<style", "style=", "onload=", "javascript:", "//"] {
        assert!(!page.contains(inline), "{inline}");
    }
    let scripts = page.matches("<script").count();
    assert_eq!(page.matches("></script>").count(), scripts, "a script stands within the page");
}
