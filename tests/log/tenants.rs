//! The tenant at the one door: what belongs to another tenant cannot be changed, whoever forgot to ask.

use std::collections::BTreeSet;
use std::sync::Arc;

use commands::keys::Keyring;
use commands::log::MemoryLog;
use commands::signing::system_head;
use commands::{Engine, Error};
use domain::app::{App, AppCommand, AppPolicy};
use domain::app_token::{AppToken, AppTokenCommand, app_token_id};
use domain::app_user::{AppUser, AppUserCommand};
use domain::children::PropertyValue;
use domain::client::{Client, ClientCommand};
use domain::delivery::{Channel, DeliveryCommand, Mail, Sms};
use domain::log::{CommitHead, EventLog};
use domain::resource::{Resource, ResourceCommand};
use domain::role::{Role, RoleCommand};
use domain::signing_key::{SigningKey, SigningKeyCommand};
use domain::tenant::{Tenant, TenantCommand};
use domain::token::{Token, TokenCommand, token_id};
use domain::user::{User, UserCommand};
use domain::verification::{Verification, VerificationCommand, VerificationIssued};
use domain::{Actor, Aggregate, AnyEvent, Refusal, TenantId};
use tests::given::NOW;
use tests::life::Lives;
use tests::samples::{self, app_token, blobs, products, scopes, sdk, security};
use tests::samples::{subscribers, subscriptions};

/// Whose everything is here, and who asks for it.
const OWNER: TenantId = TenantId(1);
const STRANGER: TenantId = TenantId(2);

struct Door {
    engine: Engine,
    log: Arc<dyn EventLog>,
    asked: BTreeSet<&'static str>,
}

fn head(tenant: TenantId) -> CommitHead {
    system_head(tenant, Actor::System, NOW).unwrap()
}

/// Another engine on the same log: its cache is empty.
fn another(engine: &Engine) -> Engine {
    Engine::new(engine.log().clone(), engine.keys().clone())
}

impl Door {
    fn new() -> Self {
        let keys = Arc::new(Keyring::ephemeral().unwrap());
        let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new(keys.log_id()));
        Self { engine: Engine::new(log.clone(), keys), log, asked: BTreeSet::new() }
    }

    /// The first command makes it. Then none of them does anything for another tenant.
    async fn ask<A: Aggregate>(&mut self, id: &str, commands: &[A::Command]) {
        self.asked.insert(A::CATEGORY);
        self.engine.handle::<A>(id, &commands[0], &head(OWNER)).await.unwrap();
        let position = self.log.head().position;
        for engine in [&self.engine, &another(&self.engine)] {
            for command in commands {
                let refused = engine.handle::<A>(id, command, &head(STRANGER)).await;
                let not_found = matches!(refused, Err(Error::Refused(Refusal::NotFound { .. })));
                assert!(not_found, "{} of another tenant: {refused:?}", A::CATEGORY);
                assert_eq!(self.log.head().position, position, "{} was written", A::CATEGORY);
            }
        }
        // What does not exist is refused in the same words.
        let absent = self.engine.handle::<A>("2147483647", &commands[1], &head(STRANGER)).await;
        let there = self.engine.handle::<A>(id, &commands[1], &head(STRANGER)).await;
        assert_eq!(absent.unwrap_err().to_string(), there.unwrap_err().to_string());
    }
}

/// The first command of an aggregate makes it; the others are asked for by another tenant.
impl Lives for Door {
    async fn run<A: Aggregate>(&mut self, id: &str, command: A::Command) {
        if self.asked.insert(A::CATEGORY) {
            self.engine.handle::<A>(id, &command, &head(OWNER)).await.unwrap();
        }
        let position = self.log.head().position;
        for engine in [&self.engine, &another(&self.engine)] {
            let refused = engine.handle::<A>(id, &command, &head(STRANGER)).await;
            let not_found = matches!(refused, Err(Error::Refused(Refusal::NotFound { .. })));
            assert!(not_found, "{} of another tenant: {refused:?}", A::CATEGORY);
            assert_eq!(self.log.head().position, position, "{} was written", A::CATEGORY);
        }
    }
}

