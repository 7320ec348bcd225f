//! The view functions of the policies' contracts.

use alloc::vec::Vec;

use alloy_primitives::{Address, Bytes, U256, hex};
use session_types::{PolicyKind, PolicyRevision};

use super::{PolicyState, TokenState};
use crate::{
    ArgPolicy, DecodeError, Policy as _, TimeFrame, TreeError, UniversalAction,
    check::Context,
    word::{self, Malformed},
};

/// `usageLimitConfigs(bytes32,address,address)`: limit and used.
const USAGE_LIMIT: [u8; 4] = hex!("ed12b7f1");
/// `valueLimitConfigs(bytes32,address,address)`: limit and used.
const VALUE_LIMIT: [u8; 4] = hex!("9cbbc527");
/// `timeFrameConfigs(bytes32,address,address)`: both times in one word.
const TIME_FRAME: [u8; 4] = hex!("f4d09880");
/// `getPolicyData(bytes32,address,address,address)`, the token before the account: limit, spent, approved.
const SPENDING: [u8; 4] = hex!("f33fa13a");
/// `actionConfigs(bytes32,address,address)`, of both policies with rules.
const RULES: [u8; 4] = hex!("cc39a985");
/// `getGasConfig(bytes32,address,address)`: gas limit and used, cost limit and used.
const GAS: [u8; 4] = hex!("703c59c0");

/// Why a policy's state is not known.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The contract has no function that tells.
    #[error("the {kind} policy's contract of this revision has no function that tells its state")]
    NoGetter {
        /// The policy.
        kind: PolicyKind,
    },
    /// The contract tells a token's state only to those who know the token.
    #[error("the tokens of the spending limits are not known")]
    TokensUnknown,
    /// The kind of policy is not known to this crate.
    #[error("the {kind} policy is not known")]
    UnknownKind {
        /// The policy.
        kind: PolicyKind,
    },
    /// Another number of answers than of calls.
    #[error("{seen} answers to {expected} calls")]
    Answers {
        /// How many calls there are.
        expected: usize,
        /// How many answers there are.
        seen: usize,
    },
    /// An answer is not what the function returns.
    #[error("an answer of {length} bytes cannot be read")]
    Malformed {
        /// How long the answer is.
        length: usize,
    },
    /// What the contract has stored is no policy that it would have taken.
    #[error("the stored policy cannot be: {0}")]
    Stored(DecodeError),
}

/// The questions about a policy's state, for its contract, and how its answers are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateReading {
    kind: PolicyKind,
    tokens: Vec<Address>,
    calls: Vec<Bytes>,
}

impl StateReading {
    /// The questions about a policy. `tokens` are those to ask the spending limits about: there is no list of them on the
    /// chain. Other policies do not need them.
    ///
    /// The first revision's usage limits are asked by the function that the TypeScript libraries know, its value limits by
    /// that of the second revision: the code of neither was at hand.
    ///
    /// # Errors
    /// When the contract of this revision does not tell: spending limits and time frame of the first revision. When no
    /// token is given for spending limits.
    pub fn new(
        kind: PolicyKind,
        context: &Context,
        tokens: impl IntoIterator<Item = Address>,
    ) -> Result<Self, StateError> {
        let first = context.revision == PolicyRevision::V1;
        let one = |selector| Vec::from([call(selector, context, None)]);
        let mut asked = Vec::new();
        let calls = match kind {
            PolicyKind::Sudo | PolicyKind::ContractWhitelist => Vec::new(),
            PolicyKind::SpendingLimits | PolicyKind::TimeFrame if first => return Err(StateError::NoGetter { kind }),
            PolicyKind::TimeFrame => one(TIME_FRAME),
            PolicyKind::UsageLimit => one(USAGE_LIMIT),
            PolicyKind::ValueLimit => one(VALUE_LIMIT),
            PolicyKind::UniversalAction | PolicyKind::ArgPolicy => one(RULES),
            PolicyKind::SimpleGas => one(GAS),
            PolicyKind::SpendingLimits => {
                for token in tokens {
                    if !asked.contains(&token) {
                        asked.push(token);
                    }
                }
                if asked.is_empty() {
                    return Err(StateError::TokensUnknown);
                }
                asked.iter().map(|token| call(SPENDING, context, Some(*token))).collect()
            }
            _ => return Err(StateError::UnknownKind { kind }),
        };
        Ok(Self { kind, tokens: asked, calls })
    }

