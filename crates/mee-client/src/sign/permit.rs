use alloy_primitives::{Address, B256, Bytes, U256, address, b256};
use alloy_sol_types::{Eip712Domain, SolCall, SolStruct, SolValue};
use serde_json::{Map, Value, json};

use super::{SignError, SignatureKind, TypedData};
use crate::abi::account::eip712DomainCall;
use crate::abi::helper::{Call3, aggregate3Call};
use crate::abi::token::{DOMAIN_SEPARATORCall, nameCall, noncesCall, versionCall};
use crate::{Chain, MeeError, MeeVersion};

const MULTICALL: Address = address!("0xcA11bde05977b3631167028862bE2a173976CA11");
const PERMIT_TYPEHASH: B256 = b256!("6e71edae12b1b97f4d1f60370fef10105fa2faae0126114a169c64845d6126c9");

mod types {
    alloy_sol_types::sol! {
        struct Permit {
            address owner;
            address spender;
            uint256 value;
            uint256 nonce;
            uint256 deadline;
        }
    }
}

/// Why a token's permits cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PermitUnavailable {
    /// The token lacks a function that permits need.
    #[error("token {token} does not answer to {function}")]
    Unanswered {
        /// The token.
        token: Address,
        /// The function.
        function: &'static str,
    },
    /// No known form of the EIP-712 domain gives the token's separator.
    #[error("token {token} has domain separator {separator}, which no known domain gives")]
    UnknownDomain {
        /// The token.
        token: Address,
        /// What the token answers.
        separator: B256,
    },
    /// The node says that the token takes no permits.
    #[error("the node lists token {token} as one without permits")]
    NotListed {
        /// The token.
        token: Address,
    },
}

/// A token's EIP-712 domain, in the form that gives the token's own separator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermitDomain(Eip712Domain);

/// What a token says about its permits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PermitFacts {
    domain: PermitDomain,
    separator: B256,
    nonce: U256,
}

/// A permit, ready to be signed.
#[derive(Clone, Debug, PartialEq)]
pub struct Permit {
    /// The token.
    pub token: Address,
    /// Whose funds.
    pub owner: Address,
    /// Who may take them: the account.
    pub spender: Address,
    /// How much, in the token's smallest unit.
    pub amount: U256,
    /// The EIP-155 chain id.
    pub chain_id: u64,
    facts: PermitFacts,
    typed_data: TypedData,
}

impl Permit {
    /// A permit that ends with the supertransaction: its hash is the deadline.
    pub(crate) fn new(
        facts: PermitFacts,
        (token, owner, spender): (Address, Address, Address),
        amount: U256,
        chain_id: u64,
        hash: B256,
    ) -> Self {
        let deadline = U256::from_be_bytes(hash.0);
        let message = types::Permit { owner, spender, value: amount, nonce: facts.nonce, deadline };
        let digest = message.eip712_signing_hash(&facts.domain.0);
        let field = |name: &str, kind: &str| json!({ "name": name, "type": kind });
        let json = json!({
            "domain": facts.domain.members().0,
            "types": {
                "EIP712Domain": facts.domain.members().1,
                "Permit": [
                    field("owner", "address"), field("spender", "address"), field("value", "uint256"),
                    field("nonce", "uint256"), field("deadline", "uint256"),
                ],
            },
            "primaryType": "Permit",
            "message": {
                "owner": owner.to_checksum(None),
                "spender": spender.to_checksum(None),
                "value": amount.to_string(),
                "nonce": facts.nonce.to_string(),
                "deadline": deadline.to_string(),
            },
        });
        Self { token, owner, spender, amount, chain_id, facts, typed_data: TypedData::new(digest, json) }
    }

    /// What the owner signs.
    #[must_use]
    pub const fn typed_data(&self) -> &TypedData {
        &self.typed_data
    }

