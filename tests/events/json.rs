//! Events as JSON: every kind through the real engine, secrets hidden, the erased gone.

use std::collections::BTreeSet;

use commands::{CloudEvent, EventJson, FullEventId, Personal};
use domain::app::{App, AppCommand, AppPolicy};
use domain::app_token::{AppToken, AppTokenCommand, app_token_id};
use domain::app_user::{AppUser, AppUserCommand, AppUserId};
use domain::children::PropertyValue;
use domain::client::{Client, ClientCommand, ClientRegistered};
use domain::delivery::{Channel, DeliveryCommand, Mail, Sms};
use domain::log::OpenParts as _;
use domain::log_event::{Log, LogCommand, forgetting_id, restore_id};
use domain::resource::{
    AllowedScopes, Basis, Face, Gate, NewRevision, NewVersion, Resource, ResourceCommand,
    ResourceCreated, VersionScheme, WishedVersionSet,
};
use domain::role::{Role, RoleCommand};
use domain::signing_key::{SigningKey, SigningKeyCommand};
use domain::tenant::{Tenant, TenantCommand};
use domain::token::{Token, TokenCommand, token_id};
use domain::user::{User, UserCommand, UserPersonal, Verifiers};
use domain::verification::{
    CodePurpose, Verification, VerificationCommand, VerificationIssued, VerificationSecret,
};
use domain::{AnyEvent, EventId, LogId, SubjectId, SubscriberId, Timestamp, UserId};
use serde_json::json;
use tests::given::NOW;
use tests::life::{Life, Lives as _};
use tests::samples::{self, app_token, blobs, products, scopes, sdk, security};
use tests::samples::{subscribers, subscriptions};

fn full_id() -> FullEventId {
    FullEventId { log: LogId([7; 16]), event: EventId([8; 16]), position: 9 }
}

/// What happens to a tenant after it was created.
async fn run_tenant(world: &mut Life) {
    world.run::<Tenant>("12", TenantCommand::SetAppTokenLink(true)).await;
    let policy = samples::api_policy(domain::tenant::Refuse::Risky);
    world.run::<Tenant>("12", TenantCommand::SetApiPolicy(policy)).await;
    let wishes = vec![PropertyValue::Set("tenant-other-key".to_owned())];
    let update = TenantCommand::Update(Box::new(samples::tenant_changed()), wishes);
    world.run::<Tenant>("12", update).await;
    world.run::<Tenant>("12", TenantCommand::Delete).await;
}

