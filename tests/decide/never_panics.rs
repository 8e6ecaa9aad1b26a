//! Whatever the log holds and whoever asks: no history and no command makes the rules panic.
//!
//! The histories here break every rule: events out of order, of unknown parts, with numbers at
//! their ends. A damaged or foreign log must lead to a refusal, not to a crash at every start.

use domain::account::AccountId;
use domain::app::{App, AppCommand, AppCreated, AppId, AppPersonal, AppPolicy};
use domain::app_token::{
    AppToken, AppTokenCommand, AppTokenEvent, AppTokenIssued, AppTokenPersonal,
};
use domain::app_user::{AppUser, AppUserCommand, AppUserPersonal};
use domain::children::PropertyValue;
use domain::client::{Client, ClientCommand, ClientSecretInfo};
use domain::delivery::{Channel, DeliveryCommand, DeliveryTo, DeliveryWanted, Mail, Sms};
use domain::log_event::{HighestNumber, Log, LogCommand};
use domain::resource::Resource;
use domain::role::{Role, RoleCommand, RoleFields};
use domain::sdk_job::SdkJob;
use domain::signing_key::{SigningKey, SigningKeyCommand};
use domain::tenant::{ApiPolicy, TenantAppTokenLinkSet, TenantDeleted};
use domain::tenant::{Tenant, TenantCommand, TenantCreated, TenantEvent, TenantHost};
use domain::token::{Token, TokenCommand, TokenIssued};
use domain::user::{User, UserCommand, Verifiers};
use domain::verification::{
    CodePurpose, Verification, VerificationCommand, VerificationIssued, VerificationSecret,
};
use domain::{AGGREGATES, Aggregate, Timestamp, UserId};
use proptest::prelude::*;
use tests::samples;

use crate::random_resource::{resource_command, resource_event};
use crate::random_sdk;
use tests::samples::app_token::{
    app_created, app_secret, app_token_issued, app_user_registered, verifier,
};

/// What random events and commands are made of.
#[derive(Debug, Clone)]
pub struct Seed {
    pub which: usize,
    pub id: String,
    pub text: String,
    pub number: u32,
    pub time: i64,
    pub yes: bool,
}

pub fn seeds() -> impl Strategy<Value = Vec<Seed>> {
    let id = prop::sample::select(vec!["21", "21;rev=2", "f", "/apis/21", "", ";rev=1"]);
    let text = prop_oneof![
        prop::sample::select(vec!["", "v2", "a.example", "9223372036854775807", "-9", "http://a"])
            .prop_map(str::to_owned),
        any::<String>(),
    ];
    let number = prop_oneof![0..4u32, Just(1_000), Just(u32::MAX), any::<u32>()];
    let time = prop_oneof![Just(i64::MIN), Just(i64::MAX), any::<i64>()];
    let seed = (0..100usize, id, text, number, time, any::<bool>()).prop_map(
        |(which, id, text, number, time, yes)| Seed {
            which,
            id: id.to_owned(),
            text,
            number,
            time,
            yes,
        },
    );
    prop::collection::vec(seed, 0..12)
}

pub fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) }
}

/// Folds the first half, and lets the second half command; what is decided is folded, too.
pub fn run<A: Aggregate>(
    seeds: &[Seed],
    event: impl Fn(&Seed) -> A::Event,
    command: impl Fn(&Seed) -> A::Command,
) {
    let (history, commands) = seeds.split_at(seeds.len() / 2);
    let mut state = A::default();
    history.iter().for_each(|seed| state.evolve(&event(seed)));
    for seed in commands {
        if let Ok(decision) = state.decide(&command(seed), Timestamp(seed.time)) {
            decision.events.iter().for_each(|event| state.evolve(event));
        }
    }
}

/// One of the samples of an aggregate.
#[macro_export]
macro_rules! sample_of {
    ($variant:ident, $seed:expr) => {{
        let events = tests::samples::all().into_iter().filter_map(|it| match it.event {
            domain::AnyEvent::$variant(event) => Some(event),
            _ => None,
        });
        let events = events.collect::<Vec<_>>();
        events[$seed.which % events.len()].clone()
    }};
}

fn delivery_command(seed: &Seed) -> DeliveryCommand {
    let again_at = seed.yes.then_some(Timestamp(seed.time));
    match seed.which % 4 {
        0 => {
            let wanted = DeliveryWanted {
                until: Timestamp(seed.time),
                language: seed.text.clone(),
                ..samples::delivery_wanted(if seed.yes { Channel::Mail } else { Channel::Sms })
            };
            let to = DeliveryTo { to: seed.text.clone() };
            DeliveryCommand::Want(Box::new(wanted), to, Some(samples::delivery_secret()))
        }
        1 => DeliveryCommand::NoteFailed { why: seed.text.clone(), again_at },
        2 => DeliveryCommand::NoteSent,
        _ => DeliveryCommand::Retry,
    }
}

