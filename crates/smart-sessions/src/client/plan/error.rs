use std::string::String;
use std::vec::Vec;

use alloy_primitives::{Address, B256, ChainId, U256};
use policy_encoding::Finding;
use session_types::PermissionId;
use session_types::frozen::FrozenGrantError;

/// Why a plan cannot be made, read or signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The sessions are for different sets of contracts.
    #[error(
        "the session contracts of chain {chain_id} are others than those of chain {first}, expected the same (remedy: one plan for each)"
    )]
    Deployments {
        /// The chain of the first session.
        first: ChainId,
        /// The chain that has others.
        chain_id: ChainId,
    },
    /// A session stands twice: enabling it the first time would make its second digest worthless.
    #[error("permission {permission} stands twice for {account} on chain {chain_id}, expected once")]
    Twice {
        /// The chain.
        chain_id: ChainId,
        /// The account.
        account: Address,
        /// The session.
        permission: PermissionId,
    },
    /// The session's validator is no contract that checks signatures for sessions (module type 7): the session module would
    /// refuse to enable the session.
    #[error("{validator} on chain {chain_id} is no session validator (remedy: use one that is deployed there)")]
    NoSessionValidator {
        /// The chain.
        chain_id: ChainId,
        /// The session's validator.
        validator: Address,
    },
    /// The accounts have different owners: one signature is not enough.
    #[error("accounts of owner {seen} and of {expected} in one plan, expected one owner")]
    Owners {
        /// The first owner.
        expected: Address,
        /// Another one.
        seen: Address,
    },
    /// Something critical was found, and nobody accepted it: nothing was signed.
    #[error("nothing was signed: {} (remedy: change the sessions, or accept the findings)", listed(findings))]
    NotAccepted {
        /// What was found.
        findings: Vec<Finding>,
    },
    /// Another key than the owner's was to sign.
    #[error("the signer is {seen}, expected the owner {expected}: nothing was signed")]
    OtherSigner {
        /// The owner.
        expected: Address,
        /// The signer.
        seen: Address,
    },
    /// The signature is not the owner's, or not over this plan.
    #[error(
        "the signature is not {expected}'s over {digest}: as typed data it is of {typed_data}, as a personal message of {personal_message}"
    )]
    OtherSignature {
        /// The owner.
        expected: Address,
        /// What had to be signed.
        digest: B256,
        /// Whose signature it would be, had the typed data been signed.
        typed_data: Address,
        /// Whose it would be, had the personal message been signed.
        personal_message: Address,
    },
    /// The bytes are no ECDSA signature.
    #[error(
        "a signature of {length} bytes that is no ECDSA signature, expected r, s, v of 65 bytes (remedy: let the accounts check it)"
    )]
    NoEcdsaSignature {
        /// How many bytes there are.
        length: usize,
    },
    /// Nothing is known to compare the signature with.
    #[error(
        "whose signature is expected is not known (remedy: name the owner in the plan, or let the accounts check the signature)"
    )]
    OwnerUnknown,
    /// An account does not accept the owner's signature (ERC-1271).
    #[error("account {account} on chain {chain_id} does not accept the owner's signature over {digest}")]
    Refused {
        /// The chain.
        chain_id: ChainId,
        /// The account.
        account: Address,
        /// What it was asked about.
        digest: B256,
    },
    /// No connection to a chain of the plan was given.
    #[error("chain {chain_id} is in the plan, and no connection to it was given")]
    NoConnection {
        /// The chain.
        chain_id: ChainId,
    },
    /// A session's nonce is another one since: no signature over the plan enables it.
    #[error(
        "permission {permission} of {account} on chain {chain_id} was planned for another nonce than the present {now} (remedy: plan anew)"
    )]
    Outdated {
        /// The chain.
        chain_id: ChainId,
        /// The account.
        account: Address,
        /// The session.
        permission: PermissionId,
        /// The chain's.
        now: U256,
    },
    /// The plan has nothing for this account.
    #[error("the plan has no session of account {account} on chain {chain_id}")]
    NotPlanned {
        /// The chain.
        chain_id: ChainId,
        /// The account.
        account: Address,
    },
    /// The plan has fewer sessions.
    #[error("the plan has no session at place {place}")]
    NoSuchSession {
        /// The place, from 0.
        place: usize,
    },
    /// Text is no plan.
    #[error("plan: {0}")]
    Text(String),
    /// A later version of this library wrote the text.
    #[error("plan of version {version}, this library reads up to version 1")]
    Newer {
        /// The version.
        version: u32,
    },
    /// Some of the text was changed.
    #[error("the plan is damaged: its checksum is {expected}, not {seen}")]
    Damaged {
        /// The checksum that stands in it.
        expected: B256,
        /// The checksum of what stands in it.
        seen: B256,
    },
    /// A session does not hold all that a wallet was asked for.
    #[cfg(feature = "erc7715")]
    #[error("request {request} cannot be granted as it stands: {}", super::erc7715::listed(not_mapped))]
    NotMapped {
        /// The request's place, from 0.
        request: usize,
        /// What is left out.
        not_mapped: Vec<policy_encoding::erc7715::NotMapped>,
    },
    /// What a wallet was asked for makes no session.
    #[cfg(feature = "erc7715")]
    #[error("request {request}: {reason}")]
    Request {
        /// The request's place, from 0.
        request: usize,
        /// Why not.
        reason: policy_encoding::erc7715::RequestError,
    },
    /// The sessions in the text cannot be read.
    #[error(transparent)]
    Frozen(#[from] FrozenGrantError),
}

fn listed(findings: &[Finding]) -> String {
    let texts: Vec<_> = findings.iter().map(|finding| finding.text.as_str()).collect();
    texts.join(" ")
}
