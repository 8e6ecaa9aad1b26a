//! Signatures of clients: what is signed, the time window, and that each counts once (app-token
//! spec sections 2.2, 2.3 and 5.2).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use commands::keys::Keyring;
use domain::{CommandId, TenantId, Timestamp};
use md5::{Digest as _, Md5};

use super::answer::{Failed, WRONG_SIGNATURE, WRONG_TIME};

/// Compares an md5 signature with the right one, in constant time. The parts are joined without
/// separators, and the letter case of the digits is ignored. The digest is computed even if the
/// signature has the wrong form.
pub(crate) fn check_signature(sent: &str, parts: &[&[u8]]) -> Result<(), Failed> {
    let mut md5 = Md5::new();
    parts.iter().for_each(|it| md5.update(it));
    let expected = md5.finalize();
    let shaped = unhex_16(sent);
    let equal = verify_slices_are_equal(&shaped.unwrap_or_default(), &expected);
    equal.ok().and(shaped).map(|_| ()).ok_or(WRONG_SIGNATURE)
}

/// Whether a signed time is near the clock. The caller chose it, so it may be any number.
pub(crate) fn check_time(
    timestamp: i64,
    now: Timestamp,
    window_seconds: i64,
) -> Result<(), Failed> {
    let distance = (i128::from(now.seconds()) - i128::from(timestamp)).abs();
    match window_seconds == 0 || distance <= i128::from(window_seconds) {
        true => Ok(()),
        false => Err(WRONG_TIME),
    }
}

/// The command id of a signed request, which the log accepts once. It is a hash of what is signed,
/// so that another `userName` under an old signature is a replay, too. The hash is keyed, because
/// many can see command ids, and nobody should be able to test passwords on them.
pub(crate) fn once(
    keys: &Keyring,
    tenant: TenantId,
    operation: &'static str,
    who: &str,
    timestamp: i64,
    token: &str,
) -> CommandId {
    let token = token.to_ascii_lowercase();
    let signed = format!("{operation}\n{timestamp}\n{token}\n{who}");
    let hash = keys.claim_hash(tenant, "app-token-once", &signed);
    CommandId(hash.first_chunk().copied().unwrap_or_default())
}

/// Sixteen bytes in 32 hexadecimal digits.
pub(crate) fn unhex_16(text: &str) -> Option<[u8; 16]> {
    let digits = text.len() == 32 && text.bytes().all(|it| it.is_ascii_hexdigit());
    let number = u128::from_str_radix(text, 16).ok().filter(|_| digits)?;
    Some(number.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: (&str, &str, &str, &str) = (
        "4821093756610284",
        "kT7pQ2mZx9LbVc4RdW8yHs1N",
        "1700000000",
        "Zr6uJ3eXq0TnYw5GvB8cKd2MhLp9SfAa",
    );
    const PASSWORD: &str = "54EF36EC71201FDF9D1423FD26F97F6B";

    fn holds(parts: &[&str], signature: &str) {
        let parts = parts.iter().map(|it| it.as_bytes()).collect::<Vec<_>>();
        for sent in [signature.to_owned(), signature.to_lowercase()] {
            assert_eq!(check_signature(&sent, &parts), Ok(()), "{sent}");
        }
        for place in 0..signature.len() {
            let mut wrong = signature.to_owned().into_bytes();
            wrong[place] = if wrong[place] == b'0' { b'1' } else { b'0' };
            let wrong = String::from_utf8(wrong).unwrap();
            assert_eq!(check_signature(&wrong, &parts), Err(WRONG_SIGNATURE), "{wrong}");
        }
    }

    /// App-token spec section 2.2.
    #[test]
    fn the_vectors_hold_in_both_cases_and_with_no_digit_changed() {
        let (id, key, time, secret) = APP;
        holds(&[id, key, time, secret], "B4126FA8F986D74E5F90A0EA1A640B9D");
        holds(&[id, "", time, secret], "72C58E49378996DA628C6A1FD767A13E");
        holds(&["open sesame"], PASSWORD);
        holds(&["alice", PASSWORD, time], "9660D44669273772FF96027D5FFFFCBF");
        let lower = PASSWORD.to_lowercase();
        holds(&["alice", &lower, time], "8FD4170B637D541668C3D5AD23AE0B8C");
        holds(&["张三", PASSWORD, time], "73B83117B259CAE1BA343D5F26994094");
    }

    #[test]
    fn what_has_not_its_shape_does_not_count() {
        for sent in ["", "B4126FA8", "+4126FA8F986D74E5F90A0EA1A640B9D", &"0".repeat(33), "ü"] {
            assert_eq!(check_signature(sent, &[b"x"]), Err(WRONG_SIGNATURE), "{sent}");
        }
    }

    #[test]
    fn a_time_counts_within_the_window_whatever_it_is() {
        let now = Timestamp::from_seconds(1_700_000_000);
        for (timestamp, fits) in [
            (1_700_000_010, true),
            (1_700_000_011, false),
            (1_699_999_990, true),
            (1_699_999_989, false),
            (0, false),
            (i64::MIN, false),
            (i64::MAX, false),
        ] {
            assert_eq!(check_time(timestamp, now, 10).is_ok(), fits, "{timestamp}");
            assert_eq!(check_time(timestamp, now, 0), Ok(()));
        }
    }
}
