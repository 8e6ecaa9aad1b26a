//! Random histories: the read models that lived through one, those that replay it, and those that
//! come from a snapshot and the tail behind it are the same, with all that rows are found by.

use std::collections::BTreeSet;

use bytes::Bytes;
use domain::account::AccountId;
use domain::app::{APP_IDS, App, AppCommand, AppCreated, AppId, AppPersonal, AppPolicy, AppSecret};
use domain::app_user::{AppUser, AppUserCommand, AppUserId, AppUserPersonal, AppUserRegistered};
use domain::blob::Blob;
use domain::children::Properties;
use domain::client::{Client, ClientCommand, ClientRegistered, ClientSecrets, ClientWishes};
use domain::delivery::Mail;
use domain::gateway::Gateway;
use domain::notice::Notice;
use domain::resource::{
    AllowedScopes, Basis, Face, Gate, NewRevision, Publication, Resource, ResourceCommand,
    ResourceCreated, ResourceSecrets, ResourceWishes,
};
use domain::role::{Role, RoleCommand, RoleCreated, RoleFields};
use domain::sdk_job::SdkJob;
use domain::subscriber::Subscriber;
use domain::subscription::Subscription;
use domain::tenant::{Tenant, TenantCommand, TenantCreated, TenantHost};
use domain::user::{User, UserCommand, UserPersonal, UserRegistered, Verifiers, normalise};
use domain::verification::Verification;
use domain::{Aggregate, ClientName, Recorded, TenantId, UserId};
use projections::{Paging, Tables, UserFilter, Users, Views, catch_up, next_snapshot};
use proptest::prelude::*;
use tests::app::{TestApp, now, verifier};
use tests::samples;
use tests::samples::app_token::app_created;
use tests::samples::{client_editable, resource_editable, tenant_created};

use crate::blobs::{blob_command, blob_id, blobs_are_found};
use crate::keys::{gateway_command, keys_are_found, subscription_command};
use crate::letters::{code_command, mail_command};
use crate::sdks::{job_command, sdk_command};
use crate::told::{notice_command, subscriber_command, subscribers_are_found};

const TENANT: TenantId = TenantId(1);
const ALL: Paging = Paging { skip: 0, take: 1_000, ascending: true };

/// A number from 1 to 6, and what to do with the thing that has it.
type Step = (u8, u32, u32);

async fn run<A: Aggregate>(app: &TestApp, id: &str, command: A::Command) {
    // Many commands are refused: of things that do not exist, or that exist already.
    let head = app.head(TENANT);
    let _ = app.engine.handle::<A>(id, &command, &head).await;
}

async fn step(app: &TestApp, (what, number, other): Step) {
    let id = number.to_string();
    match what {
        0 => register_user(app, number + 1, other).await,
        1 => {
            run::<User>(
                app,
                &(number + 1).to_string(),
                UserCommand::SetEnabled(other.is_multiple_of(2)),
            )
            .await
        }
        2 => {
            let roles = (1..=other % 4).collect();
            let command = UserCommand::SetRights { roles, permissions: Vec::new() };
            run::<User>(app, &(number + 1).to_string(), command).await;
        }
        3 => {
            let command =
                UserCommand::UpdateByApp { password: None, info: Some(format!("info {other}")) };
            run::<User>(app, &(number + 1).to_string(), command).await;
        }
        4 => run::<User>(app, &(number + 1).to_string(), UserCommand::Delete).await,
        5 => register_client(app, number, other).await,
        6 => {
            run::<Client>(
                app,
                &(number + 1).to_string(),
                ClientCommand::SetEnabled(other.is_multiple_of(2)),
            )
            .await
        }
        7 => run::<Client>(app, &(number + 1).to_string(), ClientCommand::TakeOver).await,
        8 => create_resource(app, number, other).await,
        9 => {
            let scopes = AllowedScopes::Only(vec![format!("scope{number}"); (other % 2) as usize]);
            run::<Resource>(app, &id, ResourceCommand::AllowClient { client: other, scopes }).await;
        }
        10 => {
            let link = TenantCommand::SetAppTokenLink(other.is_multiple_of(2));
            run::<Tenant>(app, "1", link).await;
        }
        11 => create_app(app, number, other).await,
        12 => {
            let policy = AppPolicy { strict: other.is_multiple_of(2), acts_for_users: false };
            run::<App>(app, &app_id(number).to_string(), AppCommand::SetPolicy(policy)).await;
        }
        13 => run::<App>(app, &app_id(number).to_string(), AppCommand::Delete).await,
        14 => register_app_user(app, number, other).await,
        15 => run::<AppUser>(app, &id, AppUserCommand::SetEnabled(other.is_multiple_of(2))).await,
        16 => {
            let info = Some(format!("info {other}"));
            run::<AppUser>(app, &id, AppUserCommand::Update { password: None, info }).await;
        }
        17 => run::<AppUser>(app, &id, AppUserCommand::Delete).await,
        _ => step_with_fields(app, (what, number, other)).await,
    }
}

