use std::fmt::Debug;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use alloy_primitives::{Address, B256};

/// Where the client takes the time from.
pub trait Clock: Debug + Send + Sync {
    /// Milliseconds since the Unix epoch.
    fn now_ms(&self) -> u64;
}

/// The operating system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> u64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .ok()
            .and_then(|elapsed| u64::try_from(elapsed.as_millis()).ok())
            .unwrap_or_default()
    }
}

/// Where session salts come from.
pub trait SaltSource: Debug + Send + Sync {
    /// A value that was never given before.
    fn salt(&self) -> B256;
}

/// Salts from the operating system's random source.
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomSalts;

impl SaltSource for RandomSalts {
    fn salt(&self) -> B256 {
        B256::random()
    }
}

/// Where the 24 bits come from that give each operation its own nonce lane.
pub trait LaneSource: Debug + Send + Sync {
    /// The lane of the next operation of `account` on `chain_id`; only the low 24 bits are used.
    fn lane(&self, chain_id: u64, account: Address) -> u32;
}

/// A counter over all 2^24 lanes, begun at a random place so that two processes rarely meet.
#[derive(Debug)]
pub struct CountingLanes(AtomicU32);

impl Default for CountingLanes {
    fn default() -> Self {
        let [a, b, c, d, ..] = B256::random().0;
        Self(AtomicU32::new(u32::from_be_bytes([a, b, c, d])))
    }
}

impl LaneSource for CountingLanes {
    fn lane(&self, _chain_id: u64, _account: Address) -> u32 {
        self.0.fetch_add(1, Ordering::Relaxed) & 0x00ff_ffff
    }
}

/// Lanes by the clock, as abstractjs makes them: milliseconds modulo 2^24 − 1.
///
/// They repeat after 4 h 40 min, and two operations within one millisecond share a lane.
#[derive(Debug)]
pub struct ClockLanes<C>(pub C);

impl<C: Clock> LaneSource for ClockLanes<C> {
    fn lane(&self, _chain_id: u64, _account: Address) -> u32 {
        u32::try_from(self.0.now_ms() % 0x00ff_ffff).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct At(u64);

    impl Clock for At {
        fn now_ms(&self) -> u64 {
            self.0
        }
    }

    #[test]
    fn counted_lanes_differ_and_fit_24_bits() {
        let lanes = CountingLanes(AtomicU32::new(0x00ff_ffff));
        assert_eq!([lanes.lane(1, Address::ZERO), lanes.lane(1, Address::ZERO)], [0x00ff_ffff, 0]);
    }

    #[test]
    fn clock_lanes_use_the_modulus_of_the_typescript_client() {
        assert_eq!(ClockLanes(At(0x00ff_ffff)).lane(1, Address::ZERO), 0);
        assert_eq!(ClockLanes(At(1_760_000_000_123)).lane(1, Address::ZERO), 0x002e_5a43);
    }
}
