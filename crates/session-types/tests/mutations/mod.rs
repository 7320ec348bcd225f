//! Inputs for decoders: recorded vectors, and what a fixed source of randomness makes of them.

#![allow(unreachable_pub)]

use std::path::Path;

use alloy_primitives::hex;
use session_types::text::Value;

/// A small generator (xorshift): the same inputs on every run.
pub struct Random(u64);

impl Random {
    pub const fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub const fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound.max(1)).unwrap()).unwrap()
    }
}

/// Bytes worth mutating: every hex text of the vectors about sessions up to a size, and every stored text.
pub fn seeds() -> Vec<Vec<u8>> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let folder = above.map(|folder| folder.join("vectors")).find(|folder| folder.is_dir()).unwrap();
    let files = ["sessions", "session-signatures", "management-calls", "session-validators", "erc1271", "stored-text"];
    let mut seeds = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(folder.join(file).with_extension("json")).unwrap();
        let value = Value::parse(&text).unwrap();
        for case in value.member("cases").and_then(Value::as_array).unwrap().iter().step_by(3) {
            collect(case, &mut seeds);
        }
    }
    seeds.sort();
    seeds.dedup();
    seeds
}

fn collect(value: &Value<'_>, seeds: &mut Vec<Vec<u8>>) {
    match (value.as_str(), value.as_array(), value.as_object()) {
        (Some(text), ..) if text.len() > 20_000 => {}
        (Some(text), ..) if text.starts_with("0x") => seeds.extend(hex::decode(text)),
        (Some(text), ..) if text.starts_with(['{', '[', '"']) => seeds.push(text.into()),
        (_, Some(items), _) => items.iter().for_each(|item| collect(item, seeds)),
        (.., Some(members)) => members.iter().for_each(|member| collect(&member.value, seeds)),
        _ => {}
    }
}

/// Changes a seed a little: flips, numbers that matter, cuts, copies of parts.
pub fn mutate(random: &mut Random, seed: &[u8]) -> Vec<u8> {
    let mut data = seed.to_vec();
    for _ in 0..=random.below(6) {
        if data.is_empty() {
            data.push(0);
        }
        let at = random.below(data.len());
        match random.below(7) {
            0 => data[at] ^= 1 << random.below(8),
            1 => data[at] = [0, 1, 0x1f, 0x20, 0x7f, 0x80, 0xff, b'[', b'{', b'"', b'\\'][random.below(11)],
            2 => data.truncate(at),
            3 => {
                let end = (at + random.below(64)).min(data.len());
                let part = data[at..end].to_vec();
                let to = random.below(data.len());
                data.splice(to..to, part);
            }
            4 => {
                // A word that may be an offset or a length.
                let word = at / 32 * 32 + 28;
                if let Some(bytes) = data.get_mut(word..word + 4) {
                    let number = u32::try_from(random.below(seed.len() * 2)).unwrap() / 32 * 32;
                    bytes.copy_from_slice(&number.to_be_bytes());
                }
            }
            5 => drop(data.drain(at..(at + random.below(40)).min(data.len()))),
            _ => data[at] = random.next().to_le_bytes()[0],
        }
    }
    data
}
