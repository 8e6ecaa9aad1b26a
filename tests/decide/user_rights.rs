//! What a user may do, and whom a change ends as one who acts in a role.

use domain::user::{RestsOn, User, UserClaim, UserCommand, UserEvent, UserRegistered};
use domain::{Aggregate as _, Refusal};
use tests::given::{NOW, given, too_long, too_many};
use tests::samples;

#[test]
fn rights_are_replaced_within_the_limits_of_a_registration() {
    let rights = |roles: usize, permissions: usize, chars: usize| UserCommand::SetRights {
        roles: vec![4; roles],
        permissions: vec![
            UserClaim {
                id: 1,
                claim_type: "permission".to_owned(),
                value: "x".repeat(chars),
            };
            permissions
        ],
    };
    let history = || vec![samples::user_full()];
    given::<User>(history()).when(rights(100, 100, 4000)).then_accepted();
    given::<User>(history()).when(rights(0, 0, 0)).then_accepted();
    given::<User>(history()).when(rights(101, 0, 0)).then_refused(too_many("roles", 100));
    given::<User>(history()).when(rights(0, 101, 1)).then_refused(too_many("claims", 100));
    given::<User>(history())
        .when(rights(0, 1, 4001))
        .then_refused(too_long("claims.claimValue", 4000));
    given::<User>([]).when(rights(1, 1, 1)).then_refused(Refusal::NotFound { what: "user" });
}

/// Whatever the command is: what it would leave behind is what counts.
#[test]
fn a_user_acts_in_a_role_while_it_is_in_use_enabled_and_not_locked() {
    let user = |locked: bool| {
        let mut user = User::default();
        let blank = samples::user_registered();
        let data = UserRegistered {
            roles: vec![1, 4],
            permissions: Vec::new(),
            lock_flag: locked,
            ..blank
        };
        user.evolve(&UserEvent::Registered(data.into()));
        assert!(!user.acts_as(4), "without a password");
        let set = UserCommand::SetPassword(samples::password_verifier().into());
        for event in user.decide(&set, NOW).unwrap().events {
            user.evolve(&event);
        }
        user
    };
    assert!(user(false).acts_as(4) && !user(false).acts_as(2) && !user(true).acts_as(4));
    let after = |locked: bool, command: &UserCommand| {
        let mut after = user(locked);
        let decided = after.decide(command, NOW).unwrap();
        decided.events.iter().for_each(|it| after.evolve(it));
        after
    };
    let strip = UserCommand::SetRights { roles: vec![1], permissions: Vec::new() };
    let ends =
        [UserCommand::Delete, UserCommand::Erase, UserCommand::SetEnabled(false), strip.clone()];
    for command in ends {
        assert_eq!(after(false, &command).rests_on(4), None, "{command:?}");
    }
    assert!(after(false, &strip).acts_as(1));
    for command in [
        UserCommand::SetEnabled(true),
        UserCommand::SetRights { roles: vec![4], permissions: Vec::new() },
    ] {
        assert!(after(false, &command).acts_as(4), "{command:?}");
    }
    assert_eq!(user(false).rests_on(4), Some(RestsOn::Roles(&[1, 4])));
    let own =
        UserCommand::SetRights { roles: vec![4], permissions: vec![UserClaim::everything(1)] };
    assert_eq!(after(false, &own).rests_on(4), Some(RestsOn::Itself));
}
