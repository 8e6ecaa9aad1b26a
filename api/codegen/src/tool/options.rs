//! Options that a caller gives to a generator.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::catalog::{Generator, GeneratorOption};
use crate::failure::{Failure, Reason};
use crate::limits::{OPTION_CHARS_MAX, OPTIONS_MAX};

/// The options as the file that the generator reads.
pub(super) fn checked(
    generator: &Generator,
    options: &BTreeMap<String, String>,
) -> Result<Vec<u8>, Failure> {
    let refuse = |said: String| Failure::new(Reason::RequestRefused, said);
    if options.len() > OPTIONS_MAX {
        return Err(refuse(format!("more than {OPTIONS_MAX} options")));
    }
    for (name, value) in options {
        let Some(option) = generator.options.get(name) else {
            let shown = name.chars().filter(|it| it.is_ascii_alphanumeric()).take(40);
            let shown = shown.collect::<String>();
            return Err(refuse(format!("{} has no option {shown}", generator.name)));
        };
        check(option, value).map_err(|said| refuse(format!("option {name}: {said}")))?;
    }
    let options = options.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str())));
    let file = json!({ "additionalProperties": options.collect::<serde_json::Map<_, _>>() });
    Ok(file.to_string().into_bytes())
}

fn check(option: &GeneratorOption, value: &str) -> Result<(), String> {
    if let Some(values) = &option.values {
        return match values.contains_key(value) {
            true => Ok(()),
            false => Err(format!(
                "none of {}",
                values.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
            )),
        };
    }
    if option.kind == "boolean" && !matches!(value, "true" | "false") {
        return Err("neither true nor false".to_owned());
    }
    if value.chars().count() > OPTION_CHARS_MAX {
        return Err(format!("more than {OPTION_CHARS_MAX} characters"));
    }
    let fits = |it: char| it.is_ascii_alphanumeric() || " ._@/:+-".contains(it);
    if !value.chars().all(fits) {
        return Err("only letters, digits, blanks and . _ @ / : + - are taken".to_owned());
    }
    if value.starts_with('/') || value.split('/').any(|it| it == "..") {
        return Err("it leads out of its folder".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool::catalog::Kind;

    fn generator() -> Generator {
        let option = |opt: &str, kind: &str, values: Option<&[&str]>| GeneratorOption {
            opt: opt.to_owned(),
            description: String::new(),
            kind: kind.to_owned(),
            default: None,
            values: values
                .map(|it| it.iter().map(|it| ((*it).to_owned(), String::new())).collect()),
        };
        let options = [
            option("npmName", "string", None),
            option("flag", "boolean", None),
            option("date", "string", Some(&["date", "string"])),
        ];
        let options = options.into_iter().map(|it| (it.opt.clone(), it)).collect();
        Generator { name: "x".to_owned(), kind: Kind::Client, options }
    }

    fn given(name: &str, value: &str) -> Result<String, Failure> {
        let options = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        checked(&generator(), &options).map(|it| String::from_utf8(it).unwrap())
    }

    #[test]
    fn options_are_those_of_the_generator() {
        let file = r#"{"additionalProperties":{"npmName":"@acme/shop-1.0"}}"#;
        assert_eq!(given("npmName", "@acme/shop-1.0").unwrap(), file);
        for (name, value) in [("flag", "true"), ("date", "string"), ("npmName", "")] {
            given(name, value).unwrap();
        }
        let long = "a".repeat(OPTION_CHARS_MAX + 1);
        for (name, value) in [
            ("templateDir", "x"),
            ("a'b", "x"),
            ("flag", "yes"),
            ("date", "x"),
            ("npmName", "a'"),
            ("npmName", "a\nb"),
            ("npmName", "a,b=c"),
            ("npmName", "${x}"),
            ("npmName", "a/../b"),
            ("npmName", "/etc"),
            ("npmName", &long),
        ] {
            let refused = given(name, value).unwrap_err();
            assert_eq!(refused.reason, Reason::RequestRefused, "{name} {value}");
        }
        let many = (0..=OPTIONS_MAX).map(|it| (it.to_string(), String::new())).collect();
        assert!(checked(&generator(), &many).unwrap_err().detail.contains("more than"));
    }
}
