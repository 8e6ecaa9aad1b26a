//! The last administrator stays, however many end one another at the same moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use commands::keys::Keyring;
use commands::log::MemoryLog;
use commands::signing::system_head;
use commands::{
    Administrators, ChangedRole, Done, Engine, Error, Expected, LAST_ADMINISTRATOR, Seen,
};
use domain::log::EventLog;
use domain::user::{
    PasswordVerifier, User, UserClaim, UserCommand, UserPersonal, UserRegistered, Verifiers,
};
use domain::{Actor, Aggregate as _, StreamId, TenantId, UserId};
use tests::given::NOW;
use tests::samples::password_verifier;

const TENANT: TenantId = TenantId(1);
const ROLE: u32 = 4;

struct Office {
    engine: Arc<Engine>,
    known: Known,
}

/// What the read models would say, and how often they were asked who has the role, and about whom.
#[derive(Default)]
struct Known {
    users: Vec<UserId>,
    lists: AtomicUsize,
    looks: AtomicUsize,
}

impl Administrators for Known {
    fn role(&self) -> Option<u32> {
        Some(ROLE)
    }

    fn holders(&self) -> Vec<UserId> {
        self.lists.fetch_add(1, Ordering::Relaxed);
        self.users.clone()
    }

    fn everything_by(&self, _: &[u32], _: Option<ChangedRole<'_>>) -> Option<Vec<Seen>> {
        self.looks.fetch_add(1, Ordering::Relaxed);
        Some(Vec::new())
    }
}

impl Known {
    /// How often they were asked since the last time.
    fn asked(&self) -> (usize, usize) {
        (self.lists.swap(0, Ordering::Relaxed), self.looks.swap(0, Ordering::Relaxed))
    }
}

impl Office {
    /// Users from number 1, all of them administrators.
    async fn of(count: u32) -> Self {
        Self::with(count, |_| (Some(password_verifier()), None)).await
    }

    /// Each with its password and its own permission, or without.
    async fn with(
        count: u32,
        of: impl Fn(u32) -> (Option<PasswordVerifier>, Option<&'static str>),
    ) -> Self {
        let keys = Arc::new(Keyring::ephemeral().unwrap());
        let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new(keys.log_id()));
        let engine = Arc::new(Engine::new(log, keys));
        let users = (1..=count).map(UserId).collect::<Vec<_>>();
        for user in &users {
            let (password, permission) = of(user.0);
            let permissions = permission.map(claim).into_iter().collect();
            let blank = UserRegistered::with_defaults(*user, TENANT, UserId(1));
            let data = UserRegistered { roles: vec![1, ROLE], permissions, ..blank };
            let user_name = format!("chief{user}");
            let register = UserCommand::Register {
                data: Box::new(data),
                personal: Box::new(UserPersonal { user_name, ..UserPersonal::default() }),
                password: Verifiers { password, ..Verifiers::default() },
                app_info: None,
            };
            let head = system_head(TENANT, Actor::System, NOW).unwrap();
            engine.handle::<User>(&user.to_string(), &register, &head).await.unwrap();
        }
        Self { engine, known: Known { users, ..Known::default() } }
    }

    async fn change(&self, user: u32, command: UserCommand) -> Result<Done, Error> {
        let head = system_head(TENANT, Actor::System, NOW).unwrap();
        self.engine.change_user(UserId(user), &command, &self.known, &head, Expected::Any).await
    }

    fn left(&self) -> usize {
        let acts = |user: &UserId| {
            let stream = StreamId::new(User::CATEGORY, user);
            self.engine.load::<User>(&stream).unwrap().0.acts_as(ROLE)
        };
        self.known.users.iter().filter(|it| acts(it)).count()
    }
}

fn is_last(result: &Result<Done, Error>) -> bool {
    matches!(result, Err(Error::Refused(refusal)) if *refusal == LAST_ADMINISTRATOR)
}

fn claim(permission: &str) -> UserClaim {
    UserClaim { id: 1, claim_type: "permission".to_owned(), value: permission.to_owned() }
}

fn strip() -> UserCommand {
    UserCommand::SetRights { roles: vec![1], permissions: Vec::new() }
}

#[tokio::test]
async fn the_last_one_is_neither_deleted_nor_disabled_nor_stripped_nor_erased() {
    let ends = [UserCommand::Delete, UserCommand::SetEnabled(false), strip(), UserCommand::Erase];
    for end in ends {
        let office = Office::of(2).await;
        office.change(1, end.clone()).await.unwrap();
        let position = office.engine.log().head().position;
        for other in [UserCommand::Delete, UserCommand::SetEnabled(false), strip()] {
            assert!(is_last(&office.change(2, other).await), "{end:?}");
        }
        assert!(is_last(&office.change(2, UserCommand::Erase).await), "{end:?}");
        assert_eq!((office.left(), office.engine.log().head().position), (1, position));
        // What does not end an administrator is nobody's business.
        office.change(2, UserCommand::SetEnabled(true)).await.unwrap();
        let more = UserCommand::SetRights { roles: vec![ROLE], permissions: Vec::new() };
        office.change(2, more).await.unwrap();
        office.change(1, UserCommand::Erase).await.unwrap();
    }
}

