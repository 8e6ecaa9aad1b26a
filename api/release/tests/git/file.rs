//! What a push writes, over files: first commits, later ones, repeated ones, refused ones, moved branches.

use std::fs;
use std::os::unix::fs::symlink;

use release::Reason;
use release::git::{Branch, Folder, Folders};

use crate::harness::{Place, files, git, push};

#[tokio::test]
async fn an_empty_remote_gets_a_first_commit() {
    let place = Place::empty();
    let pushed = place.push_file("job-1").await.unwrap();
    assert!(pushed.is_new);
    assert_eq!(pushed.commit, place.head());
    assert_eq!(place.paths(), ["docs/a.rst", "docs/deep/b.rst", "sdk/python/a.py"]);
    let format = "--format=%an <%ae>|%cn <%ce>|%at|%P|%B";
    let said = git(&place.bare(), &["log", "-1", format, "main"]);
    let author = "Chancery <noreply@shop.example>";
    let wanted = format!("{author}|{author}|1700000000||Update the SDK\n\nChancery-Job: job-1");
    assert_eq!(said, wanted);
    git(&place.bare(), &["fsck", "--strict", "--full"]);
    // What was made is whole for everybody.
    git(place.dir.path(), &["clone", "--quiet", "remote.git", "copy"]);
    let copied = fs::read_to_string(place.dir.path().join("copy/sdk/python/a.py")).unwrap();
    assert_eq!(copied, "new\n");
}

#[tokio::test]
async fn a_folder_is_replaced_or_merged_and_all_else_stays() {
    let place = Place::with(|tree| {
        fs::create_dir_all(tree.join("sdk/python/old")).unwrap();
        fs::create_dir_all(tree.join("sdk/java")).unwrap();
        fs::create_dir_all(tree.join("docs/deep")).unwrap();
        fs::write(tree.join("sdk/python/old/x.py"), "old").unwrap();
        fs::write(tree.join("sdk/python/a.py"), "old").unwrap();
        fs::write(tree.join("sdk/java/A.java"), "java").unwrap();
        fs::write(tree.join("docs/own.rst"), "own").unwrap();
        fs::write(tree.join("docs/deep/b.rst"), "old").unwrap();
        // Neither a hook nor attributes of the tree do anything here.
        fs::write(tree.join(".gitattributes"), "* filter=x ident\n").unwrap();
    });
    let first = place.head();
    let pushed = place.push_file("job-1").await.unwrap();
    assert!(pushed.is_new);
    assert_eq!(git(&place.bare(), &["rev-parse", "main^"]), first);
    let wanted = [
        ".gitattributes",
        "README.md",
        "docs/a.rst",
        "docs/deep/b.rst",
        "docs/own.rst",
        "sdk/java/A.java",
        "sdk/python/a.py",
    ];
    assert_eq!(place.paths(), wanted);
    assert_eq!(
        (place.shown("sdk/python/a.py"), place.shown("docs/deep/b.rst")),
        ("new".into(), "b".into())
    );

    // The job's commit is there: the answer was lost.
    let again = place.push_file("job-1").await.unwrap();
    assert_eq!((again.is_new, &again.commit), (false, &pushed.commit));
    // Even if the files came out otherwise this time.
    let mut other = push(&place.file_url(), "job-1");
    other.folders =
        Folders::new(vec![Folder::merged("docs", files(&[("c", "c")])).unwrap()]).unwrap();
    let again = place.push(&other).await.unwrap();
    assert_eq!(
        (again.is_new, &again.commit, place.head()),
        (false, &pushed.commit, pushed.commit.clone())
    );
    // Another job with the same files changes nothing.
    let same = place.push_file("job-2").await.unwrap();
    assert_eq!((same.is_new, &same.commit), (false, &pushed.commit));
    // The same job after somebody else: its files are there already.
    let tree = place.dir.path().join("owner");
    git(&tree, &["pull", "--quiet", "--ff-only", "origin", "main"]);
    git(&tree, &["commit", "--quiet", "--allow-empty", "-m", "Later\n\nChancery-Job: job-12"]);
    git(&tree, &["push", "--quiet", "origin", "HEAD:main"]);
    let later = place.push_file("job-1").await.unwrap();
    assert_eq!((later.is_new, later.commit), (false, place.head()));
}

