//! Signatures that start a supertransaction.

mod delegation;
mod error;
mod on_chain;
#[cfg(feature = "p256")]
mod p256;
mod permit;
mod prefix;
mod safe;
mod signer;
mod simple;
mod transaction;

pub use delegation::{Caveat, DelegationTerms, SignedDelegation, delegation_signature};
pub use error::SignError;
pub use on_chain::{OnChainTrigger, on_chain_signature};
#[cfg(feature = "p256")]
#[doc(alias = "toP256Signer")]
pub use p256::P256Signer;
pub use permit::{Permit, PermitDomain, PermitUnavailable};
pub use prefix::SignatureKind;
#[doc(alias = "computeSafeDomainSeparator")]
pub use safe::safe_domain_separator;
#[doc(alias = "formatSignedSafeQuotePayload")]
pub use safe::safe_signature;
pub use safe::{SafeTransaction, SafeTransactionData};
pub use signer::{AccountSigner, OwnerKey, SignerFailure, SigningRequest, TypedData};
pub use simple::super_tx_typed_data;
pub use transaction::{OwnTransactions, TransactionSender, TriggerTransaction};

pub(crate) use permit::read_facts;
pub(crate) use transaction::{estimate, send};
