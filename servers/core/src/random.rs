//! Named random streams from one seed. A new stream, service or fault shifts no draw of the others.

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The random streams of one owner (a service, the faults of a world). Each name has its own sequence,
/// made from the seed, the owner and the name alone, the same on every platform and in every version.
#[derive(Debug, Clone)]
pub struct Streams {
    seed: u64,
    owner: String,
    open: BTreeMap<String, ChaCha8Rng>,
}

/// How far each stream has been drawn, so that a saved world goes on where it was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Drawn {
    /// The seed that the streams were made from; left out, the world's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// 32-bit words drawn, per stream.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub drawn: BTreeMap<String, u64>,
}

impl Streams {
    /// The streams of `owner` in a world with this seed.
    pub fn new(seed: u64, owner: &str) -> Self {
        Self { seed, owner: owner.to_owned(), open: BTreeMap::new() }
    }

    /// The streams as they were when `saved` was made; the world's `seed` where it names none.
    pub fn restore(saved: &Drawn, seed: u64, owner: &str) -> Self {
        let mut streams = Self::new(saved.seed.unwrap_or(seed), owner);
        for (name, words) in &saved.drawn {
            streams.get(name).set_word_pos(u128::from(*words));
        }
        streams
    }

    /// The stream of this name.
    pub fn get(&mut self, name: &str) -> &mut ChaCha8Rng {
        if !self.open.contains_key(name) {
            let key = Sha256::new()
                .chain_update(self.seed.to_le_bytes())
                .chain_update(self.owner.as_bytes())
                .chain_update([0])
                .chain_update(name.as_bytes())
                .finalize();
            self.open.insert(name.to_owned(), ChaCha8Rng::from_seed(key.into()));
        }
        self.open.get_mut(name).expect("it was put in above")
    }

    /// Forgets a stream: its next draw is its first again.
    pub fn forget(&mut self, name: &str) {
        self.open.remove(name);
    }

    /// The bytes of a GUID (RFC 4122, version 4) from the stream of this name.
    pub fn guid_bytes(&mut self, name: &str) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.get(name).fill_bytes(&mut bytes);
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        bytes
    }

    /// A GUID as text: 36 characters, lower case.
    pub fn guid(&mut self, name: &str) -> String {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = String::with_capacity(36);
        for (i, byte) in self.guid_bytes(name).into_iter().enumerate() {
            if matches!(i, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            text.push(char::from(DIGITS[usize::from(byte >> 4)]));
            text.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
        text
    }

    /// How far each stream has been drawn.
    pub fn save(&self) -> Drawn {
        let words = |rng: &ChaCha8Rng| u64::try_from(rng.get_word_pos()).unwrap_or(u64::MAX);
        let drawn = self.open.iter().map(|(name, rng)| (name.clone(), words(rng))).filter(|(_, words)| *words > 0);
        Drawn { seed: Some(self.seed), drawn: drawn.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_do_not_shift_each_other() {
        let mut alone = Streams::new(42, "carbis");
        let mut beside = Streams::new(42, "carbis");
        beside.get("guests").next_u64();
        assert_eq!(alone.get("hash").next_u64(), beside.get("hash").next_u64());
        assert_ne!(Streams::new(42, "queue").get("hash").next_u64(), Streams::new(42, "carbis").get("hash").next_u64());
    }

    #[test]
    fn the_first_draw_is_pinned() {
        // If this changes, every seeded scenario that people wrote changes with it.
        assert_eq!(Streams::new(42, "carbis").guid("order"), "b46a268b-5b66-49f0-bef6-cc9765283b0a");
    }

    #[test]
    fn a_saved_stream_goes_on_where_it_was() {
        let mut streams = Streams::new(7, "carbis");
        streams.guid("order");
        streams.get("hash").next_u32();
        let mut again = Streams::restore(&streams.save(), 1, "carbis");
        assert_eq!(again.guid("order"), streams.guid("order"));
        assert_eq!(again.get("hash").next_u32(), streams.get("hash").next_u32());
        assert_eq!(again.save(), streams.save());
    }
}
