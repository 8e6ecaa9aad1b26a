//! What becomes of a package in a real registry.

use release::npm::{Registry, Version};
use release::{Reason, Secret};

use crate::package;
use crate::verdaccio::{Verdaccio, has_verdaccio};

#[tokio::test]
async fn packages_are_published_and_installed_back() {
    if !has_verdaccio() {
        return;
    }
    let verdaccio = Verdaccio::start().await;
    let token = Secret::new(verdaccio.user("shop").await);
    let registry = Registry::new(&format!("{}/", verdaccio.url)).unwrap();

    let name = "@shop/orders";
    let first = package(name, "1.0.0", "one");
    assert!(!registry.publish(&token, &first).await.unwrap().was_there);
    let (text, dir) = verdaccio.required(name, "1.0.0");
    assert_eq!(text, "one");
    // npm compared the archive with the integrity, and ran nothing.
    let installed = dir.path().join("node_modules/@shop/orders");
    let manifest = std::fs::read_to_string(installed.join("package.json")).unwrap();
    assert!(manifest.contains("\"license\": \"Unlicense\"") && !manifest.contains("scripts"));
    assert!(!installed.join("ran").exists());
    let readme = std::fs::read_to_string(installed.join("README.md")).unwrap();
    assert_eq!(readme, "# Orders\n\nexports.text = \"one\";\n");

    // The answer was lost: the same once more.
    assert!(registry.publish(&token, &package(name, "1.0.0", "one")).await.unwrap().was_there);
    // Somebody has the version.
    let failure = registry.publish(&token, &package(name, "1.0.0", "other")).await.unwrap_err();
    assert_eq!((failure.reason, failure.again), (Reason::VersionTaken, false));

    let next = Version::after("1.0.0").unwrap().to_string();
    assert!(!registry.publish(&token, &package(name, &next, "two")).await.unwrap().was_there);
    assert_eq!(verdaccio.required(name, "latest").0, "two");
    assert_eq!(verdaccio.required(name, "1.0.0").0, "one");

    for token in ["npm_wrong", " ", "a\r\nx-y: z"] {
        let new = package("orders-client", "1.0.0", "new");
        let failure = registry.publish(&Secret::new(token), &new).await.unwrap_err();
        assert_eq!((failure.reason, failure.again), (Reason::RegistryRefused, false), "{failure}");
    }
    // A name without a scope, and one of many bytes.
    let long = "x".repeat(900 << 10);
    let new = package("orders-client", "0.0.1", &long);
    assert!(!registry.publish(&token, &new).await.unwrap().was_there);
    assert_eq!(verdaccio.required("orders-client", "latest").0, long);
}
