//! What an app says of a token may name somebody: it is sealed with the account's key, else with
//! that of the app.

use commands::{EventJson, Personal};
use domain::SubjectId;

use tests::service::{Service, pair};

#[tokio::test]
async fn the_type_of_a_token_is_sealed_with_the_key_of_whom_it_stands_for() {
    let service = Service::open().await;
    service.user("alice").await;
    let app = service.app_of("alice").await;
    let of_app = service.authorize(&app).await;
    let login = service.login("alice").await;
    let engine = &service.app.engine;
    let issued = || {
        let events = engine.log().read_after(0, 1_000).unwrap().into_iter();
        events.filter(|it| &*it.kind == "app_token.issued.v2").collect::<Vec<_>>()
    };
    let [first, second] = &issued()[..] else { panic!("two pairs") };
    let of_the_app = SubjectId::from(domain::app::AppId::parse(&app.id).unwrap());
    assert_eq!(first.subject, of_the_app);
    assert!(second.subject != SubjectId::NONE && second.subject != of_the_app);
    let read = |event| EventJson::new(event, engine.keys(), Personal::Shown).unwrap();
    for (event, token_type) in [(first, "svc"), (second, "login")] {
        let json = read(event);
        assert!(json.data.get("tokenType").is_none(), "{}", json.data);
        assert_eq!(json.personal.unwrap()["tokenType"], token_type);
        let data = &event.parts.data;
        assert!(!data.windows(token_type.len()).any(|it| it == token_type.as_bytes()));
    }
    // It goes along to the next pair.
    pair(&service.refresh(&of_app.refresh).await);
    pair(&service.refresh(&login.refresh).await);
    let [.., third, fourth] = &issued()[..] else { panic!("four pairs") };
    let types = [third, fourth].map(|it| read(it).personal.unwrap()["tokenType"].clone());
    assert_eq!(types, ["svc", "login"]);
    // Gone with the person's key.
    engine.keys().erase_subject(second.subject).unwrap();
    assert_eq!(read(fourth).personal, None);
    assert!(read(third).personal.is_some());
}
