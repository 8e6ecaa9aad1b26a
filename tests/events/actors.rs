//! Actors: each has one text, which is stored, and `docs/events.md` lists all forms.

use std::fs;
use std::path::Path;

use domain::account::AccountId;
use domain::app::AppId;
use domain::app_user::AppUserId;
use domain::{Actor, ClientName, NoActor, UserId};

/// One of each, with its form and its stored text.
fn one_of_each() -> Vec<(&'static str, &'static str, Actor)> {
    let app = AppId(1_234_567_890_123_456);
    let all = vec![
        ("anybody", "anybody", Actor::Anybody),
        ("app-<id>", "app-1234567890123456", Actor::App(app)),
        ("app_user-<id>", "app_user-72", Actor::AppUser(AppUserId(72))),
        ("client-<clientId>", "client-my-shop", Actor::Client(ClientName("my-shop".to_owned()))),
        ("gateway-<id>", "gateway-7", Actor::Gateway(7)),
        ("operator", "operator", Actor::Operator),
        ("system", "system", Actor::System),
        ("user-<id>", "user-7", Actor::User(UserId(7))),
    ];
    // A new actor does not compile without a look at this table.
    for (_, _, actor) in &all {
        match actor {
            Actor::User(_) | Actor::AppUser(_) | Actor::App(_) | Actor::Client(_) => (),
            Actor::Gateway(_) | Actor::Operator | Actor::System | Actor::Anybody => (),
        }
    }
    all
}

#[test]
fn an_actor_is_read_from_the_text_that_is_stored_of_it() {
    for (form, text, actor) in one_of_each() {
        assert_eq!(actor.to_string(), text);
        assert_eq!(text.parse(), Ok(actor));
        let (fixed, _) = form.split_once('<').unwrap_or((form, ""));
        assert!(text.starts_with(fixed), "{text} is not of the form {form}");
    }
}

#[test]
fn the_forms_are_those_of_the_program_and_of_the_document() {
    let forms = one_of_each().into_iter().map(|(form, ..)| form).collect::<Vec<_>>();
    assert_eq!(forms, Actor::FORMS);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/events.md");
    let document = fs::read_to_string(path).unwrap();
    let (_, section) = document.split_once("\n### Actors\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter_map(|it| it.strip_prefix("| `")?.split('`').next());
    assert_eq!(rows.collect::<Vec<_>>(), Actor::FORMS);
}

#[test]
fn a_text_that_no_actor_has_is_refused() {
    let texts = [
        "",
        "user",
        "user-",
        "user-0",
        "user-07",
        "user-+7",
        "user--7",
        "user-4294967296",
        "User-7",
        "user-7 ",
        "app_user-x",
        "app-0",
        "app",
        "client",
        "client-",
        "nobody",
        "System",
        "test",
    ];
    for text in texts {
        assert_eq!(text.parse::<Actor>(), Err(NoActor), "{text:?}");
    }
}

#[test]
fn a_client_may_be_called_as_another_actor_is() {
    for name in ["user-1", "operator", "-", "app_user-7"] {
        let actor = Actor::Client(ClientName(name.to_owned()));
        assert_eq!(actor.to_string(), format!("client-{name}"));
        assert_eq!(actor.to_string().parse(), Ok(actor));
    }
    assert_eq!(Actor::of_token(UserId(7), "shop").to_string(), "user-7");
    assert_eq!(Actor::of_token(UserId::NONE, "shop").to_string(), "client-shop");
    assert_eq!(Actor::from(AccountId::AppUser(AppUserId(7))).to_string(), "app_user-7");
}
