//! Who imports whom: no files in a circle, and no folder of `api` from one above it.
//!
//! A file imports another one by a `use` or by a path in its code (`crate::x::y`, `super::x`,
//! `self::x`, `x::y` of a child `x`). A declaration (`mod x;`) is none: a parent that declares its
//! children and shows their names to others knows nothing of them. A child that needs something of
//! its parent, and a parent that needs something of the child, are a circle like any other.

use std::collections::{BTreeMap, BTreeSet};

use super::{assert_none, rust_files};

/// The crates whose files are looked at.
const CRATES: [&str; 8] =
    ["domain", "commands", "projections", "openapi", "codegen", "gateway", "release", "api"];

/// The folders and single files of `api/src`, each with those that it may import from. Workers that
/// follow the log never know `http`.
const FLOORS: [(&str, &[&str]); 14] = [
    ("state", &[]),
    ("workers", &["state"]),
    ("http", &["state"]),
    ("access", &["state", "http"]),
    ("publishing", &["state", "http", "access"]),
    ("resources", &["state", "http", "access", "publishing"]),
    ("connect", &["state", "http", "access"]),
    ("operation", &["state", "http", "access"]),
    ("app_token", &["state", "http", "access", "operation"]),
    ("endpoints", &["state", "http", "access", "resources", "connect", "operation", "app_token"]),
    ("program", &["state", "workers", "http", "access", "connect", "app_token", "endpoints"]),
    ("bench", &["state", "program"]),
    ("cli", &["state", "program", "bench"]),
    // What other crates see: names from everywhere.
    ("", &["state", "workers", "http", "app_token", "endpoints", "cli"]),
];

/// A module by its path in its crate; the root has none.
type Module = Vec<String>;

/// The files of a crate, and which of them each imports.
struct Imports {
    /// Where the file of each module is.
    files: BTreeMap<Module, String>,
    of: BTreeMap<Module, BTreeSet<Module>>,
}

fn words(path: &str) -> Module {
    path.split("::").map(|it| it.trim().to_owned()).filter(|it| !it.is_empty()).collect()
}

/// `api/src/http/server/gate.rs` is `http::server::gate`; a binary is none of the library's modules.
fn module_of(path: &str) -> Option<Module> {
    let (_, inside) = path.split_once("/src/")?;
    let stem = inside.strip_suffix(".rs")?;
    let mut module = stem.split('/').map(str::to_owned).collect::<Module>();
    match module.last().map(String::as_str) {
        Some("main") => return None,
        Some("lib" | "mod") => drop(module.pop()),
        _ => (),
    }
    Some(module)
}

/// The text without its comments; inside `mod tests { … }`, `super` is the file itself.
fn code_of(text: &str) -> String {
    let mut code = String::new();
    let mut inside = false;
    for line in text.lines() {
        let line = line.split("//").next().unwrap();
        inside = match line {
            "}" => false,
            line => {
                inside
                    || (line.contains("mod ")
                        && line.starts_with(['m', 'p'])
                        && line.ends_with('{'))
            }
        };
        let line = match inside {
            true => line.replace("super::super::", "\u{0}").replace("super::", "self::"),
            false => line.to_owned(),
        };
        code.push_str(&line.replace('\u{0}', "super::"));
        code.push('\n');
    }
    code
}

/// Every path of a `use`, its braces opened: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn opened(prefix: &str, tree: &str, paths: &mut Vec<String>) {
    let (mut depth, mut from) = (0, 0);
    let mut parts = Vec::new();
    for (at, it) in tree.char_indices() {
        match it {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&tree[from..at]);
                from = at + 1;
            }
            _ => (),
        }
    }
    parts.push(&tree[from..]);
    for part in parts {
        match part.split_once('{') {
            Some((before, inner)) => {
                let inner = inner.rsplit_once('}').unwrap().0;
                opened(&format!("{prefix}{}", before.trim()), inner, paths);
            }
            None => paths.push(format!("{prefix}{}", part.split(" as ").next().unwrap().trim())),
        }
    }
}

/// Every path that some code names, in a `use` or elsewhere.
fn paths_of(code: &str) -> Vec<String> {
    let mut paths = Vec::new();
    let mut rest = String::new();
    for (number, part) in code.split("use ").enumerate() {
        let starts = code.len() > part.len() && number > 0;
        match part.split_once(';').filter(|_| starts) {
            Some((tree, after)) if !tree.contains(['(', '"', '=']) => {
                opened("", &tree.replace('\n', " "), &mut paths);
                rest.push_str(after);
            }
            _ => rest.push_str(part),
        }
        rest.push(' ');
    }
    // What a macro names by `$crate::` is named where it is used, which may be another crate.
    let rest = rest.replace("$crate::", "");
    let is_part = |it: char| it.is_alphanumeric() || it == '_' || it == ':';
    let named = rest.split(|it| !is_part(it)).filter(|it| it.contains("::"));
    paths.extend(named.map(str::to_owned));
    paths
}

impl Imports {
    fn new(files: &[(String, String)]) -> Self {
        let mut all = Self { files: BTreeMap::new(), of: BTreeMap::new() };
        // The language puts exported macros at the root; they are where they are written.
        let mut macros = BTreeMap::new();
        for (path, text) in files {
            let Some(module) = module_of(path) else { continue };
            for exported in text.split("#[macro_export]\nmacro_rules! ").skip(1) {
                macros
                    .insert(exported.split([' ', '{']).next().unwrap().to_owned(), module.clone());
            }
            all.files.insert(module, path.clone());
        }
        for (path, text) in files {
            let Some(module) = module_of(path) else { continue };
            let paths = paths_of(&code_of(text));
            let imports = paths.iter().filter_map(|it| {
                let words = words(it);
                match words.as_slice() {
                    [root, name, ..] if root == "crate" && macros.contains_key(name) => {
                        macros.get(name).cloned()
                    }
                    _ => all.target(&module, &words),
                }
            });
            let imports = imports.filter(|it| *it != module).collect();
            all.of.insert(module, imports);
        }
        all
    }

