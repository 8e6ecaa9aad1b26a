//! Documents that are made to harm: refused or read, fast, and without a panic.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fmt::Write;
use std::time::{Duration, Instant};

use openapi::{REPORT_BYTES_MAX, Reason, compare, read};

/// Generous: tests are not optimised, and run beside each other. `cargo bench -p openapi` measures.
const LONG: Duration = Duration::from_secs(60);

const HEAD: &str = "openapi: 3.0.3\ninfo: {title: a, version: '1'}\npaths: {}\n";

#[track_caller]
fn assert_refused(text: impl AsRef<[u8]>, reasons: &[Reason], rule: &str) {
    let begun = Instant::now();
    let refused = read(text.as_ref(), true).expect_err("it was read");
    println!("{:?} {refused}", begun.elapsed());
    assert!(reasons.contains(&refused.reason), "{refused}");
    assert_eq!(refused.problems[0].rule, rule, "{refused}");
    assert!(begun.elapsed() < LONG, "{:?}", begun.elapsed());
}

const COMPLEX: &[Reason] = &[Reason::TooComplex];
const INVALID: &[Reason] = &[Reason::Invalid];

#[test]
fn yaml_bombs() {
    let mut bomb = String::from(HEAD);
    bomb.push_str("x0: &a0 [lol]\n");
    for level in 1..=10 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(bomb, "x{level}: &a{level} [{aliases}]").unwrap();
    }
    assert_refused(bomb, COMPLEX, "yaml-budget");
    let mut wide = String::from(HEAD);
    wide.push_str("x: &a {");
    for number in 0..20_000 {
        write!(wide, "k{number}: 1, ").unwrap();
    }
    wide.push_str("}\ny: [");
    wide.push_str(&"*a, ".repeat(99));
    wide.push(']');
    assert_refused(wide, COMPLEX, "yaml-budget");
    let many = format!("{HEAD}x: &a 1\ny: [{}]", "*a, ".repeat(101));
    assert_refused(many, COMPLEX, "yaml-budget");
    let anchors = (0..101).fold(String::from(HEAD), |it, n| format!("{it}x{n}: &a{n} 1\n"));
    assert_refused(anchors, COMPLEX, "yaml-budget");
}

