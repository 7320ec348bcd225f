use alloy_sol_types::{Eip712Domain, SolStruct};
use serde_json::json;

use super::{OwnerKey, SignError, SignatureKind, SigningRequest, TypedData};
use crate::quote::{HOSTED_TANK, VerifiedQuote};
use crate::version::SimpleSigning;
use crate::wire::{Quote, QuoteType, QuotedUserOp, SignedQuote};
use crate::{MeeClient, MeeError};

/// The name in the accounts' EIP-712 domain; the domain of a supertransaction has no other part.
const ACCOUNT_DOMAIN: &str = "Nexus";

mod types {
    alloy_sol_types::sol! {
        struct MeeUserOp {
            bytes32 userOpHash;
            uint256 lowerBoundTimestamp;
            uint256 upperBoundTimestamp;
        }

        struct SuperTx {
            MeeUserOp[] meeUserOps;
        }
    }
}

/// What owners of suites from 2.2.1 on sign: `SuperTx(MeeUserOp[] meeUserOps)` over every operation of the quote, in a
/// domain with the account's name alone. The payment of the published gas tank is left out.
#[must_use]
pub fn super_tx_typed_data(quote: &Quote) -> TypedData {
    let trusted = quote.user_ops.first().is_some_and(|payment| payment.user_op.sender == HOSTED_TANK);
    let signed: Vec<&QuotedUserOp> = quote.user_ops.iter().skip(usize::from(trusted)).collect();
    let message = types::SuperTx {
        meeUserOps: signed
            .iter()
            .map(|op| types::MeeUserOp {
                userOpHash: op.user_op_hash,
                lowerBoundTimestamp: alloy_primitives::U256::from(op.lower_bound_timestamp),
                upperBoundTimestamp: alloy_primitives::U256::from(op.upper_bound_timestamp),
            })
            .collect(),
    };
    let domain = Eip712Domain { name: Some(ACCOUNT_DOMAIN.into()), ..Eip712Domain::default() };
    let field = |name: &str, kind: &str| json!({ "name": name, "type": kind });
    let json = json!({
        "domain": { "name": ACCOUNT_DOMAIN },
        "types": {
            "EIP712Domain": [field("name", "string")],
            "MeeUserOp": [
                field("userOpHash", "bytes32"),
                field("lowerBoundTimestamp", "uint256"),
                field("upperBoundTimestamp", "uint256"),
            ],
            "SuperTx": [field("meeUserOps", "MeeUserOp[]")],
        },
        "primaryType": "SuperTx",
        "message": {
            "meeUserOps": signed.iter().map(|op| json!({
                "userOpHash": op.user_op_hash,
                "lowerBoundTimestamp": op.lower_bound_timestamp.to_string(),
                "upperBoundTimestamp": op.upper_bound_timestamp.to_string(),
            })).collect::<Vec<_>>(),
        },
    });
    TypedData::new(message.eip712_signing_hash(&domain), json)
}

impl MeeClient {
    /// Signs a simple quote with the account's key: as a personal message below suite 2.2.1, as typed data from there
    /// on.
    ///
    /// # Errors
    /// When the quote starts in another way or the key refuses.
    #[doc(alias = "signQuote")]
    pub async fn sign_quote(&self, verified: VerifiedQuote) -> Result<SignedQuote, MeeError> {
        let quote = verified.quote();
        if quote.quote_type != QuoteType::Simple {
            let (expected, seen) = (QuoteType::Simple, quote.quote_type);
            return Err(SignError::WrongKind { expected, seen }.into());
        }
        let first = quote.user_ops.get(usize::from(quote.payment_info.sponsored)).ok_or(SignError::NoOperation)?;
        let version = self.account().on(first.chain_id)?.suite().version;
        let typed_data = super_tx_typed_data(quote);
        let request = match version.simple_signing() {
            SimpleSigning::Personal => SigningRequest::PersonalMessage(quote.hash.as_slice()),
            SimpleSigning::TypedData => SigningRequest::TypedData(&typed_data),
        };
        let signature = self.account().signer().sign(request).await.map_err(SignError::Signer)?;
        let kind = match self.account().signer().key() {
            OwnerKey::Secp256k1(_) => SignatureKind::Simple,
            OwnerKey::P256 { .. } => SignatureKind::SimpleP256,
        };
        self.signed(verified.into_quote(), kind.before(&signature))
    }

    /// Puts a quote and its signature together.
    pub(crate) fn signed(&self, quote: Quote, signature: alloy_primitives::Bytes) -> Result<SignedQuote, MeeError> {
        let mut chain_ids: Vec<u64> = Vec::new();
        for op in quote.user_ops.iter().skip(usize::from(quote.payment_info.sponsored)) {
            if !chain_ids.contains(&op.chain_id) {
                chain_ids.push(op.chain_id);
            }
        }
        let mee_versions = self.account().versions_on(chain_ids)?;
        Ok(SignedQuote { quote, signature, mee_versions })
    }
}