/// Who cannot sign in, or may not do everything, is not the one who is left.
#[tokio::test]
async fn who_has_no_password_or_a_narrow_permission_does_not_count() {
    let narrow = ["", "oauthapp.user.all", "oauthapp.allx", "x.all"].map(Some);
    let others = narrow.map(|it| (Some(password_verifier()), it));
    for other in others.into_iter().chain([(None, None), (None, Some("oauthapp.all"))]) {
        let with = |user| if user == 1 { (Some(password_verifier()), None) } else { other.clone() };
        let office = Office::with(2, with).await;
        for end in [UserCommand::Delete, UserCommand::SetEnabled(false), strip()] {
            assert!(is_last(&office.change(1, end).await), "{other:?}");
        }
        // Nobody minds when the other one goes; a password or the permission makes it count.
        let all = vec![claim("isms.all,OAuthApp.All")];
        let widen = UserCommand::SetRights { roles: vec![ROLE], permissions: all };
        office.change(2, widen).await.unwrap();
        let password = UserCommand::SetPassword(password_verifier().into());
        office.change(2, password).await.unwrap();
        let narrow = vec![claim("oauthapp.user.get")];
        let narrow = UserCommand::SetRights { roles: vec![ROLE], permissions: narrow };
        office.change(1, narrow).await.unwrap();
        assert!(is_last(&office.change(2, UserCommand::Delete).await), "{other:?}");
    }
}

/// Every change of a user goes this way: it must not cost more where there are many administrators.
#[tokio::test]
async fn administrators_are_looked_for_only_when_one_ends_and_only_up_to_the_first_who_counts() {
    let office = Office::of(50).await;
    office.change(50, strip()).await.unwrap();
    office.known.asked();
    let password = || UserCommand::SetPassword(password_verifier().into());
    for ordinary in [password(), UserCommand::SetEnabled(false), strip(), UserCommand::Delete] {
        office.change(50, ordinary.clone()).await.unwrap();
        assert_eq!(office.known.asked(), (0, 0), "{ordinary:?} of an ordinary user");
    }
    for harmless in [password(), UserCommand::SetEnabled(true)] {
        office.change(49, harmless.clone()).await.unwrap();
        assert_eq!(office.known.asked(), (0, 0), "{harmless:?} of an administrator");
    }
    office.change(49, UserCommand::Delete).await.unwrap();
    assert_eq!(office.known.asked(), (1, 1));
}

/// Both look at what stands in the log before either writes: only the commit can tell.
#[tokio::test]
async fn of_two_who_end_each_other_one_is_left() {
    for (first, second) in [
        (UserCommand::Delete, UserCommand::Delete),
        (UserCommand::SetEnabled(false), UserCommand::Erase),
        (strip(), UserCommand::Delete),
    ] {
        let office = Office::of(2).await;
        let draft = |user, command| {
            let mut draft = office.engine.draft(system_head(TENANT, Actor::System, NOW).unwrap());
            let user = UserId(user);
            office.engine.decide_user(&mut draft, user, command, &office.known).unwrap();
            draft
        };
        let (one, other) = (draft(1, &first), draft(2, &second));
        one.commit().await.unwrap();
        assert!(matches!(other.commit().await, Err(Error::Contended(_))));
        // As it is retried then.
        assert!(is_last(&office.change(2, second).await));
        assert_eq!(office.left(), 1);
    }
}

/// A circle: each is ended while the next is the witness.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_end_one_another_at_once_one_is_left() {
    for count in [2, 3, 5] {
        for _ in 0..25 {
            let office = Arc::new(Office::of(count).await);
            let barrier = Arc::new(tokio::sync::Barrier::new(count as usize));
            let all = (1..=count).map(|user| {
                let (office, barrier) = (office.clone(), barrier.clone());
                tokio::spawn(async move {
                    barrier.wait().await;
                    office.change(user, UserCommand::Delete).await
                })
            });
            let mut refused = 0;
            for one in all.collect::<Vec<_>>() {
                let result = one.await.unwrap();
                refused += usize::from(is_last(&result));
                assert!(result.is_ok() || is_last(&result), "{result:?}");
            }
            assert_eq!((office.left(), refused), (1, 1));
        }
    }
}