    /// The supertransaction's signature.
    ///
    /// From 3.0.0 on `abi.encode(token, owner, spender, separator, type hash, amount, chain, nonce, bytes signature)`,
    /// before `abi.encode(token, spender, separator, type hash, amount, chain, nonce, v, r, s)`.
    pub(crate) fn encode(&self, signature: &[u8], version: MeeVersion) -> Result<Bytes, SignError> {
        let length = signature.len();
        let (&[ref words @ .., v], 65) =
            (signature.first_chunk::<65>().ok_or(SignError::SignatureLength { length })?, length)
        else {
            return Err(SignError::SignatureLength { length });
        };
        let PermitFacts { separator, nonce, .. } = self.facts;
        let chain = U256::from(self.chain_id);
        let payload = if version >= MeeVersion::V3_0_0 {
            let signature = Bytes::copy_from_slice(signature);
            (self.token, self.owner, self.spender, separator, PERMIT_TYPEHASH, self.amount, chain, nonce, signature)
                .abi_encode_params()
        } else {
            let (r, s) = words.split_at(32);
            (
                self.token,
                self.spender,
                separator,
                PERMIT_TYPEHASH,
                self.amount,
                chain,
                nonce,
                U256::from(v),
                B256::from_slice(r),
                B256::from_slice(s),
            )
                .abi_encode_params()
        };
        Ok(SignatureKind::Permit.before(&payload))
    }
}

impl PermitDomain {
    /// The domain's members and their types, as JSON.
    fn members(&self) -> (Map<String, Value>, Vec<Value>) {
        let domain = &self.0;
        let members = [
            ("name", "string", domain.name.as_ref().map(|name| json!(name))),
            ("version", "string", domain.version.as_ref().map(|version| json!(version))),
            ("chainId", "uint256", domain.chain_id.map(|id| u64::try_from(id).map_or(json!(id), |id| json!(id)))),
            ("verifyingContract", "address", domain.verifying_contract.map(|at| json!(at.to_checksum(None)))),
            ("salt", "bytes32", domain.salt.map(|salt| json!(salt))),
        ];
        let present = || members.iter().filter_map(|(name, kind, value)| Some((*name, *kind, value.as_ref()?)));
        let values = present().map(|(name, _, value)| (name.to_owned(), value.clone())).collect();
        let types = present().map(|(name, kind, _)| json!({ "name": name, "type": kind })).collect();
        (values, types)
    }
}

/// Asks a token, in one call, for all that a permit needs.
pub(crate) async fn read_facts(
    chain: &Chain,
    token: Address,
    owner: Address,
) -> Result<Result<PermitFacts, PermitUnavailable>, MeeError> {
    let call = |data: Vec<u8>| Call3 { target: token, allowFailure: true, callData: data.into() };
    let calls = vec![
        call(noncesCall { owner }.abi_encode()),
        call(nameCall {}.abi_encode()),
        call(versionCall {}.abi_encode()),
        call(DOMAIN_SEPARATORCall {}.abi_encode()),
        call(eip712DomainCall {}.abi_encode()),
    ];
    let results = chain.view(MULTICALL, &aggregate3Call { calls }).await?;
    let answer = |index: usize| results.get(index).filter(|result| result.success).map(|result| &result.returnData);
    let nonce = answer(0).and_then(|data| noncesCall::abi_decode_returns(data).ok());
    let name = answer(1).and_then(|data| nameCall::abi_decode_returns(data).ok());
    let version = answer(2).and_then(|data| versionCall::abi_decode_returns(data).ok());
    let separator = answer(3).and_then(|data| DOMAIN_SEPARATORCall::abi_decode_returns(data).ok());
    let domain = answer(4).and_then(|data| eip712DomainCall::abi_decode_returns(data).ok());
    let unanswered = |function| PermitUnavailable::Unanswered { token, function };
    let Some(nonce) = nonce else { return Ok(Err(unanswered("nonces"))) };
    let Some(separator) = separator else { return Ok(Err(unanswered("DOMAIN_SEPARATOR"))) };
    let Some(name) = domain.as_ref().map(|domain| domain.name.clone()).or(name) else {
        return Ok(Err(unanswered("name")));
    };
    let version = domain.as_ref().map(|domain| domain.version.clone()).or(version).unwrap_or_else(|| "1".to_owned());
    let salt = domain
        .as_ref()
        .map(|domain| domain.salt)
        .filter(|salt| !salt.is_zero())
        .unwrap_or_else(|| U256::from(chain.id()).into());
    let full = Eip712Domain {
        name: Some(name.into()),
        version: Some(version.into()),
        chain_id: Some(U256::from(chain.id())),
        verifying_contract: Some(token),
        salt: Some(salt),
    };
    let forms = [Eip712Domain { chain_id: None, ..full.clone() }, Eip712Domain { salt: None, ..full.clone() }, full];
    let known = forms.into_iter().find(|form| form.separator() == separator);
    Ok(known
        .map(|form| PermitFacts { domain: PermitDomain(form), separator, nonce })
        .ok_or(PermitUnavailable::UnknownDomain { token, separator }))
}