/// One life of each aggregate: together they bring about every event.
async fn full_life() -> Life {
    let mut world = Life::new();
    let tenant = Box::new(samples::tenant_created());
    let create = TenantCommand::Create(tenant, samples::tenant_properties());
    world.run::<Tenant>("12", create).await;
    let role = [
        RoleCommand::Create(samples::role_created()),
        RoleCommand::Update(samples::role_fields()),
        RoleCommand::Delete,
    ];
    for command in role {
        world.run::<Role>("61", command).await;
    }
    run_tenant(&mut world).await;
    let key = samples::signing_key_added();
    world.run::<SigningKey>("sample-kid", SigningKeyCommand::Add(key)).await;
    world.run::<SigningKey>("sample-kid", SigningKeyCommand::Retire { until: NOW }).await;
    let end = SigningKeyCommand::End { reason: "leaked".to_owned() };
    world.run::<SigningKey>("sample-kid", end).await;
    let until = Timestamp::from_seconds(NOW.seconds().div_euclid(600) * 600);
    world.run::<Log>(&forgetting_id(until), LogCommand::Forget { until }).await;
    let numbers = samples::log_restored().numbers;
    world.run::<Log>(&restore_id(NOW, 17), LogCommand::Restore { numbers }).await;
    run_deliveries(&mut world).await;
    let client = samples::client_editable();
    let other = ClientRegistered { description: None, ..client.clone() };
    let wishes = samples::client_wishes(&other);
    let register = ClientCommand::Register(Box::new(client), samples::client_secrets());
    world.run::<Client>("11", register).await;
    world.run::<Client>("11", ClientCommand::Update(Box::new(other), wishes)).await;
    world.run::<Client>("11", ClientCommand::SetOwner(UserId(18))).await;
    world.run::<Client>("11", ClientCommand::SetEnabled(false)).await;
    world.run::<Client>("11", ClientCommand::TakeOver).await;
    world.run::<Client>("11", ClientCommand::Delete).await;
    let token = samples::token_issued();
    let id = token_id(token.expires_at, [7; 12]);
    world.run::<Token>(&id, TokenCommand::Issue(Box::new(token))).await;
    world.run::<Token>(&id, TokenCommand::Revoke { reason: "lost".to_owned() }).await;
    run_resource(&mut world).await;
    scopes::live(&mut world).await;
    products::live(&mut world).await;
    subscriptions::live(&mut world).await;
    blobs::live(&mut world).await;
    subscriptions::live_rejected(&mut world).await;
    sdk::live_all(&mut world).await;
    security::live(&mut world).await;
    subscribers::live(&mut world).await;
    let register = UserCommand::Register {
        data: Box::new(samples::user_registered()),
        personal: Box::new(samples::user_personal()),
        password: Verifiers {
            password: Some(samples::password_verifier()),
            md5: Some(samples::password_verifier()),
        },
        app_info: Some(Box::new(samples::user_app_info())),
    };
    world.run::<User>("51", register).await;
    let verifier = samples::password_verifier();
    world.run::<User>("51", UserCommand::SetPassword(verifier.into())).await;
    world.run::<User>("51", UserCommand::SetEnabled(false)).await;
    let rights = UserCommand::SetRights { roles: vec![1], permissions: Vec::new() };
    world.run::<User>("51", rights).await;
    let personal = UserPersonal { nick_name: None, ..samples::user_personal() };
    let update = UserCommand::Update(Box::new(samples::user_registered()), Box::new(personal));
    world.run::<User>("51", update).await;
    world.run::<User>("51", UserCommand::Delete).await;
    world.run::<User>("51", UserCommand::Erase).await;
    run_app_token(&mut world).await;
    world
}

async fn run_app_token(world: &mut Life) {
    let app = app_token::APP.to_string();
    let create = AppCommand::Create {
        data: Box::new(app_token::app_created()),
        personal: Box::new(app_token::app_personal()),
        secret: app_token::app_secret(),
    };
    world.run::<App>(&app, create).await;
    let policy = AppPolicy { strict: false, acts_for_users: true };
    world.run::<App>(&app, AppCommand::SetPolicy(policy)).await;
    world.run::<App>(&app, AppCommand::Delete).await;
    let commands = [
        AppUserCommand::Register {
            data: Box::new(app_token::app_user_registered()),
            personal: Box::new(app_token::app_user_personal()),
            password: app_token::verifier(),
        },
        AppUserCommand::Update {
            password: Some(app_token::verifier()),
            info: Some("new info".to_owned()),
        },
        AppUserCommand::SetEnabled(false),
        AppUserCommand::Delete,
        AppUserCommand::Erase,
    ];
    for command in commands {
        world.run::<AppUser>("72", command).await;
    }
    let issued = app_token::app_token_issued();
    let id = app_token_id(issued.refresh_expires_at, [7; 12]);
    let commands = [
        AppTokenCommand::Issue(Box::new(issued), app_token::app_token_personal()),
        AppTokenCommand::Refresh { rotates: true, grace_seconds: 10 },
        AppTokenCommand::RevokeFamily { reason: "lost".to_owned() },
    ];
    for command in commands {
        world.run::<AppToken>(&id, command).await;
    }
}

async fn run_deliveries(world: &mut Life) {
    let failed = |again_at| DeliveryCommand::NoteFailed { why: "why".to_owned(), again_at };
    let want = |channel| {
        let secret = Some(samples::delivery_secret());
        let wanted = Box::new(samples::delivery_wanted(channel));
        DeliveryCommand::Want(wanted, samples::delivery_to(channel), secret)
    };
    let id = "ffffffff777777777777777777777777";
    for channel in [Channel::Mail, Channel::Sms] {
        let commands =
            [want(channel), failed(None), DeliveryCommand::Retry, DeliveryCommand::NoteSent];
        for command in commands {
            match channel {
                Channel::Mail => world.run::<Mail>(id, command).await,
                Channel::Sms => world.run::<Sms>(id, command).await,
            }
        }
    }
    let expires_at = NOW.plus_seconds(300);
    let issued = VerificationIssued { expires_at, ..samples::verification_issued() };
    let VerificationSecret { code_hash } = samples::verification_secret();
    let purpose = CodePurpose::Reset;
    let commands = [
        VerificationCommand::Issue(issued, samples::verification_secret()),
        VerificationCommand::Try { code_hash: [0; 32], purpose },
        VerificationCommand::Try { code_hash, purpose },
    ];
    for command in commands {
        world.run::<Verification>(id, command).await;
    }
}

