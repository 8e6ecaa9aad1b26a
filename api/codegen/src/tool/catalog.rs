//! What the generator says of itself: its list, and the help of each of its generators.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::limits::{OPTION_CHARS_MAX, OPTIONS_LISTED_MAX};

/// What a generator makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// A client of the API.
    Client,
    /// What is needed to serve the API.
    Server,
    /// Pages about the API.
    Documentation,
    /// Something else: schemas, configurations.
    Other,
}

/// A generator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Generator {
    /// As `typescript-fetch`.
    pub name: String,
    /// What it makes.
    pub kind: Kind,
    /// Its options by their names.
    pub options: BTreeMap<String, GeneratorOption>,
}

/// An option of a generator, in the form of the online generator of Swagger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GeneratorOption {
    /// Its name.
    pub opt: String,
    /// What it is for.
    pub description: String,
    /// `boolean` or `string`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What is taken where it is not given.
    pub default: Option<String>,
    /// The values that it takes, each with what it means; `None` for any.
    #[serde(rename = "enum", skip_serializing_if = "Option::is_none", default)]
    pub values: Option<BTreeMap<String, String>>,
}

/// The generators of the program's list, with what they make.
pub(super) fn list(text: &str) -> BTreeMap<String, Kind> {
    let mut kind = Kind::Other;
    let mut found = BTreeMap::new();
    for line in text.lines() {
        if let Some(heading) = line.strip_suffix(" generators:") {
            kind = match heading {
                "CLIENT" => Kind::Client,
                "SERVER" => Kind::Server,
                "DOCUMENTATION" => Kind::Documentation,
                _ => Kind::Other,
            };
        } else if let Some(item) = line.trim_start().strip_prefix("- ") {
            let name = item.split_whitespace().next().unwrap_or_default();
            if is_generator_name(name) {
                found.insert(name.to_owned(), kind);
            }
        }
    }
    found
}

/// Whether it may be the name of a generator: it is also one of a file and of an argument.
pub(super) fn is_generator_name(name: &str) -> bool {
    let fits = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-';
    name.starts_with(|it: char| it.is_ascii_lowercase())
        && name.len() <= 64
        && name.chars().all(fits)
}

/// The options in the help of a generator: names after one tab, and what is said of them after that.
pub(super) fn options(help: &str) -> BTreeMap<String, GeneratorOption> {
    let mut found = BTreeMap::new();
    let mut lines = help.lines().skip_while(|it| *it != "CONFIG OPTIONS").skip(1).peekable();
    while let Some(line) = lines.next() {
        let Some(name) = line.strip_prefix('\t').filter(|it| is_option_name(it)) else { continue };
        let mut said = Vec::new();
        while let Some(more) = lines.next_if(|it| it.starts_with("\t ") || it.starts_with("\t\t")) {
            said.push(more.trim_start_matches('\t'));
        }
        if found.len() < OPTIONS_LISTED_MAX {
            found.insert(name.to_owned(), option(name, &said));
        }
    }
    found
}

fn is_option_name(name: &str) -> bool {
    !name.is_empty()
        && name.chars().count() <= OPTION_CHARS_MAX
        && name.chars().all(|it| it.is_ascii_alphanumeric() || "_-.".contains(it))
}

fn option(name: &str, said: &[&str]) -> GeneratorOption {
    let is_value = |it: &&&str| it.starts_with("        ");
    let values = said.iter().filter(is_value).filter_map(|it| it.trim().split_once(" - "));
    let values: BTreeMap<String, String> =
        values.map(|(value, means)| (value.trim().to_owned(), means.trim().to_owned())).collect();
    let text =
        said.iter().filter(|it| !is_value(it)).map(|it| it.trim()).collect::<Vec<_>>().join(" ");
    let (description, default) = match text.rsplit_once("(Default: ") {
        Some((before, after)) => {
            let default = after.strip_suffix(')').unwrap_or(after).to_owned();
            (before.trim().to_owned(), Some(default).filter(|it| it != "null"))
        }
        None => (text, None),
    };
    let is_flag = |it: &str| it == "true" || it == "false";
    let is_boolean = match values.is_empty() {
        true => default.as_deref().is_some_and(is_flag),
        false => values.keys().all(|it| is_flag(it)),
    };
    GeneratorOption {
        opt: name.to_owned(),
        description,
        kind: if is_boolean { "boolean" } else { "string" }.to_owned(),
        default,
        values: Some(values).filter(|it| !it.is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELP: &str = "\nCONFIG OPTIONS\n\n\tallow\n\t    boolean, toggles (x) (Default: false)\n\n\tdate\n\t    \
        Which. (Default: date)\n\t        date - Native - Date.\n\t        string - Plain.\n\n\tlicenseName\n\t    \
        The name\n\n\tflag\n\t    If. (Default: true)\n\t        false - No.\n\t        true - Yes.\n\n\tempty\n\t    \
        (Default: )\n\n\tbad name\n\t    x\n";

    #[test]
    fn the_help_is_read() {
        let options = options(HELP);
        let names = options.keys().map(String::as_str).collect::<Vec<_>>();
        assert_eq!(names, ["allow", "date", "empty", "flag", "licenseName"]);
        let allow = &options["allow"];
        assert_eq!((allow.kind.as_str(), allow.default.as_deref()), ("boolean", Some("false")));
        assert_eq!((allow.description.as_str(), &allow.values), ("boolean, toggles (x)", &None));
        let date = &options["date"];
        assert_eq!((date.kind.as_str(), date.description.as_str()), ("string", "Which."));
        assert_eq!(date.values.as_ref().unwrap()["date"], "Native - Date.");
        assert_eq!(options["flag"].kind, "boolean");
        assert_eq!(options["licenseName"].default, None);
        assert_eq!(options["empty"].default.as_deref(), Some(""));
    }

    #[test]
    fn the_list_is_read() {
        let text = "The following\n\nCLIENT generators:\n    - ada\n    - b-1 (beta)\n\nSERVER generators:\n    - \
                    spring\n\nDOCUMENTATION generators:\n    - markdown\n\nSCHEMA generators:\n    - ../x\n    - z\n";
        let found = list(text).into_iter().collect::<Vec<_>>();
        let named = |name: &str, kind| (name.to_owned(), kind);
        assert_eq!(
            found,
            [
                named("ada", Kind::Client),
                named("b-1", Kind::Client),
                named("markdown", Kind::Documentation),
                named("spring", Kind::Server),
                named("z", Kind::Other),
            ]
        );
    }
}
