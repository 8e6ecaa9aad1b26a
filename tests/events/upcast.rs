//! Old revisions are lifted by the table that declares the events, and are never written again.

use domain::event::decode_fact;
use domain::{Fact, Parts, StoredEvent as _, SubjectId, Unreadable, UserId, stored_events};
use serde::{Deserialize, Serialize};

/// As it was shipped first: frozen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct DoorOpenedV1 {
    by: UserId,
    width_mm: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoorOpened {
    by: UserId,
    width_um: u64,
    note: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opener {
    name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoorClosed;

stored_events! {
    pub enum DoorEvent {
        Opened = "door.opened.v2" { data: DoorOpened, personal: Opener, subject: by },
        Closed = "door.closed.v1" { data: DoorClosed },
    }
    upcasts {
        "door.opened.v1" => lift_opened { data: DoorOpenedV1, personal: Opener },
    }
}

fn lift_opened(parts: &Parts) -> Result<DoorEvent, Unreadable> {
    let old: Fact<DoorOpenedV1, Opener> = decode_fact("door.opened.v1", parts)?;
    let DoorOpenedV1 { by, width_mm } = old.data;
    let data = DoorOpened { by, width_um: u64::from(width_mm) * 1000, note: None };
    Ok(DoorEvent::Opened(Fact { data, personal: old.personal, secret: None }))
}

/// Bytes of the first revision: by 7, 900 mm, and `Ann`.
fn old_parts() -> Parts {
    Parts {
        data: [&[7, 0, 0, 0][..], &900u32.to_le_bytes()].concat().into(),
        personal: Some([&[3, 0, 0, 0, 0, 0, 0, 0][..], b"Ann"].concat().into()),
        secret: None,
    }
}

fn opened(personal: Option<Opener>) -> DoorEvent {
    let data = DoorOpened { by: UserId(7), width_um: 900_000, note: None };
    DoorEvent::Opened(Fact { data, personal, secret: None })
}

#[test]
fn old_bytes_are_lifted() {
    let ann = Opener { name: "Ann".to_owned() };
    let lifted = DoorEvent::decode("door.opened.v1", &old_parts()).unwrap();
    assert_eq!(lifted, opened(Some(ann)));
    assert_eq!(lifted.subject(), SubjectId(7));
}

/// What subscribers have is never published in another form.
#[test]
fn old_bytes_are_shown_as_they_were_then() {
    let json = DoorEvent::json_of("door.opened.v1", &old_parts()).unwrap();
    assert_eq!(json.data, serde_json::json!({ "by": 7, "width_mm": 900 }));
    assert_eq!(json.personal, Some(serde_json::json!({ "name": "Ann" })));
    let now = opened(None).encode().unwrap();
    let json = DoorEvent::json_of("door.opened.v2", &now).unwrap();
    assert_eq!(json.data, serde_json::json!({ "by": 7, "width_um": 900_000, "note": null }));
}

#[test]
fn an_old_event_of_an_erased_person_is_lifted() {
    let erased = Parts { personal: None, ..old_parts() };
    assert_eq!(DoorEvent::decode("door.opened.v1", &erased), Ok(opened(None)));
}

#[test]
fn what_was_lifted_is_written_under_the_new_name() {
    let lifted = DoorEvent::decode("door.opened.v1", &old_parts()).unwrap();
    assert_eq!(lifted.kind(), "door.opened.v2");
    let parts = lifted.encode().unwrap();
    assert_eq!(DoorEvent::decode("door.opened.v2", &parts), Ok(lifted));
}

#[test]
fn one_revision_is_not_read_as_another() {
    let parts = opened(None).encode().unwrap();
    assert!(DoorEvent::decode("door.opened.v1", &parts).is_err());
    assert!(DoorEvent::decode("door.opened.v2", &old_parts()).is_err());
    assert!(DoorEvent::decode("door.opened.v3", &parts).is_err());
}

#[test]
fn old_bytes_are_read_to_the_last_one() {
    let data = old_parts().data;
    for length in 0..data.len() {
        let cut = Parts { data: data.slice(..length), ..old_parts() };
        assert!(DoorEvent::decode("door.opened.v1", &cut).is_err());
    }
    let longer = data.iter().copied().chain([0]).collect();
    assert!(DoorEvent::decode("door.opened.v1", &Parts { data: longer, ..old_parts() }).is_err());
}

#[test]
fn the_kinds_that_can_be_read_are_the_current_and_the_former() {
    let kinds = DoorEvent::KINDS.iter().map(|it| (it.name, it.past)).collect::<Vec<_>>();
    let expected = [("door.opened.v2", false), ("door.closed.v1", false), ("door.opened.v1", true)];
    assert_eq!(kinds, expected);
    assert_eq!(DoorEvent::Closed(DoorClosed.into()).encode().unwrap(), Parts::default());
}
