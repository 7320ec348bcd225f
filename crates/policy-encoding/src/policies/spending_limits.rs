use alloc::{vec, vec::Vec};

use alloy_primitives::{Address, Selector, U256, fixed_bytes};

use session_types::{PolicyKind, PolicyRevision, SlotKind};

use crate::{
    DecodeError, Policy,
    check::{ActionCheck, Refusal, Revert, Usage, Verdict, Window},
    explain::{self, Limits, Line, Words},
    word::{self, Malformed},
};

/// How much of a token may be spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct TokenLimit {
    /// The ERC-20 token.
    pub token: Address,
    /// The greatest sum of transfers and approvals, in the token's smallest unit.
    pub limit: U256,
}

impl TokenLimit {
    /// Permits transfers and approvals of `limit` units of `token` in all.
    #[must_use]
    pub const fn new(token: Address, limit: U256) -> Self {
        Self { token, limit }
    }
}

/// Permits ERC-20 transfers and approvals up to a sum for each token. The token is the call's target.
///
/// Counts `transfer`, `transferFrom`, `approve` and, in the second revision, `increaseAllowance`; every other
/// function is refused, and so is native value. Approvals are never given back. `transferFrom` counts whoever pays,
/// but in the second revision not when the account itself receives.
///
/// Init data: `abi(address[] tokens, uint256[] limits)`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SpendingLimits {
    tokens: Vec<TokenLimit>,
}

const TRANSFER: Selector = fixed_bytes!("a9059cbb");
const TRANSFER_FROM: Selector = fixed_bytes!("23b872dd");
const APPROVE: Selector = fixed_bytes!("095ea7b3");
const INCREASE_ALLOWANCE: Selector = fixed_bytes!("39509351");

impl SpendingLimits {
    /// The functions that the policy counts.
    pub const FUNCTIONS: [Selector; 4] = [TRANSFER, TRANSFER_FROM, APPROVE, INCREASE_ALLOWANCE];

    /// The state before initialisation: permits amounts of zero only.
    pub const UNSET: Self = Self { tokens: Vec::new() };

    /// Permits each token's limit. Of a token that is listed twice the last limit holds; a token that is not listed
    /// has the limit zero.
    ///
    /// # Errors
    /// For the zero address or a limit of zero.
    pub fn new(tokens: impl IntoIterator<Item = TokenLimit>) -> Result<Self, DecodeError> {
        let tokens: Vec<_> = tokens.into_iter().collect();
        for (index, entry) in tokens.iter().enumerate() {
            if entry.token.is_zero() {
                return Err(DecodeError::ZeroToken { index });
            }
            if entry.limit.is_zero() {
                return Err(DecodeError::ZeroTokenLimit { token: entry.token });
            }
        }
        Ok(Self { tokens })
    }

    /// The tokens and their limits, in the order given.
    #[must_use]
    pub fn tokens(&self) -> &[TokenLimit] {
        &self.tokens
    }

    /// The limit that holds for `token`, with its place in the list.
    #[must_use]
    pub fn limit_of(&self, token: Address) -> Option<(usize, U256)> {
        let (index, entry) = self.tokens.iter().enumerate().rfind(|(_, entry)| entry.token == token)?;
        Some((index, entry.limit))
    }

    /// The amount that a call spends; `None` for functions that are not counted.
    fn amount(call: &ActionCheck<'_>) -> Result<Option<U256>, Malformed> {
        let Some((selector, arguments)) = call.data.split_first_chunk::<4>() else { return Err(Malformed) };
        let current = call.context.revision != PolicyRevision::V1;
        Ok(match Selector::from(*selector) {
            TRANSFER | APPROVE => {
                word::address(arguments, 0)?;
                Some(word::uint(arguments, 32)?)
            }
            INCREASE_ALLOWANCE if current => {
                word::address(arguments, 0)?;
                Some(word::uint(arguments, 32)?)
            }
            TRANSFER_FROM => {
                word::address(arguments, 0)?;
                let to = word::address(arguments, 32)?;
                let amount = word::uint(arguments, 64)?;
                Some(if current && to == call.context.account { U256::ZERO } else { amount })
            }
            _ => None,
        })
    }
}