fn basis(revision: u32) -> Basis {
    Basis { revision, face: samples::face() }
}

async fn run_resource(world: &mut Life) {
    let resource = samples::resource_editable();
    let described = ResourceCreated { name: "sales".to_owned(), ..resource.clone() };
    let wishes = samples::resource_wishes(&described);
    let commands = [
        ResourceCommand::Create(Box::new(resource), samples::resource_secrets()),
        ResourceCommand::Update(Box::new(described), wishes),
        ResourceCommand::AddOwner(UserId(14)),
        ResourceCommand::RemoveOwner(UserId(14)),
        ResourceCommand::Publish(Box::new(samples::publication())),
        ResourceCommand::PublishRevision(Box::new(NewRevision {
            api_id: "21".to_owned(),
            current: basis(1),
            newest: basis(1),
            face: Face { description: None, ..samples::face() },
            difference: samples::difference(),
            gate: Gate::default(),
            note: None,
        })),
        ResourceCommand::PublishVersion(Box::new(NewVersion {
            revision_id: "21;rev=2".to_owned(),
            source: Some(basis(2)),
            version_name: "V2".to_owned(),
            new_api_id: samples::VERSION_API_ID.to_owned(),
        })),
        ResourceCommand::SetRevisionOnline { revision_id: "21;rev=2".to_owned(), online: false },
        ResourceCommand::ChangeVersionSet(WishedVersionSet {
            name: "Orders".to_owned(),
            description: None,
            scheme: VersionScheme::Segment,
            parameter: "version".to_owned(),
        }),
        ResourceCommand::SetLifecycle {
            api_id: samples::VERSION_API_ID.to_owned(),
            deprecated_at: Some(NOW),
            sunset_at: None,
        },
        ResourceCommand::SetOnlineVersion {
            revision_id: "21;rev=2".to_owned(),
            notes: Some("the second".to_owned()),
        },
        ResourceCommand::AllowClient { client: 11, scopes: AllowedScopes::All },
    ];
    for command in commands {
        world.run::<Resource>("21", command).await;
    }
    let shown = serde_json::to_value(world.json(Personal::Shown)).unwrap();
    let shown = shown.as_array().unwrap();
    let release = shown.iter().rfind(|it| it["kind"] == "resource.version_set_online.v2").unwrap();
    let release_id = release["data"]["releaseId"].as_str().unwrap().to_owned();
    let notes = "other words".to_owned();
    for command in [
        ResourceCommand::NoteRelease { release_id: release_id.clone(), notes },
        ResourceCommand::DeleteRelease { release_id },
        ResourceCommand::RetireVersion { api_id: samples::VERSION_API_ID.to_owned() },
        ResourceCommand::Unpublish,
        ResourceCommand::Delete,
    ] {
        world.run::<Resource>("21", command).await;
    }
}

#[tokio::test]
async fn every_kind_can_come_about_and_be_shown() {
    let world = full_life().await;
    let shown = world.json(Personal::Shown);
    let kinds = shown.iter().map(|it| it.kind.as_str()).collect::<BTreeSet<_>>();
    let samples = samples::all();
    // A former kind is read, and never written again.
    let written = samples.iter().filter(|it| it.event.kind() == it.kind).map(|it| it.kind);
    assert_eq!(kinds, written.collect());
}

