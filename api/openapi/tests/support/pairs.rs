//! Pairs of documents as text, and the worst that is said of them.

use openapi::{Class, compare, read};

/// The worst class of a pair.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone, Copy)]
pub enum Worst {
    Nothing,
    Editorial,
    Compatible,
    Risky,
    Breaking,
}

/// What is found, as `rule class`, and the worst of it.
pub fn found(old: &str, new: &str) -> (Vec<String>, Worst) {
    let document = |it: &str| read(it.as_bytes(), true).unwrap_or_else(|e| panic!("{e}\n{it}"));
    let report = compare(&document(old), &document(new));
    let mut worst = Worst::Nothing;
    let mut list = Vec::new();
    for change in report.changes {
        let (class, name) = match change.class {
            Class::Breaking => (Worst::Breaking, "breaking"),
            Class::Risky => (Worst::Risky, "risky"),
            Class::Compatible => (Worst::Compatible, "compatible"),
            Class::Editorial => (Worst::Editorial, "editorial"),
        };
        worst = worst.max(class);
        list.push(format!("{} {name}", change.rule));
    }
    list.sort();
    (list, worst)
}

/// Collects all pairs of a finding, so that one failure does not hide the next.
#[derive(Default)]
pub struct Finding(Vec<String>);

impl Finding {
    /// A pair, and what it should be at least.
    pub fn at_least(&mut self, name: &str, old: &str, new: &str, should: Worst) {
        self.judge(name, old, new, &format!("at least {should:?}"), |it| it >= should);
    }

    pub fn at_most(&mut self, name: &str, old: &str, new: &str, should: Worst) {
        self.judge(name, old, new, &format!("at most {should:?}"), |it| it <= should);
    }

    fn judge(
        &mut self,
        name: &str,
        old: &str,
        new: &str,
        should: &str,
        is_right: impl Fn(Worst) -> bool,
    ) {
        let (list, worst) = found(old, new);
        if !is_right(worst) {
            let list = list.join(", ");
            self.0.push(format!("{name}: says [{list}], should be {should}"));
        }
    }

    pub fn taken(&mut self, name: &str, document: &str, should: &str) {
        if read(document.as_bytes(), true).is_ok() {
            self.0.push(format!("{name}: taken, should be refused: {should}"));
        }
    }

    pub fn end(self) {
        assert!(self.0.is_empty(), "\n{}\n", self.0.join("\n"));
    }
}

/// A document with these paths and components, as JSON.
pub fn of(version: &str, paths: &str, components: &str) -> String {
    format!(
        r#"{{"openapi":"{version}","info":{{"title":"a","version":"1"}},"paths":{{{paths}}},"components":{{{components}}}}}"#
    )
}

/// Takes the schema in a request. `A` and `B` are shared schemas.
pub fn taking(schema: &str) -> String {
    taking_with("3.1.0", schema, AB)
}

pub fn taking_with(version: &str, schema: &str, schemas: &str) -> String {
    let paths = format!(
        r#""/a":{{"post":{{"requestBody":{{"content":{{"application/json":{{"schema":{schema}}}}}}},"responses":{{"204":{{"description":""}}}}}}}}"#
    );
    of(version, &paths, &format!(r#""schemas":{{{schemas}}}"#))
}

pub fn answering(schema: &str) -> String {
    answering_with("3.1.0", schema, AB)
}

pub fn answering_with(version: &str, schema: &str, schemas: &str) -> String {
    let paths = format!(
        r#""/a":{{"get":{{"responses":{{"200":{{"description":"","content":{{"application/json":{{"schema":{schema}}}}}}}}}}}}}"#
    );
    of(version, &paths, &format!(r#""schemas":{{{schemas}}}"#))
}

/// Two objects and a choice of them.
pub const AB: &str = r##""A":{"type":"object","required":["k"],"properties":{"k":{"type":"string"},"a":{"type":"string"}}},"B":{"type":"object","required":["k"],"properties":{"k":{"type":"string"},"b":{"type":"string"}}},"C":{"oneOf":[{"$ref":"#/components/schemas/A"},{"$ref":"#/components/schemas/B"}]}"##;

/// One operation with these members.
pub fn operation(members: &str) -> String {
    let paths = format!(r#""/a":{{"post":{{{members}}}}}"#);
    of("3.0.3", &paths, "")
}

pub const OK: &str = r#""responses":{"204":{"description":""}}"#;

pub fn swagger(root: &str, operation: &str) -> String {
    format!(
        r#"{{"swagger":"2.0","info":{{"title":"a","version":"1"}},{root}"paths":{{"/a":{{"post":{{{operation}}}}}}}}}"#
    )
}
