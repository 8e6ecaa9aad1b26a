//! Who has to wait, and for how long.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use futures_util::future::join_all;

use super::*;

const HERE: &str = "192.0.2.1";

fn from(address: &str, name: &str) -> Attempt {
    Attempt::account(1, name, Some(address.parse().unwrap()))
}

fn nowhere(name: &str) -> Attempt {
    Attempt::account(1, name, None)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl Attempts {
    fn wait(&self, attempt: &Attempt, now: Duration) -> Option<u64> {
        self.lock().wait(attempt, now)
    }

    fn fail(&self, attempt: &Attempt, now: Duration) {
        self.lock().note(attempt, now, Proof::Wrong);
    }

    fn let_in(&self, attempt: &Attempt) {
        self.lock().note(attempt, Duration::ZERO, Proof::LetIn);
    }

    fn entries(&self) -> usize {
        let tables = self.lock();
        assert!(tables.turns.is_empty() && tables.in_flight.is_empty(), "{tables:?}");
        tables.pairs.len() + tables.networks.len() + tables.accounts.len()
    }
}

#[test]
fn the_wait_doubles_after_the_free_failures_and_ends_with_a_success() {
    let attempts = Attempts::default();
    let (attempt, now) = (nowhere("Ann"), seconds(1_000));
    for _ in 0..FREE_MAX {
        assert_eq!(attempts.wait(&attempt, now), None);
        attempts.fail(&attempt, now);
    }
    assert_eq!(attempts.wait(&attempt, now), Some(1));
    assert_eq!(attempts.wait(&attempt, now + seconds(1)), None);
    attempts.fail(&attempt, now + seconds(1));
    assert_eq!(attempts.wait(&attempt, now + seconds(1)), Some(2));
    assert_eq!(attempts.wait(&attempt, now + Duration::from_millis(1_001)), Some(2), "rounded up");
    assert!(attempts.wait(&Attempt::account(2, "ann", None), now).is_none());
    attempts.let_in(&nowhere("ANN"));
    assert_eq!(attempts.wait(&attempt, now + seconds(1)), None);
}

/// The exponent has an end: at failure 68 a doubled second was no second any more.
#[test]
fn the_longest_wait_stays_the_longest() {
    let attempts = Attempts::default();
    for n in 1..=400 {
        // Each after the wait, so that nothing is forgotten.
        let now = seconds(n * 302);
        attempts.fail(&nowhere("ann"), now);
        if n >= 14 {
            assert_eq!(attempts.wait(&nowhere("ann"), now), Some(300), "at failure {n}");
        }
    }
}

#[test]
fn an_hour_without_a_failure_forgets_them() {
    let attempts = Attempts::default();
    for n in 0..10 {
        attempts.fail(&nowhere("ann"), seconds(n));
    }
    let later = seconds(9 + 3_600);
    assert_eq!(attempts.wait(&nowhere("ann"), later), None);
    attempts.fail(&nowhere("ann"), later);
    assert_eq!(attempts.wait(&nowhere("ann"), later), None);
}

#[test]
fn strangers_do_not_keep_the_owner_out() {
    let attempts = Attempts::default();
    let now = seconds(1);
    for _ in 0..FREE_MAX + 7 {
        attempts.fail(&from("203.0.113.9", "ann"), now);
    }
    assert!(attempts.wait(&from("203.0.113.9", "ann"), now).is_some());
    assert_eq!(attempts.wait(&from(HERE, "ann"), now), None, "elsewhere");
    assert_eq!(attempts.wait(&from("203.0.113.9", "ben"), now), None, "another account");
}

#[test]
fn a_network_that_tries_many_names_has_to_wait() {
    let attempts = Attempts::default();
    let now = seconds(1);
    for n in 0..FREE_OF_NETWORK_MAX {
        assert_eq!(attempts.wait(&from(HERE, "ann"), now), None);
        attempts.fail(&from(HERE, &format!("guess{n}")), now);
    }
    assert_eq!(attempts.wait(&from(HERE, "ann"), now), Some(1));
    assert_eq!(attempts.wait(&from("192.0.2.2", "ann"), now), None);
    // One success takes one failure away, and no more.
    attempts.let_in(&from(HERE, "ann"));
    assert_eq!(attempts.wait(&from(HERE, "ann"), now), None);
    attempts.fail(&from(HERE, "ann"), now);
    assert_eq!(attempts.wait(&from(HERE, "ann"), now), Some(1));
}

/// A hundred networks, each with few failures: then strangers wait, and the owner does not.
#[test]
fn after_many_failures_within_an_hour_only_usual_networks_need_not_wait() {
    let attempts = Attempts::default();
    let stranger = |n: u32| format!("203.0.{}.{}", n / 250, n % 250 + 1);
    attempts.let_in(&from(HERE, "ann"));
    for n in 0..FREE_OF_ACCOUNT_MAX {
        assert_eq!(attempts.wait(&from(&stranger(n), "ann"), seconds(1)), None, "{n}");
        attempts.fail(&from(&stranger(n), "ann"), seconds(1));
    }
    assert_eq!(attempts.wait(&from("198.51.100.1", "ann"), seconds(1)), Some(1));
    assert_eq!(attempts.wait(&from(HERE, "ann"), seconds(1)), None, "a usual network");
    assert_eq!(attempts.wait(&from("198.51.100.1", "ben"), seconds(1)), None);
    // A usual network has a count of its own.
    for _ in 0..FREE_MAX {
        attempts.fail(&from(HERE, "ann"), seconds(2));
    }
    assert_eq!(attempts.wait(&from(HERE, "ann"), seconds(2)), Some(1));
    // The hour ends, however late the last failure was.
    assert_eq!(attempts.wait(&from("198.51.100.1", "ann"), seconds(3_601)), None);
}

#[test]
fn four_networks_are_usual_the_last_ones() {
    let attempts = Attempts::default();
    let network = |n: u32| format!("192.0.2.{n}");
    for n in [1, 2, 3, 4, 1, 5] {
        attempts.let_in(&from(&network(n), "ann"));
    }
    let tables = attempts.lock();
    for (n, usual) in [(1, true), (2, false), (3, true), (4, true), (5, true)] {
        assert_eq!(!tables.is_stranger(&from(&network(n), "ann")), usual, "{n}");
    }
}

#[test]
fn what_came_to_nothing_is_not_remembered() {
    let attempts = Attempts::default();
    for n in 0..10 {
        attempts.let_in(&from(HERE, &format!("user{n}")));
    }
    assert_eq!(attempts.entries(), 0);
    attempts.fail(&from(HERE, "ann"), seconds(1));
    attempts.let_in(&from(HERE, "ann"));
    assert_eq!(attempts.entries(), 1, "the account's hour");
    attempts.forget_account(1, "ANN");
    assert_eq!(attempts.entries(), 0);
}

#[test]
fn a_new_password_by_the_operator_frees_the_account_everywhere() {
    let attempts = Attempts::default();
    for n in 0..250 {
        attempts.fail(&from(&format!("192.0.2.{}", n % 5), "ann"), seconds(1));
        attempts.fail(&from("198.51.100.7", "ben"), seconds(1));
    }
    attempts.forget_account(1, "Ann");
    assert_eq!(attempts.wait(&from("203.0.113.1", "ann"), seconds(1)), None);
    assert!(attempts.wait(&from("198.51.100.7", "ben"), seconds(1)).is_some());
}

/// A hash that takes a moment.
async fn look(proof: Proof, looks: &AtomicU32) -> Result<Proof, PasswordError> {
    looks.fetch_add(1, Relaxed);
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    Ok(proof)
}

async fn at_once(attempts: &Attempts, tries: Vec<(Attempt, Proof)>) -> (Vec<String>, u32) {
    let looks = AtomicU32::new(0);
    let tries = tries.into_iter().map(|(attempt, proof)| {
        let looks = &looks;
        async move {
            let checked = attempts.check(&attempt, || seconds(1), look(proof, looks)).await;
            checked.map_or_else(|err| format!("{err:?}"), |proof| format!("{proof:?}"))
        }
    });
    let said = join_all(tries).await;
    (said, looks.load(Relaxed))
}

fn count(said: &[String], word: &str) -> usize {
    said.iter().filter(|it| it.starts_with(word)).count()
}

/// Tries in flight are no failures.
#[tokio::test]
async fn right_passwords_at_once_wait_their_turn() {
    let attempts = Attempts::default();
    let (said, _) = at_once(&attempts, vec![(from(HERE, "ann"), Proof::LetIn); 24]).await;
    assert_eq!(count(&said, "LetIn"), 24, "{said:?}");
    let (said, _) = at_once(&attempts, vec![(from(HERE, "ann"), Proof::LetIn); 60]).await;
    let waiting = TURNS_WAITING_MAX + 1;
    assert_eq!((count(&said, "LetIn"), count(&said, "Busy")), (waiting, 60 - waiting), "{said:?}");
    assert_eq!(attempts.entries(), 0);
}

#[tokio::test]
async fn many_wrong_passwords_at_once_are_no_more_guesses() {
    let attempts = Attempts::default();
    let (said, looks) = at_once(&attempts, vec![(from(HERE, "ann"), Proof::Wrong); 200]).await;
    assert_eq!((count(&said, "Wrong"), looks), (FREE_MAX as usize, FREE_MAX), "{said:?}");
    // One network, many names.
    let attempts = Attempts::default();
    let tries = (0..200).map(|n| (from(HERE, &format!("user{n}")), Proof::Wrong)).collect();
    let (said, looks) = at_once(&attempts, tries).await;
    assert_eq!(looks, FREE_OF_NETWORK_MAX);
    assert_eq!(count(&said, "Busy"), 150, "{said:?}");
    // One name, many networks.
    let attempts = Attempts::default();
    let tries = (0..200).map(|n| (from(&format!("192.0.2.{n}"), "ann"), Proof::Wrong)).collect();
    let (_, looks) = at_once(&attempts, tries).await;
    assert_eq!(looks, FREE_OF_ACCOUNT_MAX);
    assert!(attempts.lock().in_flight.is_empty());
}

/// Else four wrong ones, the right one, and so on, would tell the password of a disabled account.
#[tokio::test]
async fn a_right_password_that_lets_nobody_in_counts_as_a_wrong_one() {
    let attempts = Attempts::default();
    for n in 0..9 {
        let proof = if n == 4 { Proof::NotLetIn } else { Proof::Wrong };
        let (said, _) = at_once(&attempts, vec![(from(HERE, "ann"), proof)]).await;
        let expected = if n < 5 { format!("{proof:?}") } else { "Wait(1)".to_owned() };
        assert_eq!(said, [expected], "{n}");
    }
}

#[tokio::test]
async fn who_hangs_up_has_tried_and_who_was_turned_away_has_not() {
    let attempts = Attempts::default();
    for _ in 0..FREE_MAX {
        let looks = AtomicU32::new(0);
        let (attempt, proof) = (from(HERE, "ann"), look(Proof::LetIn, &looks));
        let check = attempts.check(&attempt, || seconds(1), proof);
        assert!(futures_util::FutureExt::now_or_never(check).is_none());
        let busy = async { Err(PasswordError::Busy) };
        let busy = attempts.check(&from(HERE, "ben"), || seconds(1), busy).await;
        assert!(matches!(busy, Err(NotChecked::Password(PasswordError::Busy))));
    }
    assert_eq!(attempts.wait(&from(HERE, "ann"), seconds(1)), Some(1));
    assert_eq!(attempts.wait(&from(HERE, "ben"), seconds(1)), None);
    assert_eq!(attempts.entries(), 3);
}

#[test]
fn secrets_of_clients_are_counted_like_passwords() {
    let attempts = Attempts::default();
    let shop = |address: &str| Attempt::client(1, "shop", Some(address.parse().unwrap()));
    for n in 0..20 {
        let mut looked = false;
        let look = || {
            looked = true;
            false
        };
        let checked = attempts.check_now(&shop("203.0.113.9"), seconds(1), look);
        assert_eq!((checked.is_ok(), looked), (n < FREE_MAX, n < FREE_MAX), "{n}");
    }
    assert!(matches!(attempts.check_now(&shop(HERE), seconds(1), || true), Ok(true)));
}
