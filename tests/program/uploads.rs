//! Files that users uploaded, on a real disk: killed uploads, what a start removes, backups, and a bucket
//! that does not answer.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tests::process::{Program, until};

const BOUNDARY: &str = "a-boundary-of-tests";

/// A film of so many bytes, of its own for each number.
fn film(number: u8, bytes: usize) -> Vec<u8> {
    let mut film = b"\0\0\0\x18ftypisom\0\0\0\0isomavc1".to_vec();
    film.resize(bytes, number);
    film
}

fn body(bytes: &[u8]) -> Vec<u8> {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"value\"; filename=\"a.mp4\"\r\n\
         Content-Type: video/mp4\r\n\r\n"
    );
    [head.as_bytes(), bytes, format!("\r\n--{BOUNDARY}--\r\n").as_bytes()].concat()
}

/// The path of the file, if there was an answer.
async fn upload(program: &Program, token: &str, bytes: &[u8]) -> Option<String> {
    let post = program.client.post(program.url("/api/Blob/File?folderName=holiday"));
    let post = post.bearer_auth(token).body(body(bytes));
    let form = format!("multipart/form-data; boundary={BOUNDARY}");
    let answer = post.header("content-type", form).send().await.ok()?.json::<Value>().await.ok()?;
    assert_eq!(answer["code"], 200, "{answer}");
    let url = answer["data"].as_str().unwrap();
    Some(url[url.find("/blobs/").unwrap()..].to_owned())
}

async fn read(program: &Program, path: &str) -> Vec<u8> {
    let answer = program.client.get(program.url(path)).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.bytes().await.unwrap().to_vec()
}

/// Every file below a folder.
fn files_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let entries = entries.map(|it| it.unwrap().path());
    entries.flat_map(|it| if it.is_dir() { files_in(&it) } else { vec![it] }).collect()
}

fn objects(program: &Program) -> Vec<PathBuf> {
    files_in(&program.data.join("objects/blobs"))
}

/// The names of the files that the program lists.
async fn listed(program: &Program, token: &str) -> Vec<Value> {
    let list = program.get("/api/Blob?take=1000", token).await;
    list.data().as_array().unwrap().clone()
}

fn make_old(file: &Path) {
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    File::options().write(true).open(file).unwrap().set_modified(old).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_removes_what_no_event_names_and_nothing_else() {
    let mut program = Program::started(&[]).await;
    let token = program.token().await;
    let path = upload(&program, &token, &film(1, 100_000)).await.unwrap();
    let kept = program.data.join("objects").join(path.replacen("/blobs/", "blobs/1/", 1).as_str());
    assert_eq!(objects(&program), std::slice::from_ref(&kept));
    program.stop().await;
    let beside = |name: &str| {
        let file = kept.with_file_name(name);
        fs::write(&file, b"x").unwrap();
        file
    };
    let (old, young) = (format!("{:032x}.mp4", 1), format!("{:032x}.mp4", 2));
    let (old, young) = (beside(&old), beside(&young));
    make_old(&old);
    make_old(&kept);
    beside(&format!("{:032x}.mp4#1", 3));
    program.start().await;
    until("the old one is swept", async || !old.exists()).await;
    let left = objects(&program).into_iter().collect::<BTreeSet<_>>();
    assert_eq!(left, BTreeSet::from([kept, young]));
    assert_eq!(read(&program, &path).await, film(1, 100_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_program_has_every_file_whole_that_it_lists() {
    let mut program = Program::started(&[]).await;
    let mut acknowledged = Vec::new();
    for round in 0..6_u8 {
        let token = program.token().await;
        let (first, second) = (film(2 * round, 3_000_000), film(2 * round + 1, 3_000_000));
        // Before it comes in, while it does, while it is stored, and behind that.
        let time = Duration::from_millis(u64::from(round) * 15 + 5);
        let both = async {
            tokio::join!(upload(&program, &token, &first), upload(&program, &token, &second))
        };
        let process = program.process();
        let killer = async {
            tokio::time::sleep(time).await;
            let process = rustix::process::Pid::from_raw(process as i32).unwrap();
            rustix::process::kill_process(process, rustix::process::Signal::KILL).unwrap();
        };
        let ((one, two), ()) = tokio::join!(both, killer);
        program.kill();
        acknowledged.extend([(one, first), (two, second)]);
        program.start().await;
        let token = program.token().await;
        for row in listed(&program, &token).await {
            let path = row["url"].as_str().unwrap();
            let path = &path[path.find("/blobs/").unwrap()..];
            let bytes = read(&program, path).await;
            assert_eq!(bytes.len() as u64, row["bytes"], "{row}");
            let number = bytes[100];
            assert!(bytes == film(number, 3_000_000), "{row}");
        }
        let whole = objects(&program).iter().all(|it| it.extension().unwrap() == "mp4");
        assert!(whole, "{:?}", objects(&program));
    }
    for (path, bytes) in acknowledged {
        if let Some(path) = path {
            assert!(read(&program, &path).await == bytes, "{path} was acknowledged");
        }
    }
    // Nothing but objects: no file on its way was left.
    let names = fs::read_dir(&program.data).unwrap();
    let names = names.map(|it| it.unwrap().file_name().into_string().unwrap());
    let names = names.collect::<BTreeSet<_>>();
    let known = [
        "admin.sock",
        "head",
        "keys",
        "lock",
        "log",
        "mail",
        "master.key",
        "objects",
        "publisher",
        "sms",
        "snapshots",
    ];
    assert!(names.iter().all(|it| known.contains(&&**it)), "{names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_has_the_files_too() {
    let mut program = Program::started(&[]).await;
    let token = program.token().await;
    let path = upload(&program, &token, &film(1, 50_000)).await.unwrap();
    let to = program.beside("copy");
    program.run(&["backup", "--to", to.to_str().unwrap()]).ok();
    let copied = files_in(&to.join("objects/blobs"));
    assert_eq!(copied.len(), 1);
    assert_eq!(fs::read(&copied[0]).unwrap(), film(1, 50_000));
    assert!(path.ends_with(copied[0].file_name().unwrap().to_str().unwrap()));
    program.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_lie_where_the_operator_says() {
    let mut program = Program::new(&[]);
    let folder = program.beside("elsewhere");
    program.set_arguments(&["--objects", folder.to_str().unwrap(), "--blobs-max", "1"]);
    program.start().await;
    let token = program.token().await;
    let path = upload(&program, &token, &film(1, 1_000)).await.unwrap();
    assert_eq!(files_in(&folder.join("blobs")).len(), 1);
    assert_eq!(objects(&program), [""; 0].map(PathBuf::from));
    assert_eq!(read(&program, &path).await, film(1, 1_000));
    let post = program.client.post(program.url("/api/Blob/File")).bearer_auth(&token);
    let form = format!("multipart/form-data; boundary={BOUNDARY}");
    let post = post.header("content-type", form).body(body(&film(2, 1_000)));
    let answer = post.send().await.unwrap().json::<Value>().await.unwrap();
    assert_eq!(answer["code"], 417, "{answer}");
    program.stop().await;
    for wrong in ["s3://", "s3://a/../b", "ftp://a"] {
        program.set_arguments(&["--objects", wrong]);
        program.start_refused().refused("s3://");
    }
}