fn verification_command(seed: &Seed) -> VerificationCommand {
    let VerificationSecret { code_hash } = samples::verification_secret();
    let purpose = if seed.yes { CodePurpose::Account } else { CodePurpose::SignIn };
    match seed.which % 3 {
        0 => VerificationCommand::Issue(
            VerificationIssued {
                purpose,
                expires_at: Timestamp(seed.time),
                ..samples::verification_issued()
            },
            samples::verification_secret(),
        ),
        1 => VerificationCommand::Try { code_hash, purpose },
        _ => VerificationCommand::Try { code_hash: [0; 32], purpose },
    }
}

fn tenant_event(seed: &Seed) -> TenantEvent {
    match seed.which % 4 {
        0 => TenantEvent::Created(samples::tenant_created().into()),
        1 => samples::tenant_updated(),
        2 => TenantEvent::Deleted(TenantDeleted { tenant: domain::TenantId(seed.number) }.into()),
        _ => TenantEvent::AppTokenLinkSet(TenantAppTokenLinkSet { linked: seed.yes }.into()),
    }
}

fn tenant_command(seed: &Seed) -> TenantCommand {
    let host = TenantHost { id: seed.number, name: seed.text.clone() };
    let tenant = TenantCreated { hosts: vec![host], ..samples::tenant_created() };
    match seed.which % 6 {
        0 => TenantCommand::Create(Box::new(tenant), samples::tenant_properties()),
        1 if seed.yes => TenantCommand::Update(Box::new(tenant), vec![PropertyValue::Keep]),
        1 => TenantCommand::Update(Box::new(tenant), Vec::new()),
        2 => TenantCommand::GiveUpHosts(vec![seed.text.clone()]),
        3 => TenantCommand::Delete,
        5 => {
            let upstreams = vec![seed.text.clone()];
            TenantCommand::SetApiPolicy(ApiPolicy { upstreams, ..ApiPolicy::default() })
        }
        _ => TenantCommand::SetAppTokenLink(seed.yes),
    }
}

fn token_command(seed: &Seed) -> TokenCommand {
    if seed.yes {
        let token = TokenIssued {
            issued_at: Timestamp(seed.time),
            expires_at: Timestamp(i64::from(seed.number)).plus_seconds(seed.time),
            ..samples::token_issued()
        };
        TokenCommand::Issue(Box::new(token))
    } else {
        TokenCommand::Revoke { reason: seed.text.clone() }
    }
}

fn user_command(seed: &Seed) -> UserCommand {
    match seed.which % 7 {
        0 => {
            let mut personal = samples::user_personal();
            if seed.yes {
                personal.user_name.clone_from(&seed.text);
            }
            personal.phone_number = Some(seed.text.clone());
            UserCommand::Register {
                data: Box::new(samples::user_registered()),
                personal: Box::new(personal),
                password: Verifiers::default(),
                app_info: None,
            }
        }
        1 => UserCommand::SetPassword(samples::password_verifier().into()),
        2 => UserCommand::Delete,
        3 => UserCommand::SetEnabled(seed.yes),
        4 => UserCommand::UpdateByApp {
            password: seed.yes.then(Verifiers::default),
            info: Some(seed.text.clone()),
        },
        5 => UserCommand::SetRights {
            roles: vec![seed.number],
            permissions: samples::user_registered().permissions,
        },
        6 => {
            let mut personal = samples::user_personal();
            personal.email = seed.yes.then(|| seed.text.clone());
            UserCommand::Update(Box::new(samples::user_registered()), Box::new(personal))
        }
        _ => UserCommand::Erase,
    }
}

fn role_command(seed: &Seed) -> RoleCommand {
    let mut role = samples::role_created();
    role.name.clone_from(&seed.text);
    match seed.which % 3 {
        0 => RoleCommand::Create(role),
        1 => RoleCommand::Update(RoleFields::from(&role)),
        _ => RoleCommand::Delete,
    }
}

fn client_command(seed: &Seed) -> ClientCommand {
    let mut client = samples::client_editable();
    client.redirect_uris = vec![seed.text.clone()];
    client.lifetimes.access_token = seed.number as i32;
    match seed.which % 8 {
        0 => ClientCommand::SetEnabled(seed.yes),
        1 => ClientCommand::TakeOver,
        2 => ClientCommand::Register(Box::new(client), samples::client_secrets()),
        3 => {
            let wishes = samples::client_wishes(&client);
            ClientCommand::Update(Box::new(samples::client_editable()), wishes)
        }
        4 => {
            let info = ClientSecretInfo { id: seed.number, ..client.secrets.swap_remove(0) };
            ClientCommand::AddSecret(info, seed.text.clone())
        }
        5 => ClientCommand::RemoveSecret(seed.number),
        6 => ClientCommand::SetOwner(UserId(seed.number)),
        _ => ClientCommand::Delete,
    }
}

fn signing_key_command(seed: &Seed) -> SigningKeyCommand {
    match seed.which % 3 {
        0 => SigningKeyCommand::Add(samples::signing_key_added()),
        1 => SigningKeyCommand::Retire { until: Timestamp(seed.time) },
        _ => SigningKeyCommand::End { reason: seed.text.clone() },
    }
}

