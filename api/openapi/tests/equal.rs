//! Changes that break nobody are not said to.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use support::pairs::{Finding, OK, Worst, of, taking};

/// The same in other words, as generators write it from one release to the next.
#[test]
fn what_breaks_nobody_is_not_breaking() {
    let mut finding = Finding::default();
    let compatible = Worst::Compatible;
    let optional = |more: &str| {
        taking(&format!(
            r##"{{"anyOf":[{{"$ref":"#/components/schemas/A"}}{more},{{"type":"null"}}]}}"##
        ))
    };
    let new = optional(r##",{"$ref":"#/components/schemas/B"}"##);
    finding.at_most("an optional choice grew", &optional(""), &new, compatible);
    for (name, old, new) in [
        ("const and its type", r#"{"const":"a"}"#, r#"{"type":"string","const":"a"}"#),
        ("enum and its type", r#"{"enum":["a"]}"#, r#"{"type":"string","enum":["a"]}"#),
        (
            "type: object beside a choice of objects",
            r##"{"oneOf":[{"$ref":"#/components/schemas/A"},{"$ref":"#/components/schemas/B"}]}"##,
            r##"{"type":"object","oneOf":[{"$ref":"#/components/schemas/A"},{"$ref":"#/components/schemas/B"}]}"##,
        ),
        (
            "alternatives in another order, with a text",
            r#"{"oneOf":[{"type":"string"},{"type":"integer"}]}"#,
            r#"{"oneOf":[{"type":"integer","title":"i"},{"type":"string","title":"s"}]}"#,
        ),
        (
            "integers above 0 and from 1",
            r#"{"type":"integer","exclusiveMinimum":0}"#,
            r#"{"type":"integer","minimum":1}"#,
        ),
    ] {
        finding.at_most(name, &taking(old), &taking(new), compatible);
    }
    let path = |required: &str| {
        let paths = format!(
            r#""/a/{{i}}":{{"get":{{"parameters":[{{"in":"path","name":"i"{required},"schema":{{}}}}],{OK}}}}}"#
        );
        of("3.0.3", &paths, "")
    };
    let new = path(r#","required":true"#);
    finding.at_most("a parameter of a path is always required", &path(""), &new, compatible);
    finding.end();
}

/// What is only taken is not answered, because it extends what is.
#[test]
fn what_extends_an_answer_is_no_answer() {
    let document = |field: &str| {
        let schema = |name: &str| {
            format!(
                r##"{{"application/json":{{"schema":{{"$ref":"#/components/schemas/{name}"}}}}}}"##
            )
        };
        let (body, answer) = (schema("Create"), schema("User"));
        let paths = format!(
            r#""/a":{{"post":{{"requestBody":{{"content":{body}}},"responses":{{"200":{{"description":"","content":{answer}}}}}}}}}"#
        );
        let schemas = format!(
            r##""schemas":{{"User":{{"type":"object"}},"Create":{{"allOf":[{{"$ref":"#/components/schemas/User"}},{{"properties":{{{field}}}}}]}}}}"##
        );
        of("3.0.3", &paths, &schemas)
    };
    let mut finding = Finding::default();
    let (old, new) = (document(r#""a":{"enum":["a"]}"#), document(r#""a":{"enum":["a","b"]}"#));
    finding.at_most("a value more is taken", &old, &new, Worst::Compatible);
    finding.end();
}
