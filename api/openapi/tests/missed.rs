//! Changes that break callers are told as such, however they are written.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use support::pairs::{
    AB, Finding, OK, Worst, answering, answering_with, found, of, operation, swagger, taking,
    taking_with,
};

/// What is compared as a whole skips texts and examples, but not what is only named as they are:
/// properties, fields, callbacks.
#[test]
fn properties_with_the_names_of_texts_are_compared() {
    use Worst::Risky;
    let mut finding = Finding::default();
    let hook = |kind: &str| {
        format!(
            r#"{{"openapi":"3.1.0","info":{{"title":"a","version":"1"}},"webhooks":{{"h":{{"post":{{"requestBody":{{"content":{{"application/json":{{"schema":{{"type":"object","properties":{{"title":{kind}}}}}}}}}}},{OK}}}}}}}}}"#
        )
    };
    let (old, new) = (hook(r#"{"type":"string"}"#), hook(r#"{"type":"integer"}"#));
    finding.at_least("a property of a webhook", &old, &new, Risky);
    let call = |kind: &str| {
        operation(&format!(
            r#"{OK},"callbacks":{{"c":{{"{{$request.query.u}}":{{"post":{{"requestBody":{{"content":{{"application/json":{{"schema":{{"type":"object","properties":{{"description":{{"type":"{kind}"}}}}}}}}}}}},{OK}}}}}}}}}"#
        ))
    };
    finding.at_least("a property of a callback", &call("string"), &call("integer"), Risky);
    // By the table even breaking: explode of a field of a form has changed.
    let form = |explode: bool| {
        operation(&format!(
            r#"{OK},"requestBody":{{"content":{{"application/x-www-form-urlencoded":{{"schema":{{"type":"object","properties":{{"tags":{{"type":"array","items":{{"type":"string"}}}}}}}},"encoding":{{"tags":{{"style":"form","explode":{explode}}}}}}}}}}}"#
        ))
    };
    finding.at_least("encoding of the field tags", &form(true), &form(false), Risky);
    let field = |format: &str| {
        swagger(
            "",
            &format!(
                r#"{OK},"parameters":[{{"in":"formData","name":"tags","type":"array","items":{{"type":"string"}},"collectionFormat":"{format}"}}]"#
            ),
        )
    };
    finding.at_least("2.0: the same", &field("multi"), &field("csv"), Risky);
    for (name, old, new) in [
        (
            "prefixItems",
            r#"{"type":"array","prefixItems":[{"type":"object","properties":{"title":{"type":"string"}}}]}"#,
            r#"{"type":"array","prefixItems":[{"type":"object","properties":{"title":{"type":"integer"}}}]}"#,
        ),
        (
            "if",
            r#"{"if":{"properties":{"tags":{"const":"a"}}},"then":{"required":["b"]}}"#,
            r#"{"if":{"properties":{"tags":{"const":"b"}}},"then":{"required":["b"]}}"#,
        ),
        (
            "dependentRequired",
            r#"{"dependentRequired":{"title":["a"]}}"#,
            r#"{"dependentRequired":{"title":["a","b"]}}"#,
        ),
        (
            "default",
            r#"{"type":"object","default":{"title":"a"}}"#,
            r#"{"type":"object","default":{"title":"b"}}"#,
        ),
    ] {
        finding.at_least(name, &taking(old), &taking(new), Risky);
    }
    finding.end();
}

/// `null` beside a choice of two is an alternative of it.
#[test]
fn null_beside_a_choice_is_kept() {
    let mut finding = Finding::default();
    let optional = r##"{"anyOf":[{"$ref":"#/components/schemas/C"},{"type":"null"}]}"##;
    let plain = r##"{"$ref":"#/components/schemas/C"}"##;
    let breaking = Worst::Breaking;
    finding.at_least("null is no longer taken", &taking(optional), &taking(plain), breaking);
    finding.at_least("null is answered now", &answering(plain), &answering(optional), breaking);
    let (old, new) = (r#"{"anyOf":[false,{"type":"null"}]}"#, "false");
    finding.at_least("null beside nothing", &taking(old), &taking(new), breaking);
    finding.end();
}

/// What extends a base with a discriminator is sent where the base is; so is what only `$dynamicRef`
/// reaches.
#[test]
fn children_of_a_discriminator_are_used() {
    use Worst::{Breaking, Risky};
    let mut finding = Finding::default();
    let base = |child: &str| {
        answering_with(
            "3.0.3",
            r##"{"$ref":"#/components/schemas/Pet"}"##,
            &format!(
                r##""Pet":{{"type":"object","required":["kind"],"properties":{{"kind":{{"type":"string"}}}},"discriminator":{{"propertyName":"kind","mapping":{{"dog":"#/components/schemas/Dog"}}}}}},"Dog":{{"allOf":[{{"$ref":"#/components/schemas/Pet"}},{{"type":"object"{child}}}]}}"##
            ),
        )
    };
    let (old, new) = (base(r#","properties":{"bark":{"type":"string"}}"#), base(""));
    finding.at_least("a property of Dog is gone from an answer", &old, &new, Breaking);
    let dynamic = |kind: &str| {
        let schema = r##"{"not":{"$dynamicRef":"#/components/schemas/Z"}}"##;
        taking_with("3.1.0", schema, &format!(r#""Z":{{"type":"{kind}"}}"#))
    };
    finding.at_least("$dynamicRef in not", &dynamic("string"), &dynamic("integer"), Risky);
    finding.end();
}

/// The value of a discriminator is part of what is sent: without a mapping, it is the name.
#[test]
fn renamed_values_of_a_discriminator() {
    let mut finding = Finding::default();
    let named = |name: &str| {
        let schema = format!(
            r##"{{"oneOf":[{{"$ref":"#/components/schemas/{name}"}},{{"$ref":"#/components/schemas/B"}}],"discriminator":{{"propertyName":"k"}}}}"##
        );
        let a = r#"{"type":"object","required":["k"],"properties":{"k":{"type":"string"}}}"#;
        let b = r#"{"type":"object","required":["k"],"properties":{"k":{"type":"string"},"b":{}}}"#;
        let schemas = format!(r#""Cat":{a},"Katze":{a},"B":{b}"#);
        taking_with("3.0.3", &schema, &schemas)
    };
    let (old, new) = (named("Cat"), named("Katze"));
    finding.at_least("Cat is Katze now, no mapping", &old, &new, Worst::Risky);
    let mapped = |mapping: &str, more: &str| {
        taking(&format!(
            r##"{{"oneOf":[{{"$ref":"#/components/schemas/A"}},{{"$ref":"#/components/schemas/B"}}{more}],"discriminator":{{"propertyName":"k","mapping":{{{mapping}}}}}}}"##
        ))
    };
    let old = mapped(r##""cat":"#/components/schemas/A","b":"#/components/schemas/B""##, "");
    let new = mapped(
        r##""kitty":"#/components/schemas/A","b":"#/components/schemas/B","c":"#/components/schemas/C""##,
        r##",{"$ref":"#/components/schemas/C"}"##,
    );
    finding.at_least("cat is kitty now, and C was added", &old, &new, Worst::Risky);
    finding.end();
}

/// What goes from `schema` to `content` is written otherwise.
#[test]
fn a_parameter_is_written_as_json_now() {
    let mut finding = Finding::default();
    let with =
        |how: &str| operation(&format!(r#"{OK},"parameters":[{{"in":"query","name":"q",{how}}}]"#));
    let old = with(r#""schema":{"type":"string"}"#);
    let new = with(r#""content":{"application/json":{"schema":{"type":"string"}}}"#);
    finding.at_least("schema to content", &old, &new, Worst::Breaking);
    finding.end();
}

/// What 2.0 says is not lost when it is lifted.
#[test]
fn swagger_loses_nothing_on_the_way_up() {
    let mut finding = Finding::default();
    let shared = r#""responses":{"R":{"description":"","schema":{"type":"string"}}},"#;
    let answers = |media: &str| {
        let body = format!(
            r##""produces":["application/{media}"],"responses":{{"200":{{"$ref":"#/responses/R"}}}}"##
        );
        swagger(shared, &body)
    };
    let (old, new) = (answers("json"), answers("xml"));
    finding.at_least("produces, response by reference", &old, &new, Worst::Breaking);
    let field = |required: bool| {
        format!(
            r#"{{"swagger":"2.0","info":{{"title":"a","version":"1"}},"paths":{{"/a":{{"parameters":[{{"in":"formData","name":"a","type":"string","required":true}}],"post":{{{OK},"parameters":[{{"in":"formData","name":"a","type":"string","required":{required}}}]}}}}}}}}"#
        )
    };
    let (old, new) = (field(false), field(true));
    finding.at_least("an own field became required", &old, &new, Worst::Breaking);
    let empty = |may: bool| {
        swagger(
            "",
            &format!(
                r#"{OK},"parameters":[{{"in":"formData","name":"a","type":"string","allowEmptyValue":{may}}}]"#
            ),
        )
    };
    finding.at_least("allowEmptyValue", &empty(true), &empty(false), Worst::Risky);
    finding.end();
}

/// Names that differ by their case only do not hide each other.
#[test]
fn equal_names_hide_no_others() {
    let mut finding = Finding::default();
    let breaking = Worst::Breaking;
    let media = |kind: &str| {
        operation(&format!(
            r#"{OK},"requestBody":{{"content":{{"Application/json":{{"schema":{{"type":"{kind}"}}}},"application/json":{{"schema":{{"type":"string"}}}}}}}}"#
        ))
    };
    finding.at_least("media types", &media("string"), &media("integer"), breaking);
    let headers = |required: bool| {
        operation(&format!(
            r#"{OK},"parameters":[{{"in":"header","name":"X-A","required":{required},"schema":{{}}}},{{"in":"header","name":"x-a","schema":{{}}}}]"#
        ))
    };
    finding.at_least("headers", &headers(false), &headers(true), breaking);
    let methods = |required: bool| {
        let paths = format!(
            r#""/a":{{"get":{{"parameters":[{{"in":"query","name":"q","required":{required},"schema":{{}}}}],{OK}}},"additionalOperations":{{"GET":{{{OK}}}}}}}"#
        );
        of("3.2.0", &paths, "")
    };
    finding.at_least("methods", &methods(false), &methods(true), breaking);
    finding.end();
}

/// What the words of one version of OpenAPI mean in another.
#[test]
fn versions_differ_in_meaning() {
    let mut finding = Finding::default();
    let schema = r#"{"type":"string","nullable":true}"#;
    let (old, new) = (taking_with("3.0.3", schema, AB), taking_with("3.1.0", schema, AB));
    finding.at_least("null is refused by 3.1", &old, &new, Worst::Risky);
    let with = |max: &str| {
        let schema = r##"{"$ref":"#/components/schemas/S","maxLength":5}"##;
        taking_with("3.0.3", schema, &format!(r#""S":{{"type":"string"{max}}}"#))
    };
    let (old, new) = (with(""), with(r#","maxLength":10"#));
    finding.at_least("maxLength beside $ref of 3.0 hides one", &old, &new, Worst::Breaking);
    finding.end();
}

/// What is more special takes over from something general that was there.
#[test]
fn what_is_more_special_takes_over() {
    let mut finding = Finding::default();
    let risky = Worst::Risky;
    let answers = |more: &str| {
        operation(&format!(
            r#""responses":{{"204":{{"description":""}},"default":{{"description":"","content":{{"application/json":{{"schema":{{"type":"object"}}}}}}}}{more}}}"#
        ))
    };
    let new = answers(
        r#","404":{"description":"","content":{"application/json":{"schema":{"type":"string"}}}}"#,
    );
    finding.at_least("404 besides default", &answers(""), &new, risky);
    let takes = |more: &str| {
        operation(&format!(r#"{OK},"requestBody":{{"content":{{"*/*":{{"schema":{{}}}}{more}}}}}"#))
    };
    let new = takes(r#","application/json":{"schema":{"type":"integer"}}"#);
    finding.at_least("JSON besides any", &takes(""), &new, risky);
    let map = |fields: &str| {
        taking(&format!(
            r#"{{"type":"object","additionalProperties":{{"type":"string"}}{fields}}}"#
        ))
    };
    let new = map(r#","properties":{"a":{"type":"integer"}}"#);
    finding.at_least("a of a map", &map(""), &new, risky);
    let (old, new) = (
        answering(r#"{"type":"object","properties":{"a":{"type":"string"}}}"#),
        answering(r#"{"type":"object","properties":{"a":false}}"#),
    );
    finding.at_least("a may no longer be answered", &old, &new, Worst::Breaking);
    finding.end();
}

/// What is more special, but says the same, takes over from nothing.
#[test]
fn what_is_split_off_has_a_rule_of_its_own() {
    let answers = |more: &str| {
        operation(&format!(
            r#""responses":{{"4XX":{{"description":"a"}},"default":{{"description":"b"}}{more}}}"#
        ))
    };
    let other = answers(r#","404":{"description":"","headers":{"A":{"schema":{}}}}"#);
    assert_eq!(found(&answers(""), &other).0, ["response-split-off risky"]);
    let same = answers(r#","404":{"description":"c"}"#);
    assert_eq!(found(&answers(""), &same).0, ["response-added compatible"]);
    let takes = |more: &str| {
        operation(&format!(r#"{OK},"requestBody":{{"content":{{"text/*":{{}}{more}}}}}"#))
    };
    let other = takes(r#","text/csv":{"schema":{"type":"string"}}"#);
    assert_eq!(found(&takes(""), &other).0, ["media-type-split-off risky"]);
    let same = takes(r#","text/csv":{}"#);
    assert_eq!(found(&takes(""), &same).0, ["media-type-added compatible"]);
    let map = |fields: &str| format!(r#"{{"additionalProperties":{{"type":"string"}}{fields}}}"#);
    let (old, other) = (map(""), map(r#","properties":{"a":{"type":"integer"}}"#));
    for (old, new) in [(taking(&old), taking(&other)), (answering(&old), answering(&other))] {
        assert_eq!(found(&old, &new).0, ["property-split-off risky"]);
    }
    let same = map(r#","properties":{"a":{"type":"string"}}"#);
    assert_eq!(found(&taking(&old), &taking(&same)).0, ["property-added compatible"]);
}

/// Children of a base with a discriminator come and go as alternatives do; of one without, nobody can
/// tell.
#[test]
fn children_come_and_go_as_alternatives_do() {
    let pet = |discriminator: &str, child: &str| {
        let schema = r##"{"type":"array","items":{"$ref":"#/components/schemas/Pet"}}"##;
        answering_with(
            "3.0.3",
            schema,
            &format!(r#""Pet":{{"type":"object"{discriminator}}}{child}"#),
        )
    };
    let child = |name: &str, kind: &str| {
        format!(
            r##","{name}":{{"allOf":[{{"$ref":"#/components/schemas/Pet"}},{{"type":"object","properties":{{"a":{{"type":"{kind}"}}}}}}]}}"##
        )
    };
    let by = r#","discriminator":{"propertyName":"k"}"#;
    let none = pet(by, "");
    let (dog, other) = (pet(by, &child("Dog", "string")), pet(by, &child("Dog", "integer")));
    assert!(found(&none, &dog).0.contains(&"alternative-added breaking".to_owned()));
    assert!(found(&dog, &none).0.contains(&"alternative-removed compatible".to_owned()));
    let changed = ["type-narrowed compatible", "type-widened breaking"];
    assert_eq!(found(&dog, &other).0, changed);
    let (dog, other) = (pet("", &child("Dog", "string")), pet("", &child("Dog", "integer")));
    assert_eq!(found(&dog, &other).0, ["not-compared risky"]);
    // And of one that only a webhook sends.
    let hook = |kind: &str| {
        let pet = pet(by, &child("Dog", kind));
        pet.replace(r#""paths":{"/a":"#, r#""paths":{},"webhooks":{"h":"#)
    };
    assert_eq!(found(&hook("string"), &hook("integer")).0, ["not-compared risky"]);
}