#[tokio::test]
async fn a_branch_that_is_not_there_is_made() {
    let place = Place::with(|_| ());
    let first = place.head();
    let mut push = push(&place.file_url(), "job-1");
    push.branch = Branch::parse("sdk/generated").unwrap();
    let pushed = place.push(&push).await.unwrap();
    assert_eq!(git(&place.bare(), &["rev-parse", "sdk/generated"]), pushed.commit);
    assert_eq!(place.head(), first);
    assert!(!place.push(&push).await.unwrap().is_new);
}

#[tokio::test]
async fn odd_names_and_bytes_arrive_as_they_are() {
    let place = Place::empty();
    let mut push = push(&place.file_url(), "job-1");
    let odd = [
        ("a b/\"ü\" $x.md", "\r\n\0ÿ\n"),
        ("-x", ""),
        ("data 3\\n".trim_end_matches("\\n"), "done\n"),
    ];
    push.folders = Folders::new(vec![Folder::merged("ö", files(&odd)).unwrap()]).unwrap();
    place.push(&push).await.unwrap();
    let listed = git(&place.bare(), &["ls-tree", "-r", "-z", "--name-only", "main"]);
    assert_eq!(listed.trim_end_matches('\0'), "ö/-x\0ö/a b/\"ü\" $x.md\0ö/data 3");
    assert_eq!(place.shown("ö/a b/\"ü\" $x.md"), "\r\n\0ÿ\n".trim());
    assert_eq!(git(&place.bare(), &["cat-file", "-s", "main:ö/a b/\"ü\" $x.md"]), "6");
}

#[tokio::test]
async fn links_in_the_tree_are_neither_followed_nor_replaced() {
    for at in ["docs", "sdk", "sdk/python", "docs/deep"] {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("a.rst"), "secret").unwrap();
        let place = Place::with(|tree| {
            fs::create_dir_all(tree.join(at).parent().unwrap()).unwrap();
            symlink(outside.path(), tree.join(at)).unwrap();
        });
        let first = place.head();
        let failure = place.push_file("job-1").await.unwrap_err();
        assert_eq!((failure.reason, failure.again), (Reason::RemoteRefused, false), "{at}");
        assert!(failure.detail.contains(&format!("{at:?}")), "{failure}");
        assert_eq!(place.head(), first);
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
        assert_eq!(fs::read_to_string(outside.path().join("a.rst")).unwrap(), "secret");
    }
    // A link at the very place of a file of ours becomes that file.
    let outside = tempfile::NamedTempFile::new().unwrap();
    let place = Place::with(|tree| {
        fs::create_dir(tree.join("docs")).unwrap();
        symlink(outside.path(), tree.join("docs/a.rst")).unwrap();
    });
    place.push_file("job-1").await.unwrap();
    assert_eq!(place.shown("docs/a.rst"), "docs");
    assert!(git(&place.bare(), &["ls-tree", "main", "docs/a.rst"]).starts_with("100644 blob"));
    assert_eq!(fs::read_to_string(outside.path()).unwrap(), "");
}

#[tokio::test]
async fn many_folders_are_looked_at_and_written() {
    let place = Place::with(|tree| {
        fs::create_dir_all(tree.join("docs")).unwrap();
        symlink("/", tree.join("docs/f1999")).unwrap();
    });
    let names = (0..2_000).map(|it| format!("f{it}/{0}/{0}/{0}/x", "y".repeat(250)));
    let names = names.collect::<Vec<_>>();
    let all = files(&names.iter().map(|it| (it.as_str(), "x")).collect::<Vec<_>>());
    let mut push = push(&place.file_url(), "job-1");
    push.folders = Folders::new(vec![Folder::merged("docs", all.clone()).unwrap()]).unwrap();
    let failure = place.push(&push).await.unwrap_err();
    assert!(failure.detail.contains("\"docs/f1999\""), "{failure}");
    push.folders = Folders::new(vec![Folder::merged("api", all).unwrap()]).unwrap();
    place.push(&push).await.unwrap();
    assert_eq!(place.paths().len(), 2_002);
}