fn app_command(seed: &Seed) -> AppCommand {
    match seed.which % 3 {
        0 => AppCommand::Delete,
        1 => AppCommand::SetPolicy(AppPolicy { strict: seed.yes, acts_for_users: !seed.yes }),
        _ => AppCommand::Create {
            data: Box::new(AppCreated {
                app: AppId(seed.time as u64),
                owner: if seed.yes { AccountId::None } else { app_created().owner },
                is_default: seed.yes,
                token_seconds: seed.time,
                expires_at: Timestamp(seed.time),
                ..app_created()
            }),
            personal: Box::new(AppPersonal { owner: seed.text.clone(), info: seed.id.clone() }),
            secret: app_secret(),
        },
    }
}

fn app_user_command(seed: &Seed) -> AppUserCommand {
    match seed.which % 5 {
        0 => AppUserCommand::Delete,
        1 => AppUserCommand::Erase,
        2 => AppUserCommand::SetEnabled(seed.yes),
        3 => AppUserCommand::Update {
            password: seed.yes.then(verifier),
            info: Some(seed.text.clone()),
        },
        _ => AppUserCommand::Register {
            data: Box::new(app_user_registered()),
            personal: Box::new(AppUserPersonal {
                user_name: seed.text.clone(),
                info: seed.text.clone(),
                reg_ip: seed.id.clone(),
                root_name: seed.text.clone(),
            }),
            password: verifier(),
        },
    }
}

fn app_token_issued_at(seed: &Seed) -> AppTokenIssued {
    AppTokenIssued {
        issued_at: Timestamp(seed.time),
        access_expires_at: Timestamp(i64::from(seed.number)).plus_seconds(seed.time),
        refresh_expires_at: Timestamp(seed.time).plus_seconds(i64::from(seed.number)),
        ..app_token_issued()
    }
}

fn app_token_event(seed: &Seed) -> AppTokenEvent {
    match seed.yes {
        true => AppTokenEvent::Issued(app_token_issued_at(seed).into()),
        false => sample_of!(AppToken, seed),
    }
}

fn app_token_command(seed: &Seed) -> AppTokenCommand {
    match seed.which % 3 {
        0 => AppTokenCommand::Refresh { rotates: seed.yes, grace_seconds: seed.time },
        1 => AppTokenCommand::RevokeFamily { reason: seed.text.clone() },
        _ => AppTokenCommand::Issue(
            Box::new(app_token_issued_at(seed)),
            AppTokenPersonal { token_type: seed.text.clone() },
        ),
    }
}

fn log_command(seed: &Seed) -> LogCommand {
    match seed.yes {
        true => LogCommand::Forget { until: Timestamp(seed.time) },
        false => {
            let number = HighestNumber { category: seed.text.clone(), number: seed.number };
            LogCommand::Restore { numbers: vec![number] }
        }
    }
}

/// One test for each, and the list of all of them.
macro_rules! never_panics {
    ($($test:ident: $aggregate:ident, $event:expr, $command:expr;)*) => {
        proptest! {
            #![proptest_config(config())]
            $(
                #[test]
                fn $test(seeds in seeds()) {
                    run::<$aggregate>(&seeds, $event, $command);
                }
            )*
        }

        const CATEGORIES: &[&str] = &[$( <$aggregate as Aggregate>::CATEGORY, )*];
    };
}

never_panics! {
    a_client_never_panics: Client, |seed| sample_of!(Client, seed), client_command;
    a_log_never_panics: Log, |seed| sample_of!(Log, seed), log_command;
    a_letter_never_panics: Mail, |seed| sample_of!(Mail, seed), delivery_command;
    a_message_never_panics: Sms, |seed| sample_of!(Sms, seed), delivery_command;
    a_code_never_panics: Verification, |seed| sample_of!(Verification, seed),
        verification_command;
    a_resource_never_panics: Resource, resource_event, resource_command;
    a_role_never_panics: Role, |seed| sample_of!(Role, seed), role_command;
    a_job_never_panics: SdkJob, |seed| sample_of!(SdkJob, seed), random_sdk::job_command;
    a_signing_key_never_panics: SigningKey, |seed| sample_of!(SigningKey, seed),
        signing_key_command;
    a_tenant_never_panics: Tenant, tenant_event, tenant_command;
    a_token_never_panics: Token, |seed| sample_of!(Token, seed), token_command;
    a_user_never_panics: User, |seed| sample_of!(User, seed), user_command;
    an_app_never_panics: App, |seed| sample_of!(App, seed), app_command;
    an_app_token_never_panics: AppToken, app_token_event, app_token_command;
    an_app_user_never_panics: AppUser, |seed| sample_of!(AppUser, seed), app_user_command;
}

/// Here, or in a file of its own: `run::<ApiScope>(`.
#[test]
fn every_aggregate_is_tried() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("decide");
    let files = std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    let text = files.map(|it| std::fs::read_to_string(it).unwrap()).collect::<String>();
    for category in AGGREGATES.iter().map(|it| it.category) {
        let words = category.split('_').map(|it| it[..1].to_uppercase() + &it[1..]);
        let elsewhere = text.contains(&format!("run::<{}>(", words.collect::<String>()));
        assert!(elsewhere || CATEGORIES.contains(&category), "{category} is not tried");
    }
}
