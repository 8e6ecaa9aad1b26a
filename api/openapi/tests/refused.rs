//! What looks harmless to a grammar, but is refused.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use support::pairs::{Finding, OK, operation};

/// References are followed wherever they stand, and operations of webhooks are operations.
#[test]
fn what_leads_nowhere_is_refused() {
    let mut finding = Finding::default();
    let with = |member: &str| {
        format!(
            r#"{{"openapi":"3.1.0","info":{{"title":"a","version":"1"}},"paths":{{"/a":{{"get":{{"operationId":"a",{OK}}}}}}},{member}}}"#
        )
    };
    let schema = |schema: &str| with(&format!(r#""components":{{"schemas":{{"A":{schema}}}}}"#));
    for (name, document) in [
        ("example, unresolved", with(r##""components":{"examples":{"a":{"$ref":"#/nope"}}}"##)),
        (
            "example, circular",
            with(r##""components":{"examples":{"a":{"$ref":"#/components/examples/a"}}}"##),
        ),
        ("extension, an anchor", with(r##""x-a":{"$ref":"#nope"}"##)),
        ("extension, circular", with(r##""x-a":{"$ref":"#/x-a"}"##)),
        ("components", with(r##""components":{"$ref":"#/nope"}"##)),
        ("responses", operation(r##""responses":{"$ref":"#/nope"}"##)),
        ("dependencies", schema(r##"{"dependencies":{"a":{"$ref":"#/nope"}}}"##)),
        ("not a text", schema(r#"{"$ref":["http://a.example"]}"#)),
        (
            "a schema outside of components",
            with(
                r##""components":{"schemas":{"A":{"$ref":"#/x-s/A"}}},"x-s":{"A":{"properties":{"a":{"$ref":"#/nope"},"b":{"$ref":"#/x-s/B"}}},"B":{"$ref":"#/x-s/B"}}"##,
            ),
        ),
        (
            "mapping of a discriminator",
            schema(
                r##"{"discriminator":{"propertyName":"a","mapping":{"a":"#/components/schemas/nope"}}}"##,
            ),
        ),
    ] {
        finding.taken(name, &document, "a reference that leads nowhere, or to itself");
    }
    finding.taken(
        "external $dynamicRef",
        &schema(r#"{"dependencies":{"a":{"$dynamicRef":"http://a.example"}}}"#),
        "document_external_reference, by the docs of the crate",
    );
    for (name, hook) in [
        ("operationId twice", r#""post":{"operationId":"a"}"#),
        ("an unknown method", r#""foo":{}"#),
    ] {
        let document = with(&format!(r#""webhooks":{{"h":{{{hook}}}}}"#));
        finding.taken(name, &document, "as in paths");
    }
    finding.end();
}