/// Some of these follow another one; those that do not are refused.
fn at_gateway(what: u8, number: u32, other: u32) -> ResourceCommand {
    let api_id = number.to_string();
    let face = Face { path: format!("path{}", number % 4), ..samples::face() };
    let revision_id = format!("{api_id};rev={}", 1 + other % 2);
    match what {
        37 => ResourceCommand::Publish(Box::new(Publication {
            api_id,
            face,
            ..samples::publication()
        })),
        38 => {
            let current = Basis { revision: 1, face };
            ResourceCommand::PublishRevision(Box::new(NewRevision {
                api_id,
                newest: current.clone(),
                face: Face { name: None, ..current.face.clone() },
                current,
                difference: samples::difference(),
                gate: Gate::default(),
                note: None,
            }))
        }
        39 => ResourceCommand::SetOnlineVersion { revision_id, notes: None },
        _ => match other.is_multiple_of(2) {
            true => ResourceCommand::Unpublish,
            false => ResourceCommand::SetRevisionOnline { revision_id, online: false },
        },
    }
}

/// Changes of fields, and ends.
async fn step_with_fields(app: &TestApp, (what, number, other): Step) {
    let id = number.to_string();
    match what {
        18 => {
            let (data, personal) = user_of(number + 1, other);
            run::<User>(app, &(number + 1).to_string(), UserCommand::Update(data, personal)).await;
        }
        19 => {
            let data = client_of(number + 1, other + 1);
            let update = ClientCommand::Update(Box::new(data), ClientWishes::default());
            run::<Client>(app, &(number + 1).to_string(), update).await;
        }
        20 => {
            let owner = ClientCommand::SetOwner(UserId(1 + other % 3));
            run::<Client>(app, &(number + 1).to_string(), owner).await;
        }
        21 => run::<Client>(app, &(number + 1).to_string(), ClientCommand::Delete).await,
        22 => {
            let name = format!("role{other}");
            let created = RoleCreated { role: number + 4, tenant: TENANT, name, claims: vec![] };
            run::<Role>(app, &(number + 4).to_string(), RoleCommand::Create(created)).await;
        }
        23 => {
            let fields = RoleFields { name: format!("role{other}"), claims: Vec::new() };
            run::<Role>(app, &(number + 4).to_string(), RoleCommand::Update(fields)).await;
        }
        24 => run::<Role>(app, &(number + 4).to_string(), RoleCommand::Delete).await,
        25 => {
            run::<Tenant>(app, &(number + 1).to_string(), tenant_command(number + 1, other)).await
        }
        34 => {
            let data = ResourceCreated {
                owner: UserId(1),
                scopes: vec![format!("scope{other}")],
                ..resource_of(number, other + 1)
            };
            let update = ResourceCommand::Update(Box::new(data), ResourceWishes::default());
            run::<Resource>(app, &number.to_string(), update).await;
        }
        35 => {
            let user = UserId(1 + other % 3);
            let command = match other.is_multiple_of(2) {
                true => ResourceCommand::AddOwner(user),
                false => ResourceCommand::RemoveOwner(user),
            };
            run::<Resource>(app, &number.to_string(), command).await;
        }
        36 => run::<Resource>(app, &number.to_string(), ResourceCommand::Delete).await,
        37..41 => run::<Resource>(app, &number.to_string(), at_gateway(what, number, other)).await,
        41 => run::<Subscription>(app, &id, subscription_command(number, other)).await,
        42 => run::<Gateway>(app, &id, gateway_command(number, other)).await,
        43 => run::<Resource>(app, &id, sdk_command(other)).await,
        44 => run::<SdkJob>(app, &short_id(number), job_command(number, other)).await,
        45 => run::<Blob>(app, &blob_id(number), blob_command(TENANT, number, other)).await,
        46..49 => run::<Subscriber>(app, &id, subscriber_command(number, other)).await,
        49 | 50 => run::<Notice>(app, &short_id(number), notice_command(number, other)).await,
        26 | 27 => run::<Mail>(app, &short_id(number), mail_command(other)).await,
        _ => run::<Verification>(app, &short_id(number), code_command(number, other)).await,
    }
}

