//! Random input that can be made again: seeded, and the seed is printed.

use std::time::Duration;

use commands::keys::random_id;

/// A generator (xorshift64*, Vigna 2016): good enough to break things, and the same everywhere.
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    /// With the seed of `CHANCERY_FUZZ_SEED`, else with a new one.
    pub fn seeded(what: &str) -> Self {
        let preset = std::env::var("CHANCERY_FUZZ_SEED").ok();
        let seed = preset.map(|it| it.parse().expect("CHANCERY_FUZZ_SEED is a number"));
        let seed = seed.unwrap_or_else(|| u64::from_le_bytes(random_id().unwrap()));
        println!("{what}: CHANCERY_FUZZ_SEED={seed}");
        // Nothing comes of nought.
        Self(seed.max(1))
    }

    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// Less than `end`; 0 if that is 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.number() >> 16) as usize % end.max(1)
    }

    pub fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    /// One thing that happens to bytes: bits flip, a part is lost, doubled, zero or noise, or the
    /// end is missing. Says what.
    pub fn damage(&mut self, bytes: &mut Vec<u8>) -> String {
        let length = bytes.len();
        if length == 0 {
            bytes.extend((0..=self.below(64)).map(|_| 0xA5));
            return "grown from nothing".to_owned();
        }
        let from = self.below(length);
        let to = (from + 1 + self.below(64)).min(length);
        match self.below(7) {
            0 | 1 => {
                let bit = self.below(8);
                bytes[from] ^= 1 << bit;
                format!("bit {bit} of byte {from} flipped")
            }
            2 => {
                bytes.truncate(from);
                format!("cut at {from}")
            }
            3 => {
                bytes[from..to].fill(0);
                format!("zeroes at {from}..{to}")
            }
            4 => {
                for byte in &mut bytes[from..to] {
                    *byte = (self.0 >> 24) as u8;
                    self.0 = self.0.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
                }
                format!("noise at {from}..{to}")
            }
            5 => {
                bytes.drain(from..to);
                format!("{from}..{to} lost")
            }
            _ => {
                let part = bytes[from..to].to_vec();
                bytes.extend(part);
                format!("{from}..{to} again at the end")
            }
        }
    }
}

/// How long a test with random input lasts.
pub fn seconds(usual: u64) -> Duration {
    let preset = std::env::var("CHANCERY_FUZZ_SECONDS").ok();
    let preset = preset.map(|it| it.parse().expect("CHANCERY_FUZZ_SECONDS is a number"));
    Duration::from_secs(preset.unwrap_or(usual))
}