#[tokio::test]
async fn a_refusing_hook_is_told_in_its_words() {
    let place = Place::with(|_| ());
    let first = place.head();
    let said = "printf 'No \\033[31mpushes\\033[0m on Sundays\\a\\n  Ask: owner\\n'; exit 1";
    place.hook("pre-receive", said);
    let failure = place.push_file("job-1").await.unwrap_err();
    assert_eq!((failure.reason, failure.again), (Reason::RemoteRefused, false));
    let detail = "The remote does not take the commit: [remote rejected] (pre-receive hook declined). \
                  It said: No pushes on Sundays\nAsk: owner";
    assert_eq!(failure.detail, detail);
    assert_eq!(place.head(), first);
    // Endless words are cut.
    place.hook("pre-receive", "yes 'no and no' | head -c 300000; exit 1");
    let failure = place.push_file("job-1").await.unwrap_err();
    assert_eq!(failure.reason, Reason::RemoteRefused);
    assert!(failure.detail.chars().count() <= release::DETAIL_CHARS_MAX);
}

/// Moves the branch while it looks at a push, for the first times.
fn moving(times: usize) -> String {
    format!(
        "count=$(cat count 2>/dev/null || echo 0); [ $count -lt {times} ] || exit 0\n\
         echo $((count + 1)) >count\n\
         unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES\n\
         export GIT_AUTHOR_NAME=o GIT_AUTHOR_EMAIL=o GIT_COMMITTER_NAME=o GIT_COMMITTER_EMAIL=o\n\
         git update-ref refs/heads/main $(git commit-tree -p main -m \"moved $count\" main^{{tree}})"
    )
}

#[tokio::test]
async fn a_branch_that_moves_is_followed_three_times() {
    let place = Place::with(|_| ());
    place.hook("pre-receive", &moving(2));
    let pushed = place.push_file("job-1").await.unwrap();
    assert!(pushed.is_new);
    let said = git(&place.bare(), &["log", "--format=%s", "main"]);
    assert_eq!(said.lines().collect::<Vec<_>>(), ["Update the SDK", "moved 1", "moved 0", "First"]);

    let place = Place::with(|_| ());
    place.hook("pre-receive", &moving(3));
    let failure = place.push_file("job-1").await.unwrap_err();
    assert_eq!((failure.reason, failure.again), (Reason::RemoteMoved, true));
    let said = git(&place.bare(), &["log", "--format=%s", "main"]);
    assert_eq!(said.lines().collect::<Vec<_>>(), ["moved 2", "moved 1", "moved 0", "First"]);
}

#[tokio::test]
async fn more_than_may_be_fetched_is_not() {
    // Noise, which git cannot make smaller.
    let noise = {
        let mut state = 7_u64;
        let next = std::iter::repeat_with(move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()
        });
        next.take(200_000 / 8).flatten().collect::<Vec<_>>()
    };
    let mut place = Place::with(|tree| fs::write(tree.join("large"), &noise).unwrap());
    let first = place.head();
    place.settings.fetch_bytes_max = 150_000;
    let failure = place.push_file("job-1").await.unwrap_err();
    assert_eq!((failure.reason, failure.again), (Reason::OutputTooLarge, false), "{failure}");
    assert_eq!(place.head(), first);
    place.settings.fetch_bytes_max = 250_000;
    place.push_file("job-1").await.unwrap();
    // What came before is not fetched: only the head counts.
    let tree = place.dir.path().join("owner");
    git(&tree, &["rm", "--quiet", "large"]);
    git(&tree, &["pull", "--quiet", "--ff-only", "origin", "main"]);
    git(&tree, &["commit", "--quiet", "-m", "Smaller"]);
    git(&tree, &["push", "--quiet", "origin", "HEAD:main"]);
    place.settings.fetch_bytes_max = 50_000;
    let mut push = push(&place.file_url(), "job-2");
    push.folders =
        Folders::new(vec![Folder::merged("docs", files(&[("c", "c")])).unwrap()]).unwrap();
    place.push(&push).await.unwrap();
}

#[tokio::test]
async fn what_is_no_repository_refuses() {
    let place = Place::with(|_| ());
    let url = format!("file://{}/none.git", place.dir.path().display());
    let failure = place.push(&push(&url, "job-1")).await.unwrap_err();
    assert_eq!((failure.reason, failure.again), (Reason::RemoteRefused, false), "{failure}");
    assert!(!failure.detail.contains("none.git"), "{failure}");
}
