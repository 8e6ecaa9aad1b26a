//! TypeScript clients, compiled.

use codegen::{Files, Reason, compile};

use crate::documents::shop;
use crate::harness::{generate, paths, text, tool};

#[tokio::test]
async fn generated_clients_compile() {
    let Some(tool) = tool() else { return };
    compile::available(&tool).unwrap();
    for generator in ["typescript-fetch", "typescript-axios", "typescript-jquery"] {
        let client = generate(&tool, generator, &shop()).await.unwrap();
        let compiled =
            compile(&tool, &client).await.unwrap_or_else(|it| panic!("{generator}: {it}"));
        for file in ["esm/index.js", "cjs/index.js", "types/index.d.ts"] {
            assert!(
                compiled.files.get(file).is_some(),
                "{generator}: {:?}",
                paths(&compiled.files)
            );
        }
        assert!(text(&compiled.files, "esm/index.js").contains("export"), "{generator}");
        assert!(text(&compiled.files, "cjs/index.js").contains("exports"), "{generator}");
        let folders = paths(&compiled.files).into_iter().map(|it| it.split('/').next().unwrap());
        assert!(folders.into_iter().all(|it| ["esm", "cjs", "types"].contains(&it)));
    }
}

#[tokio::test]
async fn code_that_does_not_compile_is_told_with_the_words_of_the_compiler() {
    let Some(tool) = tool() else { return };
    let mut files = Files::new();
    files.add("index.ts", "export const a: number = 'text';\nMARKER();\n").unwrap();
    let refused = compile(&tool, &files).await.unwrap_err();
    assert_eq!(refused.reason, Reason::DoesNotCompile);
    assert!(refused.detail.contains("TS2322") && refused.detail.contains("MARKER"), "{refused}");
    let refused = compile(&tool, &Files::new()).await.unwrap_err();
    assert_eq!(refused.reason, Reason::DoesNotCompile);
}
