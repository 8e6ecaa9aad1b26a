//! A store that another version of the program wrote is refused in clear words, and nothing is
//! called damaged.

use std::path::Path;

use tests::process::Program;

/// Gives every block of a closed store another format, with a checksum that is right.
fn set_format(data: &Path, format: u8) {
    let store = sled::open(data.join("log")).unwrap();
    let tree = store.open_tree("log").unwrap();
    let parts = tree.iter().map(|it| it.unwrap()).collect::<Vec<_>>();
    let mut blocks: Vec<Vec<(sled::IVec, Vec<u8>)>> = Vec::new();
    for (key, value) in parts {
        match blocks.last_mut().filter(|it| it[0].0[..8] == key[..8]) {
            Some(block) => block.push((key, value.to_vec())),
            None => blocks.push(vec![(key, value.to_vec())]),
        }
    }
    for mut block in blocks {
        block[0].1[4] = format;
        block[0].1[108..112].fill(0);
        let whole = block.iter().flat_map(|(_, it)| it.clone()).collect::<Vec<_>>();
        block[0].1[108..112].copy_from_slice(&crc32c::crc32c(&whole).to_le_bytes());
        for (key, value) in block {
            tree.insert(key, value).unwrap();
        }
    }
    store.flush().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_of_another_version_is_refused_and_not_called_damaged() {
    let mut program = Program::started(&[]).await;
    program.stop().await;
    for (format, words) in [(1, "older version"), (3, "newer version")] {
        let other = program.copy();
        set_format(&other.data, format);
        let refused = [
            other.start_refused().refused(words),
            other.run(&["verify"]).refused(words),
            other.run(&["replay"]).refused(words),
            other.run(&["keys", "rotate"]).refused(words),
        ];
        for said in refused {
            let said = format!("{}{}", said.out, said.err);
            for wrong in ["damaged at", "checksum", "restore"] {
                assert!(!said.contains(wrong), "{wrong}: {said}");
            }
        }
        if format == 1 {
            other.run(&["verify"]).refused("start with a new data folder");
        }
    }
    program.start().await;
}

/// Gives both slots of the file head the magic of another version, with a checksum that is right.
fn set_head_format(data: &Path, magic: &[u8; 8]) {
    let path = data.join("head");
    let mut bytes = std::fs::read(&path).unwrap();
    for slot in bytes.chunks_mut(128) {
        assert!(slot.starts_with(b"CHHEAD02"));
        slot[..8].copy_from_slice(magic);
        let crc = crc32c::crc32c(&slot[..124]);
        slot[124..].copy_from_slice(&crc.to_le_bytes());
    }
    std::fs::write(&path, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_of_another_version_is_not_called_damaged() {
    let mut program = Program::started(&[]).await;
    program.stop().await;
    for (magic, words) in [(b"CHHEAD01", "older version"), (b"CHHEAD03", "newer version")] {
        let other = program.copy();
        set_head_format(&other.data, magic);
        let refused = [
            other.start_refused().refused(words),
            other.run(&["verify"]).refused(words),
            other.run(&["keys", "rotate"]).refused(words),
        ];
        for said in refused {
            let said = format!("{}{}", said.out, said.err);
            assert!(!said.contains("is damaged;") && !said.contains("restore"), "{said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_does_is_in_the_history_under_its_name() {
    let mut program = Program::started(&[]).await;
    program.run(&["keys", "rotate"]).ok();
    program.run(&["client", "disable", "chancery-cli"]).ok();
    let events = program.replayed();
    let operation = |kind: &str| {
        let event = events.iter().rfind(|it| it["kind"] == kind).unwrap();
        (event["actor"].clone(), event["operation"].clone(), event.get("client").cloned())
    };
    assert_eq!(operation("signing_key.added.v1"), ("operator".into(), "keys rotate".into(), None));
    assert_eq!(
        operation("client.enabled_set.v1"),
        ("operator".into(), "client disable".into(), None)
    );
    program.stop().await;
}
