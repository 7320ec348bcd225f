use alloy_primitives::{Address, B256, FixedBytes, U256, aliases::U192};

/// The 24-byte key of a nonce: operations of one key run in order, operations of different keys in any.
///
/// What its bytes mean is the account's business: its methods build the layouts of the known ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NonceKey(pub FixedBytes<24>);

impl NonceKey {
    /// `batch(3) ++ mode(1) ++ validator(20)`: Nexus and Startale.
    #[must_use]
    pub fn batch_mode_validator(batch: [u8; 3], mode: u8, validator: Address) -> Self {
        let mut key = FixedBytes::ZERO;
        key[..3].copy_from_slice(&batch);
        key[3] = mode;
        key[4..].copy_from_slice(validator.as_slice());
        Self(key)
    }

    /// `validator(20) ++ lane(4)`: Safe7579 and the reference implementation of ERC-7579.
    #[must_use]
    #[doc(alias = "encodeValidatorNonce")]
    pub fn validator_lane(validator: Address, lane: [u8; 4]) -> Self {
        let mut key = FixedBytes::ZERO;
        key[..20].copy_from_slice(validator.as_slice());
        key[20..].copy_from_slice(&lane);
        Self(key)
    }

    /// `mode(1) ++ type(1) ++ validator(20) ++ lane(2)`: Kernel v3.
    #[must_use]
    pub fn mode_kind_validator_lane(mode: u8, kind: u8, validator: Address, lane: [u8; 2]) -> Self {
        let mut key = FixedBytes::ZERO;
        key[0] = mode;
        key[1] = kind;
        key[2..22].copy_from_slice(validator.as_slice());
        key[22..].copy_from_slice(&lane);
        Self(key)
    }

    /// The key as a number, as `getNonce` takes it.
    #[must_use]
    pub const fn to_u192(self) -> U192 {
        U192::from_be_bytes(self.0.0)
    }

    /// The nonce of this key and a sequence.
    #[must_use]
    pub const fn at(self, sequence: u64) -> Nonce {
        Nonce { key: self, sequence }
    }

    /// The batch that the reference library makes of a number or a time in milliseconds: modulo 2^24 - 1, so that
    /// `0xffffff` never occurs.
    #[must_use]
    pub fn batch_of(number: U256) -> [u8; 3] {
        let batch = number % U256::from(0x00ff_ffff_u32);
        let [.., a, b, c] = batch.to_be_bytes::<32>();
        [a, b, c]
    }
}

impl From<U192> for NonceKey {
    fn from(key: U192) -> Self {
        Self(key.to_be_bytes().into())
    }
}

/// A nonce: its key (192 bits) and its sequence (64 bits).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Nonce {
    /// Which lane.
    pub key: NonceKey,
    /// Which place in the lane.
    pub sequence: u64,
}

impl Nonce {
    /// The nonce as the entry point takes it: `key(24) ++ sequence(8)`.
    #[must_use]
    pub fn to_u256(self) -> U256 {
        let mut word = B256::ZERO;
        word[..24].copy_from_slice(self.key.0.as_slice());
        word[24..].copy_from_slice(&self.sequence.to_be_bytes());
        word.into()
    }

    /// The nonce after this one in its lane; `None` at the end of the lane.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        Some(Self { sequence: self.sequence.checked_add(1)?, ..self })
    }
}

impl From<Nonce> for U256 {
    fn from(nonce: Nonce) -> Self {
        nonce.to_u256()
    }
}

impl From<U256> for Nonce {
    fn from(nonce: U256) -> Self {
        let [low, ..] = nonce.into_limbs();
        Self { key: NonceKey(FixedBytes::from_slice(&nonce.to_be_bytes::<32>()[..24])), sequence: low }
    }
}

/// The lanes that one worker may use: a fixed share of a bounded number of lanes.
///
/// Lane numbers are dealt out in turn: worker `i` of `n` has the lanes `i`, `i + n`, `i + 2n` and so on below `total`.
/// Workers that agree on `n` and `total` never meet, without talking to each other; an account's layout decides how
/// many lanes it can tell apart (see [`Account::nonce_key`](crate::account::Account::nonce_key)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lanes {
    worker: u32,
    workers: u32,
    total: u32,
}

/// Why workers cannot share lanes in this way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("worker {worker} of {workers} has no lane among {total}")]
pub struct InvalidLane {
    /// The worker, from zero.
    pub worker: u32,
    /// How many workers there are.
    pub workers: u32,
    /// How many lanes there are.
    pub total: u32,
}