#[tokio::test]
async fn nothing_of_another_tenant_is_changed_and_nothing_is_said_of_it() {
    let mut door = Door::new();
    ask_of_users(&mut door).await;
    ask_of_apps(&mut door).await;
    let tenant = Box::new(samples::tenant_created());
    let create = TenantCommand::Create(tenant, samples::tenant_properties());
    let wishes = vec![PropertyValue::Keep];
    let update = TenantCommand::Update(Box::new(samples::tenant_created()), wishes);
    let give_up = TenantCommand::GiveUpHosts(vec!["host2.example:8442".to_owned()]);
    let link = TenantCommand::SetAppTokenLink(true);
    door.ask::<Tenant>("12", &[create, link, update, give_up, TenantCommand::Delete]).await;
    let add = SigningKeyCommand::Add(samples::signing_key_added());
    let retire = SigningKeyCommand::Retire { until: NOW };
    door.ask::<SigningKey>("sample-kid", &[add, retire]).await;
    let id = "ffffffff777777777777777777777777";
    let wanted = Box::new(samples::delivery_wanted(Channel::Mail));
    let want = DeliveryCommand::Want(wanted, samples::delivery_to(Channel::Mail), None);
    let failed = DeliveryCommand::NoteFailed { why: "why".to_owned(), again_at: None };
    door.ask::<Mail>(id, &[want, failed, DeliveryCommand::Retry, DeliveryCommand::NoteSent]).await;
    let wanted = Box::new(samples::delivery_wanted(Channel::Sms));
    let want = DeliveryCommand::Want(wanted, samples::delivery_to(Channel::Sms), None);
    door.ask::<Sms>(id, &[want, DeliveryCommand::NoteSent]).await;
    let issued =
        VerificationIssued { expires_at: NOW.plus_seconds(300), ..samples::verification_issued() };
    let issue = VerificationCommand::Issue(issued, samples::verification_secret());
    let purpose = domain::verification::CodePurpose::Reset;
    let tried = VerificationCommand::Try { code_hash: [0; 32], purpose };
    door.ask::<Verification>(id, &[issue, tried]).await;
    let token = samples::token_issued();
    let id = token_id(token.expires_at, [7; 12]);
    let revoke = TokenCommand::Revoke { reason: "lost".to_owned() };
    door.ask::<Token>(&id, &[TokenCommand::Issue(Box::new(token)), revoke]).await;
    let create =
        ResourceCommand::Create(Box::new(samples::resource_created()), samples::resource_secrets());
    let publish = ResourceCommand::Publish(Box::new(samples::publication()));
    let package = ResourceCommand::AddPackage(Box::new(sdk::package()));
    door.ask::<Resource>("21", &[create, publish, package]).await;
    scopes::live(&mut door).await;
    products::live(&mut door).await;
    subscriptions::live(&mut door).await;
    sdk::live_jobs(&mut door).await;
    blobs::live(&mut door).await;
    security::live(&mut door).await;
    subscribers::live(&mut door).await;
    // What the server itself notes about the log belongs to no tenant, and nobody asks for it.
    door.asked.insert("log");
    let of_kinds = AnyEvent::kinds().into_iter().map(|it| it.split('.').next().unwrap());
    assert_eq!(door.asked, of_kinds.collect(), "an aggregate is not asked for here");
}

async fn ask_of_users(door: &mut Door) {
    let register = UserCommand::Register {
        data: Box::new(samples::user_registered()),
        personal: Box::new(samples::user_personal()),
        password: samples::password_verifier().into(),
        app_info: None,
    };
    let rights = UserCommand::SetRights { roles: vec![4], permissions: Vec::new() };
    let (data, personal) = (samples::user_registered(), samples::user_personal());
    let commands = [
        register,
        UserCommand::Update(Box::new(data), Box::new(personal)),
        UserCommand::Delete,
        UserCommand::Erase,
        UserCommand::SetEnabled(false),
        UserCommand::SetPassword(samples::password_verifier().into()),
        rights,
    ];
    door.ask::<User>("51", &commands).await;
    let role = [
        RoleCommand::Create(samples::role_created()),
        RoleCommand::Update(samples::role_fields()),
        RoleCommand::Delete,
    ];
    door.ask::<Role>("61", &role).await;
    let client = Box::new(samples::client_editable());
    let wishes = samples::client_wishes(&client);
    let client = [
        ClientCommand::Register(client.clone(), samples::client_secrets()),
        ClientCommand::Update(Box::new(samples::client_registered()), wishes),
        ClientCommand::SetEnabled(false),
    ];
    door.ask::<Client>("11", &client).await;
}

async fn ask_of_apps(door: &mut Door) {
    let create = AppCommand::Create {
        data: Box::new(app_token::app_created()),
        personal: Box::new(app_token::app_personal()),
        secret: app_token::app_secret(),
    };
    let policy = AppCommand::SetPolicy(AppPolicy { strict: false, acts_for_users: true });
    let app = app_token::APP.to_string();
    door.ask::<App>(&app, &[create, policy, AppCommand::Delete]).await;
    let register = AppUserCommand::Register {
        data: Box::new(app_token::app_user_registered()),
        personal: Box::new(app_token::app_user_personal()),
        password: app_token::verifier(),
    };
    let disable = AppUserCommand::SetEnabled(false);
    let commands = [register, disable, AppUserCommand::Delete, AppUserCommand::Erase];
    door.ask::<AppUser>("72", &commands).await;
    let issued = app_token::app_token_issued();
    let id = app_token_id(issued.refresh_expires_at, [7; 12]);
    let commands = [
        AppTokenCommand::Issue(Box::new(issued), app_token::app_token_personal()),
        AppTokenCommand::Refresh { rotates: true, grace_seconds: 10 },
        AppTokenCommand::RevokeFamily { reason: "lost".to_owned() },
    ];
    door.ask::<AppToken>(&id, &commands).await;
}

#[tokio::test]
async fn whoever_may_cross_tenants_says_so() {
    let door = Door::new();
    let tenant = Box::new(samples::tenant_created());
    let create = TenantCommand::Create(tenant, samples::tenant_properties());
    door.engine.handle::<Tenant>("12", &create, &head(OWNER)).await.unwrap();
    let link = TenantCommand::SetAppTokenLink(true);
    let mut draft = door.engine.draft(head(STRANGER));
    assert!(draft.decide::<Tenant>("12", &link).is_err());
    draft.across_tenants("the test");
    draft.decide::<Tenant>("12", &link).unwrap();
    draft.commit().await.unwrap();
    // The tenant of a stream is that of its first commit, whoever writes later.
    for engine in [&door.engine, &another(&door.engine)] {
        let unlink = TenantCommand::SetAppTokenLink(false);
        assert!(engine.handle::<Tenant>("12", &unlink, &head(STRANGER)).await.is_err());
    }
    let unlink = TenantCommand::SetAppTokenLink(false);
    door.engine.handle::<Tenant>("12", &unlink, &head(OWNER)).await.unwrap();
}