/// Tenants with a host that only one of them gets.
fn tenant_command(tenant: u32, other: u32) -> TenantCommand {
    let host = TenantHost { id: 0, name: format!("host{other}.example") };
    let data = Box::new(TenantCreated {
        tenant: TenantId(tenant),
        hosts: vec![host],
        property_keys: Vec::new(),
        ..tenant_created()
    });
    match other {
        0 => TenantCommand::Delete,
        1 => TenantCommand::GiveUpHosts(vec!["host3.example".to_owned()]),
        2 => TenantCommand::Update(data, Vec::new()),
        _ => TenantCommand::Create(data, Properties::default()),
    }
}

/// The id of a short stream that lives on.
pub fn short_id(number: u32) -> String {
    format!("f0000000{number:024x}")
}

/// Some of it is taken sometimes.
fn user_of(user: u32, other: u32) -> (Box<UserRegistered>, Box<UserPersonal>) {
    let personal = UserPersonal {
        user_name: format!("user{other}"),
        email: (!other.is_multiple_of(5)).then(|| format!("Mail{other}@example.org")),
        phone_number: (!other.is_multiple_of(3)).then(|| format!("+49 30 {other}")),
        nick_name: Some(format!("nick {other}")),
        ..UserPersonal::default()
    };
    let data = UserRegistered {
        roles: vec![1 + other % 3],
        lock_flag: other.is_multiple_of(4),
        ..UserRegistered::with_defaults(UserId(user), TENANT, UserId(1 + other % 2))
    };
    (Box::new(data), Box::new(personal))
}

async fn register_user(app: &TestApp, user: u32, other: u32) {
    let (data, personal) = user_of(user, other);
    let password = Verifiers::default();
    let command = UserCommand::Register { data, personal, password, app_info: None };
    run::<User>(app, &user.to_string(), command).await;
}

fn client_of(client: u32, other: u32) -> ClientRegistered {
    ClientRegistered {
        client,
        tenant: TENANT,
        owner: UserId(1 + other % 2),
        client_id: ClientName(format!("client{other}")),
        name: (!other.is_multiple_of(3)).then(|| format!("name {}", other % 4)),
        secrets: Vec::new(),
        property_keys: Vec::new(),
        ..client_editable()
    }
}

async fn register_client(app: &TestApp, number: u32, other: u32) {
    let client = number + 1;
    let data = client_of(client, other);
    let command = ClientCommand::Register(Box::new(data), ClientSecrets::default());
    run::<Client>(app, &client.to_string(), command).await;
}

fn resource_of(number: u32, other: u32) -> ResourceCreated {
    ResourceCreated {
        resource: number,
        tenant: TENANT,
        owner: UserId(1 + other % 2),
        name: format!("resource{number}"),
        scopes: vec![format!("scope{number}")],
        enabled: other.is_multiple_of(2),
        show_in_discovery_document: other.is_multiple_of(3),
        secrets: Vec::new(),
        property_keys: Vec::new(),
        ..resource_editable()
    }
}