impl Lanes {
    /// The lanes of one worker out of `workers`, among `total`.
    ///
    /// # Errors
    /// When the worker is not below `workers`, or no lane is left for it.
    pub const fn new(worker: u32, workers: u32, total: u32) -> Result<Self, InvalidLane> {
        if worker < workers && worker < total {
            Ok(Self { worker, workers, total })
        } else {
            Err(InvalidLane { worker, workers, total })
        }
    }

    /// All of `total` lanes, for a process that has the account to itself.
    ///
    /// # Errors
    /// When `total` is zero.
    pub const fn all(total: u32) -> Result<Self, InvalidLane> {
        Self::new(0, 1, total)
    }

    /// How many lanes there are for this worker; at least one.
    #[must_use]
    pub const fn count(self) -> u32 {
        (self.total - self.worker).div_ceil(self.workers)
    }

    /// The worker's lane for its `turn`-th operation: round and round through its lanes.
    #[must_use]
    pub const fn lane(self, turn: u64) -> u32 {
        let [a, b, c, d, ..] = (turn % widen(self.count())).to_le_bytes();
        // Below the total, so that neither the product nor the sum overflows.
        self.worker + self.workers * u32::from_le_bytes([a, b, c, d])
    }

    /// Whether a lane belongs to this worker.
    #[must_use]
    pub const fn contains(self, lane: u32) -> bool {
        lane < self.total && lane % self.workers == self.worker
    }

    /// The worker's lanes, lowest first.
    pub fn iter(self) -> impl Iterator<Item = u32> {
        (0..self.count()).map(move |turn| self.lane(u64::from(turn)))
    }
}

/// `u64::from` in a constant.
const fn widen(number: u32) -> u64 {
    let [a, b, c, d] = number.to_le_bytes();
    u64::from_le_bytes([a, b, c, d, 0, 0, 0, 0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use alloy_primitives::{address, fixed_bytes};

    #[test]
    fn layouts_put_each_part_in_its_place() {
        let validator = address!("0x0000002D6DB27c52E3C11c1Cf24072004AC75cBa");
        let key = NonceKey::batch_mode_validator([0, 0, 1], 0, validator);
        assert_eq!(key.0, fixed_bytes!("0x000001000000002D6DB27c52E3C11c1Cf24072004AC75cBa"));
        let key = NonceKey::validator_lane(validator, [1, 2, 3, 4]);
        assert_eq!(key.0, fixed_bytes!("0x0000002D6DB27c52E3C11c1Cf24072004AC75cBa01020304"));
        let key = NonceKey::mode_kind_validator_lane(0, 1, validator, [9, 8]);
        assert_eq!(key.0, fixed_bytes!("0x00010000002D6DB27c52E3C11c1Cf24072004AC75cBa0908"));
        assert_eq!(NonceKey::from(key.to_u192()), key);
    }

    #[test]
    fn nonce_is_key_and_sequence() {
        let key = NonceKey::validator_lane(Address::repeat_byte(0xab), [0, 0, 0, 1]);
        let nonce = key.at(u64::MAX);
        assert_eq!(Nonce::from(nonce.to_u256()), nonce);
        assert_eq!(nonce.next(), None);
        assert_eq!(key.at(4).next(), Some(key.at(5)));
    }

    #[test]
    fn batch_leaves_out_the_highest_value() {
        assert_eq!(NonceKey::batch_of(U256::from(0x00ff_fffe_u32)), [0xff, 0xff, 0xfe]);
        assert_eq!(NonceKey::batch_of(U256::from(0x00ff_ffff_u32)), [0, 0, 0]);
    }

    #[test]
    fn workers_never_meet_and_leave_no_lane_out() {
        for (workers, total) in [(1, 1), (3, 10), (4, 4), (7, 100), (3, u32::MAX)] {
            let mut seen = BTreeSet::new();
            for worker in 0..workers {
                let lanes = Lanes::new(worker, workers, total).unwrap();
                for lane in lanes.iter().take(50) {
                    assert!(lanes.contains(lane), "{lane}");
                    assert!(seen.insert(lane), "{lane} twice");
                }
                assert_eq!(lanes.lane(u64::from(lanes.count())), lanes.lane(0));
            }
            if total <= 100 {
                assert_eq!(u32::try_from(seen.len()), Ok(total));
            }
        }
        assert!(Lanes::new(3, 3, 10).is_err());
        assert!(Lanes::new(2, 3, 2).is_err());
        assert!(Lanes::all(0).is_err());
    }
}
