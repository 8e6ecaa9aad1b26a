//! Password hashing in a bounded pool of its own, so that logins cannot starve other requests.

use std::borrow::Cow;
use std::sync::{Arc, Mutex};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use domain::hex;
use domain::user::{PasswordVerifier, Verifiers};
use icu_normalizer::ComposingNormalizerBorrowed;
use md5::{Digest as _, Md5};
use tokio::sync::{Semaphore, oneshot};

use crate::keys::random;
use crate::lock::lock;
use crate::password_places::{Places, Share};

/// OWASP's parameters for Argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// The `nice` value of hashing threads: when others want the whole processor, a tenth of it is left
/// for a hash.
const HASH_NICENESS: i32 = 10;

/// How many hashes may wait for their turn. Further callers are told to try again.
const WAITING_MAX: usize = 64;

/// After how many seconds such a caller may try again.
pub const BUSY_RETRY_SECONDS: u64 = 1;

/// Why a password was not checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too many others wait.
    #[error("too many passwords wait to be checked")]
    Busy,
    /// The hash could not be computed.
    #[error("the password could not be hashed")]
    Failed,
}

/// The pool of hashing threads. Clones share it.
#[derive(Clone)]
pub struct PasswordPool {
    running: Arc<Semaphore>,
    places: Arc<Places>,
    /// For whom this clone hashes.
    share: Share,
    /// Memory of earlier hashes, to use again: the allocator would keep it anyway.
    buffers: Arc<Mutex<Vec<Vec<Block>>>>,
}

impl PasswordPool {
    /// A pool that computes at most `hashes_max` hashes at once.
    pub fn new(hashes_max: usize) -> Self {
        Self {
            running: Arc::new(Semaphore::new(hashes_max)),
            places: Arc::new(Places::new(hashes_max + WAITING_MAX)),
            share: Share::default(),
            buffers: Arc::default(),
        }
    }

    /// The pool for callers from a network, by a hash of its name: it may have an eighth of the places.
    /// Strangers leave some of them free for networks that are usual for their account.
    #[must_use]
    pub fn for_network(&self, network: Option<[u8; 16]>, stranger: bool) -> Self {
        Self { share: Share { network, stranger }, ..self.clone() }
    }

    /// Makes the verifier of a new password, in the form in which it is compared.
    ///
    /// # Errors
    /// When the pool is full.
    pub async fn hash(&self, password: &str) -> Result<PasswordVerifier, PasswordError> {
        let salt = random().map_err(|_| PasswordError::Failed)?;
        let blank = PasswordVerifier {
            memory_kib: MEMORY_KIB,
            passes: PASSES,
            lanes: LANES,
            salt,
            hash: [0; 32],
        };
        let hash = self.run(&opaque(password), blank.clone()).await?;
        Ok(PasswordVerifier { hash, ..blank })
    }

    /// Makes everything that is stored for a new password: in a linked tenant, also the verifier of
    /// its md5.
    ///
    /// # Errors
    /// When the pool is full.
    pub async fn hash_of_user(
        &self,
        password: &str,
        linked: bool,
    ) -> Result<Verifiers, PasswordError> {
        let md5 = match linked {
            true => Some(self.hash(&upper_case_md5(password)).await?),
            false => None,
        };
        Ok(Verifiers { password: Some(self.hash(password).await?), md5 })
    }

    /// Whether this is the user's password. If only the md5 of a password was ever sent, its md5 is
    /// compared.
    ///
    /// # Errors
    /// When the pool is full.
    pub async fn verify_of_user(
        &self,
        password: &str,
        verifiers: &Verifiers,
    ) -> Result<bool, PasswordError> {
        match verifiers {
            Verifiers { password: None, md5: Some(md5) } => {
                self.verify(&upper_case_md5(password), Some(md5)).await
            }
            Verifiers { password: verifier, .. } => self.verify(password, verifier.as_ref()).await,
        }
    }

