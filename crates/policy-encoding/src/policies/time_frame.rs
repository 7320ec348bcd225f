use alloc::vec::Vec;

use session_types::{PolicyKind, PolicyRevision, SlotKind};

use crate::{
    DecodeError, Policy, PolicyError,
    check::{ActionCheck, Context, MessageCheck, Refusal, Revert, Usage, UserOpCheck, Verdict, Window},
    explain::{self, Limits, Line, Words},
};

/// Permits everything between two moments.
///
/// Init data, revision 2: `uint48` valid until, `uint48` valid after, 12 bytes. Revision 1: the same as
/// two `uint128`, 32 bytes. The contracts ignore what follows. Times in seconds since 1970, 0 for "no bound".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimeFrame {
    valid_until: u64,
    valid_after: u64,
}

impl TimeFrame {
    /// The state before initialisation: reverts every check.
    pub const UNSET: Self = Self { valid_until: 0, valid_after: 0 };

    /// Permits everything from `valid_after` to `valid_until`; 0 leaves a side open.
    ///
    /// # Errors
    /// When both are 0, when the start lies behind the end, or when a time does not fit in 48 bits.
    pub const fn new(valid_after: u64, valid_until: u64) -> Result<Self, PolicyError> {
        if valid_until == 0 && valid_after == 0 {
            return Err(PolicyError::NoBound);
        }
        let latest = if valid_until > valid_after { valid_until } else { valid_after };
        if latest > Window::LAST_MOMENT {
            return Err(PolicyError::Time { seconds: latest });
        }
        if valid_until != 0 && valid_after > valid_until {
            return Err(PolicyError::Refused(DecodeError::TimesReversed { valid_until, valid_after }));
        }
        Ok(Self { valid_until, valid_after })
    }

    /// Permits everything up to `valid_until`.
    ///
    /// # Errors
    /// When it is 0 or does not fit in 48 bits.
    pub const fn until(valid_until: u64) -> Result<Self, PolicyError> {
        Self::new(0, valid_until)
    }

    /// The permitted times.
    #[must_use]
    pub const fn window(self) -> Window {
        Window { valid_after: self.valid_after, valid_until: self.valid_until }
    }

    const fn answer(self, context: Context) -> Verdict {
        if self.valid_until == 0 && self.valid_after == 0 {
            return Err(Refusal::Reverted(Revert::NotInitialized(context)));
        }
        Ok(self.window())
    }
}

impl Policy for TimeFrame {
    fn name(&self) -> &'static str {
        "time frame"
    }

    fn fits(&self, slot: SlotKind) -> bool {
        PolicyKind::TimeFrame.fits(slot)
    }

    fn init_data(&self, revision: PolicyRevision) -> Vec<u8> {
        let mut data = Vec::with_capacity(32);
        for time in [self.valid_until, self.valid_after] {
            match revision {
                PolicyRevision::V1 => data.extend_from_slice(&u128::from(time).to_be_bytes()),
                _ => data.extend_from_slice(&time.to_be_bytes()[2..]),
            }
        }
        data
    }

    fn decode(revision: PolicyRevision, init_data: &[u8]) -> Result<Self, DecodeError> {
        let malformed = || DecodeError::Malformed { length: init_data.len() };
        let (valid_until, valid_after) = match revision {
            PolicyRevision::V1 => {
                let (bytes, _) = init_data.split_first_chunk::<32>().ok_or_else(malformed)?;
                let (valid_until, valid_after) = crate::condition::range_bounds((*bytes).into());
                let time = |value: u128| {
                    let time = u64::try_from(value).ok().filter(|time| *time <= Window::LAST_MOMENT);
                    time.ok_or(DecodeError::TimeRange { seconds: value })
                };
                (time(valid_until)?, time(valid_after)?)
            }
            _ => {
                let (bytes, _) = init_data.split_first_chunk::<12>().ok_or_else(malformed)?;
                let time = |part: &[u8]| part.iter().fold(0, |time, byte| (time << 8) | u64::from(*byte));
                (time(&bytes[..6]), time(&bytes[6..]))
            }
        };
        if valid_until != 0 && valid_after > valid_until {
            return Err(DecodeError::TimesReversed { valid_until, valid_after });
        }
        Ok(Self { valid_until, valid_after })
    }

    fn check_action(&self, _: &mut Usage, call: &ActionCheck<'_>) -> Verdict {
        self.answer(call.context)
    }

    fn check_user_op(&self, _: &mut Usage, op: &UserOpCheck<'_>) -> Verdict {
        self.answer(op.context)
    }

    fn check_message(&self, message: &MessageCheck) -> Verdict {
        let window = self.answer(message.context)?;
        // Unlike an EntryPoint, the contract leaves the last moment out.
        if window.contains(message.timestamp) && message.timestamp != window.valid_until {
            return Ok(Window::UNBOUNDED);
        }
        Err(Refusal::Time { window, now: message.timestamp })
    }

    fn explain(&self, words: &Words<'_>) -> Vec<Line> {
        explain::time_frame(*self, words)
    }

    fn limits(&self) -> Limits {
        Limits { time: true, ..Limits::default() }
    }
}
