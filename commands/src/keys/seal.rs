//! Sealing (authenticated encryption): AES-256-GCM with a new nonce each time, from a maintained
//! library.

use std::cell::RefCell;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand;

/// A key of 32 bytes, ready to seal and open.
pub(crate) struct SealKey(LessSafeKey);

/// Something could not be opened: it was changed, or sealed with another key or for another place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed part cannot be opened")]
pub struct NotOpened;

/// How much longer sealed bytes are than clear ones.
pub(crate) const SEAL_BYTES: usize = NONCE_LEN + 16;

impl SealKey {
    pub(crate) fn new(key: &[u8; 32]) -> Result<Self, NotOpened> {
        let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| NotOpened)?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Nonce ‖ ciphertext ‖ tag.
    pub(crate) fn seal(&self, place: &[u8], clear: &[u8]) -> Result<Vec<u8>, NotOpened> {
        let nonce: [u8; NONCE_LEN] = random_id()?;
        let mut sealed = Vec::with_capacity(clear.len() + SEAL_BYTES);
        sealed.extend_from_slice(clear);
        self.0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place),
                &mut sealed,
            )
            .map_err(|_| NotOpened)?;
        sealed.splice(0..0, nonce);
        Ok(sealed)
    }

    pub(crate) fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, NotOpened> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(NotOpened)?;
        let mut clear = rest.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length =
            self.0.open_in_place(nonce, Aad::from(place), &mut clear).map_err(|_| NotOpened)?.len();
        clear.truncate(length);
        Ok(clear)
    }
}

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealKey")
    }
}

/// Random bytes, seeded by the operating system.
///
/// # Errors
/// When it has no randomness.
pub fn random<const N: usize>() -> Result<[u8; N], NotOpened> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| NotOpened)?;
    Ok(bytes)
}

/// Random bytes for ids and nonces, which are not secret. They are fetched in batches, because each
/// call to the generator has a fixed cost. No byte is used twice.
///
/// # Errors
/// When the operating system has no randomness.
pub fn random_id<const N: usize>() -> Result<[u8; N], NotOpened> {
    thread_local! {
        static STOCK: RefCell<Stock> = const { RefCell::new(Stock { bytes: [0; STOCK_BYTES], used: STOCK_BYTES }) };
    }
    STOCK.with_borrow_mut(Stock::take)
}

const STOCK_BYTES: usize = 512;

struct Stock {
    bytes: [u8; STOCK_BYTES],
    used: usize,
}

impl Stock {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], NotOpened> {
        if self.used + N > STOCK_BYTES {
            self.bytes = random()?;
            self.used = 0;
        }
        let taken = self.bytes.get(self.used..).and_then(|it| it.first_chunk::<N>()).copied();
        self.used += N;
        taken.ok_or(NotOpened)
    }
}