#[test]
fn deep_ones() {
    assert_refused("[".repeat(5_000), COMPLEX, "depth");
    assert_refused(format!("{HEAD}x: {}", "[".repeat(5_000)), COMPLEX, "depth");
    let block = (0..3_000).fold(String::from(HEAD), |it, n| format!("{it}{}x:\n", " ".repeat(n)));
    assert_refused(block, COMPLEX, "depth");
    assert_refused(format!("{HEAD}x: \n  {}", "- ".repeat(100_000)), COMPLEX, "depth");
    assert_refused(format!("{HEAD}x: \n  {}", "? ".repeat(100_000)), COMPLEX, "depth");
    assert_refused(r#"{"a":"#.repeat(3_000), COMPLEX, "depth");
    assert_refused(format!("{{\"a\":{}", "[".repeat(1_000_000)), COMPLEX, "depth");
}

#[test]
fn many_values() {
    let mut json = String::from(r#"{"openapi":"3.0.3","x":{"#);
    for number in 0..1_000_001 {
        write!(json, "\"k{number}\":1,").unwrap();
    }
    json.push_str("\"z\":1}}");
    assert_refused(json, COMPLEX, "nodes");
    assert_refused(format!("{{\"a\":[{}1]}}", "1,".repeat(1_000_001)), COMPLEX, "nodes");
    assert_refused(vec![b' '; openapi::BYTES_MAX + 1], &[Reason::TooLarge], "bytes");
}

#[test]
fn keys_that_stand_twice() {
    let json = r#"{"openapi":"3.0.3","info":{"title":"a","version":"1","title":"b"},"paths":{}}"#;
    assert_refused(json, INVALID, "duplicate-key");
    assert_refused(r#"{"a":1,"\u0061":2}"#, INVALID, "duplicate-key");
    assert_refused(format!("{HEAD}paths: {{}}\n"), INVALID, "duplicate-key");
    assert_refused(format!("{HEAD}x: {{1: a, '1': b}}\n"), INVALID, "duplicate-key");
}

#[test]
fn what_is_not_text_and_what_yaml_can_do_besides() {
    assert_refused(b"{\"a\": \"\xff\"}", INVALID, "encoding");
    assert_refused(format!("{HEAD}x: !!python/object:os.system [ls]\n"), INVALID, "yaml-feature");
    assert_refused(format!("{HEAD}x: !local 1\n"), INVALID, "yaml-feature");
    assert_refused(format!("{HEAD}x: &a {{b: 1}}\ny: {{<<: *a}}\n"), INVALID, "yaml-feature");
    assert_refused(format!("{HEAD}---\na: 1\n"), COMPLEX, "yaml-budget");
    for text in [
        "{",
        "{]",
        "{\"a\":1}x",
        "a: b: c",
        "a: [",
        "\t- a",
        "x: *nobody",
        "x: &a *a",
        "x: &a [*a]",
    ] {
        let refused = read(text.as_bytes(), true).expect_err(text);
        assert!(refused.reason != Reason::TooLarge, "{text}: {refused}");
    }
    assert_refused(r#"{"a": 1e999}"#, INVALID, "syntax");
    assert_refused("a: .inf", INVALID, "syntax");
}

/// A body, or a long text, that each of many operations repeats.
#[test]
fn swagger_that_grows_when_it_is_lifted() {
    let mut json = String::from(
        r#"{"swagger":"2.0","info":{"title":"a","version":"1"},"parameters":{"B":{"name":"b","in":"body",
        "schema":{"enum":["#,
    );
    json.push_str(&"1,".repeat(100_000));
    json.push_str("1]}}},\"paths\":{");
    for number in 0..4_000 {
        write!(
            json,
            "\"/p{number}\":{{\"get\":{{\"parameters\":[{{\"$ref\":\"#/parameters/B\"}}],\
             \"responses\":{{\"200\":{{\"description\":\"\"}}}}}}}},"
        )
        .unwrap();
    }
    json.push_str("\"/\":{}}}");
    assert_refused(&json, COMPLEX, "nodes");
    let long = json.replace(&"1,".repeat(100_000), &format!("\"{}\",", "a".repeat(1_000_000)));
    assert_refused(&long, COMPLEX, "nodes");
}

fn list(count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect::<Vec<_>>().join(",")
}

/// What takes a second at most, not optimised, takes minutes if it is done for each of each.
#[track_caller]
fn assert_fast(text: &str) {
    let begun = Instant::now();
    drop(std::hint::black_box(read(text.as_bytes(), true)));
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(5), "{} bytes: {took:?}", text.len());
}

#[test]
fn variables_of_a_server_are_not_searched_for_each_of_them() {
    let n = 12_000;
    assert_fast(&format!(
        r#"{{"openapi":"3.0.3","info":{{"title":"a","version":"1"}},"paths":{{}},"servers":[{{"url":"/{}","variables":{{{},"z":{{"default":""}}}}}}]}}"#,
        "{z}".repeat(n),
        list(n, |at| format!(r#""a{at}":{{"default":""}}"#)),
    ));
}

#[test]
fn parameters_of_a_shared_path_are_walked_once() {
    let with = |paths: usize, parameters: usize| {
        format!(
            r##"{{"openapi":"3.1.0","info":{{"title":"a","version":"1"}},"paths":{{{}}},"components":{{"pathItems":{{"X":{{"parameters":[{}]}}}}}}}}"##,
            list(paths, |at| format!(r##""/{at}":{{"$ref":"#/components/pathItems/X"}}"##)),
            list(parameters, |at| format!(r#"{{"name":"a{at}","in":"query","schema":{{}}}}"#)),
        )
    };
    assert_fast(&with(5_000, 5_000));
    assert!(read(with(5_000, 1).as_bytes(), true).is_ok());
    assert_refused(with(5_001, 1), COMPLEX, "operations");
}

#[test]
fn lifting_ends_when_nothing_is_left() {
    let swagger = |root: &str, operation: &str| {
        format!(
            r#"{{"swagger":"2.0","info":{{"title":"a","version":"1"}},{root}"paths":{{"/a":{{"post":{{{operation}}}}}}}}}"#
        )
    };
    let n = 2_000;
    let responses = list(n, |at| format!(r#""{at}":{{"description":"","schema":{{}}}}"#));
    let text = swagger(
        &format!(r#""produces":[{}],"#, list(n, |at| format!(r#""a{at}""#))),
        &format!(r#""responses":{{{responses}}}"#),
    );
    assert_fast(&text);
    assert_refused(text, COMPLEX, "nodes");
    let field = |at| format!(r#"{{"name":"a{at}","in":"formData","type":"string"}}"#);
    let ok = r#""responses":{"204":{"description":""}}"#;
    assert_fast(&swagger(
        &format!(r#""consumes":[{}],"#, list(n, |_| r#""multipart/form-data""#.to_owned())),
        &format!(r#"{ok},"parameters":[{}]"#, list(750, field)),
    ));
}

#[test]
fn many_references_to_a_long_chain() {
    let mut json = String::from(
        r#"{"openapi":"3.0.3","info":{"title":"a","version":"1"},"paths":{},"components":{"schemas":{"#,
    );
    for number in 0..9_000 {
        write!(json, "\"S{number}\":{{\"$ref\":\"#/components/schemas/S{}\"}},", number + 1)
            .unwrap();
    }
    json.push_str("\"S9000\":{}}}}");
    assert_refused(json, COMPLEX, "reference-chain");
}

/// Each of many changes repeats long names of many operations.
#[test]
fn a_report_stays_small() {
    let document = |kind: &str| {
        let path = "\u{1d11e}".repeat(190);
        let paths = list(100, |at| {
            format!(
                r##""/{at}/{path}":{{"get":{{"responses":{{"200":{{"description":"","content":{{"application/json":{{"schema":{{"$ref":"#/components/schemas/A"}}}}}}}}}}}}}}"##
            )
        });
        let name = "\u{1d11e}".repeat(190);
        let fields = list(1_100, |at| format!(r#""{at}{name}":{{"type":"{kind}"}}"#));
        let schema = format!(r#""schemas":{{"A":{{"type":"object","properties":{{{fields}}}}}}}"#);
        let text = format!(
            r#"{{"openapi":"3.0.3","info":{{"title":"a","version":"1"}},"paths":{{{paths}}},"components":{{{schema}}}}}"#
        );
        read(text.as_bytes(), true).unwrap()
    };
    let report = compare(&document("string"), &document("integer"));
    let bytes = serde_json::to_vec(&report).unwrap().len();
    assert!(bytes <= REPORT_BYTES_MAX, "{bytes} bytes");
    assert_eq!(report.counts.breaking, 1_100);
    assert!(report.changes.len() > 1_000 && report.changes.last().unwrap().via_cut);
    assert_eq!(report.changes[0].via.len(), 100);
}

/// What an operation costs by its security are the scopes.
#[test]
fn scopes_are_counted() {
    let document = |version: &str| {
        let text = format!(
            r#"{{"openapi":"3.0.3","info":{{"title":"a","version":"{version}"}},"security":[{{"o":[{}]}}],"paths":{{{}}}}}"#,
            list(40_000, |_| r#""a""#.to_owned()),
            list(999, |at| format!(
                r#""/{at}":{{"get":{{"responses":{{"204":{{"description":""}}}}}}}}"#
            )),
        );
        read(text.as_bytes(), true).unwrap()
    };
    let report = compare(&document("1"), &document("2"));
    assert!(report.changes.iter().any(|it| it.rule == "too-complex"), "{:?}", report.counts);
}

/// What extends a base is looked for once for each pair, however often it says so.
#[test]
fn children_that_say_so_often_are_walked_once() {
    let document = |version: &str| {
        let text = format!(
            r##"{{"openapi":"3.0.3","info":{{"title":"a","version":"1"}},"paths":{{"/a":{{"get":{{"responses":{{"200":{{"description":"","content":{{"a/b":{{"schema":{{"type":"object","properties":{{{}}}}}}}}}}}}}}}}}}},"components":{{"schemas":{{"A":{{"discriminator":{{"propertyName":"{version}"}}}},"B":{{"allOf":[{}]}}}}}}}}"##,
            list(1_000, |at| format!(
                r##""a{at}":{{"allOf":[{{"$ref":"#/components/schemas/A"}}],"title":"{at}"}}"##
            )),
            list(8_000, |_| r##"{"$ref":"#/components/schemas/A"}"##.to_owned()),
        );
        read(text.as_bytes(), true).unwrap()
    };
    let (old, new) = (document("1"), document("2"));
    let begun = Instant::now();
    let report = compare(&old, &new);
    assert!(report.counts.risky > 0, "{:?}", report.counts);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}