    /// The module of this crate that a path in another one leads to.
    fn target(&self, from: &Module, path: &[String]) -> Option<Module> {
        let mut module = from.clone();
        let mut path = path;
        match path.first()?.as_str() {
            "crate" => {
                module.clear();
                path = &path[1..];
            }
            "self" => path = &path[1..],
            "super" => {
                while path.first().is_some_and(|it| it == "super") {
                    module.pop();
                    path = &path[1..];
                }
            }
            child => {
                module.push(child.to_owned());
                self.files.get(&module)?;
                path = &path[1..];
            }
        }
        for word in path {
            module.push(word.clone());
            if !self.files.contains_key(&module) {
                module.pop();
                break;
            }
        }
        Some(module)
    }

    /// The files that can be reached from a file, itself only if it is in a circle.
    fn reached_from(&self, module: &Module) -> BTreeSet<&Module> {
        let mut reached = BTreeSet::new();
        let mut next = self.of.get(module).into_iter().flatten().collect::<Vec<_>>();
        while let Some(module) = next.pop() {
            if reached.insert(module) {
                next.extend(self.of.get(module).into_iter().flatten());
            }
        }
        reached
    }

    /// The circles, each as the paths of its files, in order.
    fn circles(&self) -> BTreeSet<Vec<String>> {
        let reached: BTreeMap<_, _> =
            self.files.keys().map(|it| (it, self.reached_from(it))).collect();
        let circle_of = |module: &Module| {
            let there_and_back = reached[module].iter().filter(|it| reached[**it].contains(module));
            there_and_back.map(|it| self.files[*it].clone()).collect::<Vec<_>>()
        };
        self.files.keys().map(circle_of).filter(|it| !it.is_empty()).collect()
    }
}

#[test]
fn no_files_import_in_a_circle() {
    for name in CRATES {
        let imports = Imports::new(&rust_files(&format!("{name}/src")));
        assert!(imports.of.values().any(|it| !it.is_empty()), "{name} was not understood");
        let circles = imports.circles().into_iter().map(|it| it.join(", ")).collect::<Vec<_>>();
        assert_none(&circles, "these files import each other in a circle");
    }
}

#[test]
fn folders_of_api_know_only_those_below() {
    let floor_of = |module: &Module| module.first().cloned().unwrap_or_default();
    let imports = Imports::new(&rust_files("api/src"));
    let mut found = Vec::new();
    for (module, targets) in &imports.of {
        let floor = floor_of(module);
        let Some((_, may)) = FLOORS.iter().find(|it| it.0 == floor) else {
            found.push(format!("{} is on no floor", imports.files[module]));
            continue;
        };
        for target in targets {
            let other = floor_of(target);
            if other != floor && !may.contains(&other.as_str()) {
                found.push(format!("{} → {}", imports.files[module], imports.files[target]));
            }
        }
    }
    assert_none(&found, "these import what is not below them");
    // The table itself goes downwards.
    for (at, (floor, may)) in FLOORS.iter().enumerate() {
        let below = |it: &&&str| FLOORS[..at].iter().any(|below| below.0 == **it);
        assert_eq!(may.iter().filter(below).count(), may.len(), "{floor} may know what is above");
    }
}

/// One line for each form that an import can have, each of which would close a circle.
#[test]
fn every_form_of_an_import_is_seen() {
    let forms = [
        "use crate::a;",
        "use crate::a::Thing;",
        "use crate::{a::Thing, c};",
        "use super::a::{self, Thing};",
        "pub(crate) use super::a::Thing as Other;",
        "fn f() {\n    crate::a::thing();\n}",
        "fn f() -> super::a::Thing {}",
        "#[serde(with = \"crate::a\")]",
        "#[cfg(test)]\nmod tests {\n    use super::super::a::Thing;\n}",
    ];
    for form in forms {
        let file = |name: &str, text: &str| (format!("x/src/{name}.rs"), text.to_owned());
        let files = [
            file("lib", "pub mod a;\nmod b;\nmod c;\npub use crate::a::Thing;"),
            file("a", "use crate::b::b;"),
            file("b", form),
            file("c", "struct Nothing;"),
        ];
        let circles = Imports::new(&files).circles();
        assert_eq!(
            circles,
            BTreeSet::from([vec!["x/src/a.rs".to_owned(), "x/src/b.rs".to_owned()]]),
            "{form}"
        );
    }
}

#[test]
fn parents_and_children_can_be_a_circle_but_a_declaration_is_none() {
    let circles = |parent: &str, child: &str| {
        let files = [
            ("x/src/lib.rs".to_owned(), "mod a;".to_owned()),
            ("x/src/a.rs".to_owned(), parent.to_owned()),
            ("x/src/a/b.rs".to_owned(), child.to_owned()),
        ];
        Imports::new(&files).circles().len()
    };
    assert_eq!(circles("mod b;\npub use self::b::B;", "use super::A;"), 1);
    assert_eq!(circles("mod b;\nfn f() {\n    b::go();\n}", "use super::*;"), 1);
    assert_eq!(circles("mod b;", "use super::A;"), 0);
    assert_eq!(circles("mod b;\npub use self::b::B;", "struct B;"), 0);
}
