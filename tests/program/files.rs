//! Who may read the data folder, and where the master key comes from.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use tests::process::{Program, contents};

use crate::story::tell;

/// Folders are 0700, files 0600: whoever else is on the machine reads nothing.
#[track_caller]
fn assert_private(folder: &std::path::Path) {
    let mode = fs::metadata(folder).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o700, "{} is {mode:o}", folder.display());
    for (path, mode, ..) in contents(folder) {
        let wanted = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, wanted, "{} is {mode:o}", path.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_may_read_the_data_folder() {
    let mut program = Program::new(&[]);
    // A folder that was made by hand, for everybody to read.
    fs::create_dir(&program.data).unwrap();
    fs::set_permissions(&program.data, fs::Permissions::from_mode(0o755)).unwrap();
    program.start().await;
    tell(&program).await;
    assert_private(&program.data);
    let to = program.beside("copy");
    program.run(&["backup", "--to", to.to_str().unwrap()]).ok();
    assert_private(&to);
    program.stop().await;
    assert_private(&program.data);
    // As an older version left it.
    for (path, ..) in contents(&program.data) {
        let mode = if path.is_dir() { 0o755 } else { 0o644 };
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    program.start().await;
    assert_private(&program.data);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_key_from_outside_is_not_kept_beside_the_data() {
    let mut program = Program::new(&[]);
    program.set_variable("CHANCERY_MASTER_KEY", &"a7".repeat(32));
    program.start().await;
    let token = tell(&program).await;
    program.stop().await;
    assert!(!program.data.join("master.key").exists());
    program.verified();
    // The same key from a file, which wins over the variable.
    let file = program.beside("master");
    fs::write(&file, format!("{}\n", "a7".repeat(32))).unwrap();
    program.set_variable("CHANCERY_MASTER_KEY", &"00".repeat(32));
    program.set_arguments(&["--master-key-file", file.to_str().unwrap()]);
    program.start().await;
    assert_eq!(program.get("/api/User/2", &token).await.data()["userName"], "alice");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_master_key_is_made_once_with_a_warning() {
    let mut program = Program::started(&[]).await;
    let key = fs::read(program.data.join("master.key")).unwrap();
    assert!(program.log().contains("made a master key beside the data"));
    program.stop().await;
    program.start().await;
    assert_eq!(fs::read(program.data.join("master.key")).unwrap(), key);
    assert_eq!(program.log().matches("made a master key").count(), 1);
}