    /// Whether the verifier was made from this password, in the form in which passwords are compared
    /// or, as older verifiers were made, as it is given. Takes equally long without a verifier, so
    /// that the time does not reveal whether the account exists.
    ///
    /// # Errors
    /// When the pool is full.
    pub async fn verify(
        &self,
        password: &str,
        verifier: Option<&PasswordVerifier>,
    ) -> Result<bool, PasswordError> {
        let dummy = PasswordVerifier {
            memory_kib: MEMORY_KIB,
            passes: PASSES,
            lanes: LANES,
            salt: [0; 16],
            hash: [0; 32],
        };
        let against = verifier.cloned().unwrap_or(dummy);
        let prepared = opaque(password);
        for form in [Some(&*prepared), Some(password).filter(|it| *it != prepared)] {
            let Some(form) = form else { continue };
            let hash = self.run(form, against.clone()).await?;
            let equal = aws_lc_rs::constant_time::verify_slices_are_equal(&hash, &against.hash);
            if equal.is_ok() && verifier.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn run(&self, password: &str, with: PasswordVerifier) -> Result<[u8; 32], PasswordError> {
        let place = self.places.take(self.share).ok_or(PasswordError::Busy)?;
        let turn = self.running.clone().acquire_owned().await;
        let turn = turn.map_err(|_| PasswordError::Failed)?;
        let password = password.to_owned();
        let buffers = self.buffers.clone();
        let (sender, hashed) = oneshot::channel();
        let run = move || {
            step_back();
            let memory = lock(&buffers).pop();
            let mut memory = memory.unwrap_or_default();
            memory.resize(with.memory_kib as usize, Block::default());
            let hash = hash(password.as_bytes(), &with, &mut memory);
            lock(&buffers).push(memory);
            // Both are held until the hash is done, even if the caller goes away.
            drop((place, turn));
            let _ = sender.send(hash);
        };
        // A thread of its own, which costs nothing beside a hash: its priority is for nobody else.
        let thread = std::thread::Builder::new().name("password-hash".to_owned()).spawn(run);
        thread.map_err(|_| PasswordError::Failed)?;
        hashed.await.map_err(|_| PasswordError::Failed)?
    }
}

/// A password as it is compared (RFC 8265 section 4.2.1, OpaqueString): the same letters are the same,
/// however a keyboard composes them, and so are all blanks.
fn opaque(password: &str) -> Cow<'_, str> {
    if password.is_ascii() {
        return Cow::Borrowed(password);
    }
    let blank = |it: char| match it {
        '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => {
            ' '
        }
        other => other,
    };
    let blanks = password.chars().map(blank).collect::<String>();
    Cow::Owned(ComposingNormalizerBorrowed::new_nfc().normalize(&blanks).into_owned())
}

/// What the clients of the app-token service send instead of a password, in the form that is hashed
/// (app-token spec section 5.2).
pub fn upper_case_md5(password: &str) -> String {
    hex(&Md5::digest(password.as_bytes())).to_uppercase()
}

/// Lowers the priority of this thread: a hash takes tens of milliseconds, and requests that need
/// none should not wait for it. If the system refuses, the hash is computed all the same.
fn step_back() {
    let thread = rustix::thread::gettid();
    let _ = rustix::process::setpriority_process(Some(thread), HASH_NICENESS);
}

fn hash(
    password: &[u8],
    with: &PasswordVerifier,
    memory: &mut [Block],
) -> Result<[u8; 32], PasswordError> {
    let params = Params::new(with.memory_kib, with.passes, with.lanes, Some(32));
    let params = params.map_err(|_| PasswordError::Failed)?;
    let mut hash = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(password, &with.salt, &mut hash, memory)
        .map_err(|_| PasswordError::Failed)?;
    Ok(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPOSED: &str = "Hamst\u{e4}r-7";
    const DECOMPOSED: &str = "Hamsta\u{308}r-7";

    #[test]
    fn a_password_is_compared_however_it_was_composed() {
        assert_eq!(opaque(DECOMPOSED), COMPOSED);
        assert_eq!(opaque("a\u{3000}b\u{a0}c\u{2003}d"), "a b c d");
        // Nothing else is the same: no case, no compatible signs.
        for other in ["\u{fb01}", "a\u{b2}", "\u{ff41}"] {
            assert_eq!(opaque(other), other);
        }
    }

    #[tokio::test]
    async fn verifiers_of_before_are_of_the_password_as_it_was_given() {
        let pool = PasswordPool::new(1);
        let new = pool.hash(DECOMPOSED).await.unwrap();
        let hash = pool.run(DECOMPOSED, new.clone()).await.unwrap();
        let old = PasswordVerifier { hash, ..new.clone() };
        for (verifier, password, is_right) in [
            (&new, COMPOSED, true),
            (&new, DECOMPOSED, true),
            (&old, DECOMPOSED, true),
            (&old, COMPOSED, false),
            (&new, "Hamstar-7", false),
        ] {
            let right = pool.verify(password, Some(verifier)).await.unwrap();
            assert_eq!(right, is_right, "{password:?}");
        }
        assert!(!pool.verify(DECOMPOSED, None).await.unwrap());
    }
}