impl Policy for SpendingLimits {
    fn name(&self) -> &'static str {
        "spending limits"
    }

    fn fits(&self, slot: SlotKind) -> bool {
        PolicyKind::SpendingLimits.fits(slot)
    }

    fn init_data(&self, _: PolicyRevision) -> Vec<u8> {
        let count = self.tokens.len();
        let mut data = vec![0; (4 + 2 * count) * 32];
        let mut word = |place: usize, bytes: &[u8]| {
            data[place * 32 + 32 - bytes.len()..place * 32 + 32].copy_from_slice(bytes);
        };
        word(0, &[0x40]);
        word(1, &((3 + count) * 32).to_be_bytes());
        word(2, &count.to_be_bytes());
        word(3 + count, &count.to_be_bytes());
        for (index, entry) in self.tokens.iter().enumerate() {
            word(3 + index, entry.token.as_slice());
            word(4 + count + index, &entry.limit.to_be_bytes::<32>());
        }
        data
    }

    fn decode(revision: PolicyRevision, init_data: &[u8]) -> Result<Self, DecodeError> {
        let malformed = DecodeError::malformed(init_data);
        let list = |position| {
            let start = word::follow(init_data, 0, position).map_err(malformed)?;
            let length = word::uint(init_data, start).map_err(malformed)?;
            // The contract makes room for the list before it looks whether the data is there.
            if length >= U256::from(1_u64 << 59) - U256::from(16) {
                return Err(DecodeError::ListTooLong { length });
            }
            word::array(init_data, start, 32).map_err(malformed)
        };
        let (tokens_at, tokens) = list(0)?;
        for index in 0..tokens {
            word::address(init_data, tokens_at + index * 32).map_err(malformed)?;
        }
        let (limits_at, limits) = list(32)?;
        let mut entries = Vec::with_capacity(tokens.min(limits));
        if revision != PolicyRevision::V1 && tokens != limits {
            return Err(DecodeError::Lengths { tokens, limits });
        }
        for index in 0..tokens {
            if index >= limits {
                return Err(DecodeError::MissingLimit { index });
            }
            let token = word::address(init_data, tokens_at + index * 32).map_err(malformed)?;
            let limit = word::uint(init_data, limits_at + index * 32).map_err(malformed)?;
            if token.is_zero() {
                return Err(DecodeError::ZeroToken { index });
            }
            if limit.is_zero() {
                return Err(DecodeError::ZeroTokenLimit { token });
            }
            entries.push(TokenLimit { token, limit });
        }
        Ok(Self { tokens: entries })
    }

    /// One counter for each listed token: what is spent and approved so far.
    fn usage(&self) -> Usage {
        Usage(vec![U256::ZERO; self.tokens.len()])
    }

    fn check_action(&self, usage: &mut Usage, call: &ActionCheck<'_>) -> Verdict {
        if !call.value.is_zero() {
            return Err(Refusal::Value { value: call.value });
        }
        let Some(amount) = Self::amount(call).map_err(|_| Revert::NoData)? else {
            let selector = call.data.first_chunk::<4>().copied().unwrap_or_default().into();
            return Err(Refusal::Function { selector });
        };
        let token = call.target;
        if token.is_zero() {
            return Err(Revert::InvalidTokenAddress(token).into());
        }
        let Some((index, limit)) = self.limit_of(token) else {
            if amount.is_zero() {
                return Ok(Window::UNBOUNDED);
            }
            return Err(Refusal::Spending { token, limit: U256::ZERO, used: U256::ZERO, amount });
        };
        let used = usage.counter(index);
        let sum = used.checked_add(amount).ok_or(Revert::OVERFLOW)?;
        if sum > limit {
            return Err(Refusal::Spending { token, limit, used: *used, amount });
        }
        *used = sum;
        Ok(Window::UNBOUNDED)
    }

    fn explain(&self, words: &Words<'_>) -> Vec<Line> {
        explain::spending(self, words)
    }

    fn limits(&self) -> Limits {
        Limits { arguments: true, value: true, ..Limits::default() }
    }
}