async fn create_resource(app: &TestApp, number: u32, other: u32) {
    let data = resource_of(number, other);
    let command = ResourceCommand::Create(Box::new(data), ResourceSecrets::default());
    run::<Resource>(app, &number.to_string(), command).await;
}

fn app_id(number: u32) -> AppId {
    AppId(APP_IDS.start() + u64::from(number))
}

async fn create_app(app: &TestApp, number: u32, other: u32) {
    let id = app_id(number);
    let owner = match other % 3 {
        0 => AccountId::None,
        1 => AccountId::User(UserId(2)),
        _ => AccountId::AppUser(AppUserId(2)),
    };
    let is_default = other == 5;
    let expires_at = now().plus_seconds(1_000_000);
    let data =
        AppCreated { app: id, tenant: TENANT, owner, is_default, expires_at, ..app_created() };
    let name = if owner == AccountId::None { format!("owner{}", other % 2) } else { String::new() };
    let personal = AppPersonal { owner: name, info: String::new() };
    let (data, personal) = (Box::new(data), Box::new(personal));
    let secret = AppSecret("secret".to_owned());
    run::<App>(app, &id.to_string(), AppCommand::Create { data, personal, secret }).await;
}

async fn register_app_user(app: &TestApp, number: u32, other: u32) {
    let data = AppUserRegistered {
        app_user: AppUserId(number),
        tenant: TENANT,
        creator: AppUserId(other % 3),
        ..tests::samples::app_token::app_user_registered()
    };
    let root_name = match other % 3 {
        0 => format!("root{}", other % 2),
        _ => String::new(),
    };
    let personal = AppUserPersonal {
        user_name: format!("app-user{other}"),
        root_name,
        ..AppUserPersonal::default()
    };
    let (data, personal) = (Box::new(data), Box::new(personal));
    let password = verifier().await;
    let command = AppUserCommand::Register { data, personal, password };
    run::<AppUser>(app, &number.to_string(), command).await;
}

fn snapshot(app: &TestApp, last: Option<&Bytes>, head: u64) -> Bytes {
    let (log, keys) = (app.engine.log(), app.engine.keys().clone());
    next_snapshot(last.cloned(), &**log, keys, head).unwrap().into()
}

