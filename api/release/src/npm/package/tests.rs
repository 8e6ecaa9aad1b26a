//! Packages: what is in them, what is left out, and that they are the same bytes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::Read as _;

use flate2::read::GzDecoder;
use tar::Archive;

use super::*;
use crate::GeneratedFile;

fn files(all: &[(&str, &str)]) -> Files {
    Files::new(all.iter().map(|(path, text)| GeneratedFile::new(*path, *text).unwrap())).unwrap()
}

fn manifest() -> Manifest {
    let name = PackageName::parse("@shop/orders").unwrap();
    Manifest::new(name, Version::parse("1.2.3").unwrap())
}

/// Paths and texts of an archive, after a look at what each entry says of itself.
fn unpacked(package: &Package) -> Vec<(String, String)> {
    let mut archive = Archive::new(GzDecoder::new(package.tarball()));
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let header = entry.header();
        assert_eq!(header.mode().unwrap(), 0o644);
        assert_eq!((header.uid().unwrap(), header.gid().unwrap()), (0, 0));
        assert_eq!(header.mtime().unwrap(), MODIFIED_SECONDS);
        assert_eq!(header.entry_type(), EntryType::Regular);
        let path = entry.path().unwrap().to_str().unwrap().to_owned();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        (path, text)
    });
    entries.collect()
}

#[test]
fn a_package_is_the_same_bytes_for_the_same_input() {
    let long = format!("{}/{}/x.js", "a".repeat(120), "b".repeat(200));
    let mut all = vec![("z.js", "z"), ("a/b.js", "b"), ("a-b.js", "c"), (long.as_str(), "long")];
    let one = Package::build(&manifest(), &files(&all), None, "").unwrap();
    all.reverse();
    let two = Package::build(&manifest(), &files(&all), None, "").unwrap();
    assert_eq!(one.tarball(), two.tarball());
    let paths = unpacked(&one).into_iter().map(|it| it.0).collect::<Vec<_>>();
    let long = format!("package/{long}");
    assert_eq!(
        paths,
        ["package/a-b.js", "package/a/b.js", &long, "package/package.json", "package/z.js"]
    );
    // gzip: deflate, no flags, no time, best effort, an unknown system.
    assert_eq!(one.tarball().get(..10).unwrap(), [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
    // What this version of the program makes; other bytes would be another package under one version.
    let small = Package::build(&manifest(), &files(&[("a.js", "a")]), None, "").unwrap();
    assert_eq!(small.integrity(), INTEGRITY_OF_SMALL);
}

const INTEGRITY_OF_SMALL: &str = "sha512-dG0ZApMdyF4qfyoYoLIsAHePasZ1nvt1woYdjgCRKbZtzgt0PomM7U/4H05LP0eaqIFtAmWHz1YzFc9OXqTipw==";

#[test]
fn the_manifest_is_ours_and_what_could_run_is_left_out() {
    let all = files(&[
        ("package.json", r#"{"scripts":{"postinstall":"x"}}"#),
        ("sub/Package.json", "{}"),
        ("binding.gyp", "{}"),
        ("npm-shrinkwrap.json", "{}"),
        (".npmrc", "registry=http://x"),
        ("git_push.sh", "x"),
        (".openapi-generator/VERSION", "7"),
        (".openapi-generator-ignore", ""),
        ("node_modules/x/index.js", ""),
        ("dist/index.js", "1"),
        ("dist/index.d.ts", "2"),
        ("README.md", "generated"),
    ]);
    let mut manifest = manifest();
    manifest.description = Some("Orders".to_owned());
    manifest.keywords = vec!["orders".to_owned()];
    manifest.main = Some("dist/index.js".to_owned());
    manifest.types = Some("dist/index.d.ts".to_owned());
    manifest.dependencies.insert(PackageName::parse("axios").unwrap(), "^1.6.0".to_owned());
    let package = Package::build(&manifest, &all, None, "").unwrap();
    let json = "{\n  \"name\": \"@shop/orders\",\n  \"version\": \"1.2.3\",\n  \"description\": \"Orders\",\n  \
                \"keywords\": [\n    \"orders\"\n  ],\n  \"main\": \"dist/index.js\",\n  \
                \"types\": \"dist/index.d.ts\",\n  \"dependencies\": {\n    \"axios\": \"^1.6.0\"\n  }\n}\n";
    let wanted = [
        ("package/README.md", "generated"),
        ("package/dist/index.d.ts", "2"),
        ("package/dist/index.js", "1"),
        ("package/package.json", json),
    ];
    assert_eq!(unpacked(&package), wanted.map(|(path, text)| (path.to_owned(), text.to_owned())));

    manifest.module = Some("esm/index.js".to_owned());
    assert!(Package::build(&manifest, &all, None, "").is_err());
    manifest.module = None;
    for wrong in ["", "file:../x", "git+ssh://x", "https://x/y.tgz", "latest", "npm:other@1"] {
        manifest.dependencies.insert(PackageName::parse("axios").unwrap(), wrong.to_owned());
        assert!(Package::build(&manifest, &all, None, "").is_err(), "{wrong}");
    }
}

#[test]
fn a_readme_has_the_code_where_the_mark_is() {
    let all = files(&[("readme.txt", "old"), ("sub/README.md", "kept"), ("index.js", "")]);
    let readme = "# Orders\n<%SdkCode%>\n<%sdkCode%> <%SdkCode%>\n";
    let package = Package::build(&manifest(), &all, Some(readme), "let <%SdkCode%>;").unwrap();
    let packed = unpacked(&package);
    let text = "# Orders\nlet <%SdkCode%>;\n<%sdkCode%> let <%SdkCode%>;\n".to_owned();
    assert!(packed.contains(&("package/README.md".to_owned(), text)));
    assert!(packed.iter().any(|it| it.0 == "package/sub/README.md"));
    assert!(!packed.iter().any(|it| it.0 == "package/readme.txt"));
    let blank = Package::build(&manifest(), &all, Some(" \n"), "x").unwrap();
    assert!(unpacked(&blank).iter().any(|it| it.0 == "package/readme.txt"));

    let code = "x".repeat(README_BYTES_MAX);
    assert!(Package::build(&manifest(), &all, Some(SDK_CODE_MARK), &code).is_err());
    assert!(
        Package::build(&manifest(), &all, Some(SDK_CODE_MARK), &code[SDK_CODE_MARK.len()..])
            .is_ok()
    );
    let marks = SDK_CODE_MARK.repeat(1_000);
    assert!(Package::build(&manifest(), &all, Some(&marks), &"x".repeat(2_000)).is_err());
}

#[test]
fn a_package_and_its_manifest_have_a_largest_size() {
    let files = BTreeMap::from([("a", b"abc".as_slice()), ("b", b"def".as_slice())]);
    let whole = archive(&files, PACKAGE_BYTES_MAX).unwrap();
    assert_eq!(archive(&files, whole.len()).unwrap(), whole);
    assert!(archive(&files, whole.len() - 1).is_err());

    let mut large = manifest();
    let none = Files::default();
    let size = |it: &Manifest| unpacked(&Package::build(it, &none, None, "").unwrap())[0].1.len();
    large.description = Some("x".to_owned());
    let rest = MANIFEST_BYTES_MAX - size(&large);
    large.description = Some("x".repeat(rest + 1));
    assert_eq!(size(&large), MANIFEST_BYTES_MAX);
    large.description = Some("x".repeat(rest + 2));
    assert!(Package::build(&large, &none, None, "").is_err());
}
