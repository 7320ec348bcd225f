use alloy_primitives::{Address, B256, Bytes, U256, address};
use alloy_sol_types::SolValue;

use super::{OnChainTrigger, SignatureKind};

mod types {
    alloy_sol_types::sol! {
        struct Caveat { address enforcer; bytes terms; bytes args; }
        struct Delegation {
            address delegate;
            address delegator;
            bytes32 authority;
            Caveat[] caveats;
            uint256 salt;
            bytes signature;
        }
    }
}

/// Anybody may use the delegation; its terms say what for.
const ANY_DELEGATE: Address = address!("0x0000000000000000000000000000000000000a11");
/// The delegation does not rest on another one.
const ROOT_AUTHORITY: B256 = B256::repeat_byte(0xff);

/// The published delegation manager.
pub(crate) const DELEGATION_MANAGER: Address = address!("0xdb9B1e94B5b69Df7e401DDbedE43491141047dB3");

/// A condition on a delegation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caveat {
    /// The contract that enforces it.
    pub enforcer: Address,
    /// What it enforces.
    pub terms: Bytes,
}

/// What a delegator account signs so that a supertransaction can start: that exactly one call is made in its name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DelegationTerms {
    /// The contract that redeems delegations.
    pub manager: Address,
    /// Who may use it.
    pub delegate: Address,
    /// The delegator account.
    pub delegator: Address,
    /// The delegation that it rests on; all ones for none.
    pub authority: B256,
    /// The conditions.
    pub caveats: Vec<Caveat>,
    /// Tells apart delegations with the same terms.
    pub salt: U256,
    /// The call: `target(20) ++ value(32) ++ data`.
    pub execution: Bytes,
}

/// A delegation with the delegator's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedDelegation {
    /// What was signed.
    pub terms: DelegationTerms,
    /// The delegator's signature.
    pub signature: Bytes,
}

impl DelegationTerms {
    /// Terms under which `enforcer` (exact execution) lets only the trigger's call through, with the
    /// supertransaction's hash at its end.
    #[must_use]
    pub fn exactly(trigger: &OnChainTrigger, delegator: Address, enforcer: Address, hash: B256) -> Self {
        let call = trigger.transaction(0, delegator, hash);
        let execution: Bytes =
            [call.to.as_slice(), &call.value.to_be_bytes::<32>()[..], &call.data[..]].concat().into();
        Self {
            manager: DELEGATION_MANAGER,
            delegate: ANY_DELEGATE,
            delegator,
            authority: ROOT_AUTHORITY,
            caveats: vec![Caveat { enforcer, terms: execution.clone() }],
            salt: U256::ZERO,
            execution,
        }
    }

    /// The terms with the delegator's signature.
    #[must_use]
    pub fn signed(self, signature: impl Into<Bytes>) -> SignedDelegation {
        SignedDelegation { terms: self, signature: signature.into() }
    }
}

/// The signature of a supertransaction that a delegation starts: `abi.encode(address manager, delegation, bytes call)`.
#[must_use]
pub fn delegation_signature(delegation: &SignedDelegation) -> Bytes {
    let SignedDelegation { terms, signature } = delegation;
    let tuple = types::Delegation {
        delegate: terms.delegate,
        delegator: terms.delegator,
        authority: terms.authority,
        caveats: terms
            .caveats
            .iter()
            .map(|caveat| types::Caveat { enforcer: caveat.enforcer, terms: caveat.terms.clone(), args: Bytes::new() })
            .collect(),
        salt: terms.salt,
        signature: signature.clone(),
    };
    SignatureKind::Delegation.before(&(terms.manager, tuple, terms.execution.clone()).abi_encode_params())
}