/// What indexes answer is what a look at every row answers.
fn lookups_are_right(tables: &Tables) {
    let users = &tables.users;
    let personal = |row| users.personal(row).unwrap_or_default();
    for other in 0..8 {
        let name = format!("USER{other}");
        let named = users.named(TENANT, &name).map(|it| it.data.user);
        let scan = users.iter().find(|it| normalise(&personal(it).user_name) == name);
        assert_eq!(named, scan.map(|it| it.data.user), "{name}");
        let phone = format!("+49 30 {other}");
        let with_phone = users.with_phone(TENANT, &phone).map(|it| it.data.user);
        let scan = users.iter().filter(|it| personal(it).phone_number.as_ref() == Some(&phone));
        assert!(with_phone.eq(scan.map(|it| it.data.user)), "{phone}");
        let email = format!("mail{other}@EXAMPLE.org");
        let filter = UserFilter { email: Some(email.clone()), ..UserFilter::default() };
        let scan = users.iter().filter(|it| {
            personal(it).email.is_some_and(|has| normalise(&has) == normalise(&email))
        });
        assert_eq!(listed(users, filter), scan.map(|it| it.data.user).collect::<Vec<_>>());
        let filter = UserFilter { roles: Some(vec![other]), ..UserFilter::default() };
        let scan = users.iter().filter(|it| it.data.roles.contains(&other));
        assert_eq!(listed(users, filter), scan.map(|it| it.data.user).collect::<Vec<_>>());
        let client = format!("client{other}");
        let scan = tables.clients.iter().find(|it| it.data.client_id.0 == client);
        assert_eq!(tables.clients.identified(&client), scan);
        let scope = format!("SCOPE{other}");
        let scan = tables.resources.iter();
        let mut scan = scan.filter(|it| it.data.scopes.contains(&scope.to_lowercase()));
        assert_eq!(tables.resources.holder_of(TENANT, &scope), scan.next());
        let user = UserId(other);
        let scan = users.iter().filter(|it| it.data.parent == user && it.data.user != user);
        assert!(users.brought_in_by(user).eq(scan.map(|it| it.data.user)));
        assert_eq!(users.brought_in_count(user), users.brought_in_by(user).count());
        let app_user = format!("APP-USER{other}");
        let named = tables.app_users.named(TENANT, &app_user);
        let scan = tables.app_users.iter().find(|it| {
            tables.app_users.personal(it).is_some_and(|it| normalise(&it.user_name) == app_user)
        });
        assert_eq!(named, scan);
        let account = AppUserId(other);
        let root = format!("ROOT{other}");
        let made = tables.app_users.made_by(TENANT, account, Some(&root));
        let scan = tables.app_users.iter();
        let scan = scan.filter(|it| tables.app_users.is_made_by(it, account, Some(&root)));
        assert_eq!(made, scan.map(|it| it.data.app_user).collect::<Vec<_>>());
        let owner = AccountId::User(UserId(other));
        let name = format!("OWNER{other}");
        let owned = tables.apps.owned_by(TENANT, owner, Some(&name));
        let scan = tables.apps.iter();
        let scan = scan.filter(|it| tables.apps.is_owned_by(it, owner, Some(&name)));
        let of = |rows: Vec<AppId>| rows.into_iter().collect::<BTreeSet<_>>();
        assert_eq!(
            of(owned.iter().map(|it| it.data.app).collect()),
            of(scan.map(|it| it.data.app).collect())
        );
    }
    keys_are_found(tables);
    blobs_are_found(tables, TENANT);
    subscribers_are_found(tables);
    let default = tables.apps.iter().find(|it| it.data.is_default);
    assert_eq!(tables.apps.default_of(TENANT), default);
}

fn listed(users: &Users, filter: UserFilter) -> Vec<UserId> {
    let page = users.search(users.fitting(TENANT, filter, ALL)).finish();
    assert_eq!(page.total, page.rows.len());
    page.rows.iter().map(|it| it.data.user).collect()
}

fn events(app: &TestApp) -> Vec<Recorded> {
    app.engine.log().read_after(0, usize::MAX).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn lived_replayed_and_restored_read_models_are_the_same(
        steps in prop::collection::vec((0..51_u8, 1..7_u32, 0..7_u32), 20..80),
        cuts in prop::array::uniform2(0.0..1.0_f64),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let app = TestApp::new().await;
            for it in steps {
                step(&app, it).await;
            }
            let head = app.engine.log().head().position;
            app.shows(head).await;
            let keys = app.engine.keys().clone();
            let replayed = Views::new(keys.clone());
            catch_up(&**app.engine.log(), &replayed, &|_| ()).unwrap();
            let one_by_one = Views::new(keys.clone());
            for event in events(&app) {
                one_by_one.apply(&[event]).unwrap();
            }
            let [first, second] = cuts.map(|it| (it * head as f64) as u64);
            let (first, second) = (first.min(second), first.max(second));
            let early = snapshot(&app, None, first);
            let late = snapshot(&app, Some(&early), second);
            let last = snapshot(&app, Some(&late), head);
            assert!(last == snapshot(&app, None, head), "a snapshot depends on those before it");
            let mut all = vec![replayed, one_by_one];
            for body in [early, late, last] {
                let views = Views::from_snapshot(body, keys.clone()).unwrap();
                lookups_are_right(&views.read());
                catch_up(&**app.engine.log(), &views, &|_| ()).unwrap();
                all.push(views);
            }
            for views in &all {
                let tables = views.read();
                assert!(*tables == *app.views.read(), "not what was lived through");
                assert!(tables.find_what_they_have(), "rows are found by what they do not say");
                lookups_are_right(&tables);
                for row in tables.users.iter() {
                    let user = domain::StreamId::new("user", row.data.user);
                    assert_eq!(row.version, app.engine.log().stream_version(&user));
                }
            }
        });
    }
}