#[tokio::test]
async fn secrets_are_three_stars_and_nothing_else() {
    let world = full_life().await;
    for (event, json) in world.events().iter().zip(world.json(Personal::Shown)) {
        let stars = event.parts.secret.is_some().then_some("***");
        assert_eq!(json.secret, stars, "{}", json.kind);
        let text = serde_json::to_string(&json).unwrap();
        let verifier = samples::password_verifier();
        let secrets = [
            samples::CLIENT_SECRET_HASH.to_owned(),
            samples::RESOURCE_SECRET.to_owned(),
            samples::TENANT_SECRET.to_owned(),
            scopes::PROPERTY_SECRET.to_owned(),
            // Values of properties, and the salt of pair-wise subjects.
            samples::client_secrets().property_values.swap_remove(0),
            samples::resource_secrets().property_values.swap_remove(0),
            "the salt".to_owned(),
            domain::hex(&verifier.hash),
            domain::hex(&verifier.salt),
            serde_json::to_string(&verifier.hash).unwrap(),
            serde_json::to_string(&verifier.salt).unwrap(),
            "memoryKib".to_owned(),
            "npm token".to_owned(),
            "git token".to_owned(),
            "ssh key".to_owned(),
        ];
        for secret in secrets {
            assert!(!text.contains(&secret), "{} shows {secret}", json.kind);
        }
    }
    let with_secret = world.json(Personal::Shown).into_iter().filter(|it| it.secret.is_some());
    let with_secret = with_secret.map(|it| it.kind).collect::<Vec<_>>();
    let expected = [
        "tenant.created.v1",
        "tenant.updated.v1",
        "mail.wanted.v1",
        "sms.wanted.v1",
        "verification.issued.v1",
        "client.registered.v1",
        "resource.created.v1",
        "api_scope.updated.v1",
        "identity_resource.updated.v1",
        "auth_server.updated.v1",
        "resource.created.v1",
        "resource.npm_options_set.v1",
        "resource.git_options_set.v1",
        "user.registered.v1",
        "user.app_password_set.v1",
        "user.password_set.v1",
        "app.created.v1",
        "app_user.registered.v1",
        "app_user.password_set.v1",
    ];
    assert_eq!(with_secret, expected);
}

#[test]
fn the_json_of_no_sample_shows_a_secret() {
    for sample in samples::all() {
        let json = sample.event.to_json();
        let text = format!("{} {:?}", json.data, json.personal.map(|it| it.to_string()));
        let secrets =
            [samples::CLIENT_SECRET_HASH, samples::RESOURCE_SECRET, samples::TENANT_SECRET];
        let app_secret = app_token::app_secret().0;
        let properties = [
            samples::client_secrets().property_values.swap_remove(0),
            samples::resource_secrets().property_values.swap_remove(0),
        ];
        let [client, resource] = properties.each_ref().map(String::as_str);
        let more = [
            "128,129,130",
            "192,193,194",
            "memoryKib",
            &app_secret,
            client,
            resource,
            scopes::PROPERTY_SECRET,
        ];
        let more = more.into_iter().chain(["the salt"]);
        for secret in secrets.into_iter().chain(more) {
            assert!(!text.contains(secret), "{} shows {secret}", sample.kind);
        }
    }
}

/// Nothing in clear may stand in what the log keeps of a personal or secret part.
#[tokio::test]
async fn personal_and_secret_parts_are_sealed_in_the_log() {
    let world = full_life().await;
    for event in world.events() {
        let keys = world.engine.keys();
        let clear = AnyEvent::decode(&event.kind, &keys.open_parts(&event).unwrap()).unwrap();
        let clear = clear.encode().unwrap();
        let pairs =
            [(&event.parts.personal, &clear.personal), (&event.parts.secret, &clear.secret)];
        for (sealed, clear) in pairs {
            let (Some(sealed), Some(clear)) = (sealed, clear) else { continue };
            let word = &clear[clear.len().saturating_sub(12)..];
            let leaks = sealed.windows(word.len()).any(|it| it == word);
            assert!(!leaks, "{}", event.kind);
        }
    }
}

