//! TypeScript as JavaScript with its types.
//!
//! The compiler is the native one (version 7), run in the same sandbox as the generator. What generated
//! clients import from other packages (`axios`, `jquery`) is declared here as far as they use it: the
//! packages themselves are there only where the client is used.

use crate::failure::{Failure, Reason};
use crate::files::Files;
use crate::limits::COMPILE_TIME_MAX;
use crate::sandbox::{Limits, Run};
use crate::tool::{Missing, Tool};

/// What the compiler made.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// Below `esm` the modules of ES2020, below `cjs` the same as CommonJS, both as `.js`; below
    /// `types` their `.d.ts`. The file to begin with is `index` in each.
    pub files: Files,
    /// What the compiler said.
    pub log: String,
}

const DECLARED: [(&str, &str); 2] = [
    ("declared/axios.d.ts", include_str!("compile/axios.d.ts")),
    ("declared/jquery.d.ts", include_str!("compile/jquery.d.ts")),
];

const COMPILE: &str = r#"mkdir out
tsc() {
    "$TSC/tsc" --target es2020 --lib es2020,dom,dom.iterable --moduleResolution bundler \
        --strict false --skipLibCheck --newLine lf --rootDir "$INPUT/src" "$@" \
        "$INPUT/src/index.ts" "$INPUT"/declared/*.d.ts
}
tsc --module esnext --declaration --declarationDir out/types --outDir out/esm || exit
tsc --module commonjs --outDir out/cjs
"#;

/// Compiles the TypeScript of a client. It begins with `index.ts`, or with `src/index.ts`; files that
/// are no TypeScript are left out.
///
/// # Errors
///
/// [`Reason::DoesNotCompile`], or [`Failure`] with another reason of a run.
pub async fn compile(tool: &Tool, client: &Files) -> Result<Compiled, Failure> {
    let set = tool.settings().tsc.as_deref().ok_or_else(|| Missing::TSC_NOT_SET.failure())?;
    let folder = folder(set).ok_or_else(|| Missing::TSC.failure())?;
    let run = Run {
        script: COMPILE,
        arguments: Vec::new(),
        parts: vec![("TSC", folder)],
        also: Vec::new(),
        input: input(client)?,
        limits: Limits::within(COMPILE_TIME_MAX),
        otherwise: Reason::DoesNotCompile,
    };
    let output = tool.sandbox().run(run).await?;
    Ok(Compiled { files: output.files, log: output.log })
}

/// Whether the compiler is there.
///
/// # Errors
///
/// [`Missing`].
pub fn available(tool: &Tool) -> Result<(), Missing> {
    let set = tool.settings().tsc.as_deref().ok_or(Missing::TSC_NOT_SET)?;
    folder(set).map(|_| ()).ok_or(Missing::TSC)
}

/// The folder of the compiler: its libraries are beside it. The script that npm makes for the same
/// name is no native program.
fn folder(set: &std::path::Path) -> Option<std::path::PathBuf> {
    use std::io::Read as _;

    let program = set.canonicalize().ok()?;
    let mut magic = [0; 4];
    std::fs::File::open(&program).ok()?.read_exact(&mut magic).ok()?;
    let is_native = magic == *b"\x7fELF" && program.file_name().is_some_and(|it| it == "tsc");
    program.parent().filter(|_| is_native).map(std::path::Path::to_owned)
}

fn input(client: &Files) -> Result<Files, Failure> {
    let unfit = |_| Failure::new(Reason::Crashed, "the sources could not be packed");
    let root = if client.get("index.ts").is_some() { "" } else { "src/" };
    let mut input = Files::new();
    for (path, text) in DECLARED {
        input.add(path, text).map_err(unfit)?;
    }
    for (path, content) in client {
        let inside = path.strip_prefix(root).filter(|it| it.ends_with(".ts"));
        if let Some(inside) = inside {
            input.add(&format!("src/{inside}"), content.clone()).map_err(unfit)?;
        }
    }
    match input.get("src/index.ts") {
        Some(_) => Ok(input),
        None => Err(Failure::new(Reason::DoesNotCompile, "there is no index.ts")),
    }
}