    /// The call data, for the policy's contract. None when it has nothing to tell.
    #[must_use]
    pub fn calls(&self) -> &[Bytes] {
        &self.calls
    }

    /// Reads the answers, in the order of the calls. Bytes behind what the function returns are ignored.
    ///
    /// # Errors
    /// When there are more or fewer answers than calls, or one is malformed.
    pub fn decode<T: AsRef<[u8]>>(&self, answers: &[T]) -> Result<PolicyState, StateError> {
        if answers.len() != self.calls.len() {
            return Err(StateError::Answers { expected: self.calls.len(), seen: answers.len() });
        }
        let Some(first) = answers.first().map(AsRef::as_ref) else {
            return Ok(PolicyState::Uncounted { kind: self.kind });
        };
        let malformed = |_: Malformed| StateError::Malformed { length: first.len() };
        match self.kind {
            PolicyKind::UsageLimit => {
                let [limit, used] = narrow(first).map_err(malformed)?;
                Ok(PolicyState::UsageLimit { limit, used })
            }
            PolicyKind::ValueLimit => {
                let [limit, used] = wide(first).map_err(malformed)?;
                Ok(PolicyState::ValueLimit { limit, used })
            }
            PolicyKind::SimpleGas => {
                let [gas_limit, gas_used, cost_limit, cost_used] = narrow(first).map_err(malformed)?;
                Ok(PolicyState::SimpleGas { gas_limit, gas_used, cost_limit, cost_used })
            }
            PolicyKind::TimeFrame => {
                let stored = word::word(first, 0).map_err(malformed)?;
                // Stored as the init data has them, in the low 12 bytes.
                if stored[..20].iter().any(|byte| *byte != 0) {
                    return Err(StateError::Malformed { length: first.len() });
                }
                let frame = TimeFrame::decode(PolicyRevision::V2, &stored[20..]).map_err(StateError::Stored)?;
                Ok(PolicyState::TimeFrame(frame))
            }
            PolicyKind::UniversalAction => {
                let policy = UniversalAction::decode(PolicyRevision::V2, first).map_err(StateError::Stored)?;
                Ok(PolicyState::UniversalAction(policy))
            }
            PolicyKind::ArgPolicy => {
                // The two values are returned side by side; the init data has them in a tuple.
                let tuple = [&U256::from(32).to_be_bytes::<32>(), first].concat();
                match ArgPolicy::decode(PolicyRevision::V2, &tuple) {
                    Ok(policy) => Ok(PolicyState::ArgPolicy(policy)),
                    Err(DecodeError::Tree(TreeError::Empty)) => Ok(PolicyState::ArgPolicy(ArgPolicy::UNSET)),
                    Err(DecodeError::Malformed { .. }) => Err(StateError::Malformed { length: first.len() }),
                    Err(error) => Err(StateError::Stored(error)),
                }
            }
            PolicyKind::SpendingLimits => {
                let read = |(token, answer): (&Address, &T)| {
                    let answer = answer.as_ref();
                    let [limit, spent, approved] =
                        wide(answer).map_err(|_| StateError::Malformed { length: answer.len() })?;
                    Ok(TokenState { token: *token, limit, spent, approved })
                };
                Ok(PolicyState::SpendingLimits(self.tokens.iter().zip(answers).map(read).collect::<Result<_, _>>()?))
            }
            kind => Err(StateError::UnknownKind { kind }),
        }
    }
}

/// `selector(id, caller, [token,] account)`.
fn call(selector: [u8; 4], context: &Context, token: Option<Address>) -> Bytes {
    let words = [context.config_id, context.caller.into_word()];
    let words = words.into_iter().chain(token.map(|token| token.into_word())).chain([context.account.into_word()]);
    selector.into_iter().chain(words.flat_map(|word| word.0)).collect()
}

fn wide<const N: usize>(answer: &[u8]) -> Result<[U256; N], Malformed> {
    let mut words = [U256::ZERO; N];
    for (place, word) in words.iter_mut().enumerate() {
        *word = word::uint(answer, place * 32)?;
    }
    Ok(words)
}

fn narrow<const N: usize>(answer: &[u8]) -> Result<[u128; N], Malformed> {
    let mut numbers = [0; N];
    for (number, word) in numbers.iter_mut().zip(wide::<N>(answer)?) {
        *number = u128::try_from(word).map_err(|_| Malformed)?;
    }
    Ok(numbers)
}