#[tokio::test]
async fn personal_parts_are_shown_hidden_and_gone() {
    let world = full_life().await;
    let name = samples::user_personal().user_name;
    let registered =
        |json: Vec<EventJson>| json.into_iter().find(|it| it.kind == "user.registered.v1").unwrap();
    let shown = registered(world.json(Personal::Shown));
    assert_eq!(shown.personal.unwrap()["userName"], name.as_str());
    assert_eq!(registered(world.json(Personal::Hidden)).personal, None);
    let hidden = serde_json::to_string(&world.json(Personal::Hidden)).unwrap();
    assert!(!hidden.contains(&name));

    world.engine.keys().erase_subject(SubjectId(51)).unwrap();
    let erased = registered(world.json(Personal::Shown));
    assert_eq!((erased.personal, erased.secret, erased.subject), (None, Some("***"), Some(51)));
    assert!(!serde_json::to_string(&world.json(Personal::Shown)).unwrap().contains(&name));
}

#[tokio::test]
async fn the_subject_is_the_one_person_whom_an_event_names() {
    let world = full_life().await;
    for json in world.json(Personal::Hidden) {
        let named = match json.kind.split_once('.').unwrap() {
            ("user", _) | ("token", "issued.v1") => Some(51),
            ("blob", "stored.v1") => Some(121),
            ("security", "noticed.v1") => Some(131),
            ("app", "created.v1" | "deleted.v1") => Some(SubjectId::from(app_token::APP).0),
            ("mail" | "sms", "wanted.v1") => Some(82),
            ("app_user", _) | ("app_token", "issued.v1" | "issued.v2") => {
                Some(SubjectId::from(AppUserId(72)).0)
            }
            ("subscriber", "confirmed.v1" | "removed.v1") => {
                Some(SubjectId::from(SubscriberId(121)).0)
            }
            _ => None,
        };
        assert_eq!(json.subject, named, "{}", json.kind);
        // Readers of JSON may have no larger integers than these.
        assert!(named.is_none_or(|it| it < 1 << 53), "{}", json.kind);
    }
}

/// The names are part of the interface.
#[tokio::test]
async fn the_envelope_has_the_documented_names() {
    let world = full_life().await;
    let json = world.json(Personal::Shown);
    let first = serde_json::to_value(&json[0]).unwrap();
    assert_eq!(first["position"], 1);
    assert_eq!(first["stream"], "tenant-12");
    assert_eq!(first["version"], 1);
    assert_eq!(first["kind"], "tenant.created.v1");
    assert_eq!(first["time"], "2023-11-14T22:13:20.123456Z");
    assert_eq!(first["tenant"], 12);
    assert_eq!(first["actor"], "user-1");
    assert_eq!(first["commandId"], "01".repeat(16));
    assert_eq!(first["correlationId"], "c0".repeat(16));
    assert_eq!(first["data"]["issuerHost"], "login.example");
    let names =
        |it: &serde_json::Value| it.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let expected = [
        "actor",
        "commandId",
        "correlationId",
        "data",
        "eventId",
        "kind",
        "position",
        "secret",
        "stream",
        "tenant",
        "time",
        "version",
    ];
    assert_eq!(names(&first), expected);
    let registered = json.iter().find(|it| it.kind == "user.registered.v1").unwrap();
    let cloud = serde_json::to_value(CloudEvent::new(full_id(), registered)).unwrap();
    let registered = serde_json::to_value(registered).unwrap();
    assert_eq!(registered["traceId"], "d0".repeat(16));
    for (name, attribute, value) in [
        ("operation", "operation", "UserPost".to_owned()),
        ("client", "clientid", "shop".to_owned()),
        ("batch", "batch", "b0".repeat(16)),
        ("session", "session", "50".repeat(8)),
    ] {
        assert_eq!((&registered[name], &cloud[attribute]), (&json!(value), &json!(value)));
    }
    // A position outgrows the 32 bits of a CloudEvents integer.
    assert_eq!((&registered["causedBy"], &cloud["causedby"]), (&json!(3), &json!("3")));
    assert_eq!((&registered["uid"], &cloud["uid"]), (&json!(1_000), &json!("1000")));
    let tenant = serde_json::to_value(CloudEvent::new(full_id(), &json[0])).unwrap();
    for absent in ["operation", "clientid", "causedby", "batch", "session", "uid"] {
        assert!(tenant.get(absent).is_none(), "{absent}");
    }
    let mut expected = expected.to_vec();
    expected.extend(["batch", "causedBy", "client", "operation", "session", "uid"]);
    expected.extend(["personal", "subject", "traceId"]);
    expected.sort_unstable();
    assert_eq!(names(&registered), expected);
}
